package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// labLooks are the screens that the lab is laid out for.
var labLooks = []look{
	{"wide", 1440, 900, "light"},
	{"wide-dark", 1440, 900, "dark"},
	{"tablet", 1024, 768, "light"},
	{"frame", 800, 580, "dark"},
	{"phone", 390, 844, "light"},
	{"phone-dark", 360, 740, "dark"},
	{"phone-sideways", 844, 390, "light"},
}

// underBars is what a small phone's browser leaves of its screen to the page.
var underBars = look{"phone under its browser's bars", 375, 548, "light"}

// seesFirst opens the lab and returns how many ms after the request the first server of a role is seen.
func (w *tab) seesFirst(url, role string) float64 {
	w.t.Helper()
	w.navigate(url)
	var ms float64
	w.must(&ms, fmt.Sprintf(`
		for (;;) {
			if (raftPlayground.cluster().some((s) => s.role === %q)) return performance.now();
			if (performance.now() > 10_000) return 1e9;
			await new Promise((done) => setTimeout(done, 10));
		}`, role))
	return ms
}

// The opening film is seen at once, moves before any click, and turns into the lab itself.
func TestTheLabOpensAndMoves(t *testing.T) {
	r := startRelay(t)
	b := startBrowser(t)

	// The first timer ends within two seconds of opening, whether the lab has loaded or not. The best try
	// counts, as other processes may hold this one up.
	w := b.window(1440, 900)
	seen := w.seesFirst(r.url("/"), "candidate")
	for tries := 1; seen > 2000 && tries < 4; tries++ {
		w.close()
		w = b.window(1440, 900)
		seen = min(seen, w.seesFirst(r.url("/"), "candidate"))
	}
	if t.Logf("the first candidate is seen after %.0f ms", seen); seen > 2000 {
		t.Errorf("the first candidate is seen %.0f ms after the page was asked for, expected within 2000", seen)
	}
	w.says(10*time.Second, "S3 asks everyone for a vote.")
	w.says(10*time.Second, "3 of 5 said yes. S3 leads term 1.")
	w.playhead()

	// The lab has gone on with the run that the film shows: the write is committed, and it is in the history
	// from its start.
	w.says(20*time.Second, "Your turn: click S3 and crash it.")
	var words []string
	w.must(&words, `return deepAll(".story-line").map((l) => l.innerText);`)
	if len(words) < 5 {
		t.Errorf("the story begins with %q: what the film told is missing", words)
	}
	w.click("raft-stage .node[data-server='3'] .node-hit")
	eventually(t, 5*time.Second, "the first touch ends the first words", func() error {
		if strings.Contains(w.text(), "Your turn") {
			return fmt.Errorf("they are still there")
		}
		return nil
	})

	// A returning visitor finds a leader at once.
	w.navigate(r.url("/"))
	if seen := w.seesFirst(r.url("/"), "leader"); seen > 2000 {
		t.Errorf("on the second visit a leader is seen after %.0f ms, expected within 2000", seen)
	}
	if again := w.playhead(); again.At < 96 {
		t.Errorf("the second visit begins at %v ms of the run, expected 96 or later", again.At)
	}
}

// The shell is painted before any script has run. The best try counts, as other processes may interfere.
func TestTheFirstPaintIsQuick(t *testing.T) {
	r := startRelay(t)
	b := startBrowser(t)
	best := 1e9
	for range 5 {
		w := b.window(1440, 900)
		w.run(5*time.Second, network.SetCacheDisabled(true))
		w.navigate(r.url("/"))
		var paint float64
		w.must(&paint, `
			for (;;) {
				const [first] = performance.getEntriesByName("first-contentful-paint");
				if (first) return first.startTime;
				await new Promise((done) => setTimeout(done, 10));
			}`)
		w.close()
		if best = min(best, paint); best <= 400 {
			break
		}
	}
	t.Logf("first contentful paint after %.0f ms", best)
	if best > 400 {
		t.Errorf("the first contentful paint comes after %.0f ms at best, expected 400 at most", best)
	}
}

