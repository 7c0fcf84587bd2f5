package lab

import (
	"testing"

	"raftplayground/raft"
)

// A tape that was kept while its run was played, and its branches, lead to the same states as the play did.
func TestATapeFollowsWhatIsDoneAndBranches(t *testing.T) {
	tape, err := NewTape(Run{Version: Version, Config: Config{Servers: 5, Latency: 5 * millisecond,
		Jitter: 3 * millisecond, Disk: 2 * millisecond}, Seed: 8}, 100*millisecond)
	if err != nil {
		t.Fatal(err)
	}
	type state struct {
		at   int64
		hash uint64
	}
	play := func(tape *Tape, w *World, deeds ...Action) (states []state) {
		for i := range 120 {
			to := w.Now() + 77*millisecond
			for at, _ := w.Next(); at <= to; at, _ = w.Next() { // a moment at which nothing else happens
				w.RunTo(to)
				to++
			}
			w.RunTo(to)
			if i%20 == 5 {
				if _, err := w.Do(deeds[i/20%len(deeds)]); err != nil {
					t.Fatal(err)
				}
			}
			tape.Keep(w)
			states = append(states, state{w.Now(), w.Hash()})
		}
		return states
	}
	same := func(tape *Tape, states []state) {
		t.Helper()
		for i := len(states) - 1; i >= 0; i -= 3 {
			if w := tape.At(states[i].at); w.Hash() != states[i].hash {
				t.Fatalf("at %d the state is another", states[i].at)
			}
		}
	}
	trunk := play(tape, tape.At(0), Action{Do: Crash, Server: 1}, Action{Do: Restart, Server: 1},
		Action{Do: Put, Key: "a", Value: "1"})
	same(tape, trunk)
	w := tape.At(trunk[50].at + 1)
	do(t, w, true, Action{Do: Partition, Servers: []raft.ServerID{1, 2}}, 0)
	branch := tape.Branch(w)
	for i, mark := range branch.marks {
		if mark != tape.marks[i] || mark.now >= w.Now() {
			t.Fatalf("mark %d of the branch, at %d, is not the tape's", i, mark.now)
		}
	}
	if n := len(branch.marks); n < 10 {
		t.Fatalf("the branch shares %d marks only", n)
	}
	other := play(branch, w, Action{Do: Heal}, Action{Do: Campaign, Server: 3})
	same(branch, other)
	same(branch, trunk[:50])
	same(tape, trunk)
	if n := len(branch.Run().Actions); n < 4 {
		t.Errorf("the branch has %d actions", n)
	}
	first := tape.At(0)
	do(t, first, true, Action{Do: Crash, Server: 2}, 0)
	early := tape.Branch(first)
	same(early, []state{{first.Now(), first.Hash()}})
}

// However long a tape is, it keeps a bounded number of marks, and they lead to what the run itself leads to.
func TestALongTapeKeepsFewMarks(t *testing.T) {
	run := Run{Version: Version, Config: Config{Servers: 3, Latency: 5 * millisecond}, Seed: 8,
		Actions: []Action{{At: 2 * second, Do: Crash, Server: 1}, {At: 4 * second, Do: Restart, Server: 1}}}
	tape, err := NewTape(run, 10*millisecond)
	if err != nil {
		t.Fatal(err)
	}
	tape.At(10 * second)
	if n := len(tape.marks); n > MaxMarks || n < MaxMarks/2 || tape.every != 160*millisecond {
		t.Errorf("of ten seconds %d marks are kept, %d µs apart", n, tape.every)
	}
	for i, mark := range tape.marks[1:] {
		if apart := mark.now - tape.marks[i].now; apart != tape.every && apart != tape.every/2 {
			t.Errorf("marks %d and %d are %d µs apart", i, i+1, apart)
		}
	}
	for _, at := range []int64{9999 * millisecond, 3 * second, 1, 5 * second} {
		w := start(t, run)
		w.RunTo(at)
		if tape.At(at).Hash() != w.Hash() {
			t.Errorf("at %d the tape leads to another state than the run", at)
		}
	}
	run.Version++
	if _, err := NewTape(run, second); err == nil {
		t.Error("there is a tape of a run that cannot be")
	}
}
