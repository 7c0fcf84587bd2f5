package lab

import (
	"slices"
	"testing"

	"raftplayground/raft"
)

// Faults are drawn from the seed and nothing else, can all be done, and end with healing.
func TestDrawnFaultsEndInHealing(t *testing.T) {
	calm := Standard()
	calm.Chaos = 0
	if r := Draw(calm, 1); len(r.Actions) != 0 || r.Check() != nil {
		t.Errorf("without chaos %d actions are drawn", len(r.Actions))
	}
	for seed := range uint64(50) {
		r := Draw(Standard(), seed)
		if err := r.Check(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if last := r.Actions[len(r.Actions)-1]; last.At < r.Config.Chaos ||
			!slices.ContainsFunc(r.Actions, func(a Action) bool { return a.Do == Heal && a.At == r.Config.Chaos }) {
			t.Errorf("seed %d: the last action is %+v", seed, last)
		}
		again := Draw(Standard(), seed)
		if string(r.Encode()) != string(again.Encode()) {
			t.Errorf("seed %d leads to two runs", seed)
		}
	}
}

// With lease reads, any two clocks stay within the tenth that leases assume (thesis 6.4.1); otherwise they
// need not.
func TestClocksStayWithinWhatLeasesTakeForGranted(t *testing.T) {
	slowest, fastest := map[string]float64{}, map[string]float64{}
	for _, reads := range []string{"log", "lease"} {
		c := Standard()
		c.Reads = reads
		slowest[reads], fastest[reads] = 1, 1
		for seed := range uint64(100) {
			for _, a := range Draw(c, seed).Actions {
				if a.Do == Clock {
					slowest[reads], fastest[reads] = min(slowest[reads], a.Rate), max(fastest[reads], a.Rate)
				}
			}
		}
	}
	if fastest["lease"] > 1.1*slowest["lease"] || fastest["lease"] == 1 {
		t.Errorf("with leases clocks run at rates from %v to %v", slowest["lease"], fastest["lease"])
	}
	if fastest["log"] < 2 || slowest["log"] > 0.5 {
		t.Errorf("without leases clocks run at rates from %v to %v only", slowest["log"], fastest["log"])
	}
}

// Now and then chaos makes one server the whole cluster, which then commits alone, and others join it again.
func TestChaosGoesDownToOneVoterAndBack(t *testing.T) {
	downAndBack := 0
	for seed := uint64(1); seed <= 40 && downAndBack < 2; seed++ {
		w := start(t, Draw(Standard(), seed))
		alone := false
		for end := w.run.End(); w.now < end; {
			w.RunTo(w.now + 50*millisecond)
			leader := w.leader()
			if leader == nil {
				continue
			}
			leader.server.Node().Status(&w.status)
			voters, settled := len(w.status.Config.Voters), w.status.ConfigIndex <= w.status.CommitIndex &&
				len(w.status.Config.Outgoing) == 0
			switch {
			case settled && voters == 1:
				alone = true
			case settled && alone:
				alone = false
				downAndBack++
			}
		}
		nothingViolated(t, w)
	}
	if downAndBack < 2 {
		t.Errorf("%d clusters of 40 came down to one voter and grew again, expected two at least", downAndBack)
	}
}

// A hostile world that is aimed at a rule often brings about the situation that the rule is for, and a
// cluster that keeps all rules survives it.
func TestAHostileWorldIsAimedAndBorne(t *testing.T) {
	aimed := 0
	for i := range raft.Rules {
		rule := raft.Rules[i].ID
		r := Hostile(4, []string{rule}, nil)
		if err := r.Check(); err != nil {
			t.Errorf("aimed at %s: %v", rule, err)
		}
		if last := r.Actions[len(r.Actions)-1]; last.Do != Heal {
			t.Errorf("aimed at %s it ends with %+v", rule, last)
		}
		if thickets[raft.Rules[i].Rule] == nil {
			continue
		}
		aimed++
		without := Hostile(4, []string{rule}, []string{rule})
		if !slices.Equal(without.Config.Off, []string{rule}) || len(without.Actions) != len(r.Actions) {
			t.Errorf("without %s another world is drawn, of %d actions and not %d, and %v is off", rule,
				len(without.Actions), len(r.Actions), without.Config.Off)
		}
		if other := Hostile(4, []string{"gravity", rule}, nil); string(other.Encode()) != string(r.Encode()) {
			t.Errorf("an aim that is unknown here hides the next, %s", rule)
		}
		nothingViolated(t, start(t, r))
	}
	hostile := Hostile(4, nil, nil)
	if plain := Draw(hostile.Config, 4); string(plain.Encode()) != string(hostile.Encode()) {
		t.Error("a hostile world without an aim is not drawn as every other")
	}
	if aimed != len(thickets) {
		t.Errorf("%d rules of %d were aimed at", aimed, len(thickets))
	}
}
