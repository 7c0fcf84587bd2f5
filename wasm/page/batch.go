package page

// Every type here is one of web/src/model.ts, member for member; the meaning of each member is said there.

// Status is this tab's server in short.
type Status struct {
	Server       *int    `json:"server"`
	Role         *string `json:"role"`
	Term         U64     `json:"term"`
	Leader       *int    `json:"leader"`
	CommitIndex  U64     `json:"commitIndex"`
	LastIndex    U64     `json:"lastIndex"`
	AppliedIndex U64     `json:"appliedIndex"`
	StateHash    string  `json:"stateHash"`
	Connected    bool    `json:"connected"`
	Disk         string  `json:"disk"`
}

// LogCell is one entry of a log.
type LogCell struct {
	Term U64    `json:"term"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

// Report is what a server says of itself.
type Report struct {
	Server       int      `json:"server"`
	At           float64  `json:"at"`
	Role         string   `json:"role"`
	Term         U64      `json:"term"`
	VotedFor     *int     `json:"votedFor"`
	Leader       *int     `json:"leader"`
	CommitIndex  U64      `json:"commitIndex"`
	LastIndex    U64      `json:"lastIndex"`
	LastTerm     U64      `json:"lastTerm"`
	AppliedIndex U64      `json:"appliedIndex"`
	StateHash    string   `json:"stateHash"`
	Encoding     string   `json:"encoding"`
	Timer        *Timer   `json:"timer"`
	Votes        []Vote   `json:"votes"`
	VotesNeeded  int      `json:"votesNeeded"`
	Quorums      []Quorum `json:"quorums"`
	Peers        []Peer   `json:"peers"`
	Log          Log      `json:"log"`
	BadFrames    U64      `json:"badFrames"`
}

// Timer is an election timer in ms.
type Timer struct {
	Elapsed float64 `json:"elapsed"`
	Timeout float64 `json:"timeout"`
	Longest float64 `json:"longest"`
}

// Vote is one line of a candidate's election.
type Vote struct {
	Server int    `json:"server"`
	State  string `json:"state"`
}

// Peer is a leader's view of one follower.
type Peer struct {
	Server int `json:"server"`
	Match  U64 `json:"match"`
	Next   U64 `json:"next"`
}

// Log is the end of a log.
type Log struct {
	First U64       `json:"first"`
	Cells []LogCell `json:"cells"`
}

// ServerView is a server as it last described itself, and what the room says of it.
type ServerView struct {
	Server    int      `json:"server"`
	Seat      string   `json:"seat"`
	Self      bool     `json:"self"`
	Name      string   `json:"name"`
	Hidden    bool     `json:"hidden"`
	Disk      string   `json:"disk"`
	RoundTrip *float64 `json:"roundTrip"`
	Machine   *Machine `json:"machine,omitempty"`
	Report    *Report  `json:"report"`
}

// Machine is what the lab knows of what a server runs on.
type Machine struct {
	State        string  `json:"state"`
	Member       string  `json:"member"`
	Clock        float64 `json:"clock"`
	SlowestWrite float64 `json:"slowestWrite"`
	Inbox        int     `json:"inbox"`
}

// Message is what became of a message.
type Message struct {
	Seq        uint64   `json:"seq"`
	From       int      `json:"from"`
	To         int      `json:"to"`
	Kind       string   `json:"kind"`
	Term       U64      `json:"term"`
	OK         bool     `json:"ok"`
	EntryCount int      `json:"entryCount"`
	Label      string   `json:"label"`
	Sent       float64  `json:"sent"`
	Due        float64  `json:"due"`
	Held       bool     `json:"held,omitempty"`
	Fate       string   `json:"fate"`
	LostAt     *float64 `json:"lostAt"`
}

// Flight is a frame on its way, decoded.
type Flight struct {
	Message
	Entries []U64  `json:"entries"`
	Bytes   int    `json:"bytes"`
	Text    string `json:"text"`
}

// Loss corrects a Flight that the page already has.
type Loss struct {
	Seq  uint64  `json:"seq"`
	Fate string  `json:"fate"`
	At   float64 `json:"at"`
}

// StoryLine is one line of the story.
type StoryLine struct {
	ID      uint64  `json:"id"`
	At      float64 `json:"at"`
	Server  int     `json:"server"`
	Kind    string  `json:"kind"`
	Weight  string  `json:"weight"`
	Text    string  `json:"text"`
	Why     string  `json:"why"`
	Section string  `json:"section"`
	Term    U64     `json:"term"`
	Rule    string  `json:"rule,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	Index   *U64    `json:"index,omitempty"`
	Peer    int     `json:"peer,omitempty"`
}

// ClientRequest is what became of a client's request.
type ClientRequest struct {
	ID     int    `json:"id"`
	Op     string `json:"op"`
	Key    string `json:"key"`
	Value  string `json:"value"`
	Server int    `json:"server"`
	State  string `json:"state"`
	Found  bool   `json:"found"`
	Index  U64    `json:"index"`
	Term   U64    `json:"term"`
	Detail string `json:"detail"`

	Expected string `json:"expected,omitempty"`
	Read     string `json:"read,omitempty"`
}

