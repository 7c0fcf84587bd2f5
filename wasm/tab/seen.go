package tab

import (
	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

type seenNotification struct {
	Now     float64     `json:"now"`
	Dropped int         `json:"dropped"`
	Frames  []seenFrame `json:"frames"`
}

// seenFrame is one frame that was sent, or, with seq, fate and at alone, one that was lost under way. Times are in µs.
type seenFrame struct {
	Seq   uint64   `json:"seq"`
	From  int      `json:"from"`
	To    int      `json:"to"`
	Sent  float64  `json:"sent"`
	Due   float64  `json:"due"`
	Fate  string   `json:"fate"`
	Bytes int      `json:"bytes"`
	Frame string   `json:"frame"`
	At    *float64 `json:"at"`
}

func (t *Tab) receiveSeen(params jsoniter.RawMessage) {
	var seen seenNotification
	if !t.understood("seen", contract.Codec.Unmarshal(params, &seen)) {
		return
	}
	t.clock.set(seen.Now / 1000)
	if t.start.Hidden {
		return // nobody watches the frames of a hidden page, and they are not replayed
	}
	t.outbox.Gone += max(0, seen.Dropped)
	for i := range seen.Frames {
		f := &seen.Frames[i]
		if f.At != nil {
			t.outbox.Loss(contract.Loss{Seq: f.Seq, Fate: page.FateOf(f.Fate), At: *f.At / 1000})
			continue
		}
		t.outbox.Flight(t.flight(f))
	}
}

// flight decodes what the hub saw.
func (t *Tab) flight(f *seenFrame) contract.Flight {
	view := contract.Flight{
		Message: contract.Message{Seq: f.Seq, From: f.From, To: f.To, Kind: contract.Unknown, Label: "not understood", Sent: f.Sent / 1000, Due: f.Due / 1000, Fate: page.FateOf(f.Fate)},
		Entries: []contract.U64{}, Bytes: f.Bytes, Text: page.Clip(f.Frame, page.ShownText),
	}
	if len(f.Frame) < f.Bytes {
		page.DescribeCut(&view, f.Frame)
		return view
	}
	t.buffer = append(t.buffer[:0], f.Frame...)
	if err := t.decoder.Decode(t.buffer, &t.frame); err == nil {
		page.Describe(&view, &t.frame)
	}
	return view
}
