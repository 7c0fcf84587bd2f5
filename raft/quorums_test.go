package raft

import (
	"fmt"
	"strings"
	"testing"
)

// Quorums returns the sets and numbers by which the server commits, with the rules that it keeps. The
// configuration changes from 1, 2, 3 to 1, 4, 5.
func TestQuorums_AreWhatTheServerDecidesBy(t *testing.T) {
	for _, c := range []struct {
		off  RuleSet
		acks []ServerID // the servers that store the entry of the new configuration
		want string     // voters, needed, agreed
	}{
		{0, []ServerID{4, 5}, "[{[1 4 5] 2 3} {[1 2 3] 2 1}]"},
		{RulesOf(TwoMajorities), []ServerID{4}, "[{[1 2 3 4 5] 3 2}]"},
		{RulesOf(MajorityDecides), nil, ""}, // it has decided already
	} {
		h := start(t, 1, 3, Durable{})
		h.opt.Off |= c.off | RulesOf(CatchUpFirst)
		h.boot(t)
		equal(t, "of a follower", fmt.Sprint(h.n.Quorums(nil)), fmt.Sprintf("[{[1 2 3] %d 0}]", Majority(3, c.off)))
		h.lead(t)
		h.ack(2, 1)
		if err := h.n.Reconfigure(servers("1,4,5")); err != nil {
			t.Fatal(err)
		}
		equal(t, "before anybody stores it", strings.HasSuffix(fmt.Sprint(h.n.Quorums(nil)), " 0}]"), true)
		h.pump()
		for _, s := range c.acks {
			h.ack(s, 2)
		}
		if c.want != "" {
			equal(t, "while it changes", fmt.Sprint(h.n.Quorums(nil)), c.want)
		}
		equal(t, "committed by it", h.n.commitIndex > 1, c.want == "")
	}
}

// In a joint configuration the votes are told apart, as they are counted (§6).
func TestAnElectionTellsBothMajoritiesApart(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1,
		Log: []Entry{{Term: 1}, {Term: 1, Kind: Config, Data: []byte("1,2,3>1,4,5")}}})
	h.timeOut()
	h.receive(4, &RequestVoteReply{Call: h.n.calls, Term: 2, VoteGranted: true})
	h.receive(5, &RequestVoteReply{Call: h.n.calls, Term: 2, VoteGranted: true})
	last := func(kind EventKind) Event { return h.all(kind)[len(h.all(kind))-1] }
	equal(t, "all of the new, one of the old", last(VoteReceived), Event{Kind: VoteReceived, Term: 2, Peer: 5, Old: 3,
		New: 2, Count: 1, Of: 2})
	equal(t, "not elected", h.n.Role(), Candidate)
	equal(t, "as it says", fmt.Sprint(h.n.Quorums(nil)), "[{[1 4 5] 2 3} {[1 2 3] 2 1}]")
	h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 2, VoteGranted: true})
	equal(t, "elected", last(BecameLeader), Event{Kind: BecameLeader, Term: 2, Old: 3, New: 2, Count: 2, Of: 2,
		Index: 3})
	h.ack(4, 3)
	h.ack(5, 3)
	h.ack(2, 3)
	equal(t, "one count does not decide", h.all(CommitAdvanced)[0], Event{Kind: CommitAdvanced, Reason: MajorityStored,
		Term: 2, Index: 3, New: 3})
}

// A message may hold an empty list where another has none: that is not a second set, which could not agree.
func TestQuorums_AnEmptyListIsNoSecondMajority(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.receive(2, &InstallSnapshot{Call: 1, Term: 1, LeaderID: 2, LastIncludedIndex: 1, LastIncludedTerm: 1, Done: true,
		Configuration: Configuration{Voters: []ServerID{1, 2, 3}, Outgoing: []ServerID{}}})
	h.timeOut()
	h.receive(3, &RequestVoteReply{Call: h.n.calls, Term: 2, VoteGranted: true})
	equal(t, "elected by two of three", h.n.Role(), Leader)
}

// Enough servers are a majority of each set by itself; a server in no set does not count.
func TestDecide_TakesAMajorityOfEachSet(t *testing.T) {
	c := Configuration{Voters: servers("1,4,5").Voters, Outgoing: servers("1,2,3").Voters}
	of := func(off ...Rule) []Quorum { return c.Quorums(nil, RulesOf(off...)) }
	one := Configuration{Voters: servers("1,2,3,4,5").Voters}
	for _, test := range []struct {
		quorums []Quorum
		servers string
		want    bool
	}{
		{one.Quorums(nil, 0), "1,2,3", true},
		{one.Quorums(nil, 0), "1,2,6,7", false},
		{one.Quorums(nil, RulesOf(MajorityDecides)), "4,5", true},
		{one.Quorums(nil, RulesOf(MajorityDecides)), "4", false},
		{of(), "1,2,4", true},
		{of(), "1,4,5", false},
		{of(), "1,2,3", false},
		{of(), "2,3,4,5", true},
		{of(TwoMajorities), "1,4,5", true},
		{of(TwoMajorities), "4,5", false},
		{nil, "1", false},
	} {
		got := Decide(test.quorums, func(s ServerID) bool { return servers(test.servers).Votes(s) })
		equal(t, fmt.Sprint(test.quorums)+" "+test.servers, got, test.want)
	}
	equal(t, "behind what is there", len(c.Quorums(of(), 0)), 4)
	equal(t, "how many", of()[1].Count(func(s ServerID) bool { return s != 2 }), 2)
}
