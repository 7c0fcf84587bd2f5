package raft

import "testing"

// Tests of what real networks, disks and hosts do, and calm ones do not: delays longer than a heartbeat,
// calls of an earlier life, answers that come late, disks that hang, frames that no server sends. An
// independent fuzz through the public API found each of these.

// without runs a server with every rule but one; with every one if rule is rules, their number.
func without(t testing.TB, rule Rule, id ServerID, size int, d Durable) *host {
	t.Helper()
	h := &host{opt: options(id, size), disk: d}
	h.opt.Off = RulesOf(rule)
	h.boot(t)
	return h
}

// A server numbers its calls anew in each life. A follower that refuses a late call of an earlier life does so in
// its present term and with the call's number: that proves nothing to the leader of this term.
func TestRead_ARefusalOfACallOfAnEarlierLifeConfirmsNothing(t *testing.T) {
	for _, rule := range []Rule{rules, AnswersOfThisTerm} {
		late := &AppendEntries{Call: 1000, Term: 1, LeaderID: 1}
		s2 := whole(t, 2, 3, Durable{CurrentTerm: 2, VotedFor: 1})
		refusal := reply[*AppendEntriesReply](t, s2, 1, late)
		s1 := without(t, rule, 1, 3, Durable{CurrentTerm: 1}) // restarted
		s1.leads(t)
		s1.ack(3, s1.n.log.last)
		s1.receive(2, refusal)
		s1.n.Read(7, ReadIndex)
		s1.pump()
		equal(t, "confirmed by nobody", len(s1.reads()) == 0, rule == rules)
	}
}

func TestRead_ARefusalOfAChunkOfAnEarlierLifeConfirmsNothing(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{CurrentTerm: 1})
	s1.leads(t)
	s1.ack(3, s1.n.log.last)
	s1.receive(2, &InstallSnapshotReply{Call: 1000, Term: 2})
	s1.n.Read(7, ReadIndex)
	s1.pump()
	equal(t, "confirmed by nobody", len(s1.reads()), 0)
}

// A follower that accepts a chunk, be it the last one or not, takes its sender for its leader.
func TestRead_AnAnswerToAChunkConfirms(t *testing.T) {
	for _, r := range []InstallSnapshotReply{{NextOffset: 2}, {MatchIndex: 1}} {
		s1 := whole(t, 1, 3, Durable{CurrentTerm: 1})
		s1.leads(t)
		s1.ack(3, s1.n.log.last)
		s1.n.Read(7, ReadIndex)
		s1.pump()
		r.Call, r.Term = s1.n.calls, 2
		s1.receive(2, &r)
		equal(t, "confirmed", len(s1.reads()), 1)
	}
}

// A refusal in this term because of the log is an answer to the leader, like any success.
func TestRead_ARefusalBecauseOfTheLogConfirms(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1)})
	s1.leads(t)
	s1.ack(3, s1.n.log.last)
	s1.n.Read(7, ReadIndex)
	s1.pump()
	s1.receive(2, &AppendEntriesReply{Call: s1.n.calls, Term: 2, ConflictIndex: 1})
	equal(t, "confirmed", len(s1.reads()), 1)
}

// Where a round trip takes longer than a heartbeat interval, a refusal is never that of the newest probe.
func TestLeaders_NextIndexIsFoundOverAWayLongerThanAHeartbeat(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1, 1)})
	s1.leads(t)
	f := s1.n.leadership.follower(2)
	for range 3 {
		call := f.probe
		s1.ticks(50)
		s1.ack(3, 5)
		s1.receive(2, &AppendEntriesReply{Call: call, Term: 2, ConflictIndex: 1})
	}
	equal(t, "nextIndex", f.next, 1)
}

