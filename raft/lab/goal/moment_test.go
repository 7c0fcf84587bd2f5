package goal_test

import (
	"slices"
	"strconv"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
	. "raftplayground/raft/lab/goal"
)

// eventful is a run in which everything happens that a goal can count: S1 is elected and replaced, entries are
// deleted, S5 is added, a snapshot is sent, leadership is handed over, machines stop and go on.
func eventful(t *testing.T) *lab.World {
	return made(t, lab.Config{Servers: 5, Voters: 4, Latency: 5 * millisecond, Jitter: millisecond,
		Disk: millisecond},
		lab.Action{At: 10 * millisecond, Do: lab.Campaign, Server: 1},
		lab.Action{At: 80 * millisecond, Do: lab.Put, Server: 1, Key: "x", Value: "1"},
		lab.Action{At: 200 * millisecond, Do: lab.Partition, Server: 1},
		lab.Action{At: 210 * millisecond, Do: lab.Put, Server: 1, Key: "x", Value: "2"},
		lab.Action{At: 900 * millisecond, Do: lab.Heal},
		lab.Action{At: 1200 * millisecond, Do: lab.Put, Key: "x", Value: "3"},
		lab.Action{At: 1300 * millisecond, Do: lab.Compact},
		lab.Action{At: 1400 * millisecond, Do: lab.Reconfigure, Learners: []raft.ServerID{5}},
		lab.Action{At: 2500 * millisecond, Do: lab.Reconfigure, Servers: []raft.ServerID{1, 2, 3, 4, 5}},
		lab.Action{At: 3 * 1000 * millisecond, Do: lab.Transfer},
		lab.Action{At: 3500 * millisecond, Do: lab.Pause, Server: 4},
		lab.Action{At: 3600 * millisecond, Do: lab.Crash, Server: 2},
		lab.Action{At: 3700 * millisecond, Do: lab.Restart, Server: 2},
		lab.Action{At: 3800 * millisecond, Do: lab.FlipBit, Server: 3},
		lab.Action{At: 3810 * millisecond, Do: lab.Crash, Server: 3},
		lab.Action{At: 3820 * millisecond, Do: lab.Restart, Server: 3},
	)
}

// unruly is a run in which two servers lead in one term, because no majority decides.
func unruly(t *testing.T) *lab.World {
	return made(t, lab.Config{Servers: 3, Latency: 15 * millisecond, Off: []string{"majorityDecides"}},
		lab.Action{At: millisecond, Do: lab.Campaign, Server: 1},
		lab.Action{At: millisecond, Do: lab.Campaign, Server: 2})
}

// dead is a run in which nothing happens from the start: the power fails.
func dead(t *testing.T) *lab.World {
	w := made(t, lab.Config{Servers: 3, Latency: 5 * millisecond},
		lab.Action{Do: lab.PowerLoss, Server: 1}, lab.Action{Do: lab.PowerLoss, Server: 2},
		lab.Action{Do: lab.PowerLoss, Server: 3})
	w.RunTo(0)
	return w
}

