package lab

import (
	"encoding/base64"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
)

// The connections of clients have numbers below those of servers, whose lives are in the higher bits.
const (
	firstClientConn = 0x40
	serverBits      = 0xff
)

// frame is a frame's bytes and the kind of message in which they travel.
type frame struct {
	kind wire.Kind
	data []byte
}

// text returns the frame as an Action holds it.
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

// deliver hands over what has arrived, and what this causes to be sent and to arrive at once.
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

// ask has the hub do something, and hands over the frames that this releases.
func (w *World) ask(do func() error) error {
	w.deliver()
	err := do()
	var freed []hub.Delivery
	for w.hub.Output(&w.arrived) {
		for _, d := range w.arrived.Deliver {
			if d.Frame != 0 {
				freed = append(freed, d)
			}
		}
	}
	for i := range freed {
		w.handOver(&freed[i])
	}
	return err
}

// network changes the network as any member of a room may.
func (w *World) network(c hub.Change) {
	if err := w.ask(func() error { return w.hub.Change(w.clients[0].conn, &c) }); err != nil {
		panic("lab: the hub refused a change of the network: " + err.Error())
	}
}

// calmNetwork makes every link as it was at the start.
func (w *World) calmNetwork() {
	c := &w.run.Config
	start := Link{Latency: c.Latency, Jitter: c.Jitter}.Exactly()
	w.network(hub.Change{Every: start, Links: w.links(0, 0, hub.LinkChange{Up: &yes, Hold: &no})})
}

// yes and no are the values to which a link is changed.
var yes, no = true, false

// links returns a setting for the links from one server to another, 0 meaning all of them.
func (w *World) links(from, to raft.ServerID, setting hub.LinkChange) (list []hub.LinkChange) {
	for _, a := range w.servers {
		for _, b := range w.servers {
			if a != b && (from == 0 || from == a) && (to == 0 || to == b) {
				setting.From, setting.To = uint64(a), uint64(b)
				list = append(list, setting)
			}
		}
	}
	return list
}
