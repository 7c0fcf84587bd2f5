package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// screens are those on which nothing may overlap; with E2E_PICTURES each is shown in both themes.
var screens = []look{
	{"1440", 1440, 900, "light"},
	{"1280", 1280, 800, "dark"},
	{"800", 800, 580, "light"},
	{"390", 390, 844, "light"},
}

// picturesWanted is the folder for pictures for a person to look at; empty if none are wanted.
var picturesWanted = os.Getenv("E2E_PICTURES")

func init() {
	if picturesWanted == "" {
		return
	}
	other := map[string]string{"light": "dark", "dark": "light"}
	for _, l := range screens {
		screens = append(screens, look{l.name, l.width, l.height, other[l.theme]})
	}
}

// overlaps returns the pairs of visible elements that overlap, each named by its text.
func (w *tab) overlaps(selectors ...string) (pairs []string) {
	w.t.Helper()
	w.must(&pairs, fmt.Sprintf(`
		const boxes = %q.split(" | ").flatMap((s) => deepAll(s)).filter((e) => e.checkVisibility())
			.map((e) => ({ e, b: e.getBoundingClientRect(), says: e.textContent.trim().replace(/\s+/g, " ")
			.slice(0, 40) || e.tagName })).filter(({ b }) => b.width * b.height > 0);
		const meet = (a, b) => a.left + 1 < b.right && b.left + 1 < a.right && a.top + 1 < b.bottom &&
			b.top + 1 < a.bottom;
		const outside = boxes.filter(({ b }) => b.left < -1 || b.right > innerWidth + 1)
			.map(({ says }) => says + " ends outside");
		const apart = (x, y) => !x.e.contains(y.e) && !y.e.contains(x.e);
		return [...outside, ...boxes.flatMap((x, i) => boxes.slice(i + 1)
			.filter((y) => apart(x, y) && meet(x.b, y.b)).map((y) => x.says + " × " + y.says))];`, join(selectors)))
	return pairs
}

func join(selectors []string) (text string) {
	for i, s := range selectors {
		if i > 0 {
			text += " | "
		}
		text += s
	}
	return text
}

// keepPicture saves a picture for a person to look at, if pictures are wanted.
func (w *tab) keepPicture(name string, l look) {
	w.t.Helper()
	if picturesWanted != "" {
		w.takePicture(picturesWanted, name+"-"+l.name+"-"+l.theme, l)
	}
}

// keepPictures saves one on each screen, with the named panel open on small ones, and leaves the tab as it
// was.
func (w *tab) keepPictures(name, panel string) {
	w.t.Helper()
	if picturesWanted == "" {
		return
	}
	for _, l := range screens {
		w.as(l)
		w.must(nil, fmt.Sprintf(`
			window.e2eTab = deepAll(".tab-%s").find((t) => t.checkVisibility() && t.ariaPressed === "false");
			e2eTab?.click();
			await new Promise((done) => setTimeout(done, deepAll("iframe").length ? 1500 : e2eTab ? 500 : 0));`, panel))
		w.keepPicture(name, l)
		w.must(nil, `e2eTab?.click();`)
	}
	w.run(5*time.Second, emulation.ClearDeviceMetricsOverride(), emulation.SetTouchEmulationEnabled(false),
		emulation.SetEmulatedMedia())
}

// In a waiting room of five, names, badges, the QR code and the buttons stand side by side; one can choose
// another size and go home.
func TestAWaitingRoomOfFiveHasRoomForAll(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	w := r.window("?size=5")
	// Two more tabs, each behind another, so that their names are as long as any.
	r.window("")
	r.browser.tab().navigate(r.url(""))
	r.browser.tab()
	w.reads(".node-labels", "S3Followerhidden tab")
	// where names barely fit beside their servers
	for _, l := range append(screens, look{"1366", 1366, 768, "light"}) {
		w.as(l)
		w.reads("raft-waiting", "3 of 5 tabs here")
		if pairs := w.overlaps(".node-label", ".node .shape", ".waiting .qr", ".waiting .lead",
			".waiting-acts > *"); len(pairs) > 0 {
			t.Errorf("%s: %v", l.name, pairs)
		}
		w.must(nil, `
			const end = deepAll("main.stage")[0].getBoundingClientRect().bottom;
			for (const e of deepAll(".waiting-acts > *"))
				if (e.getBoundingClientRect().bottom > end) throw new Error(e.textContent + " ends below the stage");
			const name = document.createRange();
			name.selectNodeContents([...deepAll(".address")[0].childNodes].findLast((n) => /^r\//.test(n.data)));
			if (name.getClientRects().length !== 1) throw new Error("the room's own name is on two lines");`)
		w.keepPicture("waiting", l)
	}
	w.must(nil, `
		const [three, home] = [deepAll(".waiting a").find((a) => a.textContent === "a room for 3"),
			deepAll(".waiting a").find((a) => a.textContent === "back to the lab")];
		if (new URL(three.href).pathname + new URL(three.href).search !== "/new?size=3") throw new Error(three.href);
		if (new URL(home.href).pathname !== "/") throw new Error(home.href);`)
}

