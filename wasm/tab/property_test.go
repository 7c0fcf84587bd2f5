package tab

import (
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestNothingAcknowledgedIsLost lets people close tabs, reload one or all at once, cut links, kill the relay and write,
// all in any order. Then everything is mended, and service must return with every acknowledged write (DESIGN: a phase
// of faults, then healing). No two tabs ever have the same id.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(r)
		tabs := three(w)
		for _, tab := range tabs {
			tab.slowDisk = rapid.SampledFrom([]int{0, 3}).Draw(r, "ms of a write")
		}
		watcher := w.open(newBrowser(), nil)
		w.elect(tabs...)
		writes := 0
		for range rapid.IntRange(1, 12).Draw(r, "acts") {
			i := rapid.IntRange(0, 2).Draw(r, "tab")
			switch rapid.SampledFrom([]string{"write", "write", "reload", "power cut", "close", "cut", "mend",
				"relay"}).Draw(r, "act") {
			case "write":
				writes++
				watcher.ask(writes, "put", "k"+strconv.Itoa(writes), "v"+strconv.Itoa(writes), 0)
			case "reload":
				tabs[i] = w.reload(tabs[i])
			case "power cut":
				for n := range tabs {
					tabs[n].close()
				}
				for n := range tabs {
					tabs[n] = w.reload(tabs[n])
				}
			case "close":
				tabs[i].close()
			case "cut", "mend":
				up := rapid.Bool().Draw(r, "up")
				watcher.say(map[string]any{"type": "network", "id": 1000,
					"change": map[string]any{"links": []any{map[string]any{"from": i + 1, "to": (i+1)%3 + 1,
						"up": up}}}})
			case "relay":
				w.killRelay()
				w.run(rapid.IntRange(0, 300).Draw(r, "ms down"))
				w.startRelay()
			}
			w.run(rapid.IntRange(0, 600).Draw(r, "ms"))
			w.checkIDs(tabs)
		}
		for i := range tabs {
			if tabs[i].gone {
				tabs[i] = w.reload(tabs[i])
			}
		}
		w.until("the watcher back", 6000, func() bool { return watcher.last.Connection.State == "open" })
		for from := 1; from <= 3; from++ {
			watcher.say(map[string]any{"type": "network", "id": 1000, "change": map[string]any{"links": []any{
				map[string]any{"from": from, "to": from%3 + 1, "up": true},
				map[string]any{"from": from%3 + 1, "to": from, "up": true}}}})
		}
		w.until("all tabs back", 10000, func() bool {
			for _, tab := range tabs {
				if tab.number() == 0 || !tab.last.Self.Connected {
					return false
				}
			}
			return true
		})
		w.elect(tabs...)
		w.checkIDs(tabs)
		for id := 1; id <= writes; id++ {
			if watcher.outcome(id).State == "done" {
				w.reads(tabs[id%3], 2000+id, "k"+strconv.Itoa(id), "v"+strconv.Itoa(id))
			}
		}
	})
}

// reload closes the tab, if it is open, and opens another in its browser.
func (w *world) reload(tab *testTab) *testTab {
	hint := tab.number()
	tab.close()
	again := w.open(tab.browser, func(s *testStart) {
		if hint != 0 {
			s.Hint = &hint
		}
	})
	again.slowDisk = tab.slowDisk
	return again
}

func (w *world) checkIDs(tabs []*testTab) {
	w.t.Helper()
	holder := map[int]*browser{}
	for _, tab := range tabs {
		n := tab.number()
		if n != 0 && holder[n] != nil && holder[n] != tab.browser {
			w.t.Fatalf("two tabs are S%d", n)
		}
		holder[n] = tab.browser
	}
}
