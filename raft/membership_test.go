package raft

import (
	"strings"
	"testing"
)

func servers(text string) Configuration {
	c, err := ParseConfiguration(text)
	if err != nil {
		panic(err)
	}
	return c
}

func config(h *host) string { return string(h.n.config().AppendText(nil)) }

// catchUp makes a learner of the configuration follow quickly.
func (h *host) catchUp(learner ServerID) {
	h.pump()
	h.ack(learner, h.n.log.last)
	h.ticks(1)
	h.ack(learner, h.n.log.last)
}

func TestReconfigure_RefusesWhatWouldNotBeSafe(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1)})
	refused := func(c Configuration, want string) {
		t.Helper()
		if err := h.n.Reconfigure(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", c.AppendText(nil), err, want)
		}
	}
	refused(servers("1,2"), "not the leader")
	h.lead(t)
	refused(servers("1,2"), "own term") // raft-dev, 2015: the single-server bug
	h.ack(2, 2)
	refused(servers("1,2>1,3"), "not a joint")
	refused(Configuration{}, "no voters")
	refused(servers("1,2,3,4"), "learner first")
	if err := h.n.Reconfigure(servers("1,2,3+4")); err != nil {
		t.Fatal(err)
	}
	refused(servers("1,2"), "not complete")
	h.n.Transfer(2)
	refused(servers("1,2"), "handing")
}

func TestReconfigure_RefusesAChangeThatTakesTooManyServersAtOnce(t *testing.T) {
	h := start(t, 1, 9, Durable{})
	h.lead(t)
	for s := ServerID(2); s <= 9; s++ {
		h.ack(s, 1)
	}
	// Nine servers before and nine after, but eleven between the two.
	if err := h.n.Reconfigure(servers("1,2,3,4,5,6,7+10,11")); err == nil ||
		!strings.Contains(err.Error(), "11 servers, at most 9") {
		t.Errorf("got %v", err)
	}
	equal(t, "configuration", config(h), "1,2,3,4,5,6,7,8,9")
}

func TestConfiguration_TakesEffectWhenAppendedAndIsRolledBackWithTheLog(t *testing.T) {
	for _, off := range []Rule{rules, ConfigOnAppend, RollBackConfig} {
		h := start(t, 1, 3, Durable{CurrentTerm: 1})
		h.opt.Off |= RulesOf(off)
		h.boot(t)
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2,
			Entries: []Entry{{Term: 1}, {Term: 1, Kind: Config, Data: []byte("1,2,3+4")}}})
		equal(t, "in force though not committed", config(h) == "1,2,3+4", off != ConfigOnAppend)
		h.crash(t)
		equal(t, "after a restart too", config(h) == "1,2,3+4", off != ConfigOnAppend)
		h.receive(3, &AppendEntries{Term: 2, LeaderID: 3, PrevLogIndex: 1, PrevLogTerm: 1, Entries: logOf(2)})
		equal(t, "gone with its entry (canonical/raft#250)", config(h) == "1,2,3", off != RollBackConfig)
	}
}

func TestASingleServerIsAddedAsALearnerThenGivenAVoteByOneEntry(t *testing.T) {
	h := start(t, 1, 1, Durable{})
	h.timeOut()
	h.reconfigures(t, "1+2")
	equal(t, "a learner is not needed for a majority", h.n.commitIndex, h.n.log.last)
	h.ticks(500)
	h.ack(2, h.n.log.last)
	if err := h.n.Reconfigure(servers("1,2")); err != ErrNotCaughtUp {
		t.Errorf("a round of 500 ticks: %v", err)
	}
	h.ticks(50)
	h.ack(2, h.n.log.last) // there are no writes: the next round needs no entry
	equal(t, "event", len(h.all(LearnerCaughtUp)), 1)
	h.reconfigures(t, "1,2")
	equal(t, "one entry, not joint", config(h), "1,2")
	equal(t, "now it is needed", h.n.commitIndex, h.n.log.last-1)
	h.ack(2, h.n.log.last)
	equal(t, "committed", h.n.commitIndex, h.n.log.last)
}

