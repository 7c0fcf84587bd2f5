package raft

import "testing"

// Tests of what Figure 2 does not have: pre-vote, check-quorum, loyalty (thesis 9.6, 6.2; §6), reads (§8)
// and transfer (thesis 3.10).

// whole runs a server with every rule on.
func whole(t testing.TB, id ServerID, size int, d Durable) *host {
	t.Helper()
	h := &host{opt: options(id, size), disk: d}
	h.opt.Off = 0
	h.boot(t)
	return h
}

// leads makes a server with pre-vote the leader of the next term.
func (h *host) leads(t testing.TB) {
	t.Helper()
	h.timeOut()
	for _, v := range h.opt.Voters {
		if v != h.opt.ID && h.n.Role() == PreCandidate {
			h.receive(v, &RequestVoteReply{Call: h.n.calls, Term: h.n.currentTerm + 1, VoteGranted: true,
				PreVote: true})
		}
	}
	for _, v := range h.opt.Voters {
		if v != h.opt.ID && h.n.Role() == Candidate {
			h.receive(v, &RequestVoteReply{Call: h.n.calls, Term: h.n.currentTerm, VoteGranted: true})
		}
	}
	if h.n.Role() != Leader {
		t.Fatalf("S%d is %v, not leader", h.opt.ID, h.n.Role())
	}
	h.take()
}

// reach lets a heartbeat interval pass and the named followers answer.
func (h *host) reach(from ...ServerID) {
	h.ticks(h.opt.HeartbeatTicks - h.n.elapsed)
	for _, v := range from {
		if l := h.n.leadership; l != nil {
			h.ack(v, l.follower(v).match)
		}
	}
}

func TestPreVote_AServerThatIsCutOffDoesNotRaiseItsTerm(t *testing.T) {
	for _, off := range []bool{false, true} {
		h := whole(t, 1, 3, Durable{CurrentTerm: 4})
		if off {
			h.opt.Off = RulesOf(PreVote)
			h.boot(t)
		}
		h.ticks(5000)
		equal(t, "term stays", h.n.currentTerm == 4, !off)
	}
}

func TestPreVote_BecomesCandidateOnlyIfAMajorityWouldVoteForIt(t *testing.T) {
	h := whole(t, 1, 5, Durable{CurrentTerm: 4, Log: logOf(4)})
	h.timeOut()
	equal(t, "role", h.n.Role(), PreCandidate)
	equal(t, "vote is not given away", h.n.votedFor, 0)
	for _, e := range h.take() {
		m := *e.RPC.(*RequestVote)
		m.Call = 0
		equal(t, "call", m, RequestVote{Term: 5, CandidateID: 1, LastLogIndex: 1, LastLogTerm: 4, PreVote: true})
	}
	yes := &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true, PreVote: true}
	h.receive(2, yes)
	h.receive(2, yes)
	h.receive(3, &RequestVoteReply{Call: h.n.calls, Term: 4, PreVote: true})
	equal(t, "2 of 5", h.n.Role(), PreCandidate)
	h.receive(4, yes)
	equal(t, "3 of 5", h.n.Role(), Candidate)
	equal(t, "term", h.n.currentTerm, 5)
	h.receive(4, yes)
	h.receive(5, yes)
	h.receive(2, yes)
	equal(t, "a pre-vote is no vote, however late (canonical/raft#196)", h.n.Role(), Candidate)
	h.receive(4, &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true, PreVote: true})
	h.receive(5, &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true, PreVote: true})
	equal(t, "not even with the number of a later call, as after a restart", h.n.Role(), Candidate)
}

