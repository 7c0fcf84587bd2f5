package lab

import (
	"testing"

	"raftplayground/raft"
)

// A tape that was kept while its run was played, and its branches, lead to the same states as the play did.
func TestATapeFollowsWhatIsDoneAndBranches(t *testing.T) {
	tape, err := NewTape(Run{Version: Version, Config: Config{Servers: 5, Latency: 5 * millisecond, Jitter: 3 * millisecond, Disk: 2 * millisecond}, Seed: 8}, 100*millisecond)
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
				if err := w.Do(deeds[i/20%len(deeds)]); err != nil {
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
	trunk := play(tape, tape.At(0), Action{Do: Crash, Server: 1}, Action{Do: Restart, Server: 1}, Action{Do: Put, Key: "a", Value: "1"})
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
