package e2e

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// asTouched shows the tab as on a device of this size that has no mouse.
func (w *tab) asTouched(width, height int64) {
	w.t.Helper()
	w.run(5*time.Second, emulation.SetDeviceMetricsOverride(width, height, 1, true),
		emulation.SetTouchEmulationEnabled(true))
}

// steady waits until an element is visible and stands still, and returns its middle.
func (w *tab) steady(selector string) (x, y float64) {
	w.t.Helper()
	var at struct{ X, Y float64 }
	eventually(w.t, 10*time.Second, selector+" is seen and stands", func() error {
		return w.eval(&at, fmt.Sprintf(`
			const found = deepAll(%q).find((e) => e.checkVisibility());
			if (!found) throw new Error("it is not there");
			found.scrollIntoView({block: "nearest"});
			const middle = () => { const box = found.getBoundingClientRect(); return {x: box.x + box.width / 2,
				y: box.y + box.height / 2}; };
			const before = middle();
			await new Promise((done) => setTimeout(done, 100));
			const now = middle();
			if (!found.isConnected || Math.hypot(now.x - before.x, now.y - before.y) > 0.5) throw new Error("it moves");
			return now;`, selector))
	})
	return at.X, at.Y
}

// finger puts a finger down, leaves it there for a while, takes it to another place and lifts it.
func (w *tab) finger(x, y float64, rest time.Duration, toX, toY float64) {
	w.t.Helper()
	at := func(x, y float64) []*input.TouchPoint { return []*input.TouchPoint{{X: x, Y: y}} }
	w.run(5*time.Second, input.DispatchTouchEvent(input.TouchStart, at(x, y)), chromedp.Sleep(rest))
	if steps := 5.0; toX != x || toY != y {
		for i := 1.0; i <= steps; i++ {
			w.run(5*time.Second, input.DispatchTouchEvent(input.TouchMove, at(x+(toX-x)*i/steps, y+(toY-y)*i/steps)))
		}
		// without a rest this is a fling, and the browser takes the next tap for a stop of it
		w.run(5*time.Second, chromedp.Sleep(100*time.Millisecond),
			input.DispatchTouchEvent(input.TouchMove, at(toX, toY)))
	}
	w.run(5*time.Second, input.DispatchTouchEvent(input.TouchEnd, []*input.TouchPoint{}))
}

// pinch puts two fingers on the tape, so many px to either side of a moment, and takes them apart, or nearer
// to each other.
func (w *tab) pinch(line tape, at, from, to float64) {
	w.t.Helper()
	fingers := func(apart float64) []*input.TouchPoint {
		y := line.Y + line.Height/2
		return []*input.TouchPoint{{X: line.x(at) - apart, Y: y, ID: 1}, {X: line.x(at) + apart, Y: y, ID: 2}}
	}
	w.run(5*time.Second, input.DispatchTouchEvent(input.TouchStart, fingers(from)[:1]),
		input.DispatchTouchEvent(input.TouchStart, fingers(from)))
	for i := 1.0; i <= 5; i++ {
		w.run(5*time.Second, input.DispatchTouchEvent(input.TouchMove, fingers(from+(to-from)*i/5)))
	}
	w.run(5*time.Second, input.DispatchTouchEvent(input.TouchEnd, []*input.TouchPoint{}))
}

// tap touches something for a moment, hold for longer than a tap.
func (w *tab) tap(selector string)  { w.t.Helper(); w.touch(selector, 0) }
func (w *tab) hold(selector string) { w.t.Helper(); w.touch(selector, 700*time.Millisecond) }

func (w *tab) touch(selector string, rest time.Duration) {
	w.t.Helper()
	x, y := w.steady(selector)
	w.finger(x, y, rest, x, y)
}

func server(n int) string { return fmt.Sprintf("raft-stage .node[data-server='%d'] .shape", n) }

