package explain

import (
	"strings"
	"testing"

	"raftplayground/raft"
)

// told is an event of server 1 and what is said of it.
type told struct {
	event raft.Event
	text  string
	more  string // section, rule and "key" or "detail"
}

var tellings = []told{
	{raft.Event{Kind: raft.Started}, "S1 starts as a follower in term 0 with an empty log.", "§5.2 | State, persistent state on all servers | key"},
	{raft.Event{Kind: raft.Started, Term: 3, Index: 7}, "S1 starts as a follower in term 3 with a log up to index 7.", "§5.2 | State, persistent state on all servers | key"},
	{raft.Event{Kind: raft.TermAdvanced, Term: 4, Old: 3, New: 4}, "S1 moves from term 3 to term 4 for an election of its own.", "§5.2 | Rules for Servers, Candidates, rule 1 | detail"},
	{raft.Event{Kind: raft.TermAdvanced, Term: 4, Old: 2, New: 4, Peer: 3}, "S1 hears of term 4 from S3 and leaves term 2.", "§5.1 | Rules for Servers, All Servers, rule 2 | detail"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.HigherTerm, Term: 4, Old: uint64(raft.Leader)}, "S1, a leader until now, steps down: term 4 has begun.", "§5.1 | Rules for Servers, All Servers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.LeaderExists, Term: 4, Old: uint64(raft.Candidate)}, "S1 is a follower again: another server leads term 4.", "§5.2 | Rules for Servers, Candidates, rule 3 | key"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.ElectionTimeout, Term: 2, Old: 168, New: 3}, "S1 heard nothing for 168 ms and asks for votes in term 2; it needs 3.", "§5.2 | Rules for Servers, Followers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.ElectionTimeout, Term: 2, New: 3}, "S1 heard nothing for a whole election timeout and asks for votes in term 2; it needs 3.", "§5.2 | Rules for Servers, Followers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.Asked, Term: 2, New: 3}, "S1 was told to hold an election and asks for votes in term 2; it needs 3.", "§5.2 | Rules for Servers, Followers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameLeader, Term: 2, Old: 3, New: 3}, "S1 leads term 2: it has 3 votes and needs 3.", "§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.BecameLeader, Term: 1, Old: 1, New: 1}, "S1 leads term 1: it has 1 vote and needs 1.", "§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.LeaderKnown, Term: 2, Peer: 3}, "S1 follows S3, the leader of term 2.", "§5.2 | AppendEntries RPC, argument leaderId | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.Heartbeat, New: 212, Peer: 3}, "S1 starts its timer anew, 212 ms: S3, the leader, is alive.", "§5.2 | Rules for Servers, Followers, rule 2 | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.GaveVote, New: 212, Peer: 3}, "S1 starts its timer anew, 212 ms: it gave S3 its vote.", "§5.2 | Rules for Servers, Followers, rule 2 | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.OwnCandidacy, New: 212}, "S1 starts its timer anew, 212 ms: its own election begins.", "§5.2 | Rules for Servers, Candidates, rule 1 | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.SteppedDown, New: 212}, "S1 starts its timer anew, 212 ms: it leads no more and waits for a leader like everyone else.", "§5.2 | Rules for Servers, Followers, rule 2 | detail"},
	{raft.Event{Kind: raft.VoteGranted, Term: 3, Peer: 2}, "S1 votes for S2 in term 3.", "§5.2 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.StaleTerm, Term: 3, Peer: 2}, "S1 does not vote for S2: it asks for an older term than term 3.", "§5.1 | RequestVote RPC, receiver rule 1 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.AlreadyVoted, Term: 3, Peer: 2, Old: 5}, "S1 does not vote for S2: it has voted for S5 in term 3.", "§5.2 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.AlreadyVoted, Term: 3, Peer: 2, Old: 1}, "S1 does not vote for S2: it has voted for itself in term 3.", "§5.2 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.LogBehind, Term: 3, Peer: 2}, "S1 does not vote for S2: its own log is more up to date.", "§5.4.1 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteReceived, Term: 3, Peer: 1, Old: 1, New: 2}, "S1 votes for itself and has 1 of the 2 votes it needs.", "§5.2 | Rules for Servers, Candidates, rule 1 | key"},
	{raft.Event{Kind: raft.VoteReceived, Term: 3, Peer: 2, Old: 2, New: 2}, "S1 gets the vote of S2 and has 2 of the 2 votes it needs.", "§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.VoteDenied, Term: 3, Peer: 2}, "S2 refuses S1 its vote in term 3.", "§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.EntriesProposed, Term: 3, Old: 5, New: 5}, "S1 appends a client's command to its log at index 5, in term 3.", "§5.3 | Rules for Servers, Leaders, rule 2 | key"},
	{raft.Event{Kind: raft.EntriesProposed, Term: 3, Old: 5, New: 7}, "S1 appends clients' commands to its log at indices 5 to 7, in term 3.", "§5.3 | Rules for Servers, Leaders, rule 2 | key"},
	{raft.Event{Kind: raft.EntriesAppended, Term: 3, Peer: 2, Old: 5, New: 5}, "S1 stores the entry at index 5 from S2.", "§5.3 | AppendEntries RPC, receiver rule 4 | detail"},
	{raft.Event{Kind: raft.EntriesAppended, Term: 3, Peer: 2, Old: 5, New: 7}, "S1 stores the entries at indices 5 to 7 from S2.", "§5.3 | AppendEntries RPC, receiver rule 4 | detail"},
	{raft.Event{Kind: raft.EntriesTruncated, Term: 3, Peer: 2, Index: 5, Old: 5, New: 7}, "S1 removes the entries at indices 5 to 7: the log of S2, the leader, has another term there.", "§5.3 | AppendEntries RPC, receiver rule 3 | key"},
	{raft.Event{Kind: raft.AppendRefused, Reason: raft.StaleTerm, Term: 3, Peer: 2, Index: 5}, "S1 refuses entries of S2: they are of an older term than term 3.", "§5.1 | AppendEntries RPC, receiver rule 1 | key"},
	{raft.Event{Kind: raft.AppendRefused, Reason: raft.NoEntryAtPrev, Term: 3, Peer: 2, Index: 5}, "S1 refuses entries of S2: they follow index 5, and its own log ends before.", "§5.3 | AppendEntries RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.AppendRefused, Reason: raft.ConflictAtPrev, Term: 3, Peer: 2, Index: 5}, "S1 refuses entries of S2: at index 5, which they follow, its own log has another term.", "§5.3 | AppendEntries RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.MatchAdvanced, Term: 3, Peer: 2, Old: 4, New: 5}, "S1 learns that S2 stores everything up to index 5.", "§5.3 | Rules for Servers, Leaders, rule 3 | detail"},
	{raft.Event{Kind: raft.NextBackedUp, Reason: raft.NoEntryAtPrev, Term: 3, Peer: 2, Old: 9, New: 5}, "S1 tries S2 again from index 5, not 9: that log is shorter.", "§5.3 | Rules for Servers, Leaders, rule 3 | key"},
	{raft.Event{Kind: raft.NextBackedUp, Reason: raft.ConflictAtPrev, Term: 3, Peer: 2, Old: 9, New: 5}, "S1 tries S2 again from index 5, not 9: the logs differ there.", "§5.3 | Rules for Servers, Leaders, rule 3 | key"},
	{raft.Event{Kind: raft.CommitAdvanced, Reason: raft.MajorityStored, Term: 3, Old: 1, New: 2, Count: 3, Of: 5}, "S1 commits index 2: 3 of 5 store it.", "§5.3 | Rules for Servers, Leaders, rule 4 | key"},
	{raft.Event{Kind: raft.CommitAdvanced, Reason: raft.MajorityStored, Term: 3, Old: 1, New: 4, Count: 2, Of: 3}, "S1 commits indices 2 to 4: 2 of 3 store them.", "§5.3 | Rules for Servers, Leaders, rule 4 | key"},
	{raft.Event{Kind: raft.CommitAdvanced, Reason: raft.LeaderSaidSo, Term: 3, Peer: 2, Old: 1, New: 2}, "S1 commits index 2: S2, the leader, has committed it.", "§5.3 | AppendEntries RPC, receiver rule 5 | key"},
	{raft.Event{Kind: raft.CommitHeldBack, Reason: raft.OlderTerm, Term: 4, Index: 2, Old: 2}, "S1 does not commit index 2: a majority stores it, but its term 2 is not the leader's term 4.", "§5.4.2 | Rules for Servers, Leaders, rule 4 | key"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.StaleTerm, Term: 3, Peer: 2}, "S1 ignores a message of S2: it is of an older term than term 3.", "§5.1 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotCandidate, Term: 3, Peer: 2}, "S1 ignores a message of S2: it answers an election that is over.", "§5.2 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotLeader, Term: 3, Peer: 2}, "S1 ignores a message of S2: it answers a leader, which S1 is not.", "§5.3 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.StaleReply, Term: 3, Peer: 2}, "S1 ignores a message of S2: it answers a call that no longer matters.", "§5.3 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotAMember, Term: 3, Peer: 9}, "S1 ignores a message of S9: that server is not in the cluster.", "§6 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotTheSender, Term: 3, Peer: 2}, "S1 ignores a message of S2: it speaks in the name of another server.", "§5.2 |  | key"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.SecondLeader, Term: 3, Peer: 2}, "S1 ignores a message of S2: it too claims to lead term 3. Election Safety is broken.", "§5.2 |  | key"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.Impossible, Term: 3, Peer: 2}, "S1 ignores a message of S2: it contradicts itself or what is committed.", "§5.4 |  | key"},
}