// Words shown briefly on the stage cover no server and no name, whatever the screen; neither do the reasons
// of lost messages.
func TestWhatIsSaidOnTheStageCoversNoName(t *testing.T) {
	t.Parallel()
	w := handy(t)
	for _, l := range screens {
		w.as(l)
		w.must(nil,
			`await raftPlayground.seek(200); await raftPlayground.act({ do: "restart", server: 4 }).catch(() => {});`)
		x, y := w.nodeAt(4)
		if l.width < 600 {
			w.must(nil,
				`deepAll(".node[data-server='4']")[0].dispatchEvent(new MouseEvent("contextmenu", `+
					`{ bubbles: true, cancelable: true }));`)
		} else {
			w.run(5*time.Second, chromedp.MouseClickXY(x, y, chromedp.ButtonRight))
		}
		w.open(".node-menu [data-deed='crash']")
		w.click("raft-node-menu [data-deed='crash']")
		w.reads(".notice.undo", "S4 crashed.")
		if pairs := w.overlaps(".node-label", ".node .shape", ".notice"); len(pairs) > 0 {
			t.Errorf("%s: %v", l.name, pairs)
		}
		w.must(nil, `
			const [note, button] = [".notice.undo", ".notice.undo button"]
				.map((s) => deepAll(s)[0].getBoundingClientRect());
			if (button.right > note.right || button.left < note.left)
				throw new Error("its button ends outside of it");`)
		w.keepPicture("undo", l)
		w.must(nil, `await raftPlayground.seek(190);`)
		w.must(nil, `raftPlayground.request({ op: "put", key: "x", value: "1" }).catch(() => {});`)
		w.reads(".notice", "The clock is paused")
		if pairs := w.overlaps(".node-label", ".node .shape", ".notice"); len(pairs) > 0 {
			t.Errorf("%s: %v", l.name, pairs)
		}
		w.keepPicture("notice", l)
	}
}

// lostWords records which reasons of lost messages stand in each frame of the stage, where they are pictures
// copied to a canvas. It keeps the most seen at once, and those that overlapped another or a server's name.
const lostWords = `
	const words = new WeakMap();
	const wrap = (of, name, look) => {
		const was = of.prototype[name];
		of.prototype[name] = function (...given) {
			const made = was.apply(this, given);
			look(this, given, made);
			return made;
		};
	};
	wrap(OffscreenCanvasRenderingContext2D, "fillText", (pen, [text]) => words.set(pen.canvas, text));
	wrap(OffscreenCanvas, "transferToImageBitmap", (canvas, _, picture) => words.set(picture, words.get(canvas) ?? ""));
	let frame = { at: 0, said: [] };
	window.e2eLost = { most: 0, upon: [], now: () => frame.said.length > 0 &&
		document.timeline.currentTime - frame.at < 100 };
	const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
	wrap(CanvasRenderingContext2D, "drawImage", (pen, [picture, x, y, w, h]) => {
		if (!words.get(picture)?.startsWith("lost:")) return;
		const { currentTime: at } = document.timeline;
		if (frame.at !== at) frame = { at, said: [] };
		const edge = pen.canvas.getBoundingClientRect();
		const [left, middle] = [edge.left + x + 2, edge.top + y + h / 2];
		const box = { left, right: left + w - 4, top: middle - 6, bottom: middle + 6 };
		const names = [...document.querySelectorAll(".node-label")]
			.map((e) => [e.textContent.trim(), e.getBoundingClientRect()]);
		const others = [...frame.said.map((b) => ["another", b]), ...names].filter(([, b]) => meet(box, b));
		e2eLost.upon.push(...others.map(([what]) => words.get(picture) + " stands upon " + what));
		frame.said.push(box);
		e2eLost.most = Math.max(e2eLost.most, frame.said.length);
	});`

