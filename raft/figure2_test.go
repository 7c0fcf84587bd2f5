package raft

import (
	"math"
	"slices"
	"testing"
)

// The tests of this file carry the titles of Figure 2 of the extended paper, rule by rule, in its order.

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equalTerms(t testing.TB, h *host, want ...Term) {
	t.Helper()
	if got := h.terms(); !slices.Equal(got, want) {
		t.Errorf("terms of the log: got %v, want %v", got, want)
	}
}

func TestState_PersistentStateIsUpdatedOnStableStorageBeforeRespondingToRPCs(t *testing.T) {
	t.Run("a vote", func(t *testing.T) {
		h := start(t, 1, 3, Durable{})
		h.manual = true
		h.receive(2, &RequestVote{Term: 1, CandidateID: 2})
		if got := h.take(); len(got) != 0 {
			t.Fatalf("answered before the vote was durable: %+v", got)
		}
		h.save()
		equal(t, "replies", len(h.take()), 1)
		equal(t, "term on disk", h.disk.CurrentTerm, 1)
		equal(t, "vote on disk", h.disk.VotedFor, 2)
	})
	t.Run("entries", func(t *testing.T) {
		h := start(t, 1, 3, Durable{})
		h.manual = true
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: logOf(1, 1)})
		if got := h.take(); len(got) != 0 {
			t.Fatalf("answered before the entries were durable: %+v", got)
		}
		h.save()
		equal(t, "replies", len(h.take()), 1)
		equal(t, "entries on disk", len(h.disk.Log), 2)
	})
	t.Run("a candidate's own vote counts, and asks, only when durable", func(t *testing.T) {
		h := start(t, 1, 1, Durable{})
		h.manual = true
		h.timeOut()
		equal(t, "role before the disk", h.n.Role(), Candidate)
		h.save()
		equal(t, "role after it", h.n.Role(), Leader)
	})
	t.Run("a candidate's own vote is not made durable by an earlier write", func(t *testing.T) {
		h := start(t, 1, 3, Durable{})
		h.manual = true
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: logOf(1)})
		h.timeOut()
		h.receive(2, &RequestVoteReply{Term: 2, VoteGranted: true})
		h.save()
		equal(t, "role with one vote of another and an older write done", h.n.Role(), Candidate)
		h.save()
		equal(t, "role with two votes", h.n.Role(), Leader)
	})
	t.Run("a repeated vote waits for the first one's write", func(t *testing.T) {
		h := start(t, 1, 3, Durable{})
		h.manual = true
		h.receive(2, &RequestVote{Term: 1, CandidateID: 2})
		h.receive(2, &RequestVote{Term: 1, CandidateID: 2})
		equal(t, "replies before", len(h.take()), 0)
		h.save()
		equal(t, "replies after", len(h.take()), 2)
	})
	t.Run("a restart finds term, vote and log", func(t *testing.T) {
		h := start(t, 1, 3, Durable{})
		h.receive(2, &RequestVote{Term: 4, CandidateID: 2})
		h.receive(2, &AppendEntries{Term: 4, LeaderID: 2, Entries: logOf(3, 4)})
		h.crash(t)
		equal(t, "term", h.n.currentTerm, 4)
		equal(t, "vote", h.n.votedFor, 2)
		equal(t, "commitIndex", h.n.commitIndex, 0)
		equalTerms(t, h, 3, 4)
		r := reply[*RequestVoteReply](t, h, 3, &RequestVote{Term: 4, CandidateID: 3, LastLogIndex: 9, LastLogTerm: 4})
		equal(t, "second vote in term 4", r.VoteGranted, false)
	})
}

func TestState_LeaderVolatileStateIsReinitializedAfterElection(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 2, Log: logOf(1, 2)})
	h.lead(t)
	for _, f := range h.n.leadership.followers {
		equal(t, "nextIndex: initialized to leader last log index + 1", f.next, 3)
		equal(t, "matchIndex: initialized to 0", f.match, 0)
	}
	h.receive(2, &RequestVote{Term: 9, CandidateID: 2})
	if h.n.leadership != nil {
		t.Error("a follower has a leader's state")
	}
}

