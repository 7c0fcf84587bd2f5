package e2e

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	console "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
)

// proxy is a reverse proxy before the relay. change, unless nil, may change the requests that it passes on.
func (r *relay) proxy(change func(*httputil.ProxyRequest)) http.Handler {
	target, err := url.Parse(r.url(""))
	if err != nil {
		r.t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0), // tabs disconnect at any time
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			if change != nil {
				change(p)
			}
		},
	}
}

// JupyterHub and code-server show a program's port below a path, which they take off before the program sees it.
func TestTheRelayWorksBehindAPath(t *testing.T) {
	const prefix = "/user/ada/proxy/8080"
	room := newRoom(t)
	var outside sync.Map
	stripped := http.StripPrefix(prefix, room.relay.proxy(nil))
	at := site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.HasPrefix(req.URL.Path, prefix+"/") {
			outside.Store(req.URL.Path, true)
			http.NotFound(w, req)
			return
		}
		stripped.ServeHTTP(w, req)
	})) + prefix

	w := room.browser.labAt(at + "/")
	w.press("Make it real")
	var page string
	eventually(t, 10*time.Second, "the lab leads to a room", func() error {
		if w.must(&page, `return location.href;`); !strings.HasPrefix(page, at+"/r/") {
			return fmt.Errorf("it leads to %s", page)
		}
		return nil
	})
	w.seat()
	var links []string
	w.must(&links, `return [...new Set(deepAll("raft-waiting a, raft-room-link a").map((a) => a.href))];`)
	if want := strings.SplitN(page, "?", 2)[0]; len(links) == 0 || links[0] != want {
		t.Fatalf("others are invited to %q, expected %q", links, want)
	}
	for _, link := range links {
		if !strings.HasPrefix(link, at+"/") {
			t.Errorf("the room's page links to %s, outside of its path", link)
		}
	}
	second := room.browser.window(screenWidth, screenHeight)
	second.navigate(links[0])
	if first := w.seat(); second.seat() == first {
		t.Errorf("both tabs are S%d", first)
	}
	second.navigate(at + "/embed#1?run=figure-8")
	second.playhead()
	second.keepPictures("path-embed", "none")
	w.must(nil, `
		const [link, column] = [".address", "raft-waiting"].map((s) => deepAll(s)[0]);
		const end = column.getBoundingClientRect().right - parseFloat(getComputedStyle(column).paddingRight);
		if (link.getBoundingClientRect().right > end + 1) throw new Error("a long address goes beyond its column");`)
	w.keepPictures("path-room", "none")
	outside.Range(func(path, _ any) bool {
		t.Errorf("the page asks for %s, outside of its path", path)
		return true
	})
}

// Two people of one JupyterHub have relays of their own at one origin, and so one storage in a browser that visits
// both. A room of the one is not a room of the other, though it has the same code.
func TestRelaysBelowPathsOfOneOriginKeepTheirSeatsApart(t *testing.T) {
	for name, prepare := range map[string][]chromedp.Action{
		"OPFS": nil, "IndexedDB": {chromedp.Evaluate(withoutOPFS, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			ada, bob := newRoom(t), &room{t: t, relay: startRelay(t)}
			bob.code = ada.code
			bob.join(`{"server":0,"new":true,"size":1}`)
			both := http.NewServeMux()
			both.Handle("/ada/", http.StripPrefix("/ada", ada.relay.proxy(nil)))
			both.Handle("/bob/", http.StripPrefix("/bob", bob.relay.proxy(nil)))
			at := site(t, both)
			w := ada.browser.window(screenWidth, screenHeight)
			w.beforeWorkers(prepare...)
			visit := func(whose string) {
				w.navigate(at + "/" + whose + "/r/" + ada.code + "?size=1&rate=1")
				w.seat()
				leading(t, 10*time.Second, w)
			}
			for _, whose := range []string{"ada", "bob"} {
				visit(whose)
				w.mustPut("x", whose)
			}
			for _, whose := range []string{"ada", "bob"} {
				visit(whose)
				w.mustGet("x", whose)
			}
		})
	}
}