func made(t *testing.T, c lab.Config, actions ...lab.Action) *lab.World {
	t.Helper()
	w, err := lab.New(lab.Run{Version: lab.Version, Seed: 1, Config: c, Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

const longest = 5 * 1000 * millisecond

// first runs a world to the first moment at which so holds, -1 if it never does.
func first(w *lab.World, so func() bool) int64 {
	for !so() {
		if next, ever := w.Next(); !ever || next > longest {
			return -1
		}
		w.Step()
	}
	return w.Now()
}

// comesTrue checks that a goal is reached at a moment of a run, and not at all where nothing happens.
func comesTrue(t *testing.T, text string, w *lab.World, want int64) {
	t.Helper()
	if want < 0 {
		t.Errorf("%s: the run does not show it", text)
	}
	if at, reached := w.Reach(Must(text), longest); !reached || at != want {
		t.Errorf("%s: %v at %d, expected %d", text, reached, at, want)
	}
	if at, reached := dead(t).Reach(Must(text), longest); reached {
		t.Errorf("%s: at %d, where nothing happens", text, at)
	}
}

// What happens to a server is counted at the very event, at the server that is named, in the term that is named.
func TestWhatHappensIsCountedAtItsEvent(t *testing.T) {
	for words, kinds := range map[string][]raft.EventKind{
		"does something": nil, "becomes a follower": {raft.BecameFollower},
		"becomes a pre-candidate": {raft.BecamePreCandidate}, "becomes a candidate": {raft.BecameCandidate},
		"becomes leader": {raft.BecameLeader}, "gives its vote": {raft.VoteGranted},
		"stores entries": {raft.EntriesAppended}, "deletes entries": {raft.EntriesTruncated},
		"takes a command as leader": {raft.EntriesProposed}, "commits": {raft.CommitAdvanced},
		"has caught up": {raft.LearnerCaughtUp}, "changes its configuration": {raft.ConfigurationChanged},
		"hands its leadership over": {raft.TimeoutNowSent}, "sends a snapshot": {raft.SnapshotSent},
		"takes over a snapshot": {raft.SnapshotInstalled},
		"changes its role": {raft.BecameFollower, raft.BecamePreCandidate, raft.BecameCandidate,
			raft.BecameLeader},
	} {
		w := eventful(t)
		seen, events := w.Events(), []lab.Happening(nil)
		var found []lab.Happening
		first(w, func() bool {
			events = w.EventsSince(seen, events[:0])
			for _, h := range events {
				if kinds == nil || slices.Contains(kinds, h.Event.Kind) {
					found = append(found, h)
				}
			}
			seen = w.Events()
			return false
		})
		if len(found) == 0 {
			t.Errorf("%s: it never happens", words)
			continue
		}
		comesTrue(t, "a server "+words, eventful(t), found[0].At)
		last := found[len(found)-1]
		for i, h := range found { // the first at that server in that term
			if h.Server == last.Server && h.Event.Term == last.Event.Term {
				last = found[i]
				break
			}
		}
		if words == "changes its role" {
			continue // a machine's change has no term
		}
		comesTrue(t, Name(last.Server)+" "+words+" in term "+strconv.Itoa(int(last.Event.Term)), eventful(t), last.At)
		if len(found) > 2 {
			comesTrue(t, "a server "+words+" 3 times", eventful(t), found[2].At)
		}
		if _, reached := eventful(t).Reach(Must("a server "+words+" in term 99"), longest); reached {
			t.Errorf("%s: in a term that never comes", words)
		}
	}
}

// What comes to a server from outside is counted, too.
func TestWhatComesFromOutsideIsCounted(t *testing.T) {
	w := eventful(t)
	var v lab.View
	arrives := first(w, func() bool {
		for _, f := range v.Frames {
			if f.To == 3 && f.Due <= w.Now() {
				return true
			}
		}
		w.View(&v)
		return false
	})
	comesTrue(t, "S3 gets a message", eventful(t), arrives)
	for text, at := range map[string]int64{"not before 3450 ms and S4 changes its role": 3500,
		"S2 changes its role and not before 3550 ms": 3600} {
		w := eventful(t)
		w.RunTo(3450 * millisecond)
		if is, reached := w.Reach(Must(text), longest); !reached || is != at*millisecond {
			t.Errorf("%s: %v at %d, expected %d ms", text, reached, is, at)
		}
	}
}

// What servers are, and what they hold, is seen at the moment at which it becomes so.
func TestWhatServersAreIsSeenWhenItBecomesSo(t *testing.T) {
	leads := func(w *lab.World, id raft.ServerID) bool {
		_, role, _ := w.Look(id)
		return w.Server(id) != nil && role == raft.Leader
	}
	status := func(w *lab.World, id raft.ServerID) (s raft.Status) {
		if server := w.Server(id); server != nil {
			server.Node().Status(&s)
		}
		return s
	}
	state := func(id raft.ServerID, want lab.MachineState) func(w *lab.World) bool {
		return func(w *lab.World) bool {
			is, _, _ := w.Look(id)
			return is == want
		}
	}
	has := func(w *lab.World, id raft.ServerID, value string) bool {
		if w.Server(id) == nil {
			return false
		}
		is, _ := w.Server(id).Store().Lookup("x")
		return is == value
	}
	for text, so := range map[string]func(w *lab.World) bool{
		"S1 leads":           func(w *lab.World) bool { return leads(w, 1) },
		"S1 leads in term 1": func(w *lab.World) bool { return leads(w, 1) },
		"two leaders at once": func(w *lab.World) bool {
			n := 0
			for id := range raft.ServerID(5) {
				if leads(w, id+1) {
					n++
				}
			}
			return n == 2
		},
		"S1 is a candidate": func(w *lab.World) bool { return status(w, 1).Role == raft.Candidate },
		"a server is a pre-candidate": func(w *lab.World) bool {
			for id := range raft.ServerID(5) {
				if status(w, id+1).Role == raft.PreCandidate {
					return true
				}
			}
			return false
		},
		"S4 is paused": state(4, lab.Paused), "S2 is down and not before 1 s": state(2, lab.Down),
		"S3 is damaged":          state(3, lab.Damaged),
		"S3 has term = 2":        func(w *lab.World) bool { return status(w, 3).CurrentTerm == 2 },
		"S3 has term > 0":        func(w *lab.World) bool { return status(w, 3).CurrentTerm > 0 },
		"S2 has commitIndex > 1": func(w *lab.World) bool { return status(w, 2).CommitIndex > 1 },
		"S2 has lastIndex = 2":   func(w *lab.World) bool { return status(w, 2).LastIndex == 2 },
		"S2 has lastApplied = 2": func(w *lab.World) bool { return status(w, 2).LastApplied == 2 },
		"x=1 committed": func(w *lab.World) bool {
			return has(w, 1, "1") || has(w, 2, "1") || has(w, 3, "1") || has(w, 4, "1")
		},
		"x=1 on S3": func(w *lab.World) bool { return has(w, 3, "1") },
		"x=3 everywhere": func(w *lab.World) bool {
			return has(w, 1, "3") && has(w, 2, "3") && has(w, 3, "3") && has(w, 4, "3") && has(w, 5, "3")
		},
	} {
		w := eventful(t)
		want := first(w, func() bool { return so(w) })
		if text == "S2 is down and not before 1 s" { // everybody is down where nothing happens
			if at, reached := eventful(t).Reach(Must(text), longest); !reached || at != want {
				t.Errorf("%s: %v at %d, expected %d", text, reached, at, want)
			}
			continue
		}
		comesTrue(t, text, eventful(t), want)
	}
	if _, reached := eventful(t).Reach(Must("S1 has term < 0 or two leaders in one term"), longest); reached {
		t.Error("a term is less than 0, or two lead in one")
	}
}

// What breaks is seen at the moment at which it does, by its name and without it.
func TestWhatBreaksIsSeenAtItsMoment(t *testing.T) {
	w := unruly(t)
	breaks := first(w, func() bool { return w.Broken() > 0 })
	if len(w.Violations()) != 1 || w.Violations()[0].Property != check.ElectionSafety {
		t.Fatal(w.Violations())
	}
	for _, text := range []string{"Election Safety broken", "something broken", "something breaks",
		"not nothing broken",
		"two leaders in one term"} {
		if text != "not nothing broken" {
			comesTrue(t, text, unruly(t), breaks)
		} else if at, _ := unruly(t).Reach(Must(text), longest); at != breaks {
			t.Errorf("%s: at %d, expected %d", text, at, breaks)
		}
	}
	if again, reached := w.Reach(Must("something breaks"), w.Now()+millisecond); reached {
		t.Errorf("what was broken before breaks at %d", again)
	}
	if _, reached := unruly(t).Reach(Must("Log Matching broken"), longest); reached {
		t.Error("another property is broken")
	}
}

// Deeds are counted when they are done; time passes to the microsecond.
func TestDeedsAndTime(t *testing.T) {
	for text, want := range map[string]int64{"not within 2 deeds": 200 * millisecond, "after 1500 µs": -1,
		"after 1.5 ms": 1501, "not before 1.5 ms": 1500, "not within 1.5 ms": 1501, "after 2 s": 2000001} {
		g, err := Parse(text)
		if want < 0 {
			if err == nil {
				t.Errorf("%s is read", text)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if at, reached := eventful(t).Reach(g, longest); !reached || at != want {
			t.Errorf("%s: %v at %d, expected %d", text, reached, at, want)
		}
	}
	if _, reached := dead(t).Reach(Must("not within 3 deeds"), longest); reached {
		t.Error("more was done than was")
	}
}

// Servers are those that a world can have.
func TestServersAreThoseOfAWorld(t *testing.T) {
	if _, err := Parse(Name(lab.MaxServers) + " leads"); err != nil {
		t.Error(err)
	}
	if _, err := Parse(Name(lab.MaxServers+1) + " leads"); err == nil {
		t.Error("a server more can be named")
	}
}
