package tab

import (
	"bytes"
	"maps"
	"slices"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report/reporttest"
)

// world is everything around some tabs: a relay with one room, browsers with their storage, and time. A test
// drives it, 1 ms a step.
type world struct {
	t       tester
	now     float64  // ms of real time
	hub     *hub.Hub // nil: the relay is down
	record  *hub.Record
	out     hub.Output
	tabs    []*testTab
	conns   map[uint64]*testTab
	next    uint64 // connection
	secrets uint64
	lives   uint64            // of the room
	timers  []timer           // in the order of their times
	guest   func(text string) // hears what the relay says to a member that is not a tab; may be nil
}

type timer struct {
	at float64
	do func()
}

// browser is what the tabs of one browser share.
type browser struct {
	seats    map[int]*storedSeat
	kind     string
	full     bool    // takes no writes any more
	hung     bool    // answers neither writes nor requests for a disk
	lockless bool    // a page without a secure context: it offers even a seat that another tab holds
	slow     float64 // ms until a disk is made
}

type storedSeat struct {
	ticket  string
	claim   uint64
	content []byte
	holder  *testTab
}

// testTab is a tab, its Worker and its page.
type testTab struct {
	*Tab
	world   *world
	browser *browser
	conn    uint64 // 0: no socket
	todo    []func()
	tickAt  float64
	gone    bool

	slowDisk int // ms that a write takes; 0: durable at once
	offered  []int
	held     int
	claim    uint64 // under which the disk was taken
	frozen   bool   // nothing runs in it; what comes waits

	hidden  bool // the page does not draw
	batches []contract.Batch
	texts   [][]byte // of the batches, as JSON
	answers []contract.Answer
	last    contract.Batch // the latest of each member that is state
	story   []contract.StoryLine
	flights []contract.Flight
}

// tester is a test, of the testing package or of rapid.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func newWorld(t tester) *world {
	w := &world{t: t, now: 1.8e12, conns: map[uint64]*testTab{}}
	w.startRelay()
	return w
}

func newBrowser() *browser { return &browser{seats: map[int]*storedSeat{}, kind: "opfs"} }

func (w *world) startRelay() {
	w.lives++
	h, err := hub.New(hub.Options{
		Code: "test-room", Rate: 1, Seed: 7, Random: w.random,
		Unknown: w.lives > 1 && w.record == nil, FirstClient: 1001 * w.lives,
	}, w.record)
	if err != nil {
		w.t.Fatal(err)
	}
	w.hub = h
	w.hub.Advance(int64(w.now * 1000))
}

func (w *world) random(into []byte) {
	for i := range into {
		w.secrets = w.secrets*6364136223846793005 + 1442695040888963407
		into[i] = byte(w.secrets >> 56)
	}
}

// killRelay closes every socket, without a word.
func (w *world) killRelay() {
	w.record = w.hub.Record()
	w.hub = nil
	for _, conn := range slices.Sorted(maps.Keys(w.conns)) {
		w.hangUp(conn, "")
	}
}

func (w *world) hangUp(conn uint64, why string) {
	tab := w.conns[conn]
	if tab == nil {
		return
	}
	delete(w.conns, conn)
	tab.conn = 0
	tab.later(func() { tab.Closed(w.now, why, 0) })
}

// open opens a tab and says start; change may change what the page says.
func (w *world) open(b *browser, change func(*testStart)) *testTab {
	tab := &testTab{world: w, browser: b}
	tab.Tab = New(tab, uint64(len(w.tabs))*77+1)
	w.tabs = append(w.tabs, tab)
	start := testStart{Type: "start", Room: "test-room", Relay: "ws://relay", Link: "http://relay/r/test-room",
		Seat: "any", Encoding: "colon"}
	if change != nil {
		change(&start)
	}
	tab.say(start)
	return tab
}

// asTheContractSays checks the hub's messages against the room's side of the contract: they have no other
// members. Frames, and reports, which may be of servers of any kind, are not the hub's.
func (w *world) asTheContractSays(text []byte) {
	var e contract.Envelope
	if err := contract.Codec.Unmarshal(text, &e); err != nil || e.From != nil || e.To != nil {
		return
	}
	said, into := []byte(e.Params), any(nil)
	switch {
	case e.Method == "room":
		into = new(contract.RoomNotice)
	case e.Method == "seen":
		into = new(contract.SeenNotice)
	case len(e.Result) > 0 && e.Result[0] == '{':
		said, into = e.Result, new(contract.Joined)
	default:
		return
	}
	if err := strict.Unmarshal(said, into); err != nil {
		w.t.Fatalf("the hub says what the contract does not: %v\n%s", err, text)
	}
}

var strict = jsoniter.Config{CaseSensitive: true, DisallowUnknownFields: true}.Froze()