// On a phone, fingers do to the cluster all that a mouse does.
func TestThePhoneIsPlayedByTouch(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).labAt(startRelay(t).url("/#1?size=5&seed=7&at=0.6"))
	w.still(600)
	w.hands()
	w.asTouched(390, 844)

	w.tap(server(2))
	w.tap(".node-more")
	if done := w.does("the menu of a tapped server crashes it", 1,
		func() { w.tap(".node-menu [data-deed=crash]") }); done[0].Do != "crash" || done[0].Server != 2 {
		t.Errorf("the menu did %+v", done)
	}
	w.seats("connected", "gone", "connected", "connected", "connected")
	w.hold(server(2))
	if done := w.does("a long touch opens the menu", 1,
		func() { w.tap(".node-menu [data-deed=restart]") }); done[0].Do != "restart" || done[0].Server != 2 {
		t.Errorf("the menu of a long touch did %+v", done)
	}
	if done := w.does("a tap cuts a link", 2,
		func() { w.tap(".link[data-link='3-4'] .link-hit") }); done[0].Do != "cut" || done[0].Server != 3 ||
		done[0].To != 4 || done[1].Server != 4 {
		t.Errorf("the tap did %+v", done)
	}
	w.open(".link.cut[data-link='3-4']")
	if done := w.does("a drag from server to server cuts", 2, func() {
		x, y := w.steady(server(4))
		toX, toY := w.steady(server(5))
		w.finger(x, y, 0, toX, toY)
	}); done[0].Do != "cut" || done[0].Server != 4 || done[0].To != 5 || done[1].Server != 5 {
		t.Errorf("the drag did %+v", done)
	}
	before := len(w.deeds())
	w.hold(".link[data-link='2-3'] .link-hit")
	w.open("raft-link [data-cut=forward]")
	if after := len(w.deeds()); after != before {
		t.Errorf("a long touch of a link did %+v", w.deeds()[before:])
	}
	if done := w.does("the link's panel cuts one way", 1,
		func() { w.tap("raft-link [data-cut=forward]") }); done[0].Do != "cut" || done[0].Server != 3 ||
		done[0].To != 2 {
		t.Errorf("the panel did %+v", done)
	}

	// The sheets, and the time.
	for _, sheet := range []struct{ tab, shows string }{{"story", ".region.story"}, {"log", ".logs .cell"},
		{"faults", "raft-faults [data-network=lossy]"}, {"time", "raft-time-line input"},
		{"time", "raft-caption .caption-strip"}} {
		w.tap(".tab-" + sheet.tab)
		w.open(sheet.shows)
	}
	line := w.tape()
	middle := line.Y + line.Height/2
	w.finger(line.x(600), middle, 0, line.x(112), middle)
	w.standing("a finger on the tape goes back to about 112 ms",
		func(p playhead) bool { return math.Abs(p.At-112) < 5 })

	w.pinch(line, 112, 20, 80)
	eventually(t, 5*time.Second, "two fingers that part enlarge the time line", func() error {
		if now := w.tape(); now.Max-now.Min > (line.Max-line.Min)/2 {
			return fmt.Errorf("it shows %.0f of %.0f ms", now.Max-now.Min, line.Max-line.Min)
		}
		return nil
	})

	// A message is larger to a finger than it looks.
	w.must(nil, `await raftPlayground.seek(112);`)
	w.at(112)
	var beside struct{ X, Y float64 }
	w.must(&beside, `
		const [picture] = deepAll(".stage-picture");
		const box = picture.getBoundingClientRect();
		const met = (x, y) => {
			picture.dispatchEvent(new PointerEvent("pointermove", {clientX: x, clientY: y}));
			return picture.classList.contains("at-message");
		};
		for (let y = box.top + 4; y < box.bottom; y += 8) {
			for (let x = box.left + 4; x < box.right; x += 2) {
				const there = document.elementFromPoint(x, y);
				if (met(x + 2, y) && !met(x, y) && picture.contains(there) && !there.closest(".node")) return {x, y};
			}
		}
		throw new Error("no message is drawn where a mouse would meet it");`)
	w.finger(beside.X, beside.Y, 0, beside.X, beside.Y)
	w.open("raft-message [data-act=hold]")
	w.tap("raft-message [data-act=hold]")
	eventually(t, 10*time.Second, "a tapped message is held, which makes a branch", func() error {
		if deeds := w.deeds(); len(deeds) != 1 || deeds[0].Do != "holdFrame" {
			return fmt.Errorf("what was done is %+v", deeds)
		}
		return nil
	})
	mark := ".held-message"
	x, y := w.steady(mark)
	var to int
	w.must(&to, `return Number(/What will S(\d)/.exec(deepAll("raft-message")[0].textContent)[1]);`)
	toX, toY := w.steady(server(to))
	if done := w.does("a held message is dragged to its receiver", 1,
		func() { w.finger(x, y, 0, toX, toY) }); done[0].Do != "deliverFrame" {
		t.Errorf("the drag did %+v", done)
	}
}

// Where there is no header, its menu is among the tabs; keys lead to the same on every screen.
func TestTheMenuIsReachedOnScreensWithoutAHeader(t *testing.T) {
	t.Parallel()
	w := borrowBrowser(t).labAt(startRelay(t).url("/#1?size=5&seed=7&at=0.6"))
	w.still(600)
	for _, screen := range []struct{ width, height int64 }{{800, 580}, {844, 390}} {
		w.asTouched(screen.width, screen.height)
		what := fmt.Sprintf("%d×%d", screen.width, screen.height)
		for _, way := range []struct{ words, shows string }{{"Share", ".share-dialog"}, {"Gallery", ".gallery-dialog"},
			{"Keys", "dialog .keys"}} {
			w.tap(".tab-menu")
			w.open("#page-menu .new-run")
			var place string
			w.must(&place,
				fmt.Sprintf(
					`const b = deepAll("#page-menu button").find((b) => b.textContent.startsWith(%q) && `+
						`b.checkVisibility()); b.id = "e2e-way"; return b.id;`, way.words))
			w.tap("#" + place)
			w.must(nil, `deepAll("#e2e-way").forEach((b) => b.removeAttribute("id"));`)
			w.open(way.shows)
			w.keys(kb.Escape)
			w.shut(what, way.shows)
		}
		w.tap(".tab-menu")
		w.open("#page-menu .new-run")
		w.keys(kb.Escape)
		w.shut(what, "#page-menu .new-run")
		for key, shows := range map[string]string{"s": ".share-dialog", "g": ".gallery-dialog",
			"n": "#page-menu .new-run"} {
			w.keys(key)
			w.open(shows)
			w.keys(kb.Escape)
			w.shut(what, shows)
		}
	}
}

// shut waits until an element that Esc should have closed is no longer visible.
func (w *tab) shut(what, selector string) {
	w.t.Helper()
	eventually(w.t, 10*time.Second, what+": Esc closes "+selector, func() error {
		return w.eval(nil, fmt.Sprintf(
			`if (deepAll(%q).some((e) => e.checkVisibility())) throw new Error("it is open");`, selector))
	})
}
