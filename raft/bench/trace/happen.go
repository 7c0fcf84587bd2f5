package main

import (
	"fmt"

	"raftplayground/raft"
)

// happen writes one event. The error says that the specification has no step for it.
func (t *tracer) happen(s *traced, e *raft.Event, c *cause) error {
	if c.foreign && brings(e, s, c) {
		const words = "a message that the trace does not have reaches S%d and changes something: %.200s"
		return fmt.Errorf(words, s.id, t.received.data)
	}
	switch e.Kind {
	case raft.Started:
		return t.restart(s)
	case raft.ConfigurationChanged:
		if e.Reason != raft.FromSnapshot {
			return fmt.Errorf("the configuration changes at S%d", s.id)
		}
	case raft.TermAdvanced:
		if e.Peer != 0 {
			s.term, s.vote, s.role = e.Term, 0, raft.Follower
			t.write("BecomeFollower", s, nil)
		}
	case raft.BecamePreCandidate, raft.BecameFollower:
		t.follow(s)
	case raft.BecameCandidate:
		s.term, s.vote, s.role = e.Term, s.id, raft.Candidate
		s.stood[s.term] = t.write("BecomeCandidate", s, nil)
		s.unready = true
	case raft.VoteGranted:
		s.vote = e.Peer
	case raft.VoteReceived:
		if e.Peer == s.id {
			t.toItself(s, message{Type: voteReply})
		}
	case raft.BecameLeader:
		t.lead(s, e)
	case raft.EntriesProposed:
		t.replicate(s, raft.Index(e.New))
	case raft.EntriesAppended:
		s.last = raft.Index(e.New)
	case raft.EntriesTruncated:
		s.last = e.Index - 1
	case raft.SnapshotInstalled:
		s.known = e.Index
		if e.Reason == raft.DroppedLog {
			s.last = e.Index
		}
	case raft.CommitAdvanced:
		s.known = raft.Index(e.New)
		if e.Reason == raft.MajorityStored {
			s.commit = max(s.commit, s.known)
			t.write("Commit", s, nil)
			s.unready = true
		}
	}
	return nil
}

// brings tells whether an event is a change of the server that a message caused.
func brings(e *raft.Event, s *traced, c *cause) bool {
	switch e.Kind {
	case raft.TermAdvanced, raft.VoteReceived:
		return e.Peer != s.id && e.Peer != 0
	case raft.CommitAdvanced:
		return raft.Index(e.New) > s.commit
	case raft.MatchAdvanced:
		return c.isAnswer
	case raft.BecameFollower:
		return e.Reason != raft.LostQuorum && e.Reason != raft.Removed
	case raft.VoteGranted:
		return e.Peer != s.vote
	case raft.EntriesAppended, raft.EntriesTruncated, raft.SnapshotInstalled:
		return true
	}
	return false
}

// restart writes that a server has started anew.
func (t *tracer) restart(s *traced) error {
	var now raft.Status
	t.world.Server(s.id).Node().Status(&now)
	if now.CurrentTerm != s.term || now.VotedFor != s.vote || now.LastIndex != s.last {
		return fmt.Errorf("S%d starts without all that it did: its disk had not completed it", s.id)
	}
	t.revived = true
	s.role, s.known, s.unready = raft.Follower, now.CommitIndex, false
	s.answered, s.stood = map[call]bool{}, map[raft.Term]*entered{}
	t.write("InitState", s, nil)
	return nil
}

// follow writes that a server becomes a follower in its own term.
func (t *tracer) follow(s *traced) {
	was := s.role
	s.role = raft.Follower
	if was != raft.Follower {
		t.write("BecomeFollower", s, nil)
		s.unready = true
	}
}

// lead writes that a server is elected, and the blank entry of its term.
func (t *tracer) lead(s *traced, e *raft.Event) {
	s.role = raft.Leader
	t.write("BecomeLeader", s, nil)
	t.replicate(s, e.Index)
}

// replicate writes that a leader appends entries through an index, and that it stores them itself.
func (t *tracer) replicate(s *traced, through raft.Index) {
	if through == s.last {
		return
	}
	for s.last < through {
		t.write("Replicate", s, nil)
		s.last++
	}
	t.toItself(s, message{Type: appReply, Index: uint64(s.last)})
}

// toItself writes that a server answers itself, as etcd's do: its vote and its own copy of an entry count
// once they are on its disk.
func (t *tracer) toItself(s *traced, m message) {
	m.Term, m.From, m.To, m.Vote = uint64(s.term), name(uint64(s.id)), name(uint64(s.id)), name(0)
	t.write("Send"+kinds[m.Type], s, &m)
	s.unready = true
	t.ready(s)
	t.write("Receive"+kinds[m.Type], s, &m)
}