func TestLeaders_ChunksGoOnOverAWayLongerThanAHeartbeat(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{CurrentTerm: 1, Snapshot: &Snapshot{Index: 4, Term: 1, Configuration: servers("1,2,3"),
		Data: make([]byte, 200<<10)}})
	s1.leads(t)
	f := s1.n.leadership.follower(2)
	s1.receive(2, &AppendEntriesReply{Call: f.probe, Term: 2, ConflictIndex: 1})
	first := f.probe
	s1.ticks(50)
	s1.ack(3, 5)
	second := f.probe
	s1.receive(2, &InstallSnapshotReply{Call: first, Term: 2, NextOffset: 64 << 10})
	equal(t, "the next chunk", f.offset, 64<<10)
	third := f.probe
	s1.receive(2, &InstallSnapshotReply{Call: second, Term: 2, NextOffset: 64 << 10})
	equal(t, "the answer to the chunk that was sent twice causes no further call", f.probe, third)
	s1.receive(2, &InstallSnapshotReply{Call: second, Term: 2})
	equal(t, "nor does it lead back, whatever it says", f.offset, 64<<10)
}

// Answers to earlier calls that arrive while a snapshot is being sent do not begin it anew.
func TestLeaders_LateAnswersSendNoChunkAgain(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{})
	s1.opt.MaxEntries = 1
	s1.boot(t)
	s1.leads(t)
	s1.ack(2, 1)
	s1.ack(3, 1)
	first := s1.n.calls
	for i := range 20 {
		s1.n.Propose([]byte("x"))
		s1.pump()
		s1.ack(2, Index(i)+2)
	}
	s1.n.Compact(20, make([]byte, 200<<10))
	f := s1.n.leadership.follower(3)
	f.next = 2 // as after a refusal
	s1.ticks(50)
	s1.take()
	for i := range uint64(16) {
		s1.receive(3, &AppendEntriesReply{Call: first + 1 + i, Term: 1, Success: true, MatchIndex: Index(i) + 2})
		s1.receive(3, &AppendEntriesReply{Call: first + 1 + i, Term: 1, ConflictIndex: 2})
		s1.receive(3, &InstallSnapshotReply{Call: first + 1 + i, Term: 1, MatchIndex: 1})
	}
	equal(t, "sent", len(s1.take()), 0)
	equal(t, "match", f.match, 17)
	s1.receive(3, &InstallSnapshotReply{Call: f.probe, Term: 1, NextOffset: 64 << 10})
	equal(t, "the next chunk", f.offset, 64<<10)
	s1.receive(3, &AppendEntriesReply{Call: first, Term: 1, Success: true, MatchIndex: 20})
	equal(t, "no snapshot is needed any more", f.snapshot == nil && f.next > 20, true)
}

// Reads that come faster than a round trip begin many rounds; the next answer to come is to the oldest.
func TestCheckQuorum_ManyReadsDoNotDeposeALeaderThatIsAnswered(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{})
	s1.leads(t)
	s1.ack(2, 1)
	var calls []uint64
	for i := range 400 {
		s1.n.Read(uint64(i), ReadIndex)
		s1.pump()
		s1.ticks(1)
		if calls = append(calls, s1.n.calls); i >= 20 {
			s1.receive(2, &AppendEntriesReply{Call: calls[i-20], Term: 1, Success: true, MatchIndex: 1})
		}
		if rounds := len(s1.n.leadership.rounds); rounds > 20/5+2 {
			t.Fatalf("after %d reads %d rounds are remembered", i, rounds)
		}
	}
	equal(t, "role", s1.n.Role(), Leader)
	equal(t, "served", len(s1.reads()), 400-20)
}

// Rounds that follow each other within a sixty-fourth of the longest election timeout are one.
func TestCheckQuorum_RoundsThatFollowEachOtherCloselyAreOne(t *testing.T) {
	for ticks, rounds := range map[int]int{4: 1, 5: 2} {
		s1 := whole(t, 1, 3, Durable{})
		s1.leads(t)
		s1.ack(2, 1)
		s1.n.Read(1, ReadIndex)
		s1.pump()
		s1.ticks(ticks)
		s1.n.Read(2, ReadIndex)
		s1.pump()
		equal(t, "rounds", len(s1.n.leadership.rounds), rounds)
	}
}

