package tab

import (
	"testing"

	"raftplayground/wasm/report/reporttest"
)

// Messages to the page are checked against the contract with it.
func TestWhatThePageIsSentIsAsTheContractSays(t *testing.T) {
	w := newWorld(t)
	tabs := append(three(w), w.open(newBrowser(), nil))
	w.elect(tabs[:3]...)
	w.put(tabs[3], 1, "x", "1")
	tabs[0].ask(2, "get", "x", "", 2)
	// With a latency this long something is always under way when a link is cut.
	tabs[0].say(map[string]any{"type": "network", "id": 3, "change": map[string]any{"latency": 100_000}})
	w.run(500)
	var cuts []any
	for from := 1; from <= 3; from++ {
		for to := 1; to <= 3; to++ {
			if from != to {
				cuts = append(cuts, map[string]any{"from": from, "to": to, "up": false})
			}
		}
	}
	tabs[0].say(map[string]any{"type": "network", "id": 4, "change": map[string]any{"links": cuts}})
	w.run(2000)
	tabs[1].close()
	w.run(1000)
	w.killRelay()
	w.run(1000)
	var texts [][]byte
	for _, tab := range tabs {
		texts = append(texts, tab.texts...)
	}
	reporttest.Told(t, "../contract", texts, "clock", "connection", "room", "self", "watching", "servers", "answers",
		"flights", "lost",
		"story", "requests", "qr")
}
