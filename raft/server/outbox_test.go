package server

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// note is a frame that can be told from others.
func note(term int) *wire.Frame {
	return &wire.Frame{From: 1, To: 2, RPC: &raft.TimeoutNow{Term: raft.Term(term), LeaderID: 1}}
}

// texts returns what frames say.
func texts(frames []Frame) (list []string) {
	for _, f := range frames {
		list = append(list, strconv.FormatUint(f.To, 10)+" "+string(f.Data))
	}
	return list
}

func written(terms ...int) (list []string) {
	for _, term := range terms {
		list = append(list, "2 "+string(encode(nil, note(term))))
	}
	return list
}

// A frame leaves once its Save is durable, those that need none at once, and each in its turn.
func TestFramesLeaveWithTheirSave(t *testing.T) {
	var o outbox
	var out Output
	for term, after := range []uint64{3, 4, 4, 5, 7} {
		o.add(note(term), after, 3)
	}
	if o.flip(&out); !slices.Equal(texts(out.Frames), written(0)) {
		t.Errorf("at once: %q", texts(out.Frames))
	}
	o.release(3)
	if o.flip(&out) {
		t.Errorf("before anything is durable: %q", texts(out.Frames))
	}
	o.release(5)
	if o.flip(&out); !slices.Equal(texts(out.Frames), written(1, 2, 3)) {
		t.Errorf("with Save 5: %q", texts(out.Frames))
	}
	o.add(note(5), 8, 5)
	if len(o.unused) != 2 {
		t.Errorf("%d buffers are unused, want 2 of 3", len(o.unused))
	}
	o.release(8)
	if o.flip(&out); !slices.Equal(texts(out.Frames), written(4, 5)) {
		t.Errorf("with Save 8: %q", texts(out.Frames))
	}
}

// A single thing to hand out is enough for an Output.
func TestOneThingIsEnoughForAnOutput(t *testing.T) {
	var out Output
	for name, put := range map[string]func(o *outbox){
		"a frame":      func(o *outbox) { o.add(note(1), 0, 0) },
		"an event":     func(o *outbox) { o.addEvents([]raft.Event{{Kind: raft.Started}}) },
		"a bad frame":  func(o *outbox) { o.addBad(BadFrame{From: 1}) },
		"what is lost": func(o *outbox) { o.filling.dropped = 1 },
	} {
		var o outbox
		put(&o)
		if !o.flip(&out) || len(out.Frames)+len(out.Events)+len(out.Bad)+out.Dropped != 1 {
			t.Errorf("%s: %+v", name, out)
		}
		if o.flip(&out) {
			t.Errorf("%s is handed out twice: %+v", name, out)
		}
	}
}

// All that is gathered is bounded, and what finds no room is counted.
func TestTheOutboxIsBounded(t *testing.T) {
	bad := &wire.Frame{From: 2, To: 1, Call: 7, Encoding: wire.JSON}
	reason := &wire.Error{Code: wire.CodeBadField, Field: "term"}
	for name, add := range map[string]func(o *outbox){
		"frames":   func(o *outbox) { o.add(note(1), 2, 2) },
		"errors":   func(o *outbox) { o.addError(1, bad, reason) },
		"released": func(o *outbox) { o.add(note(1), 2, 1); o.release(2) },
	} {
		var o outbox
		var out Output
		for range MaxGathered + 3 {
			add(&o)
		}
		if o.flip(&out); len(out.Frames) != MaxGathered || out.Dropped != 3 {
			t.Errorf("%s: %d frames, %d dropped", name, len(out.Frames), out.Dropped)
		}
	}
	var o outbox
	var out Output
	for range MaxHeld + 2 {
		o.add(note(1), 2, 1)
	}
	o.add(note(1), 1, 1) // needs no room among those
	o.addEvents(make([]raft.Event, MaxGathered-1))
	o.addEvents(make([]raft.Event, 3))
	for range MaxBadFrames + 1 {
		o.addBad(BadFrame{})
	}
	o.flip(&out)
	got := [...]int{len(out.Frames), len(o.held), len(out.Events), len(out.Bad), out.Dropped}
	if want := [...]int{1, MaxHeld, MaxGathered, MaxBadFrames, 2 + 2}; got != want {
		t.Errorf("frames, held, events, bad and dropped are %d, want %d", got, want)
	}
	if o.forgetHeld(); len(o.held) != 0 {
		t.Error("what waits for a disk that failed is kept")
	}
}