func TestSentences(t *testing.T) {
	for _, c := range tellings {
		w := Event(1, c.event)
		weight := "detail"
		if w.Key {
			weight = "key"
		}
		if more := w.Section + " | " + w.Rule + " | " + weight; w.Text != c.text || more != c.more {
			t.Errorf("%s, %s:\n%s\n%s\nexpected\n%s\n%s", Kind(c.event.Kind), Reason(c.event.Reason), w.Text, more, c.text, c.more)
		}
	}
}

// TestEveryKindAndReasonHasWords: an event that is added to package raft must be put into words, and its sentence into the table above.
func TestEveryKindAndReasonHasWords(t *testing.T) {
	var kinds [raft.EventKinds]bool
	reasons := [raft.Reasons]bool{raft.NoReason: true}
	for _, c := range tellings {
		kinds[c.event.Kind], reasons[c.event.Reason] = true, true
	}
	for k := raft.Started; k < raft.EventKinds; k++ {
		if !kinds[k] {
			t.Errorf("kind %d, %s, has no sentence in the table", k, Kind(k))
		}
	}
	for r := raft.NoReason; r < raft.Reasons; r++ {
		if !reasons[r] {
			t.Errorf("reason %d, %s, has no sentence in the table", r, Reason(r))
		}
	}
}

