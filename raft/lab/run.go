package lab

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
	"raftplayground/relay/quality"
)

// Version is the version of what a Run means. Another version's Run leads to other states, and is refused.
const Version = 1

// Run determines a simulation: two Worlds of the same Run are in the same state at the same time.
type Run struct {
	Version int      `json:"version"`
	Config  Config   `json:"config"`
	Seed    uint64   `json:"seed"`
	Actions []Action `json:"actions,omitempty"` // ascending by At; those of the same time happen in this order
}

// Config is what the world is like. Times are microseconds of cluster time.
type Config struct {
	Servers int `json:"servers"` // 1 to 9
	// the first so many of them are the cluster at the start, the others wait to be added; 0: all
	Voters int `json:"voters,omitempty"`

	Latency int64 `json:"latency"` // of every link, one way, at the start and after healing
	Jitter  int64 `json:"jitter"`
	// the longest that a write takes; times are drawn from 0 to it; 0: no time at all
	Disk int64 `json:"disk,omitempty"`
	JSON bool  `json:"json,omitempty"` // servers with an even number call in JSON, not colon

	// Encodings are the encodings of servers' calls (wire.Callable): S1 has the first, S2 the second, and so
	// on, round and round. Empty: as JSON says.
	Encodings []string `json:"encodings,omitempty"`

	// Election timeouts are drawn from ElectionMin to ElectionMax of a server's own clock (§5.2), whole milliseconds;
	// both 0: 150 to 300 ms.
	ElectionMin int64 `json:"electionMin,omitempty"`
	ElectionMax int64 `json:"electionMax,omitempty"`

	// FirstElapsed says of each server how much of its first election timeout has passed at the start, in percent, 1 to
	// 99. Empty: 75 for all.
	FirstElapsed []int `json:"firstElapsed,omitempty"`

	Off []string `json:"off,omitempty"` // the IDs of rules that no server keeps at the start, see raft.Rules

	CompactAfter int `json:"compactAfter,omitempty"` // as server.Options says: 0 means 4096, -1 never
	// what makes a Get linearizable: "log", which "" means too, "readIndex" or "lease"
	Reads string `json:"reads,omitempty"`

	Clients  int   `json:"clients,omitempty"`  // up to 50, each with one operation at a time
	Keys     int   `json:"keys,omitempty"`     // that they use, at least 1 if there are clients
	Think    int64 `json:"think,omitempty"`    // how long a client rests between two operations, on average
	Patience int64 `json:"patience,omitempty"` // how long it waits for an answer

	Chaos int64 `json:"chaos,omitempty"` // how long faults happen, from the start
	Heal  int64 `json:"heal,omitempty"`  // how long after it service must have returned

	// Harsh is nil if the world is not harsh. It is not written to once the run is made: copies of the
	// Config share it.
	Harsh *Harshness `json:"harsh,omitempty"`
}

// Action is something that is done to the world at a moment. One that does not apply, such as the crash of a server
// that is down, changes nothing.
type Action struct {
	At int64 `json:"at"` // µs of cluster time
	Do Deed  `json:"do"`

	// the server it is done to; 0: whoever leads then, in the highest term; Network: every server
	Server raft.ServerID `json:"server,omitempty"`
	// the other end of a link, 0: all others; Transfer: the next leader, 0: whoever has most of the log
	To raft.ServerID `json:"to,omitempty"`
	// Partition: one side, none: Server alone; Reconfigure: the voters, none: those of now
	Servers []raft.ServerID `json:"servers,omitempty"`

	// Reconfigure: servers that are to get the log without a vote, as far as they have none
	Learners []raft.ServerID `json:"learners,omitempty"`

	// Careful is an operator's caution: Wipe, FlipBit and Reconfigure are done only if in every
	// configuration that may be in force, now or then, a majority of the voters still has its disk. A wiped
	// server never returns, not even by Heal (story 24 of raft/scenario).
	Careful bool `json:"careful,omitempty"`

	// Hang makes SlowDisk a disk that finishes no write at all, until it is given a speed again. With
	// Careful only if the cluster can do without that server, which then does not count as missing.
	Hang bool `json:"hang,omitempty"`

	// Frame is the number of a frame under way between servers (View.Frames). 0: the first to arrive of
	// those from Server to To, each 0 meaning any server.
	Frame uint64 `json:"frame,omitempty"`
	Text  string `json:"text,omitempty"` // EditFrame, InjectFrame: the frame, at most 64 KiB

	// Binary says that Text is the frame's bytes in base64 (RFC 4648, section 4), which travel in a binary
	// message.
	Binary bool `json:"binary,omitempty"`

	// When sets a trap: the action is done, once, when this comes true. One of Occasions is an event at
	// Server, or with Server 0 at the first server it happens to. Any other is a goal in words; with Server
	// 0 the action is then done to the one server that the goal names, else to the one where the event
	// happened, else to whoever leads. Disarm takes one trap away, Heal all.
	When Moment `json:"when,omitempty"`
	Skip int    `json:"skip,omitempty"` // of one of Occasions: how many such events pass before the one that is meant
	// Crash, PowerLoss, Wipe, FailDisk, FillDisk: after how long it restarts by itself once it is down; 0: it does not
	Down int64 `json:"down,omitempty"`

	Rate float64 `json:"rate,omitempty"` // Clock: seconds of this server in a second of cluster time, 0.01 to 100
	Disk int64   `json:"disk,omitempty"` // SlowDisk: the longest that a write takes
	Link *Link   `json:"link,omitempty"` // Network

	Key      string `json:"key,omitempty"` // Put, Get, Delete, CompareAndSwap
	Value    string `json:"value,omitempty"`
	Expected string `json:"expected,omitempty"` // CompareAndSwap: what must be there for Value to be written
	// Get: "log", "readIndex", "lease" or "local" (wire.Read); empty: as Config.Reads says
	Read string `json:"read,omitempty"`

	// Disarm: the trap's number; traps of a run are counted from 1, in the order of their setting
	Trap int `json:"trap,omitempty"`

	Off []string `json:"off,omitempty"` // Rules: the IDs of those that are off from now on
}

