package lab

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/wire"
)

// world starts a world without clients, in which every link takes a millisecond.
func world(t *testing.T, c Config, actions ...Action) *World {
	t.Helper()
	c.Latency = millisecond
	return start(t, Run{Version: Version, Config: c, Seed: 7, Actions: actions})
}

func statusOf(w *World, id raft.ServerID) (st raft.Status) {
	w.Server(id).Node().Status(&st)
	return st
}

// do does something now and goes on for a while; it must have been done, or not, as expected.
func do(t *testing.T, w *World, expected bool, a Action, pass int64) {
	t.Helper()
	before, hash, actions := w.Faults.Deeds[a.Do], w.Hash(), len(w.run.Actions)
	why, err := w.Do(a)
	if err != nil {
		t.Fatal(err)
	}
	if did := w.Faults.Deeds[a.Do] > before; did != expected || a.When == "" && (why == "") != expected {
		t.Fatalf("%+v: done is %v, and why not is %q", a, did, why)
	}
	if !expected && a.When == "" && (w.Hash() != hash || len(w.run.Actions) != actions) {
		t.Fatalf("%+v was not done, because %s, and the world is another one", a, why)
	}
	w.RunTo(w.Now() + pass)
}

func nothingViolated(t *testing.T, w *World) {
	t.Helper()
	for _, v := range w.Finish() {
		t.Error(v.Error())
	}
}

// Three servers are replaced by three that waited: these first learn, and get their votes when the last of
// them has caught up (§6, thesis 4.2.1).
func TestServersThatWaitTakeOver(t *testing.T) {
	w := world(t, Config{Servers: 6, Voters: 3, Heal: second})
	w.RunTo(second)
	if st := statusOf(w, 5); st.LastIndex != 0 || len(st.Config.Voters) != 0 {
		t.Errorf("a server that waits has %+v", st)
	}
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
	others := []raft.ServerID{4, 5, 6}
	do(t, w, false, Action{Do: Reconfigure, Servers: others}, 0) // none of them has anything yet
	do(t, w, true, Action{Do: Reconfigure, Learners: []raft.ServerID{3, 4, 5, 6}}, 500*millisecond)
	if c := statusOf(w, 4).Config; !slices.Equal(c.Learners, others) ||
		!slices.Equal(c.Voters, []raft.ServerID{1, 2, 3}) {
		t.Errorf("the configuration is %s", c.AppendText(nil))
	}
	do(t, w, true, Action{Do: Reconfigure, Servers: others}, second)
	leader := w.leader()
	if leader == nil || leader.id < 4 || string(leader.config.AppendText(nil)) != "4,5,6" {
		t.Fatalf("leader %+v", leader)
	}
	if _, found := w.Server(5).Store().Lookup("x"); !found {
		t.Error("server 5 does not know what was written before it came")
	}
	nothingViolated(t, w)
}

func TestLeadershipIsHandedOver(t *testing.T) {
	w := world(t, Config{Servers: 3, Heal: second})
	w.RunTo(second)
	first := w.leader().id
	to := first%3 + 1
	do(t, w, false, Action{Do: Transfer, Server: to, To: first}, 0) // a follower has no leadership to hand over
	do(t, w, true, Action{Do: Transfer, To: to}, 100*millisecond)
	if w.leader().id != to {
		t.Errorf("server %d leads, not %d", w.leader().id, to)
	}
	do(t, w, true, Action{Do: Transfer}, 100*millisecond)
	if w.leader().id == to {
		t.Error("nobody was found to lead")
	}
	nothingViolated(t, w)
}

func TestLogsAreCompactedOnDemandOrBySize(t *testing.T) {
	w := world(t, Config{Servers: 3, CompactAfter: -1, Heal: second})
	w.RunTo(second)
	for range 5 {
		do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 50*millisecond)
	}
	do(t, w, true, Action{Do: Compact, Server: 2}, 0)
	if a, b := statusOf(w, 1), statusOf(w, 2); a.SnapshotIndex != 0 || b.SnapshotIndex != b.LastApplied ||
		b.LastApplied < 5 {
		t.Errorf("compacted through %d and %d", a.SnapshotIndex, b.SnapshotIndex)
	}
	do(t, w, false, Action{Do: Compact, Server: 2}, 0)
	nothingViolated(t, w)
	w = world(t, Config{Servers: 3, CompactAfter: 3, Heal: second})
	w.RunTo(second)
	for range 5 {
		do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 50*millisecond)
	}
	if st := statusOf(w, 1); st.SnapshotIndex < 3 {
		t.Errorf("compacted through %d", st.SnapshotIndex)
	}
	nothingViolated(t, w)
}

