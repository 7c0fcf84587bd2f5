package tab

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// three opens three tabs of three browsers.
func three(w *world) []*testTab {
	return []*testTab{w.open(newBrowser(), nil), w.open(newBrowser(), nil), w.open(newBrowser(), nil)}
}

func (tab *testTab) number() int {
	if tab.last.Self == nil || tab.last.Self.Server == nil {
		return 0
	}
	return *tab.last.Self.Server
}

func (tab *testTab) role() string {
	if tab.number() == 0 {
		return ""
	}
	return string(*tab.last.Self.Role)
}

// leader returns the tab of the leader of the highest term that all tabs know, nil if they disagree.
func leader(tabs ...*testTab) *testTab {
	var found *testTab
	for _, tab := range tabs {
		self := tab.last.Self
		if self == nil || self.Leader == nil || self.Term != tabs[0].last.Self.Term ||
			*self.Leader != *tabs[0].last.Self.Leader {
			return nil
		}
		if tab.role() == "leader" {
			found = tab
		}
	}
	return found
}

// elect lets time pass until the tabs agree on a leader.
func (w *world) elect(tabs ...*testTab) *testTab {
	w.t.Helper()
	w.until("a leader that all tabs know", 5000, func() bool { return leader(tabs...) != nil })
	return leader(tabs...)
}

type pageRequest struct {
	Type   string `json:"type"`
	ID     int    `json:"id"`
	Op     string `json:"op"`
	Key    string `json:"key"`
	Value  string `json:"value"`
	Server *int   `json:"server"`
}

func (tab *testTab) ask(id int, op, key, value string, server int) {
	r := pageRequest{Type: "request", ID: id, Op: op, Key: key, Value: value}
	if server != 0 {
		r.Server = &server
	}
	tab.say(r)
}

// outcome waits for the end of a request.
func (tab *testTab) outcome(id int) contract.ClientRequest {
	tab.world.t.Helper()
	find := func() *contract.ClientRequest {
		for i := len(tab.last.Requests) - 1; i >= 0; i-- {
			if r := &tab.last.Requests[i]; r.ID == id && r.State != "pending" {
				return r
			}
		}
		return nil
	}
	tab.world.until("an outcome of request "+strconv.Itoa(id), 35000, func() bool { return find() != nil })
	return *find()
}

func (w *world) put(tab *testTab, id int, key, value string) contract.ClientRequest {
	w.t.Helper()
	tab.ask(id, "put", key, value, 0)
	r := tab.outcome(id)
	if r.State != "done" {
		w.t.Fatalf("put %s=%s: %s, %s", key, value, r.State, r.Detail)
	}
	if own := tab.last.Self; r.Index == 0 || r.Term == 0 || own.Server != nil && r.Term > own.Term {
		w.t.Errorf("put %s=%s is done at index %d in term %d, the tab's own term is %d", key, value, r.Index, r.Term,
			tab.last.Self.Term)
	}
	return r
}

func (w *world) reads(tab *testTab, id int, key, value string) {
	w.t.Helper()
	tab.ask(id, "get", key, "", 0)
	if r := tab.outcome(id); r.State != "done" || !r.Found || r.Value != value {
		w.t.Errorf("get %s: expected %q, got %+v", key, value, r)
	}
}

func TestThreeTabsElectALeader(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	for i, tab := range tabs {
		if tab.number() != i+1 || tab.last.Connection.State != "open" || tab.last.Self.Disk != "opfs" ||
			!tab.last.Self.Connected {
			t.Errorf("tab %d: %+v, connection %+v", i+1, tab.last.Self, tab.last.Connection)
		}
		w.until("every report at every tab", 2000, func() bool {
			for _, s := range tab.last.Servers {
				if s.Report == nil || s.Report.Term != tab.last.Self.Term || len(s.Report.Log.Cells) == 0 ||
					s.Seat != "connected" || s.Disk != "opfs" {
					return false
				}
			}
			return len(tab.last.Servers) == 3
		})
		if tab.last.QR == nil || tab.last.QR.Size != len(tab.last.QR.Rows) ||
			tab.last.QR.Size != len(tab.last.QR.Rows[0]) {
			t.Error("the room's link has no square code")
		}
	}
}

func TestTheClockOfANewRoomStandsUntilEverySeatIsTaken(t *testing.T) {
	w := newWorld(t)
	first, second := w.open(newBrowser(), nil), w.open(newBrowser(), nil)
	w.run(3000)
	for _, tab := range []*testTab{first, second} {
		if tab.last.Room.Started || tab.last.Self.Term != 0 {
			t.Errorf("S%d is in term %d of a room that has not begun", tab.number(), tab.last.Self.Term)
		}
	}
	third := w.open(newBrowser(), nil)
	w.elect(first, second, third)
}

