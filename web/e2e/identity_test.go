package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/chromedp"
)

// insecureHost is a name of this machine that browsers do not take for a local one: a page from there has
// neither locks nor a private file system, like one from http://192.168….
const insecureHost = "insecure.test"

// unhurried is a pace at which election timeouts outlast the delays of a machine with several browsers.
const unhurried = `{rate: 0.3}`

// insecure lets tabs reach the room over plain http from what browsers consider another machine.
func (r *room) insecure() *room {
	r.host = insecureHost
	return r
}

// elsewhere is the same room in another browser.
func (r *room) elsewhere() *room {
	other := *r
	other.browser = startBrowser(r.t)
	return &other
}

// freeze stops all scripts in the tab's Worker, as a system that freezes a tab does; the socket stays open.
// The returned function thaws the Worker.
func (w *tab) freeze() (thaw func()) {
	w.t.Helper()
	do := w.inWorker()
	do(enabled(), debugger.Pause())
	return func() { do(debugger.Resume(), debugger.Disable()) }
}

// enabled switches the debugger on and ignores its answer.
func enabled() chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := debugger.Enable().Do(ctx)
		return err
	})
}

// loseRecords deletes what the relay remembers; the relay must not be running.
func (r *relay) loseRecords() {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.state, "*"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range files {
		if err := os.RemoveAll(file); err != nil {
			r.t.Fatal(err)
		}
	}
}

// cut cuts or mends both directions of links between servers.
func (w *tab) cut(up bool, pairs ...[2]int) {
	w.t.Helper()
	var links []string
	for _, p := range pairs {
		both := "{from: %[1]d, to: %[2]d, up: %[3]t}, {from: %[2]d, to: %[1]d, up: %[3]t}"
		links = append(links, fmt.Sprintf(both, p[0], p[1], up))
	}
	w.network("{links: [" + strings.Join(links, ", ") + "]}")
}

// writes puts until the put is acknowledged: on a busy machine a leader may be deposed meanwhile. Writing
// the same value twice does no harm.
func (w *tab) writes(key, value string) {
	w.t.Helper()
	eventually(w.t, 30*time.Second, "a write is acknowledged", func() error { return w.put(key, value) })
}

// by waits until the tab's server is number, and connected.
func (w *tab) by(number int) *tab {
	w.t.Helper()
	eventually(w.t, 20*time.Second, fmt.Sprintf("the tab is S%d", number), func() error {
		if s := w.status(); !s.Connected || s.Server != number {
			return fmt.Errorf("status %+v", s)
		}
		return nil
	})
	return w
}

// A tab is frozen while another tab of its browser runs its server from the same disk. When it thaws it must
// not go on from its memory: with its vote a majority would lack acknowledged writes. Three fences prevent
// that, and each is enough: the room's claims (hub/claim.go), the disk's claim, and the disk's account of
// its rows (row-disk.ts). Without all three k is "0".
func TestAThawedTabDoesNotBringAnOldMemoryBack(t *testing.T) {
	r := newRoom(t).insecure()
	shared := r.elsewhere()
	first, second := r.window(""), r.elsewhere().window("")
	first.network(unhurried)
	frozen := shared.window("").by(3)
	if disk := frozen.status().Disk; disk != "indexeddb" {
		t.Fatalf("the disk is %q, expected IndexedDB: this origin is no secure context", disk)
	}
	leading(t, 30*time.Second, first, second, frozen)
	first.mustPut("k", "0")
	alike(t, 15*time.Second, first, second, frozen)
	first.network(`{rate: 0}`) // a write under way would be frozen, too, and keep every other tab from the disk
	time.Sleep(300 * time.Millisecond)
	thaw := frozen.freeze()
	r.relay.kill()
	r.relay.start()
	other := shared.window("").by(3)
	first.by(1)
	second.by(2)
	second.network(unhurried)
	second.cut(false, [2]int{1, 2}, [2]int{1, 3})
	leading(t, 30*time.Second, second, other)
	for k := 1; k <= 5; k++ {
		second.writes("k", fmt.Sprint(k))
	}
	alike(t, 15*time.Second, second, other)
	first.cut(true, [2]int{1, 2}, [2]int{1, 3})
	other.close()
	second.close()
	thaw()
	leading(t, 30*time.Second, first, frozen)
	first.mustGet("k", "5")
}

// After six seconds without the relay a tab is reloaded while another looks for a seat whose tab is gone.
// Both have the same disk, and this origin has no lock to guard it. Only one of them runs the server.
func TestAReloadDuringAnOutageMakesNoSecondServer(t *testing.T) {
	r := newRoom(t).insecure()
	shared := r.elsewhere()
	first, second := r.window(""), r.elsewhere().window("")
	first.network(unhurried)
	reloaded := shared.window("").by(3)
	leading(t, 30*time.Second, first, second, reloaded)
	beside := shared.browser.window(screenWidth, screenHeight)
	beside.navigate(r.url(""))
	beside.says(10*time.Second, "You are watching")
	r.relay.kill()
	time.Sleep(6 * time.Second)
	r.relay.start()
	reloaded.run(20*time.Second, chromedp.Reload())
	first.by(1)
	second.by(2)
	first.network(unhurried)
	servers := func() (n int) {
		for _, w := range []*tab{reloaded, beside} {
			if s := w.status(); s.Server == 3 && s.Connected {
				n++
			}
		}
		return n
	}
	eventually(t, 20*time.Second, "one of the two tabs runs S3", func() error {
		if n := servers(); n != 1 {
			return fmt.Errorf("%d do", n)
		}
		return nil
	})
	first.mustPut("x", "1")
	if n := servers(); n != 1 {
		t.Errorf("%d tabs run S3", n)
	}
}

