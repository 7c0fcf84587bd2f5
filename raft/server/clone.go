package server

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/wal"
	"raftplayground/raft/wire"
)

// Clone returns an independent copy, which goes on over disk, a copy of the original's, as the original
// would. It must not be called while the host still reads an Output. It is for simulations, which go back in
// time.
func (s *Server) Clone(disk wal.DiskCopy) *Server {
	c := *s
	c.node, c.store = s.node.Clone(), s.store.Clone()
	// Nothing in these lasts from one input to the next.
	c.decoder, c.asked, c.sending = wire.Decoder{}, wire.Frame{}, wire.Frame{}
	c.core, c.status = raft.Output{}, raft.Status{}
	c.saves, c.manners = slices.Clone(s.saves), slices.Clone(s.manners)
	c.out = s.out.clone()
	c.requests.waiting, c.requests.reads = slices.Clone(s.requests.waiting), slices.Clone(s.requests.reads)
	c.wal = s.wal.Clone(disk, c.saved)
	return &c
}

func (o *outbox) clone() outbox {
	c := outbox{filling: box{events: slices.Clone(o.filling.events), bad: slices.Clone(o.filling.bad),
		dropped: o.filling.dropped}}
	for _, f := range o.filling.frames {
		c.filling.frames = append(c.filling.frames, f.clone())
	}
	for _, h := range o.held {
		c.held = append(c.held, heldFrame{h.clone(), h.after})
	}
	return c
}

func (f Frame) clone() Frame {
	f.Data = slices.Clone(f.Data)
	return f
}

// Idle returns how many ticks may pass, if nothing else comes, before the server does something of its own accord; 0:
// the next one may be it. A simulation lets that many Pass in one step.
func (s *Server) Idle() int {
	if s.failed != nil {
		return 1 << 30
	}
	st := &s.status
	s.node.Status(st)
	if st.Role == raft.Leader && s.now < s.offBeat {
		// a transfer is given up, and a leader that has reached no server since a read steps down, at a tick
		// without a heartbeat
		return 0
	}
	heartbeat := s.options.HeartbeatTicks
	idle := st.Timeout - st.Elapsed
	if st.Role == raft.Candidate || st.Role == raft.PreCandidate {
		idle = min(idle, heartbeat-st.Elapsed%heartbeat)
	}
	if !s.requests.none() {
		idle = min(idle, s.requests.earliest-s.now)
	}
	return max(0, idle-1)
}

// Pass does what Tick does, for n of the ticks in which Idle says that nothing happens, but faster.
func (s *Server) Pass(n int) {
	if s.failed != nil {
		return
	}
	s.now += n
	for range n {
		s.node.Tick()
	}
}
