package lab

import (
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// A watcher is told of every frame, action and outcome once; without a watcher nothing is collected.
func TestWhoWatchesIsToldOnce(t *testing.T) {
	run := Run{Version: Version, Config: Config{Servers: 3, Latency: 5 * millisecond}, Seed: 4, Actions: []Action{
		{At: second, Do: Put, Key: "x", Value: "1"}, {At: second, Do: Crash, When: "commit"},
		{At: 2 * second, Do: Pause, Server: 2}, {At: 3 * second, Do: Resume, Server: 2},
	}}
	w := start(t, run)
	w.Watch(true)
	w.RunTo(1500 * millisecond)
	c := w.Clone()
	done, outcomes := w.Done(), w.Outcomes()
	if len(done) != 3 || done[0].Action.Do != Put || done[0].Leader == 0 || done[1].Action.When != "commit" ||
		done[2].Action.Do != Crash || done[2].Action.Server == 0 {
		t.Errorf("done: %+v", done)
	}
	if len(outcomes) != 1 || outcomes[0].Call != 1 || outcomes[0].Answer == nil && outcomes[0].Refusal == nil &&
		outcomes[0].Server != 0 || w.Asked() != 1 {
		t.Errorf("outcomes: %+v of %d", outcomes, w.Asked())
	}
	frames, dropped := w.Sightings(nil)
	if len(frames) < 50 || dropped != 0 {
		t.Errorf("%d frames, %d dropped", len(frames), dropped)
	}
	if again, _ := w.Sightings(nil); len(again)+len(w.Done())+len(w.Outcomes())+len(w.BadFrames()) > 0 {
		t.Error("something is told twice")
	}
	if all, _ := c.Sightings(nil); len(all)+len(c.Done())+len(c.Outcomes()) > 0 {
		t.Error("a copy is told of what it did not live through")
	}
	if w.Hash() != c.Hash() {
		t.Error("to watch changes the state")
	}
}

func TestAnOperationWithoutAnAnswerEndsWithItsPatience(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 3, Latency: 5 * millisecond}, Seed: 4})
	w.RunTo(second)
	w.Watch(true)
	leader := w.leader().id
	do(t, w, true, Action{Do: Partition, Servers: []raft.ServerID{leader}}, 0)
	do(t, w, true, Action{Do: Put, Server: leader, Key: "x", Value: "1"}, 0)
	w.RunTo(3 * second)
	outcomes := w.Outcomes()
	if len(outcomes) != 1 || outcomes[0].Server != 0 || outcomes[0].Answer != nil || outcomes[0].At != 2*second {
		t.Errorf("outcomes: %+v", outcomes)
	}
}

func TestAFrameThatIsNotUnderstoodIsTold(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 3, Latency: 5 * millisecond}, Seed: 4})
	w.RunTo(second)
	w.Watch(true)
	do(t, w, true, Action{Do: InjectFrame, Server: 1, To: 2, Text: "1>2:Tea:Request:1"}, 0)
	w.RunTo(2 * second)
	if bad := w.BadFrames(); len(bad) != 1 || bad[0].Server != 2 || bad[0].From != 1 || bad[0].Reason.Message == "" {
		t.Errorf("bad frames: %+v", bad)
	}
}

// A report shows the timer as it is now, though the server was not told of the last ticks.
func TestAReportSaysWhatTimeItIs(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 3, Latency: 5 * millisecond,
		FirstElapsed: []int{1, 1, 1}}, Seed: 4})
	w.RunTo(40 * millisecond)
	var v View
	w.View(&v)
	for i, m := range v.Machines {
		s, untold := w.Reporter(raft.ServerID(i + 1))
		var status raft.Status
		s.Node().Status(&status)
		elapsed := float64(status.Elapsed + untold)
		if off := elapsed - float64(m.Elapsed)/1000; off < -2 || off > 2 || elapsed < 38 {
			t.Errorf("S%d: the report says %v ms, the view %v", i+1, elapsed, float64(m.Elapsed)/1000)
		}
	}
	if state, role, term := w.Look(1); state != Running || role != raft.Follower || term != 0 ||
		len(w.Configuration(1).Voters) != 3 {
		t.Errorf("S1 is %v, %v in term %d", state, role, term)
	}
}

