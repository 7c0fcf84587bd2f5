package raft

import (
	"math"
	"slices"
	"testing"
)

// The limits of what a follower considers possible, on either side.
func TestAppendEntries_WhatIsJustPossibleAndWhatIsNot(t *testing.T) {
	for _, c := range []struct {
		title    string
		m        AppendEntries
		possible bool
	}{
		{"terms that decrease within the call, and are all above the place before",
			AppendEntries{Term: 9, PrevLogIndex: 4, PrevLogTerm: 2, Entries: logOf(4, 3)}, false},
		{"terms that stay", AppendEntries{Term: 9, PrevLogIndex: 4, PrevLogTerm: 2, Entries: logOf(3, 3)}, true},
		{"entries of the call's term", AppendEntries{Term: 9, PrevLogIndex: 4, PrevLogTerm: 2, Entries: logOf(9)},
			true},
		{"the last index there can be", AppendEntries{Term: 9, PrevLogIndex: math.MaxUint64 - 2, PrevLogTerm: 2,
			Entries: logOf(2)}, true},
		{"one more", AppendEntries{Term: 9, PrevLogIndex: math.MaxUint64 - 1, PrevLogTerm: 2, Entries: logOf(2)},
			false},
		{"another term at a committed place, in this very term",
			AppendEntries{Term: 2, PrevLogIndex: 3, PrevLogTerm: 1}, false},
		{"another term at the snapshot's last entry", AppendEntries{Term: 9, PrevLogIndex: 2, PrevLogTerm: 2}, false},
		{"that entry's own term", AppendEntries{Term: 9, PrevLogIndex: 2, PrevLogTerm: 1}, true},
		{"another entry at the second committed place of the call",
			AppendEntries{Term: 9, PrevLogIndex: 2, PrevLogTerm: 1, Entries: logOf(2, 3)}, false},
		{"another entry behind what is committed", AppendEntries{Term: 9, PrevLogIndex: 3, PrevLogTerm: 2,
			Entries: logOf(2, 3)}, true},
		{"a conflict behind what is committed", AppendEntries{Term: 9, PrevLogIndex: 5, PrevLogTerm: 3}, true},
	} {
		t.Run(c.title, func(t *testing.T) {
			// 3 to 5
			h := start(t, 1, 3, Durable{CurrentTerm: 2,
				Snapshot: &Snapshot{Index: 2, Term: 1, Configuration: servers("1,2,3")}, Log: logOf(2, 2, 2)})
			h.receive(2, &AppendEntries{Term: 2, LeaderID: 2, PrevLogIndex: 5, PrevLogTerm: 2, LeaderCommit: 4})
			h.take()
			m := c.m
			m.LeaderID = 2
			h.receive(2, &m)
			equal(t, "refused as impossible", h.has(MessageIgnored, Impossible), !c.possible)
			equal(t, "answers", len(h.take()) == 1, c.possible)
			if !c.possible {
				equalTerms(t, h, 2, 2, 2)
			}
		})
	}
}

// What a snapshot covers is committed: entries of a call up to its end are skipped, and those behind it are
// stored.
func TestAppendEntries_ACallThatBeginsBeforeTheSnapshotsEnd(t *testing.T) {
	for _, off := range []RuleSet{0, RulesOf(RefuseImpossible)} {
		h := start(t, 1, 3, Durable{CurrentTerm: 5,
			Snapshot: &Snapshot{Index: 3, Term: 2, Configuration: servers("1,2,3")}, Log: logOf(3)})
		h.opt.Off |= off
		h.boot(t)
		r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1,
			Entries: logOf(2, 2, 3, 4), LeaderCommit: 4})
		equal(t, "success", r.Success, true)
		equal(t, "match", r.MatchIndex, 5)
		equalTerms(t, h, 3, 4)
		equal(t, "commitIndex", h.n.commitIndex, 4)
		// not what the snapshot says
		h.receive(2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1, Entries: logOf(1, 1)})
		equalTerms(t, h, 3, 4)
		equal(t, "commitIndex stays", h.n.commitIndex, 4)
	}
}