func TestRequestVote_Receiver1_RepliesFalseIfTermIsLowerThanCurrentTerm(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5})
	r := reply[*RequestVoteReply](t, h, 2, &RequestVote{Call: 7, Term: 4, CandidateID: 2, LastLogIndex: 9,
		LastLogTerm: 4})
	equal(t, "reply", *r, RequestVoteReply{Call: 7, Term: 5})
	equal(t, "event", h.has(VoteRefused, StaleTerm), true)
	equal(t, "vote", h.n.votedFor, 0)
}

func TestRequestVote_Receiver2_GrantsTheVoteIfVotedForIsNullOrCandidateIDAndTheLogIsUpToDate(t *testing.T) {
	log := logOf(1, 2, 2) // the voter's: last index 3, term 2
	for _, c := range []struct {
		name      string
		votedFor  ServerID
		lastIndex Index
		lastTerm  Term
		granted   bool
		reason    Reason
	}{
		{"votedFor null, same log", 0, 3, 2, true, NoReason},
		{"votedFor candidate", 2, 3, 2, true, NoReason},
		{"votedFor another", 3, 3, 2, false, AlreadyVoted},
		{"longer log of the same term", 0, 4, 2, true, NoReason},
		{"shorter log of the same term", 0, 2, 2, false, LogBehind},
		{"shorter log of a later term", 0, 1, 3, true, NoReason},
		{"longer log of an earlier term", 0, 99, 1, false, LogBehind},
		{"empty log", 0, 0, 0, false, LogBehind},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, 1, 3, Durable{CurrentTerm: 3, VotedFor: c.votedFor, Log: log})
			h.ticks(100)
			r := reply[*RequestVoteReply](t, h, 2, &RequestVote{Term: 3, CandidateID: 2, LastLogIndex: c.lastIndex,
				LastLogTerm: c.lastTerm})
			equal(t, "granted", r.VoteGranted, c.granted)
			equal(t, "timer starts anew exactly when the vote is granted", h.n.elapsed == 0, c.granted)
			equal(t, "event", h.has(VoteRefused, c.reason), !c.granted)
			if c.granted {
				equal(t, "votedFor", h.n.votedFor, 2)
			} else {
				equal(t, "votedFor", h.n.votedFor, c.votedFor)
			}
		})
	}
}

func TestAppendEntries_Receiver1_RepliesFalseIfTermIsLowerThanCurrentTerm(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(1)})
	h.ticks(100)
	r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Call: 3, Term: 4, LeaderID: 2, Entries: logOf(4)})
	equal(t, "reply", *r, AppendEntriesReply{Call: 3, Term: 5})
	equal(t, "a stale leader does not reset the timer", h.n.elapsed, 100)
	equalTerms(t, h, 1)
}

func TestAppendEntries_Receiver2_RepliesFalseIfTheLogHasNoEntryAtPrevLogIndexWithPrevLogTerm(t *testing.T) {
	log := logOf(1, 1, 4, 4, 4) // the follower's
	for _, c := range []struct {
		name          string
		prev          Index
		prevTerm      Term
		success       bool
		conflictTerm  Term
		conflictIndex Index
	}{
		{"the place before the first entry always matches", 0, 0, true, 0, 0},
		{"matches", 5, 4, true, 0, 0},
		{"matches further back", 2, 1, true, 0, 0},
		{"log too short: says where it ends", 8, 5, false, 0, 6},
		{"other term: says the first index of that term", 5, 5, false, 4, 3},
		{"other term, at the first index of the log", 1, 0, false, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, 1, 3, Durable{CurrentTerm: 5, Log: log})
			h.ticks(100)
			r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Call: 8, Term: 5, LeaderID: 2, PrevLogIndex: c.prev,
				PrevLogTerm: c.prevTerm, LeaderCommit: 99})
			want := AppendEntriesReply{Call: 8, Term: 5, Success: c.success, ConflictTerm: c.conflictTerm,
				ConflictIndex: c.conflictIndex}
			if c.success {
				want.MatchIndex = c.prev
			}
			equal(t, "reply", *r, want)
			equalTerms(t, h, 1, 1, 4, 4, 4)
			equal(t, "refused or not, the leader lives", h.n.elapsed, 0)
			equal(t, "commitIndex of a refused call", h.n.commitIndex, want.MatchIndex)
		})
	}
}

