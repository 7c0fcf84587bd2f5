package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"raftplayground/raft/lab"
	"raftplayground/raft/lab/trial"
)

// Many seeds, a simulated minute each, all promises checked. The seeds are always the same, so a failure is
// due to what was changed.
func TestManySeeds(t *testing.T) {
	sum := live(t, "standard", 1, seeds/2)
	if sum.simulated < seeds/2*60e6 {
		t.Errorf("%d µs simulated", sum.simulated)
	}
	if sum.elections < 5*seeds/2 || sum.operations < 50*seeds/2 {
		t.Errorf("%d elections and %d operations: too little happened for this test to mean anything", sum.elections,
			sum.operations)
	}
	happened(t, sum, lab.Put, lab.Get, lab.Spread, lab.Align)
}

// More seeds, in worlds as harsh as real ones: nothing is violated and no server stuck.
func TestManyHarshSeeds(t *testing.T) {
	sum := live(t, "harsh", 0, seeds)
	if sum.elections < 4*seeds || sum.operations < 300*seeds || sum.strays < 50*seeds {
		t.Errorf("%d elections, %d operations and %d strays: too little happened for this test to mean anything",
			sum.elections, sum.operations, sum.strays)
	}
	happened(t, sum, lab.FillDisk, lab.FreeDisk) // those of the others
}

// Messages arrive that no server sends: whatever they break, no server panics, loops or grows without bound.
func TestManyForgedSeeds(t *testing.T) {
	sum := live(t, "forged", 0, seeds/4)
	if sum.deeds[lab.InjectFrame] < 50*seeds/4 {
		t.Errorf("%d forged frames: too little happened for this test to mean anything", sum.deeds[lab.InjectFrame])
	}
}

// live lives through so many seeds of a world, in which nothing may be violated.
func live(t *testing.T, world string, first uint64, count int) *summary {
	t.Helper()
	var out strings.Builder
	sum := soak(trial.Worlds[world], first, count, time.Now().Add(time.Hour), &out)
	sum.print(&out)
	t.Log("\n" + out.String())
	if sum.violations > 0 || sum.seeds != count {
		t.Errorf("%d seeds of %d, %d violations", sum.seeds, count, sum.violations)
	}
	return sum
}

// happened checks that every deed that can be drawn was done to the clusters, except those named.
func happened(t *testing.T, sum *summary, but ...lab.Deed) {
	t.Helper()
	never := append(but, lab.Delete, lab.CompareAndSwap, lab.EditFrame, lab.InjectFrame, lab.Rules, lab.Disarm)
	for _, deed := range lab.Deeds {
		if sum.deeds[deed] == 0 && !slices.Contains(never, deed) {
			t.Errorf("%s never happened", deed)
		}
	}
}

// A seed that fails is told with the command that runs it again, and that leads to the same.
func TestAFailingSeedIsToldWithItsCommand(t *testing.T) {
	var told strings.Builder
	sum := &summary{world: "standard", deeds: map[lab.Deed]int{}}
	r := trial.Result{Seed: 42, Violations: []error{errDummy{}}}
	sum.add(&r, &told)
	want := "seed 42: something is wrong\n  again: go run ./raft/lab/soak -seed 42 -shrink -events\n"
	if told.String() != want || sum.violations != 1 {
		t.Errorf("told %q, want %q", told.String(), want)
	}
	var first, second strings.Builder
	if !replay(&first, trial.Worlds["standard"], 42, true, true) || !replay(&second, trial.Worlds["standard"], 42,
		true, true) {
		t.Errorf("seed 42 fails: %s", first.String())
	}
	if first.String() != second.String() || !strings.HasPrefix(first.String(), `{"version":1,`) {
		t.Error("seed 42 does not lead to the same twice")
	}
}

type errDummy struct{}

func (errDummy) Error() string { return "something is wrong" }

// The command names the world, too.
func TestAFailingSeedOfAHarshWorldIsToldWithItsWorld(t *testing.T) {
	var told strings.Builder
	sum := &summary{world: "harsh", deeds: map[lab.Deed]int{}}
	sum.add(&trial.Result{Seed: 7, Violations: []error{errDummy{}}}, &told)
	if want := "go run ./raft/lab/soak -seed 7 -world harsh -shrink -events"; !strings.Contains(told.String(), want) {
		t.Errorf("told %q, want %q in it", told.String(), want)
	}
}

// Without one of the rules a seed fails; shrunk, it still does, with fewer actions.
func TestAFailingSeedIsShrunk(t *testing.T) {
	var told strings.Builder
	if replay(&told, lacking([]string{"oneVotePerTerm"}), 1, true, false) {
		t.Fatal("two votes in a term, and nothing is violated")
	}
	if !strings.Contains(told.String(), "are needed to violate Election Safety") ||
		!strings.Contains(told.String(), "were both elected leader of term") {
		t.Errorf("told %s", told.String())
	}
}