// Link is what one direction between two servers is like.
type Link = quality.Qualities

// Limits of a Run. They bound what a Run from a stranger can make the simulation do.
const (
	MaxServers = 9
	MaxClients = 50
	MaxActions = 1 << 16
	MaxTime    = 31 * 24 * 3600 * second // of anything
	MaxText    = 64 << 10                // bytes of a frame that is made up
	maxDelay   = quality.MaxDelay        // of links and disks, µs
)

const (
	millisecond int64 = 1000
	second            = 1000 * millisecond
	heartbeat         = 50 * millisecond
)

// Standard is five servers with some clients on the playground's network, for a minute with faults except in
// the last ten seconds.
func Standard() Config {
	return Config{
		Servers: 5, Latency: 5 * millisecond, Jitter: 3 * millisecond, Disk: 2 * millisecond, JSON: true,
		Clients: 3, Keys: 4, Think: 500 * millisecond, Patience: 2 * second, Chaos: 50 * second, Heal: 10 * second,
	}
}

// Calm is a minute in which nothing goes wrong: five servers with their heartbeats, and 100 writes.
func Calm(seed uint64) Run {
	r := Run{Version: Version, Seed: seed, Config: Config{Servers: 5, Latency: 5 * millisecond, Jitter: 3 * millisecond,
		Disk: 2 * millisecond}}
	for i := range int64(100) {
		r.Actions = append(r.Actions, Action{At: (i + 1) * 590 * millisecond, Do: Put, Key: "k" + decimal(i%10),
			Value: decimal(i)})
	}
	return r
}

// Encode returns the run as JSON, which Decode reads.
func (r *Run) Encode() []byte {
	text, err := jsoniter.ConfigDefault.Marshal(r)
	if err != nil {
		panic("lab: " + err.Error()) // every Run that Check accepts can be written
	}
	return text
}

// Decode reads what Encode wrote. The error says what was expected and what came.
func Decode(text []byte) (Run, error) {
	var r Run
	if err := strict.Unmarshal(text, &r); err != nil {
		return Run{}, errors.New("lab: expected a run as JSON: " + err.Error())
	}
	return r, r.Check()
}