func TestAppendEntries_Receiver3_DeletesAnExistingEntryThatConflictsAndAllThatFollowIt(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 3, Log: logOf(1, 2, 2, 2)})
	r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Term: 3, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1,
		Entries: logOf(2, 3)})
	equal(t, "match", r.MatchIndex, 3)
	equalTerms(t, h, 1, 2, 3)
	equal(t, "event", h.has(EntriesTruncated, NoReason), true)
	equal(t, "entries on disk", len(h.disk.Log), 3)
	equal(t, "term of the last one on disk", h.disk.Log[2].Term, 3)
}

func TestAppendEntries_Receiver3_DeletesNothingWithoutAConflict(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 2, Log: logOf(1, 2, 2, 2)})
	for _, m := range []AppendEntries{
		// an old call, overtaken by a later one
		{Term: 2, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1, Entries: logOf(2)},
		{Term: 2, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1}, // a heartbeat at an old place
	} {
		r := reply[*AppendEntriesReply](t, h, 2, &m)
		equal(t, "match is what this call verified", r.MatchIndex, 1+Index(len(m.Entries)))
		equalTerms(t, h, 1, 2, 2, 2)
	}
}

func TestAppendEntries_Receiver4_AppendsNewEntriesNotAlreadyInTheLog(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 2, Log: logOf(1, 2)})
	r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Term: 2, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1,
		Entries: logOf(2, 2, 2)})
	equal(t, "match", r.MatchIndex, 4)
	equalTerms(t, h, 1, 2, 2, 2)
}

func TestAppendEntries_Receiver5_SetsCommitIndexToTheMinimumOfLeaderCommitAndIndexOfLastNewEntry(t *testing.T) {
	for _, c := range []struct {
		name         string
		entries      []Entry
		leaderCommit Index
		want         Index
	}{
		{"leaderCommit is lower", logOf(2, 2), 2, 2},
		{"last new entry is lower", logOf(2), 9, 2},
		{"an empty call verifies no more than prevLogIndex: entries behind it may differ from the leader's", nil, 9, 1},
		{"never back", nil, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, 1, 3, Durable{CurrentTerm: 2, Log: logOf(1, 1, 1, 1)})
			h.receive(2, &AppendEntries{Term: 2, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1, Entries: c.entries,
				LeaderCommit: c.leaderCommit})
			equal(t, "commitIndex", h.n.commitIndex, c.want)
			equal(t, "entries applied", len(h.applied), int(c.want))
		})
	}
	t.Run("commitIndex does not go back", func(t *testing.T) {
		h := start(t, 1, 3, Durable{CurrentTerm: 2, Log: logOf(1, 1, 1)})
		h.receive(2, &AppendEntries{Term: 2, LeaderID: 2, PrevLogIndex: 3, PrevLogTerm: 1, LeaderCommit: 3})
		h.receive(2, &AppendEntries{Term: 2, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1, LeaderCommit: 1})
		equal(t, "commitIndex", h.n.commitIndex, 3)
	})
}

func TestAllServers_IfCommitIndexIsGreaterThanLastAppliedApplyInLogOrder(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1})
	var want []Entry
	for i := range 3 * chunkSize {
		want = append(want, Entry{Term: 1, Data: []byte{byte(i), byte(i >> 8)}})
	}
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: want, LeaderCommit: 5})
	equal(t, "applied", len(h.applied), 5)
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: Index(len(want)), PrevLogTerm: 1,
		LeaderCommit: Index(len(want))})
	for i := range want {
		if string(h.applied[i].Data) != string(want[i].Data) {
			t.Fatalf("entry %d applied out of order", i+1)
		}
	}
	equal(t, "each once", len(h.applied), len(want))
	equal(t, "lastApplied", h.n.lastApplied, Index(len(want)))
}

