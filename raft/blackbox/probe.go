package blackbox

import "raftplayground/raft"

// The checks of this file ask copies of servers for reads, under several continuations of the network.
// The run itself goes on as if nothing had been asked.

// probeTag marks reads that only copies are asked for.
const probeTag = 1 << 60

// leases asks each leader of an old term for a read by lease: first as it is, then as if everything under
// way to it arrived now. A lease promises that no other server leads, so an answer is a violation.
func (c *oracle) leases() {
	newest := c.w.newest()
	if newest == nil || c.w.settings.figure2 {
		return
	}
	for _, s := range c.w.servers[1:] {
		if !s.leads() || s.status.CurrentTerm >= newest.status.CurrentTerm {
			continue
		}
		copied := s.node.Clone()
		c.lease(s, newest, copied)
		c.deliver(s, copied)
		c.lease(s, newest, copied)
	}
}

func (c *oracle) lease(s, newest *server, copied *raft.Node) {
	if copied.Read(probeTag, raft.LeaseRead) != nil {
		return
	}
	if r := c.outcome(copied); r.OK {
		c.w.failf(
			"S%d would answer a read by lease of term %d with entry %d; S%d leads term %d, and entry %d is applied",
			s.id, s.status.CurrentTerm, r.Index, newest.id, newest.status.CurrentTerm, c.applied)
	}
}

// hindsight demands that messages already under way do not confirm a read that begins now.
func (c *oracle) hindsight(s *server) {
	if !s.leads() || s.status.Quorum < 2 || s.status.Config.Joint() {
		return // a leader that needs no other server's answer
	}
	copied := s.node.Clone()
	for copied.Output(&c.probe) {
		// Outputs that were due anyway are dropped: they are a copy's.
	}
	if copied.Read(probeTag, raft.ReadIndex) != nil {
		return
	}
	c.deliver(s, copied)
	if r := c.outcome(copied); r.OK {
		c.w.failf("S%d would take a read for confirmed by messages that were sent before it was asked for", s.id)
	}
}

// deliver gives a copy of a server everything that is under way to it, except what would end its
// leadership.
func (c *oracle) deliver(s *server, copied *raft.Node) {
	for i := range c.w.events.events {
		e := &c.w.events.events[i]
		if e.kind == arrival && e.server == s && termOf(e.packet.rpc) <= s.status.CurrentTerm {
			copied.Receive(e.packet.from, e.packet.rpc)
		}
	}
}

// outcome returns the outcome of the probe; OK is false if there is none yet.
func (c *oracle) outcome(copied *raft.Node) (found raft.Read) {
	for n := 0; n < outputs && copied.Output(&c.probe); n++ {
		for _, r := range c.probe.Reads {
			if r.Tag == probeTag {
				found = r
			}
		}
	}
	return found
}
