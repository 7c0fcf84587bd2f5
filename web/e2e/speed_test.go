package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"

	"raftplayground/raft/lab"
)

// The speed of the lab. Each test prints its figures as lines of "measured"; `./build.sh bench lab/browser`
// shows only those. The assertions hold on a busy machine too: work is counted in processor time of the
// page's main thread, not by the clock, and its limits are wide.
const (
	// ms of the main thread in a frame, 95th percentile, five servers; a quiet machine needs a quarter
	mostWork      = 16.0
	mostWorkBusy  = 60.0  // … nine servers with 200 messages under way
	mostTask      = 200.0 // ms of processor time of one task, while the clock runs
	mostStage     = 450   // elements on the stage, five servers
	mostToScrub   = 250.0 // ms until the lab has answered, median; a quiet machine needs a twentieth
	mostToLoad    = 400.0 // ms of processor time of one task, while the page opens
	mostAlone     = 20    // changes of the stage's elements in two seconds in which all moves but nothing happens
	watchedFor    = 5 * time.Second
	countedFor    = 2 * time.Second // without a trace, which takes time of its own
	scrubbedTimes = 40
)

// traceEvent is one event of the browser's trace of a thread. Times in µs.
type traceEvent struct {
	Name, Ph string
	Pid, Tid int
	Ts, Dur  float64
	Tdur     float64 // of processor time
	Args     json.RawMessage
}

// thread identifies one of the browser's threads.
type thread struct{ pid, tid int }

// The trace's names for a task of a thread and for a frame.
const (
	aTask  = "ThreadControllerImpl::RunTask"
	aFrame = "AnimationFrame"
)

// entries are the events in which the page's scripts run; none is within another.
var entries = []string{"FireAnimationFrame", "HandlePostMessage", "TimerFire", "EventDispatch"}

// traced returns the trace of the browser's threads while meanwhile runs.
func (w *tab) traced(meanwhile func()) []traceEvent {
	w.t.Helper()
	var mu sync.Mutex
	var events []traceEvent
	done := make(chan struct{})
	w.watch = func(event any) {
		switch event := event.(type) {
		case *tracing.EventDataCollected:
			mu.Lock()
			defer mu.Unlock()
			for _, text := range event.Value {
				var e traceEvent
				if err := json.Unmarshal(text, &e); err != nil {
					w.t.Errorf("an event of the trace cannot be read: %v in %s", err, text)
				}
				events = append(events, e)
			}
		case *tracing.EventTracingComplete:
			close(done)
		}
	}
	config := &tracing.TraceConfig{RecordMode: tracing.RecordModeRecordUntilFull,
		IncludedCategories: []string{"devtools.timeline", "toplevel"}}
	w.run(30*time.Second, tracing.Start().WithTraceConfig(config).WithTransferMode(tracing.TransferModeReportEvents))
	meanwhile()
	w.run(60*time.Second, tracing.End())
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		w.t.Fatal("the browser does not hand its trace over")
	}
	mu.Lock()
	defer mu.Unlock()
	return events
}

// steps names the trace events in which the browser brings to the screen what scripts changed.
var steps = map[string]string{"UpdateLayoutTree": "style and layout", "Layout": "style and layout",
	"PrePaint": "painting", "Paint": "painting", "Layerize": "painting"}

// effort is what a page's main thread did, in ms of processor time.
type effort struct {
	frames []float64 // all work from one frame to the next, ascending
	script []float64 // of that, the page's scripts, without the layout and painting that they force, ascending
	tasks  []float64 // of each task, ascending
	steps  map[string]float64
	lasted float64 // s, from the first frame to the last
	total  float64
	worker float64 // of the lab's Worker
}

