package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium as one test sees it: with tabs, storage and cookies of its own.
type browser struct {
	t       *testing.T
	ctx     context.Context      // of the process's first, blank tab
	storage cdp.BrowserContextID // empty: that of the process itself

	mu       sync.Mutex
	problems []string // uncaught exceptions and console errors of every page and Worker
}

// chromiumFlags are all the flags that Chromium gets. chromedp's own defaults are left out because they
// switch off the throttling of hidden tabs. Here hidden tabs are throttled intensively (one wake-up a
// minute) after 10 s instead of 5 minutes.
var chromiumFlags = map[string]any{
	"headless":                      "new",
	"no-sandbox":                    true,
	"disable-gpu":                   true,
	"disable-quic":                  true,
	"no-first-run":                  true,
	"disable-background-networking": true,
	"disable-component-update":      true,
	"disable-sync":                  true,
	"disable-dev-shm-usage":         true,
	"force-color-profile":           "srgb",
	"enable-features":               "IntensiveWakeUpThrottling:grace_period_seconds/10",
	"host-resolver-rules":           "MAP " + insecureHost + " 127.0.0.1",
}

// startBrowser starts a Chromium and ends it with the test, which fails if a page or Worker reported an error.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	p := startProcess(t)
	b := &browser{t: t, ctx: p.ctx}
	t.Cleanup(b.tell)
	t.Cleanup(p.stop)
	return b
}

// borrowBrowser is startBrowser with a Chromium that other tests may use before and after, because starting
// one takes as much processor time as opening the lab. It is for tests of what a page does, not of its speed
// or its processes. Only one test at a time holds it.
func borrowBrowser(t *testing.T) *browser {
	t.Helper()
	p := unused.take()
	if p == nil {
		p = startProcess(t)
	}
	executor := cdp.WithExecutor(p.ctx, chromedp.FromContext(p.ctx).Browser)
	storage, err := target.CreateBrowserContext().Do(executor)
	if err != nil {
		p.stop()
		t.Fatalf("making a storage of the test's own: %v", err)
	}
	ctx, cancel := context.WithCancel(p.ctx)
	b := &browser{t: t, ctx: ctx, storage: storage}
	t.Cleanup(b.tell)
	t.Cleanup(func() {
		cancel()
		if err := target.DisposeBrowserContext(storage).Do(executor); err != nil || t.Failed() {
			p.stop()
			return
		}
		unused.add(p)
	})
	return b
}

// tell fails the test if a page or Worker reported an error.
func (b *browser) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range b.problems {
		b.t.Errorf("reported by a page: %s", problem)
	}
}

// process is a Chromium with a profile of its own.
type process struct {
	ctx  context.Context // of its first, blank tab
	stop func()
}

func startProcess(t *testing.T) *process {
	t.Helper()
	profile, err := os.MkdirTemp("", "raft-e2e-profile-")
	if err != nil {
		t.Fatal(err)
	}
	p, err := startProcessIn(t, profile)
	if err != nil {
		os.RemoveAll(profile)
		t.Fatalf("starting Chromium: %v", err)
	}
	stop := p.stop
	p.stop = func() {
		stop()
		// Chromium's last helper may still be writing; a few files may then stay in the temporary folder.
		os.RemoveAll(profile)
	}
	return p
}

// startProcessIn starts a Chromium with this profile folder, which it keeps, and with any further options.
// On a busy machine Chromium sometimes exits while it starts: then it is started again.
func startProcessIn(t *testing.T, profile string, more ...chromedp.ExecAllocatorOption) (p *process, err error) {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(profile)}
	for name, value := range chromiumFlags {
		options = append(options, chromedp.Flag(name, value))
	}
	options = append(options, more...)
	for range 3 {
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
		p = &process{ctx: ctx, stop: func() {
			cancel()
			stop()
		}}
		if err = chromedp.Run(ctx); err == nil {
			return p, nil
		}
		p.stop()
	}
	return nil, err
}

// processes is a pool of those that no test holds, at most as many as tests have run at a time.
type processes struct {
	mu   sync.Mutex
	free []*process
}

var unused processes

// take removes a process from the pool and returns it; nil if the pool is empty.
func (u *processes) take() (p *process) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if n := len(u.free); n > 0 {
		p, u.free = u.free[n-1], u.free[:n-1]
	}
	return p
}

func (u *processes) add(p *process) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.free = append(u.free, p)
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, p := range unused.free {
		p.stop()
	}
	os.Exit(code)
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome",
		"google-chrome-stable"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Fatal("Chromium is missing: apt-get install -y chromium, or name it in CHROMIUM")
	return ""
}

func (b *browser) report(format string, arguments ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, arguments...))
}

