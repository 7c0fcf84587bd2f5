package raft

import (
	"testing"
)

// Titles of this file are those of Figure 13, InstallSnapshot RPC.

func snapshotAt(i Index, t Term) *InstallSnapshot {
	return &InstallSnapshot{Term: 5, LeaderID: 2, LastIncludedIndex: i, LastIncludedTerm: t,
		Configuration: Configuration{Voters: []ServerID{1, 2, 3}}, Data: []byte("state"), Done: true}
}

func TestInstallSnapshot_Receiver1_RepliesImmediatelyIfTermIsLowerThanCurrentTerm(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 6})
	r := reply[*InstallSnapshotReply](t, h, 2, snapshotAt(4, 4))
	equal(t, "reply", *r, InstallSnapshotReply{Term: 6})
	equal(t, "log", h.n.log.last, 0)
}

func TestInstallSnapshot_Receiver2To5_ChunksAreWrittenAtTheirOffsetAndOlderSnapshotsDiscarded(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5})
	chunk := func(i Index, offset uint64, data string, done bool) *InstallSnapshotReply {
		m := snapshotAt(i, 4)
		m.Offset, m.Data, m.Done = offset, []byte(data), done
		return reply[*InstallSnapshotReply](t, h, 2, m)
	}
	equal(t, "first", chunk(7, 0, "abc", false).NextOffset, 3)
	equal(t, "the same again", chunk(7, 0, "abc", false).NextOffset, 3)
	equal(t, "a gap: says where to go on", chunk(7, 9, "xyz", true).NextOffset, 3)
	equal(t, "another snapshot begins anew", chunk(8, 3, "def", true).NextOffset, 0)
	equal(t, "first of the other", chunk(8, 0, "ab", false).NextOffset, 2)
	r := chunk(8, 2, "cd", true)
	equal(t, "done", r.MatchIndex, 8)
	equal(t, "the state machine gets all of it", string(h.restored.Data), "abcd")
	equal(t, "and so does the disk", string(h.disk.Snapshot.Data), "abcd")
	equal(t, "a snapshot is a sign of life of the leader", h.n.elapsed, 0)
}

func TestInstallSnapshot_Receiver6_IfTheLogAgreesEntriesThatFollowStay(t *testing.T) {
	for _, off := range []bool{false, true} {
		h := start(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(1, 2, 3, 4)})
		if off {
			h.opt.Off |= RulesOf(KeepSuffix)
			h.boot(t)
		}
		r := reply[*InstallSnapshotReply](t, h, 2, snapshotAt(2, 2))
		equal(t, "match", r.MatchIndex, 2)
		if off {
			equalTerms(t, h) // with the rule off entries that this server has acknowledged are gone
			continue
		}
		equalTerms(t, h, 3, 4)
		equal(t, "event", h.has(SnapshotInstalled, KeptSuffix), true)
		equal(t, "entries on disk", len(h.disk.Log), 2)
		equal(t, "commitIndex", h.n.commitIndex, 2)
		h.crash(t)
		equalTerms(t, h, 3, 4)
		equal(t, "after a restart the state machine begins with the snapshot", h.n.lastApplied, 2)
	}
}

func TestInstallSnapshot_Receiver7And8_ElseTheWholeLogIsDiscardedAndStateAndConfigurationComeFromTheSnapshot(
	t *testing.T) {
	for name, log := range map[string][]Entry{"too short": logOf(1), "conflicting": logOf(1, 1, 1, 1)} {
		t.Run(name, func(t *testing.T) {
			h := start(t, 1, 3, Durable{CurrentTerm: 5, Log: log})
			m := snapshotAt(3, 4)
			m.Configuration = Configuration{Voters: []ServerID{1, 2, 3, 4}}
			h.manual = true
			h.receive(2, m)
			equal(t, "answers before it is durable", len(h.take()), 0)
			equal(t, "restored before it is durable", h.restored == nil, true)
			h.save()
			h.pump()
			equal(t, "answers after", len(h.take()), 1)
			equal(t, "restored", string(h.restored.Data), "state")
			equalTerms(t, h)
			equal(t, "configuration", string(h.n.config().AppendText(nil)), "1,2,3,4")
			equal(t, "event", h.has(SnapshotInstalled, DroppedLog), true)
			r := reply2(t, h, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 3, PrevLogTerm: 4, Entries: logOf(5)})
			equal(t, "what follows is accepted (hashicorp/raft#697)", r.MatchIndex, 4)
		})
	}
}

