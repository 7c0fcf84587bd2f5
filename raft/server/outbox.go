package server

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// Output is what a server wants done and what it has to tell. The host passes the same Output again and again;
// everything in it is borrowed: valid until the next call of Output, then overwritten.
type Output struct {
	Frames  []Frame      // to send, in this order
	Events  []raft.Event // what happened, oldest first
	Bad     []BadFrame   // frames that were not understood, oldest first; at most MaxBadFrames
	Dropped int          // frames and events that found no room (MaxHeld, MaxGathered)
}

// Frame is an encoded frame to send.
type Frame struct {
	To   uint64 // a server, or a client at wire.FirstClient and up
	Kind wire.Kind
	Data []byte
}

// BadFrame describes a frame that could not be understood or was not for this server.
type BadFrame struct {
	From   uint64     // 0: it could not be told
	Reason wire.Error // names the field, says what was expected and what came
}

// outbox gathers what goes out, in two boxes: one is being filled while the host still reads the other. Messages that
// wait for the disk are in neither.
type outbox struct {
	filling box
	handed  box
	held    []heldFrame // ascending by after: each waits at most for the newest Save
	unused  [][]byte    // buffers of held frames that have left
}

type box struct {
	bytes   []byte // of the frames, one behind the other
	frames  []Frame
	events  []raft.Event
	bad     []BadFrame
	dropped int
}

type heldFrame struct {
	Frame
	after uint64
}

// keptBytes is how large a box's memory may be to be used again.
const keptBytes = 4 * wire.MaxFrame

// flip takes back the box that the host had and hands out the one that was being filled.
func (o *outbox) flip(out *Output) bool {
	used := &o.handed
	if cap(used.bytes) > keptBytes {
		used.bytes = nil
	}
	clear(used.frames)
	*used = box{bytes: used.bytes[:0], frames: used.frames[:0], events: used.events[:0], bad: used.bad[:0]}
	o.handed, o.filling = o.filling, o.handed
	now := &o.handed
	*out = Output{Frames: now.frames, Events: now.events, Bad: now.bad, Dropped: now.dropped}
	return len(now.frames) > 0 || len(now.events) > 0 || len(now.bad) > 0 || now.dropped > 0
}

// add encodes a frame. It leaves when Save number after is durable.
func (o *outbox) add(f *wire.Frame, after, durable uint64) {
	b, kind := &o.filling, f.Encoding.For(f).Kind()
	switch {
	case after > durable && len(o.held) == MaxHeld, after <= durable && len(b.frames) == MaxGathered:
		b.dropped++
	case after > durable:
		var buffer []byte
		if n := len(o.unused); n > 0 {
			buffer, o.unused = o.unused[n-1], o.unused[:n-1]
		}
		o.held = append(o.held, heldFrame{Frame{f.To, kind, encode(buffer[:0], f)}, after})
	default:
		start := len(b.bytes)
		b.bytes = encode(b.bytes, f)
		b.put(f.To, kind, start)
	}
}

// put hands out what was written since start as a frame.
func (b *box) put(to uint64, kind wire.Kind, start int) {
	b.frames = append(b.frames, Frame{to, kind, b.bytes[start:len(b.bytes):len(b.bytes)]})
}

// release hands out the messages whose Save is durable.
func (o *outbox) release(durable uint64) {
	n := 0
	for ; n < len(o.held) && o.held[n].after <= durable; n++ {
		h, b := &o.held[n], &o.filling
		if len(b.frames) == MaxGathered {
			b.dropped++
		} else {
			start := len(b.bytes)
			b.bytes = append(b.bytes, h.Data...)
			b.put(h.To, h.Kind, start)
		}
		o.unused = append(o.unused, h.Data)
	}
	o.held = slices.Delete(o.held, 0, n)
}

// forgetHeld drops what waits for a disk that will not complete it.
func (o *outbox) forgetHeld() { o.held = nil }

func (o *outbox) addError(self uint64, bad *wire.Frame, reason *wire.Error) {
	b := &o.filling
	if len(b.frames) == MaxGathered {
		b.dropped++
		return
	}
	start := len(b.bytes)
	b.bytes = wire.AppendError(b.bytes, self, bad, reason)
	if len(b.bytes) > start {
		b.put(bad.From, wire.Text, start)
	}
}

func (o *outbox) addEvents(events []raft.Event) {
	b := &o.filling
	room := min(len(events), MaxGathered-len(b.events))
	b.events = append(b.events, events[:room]...)
	b.dropped += len(events) - room
}

func (o *outbox) addBad(bad BadFrame) {
	if b := &o.filling; len(b.bad) < MaxBadFrames {
		b.bad = append(b.bad, bad)
	}
}

// encode appends the frame. If an AppendEntries does not fit into a frame the rest of its entries stay behind: the
// follower acknowledges what it got, and the leader, which finds that out by the next call's PrevLogIndex, sends them
// again (§5.3). One entry always fits.
func encode(dst []byte, f *wire.Frame) []byte {
	start := len(dst)
	dst = wire.Append(dst, f, f.Encoding)
	m, entries := f.RPC.(*raft.AppendEntries)
	if !entries || len(m.Entries) < 2 || len(dst)-start <= wire.MaxFrame {
		return dst
	}
	shorter := *m
	shorter.Entries = m.Entries[:len(m.Entries)/2]
	part := *f
	part.RPC = &shorter
	return encode(dst[:start], &part)
}
