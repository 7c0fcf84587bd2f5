package trial

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/lab"
)

// Every field of every message is forged, and all of it reaches servers.
func TestEveryFieldIsForged(t *testing.T) {
	if len(Fields) < 40 || !slices.Contains(Fields, "InstallSnapshot.LastIncludedIndex") ||
		!slices.Contains(Fields, "TimeoutNowReply.Call") {
		t.Errorf("the fields that can be forged are %v", Fields)
	}
	var arrived, refused int
	for seed := range uint64(20) {
		run := Forged(seed)
		if err := run.Check(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		r, world := Bear(run)
		if len(r.Violations) > 0 {
			t.Errorf("seed %d: %v", seed, r.Violations)
			continue
		}
		arrived += world.Faults.Deeds[lab.InjectFrame]
		refused += world.Faults.BadFrames
	}
	if arrived < 1000 || refused > arrived/10 {
		t.Errorf("%d forged frames arrived, %d of them unreadable: too little for this test to mean anything", arrived,
			refused)
	}
}

// A run that breaks a promise is reported with what it broke: one about the log, by a panic, by too many
// frames.
func TestWhatIsBrokenIsNamed(t *testing.T) {
	violated := &check.Violation{Property: check.Liveness}
	for _, test := range []struct {
		err  error
		name string
	}{
		{violated, "Liveness"}, {errors.Join(linear.ErrNotLinearizable, errors.New("key x")), "Linearizability"},
		{ErrEndless, "the promise that nothing fails by itself"},
	} {
		if name := NameOf(test.err); name != test.name {
			t.Errorf("%v is named %q", test.err, name)
		}
	}
	r, world := guarded(lab.Calm(1), func(r *Result, w *lab.World) {
		w.RunTo(second)
		panic("broken")
	})
	if world == nil || len(r.Violations) != 1 || !strings.Contains(r.Violations[0].Error(),
		"panic at 1.000000 s: broken") || r.Frames == 0 {
		t.Errorf("a panic leads to %v", r.Violations)
	}
	if r, world := Live(lab.Run{}); world != nil || len(r.Violations) != 1 {
		t.Errorf("a run that cannot be leads to %v", r.Violations)
	}
}

// A local read may be stale, and linearizability ignores it; but it must not find what was never written.
func TestLocalReads(t *testing.T) {
	history := []check.Operation{{Kind: check.Put, Key: "x", Value: "1"}, {Kind: check.Get, Key: "x", Value: "1",
		Found: true, Local: true}, {Kind: check.Get, Key: "x", Local: true}}
	if err := checkLocal(history); err != nil {
		t.Error(err)
	}
	history[1].Value = "2"
	if checkLocal(history) == nil {
		t.Error("a value that nobody wrote was found")
	}
}

// Liveness is promised to healed clusters: requests, slow links and a disk that the cluster can do without
// are not faults that need another healing.
func TestWhoIsHealed(t *testing.T) {
	heal := lab.Action{Do: lab.Heal}
	for _, test := range []struct {
		actions []lab.Action
		healed  bool
	}{
		{nil, false}, {[]lab.Action{{Do: lab.Crash}}, false}, {[]lab.Action{{Do: lab.Crash}, heal}, true},
		{[]lab.Action{heal, {Do: lab.Crash}}, false},
		{[]lab.Action{heal, {Do: lab.Put}, {Do: lab.Get}, {Do: lab.Network}, {Do: lab.SlowDisk, Hang: true,
			Careful: true}}, true},
		{[]lab.Action{heal, {Do: lab.SlowDisk, Hang: true}}, false},
	} {
		if healed(test.actions) != test.healed {
			t.Errorf("%+v: healed is not %v", test.actions, test.healed)
		}
	}
}

// What a rule is for shows in harsh worlds, too: without loyalty to a living leader a lease is none.
func TestAHarshWorldShowsARuleThatIsOff(t *testing.T) {
	world := World{Judge: Live, Draw: func(seed uint64) lab.Run {
		run := lab.Harsh(seed)
		run.Config.Off = append(slices.Clone(run.Config.Off), raft.Rules[raft.ReadRound].ID)
		return run
	}}
	for seed := range uint64(300) {
		r, _ := world.Judge(world.Draw(seed))
		if r.Of(check.Linearizability) == nil {
			continue
		}
		run := lab.Shrink(world.Draw(seed), world.FailsAs(linear.ErrNotLinearizable), 60)
		if again, _ := Live(run); again.Of(check.Linearizability) == nil ||
			len(run.Actions) >= len(world.Draw(seed).Actions) {
			t.Errorf("seed %d: shrunk to %d actions it no longer fails", seed, len(run.Actions))
		}
		return
	}
	t.Error("reads that no majority confirms, and 300 harsh worlds show none that is stale")
}