func effortOf(t *testing.T, events []traceEvent) effort {
	t.Helper()
	names, busy := map[thread]string{}, map[thread]float64{}
	for _, e := range events {
		on := thread{e.Pid, e.Tid}
		switch {
		case e.Name == aTask:
			busy[on] += e.Tdur / 1000
		case e.Name == "thread_name":
			var named struct{ Name string }
			if err := json.Unmarshal(e.Args, &named); err != nil {
				t.Fatalf("the name of a thread cannot be read: %v", err)
			}
			names[on] = named.Name
		}
	}
	busiest := func(name string) (best thread) {
		for on, work := range busy {
			if names[on] == name && work >= busy[best] {
				best = on
			}
		}
		return best
	}
	main := busiest("CrRendererMain")
	found := effort{total: busy[main], worker: busy[busiest("DedicatedWorker thread")], steps: map[string]float64{}}
	var begun []float64
	for _, e := range events {
		if (thread{e.Pid, e.Tid}) == main && e.Name == aFrame && e.Ph == "b" {
			begun = append(begun, e.Ts)
		}
	}
	if len(begun) < 20 {
		t.Fatalf("the page drew %d frames while it was watched: this is no measurement", len(begun))
	}
	slices.Sort(begun)
	found.lasted = (begun[len(begun)-1] - begun[0]) / 1e6
	found.frames, found.script = make([]float64, len(begun)), make([]float64, len(begun))
	for _, e := range events {
		if (thread{e.Pid, e.Tid}) != main || e.Ph != "X" {
			continue
		}
		if e.Name == aTask {
			found.tasks = append(found.tasks, e.Tdur/1000)
		}
		if step, ok := steps[e.Name]; ok {
			found.steps[step] += e.Tdur / 1000
		}
		frame, exact := slices.BinarySearch(begun, e.Ts+e.Dur)
		if !exact {
			frame--
		}
		switch {
		case frame < 0:
		case e.Name == aTask:
			found.frames[frame] += e.Tdur / 1000
		case slices.Contains(entries, e.Name):
			found.script[frame] += e.Tdur / 1000
		}
	}
	slices.Sort(found.frames)
	slices.Sort(found.script)
	slices.Sort(found.tasks)
	return found
}

// of returns a percentile of an ascending list that is not empty.
func of(list []float64, percent int) float64 { return list[(len(list)-1)*percent/100] }

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// measured prints one figure.
func measured(t *testing.T, what string, value float64, unit, target string) {
	t.Helper()
	t.Logf("measured\t%s\t%.2f %s\t%s", what, value, unit, target)
}

// drawing lets the open run play at a rate and prints what drawing it costs.
func (w *tab) drawing(what string, rate float64, perFrame string) effort {
	w.t.Helper()
	w.must(nil,
		fmt.Sprintf(`await raftPlayground.network({rate: %v}); await new Promise((done) => setTimeout(done, 1500));`,
			rate))
	before, began := w.browser.processorTime(), time.Now()
	time.Sleep(countedFor)
	all := (w.browser.processorTime() - before) / time.Since(began).Seconds()
	found := effortOf(w.t, w.traced(func() { time.Sleep(watchedFor) }))
	frames := float64(len(found.frames))
	var drawn string
	w.must(&drawn, `return deepAll("canvas.flights")[0].ariaLabel;`)
	w.t.Logf("measured\t%s: at the end of it\t%s as they are drawn", what, drawn)
	measured(w.t, what+": main thread a frame, mean", mean(found.frames), "ms", "")
	measured(w.t, what+": of it scripts", mean(found.script), "ms", "")
	for _, step := range []string{"style and layout", "painting"} {
		measured(w.t, what+": of it "+step, found.steps[step]/frames, "ms", "")
	}
	measured(w.t, what+": main thread a frame, median", of(found.frames, 50), "ms", "")
	measured(w.t, what+": main thread a frame, 95th percentile", of(found.frames, 95), "ms", perFrame)
	measured(w.t, what+": scripts a frame, 95th percentile", of(found.script, 95), "ms", "≤ 4 with five servers")
	measured(w.t, what+": longest task", of(found.tasks, 100), "ms", "≤ 50")
	measured(w.t, what+": frames a second", (frames-1)/found.lasted, "",
		"60, fewer where other processes take the processors")
	measured(w.t, what+": main thread busy", found.total/found.lasted/10, "%",
		"≤ 20 of one processor, for the page ≤ 10 of two")
	measured(w.t, what+": Worker busy", found.worker/found.lasted/10, "%", "")
	measured(w.t, what+": all the browser's processes busy, untraced", 100*all, "%", "of one processor")
	return found
}

