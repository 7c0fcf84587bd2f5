package main

import (
	"io"
	"strconv"

	jsoniter "github.com/json-iterator/go"
)

// line is one line of a trace, in the order of etcd's members.
type line struct {
	Level string  `json:"level"`
	TS    uint64  `json:"ts"` // numbers the lines, always with as many digits
	Msg   string  `json:"msg"`
	Tag   string  `json:"tag"`
	At    float64 `json:"at"` // ms of cluster time
	Event event   `json:"event"`
}

type event struct {
	Name    string      `json:"name"`
	Server  string      `json:"nid"`
	State   state       `json:"state"`
	Role    string      `json:"role"`
	Log     uint64      `json:"log"`
	Config  [2][]string `json:"conf"` // voters, and the outgoing ones of a joint configuration
	Message *message    `json:"msg,omitempty"`
}

type state struct {
	Term   uint64 `json:"term"`
	Vote   string `json:"vote"`
	Commit uint64 `json:"commit"`
}

type message struct {
	Type       string `json:"type"`
	Term       uint64 `json:"term"`
	From       string `json:"from"`
	To         string `json:"to"`
	Entries    int    `json:"entries"`
	LogTerm    uint64 `json:"logTerm"`
	Index      uint64 `json:"index"`
	Commit     uint64 `json:"commit"`
	Vote       string `json:"vote"`
	Reject     bool   `json:"reject"`
	RejectHint uint64 `json:"rejectHint"`
}

// Names of messages, as etcd has them.
const (
	vote      = "MsgVote"
	voteReply = "MsgVoteResp"
	app       = "MsgApp"
	appReply  = "MsgAppResp"
	snap      = "MsgSnap"
)

// kinds are the ends of the events' names: Send… and Receive….
var kinds = map[string]string{
	vote: "RequestVoteRequest", voteReply: "RequestVoteResponse",
	app: "AppendEntriesRequest", appReply: "AppendEntriesResponse", snap: "AppendEntriesRequest",
}

// entered is an event in its place, and what is to stand right behind it.
type entered struct {
	at    int64 // µs of cluster time
	event event
	also  []event
}

const firstLine = 1_000_000_000

// write writes events as lines and returns how many.
func write(to io.Writer, events []*entered) (lines uint64, err error) {
	out := jsoniter.ConfigCompatibleWithStandardLibrary.NewEncoder(to)
	for _, e := range events {
		for _, event := range append([]event{e.event}, e.also...) {
			l := line{"debug", firstLine + lines, "trace", "trace", float64(e.at) / 1000, event}
			if err := out.Encode(l); err != nil {
				return lines, err
			}
			lines++
		}
	}
	return lines, nil
}

func name(server uint64) string { return strconv.FormatUint(server, 10) }