func TestAllServers_WhatIsCommittedIsAppliedOnlyOnceItIsOnTheOwnDisk(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1})
	h.manual = true
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: logOf(1, 1), LeaderCommit: 2})
	equal(t, "commitIndex", h.n.commitIndex, 2)
	equal(t, "applied before the write", len(h.applied), 0)
	h.save()
	h.pump()
	equal(t, "applied after it", len(h.applied), 2)
}

func TestAllServers_IfAnRPCContainsAHigherTermSetCurrentTermAndConvertToFollower(t *testing.T) {
	for name, m := range map[string]RPC{
		"RequestVote":        &RequestVote{Term: 9, CandidateID: 2},
		"RequestVoteReply":   &RequestVoteReply{Term: 9},
		"AppendEntries":      &AppendEntries{Term: 9, LeaderID: 2},
		"AppendEntriesReply": &AppendEntriesReply{Term: 9},
	} {
		for _, role := range []Role{Follower, Candidate, Leader} {
			t.Run(name, func(t *testing.T) {
				h := start(t, 1, 3, Durable{CurrentTerm: 1})
				switch role {
				case Candidate:
					h.timeOut()
				case Leader:
					h.lead(t)
				}
				h.receive(2, m)
				equal(t, "role", h.n.Role(), Follower)
				equal(t, "term", h.n.currentTerm, 9)
				equal(t, "term on disk", h.disk.CurrentTerm, 9)
				equal(t, "event", h.has(BecameFollower, HigherTerm), role != Follower)
				_, vote := m.(*RequestVote)
				// a leader's log is longer: it refuses
				equal(t, "the new term's vote is free", h.n.votedFor == 0, !vote || role == Leader)
			})
		}
	}
}

func TestFollowers_RespondToRPCsFromCandidatesAndLeaders(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	for call := uint64(1); call <= 20; call++ {
		equal(t, "vote's call", reply[*RequestVoteReply](t, h, 2,
			&RequestVote{Call: call, Term: Term(call), CandidateID: 2}).Call, call)
		equal(t, "append's call", reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Call: call, Term: Term(call),
			LeaderID: 2}).Call, call)
	}
}

func TestFollowers_IfElectionTimeoutElapsesWithoutAppendEntriesOrGrantingAVoteConvertToCandidate(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	for range 20 {
		h.ticks(h.n.timeout - h.n.elapsed - 1)
		equal(t, "role", h.n.Role(), Follower)
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
	}
	h.ticks(h.n.timeout - 1)
	equal(t, "one tick before", h.n.Role(), Follower)
	h.ticks(1)
	equal(t, "role", h.n.Role(), Candidate)
	equal(t, "leader is forgotten", h.n.leader, 0)
}

func TestElectionTimeoutsAreDrawnFromTheWholeIntervalAndDifferBetweenServers(t *testing.T) {
	seen := map[int]int{}
	differ := false
	a, b := start(t, 1, 3, Durable{}), start(t, 2, 3, Durable{})
	for range 20000 {
		x, y := a.n.drawTimeout(), b.n.drawTimeout()
		seen[x]++
		differ = differ || x != y
	}
	equal(t, "different timeouts", len(seen), 151)
	for ticks, n := range seen {
		if ticks < 150 || ticks > 300 || n < 20000/151/2 {
			t.Errorf("timeout %d drawn %d times", ticks, n)
		}
	}
	equal(t, "servers differ", differ, true)
	again := start(t, 1, 3, Durable{})
	equal(t, "same seed, same timeout", again.n.timeout, start(t, 1, 3, Durable{}).n.timeout)
}

func TestCandidates_OnConversionIncrementTermVoteForSelfResetTimerSendRequestVotes(t *testing.T) {
	h := start(t, 1, 5, Durable{CurrentTerm: 3, Log: logOf(1, 3)})
	h.timeOut()
	equal(t, "term", h.n.currentTerm, 4)
	equal(t, "vote", h.n.votedFor, 1)
	equal(t, "timer", h.n.elapsed, 0)
	sent := h.take()
	equal(t, "calls", len(sent), 4)
	for i, e := range sent {
		m := e.RPC.(*RequestVote)
		equal(t, "to", e.To, ServerID(i+2))
		m.Call = 0
		equal(t, "call", *m, RequestVote{Term: 4, CandidateID: 1, LastLogIndex: 2, LastLogTerm: 3})
	}
}

