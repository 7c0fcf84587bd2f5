package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// look is a screen and a theme.
type look struct {
	name          string
	width, height int64
	theme         string
}

var looks = []look{
	{"wide", 1440, 900, "light"},
	{"dark", 1440, 900, "dark"},
	{"phone", 360, 740, "light"},
	{"phone-dark", 360, 740, "dark"},
}

// as shows the tab on that screen, in that theme.
func (w *tab) as(l look) {
	w.t.Helper()
	phone := l.width < 600
	w.run(5*time.Second,
		emulation.SetDeviceMetricsOverride(l.width, l.height, 1, phone),
		emulation.SetTouchEmulationEnabled(phone),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme",
			Value: l.theme}}))
	w.must(nil, `
		await new Promise((done) => setTimeout(done, 300));
		await Promise.all(document.getAnimations().filter((a) => a instanceof CSSTransition)
			.map((a) => a.finished.catch(() => {}))); // what is half-way is no state to judge
		await document.fonts.ready;`)
}

// lively opens three tabs of a room that has lived: two terms, committed entries of both, and a server that has just
// come back from behind a cut. It returns the leader's tab.
func lively(t *testing.T, r *room) *tab {
	t.Helper()
	tabs := r.windows(3)
	first, others := leading(t, 10*time.Second, tabs...)
	for i, key := range []string{"x", "y", "x"} {
		first.mustPut(key, fmt.Sprint(i+1))
	}
	first.isolate(true)
	second, _ := leading(t, 10*time.Second, others...)
	second.mustPut("y", "4")
	first.isolate(false)
	leader, _ := leading(t, 10*time.Second, tabs...)
	leader.mustPut("z", "5")
	leader.network(`{rate: 0.1}`)
	return leader
}

// isolate cuts both directions of every link of the tab's server, or mends them.
func (w *tab) isolate(cut bool) {
	w.t.Helper()
	w.network(
		fmt.Sprintf(
			`{links: [1, 2, 3].filter((s) => s !== %[1]d).flatMap((s) => [{from: %[1]d, to: s, up: %[2]t}, {from: s, `+
				`to: %[1]d, up: %[2]t}])}`, w.seat(), !cut))
}

// The pictures show a room at work. It is accessible and fits on every screen, and so does a waiting room.
func TestPicturesOfARoomAreAccessibleAndFit(t *testing.T) {
	folder := picturesFolder(t)
	axe, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("axe-core is missing: run ./build.sh first (%v)", err)
	}
	r := newRoom(t)
	waiting := r.window("")
	waiting.must(nil, string(axe))
	waiting.examine("waiting for others", looks[0])
	waiting.close()

	r.code = r.relay.newRoom()
	w := lively(t, r)
	w.network(`{rate: 0.03}`) // a message is on its way for half a second
	w.must(nil, string(axe))
	for i, l := range looks {
		w.as(l)
		w.examine("a room at work, "+l.name, l)
		if l.name == "phone-dark" {
			continue // the README has no picture of it
		}
		// Taken while a write is on its way to the followers.
		w.must(nil,
			fmt.Sprintf(
				`window.e2eWrite = raftPlayground.request({op: "put", key: "x", value: "%d"}); `+
					`await new Promise((done) => setTimeout(done, 350));`, 6+i))
		w.takePicture(folder, l.name, l)
		w.must(nil, `await e2eWrite;`) // before the next picture
	}
}

// examine looks for what axe-core calls a serious or critical violation, and for content wider than the screen.
func (w *tab) examine(what string, l look) {
	w.t.Helper()
	var found []string
	w.must(&found, `
		const {violations, passes} = await axe.run(document,
			{resultTypes: ["violations"]}); // of passes only how many: to name their elements takes as long as all else
		if (passes.length < 10) throw new Error("axe-core found only " + passes.length + " rules to check");
		return violations.filter(({impact}) => impact === "serious" || impact === "critical")
			.flatMap(({id, help, nodes}) => nodes.map((node) =>
				id + ": " + help + ": " + node.html.slice(0, 200) + " " + (node.any[0]?.message ?? "")));`)
	for _, violation := range found {
		w.t.Errorf("%s: %s", what, violation)
	}
	var size struct{ Content, Screen float64 }
	w.must(&size,
		`return {content: document.documentElement.scrollWidth, screen: document.documentElement.clientWidth};`)
	if size.Content > size.Screen {
		w.t.Errorf("%s: the content is %.0f px wide, the screen %.0f: it scrolls sideways", what, size.Content,
			size.Screen)
	}
}

// mostControls is how many controls of the lab at rest may be visible. A list of tabs counts as one.
// The cluster, its time and its story count as none.
const mostControls = 19