// tab is one tab of the browser.
type tab struct {
	t       *testing.T
	browser *browser
	ctx     context.Context
	close   context.CancelFunc // closes the tab as a click on its × does
	crashed chan struct{}      // its renderer died
	prepare []chromedp.Action  // done in a Worker before its script runs, see beforeWorkers
	watch   func(event any)    // sees every DevTools event of the page and its Workers, unless nil

	worker context.Context // of the Worker that the page started last, guarded by browser.mu
}

// window opens a blank tab in a window of its own: it stays visible whatever other tabs do.
func (b *browser) window(width, height int64) *tab {
	b.t.Helper()
	return b.open(target.CreateTarget("about:blank").WithNewWindow(true).WithWidth(width).WithHeight(height))
}

// tab opens a blank tab in front of the others of the last window: those become hidden.
func (b *browser) tab() *tab {
	b.t.Helper()
	return b.open(target.CreateTarget("about:blank"))
}

func (b *browser) open(create *target.CreateTargetParams) *tab {
	b.t.Helper()
	id, err := create.WithBrowserContextID(b.storage).Do(cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser))
	if err != nil {
		b.t.Fatalf("opening a tab: %v", err)
	}
	return b.attach(id)
}

// attach takes over a tab that is open already, for example one that a page opened.
func (b *browser) attach(id target.ID) *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithTargetID(id))
	w := &tab{t: b.t, browser: b, ctx: ctx, close: cancel, crashed: make(chan struct{}, 16)}
	chromedp.ListenTarget(ctx, w.listen)
	// chromedp mirrors the DOM and every frame of every socket. Nothing here needs that, and it would slow down
	// what is measured.
	if err := chromedp.Run(ctx, css.Disable(), dom.Disable(), network.Disable()); err != nil {
		b.t.Fatalf("attaching to a tab: %v", err)
	}
	return w
}

func (w *tab) listen(event any) {
	switch event := event.(type) {
	case *inspector.EventTargetCrashed:
		w.crashed <- struct{}{}
	case *target.EventAttachedToTarget:
		if event.TargetInfo.Type == "worker" {
			go w.attachWorker(event)
		}
	}
	w.observe(event)
}

// listen records what must not happen in any page or Worker.
func (b *browser) listen(event any) {
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		b.report("uncaught: %s", event.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.APITypeError || event.Type == runtime.APITypeAssert {
			words := []string{string(event.Type)}
			for _, argument := range event.Args {
				words = append(words, string(argument.Value)+argument.Description)
			}
			b.report("console: %s", strings.Join(words, " "))
		}
	}
}

// beforeWorkers makes every Worker that the tab starts from now on wait, and run these actions in it, before its
// own script begins.
func (w *tab) beforeWorkers(actions ...chromedp.Action) {
	w.t.Helper()
	w.prepare = actions
	w.run(5*time.Second, target.SetAutoAttach(true, true).WithFlatten(true))
}

// attachWorker opens a second DevTools session to a Worker; the first belongs to the tab's session.
func (w *tab) attachWorker(event *target.EventAttachedToTarget) {
	ctx, _ := chromedp.NewContext(w.ctx, chromedp.WithTargetID(event.TargetInfo.TargetID))
	chromedp.ListenTarget(ctx, w.observe)
	w.browser.mu.Lock()
	w.worker = ctx
	w.browser.mu.Unlock()
	actions := []chromedp.Action{network.Disable()}
	if event.WaitingForDebugger {
		actions = append(append(actions, w.prepare...), runtime.RunIfWaitingForDebugger())
	}
	if err := chromedp.Run(ctx, actions...); err != nil && w.ctx.Err() == nil && event.WaitingForDebugger {
		w.browser.report("preparing a Worker: %v", err)
	}
}

// inWorker returns what does something in the Worker that the page has started last.
func (w *tab) inWorker() (do func(actions ...chromedp.Action)) {
	w.browser.mu.Lock()
	worker := w.worker
	w.browser.mu.Unlock()
	return func(actions ...chromedp.Action) {
		w.t.Helper()
		ctx, stop := context.WithTimeout(worker, 5*time.Second)
		defer stop()
		if err := chromedp.Run(ctx, actions...); err != nil {
			w.t.Fatalf("in a Worker: %v", err)
		}
	}
}

// observe sees every event of the page and of its Workers.
func (w *tab) observe(event any) {
	w.browser.listen(event)
	if w.watch != nil {
		w.watch(event)
	}
}

// navigate goes to an address and returns as soon as the page's own scripts have run.
func (w *tab) navigate(url string) {
	w.t.Helper()
	w.run(20*time.Second, chromedp.Navigate(url))
}

// before runs a script in each page that the tab opens from now on, before any of the page's own.
func (w *tab) before(script string) {
	w.t.Helper()
	w.run(5*time.Second, chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(script).Do(ctx)
		return err
	}))
}

func (w *tab) run(limit time.Duration, actions ...chromedp.Action) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, limit)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		w.t.Fatalf("in the browser: %v", err)
	}
}