func TestPreVote_AnsweringChangesNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		m    RequestVote
		want RequestVoteReply
	}{
		{"would vote", RequestVote{Term: 6, LastLogIndex: 2, LastLogTerm: 3},
			RequestVoteReply{Term: 6, VoteGranted: true}},
		{"shorter log", RequestVote{Term: 6, LastLogIndex: 1, LastLogTerm: 3}, RequestVoteReply{Term: 5}},
		{"behind: learns the term (etcd#8243)", RequestVote{Term: 2, LastLogIndex: 9, LastLogTerm: 9},
			RequestVoteReply{Term: 5}},
		{"this term's vote may be gone", RequestVote{Term: 5, LastLogIndex: 9, LastLogTerm: 5},
			RequestVoteReply{Term: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := whole(t, 1, 3, Durable{CurrentTerm: 5, VotedFor: 3, Log: logOf(3, 3)})
			h.ticks(150)
			before := string(h.n.AppendState(nil))
			c.m.Call, c.m.CandidateID, c.m.PreVote, c.want.Call, c.want.PreVote = 7, 2, true, 7, true
			equal(t, "reply", *reply[*RequestVoteReply](t, h, 2, &c.m), c.want)
			equal(t, "term, vote, timer: the state is the same", string(h.n.AppendState(nil)) == before, true)
		})
	}
}

func TestPreVote_IsRefusedWhileALeaderLivesAndTheAskerForgetsItsOwn(t *testing.T) {
	h := whole(t, 1, 3, Durable{CurrentTerm: 1})
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
	ask := &RequestVote{Term: 2, CandidateID: 3, PreVote: true}
	equal(t, "leader heard just now", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, false)
	equal(t, "event", h.has(PreVoteRefused, LeaderAlive), true)
	h.ticks(149)
	equal(t, "one tick before the shortest timeout", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, false)
	h.ticks(1)
	equal(t, "after it", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, true)
	h.timeOut()
	equal(t, "a pre-candidate knows no leader (etcd#9586)", h.n.leader, 0)
	equal(t, "and pre-votes for others", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, true)
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
	equal(t, "until the leader is back", h.n.Role(), Follower)
}

// etcd#8501: one has the long log of an old term, the other a short log and a high term. Each refuses the
// other's pre-vote, once.
func TestPreVote_ALongLogOfAnOldTermAndAShortLogOfAHighTermDoNotBlockEachOther(t *testing.T) {
	a := whole(t, 1, 2, Durable{CurrentTerm: 2, Log: logOf(1, 2, 2)})
	b := whole(t, 2, 2, Durable{CurrentTerm: 9, Log: logOf(1)})
	for range 5000 {
		a.ticks(1)
		b.ticks(1)
		exchange(a, b)
	}
	equal(t, "the longer log leads", a.n.Role(), Leader)
	equalTerms(t, b, a.terms()...)
}

func TestCheckQuorum_ALeaderThatReachesNoMajorityStepsDown(t *testing.T) {
	h := whole(t, 1, 5, Durable{})
	h.leads(t)
	for range 40 {
		h.reach(2, 3)
	}
	equal(t, "2 of 4 followers answer", h.n.Role(), Leader)
	for range 5 {
		h.reach(2)
		equal(t, "1 of 4, not for long enough", h.n.Role(), Leader)
	}
	h.reach(2)
	equal(t, "1 of 4 for the longest election timeout", h.n.Role(), Follower)
	equal(t, "event", h.has(BecameFollower, LostQuorum), true)
	equal(t, "it knows no leader", h.n.leader, 0)
}

func TestCheckQuorum_AnAnswerProvesContactOnlyForTheTimeOfItsCall(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.leads(t)
	h.reach(2)
	old := h.n.calls
	for range 6 { // the same old answer, again and again
		h.ticks(50)
		if h.n.leadership != nil {
			h.receive(2, &AppendEntriesReply{Call: old, Term: 1, Success: true, MatchIndex: 0})
		}
	}
	equal(t, "role", h.n.Role(), Follower)
}