// testStart is the page's start message.
type testStart struct {
	Type     string `json:"type"`
	Room     string `json:"room"`
	Place    string `json:"place"`
	Relay    string `json:"relay"`
	Link     string `json:"link"`
	Seat     string `json:"seat"`
	Size     *int   `json:"size"`
	Encoding string `json:"encoding"`
	Hint     *int   `json:"hint"`
	Hidden   bool   `json:"hidden"`
}

// close ends the tab, as when a person closes it: nothing more runs in it.
func (tab *testTab) close() {
	tab.gone = true
	tab.todo = nil
	tab.Disconnect()
	tab.Leave()
}

func (tab *testTab) say(message any) {
	text, err := contract.Codec.Marshal(message)
	if err != nil {
		tab.world.t.Fatal(err)
	}
	tab.later(func() { tab.FromPage(tab.world.now, text) })
}

func (tab *testTab) later(do func()) {
	if !tab.gone {
		tab.todo = append(tab.todo, do)
	}
}

// run lets ms milliseconds pass.
func (w *world) run(ms int) {
	for range ms {
		w.now++
		if w.hub != nil {
			w.hub.Advance(int64(w.now * 1000))
		}
		for len(w.timers) > 0 && w.timers[0].at <= w.now {
			do := w.timers[0].do
			w.timers = w.timers[1:]
			do()
		}
		for _, tab := range w.tabs {
			if !tab.gone && !tab.frozen && w.now >= tab.tickAt {
				tab.tickAt = w.now + tab.Tick(w.now)
			}
		}
		w.settle()
	}
}

// until lets time pass until the condition holds.
func (w *world) until(what string, most int, holds func() bool) {
	w.t.Helper()
	for range most {
		if holds() {
			return
		}
		w.run(1)
	}
	if !holds() {
		w.t.Fatalf("after %d ms: not %s", most, what)
	}
}

// settle carries messages until there are none left.
func (w *world) settle() {
	for busy := true; busy; {
		busy = false
		for _, tab := range w.tabs {
			if tab.frozen {
				continue
			}
			todo := tab.todo
			tab.todo = nil
			for _, do := range todo {
				busy = true
				if !tab.gone {
					do()
				}
			}
		}
		if w.hub == nil || !w.hub.Output(&w.out) {
			continue
		}
		busy = true
		if w.out.Record != nil {
			w.record = w.out.Record
		}
		for _, d := range w.out.Deliver {
			w.asTheContractSays(d.Data)
			switch tab := w.conns[d.Conn]; {
			case tab == nil && w.guest != nil:
				w.guest(string(d.Data))
			case tab == nil || tab.gone:
			case bytes.Contains(d.Data, []byte(`"id":null,"error":{"code":-32602`)):
				w.t.Fatalf("S%d says what the room refuses, and nobody hears that: %s", tab.number(), d.Data)
			case tab.frozen:
				tab.later(func() { tab.Message(w.now, wire.KindOf(d.Binary), d.Data) })
			default:
				tab.Message(w.now, wire.KindOf(d.Binary), d.Data)
			}
		}
		for _, c := range w.out.Close {
			w.hangUp(c.Conn, c.Reason)
		}
	}
}

// ---- the Host ----

func (tab *testTab) Connect(url string) {
	w := tab.world
	tab.Disconnect()
	if url != "ws://relay/rooms/test-room" {
		w.t.Fatalf("the tab connects to %q", url)
	}
	if w.hub == nil {
		tab.later(func() { tab.Closed(w.now, "", 0) })
		return
	}
	w.next++
	conn := w.next
	tab.conn = conn
	w.conns[conn] = tab
	w.hub.Connect(conn)
	tab.later(func() {
		if tab.conn == conn {
			tab.Opened(w.now)
		}
	})
}

func (tab *testTab) Disconnect() {
	w := tab.world
	if tab.conn == 0 {
		return
	}
	if w.hub != nil {
		w.hub.Disconnect(tab.conn)
	}
	delete(w.conns, tab.conn)
	tab.conn = 0
}

func (tab *testTab) Send(kind wire.Kind, data []byte) {
	conn, message := tab.conn, append([]byte(nil), data...)
	tab.later(func() {
		if tab.world.hub != nil && conn != 0 && tab.conn == conn {
			tab.world.hub.Receive(conn, message, kind == wire.Binary)
		}
	})
}