// Reads that need no entry leave the log as it is, and find what was written.
func TestReadsGoTheWayThatTheRunSays(t *testing.T) {
	for reads, entries := range map[string]raft.Index{"": 3, "log": 3, "readIndex": 0, "lease": 0} {
		w := world(t, Config{Servers: 3, Reads: reads, Heal: second})
		w.RunTo(second)
		do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
		before := statusOf(w, 1).LastIndex
		for range 3 {
			do(t, w, true, Action{Do: Get, Key: "x"}, 100*millisecond)
		}
		if got := statusOf(w, 1).LastIndex - before; got != entries {
			t.Errorf("reads %q: 3 reads made %d entries, want %d", reads, got, entries)
		}
		for _, o := range w.History()[1:] {
			if !o.Found || o.Value != "1" {
				t.Errorf("reads %q: %v", reads, o)
			}
			if took := o.Returned - o.Invoked; (took == 0) != (reads == "lease") {
				t.Errorf("reads %q: one took %d µs", reads, took)
			}
		}
		nothingViolated(t, w)
	}
}

// The history says what an operation on a value was told, and how the value was read.
func TestCompareAndSwapAndReadsOfAllKinds(t *testing.T) {
	w := world(t, Config{Servers: 3, Heal: second})
	w.RunTo(second)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
	do(t, w, true, Action{Do: CompareAndSwap, Key: "x", Expected: "1", Value: "2"}, 100*millisecond)
	do(t, w, true, Action{Do: CompareAndSwap, Key: "x", Expected: "1", Value: "3"}, 100*millisecond)
	far := w.leader().id%3 + 1
	do(t, w, true, Action{Do: Partition, Servers: []raft.ServerID{far}}, 0)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "4"}, 100*millisecond)
	before := statusOf(w, w.leader().id).LastIndex
	for _, read := range []string{"readIndex", "lease", "local"} {
		do(t, w, true, Action{Do: Get, Key: "x", Read: read}, 100*millisecond)
	}
	do(t, w, true, Action{Do: Get, Server: far, Key: "x", Read: "local"}, 100*millisecond)
	if after := statusOf(w, w.leader().id).LastIndex; after != before {
		t.Errorf("the reads made %d entries", after-before)
	}
	do(t, w, true, Action{Do: Get, Key: "x", Read: "log"}, 100*millisecond)
	if after := statusOf(w, w.leader().id).LastIndex; after != before+1 {
		t.Errorf("the read through the log made %d entries", after-before)
	}
	var told []string
	for _, o := range w.History() {
		text, _, _ := strings.Cut(o.String(), ", ")
		told = append(told, strings.TrimPrefix(text, "client 0: "))
	}
	want := []string{"put x=1", "compare and swap x=1 to 2", "compare and swap x=1 to 3: another value", "put x=4",
		"get x: 4", "get x: 4", "get x: 4", "get x: 2", "get x: 4"}
	if !slices.Equal(told, want) {
		t.Errorf("the client was told %q, want %q", told, want)
	}
	if text := string(w.run.Encode()); !strings.Contains(text, `"do":"cas","key":"x","value":"2","expected":"1"`) {
		t.Errorf("the run is %s", text)
	}
	do(t, w, true, Action{Do: Heal}, second)
	nothingViolated(t, w)
}