func TestLoyalty_CandidatesAreDisregardedWhileTheLeaderLives(t *testing.T) {
	ask := &RequestVote{Term: 9, CandidateID: 3, LastLogIndex: 9, LastLogTerm: 8}
	t.Run("follower", func(t *testing.T) {
		h := whole(t, 1, 3, Durable{CurrentTerm: 1})
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
		r := reply[*RequestVoteReply](t, h, 3, ask)
		equal(t, "reply", *r, RequestVoteReply{Term: 1})
		equal(t, "term", h.n.currentTerm, 1)
		h.ticks(150)
		equal(t, "the shortest timeout later", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, true)
	})
	t.Run("follower that restarts, and has forgotten its leader", func(t *testing.T) {
		h := whole(t, 1, 3, Durable{CurrentTerm: 1})
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
		h.crash(t)
		equal(t, "at once", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, false)
		equal(t, "event", h.has(VoteRefused, JustRestarted), true)
		pre := *ask
		pre.PreVote = true
		equal(t, "pre-vote", reply[*RequestVoteReply](t, h, 3, &pre).VoteGranted, false)
		h.ticks(149)
		equal(t, "one tick before the shortest timeout", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, false)
		h.ticks(1)
		equal(t, "after it", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, true)
	})
	t.Run("a new server has forgotten nobody", func(t *testing.T) {
		h := whole(t, 1, 3, Durable{})
		equal(t, "at once", reply[*RequestVoteReply](t, h, 3, ask).VoteGranted, true)
	})
	t.Run("unless the leader itself wants it", func(t *testing.T) {
		h := whole(t, 1, 3, Durable{CurrentTerm: 1})
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
		transfer := *ask
		transfer.Transfer = true
		equal(t, "granted", reply[*RequestVoteReply](t, h, 3, &transfer).VoteGranted, true)
	})
	t.Run("leader", func(t *testing.T) {
		h := whole(t, 1, 3, Durable{})
		h.leads(t)
		h.reach(2)
		h.receive(3, ask)
		equal(t, "role", h.n.Role(), Leader)
		h.ticks(150)
		h.receive(3, ask)
		equal(t, "no longer once it reached nobody", h.n.Role(), Follower)
	})
}

func (h *host) reads() (reads []Read) {
	reads, h.read = h.read, nil
	return reads
}

func TestRead_IsConfirmedByAMajorityThatAnswersALaterCall(t *testing.T) {
	h := whole(t, 1, 5, Durable{})
	if err := h.n.Read(1, ReadIndex); err != ErrNotLeader {
		t.Errorf("a follower's answer: %v", err)
	}
	h.leads(t)
	h.ack(2, 1)
	h.ack(3, 1)
	before := h.n.calls
	if err := h.n.Read(7, ReadIndex); err != nil {
		t.Fatal(err)
	}
	h.pump()
	equal(t, "a round goes out at once", len(h.take()), 4)
	h.receive(2, &AppendEntriesReply{Call: h.n.calls, Term: 1, Success: true, MatchIndex: 1})
	for _, v := range []ServerID{3, 4, 5} {
		h.receive(v, &AppendEntriesReply{Call: before, Term: 1, Success: true, MatchIndex: 1})
	}
	equal(t, "answers to calls made before it count for nothing", len(h.reads()), 0)
	// a refusal, too, is an answer to a leader
	h.receive(3, &AppendEntriesReply{Call: h.n.calls, Term: 1, ConflictIndex: 1})
	equal(t, "confirmed", h.reads()[0], Read{Tag: 7, Index: 1, OK: true})
}

func TestRead_WaitsForAnEntryOfTheLeadersOwnTerm(t *testing.T) {
	for _, off := range []bool{false, true} {
		h := whole(t, 1, 3, Durable{CurrentTerm: 3, Log: logOf(1, 2, 3)})
		if off {
			h.opt.Off = RulesOf(ReadInOwnTerm)
			h.boot(t)
		}
		h.leads(t)
		h.n.Read(7, ReadIndex)
		h.pump()
		h.ack(2, 0)
		got := h.reads()
		if off {
			equal(t, "with the rule off a read misses what was committed before", got[0],
				Read{Tag: 7, Index: 0, OK: true})
			continue
		}
		equal(t, "majority answered, nothing of term 4 committed", len(got), 0)
		h.ack(2, 4)
		equal(t, "confirmed", h.reads()[0], Read{Tag: 7, Index: 4, OK: true})
	}
}

func TestRead_WithoutTheRoundADeposedLeaderAnswers(t *testing.T) {
	for _, off := range []bool{false, true} {
		h := whole(t, 1, 3, Durable{})
		h.opt.Off = RulesOf(CheckQuorum)
		if off {
			h.opt.Off |= RulesOf(ReadRound)
		}
		h.boot(t)
		h.leads(t)
		h.ack(2, 1)
		h.ticks(1000) // cut off; the others have long elected another
		h.n.Read(7, ReadIndex)
		h.pump()
		equal(t, "answered", len(h.reads()) == 1, off)
	}
}

