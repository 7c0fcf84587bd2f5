package raft

import (
	"errors"
	"strconv"
)

// Rule is one of the rules that Raft's safety or its liveness rests on. The core consults each at exactly one place, so
// that it can be switched off there (Options.Off) and seen to be needed. A server with a rule switched off is not a
// Raft server any more.
type Rule uint8

const (
	StepDownForHigherTerm Rule = iota
	OneVotePerTerm
	UpToDateCandidate
	DurableVote
	DurableCandidacy
	DurableAppend
	CountVoters
	AnswersOfThisElection
	ConsistencyCheck
	DeleteOnlyConflicts
	CompactedMatches
	CommitOnlyVerified
	CommitOnlyCurrentTerm
	CountOwnDisk
	ForgetCutWrites
	MajorityDecides
	RefuseImpossible
	LeaderNoOp
	RandomTimeouts
	RetryCalls
	HeartbeatResetsTimer
	BackUpByTerm
	IgnoreLateRefusals
	PreVote
	RefusalTellsTerm
	CandidateForgetsLeader
	PreVoteLeavesTimer
	CheckQuorum
	LeaderLoyalty
	ReadInOwnTerm
	ReadRound
	LeaseEndsWithTransfer
	TransferDeadline
	TwoMajorities
	OnlyVotersCount
	ConfigOnAppend
	RollBackConfig
	OneChangeAtATime
	ChangeInOwnTerm
	CatchUpFirst
	VoteAsLearner
	KeepSuffix
	DiscardConflict
	ResendSnapshot
	AnswersOfThisTerm
	LoyaltyOutlivesTerm
	LoyalCandidate
	LeaderWrites
	rules // how many there are
)

// RuleSet is a set of rules.
type RuleSet uint64

// RulesOf returns the set of the rules named.
func RulesOf(rules ...Rule) (s RuleSet) {
	for _, r := range rules {
		s |= 1 << r
	}
	return s
}

// Has reports whether r is in the set.
func (s RuleSet) Has(r Rule) bool { return s&(1<<r) != 0 }

// IDs returns the IDs of the rules in the set, in the catalogue's order; not nil.
func (s RuleSet) IDs() []string {
	ids := []string{}
	for i := range Rules {
		if s.Has(Rules[i].Rule) {
			ids = append(ids, Rules[i].ID)
		}
	}
	return ids
}

// RuleNamed returns the rule with an ID, and whether there is one.
func RuleNamed(id string) (r RuleInfo, known bool) {
	for i := range Rules {
		if Rules[i].ID == id {
			return Rules[i], true
		}
	}
	return r, false
}

// RulesNamed returns the set of the rules with these IDs. Error: an ID that no rule has.
func RulesNamed(ids []string) (s RuleSet, err error) {
	for _, id := range ids {
		r, known := RuleNamed(id)
		if !known {
			return 0, errors.New("expected the ID of a rule such as " + Rules[0].ID + ", got " + strconv.Quote(id))
		}
		s |= RulesOf(r.Rule)
	}
	return s, nil
}

// keeps reports whether a server keeps rule r while those of the set are switched off.
func (s RuleSet) keeps(r Rule) bool { return !s.Has(r) }

// keeps reports whether the server keeps a rule.
func (n *Node) keeps(r Rule) bool { return !n.opt.Off.Has(r) }

// Property is what a rule protects: one of the safety properties of Fig. 3, the durability of acknowledged
// writes, or liveness.
type Property uint8

const (
	Liveness           Property = iota // the cluster serves, and soon
	ElectionSafety                     // at most one leader can be elected in a given term
	LeaderAppendOnly                   // a leader never overwrites or deletes entries in its log
	LogMatching                        // logs that agree at an index and term agree in all that comes before
	LeaderCompleteness                 // a committed entry is in the logs of all leaders of later terms
	StateMachineSafety                 // no two servers apply different entries at the same index
	Durability                         // an acknowledged write is never lost
	Linearizability                    // a read sees every write that was acknowledged before it began (§8)
)

// Extensions are the rules that Figure 2 does not have. With them off, a server is the figure's.
const Extensions = RuleSet(1<<PreVote | 1<<CheckQuorum | 1<<LeaderLoyalty | 1<<LeaderWrites)

// RuleInfo describes a rule to people.
type RuleInfo struct {
	Rule     Rule
	ID       string // stable, for links and files
	Title    string
	Sentence string
	Section  string
	Protects Property
}