func TestAWatcherWritesAndEveryTabReadsIt(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	watcher := w.open(newBrowser(), nil)
	w.elect(tabs...)
	if watcher.last.Watching == nil || *watcher.last.Watching != "This room has 3 servers. You are watching." {
		t.Errorf("the fourth tab is told %v", watcher.last.Watching)
	}
	if watcher.number() != 0 || watcher.last.Self.Disk != "none" {
		t.Errorf("the fourth tab is a server: %+v", watcher.last.Self)
	}
	r := w.put(watcher, 1, "x", "1")
	if r.Index < 2 || r.Detail != "committed at index "+report.Decimal(r.Index) {
		t.Errorf("the write: %+v", r)
	}
	for i, tab := range append(tabs, watcher) {
		w.reads(tab, 100+i, "x", "1")
	}
	watcher.ask(2, "get", "no such", "", 0)
	if r := watcher.outcome(2); r.State != "done" || r.Found {
		t.Errorf("a read of a key that is not there: %+v", r)
	}
	if a := watcher.answers[0]; a.ID != 1 || !a.OK {
		t.Errorf("the page's promise: %+v", a)
	}
}

func TestAChosenServerThatDoesNotLeadSaysWhoDoes(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	leading := w.elect(tabs...).number()
	follower := leading%3 + 1
	tabs[0].ask(1, "put", "x", "1", follower)
	expected := "S" + strconv.Itoa(follower) + " is not the leader; S" + strconv.Itoa(leading) + " is"
	if r := tabs[0].outcome(1); r.State != "refused" || r.Detail != expected || r.Server != follower {
		t.Errorf("expected %q, got %+v", expected, r)
	}
	tabs[0].ask(2, "put", "x", "1", leading)
	if r := tabs[0].outcome(2); r.State != "done" {
		t.Errorf("the leader: %+v", r)
	}
}

func TestARequestWaitsForALeader(t *testing.T) {
	w := newWorld(t)
	first, second := w.open(newBrowser(), nil), w.open(newBrowser(), nil)
	w.run(500)
	first.ask(1, "put", "x", "1", 0)
	w.run(1000)
	if r := first.last.Requests[len(first.last.Requests)-1]; r.State != "pending" ||
		r.Detail != "waiting for a leader" {
		t.Errorf("a write before the room has begun: %+v", r)
	}
	third := w.open(newBrowser(), nil)
	if r := first.outcome(1); r.State != "done" {
		t.Errorf("after the election: %+v", r)
	}
	_, _ = second, third
}

func TestARequestThatNobodyTakesIsRefusedAfterThirtySeconds(t *testing.T) {
	w := newWorld(t)
	tab := w.open(newBrowser(), nil)
	w.run(100)
	tab.ask(1, "put", "x", "1", 0)
	began := w.now
	if r := tab.outcome(1); r.State != "refused" || w.now-began < 29900 {
		t.Errorf("after %v ms: %+v", w.now-began, r)
	}
}

// In a paused room a leader answers once the clock runs again, however long that takes a person.
func TestAWriteThatALeaderHoldsWaitsForAPausedRoom(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	watcher := w.open(newBrowser(), nil)
	w.elect(tabs...)
	rate := func(rate float64) {
		watcher.say(map[string]any{"type": "network", "id": 1000, "change": map[string]any{"rate": rate}})
		w.run(100)
	}
	rate(0)
	watcher.ask(1, "put", "x", "1", 0)
	w.run(31000)
	if r := watcher.last.Requests[len(watcher.last.Requests)-1]; r.State != "pending" ||
		!strings.Contains(r.Detail, "still waiting") {
		t.Errorf("while the clock stands: %+v", r)
	}
	rate(1)
	if r := watcher.outcome(1); r.State != "done" {
		t.Errorf("once it runs: %+v", r)
	}
}

// While no server can take a request, one waiting request asks for all: servers that hold an election have
// better work than refusing thousands of requests a second.
func TestOneOfTheRequestsThatWaitAsksForAll(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	watcher := w.open(newBrowser(), nil)
	w.elect(tabs...)
	tabs[0].close()
	tabs[1].close()
	w.run(1000)
	const wishes = 100
	for id := range wishes {
		watcher.ask(id+1, "put", "k"+strconv.Itoa(id), "1", 0)
	}
	w.run(50)
	asked := func() (requests int) {
		for _, f := range watcher.flights {
			if f.Kind == "request" && uint64(f.From) == watcher.client {
				requests++
			}
		}
		return requests
	}
	first := asked()
	w.run(1500)
	if again := asked() - first; again < 5 || again > 11 {
		t.Errorf("%d requests that wait asked %d times in 1.5 s, expected one of them every 150 ms", wishes, again)
	}
	tabs[0] = w.open(tabs[0].browser, nil)
	for id := range wishes {
		if r := watcher.outcome(id + 1); r.State != "done" {
			t.Fatalf("request %d, once a leader is there: %+v", id+1, r)
		}
	}
}

