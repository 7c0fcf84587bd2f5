package lab

import (
	"bytes"
	"slices"
	"testing"

	"raftplayground/raft"
)

// A harsh world depends on nothing but the seed, can be written down, and reaches the same state in every
// way.
func TestAHarshWorldIsOneRun(t *testing.T) {
	for seed := range uint64(30) {
		run := Harsh(seed)
		if err := run.Check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := Harsh(seed); !bytes.Equal(run.Encode(), again.Encode()) {
			t.Fatalf("seed %d leads to two runs", seed)
		}
		read, err := Decode(run.Encode())
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		straight, copied := start(t, run), start(t, read)
		for at := second; at < 12*second; at += second + 7*millisecond {
			copied.RunTo(at)
			copied = copied.Clone()
		}
		copied.RunTo(12 * second)
		straight.RunTo(12 * second)
		if straight.Hash() != copied.Hash() {
			t.Errorf("seed %d: a world and its copies part", seed)
		}
	}
}

// The zero Harshness changes nothing in the course of a run.
func TestNoHarshnessChangesNothing(t *testing.T) {
	run := short(3)
	plain := start(t, run)
	run.Config.Harsh = &Harshness{}
	zero := start(t, run)
	plain.RunTo(run.End())
	zero.RunTo(run.End())
	if plain.Events() != zero.Events() || plain.Faults.Frames != zero.Faults.Frames || plain.Events() == 0 {
		t.Errorf("%d events and %d frames, with no harshness %d and %d", plain.Events(), plain.Faults.Frames,
			zero.Events(), zero.Faults.Frames)
	}
}

// A copy of a frame arrives after its sender and its receiver have restarted, and more than once.
func TestStraysOutliveRestarts(t *testing.T) {
	w := world(t, Config{Servers: 2, Harsh: &Harshness{Stray: 1, StrayFor: 10 * second}})
	w.RunTo(second)
	for id := range raft.ServerID(2) {
		do(t, w, true, Action{Do: Crash, Server: id + 1, Down: 9 * second}, 0)
	}
	strays, frames := w.Faults.Strays, w.Faults.Frames
	w.RunTo(2 * second)
	if w.Faults.Strays == strays || w.Faults.Frames != frames {
		t.Errorf("%d strays arrived, and servers that are down sent %d frames", w.Faults.Strays-strays,
			w.Faults.Frames-frames)
	}
	w.RunTo(10*second + 1)
	before := w.EventsOf(raft.MessageIgnored)
	w.RunTo(15 * second)
	if w.EventsOf(raft.MessageIgnored) == before {
		t.Error("no message of an earlier life was ignored in a later one")
	}
	if len(w.strays.frames) > maxStrays {
		t.Errorf("%d strays", len(w.strays.frames))
	}
}

// A host that lags sends in order, later; and what it has not sent when it is killed is never sent.
func TestAHostLagsAndIsKilledBetween(t *testing.T) {
	w := world(t, Config{Servers: 3, Harsh: &Harshness{SendLag: 40 * millisecond, SavedLag: 40 * millisecond},
		Heal: second})
	w.RunTo(2 * second)
	leader := w.leader()
	for len(leader.outgoing.frames) == 0 {
		w.RunTo(w.now + millisecond)
	}
	if !slices.IsSortedFunc(leader.outgoing.frames, func(a, b departure) int { return int(a.at - b.at) }) {
		t.Error("frames overtake each other at the host")
	}
	sent := w.Faults.Frames
	do(t, w, true, Action{Do: Crash, Server: leader.id}, 0)
	if len(leader.outgoing.frames) != 0 || w.Faults.Frames != sent {
		t.Errorf("%d frames of a host that was killed are still to be sent", len(leader.outgoing.frames))
	}
	do(t, w, true, Action{Do: Restart, Server: leader.id}, 3*second)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 0)
	for at := w.now; w.now < at+100*millisecond && len(w.leader().disk.finished) == 0; {
		w.RunTo(w.now + 100)
	}
	if len(w.leader().disk.finished) == 0 {
		t.Error("a server was told at once that its write is durable")
	}
	w.RunTo(w.now + second)
	if _, found := w.leader().server.Store().Lookup("x"); !found {
		t.Error("what was written with a lagging host is not there")
	}
}

// A disk that hangs finishes nothing; when its process is killed, any part of the operations under way is
// done.
func TestADiskHangs(t *testing.T) {
	w := world(t, Config{Servers: 3, Heal: second})
	w.RunTo(second)
	follower := w.leader().id%3 + 1
	do(t, w, true, Action{Do: SlowDisk, Server: follower, Hang: true}, 0)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 300*millisecond)
	if st := statusOf(w, follower); st.LastIndex != 2 || st.LastApplied != 1 {
		t.Errorf("with a disk that hangs a follower's log ends at %d, applied through %d", st.LastIndex,
			st.LastApplied)
	}
	do(t, w, true, Action{Do: SlowDisk, Server: follower, Disk: millisecond}, 300*millisecond)
	if st := statusOf(w, follower); st.LastApplied != 2 {
		t.Errorf("when the disk works again %d entries are applied", st.LastApplied)
	}
	do(t, w, true, Action{Do: SlowDisk, Server: follower, Hang: true, Careful: true}, 0)
	// one of three servers can be spared, not two
	do(t, w, false, Action{Do: SlowDisk, Server: w.leader().id, Hang: true, Careful: true}, 0)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "2"}, second)
	nothingViolated(t, w)
}

