package contract

// Batch is news for the page. It comes at most once a frame, four times a second to a hidden page; an absent
// member has not changed.
type Batch struct {
	Clock      *Clock          `json:"clock,omitempty"`
	Connection *Connection     `json:"connection,omitempty"`
	Room       *RoomState      `json:"room,omitempty"`
	Self       *Status         `json:"self,omitempty"`
	Watching   *string         `json:"watching,omitempty"` // why this tab only watches, in words
	Advice     *[]Advice       `json:"advice,omitempty"`   // all advice about the room itself
	Servers    []ServerView    `json:"servers,omitempty"`  // all of them, when any changed
	Answers    *Answers        `json:"answers,omitempty"`  // all of them, when any changed
	Flights    []Flight        `json:"flights,omitempty"`  // new ones
	Lost       []Loss          `json:"lost,omitempty"`
	Story      []StoryLine     `json:"story,omitempty"`    // new ones, oldest first
	Requests   []ClientRequest `json:"requests,omitempty"` // new and changed ones
	Notice     string          `json:"notice,omitempty"`   // something to tell once, in words
	QR         *QR             `json:"qr,omitempty"`       // the room's link

	// Of the lab only.
	Lab    *Lab       `json:"lab,omitempty"`
	Moment MomentKind `json:"moment,omitempty"`
	Lived  *LivedPart `json:"lived,omitempty"` // a live room's page derives it from the batches
}

// MomentKind says that a batch is of another moment than the one before. "jump": the playhead stands at
// another moment of the same branch; the flights of the batch are all there are, and nothing is animated.
// "run": another run or another branch; all that was known before is void, and the batch holds everything:
// story, history and requests too.
type MomentKind string

// The kinds of other moments.
const (
	Jump       MomentKind = "jump"
	AnotherRun MomentKind = "run"
)

// QR is a code as rows of 0 and 1.
type QR struct {
	Size int      `json:"size"`
	Rows []string `json:"rows"`
}

// Message is a message and what became of it.
type Message struct {
	Seq        uint64      `json:"seq"`
	From       int         `json:"from"` // a server, or ≥ 1001: a client
	To         int         `json:"to"`
	Kind       MessageKind `json:"kind"`
	Term       U64         `json:"term"` // the sender's term in it, 0 if it has none
	OK         bool        `json:"ok"`   // of a reply: granted, success
	EntryCount int         `json:"entryCount"`
	Label      string      `json:"label"`          // in a word or two: "vote?", "yes", "no", "x = 3", "stored to 4"
	Sent       Micros      `json:"sent"`           // of a Flight that was held: when it was released
	Due        Micros      `json:"due"`            // when it arrives, or would have
	Held       bool        `json:"held,omitempty"` // it stands still until it is released
	Fate       Fate        `json:"fate"`
	LostAt     *Micros     `json:"lostAt"` // when it was lost under way
}

// MessageKind is a kind of messages.
type MessageKind string

// The kinds of messages.
const (
	RequestVote          MessageKind = "RequestVote"
	RequestVoteReply     MessageKind = "RequestVoteReply"
	PreVote              MessageKind = "PreVote"
	PreVoteReply         MessageKind = "PreVoteReply"
	AppendEntries        MessageKind = "AppendEntries"
	AppendEntriesReply   MessageKind = "AppendEntriesReply"
	InstallSnapshot      MessageKind = "InstallSnapshot"
	InstallSnapshotReply MessageKind = "InstallSnapshotReply"
	TimeoutNow           MessageKind = "TimeoutNow"
	TimeoutNowReply      MessageKind = "TimeoutNowReply"
	ClientCall           MessageKind = "request"
	ClientAnswer         MessageKind = "answer"
	Unknown              MessageKind = "unknown"
)

// Fate is what the network did with a message.
type Fate string

// The fates.
const (
	Sent    Fate = "sent"
	Cut     Fate = "cut"
	Down    Fate = "down"
	Full    Fate = "full"
	Lost    Fate = "lost"
	Dropped Fate = "dropped"
)

// Flight is a message on its way: a frame, decoded by the Worker.
type Flight struct {
	Message
	Entries []U64  `json:"entries"` // terms of the first five entries
	Bytes   int    `json:"bytes"`
	Text    string `json:"text"` // the frame itself, cut at 2,000 characters
}

