package contract

import "raftplayground/relay/quality"

// Role is what a server is at a moment.
type Role string

// The roles.
const (
	Follower     Role = "follower"
	Candidate    Role = "candidate"
	Leader       Role = "leader"
	PreCandidate Role = "preCandidate"
)

// Disk is where a server keeps its log; "none": it watches, and has no log.
type Disk string

// The kinds of disks.
const (
	OPFS      Disk = "opfs"
	IndexedDB Disk = "indexeddb"
	Memory    Disk = "memory"
	NoDisk    Disk = "none"
)

// Status is this tab's server, as window.raftPlayground.status() returns it.
type Status struct {
	Server       *int   `json:"server"` // null: this tab watches
	Role         *Role  `json:"role"`
	Term         U64    `json:"term"`
	Leader       *int   `json:"leader"` // the server that it takes for the leader of its term
	CommitIndex  U64    `json:"commitIndex"`
	LastIndex    U64    `json:"lastIndex"`
	AppliedIndex U64    `json:"appliedIndex"`
	StateHash    string `json:"stateHash"` // of the applied key-value state, hexadecimal
	Connected    bool   `json:"connected"` // to the relay
	Disk         Disk   `json:"disk"`
}

// ServerView is a server as it last described itself, and what the room knows of it.
type ServerView struct {
	Server    int      `json:"server"`
	Seat      Seat     `json:"seat"`
	Self      bool     `json:"self"` // this tab's own
	Name      string   `json:"name"`
	Hidden    bool     `json:"hidden"`
	Disk      Disk     `json:"disk"`
	RoundTrip *Micros  `json:"roundTrip"`         // of real time, to the relay and back
	Machine   *Machine `json:"machine,omitempty"` // in the lab
	Report    *Report  `json:"report"`            // null: it has not described itself (yet), or is of another kind
	Tally     string   `json:"tally,omitempty"`   // of a candidate: how its election stands, "2 of 3" votes
}

// Seat says whether a seat of a room is taken. "gone": it is leased, but its tab is closed: the server has
// crashed.
type Seat string

// The states of a seat.
const (
	SeatEmpty     Seat = "empty"
	SeatConnected Seat = "connected"
	SeatGone      Seat = "gone"
)

// Machine is what the lab knows of a server's machine beyond what the server knows itself. A machine that is
// down has seat "gone".
type Machine struct {
	State        MachineState `json:"state"`
	Member       Membership   `json:"member"`       // by its own configuration
	Clock        float64      `json:"clock"`        // seconds of its clock in a second of cluster time
	SlowestWrite Micros       `json:"slowestWrite"` // the longest that a write of its disk takes
	Inbox        int          `json:"inbox"`        // frames that wait for a paused machine
}

// MachineState says whether a machine runs. "damaged": it is down, and its disk cannot be read: it must be wiped.
type MachineState string

// The states of a machine.
const (
	MachineRunning MachineState = "running"
	MachinePaused  MachineState = "paused"
	MachineDown    MachineState = "down"
	MachineDamaged MachineState = "damaged"
)

// Membership is a server's part in a configuration.
type Membership string

// The kinds of members.
const (
	Voter     Membership = "voter"
	Learner   Membership = "learner"
	NotMember Membership = "none"
)

// Report is a server's description of itself.
type Report struct {
	Server       int      `json:"server"`
	At           Micros   `json:"at"`
	Role         Role     `json:"role"`
	Term         U64      `json:"term"`
	VotedFor     *int     `json:"votedFor"`
	Leader       *int     `json:"leader"`
	CommitIndex  U64      `json:"commitIndex"`
	LastIndex    U64      `json:"lastIndex"`
	LastTerm     U64      `json:"lastTerm"`
	AppliedIndex U64      `json:"appliedIndex"`
	StateHash    string   `json:"stateHash"`
	State        *State   `json:"state,omitempty"` // absent: of another tab's server it is not known
	Encoding     string   `json:"encoding"`        // of its calls, by its name in package wire
	Timer        *Timer   `json:"timer"`           // null for a leader
	Votes        []Vote   `json:"votes"`           // a candidate's election
	VotesNeeded  int      `json:"votesNeeded"`
	Quorums      []Quorum `json:"quorums"` // by its configuration; two while that is joint; none: it is of another kind
	Peers        []Peer   `json:"peers"`   // a leader's followers
	Log          Log      `json:"log"`
	BadFrames    U64      `json:"badFrames"` // frames that it could not decode, since it started
}

// ServerReport is the notification "report" as the tabs of this project send it to each other: the Report, the log only
// when it changed, and the events that happened since the report before, in words. Each server's events are put into
// words in its own tab, which alone knows them; every tab of the room then tells the story of all servers.
//
//typescript:none
type ServerReport struct {
	Report
	Log   *Log   `json:"log,omitempty"`
	State *State `json:"state,omitempty"` // left out, and not looked at: 30 reports a second would carry it

	// The events of one life of the server are numbered from 0; First is the number of Events[0], so that a report that
	// comes twice (the hub keeps the last one for those who join) is not told twice.
	Life   U64             `json:"life"`
	First  U64             `json:"first"`
	Events []ReportedEvent `json:"events,omitempty"` // not null, which the room refuses
}

