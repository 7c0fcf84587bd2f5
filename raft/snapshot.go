package raft

import (
	"errors"
	"slices"
)

// Snapshot is the state machine's state after an entry; it replaces the log through it (§7). It is never
// written to again.
type Snapshot struct {
	Index         Index // the last entry it covers
	Term          Term  // of that entry
	Configuration Configuration
	Data          []byte // the state machine's own encoding
}

// Errors of Compact.
var (
	ErrCompact   = errors.New("raft: a snapshot ends at an entry that is applied, and after the one before")
	ErrNoCluster = errors.New(
		"raft: a snapshot says who the servers of the cluster are, and this server has not learned it yet")
)

// Compact takes over the state machine's snapshot as of entry i, which must be applied, and forgets the log through it.
// The Node keeps data. Errors: ErrCompact, ErrNoCluster.
func (n *Node) Compact(i Index, data []byte) error {
	if err := n.MayCompact(i); err != nil {
		return err
	}
	n.event(Event{Kind: SnapshotTaken, Index: i, Old: uint64(n.log.base + 1)})
	// The configuration is that of entry i: a snapshot never holds one that is not committed (canonical/raft#250).
	n.snapshot = &Snapshot{Index: i, Term: n.log.term(i), Configuration: n.configAt(i).Clone(), Data: data}
	n.forget(i)
	n.disk.snapshotChanged = true
	n.done()
	return nil
}

// MayCompact returns the error with which Compact would refuse a snapshot through i now, nil if it would not.
func (n *Node) MayCompact(i Index) error {
	switch {
	case i <= n.log.base || i > n.lastApplied:
		return ErrCompact
	// started without Voters: a server that got this snapshot would belong to no cluster
	case len(n.configAt(i).Voters) == 0:
		return ErrNoCluster
	}
	return nil
}

// forget compacts the log through i; of the configurations the one in force at i stays.
func (n *Node) forget(i Index) {
	n.log.compact(i)
	for len(n.configs) > 1 && n.configs[1].index <= i {
		n.configs = slices.Delete(n.configs, 0, 1)
	}
}

// sendSnapshot sends the next chunk to a follower that needs entries which are compacted away (Fig. 13). One chunk is
// under way at a time. The snapshot that was begun is finished, even if there is a newer one meanwhile: a slow follower
// would never get to the end otherwise.
func (n *Node) sendSnapshot(f *follower) {
	if f.snapshot == nil {
		// what earlier calls are refused for does not matter any more
		f.snapshot, f.offset, f.since = n.snapshot, 0, n.calls+1
	}
	s := f.snapshot
	end := min(f.offset+n.opt.MaxChunk, len(s.Data))
	m := &InstallSnapshot{Call: n.nextCall(), Term: n.currentTerm, LeaderID: n.opt.ID, LastIncludedIndex: s.Index,
		LastIncludedTerm: s.Term,
		Configuration:    s.Configuration, Offset: uint64(f.offset), Data: s.Data[f.offset:end:end],
		Done: end == len(s.Data)}
	f.probe = m.Call
	n.event(Event{Kind: SnapshotSent, Peer: f.id, Index: s.Index, Old: uint64(f.offset), New: uint64(len(s.Data))})
	n.send(f.id, 0, m)
}

// incoming is a snapshot that is being received. Two leaders' snapshots of the same state may differ in their
// bytes, so no leader continues what another began.
type incoming struct {
	leader Term // the term in which its leader sends it: there is one leader in a term
	index  Index
	term   Term
	data   []byte
}

// continues reports whether the chunk is of this snapshot.
func (in *incoming) continues(m *InstallSnapshot) bool {
	return in != nil && in.leader == m.Term && in.index == m.LastIncludedIndex && in.term == m.LastIncludedTerm
}

// handleInstallSnapshot implements Fig. 13, receiver implementation.
func (n *Node) handleInstallSnapshot(from ServerID, m *InstallSnapshot) {
	malformed, contradicts := n.doubtSnapshot(m)
	if reason := n.objection(from, m.LeaderID, m.Term, malformed, contradicts); reason != NoReason {
		n.ignore(from, reason)
		return
	}
	n.observeTerm(m.Term, from)
	reply := &InstallSnapshotReply{Call: m.Call}
	if m.Term == n.currentTerm { // 1. reply immediately if term < currentTerm
		n.followLeader(from)
		if !n.receiveChunk(from, m, reply) {
			return
		}
	}
	reply.Term = n.currentTerm
	n.send(from, n.barrier(), reply)
}

// doubtSnapshot is doubtEntries for a chunk of a snapshot.
func (n *Node) doubtSnapshot(m *InstallSnapshot) (malformed, contradicts bool) {
	c := m.Configuration.Clone()
	malformed = m.LastIncludedIndex == 0 || m.LastIncludedIndex > lastIndex || m.LastIncludedTerm > m.Term ||
		c.complete() != nil
	return malformed, m.Term >= n.currentTerm && n.contradictsCommitted(m.LastIncludedIndex, m.LastIncludedTerm)
}

