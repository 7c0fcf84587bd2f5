package tab

import (
	"errors"
	"strconv"

	jsoniter "github.com/json-iterator/go"
)

// What the page is sent. Every type here is one of web/src/model.ts, member for member; the meaning of each member is said there.

// codec reads and writes all JSON of this package. Keys are case-sensitive, as everywhere in the room's protocol.
var codec = jsoniter.Config{CaseSensitive: true, EscapeHTML: false}.Froze()

// largestExact is the largest integer below which a JavaScript number holds every integer.
const largestExact = 1<<53 - 1

// U64 is a number of Raft. In JSON it is a number where JavaScript holds it exactly, else decimal text.
type U64 uint64

// MarshalJSON implements json.Marshaler.
func (u U64) MarshalJSON() ([]byte, error) {
	text := strconv.AppendUint(nil, uint64(u), 10)
	if u > largestExact {
		text = append(append([]byte{'"'}, text...), '"')
	}
	return text, nil
}

// UnmarshalJSON implements json.Unmarshaler; it takes both forms.
func (u *U64) UnmarshalJSON(text []byte) error {
	digits := text
	if len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' {
		digits = text[1 : len(text)-1]
	}
	value, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return errors.New("expected an unsigned 64-bit number, got " + clip(string(text), 40))
	}
	*u = U64(value)
	return nil
}

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
	Server       int     `json:"server"`
	At           float64 `json:"at"`
	Role         string  `json:"role"`
	Term         U64     `json:"term"`
	VotedFor     *int    `json:"votedFor"`
	Leader       *int    `json:"leader"`
	CommitIndex  U64     `json:"commitIndex"`
	LastIndex    U64     `json:"lastIndex"`
	LastTerm     U64     `json:"lastTerm"`
	AppliedIndex U64     `json:"appliedIndex"`
	StateHash    string  `json:"stateHash"`
	Encoding     string  `json:"encoding"`
	Timer        *Timer  `json:"timer"`
	Votes        []Vote  `json:"votes"`
	VotesNeeded  int     `json:"votesNeeded"`
	Peers        []Peer  `json:"peers"`
	Log          Log     `json:"log"`
	BadFrames    U64     `json:"badFrames"`
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
	Report    *Report  `json:"report"`
}

// Flight is a frame on its way, decoded.
type Flight struct {
	Seq        uint64   `json:"seq"`
	From       int      `json:"from"`
	To         int      `json:"to"`
	Kind       string   `json:"kind"`
	Term       U64      `json:"term"`
	OK         bool     `json:"ok"`
	Entries    []U64    `json:"entries"`
	EntryCount int      `json:"entryCount"`
	Label      string   `json:"label"`
	Sent       float64  `json:"sent"`
	Due        float64  `json:"due"`
	Fate       string   `json:"fate"`
	LostAt     *float64 `json:"lostAt"`
	Bytes      int      `json:"bytes"`
	Text       string   `json:"text"`
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
}

// Link is one direction between two servers, times in ms of cluster time.
type Link struct {
	From    int     `json:"from"`
	To      int     `json:"to"`
	Up      bool    `json:"up"`
	Latency float64 `json:"latency"`
	Jitter  float64 `json:"jitter"`
}

// Room is the room itself.
type Room struct {
	Room     string  `json:"room"`
	Size     int     `json:"size"`
	Started  bool    `json:"started"`
	Rate     float64 `json:"rate"`
	Watchers int     `json:"watchers"`
	Links    []Link  `json:"links"`
}

// Connection is how it stands with the relay. RetryAt, Attempt and Why are there when State is "lost".
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
	Servers    []ServerView    `json:"servers,omitempty"`
	Flights    []Flight        `json:"flights,omitempty"`
	Lost       []Loss          `json:"lost,omitempty"`
	Story      []StoryLine     `json:"story,omitempty"`
	Requests   []ClientRequest `json:"requests,omitempty"`
	Notice     string          `json:"notice,omitempty"`
	QR         *QR             `json:"qr,omitempty"`
}

// toPage is a message of the Worker, FromWorker in model.ts.
type toPage struct {
	Type  string `json:"type"`
	Batch *Batch `json:"batch"`
}

// answer is the outcome of one message of the page that carried an id.
type answer struct {
	Type  string `json:"type"`
	ID    int    `json:"id"`
	OK    bool   `json:"ok"`
	Value any    `json:"value"`
	Error string `json:"error"`
}

// fromPage is ToWorker in model.ts: every member that some type of message has.
type fromPage struct {
	Type     string         `json:"type"`
	Room     string         `json:"room"`
	Relay    string         `json:"relay"`
	Link     string         `json:"link"`
	Seat     string         `json:"seat"`
	Size     *int           `json:"size"`
	Encoding string         `json:"encoding"`
	Hint     *int           `json:"hint"`
	Hidden   bool           `json:"hidden"`
	ID       int            `json:"id"`
	Op       string         `json:"op"`
	Key      string         `json:"key"`
	Value    string         `json:"value"`
	Server   *int           `json:"server"`
	Change   *networkChange `json:"change"`
}

// networkChange is a change of the network, times in ms as the page has them; see inMicroseconds.
type networkChange struct {
	Rate    *float64     `json:"rate,omitempty"`
	Start   *bool        `json:"start,omitempty"`
	Latency *float64     `json:"latency,omitempty"`
	Jitter  *float64     `json:"jitter,omitempty"`
	Links   []linkChange `json:"links,omitempty"`
}

type linkChange struct {
	From    int      `json:"from"`
	To      int      `json:"to"`
	Up      *bool    `json:"up,omitempty"`
	Latency *float64 `json:"latency,omitempty"`
	Jitter  *float64 `json:"jitter,omitempty"`
}

// clip returns at most limit bytes of text, cut between characters and marked where it is cut.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := limit - len("…")
	for end > 0 && text[end]&0xC0 == 0x80 {
		end--
	}
	return text[:end] + "…"
}
