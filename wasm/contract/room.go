package contract

import jsoniter "github.com/json-iterator/go"

// What a member of a room and its hub tell each other (package hub): JSON-RPC 2.0 over the room's socket. Times are in
// whole µs there, too.

// Call is a call to the hub. Without an ID it asks for no answer.
//
//typescript:none
type Call struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id,omitempty"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// Envelope is what every message of the socket may have that is JSON: a frame between members has From or To, a
// notification of the hub a Method, an answer of it Result or Error.
//
//typescript:none
type Envelope struct {
	ID     jsoniter.RawMessage `json:"id"`
	Method string              `json:"method"`
	From   *uint64             `json:"from"`
	To     *uint64             `json:"to"`
	Params jsoniter.RawMessage `json:"params"`
	Result jsoniter.RawMessage `json:"result"`
	Error  *CallError          `json:"error"`
}

// CallError is why the hub did not do what it was asked.
//
//typescript:none
type CallError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// RoomNotice is the notification "room": the whole state of a room, except the Raft state of its servers.
//
//typescript:none
type RoomNotice struct {
	RoomState
	Unknown  bool       `json:"unknown,omitempty"` // it has lost its record, or is new and no person has said so
	Now      Micros     `json:"now"`
	Unstored string     `json:"unstored,omitempty"` // why the relay cannot store who holds which seat; empty if it can
	Servers  []RoomSeat `json:"servers"`

	// What was done since the last notice, in order; a relay older than this tab omits it.
	Deeds       []Deed `json:"deeds,omitempty"`
	DeedsMissed int    `json:"deedsMissed,omitempty"` // how many deeds before them are left out
}

// Deed is what was done in a room, and by whom; relay/PROTOCOL.md says which members which deed has.
//
//typescript:none
type Deed struct {
	Do      string  `json:"do"`
	At      Micros  `json:"at"`
	By      *Author `json:"by"` // null: no particular member
	Server  int     `json:"server,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	Rate    float64 `json:"rate,omitempty"`
	Was     float64 `json:"was,omitempty"`
	Ways    []Way   `json:"ways,omitempty"`
	DownNow []Way   `json:"downNow,omitempty"`
	Links   []Link  `json:"links,omitempty"`
	Act     string  `json:"act,omitempty"`
	Seq     uint64  `json:"seq,omitempty"`
	From    int     `json:"from,omitempty"`
	To      int     `json:"to,omitempty"`
}

// Author is a member that did something: its client's address, its server if it has one, and that server's name.
//
//typescript:none
type Author struct {
	Client uint64 `json:"client"`
	Server int    `json:"server,omitempty"`
	Name   string `json:"name,omitempty"`
}

// Way is one direction: from a server to another.
//
//typescript:none
type Way [2]int

// Back is the other direction.
func (w Way) Back() Way { return Way{w[1], w[0]} }

// RoomSeat is one seat of a room, and who is on it.
//
//typescript:none
type RoomSeat struct {
	Server    int     `json:"server"`
	Leased    bool    `json:"leased"`
	Connected bool    `json:"connected"`
	Name      string  `json:"name"`
	Hidden    bool    `json:"hidden"`
	Disk      string  `json:"disk"`
	Binary    bool    `json:"binary,omitempty"` // its member accepts binary messages
	RoundTrip *Micros `json:"roundTrip"`        // of real time; null: nobody is connected, or it is not known yet
}

// SeatWish holds the parameters of the call "seat".
//
//typescript:none
type SeatWish struct {
	Server *int    `json:"server"` // null: any free one; 0: none
	Lease  *string `json:"lease"`
	Claim  uint64  `json:"claim,omitempty"`
	Resume bool    `json:"resume,omitempty"`
	Made   string  `json:"made,omitempty"`
	Size   *int    `json:"size,omitempty"`
	Hidden bool    `json:"hidden"`
	Disk   string  `json:"disk,omitempty"`
}

// JoinWish holds the parameters of the call "join".
//
//typescript:none
type JoinWish struct {
	SeatWish
	Watch  bool `json:"watch"`
	Binary bool `json:"binary"`
}

// Joined answers the calls "join" and "seat".
//
//typescript:none
type Joined struct {
	Client  uint64  `json:"client"`
	Clients uint64  `json:"clients"`
	Server  *int    `json:"server"`
	Lease   *string `json:"lease"`
	Claim   uint64  `json:"claim"`
	Made    string  `json:"made"`
	Anew    bool    `json:"anew"`
	Fresh   bool    `json:"fresh"`
	RoomNotice
}

// SeenNotice is the notification "seen": what became of frames.
//
//typescript:none
type SeenNotice struct {
	Now     Micros      `json:"now"`
	Dropped int         `json:"dropped,omitempty"`
	Frames  []SeenFrame `json:"frames"`
}

// SeenFrame is a frame that was sent, or, if At is present, an earlier one whose fate has changed. Then only
// Seq, Fate and At are present, and Due if the fate is "sent".
//
//typescript:none
type SeenFrame struct {
	Seq    uint64  `json:"seq"`
	From   int     `json:"from"`
	To     int     `json:"to"`
	Sent   Micros  `json:"sent"`
	Due    Micros  `json:"due"`
	Fate   string  `json:"fate"`
	Bytes  int     `json:"bytes"`
	CopyOf uint64  `json:"copyOf,omitempty"` // the number of the frame that this one is a copy of
	Frame  string  `json:"frame,omitempty"`  // its beginning, or nothing of it where the room is too busy
	Base64 []byte  `json:"base64,omitempty"` // … of a frame that is binary
	At     *Micros `json:"at,omitempty"`
}