// Without the program the film still plays, and the page says what is missing.
func TestWithoutItsProgramTheLabShowsTheFilm(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := startBrowser(t).window(1440, 900)
	w.beforeWorkers(network.Enable(), network.SetBlockedURLs([]string{"*.wasm"}))
	w.navigate(r.url("/"))
	w.says(10*time.Second, "S3 leads term 1")
	w.reads(".strip", "Your browser could not start the cluster. The recorded run below still works.")
	w.press("What we need")
	w.reads("#needs", "It needs WebAssembly and Workers")
}

// ending makes a Worker's program end at a wish for this rate, as a panic would.
const ending = `addEventListener("message", (e) => { if (e.data.change?.rate === 0.123) ` +
	`raftPlaygroundHost.failed("panic: an end for the test"); });`

func TestALabThatEndsSaysSoAndLeavesNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := startBrowser(t).window(1440, 900)
	w.beforeWorkers(chromedp.Evaluate(ending, nil))
	w.navigate(startRelay(t).url("/"))
	w.playhead()
	var told []string
	w.must(&told, `
		const told = [];
		for (const rate of [0.123, 0.5]) await raftPlayground.network({rate}).catch((why) => told.push(why.message));
		return told;`)
	if len(told) != 2 || !strings.Contains(told[0], "The cluster has ended.") || told[0] != told[1] {
		t.Errorf("who waited when the lab ended, and who asked it afterwards, were told %q", told)
	}
	w.reads(".strip", "The cluster has ended. You see its last moment.")
	w.press("How")
	w.reads("#end", "panic: an end for the test")
}

func TestTheLabIsAccessibleAndFitsOnEveryScreen(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	w := openLab(t)
	w.calm()
	w.must(nil, string(axe))
	w.must(nil,
		`await raftPlayground.seek(100); await raftPlayground.act({do: "rules", off: ["oneVotePerTerm"]}); `+
			`await raftPlayground.seek(300); await raftPlayground.seek(250);`)
	for _, l := range append(labLooks, underBars, look{"narrow frame", 320, 480, "dark"},
		look{"page enlarged to 400 %", 320, 256, "light"}) {
		w.as(l)
		w.onStage(l, 5)
		w.examine("the lab, "+l.name, l)
		w.targets("the lab, "+l.name, l)
	}
	w.as(underBars)
	w.clickButton("Log")
	w.onStage(look{name: "phone with a sheet open"}, 5)
}

// targets checks that fingers can hit all controls on a phone, and that no text is too small to read.
func (w *tab) targets(what string, l look) {
	w.t.Helper()
	var found []string
	w.must(&found, fmt.Sprintf(`
		const shown = (e) => e.checkVisibility() && e.getBoundingClientRect().width > 1 &&
			!e.closest("[aria-hidden=true]");
		const small = %t ? deepAll("button, a, summary, select").filter(shown)
			.filter((e) => e.getBoundingClientRect().height < 43.5)
			.map((e) => "less than 44 px high: " + e.outerHTML.slice(0, 120)) : [];
		const tiny = deepAll("*").filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) &&
			shown(e) && parseFloat(getComputedStyle(e).fontSize) < 12)
			.map((e) => "text under 12 px: " + e.outerHTML.slice(0, 120));
		return [...small, ...tiny];`, l.width < 600))
	for _, problem := range found {
		w.t.Errorf("%s: %s", what, problem)
	}
}

func TestAnotherRunIsOpenedFromTheHeader(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	w.clickButton("Menu")
	w.must(nil, `
		deepAll("#run-servers")[0].value = "3";
		deepAll("#run-network")[0].value = "lossy";`)
	w.fill("raft-new-run input[name=seed]", "7")
	w.clickButton("Start")
	run := w.seeded("7")
	var servers int
	w.must(&servers, `return raftPlayground.cluster().length;`)
	if servers != 3 || len(run.Branches) != 1 {
		t.Errorf("seed %s: %d servers, branches %v; expected 3 and one", run.Seed, servers, run.Branches)
	}
	w.says(5*time.Second, "Lab · 3 servers · seed 7")

	// By keyboard; an invalid seed is refused in words.
	w.must(nil, `deepAll("raft-header [popovertarget=page-menu]")[0].focus();`)
	w.keys(kb.Enter)
	w.must(nil, `deepAll("#run-seed")[0].select(); deepAll("#run-seed")[0].focus();`)
	w.keys("x", kb.Enter)
	w.says(5*time.Second, "A seed is a whole number")
	w.must(nil, `deepAll("#run-seed")[0].select();`)
	w.keys("9", "9")
	w.keys(kb.Enter)
	w.seeded("99")
}

