package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const staleRead = "S1 answered x = 1 at 1.100 s, after S2 acknowledged x = 2 at 0.796 s: no order of the " +
	"operations explains it."

// A deposed leader that does not know it answers a read with an old value. The clients' history is
// linearizable until then; the answer is named, marked in red, and found by mouse and by keyboard; and any
// operation leads to its moment.
func TestTheHistoryNamesAStaleRead(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?run=stale-read"))
	w.still(800)
	w.press("History")
	w.reads(".history-said", "Linearizable")
	w.must(nil, `await raftPlayground.seek(1300);`)
	w.reads(".history-said .wrong", staleRead)
	if red := w.operations(".operation.wrong"); len(red) != 1 || !strings.Contains(red[0], staleRead) {
		t.Errorf("wrong are: %q", red)
	}
	if against := w.operations(".operation.against"); len(against) != 2 ||
		!strings.Contains(against[0], "to write x = 1") {
		t.Errorf("it is against: %q", against)
	}
	var effects int
	if w.must(&effects, `return deepAll(".operation .effect").length;`); effects != 4 {
		t.Errorf("%d operations have a point, expected all but one of five", effects)
	}

	w.click("raft-client-history .operation.wrong")
	w.still(1100)
	w.run(5*time.Second, chromedp.KeyEvent(kb.ArrowLeft))
	w.reads(".history-said", "Client asked at 0.900 s for x. S2 answered x = 2 after")
	var named string
	w.must(&named,
		`return document.activeElement?.closest("ol")?.ariaLabel + ": " + document.activeElement?.ariaLabel;`)
	if !strings.HasPrefix(named, "Client: x? 2 S2. Client asked at 0.900 s for x. S2 answered x = 2") {
		t.Errorf("a screen reader hears %q", named)
	}
	w.run(5*time.Second, chromedp.KeyEvent(kb.Enter))
	w.still(900)

	w.must(nil, string(axe))
	// dark and wide, a phone in light, and where the logs are a strip
	for _, l := range []look{looks[1], looks[2], {"in a course", 800, 580, "light"}} {
		w.as(l)
		w.must(nil, `if (!deepAll(".dock-tabs").some((e) => e.checkVisibility())) deepAll(".tab-log")[0].click();`)
		w.press("Logs")
		w.press("History")
		w.reads(".operation.wrong", "x? 1")
		w.examine("the history of clients, "+l.name, l)
	}
	w.as(looks[0])
	w.press("Table")
	w.reads(".history-table tr.wrong", "in no order")
	w.examine("the history as a table", looks[0])
	w.click(".history-table tbody tr.wrong td:last-child") // a row is as good as a box
	w.still(1100)
	w.must(nil, `deepAll(".history-table [tabindex='0']")[0].focus();`)
	w.keys(kb.ArrowLeft, kb.Enter)
	w.still(900)
}

// operations returns what a screen reader says of the operations that a selector matches.
func (w *tab) operations(selector string) (names []string) {
	w.t.Helper()
	w.must(&names, fmt.Sprintf(`return deepAll(%q).map((e) => e.ariaLabel);`, selector))
	return names
}

// Before any request, one button lets clients write, and their operations appear as boxes while the clock
// runs; another opens the same run with three clients, each with a row of its own. The view is moved by
// dragging it, and enlarged by a key.
func TestClientsWriteAndAreSeen(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.6"))
	w.still(600)
	w.run(5*time.Second, chromedp.KeyEvent("h"))
	w.reads(".history-nobody", "No client has asked anything yet.")
	w.press("The same run with three clients")
	w.still(600)
	w.must(nil, `await raftPlayground.seek(2600);`)
	eventually(t, 30*time.Second, "three clients have a row each", func() error {
		var rows []string
		if w.must(&rows, `return deepAll(".history-row h3").map((e) => e.textContent);`); fmt.Sprint(
			rows) != "[Client 1 Client 2 Client 3]" {
			return fmt.Errorf("the rows are %q", rows)
		}
		return nil
	})
	w.reads(".history-said", "Linearizable")
	w.must(nil, `deepAll("raft-client-history [aria-label='Zoom in']")[0].click();`)
	w.reads("raft-client-history .history-head", "All")
	place := func() (x float64) {
		w.must(&x, `
			window.e2eOperation ??= deepAll(".operation")[3].dataset.operation;
			const [operation] = deepAll(`+"`.operation[data-operation=\"${window.e2eOperation}\"]`"+`);
			return operation.getBoundingClientRect().x;`)
		return x
	}
	before := place()
	x, y := w.find("raft-client-history .history-axis")
	w.run(5*time.Second, chromedp.MouseEvent(input.MousePressed, x, y-30, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseMoved, x-40, y-30, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseMoved, x-60, y-30, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.MouseReleased, x-60, y-30, chromedp.ButtonLeft))
	eventually(t, 10*time.Second, "it has moved", func() error {
		if moved := place() - before; moved > -59 || moved < -61 {
			return fmt.Errorf("by %v px", moved)
		}
		return nil
	})
	if m := w.moment(); m.At != 2600 {
		t.Errorf("dragging went to %v ms", m.At)
	}

	w.navigate("about:blank")
	w.navigate(r.url("/#1?size=3&seed=9&at=0.6"))
	w.still(600)
	w.press("History")
	w.press("Let clients write")
	w.must(nil, `await raftPlayground.network({ rate: 1 });`)
	eventually(t, 30*time.Second, "both writes and the read have happened", func() error {
		if done := w.operations(".operation:not(.refused):has(.effect)"); len(done) < 3 {
			return fmt.Errorf("these have: %q", done)
		}
		return nil
	})
	w.reads(".history-said", "Linearizable")
}