// Memory is used again, unless it has become large, and holds nothing of what was sent.
func TestTheOutboxUsesItsMemoryAgain(t *testing.T) {
	for size, kept := range map[int]bool{keptBytes: true, keptBytes + 1: false} {
		var o outbox
		var out Output
		o.filling.bytes = make([]byte, 0, size)
		o.add(note(1), 0, 0)
		o.flip(&out)
		o.flip(&out)
		if got := cap(o.filling.bytes) == size; got != kept {
			t.Errorf("%d bytes are kept: %v", size, got)
		}
		if left := o.filling.frames[:1]; left[0].Data != nil {
			t.Errorf("a frame is kept: %q", left[0].Data)
		}
	}
}

// One message that waits at a time takes one buffer, however many have waited before.
func TestHeldFramesUseABufferAgain(t *testing.T) {
	var o outbox
	for range 3 {
		o.add(note(1), 1, 0)
		o.release(1)
	}
	if len(o.unused) != 1 {
		t.Errorf("%d buffers for one message at a time", len(o.unused))
	}
}

// A copy of the outbox has all that waits, in memory of its own.
func TestACopyOfTheOutboxIsIndependent(t *testing.T) {
	var o outbox
	var out Output
	o.add(note(1), 0, 0)
	o.add(note(2), 2, 1)
	o.addEvents([]raft.Event{{Kind: raft.Started}})
	o.addBad(BadFrame{From: 9})
	o.filling.dropped = 4
	c := o.clone()
	for _, frame := range [][]byte{o.filling.frames[0].Data, o.held[0].Data} {
		copy(frame, bytes.Repeat([]byte{'x'}, len(frame)))
	}
	o.filling.events[0].Kind, o.filling.bad[0].From = raft.TermAdvanced, 8
	c.release(2)
	c.flip(&out)
	same := slices.Equal(texts(out.Frames), written(1, 2)) && out.Dropped == 4
	if !same || out.Events[0].Kind != raft.Started || out.Bad[0].From != 9 {
		t.Errorf("%q, %+v", texts(out.Frames), out)
	}
}

// An AppendEntries that is too large for a frame goes with half of its entries, and that half again, wherever
// in a buffer it is written; one that just fits goes whole.
func TestTooManyEntriesStayBehind(t *testing.T) {
	of := func(entries, last int) *wire.Frame {
		m := &raft.AppendEntries{Term: 1, LeaderID: 1}
		for range entries {
			m.Entries = append(m.Entries, raft.Entry{Term: 1, Data: bytes.Repeat([]byte{'a'}, 50_000)})
		}
		m.Entries = append(m.Entries, raft.Entry{Term: 1, Data: bytes.Repeat([]byte{'b'}, last)})
		return &wire.Frame{From: 1, To: 2, RPC: m}
	}
	length := func(f *wire.Frame) int { return len(wire.Append(nil, f, f.Encoding)) }
	rest := wire.MaxFrame % 50_000
	just := rest + wire.MaxFrame - length(of(20, rest)) // the size of the last of 21 entries that fit
	for _, c := range []struct{ entries, last, want int }{{20, just, 21}, {20, just + 1, 10}, {47, 1, 12}, {1, 1, 2}} {
		frame := encode([]byte("before"), of(c.entries, c.last))[len("before"):]
		var d wire.Decoder
		var got wire.Frame
		if err := d.Decode(wire.Text, frame, &got); err != nil {
			t.Fatal(err)
		}
		if m := got.RPC.(*raft.AppendEntries); len(m.Entries) != c.want {
			t.Errorf("of %d entries %d go, want %d", c.entries+1, len(m.Entries), c.want)
		}
	}
}
