package raft

import (
	"slices"
	"testing"
)

// appendsTo returns what was sent to a follower since the last take.
func (h *host) appendsTo(to ServerID) (calls []*AppendEntries) {
	for _, e := range h.take() {
		if m, ok := e.RPC.(*AppendEntries); ok && e.To == to {
			calls = append(calls, m)
		}
	}
	return calls
}

func TestLeaders_TellOfTheirFollowers(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 4, Log: logOf(1, 2, 2)})
	told := func(title string, want Event, f func()) {
		t.Helper()
		h.events = nil
		f()
		if !slices.Contains(h.events, want) {
			t.Errorf("%s: no\n%+v\namong\n%+v", title, want, h.events)
		}
	}
	answer := func(from ServerID, r AppendEntriesReply) func() {
		return func() {
			if r.Call == 0 && h.n.leadership != nil && h.n.leadership.follower(from) != nil {
				r.Call = max(h.n.leadership.follower(from).probe, h.n.leadership.follower(from).since)
			}
			h.receive(from, &r)
		}
	}
	told("an answer to a leadership that is over", Event{Kind: MessageIgnored, Reason: NotLeader, Peer: 2, Term: 4},
		answer(2, AppendEntriesReply{Term: 4}))
	told("its first words", Event{Kind: BecameLeader, Term: 5, Index: 4, Old: 2, New: 2}, func() { h.lead(t) })
	told("a stranger's answer", Event{Kind: MessageIgnored, Reason: NotAMember, Peer: 9, Term: 5},
		answer(9, AppendEntriesReply{Term: 5}))
	told("an answer of an earlier term", Event{Kind: MessageIgnored, Reason: StaleTerm, Peer: 2, Term: 5},
		answer(2, AppendEntriesReply{Term: 4, Success: true, MatchIndex: 4}))
	equal(t, "which is not believed", h.n.leadership.follower(2).match, 0)
	told("a refusal: no entry there", Event{Kind: NextBackedUp, Reason: NoEntryAtPrev, Peer: 2, Term: 5, Index: 3,
		Old: 4, New: 3}, answer(2, AppendEntriesReply{Term: 5, ConflictIndex: 3}))
	told("a refusal: a conflict", Event{Kind: NextBackedUp, Reason: ConflictAtPrev, Peer: 2, Term: 5, Index: 2, Old: 3,
		New: 2}, answer(2, AppendEntriesReply{Term: 5, ConflictTerm: 1, ConflictIndex: 1}))
	told("an entry of an earlier term", Event{Kind: CommitHeldBack, Reason: OlderTerm, Term: 5, Index: 3, Old: 2},
		answer(3, AppendEntriesReply{Term: 5, Success: true, MatchIndex: 3}))
	told("a match", Event{Kind: MatchAdvanced, Peer: 2, Term: 5, New: 2},
		answer(2, AppendEntriesReply{Term: 5, Success: true, MatchIndex: 2}))
	told("a majority", Event{Kind: CommitAdvanced, Reason: MajorityStored, Term: 5, Index: 4, New: 4, Count: 2, Of: 3},
		answer(3, AppendEntriesReply{Term: 5, Success: true, MatchIndex: 4}))
	told("more than there is", Event{Kind: MessageIgnored, Reason: Impossible, Peer: 3, Term: 5},
		answer(3, AppendEntriesReply{Term: 5, Success: true, MatchIndex: 5}))
	told("a refusal of what is stored", Event{Kind: MessageIgnored, Reason: Impossible, Peer: 3, Term: 5},
		answer(3, AppendEntriesReply{Term: 5, ConflictIndex: 1}))
	equal(t, "which changes nothing", h.n.leadership.follower(3).next, 5)
	equal(t, "it is not probed", h.n.leadership.follower(3).probing, false)
}

func TestLeaders_TellOnceWhatIsHeldBackAndWhatIsCommitted(t *testing.T) {
	h := start(t, 1, 5, Durable{CurrentTerm: 4, Log: logOf(1, 2)})
	h.lead(t)
	for v := ServerID(2); v <= 5; v++ {
		h.ack(v, 2)
	}
	equal(t, "held back", len(h.all(CommitHeldBack)), 1)
	for v := ServerID(2); v <= 5; v++ {
		h.ack(v, 3)
	}
	equal(t, "committed", len(h.all(CommitAdvanced)), 1)
}

