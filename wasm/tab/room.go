package tab

import (
	"errors"
	"strconv"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/wire"
	"raftplayground/wasm/page"
)

// What the hub says (package hub, its doc.go). Times are in microseconds there and in milliseconds from here on.

// mostServers is how many seats a room can have; mostChanges how many changes of the network may wait for the hub's answer.
const (
	mostServers = 9
	mostChanges = 100

	tooManyChanges = "The room has not answered 100 changes yet. This one was not sent."
)

// envelope is one message of the socket that is not a colon frame.
type envelope struct {
	ID     jsoniter.RawMessage `json:"id"`
	Method string              `json:"method"`
	From   *uint64             `json:"from"`
	To     *uint64             `json:"to"`
	Params jsoniter.RawMessage `json:"params"`
	Result jsoniter.RawMessage `json:"result"`
	Error  *hubError           `json:"error"`
}

type hubError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type roomNotification struct {
	Room     string     `json:"room"`
	Size     int        `json:"size"`
	Unknown  bool       `json:"unknown"` // it has lost its record, or is new and nobody has said so
	Started  bool       `json:"started"`
	Rate     float64    `json:"rate"`
	Now      float64    `json:"now"`
	Watchers int        `json:"watchers"`
	Unstored string     `json:"unstored"` // why the relay cannot store who holds which seat; empty if it can
	Servers  []roomSeat `json:"servers"`
	Links    []hubLink  `json:"links"`
}

type roomSeat struct {
	Server    int      `json:"server"`
	Leased    bool     `json:"leased"`
	Connected bool     `json:"connected"`
	Name      string   `json:"name"`
	Hidden    bool     `json:"hidden"`
	Disk      string   `json:"disk"`
	Binary    bool     `json:"binary"`    // it takes binary messages
	RoundTrip *float64 `json:"roundTrip"` // µs
}

type hubLink struct {
	From    int     `json:"from"`
	To      int     `json:"to"`
	Up      bool    `json:"up"`
	Latency float64 `json:"latency"`
	Jitter  float64 `json:"jitter"`
}

// message is one of the socket.
type message struct {
	kind wire.Kind
	data []byte
}

// receive takes one message: a frame for this server or this client, or something of the hub.
func (t *Tab) receive(m message) {
	if encoding, _ := wire.Recognise(m.kind, m.data); encoding != wire.JSON {
		t.receiveFrame(m)
		return
	}
	var e envelope
	if err := page.Codec.Unmarshal(m.data, &e); err != nil {
		t.receiveFrame(m) // the server says what is wrong with it
		return
	}
	switch {
	case e.To != nil && *e.To >= wire.FirstClient:
		t.receiveAnswer(m)
	case e.From != nil || e.To != nil:
		t.receiveFrame(m)
	case e.Method == "room":
		var room roomNotification
		if t.understood("room", room.read(e.Params)) {
			t.takeRoom(&room)
			t.askForSeat()
			t.advise()
		}
	case e.Method == "seen":
		t.receiveSeen(e.Params)
	case e.Method == "report":
		t.receiveReport(e.Params)
	case e.Result != nil || e.Error != nil:
		t.receiveResult(&e)
	default:
		t.receiveFrame(m) // a frame without addresses, such as those of 2015
	}
}

// receiveResult takes the hub's answer to a call of this tab.
func (t *Tab) receiveResult(e *envelope) {
	call, err := strconv.Atoi(string(e.ID))
	if err != nil {
		if e.Error != nil {
			t.requestNotForwarded(e.ID, e.Error)
		}
		return
	}
	joins := t.link.state == joining && call == t.link.call
	if joins || t.link.asking != 0 && call == t.link.asking {
		if e.Error != nil {
			t.refusedSeat(e.Error.Code, e.Error.Message)
			return
		}
		var result joinResult
		if !t.understood("join", page.Codec.Unmarshal(e.Result, &result)) || !t.understood("join", result.check()) {
			return
		}
		if joins {
			t.joinedAs(&result)
		} else {
			t.take(&result)
		}
		return
	}
	if id, ours := t.changes[call]; ours {
		delete(t.changes, call)
		done := page.Answer{ID: id, OK: e.Error == nil}
		if e.Error != nil {
			done.Error = e.Error.Message
		}
		t.answer(done)
	}
}

func (r *roomNotification) read(params []byte) error {
	if err := page.Codec.Unmarshal(params, r); err != nil {
		return err
	}
	return r.check()
}

// check holds the room against what this tab relies on: a relay of another version must be told of, not trusted.
func (r *roomNotification) check() error {
	switch {
	case r.Size < 1 || r.Size > mostServers || len(r.Servers) > r.Size:
		return errors.New("size: expected 1 to " + strconv.Itoa(mostServers) + " and as many servers, got " + strconv.Itoa(r.Size) + " and " + page.Plural(len(r.Servers), "server"))
	case r.Rate < 0 || r.Rate > 1:
		return errors.New("rate: expected 0 to 1, got " + strconv.FormatFloat(r.Rate, 'g', -1, 64))
	}
	return nil
}

// takeRoom takes the room as it is now, and tells as story what people have done to it.
func (t *Tab) takeRoom(room *roomNotification) {
	t.clock.set(room.Now / 1000)
	t.clock.rate = room.Rate
	t.clock.runs = room.Started && t.link.state == joined
	before := t.room
	t.room = room
	if before != nil {
		t.tellFaults(before, room)
	}
	t.tellUnstored(before, room)
	t.tellWhoTakesBinary()
	t.outbox.room(roomView(room))
	t.outbox.serversChanged = true
	t.tellSelf()
}