// Rules is the catalogue, in the order of the constants.
var Rules = [rules]RuleInfo{
	{StepDownForHigherTerm, "stepDownForHigherTerm", "Step down for a higher term",
		"A leader or candidate that learns of a higher term becomes a follower.", "§5.1", ElectionSafety},
	{OneVotePerTerm, "oneVotePerTerm", "One vote a term",
		"A server votes for at most one candidate in a term, first come, first served.", "§5.2", ElectionSafety},
	{UpToDateCandidate, "upToDateCandidate", "Vote for up-to-date logs only",
		"A server refuses its vote to a candidate whose log is less up to date than its own: the later last term " +
			"wins, then the longer log.", "§5.4.1", LeaderCompleteness},
	{DurableVote, "durableVote", "A vote is durable before it is told",
		"Term and vote are on disk before the reply that gives the vote leaves.", "Figure 2", ElectionSafety},
	{DurableCandidacy, "durableCandidacy", "A candidacy is durable before it is told",
		"A candidate's term and its vote for itself are on disk before it asks for votes and before it counts its own.",
		"Figure 2", ElectionSafety},
	{DurableAppend, "durableAppend", "Entries are durable before they are acknowledged",
		"A follower's success leaves once the entries are on its disk.", "Figure 2", Durability},
	{CountVoters, "countVoters", "Count voters, not votes", "A vote that arrives twice is one vote.", "§5.2",
		ElectionSafety},
	{AnswersOfThisElection, "answersOfThisElection", "Count only this election's answers",
		"A candidate ignores votes of an earlier term.", "§5.2", ElectionSafety},
	{ConsistencyCheck, "consistencyCheck", "Consistency check",
		"A follower refuses entries unless its log holds the entry just before them, with the same term.", "§5.3",
		LogMatching},
	{DeleteOnlyConflicts, "deleteOnlyConflicts", "Delete only what conflicts",
		"A follower deletes entries only from the first one on that conflicts with the leader's; an old message " +
			"that is overtaken deletes nothing.", "§5.3", Durability},
	{CompactedMatches, "compactedMatches", "What is compacted matches",
		"An entry that a follower has in its snapshot only matches the leader's: it is committed.", "§7", Durability},
	{CommitOnlyVerified, "commitOnlyVerified", "Commit only what was verified",
		"A follower commits no further than the last entry that this message has verified.", "§5.3",
		StateMachineSafety},
	{CommitOnlyCurrentTerm, "commitOnlyCurrentTerm", "Commit only entries of the current term by counting",
		"Entries of earlier terms are committed by way of one of the leader's own term.", "§5.4.2", StateMachineSafety},
	{CountOwnDisk, "countOwnDisk", "The leader counts its own disk",
		"A leader counts itself only for entries that its own disk holds.", "thesis 10.2.1", Durability},
	{ForgetCutWrites, "forgetCutWrites", "A finished write counts only for what still stands",
		"A write that completes after its entries were replaced says nothing about those that replaced them.",
		"Figure 2", Durability},
	{MajorityDecides, "majorityDecides", "A majority decides",
		"Elections and commitment take more than half of the servers.", "§5.2", ElectionSafety},
	{RefuseImpossible, "refuseImpossible", "Refuse what cannot be",
		"A server does not obey a message that contradicts itself or what is committed.", "Figure 3",
		StateMachineSafety},
	{LeaderNoOp, "leaderNoOp", "A blank entry at the start",
		"A new leader appends an entry of its own, and so commits what earlier leaders left.", "§8", Liveness},
	{RandomTimeouts, "randomTimeouts", "Random election timeouts", "Every election timeout is drawn anew.", "§5.2",
		Liveness},
	{RetryCalls, "retryCalls", "Retry calls", "A candidate asks again whoever has not answered.", "§5.1", Liveness},
	{HeartbeatResetsTimer, "heartbeatResetsTimer", "A heartbeat resets the timer",
		"A follower that hears from the leader waits for a whole timeout again.", "§5.2", Liveness},
	{BackUpByTerm, "backUpByTerm", "Back up a term at a time",
		"After a refusal the leader skips all entries of the conflicting term at once.", "§5.3", Liveness},
	{IgnoreLateRefusals, "ignoreLateRefusals", "A late refusal counts for nothing",
		"A leader ignores the refusal of a call that it has gone on from, and never goes back below what it " +
			"knows to be stored.", "§5.3", Liveness},
	{PreVote, "preVote", "Ask before raising the term",
		"A server that heard nothing first asks whether it could win, and raises its term only if it could.",
		"thesis 9.6", Liveness},
	{RefusalTellsTerm, "refusalTellsTerm", "A refusal tells the term",
		"A server answers a pre-vote of a lower term too, so that whoever is behind catches up.", "thesis 9.6",
		Liveness},
	{CandidateForgetsLeader, "candidateForgetsLeader", "Who could lead has no leader",
		"A server that asks whether it could win no longer takes another for its leader.", "thesis 9.6", Liveness},
	{PreVoteLeavesTimer, "preVoteLeavesTimer", "A pre-vote is no contact",
		"A server that is asked whether it would vote lets its timer run on.", "thesis 9.6", Liveness},
	{CheckQuorum, "checkQuorum", "A leader without a majority steps down",
		"A leader that reached no majority for an election timeout becomes a follower.", "thesis 6.2", Liveness},
	{LeaderLoyalty, "leaderLoyalty", "Loyalty to a living leader",
		"A server that heard from its leader within the shortest election timeout, or may have before it " +
			"restarted, disregards candidates.", "§6", Liveness},
	{ReadInOwnTerm, "readInOwnTerm", "Reads wait for an entry of the leader's own term",
		"A leader answers reads once it has committed an entry of its own term: until then its commitIndex may " +
			"be behind.", "§8", Linearizability},
	{ReadRound, "readRound", "Reads wait for a round of heartbeats",
		"A leader answers a read once a majority has answered calls made after the read came.", "§8", Linearizability},
	{LeaseEndsWithTransfer, "leaseEndsWithTransfer", "A lease ends where leadership is handed over",
		"A leader that sent TimeoutNow serves no more reads by lease in its term.", "thesis 6.4.1", Linearizability},
	{TransferDeadline, "transferDeadline", "A transfer ends in time",
		"A leader gives up a transfer that has not succeeded within an election timeout, and serves again.",
		"thesis 3.10", Liveness},
	{TwoMajorities, "twoMajorities", "Two majorities while the configuration changes",
		"A joint configuration needs a majority of the old servers and a majority of the new ones, each by itself.",
		"§6", ElectionSafety},
	{OnlyVotersCount, "onlyVotersCount", "Only voters count",
		"A leader that is not in the configuration does not count itself.", "§6", LeaderCompleteness},
	{ConfigOnAppend, "configOnAppend", "A configuration counts once it is appended",
		"A server uses the newest configuration in its log, whether it is committed or not.", "§6", ElectionSafety},
	{RollBackConfig, "rollBackConfig", "A deleted configuration is out of force",
		"When the entry of a configuration is deleted, the one before it is in force again.", "§6", ElectionSafety},
	{OneChangeAtATime, "oneChangeAtATime", "One change at a time",
		"A leader begins no change before the last one is complete.", "§6", ElectionSafety},
	{ChangeInOwnTerm, "changeInOwnTerm", "No change before an entry of the own term",
		"A leader begins no change before it has committed an entry of its own term.", "thesis 4.1", ElectionSafety},
	{CatchUpFirst, "catchUpFirst", "Catch up before voting",
		"A new server is a learner until it can follow, and only then gets a vote.", "thesis 4.2.1", Liveness},
	{VoteAsLearner, "voteAsLearner", "Vote for whoever asks",
		"A server votes even if it has no vote in its own configuration: the candidate's may be newer.", "thesis 4.1",
		Liveness},
	{KeepSuffix, "keepSuffix", "A snapshot keeps what follows it",
		"A follower whose log agrees with a snapshot's last entry keeps the entries behind it.", "Figure 13",
		Durability},
	{DiscardConflict, "discardConflict", "A snapshot replaces a log that contradicts it",
		"A follower whose log has another entry at a snapshot's last index discards the whole log.", "Figure 13",
		Liveness},
	{ResendSnapshot, "resendSnapshot", "A lost snapshot is sent again",
		"A leader repeats a chunk of a snapshot that nobody answers with its next heartbeat.", "§5.1", Liveness},
	{AnswersOfThisTerm, "answersOfThisTerm", "Answers confirm a leader in their term only",
		"A leader that is told of its own term by the refusal of a call of an earlier one takes that for no " +
			"answer to its reads.", "thesis 6.4", Linearizability},
	{LoyaltyOutlivesTerm, "loyaltyOutlivesTerm", "Loyalty outlives the term",
		"A server that learns of a higher term stays loyal, for its time, to the leader that it heard from.",
		"thesis 6.4.1", Linearizability},
	{LoyalCandidate, "loyalCandidate", "Candidates are loyal, too",
		"A server does not vote for itself either while it owes a leader its loyalty.", "thesis 6.4.1",
		Linearizability},
	{LeaderWrites, "leaderWrites", "A leader that cannot write steps down",
		"A leader whose own disk has not finished a write within an election timeout becomes a follower, so that " +
			"one that can write may lead.", "thesis 6.2", Liveness},
}