// reply2 is reply for a host whose disk is written by hand.
func reply2(t testing.TB, h *host, call RPC) *AppendEntriesReply {
	t.Helper()
	h.manual = false
	return reply[*AppendEntriesReply](t, h, 2, call)
}

func TestInstallSnapshot_AnOldOneChangesNothingAndIsAcknowledged(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(1, 2, 3)})
	h.receive(2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 3, PrevLogTerm: 3, LeaderCommit: 3})
	r := reply[*InstallSnapshotReply](t, h, 2, snapshotAt(2, 2))
	equal(t, "match", r.MatchIndex, 3)
	equalTerms(t, h, 1, 2, 3)
}

func TestInstallSnapshot_WhatNoServerThatKeepsTheRulesSendsIsRefused(t *testing.T) {
	for name, change := range map[string]func(*InstallSnapshot){
		"of a later term than the call": func(m *InstallSnapshot) { m.LastIncludedTerm = 9 },
		"of nothing":                    func(m *InstallSnapshot) { m.LastIncludedIndex = 0 },
		"of more than there are places": func(m *InstallSnapshot) { m.LastIncludedIndex = 1<<62 + 1 },
		"of a cluster of nobody":        func(m *InstallSnapshot) { m.Configuration = Configuration{} },
		"of too large a cluster": func(m *InstallSnapshot) {
			m.Configuration.Voters = []ServerID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
		},
		"of a server twice": func(m *InstallSnapshot) { m.Configuration.Voters = []ServerID{1, 2, 2} },
		"in another's name": func(m *InstallSnapshot) { m.LeaderID = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, 1, 3, Durable{CurrentTerm: 1})
			m := snapshotAt(3, 1)
			change(m)
			h.receive(2, m)
			equal(t, "answers", len(h.take()), 0)
			equal(t, "term", h.n.currentTerm, 1)
		})
	}
	t.Run("larger than there is room for", func(t *testing.T) {
		h := start(t, 1, 3, Durable{CurrentTerm: 1})
		h.opt.MaxSnapshot = 4
		h.boot(t)
		r := reply[*InstallSnapshotReply](t, h, 2, snapshotAt(3, 1))
		equal(t, "reply", *r, InstallSnapshotReply{Term: 5})
	})
}

func TestInstallSnapshot_ASnapshotThatTheStateMachineCannotReadReplacesNothing(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(1, 2)})
	asked := ""
	h.opt.Readable = func(data []byte) bool { asked += string(data) + ";"; return string(data) == "state" }
	h.boot(t)
	chunk := func(offset uint64, data string, done bool) []Envelope {
		m := snapshotAt(7, 4)
		m.Offset, m.Data, m.Done = offset, []byte(data), done
		h.receive(2, m)
		return h.take()
	}
	chunk(0, "ju", false)
	equal(t, "answers to the end of what cannot be read", len(chunk(2, "nk", true)), 0)
	equal(t, "event", h.has(MessageIgnored, Unreadable), true)
	equal(t, "its leader is known", h.n.leader, 2)
	equal(t, "snapshot", h.n.snapshot == nil && h.disk.Snapshot == nil, true)
	equalTerms(t, h, 1, 2)
	again := chunk(2, "nk", true)
	equal(t, "the end again: it is to begin anew", again[0].RPC.(*InstallSnapshotReply).NextOffset, 0)
	chunk(0, "sta", false)
	equal(t, "a good one", chunk(3, "te", true)[0].RPC.(*InstallSnapshotReply).MatchIndex, 7)
	equal(t, "restored", string(h.restored.Data), "state")
	equal(t, "asked of each whole one once", asked, "junk;state;")
}

