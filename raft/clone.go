package raft

import (
	"encoding/binary"
	"slices"
)

// Clone returns an independent copy that behaves as the original would from here on. Log entries are shared, not copied, so
// it is cheap; original and clone must stay in one goroutine. Output that was not asked for yet is copied too.
func (n *Node) Clone() *Node {
	c := *n
	c.log = n.log.clone()
	c.disk.pending = slices.Clone(n.disk.pending)
	c.out = outbox{boxes: [2]box{n.out.filling().clone()}}
	if n.candidacy != nil {
		c.candidacy = &candidacy{votes: slices.Clone(n.candidacy.votes), count: n.candidacy.count, ownVote: n.candidacy.ownVote}
	}
	if l := n.leadership; l != nil {
		c.leadership = &leadership{followers: slices.Clone(l.followers), match: slices.Clone(l.match), heldBack: l.heldBack}
	}
	return &c
}

// clone copies the messages and points the envelopes at the copies.
func (b *box) clone() box {
	c := box{events: slices.Clone(b.events)}
	c.envelopes = make([]Envelope, len(b.envelopes))
	for i, e := range b.envelopes {
		switch m := e.RPC.(type) {
		case *RequestVote:
			copied := *m
			e.RPC = &copied
		case *RequestVoteReply:
			copied := *m
			e.RPC = &copied
		case *AppendEntries:
			copied := *m
			e.RPC = &copied
		case *AppendEntriesReply:
			copied := *m
			e.RPC = &copied
		}
		c.envelopes[i] = e
	}
	return c
}

// AppendState appends to b the server's state in a canonical form: two servers of the same Options whose states are equal, byte for byte, do the same from
// here on, given the same inputs. It is for hashing and comparing; it cannot be read back, and may change between versions.
func (n *Node) AppendState(b []byte) []byte {
	u := func(vs ...uint64) {
		for _, v := range vs {
			b = binary.AppendUvarint(b, v)
		}
	}
	d := &n.disk
	u(uint64(n.currentTerm), uint64(n.votedFor), uint64(n.commitIndex), uint64(n.lastApplied), uint64(n.applying), uint64(n.leader),
		uint64(n.elapsed), uint64(n.timeout), n.calls, flag(d.stateChanged), flag(d.cut), uint64(d.handed), uint64(d.durable), d.handedSeq, d.savedSeq)
	random, _ := n.random.MarshalBinary()
	b = append(b, random...)
	for _, p := range d.pending {
		u(p.seq, uint64(p.last))
	}
	u(0, uint64(n.log.last))
	for i := Index(1); i <= n.log.last; i++ {
		e := n.log.at(i)
		u(uint64(e.Term), uint64(e.Kind), uint64(len(e.Data)))
		b = append(b, e.Data...)
	}
	u(uint64(n.Role()))
	if n.candidacy != nil {
		u(n.candidacy.ownVote, uint64(n.candidacy.count))
		for _, v := range n.candidacy.votes {
			u(uint64(v))
		}
	}
	if n.leadership != nil {
		u(uint64(n.leadership.heldBack))
		for _, f := range n.leadership.followers {
			u(uint64(f.next), uint64(f.match), flag(f.probing), f.probe, f.since, uint64(f.told))
		}
	}
	return b
}

func flag(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}
