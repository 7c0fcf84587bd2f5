package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
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
	{raft.Event{Kind: raft.Started}, "S1 starts as a follower in term 0 with an empty log.",
		"§5.2 | State, persistent state on all servers | key"},
	{raft.Event{Kind: raft.Started, Term: 3, Index: 7}, "S1 starts as a follower in term 3 with a log up to index 7.",
		"§5.2 | State, persistent state on all servers | key"},
	{raft.Event{Kind: raft.TermAdvanced, Term: 4, Old: 3, New: 4},
		"S1 moves from term 3 to term 4 for an election of its own.",
		"§5.2 | Rules for Servers, Candidates, rule 1 | detail"},
	{raft.Event{Kind: raft.TermAdvanced, Term: 4, Old: 2, New: 4, Peer: 3},
		"S1 hears of term 4 from S3 and leaves term 2.", "§5.1 | Rules for Servers, All Servers, rule 2 | detail"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.HigherTerm, Term: 4, Old: uint64(raft.Leader)},
		"S1, a leader until now, steps down: term 4 has begun.", "§5.1 | Rules for Servers, All Servers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.LeaderExists, Term: 4, Old: uint64(raft.Candidate)},
		"S1 is a follower again: another server leads term 4.", "§5.2 | Rules for Servers, Candidates, rule 3 | key"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.LeaderExists, Term: 4, Old: uint64(raft.PreCandidate)},
		"S1 is a follower again: another server leads term 4.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.HigherTerm, Term: 4, Old: uint64(raft.PreCandidate)},
		"S1, a pre-candidate until now, steps down: term 4 has begun.",
		"§5.1 | Rules for Servers, All Servers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.LostQuorum, Term: 4, Old: uint64(raft.Leader)},
		"S1 no longer leads: no majority answered it for an election timeout.", "thesis 6.2 |  | key"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.DiskHangs, Term: 4, Old: uint64(raft.Leader)},
		"S1 no longer leads: its own disk has not finished a write for an election timeout.", "thesis 6.2 |  | key"},
	{raft.Event{Kind: raft.BecameFollower, Reason: raft.Removed, Term: 4, Old: uint64(raft.Leader)},
		"S1 steps down: the configuration gives it no vote.", "§6 |  | key"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.ElectionTimeout, Term: 2, Old: 168, New: 3},
		"S1 asks for votes in term 2: it heard nothing for 168 ms; it needs 3.",
		"§5.2 | Rules for Servers, Followers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.ElectionTimeout, Term: 2, New: 3},
		"S1 asks for votes in term 2; it needs 3.", "§5.2 | Rules for Servers, Followers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.Asked, Term: 2, New: 3},
		"S1 asks for votes in term 2: it was told to hold an election; it needs 3.",
		"§5.2 | Rules for Servers, Followers, rule 2 | key"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.Transferred, Term: 2, New: 3},
		"S1 asks for votes in term 2: its leader hands over to it; it needs 3.", "thesis 3.10 |  | key"},
	{raft.Event{Kind: raft.BecameLeader, Term: 2, Old: 3, New: 3}, "S1 leads term 2: it has 3 votes and needs 3.",
		"§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.BecameLeader, Term: 1, Old: 1, New: 1}, "S1 leads term 1: it has 1 vote and needs 1.",
		"§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.BecamePreCandidate, Reason: raft.Asked, Term: 2, New: 2, Of: 3},
		"S1 asks whether it could win term 3: it was told to hold an election and needs 2 votes of the new " +
			"servers and 3 of the old.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.PreVoteReceived, Term: 2, Peer: 1, Old: 1, New: 2, Count: 0, Of: 3},
		"S1 would vote for itself: now 1 of the 2 votes it needs of the new servers and 0 of the 3 of the old.",
		"thesis 9.6 |  | detail"},
	{raft.Event{Kind: raft.BecameCandidate, Reason: raft.Asked, Term: 2, New: 1, Of: 3},
		"S1 asks for votes in term 2: it was told to hold an election; it needs 1 vote of the new servers and 3 " +
			"of the old.", "§5.2 | Rules for Servers, Followers, rule 2 | key"},
	{raft.Event{Kind: raft.VoteReceived, Term: 3, Peer: 2, Old: 2, New: 2, Count: 1, Of: 3},
		"S1 gets the vote of S2 and has 2 of the 2 votes it needs of the new servers and 1 of the 3 of the old.",
		"§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.BecameLeader, Term: 2, Old: 2, New: 2, Count: 3, Of: 3},
		"S1 leads term 2: it has 2 of the 2 votes it needs of the new servers and 3 of the 3 of the old.",
		"§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.LeaderKnown, Term: 2, Peer: 3}, "S1 follows S3, the leader of term 2.",
		"§5.2 | AppendEntries RPC, argument leaderId | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.Heartbeat, New: 212, Peer: 3},
		"S1 starts its timer anew, 212 ms: S3, the leader, is alive.",
		"§5.2 | Rules for Servers, Followers, rule 2 | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.GaveVote, New: 212, Peer: 3},
		"S1 starts its timer anew, 212 ms: it gave S3 its vote.",
		"§5.2 | Rules for Servers, Followers, rule 2 | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.OwnCandidacy, New: 212},
		"S1 starts its timer anew, 212 ms: it tries to become leader.",
		"§5.2 | Rules for Servers, Candidates, rule 1 | detail"},
	{raft.Event{Kind: raft.TimerReset, Reason: raft.SteppedDown, New: 212},
		"S1 starts its timer anew, 212 ms: it no longer leads and waits for a leader like everyone else.",
		"§5.2 | Rules for Servers, Followers, rule 2 | detail"},
	{raft.Event{Kind: raft.VoteGranted, Term: 3, Peer: 2}, "S1 votes for S2 in term 3.",
		"§5.2 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.StaleTerm, Term: 3, Peer: 2},
		"S1 does not vote for S2: it asks for an older term than term 3.",
		"§5.1 | RequestVote RPC, receiver rule 1 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.AlreadyVoted, Term: 3, Peer: 2, Old: 5},
		"S1 does not vote for S2: it has voted for S5 in term 3.", "§5.2 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.AlreadyVoted, Term: 3, Peer: 2, Old: 1},
		"S1 does not vote for S2: it has voted for itself in term 3.", "§5.2 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.LogBehind, Term: 3, Peer: 2},
		"S1 does not vote for S2: its own log is more up to date.", "§5.4.1 | RequestVote RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.JustRestarted, Term: 3, Peer: 2},
		"S1 does not vote for S2: it has only just restarted.", "thesis 6.4.1 |  | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.NotAVoter, Term: 3, Peer: 2},
		"S1 does not vote for S2: in its own configuration it has no vote.", "thesis 4.1 |  | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.LeaderAlive, Term: 3, Peer: 2, Old: 5},
		"S1 does not vote for S2: S5, the leader, is alive.", "§6 |  | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.LeaderAlive, Term: 3, Peer: 2, Old: 1},
		"S1 does not vote for S2: it is the leader, and a majority answers it.", "§6 |  | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.LeaderAlive, Term: 3, Peer: 1, Old: 5},
		"S1 holds no election: S5, the leader, is alive.", "thesis 6.4.1 |  | key"},
	{raft.Event{Kind: raft.VoteRefused, Reason: raft.JustRestarted, Term: 3, Peer: 1},
		"S1 holds no election yet: it has only just restarted.", "thesis 6.4.1 |  | key"},
	{raft.Event{Kind: raft.VoteReceived, Term: 3, Peer: 1, Old: 1, New: 2},
		"S1 votes for itself and has 1 of the 2 votes it needs.", "§5.2 | Rules for Servers, Candidates, rule 1 | key"},
	{raft.Event{Kind: raft.VoteReceived, Term: 3, Peer: 2, Old: 2, New: 2},
		"S1 gets the vote of S2 and has 2 of the 2 votes it needs.",
		"§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.VoteDenied, Term: 3, Peer: 2}, "S2 refuses S1 its vote in term 3.",
		"§5.2 | Rules for Servers, Candidates, rule 2 | key"},
	{raft.Event{Kind: raft.EntriesProposed, Term: 3, Old: 5, New: 5},
		"S1 appends a client's command to its log at index 5, in term 3.",
		"§5.3 | Rules for Servers, Leaders, rule 2 | key"},
	{raft.Event{Kind: raft.EntriesProposed, Term: 3, Old: 5, New: 7},
		"S1 appends clients' commands to its log at indices 5 to 7, in term 3.",
		"§5.3 | Rules for Servers, Leaders, rule 2 | key"},
	{raft.Event{Kind: raft.EntriesAppended, Term: 3, Peer: 2, Old: 5, New: 5},
		"S1 stores the entry at index 5 from S2.", "§5.3 | AppendEntries RPC, receiver rule 4 | detail"},
	{raft.Event{Kind: raft.EntriesAppended, Term: 3, Peer: 2, Old: 5, New: 7},
		"S1 stores the entries at indices 5 to 7 from S2.", "§5.3 | AppendEntries RPC, receiver rule 4 | detail"},
	{raft.Event{Kind: raft.EntriesTruncated, Reason: raft.WasCommitted, Term: 3, Peer: 2, Index: 5, Old: 5, New: 5},
		"S1 removes the entry at index 5, committed here: the log of S2, the leader, has another term there.",
		"§5.4 | AppendEntries RPC, receiver rule 3 | key"},
	{raft.Event{Kind: raft.EntriesTruncated, Term: 3, Peer: 2, Index: 5, Old: 5, New: 7},
		"S1 removes the entries at indices 5 to 7: the log of S2, the leader, has another term there.",
		"§5.3 | AppendEntries RPC, receiver rule 3 | key"},
	{raft.Event{Kind: raft.AppendRefused, Reason: raft.StaleTerm, Term: 3, Peer: 2, Index: 5},
		"S1 refuses entries of S2: they are of an older term than term 3.",
		"§5.1 | AppendEntries RPC, receiver rule 1 | key"},
	{raft.Event{Kind: raft.AppendRefused, Reason: raft.NoEntryAtPrev, Term: 3, Peer: 2, Index: 5},
		"S1 refuses entries of S2: they follow index 5, and its own log ends before.",
		"§5.3 | AppendEntries RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.AppendRefused, Reason: raft.ConflictAtPrev, Term: 3, Peer: 2, Index: 5},
		"S1 refuses entries of S2: at index 5, which they follow, its own log has another term.",
		"§5.3 | AppendEntries RPC, receiver rule 2 | key"},
	{raft.Event{Kind: raft.MatchAdvanced, Term: 3, Peer: 2, Old: 4, New: 5},
		"S1 learns that S2 stores everything up to index 5.", "§5.3 | Rules for Servers, Leaders, rule 3 | detail"},
	{raft.Event{Kind: raft.NextBackedUp, Reason: raft.NoEntryAtPrev, Term: 3, Peer: 2, Old: 9, New: 5},
		"S1 tries S2 again from index 5, not 9: that log is shorter.",
		"§5.3 | Rules for Servers, Leaders, rule 3 | key"},
	{raft.Event{Kind: raft.NextBackedUp, Reason: raft.ConflictAtPrev, Term: 3, Peer: 2, Old: 9, New: 5},
		"S1 tries S2 again from index 5, not 9: the logs differ there.",
		"§5.3 | Rules for Servers, Leaders, rule 3 | key"},
	{raft.Event{Kind: raft.CommitAdvanced, Reason: raft.MajorityStored, Term: 3, Old: 1, New: 2, Count: 3, Of: 5},
		"S1 commits index 2: 3 of 5 store it.", "§5.3 | Rules for Servers, Leaders, rule 4 | key"},
	{raft.Event{Kind: raft.CommitAdvanced, Reason: raft.MajorityStored, Term: 3, Old: 1, New: 2},
		"S1 commits index 2: a majority of the old servers and one of the new store it.",
		"§6 | Rules for Servers, Leaders, rule 4 | key"},
	{raft.Event{Kind: raft.CommitAdvanced, Reason: raft.MajorityStored, Term: 3, Old: 1, New: 4, Count: 2, Of: 3},
		"S1 commits indices 2 to 4: 2 of 3 store them.", "§5.3 | Rules for Servers, Leaders, rule 4 | key"},
	{raft.Event{Kind: raft.CommitAdvanced, Reason: raft.LeaderSaidSo, Term: 3, Peer: 2, Old: 1, New: 2},
		"S1 commits index 2: S2, the leader, has committed it.", "§5.3 | AppendEntries RPC, receiver rule 5 | key"},
	{raft.Event{Kind: raft.CommitHeldBack, Reason: raft.OlderTerm, Term: 4, Index: 2, Old: 2},
		"S1 does not commit index 2: a majority stores it, but its term 2 is not the leader's term 4.",
		"§5.4.2 | Rules for Servers, Leaders, rule 4 | key"},

	{raft.Event{Kind: raft.BecamePreCandidate, Reason: raft.ElectionTimeout, Term: 2, Old: 168, New: 3},
		"S1 asks whether it could win term 3: it heard nothing for 168 ms and needs 3 votes.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.BecamePreCandidate, Reason: raft.ElectionTimeout, Term: 2, New: 1},
		"S1 asks whether it could win term 3: it heard nothing for a whole election timeout and needs 1 vote.",
		"thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.BecamePreCandidate, Reason: raft.Asked, Term: 2, Old: 20, New: 3},
		"S1 asks whether it could win term 3: it was told to hold an election and needs 3 votes.",
		"thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.PreVoteGranted, Term: 2, Peer: 2, New: 3}, "S1 would vote for S2 in term 3.",
		"thesis 9.6 |  | detail"},
	{raft.Event{Kind: raft.PreVoteRefused, Reason: raft.StaleTerm, Term: 3, Peer: 2},
		"S1 would not vote for S2: S1 is in term 3 already.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.PreVoteRefused, Reason: raft.JustRestarted, Term: 3, Peer: 2},
		"S1 would not vote for S2: it has only just restarted.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.PreVoteRefused, Reason: raft.LeaderAlive, Term: 3, Peer: 2, Old: 5},
		"S1 would not vote for S2: S5, the leader, is alive.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.PreVoteRefused, Reason: raft.LeaderAlive, Term: 3, Peer: 2, Old: 1},
		"S1 would not vote for S2: it is the leader, and a majority answers it.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.PreVoteRefused, Reason: raft.LogBehind, Term: 3, Peer: 2},
		"S1 would not vote for S2: its own log is more up to date.", "thesis 9.6 |  | key"},
	{raft.Event{Kind: raft.PreVoteReceived, Term: 2, Peer: 1, Old: 1, New: 1},
		"S1 would vote for itself: 1 of the 1 vote needed.", "thesis 9.6 |  | detail"},
	{raft.Event{Kind: raft.PreVoteReceived, Term: 2, Peer: 2, Old: 2, New: 3},
		"S2 would vote for S1: 2 of the 3 votes needed.", "thesis 9.6 |  | detail"},
	{raft.Event{Kind: raft.PreVoteDenied, Term: 2, Peer: 2}, "S2 would not vote for S1 in term 3.",
		"thesis 9.6 |  | detail"},

	{raft.Event{Kind: raft.TransferStarted, Term: 3, Peer: 2},
		"S1 hands its leadership over to S2: first that log is brought up to date.", "thesis 3.10 |  | key"},
	{raft.Event{Kind: raft.TransferEnded, Reason: raft.ElectionTimeout, Term: 3, Peer: 2},
		"S1 gives up handing over to S2: an election timeout has passed.", "thesis 3.10 |  | key"},
	{raft.Event{Kind: raft.TimeoutNowSent, Term: 3, Peer: 2},
		"S1 tells S2 to hold an election at once: it has the whole log.", "thesis 3.10 |  | key"},

	{raft.Event{Kind: raft.SnapshotTaken, Term: 3, Index: 10, Old: 3},
		"S1 takes a snapshot through index 10: it replaces the entries at indices 3 to 10.", "§7 |  | key"},
	{raft.Event{Kind: raft.SnapshotTaken, Term: 3, Index: 10, Old: 10},
		"S1 takes a snapshot through index 10: it replaces the entry at index 10.", "§7 |  | key"},
	{raft.Event{Kind: raft.SnapshotSent, Term: 3, Peer: 2, Index: 10, New: 4096},
		"S1 sends S2 the snapshot through index 10: 4096 bytes in all.",
		"§7 | InstallSnapshot RPC, invoked by the leader | key"},
	{raft.Event{Kind: raft.SnapshotSent, Term: 3, Peer: 2, Index: 10, Old: 2048, New: 4096},
		"S1 sends S2 more of the snapshot through index 10: from byte 2048 on, of 4096.",
		"§7 | InstallSnapshot RPC, invoked by the leader | detail"},
	{raft.Event{Kind: raft.SnapshotInstalled, Reason: raft.KeptSuffix, Term: 3, Peer: 2, Index: 10, Old: 14},
		"S1 takes over the snapshot of S2: it ends at index 10, and the entries at indices 11 to 14 stay.",
		"§7 | InstallSnapshot RPC, receiver rule 6 | key"},
	{raft.Event{Kind: raft.SnapshotInstalled, Reason: raft.KeptSuffix, Term: 3, Peer: 2, Index: 10, Old: 11},
		"S1 takes over the snapshot of S2: it ends at index 10, and the entry at index 11 stays.",
		"§7 | InstallSnapshot RPC, receiver rule 6 | key"},
	{raft.Event{Kind: raft.SnapshotInstalled, Reason: raft.KeptSuffix, Term: 3, Peer: 2, Index: 10, Old: 10},
		"S1 takes over the snapshot of S2: it ends at index 10, where the log ends too.",
		"§7 | InstallSnapshot RPC, receiver rule 6 | key"},
	{raft.Event{Kind: raft.SnapshotInstalled, Reason: raft.DroppedLog, Term: 3, Peer: 2, Index: 10, Old: 6},
		"S1 takes over the snapshot of S2: it ends at index 10, and the log, which ended at index 6, is dropped.",
		"§7 | InstallSnapshot RPC, receiver rule 7 | key"},
	{raft.Event{Kind: raft.SnapshotInstalled, Reason: raft.DroppedLog, Term: 3, Peer: 2, Index: 10},
		"S1 takes over the snapshot of S2: it ends at index 10, and the log was empty.",
		"§7 | InstallSnapshot RPC, receiver rule 7 | key"},
	{raft.Event{Kind: raft.SnapshotNotNeeded, Term: 3, Peer: 2, Index: 10, Old: 12},
		"S1 does not need the snapshot of S2: it ends at index 10, and all through index 12 is committed here.",
		"§7 | InstallSnapshot RPC, receiver rule 6 | detail"},

	{raft.Event{Kind: raft.ConfigurationChanged, Reason: raft.Appended, Term: 3, Index: 5, New: 3},
		"S1 uses the configuration at index 5: 3 voters.", "§6 |  | key"},
	{raft.Event{Kind: raft.ConfigurationChanged, Reason: raft.Appended, Term: 3, Index: 5, New: 3, Count: 1},
		"S1 uses the configuration at index 5: 3 voters, 1 learner.", "§6 |  | key"},
	{raft.Event{Kind: raft.ConfigurationChanged, Reason: raft.Appended, Term: 3, Index: 5, Old: 3, New: 4, Count: 2},
		"S1 uses the joint configuration at index 5: 3 old and 4 new voters, 2 learners.", "§6 |  | key"},
	{raft.Event{Kind: raft.ConfigurationChanged, Reason: raft.RolledBack, Term: 3, Index: 5, New: 1},
		"S1 goes back to the configuration at index 5: 1 voter.", "§6 |  | key"},
	{raft.Event{Kind: raft.ConfigurationChanged, Reason: raft.RolledBack, Term: 3, New: 3},
		"S1 goes back to the first configuration: 3 voters.", "§6 |  | key"},
	{raft.Event{Kind: raft.ConfigurationChanged, Reason: raft.RolledBack, Term: 3, Index: 5, Old: 3, New: 1},
		"S1 goes back to the joint configuration at index 5: 3 old and 1 new voter.", "§6 |  | key"},
	{raft.Event{Kind: raft.ConfigurationChanged, Reason: raft.FromSnapshot, Term: 3, Index: 5, New: 3},
		"S1 uses the configuration at index 5: 3 voters, from a snapshot.",
		"§7 | InstallSnapshot RPC, receiver rule 8 | key"},
	{raft.Event{Kind: raft.LearnerCaughtUp, Term: 3, Peer: 4, Old: 3, New: 40},
		"S1 finds that learner S4 has caught up: 3 rounds, the last of 40 ms.", "thesis 4.2.1 |  | key"},
	{raft.Event{Kind: raft.LearnerCaughtUp, Term: 3, Peer: 4, Old: 1, New: 40},
		"S1 finds that learner S4 has caught up: 1 round, the last of 40 ms.", "thesis 4.2.1 |  | key"},
	{raft.Event{Kind: raft.LeaderLeaves, Term: 3, Index: 8},
		"S1 gives its leadership up: the configuration at index 8 is committed, and gives it no vote.", "§6 |  | key"},

	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.StaleTerm, Term: 3, Peer: 2},
		"S1 ignores a message of S2: it is of an older term than term 3.", "§5.1 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotCandidate, Term: 3, Peer: 2},
		"S1 ignores a message of S2: it answers an election that is over.", "§5.2 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotLeader, Term: 3, Peer: 2},
		"S1 ignores a message of S2: it answers a leader, which S1 is not.", "§5.3 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.StaleReply, Term: 3, Peer: 2},
		"S1 ignores a message of S2: it answers a call that no longer matters.", "§5.3 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotAVoter, Term: 3, Peer: 4},
		"S1 ignores a message of S4: it concerns a vote that the configuration does not give.", "§6 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotAMember, Term: 3, Peer: 9},
		"S1 ignores a message of S9: that server is not in the cluster.", "§6 |  | detail"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NotTheSender, Term: 3, Peer: 2},
		"S1 ignores a message of S2: it speaks in the name of another server.", "§5.2 |  | key"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.SecondLeader, Term: 3, Peer: 2},
		"S1 ignores a message of S2: it too claims to lead term 3. Election Safety is broken.", "§5.2 |  | key"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.Unreadable, Term: 3, Peer: 2},
		"S1 ignores a message of S2: its state machine cannot read the snapshot.", "§7 |  | key"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.Impossible, Term: 3, Peer: 2},
		"S1 ignores a message of S2: it contradicts itself or what is committed.", "§5.4 |  | key"},
	{raft.Event{Kind: raft.MessageIgnored, Reason: raft.NoRoom, Term: 3, Peer: 2},
		"S1 ignores a message of S2: the snapshot is larger than what it has room for.", "§7 |  | key"},
}