func TestCompact_NeedsAConfiguration(t *testing.T) {
	h := start(t, 4, 0, Durable{})
	h.receive(1, &AppendEntries{Term: 5, LeaderID: 1, Entries: logOf(1, 2), LeaderCommit: 2})
	equal(t, "applied", h.n.lastApplied, 2)
	if err := h.n.Compact(2, nil); err != ErrNoCluster {
		t.Errorf("before its first configuration: %v", err)
	}
	equalTerms(t, h, 1, 2)
	h.receive(1, &AppendEntries{Term: 5, LeaderID: 1, PrevLogIndex: 2, PrevLogTerm: 2,
		Entries: []Entry{{Term: 5, Kind: Config, Data: []byte("1,2,3+4")}}, LeaderCommit: 3})
	if err := h.n.Compact(2, nil); err != ErrNoCluster {
		t.Errorf("at an entry before it: %v", err)
	}
	if err := h.n.Compact(3, nil); err != nil {
		t.Errorf("with it: %v", err)
	}
}

func TestCompact_ForgetsWhatIsAppliedAndNothingElse(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1, 1)})
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: 4, PrevLogTerm: 1, LeaderCommit: 3})
	for _, i := range []Index{0, 4, 9} {
		if err := h.n.Compact(i, nil); err != ErrCompact {
			t.Errorf("Compact(%d): %v", i, err)
		}
	}
	if err := h.n.Compact(2, []byte("two")); err != nil {
		t.Fatal(err)
	}
	if err := h.n.Compact(2, nil); err != ErrCompact {
		t.Errorf("again: %v", err)
	}
	h.pump()
	equalTerms(t, h, 1, 1)
	_, there := h.n.Entry(2)
	equal(t, "entry 2", there, false)
	equal(t, "on disk", string(h.disk.Snapshot.Data)+" and so many entries", "two and so many entries")
	equal(t, "entries on disk", len(h.disk.Log), 2)
	// openraft#511: a place in the snapshot matches by definition.
	r := reply[*AppendEntriesReply](t, h, 2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1,
		Entries: logOf(1, 1, 1, 1, 1)})
	equal(t, "match", r.MatchIndex, 6)
	equalTerms(t, h, 1, 1, 1, 1)
}

func TestALeaderSendsItsSnapshotToAFollowerThatIsTooFarBehind(t *testing.T) {
	l := start(t, 1, 3, Durable{})
	l.opt.MaxChunk = 4
	l.boot(t)
	l.lead(t)
	for range 3 * chunkSize {
		l.n.Propose([]byte("x"))
	}
	l.pump()
	l.ack(2, l.n.log.last)
	l.n.Compact(l.n.lastApplied-5, []byte("the whole state"))
	l.pump()
	f := start(t, 3, 3, Durable{})
	l.take()
	l.ticks(50)
	exchange(l, f)
	equal(t, "restored", string(f.restored.Data), "the whole state")
	l.ticks(50)
	exchange(l, f)
	equalTerms(t, f, l.terms()...)
	equal(t, "chunks", len(l.all(SnapshotSent)) >= 4, true)
	var s Status
	l.n.Status(&s)
	equal(t, "nothing is being sent any more", s.Peers[1].Snapshot, -1)
	equal(t, "commitIndex", f.n.commitIndex, l.n.commitIndex)
	t.Run("a lost chunk is sent again", func(t *testing.T) {
		g := start(t, 3, 3, Durable{CurrentTerm: 1})
		l.n.leadership.follower(3).next, l.n.leadership.follower(3).match = 1, 0
		l.ticks(50)
		l.take() // lost
		for range 10 {
			l.ticks(50)
			exchange(l, g)
		}
		equal(t, "commitIndex", g.n.commitIndex, l.n.commitIndex)
	})
}