// Each frame under way can be named by its number, or as the next one between two servers.
func TestOneFrameIsHeldDroppedDeliveredDuplicatedEditedAndInjected(t *testing.T) {
	w := world(t, Config{Servers: 3, Heal: second})
	w.RunTo(second)
	leader := w.leader().id
	peer := leader%3 + 1
	if _, err := w.Do(Action{Do: Put, Key: "x", Value: "1"}); err != nil {
		t.Fatal(err)
	}
	on := func() (frames []uint64, data []byte) {
		var v View
		for w.View(&v); len(v.Frames) == 0; w.View(&v) {
			w.Step()
		}
		for _, f := range v.Frames {
			if f.From == uint64(leader) && f.To == uint64(peer) && bytes.Contains(f.Data, []byte("set x")) {
				frames, data = append(frames, f.Seq), f.Data
			}
		}
		return frames, data
	}
	frames, data := on()
	if len(frames) != 1 || !bytes.Contains(data, []byte("AppendEntries")) {
		t.Fatalf("under way: %v %s", frames, data)
	}
	do(t, w, true, Action{Do: HoldFrame, Frame: frames[0]}, 10*millisecond)
	if last := statusOf(w, peer).LastIndex; last != 1 {
		t.Errorf("the frame is held, and the follower has %d entries", last)
	}
	do(t, w, true, Action{Do: DuplicateFrame, Server: leader, To: peer}, 0)
	if again, _ := on(); len(again) != 2 {
		t.Errorf("a duplicate, and %d frames are under way", len(again))
	}
	do(t, w, true, Action{Do: DropFrame, Frame: frames[0]}, 0)
	do(t, w, false, Action{Do: DropFrame, Frame: frames[0]}, 0)
	do(t, w, true, Action{Do: DeliverFrame, Server: leader, To: peer}, 0)
	if last := statusOf(w, peer).LastIndex; last != 2 {
		t.Errorf("the frame was delivered, and the follower has %d entries", last)
	}
	do(t, w, false, Action{Do: InjectFrame, Server: leader, To: peer, Text: "not a frame"}, 0)
	do(t, w, true, Action{Do: InjectFrame, Server: leader, To: peer, Text: "1:never heard of"}, 5*millisecond)
	if w.Faults.BadFrames != 1 {
		t.Errorf("%d frames could not be understood, of one that was made up", w.Faults.BadFrames)
	}
	do(t, w, true, Action{Do: Put, Key: "x", Value: "2"}, 0)
	frames, _ = on()
	do(t, w, true, Action{Do: EditFrame, Frame: frames[len(frames)-1], Text: "2:what was there is gone"}, 0)
	do(t, w, true, Action{Do: HoldFrame, Frame: frames[len(frames)-1]}, 10*millisecond)
	if w.Faults.BadFrames != 1 {
		t.Error("a frame that is held has arrived")
	}
	do(t, w, true, Action{Do: ReleaseFrame}, 5*millisecond)
	if w.Faults.BadFrames != 2 {
		t.Errorf("%d frames could not be understood, of two that were made up", w.Faults.BadFrames)
	}
	nothingViolated(t, w)
}

func machineOf(w *World, id raft.ServerID) Machine {
	var v View
	w.View(&v)
	return v.Machines[id-1]
}

// A failed write stops its server, which starts again from its disk: nothing that it said before is lost.
func TestAServerWhoseDiskFailsStopsAndStartsAgain(t *testing.T) {
	for _, slowest := range []int64{0, 20 * millisecond} {
		w := world(t, Config{Servers: 3, Disk: slowest, Heal: second})
		w.RunTo(second)
		leader := w.leader().id
		do(t, w, true, Action{Do: FailDisk, Down: 300 * millisecond}, 0)
		do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 50*millisecond)
		if m := machineOf(w, leader); m.State != Down || m.Failure != errFailed.Error() || m.Restart == 0 {
			t.Errorf("its disk has failed, and it is %+v", m)
		}
		w.RunTo(w.Now() + second)
		if m := machineOf(w, leader); m.State != Running || m.Failure != "" || m.Life != 2 {
			t.Errorf("it should be back, and is %+v", m)
		}
		do(t, w, true, Action{Do: Heal}, 0)
		nothingViolated(t, w)
	}
}