func (tab *testTab) Post(json []byte) {
	var message struct {
		Type  string         `json:"type"`
		Batch contract.Batch `json:"batch"`
		contract.Answer
	}
	if err := contract.Codec.Unmarshal(json, &message); err != nil {
		tab.world.t.Fatalf("a message for the page is not understood: %v\n%s", err, json)
	}
	switch message.Type {
	case "answer":
		tab.answers = append(tab.answers, message.Answer)
	case "batch":
		tab.texts = append(tab.texts, append([]byte(nil), json...))
		tab.take(message.Batch)
		if !tab.hidden {
			tab.later(func() { tab.FromPage(tab.world.now, []byte(`{"type":"drawn"}`)) })
		}
	default:
		tab.world.t.Fatalf("the page was sent a message of type %q", message.Type)
	}
}

func (tab *testTab) take(b contract.Batch) {
	tab.batches = append(tab.batches, b)
	reporttest.Keep(&tab.last, &b)
	if b.Notice != "" {
		tab.last.Notice += b.Notice + "\n"
	}
	tab.last.Requests = append(tab.last.Requests, b.Requests...)
	tab.story = append(tab.story, b.Story...)
	tab.flights = append(tab.flights, b.Flights...)
}

func (tab *testTab) Seek(_ string, hint int) {
	if hint != 0 {
		tab.offered = nil
	}
	var candidates []int
	for server, seat := range tab.browser.seats {
		if !slices.Contains(tab.offered, server) && (seat.holder == nil || tab.browser.lockless) {
			candidates = append(candidates, server)
		}
	}
	slices.Sort(candidates)
	if slices.Contains(candidates, hint) {
		candidates = []int{hint}
	}
	if len(candidates) == 0 {
		tab.offered = nil
		tab.later(func() { tab.NoSeat(tab.world.now, tab.browser.kind) })
		return
	}
	tab.hold(candidates[0])
}

func (tab *testTab) Create(server int, ticket string, claim uint64) {
	tab.browser.seats[server] = &storedSeat{ticket: ticket, claim: claim}
	tab.claim = claim
	tab.hold(server)
	tab.soon(func() { tab.Taken(tab.world.now, nil, 0, "") })
}

func (tab *testTab) hold(server int) {
	seat := tab.browser.seats[server]
	tab.offered = append(tab.offered, server)
	tab.held, seat.holder = server, tab
	tab.soon(func() { tab.Seat(tab.world.now, server, seat.ticket, tab.browser.kind, seat.claim) })
}

// soon is later, delayed by the browser's time for a disk.
func (tab *testTab) soon(do func()) {
	if w := tab.world; tab.browser.slow > 0 {
		w.timers = append(w.timers, timer{w.now + tab.browser.slow, func() { tab.later(do) }})
		return
	}
	tab.later(do)
}

func (tab *testTab) Take(claim uint64) {
	if tab.browser.hung {
		return
	}
	seat := tab.browser.seats[tab.held]
	if seat.claim >= claim {
		tab.later(func() { tab.Taken(tab.world.now, nil, 0, "it was taken by another claim") })
		return
	}
	seat.claim, tab.claim, seat.holder = claim, claim, tab
	tab.later(func() { tab.Taken(tab.world.now, append([]byte(nil), seat.content...), len(seat.content), "") })
}

func (tab *testTab) Confirm() {
	tab.later(func() {
		if tab.browser.seats[tab.held].claim == tab.claim {
			tab.Confirmed(tab.world.now)
		} else {
			tab.Superseded(tab.world.now)
		}
	})
}

func (tab *testTab) Leave() {
	seat := tab.browser.seats[tab.held]
	if seat == nil {
		return
	}
	if seat.holder == tab {
		seat.holder = nil
	}
	if tab.browser.kind == "memory" {
		delete(tab.browser.seats, tab.held)
	}
	tab.held = 0
}

func (tab *testTab) Append(data []byte) bool {
	data = append([]byte(nil), data...)
	return tab.write(func(seat *storedSeat) { seat.content = append(seat.content, data...) })
}

func (tab *testTab) Replace(data []byte) bool {
	data = append([]byte(nil), data...)
	return tab.write(func(seat *storedSeat) { seat.content = data })
}

func (tab *testTab) Cut(size int) bool {
	return tab.write(func(seat *storedSeat) { seat.content = seat.content[:size] })
}

// write changes the disk now, or later if it is slow; a tab closed before then has lost the write.
func (tab *testTab) write(change func(*storedSeat)) bool {
	seat := tab.browser.seats[tab.held]
	switch {
	case tab.browser.hung:
	case seat.claim != tab.claim:
		tab.later(func() { tab.Superseded(tab.world.now) })
	case tab.browser.full:
		tab.later(func() { tab.Saved(tab.world.now, "the disk is full") })
	case tab.slowDisk == 0:
		change(seat)
		return true
	default:
		tab.world.timers = append(tab.world.timers, timer{tab.world.now + float64(tab.slowDisk), func() {
			if !tab.gone {
				change(seat)
				tab.Saved(tab.world.now, "")
			}
		}})
	}
	return false
}
