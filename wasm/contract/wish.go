package contract

import (
	"errors"
	"reflect"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/quality"
)

// ToWorker is what the page of a live room tells its Worker.
type ToWorker struct {
	Start     *Start     `type:"start"`
	Drawn     *Drawn     `type:"drawn"`
	Hidden    *Hidden    `type:"hidden"`
	Regard    *Regard    `type:"regard"`
	Request   *Request   `type:"request"`
	Network   *Network   `type:"network"`
	Act       *Act       `type:"act" typescript:"-"` // the network's deeds, see ToLab
	Seats     *Seats     `type:"seats"`
	Reconnect *Reconnect `type:"reconnect"`
	Stop      *Halt      `type:"stop"`
}

// Start is the first message.
type Start struct {
	Room     string `json:"room"`
	Place    string `json:"place"` // the room in the storage of the page's origin
	Relay    string `json:"relay"`
	Link     string `json:"link"`
	Seat     Claim  `json:"seat"`
	Size     *int   `json:"size"`
	Encoding string `json:"encoding"` // of its calls, by its name in package wire
	Hint     *int   `json:"hint"`     // the seat of this browser to look for first
	Hidden   bool   `json:"hidden"`
}

// Claim is the part that a tab wants in a room.
type Claim string

// The claims.
const (
	AnySeat Claim = "any"
	Watch   Claim = "watch"
)

// Drawn says that the page has drawn the last batch, or is hidden and will not, and wants the next.
type Drawn struct{}

// Hidden says whether the page is hidden.
type Hidden struct {
	Hidden bool `json:"hidden"`
}

// Request asks a server for something.
type Request struct {
	ID       int      `json:"id"`
	Op       Op       `json:"op"`
	Key      string   `json:"key"`
	Value    string   `json:"value"`
	Expected string   `json:"expected,omitempty"`
	Read     ReadKind `json:"read,omitempty"`
	Server   *int     `json:"server"` // null: the leader
}

// Network changes the network or the clock.
type Network struct {
	ID     int            `json:"id"`
	Change *NetworkChange `json:"change" typescript:"NetworkChange"`
}

// NetworkChange says what is to change of the network, as the hub takes it.
type NetworkChange struct {
	Rate           *float64     `json:"rate,omitempty"`
	Start          *bool        `json:"start,omitempty" typescript:"true"`
	quality.Wanted              // of every link
	Links          []LinkChange `json:"links,omitempty"`
}

// LinkChange says what is to change of one direction of a link.
type LinkChange struct {
	From int   `json:"from"`
	To   int   `json:"to"`
	Up   *bool `json:"up,omitempty"`
	quality.Wanted
}

// OnlyRate reports whether only the rate is to change.
func (c *NetworkChange) OnlyRate() bool {
	return c.Wanted == (quality.Wanted{}) && len(c.Links) == 0
}

// Seats decides about the seats of a room.
type Seats struct {
	ID    int          `json:"id"`
	Seats *SeatsChange `json:"seats" typescript:"SeatsChange"`
}

// Reconnect says not to wait for retryAt.
type Reconnect struct{}

// Halt ends the Worker's work.
type Halt struct{}

// ToLab is what the page tells the lab's Worker, beside drawn, hidden, regard, request and network (rate and
// links) of a live room.
type ToLab struct {
	Drawn   *Drawn         `type:"drawn" typescript:"-"`
	Hidden  *Hidden        `type:"hidden" typescript:"-"`
	Regard  *Regard        `type:"regard" typescript:"-"`
	Request *Request       `type:"request" typescript:"-"`
	Network *Network       `type:"network" typescript:"-"`
	Open    *Open          `type:"open"`
	Seek    *Seek          `type:"seek"`
	Step    *Step          `type:"step"`
	Branch  *LookAtBranch  `type:"branch"`
	Act     *Act           `type:"act"`
	Frame   *LookAtFrame   `type:"frame"`
	Deeds   *AskForDeeds   `type:"deeds"`
	Inboxes *LookAtInboxes `type:"inboxes"`
	Chaos   *SetChaos      `type:"chaos"`
	Replay  *LookBack      `type:"replay"`
	Moment  *TellMoment    `type:"moment"`

	Catalogue *AskForCatalogue `type:"catalogue"`
}

// Open opens another run, null: the one that the lab begins with; at a moment of it. Answers as TellMoment
// does, without the run, once it is open.
type Open struct {
	ID   int                 `json:"id"`
	Run  jsoniter.RawMessage `json:"run" typescript:"LabRun | null"`
	At   Micros              `json:"at"`
	Rate float64             `json:"rate"`
}