func TestCandidates_IfVotesReceivedFromAMajorityBecomeLeader(t *testing.T) {
	h := start(t, 1, 5, Durable{})
	h.timeOut()
	grant := &RequestVoteReply{Term: 1, VoteGranted: true}
	h.receive(2, grant)
	h.receive(2, grant) // the same voter twice is one vote
	h.receive(3, &RequestVoteReply{Term: 1, VoteGranted: false})
	h.receive(4, &RequestVoteReply{Term: 0, VoteGranted: true}) // of an election that is over
	h.receive(9, grant)                                         // not of this cluster
	equal(t, "2 of 5", h.n.Role(), Candidate)
	equal(t, "votes said to be received: S1's own, S2's", len(h.all(VoteReceived)), 2)
	h.receive(5, grant)
	equal(t, "3 of 5", h.n.Role(), Leader)
	h.receive(4, grant)
	equal(t, "a late vote changes nothing", h.n.Role(), Leader)
}

func TestCandidates_IfAppendEntriesIsReceivedFromTheNewLeaderConvertToFollower(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.timeOut()
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
	equal(t, "role", h.n.Role(), Follower)
	equal(t, "vote is kept within the term", h.n.votedFor, 1)
	equal(t, "leader", h.n.leader, 2)
}

func TestCandidates_IfElectionTimeoutElapsesStartANewElection(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.timeOut()
	first := h.n.timeout
	h.receive(2, &RequestVoteReply{Term: 1, VoteGranted: false})
	h.ticks(first)
	equal(t, "term", h.n.currentTerm, 2)
	h.receive(2, &RequestVoteReply{Term: 1, VoteGranted: true})
	equal(t, "a vote of the election before does not count", h.n.Role(), Candidate)
}

func TestCandidates_RepeatCallsThatWereNotAnswered(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.timeOut()
	h.receive(2, &RequestVoteReply{Term: 1, VoteGranted: false})
	h.take()
	h.ticks(50)
	sent := h.take()
	equal(t, "calls", len(sent), 1)
	equal(t, "to whom", sent[0].To, 3)
}

func TestLeaders_UponElectionSendToEachServerAndRepeatDuringIdlePeriods(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	sent := h.take()
	sent = sent[len(sent)-2:]
	for _, e := range sent {
		m := e.RPC.(*AppendEntries)
		equal(t, "entries", len(m.Entries), 1)
		equal(t, "the first one is the no-op", m.Entries[0].Kind, NoOp)
	}
	h.ack(2, 1)
	h.ack(3, 1)
	h.take()
	h.ticks(49)
	equal(t, "before the interval is over", len(h.take()), 0)
	h.ticks(1)
	sent = h.take()
	equal(t, "heartbeats", len(sent), 2)
	m := sent[0].RPC.(*AppendEntries)
	m.Call = 0
	if m.PrevLogIndex != 1 || m.PrevLogTerm != 1 || m.LeaderCommit != 1 || len(m.Entries) != 0 || m.LeaderID != 1 {
		t.Errorf("heartbeat %+v", m)
	}
	h.ticks(1000)
	equal(t, "a leader's election timer does not run", h.n.Role(), Leader)
}

func TestLeaders_IfACommandIsReceivedAppendItAndApplyItOnceCommitted(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	if _, _, err := h.n.Propose([]byte("x")); err != ErrNotLeader {
		t.Errorf("a follower's answer: %v", err)
	}
	h.lead(t)
	if _, _, err := h.n.Propose(); err != ErrEmpty {
		t.Errorf("no command: %v", err)
	}
	first, term, err := h.n.Propose([]byte("a"), []byte("b"))
	if first != 2 || term != 1 || err != nil {
		t.Fatalf("Propose: %d, %d, %v", first, term, err)
	}
	h.pump()
	h.ack(2, 1)
	equal(t, "applied", len(h.applied), 1)
	h.ack(2, 3)
	equal(t, "applied", len(h.applied), 3)
	equal(t, "last command", string(h.applied[2].Data), "b")
}

