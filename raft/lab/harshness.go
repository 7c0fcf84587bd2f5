package lab

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// Harshness is what real networks, disks and hosts do to servers beyond the faults that come and go as
// actions. The zero value adds nothing: a run without it takes the course that it always took. Times are µs
// of cluster time.
type Harshness struct {
	// Stray is the probability that a copy of a frame between two servers goes astray: it arrives up to
	// StrayFor later, whoever has crashed, restarted or been elected meanwhile, and each time with a chance
	// of one half yet another time. StrayFor ≥ 1 ms where there are strays.
	Stray    float64 `json:"stray,omitempty"`
	StrayFor int64   `json:"strayFor,omitempty"`

	// SendLag and SavedLag are the longest times that a server's host takes to send a frame, and to tell the
	// server that a write is durable, each drawn anew. The two do not wait for each other. A host that is
	// killed neither sends nor tells what still lagged.
	SendLag  int64 `json:"sendLag,omitempty"`
	SavedLag int64 `json:"savedLag,omitempty"`

	MaxChunk int  `json:"maxChunk,omitempty"` // most bytes of a snapshot in one message; 0: as raft.Options says
	OwnOrder bool `json:"ownOrder,omitempty"` // every server lists the keys of its snapshots in an order of its own
	// Room is the size, in bytes, of the largest snapshot that the last server takes; 0: no limit. With it,
	// that server need never be repaired.
	Room int `json:"room,omitempty"`

	// Serve is for how long, once Config.Heal has passed after the chaos, every request must be answered
	// within the client's patience; 0: none must.
	Serve int64 `json:"serve,omitempty"`
}

// maxStrays is the most strays at one time, and maxOutgoing the most frames that lag at one host; the
// network loses any more.
const (
	maxStrays   = 512
	maxOutgoing = 4096
)

func (h *Harshness) check() error {
	for _, field := range []struct {
		name        string
		value, most int64
	}{
		{"strayFor", h.StrayFor, MaxTime}, {"sendLag", h.SendLag, maxDelay}, {"savedLag", h.SavedLag, maxDelay},
		{"maxChunk", int64(h.MaxChunk), 64 << 20}, {"room", int64(h.Room), 64 << 20}, {"serve", h.Serve, MaxTime},
	} {
		if field.value < 0 || field.value > field.most {
			return errors.New("lab: harsh: " + field.name + ": expected 0 to " + decimal(field.most) +
				", got " + decimal(field.value))
		}
	}
	if !(h.Stray >= 0 && h.Stray <= 1) || h.Stray > 0 && h.StrayFor < millisecond {
		return errors.New("lab: harsh: stray: expected a probability from 0 to 1, and with it strayFor of at least " +
			decimal(millisecond))
	}
	return nil
}

// harsh returns the harshness of the run, the zero value if it has none.
func (c *Config) harsh() Harshness {
	if c.Harsh == nil {
		return Harshness{}
	}
	return *c.Harsh
}

// strays are the copies of frames that went astray.
type strays struct {
	source *rand.PCG
	frames []stray // ascending by at
}

type stray struct {
	at       int64
	from, to raft.ServerID
	frame
}

// goAstray decides whether a copy of a frame goes astray. Its bytes are borrowed.
func (w *World) goAstray(from, to raft.ServerID, f frame) {
	h := w.run.Config.Harsh
	if h == nil || h.Stray == 0 || to > raft.ServerID(len(w.servers)) {
		return
	}
	if rand.New(w.strays.source).Float64() >= h.Stray {
		return
	}
	w.keepStray(stray{from: from, to: to, frame: f.clone()})
}

// keepStray draws when a stray arrives: evenly on a logarithmic scale, since early and late ones do
// different harm.
func (w *World) keepStray(s stray) {
	if len(w.strays.frames) == maxStrays {
		return
	}
	share := rand.New(w.strays.source).Float64()
	longest := float64(w.run.Config.Harsh.StrayFor) / float64(millisecond)
	s.at = w.now + int64(float64(millisecond)*math.Pow(longest, share))
	i, _ := slices.BinarySearchFunc(w.strays.frames, s.at+1, func(s stray, at int64) int { return int(s.at - at) })
	w.strays.frames = slices.Insert(w.strays.frames, i, s)
}

func (s *strays) due() int64 {
	if len(s.frames) == 0 {
		return never
	}
	return s.frames[0].at
}

