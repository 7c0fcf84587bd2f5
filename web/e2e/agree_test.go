package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The page must not contradict itself: what one part of it says, no other part denies.

// why opens the question on the page and returns it with its answer.
func (w *tab) why() (question, answer string) {
	w.t.Helper()
	var said struct{ Question, Answer string }
	eventually(w.t, 10*time.Second, "there is a question", func() error {
		return w.eval(&said, `
			const ask = deepAll("raft-why .why-ask")[0];
			if (!ask) throw new Error("none");
			if (ask.ariaExpanded !== "true") ask.click();
			await new Promise((done) => setTimeout(done, 600));
			return { question: ask.textContent.trim(),
				answer: deepAll("raft-why .why-answer")[0].textContent.trim() };`)
	})
	return said.Question, said.Answer
}

// In the gallery's Figure 8 the page does not deny, where the clock stops, that S1 committed the entry; then
// the entry is overwritten, as the gallery promises.
func TestFigure8IsToldToItsEnd(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).labAt(startRelay(t).url("/#1?run=figure-8"))
	w.must(nil, `await raftPlayground.step("violation");`)
	w.reads(".violation-strip", "which S1 committed")
	if question, answer := w.why(); question != "Is index 1 committed?" ||
		!strings.Contains(answer, "committed the entry of term 1 there. S5, the leader, lacks it") {
		t.Errorf("asked %q, the page answers %q", question, answer)
	}
	for _, l := range screens[2:] {
		w.as(l)
		w.showTab("story")
		if pairs := w.overlaps(".node-label", ".node .shape", ".violation-strip"); len(pairs) > 0 {
			t.Errorf("%s, with the story open: %v", l.name, pairs)
		}
		w.must(nil, `deepAll(".tab-story").find((t) => t.checkVisibility())?.click();`)
	}
	w.as(screens[1])
	w.keepPictures("figure-8", "story")
	w.must(nil, `await raftPlayground.seek(1150);`)
	w.reads("raft-story", "S5 commits index 1")
	var story string
	if w.must(&story, `return deepAll(".story-line").map((l) => l.textContent).join("\n");`); !strings.Contains(story,
		"remove") || strings.Contains(story, "ignores a message of S5") {
		t.Errorf("the story ends: %s", story)
	}
	w.clickLine("S2, S3, S4 remove the entry")
	w.reads(".reason", "what clients were told is lost")
	for _, l := range screens {
		w.as(l)
		pairs := w.overlaps(".node-label", ".node .broken-ring:nth-last-of-type(1)")
		// Two round rings may overlap; the squares around leaders may not.
		pairs = slices.DeleteFunc(pairs, func(p string) bool { return p == "circle × circle" })
		if len(pairs) > 0 {
			t.Errorf("%s: %v", l.name, pairs)
		}
		w.keepPicture("broken", l)
	}
	w.reads(".remark", "overwrites what was committed")
	w.must(nil, `await raftPlayground.seek(730); await raftPlayground.act({ do: "rules", off: [] });`)
	eventually(t, 5*time.Second, "a branch that keeps the rules is not told the story of the run without them",
		func() error {
			return w.eval(nil, `if (deepAll(".remark").length > 0) throw new Error(deepAll(".remark")[0].textContent);`)
		})
}

// A stale read visibly breaks a promise, and the clock stops there.
func TestAStaleReadStopsTheClock(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).labAt(startRelay(t).url("/#1?run=stale-read"))
	w.reads("button.safety", "✓ 5 of 5")
	w.must(nil, `await raftPlayground.network({ rate: 1 });`)
	w.still(1100)
	w.reads("button.safety", "✕ 5 of 6")
	w.reads(".violation-strip",
		"Linearizability broken: S1 answered a read with x = 1, although a client had been told of x = 2 before "+
			"that read began")
	w.reads("raft-story", "Linearizability is broken")
	var rate float64
	w.must(nil, `
		const key = deepAll(".logs-head .caption")[0];
		if (key.scrollHeight > key.clientHeight) throw new Error("cut: " + key.textContent);`)
	if w.must(&rate, `return deepAll(".play")[0].textContent.trim() === "Play" ? 0 : 1;`); rate != 0 {
		t.Error("the clock runs on")
	}
	for _, l := range screens {
		w.as(l)
		for _, pair := range w.overlaps(".wall-ticks", ".broken-ring") {
			if strings.Contains(pair, "path") {
				t.Errorf("%s: the wall stands in the ring of a broken promise: %s", l.name, pair)
			}
		}
		w.must(nil, `
			for (const e of deepAll("span.grid-label"))
				if (e.scrollWidth > e.clientWidth) throw new Error("the logs stand upon " + e.textContent);`)
		w.keepPicture("stale-read", l)
	}
}