func TestRead_FailsWhenLeadershipIsLost(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.leads(t)
	h.ack(2, 1)
	h.n.Read(7, ReadIndex)
	h.n.Read(8, ReadIndex)
	h.receive(2, &AppendEntries{Term: 5, LeaderID: 2})
	got := h.reads()
	if len(got) != 2 || got[0] != (Read{Tag: 7}) || got[1] != (Read{Tag: 8}) {
		t.Errorf("reads: %+v", got)
	}
}

func TestRead_OfASingleServerNeedsNobody(t *testing.T) {
	h := whole(t, 1, 1, Durable{})
	h.timeOut()
	h.n.Read(7, ReadIndex)
	h.pump()
	equal(t, "confirmed", h.reads()[0], Read{Tag: 7, Index: 1, OK: true})
}

func TestLease_LastsTheShortestElectionTimeoutFromTheRoundOn(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.opt.LeaseDrift = 10
	h.boot(t)
	h.leads(t)
	h.ack(2, 1)
	answered := func() bool {
		h.n.Read(1, LeaseRead)
		h.pump()
		return len(h.reads()) == 1
	}
	h.ticks(50)
	call := h.n.calls
	h.ticks(20)
	h.receive(2, &AppendEntriesReply{Call: call, Term: 1, Success: true, MatchIndex: 1}) // the answer took 20 ticks
	equal(t, "at once", answered(), true)
	h.ticks(118)
	equal(t, "138 ticks after the round was sent", answered(), true)
	h.ticks(1)
	equal(t, "139 ticks, 10 for the clocks' pace, and one since they need not tick together", answered(), false)
	h.ack(2, 1)
	equal(t, "it is confirmed by a round instead", len(h.reads()), 1)
}

func TestLease_EndsWithATransfer(t *testing.T) {
	for _, off := range []bool{false, true} {
		h := whole(t, 1, 3, Durable{})
		if off {
			h.opt.Off = RulesOf(LeaseEndsWithTransfer)
			h.boot(t)
		}
		h.leads(t)
		h.ack(2, 1)
		h.ack(3, 1)
		if err := h.n.Transfer(2); err != nil {
			t.Fatal(err)
		}
		for range 7 { // the target does nothing: the transfer is given up
			h.reach(2, 3)
		}
		equal(t, "given up", h.has(TransferEnded, ElectionTimeout), true)
		h.n.Read(1, LeaseRead)
		h.pump()
		equal(t, "served by lease, though TimeoutNow may still arrive", len(h.reads()) == 1, off)
	}
}

func TestTransfer_BringsTheTargetUpToDateAndTellsItToHoldAnElection(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	if err := h.n.Transfer(2); err != ErrNotLeader {
		t.Errorf("a follower's answer: %v", err)
	}
	h.leads(t)
	for _, to := range []ServerID{0, 1, 4} {
		if err := h.n.Transfer(to); err != ErrTransferTo {
			t.Errorf("to S%d: %v", to, err)
		}
	}
	h.n.Propose([]byte("x"))
	h.pump()
	h.take()
	h.n.Transfer(2)
	h.pump()
	if _, _, err := h.n.Propose([]byte("y")); err != ErrTransferring {
		t.Errorf("Propose meanwhile: %v", err)
	}
	equal(t, "not before it has the whole log", len(h.take()), 0)
	h.ack(2, 1)
	h.take()
	h.ack(2, 2)
	sent := h.take()
	m, ok := sent[len(sent)-1].RPC.(*TimeoutNow)
	if !ok || sent[len(sent)-1].To != 2 || m.Term != 1 || m.LeaderID != 1 {
		t.Fatalf("sent %+v", sent)
	}
	h.reach(2, 3)
	found := false
	for _, e := range h.take() {
		_, again := e.RPC.(*TimeoutNow)
		found = found || again
	}
	equal(t, "the call is repeated while nothing happens", found, true)
	for range 6 {
		h.reach(2, 3)
	}
	if _, _, err := h.n.Propose([]byte("y")); err != nil {
		t.Errorf("Propose after it was given up: %v", err)
	}
}

