package lab

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
)

// The connections of clients have numbers below those of servers, whose lives are in the higher bits.
const (
	firstClientConn = 0x40
	serverBits      = 0xff
)

var announcement = []byte(`{"jsonrpc":"2.0","method":"`) // how a notification of the hub begins, and no answer of it

// frame is a frame's bytes and the kind of message in which they travel.
type frame struct {
	kind wire.Kind
	data []byte
}

// text is the frame as an Action has it.
func (f frame) text() string {
	if f.kind == wire.Binary {
		return base64.StdEncoding.EncodeToString(f.data)
	}
	return string(f.data)
}

func (f frame) clone() frame { return frame{f.kind, slices.Clone(f.data)} }

// send gives the hub a copy of a frame: the hub keeps it. Frames lie one behind the other in larger pieces of memory.
func (w *World) send(conn uint64, f frame) {
	if len(w.frames)+len(f.data) > cap(w.frames) {
		w.frames = make([]byte, 0, max(16<<10, len(f.data)))
	}
	start := len(w.frames)
	w.frames = append(w.frames, f.data...)
	w.Faults.Frames++
	w.hub.Receive(conn, w.frames[start:len(w.frames):len(w.frames)], f.kind == wire.Binary)
}

// deliver hands over what has arrived, and what that makes others send and arrives at once, until nothing does.
func (w *World) deliver() {
	for w.hub.Output(&w.arrived) {
		for _, d := range w.arrived.Deliver {
			if d.Frame != 0 {
				w.handOver(&d)
			}
		}
	}
}

func (w *World) handOver(d *hub.Delivery) {
	f := frame{wire.KindOf(d.Binary), d.Data}
	if d.Conn&serverBits >= firstClientConn {
		w.answered(w.clients[d.Conn&serverBits-firstClientConn], f)
		return
	}
	if m := w.machines[d.Conn&serverBits-1]; m.conn == d.Conn && m.server != nil {
		w.receive(m, f)
	}
}

// ask says something to the hub itself and returns its answer.
func (w *World) ask(conn uint64, text string) (answer []byte) {
	w.deliver()
	w.hub.Receive(conn, []byte(text), false)
	var others []hub.Delivery // frames that this lets go on
	for w.hub.Output(&w.arrived) {
		for _, d := range w.arrived.Deliver {
			switch {
			case d.Frame != 0:
				others = append(others, d)
			case d.Conn == conn && !bytes.HasPrefix(d.Data, announcement):
				answer = d.Data
			}
		}
	}
	for i := range others {
		w.handOver(&others[i])
	}
	return answer
}

// network changes the network as any member of a room may.
func (w *World) network(change string) {
	if answer := w.ask(w.clients[0].conn, `{"jsonrpc":"2.0","id":1,"method":"network","params":{`+change+`}}`); !agreed(answer) {
		panic("lab: the hub refused a change of the network: " + string(answer))
	}
}

// agreed tells whether the hub's answer is that it did what it was asked.
func agreed(answer []byte) bool { return bytes.Contains(answer, []byte(`"result":true`)) }

// actOnFrame does something with one frame, if the hub agrees that there is such a frame and that it can be done.
func (w *World) actOnFrame(a *Action) bool {
	params := `"do":"` + frameActs[a.Do] + `"`
	if a.Do == InjectFrame {
		params += `,"from":` + decimal(a.Server) + `,"to":` + decimal(a.To)
	} else {
		seq := w.frame(a)
		if seq == 0 {
			return false
		}
		params += `,"seq":` + decimal(seq)
	}
	if a.Text != "" {
		text, _ := jsoniter.ConfigDefault.MarshalToString(a.Text) // text can always be written
		params += `,"` + map[bool]string{false: "frame", true: "base64"}[a.Binary] + `":` + text
	}
	did := agreed(w.ask(w.clients[0].conn, `{"jsonrpc":"2.0","id":1,"method":"frame","params":{`+params+`}}`))
	w.deliver()
	return did
}

// frameActs are the hub's names for what is done to a frame.
var frameActs = map[Deed]string{
	HoldFrame: "hold", ReleaseFrame: "release", DropFrame: "drop", DeliverFrame: "deliver", DuplicateFrame: "duplicate", EditFrame: "edit", InjectFrame: "inject",
}

// frame returns the number of the frame that an action names, or of the one that arrives first where it says, 0 if there is none. One that is to be released is one that
// is held.
func (w *World) frame(a *Action) uint64 {
	if a.Frame != 0 {
		return a.Frame
	}
	w.flights = w.hub.Flights(w.flights[:0])
	var first *hub.Flight
	for i := range w.flights {
		f := &w.flights[i]
		if a.Server != 0 && f.From != uint64(a.Server) || a.To != 0 && f.To != uint64(a.To) || a.Do == ReleaseFrame && !f.Held {
			continue
		}
		if first == nil || f.Due < first.Due {
			first = f
		}
	}
	if first == nil {
		return 0
	}
	return first.Seq
}

// calmNetwork makes every link as it was at the start.
func (w *World) calmNetwork() {
	c := &w.run.Config
	change := `"latency":` + decimal(c.Latency) + `,"jitter":` + decimal(c.Jitter) + `,"loss":0,"duplicate":0,"reorder":0`
	if links := w.links(0, 0, `"up":true,"hold":false`); links != "" {
		change += `,` + links
	}
	w.network(change)
}

// links writes a setting for the links from one server to another, 0 meaning all of them; "" if there are none.
func (w *World) links(from, to raft.ServerID, setting string) string {
	text := ""
	for _, a := range w.servers {
		for _, b := range w.servers {
			if a != b && (from == 0 || from == a) && (to == 0 || to == b) {
				text += `,{"from":` + decimal(a) + `,"to":` + decimal(b) + `,` + setting + `}`
			}
		}
	}
	if text == "" {
		return ""
	}
	return `"links":[` + text[1:] + `]`
}

// between changes links, if there are any between these two.
func (w *World) between(from, to raft.ServerID, setting string) {
	if links := w.links(from, to, setting); links != "" {
		w.network(links)
	}
}

// partition cuts all links between the servers of one side and the others, both ways, and mends those within a side.
func (w *World) partition(side []raft.ServerID) {
	on := map[raft.ServerID]bool{}
	for _, id := range side {
		on[id] = true
	}
	text := ""
	for _, a := range w.servers {
		for _, b := range w.servers {
			if a != b {
				text += `,{"from":` + decimal(a) + `,"to":` + decimal(b) + `,"up":` + strconv.FormatBool(on[a] == on[b]) + `}`
			}
		}
	}
	if text != "" {
		w.network(`"links":[` + text[1:] + `]`)
	}
}

func (l *Link) setting() string {
	chance := func(p float64) string { return strconv.FormatFloat(p, 'f', -1, 64) }
	return `"latency":` + decimal(l.Latency) + `,"jitter":` + decimal(l.Jitter) + `,"loss":` + chance(l.Loss) +
		`,"duplicate":` + chance(l.Duplicate) + `,"reorder":` + chance(l.Reorder)
}