func TestAWriteIsNeverRepeatedAfterAnUnknownOutcome(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	watcher := w.open(newBrowser(), nil)
	leading := w.elect(tabs...)
	// The leader is alone: it takes the write and cannot commit it.
	for _, tab := range tabs {
		if tab != leading {
			tab.close()
		}
	}
	w.run(100)
	watcher.ask(1, "put", "x", "1", 0)
	w.run(1000)
	leading.close()
	if r := watcher.outcome(1); r.State != "unknown" || !strings.Contains(r.Detail, "may or may not") {
		t.Errorf("expected an unknown outcome, got %+v", r)
	}
	puts := 0
	for _, f := range watcher.flights {
		if f.Kind == "request" && f.From >= 1001 {
			puts++
		}
	}
	if puts != 1 {
		t.Errorf("the write was sent %d times", puts)
	}
}

func TestAReloadedTabIsTheSameServerWithItsLog(t *testing.T) {
	for _, slow := range []int{0, 7} {
		w := newWorld(t)
		tabs := three(w)
		for _, tab := range tabs {
			tab.slowDisk = slow
		}
		leading := w.elect(tabs...)
		w.put(tabs[0], 1, "x", "1")
		w.run(200)
		number := leading.number()
		term := leading.last.Self.Term
		leading.close()
		reloaded := w.open(leading.browser, func(s *testStart) { s.Hint = &number })
		w.until("the same server", 3000, func() bool { return reloaded.number() == number })
		if reloaded.last.Self.Term < term || reloaded.last.Self.LastIndex < 2 {
			t.Errorf("S%d came back with %+v, it was in term %d", number, reloaded.last.Self, term)
		}
		tabs[number-1] = reloaded
		w.elect(tabs...)
		w.reads(reloaded, 2, "x", "1")
	}
}

func TestADuplicatedTabIsAnotherServer(t *testing.T) {
	w := newWorld(t)
	first := w.open(newBrowser(), nil)
	w.run(300)
	one := first.number()
	duplicate := w.open(first.browser, func(s *testStart) { s.Hint = &one })
	w.until("a seat for the duplicate", 3000, func() bool { return duplicate.number() != 0 })
	if one != 1 || duplicate.number() != 2 || first.number() != 1 {
		t.Errorf("the tab is S%d, its duplicate S%d", first.number(), duplicate.number())
	}
}

// Without locks both tabs offer the same seat; the relay decides.
func TestADuplicateWithoutLocksIsAnotherServer(t *testing.T) {
	w := newWorld(t)
	first := w.open(newBrowser(), nil)
	w.run(300)
	copied := newBrowser()
	copied.seats[1] = &storedSeat{ticket: first.browser.seats[1].ticket, content: first.browser.seats[1].content}
	one := 1
	duplicate := w.open(copied, func(s *testStart) { s.Hint = &one })
	w.until("a seat for the duplicate", 3000, func() bool { return duplicate.number() != 0 })
	if duplicate.number() != 2 || first.number() != 1 || !first.last.Self.Connected {
		t.Errorf("the tab is S%d, its duplicate S%d", first.number(), duplicate.number())
	}
}

// Story 24 of raft/scenario: a server whose disk is gone could vote twice in a term, so it must not come
// back as the same server.
func TestATabWhoseDiskIsGoneIsAnotherServer(t *testing.T) {
	w := newWorld(t)
	first, second := w.open(newBrowser(), nil), w.open(newBrowser(), nil)
	w.run(300)
	first.close()
	one := 1
	again := w.open(newBrowser(), func(s *testStart) { s.Hint = &one })
	w.until("another seat", 3000, func() bool { return again.number() != 0 })
	if again.number() != 3 {
		t.Errorf("a tab without S1's disk became S%d", again.number())
	}
	if s := second.last.Servers[0]; s.Seat != "gone" {
		t.Errorf("S1's seat is %q", s.Seat)
	}
}

func TestADiskInMemoryKeepsNoTicket(t *testing.T) {
	w := newWorld(t)
	b := newBrowser()
	b.kind = "memory"
	tab := w.open(b, nil)
	w.run(300)
	if tab.last.Self.Disk != "memory" {
		t.Errorf("the disk is said to be %q", tab.last.Self.Disk)
	}
	tab.close()
	if again := w.open(b, nil); again != nil {
		w.until("another seat", 3000, func() bool { return again.number() != 0 })
		if again.number() != 2 {
			t.Errorf("a server without a past came back as S%d", again.number())
		}
	}
}

