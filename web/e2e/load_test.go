package e2e

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
)

const (
	mostBytes            = 1_180_000 // over the wire, all told
	mostBytesWithoutWASM = 150_000
	mostToFirstPaint     = 400.0 // ms
)

// loads counts what a tab and its Workers fetch.
type loads struct {
	mu    sync.Mutex
	urls  map[network.RequestID]string
	bytes map[string]int
}

func (l *loads) observe(event any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		l.urls[event.RequestID] = event.Request.URL
	case *network.EventWebSocketCreated:
		l.bytes[event.URL] = 0
	case *network.EventLoadingFinished:
		// The page and its Worker may both report the Worker's script, which travelled once.
		l.bytes[l.urls[event.RequestID]] = max(l.bytes[l.urls[event.RequestID]], int(event.EncodedDataLength))
	case *network.EventLoadingFailed:
		l.bytes[l.urls[event.RequestID]] += 0 // it was asked for, and that is what counts
	}
}

func TestTheFirstLoadIsSmallAndAsksNobodyButTheRelay(t *testing.T) {
	r := newRoom(t)
	l := &loads{urls: map[network.RequestID]string{}, bytes: map[string]int{}}
	w := r.browser.window(1440, 900)
	w.watch = l.observe
	w.beforeWorkers(network.Enable())
	w.run(5*time.Second, network.Enable())
	w.navigate(r.url(""))
	w.seat()

	l.mu.Lock()
	defer l.mu.Unlock()
	total, wasm, sockets := 0, 0, 0
	for address, bytes := range l.bytes {
		t.Logf("%9d bytes  %s", bytes, strings.TrimPrefix(address, r.relay.url("")))
		total += bytes
		if strings.Contains(address, ".wasm") {
			wasm += bytes
		}
		if strings.HasPrefix(address, "ws:") {
			sockets++
		}
		if parsed, err := url.Parse(address); err != nil || parsed.Host != r.relay.addr && parsed.Scheme != "data" &&
			parsed.Scheme != "blob" {
			t.Errorf("the page asks for %q, which is not of the relay", address)
		}
	}
	t.Logf("first load: %d bytes over the wire, %d without the WebAssembly", total, total-wasm)
	if wasm < 100_000 || sockets != 1 {
		t.Errorf("expected to see the WebAssembly and one WebSocket, saw %d bytes and %d sockets: the count is wrong",
			wasm, sockets)
	}
	if total > mostBytes {
		t.Errorf("the first load is %d bytes, at most %d are allowed", total, mostBytes)
	}
	if total-wasm > mostBytesWithoutWASM {
		t.Errorf("the first load without the WebAssembly is %d bytes, at most %d are allowed", total-wasm,
			mostBytesWithoutWASM)
	}
}

func TestTheFirstPaintComesWithin400Milliseconds(t *testing.T) {
	r := newRoom(t)
	var times []float64
	for range 5 {
		w := r.browser.window(1440, 900)
		w.run(5*time.Second, network.ClearBrowserCache())
		w.navigate(r.url(""))
		var at float64
		w.must(&at, `
			for (;;) {
				const [paint] = performance.getEntriesByName("first-contentful-paint");
				if (paint) return paint.startTime;
				await new Promise(requestAnimationFrame);
			}`)
		times = append(times, at)
		w.close()
	}
	slices.Sort(times)
	t.Logf("first contentful paint, ms: %.0f", times)
	if median := times[len(times)/2]; median > mostToFirstPaint {
		t.Errorf("the median first contentful paint is %.0f ms, at most %.0f are allowed", median, mostToFirstPaint)
	}
}