// The answer to a heartbeat repeats what is known: nothing has advanced.
func TestLeaders_TellOfNoProgressWhereThereIsNone(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	equal(t, "its first entry", len(h.all(MatchAdvanced)), 1)
	h.ack(2, 1)
	equal(t, "the same again", len(h.all(MatchAdvanced)), 1)
}

// A learner's copy does not count towards the majority.
func TestLeaders_CountVotersOnlyInWhatTheyTell(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	h.reconfigures(t, "1,2,3+4")
	h.ack(4, 2)
	h.ack(2, 2)
	if want := (Event{Kind: CommitAdvanced, Reason: MajorityStored, Term: 1, Index: 2, Old: 1, New: 2, Count: 2,
		Of: 3}); !slices.Contains(h.events, want) {
		t.Errorf("no\n%+v\namong\n%+v", want, h.all(CommitAdvanced))
	}
}

func TestLeaders_SendTheirFirstHeartbeatAtOnceAndTheNextAfterAWholeInterval(t *testing.T) {
	for _, off := range []RuleSet{0, RulesOf(LeaderNoOp)} {
		h := start(t, 1, 3, Durable{})
		h.opt.Off |= off
		h.boot(t)
		h.timeOut()
		h.ticks(7) // the votes take a while
		h.take()
		h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 1, VoteGranted: true})
		equal(t, "calls at once", len(h.appendsTo(2)), 1)
		h.ticks(49)
		equal(t, "calls before the interval is over", len(h.appendsTo(2)), 0)
		h.ticks(1)
		equal(t, "calls then", len(h.appendsTo(2)), 1)
	}
}

// thesis 10.2.1: the leader's own disk may write while its messages travel.
func TestLeaders_DoNotWaitForTheirOwnDiskToSend(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	h.manual = true
	h.take()
	h.proposes("x")
	equal(t, "calls", len(h.appendsTo(2)), 1)
	h.n.Compact(1, []byte("state"))
	h.ticks(50) // server 3 has nothing yet
	equal(t, "and a snapshot", slices.ContainsFunc(h.take(),
		func(e Envelope) bool { _, ok := e.RPC.(*InstallSnapshot); return ok && e.After == 0 }), true)
	h.n.Transfer(2)
	h.receive(2, &AppendEntriesReply{Call: h.n.calls, Term: 1, Success: true, MatchIndex: 2})
	equal(t, "and TimeoutNow", slices.ContainsFunc(h.take(),
		func(e Envelope) bool { _, ok := e.RPC.(*TimeoutNow); return ok && e.After == 0 }), true)
}

// Entries beyond MaxInFlight wait, even if there is another reason for a call.
func TestLeaders_AHeartbeatOrACommitCarriesNothingBeyondMaxInFlight(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.opt.MaxEntries, h.opt.MaxInFlight, h.opt.EagerCommit = 1, 2, true
	h.boot(t)
	h.lead(t)
	h.ack(2, 1)
	h.ack(3, 1)
	for range 5 {
		h.proposes("x")
	}
	f := h.n.leadership.follower(3)
	equal(t, "nextIndex", f.next, 4)
	h.take()
	h.ack(2, 3)
	equal(t, "commitIndex", h.n.commitIndex, 3)
	calls := h.appendsTo(3)
	if len(calls) != 1 || calls[0].LeaderCommit != 3 || len(calls[0].Entries) != 0 {
		t.Errorf("the news of a commit: %+v", calls)
	}
	h.ticks(50)
	calls = h.appendsTo(3)
	if len(calls) != 1 || len(calls[0].Entries) != 0 {
		t.Errorf("a heartbeat: %+v", calls)
	}
	equal(t, "nextIndex", f.next, 4)
}

