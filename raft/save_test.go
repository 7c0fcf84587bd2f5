package raft

import (
	"slices"
	"testing"
)

// Wherever the end of a chunk falls, a Save holds all that is not on disk: a follower that left the last entry out
// would acknowledge what it does not store.
func TestASaveHoldsEveryEntryWhereverChunksEnd(t *testing.T) {
	for _, before := range []int{0, 1, chunkSize - 1, chunkSize} {
		for _, entries := range []int{1, 2, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize, 2*chunkSize + 1} {
			h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: slices.Repeat(logOf(1), before)})
			h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: Index(before),
				PrevLogTerm: h.n.log.lastTerm(), Entries: slices.Repeat(logOf(1), entries)})
			equal(t, "on disk", len(h.disk.Log), before+entries)
			equal(t, "durable", h.n.disk.durable, Index(before+entries))
		}
	}
}

func TestAVoteInATermThatIsOnDiskAlreadyIsSavedToo(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5})
	h.manual = true
	h.receive(2, &RequestVote{Term: 5, CandidateID: 2})
	equal(t, "answers before the vote is durable", len(h.take()), 0)
	h.save()
	equal(t, "vote on disk", h.disk.VotedFor, 2)
	equal(t, "answers after", len(h.take()), 1)
}

// Only with DeleteOnlyConflicts off does a server's log become shorter without new entries in place of the
// deleted ones.
func TestALogThatOnlyBecameShorterIsSaved(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1)})
	h.opt.Off |= RulesOf(DeleteOnlyConflicts)
	h.boot(t)
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1})
	equal(t, "on disk", len(h.disk.Log), 1)
}

// An entry that replaces a durable one is not durable itself: the state machine must not get it, nor a
// majority count it, before its own Save.
func TestAnEntryThatReplacesADurableOneIsNotDurable(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1, Log: logOf(1, 1, 1, 1)})
	h.manual = true
	h.receive(2, &AppendEntries{Term: 2, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 1, Entries: logOf(2),
		LeaderCommit: 3})
	equal(t, "durable", h.n.disk.durable, 2)
	equal(t, "applied", len(h.applied), 2)
	h.save()
	h.pump()
	equal(t, "durable after its Save", h.n.disk.durable, 3)
	equal(t, "applied then", len(h.applied), 3)
}

func TestSavesThatAreDoneAreForgotten(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1})
	h.manual = true
	for i := range 3 {
		h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: Index(i), PrevLogTerm: min(1, Term(i)),
			Entries: logOf(1)})
	}
	for left := 2; left >= 0; left-- {
		h.save()
		equal(t, "under way", len(h.n.disk.pending), left)
	}
}

func TestAMessageThatWaitsForNothingSaysSo(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 1})
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, Entries: logOf(1)})
	equal(t, "the answer to an entry waits for its Save", h.take()[0].After, h.n.disk.savedSeq)
	h.receive(2, &AppendEntries{Term: 1, LeaderID: 2, PrevLogIndex: 1, PrevLogTerm: 1})
	equal(t, "that to a heartbeat for none", h.take()[0].After, 0)
}

func TestACandidatesOwnVoteIsCountedOnceHoweverManySavesFollow(t *testing.T) {
	for _, off := range []RuleSet{0, RulesOf(CountVoters)} {
		h := start(t, 1, 5, Durable{})
		h.opt.Off |= off
		h.boot(t)
		h.timeOut()
		h.n.Saved(h.n.disk.savedSeq)
		h.n.Saved(h.n.disk.savedSeq)
		equal(t, "votes", h.n.candidacy.count, 1)
	}
}

// A disk that holds a snapshot counts its entries from there: the next snapshot removes those that it
// covers, and a Save finds the entries that it replaces by index.
func TestWhatADiskHoldsAfterASave(t *testing.T) {
	through := func(i Index) *Snapshot { return &Snapshot{Index: i, Term: 1} }
	for name, c := range map[string]struct {
		s    Save
		want []Term
		base Index
	}{
		"an entry more":                     {Save{First: 8, Entries: logOf(5)}, []Term{2, 3, 4, 5}, 4},
		"others in the place of two":        {Save{First: 6, Entries: logOf(5, 5)}, []Term{2, 5, 5}, 4},
		"a shorter log":                     {Save{First: 6}, []Term{2}, 4},
		"nothing of the log":                {Save{First: 8}, []Term{2, 3, 4}, 4},
		"a later snapshot":                  {Save{First: 8, Snapshot: through(6)}, []Term{4}, 6},
		"one beyond the log, and what then": {Save{First: 10, Entries: logOf(5), Snapshot: through(9)}, []Term{5}, 9},
	} {
		before := logOf(2, 3, 4)
		d := Durable{Snapshot: through(4), Log: before}
		c.s.CurrentTerm, c.s.VotedFor = 6, 3
		d.Save(c.s)
		var terms []Term
		for _, e := range d.Log {
			terms = append(terms, e.Term)
		}
		if !slices.Equal(terms, c.want) || d.Base() != c.base || d.CurrentTerm != 6 || d.VotedFor != 3 {
			t.Errorf("%s: %+v, expected entries of terms %d behind %d", name, d, c.want, c.base)
		}
		if before[1].Term != 3 {
			t.Errorf("%s: the slice that the log was is written to", name)
		}
	}
}