func TestAServerWhoseDiskIsFullIsDownUntilThereIsRoom(t *testing.T) {
	w := world(t, Config{Servers: 3, Heal: second})
	w.RunTo(second)
	do(t, w, true, Action{Do: FillDisk, Server: 2, Down: 50 * millisecond}, 0)
	for range 4 {
		do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
	}
	if m := machineOf(w, 2); !m.Full || m.Life < 3 || statusOf(w, 1).LastIndex != 5 {
		t.Errorf("its disk is full, and it is %+v", m)
	}
	do(t, w, true, Action{Do: FreeDisk, Server: 2}, second)
	if m := machineOf(w, 2); m.State != Running || m.Full || statusOf(w, 2).LastIndex != statusOf(w, 1).LastIndex {
		t.Errorf("there is room again, and it is %+v", m)
	}
	nothingViolated(t, w)
}

// A bit that flips anywhere but in the last record is noticed at the next start, by its checksum, and the server stays
// down until it is wiped.
func TestAFlippedBitIsNoticedAtTheNextStart(t *testing.T) {
	for seed := range uint64(40) {
		w := start(t, Run{Version: Version, Seed: seed, Config: Config{Servers: 3, Latency: millisecond,
			CompactAfter: 4, Heal: second}})
		w.RunTo(second)
		for i := range int64(6) {
			do(t, w, true, Action{Do: Put, Key: "x", Value: decimal(i)}, 50*millisecond)
		}
		do(t, w, true, Action{Do: FlipBit, Server: 3}, 100*millisecond)
		if m := machineOf(w, 3); m.State != Running {
			t.Fatalf("seed %d: it did not look, and is %+v", seed, m)
		}
		do(t, w, true, Action{Do: PowerLoss, Server: 3, Down: 10 * millisecond}, second)
		if m := machineOf(w, 3); m.State != Damaged || !strings.Contains(m.Failure, "damaged at byte") {
			t.Fatalf("seed %d: it is %+v", seed, m)
		}
		do(t, w, true, Action{Do: Heal}, 0)
		if seed%2 == 0 {
			do(t, w, false, Action{Do: Restart, Server: 3}, 0)
		}
		if m := machineOf(w, 3); m.State != Damaged {
			t.Errorf("seed %d: it has healed by itself, and is %+v", seed, m)
		}
		nothingViolated(t, w)
	}
}

// Careful actions leave a majority, and no server that has lost its disk returns to break its promises.
func TestCareIsTakenThatAMajorityKeepsItsDisks(t *testing.T) {
	w := world(t, Config{Servers: 6, Voters: 5, Heal: second})
	w.RunTo(second)
	do(t, w, true, Action{Do: Wipe, Server: 1, Careful: true}, second)
	do(t, w, true, Action{Do: FlipBit, Server: 2, Careful: true}, second)
	do(t, w, false, Action{Do: Wipe, Server: 3, Careful: true}, second)
	do(t, w, false, Action{Do: FlipBit, Server: 3, Careful: true}, second)
	do(t, w, false, Action{Do: Reconfigure, Servers: []raft.ServerID{1, 2, 3}, Careful: true}, second)
	do(t, w, false, Action{Do: Restart, Server: 1}, 0)
	do(t, w, true, Action{Do: Heal}, second)
	if m := machineOf(w, 1); m.State != Down {
		t.Errorf("server 1 has lost its disk, and is %+v", m)
	}
	do(t, w, true, Action{Do: Reconfigure, Learners: []raft.ServerID{6}}, second)
	do(t, w, true, Action{Do: Reconfigure, Servers: []raft.ServerID{3, 4, 5, 6}, Careful: true}, second)
	do(t, w, true, Action{Do: Wipe, Server: 3, Careful: true}, second)
	nothingViolated(t, w)
	if leader := w.leader(); leader == nil || leader.id < 4 {
		t.Errorf("led by %v", leader)
	}
}