// calm checks that number, that no region has two filled buttons, and that the zoom buttons wait for the pointer.
func (w *tab) calm() {
	w.t.Helper()
	const enlarge = `deepAll("raft-time-line .zoom button").filter((e) => e.checkVisibility({opacityProperty: ` +
		`true})).length`
	var seen struct {
		Controls, Filled []string
		Enlarge          int
	}
	w.must(&seen, `
		const seen = (selector) => deepAll(selector)
			.filter((e) => e.checkVisibility({opacityProperty: true, visibilityProperty: true}) &&
			!e.closest("raft-stage, .story-list li, .logs-scroll"));
		const called = (e) => e.ariaLabel || e.textContent.trim();
		return {
			controls: seen(
				"a[href], button:not([role=tab]), input:not([type=range]), select, textarea, summary, [role=tablist]")
				.map(called),
			filled: seen(".primary").map((e) => e.closest(".region")?.className + ": " + called(e)),
			enlarge: `+enlarge+`};`)
	regions := map[string]bool{}
	for _, button := range seen.Filled {
		region, _, _ := strings.Cut(button, ":")
		if regions[region] {
			w.t.Errorf("more than one filled button in a region: %q", seen.Filled)
		}
		regions[region] = true
	}
	if len(seen.Controls) > mostControls || len(seen.Controls) < 10 || seen.Enlarge != 0 {
		w.t.Errorf(
			"the lab at rest has %d controls, at most %d are allowed, and %d to enlarge the time line, where no "+
				"pointer is: %q", len(seen.Controls), mostControls, seen.Enlarge, seen.Controls)
	}
	line := w.tape()
	w.run(5*time.Second, input.DispatchMouseEvent(input.MouseMoved, line.x(50), line.Y+line.Height/2))
	if w.must(&seen.Enlarge, `return `+enlarge+`;`); seen.Enlarge != 2 {
		w.t.Errorf("with the pointer on the time line %d buttons enlarge it, expected two", seen.Enlarge)
	}
}

// tabStops is how many presses of Tab may lead from the beginning of the page to its end, however long its
// story is.
const tabStops = 40

func TestTheKeyboardReachesStageClientAndTransport(t *testing.T) {
	w := lively(t, newRoom(t))
	w.as(looks[0])
	// A long story: each change of the rate is a line of its own, unless the room tells of two at once.
	change := 0
	eventually(t, 30*time.Second, "the story grows long", func() error {
		change++
		w.network(fmt.Sprintf(`{rate: %g}`, 0.1+float64(change%2)/10))
		var story struct{ Lines, Earlier int }
		w.must(&story, `return {lines: deepAll(".story-line").length, earlier: deepAll(".story-earlier").length};`)
		if story.Earlier == 0 {
			return fmt.Errorf("all of its %d lines are in the list", story.Lines)
		}
		return nil
	})
	reached := map[string]bool{}
	for range tabStops {
		w.run(5*time.Second, chromedp.KeyEvent(kb.Tab))
		var path []string
		w.must(&path, `
			let focused = document.activeElement;
			while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
			const path = [];
			for (let at = focused; at; at = at.parentNode ?? at.host) if (at.localName) path.push(at.localName);
			return path;`)
		for _, element := range path {
			reached[element] = true
		}
	}
	for _, element := range []string{"raft-stage", "raft-client", "raft-transport"} {
		if !reached[element] {
			t.Errorf("%d presses of Tab never reach %s; they reach %v", tabStops, element, reached)
		}
	}

	// The arrows go through the story and through the logs.
	var at struct{ Line, Place, Opened int }
	w.must(nil, `deepAll(".story-line[tabindex='0']")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	w.must(&at, `
		await new Promise((done) => setTimeout(done, 300));
		const lines = deepAll(".story-line");
		return {line: lines.indexOf(document.activeElement), place: lines.findIndex((l) => l.tabIndex === 0),
			opened: deepAll(".story-line[aria-expanded=true]").length};`)
	if at.Line < 2 || at.Place != at.Line || at.Opened != 1 {
		t.Errorf(
			"two arrows down and Enter in the story: %+v, expected the third line or, if others came meanwhile, "+
				"a later one, as the only stop, and open", at)
	}
	var cell []string
	w.must(nil, `deepAll(".logs-scroll")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.End), chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.ArrowRight),
		chromedp.KeyEvent(kb.ArrowDown))
	w.must(&cell, `
		await new Promise((done) => setTimeout(done, 300));
		return deepAll(".cell.pointed").map((c) => c.getAttribute("aria-label"));`)
	if len(cell) != 1 || !strings.HasPrefix(cell[0], "Entry 2 of S2") {
		t.Errorf("Home, right and down in the logs point at %q, expected entry 2 of S2", cell)
	}

	// The focused controls work: a link is cut and a write is sent without the mouse.
	w.must(nil, `deepAll(".link[data-link='1-2']")[0].focus();`)
	w.run(5*time.Second, chromedp.KeyEvent(kb.Enter))
	eventually(t, 5*time.Second, "Enter on a link cuts it", func() error {
		var classes string
		if w.must(&classes, `return deepAll(".link[data-link='1-2']")[0].getAttribute("class");`); !slices.Contains(
			strings.Fields(classes), "cut") {
			return fmt.Errorf("its class is %q", classes)
		}
		return nil
	})
}