func TestTheRelayIsKilledAndStartedAgain(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	w.put(tabs[0], 1, "x", "1")
	w.killRelay()
	w.run(50)
	for _, tab := range tabs {
		if c := tab.last.Connection; c.State != "lost" || c.Attempt < 1 || c.Why == "" || c.RetryAt < w.now {
			t.Errorf("S%d: %+v", tab.number(), c)
		}
		if tab.last.Self.Connected {
			t.Errorf("S%d says that it is connected", tab.number())
		}
	}
	term := tabs[0].last.Self.Term
	w.run(8000)
	if now := tabs[0].last.Self.Term; now != term {
		t.Errorf("without a relay the clock went on: term %d became %d", term, now)
	}
	w.startRelay()
	w.until("all tabs back", 6000, func() bool {
		for i, tab := range tabs {
			if tab.last.Connection.State != "open" || tab.number() != i+1 || !tab.last.Self.Connected {
				return false
			}
		}
		return true
	})
	w.elect(tabs...)
	w.reads(tabs[1], 2, "x", "1")
	w.put(tabs[2], 3, "y", "2")
}

// A hub without a record takes the leases that it is shown: the servers have not lost their disks.
func TestARelayThatLostItsRecordTakesTheServersBack(t *testing.T) {
	w := newWorld(t)
	five := 5
	var tabs []*testTab
	for range 5 {
		tabs = append(tabs, w.open(newBrowser(), func(s *testStart) { s.Size = &five }))
	}
	w.elect(tabs...)
	w.put(tabs[0], 1, "x", "1")
	w.killRelay()
	w.record = nil
	w.startRelay()
	w.until("all tabs back", 8000, func() bool {
		for i, tab := range tabs {
			if tab.last.Connection.State != "open" || tab.number() != i+1 {
				return false
			}
		}
		return true
	})
	w.elect(tabs...)
	if size := tabs[0].last.Room.Size; size != 5 {
		t.Errorf("the room came back with %d seats", size)
	}
	w.reads(tabs[4], 2, "x", "1")
}

// Stored seats stay: another relay's room of this name may need them, or the same one with its record found.
func TestASeatThatWasGivenAwayIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	first := w.open(newBrowser(), nil)
	w.run(300)
	first.close()
	// The same room at another relay: S1 is another server there.
	w.lives, w.record = 0, nil
	w.startRelay()
	other := w.open(newBrowser(), nil)
	w.run(300)
	back := w.open(first.browser, nil)
	w.until("another seat", 3000, func() bool { return back.number() != 0 })
	if other.number() != 1 || back.number() != 2 {
		t.Errorf("the others are S%d and S%d", other.number(), back.number())
	}
	if !strings.Contains(back.last.Notice, "left alone") {
		t.Errorf("the page was told %q", back.last.Notice)
	}
	if _, kept := first.browser.seats[1]; !kept {
		t.Error("what S1 stored is gone")
	}
}

func TestADiskOfARoomOfAnotherSizeIsRefusedInWords(t *testing.T) {
	w := newWorld(t)
	first := w.open(newBrowser(), nil)
	w.run(300)
	first.close()
	w.record.Size, w.record.Seats = 2, w.record.Seats[:2]
	w.record.Links = nil
	w.startRelay()
	back := w.open(first.browser, nil)
	w.until("an explanation", 3000, func() bool { return back.last.Watching != nil })
	if !strings.Contains(*back.last.Watching, "server 1 of [1 2 3]") {
		t.Errorf("the page was told %q", *back.last.Watching)
	}
	w.until("a connection as a watcher", 3000,
		func() bool { return back.last.Room != nil && back.last.Room.Watchers == 1 })
}

func TestADiskThatFailsStopsItsServer(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	leading := w.elect(tabs...)
	leading.browser.full = true
	leading.ask(1, "put", "x", "1", leading.number())
	w.until("the end of the server", 3000, func() bool { return leading.last.Watching != nil })
	if why := *leading.last.Watching; !strings.Contains(why, "the disk is full") {
		t.Errorf("the page was told %q", why)
	}
	var others []*testTab
	for _, tab := range tabs {
		if tab != leading {
			others = append(others, tab)
		}
	}
	w.elect(others...)
	w.put(others[0], 2, "y", "2")
}

func TestColonAndJSONFormOneCluster(t *testing.T) {
	w := newWorld(t)
	colon := w.open(newBrowser(), nil)
	json := w.open(newBrowser(), func(s *testStart) { s.Encoding = "json" })
	third := w.open(newBrowser(), nil)
	w.elect(colon, json, third)
	third.close()
	w.put(colon, 1, "x", "1")
	w.reads(json, 2, "x", "1")
	if colon.last.Servers[0].Report.Encoding != "colon" || colon.last.Servers[1].Report.Encoding != "json" {
		t.Error("the reports do not say who speaks what")
	}
	for _, f := range colon.flights {
		if f.Kind == "unknown" {
			t.Errorf("not understood: %+v", f)
		}
	}
}