// A flipped bit that is not noticed is a violation, and so is a disk that fails without cause: only what was
// done to a server excuses it.
func TestWhatIsNotExcusedIsViolated(t *testing.T) {
	w := world(t, Config{Servers: 3, Heal: second})
	w.RunTo(second)
	do(t, w, true, Action{Do: Crash, Server: 1}, 0)
	w.machines[0].disk.durable[3] ^= 1
	do(t, w, true, Action{Do: Restart, Server: 1}, 0)
	if v := w.Violations(); len(v) != 1 || v[0].Property != check.Liveness ||
		!strings.Contains(v[0].Detail, "must start with whatever a crash leaves") {
		t.Errorf("a disk is damaged, nobody did it, and the violations are %v", v)
	}
	w = world(t, Config{Servers: 3, Heal: second})
	w.RunTo(second)
	do(t, w, true, Action{Do: Crash, Server: 1}, 0)
	w.machines[0].disk.flipped = true
	do(t, w, true, Action{Do: Restart, Server: 1}, 0)
	if v := w.Violations(); len(v) != 1 ||
		!strings.Contains(v[0].Detail, "must not start with a bit of its disk flipped") {
		t.Errorf("a server starts from a damaged disk, and the violations are %v", v)
	}
	w = world(t, Config{Servers: 3, Disk: 100 * millisecond, Heal: second})
	w.RunTo(second)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, millisecond/2)
	m := w.leader()
	m.disk.waiting = nil
	m.disk.done(errors.New("no cause"))
	for range 2 { // it is reported once
		w.settle(m)
	}
	if v := w.Violations(); len(v) != 1 || !strings.Contains(v[0].Detail, "must not fail on a disk that works") ||
		!slices.Equal(v[0].Servers, []raft.ServerID{m.id}) {
		t.Errorf("a write fails without cause, and the violations are %v", v)
	}
	w.answered(w.clients[0], frame{wire.Text, []byte("1>2:Tea")})
	if v := w.Violations(); len(v) != 2 || !strings.Contains(v[1].Detail, "what is no answer: 1>2:Tea") {
		t.Errorf("a client is sent what is no answer, and the violations are %v", v)
	}
}

// A cut between two named sides does not depend on a leader: it is made while no server leads, and whoever
// leads.
func TestAPartitionNeedsNoLeader(t *testing.T) {
	w := world(t, Config{Servers: 5})
	cut := func() (n int) {
		var v View
		w.View(&v)
		for _, l := range v.Links {
			if !l.Up {
				n++
			}
		}
		return n
	}
	do(t, w, true, Action{Do: Partition, Servers: []raft.ServerID{1, 2}}, 0)
	if w.leader() != nil || cut() != 12 {
		t.Errorf("%d directions are cut, leader %+v", cut(), w.leader())
	}
	do(t, w, false, Action{Do: Partition}, 0) // whoever leads would be isolated
	do(t, w, true, Action{Do: Partition, Server: 4}, 0)
	if cut() != 8 {
		t.Errorf("around server 4 %d directions are cut", cut())
	}
	do(t, w, true, Action{Do: Partition, Servers: []raft.ServerID{1, 2, 3, 4, 5}}, second)
	do(t, w, true, Action{Do: Partition}, 0)
	if w.leader() == nil || cut() != 8 {
		t.Errorf("around the leader %d directions are cut", cut())
	}
}

// Traps keep their numbers, whichever others are still set.
func TestATrapIsTakenAwayByItsNumber(t *testing.T) {
	w := world(t, Config{Servers: 3})
	trap := func(when Moment) { // what sets a trap is not counted as done before it springs
		if _, err := w.Do(Action{Do: Crash, When: when, Down: second}); err != nil {
			t.Fatal(err)
		}
	}
	set := func() (numbers []int) {
		for _, trap := range w.Traps() {
			numbers = append(numbers, trap.Number)
		}
		return numbers
	}
	trap("leader")
	trap("truncate")
	do(t, w, true, Action{Do: Disarm, Trap: 1}, 0)
	do(t, w, false, Action{Do: Disarm, Trap: 1}, 0)
	do(t, w, false, Action{Do: Disarm, Trap: 9}, 0)
	trap("snapshotSent")
	if got := set(); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("traps %v", got)
	}
	w.RunTo(second)
	if w.leader() == nil || w.Faults.Deeds[Crash] > 0 {
		t.Error("a trap that was taken away has sprung")
	}
	copied := w.Clone()
	do(t, w, true, Action{Do: Heal}, 0)
	if len(set()) != 0 || len(copied.Traps()) != 2 {
		t.Errorf("after healing %v, in the copy %v", set(), copied.Traps())
	}
	for _, wrong := range []Action{{Do: Disarm}, {Do: Disarm, Trap: -1}, {Do: Crash, Trap: 1}} {
		if _, err := w.Do(wrong); err == nil || !strings.Contains(err.Error(), "trap: expected") {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}
