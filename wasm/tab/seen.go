package tab

import (
	"bytes"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
)

// How much of a frame the page is shown.
const (
	shownText    = 2000 // bytes
	shownEntries = 5
	shownLabel   = 24 // bytes
)

type seenNotification struct {
	Now     float64     `json:"now"`
	Dropped int         `json:"dropped"`
	Frames  []seenFrame `json:"frames"`
}

// seenFrame is one frame that was sent, or, with seq, fate and at alone, one that was lost under way. Times are in µs.
type seenFrame struct {
	Seq    uint64   `json:"seq"`
	From   int      `json:"from"`
	To     int      `json:"to"`
	Sent   float64  `json:"sent"`
	Due    float64  `json:"due"`
	Fate   string   `json:"fate"`
	Bytes  int      `json:"bytes"`
	Frame  string   `json:"frame"`
	Base64 string   `json:"base64"`
	At     *float64 `json:"at"`
}

func (t *Tab) receiveSeen(params jsoniter.RawMessage) {
	var seen seenNotification
	if !t.understood("seen", codec.Unmarshal(params, &seen)) {
		return
	}
	t.clock.set(seen.Now / 1000)
	if t.start.Hidden {
		return // nobody watches the frames of a hidden page, and they are not replayed
	}
	t.outbox.dropped += max(0, seen.Dropped)
	for i := range seen.Frames {
		f := &seen.Frames[i]
		if f.At != nil {
			t.outbox.loss(Loss{Seq: f.Seq, Fate: fate(f.Fate), At: *f.At / 1000})
			continue
		}
		t.outbox.flight(t.flight(f))
	}
}

// flight decodes what the hub saw.
func (t *Tab) flight(f *seenFrame) Flight {
	view := Flight{
		Seq: f.Seq, From: f.From, To: f.To, Kind: "unknown", Entries: []U64{}, Label: "not understood",
		Sent: f.Sent / 1000, Due: f.Due / 1000, Fate: fate(f.Fate), Bytes: f.Bytes, Text: clip(f.Frame, shownText),
	}
	if f.Base64 != "" {
		view.Text = clip(f.Base64, shownText)
	}
	if len(f.Frame) < f.Bytes {
		view.describeCut(f.Frame)
		return view
	}
	t.buffer = append(t.buffer[:0], f.Frame...)
	if err := t.decoder.Decode(t.buffer, &t.frame); err == nil {
		view.describe(&t.frame)
	}
	return view
}

// describe says what a frame is, in the words of a learner.
func (v *Flight) describe(f *wire.Frame) {
	switch {
	case f.RPC != nil:
		v.describeRPC(f.RPC)
	case f.Request != nil:
		v.Kind, v.Label = "request", clip(requestLabel(f.Request), shownLabel)
	case f.Answer != nil:
		v.Kind, v.OK, v.Label = "answer", true, clip(answerLabel(f.Answer), shownLabel)
	case f.Refusal != nil:
		v.Kind, v.Label = "answer", clip(refusalLabel(f.Refusal), shownLabel)
	}
}

func (v *Flight) describeRPC(rpc raft.RPC) {
	switch m := rpc.(type) {
	case *raft.RequestVote:
		v.Kind, v.Term, v.Label = "RequestVote", U64(m.Term), "vote?"
	case *raft.RequestVoteReply:
		v.Kind, v.Term, v.OK, v.Label = "RequestVoteReply", U64(m.Term), m.VoteGranted, yesOrNo(m.VoteGranted)
	case *raft.AppendEntries:
		v.Kind, v.Term = "AppendEntries", U64(m.Term)
		v.EntryCount = len(m.Entries)
		for i := range m.Entries[:min(len(m.Entries), shownEntries)] {
			v.Entries = append(v.Entries, U64(m.Entries[i].Term))
		}
		v.Label = entriesLabel(m.Entries)
	case *raft.AppendEntriesReply:
		v.Kind, v.Term, v.OK = "AppendEntriesReply", U64(m.Term), m.Success
		v.Label = "no"
		if m.Success {
			v.Label = "stored to " + decimal(m.MatchIndex)
		}
	}
}

// entriesLabel names what AppendEntries carries: nothing for a heartbeat, which has no label (LOOK.md, messages).
func entriesLabel(entries []raft.Entry) string {
	switch {
	case len(entries) == 0:
		return ""
	case len(entries) > 1:
		return decimal(len(entries)) + " entries"
	case entries[0].Kind == raft.NoOp:
		return "no-op"
	}
	return clip(kv.Text(entries[0].Data), shownLabel)
}

func requestLabel(r *wire.Request) string {
	switch r.Method {
	case wire.Put:
		return r.Key + " = " + r.Value
	case wire.Get:
		return r.Key + "?"
	case wire.Delete:
		return "delete " + r.Key
	case wire.IndexRange:
		return "entries " + decimal(r.Start) + " to " + decimal(r.End)
	}
	return r.Method.String()
}

func answerLabel(a *wire.Answer) string {
	switch {
	case a.Method == wire.Get && a.Found:
		return "is " + a.Value
	case a.Method == wire.Get:
		return "no such key"
	case a.Method == wire.IndexRange:
		return decimal(len(a.Entries)) + " entries"
	}
	return "done at " + decimal(a.Index)
}

func refusalLabel(e *wire.Error) string {
	switch {
	case e.Code == wire.CodeNotLeader && e.Leader != 0:
		return "ask S" + decimal(e.Leader)
	case e.Code == wire.CodeNotLeader, e.Code == wire.CodeNoQuorum:
		return "no leader"
	case e.Code == wire.CodeTimedOut:
		return "timed out"
	}
	return "no"
}

// describeCut tells what can be told of a frame of which the hub passed on only the beginning: entries at length. Both texts name themselves at their start.
func (v *Flight) describeCut(text string) {
	if head, fields, found := strings.Cut(text, ":AppendEntries:Request:"); found && len(head) < 50 {
		term, _, _ := strings.Cut(fields, ":")
		v.Kind, v.Label = "AppendEntries", "many entries"
		_ = v.Term.UnmarshalJSON([]byte(term)) // a term that cannot be read stays 0
		return
	}
	if !strings.Contains(text, `"method":"AppendEntries"`) {
		v.Label = "too long to show"
		return
	}
	v.Kind, v.Label = "AppendEntries", "many entries"
	if _, fields, found := bytes.Cut([]byte(text), []byte(`"term":`)); found {
		end := bytes.IndexFunc(fields, func(r rune) bool { return r < '0' || r > '9' })
		_ = v.Term.UnmarshalJSON(fields[:max(end, 0)])
	}
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// fate keeps what the hub says to the words that the page knows.
func fate(word string) string {
	switch word {
	case "cut", "down", "full", "lost", "dropped":
		return word
	}
	return "sent"
}
