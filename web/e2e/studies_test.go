package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A rule is switched off, the shortest run that does harm without it is searched for and opens paused before
// its moment; then the property breaks there.
func TestABadRunIsFoundAndOpenedAtItsMoment(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.3"))
	w.still(300)
	w.press("Studies")
	w.reads("raft-studies", "Every rule is on, so no run breaks a safety property.")
	w.must(nil, `
		const { off } = await raftPlayground.lab();
		await raftPlayground.act({ do: "rules", off: [...off, "upToDateCandidate"] });`)
	w.reads("raft-studies",
		"Looks for the shortest run that breaks a safety property without “Vote for up-to-date logs only”.")
	w.press("Find a bad run")
	w.reads("raft-studies .study-found", "Leader Completeness breaks at 0.720 s.")
	w.reads("raft-studies .study-found", "The shortest within the bounds")
	var steps int
	if w.must(&steps, `return deepAll("raft-studies .study-found li").length;`); steps != 8 {
		t.Errorf("the run has %d steps, expected 8", steps)
	}

	w.press("Open it just before")
	if m := w.still(420); m.Properties[3].Holds != true {
		t.Errorf("before its moment it says %+v", m.Properties)
	}
	w.must(nil, `await raftPlayground.step("violation");`)
	found := w.moment()
	broken := ""
	for _, p := range found.Properties {
		if !p.Holds {
			broken = p.Name
		}
	}
	if broken != "Leader Completeness" || found.At < 719 || found.At > 721 {
		t.Errorf("at %v ms %q is broken, expected Leader Completeness at 720", found.At, broken)
	}
}

// Two runs of one seed, one of them without the last action, stand side by side, by keyboard, and part where
// that action was done.
func TestTwoRunsStandSideBySide(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.6"))
	w.still(600)
	w.must(nil, `
		await raftPlayground.act({ do: "crash" });
		await raftPlayground.seek(1500);`)
	w.press("Studies")
	w.must(nil, `
		const change = deepAll("raft-studies select[name=change]")[0];
		change.value = "last";
		deepAll("raft-studies form button")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.Enter))
	w.reads("raft-comparison", "They are the same until 0.6")
	w.reads("raft-comparison", "The same without the last thing done")
	var gone [2]int
	w.must(&gone, `return deepAll(".compared-lanes").map((l) => l.querySelectorAll(".lane").length);`)
	if gone[0] == 0 || gone[1] == 0 {
		t.Errorf("the lanes have %v stretches", gone)
	}
	w.picture("compared.png")
	w.press("Open it there")
	eventually(t, 20*time.Second, "the other run is open, without the crash", func() error {
		var up int
		w.must(&up, `return raftPlayground.cluster().filter((s) => s.connected).length;`)
		if up != 3 {
			return fmt.Errorf("%d servers are up", up)
		}
		return nil
	})
}

// The laboratory holds elections in the background and shows them in a chart and in numbers: with timeouts
// that are all alike, votes are always split.
func TestElectionsAreHeldInTheBackground(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=3&seed=9&at=0.3"))
	w.still(300)
	w.press("Studies")
	var difference string
	if w.must(&difference, `return deepAll("raft-studies select[name=change]")[0].value;`); difference != "seed" {
		t.Errorf("where no rule is off, two runs are to differ in %q", difference)
	}
	w.press("Hold elections")
	w.reads(".study-state", "elections")
	w.click(server(2)) // which takes the place of the studies
	w.open("raft-inspector .inspect-title")
	w.press("Studies")
	eventually(t, 90*time.Second, "all points are there", func() error {
		var rows int
		w.must(&rows, `return deepAll(".study-table tbody tr").length;`)
		if rows != 21 {
			return fmt.Errorf("%d are", rows)
		}
		return nil
	})
	w.must(nil, `deepAll("raft-studies details")[0].open = true;`)
	var table [][]string
	w.must(&table, `return deepAll(".study-table tbody tr").map((row) => [...row.cells].map((c) => c.textContent));`)
	if alike := table[14]; alike[0] != "150–150 ms" || alike[1] != "40 ms" || alike[4] != "100 %" {
		t.Errorf("without any spread it says %q", alike)
	}
	if spread := table[6]; spread[0] != "150–300 ms" || spread[2] == "none" {
		t.Errorf("with the paper's timeouts it says %q", spread)
	}
	var charts int
	if w.must(&charts, `return deepAll("raft-election-chart canvas").length;`); charts != 2 {
		t.Errorf("%d charts are drawn", charts)
	}
	w.picture("elections.png")
	w.press("Inspect")
	w.press("Studies")
	var kept int
	if w.must(&kept, `return deepAll(".study-table tbody tr").length;`); kept != 21 {
		t.Errorf("after a look elsewhere %d points are there", kept)
	}
}

// picture leaves a picture of the page beside the test's log, for whoever wants to look.
func (w *tab) picture(name string) {
	var picture []byte
	w.run(20*time.Second, chromedp.CaptureScreenshot(&picture))
	if err := os.MkdirAll("../../.build/look", 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile("../../.build/look/"+name, picture, 0o600); err != nil {
		w.t.Fatal(err)
	}
}