// A server that is down has what its disk holds: its term and its log, but not its commitIndex, which was in memory
// only (Figure 2).
func TestTheReportOfAServerThatIsDownIsItsDisk(t *testing.T) {
	w, err := New(Run{Version: Version, Seed: 3, Config: Config{Servers: 3, Latency: millisecond}, Actions: []Action{
		{At: second, Do: Put, Key: "x", Value: "1"}, {At: 2 * second, Do: Crash, Server: 2},
		{At: 3 * second, Do: Wipe, Server: 3}, {At: 4 * second, Do: Restart, Server: 2},
	}})
	if err != nil {
		t.Fatal(err)
	}
	said := func(id raft.ServerID) (status raft.Status) {
		s, _ := w.Reporter(id)
		if s == nil {
			t.Fatalf("nobody would start with the disk of S%d", id)
		}
		s.Node().Status(&status)
		return status
	}
	w.RunTo(2*second - 1)
	before := said(2)
	w.RunTo(3 * second)
	for range 2 { // it is not asked anew
		st := said(2)
		if st.LastIndex != before.LastIndex || st.CurrentTerm != before.CurrentTerm || st.CommitIndex != 0 ||
			st.LastIndex < 2 {
			t.Errorf("after the crash of %+v its disk is said to be %+v", before, st)
		}
	}
	if st := said(3); st.LastIndex != 0 || st.CurrentTerm != 0 {
		t.Errorf("the wiped disk is said to be %+v", st)
	}
	w.RunTo(5 * second)
	if st := said(2); w.Server(2) == nil || st.CommitIndex < before.LastIndex {
		t.Errorf("after the restart it says %+v", st)
	}
}

// What is to come, what waits for its moment and what waits for a paused server is known; and so is which frame
// something was done to.
func TestWhatIsStillToComeIsKnown(t *testing.T) {
	w := start(t, Run{Version: Version, Config: Config{Servers: 3, Latency: 5 * millisecond}, Seed: 4,
		Actions: []Action{
			{At: second, Do: Crash, When: "truncate"}, {At: second, Do: Pause, Server: 2},
			{At: 3 * second, Do: Resume, Server: 2},
		}})
	w.RunTo(2 * second)
	if traps := w.Traps(); !w.Ahead() || len(traps) != 1 || traps[0].Action.When != "truncate" {
		t.Errorf("ahead: %v, traps: %+v", w.Ahead(), traps)
	}
	inbox := w.Inbox(2)
	if len(inbox) < 10 || inbox[0].To != 2 || len(w.Inbox(1)) != 0 {
		t.Errorf("%d frames wait for the paused server and %d for another; the first is %+v", len(inbox),
			len(w.Inbox(1)), inbox)
	}
	w.RunTo(3 * second)
	if w.Ahead() || len(w.Inbox(2)) != 0 {
		t.Errorf("ahead: %v, %d frames wait for a server that was resumed", w.Ahead(), len(w.Inbox(2)))
	}
	w.Watch(true)
	var v View
	for w.View(&v); len(v.Frames) == 0; w.View(&v) {
		w.Step()
	}
	do(t, w, true, Action{Do: DropFrame, Frame: v.Frames[0].Seq}, 0)
	if done := w.Done(); len(done) != 1 || done[0].Frame.Seq != v.Frames[0].Seq || len(done[0].Frame.Data) == 0 {
		t.Errorf("of a frame that was dropped it is told %+v", done)
	}
	follower := w.leader().id%3 + 1
	do(t, w, true, Action{Do: Put, Server: follower, Key: "x", Value: "1"}, second)
	if o := w.Outcomes(); len(o) != 1 || o[0].Refusal == nil || o[0].Refusal.Code != wire.CodeNotLeader ||
		o[0].Server != follower {
		t.Errorf("who does not lead was asked, and it is told %+v", o)
	}
}
