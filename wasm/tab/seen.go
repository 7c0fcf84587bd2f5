package tab

import (
	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

func (t *Tab) receiveSeen(params jsoniter.RawMessage) {
	var seen contract.SeenNotice
	if !t.understood("seen", contract.Codec.Unmarshal(params, &seen)) {
		return
	}
	t.clock.set(seen.Now)
	if t.start.Hidden {
		return // the frames of a hidden page are not seen, and they are not replayed
	}
	t.batches.Gone += max(0, seen.Dropped)
	for i := range seen.Frames {
		f := &seen.Frames[i]
		if f.At != nil {
			t.batches.Loss(contract.Loss{Seq: f.Seq, Fate: report.FateOf(f.Fate), At: *f.At})
			continue
		}
		t.batches.Flight(t.flight(f))
	}
}

// flight decodes a frame that the hub saw.
func (t *Tab) flight(f *contract.SeenFrame) contract.Flight {
	kind, data := wire.Text, []byte(f.Frame)
	if len(f.Base64) > 0 {
		kind, data = wire.Binary, f.Base64
	}
	return t.reader.Flight(contract.Message{
		Seq: f.Seq, From: f.From, To: f.To, Sent: f.Sent, Due: f.Due, Fate: report.FateOf(f.Fate),
	}, kind, data, f.Bytes)
}