func TestFollowersTellOfWhatTheirLeaderSays(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 4, Log: logOf(1, 2)})
	told := func(title string, m AppendEntries, want ...Event) {
		t.Helper()
		h.events = nil
		m.LeaderID = 2
		h.receive(2, &m)
		want = append(want, Event{Kind: TimerReset, Reason: Heartbeat, Peer: 2, Term: 4, New: uint64(h.n.timeout)})
		for _, e := range want {
			if m.Term == 4 && !slices.Contains(h.events, e) {
				t.Errorf("%s: no\n%+v\namong\n%+v", title, e, h.events)
			}
		}
		if m.Term == 4 && len(h.events) != len(want) {
			t.Errorf("%s: want %d events, got\n%+v", title, len(want), h.events)
		}
	}
	told("first word", AppendEntries{Term: 4, PrevLogIndex: 2, PrevLogTerm: 2},
		Event{Kind: LeaderKnown, Peer: 2, Term: 4})
	told("heartbeat", AppendEntries{Term: 4, PrevLogIndex: 2, PrevLogTerm: 2})
	told("a gap", AppendEntries{Term: 4, PrevLogIndex: 3, PrevLogTerm: 4},
		Event{Kind: AppendRefused, Reason: NoEntryAtPrev, Peer: 2, Term: 4, Index: 3})
	told("a conflict", AppendEntries{Term: 4, PrevLogIndex: 2, PrevLogTerm: 4},
		Event{Kind: AppendRefused, Reason: ConflictAtPrev, Peer: 2, Term: 4, Index: 2})
	told("entries", AppendEntries{Term: 4, PrevLogIndex: 2, PrevLogTerm: 2, Entries: logOf(3, 4)},
		Event{Kind: EntriesAppended, Peer: 2, Term: 4, Index: 3, Old: 3, New: 4})
	told("committed", AppendEntries{Term: 4, PrevLogIndex: 4, PrevLogTerm: 4, LeaderCommit: 3},
		Event{Kind: CommitAdvanced, Reason: LeaderSaidSo, Peer: 2, Term: 4, Index: 3, New: 3})
	told("the same again", AppendEntries{Term: 4, PrevLogIndex: 4, PrevLogTerm: 4, LeaderCommit: 3})
	told("more is committed than this call verifies", AppendEntries{Term: 4, PrevLogIndex: 3, PrevLogTerm: 3,
		LeaderCommit: 4})
	h.events = nil
	h.receive(3, &AppendEntries{Term: 3, LeaderID: 3, PrevLogIndex: 2})
	if want := []Event{{Kind: AppendRefused, Reason: StaleTerm, Peer: 3, Term: 4, Index: 2}}; !slices.Equal(h.events,
		want) {
		t.Errorf("a leader of before: got %+v", h.events)
	}
}