// Tabs that speak Protobuf speak it with each other and with servers of other encodings, and their messages
// are shown field by field.
func TestProtobufAndColonFormOneCluster(t *testing.T) {
	w := newWorld(t)
	speaking := func(s *testStart) { s.Encoding = "protobuf" }
	first, second, colon := w.open(newBrowser(), speaking), w.open(newBrowser(), speaking), w.open(newBrowser(), nil)
	w.elect(first, second, colon)
	w.put(first, 1, "x", "1")
	w.reads(colon, 3, "x", "1")
	binary := 0
	for _, f := range colon.flights {
		if f.Kind == "unknown" {
			t.Errorf("not understood: %+v", f)
		}
		if strings.HasPrefix(f.Text, "08 0"+report.Decimal(f.From)+"   ") && strings.Contains(f.Text, "term: 1") {
			binary++
		}
	}
	if binary == 0 || first.last.Servers[0].Report.Encoding != "protobuf" || len(first.last.Notice) > 0 {
		t.Errorf("%d frames are Protobuf; S1 says it speaks %s; %s", binary, first.last.Servers[0].Report.Encoding,
			first.last.Notice)
	}
}

func TestAnEncodingThatThereIsNotIsTold(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"morse", "variant"} {
		tab := w.open(newBrowser(), func(s *testStart) { s.Encoding = name })
		w.run(20)
		if want := "The address asks for wire=" + name +
			"; there are colon, json, protobuf. This server speaks colon."; !strings.Contains(tab.last.Notice, want) {
			t.Errorf("told %q", tab.last.Notice)
		}
	}
}

func TestFramesAreToldInWords(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	w.put(tabs[0], 1, "x", "1")
	w.run(300)
	seen := map[string]string{}
	for _, f := range tabs[0].flights {
		seen[string(f.Kind)+" "+f.Label] = f.Text
		if f.Due < f.Sent || f.Bytes == 0 || f.Text == "" {
			t.Errorf("a flight without a time or a text: %+v", f)
		}
	}
	for _, expected := range []string{
		"RequestVote vote?", "RequestVoteReply yes", "AppendEntries ", "AppendEntries no-op", "AppendEntries x = 1",
		"AppendEntriesReply stored to 2",
		"request x = 1", "answer done at 2",
	} {
		if seen[expected] == "" {
			t.Errorf("no frame is called %q among %v", expected, seen)
		}
	}
}

func TestALongFrameKeepsItsName(t *testing.T) {
	for _, f := range []contract.SeenFrame{
		{Frame: "1>2:AppendEntries:Request:7:1:4:6:4:call=9:entries=7,set x=aaa", Bytes: 5000},
		{Frame: `{"jsonrpc":"2.0","id":"1>2:9","from":1,"to":2,"method":"AppendEntries","params":{"term":7,` +
			`"leaderId":1,"entries":[{"te`, Bytes: 5000},
	} {
		if v := New(nil, 1).flight(&f); v.Kind != "AppendEntries" || v.Term != 7 || v.Label != "many entries" {
			t.Errorf("%s: %+v", f.Frame, v)
		}
	}
}

// A hidden page answers each batch at once, as nothing is drawn: its scripts see the cluster go on, but it is not woken
// more often than four times a second.
func TestAHiddenPageIsSentFourBatchesASecond(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	hidden := tabs[0]
	hidden.say(map[string]any{"type": "hidden", "hidden": true})
	w.run(300)
	flights := len(hidden.flights)
	for second := range 10 {
		before := len(hidden.batches)
		index := w.put(tabs[1], 1000+second, "k", strconv.Itoa(second)).Index
		w.run(1000)
		if got := len(hidden.batches) - before; got < 3 || got > 6 { // what put itself took is counted too
			t.Errorf("second %d: a hidden page was sent %d batches", second, got)
		}
		if status := hidden.last.Self; status.CommitIndex < index {
			t.Errorf("second %d: the hidden page knows commitIndex %d, %d is committed", second, status.CommitIndex,
				index)
		}
	}
	if extra := len(hidden.flights) - flights; extra > 0 {
		t.Errorf("a hidden page was sent %d frames to draw", extra)
	}
	hidden.say(map[string]any{"type": "hidden", "hidden": false})
	w.run(20)
	before := len(hidden.batches)
	w.run(1000)
	if got := len(hidden.batches) - before; got < 10 {
		t.Errorf("a page that is seen again was sent %d batches in a second", got)
	}
	if len(hidden.flights) == flights {
		t.Error("a page that is seen again was sent no frames to draw")
	}
}

func TestAHiddenPageIsKeptWithinBounds(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	hidden := tabs[0]
	hidden.hidden = true
	w.run(20)
	before := len(hidden.batches)
	for i := range 60 {
		tabs[1].ask(1000+i, "put", "k", strconv.Itoa(i), 0)
		w.run(500)
	}
	if extra := len(hidden.batches) - before; extra > 1 {
		t.Fatalf("a page that does not draw was sent %d batches", extra)
	}
	hidden.hidden = false
	hidden.say(map[string]string{"type": "drawn"})
	w.run(2)
	b := hidden.batches[len(hidden.batches)-1]
	for i := before; i < len(hidden.batches); i++ {
		if len(hidden.batches[i].Flights) > len(b.Flights) {
			b = hidden.batches[i]
		}
	}
	if len(b.Flights) != report.MostFlights || len(b.Story) > report.MostLines || len(b.Lost) > report.MostLosses {
		t.Errorf("after half a minute there are %d flights, %d lines, %d losses", len(b.Flights), len(b.Story),
			len(b.Lost))
	}
	if !strings.Contains(b.Notice, "left out while this page was not drawn") {
		t.Errorf("the notice is %q", b.Notice)
	}
}

