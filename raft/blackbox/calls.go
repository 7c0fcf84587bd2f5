package blackbox

import "raftplayground/raft"

// call is one that a server has received and is to answer, exactly once.
type call struct {
	caller raft.ServerID
	kind   callKind
	number uint64
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
	if kind, number, reply := callOf(p.rpc); !reply && !s.w.hostile { // what breaks the protocol need not be answered
		s.owed = append(s.owed, call{p.from, kind, number})
	}
}

// answer strikes off the calls that are answered.
func (s *server) answer(sent []raft.Envelope) {
	if s.w.hostile {
		return
	}
	for _, e := range sent {
		kind, number, reply := callOf(e.RPC)
		if !reply {
			continue
		}
		at := s.owing(call{e.To, kind, number})
		if at < 0 {
			s.w.failf("S%d answers S%d a call that it did not make: %T %+v", s.id, e.To, e.RPC, e.RPC)
		}
		s.owed = append(s.owed[:at], s.owed[at+1:]...)
	}
}

// excuse strikes off the call whose snapshot the state machine cannot read: it is ignored, and an event says so.
func (s *server) excuse(events []raft.Event) {
	for _, e := range events {
		if e.Kind != raft.MessageIgnored || e.Reason != raft.Unreadable {
			continue
		}
		for i, c := range s.owed {
			if c.caller == e.Peer && c.kind == install {
				s.owed = append(s.owed[:i], s.owed[i+1:]...)
				break
			}
		}
	}
}

func (s *server) owing(c call) int {
	for i := range s.owed {
		if s.owed[i] == c {
			return i
		}
	}
	return -1
}

// termOf tells the term that a message is of.
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