func TestLeaders_IfLastLogIndexIsAtLeastNextIndexSendEntriesFromNextIndexOn(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1)})
	h.lead(t)
	h.take()
	h.ack(2, 4)
	h.n.Propose([]byte("a"))
	h.n.Propose([]byte("b"))
	h.pump()
	var got []*AppendEntries
	for _, e := range h.take() {
		if e.To == 2 {
			got = append(got, e.RPC.(*AppendEntries))
		}
	}
	if len(got) != 1 || got[0].PrevLogIndex != 4 || got[0].PrevLogTerm != 2 || len(got[0].Entries) != 2 {
		t.Fatalf("what was proposed together travels together, from nextIndex on: got %+v", got)
	}
	h.n.Propose([]byte("c"))
	h.pump()
	sent := h.take()
	equal(t, "S2 gets more without waiting for its answer, S3 is being probed", len(sent), 1)
	equal(t, "prevLogIndex", sent[0].RPC.(*AppendEntries).PrevLogIndex, 6)
}

func TestLeaders_AtMostMaxInFlightEntriesAreUnacknowledged(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.opt.MaxEntries, h.opt.MaxInFlight = 4, 16
	h.boot(t)
	h.lead(t)
	h.ack(2, 1)
	h.take()
	for range 100 {
		h.n.Propose([]byte("x"))
	}
	h.pump()
	entries := 0
	for _, e := range h.take() {
		m := e.RPC.(*AppendEntries)
		if len(m.Entries) > 4 {
			t.Errorf("%d entries in a call", len(m.Entries))
		}
		if e.To == 2 {
			entries += len(m.Entries)
		}
	}
	equal(t, "in flight", entries, 16)
	h.ack(2, 5)
	equal(t, "an acknowledgement makes room", len(h.take()), 1)
}

func TestLeaders_ACallHoldsNoMoreThanMaxBytesButAlwaysOneEntry(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.opt.MaxBytes = 100
	h.boot(t)
	h.lead(t)
	h.ack(2, 1)
	h.take()
	for _, size := range []int{60, 40, 1, 500, 99} {
		h.n.Propose(make([]byte, size))
	}
	h.pump()
	var entries []int
	for _, e := range h.take() {
		if e.To == 2 {
			entries = append(entries, len(e.RPC.(*AppendEntries).Entries))
		}
	}
	if !slices.Equal(entries, []int{2, 1, 1, 1}) {
		t.Errorf("entries of the calls: %v, want 60+40, 1, 500, 99", entries)
	}
}

func TestLeaders_IfSuccessfulUpdateNextIndexAndMatchIndex(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	f := h.n.leadership.follower(2)
	equal(t, "match", f.match, 1)
	equal(t, "next", f.next, 2)
	h.n.Propose([]byte("a"), []byte("b"))
	h.pump()
	h.ack(2, 3)
	h.ack(2, 1) // a late answer
	equal(t, "match never moves down", f.match, 3)
	equal(t, "next", f.next, 4)
	h.ack(2, 77)
	equal(t, "an impossible answer changes nothing", f.match, 3)
	equal(t, "and is named", h.has(MessageIgnored, Impossible), true)
}

func TestLeaders_IfAppendEntriesFailsBecauseOfInconsistencyDecrementNextIndexAndRetry(t *testing.T) {
	// Leader and followers of Figure 7: how many refusals until the logs agree?
	leader := logOf(1, 1, 1, 4, 4, 5, 5, 6, 6, 6)
	for _, c := range []struct {
		name     string
		log      []Entry
		refusals int
	}{
		{"a: one missing", logOf(1, 1, 1, 4, 4, 5, 5, 6, 6), 1},
		{"b: many missing", logOf(1, 1, 1, 4), 1},
		{"c: one too many", logOf(1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6), 0},
		{"d: a later term", logOf(1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7), 0},
		{"e: missing and too many", logOf(1, 1, 1, 4, 4, 4, 4), 2},
		{"f: two terms that nobody else has", logOf(1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3), 2},
		{"empty", nil, 1},
		{"nothing in common", logOf(2, 2, 2, 2, 2, 2, 2, 2, 2, 2), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := start(t, 1, 3, Durable{CurrentTerm: 7, Log: leader})
			f := start(t, 2, 3, Durable{CurrentTerm: 7, Log: c.log})
			l.lead(t)
			l.take()
			f.take()
			l.ticks(50)
			refusals := exchange(l, f)
			equal(t, "refusals", refusals, c.refusals)
			equalTerms(t, f, l.terms()...)
		})
	}
}

