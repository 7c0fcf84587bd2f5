package e2e

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"raftplayground/raft/lab"
)

// packed is a link to a run from its start, as moment.ts writes it.
func packed(t *testing.T, run lab.Run) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"run": run, "at": 0, "hash": ""})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return "1." + base64.RawURLEncoding.EncodeToString(b.Bytes())
}

const (
	chaosSeed = 19    // faults of 23 kinds, an hour of which has room in a link
	mostWasm  = 128e6 // bytes; wasm/program/lab collects its garbage sooner from 96 MB on
)

// memory is what is held after the garbage has been collected, bytes.
type memory struct {
	page   float64 // JavaScript of the page
	worker float64 // JavaScript of the lab's Worker
	// the WebAssembly memory in it, which holds Go's heap: it grows when that needs more and never shrinks
	wasm float64
}

// heap collects the garbage in the page and in the lab's Worker and returns what is left.
func (w *tab) heap(worker context.Context) (m memory) {
	w.t.Helper()
	used := func(bytes *float64) chromedp.Action {
		return chromedp.ActionFunc(func(ctx context.Context) (err error) {
			*bytes, _, _, _, err = runtime.GetHeapUsage().Do(ctx)
			return err
		})
	}
	w.run(60*time.Second, heapprofiler.CollectGarbage(), used(&m.page))
	ctx, cancel := context.WithTimeout(worker, 60*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, heapprofiler.CollectGarbage(), used(&m.worker),
		chromedp.ActionFunc(func(ctx context.Context) error { return wasmMemory(ctx, &m.wasm) })); err != nil {
		w.t.Fatalf("in the lab's Worker: %v", err)
	}
	return m
}

// wasmMemory adds up the WebAssembly memories of a Worker.
func wasmMemory(ctx context.Context, bytes *float64) error {
	prototype, _, err := runtime.Evaluate(`WebAssembly.Memory.prototype`).Do(ctx)
	if err != nil {
		return err
	}
	memories, err := runtime.QueryObjects(prototype.ObjectID).Do(ctx)
	if err != nil {
		return err
	}
	sum, _, err := runtime.CallFunctionOn(
		`function () { return this.reduce((sum, m) => sum + m.buffer.byteLength, 0); }`).WithObjectID(
		memories.ObjectID).WithReturnByValue(true).Do(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(sum.Value, bytes)
}

// labWorker returns a session with the Worker that runs the lab.
func (w *tab) labWorker(started <-chan target.ID) context.Context {
	w.t.Helper()
	select {
	case id := <-started:
		ctx, _ := chromedp.NewContext(w.ctx, chromedp.WithTargetID(id))
		if err := chromedp.Run(ctx, network.Disable()); err != nil {
			w.t.Fatalf("attaching to the lab's Worker: %v", err)
		}
		return ctx
	case <-time.After(20 * time.Second):
		w.t.Fatal("the page has started no Worker")
		return nil
	}
}

// chaosMinutes is how long the cluster lives under faults: 8 minutes of its time, or what LAB_MINUTES says (./build.sh
// soak: an hour).
func chaosMinutes(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LAB_MINUTES")
	if text == "" {
		return 8
	}
	minutes, err := strconv.Atoi(text)
	if err != nil || minutes < 4 || minutes > 60 {
		t.Fatalf("LAB_MINUTES: expected 4 to 60, got %q", text)
	}
	return minutes
}

// A long run under faults, as quick as the machine allows, does not fill the memory. The lab keeps at most
// 64 copies of the world, so memory is compared at moments with about as many: a quarter, a half and the
// whole of the time.
func TestHeapIsStableUnderChaos(t *testing.T) {
	t.Parallel()
	minutes := chaosMinutes(t)
	run := lab.Draw(lab.Config{
		Servers: 5, Latency: 15_000, Jitter: 5_000, Disk: 2_000, CompactAfter: 256,
		Clients: 3, Keys: 5, Think: 500_000, Patience: 2_000_000, Chaos: int64(minutes) * 60_000_000, Heal: 30_000_000,
	}, chaosSeed)
	started := make(chan target.ID, 8)
	w := startBrowser(t).window(1280, 800)
	w.watch = func(event any) {
		if event, ok := event.(*target.EventAttachedToTarget); ok && event.TargetInfo.Type == "worker" {
			started <- event.TargetInfo.TargetID
		}
	}
	w.navigate(startRelay(t).url("/"))
	worker := w.labWorker(started)
	w.opens(run, 0)
	began := time.Now()
	var held []memory
	for minute := 1; minute <= minutes; minute++ {
		for third := 2; third >= 0; third-- {
			w.must(nil, fmt.Sprintf(`await raftPlayground.seek(%d);`, minute*60_000-third*20_000))
		}
		if minute == minutes/4 || minute == minutes/2 || minute == minutes {
			m := w.heap(worker)
			held = append(held, m)
			t.Logf("measured\tafter %d minutes of chaos, %d faults in all: page, Worker, WebAssembly\t%.1f MB, "+
				"%.1f MB, %.1f MB\tflat", minute, len(run.Actions), m.page/1e6, m.worker/1e6, m.wasm/1e6)
		}
	}
	measured(t, "chaos: real time for a minute", time.Since(began).Seconds()/float64(minutes), "s", "")
	first, last := held[0], held[len(held)-1]
	if last.wasm > mostWasm {
		t.Errorf("the WebAssembly memory grew to %.1f MB, at most %.1f are allowed", last.wasm/1e6, mostWasm/1e6)
	}
	for _, h := range []struct {
		what              string
		first, last, room float64 // room: lists that fill until they are as long as they may be
	}{{"the page's JavaScript", first.page, last.page, 6e6}, {"the Worker's JavaScript", first.worker, last.worker,
		2e6}} {
		if most := h.first*1.1 + h.room; h.last > most {
			t.Errorf("%s grew from %.1f MB after a quarter of the time to %.1f MB at its end, at most %.1f are allowed",
				h.what, h.first/1e6, h.last/1e6, most/1e6)
		}
	}
}