func TestTheStoryTellsWhatPeopleDo(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	tabs[0].say(map[string]any{"type": "network", "id": 5,
		"change": map[string]any{"links": []any{map[string]any{"from": 1, "to": 2, "up": false}}}})
	w.run(100)
	tabs[0].say(map[string]any{"type": "network", "id": 6,
		"change": map[string]any{"links": []any{map[string]any{"from": 2, "to": 1, "up": false},
			map[string]any{"from": 1, "to": 2, "up": true}}}})
	tabs[0].say(map[string]any{"type": "network", "id": 7, "change": map[string]any{"rate": 0}})
	w.run(100)
	tabs[2].close()
	w.run(100)
	told, why := map[string]bool{}, map[string]string{}
	for _, line := range tabs[0].story {
		why["here "+line.Text] = line.Why
	}
	for _, line := range tabs[1].story {
		told[line.Text], why[line.Text] = true, line.Why
		if line.Kind == "fault" && line.Server == 0 && line.Weight != "key" {
			t.Errorf("a fault is a detail: %+v", line)
		}
	}
	for _, expected := range []string{
		"The room's clock starts.", "The link from S1 to S2 is cut, in this direction only.",
		"The clock is paused for the whole room.",
		"S3 is gone: its tab was closed, reloaded or lost its connection.",
	} {
		if !told[expected] {
			t.Errorf("the story does not say %q", expected)
		}
	}
	const paused = "The clock is paused for the whole room."
	if there, here := why[paused], why["here "+paused]; !strings.HasPrefix(there, "Somebody in S1's tab did this. ") ||
		!strings.HasPrefix(here, "You did this. ") {
		t.Errorf("who paused the clock is told as %q, and where it was done as %q", there, here)
	}
	for _, id := range []int{5, 6, 7} {
		found := false
		for _, a := range tabs[0].answers {
			found = found || a.ID == id && a.OK
		}
		if !found {
			t.Errorf("the change %d was not answered: %+v", id, tabs[0].answers)
		}
	}
}

func TestLinksAreToldTogether(t *testing.T) {
	both := func(pairs ...int) (ways []contract.Way) { // 12: both directions between S1 and S2
		for _, p := range pairs {
			ways = append(ways, contract.Way{p / 10, p % 10}, contract.Way{p % 10, p / 10})
		}
		return ways
	}
	for _, c := range []struct {
		name  string
		do    string
		ways  []contract.Way
		down  []contract.Way // from then on, beside those of a cut
		story []string
	}{
		{"one link", "cut", both(12), nil, []string{"The link between S1 and S2 is cut."}},
		{"one link, mended", "mend", both(12), nil, []string{"The link between S1 and S2 is mended."}},
		{"one direction", "cut", []contract.Way{{1, 2}}, nil,
			[]string{"The link from S1 to S2 is cut, in this direction only."}},
		{"the other direction too", "cut", []contract.Way{{2, 1}}, []contract.Way{{1, 2}},
			[]string{"The link from S2 to S1 is cut, too."}},
		{"one server", "cut", both(12, 13, 14, 15), nil, []string{"S1 is cut from S2, S3, S4 and S5."}},
		{"a server from two", "cut", both(13, 23), nil, []string{"S3 is cut from S1 and S2."}},
		{"two from three", "cut", both(13, 14, 15, 23, 24, 25), nil, []string{"S1 and S2 are cut from S3, S4 and S5."}},
		{"two from three, of which one link was cut before", "cut", both(14, 15, 23, 24, 25), both(13), []string{
			"The link between S1 and S4 is cut.", "The link between S1 and S5 is cut.",
			"The link between S2 and S3 is cut.",
			"The link between S2 and S4 is cut.", "The link between S2 and S5 is cut."}},
		{"two of which nothing is common", "cut", both(12, 34), nil, []string{
			"The link between S1 and S2 is cut.", "The link between S3 and S4 is cut."}},
		{"all mended", "mend", both(13, 14, 25), nil, []string{"The network is whole again."}},
		{"some mended", "mend", both(13, 14), both(25), []string{"S1 is joined with S3 and S4 again."}},
		{"one mended, another is cut", "mend", both(13), both(14), []string{"The link between S1 and S3 is mended."}},
		{"nothing", "cut", nil, both(13), nil},
	} {
		tab := New(nil, 1)
		d := contract.Deed{Do: c.do, Ways: c.ways, DownNow: c.down}
		if c.do == "cut" {
			d.DownNow = append(slices.Clone(c.down), c.ways...)
		}
		tab.tellDeed(&d)
		var story []string
		for _, line := range tab.batches.Next.Story {
			story = append(story, line.Text)
		}
		if !slices.Equal(story, c.story) {
			t.Errorf("%s:\n%q\nexpected\n%q", c.name, story, c.story)
		}
	}
}

