package main

import (
	"fmt"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// send writes that a server sends a message, if the specification has it and the server may send it now. The
// answer to a call is part of its receipt there.
func (t *tracer) send(s *traced, sent frame) {
	f := t.decode(sent)
	m, known := s.translate(f)
	if !known {
		return
	}
	fly := t.flying[string(sent.data)]
	if fly == nil {
		fly = &flying{message: m}
		t.flying[string(sent.data)] = fly
	}
	fly.copies++
	switch {
	case f.Reply:
	case m.Term == uint64(s.term):
		fly.sent = t.write("Send"+kinds[m.Type], s, &m)
		s.unready = true
	default: // it waited for the disk, and meanwhile its sender's time ran out again
		fly.sent = s.stood[raft.Term(m.Term)]
		fly.sent.andSends(m)
	}
}

// translate puts a message that a server sends into the specification's words. known is false if the
// specification lacks it.
func (s *traced) translate(f *wire.Frame) (m message, known bool) {
	m = message{Term: uint64(s.term), From: name(f.From), To: name(f.To), Vote: name(0)}
	switch r := f.RPC.(type) {
	case *raft.RequestVote:
		m.Type, m.Term, m.Index, m.LogTerm = vote, uint64(r.Term), uint64(r.LastLogIndex), uint64(r.LastLogTerm)
		asks := r.Term == s.term && s.role == raft.Candidate || r.Term < s.term && s.stood[r.Term] != nil
		return m, !r.PreVote && asks
	case *raft.AppendEntries:
		last := r.PrevLogIndex + raft.Index(len(r.Entries))
		m.Type, m.Index, m.LogTerm, m.Entries = app, uint64(r.PrevLogIndex), uint64(r.PrevLogTerm), len(r.Entries)
		m.Commit = uint64(min(s.commit, last))
		return m, r.Term == s.term && s.role == raft.Leader && last <= s.last
	case *raft.InstallSnapshot:
		m.Type, m.Entries, m.Commit = snap, int(r.LastIncludedIndex), uint64(r.LastIncludedIndex)
		return m, r.Done && r.Term == s.term && s.role == raft.Leader && r.LastIncludedIndex <= s.commit
	case *raft.RequestVoteReply:
		m.Type, m.Term, m.Reject = voteReply, uint64(r.Term), !r.VoteGranted
		return m, s.answers(f)
	case *raft.AppendEntriesReply:
		m.Type, m.Term, m.Reject, m.Index = appReply, uint64(r.Term), !r.Success, uint64(r.MatchIndex)
		return m, s.answers(f)
	case *raft.InstallSnapshotReply:
		m.Type, m.Term, m.Reject = appReply, uint64(r.Term), true // the specification has a refusal, but no success
		return m, s.answers(f)
	}
	return m, false
}

// answers tells whether an answer is one to a call whose receipt the trace has.
func (s *traced) answers(f *wire.Frame) bool {
	c := call{f.To, f.Call}
	recorded := s.answered[c]
	delete(s.answered, c)
	return recorded
}

// cause is what made a server act.
type cause struct {
	recorded bool // a message did, whose receipt the trace has
	foreign  bool // a message did, whose receipt the trace does not have
	isAnswer bool // that was the answer to an AppendEntries
	term     raft.Term
	commit   raft.Index // how far an AppendEntries said that the log, as it is now, is committed
}

// receive writes that a message has arrived, unless the trace does not have it, or the specification's
// network may have lost it because it changes nothing.
func (t *tracer) receive(s *traced) (c cause, err error) {
	f := t.decode(t.received)
	if f.RPC == nil {
		return cause{}, nil
	}
	c.foreign = true
	_, c.isAnswer = f.RPC.(*raft.AppendEntriesReply)
	fly := t.flying[string(t.received.data)]
	if fly == nil || f.Reply && fly.copies == 0 {
		return c, nil
	}
	lost, err := t.loses(s, f.RPC, &fly.message)
	if lost || err != nil {
		return c, err
	}
	m := fly.arrives(s, f.RPC)
	t.write("Receive"+kinds[m.Type], s, &m)
	s.unready = true
	c.recorded, c.foreign, c.term = true, false, raft.Term(fly.Term)
	if !f.Reply && (fly.Type != snap || c.term < s.term) {
		s.answered[call{f.From, f.Call}] = true
	}
	if (fly.Type == app || fly.Type == snap) && c.term >= s.term && !t.happened(raft.AppendRefused) {
		c.commit = raft.Index(fly.Commit)
	}
	return c, nil
}

// loses tells whether the trace treats an arriving message as lost. The error says that it cannot, though
// the specification would do something else than the server.
func (t *tracer) loses(s *traced, r raft.RPC, m *message) (bool, error) {
	current := raft.Term(m.Term) >= s.term
	changes := t.happened(raft.TermAdvanced) || t.happened(raft.BecameFollower) || t.happened(raft.EntriesAppended) ||
		t.happened(raft.EntriesTruncated) || t.happened(raft.SnapshotInstalled)
	if !changes && (t.happened(raft.MessageIgnored) ||
		t.happened(raft.VoteRefused, raft.LeaderAlive, raft.JustRestarted, raft.NotAVoter)) {
		return true, nil
	}
	switch r.(type) {
	case *raft.InstallSnapshot:
		if current && s.commit > 0 && changes {
			return false, fmt.Errorf("a snapshot reaches S%d, which knows of committed entries", s.id)
		}
		return current && (s.commit > 0 || !changes), nil
	case *raft.AppendEntries:
		if current && raft.Index(m.Index)+raft.Index(m.Entries) < s.commit {
			if changes {
				const words = "an AppendEntries to S%d ends before its commitIndex and changes something"
				return false, fmt.Errorf(words, s.id)
			}
			return true, nil
		}
	}
	return false, nil
}

// arrives returns what the trace has arrive, and has its sender send it once more if need be: when a call
// arrives twice, or when only a part of it does. From an AppendEntries that begins before the receiver's
// commitIndex the specification takes nothing, the server what is new.
func (fly *flying) arrives(s *traced, r raft.RPC) message {
	m := fly.message
	a, isAppend := r.(*raft.AppendEntries)
	old := int(s.commit) - int(m.Index)
	switch {
	case isAppend && m.Term >= uint64(s.term) && old > 0:
		m.Index, m.LogTerm, m.Entries = uint64(s.commit), uint64(a.Entries[old-1].Term), m.Entries-old
	case fly.copies > 0:
		fly.copies--
		return m
	}
	fly.sent.andSends(m)
	return m
}

// andSends has the server of an event also send a message, right then.
func (e *entered) andSends(m message) {
	sends := e.event
	sends.Name, sends.Message = "Send"+kinds[m.Type], &m
	e.also = append(e.also, sends)
}

// happened tells whether an event of a kind is part of the step, for one of the reasons if any are given.
func (t *tracer) happened(kind raft.EventKind, reasons ...raft.Reason) bool {
	return slices.ContainsFunc(t.events, func(e raft.Event) bool {
		return e.Kind == kind && (len(reasons) == 0 || slices.Contains(reasons, e.Reason))
	})
}