// Rounds for reads carry nothing: what a follower lacks is sent with heartbeats and after answers.
func TestRead_SendsNeitherEntriesNorChunks(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1), Snapshot: nil})
	s1.leads(t)
	s1.ack(2, 4)
	s1.n.Compact(4, make([]byte, 10))
	s1.receive(3, &AppendEntriesReply{Call: s1.n.leadership.follower(3).probe, Term: 2, ConflictIndex: 1})
	s1.take()
	for i := range 10 {
		s1.n.Read(uint64(i), ReadIndex)
		s1.pump()
	}
	for _, e := range s1.take() {
		if m, is := e.RPC.(*AppendEntries); !is || len(m.Entries) > 0 || e.To == 3 {
			t.Errorf("sent S%d %+v for the sake of a read", e.To, e.RPC)
		}
	}
}

func TestRead_AsManyMayWaitAsEntries(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{})
	s1.opt.MaxUncommitted = 3
	s1.boot(t)
	s1.leads(t)
	s1.ack(2, 1)
	for i := range 3 {
		equal(t, "refused", s1.n.Read(uint64(i), ReadIndex), nil)
	}
	equal(t, "one more", s1.n.Read(3, ReadIndex), ErrTooMuch)
	s1.pump()
	s1.ack(2, 1)
	equal(t, "after an answer", s1.n.Read(4, ReadIndex), nil)
}

// A follower that acknowledged a heartbeat votes for no server for the shortest election timeout, whatever
// term it learns of: the lease of its leader rests on that.
func TestLoyalty_OutlivesTheTerm(t *testing.T) {
	for _, rule := range []Rule{rules, LoyaltyOutlivesTerm} {
		s2 := without(t, rule, 2, 5, Durable{})
		s2.receive(1, &AppendEntries{Call: 9, Term: 1, LeaderID: 1})
		ask := &RequestVote{Call: 1, Term: 3, CandidateID: 5}
		equal(t, "votes", reply[*RequestVoteReply](t, s2, 5, ask).VoteGranted, false)
		// a late refusal of a pre-vote that S2 asked for once
		s2.receive(4, &RequestVoteReply{Call: 1, Term: 2, PreVote: true})
		equal(t, "votes when it knows of a higher term", reply[*RequestVoteReply](t, s2, 5, ask).VoteGranted,
			rule != rules)
		s2.ticks(150)
		equal(t, "votes once the time is over", reply[*RequestVoteReply](t, s2, 5, ask).VoteGranted, true)
	}
}

// A leader that learns of a later term owes no loyalty to itself, not even in the tick in which it was
// elected.
func TestLoyalty_ALeaderOwesItselfNone(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{})
	s1.leads(t)
	s1.receive(2, &AppendEntriesReply{Call: 1, Term: 5})
	ask := &RequestVote{Call: 1, Term: 5, CandidateID: 3, LastLogIndex: 9, LastLogTerm: 4}
	equal(t, "votes", reply[*RequestVoteReply](t, s1, 3, ask).VoteGranted, true)
}