// A tab that is refused says so and why, and gets in as soon as it can.
func TestARefusalIsToldAsOne(t *testing.T) {
	r := newRoom(t)
	w := r.browser.window(1280, 800) // large enough for all that the page says

	// A proxy that does not pass on which host was asked for.
	var open atomic.Bool
	foreign := site(t, r.relay.proxy(func(p *httputil.ProxyRequest) {
		if !open.Load() {
			p.Out.Host = r.relay.addr
		}
	}))
	w.navigate(foreign + "/r/" + r.code)
	w.reads(".strip", "Pages of "+foreign+" may not join rooms of "+r.relay.addr+
		". To let them, start the relay with -origin "+foreign+". Trying again")
	for _, untrue := range []string{"Connection lost", "watching", "Your node keeps", "The clock starts",
		"Nothing yet"} {
		if text := w.text(); strings.Contains(text, untrue) {
			t.Errorf("it was never connected, and says %s", text)
		}
	}
	w.reads("raft-headline h2", "This tab is not in the room")
	w.keepPictures("refused-origin", "none")
	err := w.eval(nil, `await raftPlayground.network({ rate: 1 });`)
	if err == nil || !strings.Contains(err.Error(), "may not join") {
		t.Errorf("a wish is answered with %v", err)
	}
	open.Store(true)
	w.seat()
	w.close()

	// A proxy that passes on everything but WebSockets.
	w = r.browser.window(screenWidth, screenHeight)
	without := site(t, r.relay.proxy(func(p *httputil.ProxyRequest) { p.Out.Header.Del("Upgrade") }))
	w.navigate(without + "/r/" + r.code)
	w.reads(".strip", "Something between this page and the relay blocks WebSockets. Trying again")
	w.keepPictures("refused-websockets", "none")
	w.close()

	// A room with as many members as it takes: three servers, and watchers.
	full := &room{t: t, relay: r.relay, code: r.relay.newRoom()}
	var last *member
	for range 64 {
		last = full.join(`{"watch": true}`)
	}
	w = r.browser.window(screenWidth, screenHeight)
	w.navigate(full.url("?watch=1"))
	w.reads(".strip", "The room is full: beside its servers it takes 61 members. Trying again")
	w.keepPictures("refused-full", "none")
	last.socket.Close()
	comesIn := func() {
		eventually(t, 15*time.Second, "the tab comes in as soon as it may", func() error {
			if s := w.status(); !s.Connected {
				return fmt.Errorf("its status is %+v", s)
			}
			return nil
		})
	}
	comesIn()

	// A relay that stops.
	if err := r.relay.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	w.reads(".strip", "The relay is stopping. Trying again in")
	r.relay.cmd.Wait()
	w.reads("raft-caption b", "This tab is no longer in the room")
	eventually(t, 5*time.Second, "nothing on the page claims to know of the clock", func() error {
		if text := w.text(); strings.Contains(text, "Paused for") || strings.Contains(text, "The clock runs") {
			return &notYet{text}
		}
		return nil
	})
	w.keepPictures("relay-gone", "none")
	r.relay.start()
	comesIn()
	w.close()

	// A relay that sends the tab away for some seconds.
	var asked []time.Time
	var mu sync.Mutex
	passes := r.relay.proxy(nil)
	busy := site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		if strings.HasPrefix(req.URL.Path, "/rooms/") {
			asked = append(asked, time.Now())
		}
		sendAway := len(asked) > 0 && len(asked) <= 2 // the handshake, and the question why it failed
		mu.Unlock()
		if sendAway {
			w.Header().Set("Retry-After", "3")
			http.Error(w, "Too many tabs come from your address at once; the next ones may in 3 s.",
				http.StatusTooManyRequests)
			return
		}
		passes.ServeHTTP(w, req)
	}))
	w = r.browser.window(screenWidth, screenHeight)
	w.navigate(busy + "/r/" + r.code)
	w.reads(".strip", "Too many tabs come from your address at once; the next ones may in 3 s. Trying again in")
	w.seat()
	if waited := asked[2].Sub(asked[1]); waited < 3*time.Second || waited > 6*time.Second {
		t.Errorf("the tab was told to come back after 3 s, and came after %v", waited)
	}
}