// The header, the question and the sides of a cut count as the core does: two majorities while the configuration
// changes, and what half of the servers may do where no majority is needed.
func TestThePageCountsAsTheCoreDoes(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).labAt(startRelay(t).url("/"))
	w.must(nil, `await raftPlayground.open("#1?size=5&seed=9&at=0");
		await raftPlayground.act({ do: "campaign", server: 1 }); await raftPlayground.seek(300);
		await raftPlayground.act({ do: "partition", servers: [1, 2, 3] });
		await raftPlayground.act({ do: "rules", off: [...(await raftPlayground.lab()).off, "catchUpFirst"] });
		await raftPlayground.act({ do: "reconfigure", server: 1, servers: [1, 4, 5] });
		await raftPlayground.seek(400);`)
	w.reads("raft-header .quorum", "1 of 3 and 3 of 5: nothing can commit")
	w.reads(".sides", "1 of 3 and 3 of 5: cannot elect")
	if _, answer := w.why(); !strings.Contains(answer, "It is on 1 of 3 and 3 of 5; the leader, S1, needs 2 and 3.") {
		t.Errorf("of a change from five servers to three the page says %q", answer)
	}
	for _, l := range screens {
		w.as(l)
		pairs := append(w.overlaps(".sides li", ".node-label", ".node .shape"),
			w.overlaps(".sides li", ".node.lit .select-ring")...)
		if len(pairs) > 0 {
			t.Errorf("%s: %v", l.name, pairs)
		}
		w.keepPicture("joint", l)
	}
	w.keepPictures("joint-why", "story")
	w.as(screens[0])
	w.must(nil, `await raftPlayground.open("#1?size=5&seed=9&at=0");
		await raftPlayground.act({ do: "campaign", server: 1 }); await raftPlayground.seek(300);
		await raftPlayground.act({ do: "rules", off: ["majorityDecides"] });
		await raftPlayground.act({ do: "partition", servers: [1, 2] });`)
	w.reads(".sides", "S1, S2 majority 2 of 5")
	w.must(nil, `for (const server of [3, 4, 5]) await raftPlayground.act({ do: "crash", server });`)
	w.reads("raft-header .quorum", "2 of 5")
	var lost int
	if w.must(&lost, `return deepAll(".quorum-lost").length;`); lost != 0 {
		t.Error("the header says that nothing can commit, where two servers decide")
	}
	w.keepPictures("minority-decides", "none")
}

// A latecomer is not asked whose timer ends first when a server leads, and a pause is explained as one.
func TestALateWatcherIsToldWhatIs(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	tabs := r.windows(3)
	tabs[0].network(unhurried) // so slow that no new event takes over the heading
	leading(t, 30*time.Second, tabs...)
	time.Sleep(1500 * time.Millisecond) // by then each server has reported its state once more, without events
	w := r.browser.window(1280, 800)
	w.navigate(r.url("?watch=1"))
	eventually(t, 20*time.Second, "the header names a leader, and so does the heading", func() error {
		return w.eval(nil, `
			const [leader, heading] = [deepAll("raft-header dd")[1].textContent.trim(),
				deepAll("raft-headline h2")[0].textContent];
			if (!/^S\d/.test(leader)) throw new Error("the leader is " + leader);
			if (!heading.startsWith(leader + " leads term"))
				throw new Error("beside leader " + leader + " stands " + heading);`)
	})
	eventually(t, 5*time.Second, "it shows the logs", func() error {
		return w.eval(nil, `
			const cells = deepAll(".cell").map((c) => c.ariaLabel);
			if (cells.length < 3 || !cells.every((c) => /: term \d+/.test(c))) throw new Error("its cells: " + cells);`)
	})
	w.reads("raft-header", "To the lab")
	w.keepPictures("late-watcher", "none")
	w.must(nil,
		`if (deepAll("raft-header h1 a")[0].pathname !== "/") throw new Error("the name leads to " + `+
			`deepAll("raft-header h1 a")[0].href);`)
	tabs[0].network(`{rate: 0}`)
	w.clickLine("The clock is paused")
	w.reads(".reason", "No timer runs and no message arrives until somebody lets it run again.")
	w.keepPictures("pause-explained", "story")
}

