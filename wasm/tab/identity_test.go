package tab

import (
	"strconv"
	"strings"
	"testing"

	"raftplayground/relay/quality"
	"raftplayground/wasm/contract"
)

// sharing opens a tab for each browser, the last of which has no locks, as pages without a secure context do.
func sharing(w *world) (tabs []*testTab, last *browser) {
	last = newBrowser()
	last.lockless, last.kind = true, "indexeddb"
	tabs = []*testTab{w.open(newBrowser(), nil), w.open(newBrowser(), nil)}
	w.run(100)
	return append(tabs, w.open(last, nil)), last
}

func (w *world) takes(tab *testTab, number int) {
	w.t.Helper()
	w.until("S"+strconv.Itoa(number), 10000, func() bool { return tab.number() == number && tab.last.Self.Connected })
}

func (w *world) cut(by *testTab, a, b int, up bool) {
	by.say(map[string]any{"type": "network", "id": 1000, "change": map[string]any{"links": []any{
		map[string]any{"from": a, "to": b, "up": up}, map[string]any{"from": b, "to": a, "up": up}}}})
}

// Issue "A room keeps its word", way 1: a frozen tab thaws after another has run its server from the same
// disk. With its old memory it would vote again in a term in which the disk has voted, and acknowledged
// writes would be lost.
func TestATabThatThawsDoesNotGoOnAsAServerThatAnotherHasRun(t *testing.T) {
	w := newWorld(t)
	tabs, shared := sharing(w)
	w.elect(tabs...)
	w.put(tabs[0], 1, "k", "0")
	w.run(300)
	frozen := tabs[2]
	frozen.frozen = true
	w.killRelay()
	w.startRelay()
	other := w.open(shared, nil)
	w.takes(other, 3)
	w.until("the others back", 6000, func() bool { return tabs[0].last.Self.Connected && tabs[1].last.Self.Connected })
	// S1 hears nothing of the agreement between S2 and the new S3.
	w.cut(tabs[1], 1, 2, false)
	w.cut(tabs[1], 1, 3, false)
	w.elect(tabs[1], other)
	for i := range 5 {
		w.put(tabs[1], 10+i, "k", strconv.Itoa(i+1))
	}
	w.run(200)
	other.close()
	tabs[1].close()
	w.cut(tabs[0], 1, 2, true)
	w.cut(tabs[0], 1, 3, true)
	w.run(100)
	frozen.frozen = false
	w.elect(tabs[0], frozen)
	w.reads(tabs[0], 50, "k", "5")
	if !strings.Contains(frozen.last.Notice, "S3 has stopped in this tab") {
		t.Errorf("the page was told %q", frozen.last.Notice)
	}
}

// A browser's profile that is restored from a backup brings an older disk along.
func TestAnOlderCopyOfADiskStartsNoServer(t *testing.T) {
	w := newWorld(t)
	tabs, shared := sharing(w)
	w.elect(tabs...)
	backup := *shared.seats[3]
	backup.content = append([]byte(nil), backup.content...)
	tabs[2].close()
	again := w.open(shared, nil)
	w.takes(again, 3)
	w.elect(tabs[0], tabs[1], again)
	w.put(again, 1, "k", "1")
	again.close()
	w.run(500)
	backup.holder = nil
	shared.seats[3] = &backup
	last := w.open(shared, nil)
	w.until("the page is told", 6000, func() bool {
		return strings.Contains(last.last.Notice, "The disk of S3 in this browser is an older copy")
	})
	w.run(2000)
	if last.seat.server != nil {
		t.Error("S3 runs on an older copy of its disk")
	}
}

// The relay may have lost its record, too: then the disk alone knows of the other claim.
func TestTheDiskKnowsOfAnotherClaimThoughTheRelayHasForgottenIt(t *testing.T) {
	w := newWorld(t)
	tabs, shared := sharing(w)
	w.elect(tabs...)
	w.put(tabs[0], 1, "k", "0")
	frozen := tabs[2]
	frozen.frozen = true
	w.killRelay()
	w.startRelay()
	other := w.open(shared, nil)
	w.takes(other, 3)
	w.elect(tabs[0], tabs[1], other)
	w.put(tabs[0], 2, "k", "1")
	other.close()
	w.killRelay()
	w.record = nil
	w.startRelay()
	stale := frozen.seat.server
	frozen.frozen = false
	w.until("the server that thawed stopped", 12000, func() bool {
		return frozen.seat.server != stale && frozen.number() == 3
	})
	w.elect(tabs[0], tabs[1], frozen)
	w.reads(frozen, 3, "k", "1")
}

// Without locks a tab that is opened beside another is offered the same disk. The room says that its server
// is connected, and the disk stays as it is.
func TestATabBesideAnotherOfTheSameBrowserTakesNothingFromIt(t *testing.T) {
	w := newWorld(t)
	tabs, shared := sharing(w)
	w.elect(tabs...)
	beside := w.open(shared, nil)
	w.run(3000)
	w.put(tabs[2], 1, "x", "1")
	if tabs[2].number() != 3 || beside.number() != 0 {
		t.Errorf("the tab that was there is S%d, the one beside it S%d", tabs[2].number(), beside.number())
	}
}

