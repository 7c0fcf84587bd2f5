package raft

// Event says that something happened in a server, or did not happen for a reason worth knowing. It holds numbers only;
// package explain turns it into words. What Index, Old, New and Peer mean is said beside each kind.
type Event struct {
	Kind   EventKind
	Reason Reason
	Term   Term     // the server's currentTerm after the event
	Index  Index    // a place in the log
	Peer   ServerID // the other server concerned, 0 if none
	Old    uint64
	New    uint64
	Count  uint8 // CommitAdvanced at a leader: how many servers store New …
	// … of how many; 0 where two majorities decide (§6). In elections: votes needed of the outgoing voters
	Of uint8
}

// EventKind tells what happened.
type EventKind uint8

const (
	// the server (re)started with what its disk holds; Index: last log index
	Started EventKind = iota + 1
	// currentTerm: Old → New; Peer: whose message carried it, 0 for an own campaign
	TermAdvanced
	// Old: the Role before; Reason: HigherTerm, LeaderExists, LostQuorum, DiskHangs or Removed
	BecameFollower
	// Reason: ElectionTimeout, Asked or Transferred; Old: ticks since the timer was reset, 0 after a pre-vote; New:
	// votes needed; Of: of the outgoing voters
	BecameCandidate
	// Old: votes received; New: votes needed; Index: last log index; Count, Of: the same of the outgoing voters
	BecameLeader
	// Peer is the leader of Term
	LeaderKnown
	// the election timer starts anew; Reason why; New: the timeout drawn, ticks; Peer: who caused it
	TimerReset
	// this server votes for Peer
	VoteGranted
	// this server does not vote for Peer, perhaps itself; Reason: StaleTerm, AlreadyVoted (Old: for whom), LogBehind,
	// LeaderAlive (Old: who), JustRestarted, NotAVoter
	VoteRefused
	// Peer (or this server itself) votes for this candidate; Old: votes now; New: votes needed; Count, Of: the same of
	// the outgoing voters
	VoteReceived
	// Peer refuses this candidate its vote
	VoteDenied
	// the leader appended a client's commands: indices Old through New
	EntriesProposed
	// a follower stored entries of leader Peer: indices Old through New
	EntriesAppended
	// a follower deleted its entries Old through New, which conflict with leader Peer's; Index: the first; Reason:
	// none, or WasCommitted
	EntriesTruncated
	// AppendEntries of Peer refused; Reason: StaleTerm, NoEntryAtPrev, ConflictAtPrev; Index: PrevLogIndex
	AppendRefused
	// the leader learned that Peer stores all through New (Old before)
	MatchAdvanced
	// the leader will try Peer from an earlier place: nextIndex Old → New; Reason: NoEntryAtPrev or ConflictAtPrev
	NextBackedUp
	// commitIndex: Old → New; Reason: MajorityStored (leader) or LeaderSaidSo (follower, Peer the leader)
	CommitAdvanced
	// a majority stores Index, but its term Old is not the current one; Reason: OlderTerm
	CommitHeldBack
	// this server asks whether it could win Term + 1 (thesis 9.6); Old: ticks since the timer was reset;
	// New: votes needed; Of: of the outgoing voters
	BecamePreCandidate
	// this server would vote for Peer in term New
	PreVoteGranted
	// it would not; Reason: StaleTerm, LeaderAlive (Old: the leader), JustRestarted, LogBehind
	PreVoteRefused
	// Peer (or this server itself) would vote for this server; Old: pre-votes now; New: needed; Count, Of:
	// the same of the outgoing voters
	PreVoteReceived
	// Peer would not vote for this server
	PreVoteDenied
	// the leader hands its leadership to Peer (thesis 3.10)
	TransferStarted
	// the leader has given up handing over to Peer; Reason: ElectionTimeout
	TransferEnded
	// Peer has the whole log and is told to hold an election at once
	TimeoutNowSent
	// the state machine's snapshot replaces the log through Index; Old: the first index that was still there
	SnapshotTaken
	// a chunk of the snapshot that ends at Index goes to Peer; Old: its offset in bytes; New: the snapshot's size
	SnapshotSent
	// this server takes over leader Peer's snapshot that ends at Index; Old: its last index before; Reason:
	// KeptSuffix or DroppedLog
	SnapshotInstalled
	// leader Peer's snapshot ends at Index, and this server's log has all of it committed (Old: commitIndex)
	SnapshotNotNeeded
	// the configuration at Index (0: the first one) is in force from now on; Reason: Appended, RolledBack or
	// FromSnapshot; New: voters; Old: outgoing voters, not 0 while it is joint; Count: learners
	ConfigurationChanged
	// learner Peer stores what the leader's log held when its last round began, and the round took less than
	// the shortest election timeout; Old: rounds; New: ticks of the last one (thesis 4.2.1)
	LearnerCaughtUp
	// the leader is not in the configuration that is committed at Index and steps down (§6)
	LeaderLeaves
	// a message of Peer changed nothing; Reason: StaleTerm, NotCandidate, NotLeader, StaleReply, NotAMember, NotAVoter,
	// NotTheSender, SecondLeader, Unreadable, Impossible, NoRoom
	MessageIgnored
)

