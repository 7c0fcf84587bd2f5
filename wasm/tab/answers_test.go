package tab

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/wasm/contract"
)

// Every tab of a room answers its own page, from the other servers' reports.
func TestEveryTabAnswersItsPage(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	watcher := w.open(newBrowser(), nil)
	w.run(300)
	leader := w.elect(tabs...)
	w.put(tabs[0], 1, "x", "1")
	w.run(500)
	all := append(slices.Clone(tabs), watcher)
	for _, tab := range all {
		tab.say(regard{"regard", contract.Regard{
			Cell: &contract.CellPlace{Server: leader.number(), Index: 2}, Side: []int{},
		}})
	}
	w.run(100)
	for i, tab := range all {
		a := tab.last.Answers
		if a == nil || a.Why != nil || a.Majority.Together != "3 of 3" || !a.Majority.Decides ||
			a.Half[0] != leader.number() ||
			!strings.HasSuffix(a.Entry, "x = 1. On 3 of 3. Committed at S"+string(rune('0'+leader.number()))+".") {
			t.Errorf("tab %d is answered %+v", i, a)
		}
	}
	before := len(watcher.batches)
	w.run(3000)
	for _, b := range watcher.batches[before:] {
		if b.Answers != nil {
			t.Errorf("told anew, though nothing is other: %+v", b.Answers)
		}
	}
	for _, tab := range tabs {
		if tab != leader {
			tab.close()
		}
	}
	w.run(500)
	if m := watcher.last.Answers.Majority; m.Decides || m.Together != "1 of 3" {
		t.Errorf("two of three are gone: %+v", m)
	}
	leader.ask(2, "put", "x", "2", 0)
	w.run(100)
	if why := watcher.last.Answers.Why; why == nil || !strings.HasPrefix(why.Ask, "Why is index") ||
		!strings.HasPrefix(why.Answer[0], "It is on 1 of 3; the leader, ") || !strings.HasSuffix(why.Answer[1],
		" do not run.") {
		t.Errorf("of a write that nobody else stores the watcher is told %+v", why)
	}
}

type regard struct {
	Type string `json:"type"`
	contract.Regard
}