// Requests that come to the page early wait for its room or its run.
func TestWishesThatComeEarlyWait(t *testing.T) {
	r := newRoom(t)
	w := r.browser.window(screenWidth, screenHeight)
	w.before(`
		let page;
		const set = (api) => {
			page = api;
			window.early = ask(api);
		};
		Object.defineProperty(window, "raftPlayground", { configurable: true, get: () => page, set });
		const ask = (api) => Promise.all(location.pathname.startsWith("/r/")
			? [api.network({ rate: 1 }), api.request({ op: "put", key: "x", value: "early" })]
			: [api.act({ do: "crash", server: 1 }), api.seek(30), api.lab().then((lab) => lab.run.actions.length)]);`)
	var answers []any
	w.navigate(r.url("?size=1"))
	w.must(&answers, `return await early;`)
	w.mustGet("x", "early")
	for _, address := range []string{"/#1?seed=4", "/"} {
		w.navigate(r.relay.url(address))
		if err := w.eval(&answers, `return await early;`); err != nil || len(answers) != 3 ||
			fmt.Sprint(answers[2]) != "1" {
			t.Errorf("%s: %v, %v", address, answers, err)
		}
	}
}

// A page at a literal IPv6 address logs no complaints either.
func TestAtAnIPv6AddressNothingIsComplainedOf(t *testing.T) {
	r := startRelayAt(t, "[::1]:0")
	b := borrowBrowser(t)
	w := b.window(screenWidth, screenHeight)
	var mu sync.Mutex
	var complaints []string
	w.watch = func(event any) {
		if e, ok := event.(*console.EventEntryAdded); ok && e.Entry.Level != console.LevelVerbose {
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, e.Entry.Text)
		}
	}
	w.run(5*time.Second, console.Enable())
	w.navigate(r.url("/r/" + r.newRoom() + "?size=1"))
	w.seat()
	w.navigate(r.url("/"))
	w.playhead()
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the browser says %q", complaints)
	}
}

// stalling is a proxy before the relay in which the first so many answers for files whose path contains file
// stop after their first bytes, without ending.
func (r *relay) stalling(file string, times int32) string {
	passes, left, over := r.proxy(nil), atomic.Int32{}, make(chan struct{})
	left.Store(times)
	address := site(r.t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.Contains(req.URL.Path, file) || left.Add(-1) < 0 {
			passes.ServeHTTP(w, req)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		if strings.HasSuffix(req.URL.Path, ".wasm") {
			w.Header().Set("Content-Type", "application/wasm")
			w.Write([]byte("\x00asm\x01\x00\x00\x00"))
		} else {
			w.Header().Set("Content-Type", "text/javascript")
			w.Write([]byte("/*"))
		}
		w.(http.Flusher).Flush()
		select {
		case <-req.Context().Done():
		case <-over:
		}
	}))
	r.t.Cleanup(func() { close(over) })
	return address
}

// A connection that stalls, and that nothing ends, does not keep a tab waiting for its program.
func TestAProgramThatStopsArrivingIsAskedForAgain(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	w := r.browser.window(screenWidth, screenHeight)
	w.navigate(r.relay.stalling(".wasm", 1) + "/r/" + r.code)
	eventually(t, 30*time.Second, "the tab takes a seat", func() error {
		if s := w.status(); s.Server == 0 {
			return fmt.Errorf("status %+v, and the page says %s", s, w.text())
		}
		return nil
	})
}

func TestAProgramThatNeverArrivesIsSaidNotToCome(t *testing.T) {
	t.Parallel()
	r := startRelay(t)
	b := startBrowser(t)
	for file, words := range map[string]string{
		".wasm":      "the program stopped arriving 3 times",
		"lab-worker": "Its script has not arrived for 45 s.",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w := b.window(screenWidth, screenHeight)
			w.navigate(r.stalling(file, 1000) + "/")
			w.says(60*time.Second, words)
		})
	}
}
