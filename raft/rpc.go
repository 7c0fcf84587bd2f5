package raft

// ServerID names one server of a cluster, 1 and up. 0 means no server.
type ServerID uint64

// Term is a period of time with at most one leader, Raft's logical clock (§5.1). It only grows; 0 is before
// the first election.
type Term uint64

// Index is the place of an entry in the log, 1 and up (§5.3). 0 is the place before the first entry; its term is 0.
type Index uint64

// EntryKind tells what an entry is for.
type EntryKind uint8

const (
	Command EntryKind = iota // a command for the state machine
	NoOp                     // the blank entry that a leader appends at the start of its term (§8)
	Config                   // a configuration of the cluster (§6); Data is its text, see Configuration
)

// Entry is one entry of the log: a command and the term in which the leader received it (Fig. 2, State).
// Data is never written to again once an Entry holds it: servers, messages and clones share it.
type Entry struct {
	Term Term
	Kind EntryKind
	Data []byte
}

// RPC is one half of a remote procedure call: one of the pointer types below. The type tells which half of
// which call it is.
//
// Call pairs the halves: the caller numbers its calls 1 and up, the reply carries the number of the call that it
// answers. A reply that does not know the number (the 2016 colon dialect has no such number) carries 0.
type RPC interface{ rpc() }

// RequestVote is invoked by candidates to gather votes (Fig. 2, RequestVote RPC; §5.2).
type RequestVote struct {
	Call         uint64
	Term         Term     // candidate's term
	CandidateID  ServerID // candidate requesting vote
	LastLogIndex Index    // index of candidate's last log entry (§5.4)
	LastLogTerm  Term     // term of candidate's last log entry (§5.4)
	// only asks whether the vote would be given in Term, which the candidate has not entered yet (thesis 9.6)
	PreVote  bool
	Transfer bool // the leader itself wants this election: servers need not be loyal to it (thesis 3.10)
	Why      bool // a voter that refuses is to say why; this does not change its decision
}

// RequestVoteReply answers a RequestVote.
type RequestVoteReply struct {
	Call uint64
	// the voter's currentTerm, for the candidate to update itself; if a pre-vote is granted: the term asked for
	Term        Term
	VoteGranted bool // true means candidate received vote
	// this answers a pre-vote and is no vote; Call cannot tell, since numbers begin anew with a restart
	PreVote bool
	// the number of the Reason why the vote is refused, if the call asked for it; else 0. Servers of another
	// kind may send any number. These are part of the protocol and never change: StaleTerm, AlreadyVoted,
	// LogBehind, LeaderAlive, JustRestarted and NotAVoter
	Reason uint64
}

// AppendEntries is invoked by the leader to replicate log entries (§5.3); without entries it is a heartbeat (§5.2).
type AppendEntries struct {
	Call         uint64
	Term         Term     // leader's term
	LeaderID     ServerID // so followers can redirect clients
	PrevLogIndex Index    // index of log entry immediately preceding new ones
	PrevLogTerm  Term     // term of PrevLogIndex entry
	LeaderCommit Index    // leader's commitIndex
	Entries      []Entry  // log entries to store (empty for heartbeat)
}

// AppendEntriesReply answers an AppendEntries. The conflict fields are the fast back-up of §5.3's last part.
type AppendEntriesReply struct {
	Call         uint64
	Term         Term  // the follower's currentTerm, for the leader to update itself
	Success      bool  // true if follower contained entry matching PrevLogIndex and PrevLogTerm
	MatchIndex   Index // on success: the last index that this call verified or stored
	ConflictTerm Term  // on failure: the term of the follower's entry at PrevLogIndex, 0 if it has none
	// on failure: the first index the follower holds of ConflictTerm; its last index + 1 if it has no such entry; 0 if
	// the call's term was refused
	ConflictIndex Index
}

// InstallSnapshot is invoked by the leader to send chunks of a snapshot to a follower that is too far behind (Fig. 13;
// §7). Chunks come in order.
type InstallSnapshot struct {
	Call              uint64
	Term              Term          // leader's term
	LeaderID          ServerID      // so follower can redirect clients
	LastIncludedIndex Index         // the snapshot replaces all entries up through and including this index
	LastIncludedTerm  Term          // term of LastIncludedIndex
	Configuration     Configuration // as of LastIncludedIndex (§7: "latest configuration")
	Offset            uint64        // byte offset where the chunk is positioned in the snapshot
	Data              []byte        // raw bytes of the snapshot chunk, starting at Offset
	Done              bool          // true if this is the last chunk
}

// InstallSnapshotReply answers an InstallSnapshot.
type InstallSnapshotReply struct {
	Call       uint64
	Term       Term   // the follower's currentTerm, for the leader to update itself
	NextOffset uint64 // how many bytes of this snapshot the follower holds: where the next chunk is to start
	// once the snapshot is installed, or was not needed: the index through which the follower is known to agree; else 0
	MatchIndex Index
}

// TimeoutNow is invoked by the leader to have a follower start an election at once: leadership transfer (thesis 3.10).
type TimeoutNow struct {
	Call     uint64
	Term     Term
	LeaderID ServerID
}

// TimeoutNowReply answers a TimeoutNow.
type TimeoutNowReply struct {
	Call uint64
	Term Term
}

func (*RequestVote) rpc()        {}
func (*RequestVoteReply) rpc()   {}
func (*AppendEntries) rpc()      {}
func (*AppendEntriesReply) rpc() {}

func (*InstallSnapshot) rpc()      {}
func (*InstallSnapshotReply) rpc() {}
func (*TimeoutNow) rpc()           {}
func (*TimeoutNowReply) rpc()      {}