// exchange carries messages between the two until there are none, and counts refused AppendEntries.
func exchange(l, f *host) (refusals int) {
	for range 100 {
		out, back := l.take(), f.take()
		if len(out)+len(back) == 0 {
			break
		}
		for _, e := range out {
			if e.To == f.opt.ID {
				f.receive(l.opt.ID, e.RPC)
			}
		}
		for _, e := range back {
			if r, ok := e.RPC.(*AppendEntriesReply); ok && !r.Success {
				refusals++
			}
			l.receive(f.opt.ID, e.RPC)
		}
	}
	return refusals
}

func TestLeaders_ARefusalOfAnOlderCallDoesNotMoveNextIndex(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1, 1)})
	h.lead(t)
	h.ack(2, 5)
	first := h.n.calls
	for range 3 { // three calls under way
		h.n.Propose([]byte("x"))
		h.pump()
	}
	h.receive(2, &AppendEntriesReply{Call: first + 1, Term: 2, ConflictIndex: 6})
	f := h.n.leadership.follower(2)
	equal(t, "probing from the last match", f.next, 6)
	probe := f.probe
	h.receive(2, &AppendEntriesReply{Call: first + 2, Term: 2, ConflictIndex: 6})
	h.receive(2, &AppendEntriesReply{Call: first + 3, Term: 2, ConflictIndex: 6})
	equal(t, "the refusals of the same loss cause no further calls", f.probe, probe)
	equal(t, "event", h.has(MessageIgnored, StaleReply), true)
	h.receive(2, &AppendEntriesReply{Call: probe, Term: 2, ConflictIndex: 1})
	equal(t, "a follower that refuses what it acknowledged is not believed", f.next, 6)
	h.ack(2, 8)
	equal(t, "found", f.probing, false)
	h.n.Propose([]byte("y"))
	h.pump()
	h.receive(2, &AppendEntriesReply{Call: first + 3, Term: 2, ConflictIndex: 6})
	equal(t, "a refusal of the time before the search, arriving after it", f.next, 10)
}

func TestLeaders_IfAMajorityOfMatchIndexIsAtLeastNAndItsTermIsCurrentSetCommitIndex(t *testing.T) {
	h := start(t, 1, 5, Durable{})
	h.lead(t)
	h.n.Propose([]byte("a"))
	h.pump()
	h.ack(2, 2)
	equal(t, "2 of 5", h.n.commitIndex, 0)
	h.ack(3, 1)
	equal(t, "3 of 5 store index 1", h.n.commitIndex, 1)
	h.ack(4, 2)
	equal(t, "3 of 5 store index 2", h.n.commitIndex, 2)
	commits := h.all(CommitAdvanced)
	equal(t, "the event counts them", commits[len(commits)-1], Event{Kind: CommitAdvanced, Reason: MajorityStored,
		Term: 1, Index: 2, Old: 1, New: 2, Count: 3, Of: 5})
}

func TestLeaders_NeverCommitAnEntryOfAnEarlierTermByCountingReplicas_Figure8(t *testing.T) {
	// Figure 8 (c): S1 leads term 4 and has brought its entry of term 2 to a majority.
	h := start(t, 1, 5, Durable{CurrentTerm: 3, Log: logOf(1, 2)})
	h.lead(t)
	h.ack(2, 2)
	h.ack(3, 2)
	equal(t, "a majority stores index 2, of term 2", h.n.commitIndex, 0)
	equal(t, "event", h.has(CommitHeldBack, OlderTerm), true)
	// Figure 8 (e): an entry of term 4 on a majority commits what stands before it too.
	h.ack(2, 3)
	h.ack(3, 3)
	equal(t, "commitIndex", h.n.commitIndex, 3)
}