// Seek goes to a moment of this branch; beyond its end it is lived further, 60 s at most. Answers { at }.
type Seek struct {
	ID int     `json:"id"`
	At *Micros `json:"at" typescript:"Micros"`
}

// Step goes to where something next comes true, and pauses the clock there. Answers Stepped, or an error if
// it does not come true within 60 s.
type Step struct {
	ID   int  `json:"id"`
	To   Stop `json:"to" typescript:"Stop | string"` // that, or any goal in the words of raft/lab/goal
	Back bool `json:"back"`                          // to just before it last came true
}

// Stop is a goal at which steps end that has a name of its own.
type Stop string

// The kinds of stops.
const (
	StopAtEvent     Stop = "event"
	StopAtMessage   Stop = "message"
	StopAtRole      Stop = "role"
	StopAtElection  Stop = "election"
	StopAtCommit    Stop = "commit"
	StopAtViolation Stop = "violation"
)

// LookAtBranch looks at another branch. Answers { at }.
type LookAtBranch struct {
	ID     int     `json:"id"`
	Branch int     `json:"branch"`
	At     *Micros `json:"at"` // null: where its end is
}

// Act does something to the cluster at the playhead; in the past it makes a branch. Answers Acted, or an
// error that says why it would change nothing.
type Act struct {
	ID     int                 `json:"id"`
	Action jsoniter.RawMessage `json:"action" typescript:"LabAction"`
}

// AskForDeeds asks what can be done to a server now. Answers LabOffer[][], in groups.
type AskForDeeds struct {
	ID     int `json:"id"`
	Server int `json:"server"`
}

// AskForCatalogue asks what deeds there are at all. Answers LabCatalogue.
type AskForCatalogue struct {
	ID int `json:"id"`
}

// LookAtFrame asks about a frame under way. Answers FrameDetails.
type LookAtFrame struct {
	ID  int    `json:"id"`
	Seq uint64 `json:"seq"`
}

// LookAtInboxes asks which frames are on their way to each server. Answers a list of Inbox.
type LookAtInboxes struct {
	ID int `json:"id"`
}

// SetChaos begins to draw faults as time goes on, or ends it.
type SetChaos struct {
	ID int  `json:"id"`
	On bool `json:"on"`
}

// LookBack asks for all that happened in a stretch of this branch, 60 s at most, as far as the playhead.
// Answers Replay. A later LookBack replaces it.
type LookBack struct {
	ID      int     `json:"id"`
	From    *Micros `json:"from" typescript:"Micros"`
	Until   *Micros `json:"until" typescript:"Micros"`
	Details bool    `json:"details"` // events of that weight, too
}

// TellMoment asks for the Moment that is shown.
type TellMoment struct {
	ID int `json:"id"`
}

// Head is what every message begins with. ID is 0 if the message has none.
type Head struct {
	Type string `json:"type"`
	ID   int    `json:"id"`
}

// Read decodes a message into the field of its type of what into points to: a ToWorker or a ToLab. It
// returns the head as far as it could be read, even if the rest could not. A type that into lacks is not an
// error: all its fields are nil then.
func Read(message []byte, into any) (Head, error) {
	var head Head
	if err := Codec.Unmarshal(message, &head); err != nil {
		return head, err
	}
	messages := reflect.ValueOf(into).Elem()
	for i := range messages.NumField() {
		if messages.Type().Field(i).Tag.Get("type") == head.Type {
			of := reflect.New(messages.Field(i).Type().Elem())
			if err := Codec.Unmarshal(message, of.Interface()); err != nil {
				return head, err
			}
			messages.Field(i).Set(of)
		}
	}
	return head, nil
}

// Write encodes the message that is in the field of its type of a FromWorker or a FromStudy.
func Write(message any) ([]byte, error) {
	messages := reflect.ValueOf(message)
	for i := range messages.NumField() {
		if of := messages.Field(i); !of.IsNil() {
			text, err := Codec.Marshal(of.Interface())
			if err != nil {
				return nil, err
			}
			head := `{"type":"` + messages.Type().Field(i).Tag.Get("type") + `"`
			if len(text) > len("{}") {
				head += ","
			}
			return append([]byte(head), text[1:]...), nil
		}
	}
	return nil, errors.New("contract: a message of no type")
}
