package e2e

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"raftplayground/raft/lab"
)

// clickLine clicks the newest line of the story with these words, which may be older than the lines that are
// listed at first.
func (w *tab) clickLine(words string) {
	w.t.Helper()
	eventually(w.t, 20*time.Second, "the story has a line with "+words, func() error {
		return w.eval(nil, fmt.Sprintf(`
			deepAll(".clicked").forEach((e) => e.classList.remove("clicked"));
			const line = deepAll(".story-line").find((l) => l.textContent.includes(%q));
			if (!line) deepAll(".story-earlier button")[0]?.click();
			if (!line) throw new Error("its lines are: " + deepAll(".story-line").map((l) => l.textContent.trim())
				.join(" | "));
			line.scrollIntoView({ block: "center" });
			line.classList.add("clicked");`, words))
	})
	w.click("raft-story .story-line.clicked")
}

// source returns where the shown source is from, and its marked line.
func (w *tab) source(within string) (file string, line int, text string) {
	w.t.Helper()
	var shown struct{ Where, Number, Text string }
	eventually(w.t, 20*time.Second, "the source is shown", func() error {
		return w.eval(&shown, fmt.Sprintf(`
			const source = deepAll(%q)[0];
			const marked = source?.querySelector(".source-line.marked");
			if (!marked) throw new Error("it shows: " + source?.textContent);
			const text = marked.querySelector("span");
			return { where: source.querySelector(".source-where .mono").textContent,
				number: marked.querySelector("i").textContent, text: text.firstChild.data ?? text.textContent };`,
			within+" raft-source"))
	})
	file, number, _ := strings.Cut(shown.Where, ":")
	line, _ = strconv.Atoi(number)
	if number != shown.Number {
		w.t.Errorf("the source says %s and marks line %s", shown.Where, shown.Number)
	}
	return file, line, marked(w.t, file, line)
}

// marked reads the line from the core's own file.
func marked(t *testing.T, file string, line int) string {
	t.Helper()
	text, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if line < 1 || line > len(lines) {
		t.Fatalf("%s has no line %d", file, line)
	}
	return lines[line-1]
}