// processorTime is what all processes of the browser have used so far, in seconds.
func (b *browser) processorTime() float64 {
	b.t.Helper()
	infos, err := systeminfo.GetProcessInfo().Do(cdp.WithExecutor(b.ctx, chromedp.FromContext(b.ctx).Browser))
	if err != nil {
		b.t.Fatalf("listing the browser's processes: %v", err)
	}
	sum := 0.0
	for _, info := range infos {
		sum += info.CPUTime
	}
	return sum
}

// opens opens a run in the lab, paused at a moment, ms.
func (w *tab) opens(run lab.Run, at float64) {
	w.t.Helper()
	w.playhead()
	link := packed(w.t, run)
	w.must(nil,
		fmt.Sprintf(
			`await raftPlayground.open(%q); await raftPlayground.network({rate: 0}); await raftPlayground.seek(%v);`,
			link,
			at))
}

// underWay counts the frames between servers at a moment of a run, ms.
func underWay(t *testing.T, run lab.Run, at float64) int {
	t.Helper()
	world, err := lab.New(run)
	if err != nil {
		t.Fatal(err)
	}
	world.RunTo(int64(at * 1000))
	var view lab.View
	world.View(&view)
	return len(view.Frames)
}

func TestSpeedOfDrawingFiveServers(t *testing.T) {
	run := lab.Run{Version: lab.Version, Seed: 1, Config: lab.Config{Servers: 5, Latency: 60_000, Jitter: 20_000,
		Clients: 1, Keys: 1, Think: 100_000, Patience: 5_000_000}}
	const at = 3000
	n := underWay(t, run, at)
	w := startBrowser(t).window(1440, 900)
	w.navigate(startRelay(t).url("/"))
	w.opens(run, at)
	found := w.drawing(fmt.Sprintf("5 servers, %d messages", n), 0.02, "≤ 8")
	var elements float64
	w.must(&elements, `return document.querySelector("raft-stage").querySelectorAll("*").length;`)
	measured(t, "5 servers: elements on the stage", elements, "", "≤ 450")
	changes, painted := w.changesOfTheStage()
	measured(t, "5 servers: changes of the stage's elements in 2 s while nothing happens", changes, "", "0")
	if !painted {
		t.Error("nothing moves on the stage while the clock runs")
	}
	if changes > mostAlone {
		t.Errorf(
			"what moves changes elements of the stage, %.0f times in 2 s: at most %d are allowed, as each has "+
				"the browser style and paint it", changes, mostAlone)
	}
	if n < 10 {
		t.Errorf("%d messages are under way in this run, expected 10 or more: choose another", n)
	}
	if work := of(found.frames, 95); work > mostWork {
		t.Errorf("drawing takes %.1f ms of the main thread in a frame (95th percentile), at most %v are allowed", work,
			mostWork)
	}
	if elements > mostStage {
		t.Errorf("the stage has %v elements, at most %d are allowed", elements, mostStage)
	}
}

// changesOfTheStage lets the clock run so slowly that messages and timers move but hardly anything happens.
// It returns how often the stage's elements changed in two seconds, and whether anything was painted.
func (w *tab) changesOfTheStage() (changes float64, painted bool) {
	w.t.Helper()
	var found struct {
		Changes float64
		Painted bool
	}
	w.must(&found, `
		await raftPlayground.network({rate: 0.001});
		await new Promise((done) => setTimeout(done, 1500));
		const [stage] = deepAll("raft-stage");
		const picture = stage.querySelector("canvas").toDataURL();
		let changes = 0;
		const observer = new MutationObserver((list) => (changes += list.length));
		observer.observe(stage, {subtree: true, childList: true, attributes: true, characterData: true});
		await new Promise((done) => setTimeout(done, 2000));
		observer.disconnect();
		return {changes, painted: stage.querySelector("canvas").toDataURL() !== picture};`)
	return found.Changes, found.Painted
}