// A trap may let events pass before it springs.
func TestATrapPassesOverEvents(t *testing.T) {
	w := world(t, Config{Servers: 1})
	do(t, w, false, Action{Do: Crash, When: "propose", Skip: 2}, second)
	for i := range 3 {
		if w.Server(1) == nil {
			t.Fatalf("the trap sprang after %d events", i)
		}
		do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
	}
	if w.Server(1) != nil {
		t.Error("the trap did not spring at the third event")
	}
}

// Where a cluster must serve, an unanswered request is reported.
func TestWhoeverIsNotServedIsToldOf(t *testing.T) {
	run := Run{Version: Version, Seed: 1, Config: Config{Servers: 3, Latency: millisecond, Chaos: second,
		Heal: 2 * second, Harsh: &Harshness{Serve: 2 * second}}}
	run.Actions = []Action{{At: second, Do: Heal}, {At: 3500 * millisecond, Do: Put, Key: "x", Value: "1"}}
	nothingViolated(t, start(t, run))
	run.Actions = slices.Insert(run.Actions, 1, Action{At: 3400 * millisecond, Do: Network, Link: &Link{Loss: 1}},
		Action{At: 5500 * millisecond, Do: Network, Link: &Link{}})
	slices.SortStableFunc(run.Actions, func(a, b Action) int { return int(a.At - b.At) })
	if v := start(t, run).Finish(); len(v) != 1 || v[0].Servers != nil {
		t.Errorf("a request was not answered, and violated is %v", v)
	}
}

// A learner that the leader has repaired, but never sees catch up, is stuck.
func TestALearnerThatIsStuckIsToldOf(t *testing.T) {
	w := world(t, Config{Servers: 2, Voters: 1, Heal: second})
	w.RunTo(second)
	do(t, w, true, Action{Do: Reconfigure, Learners: []raft.ServerID{2}}, second)
	w.RunTo(3 * second)
	if w.checkLearners(w.leader()); w.Broken() != 0 {
		t.Errorf("%v", w.Violations())
	}
	do(t, w, true, Action{Do: Crash, Server: 1, Down: millisecond}, 200*millisecond)
	// a new leader does not hear that the learner follows
	do(t, w, true, Action{Do: Cut, Server: 2, To: 1}, 500*millisecond)
	if leader := w.leader(); leader == nil {
		t.Fatal("nobody leads")
	} else if w.checkLearners(leader); w.Broken() == 0 && !caughtUp(w, 2) {
		t.Error("a learner that has not caught up is not told of")
	}
}

func caughtUp(w *World, id raft.ServerID) bool {
	st := statusOf(w, w.leader().id)
	return slices.ContainsFunc(st.Peers, func(p raft.Peer) bool { return p.Server == id && p.CaughtUp })
}

// A server without room for a snapshot does not count as missing; a leader that sends it one without pause
// is reported.
func TestAChunkSentWithoutPauseIsToldOf(t *testing.T) {
	w := world(t, Config{Servers: 3, Harsh: &Harshness{Room: 10}})
	m := w.machines[0]
	sent := raft.Event{Kind: raft.SnapshotSent, Peer: 3, Index: 5}
	for range maxChunkRepeats {
		w.watchChunk(m, &sent)
	}
	other := raft.Event{Kind: raft.SnapshotSent, Peer: 3, Index: 5, Old: 10}
	w.watchChunk(m, &other)
	if w.Broken() != 0 {
		t.Errorf("%v", w.Violations())
	}
	for range maxChunkRepeats + 1 {
		w.watchChunk(m, &sent)
	}
	if v := w.Violations(); len(v) != 1 || !slices.Equal(v[0].Servers, []raft.ServerID{1}) {
		t.Errorf("%v", v)
	}
}

// An impossible Harshness is refused, with the field's name.
func TestAHarshnessThatCannotBeIsRefused(t *testing.T) {
	for _, h := range []Harshness{{Stray: 2, StrayFor: second}, {Stray: 0.1}, {SendLag: -1},
		{SavedLag: maxDelay + 1}, {Room: -1}, {MaxChunk: -1}, {Serve: -1}} {
		run := Run{Version: Version, Config: Config{Servers: 1, Harsh: &h}}
		if run.Check() == nil {
			t.Errorf("%+v is accepted", h)
		}
	}
	for _, a := range []Action{{Do: Crash, Hang: true}, {Do: SlowDisk, Hang: true, Disk: 1}, {Do: Crash, Skip: 1},
		{Do: SlowDisk, Careful: true}} {
		run := Run{Version: Version, Config: Config{Servers: 1}, Actions: []Action{a}}
		if run.Check() == nil {
			t.Errorf("%+v is accepted", a)
		}
	}
}