func TestAJointConfigurationNeedsBothMajoritiesAndIsLeftByItself(t *testing.T) {
	for _, off := range []bool{false, true} {
		h := start(t, 1, 3, Durable{})
		h.opt.Off |= RulesOf(CatchUpFirst)
		if off {
			h.opt.Off |= RulesOf(TwoMajorities)
		}
		h.boot(t)
		h.lead(t)
		h.ack(2, 1)
		h.reconfigures(t, "1,4,5")
		equal(t, "configuration", config(h), "1,2,3>1,4,5")
		h.ack(4, 2)
		h.ack(5, 2)
		equal(t, "of the new all, of the old 1 of 3", h.n.commitIndex == 1, !off)
		h.ack(3, 2)
		equal(t, "both majorities", h.n.commitIndex >= 2, true)
		equal(t, "left at once", config(h), "1,4,5")
		h.ack(4, 3)
		equal(t, "the new majority decides", h.n.commitIndex, 3)
		equal(t, "the others are let go", h.n.leadership.follower(2) == nil, true)
	}
}

func TestAnElectionInAJointConfigurationNeedsBothMajorities(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: []Entry{{Term: 1, Kind: Config, Data: []byte("1,2,3>1,4,5")}}})
	h.timeOut()
	equal(t, "asked", len(h.take()), 4)
	h.receive(4, &RequestVoteReply{Term: 2, VoteGranted: true})
	h.receive(5, &RequestVoteReply{Term: 2, VoteGranted: true})
	equal(t, "1, 4, 5", h.n.Role(), Candidate)
	h.receive(9, &RequestVoteReply{Term: 2, VoteGranted: true})
	equal(t, "and a stranger", h.n.Role(), Candidate)
	h.receive(3, &RequestVoteReply{Term: 2, VoteGranted: true})
	equal(t, "and 3", h.n.Role(), Leader)
}

func TestALeaderThatIsNotInTheNewConfigurationLeadsUntilItIsCommittedAndDoesNotCountItself(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	h.reconfigures(t, "2,3")
	equal(t, "configuration", config(h), "2,3")
	h.ack(2, 2)
	equal(t, "2 of {2, 3}: its own copy does not count (KAFKA-16531)", h.n.commitIndex, 1)
	h.ack(3, 2)
	equal(t, "role", h.n.Role(), Follower)
	equal(t, "event", h.has(BecameFollower, Removed), true)
	equal(t, "committed", h.n.commitIndex, 2)
	h.ticks(1000)
	equal(t, "it holds no elections any more", h.n.Role(), Follower)
}

// thesis 4.2.2, Fig. 4.6: until its removal is committed the server may be the only one that can win.
func TestAServerThatIsBeingRemovedMayBeElectedUntilThatIsCommitted(t *testing.T) {
	h := start(t, 1, 2, Durable{CurrentTerm: 1, Log: []Entry{{Term: 1, Kind: Config, Data: []byte("2")}}})
	h.timeOut()
	equal(t, "role", h.n.Role(), Candidate)
	h.receive(2, &RequestVoteReply{Term: 2, VoteGranted: true})
	equal(t, "elected by the vote of S2 alone", h.n.Role(), Leader)
	h.ack(2, 2)
	equal(t, "then it goes", h.n.Role(), Follower)
	equal(t, "event", h.has(BecameFollower, Removed), true)
}

func TestServersThatWaitOrLearnHoldNoElectionsButVote(t *testing.T) {
	for name, d := range map[string]Durable{
		"waiting": {CurrentTerm: 1},
		"learner": {CurrentTerm: 1, Log: []Entry{{Term: 1, Kind: Config, Data: []byte("1,2+4")}}},
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{opt: options(4, 0), disk: d}
			h.opt.Voters = nil
			h.boot(t)
			h.ticks(1000)
			h.n.Campaign()
			equal(t, "role", h.n.Role(), Follower)
			r := reply[*RequestVoteReply](t, h, 2, &RequestVote{Term: 7, CandidateID: 2, LastLogIndex: 9,
				LastLogTerm: 1})
			equal(t, "it may be needed without knowing it (etcd#10998)", r.VoteGranted, true)
			h.receive(2, &AppendEntries{Term: 7, LeaderID: 2})
			h.receive(2, &TimeoutNow{Term: 7, LeaderID: 2})
			equal(t, "not even when told to", h.n.Role(), Follower)
		})
	}
}

func TestProposalsAreRefusedWhenTooMuchIsUncommitted(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.opt.MaxUncommitted = 4
	h.boot(t)
	h.lead(t)
	for range 3 {
		if _, _, err := h.n.Propose([]byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := h.n.Propose([]byte("x")); err != ErrTooMuch {
		t.Errorf("the fifth: %v", err)
	}
	h.pump()
	h.ack(2, 2)
	if _, _, err := h.n.Propose([]byte("x"), []byte("y")); err != nil {
		t.Errorf("after two are committed: %v", err)
	}
}