// Way 6: a tab that only watched runs the server whose tab has gone.
func TestAWatcherTakesTheSeatOfItsBrowserThatLostItsTab(t *testing.T) {
	w := newWorld(t)
	tabs, shared := sharing(w)
	w.elect(tabs...)
	beside := w.open(shared, nil)
	w.run(1500)
	w.put(beside, 1, "x", "1")
	tabs[2].close()
	w.takes(beside, 3)
	w.elect(tabs[0], tabs[1], beside)
	w.reads(beside, 2, "x", "1")
	if beside.last.Watching == nil || *beside.last.Watching != "" {
		t.Errorf("the page says %v of a tab that runs a server", beside.last.Watching)
	}
}

// Way 2: after the relay was killed the clients' addresses and the numbers of their calls began again, while
// a server still held a request of before: its answer reached the new owner of that address.
func TestAnAnswerNeverReachesAnotherClient(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	first := w.open(newBrowser(), nil)
	w.until("a watcher", 1000, func() bool { return first.last.Room != nil })
	leading := leader(tabs...)
	// The leader takes a write that it cannot commit: it reaches the others, and they do not reach it.
	acknowledge := func(by *testTab, up bool) {
		for _, tab := range tabs {
			if tab != leading {
				by.say(map[string]any{"type": "network", "id": 1000, "change": map[string]any{"links": []any{
					map[string]any{"from": tab.number(), "to": leading.number(), "up": up}}}})
			}
		}
		w.run(50)
	}
	acknowledge(first, false)
	first.ask(1, "put", "x", "of the first", leading.number())
	w.run(50)
	index := leading.last.Self.LastIndex
	pace := func(by *testTab, rate float64) { // no timer runs out meanwhile
		by.say(map[string]any{"type": "network", "id": 1001, "change": map[string]any{"rate": rate}})
		w.run(50)
	}
	pace(first, 0)
	w.killRelay()
	w.startRelay()
	first.close()
	var second []*testTab // one of them has the first one's place among the members
	for range 4 {
		second = append(second, w.open(newBrowser(), nil))
	}
	w.until("the servers back", 6000, func() bool {
		return second[3].connected(1) && second[3].connected(2) && second[3].connected(3) && leading.seat.ours
	})
	for i, tab := range second {
		tab.ask(1, "put", "x"+strconv.Itoa(i), "of the second", leading.number())
	}
	w.run(50)
	pace(second[0], 1)
	acknowledge(second[0], true)
	for i, tab := range second {
		if r := tab.outcome(1); r.State == "done" {
			w.reads(tab, 2, "x"+strconv.Itoa(i), "of the second")
			if r.Index <= index {
				t.Errorf("the write was acknowledged with index %d, the entry of another: %+v", index, r)
			}
		}
	}
}

// Way 3: the relay has lost its record, and a newcomer is there before the others. A seat with an empty disk
// would make a majority that knows nothing.
func TestANewcomerGetsNoSeatOfARoomThatLostItsRecord(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	w.cut(tabs[1], 1, 2, false)
	w.cut(tabs[1], 1, 3, false)
	w.elect(tabs[1], tabs[2])
	w.put(tabs[1], 1, "k", "3")
	tabs[2].close()
	w.killRelay()
	w.record = nil
	w.startRelay()
	newcomer := w.open(newBrowser(), nil)
	w.until("the others back", 12000, func() bool {
		return tabs[0].last.Self.Connected && tabs[1].last.Self.Connected && tabs[1].seat.ours
	})
	w.run(1000)
	if n := newcomer.number(); n != 0 {
		t.Fatalf("a newcomer became S%d", n)
	}
	w.elect(tabs[0], tabs[1])
	w.reads(newcomer, 2, "k", "3")
	// Its people may give it the third seat: a leader takes it in.
	w.until("advice", 6000, func() bool { return newcomer.last.Advice != nil && len(*newcomer.last.Advice) == 1 })
	newcomer.choose("New disk for S3")
	w.takes(newcomer, 3)
	w.elect(tabs[0], tabs[1], newcomer)
	w.reads(newcomer, 3, "k", "3")
}

// choose makes the choice with this label, as the page's person.
func (tab *testTab) choose(label string) {
	tab.world.t.Helper()
	for _, a := range *tab.last.Advice {
		for _, c := range a.Choices {
			if c.Label == label {
				tab.say(map[string]any{"type": "seats", "id": 900, "seats": c.Seats})
				return
			}
		}
	}
	tab.world.t.Fatalf("there is no choice %q in %+v", label, *tab.last.Advice)
}

