package e2e

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// playhead is where the lab's clock stands.
type playhead struct {
	At, End  float64
	Hash     string
	Branch   int
	Branches []int
	Seed     string
	Off      []string
}

// openLab opens the lab's own run and takes it to 200 ms, where a write is committed; the clock is paused.
func openLab(t *testing.T) *tab {
	t.Helper()
	w := borrowBrowser(t).window(1440, 900)
	w.navigate(startRelay(t).url("/"))
	w.playhead()
	w.must(nil, `await raftPlayground.network({rate: 0}); await raftPlayground.seek(200);`)
	return w
}

// playhead waits until the lab has opened a run, and says where its clock stands.
func (w *tab) playhead() playhead {
	w.t.Helper()
	var p playhead
	eventually(w.t, 60*time.Second, "the lab opens a run", func() error {
		return w.eval(&p, `return await raftPlayground.lab();`)
	})
	return p
}

// standing waits until the clock stands at a place for which `there` holds.
func (w *tab) standing(what string, there func(playhead) bool) playhead {
	w.t.Helper()
	var now playhead
	eventually(w.t, 10*time.Second, what, func() error {
		before := w.playhead()
		if now = w.playhead(); now.At != before.At || !there(now) {
			return fmt.Errorf("it is at %v ms of %v, branch %d of %v", now.At, now.End, now.Branch, now.Branches)
		}
		return nil
	})
	return now
}

func (w *tab) at(ms float64) playhead {
	w.t.Helper()
	return w.standing(fmt.Sprintf("the clock stands at %v ms", ms),
		func(p playhead) bool { return math.Abs(p.At-ms) < 0.0005 })
}

func (w *tab) keys(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		w.run(5*time.Second, chromedp.KeyEvent(key))
	}
}

// clickButton clicks the button whose text begins so.
func (w *tab) clickButton(words string) {
	w.t.Helper()
	var at struct{ X, Y float64 }
	w.must(&at, fmt.Sprintf(`
		const found = deepAll("button").filter((b) => b.checkVisibility() && b.innerText.replace(/\s+/g, " ").trim()
			.startsWith(%q));
		if (found.length === 0) throw new Error("no button says " + %q);
		const box = found[0].getBoundingClientRect();
		return {x: box.x + box.width / 2, y: box.y + box.height / 2};`, words, words))
	w.run(5*time.Second, chromedp.MouseClickXY(at.X, at.Y))
}

func TestTheLabsClockIsPausedAndStepped(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	begin := w.at(200)

	w.keys(" ")
	eventually(t, 5*time.Second, "Space lets the clock run", func() error {
		if now := w.playhead(); now.At <= begin.At {
			return fmt.Errorf("it is at %v ms", now.At)
		}
		return nil
	})
	w.clickButton("Pause")
	paused := w.standing("Pause stops it", func(p playhead) bool { return p.At > begin.At })

	// By the keys and by the buttons. A step back goes to just before the last event, so the next step on
	// leads to the same state.
	w.keys(kb.ArrowRight)
	next := w.standing("→ goes on to the next event", func(p playhead) bool { return p.At > paused.At })
	w.clickButton("event ›")
	after := w.standing("the button goes on to the one after it", func(p playhead) bool { return p.At > next.At })
	w.keys(kb.ArrowLeft)
	w.at(after.At - 0.001)
	w.keys(kb.ArrowRight)
	if again := w.at(after.At); again.Hash != after.Hash {
		t.Errorf("a step back and one on: state %s, expected %s", again.Hash, after.Hash)
	}
	// The result of a step is told on the screen and to screen readers, also where it would make no heading.
	w.keys(kb.ArrowLeft)
	w.reads("raft-live-region", "Before this: S")
	w.reads(".headline", "Before this: S")
	w.keys(kb.ArrowRight)
	w.at(after.At)
	w.clickButton("‹ event")
	w.clickButton("‹ event")
	w.at(next.At - 0.001)

	// One can choose what a step is.
	w.clickButton("Go to ▾")
	w.clickButton("commit")
	w.clickButton("‹ commit")
	commit := w.standing("back to a commit", func(p playhead) bool { return p.At < next.At })
	var words string
	w.must(&words, `return deepAll(".headline h2")[0].innerText;`)
	if !strings.Contains(words, "commit") {
		t.Errorf("at %v ms the story is headed %q, expected a commit", commit.At, words)
	}
	// Shift and the arrows go by messages, whatever a step is.
	w.run(5*time.Second, chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(input.ModifierShift)))
	w.standing("⇧ → goes on to the next message", func(p playhead) bool { return p.At > commit.At })
}