func TestOnlyTheVoteThatDecidesIsNews(t *testing.T) {
	w := newWorld(t)
	leader := w.elect(three(w)...)
	w.run(300)
	weights := map[string]string{}
	for _, line := range leader.story {
		if line.Kind == "voteReceived" && line.Server == leader.number() {
			weights[string(line.Weight)] = line.Text
		}
	}
	if !strings.Contains(weights["key"], " 2 of the 2 votes") ||
		!strings.Contains(weights["detail"], " 1 of the 2 votes") {
		t.Errorf("by weight: %q", weights)
	}
}

func TestEveryTabTellsTheStoryOfAllServers(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	leading := w.elect(tabs...)
	w.run(300)
	for _, tab := range tabs {
		leads, ids := 0, map[uint64]bool{}
		for _, line := range tab.story {
			if line.Kind == "becameLeader" && line.Server == leading.number() {
				leads++
			}
			if ids[line.ID] || line.Text == "" {
				t.Errorf("a line twice or without words: %+v", line)
			}
			ids[line.ID] = true
		}
		if leads != 1 {
			t.Errorf("S%d's page tells %d times that S%d leads", tab.number(), leads, leading.number())
		}
	}
}

func TestTheClockCatchesUpHalfASecondOnly(t *testing.T) {
	c := clusterClock{rate: 1, runs: true, real: 1000}
	c.advance(1003.5)
	if n := c.ticks(1000); n != 3 {
		t.Errorf("3.5 ms are %d ticks", n)
	}
	c.advance(61000)
	if n := c.ticks(1000); n != 500 {
		t.Errorf("after a stall of a minute %d ticks are caught up", n)
	}
	c.rate = 0.1
	c.advance(61100)
	if n := c.ticks(1000); n != 10 {
		t.Errorf("100 ms at a tenth are %d ticks", n)
	}
	c.runs = false
	c.advance(62000)
	if n := c.ticks(1000); n != 0 {
		t.Errorf("a clock that stands gave %d ticks", n)
	}
}

// A Worker that the system did not let run finds its timers and its messages at the same time. The heartbeats that
// came meanwhile would have reset the election timer, which must not run out before they are heard.
func TestAServerThatWasStalledHearsWhatWaitedBeforeItsTimerEnds(t *testing.T) {
	for _, stall := range []int{200, 350, 450, 1000} {
		w := newWorld(t)
		tabs := three(w)
		leading := w.elect(tabs...)
		term := leading.last.Self.Term
		for _, stalled := range tabs {
			if stalled == leading {
				continue
			}
			stalled.frozen = true
			w.run(stall)
			stalled.frozen = false
			w.run(1000)
		}
		if now := leading.last.Self; now.Term != term || leading.role() != "leader" {
			t.Errorf("after stalls of %d ms the term is %d, it was %d", stall, now.Term, term)
		}
	}
}

// A leader's lease has run out whatever messages wait.
func TestALeaderThatWasStalledLivesThroughItAtOnce(t *testing.T) {
	w := newWorld(t)
	leading := w.elect(three(w)...)
	before := leading.last.Self.Term
	leading.frozen = true
	w.run(1000)
	leading.clock.advance(w.now)
	if n := leading.passed(); n < 499 {
		t.Errorf("a leader of term %d that was stalled for a second lives through %d ticks", before, n)
	}
}

func TestWhatThePageSaysWrongIsToldInWords(t *testing.T) {
	w := newWorld(t)
	tab := w.open(newBrowser(), nil)
	w.run(300)
	tab.later(func() { tab.FromPage(w.now, []byte(`{"type":`)) })
	tab.say(map[string]any{"type": "dance"})
	tab.ask(1, "steal", "x", "", 0)
	tab.ask(2, "put", "", "1", 0)
	w.run(50)
	if !strings.Contains(tab.last.Notice, "cannot be read") || !strings.Contains(tab.last.Notice, "dance") {
		t.Errorf("the page was told %q", tab.last.Notice)
	}
	for id := 1; id <= 2; id++ {
		if r := tab.outcome(id); r.State != "refused" || !strings.Contains(r.Detail, "expected") {
			t.Errorf("request %d: %+v", id, r)
		}
	}
}