// receiveChunk follows the receiver's rules 2 to 5. Chunks come in order; the answer to any other names the
// offset wanted. It returns whether there is an answer: not to the end of a snapshot that the state machine
// cannot read. Nothing is given up for that, and the leader begins anew with its next heartbeat.
func (n *Node) receiveChunk(from ServerID, m *InstallSnapshot, reply *InstallSnapshotReply) bool {
	if m.LastIncludedIndex <= n.commitIndex { // an old one: all of it is here and committed (etcd PR#1763)
		n.event(Event{Kind: SnapshotNotNeeded, Peer: from, Index: m.LastIncludedIndex, Old: uint64(n.commitIndex)})
		n.incoming = nil
		reply.MatchIndex = n.commitIndex
		return true
	}
	if !n.incoming.continues(m) {
		// 2. create new snapshot file; 5. discard any with a smaller index
		n.incoming = &incoming{leader: m.Term, index: m.LastIncludedIndex, term: m.LastIncludedTerm}
	}
	in := n.incoming
	fits := len(in.data)+len(m.Data) <= n.opt.MaxSnapshot
	switch {
	case m.Offset == uint64(len(in.data)) && !fits:
		// the answer asks for the same chunk again, which the leader sends with its next heartbeat
		n.ignore(from, NoRoom)
	case m.Offset == uint64(len(in.data)):
		in.data = append(in.data, m.Data...) // 3. write data into snapshot file at given offset
		if m.Done {
			return n.finish(from, m, reply)
		}
	}
	reply.NextOffset = uint64(len(in.data)) // 4. reply and wait for more data chunks
	return true
}

// finish takes over a snapshot of which all chunks are here, if the state machine can read it.
func (n *Node) finish(from ServerID, m *InstallSnapshot, reply *InstallSnapshotReply) bool {
	in := n.incoming
	n.incoming = nil
	if n.opt.Readable != nil && !n.opt.Readable(in.data) {
		n.ignore(from, Unreadable)
		return false
	}
	c := m.Configuration.Clone()
	_ = c.complete() // sorts its lists; doubtSnapshot has checked it
	n.install(from, &Snapshot{Index: in.index, Term: in.term, Configuration: c, Data: in.data})
	reply.MatchIndex = m.LastIncludedIndex
	return true
}

// install follows the receiver's rules 6 to 8.
func (n *Node) install(leader ServerID, s *Snapshot) {
	e := Event{Kind: SnapshotInstalled, Reason: KeptSuffix, Peer: leader, Index: s.Index, Old: uint64(n.log.last)}
	n.snapshot = s
	if s.Index > n.log.last || n.log.term(s.Index) != s.Term && n.keeps(DiscardConflict) || !n.keeps(KeepSuffix) {
		e.Reason = DroppedLog
	}
	n.event(e)
	if e.Reason == KeptSuffix {
		// 6. if existing log entry has same index and term as snapshot's last included entry, retain log
		// entries following it
		n.forget(s.Index)
	} else {
		n.disk.truncated(n.commitIndex+1, true) // the committed part of what the disk holds stays true
		// 7. discard the entire log: a conflicting entry left behind would make it reject all
		// that follows (hashicorp/raft#697)
		n.log.reset(s.Index, s.Term)
		n.configs = append(n.configs[:0], configAt{s.Index, s.Configuration})
		n.configChanged(FromSnapshot) // 8. … and load snapshot's cluster configuration
	}
	n.disk.handed = max(n.disk.handed, s.Index)
	n.disk.snapshotChanged = true
	n.event(Event{Kind: CommitAdvanced, Reason: LeaderSaidSo, Peer: leader, Index: s.Index, Old: uint64(n.commitIndex),
		New: uint64(s.Index)})
	n.commitIndex = s.Index
}

// nextRestore hands out a snapshot that the state machine is to be reset to (rule 8), once it is durable. It
// has its place in the order of what is to be applied: between the entries before and after it (NuRaft#407).
func (n *Node) nextRestore() *Snapshot {
	if n.snapshot == nil || n.applying >= n.snapshot.Index || n.disk.durable < n.snapshot.Index ||
		n.disk.snapshotChanged {
		return nil
	}
	n.applying = n.snapshot.Index
	return n.snapshot
}

// handleInstallSnapshotReply moves on: to the next chunk, or back to AppendEntries. An answer that asks
// again for the chunk under way changes nothing: the follower has no room for it, and gets it again with the
// next heartbeat.
func (n *Node) handleInstallSnapshotReply(from ServerID, m *InstallSnapshotReply) {
	n.observeTerm(m.Term, from)
	byTerm := m.MatchIndex == 0 && m.NextOffset == 0
	f := n.answering(from, m.Term, m.Call, byTerm)
	switch {
	case f == nil:
	case m.MatchIndex > n.log.last:
		n.ignore(from, Impossible)
	case m.MatchIndex > 0:
		if m.Call >= f.since {
			f.snapshot = nil
		}
		n.matched(f, m.MatchIndex)
	case f.snapshot == nil || m.Call < f.since:
		n.ignore(from, StaleReply)
	case m.NextOffset != uint64(f.offset):
		f.probe, f.since = 0, n.calls+1
		f.offset = int(min(m.NextOffset, uint64(len(f.snapshot.Data))))
	}
}