func TestSentences(t *testing.T) {
	for _, c := range tellings {
		w := Event(1, c.event)
		weight := "detail"
		if w.Key {
			weight = "key"
		}
		if more := w.Section + " | " + w.Rule + " | " + weight; w.Text != c.text || more != c.more {
			t.Errorf("%s, %s:\n%s\n%s\nexpected\n%s\n%s", Kind(c.event.Kind), Reason(c.event.Reason), w.Text, more,
				c.text, c.more)
		}
	}
}

// TestEveryKindAndReasonHasWords: an event that is added to package raft must get words, and a sentence in
// the table above.
func TestEveryKindAndReasonHasWords(t *testing.T) {
	var kinds [raft.EventKinds]bool
	reasons := [raft.Reasons]bool{raft.NoReason: true}
	for _, c := range tellings {
		kinds[c.event.Kind], reasons[c.event.Reason] = true, true
	}
	for k := raft.Started; k < raft.EventKinds; k++ {
		if words[k] == nil {
			t.Errorf("kind %d, %s, is not put into words", k, Kind(k))
		}
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

// TestEveryReasonOfAKindHasWords: the comment at a kind in package raft names its reasons, and each has a sentence
// in the table with that kind.
func TestEveryReasonOfAKindHasWords(t *testing.T) {
	type pair struct{ kind, reason string }
	inTable := map[pair]bool{}
	for _, c := range tellings {
		inTable[pair{Kind(c.event.Kind), Reason(c.event.Reason)}] = true
	}
	comments := constants(t, "EventKind")
	reasons := constants(t, "Reason")
	if len(comments) != int(raft.EventKinds)-1 || len(reasons) != int(raft.Reasons) {
		t.Fatalf("%d kinds and %d reasons in event.go, expected %d and %d", len(comments), len(reasons),
			raft.EventKinds-1, raft.Reasons)
	}
	identifier := regexp.MustCompile(`[A-Za-z]+`)
	pairs := 0
	for kind, comment := range comments {
		for _, word := range identifier.FindAllString(comment, -1) {
			if _, is := reasons[word]; !is {
				continue
			}
			pairs++
			if p := (pair{lowerFirst(kind), lowerFirst(word)}); !inTable[p] {
				t.Errorf("%s, %s has no sentence in the table", p.kind, p.reason)
			}
		}
	}
	if pairs < 30 {
		t.Errorf("%d reasons found beside the kinds: the comments are not read rightly", pairs)
	}
}

// constants returns the constants of event.go that are declared with a type in one block, each with the
// comment above or beside it.
func constants(t *testing.T, typeName string) map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "../event.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	for _, d := range file.Decls {
		block, ok := d.(*ast.GenDecl)
		if !ok || block.Tok != token.CONST {
			continue
		}
		first := block.Specs[0].(*ast.ValueSpec)
		if declared, ok := first.Type.(*ast.Ident); !ok || declared.Name != typeName {
			continue
		}
		for _, s := range block.Specs {
			constant := s.(*ast.ValueSpec)
			comments[constant.Names[0].Name] = constant.Doc.Text() + constant.Comment.Text()
		}
	}
	return comments
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// inNoFigure are the events that neither Figure 2 nor Figure 13 has a line for, each with where it comes from instead.
// A kind that has its line for some reasons only is listed with the others.
var inNoFigure = map[raft.EventKind]struct {
	reasons []raft.Reason // none: whatever the reason
	because string
}{
	raft.BecameFollower: {[]raft.Reason{raft.LeaderExists, raft.LostQuorum, raft.DiskHangs, raft.Removed},
		"pre-vote and check-quorum are the thesis's; removal is told in the text of §6"},
	raft.BecameCandidate: {[]raft.Reason{raft.Transferred}, "leadership transfer is the thesis's"},
	raft.VoteRefused: {[]raft.Reason{raft.LeaderAlive, raft.JustRestarted, raft.NotAVoter},
		"the text of §6 and the thesis add it to the figure's RequestVote"},
	raft.BecamePreCandidate: {nil, "pre-vote is the thesis's"},
	raft.PreVoteGranted:     {nil, "pre-vote is the thesis's"},
	raft.PreVoteRefused:     {nil, "pre-vote is the thesis's"},
	raft.PreVoteReceived:    {nil, "pre-vote is the thesis's"},
	raft.PreVoteDenied:      {nil, "pre-vote is the thesis's"},
	raft.TransferStarted:    {nil, "leadership transfer is the thesis's"},
	raft.TransferEnded:      {nil, "leadership transfer is the thesis's"},
	raft.TimeoutNowSent:     {nil, "leadership transfer is the thesis's"},
	raft.SnapshotTaken:      {nil, "Figure 13 is about sending snapshots; taking them is told in the text of §7"},
	raft.ConfigurationChanged: {[]raft.Reason{raft.Appended, raft.RolledBack},
		"membership is told in the text of §6; its Figure 11 has no rules"},
	raft.LearnerCaughtUp: {nil, "rounds are the thesis's"},
	raft.LeaderLeaves:    {nil, "membership is told in the text of §6; its Figure 11 has no rules"},
	raft.MessageIgnored:  {nil, "the figures say what to do with messages, not when nothing is to be done"},
}

// TestRulesAreLinesOfTheFigures: a rule names a box of a figure, and is missing only where it is said above that there
// is none. What the thesis adds is in no figure.
func TestRulesAreLinesOfTheFigures(t *testing.T) {
	box := regexp.MustCompile(
		`^(State|RequestVote RPC|AppendEntries RPC|InstallSnapshot RPC|Rules for Servers), [a-zA-Z]`)
	for _, c := range tellings {
		w := Event(1, c.event)
		without, listed := inNoFigure[c.event.Kind]
		listed = listed && (without.reasons == nil || slices.Contains(without.reasons, c.event.Reason))
		if c.event.Reason == raft.LeaderExists && c.event.Old == uint64(raft.Candidate) {
			listed = false // Figure 2 does have a line for a candidate
		}
		switch {
		case w.Rule == "" && !listed:
			t.Errorf("%s names no rule, and is not listed as in no figure", w.Text)
		case w.Rule != "" && listed:
			t.Errorf("%s names %q, but is listed as in no figure: %s", w.Text, w.Rule, without.because)
		case w.Rule != "" && (!box.MatchString(w.Rule) || strings.HasPrefix(w.Section, "thesis")):
			t.Errorf("%s: %q is no line of a figure, or %s is not of the paper", w.Text, w.Rule, w.Section)
		}
	}
}

// TestAllWordsAreWhole: whatever reason an event comes with, there is a sentence, a reason for it and a section.
func TestAllWordsAreWhole(t *testing.T) {
	section := regexp.MustCompile(`^(§|thesis )[0-9]+(\.[0-9]+)*$`)
	for k := raft.Started; k < raft.EventKinds; k++ {
		for r := raft.NoReason; r < raft.Reasons; r++ {
			w := Event(1, raft.Event{Kind: k, Reason: r, Term: 3, Index: 5, Peer: 2, Old: 1, New: 5})
			if !strings.HasSuffix(w.Text, ".") || !strings.HasSuffix(w.Why, ".") || !section.MatchString(w.Section) ||
				strings.Contains(w.Text, "unknown") {
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
		if name == "unknown" || seen[name] || name == "" || name[0] < 'a' || name[0] > 'z' ||
			strings.ContainsAny(name, " _-") {
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
		if w := Event(1, raft.Event{Kind: k}); !strings.Contains(w.Text, "unknown kind") || w.Section != "" ||
			Kind(k) != "unknown" {
			t.Errorf("kind %d: %+v, %s", k, w, Kind(k))
		}
	}
	if Reason(raft.Reasons) != "unknown" || role(99) != "server" {
		t.Error("a name for what there is not")
	}
}