// Addresses and call numbers used to start again after the relay was killed, and a server that still held an
// earlier request answered a stranger.
func TestAnAnswerThatIsLateReachesNobodyElse(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	tabs[0].network(`{rate: 0.1}`) // no timer should run out during the test
	leader, others := leading(t, 30*time.Second, tabs...)
	id := leader.status().Server
	watcher := r.browser.window(screenWidth, screenHeight)
	watcher.navigate(r.url("?watch=1"))
	watcher.says(10*time.Second, "You chose to watch")
	var links []string
	for _, other := range others {
		links = append(links, fmt.Sprintf("{from: %d, to: %d, up: false}", other.status().Server, id))
	}
	acknowledgements := "{links: [" + strings.Join(links, ", ") + "]}"
	watcher.network(acknowledgements) // they hear the leader, and it does not hear them
	ask := func(w *tab, value string) {
		w.must(nil, fmt.Sprintf(`window.e2eAnswer = null;
			raftPlayground.request({op: "put", key: "x", value: %q, server: %d}).then(
				(a) => (e2eAnswer = {index: Number(a.index)}), (why) => (e2eAnswer = {index: 0}));`, value, id))
	}
	last := leader.status().LastIndex
	ask(watcher, "of the first")
	eventually(t, 5*time.Second, "the leader has the write in its log", func() error {
		if s := leader.status(); s.LastIndex != last+1 {
			return fmt.Errorf("status %+v", s)
		}
		return nil
	})
	watcher.network(`{rate: 0}`)
	r.relay.kill()
	watcher.close()
	var strangers []*tab
	for range 2 {
		strangers = append(strangers, r.browser.window(screenWidth, screenHeight))
	}
	r.relay.start()
	for _, w := range strangers {
		w.navigate(r.url("?watch=1"))
		w.says(10*time.Second, "You chose to watch")
	}
	for i, w := range tabs {
		w.by(i + 1)
		ask(w, "of a tab")
	}
	for _, w := range strangers {
		ask(w, "of a stranger")
	}
	time.Sleep(200 * time.Millisecond)
	strangers[0].network(strings.ReplaceAll(acknowledgements, "false", "true"))
	strangers[0].network(`{rate: 1}`)
	for _, w := range append(tabs, strangers...) {
		var answer struct{ Index int64 }
		eventually(t, 20*time.Second, "an answer", func() error {
			if w.must(&answer, `return window.e2eAnswer ?? {index: -1};`); answer.Index < 0 {
				return fmt.Errorf("none")
			}
			return nil
		})
		if answer.Index == int64(last)+1 {
			t.Errorf("a write was acknowledged as entry %d, which is another client's", answer.Index)
		}
	}
}

// The relay has lost its record, and a newcomer is there before the servers: giving it a seat with an empty
// disk would allow a majority that knows nothing.
func TestARelayThatLostItsRecordGivesNoSeatToANewcomer(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	tabs[0].network(unhurried)
	leading(t, 30*time.Second, tabs...)
	tabs[1].cut(false, [2]int{1, 2}, [2]int{1, 3})
	leading(t, 30*time.Second, tabs[1:]...)
	for k := 1; k <= 3; k++ {
		tabs[1].writes("k", fmt.Sprint(k))
	}
	alike(t, 15*time.Second, tabs[1:]...)
	tabs[2].close()
	r.relay.kill()
	r.relay.loseRecords()
	newcomer := r.elsewhere().browser.window(screenWidth, screenHeight)
	r.relay.start()
	newcomer.navigate(r.url(""))
	newcomer.says(10*time.Second, "You are watching") // once S1 and S2 have said what the room was
	tabs[0].by(1)
	tabs[1].by(2)
	tabs[0].network(unhurried)
	leading(t, 30*time.Second, tabs[:2]...)
	newcomer.mustGet("k", "3")

	// Someone in the room gives it the third seat. A leader brings it up to date.
	newcomer.says(10*time.Second, "S3 is not here")
	newcomer.keepPictures("missing-server", "none")
	newcomer.clickButton("New disk for S3")
	newcomer.by(3)
	leading(t, 30*time.Second, tabs[0], tabs[1], newcomer)
	alike(t, 15*time.Second, tabs[0], tabs[1], newcomer)
	newcomer.mustGet("k", "3")
}

// A browser's site data is cleared while the tabs of its servers are closed, and so their seats have no
// owner. The page says so, and the room can start anew.
func TestWithItsSiteDataClearedTheRoomSaysWhatCanBeDone(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(2)
	tabs = append(tabs, r.window(""))
	leading(t, 30*time.Second, tabs...)
	for _, w := range tabs {
		w.close()
	}
	r.browser = startBrowser(t)
	w := r.browser.window(screenWidth, screenHeight)
	w.navigate(r.url(""))
	w.says(15*time.Second, "No server of this room is here")
	w.says(time.Second, "All that the room stored is lost.")
	if text := w.text(); strings.Contains(text, "Whose timer ends first?") {
		t.Errorf("no server runs, and the page asks for timers: %s", text)
	}
	w.keepPictures("cleared", "none")
	w.clickButton("Begin anew, empty")
	w.by(1)
}

// A tab that watches because its browser's servers all have tabs takes over the first whose tab is closed.
func TestAWatcherRunsTheServerWhoseTabWasClosed(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	tabs[0].network(unhurried)
	leading(t, 30*time.Second, tabs...)
	watcher := r.browser.window(screenWidth, screenHeight)
	watcher.navigate(r.url(""))
	watcher.says(10*time.Second, "This room has 3 servers. You are watching.")
	watcher.keepPictures("watching", "none")
	tabs[2].close()
	watcher.by(3)
	leading(t, 30*time.Second, tabs[0], tabs[1], watcher)
}
