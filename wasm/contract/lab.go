package contract

import jsoniter "github.com/json-iterator/go"

// Lab describes a run beyond the cluster's state at the moment shown.
type Lab struct {
	Seed     string   `json:"seed"`     // decimal
	End      Micros   `json:"end"`      // the branch has been lived as far as this; clock.now is the playhead, ≤ end
	Branch   int      `json:"branch"`   // of branches: the one that is looked at
	Branches []Branch `json:"branches"` // ascending by id; at least one
	Off      []string `json:"off"`      // IDs of rules that no server keeps now
	// Those of them that are no extensions (raft.Extensions): without them it is no longer the paper's Raft.
	Modified   []string   `json:"modified"`
	Properties []Property `json:"properties"`
	Chaos      bool       `json:"chaos"` // faults are drawn as time goes on
	Traps      []Trap     `json:"traps"`

	Wrong jsoniter.RawMessage `json:"wrong" typescript:"LabWrong[]"` // of machines and links, with what repairs it
}

// Branch is one way that the run went. An act in the past makes a branch; the history without it is kept.
type Branch struct {
	ID     int    `json:"id"`     // 1, 2, …
	Parent int    `json:"parent"` // 0: none
	At     Micros `json:"at"`     // where it leaves its parent
	End    Micros `json:"end"`
	Text   string `json:"text"` // the act that made it, in words
}

// Property is a safety property, and whether it held up to the moment that is looked at.
type Property struct {
	Name   string  `json:"name"` // "Election Safety"
	Text   string  `json:"text"` // what it says, in one sentence
	Broken *Broken `json:"broken"`
}

// Broken says how a property was broken.
type Broken struct {
	At      Micros `json:"at"`
	Text    string `json:"text"`
	Servers []int  `json:"servers"`
	Index   U64    `json:"index"`
}

// Trap is a harm that waits for its moment. The deed "disarm" removes it by its number.
type Trap struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// LivedPart holds changes of a branch's history, on the whole branch as far as it was lived, not only to
// the playhead.
type LivedPart struct {
	Whole  bool         `json:"whole"` // these are all; else they come after those that are known
	Terms  []TermChange `json:"terms"`
	Lanes  []LaneChange `json:"lanes"`
	Marks  []Mark       `json:"marks"`
	Commit U64          `json:"commit"`
}

// TermChange says since when the highest term has had its value.
type TermChange struct {
	At   Micros `json:"at"`
	Term U64    `json:"term"`
}

// LaneChange says since when a server has had its role or state.
type LaneChange struct {
	At     Micros `json:"at"`
	Server int    `json:"server"`
	Role   Lane   `json:"role"`
	Term   U64    `json:"term"`
}

// Lane is what a server is on the time line: a Role, or why it has none.
type Lane string

// The lanes.
const (
	FollowerLane     Lane = "follower"
	CandidateLane    Lane = "candidate"
	LeaderLane       Lane = "leader"
	PreCandidateLane Lane = "preCandidate"
	GoneLane         Lane = "gone"
	EmptyLane        Lane = "empty"
	PausedLane       Lane = "paused"
)

// Mark is something on the time line.
type Mark struct {
	At     Micros   `json:"at"`
	Kind   MarkKind `json:"kind"`
	Server int      `json:"server"`
	Text   string   `json:"text"`
}

// MarkKind is a kind of marks.
type MarkKind string

// The kinds of marks.
const (
	WriteMark     MarkKind = "write"
	FaultMark     MarkKind = "fault"
	CommitMark    MarkKind = "commit"
	CrashMark     MarkKind = "crash"
	ElectionMark  MarkKind = "election"
	ViolationMark MarkKind = "violation"
)

// Stepped answers a Step: where it ended, and what happens there.
type Stepped struct {
	At   Micros `json:"at"`
	Text string `json:"text"`
}

// Acted answers an Act that was done.
type Acted struct {
	At     Micros              `json:"at"`
	Branch int                 `json:"branch"`
	Undo   jsoniter.RawMessage `json:"undo" typescript:"LabAction[]"` // the actions that undo it; none: it is final
}

// FrameDetails is all about a frame under way.
type FrameDetails struct {
	Seq      uint64      `json:"seq"`
	From     int         `json:"from"`
	To       int         `json:"to"`
	Sent     Micros      `json:"sent"`
	Due      Micros      `json:"due"`
	Held     bool        `json:"held"`
	Name     MessageKind `json:"name"`
	Fields   []Field     `json:"fields"`   // in the order in which frames have them
	Forms    []FrameForm `json:"forms"`    // it in each encoding that has calls, and in its own
	Encoding string      `json:"encoding"` // in which it travels
	Draft    string      `json:"draft"`    // the text with which an edit of it begins
	Bytes    int         `json:"bytes"`
	Whole    bool        `json:"whole"` // its own encoding shows all of it; else its first 16 KB, with … after them
	Next     []string    `json:"next"`  // what a copy of its receiver does with it now, in words

	// What can be done to it, but for the edit, which has a form.
	Deeds jsoniter.RawMessage `json:"deeds" typescript:"LabOffer[]"`
}

// FrameForm is a frame in one encoding.
type FrameForm struct {
	Encoding string `json:"encoding"`
	Title    string `json:"title"`
	Text     string `json:"text"` // empty: it cannot be written so
}

// Field is one argument or result of a call.
type Field struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Meaning string `json:"meaning"`
}

// Inbox holds the frames on their way to a server, in the order in which they arrive; those that wait in a
// paused server first.
type Inbox struct {
	Server int          `json:"server"`
	Frames []InboxFrame `json:"frames"`
}

// InboxFrame is a frame of an Inbox.
type InboxFrame struct {
	Seq     uint64      `json:"seq"`
	From    int         `json:"from"`
	Name    MessageKind `json:"name"`
	Label   string      `json:"label"`
	Due     Micros      `json:"due"`
	Held    bool        `json:"held"`
	Waiting bool        `json:"waiting"` // in the paused server
}

// Replay is a stretch of a branch, lived again to tell all of it. Of more than 4,000 messages those that
// ended first are left out, of more than 2,000 events the oldest: it then begins later.
type Replay struct {
	// It is complete from here on. Messages lost before that, as they were sent, are not included.
	From     Micros       `json:"from"`
	To       Micros       `json:"to"` // the playhead, or where it was asked to end
	Messages []Message    `json:"messages"`
	LeftOut  int          `json:"leftOut"` // messages
	Events   []StoryLine  `json:"events"`
	Lanes    []LaneChange `json:"lanes"` // what every server is at the beginning, and the changes
}

// Moment is the content of a link or a file: a run, a moment of it, and the hash of its state there.
type Moment struct {
	Run  jsoniter.RawMessage `json:"run" typescript:"LabRun"`
	At   Micros              `json:"at"`
	Hash string              `json:"hash"` // of the world's state, hexadecimal
}
