package raft

import (
	"encoding/binary"
	"slices"
)

// AppendSituation appends to b the part of the server's state that decides what it can do next if time is
// not measured, and time-outs come from outside only: by Campaign, or by a leader's Tick. rename returns the
// name to write for each server: two servers that differ in names only, each under its own renaming, have
// the same situation, byte for byte.
//
// Left out are the timers, the random state, and what serves only check-quorum, loyalty, leases, reads and transfer
// (contact.go, read.go, transfer.go): two servers of the same situation do the same from here on if CheckQuorum,
// LeaderLoyalty, LeaderWrites and EagerCommit are off and they are not asked for a read, a transfer, a
// snapshot or another configuration. Saves are counted from the last durable one. Calls are not counted at
// all: given the number of a call that this server made to peer in this life, age returns everything about
// it that still matters to its answer. age may be used until the next input.
func (n *Node) AppendSituation(b []byte, rename func(ServerID) ServerID) (situation []byte,
	age func(peer ServerID, call uint64) uint64) {
	u := func(vs ...uint64) {
		for _, v := range vs {
			b = binary.AppendUvarint(b, v)
		}
	}
	name := func(s ServerID) uint64 {
		if s == 0 {
			return 0
		}
		return uint64(rename(s))
	}
	d := &n.disk
	u(name(n.opt.ID), uint64(n.currentTerm), name(n.votedFor), uint64(n.commitIndex), uint64(n.lastApplied),
		uint64(n.applying))
	u(flag(d.stateChanged), flag(d.cut), uint64(d.handed), uint64(d.durable), d.handedSeq-d.savedSeq,
		uint64(len(d.pending)))
	for _, p := range d.pending {
		u(p.seq-d.savedSeq, uint64(p.last))
	}
	u(uint64(n.log.base), uint64(n.log.baseTerm), uint64(n.log.last))
	for i := n.log.base + 1; i <= n.log.last; i++ {
		e := n.log.at(i)
		u(uint64(e.Term), uint64(e.Kind), uint64(len(e.Data)))
		b = append(b, e.Data...)
	}
	u(uint64(n.Role()))
	if c := n.candidacy; c != nil {
		own := uint64(0)
		if c.ownVote > d.savedSeq {
			own = c.ownVote - d.savedSeq
		}
		u(own, uint64(c.count), flag(c.reason == Transferred))
		for _, i := range inOrder(len(c.voters), func(i int) uint64 { return name(c.voters[i]) }) {
			u(name(c.voters[i]), uint64(c.votes[i]))
		}
	}
	if l := n.leadership; l != nil {
		for _, i := range inOrder(len(l.followers), func(i int) uint64 { return name(l.followers[i].id) }) {
			f := &l.followers[i]
			u(name(f.id), uint64(f.next), uint64(f.match), flag(f.probing), flag(f.probe != 0))
		}
	}
	return b, n.callAge
}

// callAge sorts the numbers of calls by what handleRequestVoteReply and backUp compare them with: 0 is a
// call that is over, 1 one whose answer may still matter.
func (n *Node) callAge(peer ServerID, call uint64) uint64 {
	switch {
	case n.candidacy != nil:
		return flag(call >= n.candidacy.since)
	case n.leadership == nil:
		return 0
	}
	f := n.leadership.follower(peer)
	return flag(f != nil && call >= f.since)
}

// inOrder returns 0 to count−1, sorted by what by returns for each.
func inOrder(count int, by func(int) uint64) []int {
	order := make([]int, count)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, k int) int { return int(by(i)) - int(by(k)) })
	return order
}