// ReportedEvent is a StoryLine without the number that each tab gives it.
//
//typescript:none
type ReportedEvent struct {
	At      Micros `json:"at"`
	Kind    string `json:"kind"`
	Weight  Weight `json:"weight"`
	Text    string `json:"text"`
	Why     string `json:"why"`
	Section string `json:"section"`
	Term    U64    `json:"term"`
}

// State is the key-value state of a server as of its appliedIndex; of one that is down, its snapshot's.
type State struct {
	Keys  int    `json:"keys"`  // how many there are
	Pairs []Pair `json:"pairs"` // the first 32 of them at most, in the order of their keys' bytes
}

// Pair is a key and its value. A "·" replaces characters that cannot be shown.
type Pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`           // at most 200 characters; if it is cut it ends in "…"
	Bytes int    `json:"bytes,omitempty"` // of a value that is cut: of the whole
}

// Timer is an election timer.
type Timer struct {
	Elapsed Micros `json:"elapsed"` // when the report was made
	Timeout Micros `json:"timeout"`
	Longest Micros `json:"longest"` // that the server would draw
}

// Vote is one line of a candidate's election.
type Vote struct {
	Server int       `json:"server"`
	State  VoteState `json:"state"`
}

// VoteState says how a vote stands.
type VoteState string

// The states of a vote.
const (
	VoteRequested VoteState = "requested"
	VoteGranted   VoteState = "granted"
	VoteDenied    VoteState = "denied"
)

// Quorum holds voters of whom a majority decides, as the server counts (raft/quorum.go). A candidate counts
// those that vote for it; a leader, those known to store the next entry that it can commit; others count
// none.
type Quorum struct {
	Voters []int `json:"voters"`
	Needed int   `json:"needed"` // how many of them are a majority
	Agreed int   `json:"agreed"`
}

// Peer is a leader's view of one follower.
type Peer struct {
	Server int `json:"server"`
	Match  U64 `json:"match"`
	Next   U64 `json:"next"`
}

// Log is the end of a server's log: its last 64 entries.
type Log struct {
	First U64       `json:"first"`
	Cells []LogCell `json:"cells"`
}

// LogCell is one entry of a log.
type LogCell struct {
	Term U64      `json:"term"`
	Kind CellKind `json:"kind"`
	Text string   `json:"text"` // the command in words, such as `x = 1`, at most 40 characters
}

// CellKind is a kind of entries.
type CellKind string

// The kinds of entries.
const (
	CommandCell       CellKind = "command"
	NoOpCell          CellKind = "noop"
	ConfigurationCell CellKind = "configuration"
)

// RoomState is the room itself: its network and its clock.
type RoomState struct {
	Room     string  `json:"room"`
	Size     int     `json:"size"`
	Started  bool    `json:"started"`
	Rate     float64 `json:"rate"` // of the cluster's clock: seconds in a second of real time
	Watchers int     `json:"watchers"`
	Links    []Link  `json:"links"`
}

// Link is one direction between two servers.
type Link struct {
	From int  `json:"from"`
	To   int  `json:"to"`
	Up   bool `json:"up"`
	quality.Qualities
	Hold bool `json:"hold,omitempty"` // frames stop on it
}

// Advice says what is wrong with a live room, and what its people can decide.
type Advice struct {
	Text    string   `json:"text"`
	Choices []Choice `json:"choices"`
}

// Choice is one decision about a room.
type Choice struct {
	Label string      `json:"label"`
	Cost  string      `json:"cost"` // what the decision may cost, in words
	Seats SeatsChange `json:"seats"`
}

// SeatsChange is a decision about the seats of a room, as the hub takes it.
type SeatsChange struct {
	New   bool  `json:"new,omitempty"`   // the room is new, or begins anew: nobody has a seat
	Give  []int `json:"give,omitempty"`  // these servers will not come back: their seats are free
	Empty bool  `json:"empty,omitempty"` // give: the next ones there start empty, without being taken in by a leader
}

// Connection is the state of the connection to the relay. The other fields are there if it is lost or
// refused.
type Connection struct {
	State   ConnectionState `json:"state"`
	RetryAt float64         `json:"retryAt,omitempty"` // epoch ms of real time
	Attempt int             `json:"attempt,omitempty"`
	Why     string          `json:"why,omitempty"` // refused: what the relay says
}

// ConnectionState says whether there is a connection.
type ConnectionState string

// The states of a connection.
const (
	Connecting        ConnectionState = "connecting"
	ConnectionOpen    ConnectionState = "open"
	ConnectionLost    ConnectionState = "lost"
	ConnectionRefused ConnectionState = "refused"
)

// Clock is cluster time at the moment of posting.
type Clock struct {
	Now  Micros  `json:"now"`
	Rate float64 `json:"rate"`
}