func TestAnOpenedLineShowsTheCodeThatRan(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=5&seed=7&at=0.4"))
	w.still(400)
	for _, line := range []struct{ words, kind, rule string }{
		{"leads term", "BecameLeader", "Rules for Servers, Candidates, rule 2"},
		{"asks for votes", "BecameCandidate", "Rules for Servers, Followers, rule 2"},
	} {
		w.clickLine(line.words)
		w.reads(".reason", line.rule)
		file, number, text := w.source(".reason")
		if !strings.HasPrefix(file, "raft/") || !strings.Contains(text, "Kind: "+line.kind) {
			t.Errorf("%q is said to come from %s:%d, which is: %s", line.words, file, number, text)
		}
	}

	// By keyboard: an arrow to a line, Enter opens it, G goes to its moment.
	w.must(nil, `deepAll(".story-line[tabindex='0']")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	var at float64
	eventually(t, 10*time.Second, "Enter opens the line", func() error {
		return w.eval(&at, `
			const line = document.activeElement;
			if (line.getAttribute("aria-expanded") !== "true")
				throw new Error("the focus is on " + line.outerHTML.slice(0, 200));
			return Number(line.dataset.at) / 1000;`)
	})
	w.run(5*time.Second, chromedp.KeyEvent("g"))
	w.still(at)
}

func TestTheStoryIsPartedAtThePlayhead(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=5&seed=7&at=0.4"))
	w.still(400)
	lines := func() (shown []struct {
		At    float64
		Later bool
		Text  string
	}) {
		w.must(&shown,
			`return deepAll("raft-story li:has(.story-line)").map((l) => ({ at: `+
				`Number(l.querySelector(".story-line").dataset.at) / 1000, later: l.classList.contains("later"), `+
				`text: l.textContent.trim() }));`)
		return shown
	}
	all := lines()
	middle := all[len(all)/2].At
	w.must(nil, fmt.Sprintf(`await raftPlayground.seek(%v);`, middle))
	w.still(middle)
	w.reads(".story-later", "later event")
	for _, l := range lines() {
		if l.Later || l.At > middle {
			t.Errorf("at %v ms the story tells of %v ms: %s", middle, l.At, l.Text)
		}
	}
	w.click("raft-story .story-later")
	eventually(t, 10*time.Second, "later events are shown apart", func() error {
		later := 0
		for _, l := range lines() {
			if l.Later != (l.At > middle) {
				return fmt.Errorf("at %v ms: %+v", middle, l)
			}
			if l.Later {
				later++
			}
		}
		if later == 0 {
			return fmt.Errorf("none is")
		}
		return nil
	})

	// The time of a line leads to its moment, Previous to the event before.
	w.must(nil, `deepAll(".story-row .when")[0].scrollIntoView({ block: "center" });`)
	w.click("raft-story .story-row .when")
	newest := w.still(lines()[0].At)
	w.press("Previous")
	eventually(t, 10*time.Second, "Previous goes back in time", func() error {
		if m := w.moment(); m.At >= newest.At {
			return fmt.Errorf("it is at %v ms, and was at %v", m.At, newest.At)
		}
		return nil
	})
	before := w.moment()
	w.press("Next")
	eventually(t, 10*time.Second, "Next goes on in time", func() error {
		if m := w.moment(); m.At <= before.At {
			return fmt.Errorf("it is at %v ms, and was at %v", m.At, before.At)
		}
		return nil
	})
}

func TestTheStoryIsNarrowedAndHeartbeatsAreOneLine(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=5&seed=7&at=0.8"))
	w.still(800)
	w.click("raft-story [popovertarget=story-filter]")
	w.open("#story-filter .check")
	w.click("raft-story .check")
	w.reads(".story-list", "Heartbeats of S")
	var beats, lines int
	w.must(&beats,
		`return deepAll(".story-line").filter((l) => l.textContent.includes("the leader, is alive")).length;`)
	if beats > 0 {
		t.Errorf("%d heartbeats have a line of their own", beats)
	}
	w.must(nil, `
		for (const [label, value] of [["Of which server", "2"], ["About what", "elections"]]) {
			const select = deepAll("select[aria-label='" + label + "']")[0];
			select.value = value;
			select.dispatchEvent(new Event("change", { bubbles: true }));
			await new Promise((done) => setTimeout(done, 300));
		}`)
	w.reads("raft-story [popovertarget=story-filter]", "Filter: S2 · Elections · all")
	var told []string
	w.must(&told, `return deepAll(".story-line").map((l) => l.lastChild.data ?? l.textContent);`)
	if lines = len(told); lines == 0 {
		t.Fatal("nothing is told of S2 and elections")
	}
	for _, text := range told {
		if !regexp.MustCompile(`S2\b`).MatchString(text) || strings.Contains(text, "commits") {
			t.Errorf("of S2 and elections is told: %s", text)
		}
	}
}

// What is pointed at in one view stands out in all: the line, the servers on the stage, their entries in the logs.
func TestOneCursorGoesThroughStoryStageAndLogs(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=5&seed=7&at=0.4"))
	w.still(400)
	lit := func() (seen struct {
		Servers, Rows []int
		Cells         []string
		Lines         []string
	}) {
		w.must(&seen, `
			await new Promise((done) => setTimeout(done, 300));
			return {
				servers: deepAll(".node.lit").map((n) => Number(n.dataset.server)).sort(),
				rows: deepAll(".grid-row.lit .grid-label").map((l) => Number(/S(\d)/.exec(l.textContent)[1])),
				cells: deepAll(".cell.pointed").map((c) => c.getAttribute("aria-label").split(":")[0]).sort(),
				lines: deepAll("raft-story li.pointed .story-line").map((l) => l.textContent.trim()),
			};`)
		return seen
	}
	w.must(nil, `
		const line = deepAll(".story-line").find((l) => /commit index 1/.test(l.textContent));
		line.scrollIntoView({ block: "center" });
		line.classList.add("hovered");`)
	x, y := w.find("raft-story .story-line.hovered")
	w.run(5*time.Second, input.DispatchMouseEvent(input.MouseMoved, x, y))
	followers := lit()
	var leader int
	w.must(&leader, `return raftPlayground.cluster().find((s) => s.role === "leader").server;`)
	if len(followers.Servers) != 4 || slices.Contains(followers.Servers, leader) ||
		!slices.Equal(followers.Servers, followers.Rows) || len(followers.Cells) != 4 || len(followers.Lines) != 1 {
		t.Errorf("the four followers' commit of index 1 is pointed at: %+v", followers)
	}

	// An entry in the logs, by keyboard.
	w.run(5*time.Second, input.DispatchMouseEvent(input.MouseMoved, 700, 20))
	w.must(nil, `deepAll(".logs-scroll")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowDown))
	if entry := lit(); !slices.Equal(entry.Servers, []int{2}) || len(entry.Cells) != 1 ||
		entry.Cells[0] != "Entry 1 of S2" {
		t.Errorf("entry 1 of S2 is pointed at: %+v", entry)
	}
}