func TestATabSaysThatTheRelayCannotStoreWhoHoldsTheSeats(t *testing.T) {
	w := newWorld(t)
	tab := three(w)[0]
	w.run(100)
	said := func(text string) func() bool {
		return func() bool {
			for _, b := range tab.batches {
				if strings.Contains(b.Notice, text) {
					return true
				}
			}
			return false
		}
	}
	w.hub.Unstored("the disk is full")
	w.until("the tab says why nobody is let in", 5000, said("(the disk is full). It tries again"))
	w.hub.Unstored("")
	w.until("the tab says that all is stored", 5000, said("has stored who holds which seat"))
}

// A change that the page asks for while entering the room waits for the room; if entry is refused the page
// is told why.
func TestAChangeWaitsForTheRoom(t *testing.T) {
	w := newWorld(t)
	change := func(tab *testTab, id int) {
		tab.say(map[string]any{"type": "network", "id": id, "change": map[string]any{"rate": 0.5}})
	}
	tab := w.open(newBrowser(), nil)
	change(tab, 5)
	w.until("the answer", 3000, func() bool { return len(tab.answers) == 1 })
	if a := tab.answers[0]; a.ID != 5 || !a.OK {
		t.Errorf("the change is answered %+v", a)
	}
	w.until("the change", 3000, func() bool { return tab.last.Room.Rate == 0.5 })

	alone, one := newBrowser(), 1
	alone.slow = 200
	tab = newWorld(t).open(alone, func(s *testStart) { s.Size = &one })
	tab.ask(7, "put", "x", "early", 0)
	if r := tab.outcome(7); r.State != "done" {
		t.Errorf("a request that reached its server before its disk was there is %s: %s", r.State, r.Detail)
	}

	w.killRelay()
	late := w.open(newBrowser(), nil)
	change(late, 6)
	w.until("the refusal", 3000, func() bool { return len(late.answers) == 1 })
	const why = "There is no connection to the room. The relay does not answer."
	if a := late.answers[0]; a.ID != 6 || a.OK || a.Error != why {
		t.Errorf("without a relay the change is answered %+v", a)
	}
}

// A refusal is told in the relay's own words, and the tab returns when it was told to, not sooner.
func TestARefusalIsToldAndItsTimeIsKept(t *testing.T) {
	w := newWorld(t)
	tab := w.open(newBrowser(), nil)
	w.until("it has a seat", 3000, func() bool { return tab.number() != 0 })
	tab.Closed(w.now, "the room is full: it takes 64 connections", 9000)
	c := tab.last.Connection
	said := c.State == "refused" && c.Why == "The room is full: it takes 64 connections."
	if !said || c.RetryAt < w.now+9000 || c.RetryAt > w.now+9000*1.4 {
		t.Errorf("at %v the page is told %s, %q, until %v", w.now, c.State, c.Why, c.RetryAt)
	}
	w.run(8900)
	if tab.link.state != down {
		t.Error("the tab came back sooner than it was told")
	}
	w.until("it comes back", 6000, func() bool { return tab.link.state == joined })
}

// A watcher that comes to a quiet room still sees the logs.
func TestALateWatcherSeesTheLogs(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	w.run(3000)
	late := w.open(newBrowser(), func(s *testStart) { s.Seat = "watch" })
	w.until("the watcher has each server's log", 1200, func() bool {
		for _, s := range late.last.Servers {
			if s.Report == nil || s.Report.LastIndex != 1 || len(s.Report.Log.Cells) != 1 {
				return false
			}
		}
		return len(late.last.Servers) == 3
	})
}

// A tab shows the key-value state of its own server; the states of others are neither sent nor believed.
func TestAStateStaysInItsTab(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	var reports []string
	w.guest = func(text string) {
		if strings.Contains(text, `"method":"report"`) {
			reports = append(reports, text)
		}
	}
	w.elect(tabs...).ask(1, "put", "x", "1", 0)
	w.hub.Connect(99)
	w.hub.Receive(99, []byte(`{"id":1,"method":"join","params":{"watch":true}}`), false)
	w.run(1500)
	for _, tab := range tabs {
		for _, s := range tab.last.Servers {
			switch state := s.Report.State; {
			case !s.Self && state != nil:
				t.Errorf("S%d's tab has a state of S%d: %+v", tab.number(), s.Server, state)
			case s.Self && (state == nil || state.Keys != 1 || state.Pairs[0] != contract.Pair{Key: "x", Value: "1"}):
				t.Errorf("S%d's own tab has %+v", s.Server, state)
			}
		}
	}
	for _, text := range reports {
		if strings.Contains(text, `"state":{`) {
			t.Fatalf("a report carries the state: %s", text)
		}
	}
	if len(reports) < 3 {
		t.Errorf("the guest heard %d reports", len(reports))
	}
	other := tabs[0].number()%3 + 1
	const state = `,"state":{"keys":1,"pairs":[{"key":"y","value":"2"}]}}`
	tabs[0].receiveReport([]byte(`{"server":` + strconv.Itoa(other) + state))
	if r := tabs[0].reports[other]; r.State != nil {
		t.Errorf("what another says of its state is believed: %+v", r.State)
	}
}
