package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func TestAValuePutInOneTabReadsBackInEach(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	leading(t, 10*time.Second, tabs...)
	for i, w := range tabs {
		key, value := fmt.Sprintf("key %d", i), fmt.Sprintf("value: %d; ünïcödé = 100 %%, \"quoted\"", i)
		w.mustPut(key, value)
		for _, other := range tabs {
			other.mustGet(key, value)
		}
	}
	alike(t, 5*time.Second, tabs...)
}

func TestReloadIsACrashAndARestartOfTheSameServer(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	leading(t, 10*time.Second, tabs...)
	tabs[0].mustPut("kept", "on disk")
	was := alike(t, 5*time.Second, tabs...)
	for _, w := range tabs {
		id := w.status().Server
		w.run(20*time.Second, chromedp.Reload())
		if got := w.seat(); got != id {
			t.Fatalf("the reloaded tab is S%d, it was S%d", got, id)
		}
		if s := w.status(); s.LastIndex < was.LastIndex || s.Term < was.Term || s.Disk != "opfs" {
			t.Errorf("S%d came back with %+v, expected its log up to %d and term %d from OPFS", id, s, was.LastIndex,
				was.Term)
		}
		leading(t, 10*time.Second, tabs...)
	}
	alike(t, 5*time.Second, tabs...)
	tabs[0].mustGet("kept", "on disk")
}

func TestADuplicatedTabIsAnotherServer(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(2)
	first, second := tabs[0].seat(), tabs[1].seat()
	copied := tabs[0].duplicate()
	third := copied.seat()
	if third == first || third == second {
		t.Fatalf("the tabs are S%d and S%d, the duplicate of the first is S%d", first, second, third)
	}
	if got := tabs[0].seat(); got != first {
		t.Errorf("the tab that was duplicated was S%d and is S%d now", first, got)
	}
	// The duplicate was opened in front of the first tab, which is hidden now: its page tells nothing new, but its
	// server must take part.
	copied.mustPut("x", "1")
	alike(t, 10*time.Second, tabs[1], copied)
}

func TestKillingTheLeadersRendererLosesNothingAcknowledged(t *testing.T) {
	r := newRoom(t)
	leader, others := leading(t, 10*time.Second, r.windows(3)...)
	id := leader.seat()
	writer := others[0]
	writer.startWriting(60)
	eventually(t, 30*time.Second, "half of the writes are acknowledged", func() error {
		if acknowledged, _ := writer.written(); acknowledged < 30 {
			return fmt.Errorf("%d are", acknowledged)
		}
		return nil
	})
	leader.kill()
	eventually(t, 60*time.Second, "every write came to an end", func() error {
		if acknowledged, failed := writer.written(); acknowledged+failed < 60 {
			return fmt.Errorf("%d acknowledged, %d failed", acknowledged, failed)
		}
		return nil
	})
	acknowledged, failed := writer.written()
	t.Logf("%d writes acknowledged, %d not", acknowledged, failed)
	if acknowledged < 50 {
		t.Errorf("%d of 60 writes were acknowledged; one leader's death may cost a few, not %d", acknowledged, failed)
	}
	leading(t, 10*time.Second, others...)
	writer.findsWhatWasAcknowledged()

	leader.navigate(r.url(""))
	if got := leader.seat(); got != id {
		t.Errorf("the killed tab came back as S%d, it was S%d", got, id)
	}
	alike(t, 10*time.Second, append(others, leader)...)
}

func TestKillingTheRelayLosesNothingAcknowledged(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(3)
	leading(t, 10*time.Second, tabs...)
	var ids []int
	for _, w := range tabs {
		ids = append(ids, w.seat())
	}
	tabs[0].startWriting(60)
	eventually(t, 30*time.Second, "some writes are acknowledged", func() error {
		if acknowledged, _ := tabs[0].written(); acknowledged < 20 {
			return fmt.Errorf("%d are", acknowledged)
		}
		return nil
	})
	r.relay.kill()
	for _, w := range tabs {
		w.says(10*time.Second, "Connection lost")
	}
	r.relay.start()
	for i, w := range tabs {
		if got := w.seat(); got != ids[i] {
			t.Errorf("tab %d is S%d since the relay came back, it was S%d", i+1, got, ids[i])
		}
	}
	tabs[0].network(`{rate: 1}`)
	leading(t, 10*time.Second, tabs...)
	eventually(t, 60*time.Second, "every write came to an end", func() error {
		if acknowledged, failed := tabs[0].written(); acknowledged+failed < 60 {
			return fmt.Errorf("%d acknowledged, %d failed", acknowledged, failed)
		}
		return nil
	})
	tabs[1].mustPut("later", "after")
	tabs[0].findsWhatWasAcknowledged()
	alike(t, 10*time.Second, tabs...)
}

// startWriting starts n writes, one after the other, without waiting for them. Each is tried once.
func (w *tab) startWriting(n int) {
	w.t.Helper()
	w.must(nil, fmt.Sprintf(`
		window.e2e = {acknowledged: [], failed: []};
		(async () => {
			for (let i = 1; i <= %d; i++)
				await raftPlayground.request({op: "put", key: "write " + i, value: "value " + i})
					.then(() => e2e.acknowledged.push(i), (error) => e2e.failed.push(i + ": " + error.message));
		})();`, n))
}

func (w *tab) written() (acknowledged, failed int) {
	w.t.Helper()
	var counts [2]int
	w.must(&counts, `return [e2e.acknowledged.length, e2e.failed.length];`)
	return counts[0], counts[1]
}

// findsWhatWasAcknowledged reads every write that startWriting saw acknowledged.
func (w *tab) findsWhatWasAcknowledged() {
	w.t.Helper()
	var lost []string
	w.must(&lost, `
		const read = async (i) => {
			const {found, value} = await raftPlayground.request({op: "get", key: "write " + i});
			return found && value === "value " + i ? [] : ["write " + i + ": " + value];
		};
		return (await Promise.all(e2e.acknowledged.map(read))).flat();`)
	if len(lost) > 0 {
		w.t.Errorf("acknowledged and not there: %v", lost)
	}
}
