package e2e

import (
	"fmt"
	"testing"
	"time"
)

const hiddenFor = 60 * time.Second

// All tabs are hidden behind another one for a minute, at the rate that a room begins with. Their pages stand nearly
// still; their servers must not: a page's timers would wake them once a minute, and an election timeout is three
// seconds at the most.
func TestHiddenTabsKeepTheirLeader(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var tabs []*tab
	for range 3 {
		w := r.browser.tab()
		w.navigate(r.url(""))
		tabs = append(tabs, w)
	}
	r.browser.tab() // in front of them all
	watcher := r.join(`{"server":0,"lease":null,"watch":true,"name":"watcher"}`)
	term := watcher.settled(20*time.Second, 3).Term
	for i, w := range tabs {
		if !w.hidden() {
			t.Fatalf("tab %d is visible: this test would show nothing", i+1)
		}
		w.must(nil, `
			window.e2eTicks = 0; setInterval(() => e2eTicks++, 50);
			window.e2eCommits = 0; raftPlayground.on("commit", () => e2eCommits++);`)
	}

	start, writes := time.Now(), 0
	for time.Since(start) < hiddenFor {
		writes++
		if err := tabs[writes%3].put(fmt.Sprintf("hidden %d", writes), "written"); err != nil {
			t.Fatalf("a write of a hidden tab, %v after it was hidden: %v", time.Since(start), err)
		}
		time.Sleep(2 * time.Second)
	}
	for i, w := range tabs {
		w.knowsItsServer(i, writes)
		var ticks int
		if w.must(&ticks, `return e2eTicks;`); ticks > 200 {
			t.Errorf("the page of tab %d ran a 50-ms timer %d times in %v: it was not treated as hidden", i+1, ticks,
				hiddenFor)
		}
		if !w.hidden() {
			t.Errorf("tab %d became visible", i+1)
		}
	}
	if now := watcher.settled(5*time.Second, 3).Term; now != term {
		t.Errorf("the term was %d when the tabs were hidden and is %d %v later", term, now, time.Since(start))
		for _, at := range watcher.terms[term:] {
			t.Logf("a term began %v after the tabs were hidden", at.Sub(start).Round(time.Millisecond))
		}
	}
	for i := range writes {
		tabs[0].mustGet(fmt.Sprintf("hidden %d", i+1), "written")
	}
}

// knowsItsServer checks that the scripts of a hidden page see what goes on: the last write is in status() and cluster()
// soon, and the writes came as events.
func (w *tab) knowsItsServer(place, writes int) {
	w.t.Helper()
	eventually(w.t, 3*time.Second, fmt.Sprintf("hidden tab %d knows of the last write", place+1), func() error {
		var known struct {
			Own, Cluster, Last float64
			Commits            int
		}
		w.must(&known, `
			const last = await raftPlayground.request({op: "get", key: "hidden 1"});
			await new Promise((done) => setTimeout(done, 1000));
			return {own: raftPlayground.status().commitIndex,
				cluster: Math.min(...raftPlayground.cluster().map((s) => s.commitIndex)),
				last: last.index, commits: e2eCommits};`)
		if known.Own < known.Last || known.Cluster < known.Last || known.Commits < writes/2 {
			return fmt.Errorf("after %d writes: %+v", writes, known)
		}
		return nil
	})
}