// Nine servers whose timers end before votes can arrive: each asks all others for their votes again and again, and none
// ever leads. All those messages are drawn; of heartbeats as many would be pulses of their links.
func TestSpeedOfDrawingNineServersAnd200Messages(t *testing.T) {
	run := lab.Run{Version: lab.Version, Seed: 5, Config: lab.Config{Servers: 9, Latency: 70_000, Jitter: 10_000,
		ElectionMin: 80_000, ElectionMax: 100_000}}
	const at = 1000
	n := underWay(t, run, at)
	w := startBrowser(t).window(1440, 900)
	w.navigate(startRelay(t).url("/"))
	w.opens(run, at)
	found := w.drawing(fmt.Sprintf("9 servers, %d messages", n), 0.02, "≤ 8")
	if n < 200 {
		t.Errorf("%d messages are under way in this run, expected 200 or more: choose another", n)
	}
	if work := of(found.frames, 95); work > mostWorkBusy {
		t.Errorf("drawing takes %.1f ms of the main thread in a frame (95th percentile), at most %v are allowed", work,
			mostWorkBusy)
	}
	if task := of(found.tasks, 100); task > mostTask {
		t.Errorf("a task took %.0f ms of processor time, at most %v are allowed", task, mostTask)
	}
}

// In the lab's own run, ten minutes long, any moment is there at once: the lab keeps copies of its world and goes on
// from the one before.
func TestSpeedOfScrubbingTenMinutes(t *testing.T) {
	w := openLab(t)
	for minute := 1; minute <= 10; minute++ {
		w.must(nil, fmt.Sprintf(`await raftPlayground.seek(%d);`, minute*60_000))
	}
	var took []float64
	w.must(&took, fmt.Sprintf(`
		const took = [];
		for (let i = 1; i <= %d; i++) {
			const at = (i * 48271 * 1000) %% 600000;
			const asked = performance.now();
			await raftPlayground.seek(at);
			took.push(performance.now() - asked);
		}
		return took.sort((a, b) => a - b);`, scrubbedTimes))
	measured(t, "a scrub in ten minutes answers, median", of(took, 50), "ms", "")
	measured(t, "a scrub in ten minutes answers, 95th percentile", of(took, 95), "ms", "≤ 50")
	measured(t, "a scrub in ten minutes answers, longest", of(took, 100), "ms", "")
	if of(took, 50) > mostToScrub {
		t.Errorf("a scrub takes %.0f ms (median), at most %v are allowed", of(took, 50), mostToScrub)
	}
}

// The lab's first second: the shell, the first event of Raft, and the tasks that would hold up a click.
func TestSpeedOfOpening(t *testing.T) {
	r := startRelay(t)
	w := startBrowser(t).window(1440, 900)
	w.run(5*time.Second, network.SetCacheDisabled(true))
	var paint, event float64
	found := effortOf(t, w.traced(func() {
		w.run(20*time.Second, chromedp.ActionFunc(func(ctx context.Context) error {
			return chromedp.Navigate(r.url("/")).Do(ctx)
		}))
		w.must(&event, `
			for (;;) {
				if (raftPlayground.cluster().some((s) => s.role === "candidate")) return performance.now();
				if (performance.now() > 10_000) return Infinity;
				await new Promise((done) => setTimeout(done, 10));
			}`)
		w.playhead()
		w.must(&paint, `return performance.getEntriesByName("first-contentful-paint")[0].startTime;`)
	}))
	blocked := 0.0
	for _, task := range found.tasks {
		blocked += max(0, task-50)
	}
	measured(t, "opening: first contentful paint", paint, "ms", "≤ 400")
	measured(t, "opening: first event of Raft", event, "ms", "≤ 2000")
	measured(t, "opening: longest task", of(found.tasks, 100), "ms", "≤ 50")
	measured(t, "opening: blocked beyond 50 ms a task", blocked, "ms", "")
	measured(t, "opening: main thread until the lab answers", found.total, "ms", "")
	if task := of(found.tasks, 100); task > mostToLoad {
		t.Errorf("a task took %.0f ms of processor time while the page opened, at most %v are allowed", task,
			mostToLoad)
	}
}