// seeded waits until a run of that seed is open.
func (w *tab) seeded(seed string) (run playhead) {
	w.t.Helper()
	eventually(w.t, 10*time.Second, "the run with seed "+seed+" is open", func() error {
		if run = w.playhead(); run.Seed != seed {
			return fmt.Errorf("its seed is %s", run.Seed)
		}
		return nil
	})
	return run
}

func TestModifiedRaftIsSaidAndTurnedBack(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	if text := w.text(); strings.Contains(text, "Modified Raft") {
		t.Error("the run that the lab begins with calls itself modified")
	}
	w.must(nil, `await raftPlayground.act({do: "rules", off: ["preVote", "oneVotePerTerm"]});`)
	w.says(5*time.Second, "Modified Raft: the rule “One vote a term” is off.")
	w.clickButton("Turn on")
	eventually(t, 5*time.Second, "the rule is kept again, and the extension stays off", func() error {
		if off := w.playhead().Off; len(off) != 1 || off[0] != "preVote" {
			return fmt.Errorf("off: %v", off)
		}
		if _, after, still := strings.Cut(w.text(), "Modified Raft"); still {
			return fmt.Errorf("the page still says: Modified Raft%.60s", after)
		}
		return nil
	})
}

// A broken promise stops the clock, stands across the stage, and leads to its moment and to the rules.
func TestAViolationIsSeenWhereverOneLooks(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	w.must(nil, `await raftPlayground.open("#1?run=two-leaders"); await raftPlayground.step("violation");`)
	w.says(10*time.Second, "Election Safety broken:")
	w.says(5*time.Second, "✕ 4 of 5")
	at := w.standing("the clock stands there", func(p playhead) bool { return p.At > 0 })
	w.must(nil, fmt.Sprintf(`await raftPlayground.seek(%v);`, at.At+50))
	w.clickButton("Go there")
	w.at(at.At)
	w.clickButton("Why")
	w.says(5*time.Second, "Correctness")
	w.run(5*time.Second, chromedp.KeyEvent("?"))
	w.says(5*time.Second, "Next violation of a safety property")
	w.run(5*time.Second, chromedp.KeyEvent("\x1b"), chromedp.KeyEvent("\x1b"))

	// Also where the strips of the violation, the rules and the run take most of a small screen.
	for _, l := range []look{{"phone", 390, 844, "light"}, {"phone held sideways", 844, 390, "dark"}} {
		w.as(l)
		w.onStage(l, 3)
	}
}

// onStage waits until so many servers stand on the stage without overlapping.
func (w *tab) onStage(l look, servers int) {
	w.t.Helper()
	eventually(w.t, 10*time.Second, "on a "+l.name+" no server stands in another, or is beyond the stage",
		func() error {
			return w.eval(nil, fmt.Sprintf(`
			const stage = deepAll("raft-stage")[0].getBoundingClientRect();
			const nodes = deepAll(".node .shape").map((shape) => shape.getBoundingClientRect());
			if (nodes.length < %d || stage.height < 90)
				throw new Error(nodes.length + " servers on a stage " + stage.height + " px high");
			for (const [i, a] of nodes.entries()) {
				if (a.top < stage.top || a.bottom > stage.bottom)
					throw new Error("S" + (i + 1) + " is beyond the stage");
				for (const b of nodes.slice(i + 1))
					if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
					throw new Error("S" + (i + 1) + " meets another");
			}`, servers))
		})
}

// Where motion is reduced, the lab begins with a still picture of an election until it is played.
func TestReducedMotionBeginsWithAStillPicture(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).window(1440, 900)
	w.run(5*time.Second, emulation.SetEmulatedMedia().WithFeatures(
		[]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}))
	w.navigate(startRelay(t).url("/"))
	w.at(50)
	if leader := w.leads(); leader != 3 {
		t.Errorf("S%d leads in the picture, expected S3", leader)
	}
	w.clickButton("Play")
	eventually(t, 5*time.Second, "Play lets the clock run", func() error {
		if now := w.playhead(); now.At <= 50 {
			return fmt.Errorf("it is at %v ms", now.At)
		}
		return nil
	})
}