func TestInstallSnapshot_Tells(t *testing.T) {
	fresh := func() *host { return start(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(1, 2, 3, 4)}) }
	for _, c := range []struct {
		title string
		h     *host
		from  ServerID
		m     *InstallSnapshot
		want  Event
	}{
		{"kept", fresh(), 2, snapshotAt(2, 2), Event{Kind: SnapshotInstalled, Reason: KeptSuffix, Peer: 2, Term: 5,
			Index: 2, Old: 4}},
		{"kept, at the log's very end", fresh(), 2, snapshotAt(4, 4), Event{Kind: SnapshotInstalled, Reason: KeptSuffix,
			Peer: 2, Term: 5, Index: 4, Old: 4}},
		{"dropped", fresh(), 2, snapshotAt(9, 4), Event{Kind: SnapshotInstalled, Reason: DroppedLog, Peer: 2, Term: 5,
			Index: 9, Old: 4}},
		{"committed with it", fresh(), 2, snapshotAt(9, 4), Event{Kind: CommitAdvanced, Reason: LeaderSaidSo, Peer: 2,
			Term: 5, Index: 9, New: 9}},
		{"and its configuration is in force", fresh(), 2, snapshotAt(9, 4),
			Event{Kind: ConfigurationChanged, Reason: FromSnapshot, Term: 5, Index: 9, New: 3}},
		{"another's", fresh(), 3, snapshotAt(9, 4), Event{Kind: MessageIgnored, Reason: NotTheSender, Peer: 3,
			Term: 5}},
		{"of nothing", fresh(), 2, snapshotAt(0, 0), Event{Kind: MessageIgnored, Reason: Impossible, Peer: 2, Term: 5}},
		{"of a term to come", fresh(), 2, snapshotAt(9, 6), Event{Kind: MessageIgnored, Reason: Impossible, Peer: 2,
			Term: 5}},
	} {
		c.h.receive(c.from, c.m)
		if !slices.Contains(c.h.events, c.want) {
			t.Errorf("%s: no\n%+v\namong\n%+v", c.title, c.want, c.h.events)
		}
	}
	h := fresh()
	h.receive(2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 3, PrevLogTerm: 3, LeaderCommit: 3})
	m := snapshotAt(4, 4)
	m.Done = false
	h.receive(2, m)
	h.receive(2, snapshotAt(3, 3))
	if want := (Event{Kind: SnapshotNotNeeded, Peer: 2, Term: 5, Index: 3, Old: 3}); !slices.Contains(h.events, want) {
		t.Errorf("of just what is committed: no\n%+v\namong\n%+v", want, h.events)
	}
	equal(t, "what was being received is given up", h.n.incoming == nil, true)
}

func TestInstallSnapshot_AsLargeAsThereIsRoomFor(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5})
	h.opt.MaxSnapshot = len("state")
	h.boot(t)
	equal(t, "answer", *reply[*InstallSnapshotReply](t, h, 2, snapshotAt(9, 4)),
		InstallSnapshotReply{Term: 5, MatchIndex: 9})
	equal(t, "configurations", len(h.n.configs), 1)
	equal(t, "the first one's place", h.n.configs[0].index, 9)
}

func TestInstallSnapshot_ALeaderRefusesAnotherOfItsTermAndObeysALaterOne(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 4})
	h.lead(t)
	h.take()
	h.receive(2, snapshotAt(9, 4))
	equal(t, "role", h.n.Role(), Leader)
	equal(t, "event", h.has(MessageIgnored, SecondLeader), true)
	equal(t, "answers", len(h.take()), 0)
	m := snapshotAt(9, 4)
	m.Term = 6
	h.receive(2, m)
	equal(t, "role", h.n.Role(), Follower)
	equal(t, "leader", h.n.leader, 2)
	equal(t, "last index", h.n.log.last, 9)
}

func TestCompact_TellsWhatItReplacesAndKeepsTheConfigurationInForceThere(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5,
		Snapshot: &Snapshot{Index: 2, Term: 1, Configuration: servers("1,2,3")}})
	entries := append(logOf(2), Entry{Term: 3, Kind: Config, Data: []byte("1,2,3+4")}, Entry{Term: 3},
		Entry{Term: 3, Kind: Config, Data: []byte("1,2,3,4")}, Entry{Term: 3})
	h.receive(2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 1, Entries: entries,
		LeaderCommit: 7})
	for _, c := range []struct {
		at      Index
		before  uint64
		config  string
		configs int
	}{{4, 3, "1,2,3+4", 2}, {5, 5, "1,2,3+4", 2}, {6, 6, "1,2,3,4", 1}, {7, 7, "1,2,3,4", 1}} {
		if err := h.n.Compact(c.at, nil); err != nil {
			t.Fatal(err)
		}
		h.pump()
		if want := (Event{Kind: SnapshotTaken, Term: 5, Index: c.at, Old: c.before}); !slices.Contains(h.events, want) {
			t.Errorf("no\n%+v\namong\n%+v", want, h.events)
		}
		equal(t, "configuration of the snapshot", string(h.n.snapshot.Configuration.AppendText(nil)), c.config)
		equal(t, "configurations kept", len(h.n.configs), c.configs)
	}
}

