package raft

import (
	"encoding/binary"
	"slices"
)

// Clone returns an independent copy that behaves as the original would from here on. Log entries are shared,
// not copied, so it is cheap; original and clone must stay in one goroutine. Output that the host has not
// asked for yet is copied too.
func (n *Node) Clone() *Node {
	c := *n
	c.log = n.log.clone()
	c.disk.pending = slices.Clone(n.disk.pending)
	c.configs = slices.Clone(n.configs)
	if n.incoming != nil {
		copied := *n.incoming
		copied.data = slices.Clip(copied.data) // appending the next chunk allocates anew
		c.incoming = &copied
	}
	c.out = outbox{boxes: [2]box{n.out.filling().clone()}}
	if n.candidacy != nil {
		copied := *n.candidacy
		copied.votes = slices.Clone(copied.votes)
		c.candidacy = &copied
	}
	if l := n.leadership; l != nil {
		copied := *l
		copied.followers = slices.Clone(l.followers)
		copied.rounds, copied.reads = slices.Clone(l.rounds), slices.Clone(l.reads)
		c.leadership = &copied
	}
	return &c
}

// clone copies the messages and points the envelopes at the copies.
func (b *box) clone() box {
	c := box{events: slices.Clone(b.events), reads: slices.Clone(b.reads)}
	c.envelopes = make([]Envelope, len(b.envelopes))
	for i, e := range b.envelopes {
		c.envelopes[i] = Envelope{e.To, e.After, CopyRPC(e.RPC)}
	}
	return c
}

// CopyRPC returns a copy, to be kept, of a message that an Output lends. It shares only the Data of entries
// and snapshots, which is never written to. Messages of types that are never borrowed are not copied.
func CopyRPC(m RPC) RPC {
	switch m := m.(type) {
	case *RequestVote:
		c := *m
		return &c
	case *RequestVoteReply:
		c := *m
		return &c
	case *AppendEntries:
		c := *m
		c.Entries = slices.Clone(m.Entries)
		return &c
	case *AppendEntriesReply:
		c := *m
		return &c
	}
	return m
}

// AppendState appends to b the server's state in a canonical form: two servers of the same Options whose states are
// equal, byte for byte, do the same from here on, given the same inputs. It is for hashing and comparing; it cannot be
// read back, and may change between versions.
func (n *Node) AppendState(b []byte) []byte {
	u := func(vs ...uint64) {
		for _, v := range vs {
			b = binary.AppendUvarint(b, v)
		}
	}
	d := &n.disk
	u(uint64(n.currentTerm), uint64(n.votedFor), uint64(n.commitIndex), uint64(n.lastApplied), uint64(n.applying),
		uint64(n.leader),
		uint64(n.elapsed), uint64(n.timeout), n.calls, uint64(n.loyalTo), uint64(n.loyalFor),
		flag(d.snapshotChanged), flag(d.stateChanged), flag(d.cut), uint64(d.handed), uint64(d.durable), d.handedSeq,
		d.savedSeq)
	random, _ := n.random.MarshalBinary()
	b = append(b, random...)
	for _, p := range d.pending {
		u(p.seq, uint64(p.last))
	}
	u(0, uint64(n.log.base), uint64(n.log.baseTerm), uint64(n.log.last))
	if n.snapshot != nil {
		b = n.snapshot.Configuration.AppendText(b)
		b = append(append(b, 0), n.snapshot.Data...)
	}
	if n.incoming != nil {
		u(uint64(n.incoming.leader), uint64(n.incoming.index), uint64(n.incoming.term), uint64(len(n.incoming.data)))
	}
	for i := n.log.base + 1; i <= n.log.last; i++ {
		e := n.log.at(i)
		u(uint64(e.Term), uint64(e.Kind), uint64(len(e.Data)))
		b = append(b, e.Data...)
	}
	u(uint64(n.Role()))
	if n.candidacy != nil {
		u(uint64(n.candidacy.reason), n.candidacy.ownVote, uint64(n.candidacy.count), n.candidacy.since)
		for _, v := range n.candidacy.votes {
			u(uint64(v))
		}
	}
	if l := n.leadership; l != nil {
		u(uint64(l.heldBack), l.ticks, l.contact, flag(l.readsDue), l.writing, l.writingSince,
			uint64(l.transfer.to), l.transfer.deadline, flag(l.transfer.told), flag(l.handedOver))
		for _, f := range l.followers {
			var sending Index
			if f.snapshot != nil {
				sending = f.snapshot.Index
			}
			u(uint64(f.next), uint64(f.match), flag(f.probing), f.probe, f.since, uint64(f.told), f.heard,
				uint64(sending), uint64(f.offset), uint64(f.rounds), f.roundBegan, uint64(f.roundEnd), flag(f.learner),
				flag(f.caughtUp))
		}
		u(uint64(len(l.rounds)))
		for _, r := range l.rounds {
			u(r.call, r.tick)
		}
		for _, r := range l.reads {
			u(r.tag, r.call)
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