// Where several messages are lost at once, the reason of each covers no other's and no name.
func TestTheReasonsOfLostMessagesStandApart(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	w := borrowBrowser(t).window(1280, 800)
	w.before(lostWords)
	w.navigate(r.url("/#1?size=5&seed=9&at=0&autoplay=0"))
	w.still(0)
	w.must(nil, `await raftPlayground.act({ do: "campaign", server: 1 }); await raftPlayground.seek(400);`)
	for _, l := range screens {
		w.as(l)
		w.must(nil, `
			await raftPlayground.seek(300);
			await raftPlayground.act({ do: "partition", servers: [1] });
			await raftPlayground.network({ rate: 0.03 });`)
		eventually(t, 10*time.Second, "heartbeats are lost", func() error {
			return w.eval(nil, `if (!e2eLost.now()) throw new Error("none is");`)
		})
		w.keepPicture("lost", l)
	}
	var lost struct {
		Most int
		Upon []string
	}
	if w.must(&lost, `return e2eLost;`); lost.Most < 2 || len(lost.Upon) > 0 {
		t.Errorf("%d reasons were seen at once; %q", lost.Most, lost.Upon)
	}
}

// showTab opens a panel of small screens; others show it anyway.
func (w *tab) showTab(panel string) {
	w.t.Helper()
	w.must(nil, fmt.Sprintf(`
		const tab = deepAll(".tab-%s").find((t) => t.checkVisibility() && t.ariaPressed === "false");
		tab?.click();
		await new Promise((done) => setTimeout(done, tab ? 500 : 0));`, panel))
}

// unreachable returns the visible elements that cannot be pressed: they are off the screen or covered.
func (w *tab) unreachable(selector string) (found []string) {
	w.t.Helper()
	w.must(&found, fmt.Sprintf(`
		return deepAll(%q).filter((e) => e.checkVisibility()).filter((e) => {
			const b = e.getBoundingClientRect();
			const met = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
			return b.left < 0 || b.right > innerWidth || b.bottom > innerHeight || !e.contains(met);
		}).map((e) => e.textContent.trim());`, selector))
	return found
}

// The row above the diagram has all its buttons within it, and the formats of an export are seen on every screen.
func TestTheRowAboveTheDiagramIsNotCut(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	w.as(screens[1])
	w.openDiagram()
	for _, l := range screens {
		w.as(l)
		w.showTab("log")
		if cut := w.unreachable(".diagram-head > button"); len(cut) > 0 {
			t.Errorf("%s: cut: %v", l.name, cut)
		}
		if pairs := w.overlaps(".dock-tabs", ".diagram-head > button"); len(pairs) > 0 {
			t.Errorf("%s: %v", l.name, pairs)
		}
		w.clickButton("Export")
		w.reads("#export-menu", "ShiViz log")
		if cut := w.unreachable("#export-menu button"); len(cut) > 0 {
			t.Errorf("%s: formats that cannot be pressed: %v", l.name, cut)
		}
		w.keepPicture("export", l)
		w.keys(kb.Escape)
	}
}

// A § leads to the paper, wherever it stands.
func TestASectionIsALink(t *testing.T) {
	t.Parallel()
	w := openLab(t)
	w.must(nil, `
		const marks = deepAll("raft-headline .caption a, raft-why .caption a");
		if (!marks.some((a) => /^§/.test(a.textContent) && a.href.endsWith("raft.pdf") && a.target === "_blank"))
			throw new Error("the heading has: " + marks.map((a) => a.outerHTML));`)
	w.keepPictures("section", "story")
	w.openRules()
	w.keepPictures("sections-of-rules", "rules")
	w.must(nil, `
		const plain = deepAll(".rule-row .caption").filter((c) => !c.querySelector("a"));
		if (plain.length || !deepAll(".rule-row .caption a").length) throw new Error(plain.length + " are no links");`)
}
