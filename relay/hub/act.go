package hub

import (
	"encoding/base64"
	"slices"
	"strconv"
)

// ToDo is a deed that a member wants done to the network, by the name and with the arguments that it has in the lab
// (raft/lab.Action). What a room cannot do of them it refuses in a sentence.
type ToDo struct {
	Do       string
	From, To uint64   // the ends of links; 0: every server. In JSON From is "server"
	Side     []uint64 // partition: one side; none: From alone. In JSON "servers"

	Link *Conditions // network

	Frame  uint64 // what is done to a frame: its number
	Text   []byte // editFrame, injectFrame: what it says from now on. The room keeps it
	Binary bool   // … and whether that is a binary message
}

// frameDeeds are the deeds that are done to one frame.
var frameDeeds = map[string]FrameAct{
	"holdFrame": HoldFrame, "releaseFrame": ReleaseFrame, "dropFrame": DropFrame, "deliverFrame": DeliverFrame,
	"duplicateFrame": DuplicateFrame, "editFrame": EditFrame, "injectFrame": InjectFrame,
}

// Do does to the network what the member on a connection wants: all of it, or nothing if any of it cannot be.
func (h *Hub) Do(conn uint64, d *ToDo) error {
	if act, known := frameDeeds[d.Do]; known {
		return h.Act(conn, d.act(act))
	}
	if _, err := h.memberOf(conn); err != nil {
		return err
	}
	if err := d.check(len(h.seats)); err != nil {
		return err
	}
	c := Change{Links: d.links(len(h.seats))}
	if c.Links == nil { // a server alone has no links
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

var (
	yes, no = true, false
	zero    = 0.0
)

// settings are what the deeds make of a link.
var settings = map[string]LinkChange{
	"cut": {Up: &no}, "mend": {Up: &yes}, "hold": {Hold: &yes}, "release": {Hold: &no}, "partition": {}, "network": {},
	"heal": {Up: &yes, Hold: &no, Conditions: Conditions{Loss: &zero, Duplicate: &zero, Reorder: &zero}},
}

func (d *ToDo) check(size int) error {
	_, known := settings[d.Do]
	switch beyond := func(id uint64) bool { return id > uint64(size) }; {
	case !known:
		words := "This page is a live room, which cannot do “" + clip(d.Do) + "”: each of its servers is a tab of its " +
			"own, whose people close it, reload it and ask it. A room can do what is the network's."
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

// links are the settings that the deed makes.
func (d *ToDo) links(size int) (list []LinkChange) {
	side := d.Side
	if len(side) == 0 {
		side = []uint64{d.From}
	}
	for from := range uint64(size) {
		for to := range uint64(size) {
			l := settings[d.Do]
			switch l.From, l.To = from+1, to+1; {
			case from == to:
				continue
			case d.Do == "partition": // both ways; within a side what was cut is mended
				up := slices.Contains(side, l.From) == slices.Contains(side, l.To)
				l.Up = &up
			case d.From != 0 && d.From != l.From || d.To != 0 && d.To != l.To:
				continue
			case d.Link != nil:
				l.Conditions = *d.Link
			}
			list = append(list, l)
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
		// what it does not say of a link is 0, as in the lab
		d.Link = &Conditions{new(int64), new(int64), new(float64), new(float64), new(float64)}
		p.object(key, func(p *params, key string) bool { return d.Link.read(p, "link.", key) })
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

// decode makes bytes of what came as base64 (RFC 4648, section 4).
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
