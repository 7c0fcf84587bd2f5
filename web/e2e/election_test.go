package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// promptly is the limit for a quiet machine from opening the third tab to a leader. Most of it goes into
// loading the tab, so a slower machine gets more: three times what the previous tab took to get its seat.
const promptly = 2 * time.Second

func TestThreeTabsHaveALeaderWithinTwoSecondsOfTheThird(t *testing.T) {
	r := newRoom(t)
	first := r.window("")
	first.network(`{rate: 1}`)
	second, took := r.timed()
	third := r.browser.window(screenWidth, screenHeight)
	start := time.Now()
	third.navigate(r.url(""))
	leading(t, 10*time.Second, first, second, third)
	within(t, took, time.Since(start), "three tabs had a leader")
}

func TestFirstLeaderOfAFreshRoomIsDrawnWithinTwoSeconds(t *testing.T) {
	r := newRoom(t)
	r.window("")
	_, took := r.timed()
	third := r.browser.window(screenWidth, screenHeight)
	start := time.Now()
	third.navigate(r.url(""))
	eventually(t, 10*time.Second, "the third tab draws a leader", func() error {
		if drawn := third.drawnLeaders(); len(drawn) != 1 {
			return fmt.Errorf("leaders drawn: %v", drawn)
		}
		return nil
	})
	within(t, took, time.Since(start), "the first leader was drawn")
}

// timed is window that also returns how long the tab took to get its seat.
func (r *room) timed() (*tab, time.Duration) {
	r.t.Helper()
	w := r.browser.window(screenWidth, screenHeight)
	start := time.Now()
	w.navigate(r.url(""))
	w.seat()
	return w, time.Since(start)
}

// within fails the test if what took too long. before is how long the second tab took to get its seat.
func within(t *testing.T, before, took time.Duration, what string) {
	t.Helper()
	limit := max(promptly, 3*before)
	t.Logf("%s %v after the third tab was opened; the second took %v to its seat", what, took, before)
	if took > limit {
		t.Errorf("%s %v after the third tab was opened, expected at most %v", what, took, limit)
	}
}

func TestClosingTheLeadersTabAndReopeningIt(t *testing.T) {
	r := newRoom(t)
	leader, others := leading(t, 10*time.Second, r.windows(3)...)
	leader.mustPut("kept", "before")
	was := alike(t, 5*time.Second, append(others, leader)...)
	id := leader.status().Server

	leader.close()
	next, _ := leading(t, 10*time.Second, others...)
	if s := next.status(); s.Term <= was.Term || s.Server == id {
		t.Errorf("after the leader S%d of term %d was closed, S%d leads term %d", id, was.Term, s.Server, s.Term)
	}
	next.mustGet("kept", "before")
	next.mustPut("later", "after")

	reopened := r.window("")
	if got := reopened.seat(); got != id {
		t.Fatalf("the reopened tab is S%d, it was S%d", got, id)
	}
	now := alike(t, 10*time.Second, append(others, reopened)...)
	if now.LastIndex <= was.LastIndex {
		t.Errorf("the log ended at %d before the tab was closed and ends at %d now", was.LastIndex, now.LastIndex)
	}
	reopened.mustGet("kept", "before")
	reopened.mustGet("later", "after")
}

func TestCuttingTheLeadersLinksByClickBringsANewLeader(t *testing.T) {
	r := newRoom(t)
	leader, others := leading(t, 10*time.Second, r.windows(3)...)
	was := leader.status()
	for _, other := range others {
		others[0].cutLink(was.Server, other.status().Server)
	}
	next, _ := leading(t, 10*time.Second, others...)
	if s := next.status(); s.Term <= was.Term {
		t.Errorf("S%d leads term %d, the leader that was cut off led term %d", s.Server, s.Term, was.Term)
	}
	next.mustPut("x", "from the majority")

	leader.network(
		`{links: [[1, 2], [1, 3], [2, 3]].flatMap(([a, b]) => [{from: a, to: b, up: true}, {from: b, to: a, ` +
			`up: true}])}`)
	leading(t, 10*time.Second, append(others, leader)...)
	alike(t, 10*time.Second, append(others, leader)...)
	leader.mustGet("x", "from the majority")
}

// drawnLeaders returns the servers that the stage draws as leaders.
func (w *tab) drawnLeaders() []string {
	var servers []string
	if err := w.eval(&servers, `return deepAll(".node.leader").map((node) => node.dataset.server);`); err != nil {
		return nil
	}
	return servers
}

// cutLink clicks on the link between two servers until it is drawn as cut. A passing message may take a
// click, so clicks are tried again.
func (w *tab) cutLink(a, b int) {
	w.t.Helper()
	link := fmt.Sprintf("%d-%d", min(a, b), max(a, b))
	eventually(w.t, 10*time.Second, "a click cuts link "+link, func() error {
		var at struct {
			X, Y float64
			Cut  bool
		}
		w.must(&at, `
			const [link] = deepAll(".link[data-link='`+link+`']");
			const box = link.querySelector(".link-hit").getBoundingClientRect();
			return {x: box.x + box.width / 2, y: box.y + box.height / 2, cut: link.classList.contains("cut")};`)
		if at.Cut {
			return nil
		}
		w.run(5*time.Second, chromedp.MouseClickXY(at.X, at.Y))
		time.Sleep(300 * time.Millisecond)
		return fmt.Errorf("it is not drawn as cut after a click at %.0f, %.0f", at.X, at.Y)
	})
}