// Loss corrects a Flight that the page already has.
type Loss struct {
	Seq  uint64 `json:"seq"`
	Fate Fate   `json:"fate"`
	At   Micros `json:"at"`
}

// StoryLine is one line of the story.
type StoryLine struct {
	ID     uint64 `json:"id"` // grows; unique in this tab
	At     Micros `json:"at"`
	Server int    `json:"server"` // 0: the network or a person
	// The event's kind as raft/explain.Kind names it ("voteGranted"), or "badFrame", "fault", "client".
	Kind    string `json:"kind"`
	Weight  Weight `json:"weight"`
	Text    string `json:"text"`    // "S2 votes for S1 in term 3."
	Why     string `json:"why"`     // the rule and its reason in one or two sentences, may be empty
	Section string `json:"section"` // "§5.2", may be empty
	Term    U64    `json:"term"`

	// Of a server's event, if the Worker knows them:
	Rule   string `json:"rule,omitempty"`   // the line of Figure 2 or 13: "RequestVote RPC, receiver rule 2"
	Reason string `json:"reason,omitempty"` // as raft/explain.Reason names it: "logBehind"
	Index  *U64   `json:"index,omitempty"`  // the log index concerned, of several the last
	Peer   int    `json:"peer,omitempty"`   // the other server concerned
}

// Weight separates what matters in a story from details: heartbeats, timer resets and such.
type Weight string

// The weights.
const (
	Key    Weight = "key"
	Detail Weight = "detail"
)

// ClientRequest is a client's request made in this tab, and its outcome.
type ClientRequest struct {
	ID       int          `json:"id"`
	Op       Op           `json:"op"`
	Key      string       `json:"key"`
	Value    string       `json:"value"`              // put, cas: what is written; get: what was read, once done
	Expected string       `json:"expected,omitempty"` // cas: what must be there
	Read     ReadKind     `json:"read,omitempty"`     // get: absent: as the servers are set
	Server   int          `json:"server"`             // the server that was asked last
	State    RequestState `json:"state"`
	Found    bool         `json:"found"` // get: the key exists; cas: what was expected was there, and value was written
	Index    U64          `json:"index"` // done: the index at which it committed
	Term     U64          `json:"term"`  // done: the term of the entry there
	// In words: "committed at index 48", "S1 is not the leader, S3 is", "timed out: it may or may not have
	// happened".
	Detail string `json:"detail"`
}

// Op is what a client asks for.
type Op string

// The operations.
const (
	Put    Op = "put"
	Get    Op = "get"
	Delete Op = "delete"
	CAS    Op = "cas"
)

// ReadKind is how a server makes sure that its answer to a get is current (raft/wire/frame.go).
type ReadKind string

// The kinds of reads.
const (
	ReadLog   ReadKind = "log"
	ReadIndex ReadKind = "readIndex"
	ReadLease ReadKind = "lease"
	ReadLocal ReadKind = "local"
)

// RequestState says how a request stands. "unknown": it may or may not have happened.
type RequestState string

// The states of a request.
const (
	Pending   RequestState = "pending"
	Done      RequestState = "done"
	Refused   RequestState = "refused"
	Uncertain RequestState = "unknown"
)

// FromWorker is what a Worker tells its page. The Worker's own script tells how far its program is, the
// program tells the rest.
type FromWorker struct {
	Loading *Loading `type:"loading"`
	Ready   *Ready   `type:"ready"`
	Failed  *Failed  `type:"failed"`
	Batch   *Posted  `type:"batch"`
	Answer  *Answer  `type:"answer"`
}

// Loading says how much of the WebAssembly file has loaded, from 0 to 1.
type Loading struct {
	Fraction float64 `json:"fraction"`
}

// Ready says that the lab's program has been loaded and takes wishes.
type Ready struct{}

// Failed says that there is no program, or no longer one.
type Failed struct {
	Reason Failure `json:"reason"`
	Detail string  `json:"detail"`
}

// Failure is what failed.
type Failure string

// What may fail.
const (
	ProgramFailed Failure = "wasm"
	WorkerFailed  Failure = "worker"
)

// Posted carries a batch.
type Posted struct {
	Batch Batch `json:"batch"`
}

// Answer is the outcome of one message of the page that carried an id.
type Answer struct {
	ID    int    `json:"id"`
	OK    bool   `json:"ok"`
	Value any    `json:"value"`
	Error string `json:"error"`
}