// A run that is opened after another has its own branches, and the button and the list agree on them.
func TestBranchesHaveTheNumbersOfTheirRun(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).labAt(startRelay(t).url("/#1?run=leader-crash"))
	for _, run := range []string{"split-vote", "partition"} {
		w.must(nil,
			fmt.Sprintf(
				`await raftPlayground.open("#1?run=%s"); await raftPlayground.seek(900); `+
					`await raftPlayground.seek(200); await raftPlayground.act({ do: "crash", server: 2 });`, run))
		w.reads(".branches", "Branch 2 of 2")
		w.must(nil, `
			const list = deepAll("#branch-menu .branch b").map((b) => b.textContent);
			if (list.join() !== "Branch 1,Branch 2") throw new Error("the list says " + list);`)
	}
	for _, l := range screens {
		w.as(l)
		w.showTab("time")
		w.clickButton("Branch 2 of 2")
		w.open("#branch-menu .branch")
		if cut := w.unreachable("#branch-menu .branch"); len(cut) > 0 {
			t.Errorf("%s: branches that cannot be pressed: %q", l.name, cut)
		}
		w.must(nil, `
			for (const e of deepAll("#branch-menu .caption"))
				if (e.getBoundingClientRect().height > 20) throw new Error(e.textContent + " is on several lines");`)
		w.keepPicture("branches", l)
		w.keys(kb.Escape)
	}
	// A list stays beside its button when the window changes size.
	w.as(screens[1])
	w.clickButton("Branch 2 of 2")
	w.as(screens[0])
	w.must(nil, `
		const [list, button] = ["#branch-menu", "button.branches"].map((s) => deepAll(s)[0].getBoundingClientRect());
		if (Math.abs(list.right - button.right) > 1 || Math.abs(list.bottom + 4 - button.top) > 1)
			throw new Error("the list ends at " + list.right + ", " + list.bottom);`)
}

// The selected server is the one shown and acted on by the next key; Space after a click goes to the clock.
func TestTheSelectionTheFocusAndTheClockAgree(t *testing.T) {
	t.Parallel()
	w := handy(t)
	press := func(server int) {
		x, y := w.nodeAt(server)
		w.run(5*time.Second, chromedp.MouseClickXY(x, y))
	}
	press(2)
	w.reads("raft-inspector h2", "S2")
	w.clickButton("Client")
	w.reads(".side-panel h2", "Write to the cluster")
	press(2)
	w.reads("raft-inspector h2", "S2")
	w.keepPictures("selected", "node")
	w.keys(" ")
	eventually(t, 10*time.Second, "Space after a click lets the clock run, and opens nothing", func() error {
		return w.eval(nil, `
			if (deepAll(".node-menu [role=menuitem]").some((i) => i.checkVisibility()))
				throw new Error("the menu is open");
			if (deepAll(".play")[0].textContent.trim() !== "Pause") throw new Error("the clock stands");`)
	})
	w.keys(" ")
	w.reads(".play", "Play")
	press(2) // which deselects it
	w.reads("raft-inspector h2", "Try this")
	w.keys(" ")
	w.reads(".play", "Pause")
	w.reads("raft-inspector h2", "Try this")
	w.keys(" ")
	w.reads(".play", "Play")
	w.keys("3")
	w.must(nil,
		`if (document.activeElement?.dataset.server !== "3") throw new Error("the focus is on " + `+
			`document.activeElement?.outerHTML.slice(0, 80));`)
	w.keys(" ", " ")
	w.keepPictures("selected-by-key", "none")
	w.keys(kb.Enter)
	w.open(".node-menu [role=menuitem]")
	w.must(nil,
		`if (!deepAll(".node-menu")[0].textContent.includes("S3") && `+
			`!deepAll(".node.selected")[0]?.matches("[data-server='3']")) throw new Error("whose menu?");`)
	w.keys(kb.Escape)
}

// While the clock is paused, a request says that it waits, and the page does not ask whose timer ends first.
func TestWhileTheClockStandsThePageSaysSo(t *testing.T) {
	t.Parallel()
	w := handy(t)
	w.clickButton("Client")
	w.reads("raft-client", "The clock is paused: this write waits until it runs.")
	w.click("raft-client button[type=submit]")
	w.reads(".notice", "The clock is paused, so this waits.")
	w.keepPictures("write-waits", "client")
	w.must(nil, `await raftPlayground.open("#1?size=5&seed=9&at=0");`)
	w.reads("raft-headline h2", "The clock is paused. Press Play")
	w.keepPictures("clock-stands", "none")
	w.as(screens[2])
	w.reads("raft-caption", "The clock is paused. Press Play")
}