// A value is written with the page's own form, by typing and a click.
func TestTheFormWritesAndReads(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	leading(t, 10*time.Second, tabs...)
	w := tabs[0]
	w.as(looks[0])
	w.fill("raft-client input[name=key]", "colour")
	w.fill("raft-client input[name=value]", "green")
	w.click("raft-client button[type=submit]")
	w.says(10*time.Second, "committed @")
	tabs[1].mustGet("colour", "green")

	tabs[2].mustPut("colour", "blue")
	w.click("raft-client input[name=op][value=get]")
	w.click("raft-client button[type=submit]")
	w.says(10*time.Second, "colour? = blue")

	w.click("raft-client input[name=op][value=cas]")
	w.fill("raft-client input[name=expected]", "blue")
	w.fill("raft-client input[name=value]", "red")
	w.click("raft-client button[type=submit]")
	w.says(10*time.Second, "colour:blue→red")
	w.says(10*time.Second, "✓ committed @")
	w.must(nil, `deepAll("raft-client input[name=value]")[0].focus();`)
	w.keys(kb.Enter) // once more: now it is red
	w.says(10*time.Second, "colour was not blue")
	w.must(nil, `deepAll("raft-client input[name=op][value=cas]")[0].focus();`)
	w.keys(kb.ArrowLeft, kb.ArrowLeft) // Delete, Get
	w.must(nil, `deepAll("raft-client select[name=read]")[0].focus();`)
	w.keys(kb.End)
	w.says(10*time.Second, "may be stale")
	w.click("raft-client button[type=submit]")
	w.says(10*time.Second, ", local")
	w.says(10*time.Second, "colour? = red")
}

// find returns the middle of the only element in the page, shadow roots included, that matches the selector's last part
// within its first.
func (w *tab) find(selector string) (x, y float64) {
	w.t.Helper()
	host, inner, _ := strings.Cut(selector, " ")
	var at struct{ X, Y float64 }
	w.must(&at, fmt.Sprintf(`
		const [host] = deepAll(%q);
		const found = host && [...deepAll(%q, host), ...(host.shadowRoot ? deepAll(%q, host.shadowRoot) : [])][0];
		if (!found) throw new Error("the page has no " + %q);
		const seen = found.getClientRects().length && getComputedStyle(found).opacity !== "0" ? found
			: found.closest("label");
		seen.scrollIntoView({block: "nearest"});
		const box = seen.getBoundingClientRect();
		return {x: box.x + box.width / 2, y: box.y + box.height / 2};`, host, inner, inner, selector))
	return at.X, at.Y
}

func (w *tab) click(selector string) {
	w.t.Helper()
	x, y := w.find(selector)
	w.run(5*time.Second, chromedp.MouseClickXY(x, y))
}

// fill replaces what a field holds by typing.
func (w *tab) fill(selector, text string) {
	w.t.Helper()
	x, y := w.find(selector)
	w.run(5*time.Second, chromedp.MouseClickXY(x, y, chromedp.ClickCount(3)), input.InsertText(text))
}

func TestPicturesOfTheLab(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	b := borrowBrowser(t)
	for _, p := range []struct {
		name, address string
		look          look
		prepare       string
	}{
		{"lab", "/#1?run=partition&at=0.93", look{"wide", 1440, 900, "light"}, ``},
		{"lab-violation", "/#1?run=figure-8", look{"wide-dark", 1440, 900, "dark"},
			`await raftPlayground.step("violation"); deepAll(".dock-tabs button").find((b) => b.textContent === ` +
				`"Diagram").click();`},
		{"lab-phone", "/#1?run=leader-crash", look{"phone", 390, 844, "light"}, ``},
	} {
		w := b.labAt(r.url(p.address))
		w.as(p.look)
		w.must(nil, p.prepare+"; await new Promise((done) => setTimeout(done, 1500));")
		w.takePicture(picturesFolder(t), p.name, p.look)
		w.close()
	}
}

func picturesFolder(t *testing.T) string {
	if os.Getenv("UPDATE_PICTURES") == "" {
		return t.TempDir()
	}
	if err := os.MkdirAll("../pictures", 0o755); err != nil {
		t.Fatal(err)
	}
	return "../pictures"
}

// takePicture writes a screenshot to a file, and checks that it is not blank.
func (w *tab) takePicture(folder, name string, l look) {
	w.t.Helper()
	var data []byte
	w.run(10*time.Second, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		data, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatPng).Do(ctx)
		return err
	}))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), data, 0o644); err != nil {
		w.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		w.t.Fatalf("%s is no picture: %v", name, err)
	}
	if size := picture.Bounds().Size(); size != image.Pt(int(l.width), int(l.height)) {
		w.t.Errorf("%s is %v large, expected %d×%d", name, size, l.width, l.height)
	}
	if colours := coloursOf(picture); colours < 30 {
		w.t.Errorf("%s has only %d colours: it shows nothing", name, colours)
	}
}

// coloursOf counts the colours of a picture.
func coloursOf(picture image.Image) int {
	seen := map[color.Color]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			seen[picture.At(x, y)] = true
		}
	}
	return len(seen)
}