// deep is the prelude of every script: it finds elements through open shadow roots.
const deep = `
	const deepAll = (selector, root = document) => [...root.querySelectorAll("*")].flatMap((element) =>
		[...(element.matches(selector) ? [element] : []), ...(element.shadowRoot ? deepAll(selector, element.shadowRoot)
			: [])]);
	const deepText = (root = document.body) => [...root.childNodes].map((node) =>
		node.nodeType === Node.TEXT_NODE ? node.data : node.nodeType !== Node.ELEMENT_NODE ||
			["STYLE", "SCRIPT", "TEMPLATE"].includes(node.tagName) ? "" :
		node.tagName === "SLOT" ? node.assignedNodes().map((slotted) => slotted.data ?? "").join(" ")
			: deepText(node.shadowRoot ?? node)).join(" ");
`

// eval runs a function body in the page, waits for the promise that it may return, and stores the result in out unless
// that is nil.
func (w *tab) eval(out any, body string) error {
	ctx, cancel := context.WithTimeout(w.ctx, 15*time.Second)
	defer cancel()
	script := "(async () => {" + deep + body + "})()"
	return chromedp.Run(ctx, chromedp.Evaluate(script, out, awaited))
}

// awaited waits for the promise to which a script evaluates.
func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams {
	return p.WithAwaitPromise(true).WithUserGesture(true)
}

// must is eval for a script that must not fail: an error ends the test.
func (w *tab) must(out any, body string) {
	w.t.Helper()
	if err := w.eval(out, body); err != nil {
		w.t.Fatalf("in the page: %v\n%s", err, body)
	}
}

// hidden tells whether the page considers itself hidden.
func (w *tab) hidden() bool {
	w.t.Helper()
	var state string
	w.must(&state, `return document.visibilityState;`)
	return state == "hidden"
}

// kill ends the tab's renderer process with SIGKILL, as the system does when memory runs out. No script of the page or
// its Worker runs any more.
func (w *tab) kill() {
	w.t.Helper()
	if err := syscall.Kill(w.renderer(), syscall.SIGKILL); err != nil {
		w.t.Fatalf("killing the tab's renderer: %v", err)
	}
	select {
	case <-w.crashed:
	case <-time.After(5 * time.Second):
		w.t.Fatal("the tab does not notice that its renderer was killed")
	}
}

// renderer returns the id of the tab's process. DevTools does not tell it, so the tab allocates 256 MB for a
// moment: its process is the one that grew.
func (w *tab) renderer() int {
	w.t.Helper()
	before := w.browser.renderers()
	w.must(nil, `window.e2eBallast = new Uint8Array(256 << 20).fill(1);`)
	var grown []int
	for pid, kilobytes := range w.browser.renderers() {
		if kilobytes-before[pid] > 200<<10 {
			grown = append(grown, pid)
		}
	}
	w.must(nil, `delete window.e2eBallast;`)
	if len(grown) != 1 {
		w.t.Fatalf("expected one process to have grown by 256 MB, found %v", grown)
	}
	return grown[0]
}

// renderers returns the browser's processes that run pages, with the memory of each in KB.
func (b *browser) renderers() map[int]int {
	b.t.Helper()
	infos, err := systeminfo.GetProcessInfo().Do(cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser))
	if err != nil {
		b.t.Fatalf("listing the browser's processes: %v", err)
	}
	memory := map[int]int{}
	for _, info := range infos {
		if info.Type != "renderer" {
			continue
		}
		rss, err := exec.Command("ps", "-o", "rss=", "-p", strconv.FormatInt(info.ID, 10)).Output()
		if err != nil {
			continue // it has just ended
		}
		memory[int(info.ID)], _ = strconv.Atoi(strings.TrimSpace(string(rss)))
	}
	return memory
}

// duplicate opens the tab's address from within the tab, which copies its sessionStorage, as "Duplicate tab" does. The
// new tab is empty until DevTools is attached: a Worker that starts while that happens now and then never runs.
func (w *tab) duplicate() *tab {
	w.t.Helper()
	known := w.browser.pages()
	var address string
	w.must(&address, `window.open("about:blank"); return location.href;`)
	var id target.ID
	eventually(w.t, 5*time.Second, "the duplicated tab opens", func() error {
		for page := range w.browser.pages() {
			if !known[page] {
				id = page
				return nil
			}
		}
		return fmt.Errorf("no new tab")
	})
	duplicate := w.browser.attach(id)
	duplicate.navigate(address)
	return duplicate
}

func (b *browser) pages() map[target.ID]bool {
	b.t.Helper()
	infos, err := target.GetTargets().Do(cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser))
	if err != nil {
		b.t.Fatalf("listing the tabs: %v", err)
	}
	pages := map[target.ID]bool{}
	for _, info := range infos {
		if info.Type == "page" {
			pages[info.TargetID] = true
		}
	}
	return pages
}
