package hub

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"raftplayground/relay/quality"
)

// ToDo is a deed that a member wants done to the network, by the name and with the arguments that it has in the lab
// (raft/lab.Action). A room refuses a deed that it cannot do, and says why.
type ToDo struct {
	Do       string
	From, To uint64   // the ends of links; 0 means every server. In JSON From is "server"
	Side     []uint64 // partition: one side; empty means From alone. In JSON "servers"

	Link *quality.Wanted // network

	Frame  uint64 // number of the frame that the deed treats
	Text   []byte // editFrame, injectFrame: the frame's new content. The room keeps it
	Binary bool   // Text is a binary message
}

// onFrame returns what a deed does to one frame, or "" if the deed does not concern a single frame.
func onFrame(do string) FrameAct {
	if act, is := strings.CutSuffix(do, "Frame"); is && slices.Contains(frameActs, FrameAct(act)) {
		return FrameAct(act)
	}
	return ""
}

var frameActs = []FrameAct{HoldFrame, ReleaseFrame, DropFrame, DeliverFrame, DuplicateFrame, EditFrame, InjectFrame}

// Do carries out a deed of the member on a connection: the whole deed, or nothing if any part is impossible.
func (h *Hub) Do(conn uint64, d *ToDo) error {
	if act := onFrame(d.Do); act != "" {
		return h.Act(conn, d.act(act))
	}
	if _, err := h.memberOf(conn); err != nil {
		return err
	}
	if err := d.check(len(h.seats)); err != nil {
		return err
	}
	c := Change{Links: d.links(len(h.seats))}
	if c.Links == nil { // a room of one server has no links
		return nil
	}
	return h.Change(conn, &c)
}

func (d *ToDo) act(do FrameAct) *Act {
	a := &Act{Do: do, Seq: d.Frame, Frame: d.Text, Binary: d.Binary}
	if do == InjectFrame {
		a.From, a.To = d.From, d.To
	}
	return a
}

var yes, no = true, false

// setting returns what the deed changes on the link between two servers; nil: no room knows the deed.
func (d *ToDo) setting(from, to uint64) *LinkChange {
	l := &LinkChange{From: from, To: to}
	switch d.Do {
	case "cut":
		l.Up = &no
	case "mend":
		l.Up = &yes
	case "hold":
		l.Hold = &yes
	case "release":
		l.Hold = &no
	case "partition": // cut links within a side are mended
		if l.Up = &no; d.onSide(from) == d.onSide(to) {
			l.Up = &yes
		}
	case "network":
		if d.Link != nil {
			l.Wanted = *d.Link
		}
	case "heal":
		l.Up, l.Hold, l.Wanted = &yes, &no, quality.Healed()
	default:
		return nil
	}
	return l
}

func (d *ToDo) onSide(server uint64) bool {
	return slices.Contains(d.Side, server) || len(d.Side) == 0 && d.From == server
}

func (d *ToDo) check(size int) error {
	switch beyond := func(id uint64) bool { return id > uint64(size) }; {
	case d.setting(1, 2) == nil:
		words := "This page is a live room, which cannot do “" + clip(d.Do) + "”: each of its servers is a tab of " +
			"its own, whose people close it, reload it and ask it. A room can do what is the network's."
		return &Refusal{CodeBadParams, "do", words}
	case (d.Do == "network") != (d.Link != nil):
		return badParam("link", "one with network, and with nothing else", "something else")
	case beyond(d.From) || beyond(d.To) || slices.ContainsFunc(d.Side, beyond) || slices.Contains(d.Side, 0):
		return badParam("server", "servers of this room, 1 to "+strconv.Itoa(size), "another one")
	case d.Do == "partition" && len(d.Side) == 0 && d.From == 0:
		return badParam("servers", "one side of the cut", "nobody")
	}
	return nil
}

// links returns the link changes that the deed makes.
func (d *ToDo) links(size int) (list []LinkChange) {
	cut := d.Do == "partition" // cuts both directions
	for from := range uint64(size) {
		for to := range uint64(size) {
			meant := (d.From == 0 || d.From == from+1) && (d.To == 0 || d.To == to+1)
			if from != to && (cut || meant) {
				list = append(list, *d.setting(from+1, to+1))
			}
		}
	}
	return list
}

func (d *ToDo) read(p *params, key string) bool {
	switch key {
	case "do":
		d.Do = p.words(key, 20)
	case "server":
		d.From = uint64(p.number(key, 0, maxSize))
	case "to":
		d.To = uint64(p.number(key, 0, maxSize))
	case "servers":
		p.list(key, maxSize, func(p *params) { d.Side = append(d.Side, uint64(p.number(key, 1, maxSize))) })
	case "link":
		link := quality.Qualities{}.Exactly() // qualities that it omits become 0, as in the lab
		d.Link = &link
		p.object(key, func(p *params, key string) bool { return readQuality(p, d.Link, "link.", key) })
	case "frame":
		d.Frame = uint64(p.number(key, 1, mostNow))
	case "text":
		d.Text = []byte(p.text(key))
	case "binary":
		d.Binary = p.truth(key)
	default:
		return false
	}
	return true
}

// decode replaces base64 text by the bytes that it encodes (RFC 4648, section 4).
func (d *ToDo) decode() error {
	if !d.Binary {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(string(d.Text))
	if err != nil {
		return badParam("text", "bytes in base64 if binary is true", strconv.Quote(clip(d.Text)))
	}
	d.Text = data
	return nil
}
