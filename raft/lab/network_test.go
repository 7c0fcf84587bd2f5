package lab

import (
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// The encoding of messages makes no difference to what the servers do, mixed or not, with strays and forged
// frames among them.
func TestEncodingsMakeNoDifference(t *testing.T) {
	for seed := range uint64(4) {
		run := short(seed)
		if seed%2 == 1 {
			run = Harsh(seed)
		}
		run.Config.JSON = false
		var events uint64
		for _, encodings := range [][]string{{"colon"}, {"protobuf"}, {"json", "protobuf", "colon"}} {
			run.Config.Encodings = encodings
			read, err := Decode(run.Encode())
			if err != nil {
				t.Fatal(err)
			}
			w := start(t, read)
			w.RunTo(3 * second)
			w = w.Clone()
			w.RunTo(6 * second)
			if v := w.Violations(); len(v) > 0 || w.Faults.BadFrames > 0 && w.Faults.Strays == 0 {
				t.Errorf("seed %d, %v: %d bad frames, and broken: %v", seed, encodings, w.Faults.BadFrames, v)
			}
			if events == 0 {
				events = w.Events()
			}
			if w.Events() != events || events == 0 {
				t.Errorf("seed %d, %v: %d events, in colon %d", seed, encodings, w.Events(), events)
			}
		}
	}
}

// A message that travels as bytes is held, paused over, edited into bytes and back, and told as bytes.
func TestABinaryMessageIsHandledLikeAnyOther(t *testing.T) {
	run := Run{Version: Version, Seed: 1, Config: Config{Servers: 3, Latency: 20 * millisecond,
		Encodings: []string{"protobuf"}}}
	w := start(t, run)
	var v View
	for at := 10 * millisecond; len(v.Frames) == 0; at += 10 * millisecond {
		w.RunTo(at)
		w.View(&v)
	}
	f := v.Frames[0]
	var decoder wire.Decoder
	var read wire.Frame
	if err := decoder.Decode(wire.KindOf(f.Binary), f.Data, &read); err != nil || read.Encoding != wire.Protobuf {
		t.Fatalf("%+v: %v", f, err)
	}
	forged := wire.Frame{From: f.From, To: f.To,
		RPC: &raft.RequestVote{Call: 1, Term: 77, CandidateID: raft.ServerID(f.From)}}
	bytes := frame{wire.Binary, wire.Append(nil, &forged, wire.Protobuf)}
	do(t, w, true, Action{Do: EditFrame, Frame: f.Seq, Text: bytes.text(), Binary: true}, 0)
	do(t, w, true, Action{Do: Pause, Server: raft.ServerID(f.To)}, 0)
	do(t, w, true, Action{Do: DeliverFrame, Frame: f.Seq}, 0)
	if waits := w.Inbox(raft.ServerID(f.To)); len(waits) != 1 || !waits[0].Binary ||
		string(waits[0].Data) != string(bytes.data) {
		t.Errorf("%+v wait", waits)
	}
	do(t, w, true, Action{Do: Resume, Server: raft.ServerID(f.To)}, 0)
	var status raft.Status
	if w.Server(raft.ServerID(f.To)).Node().Status(&status); status.CurrentTerm != 77 || w.Faults.BadFrames != 0 {
		t.Errorf("told of term 77 it is in term %d, and %d frames were not understood", status.CurrentTerm,
			w.Faults.BadFrames)
	}
	bad := Action{Do: InjectFrame, Server: 1, To: 2, Text: "1>2:x", Binary: true}
	if _, err := w.Do(bad); err == nil {
		t.Error("what is not base64 is injected as bytes")
	}
}

func TestEncodingsOfARunAreChecked(t *testing.T) {
	for _, c := range []Config{{Servers: 3, Encodings: []string{"morse"}}, {Servers: 3, Encodings: []string{"variant"}},
		{Servers: 3, JSON: true, Encodings: []string{"colon"}}, {Servers: 3, Encodings: make([]string, 10)}} {
		if err := (&Run{Version: Version, Config: c}).Check(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// On a narrow network a leader's frames queue until its followers campaign; undoing and healing make it wide
// again, and the recorded run leads to the same state.
func TestOnANarrowNetworkFramesQueue(t *testing.T) {
	narrow := Action{Do: Network, Link: &Link{Latency: 5 * millisecond, Bandwidth: 400}}
	w := start(t, Run{Version: Version, Seed: 3, Config: Config{Servers: 3, Latency: 5 * millisecond}})
	w.RunTo(2 * second)
	calm, back := statusOf(w, 1).CurrentTerm, w.Undo(&narrow)
	if len(back) != 1 || back[0].Link.Bandwidth != 0 {
		t.Fatalf("the way back is %+v", back)
	}
	do(t, w, true, narrow, 3*second)
	var v View
	w.View(&v)
	waits := 0
	for _, f := range v.Frames {
		if f.Due-f.Sent > 100*millisecond {
			waits++
		}
	}
	if term := statusOf(w, 1).CurrentTerm; waits == 0 || term == calm {
		t.Errorf("%d of %d frames wait, and the term is %d as before", waits, len(v.Frames), term)
	}
	do(t, w, true, back[0], 3*second)
	settled := statusOf(w, 1).CurrentTerm
	if w.RunTo(w.Now() + 3*second); statusOf(w, 1).CurrentTerm != settled || w.leader() == nil {
		t.Errorf("on a wide network term %d follows %d", statusOf(w, 1).CurrentTerm, settled)
	}
	do(t, w, true, narrow, 0)
	do(t, w, true, Action{Do: Heal}, 0)
	if w.View(&v); v.Links[0].Bandwidth != 0 {
		t.Errorf("healed: %+v", v.Links[0])
	}
	run := w.Run()
	read, err := Decode(run.Encode())
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, read)
	if again.RunTo(w.Now()); again.Hash() != w.Hash() {
		t.Error("the run as it was written down leads to another state")
	}
}