// writtenRun is a Run in JSON. Its seed is a number where a JavaScript number holds it exactly, else decimal text;
// both are read.
type writtenRun struct {
	Version int                 `json:"version"`
	Config  Config              `json:"config"`
	Seed    jsoniter.RawMessage `json:"seed"`
	Actions []Action            `json:"actions,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (r Run) MarshalJSON() ([]byte, error) {
	seed := []byte(decimal(r.Seed))
	if r.Seed > 1<<53-1 {
		seed = strconv.AppendQuote(nil, decimal(r.Seed))
	}
	return strict.Marshal(writtenRun{r.Version, r.Config, seed, r.Actions})
}

// UnmarshalJSON implements json.Unmarshaler. Members that a Run does not have are an error; whether the run
// is possible is for Check.
func (r *Run) UnmarshalJSON(text []byte) error {
	w := writtenRun{Seed: jsoniter.RawMessage("0")}
	if err := strict.Unmarshal(text, &w); err != nil {
		return err
	}
	digits := string(w.Seed)
	if len(digits) > 2 && digits[0] == '"' && digits[len(digits)-1] == '"' {
		digits = digits[1 : len(digits)-1]
	}
	seed, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return errors.New("seed: expected 0 to 18446744073709551615, got " + string(w.Seed))
	}
	*r = Run{w.Version, w.Config, seed, w.Actions}
	return nil
}

var strict = jsoniter.Config{DisallowUnknownFields: true}.Froze()

// Check says what in the run is impossible.
func (r *Run) Check() error {
	if r.Version != Version {
		return expected("version", Version, strconv.Itoa(r.Version))
	}
	if err := r.Config.check(); err != nil {
		return err
	}
	if len(r.Actions) > MaxActions {
		return expected("at most that many actions", MaxActions, strconv.Itoa(len(r.Actions)))
	}
	for i := range r.Actions {
		a := &r.Actions[i]
		if err := a.Check(r.Config.Servers); err != nil {
			return errors.New("lab: action " + strconv.Itoa(i+1) + ": " + err.Error())
		}
		if i > 0 && a.At < r.Actions[i-1].At {
			return errors.New("lab: action " + strconv.Itoa(i+1) + " is at " + decimal(a.At) +
				", before the one that it follows, at " + decimal(r.Actions[i-1].At))
		}
	}
	return nil
}

func (c *Config) check() error {
	for _, name := range c.Encodings {
		if e, known := wire.EncodingOf(name); !known || !e.Calls() {
			return errors.New("lab: encodings: expected " + strings.Join(wire.Callable(), ", ") + ", got " +
				strconv.Quote(name))
		}
	}
	if len(c.Encodings) > MaxServers || len(c.Encodings) > 0 && c.JSON {
		return errors.New("lab: encodings: expected at most " + strconv.Itoa(MaxServers) +
			", and none together with json, got " + strconv.Itoa(len(c.Encodings)))
	}
	for _, field := range []struct {
		name               string
		value, least, most int64
	}{
		{"servers", int64(c.Servers), 1, MaxServers}, {"voters", int64(c.Voters), 0, int64(c.Servers)},
		{"compactAfter", int64(c.CompactAfter), -1, 1 << 20}, {"clients", int64(c.Clients), 0, MaxClients},
		{"keys", int64(c.Keys), int64(min(c.Clients, 1)), 1 << 16},
		{"latency", c.Latency, 0, maxDelay}, {"jitter", c.Jitter, 0, maxDelay}, {"disk", c.Disk, 0, maxDelay},
		{"think", c.Think, int64(min(c.Clients, 1)), MaxTime}, {"patience", c.Patience, int64(min(c.Clients, 1)),
			MaxTime},
		{"electionMin", c.ElectionMin, 0, maxDelay}, {"electionMax", c.ElectionMax, c.ElectionMin, maxDelay},
		{"chaos", c.Chaos, 0, MaxTime}, {"heal", c.Heal, 0, MaxTime},
	} {
		if field.value < field.least || field.value > field.most {
			return errors.New("lab: " + field.name + ": expected " + decimal(field.least) + " to " +
				decimal(field.most) + ", got " + decimal(field.value))
		}
	}
	if c.ElectionMax > 0 && c.ElectionMin <= heartbeat {
		return errors.New("lab: electionMin: expected more than a heartbeat, " + decimal(heartbeat) + ", got " +
			decimal(c.ElectionMin))
	}
	if _, known := readModes[c.Reads]; !known {
		return errors.New(`lab: reads: expected "log", "readIndex" or "lease", got ` + strconv.Quote(c.Reads))
	}
	if n := len(c.FirstElapsed); n != 0 && n != c.Servers ||
		slices.ContainsFunc(c.FirstElapsed, func(percent int) bool { return percent < 1 || percent > 99 }) {
		return errors.New("lab: firstElapsed: expected a percentage from 1 to 99 for each server, or none at all")
	}
	if c.Harsh != nil {
		if err := c.Harsh.check(); err != nil {
			return err
		}
	}
	_, err := rulesOff(c.Off)
	return err
}

var readModes = map[string]server.ReadMode{"": server.ReadThroughLog, "log": server.ReadThroughLog,
	"readIndex": server.ReadIndex, "lease": server.Lease}

// voters returns how many servers are the cluster at the start.
func (c *Config) voters() raft.ServerID {
	if c.Voters == 0 {
		return raft.ServerID(c.Servers)
	}
	return raft.ServerID(c.Voters)
}

// rulesOff returns the rules with these IDs, which are to be off.
func rulesOff(ids []string) (raft.RuleSet, error) {
	off, err := raft.RulesNamed(ids)
	if err != nil {
		return 0, errors.New("lab: off: " + err.Error())
	}
	return off, nil
}

func expected(what string, want int, got string) error {
	return errors.New("lab: expected " + what + " " + strconv.Itoa(want) + ", got " + got)
}

func decimal[T ~int64 | ~uint64](v T) string {
	if v < 0 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatUint(uint64(v), 10)
}
