package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// openRules opens the panel and waits for the catalogue.
func (w *tab) openRules() {
	w.t.Helper()
	w.press("Rules")
	w.reads("raft-rules", "One vote a term")
}

// off waits until exactly these rules are off beside those that were off before.
func (w *tab) off(before []string, rules ...string) {
	w.t.Helper()
	want := append(slices.Clone(before), rules...)
	slices.Sort(want)
	eventually(w.t, 20*time.Second, fmt.Sprintf("the rules that are off are %v", want), func() error {
		got := w.moment().Off
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("they are %v", got)
		}
		return nil
	})
}

func TestARuleIsSwitchedOffByMouseAndByKeyboard(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.3"))
	before := w.still(300).Off
	w.openRules()
	w.click("raft-rules .rule[data-rule=oneVotePerTerm] .switch")
	w.off(before, "oneVotePerTerm")
	w.reads("raft-strips", "Modified Raft: the rule “One vote a term” is off.")
	w.reads("raft-rules .modified", "Modified Raft")

	// By keyboard: down to the next rule, Space switches, and again.
	w.must(nil, `deepAll(".rule[data-rule=oneVotePerTerm] .switch")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(" "))
	w.off(before, "oneVotePerTerm", "upToDateCandidate")
	w.run(5*time.Second, chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(" "))
	w.off(before)
	eventually(t, 10*time.Second, "it is Raft again", func() error {
		var marks int
		if w.must(&marks,
			`return deepAll("raft-rules .modified").length + `+
				`(deepAll("raft-strips")[0].textContent.includes("Modified Raft") ? 1 : 0);`); marks > 0 {
			return fmt.Errorf("%d marks say that it is modified", marks)
		}
		return nil
	})
}

func TestARuleTellsWhatBreaksWithoutItAndShowsItsSource(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.3"))
	w.still(300)
	w.openRules()
	w.fill("raft-rules .rules-search", "5.4.2 commit")
	w.reads("raft-rules .rules", "Commit only entries of the current term by counting")
	var shown int
	eventually(t, 10*time.Second, "the search leaves one rule", func() error {
		if w.must(&shown, `return deepAll("raft-rules .rule").length;`); shown != 1 {
			return fmt.Errorf("it leaves %d", shown)
		}
		return nil
	})
	w.click("raft-rules .rule-title")
	w.reads(".rule-details", "Figure 8")
	w.reads(".rule-details", "Breaks Leader Completeness, State Machine Safety")
	file, line, text := w.source(".rule-details")
	if !strings.Contains(text, "keeps(CommitOnlyCurrentTerm)") {
		t.Errorf("the rule is said to be asked for at %s:%d, which is: %s", file, line, text)
	}
	w.fill("raft-rules .rules-search", "one vote a term")
	w.reads("raft-rules .rules", "One vote a term")
	w.click("raft-rules .rule-title")
	w.press("See it break: Two leaders in one term")
	eventually(t, 20*time.Second, "the gallery's run is open", func() error {
		if m := w.moment(); !slices.Contains(m.Off, "oneVotePerTerm") {
			return fmt.Errorf("the rules that are off are %v", m.Off)
		}
		return nil
	})
}

func TestABrokenPromiseIsSaidAndLeadsToItsMoment(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?run=two-leaders"))
	var stop struct{ At float64 }
	w.must(&stop, `return await raftPlayground.step("violation");`)
	w.still(stop.At)
	w.must(nil, fmt.Sprintf(`await raftPlayground.seek(%v);`, stop.At+50))
	w.still(stop.At + 50)
	w.openRules()
	w.reads(".property.broken", "Election Safety, broken")
	w.must(nil, string(axe))
	for _, l := range looks {
		w.as(l)
		w.examine("rules with a broken promise, "+l.name, l)
	}
	w.as(looks[0])
	w.click("raft-rules .property.broken button")
	w.still(stop.At)
}
