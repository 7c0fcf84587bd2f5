package browsers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	jsoniter "github.com/json-iterator/go"
)

func TestFirefox(t *testing.T) { walk(t, Firefox, "opfs") }

// WebKitGTK is built without the private file system that Safari has.
func TestWebKit(t *testing.T) { walk(t, WebKit, "indexeddb") }

// walk does in one browser what a newcomer does, from the front page to a room of three. disk is the kind of
// disk on which live servers keep their logs in this browser.
func walk(t *testing.T, startBrowser func() (Browser, error), disk string) {
	b, err := startBrowser()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	t.Logf("in %s", b.Version())
	first := open(t, b) // stays open: without a window some browsers end
	t.Run("the lab opens and lives", func(t *testing.T) { theLabLives(page{t, first.Window}, startRelay(t)) })
	t.Run("a server crashes by key, and the link leads Chromium there",
		func(t *testing.T) { aServerCrashesByKey(page{t, first.Window}, startRelay(t)) })
	t.Run("moments are the same as in Chromium",
		func(t *testing.T) { momentsAreTheSame(page{t, first.Window}, startRelay(t)) })
	t.Run("Escape closes dialogs", func(t *testing.T) { escapeClosesDialogs(page{t, first.Window}, startRelay(t)) })
	t.Run("a sandboxed frame tells what happens",
		func(t *testing.T) { aSandboxedFrameTells(page{t, first.Window}, startRelay(t)) })
	t.Run("without a network", func(t *testing.T) { withoutANetwork(page{t, first.Window}, startRelay(t)) })
	t.Run("a room of three", func(t *testing.T) { aRoomOfThree(t, b, startRelay(t), disk) })
	for _, problem := range b.Problems() {
		t.Errorf("reported by a page: %s", problem)
	}
}

// ---- The steps of the walk ----

// The film hands over to a cluster that elects and goes on; pause and play work by mouse and by key.
func theLabLives(p page, r *relay) {
	p.must(p.Navigate(r.url("/")))
	p.within(60*time.Second, "somebody leads", `return raftPlayground.cluster().some((s) => s.role === "leader");`)
	p.within(60*time.Second, "the clock goes on", goesOn)
	p.click(".play")
	p.within(20*time.Second, "the mouse pauses it", `return !(await (async () => {`+goesOn+`})());`)
	p.script(nil, `document.activeElement.blur();`)
	p.must(p.Press(Space))
	p.within(20*time.Second, "a key plays it", goesOn)
	p.looks()
}

const goesOn = `
	const { at } = await raftPlayground.lab();
	await new Promise((wait) => setTimeout(wait, 300));
	return (await raftPlayground.lab()).at > at;`

// By keyboard alone: the node, its menu, the deed. A link to the result leads Chromium to the same state.
func aServerCrashesByKey(p page, r *relay) {
	p.open(r.url("/#1?size=5&seed=7&at=0.4"), 400)
	p.within(20*time.Second, "the menu of a server is loaded",
		`return customElements.get("raft-node-menu") !== undefined;`)
	p.script(nil, `document.querySelector(".node[data-server='3']").focus();`)
	p.must(p.Press(Enter))
	p.must(p.Press(Enter))
	p.within(20*time.Second, "the menu has the focus", `return document.activeElement.dataset.deed !== undefined;`)
	for range 20 {
		var at string
		if p.script(&at, `return document.activeElement.dataset.deed;`); at == "crash" {
			break
		}
		p.must(p.Press(ArrowDown))
	}
	p.must(p.Press(Enter))
	p.within(20*time.Second, "S3 is down, and none but S3",
		`return raftPlayground.cluster().map((s) => s.seat).join(" ") === "connected connected gone connected `+
			`connected";`)
	p.script(nil, `
		await raftPlayground.seek(450);
		await raftPlayground.act({ do: "put", key: "x", value: "ä \"1\" #" });
		await raftPlayground.seek(612.345);`)
	made := p.lab()
	p.must(p.Press("s"))
	var link string
	p.within(20*time.Second, "the dialog has a link",
		`return document.querySelector(".share-dialog .share-row input")?.value.includes("#1.") ?? false;`)
	p.script(&link, `return document.querySelector(".share-dialog .share-row input").value;`)
	p.must(p.Press(Escape))
	if opened := inChromium(p.t, []string{link}); opened[0] != made {
		p.t.Errorf("Chromium opens the link at %+v, it was made at %+v", opened[0], made)
	}
}

// One seed is one run, to the last bit, whichever engine compiled it: a minute of nine servers, a run of the gallery,
// four seconds without any rule of elections.
func momentsAreTheSame(p page, r *relay) {
	links := []string{
		r.url("/#1?size=9&seed=11&at=60"),
		r.url("/#1?run=figure-8"),
		r.url("/#1?size=5&seed=42&off=oneVotePerTerm,upToDateCandidate&at=4"),
	}
	chromium := inChromium(p.t, links)
	for i, link := range links {
		p.open(link, chromium[i].At)
		if here := p.lab(); here != chromium[i] {
			p.t.Errorf("%s is %+v here, in Chromium %+v", link, here, chromium[i])
		}
	}
}

