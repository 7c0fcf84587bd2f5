package lab

import (
	"cmp"
	"slices"
	"testing"

	"raftplayground/raft"
	"raftplayground/relay/hub"
)

// Every frame is seen until the moment at which it is due, and by then it has arrived.
func TestTheViewShowsEveryFrameUntilItArrives(t *testing.T) {
	run := short(2)
	for at := second; at < 5*second; at += second / 2 {
		run.Actions = append(run.Actions, Action{At: at, Do: HoldFrame})
	}
	slices.SortStableFunc(run.Actions, func(a, b Action) int { return cmp.Compare(a.At, b.At) })
	w := start(t, run)
	var v View
	due := map[uint64]int64{}
	seen, held := 0, 0
	for w.RunTo(second); w.Now() < 6*second; w.Step() {
		w.View(&v)
		if v.Now != w.Now() {
			t.Fatalf("the view is of %d, the world at %d", v.Now, w.Now())
		}
		for _, f := range v.Frames {
			switch {
			case f.Held:
				held++
				if f.HeldAt < f.Sent || f.HeldAt > v.Now {
					t.Fatalf("at %d frame %d is held since %d, and was sent at %d", v.Now, f.Seq, f.HeldAt, f.Sent)
				}
				delete(due, f.Seq)
				continue
			case f.Due <= v.Now || f.Sent > v.Now || len(f.Data) == 0 || f.From == f.To:
				t.Fatalf("at %d: %+v is under way", v.Now, f)
			}
			if before, known := due[f.Seq]; known && before != f.Due {
				t.Fatalf("frame %d was due at %d, and is now at %d", f.Seq, before, f.Due)
			}
			due[f.Seq] = f.Due
			seen++
		}
	}
	if seen < 1000 || held == 0 {
		t.Errorf("%d frames were seen under way, %d held: too few for this test to mean anything", seen, held)
	}
}

// A follower that hears nobody does something when its timer, as the view shows it, runs out: at any rate of its clock,
// and later if it is paused.
func TestTheViewShowsWhenTimersRunOut(t *testing.T) {
	for _, rate := range []float64{0.25, 1, 4} {
		run := Run{Version: Version, Config: Config{Servers: 3, Latency: millisecond}, Seed: 9, Actions: []Action{
			{At: second, Do: Clock, Server: 2, Rate: rate},
			{At: second, Do: Partition, Servers: []raft.ServerID{2}},
		}}
		w := start(t, run)
		w.RunTo(second + 3*millisecond)
		var v View
		w.View(&v)
		m := v.Machines[1]
		if m.State != Running || m.Rate != rate || m.Elapsed >= m.Timeout {
			t.Fatalf("rate %v: %+v", rate, m)
		}
		if _, err := w.Do(Action{Do: Pause, Server: 2}); err != nil {
			t.Fatal(err)
		}
		w.RunTo(w.Now() + 10*millisecond)
		w.View(&v)
		if p := v.Machines[1]; p.State != Paused || p.Elapsed != m.Elapsed || p.Timeout != m.Timeout {
			t.Fatalf("rate %v: %+v became %+v in a pause", rate, m, p)
		}
		if _, err := w.Do(Action{Do: Resume, Server: 2}); err != nil {
			t.Fatal(err)
		}
		w.View(&v)
		m = v.Machines[1]
		runsOut := w.Now() + m.Timeout - m.Elapsed
		w.RunTo(runsOut - 2*int64(float64(millisecond)/rate))
		before := w.Events()
		w.RunTo(runsOut + 1)
		events := w.EventsSince(before, nil)
		if len(events) == 0 || events[0].Server != 2 || events[0].Event.Kind != raft.BecamePreCandidate {
			t.Errorf("rate %v: when the timer ran out %+v happened", rate, events)
		}
	}
}

func TestTheViewShowsMachinesAndLinks(t *testing.T) {
	run := Run{Version: Version, Config: Config{Servers: 3, Latency: 2 * millisecond, Disk: millisecond}, Seed: 4,
		Actions: []Action{
			{At: second, Do: Crash, Server: 1, Down: 300 * millisecond},
			{At: second, Do: PowerLoss, Server: 2},
			{At: second, Do: Pause, Server: 3},
			{At: second, Do: Cut, Server: 1, To: 3},
			{At: second, Do: Hold, Server: 3, To: 1},
			{At: second, Do: Network, Server: 2, To: 1, Link: &Link{Latency: 7, Jitter: 3, Loss: 0.5}},
		}}
	w := start(t, run)
	w.RunTo(second + 100*millisecond)
	var v View
	w.View(&v)
	states := [3]MachineState{v.Machines[0].State, v.Machines[1].State, v.Machines[2].State}
	if states != [3]MachineState{Down, Down, Paused} || states[2].String() != "paused" {
		t.Errorf("states: %v", states)
	}
	if v.Machines[0].Restart != second+300*millisecond || v.Machines[1].Restart != 0 ||
		v.Machines[0].Disk != millisecond {
		t.Errorf("machines: %+v", v.Machines)
	}
	if len(v.Links) != 6 {
		t.Fatalf("%d directions of links, not 6", len(v.Links))
	}
	for _, l := range v.Links {
		want := hub.Link{From: l.From, To: l.To, Up: true, Qualities: Link{Latency: 2 * millisecond}}
		switch {
		case l.From == 1 && l.To == 3:
			want.Up = false
		case l.From == 3 && l.To == 1:
			want.Hold = true
		case l.From == 2 && l.To == 1:
			want.Latency, want.Jitter, want.Loss = 7, 3, 0.5
		}
		if l != want {
			t.Errorf("%+v, want %+v", l, want)
		}
	}
	w.RunTo(2 * second)
	if w.View(&v); v.Machines[0].State != Running || v.Machines[0].Life != 2 || v.Machines[0].Timeout == 0 {
		t.Errorf("restarted: %+v", v.Machines[0])
	}
}

// A view that is used again costs no memory.
func TestAViewUsedAgainAllocatesNothing(t *testing.T) {
	w := start(t, short(1))
	w.RunTo(second)
	var v View
	w.View(&v)
	if n := testing.AllocsPerRun(100, func() { w.View(&v) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