// tape is the time line's range as the page shows it.
type tape struct {
	X, Y, Width, Height  float64
	Min, Max, Value, End float64
	Words                string
}

func (w *tab) tape() tape {
	w.t.Helper()
	var line tape
	w.must(&line, `
		const range = deepAll("raft-time-line input")[0];
		const {x, y, width, height} = range.getBoundingClientRect();
		return {x, y, width, height, min: range.min / 1000, max: range.max / 1000, value: range.value / 1000,
			words: range.getAttribute("aria-valuetext")};`)
	return line
}

// x is where a moment is on the tape.
func (line tape) x(at float64) float64 {
	return line.X + (at-line.Min)/(line.Max-line.Min)*line.Width
}

// tapeSays waits until the time line says so to screen readers.
func (w *tab) tapeSays(words string) {
	w.t.Helper()
	eventually(w.t, 10*time.Second, "the time line says "+words, func() error {
		if said := w.tape().Words; said != words {
			return fmt.Errorf("it says %q", said)
		}
		return nil
	})
}

func TestAnyMomentIsReachedOnTheTimeLine(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	w.must(nil, `await raftPlayground.seek(50);`)
	early := w.at(50)
	w.must(nil, `await raftPlayground.seek(200);`)
	end := w.at(200)

	// By mouse: pressed at one moment, dragged to another, which is the one that counts.
	line := w.tape()
	y := line.Y + line.Height/2
	w.run(5*time.Second,
		input.DispatchMouseEvent(input.MousePressed, line.x(150), y).WithButton(input.Left).WithClickCount(1),
		input.DispatchMouseEvent(input.MouseMoved, line.x(100), y).WithButton(input.Left).WithButtons(1),
		input.DispatchMouseEvent(input.MouseMoved, line.x(50), y).WithButton(input.Left).WithButtons(1),
		input.DispatchMouseEvent(input.MouseReleased, line.x(50), y).WithButton(input.Left).WithClickCount(1))
	pixel := (line.Max - line.Min) / line.Width
	dragged := w.standing("the playhead is where it was dragged to",
		func(p playhead) bool { return math.Abs(p.At-50) <= 2*pixel+0.3 })
	if dragged.End != end.End {
		t.Errorf("to look at the past ended the branch at %v ms, not at %v", dragged.End, end.End)
	}
	w.must(nil, `await raftPlayground.seek(50);`)
	if again := w.at(50); again.Hash != early.Hash {
		t.Errorf("the state at 50 ms is %s, and was %s", again.Hash, early.Hash)
	}
	w.says(5*time.Second, "Looking at 0.050 s")

	// By keyboard: arrows a little, Page keys a lot, Home and End.
	w.must(nil, `deepAll("raft-time-line input")[0].focus();`)
	w.keys(kb.ArrowRight)
	little := w.standing("→ goes on a little", func(p playhead) bool { return p.At > 50 }).At - 50
	w.keys(kb.PageDown)
	w.standing("Page down goes back a lot", func(p playhead) bool { return p.At < 50 })
	w.keys(kb.Home)
	w.at(0)
	w.tapeSays("0.00 s, term 0, no leader")
	w.keys(kb.End)
	w.at(end.End)
	w.tapeSays("0.20 s, term 1, S3 leads")

	// Enlarged, the same key goes less far; the wheel enlarges too.
	w.keys("+", "+", "+")
	w.keys(kb.ArrowLeft)
	finer := end.End - w.standing("← goes back", func(p playhead) bool { return p.At < end.End }).At
	if finer >= little {
		t.Errorf("an arrow goes %v ms far on an enlarged time line, %v ms before", finer, little)
	}
	close := w.tape()
	w.run(5*time.Second, input.DispatchMouseEvent(input.MouseWheel, line.x(100), y).WithDeltaX(0).WithDeltaY(-100))
	eventually(t, 5*time.Second, "the wheel enlarges", func() error {
		if now := w.tape(); now.Max-now.Min >= close.Max-close.Min {
			return fmt.Errorf("it shows %v ms", now.Max-now.Min)
		}
		return nil
	})

	// A click beyond the end continues the run.
	for range 12 {
		w.keys("-")
	}
	line = w.tape()
	ahead := math.Min(400, line.Max-10)
	w.run(5*time.Second, chromedp.MouseClickXY(line.x(ahead), y))
	w.standing("the run is lived as far as was pointed", func(p playhead) bool { return p.At > 205 && p.End == p.At })
}