// tellUnstored says that the relay cannot store the room's seats, and that it can again. Whoever waits for a seat knows from it why.
func (t *Tab) tellUnstored(before, room *roomNotification) {
	switch was := before != nil && before.Unstored != ""; {
	case room.Unstored != "" && !was:
		t.outbox.notice("The relay cannot store who holds which seat of this room (" + page.Clip(room.Unstored, 100) +
			"). It tries again; until then nobody new is let in, and the room should not be relied on.")
	case room.Unstored == "" && was:
		t.outbox.notice("The relay has stored who holds which seat of this room.")
	}
}

func roomView(room *roomNotification) *page.Room {
	view := &page.Room{Room: room.Room, Size: room.Size, Started: room.Started, Rate: room.Rate, Watchers: room.Watchers, Links: make([]page.Link, len(room.Links)), Majorities: page.Majorities(0)}
	for i, l := range room.Links {
		view.Links[i] = page.Link{From: l.From, To: l.To, Up: l.Up, Latency: l.Latency / 1000, Jitter: l.Jitter / 1000}
	}
	return view
}

// serverViews puts together what the room and the servers themselves say of each server.
func (t *Tab) serverViews() []page.ServerView {
	if t.room == nil {
		return nil
	}
	views := make([]page.ServerView, 0, len(t.room.Servers))
	for _, s := range t.room.Servers {
		view := page.ServerView{Server: s.Server, Seat: "empty", Self: s.Server == t.seat.number, Name: s.Name, Hidden: s.Hidden, Disk: diskKind(s.Disk), Report: t.reports[s.Server]}
		if s.Leased {
			view.Seat = "gone"
		}
		if s.Connected {
			view.Seat = "connected"
		}
		if view.Self && t.seat.server != nil {
			view.Report = &t.seat.report
		}
		if s.RoundTrip != nil {
			ms := *s.RoundTrip / 1000
			view.RoundTrip = &ms
		}
		views = append(views, view)
	}
	return views
}

// changeNetwork passes a change of the page on to the hub, whose answer is the page's. On the way into the room it
// waits; how that ends is known within seconds.
func (t *Tab) changeNetwork(m *wish) {
	switch {
	case m.Change == nil:
		t.answer(page.Answer{ID: m.ID, Error: "change: expected what is to change, got nothing"})
	case t.link.state == down || t.link.state == joined:
		t.changeRoom(m.ID, "network", inMicroseconds(m.Change))
	case len(t.early) >= mostChanges:
		t.answer(page.Answer{ID: m.ID, Error: tooManyChanges})
	default:
		t.early = append(t.early, m)
	}
}

// changeRoom asks the hub for something that the page with this id of its message wants.
func (t *Tab) changeRoom(id int, method string, params any) {
	switch {
	case t.link.state != joined:
		t.answer(page.Answer{ID: id, Error: "There is no connection to the room. " + t.link.why})
	case len(t.changes) >= mostChanges:
		t.answer(page.Answer{ID: id, Error: tooManyChanges})
	default:
		t.changes[t.call(method, params)] = id
	}
}

// loseChanges answers for the room, which will not.
func (t *Tab) loseChanges() {
	for call, id := range t.changes {
		delete(t.changes, call)
		t.answer(page.Answer{ID: id, Error: "The connection was lost before the room answered."})
	}
	for _, m := range t.early {
		t.answer(page.Answer{ID: m.ID, Error: "There is no connection to the room. " + t.link.why})
	}
	t.early = nil
}

// hubCall is a call to the hub; without an ID it asks for no answer.
type hubCall struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id,omitempty"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// call calls a method of the hub and returns the number of the call, which is in its answer. Only join may be called before this tab is in the room.
func (t *Tab) call(method string, params any) int {
	t.lastCall++
	t.say(hubCall{"2.0", t.lastCall, method, params})
	return t.lastCall
}

// notify tells the hub something that needs no answer, if this tab is in the room.
func (t *Tab) notify(method string, params any) {
	if t.link.state == joined {
		t.say(hubCall{Version: "2.0", Method: method, Params: params})
	}
}

func (t *Tab) say(call hubCall) {
	text, err := page.Codec.Marshal(call)
	if t.understood(call.Method, err) {
		t.host.Send(wire.Text, text)
	}
}

// understood tells the page of something that this tab and the relay do not agree about.
func (t *Tab) understood(what string, err error) bool {
	if err != nil {
		t.outbox.notice("The relay and this page do not understand each other (" + what + ": " + page.Clip(err.Error(), 160) + "). Reload the page.")
	}
	return err == nil
}

// inMicroseconds makes of a change what the hub takes.
func inMicroseconds(c *page.NetworkChange) *page.NetworkChange {
	micros := func(ms *float64) *float64 {
		if ms == nil {
			return nil
		}
		us := float64(int64(*ms * 1000))
		return &us
	}
	change := *c
	change.Latency, change.Jitter = micros(c.Latency), micros(c.Jitter)
	change.Links = make([]page.LinkChange, len(c.Links))
	for i, l := range c.Links {
		l.Latency, l.Jitter = micros(l.Latency), micros(l.Jitter)
		change.Links[i] = l
	}
	return &change
}

// diskKind keeps what others say of their disk to the kinds that the page knows.
func diskKind(kind string) string {
	switch kind {
	case "opfs", "indexeddb", "memory":
		return kind
	}
	return "none"
}
