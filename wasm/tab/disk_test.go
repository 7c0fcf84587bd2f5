package tab

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
)

// slowHost is a platform whose disk answers as the test says.
type slowHost struct {
	deafHost
	durable bool
}

func (h *slowHost) Append([]byte) bool { return h.durable }

func TestWritesCompleteInTheirOrder(t *testing.T) {
	host := &slowHost{}
	d := &disk{host: host}
	var completed []string
	write := func(name string, durable bool) {
		host.durable = durable
		d.Append(nil, func(err error) {
			if err != nil {
				name += " failed"
			}
			completed = append(completed, name)
		})
	}
	expect := func(names ...string) {
		t.Helper()
		if !slices.Equal(completed, names) {
			t.Fatalf("completed: %v, expected %v", completed, names)
		}
	}
	write("a", true)
	expect("a")
	write("b", false)
	write("c", true) // durable, but b is not known to be
	write("d", false)
	expect("a")
	d.saved("full")
	expect("a", "b failed", "c")
	d.saved("")
	expect("a", "b failed", "c", "d")
	d.saved("") // nothing is under way: not about one of our writes
	expect("a", "b failed", "c", "d")
}

// Seen in a campaign in real browsers: one browser's IndexedDB stopped working for all of its tabs. One of
// its servers led, confirmed nothing, and kept the others from electing another.
func TestARoomGoesOnWhenABrowsersStorageHangs(t *testing.T) {
	w := newWorld(t)
	tabs := []*testTab{w.open(newBrowser(), nil), w.open(newBrowser(), nil), w.open(newBrowser(), nil)}
	w.elect(tabs...)
	w.put(tabs[0], 1, "k", "1")
	i := slices.IndexFunc(tabs, func(tab *testTab) bool { return tab.seat.server.Node().Role() == raft.Leader })
	ill, other := tabs[i], tabs[(i+1)%3]
	ill.browser.hung = true
	other.ask(2, "put", "k", "lost perhaps", 0) // by the leader that cannot write
	other.outcome(2)
	w.put(other, 3, "k", "2")
	w.until("the ill server has stopped", 1.5*diskPatience, func() bool {
		return strings.Contains(ill.last.Notice, "has stopped in this tab: its disk has done nothing for 10 s")
	})
	w.until("the page is told why it does not start", 1.5*diskPatience, func() bool {
		return strings.Contains(ill.last.Notice, "The storage of this browser does not answer")
	})
	ill.browser.hung = false
	w.until("the server runs again", 1.5*diskPatience,
		func() bool { return ill.seat.server != nil && ill.last.Self.Connected })
	w.reads(ill, 4, "k", "2")
}

// A disk that is slow, and a tab that was frozen with a write under way, are not taken for a disk that hangs.
func TestASlowDiskIsNotTakenForOneThatHangs(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	server := tabs[1].seat.server
	tabs[1].slowDisk = 0.9 * diskPatience
	for i := range 4 {
		tabs[0].say(map[string]any{"type": "request", "id": i, "op": "put", "key": "k", "value": "v"})
		w.run(diskPatience)
	}
	tabs[1].frozen = true
	w.run(3 * diskPatience)
	tabs[1].frozen = false
	w.run(1000)
	if tabs[1].seat.server != server {
		t.Errorf("the server was started again: %q", tabs[1].last.Notice)
	}
}
