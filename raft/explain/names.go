package explain

import "raftplayground/raft"

// Kind returns the name of a kind of event as the page and logs have it, such as "voteGranted". The names do not
// change. "unknown" if there is none.
func Kind(k raft.EventKind) string {
	if k >= raft.EventKinds || kindNames[k] == "" {
		return "unknown"
	}
	return kindNames[k]
}

var kindNames = [raft.EventKinds]string{
	raft.Started:          "started",
	raft.TermAdvanced:     "termAdvanced",
	raft.BecameFollower:   "becameFollower",
	raft.BecameCandidate:  "becameCandidate",
	raft.BecameLeader:     "becameLeader",
	raft.LeaderKnown:      "leaderKnown",
	raft.TimerReset:       "timerReset",
	raft.VoteGranted:      "voteGranted",
	raft.VoteRefused:      "voteRefused",
	raft.VoteReceived:     "voteReceived",
	raft.VoteDenied:       "voteDenied",
	raft.EntriesProposed:  "entriesProposed",
	raft.EntriesAppended:  "entriesAppended",
	raft.EntriesTruncated: "entriesTruncated",
	raft.AppendRefused:    "appendRefused",
	raft.MatchAdvanced:    "matchAdvanced",
	raft.NextBackedUp:     "nextBackedUp",
	raft.CommitAdvanced:   "commitAdvanced",
	raft.CommitHeldBack:   "commitHeldBack",

	raft.BecamePreCandidate: "becamePreCandidate",
	raft.PreVoteGranted:     "preVoteGranted",
	raft.PreVoteRefused:     "preVoteRefused",
	raft.PreVoteReceived:    "preVoteReceived",
	raft.PreVoteDenied:      "preVoteDenied",

	raft.TransferStarted: "transferStarted",
	raft.TransferEnded:   "transferEnded",
	raft.TimeoutNowSent:  "timeoutNowSent",

	raft.SnapshotTaken:     "snapshotTaken",
	raft.SnapshotSent:      "snapshotSent",
	raft.SnapshotInstalled: "snapshotInstalled",
	raft.SnapshotNotNeeded: "snapshotNotNeeded",

	raft.ConfigurationChanged: "configurationChanged",
	raft.LearnerCaughtUp:      "learnerCaughtUp",
	raft.LeaderLeaves:         "leaderLeaves",

	raft.MessageIgnored: "messageIgnored",
}

// Reason returns the name of a reason, such as "staleTerm". The names do not change. "unknown" if there is none;
// NoReason is "none".
func Reason(r raft.Reason) string {
	if r >= raft.Reasons || reasonNames[r] == "" {
		return "unknown"
	}
	return reasonNames[r]
}

var reasonNames = [raft.Reasons]string{
	raft.NoReason:        "none",
	raft.ElectionTimeout: "electionTimeout",
	raft.Asked:           "asked",
	raft.HigherTerm:      "higherTerm",
	raft.LeaderExists:    "leaderExists",
	raft.Heartbeat:       "heartbeat",
	raft.GaveVote:        "gaveVote",
	raft.OwnCandidacy:    "ownCandidacy",
	raft.SteppedDown:     "steppedDown",
	raft.StaleTerm:       "staleTerm",
	raft.AlreadyVoted:    "alreadyVoted",
	raft.LogBehind:       "logBehind",
	raft.NoEntryAtPrev:   "noEntryAtPrev",
	raft.ConflictAtPrev:  "conflictAtPrev",
	raft.MajorityStored:  "majorityStored",
	raft.LeaderSaidSo:    "leaderSaidSo",
	raft.OlderTerm:       "olderTerm",
	raft.LeaderAlive:     "leaderAlive",
	raft.JustRestarted:   "justRestarted",
	raft.LostQuorum:      "lostQuorum",
	raft.Transferred:     "transferred",
	raft.Removed:         "removed",
	raft.KeptSuffix:      "keptSuffix",
	raft.DroppedLog:      "droppedLog",
	raft.Appended:        "appended",
	raft.RolledBack:      "rolledBack",
	raft.FromSnapshot:    "fromSnapshot",
	raft.NotCandidate:    "notCandidate",
	raft.NotLeader:       "notLeader",
	raft.StaleReply:      "staleReply",
	raft.NotAMember:      "notAMember",
	raft.NotAVoter:       "notAVoter",
	raft.NotTheSender:    "notTheSender",
	raft.SecondLeader:    "secondLeader",
	raft.Unreadable:      "unreadable",
	raft.Impossible:      "impossible",
	raft.NoRoom:          "noRoom",
	raft.DiskHangs:       "diskHangs",
	raft.WasCommitted:    "wasCommitted",
}

// roleNames are the words for the roles of Figure 4, and for the one that the thesis adds in 9.6.
var roleNames = [...]string{raft.Follower: "follower", raft.Candidate: "candidate", raft.Leader: "leader",
	raft.PreCandidate: "pre-candidate"}

// role names the Role that an event carries as a number.
func role(n uint64) string {
	if n >= uint64(len(roleNames)) {
		return "server"
	}
	return roleNames[n]
}
