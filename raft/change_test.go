package raft

import (
	"slices"
	"testing"
)

// MayReconfigure does not change the configuration that it is given.
func TestMayReconfigure_LeavesTheConfigurationAlone(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	c := Configuration{Voters: []ServerID{3, 1, 2}, Learners: []ServerID{5, 4}}
	equal(t, "it may", h.n.MayReconfigure(c), error(nil))
	equal(t, "voters", slices.Equal(c.Voters, []ServerID{3, 1, 2}), true)
	equal(t, "learners", slices.Equal(c.Learners, []ServerID{5, 4}), true)
}

// thesis 4.1: majorities of configurations that differ by one voter overlap; those that differ by more need a joint
// configuration in between.
func TestReconfigure_OneVoterMoreOrLessNeedsNoJointConfiguration(t *testing.T) {
	for to, want := range map[string]string{
		"1,2":       "1,2",
		"1,2,3,4":   "1,2,3,4",
		"1,2,4":     "1,2,3>1,2,4", // one goes and one comes
		"1":         "1,2,3>1",
		"1,2,3,4,5": "1,2,3>1,2,3,4,5",
		"1,2+3":     "1,2+3",
		"1,2,3+4,5": "1,2,3+4,5",
	} {
		h := start(t, 1, 3, Durable{})
		h.opt.Off |= RulesOf(CatchUpFirst)
		h.boot(t)
		h.lead(t)
		h.ack(2, 1)
		if err := h.n.Reconfigure(servers(to)); err != nil {
			t.Fatal(err)
		}
		equal(t, "to "+to, config(h), want)
	}
}

func TestReconfigure_LeavesTheCallersListsAlone(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	c := Configuration{Voters: []ServerID{3, 1, 2}, Learners: []ServerID{5, 4}}
	if err := h.n.Reconfigure(c); err != nil {
		t.Fatal(err)
	}
	equal(t, "in order in the log", config(h), "1,2,3+4,5")
	equal(t, "the caller's as they were", slices.Equal(c.Voters, []ServerID{3, 1, 2}) &&
		slices.Equal(c.Learners, []ServerID{5, 4}), true)
}

// §6: "once C-old,new has been committed": what is committed before it does not end it.
func TestAJointConfigurationIsLeftOnlyOnceItIsCommitted(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.opt.Off |= RulesOf(CatchUpFirst)
	h.boot(t)
	h.lead(t)
	h.ack(2, 1)
	h.proposes("x")
	h.reconfigures(t, "1,4,5")
	for _, v := range []ServerID{2, 4, 5} {
		h.ack(v, 2)
	}
	equal(t, "committed: the command before it", h.n.commitIndex, 2)
	equal(t, "still joint", config(h), "1,2,3>1,4,5")
	for _, v := range []ServerID{2, 4, 5} {
		h.ack(v, 3)
	}
	equal(t, "left", config(h), "1,4,5")
}

// The two rules on majorities are shown to be needed by switching off each.
func TestAnElectionWithoutTheRulesOnMajorities(t *testing.T) {
	joint := Durable{CurrentTerm: 1, Log: []Entry{{Term: 1, Kind: Config, Data: []byte("1,2,3>1,4,5")}}}
	for _, off := range []RuleSet{0, RulesOf(TwoMajorities)} {
		h := start(t, 1, 3, joint)
		h.opt.Off |= off
		h.boot(t)
		h.timeOut()
		h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 2, VoteGranted: true})
		h.receive(3, &RequestVoteReply{Call: h.n.calls, Term: 2, VoteGranted: true})
		equal(t, "three of all five, one of the new three", h.n.Role() == Leader, off != 0)
	}
	h := start(t, 1, 1, Durable{})
	h.opt.Off |= RulesOf(MajorityDecides)
	h.boot(t)
	h.timeOut()
	h.proposes("x")
	equal(t, "half of one server is still one", h.n.commitIndex, 2)
	equal(t, "votes needed", h.all(BecameCandidate)[0].New, 1)
}

// thesis 4.2.1: a round that takes as long as the shortest election timeout is too slow; a tick less is not.
func TestALearnerHasCaughtUpWhenARoundTookLessThanAnElectionTimeout(t *testing.T) {
	for _, c := range []struct {
		ticks  int
		caught bool
	}{{149, true}, {150, false}} {
		h := start(t, 1, 1, Durable{})
		h.timeOut()
		h.reconfigures(t, "1+2")
		h.ticks(200)
		h.ack(2, h.n.log.last) // a first round, of 200 ticks
		h.proposes("x")
		h.ticks(c.ticks)
		h.ack(2, h.n.log.last)
		want := Event{Kind: LearnerCaughtUp, Peer: 2, Term: 1, Old: 2, New: uint64(c.ticks)}
		equal(t, "caught up", slices.Contains(h.events, want), c.caught)
		equal(t, "and only so", len(h.all(LearnerCaughtUp)) == 1, c.caught)
	}
}

// Voters do not catch up, and a learner does so once, when it stores what the log held when its round began.
func TestOnlyALearnerCatchesUpAndOnlyOnce(t *testing.T) {
	h := start(t, 1, 2, Durable{})
	h.lead(t)
	h.ack(2, 1)
	h.proposes("x")
	h.ack(2, 2)
	h.reconfigures(t, "1,2+3")
	equal(t, "what is known of a server that stays", h.n.leadership.follower(2).match, 2)
	h.ack(2, 3)
	h.ack(3, 2)
	equal(t, "before the round's end is stored", len(h.all(LearnerCaughtUp)), 0)
	h.ack(3, 3)
	equal(t, "after", len(h.all(LearnerCaughtUp)), 1)
	h.proposes("y")
	h.ack(3, 4)
	equal(t, "still", len(h.all(LearnerCaughtUp)), 1)
}

func TestALeaderThatLeavesKnowsNoLeader(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	h.reconfigures(t, "2,3")
	h.ack(2, 2)
	h.ack(3, 2)
	equal(t, "role", h.n.Role(), Follower)
	equal(t, "leader", h.n.leader, 0)
}

// The numbers of calls go on from one leadership to the next. A late answer to a call of an earlier
// leadership may carry the new term.
func TestLeaders_ARefusalOfACallOfAnEarlierLeadershipDoesNotMoveNextIndex(t *testing.T) {
	h := start(t, 1, 2, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1)})
	h.lead(t)
	late := h.n.calls
	h.receive(2, &AppendEntriesReply{Call: late, Term: 5})
	h.lead(t)
	h.ack(2, 5)
	f := h.n.leadership.follower(2)
	equal(t, "nextIndex", f.next, 6)
	h.receive(2, &AppendEntriesReply{Call: late, Term: 6, ConflictIndex: 1})
	equal(t, "nextIndex after the late refusal", f.next, 6)
	equal(t, "probing", f.probing, false)
	equal(t, "event", h.has(MessageIgnored, StaleReply), true)
}

func TestAllServers_ATimeoutNowReplyWithAHigherTermConvertsToFollower(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.receive(2, &TimeoutNowReply{Term: 9})
	equal(t, "role", h.n.Role(), Follower)
	equal(t, "term", h.n.currentTerm, 9)
}