func TestLeaders_AProbeThatIsAnsweredEndsTheProbingAlsoIfItCarriedNothing(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1)})
	h.opt.Off |= RulesOf(LeaderNoOp)
	h.boot(t)
	h.lead(t)
	f := h.n.leadership.follower(2)
	equal(t, "probing", f.probing, true)
	h.ack(2, 1)
	equal(t, "after the answer", f.probing, false)
	equal(t, "nextIndex", f.next, 2)
}

// An entry that is compacted away cannot be sent. The place before the first entry left is known from the
// snapshot only.
func TestLeaders_SendTheSnapshotIfNextIndexIsItsLastEntry(t *testing.T) {
	for conflict, snapshot := range map[Index]bool{1: true, 2: true, 3: false} {
		h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1)})
		h.lead(t)
		h.ack(2, 4)
		if err := h.n.Compact(2, []byte("state")); err != nil {
			t.Fatal(err)
		}
		h.take()
		h.receive(3, &AppendEntriesReply{Call: h.n.leadership.follower(3).probe, Term: 2, ConflictIndex: conflict})
		h.ticks(50)
		found := slices.ContainsFunc(h.take(), func(e Envelope) bool { _, ok := e.RPC.(*InstallSnapshot); return ok })
		equal(t, "a snapshot is sent", found, snapshot)
	}
}

func TestLeaders_AnswersToASnapshotThatAreOfNoUse(t *testing.T) {
	sending := func() (*host, *follower) {
		h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1)})
		h.opt.MaxChunk = 2
		h.boot(t)
		h.lead(t)
		h.ack(2, 4)
		h.n.Compact(4, []byte("state"))
		h.receive(3, &AppendEntriesReply{Call: h.n.leadership.follower(3).probe, Term: 2, ConflictIndex: 1})
		h.events = nil
		return h, h.n.leadership.follower(3)
	}
	h, f := sending()
	equal(t, "begins at", f.offset, 0)
	h.receive(3, &InstallSnapshotReply{Call: f.probe - 1, Term: 2, NextOffset: 2})
	equal(t, "to an earlier call", h.has(MessageIgnored, StaleReply) && f.offset == 0, true)
	h.receive(3, &InstallSnapshotReply{Call: f.probe, Term: 2, MatchIndex: 5})
	equal(t, "that says it has more than there is", h.has(MessageIgnored, Impossible) && f.snapshot != nil, true)
	h.receive(3, &InstallSnapshotReply{Call: f.probe, Term: 2, NextOffset: 2})
	equal(t, "the next chunk", f.offset, 2)
	h.receive(3, &InstallSnapshotReply{Call: f.probe, Term: 2, MatchIndex: 4})
	equal(t, "installed: all of the log", f.match, 4)
	equal(t, "nothing is being sent", f.snapshot == nil, true)
	h.events = nil
	h.receive(3, &InstallSnapshotReply{Call: h.n.calls, Term: 2, NextOffset: 2})
	equal(t, "though nothing is being sent", h.has(MessageIgnored, StaleReply), true)

	h, f = sending()
	h.receive(3, &InstallSnapshotReply{Call: f.probe, Term: 2, MatchIndex: 1})
	equal(t, "it needs none, and has one entry: the snapshot is begun again, for what it has is compacted away",
		f.match, 1)
	h, f = sending()
	f.next = 3
	h.receive(3, &InstallSnapshotReply{Call: f.probe, Term: 2, MatchIndex: 1})
	equal(t, "it has less than the place that it was to go on from: that snapshot is over", f.snapshot == nil, true)
	h, _ = sending()
	h.receive(3, &InstallSnapshotReply{Call: 1, Term: 9})
	equal(t, "a later term", h.n.Role(), Follower)
}

func TestTransfer_IsToldAndTriedAtOnce(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	h.take()
	h.n.Transfer(2)
	h.pump()
	calls := func() (n int) {
		for _, e := range h.take() {
			if _, ok := e.RPC.(*TimeoutNow); ok {
				n++
			}
		}
		return n
	}
	equal(t, "TimeoutNow to a server that has the whole log", calls(), 1)
	for _, want := range []Event{{Kind: TransferStarted, Peer: 2, Term: 1}, {Kind: TimeoutNowSent, Peer: 2, Term: 1}} {
		equal(t, "event", slices.Contains(h.events, want), true)
	}
	h.ack(3, 1)
	h.ticks(49)
	equal(t, "not again before the next heartbeat", calls(), 0)
	h.ticks(1)
	equal(t, "with it", calls(), 1)
	h.ticks(249)
	equal(t, "not given up a tick before the longest election time-out", h.has(TransferEnded, ElectionTimeout), false)
	h.ticks(1)
	equal(t, "given up then", h.has(TransferEnded, ElectionTimeout), true)
}

