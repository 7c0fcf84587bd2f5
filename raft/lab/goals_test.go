package lab

import (
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/lab/goal"
)

// A trap that waits for a goal springs once, at the moment when the goal comes true. Its run leads to the
// same state when it is repeated, and a copy of the world has a trap of its own.
func TestATrapWaitsForAGoal(t *testing.T) {
	config := Config{Servers: 3, Latency: 5 * millisecond, Jitter: millisecond}
	for text, victim := range map[string]int{
		"S2 leads and x=1 on S2": 2, "x=1 everywhere and not before 456.789 ms": 2, "S3 has lastApplied > 1": 3,
		"S3 gets a message 9 times": 3, "a server commits in term 1 twice": 0, "two leaders at once": -1,
		"S1 is paused": 1, "not within 3 deeds": 2, "something breaks": -1,
	} {
		run := func(when Moment) *World {
			w, err := New(Run{Version: Version, Seed: 1, Config: config, Actions: []Action{
				{At: 10 * millisecond, Do: Campaign, Server: 2},
				{At: 20 * millisecond, Do: Crash, When: when},
				{At: 200 * millisecond, Do: Put, Key: "x", Value: "1"},
				{At: 600 * millisecond, Do: Pause, Server: 1}}})
			if err != nil {
				t.Fatal(err)
			}
			w.RunTo(20 * millisecond)
			return w
		}
		free, lived := run("S9 leads"), run(Moment(text)) // there is no S9
		at, reached := free.Reach(goal.Must(text), second)
		copied := lived.Clone()
		lived.RunTo(at - 1)
		if reached && len(lived.Traps()) != 1 {
			t.Errorf("%s: the trap sprang before %d", text, at)
		}
		lived.RunTo(at)
		if sprang := len(lived.Traps()) == 0; sprang != reached || reached == (victim < 0) {
			t.Errorf("%s: at %d it comes true: %v, the trap sprang: %v", text, at, reached, sprang)
		}
		for id := range 3 {
			down := lived.Server(raft.ServerID(id+1)) == nil
			if mine := victim == id+1; mine != down && victim > 0 || down && victim < 0 {
				t.Errorf("%s: S%d is down: %v", text, id+1, down)
			}
		}
		lived.RunTo(second)
		copied.RunTo(second)
		if lived.Hash() != copied.Hash() || len(copied.Traps()) != len(lived.Traps()) {
			t.Errorf("%s: a copy of the world goes another way", text)
		}
	}
}

// A trap says in words what it waits for, and to whom it does what.
func TestATrapSaysWhatItWaitsFor(t *testing.T) {
	for want, a := range map[string]Action{
		"when a server gives its vote 3 times, that server crashes": {When: "vote", Skip: 2},
		"when S2 gives its vote, S2 crashes":                        {When: "vote", Server: 2},
		"when s4 LEADS, x=2 committed, S4 crashes":                  {When: "s4 LEADS, x=2 committed"},
		"when S4 leads, S1 crashes":                                 {When: "S4 leads", Server: 1},
		"when somebody commits twice, that server crashes":          {When: "somebody commits twice"},
		"when two leaders at once, the leader crashes":              {When: "two leaders at once"},
	} {
		a.Do = Crash
		if err := a.Check(5); err != nil {
			t.Error(err)
		}
		if got := a.TrapWords(); !strings.HasPrefix(got, want+":") {
			t.Errorf("%s, expected %s", got, want)
		}
	}
	for want, a := range map[string]Action{
		`when: expected a moment such as vote, or a goal: at 3: expected leads`: {When: "S4 loses"},
		"skip: expected": {When: "S4 leads", Skip: 1},
	} {
		a.Do = Crash
		if err := a.Check(5); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
}

// A trap that is taken away and set again waits for the events that were left.
func TestATrapThatIsSetAgainWaitsForWhatWasLeft(t *testing.T) {
	w := world(t, Config{Servers: 1})
	do(t, w, false, Action{Do: Crash, When: "propose", Skip: 2}, second)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
	taken := Action{Do: Disarm, Trap: 1}
	again := w.Undo(&taken)
	if len(again) != 1 || again[0].Skip != 1 {
		t.Fatalf("what takes it back is %+v", again)
	}
	do(t, w, true, taken, 0)
	do(t, w, false, again[0], 0)
	do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond)
	if w.Server(1) == nil {
		t.Fatal("it sprang too early")
	}
	if do(t, w, true, Action{Do: Put, Key: "x", Value: "1"}, 100*millisecond); w.Server(1) != nil {
		t.Error("it did not spring")
	}
}
