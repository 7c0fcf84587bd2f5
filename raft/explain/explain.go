// Package explain puts a server's events into words: what happened, by which rule, why the rule exists and where the
// paper says so. Package raft reports numbers, so that it need not know any language; this package turns
// them into text for people.
//
// It also answers what one would ask of a whole cluster, seen from outside: why there is no leader, why an
// entry is not committed, what a majority is and who makes one (Look). The core's own arithmetic answers
// (raft.Quorum), so that joint configurations and rules that are off are counted as the servers count.
//
// Section numbers are those of "In Search of an Understandable Consensus Algorithm (Extended Version)" by Diego Ongaro
// and John Ousterhout; rules are named as in its Figure 2 and, for snapshots, its Figure 13. "thesis 9.6" is a section
// of Ongaro's "Consensus: Bridging Theory and Practice", for what the paper leaves out.
package explain

import (
	"strconv"

	"raftplayground/raft"
)

// Words is one event for a reader who has not read the paper.
type Words struct {
	Text    string // what happened, a sentence: "S2 votes for S1 in term 3."
	Why     string // what the rule is for, one or two sentences
	Section string // where the paper explains it: "§5.2"; or the thesis: "thesis 9.6"
	Rule    string // the line of Figure 2 or 13: "RequestVote RPC, receiver rule 2"; empty if neither has one
	Key     bool   // worth showing by default; false for heartbeats, timers and bookkeeping
}

// Event returns the words for an event of server self. Ticks are told as milliseconds of cluster time, as the
// playground has them. An event that this package does not know gets a Text that says so and nothing else.
func Event(self raft.ServerID, e raft.Event) Words {
	if e.Kind >= raft.EventKinds || words[e.Kind] == nil {
		return Words{Text: server(self) + " reports an event of unknown kind " + decimal(uint64(e.Kind)) + "."}
	}
	return words[e.Kind](self, e)
}

// words has a function for every kind of event.
var words = [raft.EventKinds]func(self raft.ServerID, e raft.Event) Words{
	raft.Started:          started,
	raft.TermAdvanced:     termAdvanced,
	raft.BecameFollower:   becameFollower,
	raft.BecameCandidate:  becameCandidate,
	raft.BecameLeader:     becameLeader,
	raft.LeaderKnown:      leaderKnown,
	raft.TimerReset:       timerReset,
	raft.VoteGranted:      voteGranted,
	raft.VoteRefused:      voteRefused,
	raft.VoteReceived:     voteReceived,
	raft.VoteDenied:       voteDenied,
	raft.EntriesProposed:  entriesProposed,
	raft.EntriesAppended:  entriesAppended,
	raft.EntriesTruncated: entriesTruncated,
	raft.AppendRefused:    appendRefused,
	raft.MatchAdvanced:    matchAdvanced,
	raft.NextBackedUp:     nextBackedUp,
	raft.CommitAdvanced:   commitAdvanced,
	raft.CommitHeldBack:   commitHeldBack,

	raft.BecamePreCandidate: becamePreCandidate,
	raft.PreVoteGranted:     preVoteGranted,
	raft.PreVoteRefused:     preVoteRefused,
	raft.PreVoteReceived:    preVoteReceived,
	raft.PreVoteDenied:      preVoteDenied,

	raft.TransferStarted: transferStarted,
	raft.TransferEnded:   transferEnded,
	raft.TimeoutNowSent:  timeoutNowSent,

	raft.SnapshotTaken:     snapshotTaken,
	raft.SnapshotSent:      snapshotSent,
	raft.SnapshotInstalled: snapshotInstalled,
	raft.SnapshotNotNeeded: snapshotNotNeeded,

	raft.ConfigurationChanged: configurationChanged,
	raft.LearnerCaughtUp:      learnerCaughtUp,
	raft.LeaderLeaves:         leaderLeaves,

	raft.MessageIgnored: messageIgnored,
}

// server names a server as the page does.
func server(id raft.ServerID) string { return "S" + decimal(uint64(id)) }

func term(t raft.Term) string { return "term " + decimal(uint64(t)) }

func index(i uint64) string { return "index " + decimal(i) }

// indices names the indices first through last.
func indices(first, last uint64) string {
	if first == last {
		return index(first)
	}
	return "indices " + decimal(first) + " to " + decimal(last)
}

// entries names the entries first through last.
func entries(first, last uint64) string {
	if first == last {
		return "the entry at " + index(first)
	}
	return "the entries at " + indices(first, last)
}

// plural counts a noun: "1 vote", "2 votes".
func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return decimal(n) + " " + noun + "s"
}

func ms(ticks uint64) string { return decimal(ticks) + " ms" }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