// EventKinds is one more than the last EventKind.
const EventKinds = MessageIgnored + 1

// Reason tells why an event happened.
type Reason uint8

const (
	NoReason        Reason = iota
	ElectionTimeout        // no valid AppendEntries and no vote given for a whole election timeout (§5.2)
	Asked                  // the host asked for it
	HigherTerm             // a message carried a higher term (§5.1)
	LeaderExists           // another server leads this term (§5.2)
	Heartbeat              // AppendEntries of the current leader arrived (§5.2)
	GaveVote               // the server granted its vote (§5.2)
	OwnCandidacy           // the server began an election of its own (§5.2)
	SteppedDown            // the server was leader and is no longer
	StaleTerm              // the message's term is lower than currentTerm (§5.1)
	AlreadyVoted           // the vote of this term went to another candidate (§5.2)
	LogBehind              // the candidate's log is less up to date than the voter's (§5.4.1)
	NoEntryAtPrev          // the log ends before PrevLogIndex (§5.3)
	ConflictAtPrev         // the entry at PrevLogIndex is of another term (§5.3)
	MajorityStored         // a majority of the servers stores the entry (§5.3)
	LeaderSaidSo           // LeaderCommit (§5.3)
	OlderTerm              // an entry of an earlier term is never committed by counting (§5.4.2)
	LeaderAlive            // the voter heard from a leader within the shortest election timeout (§6)
	// the voter restarted within the shortest election timeout, and may have forgotten its leader (thesis 6.4.1)
	JustRestarted
	LostQuorum   // no majority answered the leader for an election timeout (thesis 6.2)
	Transferred  // the leader asked for it: TimeoutNow (thesis 3.10)
	Removed      // the server is not in the configuration any more (§6)
	KeptSuffix   // the log agrees with the snapshot's last entry: what follows it stays (Fig. 13, rule 6)
	DroppedLog   // the log disagrees with it, and is discarded (Fig. 13, rule 7)
	Appended     // a configuration takes effect when it is appended, committed or not (§6)
	RolledBack   // the entry of a configuration was deleted: the one before is in force again
	FromSnapshot // the configuration came with a snapshot (§7)
	NotCandidate // an answer to an election that is over
	NotLeader    // an answer to a leadership that is over
	StaleReply   // an answer to a call that no longer matters
	NotAMember   // the sender is not in the configuration
	NotAVoter    // the server concerned has no vote in the configuration
	NotTheSender // the message names another server as its candidate or leader than the one that sent it
	SecondLeader // two servers claim to lead one term: impossible while every server keeps the rules
	Unreadable   // the state machine cannot read the snapshot
	// the message contradicts itself, or what is committed: no server that keeps the rules sends it
	Impossible
	NoRoom       // the snapshot is larger than this server takes (Options.MaxSnapshot)
	DiskHangs    // a leader's own write did not end within an election timeout
	WasCommitted // some of the entries were committed here: impossible while every server keeps the rules
)

// Reasons is one more than the last Reason.
const Reasons = WasCommitted + 1
