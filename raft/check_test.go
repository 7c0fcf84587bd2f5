//go:build raftcheck

package raft

import (
	"strings"
	"testing"
)

func panicOf(f func()) (text string) {
	defer func() { text, _ = recover().(string) }()
	f()
	return ""
}

func TestEveryInputLooksAtTheInvariants(t *testing.T) {
	for input, f := range map[string]func(*Node){
		"Tick":        func(n *Node) { n.Tick() },
		"Receive":     func(n *Node) { n.Receive(2, &TimeoutNowReply{}) },
		"Propose":     func(n *Node) { n.Propose([]byte("x")) },
		"Campaign":    func(n *Node) { n.Campaign() },
		"Saved":       func(n *Node) { n.Saved(0) },
		"Applied":     func(n *Node) { n.Applied(0) },
		"Output":      func(n *Node) { n.quiet = false; n.event(Event{}); n.Output(new(Output)) },
		"Reconfigure": func(n *Node) { n.Reconfigure(servers("1,2,3+4")) },
		"Read":        func(n *Node) { n.Read(1, ReadIndex) },
		"Transfer":    func(n *Node) { n.Transfer(2) },
		// a leader has no timer
		"SetTimer": func(n *Node) { n.leadership, n.candidacy = nil, new(candidacy); n.SetTimer(1) },
		"Compact":  func(n *Node) { n.Compact(1, nil) },
	} {
		h := start(t, 1, 3, Durable{})
		h.lead(t)
		h.ack(2, 1)
		h.n.votedFor = 2 // these inputs do not look at it
		if got := panicOf(func() { f(h.n) }); !strings.Contains(got, "broken invariant") {
			t.Errorf("%s: %q", input, got)
		}
	}
}

func TestNewLooksAtWhatLaterInputsAreComparedWith(t *testing.T) {
	n, err := New(options(1, 3), Durable{CurrentTerm: 5})
	if err != nil {
		t.Fatal(err)
	}
	n.currentTerm = 4
	if got := panicOf(func() { n.Tick() }); got != "raft: broken invariant: currentTerm never decreases" {
		t.Errorf("got %q", got)
	}
}

func TestMemoryThatTheHostNoLongerMayReadIsOverwritten(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 4})
	h.n.Receive(2, &RequestVote{Call: 1, Term: 4, CandidateID: 2})
	var out Output
	if !h.n.Output(&out) || len(out.Send) != 1 {
		t.Fatalf("%+v", out)
	}
	reply := out.Send[0].RPC.(*RequestVoteReply)
	equal(t, "term while it is borrowed", reply.Term, 4)
	h.n.Tick()
	h.n.event(Event{Kind: Started})
	h.n.Output(&out)
	equal(t, "after the next Output", reply.Term, 0xdeaddeaddead)
}