// While the clock runs, each dialog is opened by its key and closed by one Escape, which returns the focus
// to where it was.
func escapeClosesDialogs(p page, r *relay) {
	p.open(r.url("/#1?size=5&seed=7&at=0.4"), 400)
	p.script(nil, `await raftPlayground.network({ rate: 0.05 });`)
	for key, dialog := range map[string]string{"s": "share-dialog", "g": "gallery-dialog", "?": "keys-dialog"} {
		p.script(nil, `document.querySelector(".node[data-server='2']").focus();`)
		p.must(p.Press(key))
		p.within(20*time.Second, key+" opens the "+dialog,
			`return document.querySelector("dialog[open]")?.className === "`+dialog+`";`)
		p.must(p.Press(Escape))
		p.within(20*time.Second, "Escape closes the "+dialog,
			`return document.querySelector("dialog[open]") === null && document.activeElement.dataset.server === "2";`)
	}
}

// The embedded lab needs neither an origin nor storage.
func aSandboxedFrameTells(p page, r *relay) {
	course := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>A course</title>
			<script>told = []; onmessage = (e) => told.push(e.origin + " " + e.data.type);</script>
			<iframe sandbox="allow-scripts" src="%s" width="800" height="580" title="Three servers"></iframe>`,
			r.url("/embed/#1?size=3&amp;seed=7&amp;rate=0.2"))
	}))
	defer course.Close()
	p.must(p.Navigate(course.URL))
	p.within(60*time.Second, "the frame is ready, elects and commits",
		`return ["ready", "leader", "commit"].every((type) => told.includes("null " + type));`)
}

// After one visit the lab works without the relay.
func withoutANetwork(p page, r *relay) {
	p.open(r.url("/#1?size=5&seed=7&at=0.4"), 400)
	p.within(60*time.Second, "a service worker has taken the page over",
		`return (await navigator.serviceWorker.ready).active?.state === "activated" && `+
			`navigator.serviceWorker.controller !== null;`)
	before := p.lab()
	r.stop()
	p.must(p.Navigate("about:blank"))
	p.open(r.url("/#1?size=5&seed=7&at=0.4"), 400)
	if after := p.lab(); after != before {
		p.t.Errorf("without a network the moment is %+v, with one it was %+v", after, before)
	}
}

// Three windows elect and commit; the leader's is closed and another leads; all are closed and opened again,
// and the logs are still there.
func aRoomOfThree(t *testing.T, b Browser, r *relay, disk string) {
	address := r.url("/new") // leads to a new room, in which the others follow the first one
	var windows []page
	join := func() {
		for range 3 {
			w := open(t, b)
			w.must(w.Navigate(address))
			w.within(60*time.Second, "it has a seat", `return raftPlayground.status().server !== null;`)
			w.script(&address, `return location.href;`)
			windows = append(windows, w)
		}
	}
	join()
	leader := leading(t, windows)
	leader.script(nil, `await raftPlayground.request({ op: "put", key: "x", value: "1" });`)
	leader.looks()
	leader.must(leader.Close())
	windows = slices.DeleteFunc(windows, func(w page) bool { return w == leader })
	next := leading(t, windows)
	next.reads("x", "1")
	for _, w := range windows {
		w.must(w.Close())
	}
	windows = nil
	join()
	leading(t, windows).reads("x", "1")
	for _, w := range windows {
		var kind string
		if w.script(&kind, `return raftPlayground.status().disk;`); kind != disk {
			t.Errorf("the log is kept in %q, expected %q", kind, disk)
		}
		w.must(w.Close())
	}
}

// leading waits until all windows know the same leader, one of them, and returns its window.
func leading(t *testing.T, windows []page) (leader page) {
	t.Helper()
	// A loaded machine may need most of it: the clock is a tenth as quick, but does not wait.
	limit := time.Now().Add(90 * time.Second)
	for {
		known := map[string]bool{}
		for _, w := range windows {
			var s struct {
				Role, Known string
			}
			w.script(&s,
				`const s = raftPlayground.status(); return { role: s.role ?? "", `+
					`known: s.leader + " in term " + s.term };`)
			known[s.Known] = true
			if s.Role == "leader" {
				leader = w
			}
		}
		if leader.Window != nil && len(known) == 1 {
			return leader
		}
		if time.Now().After(limit) {
			t.Fatalf("%d windows do not agree on a leader: they know %v", len(windows), known)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// ---- What it takes ----

// page is a window and the test that fails when the window does not do what it should.
type page struct {
	t *testing.T
	Window
}

func open(t *testing.T, b Browser) page {
	t.Helper()
	w, err := b.Open(1280, 800)
	if err != nil {
		t.Fatal(err)
	}
	return page{t, w}
}

func (p page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// script runs the body of an async function and stores what it returns in out unless that is nil.
func (p page) script(out any, body string) {
	p.t.Helper()
	text, err := p.Evaluate(body)
	if err == nil && out != nil {
		err = jsoniter.Unmarshal(text, out)
	}
	if err != nil {
		p.t.Fatalf("%v, in\n%s", err, body)
	}
}

// within waits until the body of an async function returns true. An exception counts as false.
func (p page) within(limit time.Duration, what, body string) {
	p.t.Helper()
	end := time.Now().Add(limit)
	for {
		text, err := p.Evaluate(body)
		if err == nil && string(text) == "true" {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("not within %v: %s (it says %s, %v)", limit, what, text, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p page) click(selector string) {
	p.t.Helper()
	var at struct{ X, Y float64 }
	p.script(&at,
		`const r = document.querySelector("`+selector+`").getBoundingClientRect(); `+
			`return { x: r.x + r.width / 2, y: r.y + r.height / 2 };`)
	p.must(p.Click(at.X, at.Y))
}

// moment is where a lab stands.
type moment struct {
	At         float64 // ms of cluster time
	Hash, Seed string
}

const labNow = `const { at, hash, seed } = await raftPlayground.lab(); return { at, hash, seed };`

func (p page) lab() (m moment) {
	p.t.Helper()
	p.script(&m, labNow)
	return m
}

// open opens a link to a moment and waits until the lab stands there.
func (p page) open(link string, at float64) {
	p.t.Helper()
	p.must(p.Navigate("about:blank")) // otherwise a link to the open page would only change its run
	p.must(p.Navigate(link))
	p.within(60*time.Second, fmt.Sprintf("the lab stands at %v ms", at),
		fmt.Sprintf(`return (await raftPlayground.lab()).at === %v;`, at))
}

func (p page) reads(key, want string) {
	p.t.Helper()
	var got string
	if p.script(&got, fmt.Sprintf(`return (await raftPlayground.request({ op: "get", key: %q })).value;`,
		key)); got != want {
		p.t.Errorf("%s reads %q, expected %q", key, got, want)
	}
}

// looks saves a picture of the page in the folder that BROWSERS_PICTURES names, if any.
func (p page) looks() {
	p.t.Helper()
	picture, err := p.Picture()
	p.must(err)
	if folder := os.Getenv("BROWSERS_PICTURES"); folder != "" {
		p.must(os.WriteFile(filepath.Join(folder, strings.ReplaceAll(p.t.Name(), "/", "-")+".png"), picture, 0o644))
	}
	if len(picture) < 10_000 {
		p.t.Errorf("the picture has %d bytes: it shows nothing", len(picture))
	}
}

// inChromium opens links one after the other in a fresh Chromium and returns the moment to which each leads.
func inChromium(t *testing.T, links []string) []moment {
	t.Helper()
	program, err := find(os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
	if err != nil {
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox)...)
	defer stop()
	ctx, cancel := context.WithTimeout(allocator, 3*commandTime)
	defer cancel()
	tab, end := chromedp.NewContext(ctx)
	defer end()
	var moments []moment
	for _, link := range links {
		var text string
		comesToRest := settles(`
			for (let still = -1; ; await new Promise((wait) => setTimeout(wait, 200))) {
				const at = await raftPlayground.lab().then((l) => l.at, () => -1);
				if (at >= 0 && at === still) break;
				still = at;
			}` + labNow)
		awaited := func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }
		if err := chromedp.Run(tab, chromedp.Navigate("about:blank"), chromedp.Navigate(link),
			chromedp.Evaluate(comesToRest, &text, awaited)); err != nil {
			t.Fatalf("in Chromium: %v", err)
		}
		var m moment
		value, err := new(outcome).read(text)
		if err == nil {
			err = jsoniter.Unmarshal(value, &m)
		}
		if err != nil {
			t.Fatalf("in Chromium: %v", err)
		}
		moments = append(moments, m)
	}
	return moments
}

// relay is the built program on a port of its own.
type relay struct {
	*process
	address string
}

// startRelay starts the program that RELAY names, else the one that ./build.sh built.
func startRelay(t *testing.T) *relay {
	t.Helper()
	program := os.Getenv("RELAY")
	if program == "" {
		program = "../../../.build/raft-playground"
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("the program to test is missing: run ./build.sh first, or name it in RELAY (%v)", err)
	}
	p, err := start(program, nil, "-addr", "127.0.0.1:0", "-state", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	address, err := p.prints(`Raft playground: (\S+)/\n`)
	if err != nil {
		t.Fatal(err)
	}
	return &relay{p, address}
}

func (r *relay) url(path string) string { return r.address + path }
