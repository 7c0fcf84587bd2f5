package main

import (
	"strings"
	"testing"
	"time"

	"raftplayground/raft/lab"
	"raftplayground/raft/lab/trial"
)

// Many seeds, a simulated minute each, all promises checked. The seeds are always the same, so that a failure is one of what was changed.
func TestManySeeds(t *testing.T) {
	var out strings.Builder
	sum := soak(trial.Worlds["standard"], 1, seeds, time.Now().Add(time.Hour), &out)
	sum.print(&out)
	t.Log("\n" + out.String())
	if sum.violations > 0 {
		t.Fail()
	}
	if sum.seeds != seeds || sum.simulated < seeds*60e6 {
		t.Errorf("%d seeds of %d, %d µs simulated", sum.seeds, seeds, sum.simulated)
	}
	if sum.elections < 5*seeds || sum.operations < 50*seeds {
		t.Errorf("%d elections and %d operations: too little happened for this test to mean anything", sum.elections, sum.operations)
	}
	for _, deed := range lab.Deeds {
		switch deed {
		case lab.Put, lab.Get, lab.Delete, lab.CompareAndSwap, lab.EditFrame, lab.InjectFrame, lab.Rules, lab.Spread, lab.Align, lab.Disarm: // not drawn
		default:
			if sum.deeds[deed] == 0 {
				t.Errorf("%s never happened", deed)
			}
		}
	}
}

// A seed that fails is told with the command that runs it again, and that leads to the same.
func TestAFailingSeedIsToldWithItsCommand(t *testing.T) {
	var told strings.Builder
	sum := &summary{deeds: map[lab.Deed]int{}}
	r := trial.Result{Seed: 42, Violations: []error{errDummy{}}}
	sum.add(&r, &told)
	if want := "seed 42: something is wrong\n  again: go run ./raft/lab/soak -seed 42 -shrink -events\n"; told.String() != want || sum.violations != 1 {
		t.Errorf("told %q, want %q", told.String(), want)
	}
	var first, second strings.Builder
	if !replay(&first, trial.Worlds["standard"], 42, true, true) || !replay(&second, trial.Worlds["standard"], 42, true, true) {
		t.Errorf("seed 42 fails: %s", first.String())
	}
	if first.String() != second.String() || !strings.HasPrefix(first.String(), `{"version":1,`) {
		t.Error("seed 42 does not lead to the same twice")
	}
}

type errDummy struct{}

func (errDummy) Error() string { return "something is wrong" }

// Without one of the rules a seed fails; shrunk, it still does, with fewer actions.
func TestAFailingSeedIsShrunk(t *testing.T) {
	var told strings.Builder
	if replay(&told, lacking([]string{"oneVotePerTerm"}), 1, true, false) {
		t.Fatal("two votes in a term, and nothing is violated")
	}
	if !strings.Contains(told.String(), "are needed to violate Election Safety") || !strings.Contains(told.String(), "were both elected leader of term") {
		t.Errorf("told %s", told.String())
	}
}