func TestThePageAnswersWhyAnEntryIsNotCommitted(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).labAt(r.url("/#1?size=5&seed=7&at=0.4"))
	w.still(400)
	var leader int
	w.must(&leader, `return raftPlayground.cluster().find((s) => s.role === "leader").server;`)
	w.must(nil, `
		const down = raftPlayground.cluster().filter((s) => s.role !== "leader").slice(0, 3);
		for (const s of down) await raftPlayground.act({ do: "crash", server: s.server });
		await raftPlayground.act({ do: "put", key: "x", value: "9" });
		await raftPlayground.seek(500);`)
	w.still(500)
	w.reads("raft-why", "Why is index")
	w.click("raft-why .why-ask")
	w.reads(".why-answer", fmt.Sprintf("the leader, S%d, needs 3", leader))
	w.reads(".why-answer", "do not run")
}

func TestStoryAndDiagramOfTheLabAreAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	r := startRelay(t)
	w := borrowBrowser(t).openedAt(r.url("/#1?size=5&seed=7&rate=0.5"), 300)
	w.must(nil, `await raftPlayground.seek(110);`)
	w.still(110)
	w.click("raft-story .story-later")
	w.clickLine("asks for votes")
	w.source(".reason")
	w.openDiagram()
	w.must(nil, `deepAll(".diagram-box")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.ArrowDown))
	w.must(nil, string(axe))
	for _, l := range looks {
		w.as(l)
		for _, panel := range []string{"Story", "Log"} {
			w.must(nil,
				fmt.Sprintf(
					`deepAll(".tabs button").find((b) => b.checkVisibility() && b.textContent === %q && `+
						`b.ariaPressed !== "true")?.click(); await new Promise((done) => setTimeout(done, 500));`,
					panel))
			w.examine("story and diagram, "+panel+", "+l.name, l)
		}
	}
}

// The list holds only the lines in view, but its end is the end of the story.
func TestEndLeadsToTheOldestEvent(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).window(1440, 900)
	w.navigate(startRelay(t).url("/"))
	w.opens(lab.Run{Version: lab.Version, Seed: 1, Config: lab.Config{Servers: 5, Latency: 15_000, Clients: 1, Keys: 1,
		Think: 100_000, Patience: 5_000_000}}, 8000)
	type list struct{ Lines, Earlier, Place int }
	look := `{lines: deepAll(".story-line").length, earlier: deepAll(".story-earlier").length, ` +
		`place: deepAll(".story-line").indexOf(document.activeElement)}`
	eventually(t, 10*time.Second, "a long story is not all in the list", func() error {
		var at list
		if w.must(&at, `return `+look+`;`); at.Lines < 10 || at.Lines > 50 || at.Earlier != 1 {
			return fmt.Errorf("%+v", at)
		}
		return nil
	})
	w.must(nil, `deepAll(".story-line[tabindex='0']")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.End))
	var at list
	if w.must(&at, `await new Promise((done) => setTimeout(done, 600)); return `+look+`;`); at.Lines < 60 ||
		at.Earlier != 0 || at.Place != at.Lines-1 {
		t.Errorf("End leads to %+v, expected the last of 60 lines or more, and no earlier ones", at)
	}
}