// thesis 6.4.1: a lease begins with a round, not with the election: the servers that voted owe the leader nothing yet.
func TestLease_NeedsARoundThatAMajorityAnswered(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.leads(t)
	h.ack(2, 1) // commits the first entry, and is an answer to no round
	h.n.Read(1, LeaseRead)
	h.pump()
	equal(t, "served", len(h.reads()), 0)
	h.ack(2, 1)
	equal(t, "after the round that the read began", len(h.reads()), 1)
	h.n.Read(2, LeaseRead)
	h.pump()
	equal(t, "and now by lease, though no tick has passed", len(h.reads()), 1)
}

func TestLease_IsNoneWhereServersAreNotLoyal(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.opt.Off = RulesOf(LeaderLoyalty)
	h.boot(t)
	h.leads(t)
	h.ack(2, 1)
	h.reach(2)
	h.n.Read(1, LeaseRead)
	h.pump()
	equal(t, "served without a round", len(h.reads()), 0)
}

func TestRead_WithNeitherRuleNobodyIsAsked(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.opt.Off = RulesOf(ReadRound, ReadInOwnTerm)
	h.boot(t)
	h.leads(t)
	h.n.Read(1, ReadIndex)
	h.pump()
	equal(t, "served", len(h.reads()), 1)
}

// A heartbeat may come after the log was compacted and before the host asked for anything.
func TestLeaders_AFollowerWhoseNextEntryIsCompactedAwayIsProbed(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.opt.MaxEntries, h.opt.MaxInFlight = 1, 2
	h.boot(t)
	h.lead(t)
	h.ack(2, 1)
	h.ack(3, 1)
	for i := range 5 {
		h.proposes("x")
		h.ack(2, Index(i)+2)
	}
	f := h.n.leadership.follower(3)
	equal(t, "nextIndex", f.next, 4)
	if err := h.n.Compact(5, nil); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		h.n.Tick()
	}
	equal(t, "probing", f.probing, true)
	equal(t, "a snapshot is on its way", f.snapshot != nil, true)
}

// §5.3: each refusal lowers nextIndex, whatever it says; but not below the first place there is.
func TestLeaders_EachRefusalLowersNextIndex(t *testing.T) {
	for _, c := range []struct {
		title string
		off   RuleSet
		call  func(*follower) uint64
		hint  Index
		next  Index
	}{
		{"it names a later place", 0, func(f *follower) uint64 { return f.probe }, 99, 5},
		{"it names the place that was tried", 0, func(f *follower) uint64 { return f.probe }, 6, 5},
		{"it names an earlier one", 0, func(f *follower) uint64 { return f.probe }, 3, 3},
		{"it names none", 0, func(f *follower) uint64 { return f.probe }, 0, 1},
		{"it names none, and late refusals count", RulesOf(IgnoreLateRefusals),
			func(f *follower) uint64 { return f.probe }, 0, 1},
		{"it does not know its call's number", 0, func(*follower) uint64 { return 0 }, 3, 3},
		{"it is of the very first call, and late", 0, func(*follower) uint64 { return 1 }, 3, 6},
		{"it names an earlier one, and the rule is to go a step at a time", RulesOf(BackUpByTerm),
			func(f *follower) uint64 { return f.probe }, 3, 5},
	} {
		h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1, 1, 1)})
		h.opt.Off |= c.off
		h.boot(t)
		h.lead(t)
		f := h.n.leadership.follower(2)
		equal(t, "nextIndex at first", f.next, 6)
		h.n.Receive(2, &AppendEntriesReply{Call: c.call(f), Term: 2, ConflictIndex: c.hint})
		equal(t, c.title, f.next, c.next)
		h.pump()
	}
}