func TestToTheNextElectionToTheNextCommitAndLive(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	w.must(nil, `await raftPlayground.seek(0);`)
	w.at(0)
	w.keys("e")
	elected := w.standing("E goes to the election", func(p playhead) bool { return p.At > 0 })
	if leader := w.leads(); leader != 3 {
		t.Errorf("after the next election S%d leads, expected S3", leader)
	}
	w.clickButton("Go to ▾")
	w.clickButton("Next commit")
	w.standing("the button goes to the next commit", func(p playhead) bool { return p.At > elected.At })
	var commit int
	w.must(&commit, `return Math.max(...raftPlayground.cluster().map((s) => s.commitIndex));`)
	if commit != 1 {
		t.Errorf("after the first commit the highest commitIndex is %d", commit)
	}
	w.clickButton("Live")
	w.at(200)
	w.must(nil, `await raftPlayground.seek(0);`)
	w.at(0)
	w.keys("l")
	w.at(200)
	w.must(nil, `await raftPlayground.seek(0);`)
	w.clickButton("Go to ▾")
	w.clickButton("Next election")
	w.at(elected.At)
	w.keys("c")
	w.standing("C goes to the next commit", func(p playhead) bool { return p.At > elected.At })
}

// leads returns the server that leads at the moment shown; 0: none.
func (w *tab) leads() int {
	w.t.Helper()
	var leader int
	w.must(&leader, `return raftPlayground.cluster().find((s) => s.connected && s.role === "leader")?.server ?? 0;`)
	return leader
}

func TestToActInThePastMakesABranch(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	first := w.at(200)
	w.must(nil,
		`await raftPlayground.seek(100); await raftPlayground.act({do: "crash", server: 3}); `+
			`await raftPlayground.seek(600);`)
	second := w.standing("what comes of a crash in the past is the second branch",
		func(p playhead) bool { return p.At == 600 && p.Branch == 2 && len(p.Branches) == 2 })
	w.says(5*time.Second, "Branch 2 of 2")

	// By mouse, from the menu.
	w.clickButton("Branch 2 of 2")
	w.clickButton("Branch 1")
	back := w.standing("the first branch is looked at", func(p playhead) bool { return p.At == 200 && p.Branch == 1 })
	if back.Hash != first.Hash {
		t.Errorf("back on the first branch: state %s, expected %s", back.Hash, first.Hash)
	}

	// By keyboard, through the same menu.
	w.must(nil, `deepAll("button.branches")[0].focus();`)
	w.keys(kb.Enter, kb.Tab, kb.Tab, kb.Enter)
	again := w.standing("the second branch is looked at", func(p playhead) bool { return p.At == 600 && p.Branch == 2 })
	if again.Hash != second.Hash {
		t.Errorf("again on the second branch: state %s, expected %s", again.Hash, second.Hash)
	}

	// By mouse, on the line below the tape.
	w.click("raft-time-line .branch-line")
	w.standing("a click on its line shows a branch", func(p playhead) bool { return p.Branch == 1 })
}

// While the page is hidden for longer than a glance, nothing piles up that is played back when it is seen again.
func TestAHiddenLabIsNotPlayedBack(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	w.must(nil, `await raftPlayground.network({rate: 0.1});`)
	front := w.browser.tab()
	eventually(t, 5*time.Second, "the lab is hidden", func() error {
		if !w.hidden() {
			return fmt.Errorf("it is visible")
		}
		return nil
	})
	time.Sleep(3 * time.Second)
	before := w.playhead()
	front.close()
	eventually(t, 5*time.Second, "the lab is seen again", func() error {
		if w.hidden() {
			return fmt.Errorf("it is hidden")
		}
		return nil
	})
	since := time.Now()
	time.Sleep(500 * time.Millisecond)
	after := w.playhead()
	elapsed := time.Since(since).Seconds() * 1000
	if most := before.At + 0.1*(elapsed+1500); after.At > most {
		t.Errorf("in %.0f ms of being seen again the clock went from %v to %v ms: it catches up", elapsed, before.At,
			after.At)
	}
	var marks int
	w.must(&marks, `return parseInt(deepAll("canvas.flights")[0].ariaLabel) || 0;`)
	if marks > 40 {
		t.Errorf("%d messages are drawn at once", marks)
	}
}
