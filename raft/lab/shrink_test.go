package lab

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// Every action that is left is needed, and their order is kept.
func TestShrinkKeepsWhatIsNeededAndNothingElse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.IntRange(0, 60).Draw(rt, "actions")
		needed := rapid.SliceOfNDistinct(rapid.Int64Range(0, int64(max(count-1, 0))), 0, min(count, 6),
			rapid.ID).Draw(rt, "needed")
		slices.Sort(needed)
		var run Run
		for at := range int64(count) {
			run.Actions = append(run.Actions, Action{At: at, Do: Heal})
		}
		asked := 0
		short := Shrink(run, func(r Run) bool {
			asked++
			return !slices.ContainsFunc(needed, func(at int64) bool {
				return !slices.ContainsFunc(r.Actions, func(a Action) bool { return a.At == at })
			})
		}, 1000)
		var got []int64
		for _, a := range short.Actions {
			got = append(got, a.At)
		}
		if !slices.Equal(got, needed) || len(run.Actions) != count || asked > 1000 {
			rt.Fatalf("of %d actions %v are needed, %v are left after %d tries", count, needed, got, asked)
		}
	})
}

func TestAFailingRunShrinks(t *testing.T) {
	config := Standard()
	config.Chaos, config.Heal, config.Off = 5*second, second, []string{raft.Rules[raft.OneVotePerTerm].ID}
	fails := func(r Run) bool {
		w := start(t, r)
		return len(w.Finish()) > 0 && slices.ContainsFunc(w.Violations(),
			func(v check.Violation) bool { return v.Property == check.ElectionSafety })
	}
	for seed := range uint64(50) {
		run := Draw(config, seed)
		if !fails(run) {
			continue
		}
		short := Shrink(run, fails, 300)
		if !fails(short) || len(short.Actions) > len(run.Actions)/2 {
			t.Errorf("seed %d: %d actions became %d; it fails: %v", seed, len(run.Actions), len(short.Actions),
				fails(short))
		}
		return
	}
	t.Error("no seed fails with two votes in a term")
}