// No server may count on the old disk of a new disk's server: it starts when a leader that was elected
// without it has committed an entry.
func TestANewDiskTakesPartOnlyOnceALeaderHasTakenItIn(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	w.put(tabs[0], 1, "x", "1")
	tabs[2].close()
	newcomer := w.open(newBrowser(), nil)
	w.until("advice", 8000, func() bool { return newcomer.last.Advice != nil && len(*newcomer.last.Advice) == 1 })
	w.cut(newcomer, 1, 2, false)
	newcomer.choose("New disk for S3")
	w.run(4000)
	if newcomer.seat.number != 3 || newcomer.seat.server != nil {
		t.Fatal("a server with a new disk runs, though no leader can have taken it in")
	}
	if a := *newcomer.last.Advice; len(a) != 1 || !strings.Contains(a[0].Text, "once a leader has taken it in") {
		t.Errorf("the page is told %+v", a)
	}
	// A reload does not change that.
	newcomer = w.reload(newcomer)
	w.run(2000)
	if newcomer.seat.number != 3 || newcomer.seat.server != nil {
		t.Fatal("after a reload a server with a new disk runs, though no leader can have taken it in")
	}
	w.cut(newcomer, 1, 2, true)
	w.takes(newcomer, 3)
	if newcomer.seat.server == nil || newcomer.last.Self.Term == 0 {
		t.Error("the new server knows of no term")
	}
	w.elect(tabs[0], tabs[1], newcomer)
	w.reads(newcomer, 2, "x", "1")
	newcomer = w.reload(newcomer)
	w.takes(newcomer, 3)
}

// The site data of a browser was cleared: its tabs watch, and the page says why and what can be done.
func TestWithEverySeatLostThePageSaysWhatCanBeDone(t *testing.T) {
	for _, c := range []struct {
		gone    []int
		choice  string
		kept    string // the value of x afterwards
		explain string
	}{
		{[]int{1, 2, 3}, "Begin anew, empty", "", "No server of this room is here"},
		{[]int{2, 3}, "Go on without them", "1",
			"S2 and S3 are not here. Until 1 of them is back, nothing can be committed."},
		{[]int{3}, "New disk for S3", "1", "S3 is not here."},
	} {
		w := newWorld(t)
		tabs := three(w)
		w.elect(tabs...)
		w.put(tabs[0], 1, "x", "1")
		w.run(200)
		for _, number := range c.gone {
			tabs[number-1].close()
			tabs[number-1] = w.open(newBrowser(), nil)
		}
		asked := tabs[c.gone[0]-1]
		w.until("advice", 8000, func() bool { return asked.last.Advice != nil && len(*asked.last.Advice) == 1 })
		if text := (*asked.last.Advice)[0].Text; !strings.Contains(text, c.explain) {
			t.Errorf("%v are gone, and the page says %q", c.gone, text)
		}
		asked.choose(c.choice)
		w.until("all seats taken", 10000, func() bool {
			for _, tab := range tabs {
				if tab.number() == 0 {
					return false
				}
			}
			return true
		})
		w.elect(tabs...)
		w.until("nothing more to decide", 5000, func() bool { return len(*asked.last.Advice) == 0 })
		tabs[0].ask(2, "get", "x", "", 0)
		if r := tabs[0].outcome(2); r.State != "done" || r.Value != c.kept {
			t.Errorf("%v were gone, and afterwards: %+v", c.gone, r)
		}
	}
}

func TestARoomThatTheRelayDoesNotKnowIsBegunByAPerson(t *testing.T) {
	w := newWorld(t)
	w.lives, w.record = 5, nil
	w.startRelay()
	tabs := three(w)
	w.until("advice", 2000, func() bool { return tabs[1].last.Advice != nil })
	if text := (*tabs[1].last.Advice)[0].Text; !strings.Contains(text, "does not know the room test-room") {
		t.Errorf("the page says %q", text)
	}
	tabs[1].choose("It is new. Begin")
	w.elect(tabs...)
}

// Way 7: with 80 ± 30 ms a candidate's time is over before the votes are there.
func TestALatencyThatIsTooLongForElectionsIsTold(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	advice := func() string {
		if a := tabs[0].last.Advice; a != nil && len(*a) == 1 {
			return (*a)[0].Text
		}
		return ""
	}
	set := func(latency, jitter contract.Micros) {
		change := contract.NetworkChange{Wanted: quality.Wanted{Latency: &latency, Jitter: &jitter}}
		tabs[0].say(map[string]any{"type": "network", "id": 3, "change": change})
		w.run(100)
	}
	if advice() != "" {
		t.Errorf("a room of 15 ± 5 ms is told %q", advice())
	}
	set(80_000, 30_000)
	const trip, would = "a round trip takes up to 220 ms", "Timeouts of 660 to 1320 ms would do"
	if text := advice(); !strings.Contains(text, trip) || !strings.Contains(text, would) {
		t.Errorf("80 ± 30 ms: %q", text)
	}
	set(50_000, 20_000)
	if advice() != "" {
		t.Errorf("50 ± 20 ms: %q", advice())
	}
}