func TestLoyalty_ACandidateOwesItToo(t *testing.T) {
	votes := func(h *host) { // of S3, which has not heard from S1 for long
		for range 2 {
			h.receive(3, &RequestVoteReply{Call: h.n.calls, Term: h.n.currentTerm + 1, VoteGranted: true,
				PreVote: true})
			h.receive(3, &RequestVoteReply{Call: h.n.calls, Term: h.n.currentTerm, VoteGranted: true})
		}
	}
	for _, rule := range []Rule{rules, LoyalCandidate, PreVote} {
		h := without(t, rule, 2, 3, Durable{})
		h.receive(1, &AppendEntries{Call: 9, Term: 1, LeaderID: 1})
		h.n.Campaign()
		h.pump()
		votes(h)
		equal(t, "leads in the tick in which it acknowledged a heartbeat", h.n.Role() == Leader, rule == LoyalCandidate)
		equal(t, "says why", h.has(VoteRefused, LeaderAlive), rule != LoyalCandidate)
	}
	h := without(t, PreVote, 2, 3, Durable{})
	h.receive(1, &AppendEntries{Call: 9, Term: 1, LeaderID: 1})
	h.ticks(20)
	h.n.Campaign()
	h.pump()
	resets := h.all(TimerReset)
	last := resets[len(resets)-1]
	equal(t, "the timer starts anew", h.n.elapsed == 0 && last.Reason == OwnCandidacy && last.Peer == 0, true)
	for name, early := range map[string]func(h *host){
		"at the start": func(h *host) { h.opt.FirstElapsed = 99; h.boot(t); h.timeOut() },
		"by hand":      func(h *host) { h.n.SetTimer(1); h.timeOut() },
	} {
		h := whole(t, 2, 3, Durable{CurrentTerm: 1}) // it may have acknowledged one before it restarted
		early(h)
		votes(h)
		equal(t, "a timer that runs out early, "+name+": leads", h.n.Role() == Leader, false)
		equal(t, "says why", h.has(VoteRefused, JustRestarted), true)
		h.timeOut()
		votes(h)
		equal(t, "the next time", h.n.Role(), Leader)
	}
}

// No leader continues another's snapshot: two snapshots of the same state may differ in their bytes.
func TestInstallSnapshot_IsOfOneLeader(t *testing.T) {
	s3 := whole(t, 3, 3, Durable{})
	s3.receive(1, &InstallSnapshot{Call: 1, Term: 2, LeaderID: 1, LastIncludedIndex: 5, LastIncludedTerm: 1,
		Configuration: servers("1,2,3"), Data: []byte("a=1,")})
	m := InstallSnapshot{Call: 1, Term: 3, LeaderID: 2, LastIncludedIndex: 5, LastIncludedTerm: 1,
		Configuration: servers("1,2,3"), Data: []byte("b=2,")}
	equal(t, "holds", reply[*InstallSnapshotReply](t, s3, 2, &m).NextOffset, 4)
	m.Call, m.Offset, m.Data, m.Done = 2, 4, []byte("a=1,"), true
	s3.receive(2, &m)
	equal(t, "restored", string(s3.restored.Data), "b=2,a=1,")
}

func TestInstallSnapshot_TakesTheLastPlaceThereIsAndServersInAnyOrder(t *testing.T) {
	s3 := whole(t, 3, 3, Durable{})
	m := InstallSnapshot{Call: 1, Term: 2, LeaderID: 1, LastIncludedIndex: 1 << 62, LastIncludedTerm: 1, Done: true,
		Configuration: Configuration{Voters: []ServerID{3, 1, 2}}}
	s3.n.Receive(1, &m)
	equal(t, "the log's end", s3.n.log.last, 1<<62)
	equal(t, "configuration", config(s3), "1,2,3")
	equal(t, "of the frame", m.Configuration.Voters[0], 3)
}

func TestInstallSnapshot_AContradictionToWhatIsCommittedIsRefused(t *testing.T) {
	h := whole(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(1, 2, 3)})
	h.receive(2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 3, PrevLogTerm: 3, LeaderCommit: 3})
	h.take()
	h.receive(2, snapshotAt(2, 4))
	equal(t, "answers", len(h.take()), 0)
	equal(t, "event", h.has(MessageIgnored, Impossible), true)
}

