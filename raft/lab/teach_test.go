package lab

import (
	"slices"
	"testing"

	"raftplayground/raft"
)

// left returns how long each server's timer still runs, by the clock of the world.
func left(w *World) (list []int64) {
	var v View
	w.View(&v)
	for _, m := range v.Machines {
		list = append(list, m.Timeout-m.Elapsed)
	}
	return list
}

func TestRulesAreSwitchedInServersThatRun(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 5, Latency: 5 * millisecond}, Seed: 4})
	w.RunTo(second)
	do(t, w, true, Action{Do: Rules, Off: []string{"majorityDecides", "preVote"}}, 0)
	if off, modified := w.Off(), w.Modified(); !slices.Equal(off, []string{"majorityDecides", "preVote"}) ||
		!slices.Equal(modified, []string{"majorityDecides"}) {
		t.Errorf("off: %v, modified: %v", off, modified)
	}
	do(t, w, true, Action{Do: Partition, Servers: []raft.ServerID{1, 2}}, 0)
	for id := range 5 * 3 { // two sides, each with its leader, are asked for different things
		do(t, w, true, Action{Do: Put, Server: raft.ServerID(1 + id%5), Key: "x", Value: decimal(int64(id))},
			300*millisecond)
	}
	if w.Broken() == 0 {
		t.Error("two sides elect and commit without majorities, and nothing is broken")
	}
	do(t, w, true, Action{Do: Crash, Server: 1}, 0) // its disk holds what no server that keeps the rules writes
	do(t, w, true, Action{Do: Rules}, 0)
	do(t, w, true, Action{Do: Restart, Server: 1}, 0)
	if w.RunTo(w.Now() + second); len(w.Off()) != 0 || w.Server(1) == nil {
		t.Errorf("with all rules on again %v are off, S1 is %v", w.Off(), w.Server(1))
	}
	if _, err := w.Do(Action{Do: Rules, Off: []string{"tea"}}); err == nil {
		t.Error("a rule that does not exist can be switched off")
	}
	if _, err := w.Do(Action{Do: Heal, Off: []string{"preVote"}}); err == nil {
		t.Error("heal takes rules")
	}
}

func TestElectionTimersAreSetApartAndAlike(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 5, Latency: 5 * millisecond}, Seed: 4})
	w.RunTo(second)
	leader := w.leader()
	if leader == nil {
		t.Fatal("nobody leads")
	}
	do(t, w, true, Action{Do: Pause, Server: 1 + leader.id%5}, 0)
	paused := left(w)[leader.id%5]
	do(t, w, true, Action{Do: Align}, 0)
	var alike []int64
	for i, l := range left(w) {
		if raft.ServerID(i+1) != leader.id && raft.ServerID(i) != leader.id%5 {
			alike = append(alike, l/millisecond)
		}
	}
	if len(alike) != 3 || alike[2]-alike[0] > 1 || alike[0]-alike[2] > 1 || alike[1]-alike[0] > 1 {
		t.Errorf("aligned, they run for %v ms", alike)
	}
	if now := left(w)[leader.id%5]; now != paused {
		t.Errorf("a paused server's timer went from %d to %d", paused, now)
	}
	do(t, w, true, Action{Do: Spread}, 0)
	var apart []int64
	for i, l := range left(w) {
		if raft.ServerID(i+1) != leader.id && raft.ServerID(i) != leader.id%5 {
			apart = append(apart, (l+millisecond/2)/millisecond)
		}
	}
	slices.Sort(apart)
	for i, l := range apart {
		if want := int64(100 * (i + 1)); l < want-2 || l > want+1 {
			t.Errorf("set apart, they run for %v ms, expected 100, 200 and 300", apart)
		}
	}
}

// Spread timers end one after the other within the timeouts of the run, which need not be the paper's.
func TestTimersAreSetApartWithinTheRunsTimeouts(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 3, ElectionMin: 600 * millisecond,
		ElectionMax: 900 * millisecond}, Seed: 4})
	do(t, w, true, Action{Do: Spread}, 0)
	apart := left(w)
	slices.Sort(apart)
	for i, l := range apart {
		if want := int64(300*(i+1)) * millisecond; l < want-2*millisecond || l > want+2*millisecond {
			t.Errorf("set apart, they run for %v µs, expected 300, 600 and 900 ms", apart)
		}
	}
}

func TestFirstTimersAreSpentAsTheRunSays(t *testing.T) {
	run := Run{Version: Version, Config: Config{Servers: 3, Latency: 5 * millisecond, FirstElapsed: []int{10, 99, 50}},
		Seed: 4}
	w := start(t, run)
	var v View
	w.View(&v)
	for i, percent := range run.Config.FirstElapsed {
		m := v.Machines[i]
		if is := m.Elapsed * 100 / m.Timeout; is < int64(percent)-1 || is > int64(percent)+1 {
			t.Errorf("S%d: %d %% of its timer is spent, expected %d", i+1, is, percent)
		}
	}
	for _, bad := range [][]int{{1, 2}, {1, 2, 3, 4}, {0, 5, 5}, {5, 5, 100}} {
		run.Config.FirstElapsed = bad
		if run.Check() == nil {
			t.Errorf("firstElapsed %v is taken", bad)
		}
	}
}
