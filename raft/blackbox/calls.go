package blackbox

import (
	"slices"

	"raftplayground/raft"
)

// call is a call that a server has received and must answer exactly once.
type call struct {
	caller raft.ServerID
	kind   callKind
	number uint64

	term     raft.Term
	transfer bool    // of a RequestVote
	at       instant // at which it arrived
}

type callKind uint8

const (
	noCall callKind = iota
	vote
	append_
	install
	timeout
)

// callOf tells what call a message is, or what call it answers.
func callOf(m raft.RPC) (kind callKind, number uint64, reply bool) {
	switch m := m.(type) {
	case *raft.RequestVote:
		return vote, m.Call, false
	case *raft.RequestVoteReply:
		return vote, m.Call, true
	case *raft.AppendEntries:
		return append_, m.Call, false
	case *raft.AppendEntriesReply:
		return append_, m.Call, true
	case *raft.InstallSnapshot:
		return install, m.Call, false
	case *raft.InstallSnapshotReply:
		return install, m.Call, true
	case *raft.TimeoutNow:
		return timeout, m.Call, false
	case *raft.TimeoutNowReply:
		return timeout, m.Call, true
	}
	return noCall, 0, false
}

// owe remembers a call that has arrived.
func (s *server) owe(p packet) {
	kind, number, reply := callOf(p.rpc)
	if reply || s.w.hostile { // what breaks the protocol need not be answered
		return
	}
	c := call{caller: p.from, kind: kind, number: number, term: termOf(p.rpc), at: s.w.now}
	if m, is := p.rpc.(*raft.RequestVote); is {
		c.transfer = m.Transfer
	}
	s.owed = append(s.owed, c)
}

// answer strikes off the calls that are answered, and returns what each message promises (see packet).
func (s *server) answer(sent []raft.Envelope) (promises []instant) {
	promises = make([]instant, len(sent))
	if s.w.hostile {
		return promises
	}
	for i, e := range sent {
		kind, number, reply := callOf(e.RPC)
		if !reply {
			if m, is := e.RPC.(*raft.RequestVote); is && !m.PreVote && !m.Transfer {
				s.w.oracle.loyal(s, s.w.now, s.id, m.Term)
			}
			continue
		}
		at := slices.IndexFunc(s.owed, func(c call) bool {
			return c.caller == e.To && c.kind == kind &&
				c.number == number
		})
		if at < 0 {
			s.w.failf("S%d answers S%d a call that it did not make: %T %+v", s.id, e.To, e.RPC, e.RPC)
		}
		promises[i] = s.promise(s.owed[at], e.RPC)
		s.owed = slices.Delete(s.owed, at, at+1)
	}
	return promises
}

// promise remembers that a server has answered a leader, and checks a vote against that. It returns the
// moment from which the answer, once sent, binds the server.
func (s *server) promise(c call, reply raft.RPC) instant {
	switch m := reply.(type) {
	case *raft.AppendEntriesReply, *raft.InstallSnapshotReply:
		if termOf(m) == c.term {
			s.loyal = max(s.loyal, c.at)
			return c.at
		}
	case *raft.RequestVoteReply:
		if m.VoteGranted && !m.PreVote && !c.transfer {
			s.w.oracle.loyal(s, c.at, c.caller, m.Term)
		}
	}
	return 0
}

// excuse strikes off a call with a snapshot that the state machine cannot read: it is ignored, with an
// event.
func (s *server) excuse(events []raft.Event) {
	for _, e := range events {
		if e.Kind != raft.MessageIgnored || e.Reason != raft.Unreadable {
			continue
		}
		if i := slices.IndexFunc(s.owed, func(c call) bool { return c.caller == e.Peer && c.kind == install }); i >= 0 {
			s.owed = slices.Delete(s.owed, i, i+1)
		}
	}
}

// termOf returns the term that a message carries.
func termOf(m raft.RPC) raft.Term {
	switch m := m.(type) {
	case *raft.RequestVote:
		return m.Term
	case *raft.RequestVoteReply:
		return m.Term
	case *raft.AppendEntries:
		return m.Term
	case *raft.AppendEntriesReply:
		return m.Term
	case *raft.InstallSnapshot:
		return m.Term
	case *raft.InstallSnapshotReply:
		return m.Term
	case *raft.TimeoutNow:
		return m.Term
	case *raft.TimeoutNowReply:
		return m.Term
	}
	return 0
}