// A server refuses frames whose contents no log can hold, whatever rules it keeps.
func TestMessages_WhatNoLogCanHoldIsRefusedWithEveryRuleOff(t *testing.T) {
	for name, m := range map[string]RPC{
		"a configuration of nobody": &AppendEntries{Term: 2, LeaderID: 2,
			Entries: []Entry{{Term: 2, Kind: Config, Data: []byte("+")}}},
		"a place behind the last one": &AppendEntries{Term: 2, LeaderID: 2, PrevLogIndex: 1<<64 - 1, Entries: logOf(2)},
		"a snapshot of nobody": &InstallSnapshot{Term: 2, LeaderID: 2, LastIncludedIndex: 4, LastIncludedTerm: 1,
			Done: true},
	} {
		h := whole(t, 1, 3, Durable{})
		h.opt.Off = 1<<rules - 1
		h.boot(t)
		h.receive(2, m)
		equal(t, name, h.has(MessageIgnored, Impossible), true)
		equal(t, name+": term", h.n.currentTerm, 0)
	}
}

// A chunk for which there is no room is answered with the place that it was for; the leader sends it again with
// its next heartbeat only.
func TestLeaders_AChunkForWhichThereIsNoRoomWaitsForTheNextHeartbeat(t *testing.T) {
	s1 := whole(t, 1, 3, Durable{CurrentTerm: 1, Snapshot: &Snapshot{Index: 4, Term: 1, Configuration: servers("1,2,3"),
		Data: make([]byte, 100)}})
	s1.leads(t)
	s3 := whole(t, 3, 3, Durable{})
	s3.opt.MaxSnapshot = 50
	s3.boot(t)
	exchange := func() (chunks int) {
		for range 1000 {
			for _, e := range s1.take() {
				if _, is := e.RPC.(*InstallSnapshot); is && e.To == 3 {
					chunks++
				}
				if e.To == 3 {
					s3.receive(1, e.RPC)
				}
			}
			for _, e := range s3.take() {
				s1.receive(3, e.RPC)
			}
		}
		return chunks
	}
	s1.ticks(50)
	equal(t, "chunks within a tick", exchange(), 1)
	equal(t, "event", s3.has(MessageIgnored, NoRoom), true)
	s1.ticks(50)
	equal(t, "with the next heartbeat", exchange(), 1)
}

// A leader whose own disk hangs could lead on without answering clients: the others acknowledge its calls.
func TestLeaders_ALeaderThatCannotWriteStepsDown(t *testing.T) {
	for _, rule := range []Rule{rules, LeaderWrites} {
		h := without(t, rule, 1, 3, Durable{})
		h.leads(t)
		h.ack(2, 1)
		h.manual = true
		for range 20 {
			h.reach(2, 3)
		}
		equal(t, "leads while there is nothing to write", h.n.Role(), Leader)
		h.n.Propose([]byte("x"))
		h.reach(2, 3)
		for range 4 {
			h.reach(2, 3)
			h.n.Propose([]byte("y"))
			h.pump()
		}
		h.save()
		for range 5 {
			h.reach(2, 3)
		}
		equal(t, "leads while one write after the other ends", h.n.Role(), Leader)
		for range 2 {
			h.reach(2, 3)
		}
		equal(t, "leads when none has for an election timeout", h.n.Role() == Leader, rule != rules)
		equal(t, "says why", h.has(BecameFollower, DiskHangs), rule == rules)
	}
}

func TestLeaders_ALeaderThatCannotWriteHasALongestElectionTimeout(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.leads(t)
	h.manual = true
	h.n.Propose([]byte("x"))
	h.pump()
	h.n.Tick() // sees the write
	for range 299 {
		h.n.Tick()
		h.ack(2, 1)
	}
	equal(t, "role after 299 ticks", h.n.Role(), Leader)
	h.n.Transfer(3) // the transfer is under way when the leader gives up
	h.n.Tick()
	equal(t, "role after 300", h.n.Role(), Follower)
}

// No other server can lead if there is no other voter.
func TestLeaders_TheOnlyVoterWaitsForItsDisk(t *testing.T) {
	h := whole(t, 1, 1, Durable{})
	h.timeOut()
	h.manual = true
	h.n.Propose([]byte("x"))
	h.ticks(1000)
	equal(t, "role", h.n.Role(), Leader)
}
