package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// These tests break things in the browser, from outside; the page has no switch for it.

const (
	withoutOPFS = `navigator.storage.getDirectory = () => Promise.reject(new DOMException("refused by the ` +
		`test", "SecurityError")); 0`
	withoutIndexedDB   = `Object.defineProperty(self, "indexedDB", {value: undefined}); 0`
	withoutWebAssembly = `delete self.WebAssembly; 0`
)

func TestALostRelayIsSaidAndComesBackByItself(t *testing.T) {
	r := newRoom(t)
	w := r.window("")
	r.relay.kill()
	w.says(10*time.Second, "Connection lost. Trying again in")
	w.says(10*time.Second, "Your node keeps its log.")
	r.relay.start()
	w.seat()
	eventually(t, 5*time.Second, "the page no longer says that the connection is lost", func() error {
		if text := w.text(); strings.Contains(text, "Connection lost") {
			return &notYet{text}
		}
		return nil
	})
}

func TestATabBeyondTheRoomsSizeWatchesAndSaysSo(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	leading(t, 10*time.Second, tabs...)
	fourth := r.browser.window(screenWidth, screenHeight)
	fourth.navigate(r.url(""))
	fourth.says(10*time.Second, "This room has 3 servers. You are watching.")
	if s := fourth.status(); s.Server != 0 || !s.Connected || s.Disk != "none" {
		t.Errorf("the status of the tab that watches is %+v", s)
	}
	fourth.mustPut("x", "of a watcher")
	tabs[0].mustGet("x", "of a watcher")
	if drawn := fourth.drawnLeaders(); len(drawn) != 1 {
		t.Errorf("the tab that watches draws the leaders %v", drawn)
	}
}

func TestWithoutOPFSTheLogIsInIndexedDBAndSurvivesAReload(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(2)
	third := r.browser.window(screenWidth, screenHeight)
	third.beforeWorkers(chromedp.Evaluate(withoutOPFS, nil))
	third.navigate(r.url(""))
	id := third.seat()
	all := append(tabs, third)
	leading(t, 10*time.Second, all...)
	third.mustPut("x", "kept")
	was := alike(t, 5*time.Second, all...)
	if s := third.status(); s.Disk != "indexeddb" {
		t.Fatalf("the status without OPFS is %+v", s)
	}
	third.run(20*time.Second, chromedp.Reload())
	if got := third.seat(); got != id {
		t.Errorf("the reloaded tab is S%d, it was S%d", got, id)
	}
	if s := third.status(); s.LastIndex < was.LastIndex || s.Disk != "indexeddb" {
		t.Errorf("S%d came back from IndexedDB with %+v, its log ended at %d", id, s, was.LastIndex)
	}
	leading(t, 10*time.Second, all...)
	alike(t, 5*time.Second, all...)
}

func TestWithoutAnyDiskTheServerRunsInMemoryAndThePageSaysSo(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(2)
	third := r.browser.window(screenWidth, screenHeight)
	third.beforeWorkers(chromedp.Evaluate(withoutOPFS, nil), chromedp.Evaluate(withoutIndexedDB, nil))
	third.navigate(r.url(""))
	third.seat()
	leading(t, 10*time.Second, append(tabs, third)...)
	third.mustPut("x", "in memory")
	if s := third.status(); s.Disk != "memory" {
		t.Errorf("the status without a disk is %+v", s)
	}
	third.says(5*time.Second, "memory")
}

func TestWithoutWebAssemblyThePageSaysWhatItNeeds(t *testing.T) {
	r := newRoom(t)
	w := r.browser.window(screenWidth, screenHeight)
	w.beforeWorkers(chromedp.Evaluate(withoutWebAssembly, nil))
	w.navigate(r.url(""))
	w.says(10*time.Second, "Your browser could not start the cluster.")
	w.says(time.Second, "WebAssembly")
	if s := w.status(); s.Server != 0 || s.Connected {
		t.Errorf("the status without WebAssembly is %+v", s)
	}
}