func TestLeaders_CountThemselvesOnlyForWhatTheirOwnDiskHolds(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	h.manual = true
	h.n.Propose([]byte("a"))
	h.pump()
	equal(t, "entries leave before the leader's own write", len(h.take()) > 0, true)
	h.ack(2, 2)
	equal(t, "1 of 3 is durable", h.n.commitIndex, 1)
	h.save()
	equal(t, "2 of 3 are", h.n.commitIndex, 2)
}

func TestLeaders_FollowersLearnOfACommitAtOnceIfEager(t *testing.T) {
	for _, eager := range []bool{false, true} {
		h := start(t, 1, 3, Durable{})
		h.opt.EagerCommit = eager
		h.boot(t)
		h.lead(t)
		h.ack(2, 1)
		sent := h.take()
		last, _ := sent[len(sent)-1].RPC.(*AppendEntries)
		equal(t, "told at once", last != nil && last.LeaderCommit == 1, eager)
	}
}

func TestMessagesThatNoServerWhichKeepsTheRulesSendsChangeNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		from   ServerID
		m      RPC
		reason Reason
	}{
		{"from nobody", 0, &RequestVote{Term: 9, CandidateID: 0}, NotAMember},
		{"a configuration that cannot be read", 2, &AppendEntries{Term: 9, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 2,
			Entries: []Entry{{Term: 9, Kind: Config, Data: []byte("1,")}}}, Impossible},
		{"from itself", 1, &RequestVote{Term: 9, CandidateID: 1}, NotAMember},
		{"candidate is not the sender", 2, &RequestVote{Term: 9, CandidateID: 3}, NotTheSender},
		{"leader is not the sender", 2, &AppendEntries{Term: 9, LeaderID: 3}, NotTheSender},
		{"entries of a later term than the call", 2, &AppendEntries{Term: 9, LeaderID: 2, Entries: logOf(10)},
			Impossible},
		{"terms that decrease", 2, &AppendEntries{Term: 9, LeaderID: 2, Entries: logOf(4, 3)}, Impossible},
		{"entry older than the one before", 2, &AppendEntries{Term: 9, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 2,
			Entries: logOf(1)}, Impossible},
		{"index beyond 64 bits", 2, &AppendEntries{Term: 9, LeaderID: 2, PrevLogIndex: math.MaxUint64,
			Entries: logOf(1)}, Impossible},
		{"another term at a committed place", 2, &AppendEntries{Term: 9, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 2},
			Impossible},
		{"another entry at a committed place", 2, &AppendEntries{Term: 9, LeaderID: 2, Entries: logOf(2)}, Impossible},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := start(t, 1, 3, Durable{CurrentTerm: 2, Log: logOf(1, 2)})
			h.receive(3, &AppendEntries{Term: 2, LeaderID: 3, PrevLogIndex: 2, PrevLogTerm: 2, LeaderCommit: 1})
			h.take()
			h.events = nil
			h.receive(c.from, c.m)
			equal(t, "event", h.has(MessageIgnored, c.reason), true)
			equal(t, "answers", len(h.take()), 0)
			equal(t, "term", h.n.currentTerm, 2)
			equalTerms(t, h, 1, 2)
		})
	}
	t.Run("a second leader of the same term", func(t *testing.T) {
		h := start(t, 1, 3, Durable{})
		h.lead(t)
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
		equal(t, "role", h.n.Role(), Leader)
		equal(t, "event", h.has(MessageIgnored, SecondLeader), true)
	})
	t.Run("the last term there can be", func(t *testing.T) {
		h := start(t, 1, 3, Durable{})
		h.receive(2, &RequestVoteReply{Term: math.MaxUint64})
		h.ticks(1000)
		equal(t, "term does not wrap around", h.n.currentTerm, math.MaxUint64)
		equal(t, "role", h.n.Role(), Follower)
	})
}