func TestTimeoutNow_IsNotObeyedByEverybody(t *testing.T) {
	for _, c := range []struct {
		title  string
		from   ServerID
		m      TimeoutNow
		reason Reason
		term   Term
	}{
		{"in another's name", 3, TimeoutNow{Term: 9, LeaderID: 2}, NotTheSender, 4},
		{"of an earlier term", 2, TimeoutNow{Term: 3, LeaderID: 2}, StaleTerm, 4},
		{"of another than the leader", 3, TimeoutNow{Term: 4, LeaderID: 3}, SecondLeader, 4},
	} {
		h := start(t, 1, 3, Durable{CurrentTerm: 4})
		h.receive(2, &AppendEntries{Term: 4, LeaderID: 2})
		h.receive(c.from, &c.m)
		equal(t, c.title, h.n.Role(), Follower)
		equal(t, c.title+": event", h.has(MessageIgnored, c.reason), true)
		equal(t, c.title+": term", h.n.currentTerm, c.term)
	}
	h := start(t, 1, 3, Durable{CurrentTerm: 4})
	h.receive(2, &TimeoutNow{Term: 9, LeaderID: 2})
	equal(t, "of a later term: it is obeyed there", h.n.currentTerm, 10)
	h = start(t, 4, 3, Durable{CurrentTerm: 4})
	h.receive(2, &TimeoutNow{Term: 4, LeaderID: 2})
	equal(t, "without a vote", h.has(MessageIgnored, NotAVoter), true)
}

func TestATimerIsSetWithinItsRange(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	for set, want := range map[int]int{-5: 1, 0: 1, 1: 1, 299: 299, 300: 300, 9999: 300} {
		drawn := h.n.timeout
		h.n.SetTimer(set)
		equal(t, "ticks left", h.n.timeout-h.n.elapsed, want)
		equal(t, "time-out: as it was drawn, unless that is less", h.n.timeout, max(drawn, want))
	}
	h.lead(t)
	h.ticks(7)
	timeout := h.n.timeout
	h.n.SetTimer(3)
	equal(t, "a leader's heartbeat timer", h.n.elapsed, 7)
	equal(t, "and time-out", h.n.timeout, timeout)
}

// With the rule off the answer does not wait, not even for the first Save.
func TestAppendEntries_WithoutDurableAppendTheAnswerWaitsForNothing(t *testing.T) {
	for _, off := range []RuleSet{0, RulesOf(DurableAppend)} {
		h := start(t, 1, 3, Durable{})
		h.opt.Off |= off
		h.boot(t)
		h.manual = true
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: logOf(1)})
		equal(t, "answers before the disk has it", len(h.take()) == 1, off != 0)
	}
}

// openraft#511 took places before the snapshot's end for conflicts, but not the end itself.
func TestAppendEntries_TheSnapshotsLastEntryIsAPlaceThatMatches(t *testing.T) {
	for _, off := range []RuleSet{0, RulesOf(CompactedMatches)} {
		h := start(t, 1, 3, Durable{CurrentTerm: 5,
			Snapshot: &Snapshot{Index: 3, Term: 2, Configuration: servers("1,2,3")}, Log: logOf(3)})
		h.opt.Off |= off
		h.boot(t)
		r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 3, PrevLogTerm: 2,
			Entries: logOf(3, 4)})
		equal(t, "success", r.Success, true)
		equalTerms(t, h, 3, 4)
	}
}

// The snapshot's end is a place like any other: the term counts. (With RefuseImpossible on, such a call is not
// even looked at.)
func TestAppendEntries_AtTheSnapshotsLastEntryTheTermHasToMatch(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5,
		Snapshot: &Snapshot{Index: 3, Term: 2, Configuration: servers("1,2,3")}})
	h.opt.Off |= RulesOf(RefuseImpossible)
	h.boot(t)
	r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 3, PrevLogTerm: 1,
		Entries: logOf(4)})
	equal(t, "success", r.Success, false)
	equal(t, "last index", h.n.log.last, 3)
}