// returnStrays puts the strays whose time has come back on their links, which may lose or delay them like any
// frame.
func (w *World) returnStrays() {
	for w.strays.due() <= w.now {
		s := w.strays.frames[0]
		w.strays.frames = slices.Delete(w.strays.frames, 0, 1)
		w.Faults.Strays++
		stray := Action{Do: InjectFrame, Server: s.from, To: s.to, Text: s.text(), Binary: s.kind == wire.Binary}
		_ = touch(w, &stray, nil) // if the hub refuses it, it does not come back
		if rand.New(w.strays.source).IntN(2) == 0 {
			w.keepStray(s)
		}
	}
}

func (s *strays) clone() strays {
	source := *s.source
	return strays{&source, slices.Clone(s.frames)}
}

// outgoing are the frames that a server wants sent, and its host has not sent yet.
type outgoing struct {
	source *rand.PCG
	frames []departure // ascending by at
}

type departure struct {
	at int64
	to uint64
	frame
}

// depart sends a frame of a server, or leaves it to lag. Its bytes are borrowed.
func (w *World) depart(m *machine, to uint64, f frame) {
	lag := w.run.Config.harsh().SendLag
	if lag == 0 {
		w.goAstray(m.id, raft.ServerID(to), f)
		w.send(m.conn, f)
		return
	}
	o := &m.outgoing
	if len(o.frames) == maxOutgoing {
		return
	}
	at := w.now + rand.New(o.source).Int64N(lag+1)
	if n := len(o.frames); n > 0 {
		at = max(at, o.frames[n-1].at) // a host sends in the order in which it was told to
	}
	o.frames = append(o.frames, departure{at, to, f.clone()})
}

func (o *outgoing) due() int64 {
	if len(o.frames) == 0 {
		return never
	}
	return o.frames[0].at
}

// sendOutgoing sends what has lagged for long enough.
func (w *World) sendOutgoing(m *machine) {
	for m.outgoing.due() <= w.now {
		d := m.outgoing.frames[0]
		m.outgoing.frames = slices.Delete(m.outgoing.frames, 0, 1)
		w.goAstray(m.id, raft.ServerID(d.to), d.frame)
		w.send(m.conn, d.frame)
	}
}

func (o *outgoing) clone() outgoing {
	if o.source == nil {
		return outgoing{}
	}
	source := *o.source
	return outgoing{&source, slices.Clone(o.frames)}
}

// chunk is the last chunk of a snapshot that a leader sent to a server, and how often, within a second from
// a time on.
type chunk struct {
	index  raft.Index
	offset uint64
	since  int64
	times  int
}

// maxChunkRepeats is how often one chunk may be sent to a server within a second. Heartbeats repeat it 20
// times, and so do rounds for reads; a leader that answers a refusal at once with the same chunk never ends.
const maxChunkRepeats = 200

// watchChunk records that a leader sends a chunk, and reports one that it sends without pause.
func (w *World) watchChunk(m *machine, e *raft.Event) {
	if e.Peer > MaxServers {
		return // in a forged configuration
	}
	c := &m.chunks[e.Peer-1]
	if c.index != e.Index || c.offset != e.Old || w.now-c.since > second {
		*c = chunk{index: e.Index, offset: e.Old, since: w.now}
	}
	if c.times++; c.times > maxChunkRepeats {
		w.broken(m.id, "a leader sends one chunk of a snapshot to server "+decimal(e.Peer)+" again and again, "+
			strconv.Itoa(c.times)+" times within a second")
	}
}

// appendHarsh appends the state that decides how a harsh world goes on, and nothing for other worlds.
func (w *World) appendHarsh(b []byte) []byte {
	if w.run.Config.Harsh == nil {
		return b
	}
	frame := func(at int64, from, to uint64, data []byte) {
		for _, v := range []uint64{uint64(at), from, to, uint64(len(data))} {
			b = binary.AppendUvarint(b, v)
		}
		b = append(b, data...)
	}
	for _, s := range w.strays.frames {
		frame(s.at, uint64(s.from), uint64(s.to), s.data)
	}
	random, _ := w.strays.source.MarshalBinary()
	b = append(b, random...)
	for _, m := range w.machines {
		for _, d := range m.outgoing.frames {
			frame(d.at, uint64(m.id), d.to, d.data)
		}
		for _, f := range m.disk.finished {
			b = binary.AppendUvarint(b, uint64(f.at))
		}
		b = binary.AppendUvarint(b, truth(m.disk.hung))
	}
	return b
}
