package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The size of a window whose looks do not matter, CSS pixels. Every pixel costs processor time: there is no GPU.
const screenWidth, screenHeight = 820, 620

// room is one room of a relay, whose tabs are of one browser.
type room struct {
	t       *testing.T
	relay   *relay
	browser *browser
	code    string
	host    string // by which name the relay is reached; empty: its address
}

// newRoom starts a relay and a browser, and makes a room.
func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, relay: startRelay(t), browser: startBrowser(t)}
	r.code = r.relay.newRoom()
	return r
}

// url is the address of the room's page. The query, if any, starts with "?".
func (r *room) url(query string) string {
	address := r.relay.url("/r/" + r.code + query)
	if r.host != "" {
		address = strings.Replace(address, "127.0.0.1", r.host, 1)
	}
	return address
}

// window opens the room in a window of its own, where it stays visible, and waits until its server has a seat.
func (r *room) window(query string) *tab {
	r.t.Helper()
	w := r.browser.window(screenWidth, screenHeight)
	w.navigate(r.url(query))
	w.seat()
	return w
}

// windows opens n windows, with the room at the rate of real time.
func (r *room) windows(n int) []*tab {
	r.t.Helper()
	tabs := []*tab{r.window("")}
	tabs[0].network(`{rate: 1}`)
	for range n - 1 {
		tabs = append(tabs, r.window(""))
	}
	return tabs
}

// status is what `window.raftPlayground.status()` says of a tab's server.
type status struct {
	Server       int
	Role         string
	Term         uint64
	Leader       int
	CommitIndex  uint64
	LastIndex    uint64
	AppliedIndex uint64
	StateHash    string
	Connected    bool
	Disk         string
}

// status asks the page. A page that cannot answer yet has the zero status.
func (w *tab) status() status {
	var s status
	if err := w.eval(&s, `
		const s = window.raftPlayground?.status() ?? {};
		return {...s, server: s.server ?? 0, leader: s.leader ?? 0, role: s.role ?? "",
			...Object.fromEntries(["term", "commitIndex", "lastIndex", "appliedIndex"]
				.map((key) => [key, Number(s[key] ?? 0)]))};`); err != nil {
		return status{}
	}
	return s
}

// seat waits until the tab is connected and holds a seat, and returns the id of its server.
func (w *tab) seat() int {
	w.t.Helper()
	var s status
	eventually(w.t, 15*time.Second, "the tab takes a seat in the room", func() error {
		if s = w.status(); !s.Connected || s.Server == 0 {
			return fmt.Errorf("status %+v", s)
		}
		return nil
	})
	return s.Server
}

// network changes the room, as `window.raftPlayground.network` does.
func (w *tab) network(change string) {
	w.t.Helper()
	w.must(nil, `await raftPlayground.network(`+change+`);`)
}

// put writes and returns nil when the write is acknowledged.
func (w *tab) put(key, value string) error {
	return w.eval(nil, fmt.Sprintf(`await raftPlayground.request({op: "put", key: %q, value: %q});`, key, value))
}

// get reads what key holds. A key that is not there is an error.
func (w *tab) get(key string) (string, error) {
	var answer struct {
		Found bool
		Value string
	}
	if err := w.eval(&answer, fmt.Sprintf(`return await raftPlayground.request({op: "get", key: %q});`,
		key)); err != nil {
		return "", err
	}
	if !answer.Found {
		return "", fmt.Errorf("the key %q does not exist", key)
	}
	return answer.Value, nil
}

func (w *tab) mustPut(key, value string) {
	w.t.Helper()
	if err := w.put(key, value); err != nil {
		w.t.Fatalf("putting %s=%s: %v", key, value, err)
	}
}

func (w *tab) mustGet(key, want string) {
	w.t.Helper()
	if got, err := w.get(key); err != nil || got != want {
		w.t.Fatalf("getting %s: got %q (%v), want %q", key, got, err, want)
	}
}

// leading waits until one of the tabs leads and all of them know it as the leader of one term. It returns
// that tab and the others.
func leading(t *testing.T, limit time.Duration, tabs ...*tab) (leader *tab, others []*tab) {
	t.Helper()
	eventually(t, limit, "all tabs agree on a leader among them", func() error {
		leader, others = nil, nil
		var first status
		for i, w := range tabs {
			s := w.status()
			if i == 0 {
				first = s
			}
			if !s.Connected || s.Leader == 0 || s.Leader != first.Leader || s.Term != first.Term {
				return fmt.Errorf("first tab %+v, tab %d %+v", first, i+1, s)
			}
			if s.Role == "leader" {
				leader = w
			} else {
				others = append(others, w)
			}
		}
		if leader == nil {
			return fmt.Errorf("S%d, which they take for it, is none of them", first.Leader)
		}
		return nil
	})
	return leader, others
}

// alike waits until the logs of all tabs are committed and applied to their ends and hold the same state,
// and returns the status of the first.
func alike(t *testing.T, limit time.Duration, tabs ...*tab) status {
	t.Helper()
	var first status
	eventually(t, limit, "the tabs hold the same applied log", func() error {
		for i, w := range tabs {
			s := w.status()
			if i == 0 {
				first = s
			}
			if s.AppliedIndex != s.LastIndex || s.CommitIndex != s.LastIndex || s.LastIndex != first.LastIndex ||
				s.StateHash != first.StateHash || s.StateHash == "" {
				return fmt.Errorf("first tab %+v, tab %d %+v", first, i+1, s)
			}
		}
		return nil
	})
	return first
}

// says waits until the page shows the words, whatever the blanks between them.
func (w *tab) says(limit time.Duration, words string) {
	w.t.Helper()
	eventually(w.t, limit, "the page says: "+words, func() error {
		if text := w.text(); !strings.Contains(text, words) {
			return fmt.Errorf("it says: %s", text)
		}
		return nil
	})
}

// text returns the words on the page, blanks folded.
func (w *tab) text() string {
	w.t.Helper()
	var text string
	w.must(&text, `return deepText().replace(/\s+/g, " ");`)
	return text
}