// TestAllWordsAreWhole: whatever reason an event comes with, there is a sentence, a reason for it and a section.
func TestAllWordsAreWhole(t *testing.T) {
	for k := raft.Started; k < raft.EventKinds; k++ {
		for r := raft.NoReason; r < raft.Reasons; r++ {
			w := Event(1, raft.Event{Kind: k, Reason: r, Term: 3, Index: 5, Peer: 2, Old: 1, New: 5})
			if !strings.HasSuffix(w.Text, ".") || !strings.HasSuffix(w.Why, ".") || !strings.HasPrefix(w.Section, "§") || strings.Contains(w.Text, "unknown") {
				t.Errorf("%s, %s: %+v", Kind(k), Reason(r), w)
			}
			if n := strings.Count(w.Why, ". "); n > 1 {
				t.Errorf("%s, %s: %d sentences of why: %s", Kind(k), Reason(r), n+1, w.Why)
			}
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	lowerCamelCase := func(name string) {
		if name == "unknown" || seen[name] || name == "" || name[0] < 'a' || name[0] > 'z' || strings.ContainsAny(name, " _-") {
			t.Errorf("name %q is missing, twice or not lowerCamelCase", name)
		}
		seen[name] = true
	}
	for k := raft.Started; k < raft.EventKinds; k++ {
		lowerCamelCase(Kind(k))
	}
	clear(seen)
	for r := raft.NoReason; r < raft.Reasons; r++ {
		lowerCamelCase(Reason(r))
	}
}

func TestWhatIsUnknownIsSaidToBe(t *testing.T) {
	for _, k := range []raft.EventKind{0, raft.EventKinds, 255} {
		if w := Event(1, raft.Event{Kind: k}); !strings.Contains(w.Text, "unknown kind") || w.Section != "" || Kind(k) != "unknown" {
			t.Errorf("kind %d: %+v, %s", k, w, Kind(k))
		}
	}
	if Reason(raft.Reasons) != "unknown" || role(99) != "server" {
		t.Error("a name for what there is not")
	}
}
