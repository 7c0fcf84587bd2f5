package yardstick

import (
	"testing"

	"raftplayground/raft"
)

// server is a Node whose calls are answered by the test.
type server struct {
	t     *testing.T
	node  *raft.Node
	out   raft.Output
	calls map[raft.ServerID]uint64 // the last one made to each
}

func newServer(t *testing.T, o raft.Options, d raft.Durable) *server {
	t.Helper()
	o.Seed, o.ElectionTicksMin, o.ElectionTicksMax, o.HeartbeatTicks = 1, 10, 20, 1
	n, err := raft.New(o, d)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, node: n, calls: map[raft.ServerID]uint64{}}
	for range o.ElectionTicksMin { // until it owes no leader its loyalty any more
		n.Tick()
	}
	return s
}

// run does what the core wants done, on a quick disk.
func (s *server) run() {
	for s.node.Output(&s.out) {
		if seq := s.out.Save.Seq; seq != 0 {
			s.node.Saved(seq)
		}
		for _, e := range s.out.Send {
			switch m := e.RPC.(type) {
			case *raft.RequestVote:
				s.calls[e.To] = m.Call
			case *raft.AppendEntries:
				s.calls[e.To] = m.Call
			}
		}
	}
}

func (s *server) status() (st raft.Status) {
	s.node.Status(&st)
	return st
}

// vote answers the election, or the pre-vote, that is under way.
func (s *server) vote(from raft.ServerID, granted bool) {
	st := s.status()
	term := st.CurrentTerm
	if st.Role == raft.PreCandidate && granted {
		term++
	}
	s.node.Receive(from, &raft.RequestVoteReply{Call: s.calls[from], Term: term, VoteGranted: granted,
		PreVote: st.Role == raft.PreCandidate})
	s.run()
}

// store answers that a follower stores the leader's log through i.
func (s *server) store(from raft.ServerID, i raft.Index) {
	s.node.Receive(from, &raft.AppendEntriesReply{Call: s.calls[from], Term: s.status().CurrentTerm, Success: true,
		MatchIndex: i})
	s.run()
}

// elect makes the server the leader, with the votes of all; without pre-vote.
func (s *server) elect() {
	s.t.Helper()
	s.node.Campaign()
	s.run()
	c := s.status().Config
	for _, v := range append(append([]raft.ServerID(nil), c.Voters...), c.Outgoing...) {
		if v != s.status().ID && s.node.Role() != raft.Leader {
			s.vote(v, true)
		}
	}
	if s.node.Role() != raft.Leader {
		s.t.Fatalf("with the votes of %s, server %d does not lead", c.AppendText(nil), s.status().ID)
	}
}