// Link is one direction between two servers, times in ms of cluster time.
type Link struct {
	From    int     `json:"from"`
	To      int     `json:"to"`
	Up      bool    `json:"up"`
	Latency float64 `json:"latency"`
	Jitter  float64 `json:"jitter"`

	Loss      float64 `json:"loss,omitempty"`
	Duplicate float64 `json:"duplicate,omitempty"`
	Reorder   float64 `json:"reorder,omitempty"`
	Held      bool    `json:"held,omitempty"`
}

// Room is the room itself.
type Room struct {
	Room     string  `json:"room"`
	Size     int     `json:"size"`
	Started  bool    `json:"started"`
	Rate     float64 `json:"rate"`
	Watchers int     `json:"watchers"`
	Links    []Link  `json:"links"`

	Majorities []int `json:"majorities"`
}

// Advice says what is wrong with a room, and what its people can decide.
type Advice struct {
	Text    string   `json:"text"`
	Choices []Choice `json:"choices"`
}

// Choice is one decision, and what it may cost.
type Choice struct {
	Label string      `json:"label"`
	Cost  string      `json:"cost"`
	Seats SeatsChange `json:"seats"`
}

// SeatsChange is a decision about the seats of a room, as the hub takes it.
type SeatsChange struct {
	New   bool  `json:"new,omitempty"`
	Give  []int `json:"give,omitempty"`
	Empty bool  `json:"empty,omitempty"`
}

// Connection is how it stands with the relay. RetryAt, Attempt and Why are there when State is "lost", or "refused":
// then Why is what the relay says.
type Connection struct {
	State   string   `json:"state"`
	RetryAt *float64 `json:"retryAt,omitempty"`
	Attempt *int     `json:"attempt,omitempty"`
	Why     *string  `json:"why,omitempty"`
}

// Clock is cluster time in ms at the moment of posting.
type Clock struct {
	Now  float64 `json:"now"`
	Rate float64 `json:"rate"`
}

// QR is a code as rows of 0 and 1.
type QR struct {
	Size int      `json:"size"`
	Rows []string `json:"rows"`
}

// Batch is what the page did not know yet.
type Batch struct {
	Clock      *Clock          `json:"clock,omitempty"`
	Connection *Connection     `json:"connection,omitempty"`
	Room       *Room           `json:"room,omitempty"`
	Self       *Status         `json:"self,omitempty"`
	Watching   *string         `json:"watching,omitempty"`
	Advice     *[]Advice       `json:"advice,omitempty"`
	Servers    []ServerView    `json:"servers,omitempty"`
	Flights    []Flight        `json:"flights,omitempty"`
	Lost       []Loss          `json:"lost,omitempty"`
	Story      []StoryLine     `json:"story,omitempty"`
	Requests   []ClientRequest `json:"requests,omitempty"`
	Notice     string          `json:"notice,omitempty"`
	QR         *QR             `json:"qr,omitempty"`

	Lab     *Lab     `json:"lab,omitempty"`
	Moment  string   `json:"moment,omitempty"`
	History *History `json:"history,omitempty"`
}

// Lab is what is known of a run beyond the cluster's state at the moment that is looked at.
type Lab struct {
	Seed       string     `json:"seed"`
	End        float64    `json:"end"`
	Branch     int        `json:"branch"`
	Branches   []Branch   `json:"branches"`
	Off        []string   `json:"off"`
	Modified   []string   `json:"modified"`
	Properties []Property `json:"properties"`
	Chaos      bool       `json:"chaos"`
	Traps      []Trap     `json:"traps"`
}

// Branch is one way that the run went.
type Branch struct {
	ID     int     `json:"id"`
	Parent int     `json:"parent"`
	At     float64 `json:"at"`
	End    float64 `json:"end"`
	Text   string  `json:"text"`
}

// Property is a safety property, and whether it held.
type Property struct {
	Name   string  `json:"name"`
	Text   string  `json:"text"`
	Broken *Broken `json:"broken"`
}

// Broken says how a property was broken.
type Broken struct {
	At      float64 `json:"at"`
	Text    string  `json:"text"`
	Servers []int   `json:"servers"`
	Index   U64     `json:"index"`
}

// Trap is harm that waits for its moment.
type Trap struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// History is HistoryPart in model.ts: changes of a branch's history.
type History struct {
	Whole  bool         `json:"whole"`
	Terms  []TermChange `json:"terms"`
	Lanes  []LaneChange `json:"lanes"`
	Marks  []Mark       `json:"marks"`
	Commit U64          `json:"commit"`
}

// TermChange says since when the highest term is what it is.
type TermChange struct {
	At   float64 `json:"at"`
	Term U64     `json:"term"`
}

// LaneChange says since when a server is what it is.
type LaneChange struct {
	At     float64 `json:"at"`
	Server int     `json:"server"`
	Role   string  `json:"role"`
	Term   U64     `json:"term"`
}

// Mark is something on the time line.
type Mark struct {
	At     float64 `json:"at"`
	Kind   string  `json:"kind"`
	Server int     `json:"server"`
	Text   string  `json:"text"`
}

// Delivery carries a Batch, or what is written as one: FromWorker in model.ts. Type is "batch".
type Delivery struct {
	Type  string `json:"type"`
	Batch any    `json:"batch"`
}

// Answer is the outcome of one message of the page that carried an id. Type is "answer".
type Answer struct {
	Type  string `json:"type"`
	ID    int    `json:"id"`
	OK    bool   `json:"ok"`
	Value any    `json:"value"`
	Error string `json:"error"`
}
