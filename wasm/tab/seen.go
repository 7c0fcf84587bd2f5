package tab

import (
	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/wire"
	"raftplayground/wasm/page"
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
	Binary []byte   `json:"base64"` // of a frame that is not text
	At     *float64 `json:"at"`
}

// told is what the hub tells of the frame: all of it, or its beginning.
func (f *seenFrame) told() (wire.Kind, []byte) {
	if len(f.Binary) > 0 {
		return wire.Binary, f.Binary
	}
	return wire.Text, []byte(f.Frame)
}

func (t *Tab) receiveSeen(params jsoniter.RawMessage) {
	var seen seenNotification
	if !t.understood("seen", page.Codec.Unmarshal(params, &seen)) {
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
			t.outbox.loss(page.Loss{Seq: f.Seq, Fate: page.Fate(f.Fate), At: *f.At / 1000})
			continue
		}
		t.outbox.flight(t.flight(f))
	}
}

// flight decodes what the hub saw.
func (t *Tab) flight(f *seenFrame) page.Flight {
	kind, data := f.told()
	view := page.Flight{
		Message: page.Message{Seq: f.Seq, From: f.From, To: f.To, Kind: "unknown", Label: "not understood", Sent: f.Sent / 1000, Due: f.Due / 1000, Fate: page.Fate(f.Fate)},
		Entries: []page.U64{}, Bytes: f.Bytes, Text: page.Shown(kind, data, page.ShownText),
	}
	if len(data) < f.Bytes {
		view.DescribeCut(kind, data)
		return view
	}
	if err := t.decoder.Decode(kind, data, &t.frame); err == nil {
		view.Describe(&t.frame)
	}
	return view
}
