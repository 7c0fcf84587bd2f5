package raft

// Role is what a server is in its current term (Fig. 4).
type Role uint8

const (
	Follower Role = iota
	Candidate
	Leader
)

// Options are fixed for the life of a Node. Times are in ticks; the host says how long a tick is (the playground: 1 ms of cluster time).
type Options struct {
	ID     ServerID   // this server
	Voters []ServerID // every server of the cluster, this one included; copied

	ElectionTicksMin int // shortest election timeout, ≥ 1 (§5.2: 150 ms)
	ElectionTicksMax int // longest election timeout, ≥ ElectionTicksMin (§5.2: 300 ms); the timeouts are drawn evenly between the two
	HeartbeatTicks   int // how often a leader sends AppendEntries at least, ≥ 1 and < ElectionTicksMin (50 ms)

	Seed uint64 // of the election timeouts: same seed, same inputs, same behaviour

	FirstElapsed int // how much of the first election timeout has passed at the start, in percent, 0 to 99

	MaxEntries  int  // most entries in one AppendEntries, ≥ 1; 0 means 64
	MaxInFlight int  // most entries sent to a follower and not yet acknowledged, ≥ MaxEntries; 0 means 16 × MaxEntries
	EagerCommit bool // tell followers of a new commitIndex at once, not with the next AppendEntries
}

// Durable is what a server finds on its disk when it starts: Figure 2's persistent state. The zero value is a new server.
type Durable struct {
	CurrentTerm Term
	VotedFor    ServerID // 0: nobody in CurrentTerm
	Log         []Entry  // entries 1 and up; the Node takes the slice over
}

// Output is what a Node wants done. The host passes the same Output again and again; every slice in it and every RPC it points to
// is borrowed: valid until the next call of Output, then overwritten. Entry.Data is not borrowed, it may be kept for ever.
type Output struct {
	Save   Save       // to write to disk
	Send   []Envelope // to send to other servers
	Apply  []Entry    // to apply to the state machine, in order; Apply[0] is entry ApplyFirst. Not before Save is on disk
	Events []Event    // what happened

	ApplyFirst Index
}

// Save is a change of the persistent state. Saves are to be written in the order of Seq; when one is durable, call Saved(Seq).
type Save struct {
	Seq         uint64 // 0: nothing to save
	CurrentTerm Term
	VotedFor    ServerID
	First       Index   // whatever the disk holds from entry First on is replaced by Entries
	Entries     []Entry // entries First, First+1, …; may be empty: if First is beyond the disk's last entry nothing of the log changes
}

// Envelope is a message to send.
type Envelope struct {
	To    ServerID
	After uint64 // the message must not leave before Save number After is durable; 0: it may leave at once
	RPC   RPC    // borrowed, see Output
}

// Status is a copy of what a server may be asked about itself, for display and tests. It shares no memory with the Node,
// except for the slices, which are overwritten by the next call of Status on the same variable.
type Status struct {
	ID          ServerID
	Role        Role
	CurrentTerm Term
	VotedFor    ServerID
	Leader      ServerID // whom this server takes for the leader of CurrentTerm, 0 if it knows none
	LastIndex   Index
	LastTerm    Term
	CommitIndex Index
	LastApplied Index // handed out in Output.Apply

	Elapsed int // ticks since the timer was reset: election timer, or a leader's heartbeat timer
	Timeout int // ticks at which it runs out

	Votes []Vote // a candidate's election so far, a line per voter; else empty
	Peers []Peer // a leader's followers; else empty
}

// Vote is what a candidate knows of one voter.
type Vote struct {
	Server ServerID
	State  VoteState
}

// VoteState is how far one vote has come.
type VoteState uint8

const (
	Requested VoteState = iota // asked, no answer yet
	Granted
	Denied
)

// Peer is a leader's view of one follower (Fig. 2, volatile state on leaders).
type Peer struct {
	Server     ServerID
	NextIndex  Index
	MatchIndex Index
}
