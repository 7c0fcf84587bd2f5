package raft

import "testing"

func TestARuleThatIsSwitchedOffIsNotKeptFromThenOn(t *testing.T) {
	n, err := New(Options{ID: 1, Voters: []ServerID{1, 2, 3}, ElectionTicksMin: 150, ElectionTicksMax: 300,
		HeartbeatTicks: 50, Off: Extensions}, Durable{})
	if err != nil {
		t.Fatal(err)
	}
	votesFor := func(candidate ServerID) bool {
		n.Receive(candidate, &RequestVote{Call: 1, Term: 1, CandidateID: candidate})
		var out Output
		for n.Output(&out) {
			for _, e := range out.Send {
				if reply, ok := e.RPC.(*RequestVoteReply); ok {
					return reply.VoteGranted
				}
			}
		}
		t.Fatal("no reply")
		return false
	}
	if !votesFor(2) || votesFor(3) {
		t.Fatal("expected one vote, for the first who asked")
	}
	n.SwitchOff(RulesOf(OneVotePerTerm))
	if !votesFor(3) {
		t.Error("the rule is off, and the second candidate got no vote")
	}
	n.SwitchOff(0)
	if votesFor(2) {
		t.Error("the rule is on again, and a second vote was given")
	}
}

func TestATimerThatIsSetRunsOutWhenItSays(t *testing.T) {
	n, err := New(Options{ID: 1, Voters: []ServerID{1, 2, 3}, ElectionTicksMin: 150, ElectionTicksMax: 300,
		HeartbeatTicks: 50, Off: Extensions}, Durable{})
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []struct{ left, after int }{{300, 300}, {7, 7}, {0, 1}, {1000, 300}} {
		n.candidacy = nil
		n.SetTimer(set.left)
		ticks := 0
		for n.candidacy == nil {
			n.Tick()
			ticks++
		}
		if ticks != set.after {
			t.Errorf("a timer set to %d ran out after %d ticks, want %d", set.left, ticks, set.after)
		}
	}
}