func TestTransfer_TheTargetCampaignsAtOnceWithoutAskingFirst(t *testing.T) {
	h := whole(t, 2, 3, Durable{CurrentTerm: 3})
	h.receive(1, &AppendEntries{Term: 3, LeaderID: 1})
	for _, stale := range []*TimeoutNow{{Term: 2, LeaderID: 1}, {Term: 3, LeaderID: 3}} {
		h.receive(stale.LeaderID, stale)
		equal(t, "stale, or of somebody else", h.n.Role(), Follower)
	}
	h.take()
	h.receive(1, &TimeoutNow{Call: 9, Term: 3, LeaderID: 1})
	sent := h.take()
	r, ok := sent[0].RPC.(*TimeoutNowReply)
	if !ok || *r != (TimeoutNowReply{Call: 9, Term: 3}) {
		t.Errorf("reply %+v", sent[0])
	}
	equal(t, "role", h.n.Role(), Candidate)
	for _, e := range sent[1:] {
		m := e.RPC.(*RequestVote)
		equal(t, "transfer", m.Transfer, true)
		equal(t, "pre-vote", m.PreVote, false)
		equal(t, "term", m.Term, 4)
	}
}

// A voter that refuses says why if it is asked, and decides the same if it is not.
func TestRequestVote_ARefusalSaysWhyIfItIsAsked(t *testing.T) {
	heard := func(h *host) { h.receive(3, &AppendEntries{Term: 3, LeaderID: 3, PrevLogIndex: 2, PrevLogTerm: 3}) }
	for _, c := range []struct {
		name   string
		before func(h *host)
		m      RequestVote
		number uint64 // as it stands in frame.proto
		reason Reason
	}{
		{"granted", nil, RequestVote{Term: 4, LastLogIndex: 2, LastLogTerm: 3}, 0, NoReason},
		{"an old term", nil, RequestVote{Term: 2, LastLogIndex: 9, LastLogTerm: 9}, 9, StaleTerm},
		{"the vote is another's", nil, RequestVote{Term: 3, LastLogIndex: 2, LastLogTerm: 3}, 10, AlreadyVoted},
		{"the log is behind", nil, RequestVote{Term: 4, LastLogIndex: 1, LastLogTerm: 3}, 11, LogBehind},
		{"a leader is alive", heard, RequestVote{Term: 4, LastLogIndex: 2, LastLogTerm: 3}, 17, LeaderAlive},
		{"pre-vote, granted", nil, RequestVote{PreVote: true, Term: 4, LastLogIndex: 2, LastLogTerm: 3}, 0, NoReason},
		{"pre-vote, an old term", nil, RequestVote{PreVote: true, Term: 3, LastLogIndex: 2, LastLogTerm: 3}, 9,
			StaleTerm},
		{"pre-vote, the log is behind", nil, RequestVote{PreVote: true, Term: 4}, 11, LogBehind},
		{"pre-vote, a leader is alive", heard, RequestVote{PreVote: true, Term: 4, LastLogIndex: 2, LastLogTerm: 3}, 17,
			LeaderAlive},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.m.CandidateID = 2
			ask := func(why bool) RequestVoteReply {
				h := whole(t, 1, 3, Durable{CurrentTerm: 3, VotedFor: 3, Log: logOf(3, 3)})
				h.ticks(150)
				if c.before != nil {
					c.before(h)
				}
				c.m.Why = why
				return *reply[*RequestVoteReply](t, h, 2, &c.m)
			}
			bare, told := ask(false), ask(true)
			equal(t, "reason", told.Reason, c.number)
			equal(t, "the core's name for it", Reason(told.Reason), c.reason)
			told.Reason = 0
			equal(t, "all else", told, bare)
		})
	}
	equal(t, "just restarted, no voter", [2]uint64{uint64(JustRestarted), uint64(NotAVoter)}, [2]uint64{18, 31})
}
