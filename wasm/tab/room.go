package tab

import (
	"errors"
	"strconv"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// mostServers is how many seats a room can have; mostChanges how many changes of the network may wait for
// the hub's answer.
const (
	mostServers = 9
	mostChanges = 100

	tooManyChanges = "The room has not answered 100 changes yet. This one was not sent."
)

// message is a message of the socket.
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
	var e contract.Envelope
	if err := contract.Codec.Unmarshal(m.data, &e); err != nil {
		t.receiveFrame(m) // the server reports what is wrong with it
		return
	}
	switch {
	case e.To != nil && *e.To >= wire.FirstClient:
		t.receiveAnswer(m)
	case e.From != nil || e.To != nil:
		t.receiveFrame(m)
	case e.Method == "room":
		room := new(contract.RoomNotice)
		if t.understood("room", readRoom(e.Params, room)) {
			t.takeRoom(room)
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
func (t *Tab) receiveResult(e *contract.Envelope) {
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
		var result contract.Joined
		if !t.understood(
			"join", contract.Codec.Unmarshal(e.Result, &result),
		) || !t.understood("join", checkRoom(&result.RoomNotice)) {
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
		done := contract.Answer{ID: id, OK: e.Error == nil}
		if e.Error != nil {
			done.Error = e.Error.Message
		}
		t.batches.Answer(done)
	}
}

func readRoom(params []byte, into *contract.RoomNotice) error {
	if err := contract.Codec.Unmarshal(params, into); err != nil {
		return err
	}
	return checkRoom(into)
}

// checkRoom checks the room for what this tab relies on: another version's relay must be reported.
func checkRoom(r *contract.RoomNotice) error {
	switch {
	case r.Size < 1 || r.Size > mostServers || len(r.Servers) > r.Size:
		return errors.New("size: expected 1 to " + strconv.Itoa(mostServers) + " and as many servers, got " +
			strconv.Itoa(r.Size) + " and " + report.Plural(len(r.Servers), "server"))
	case r.Rate < 0 || r.Rate > 1:
		return errors.New("rate: expected 0 to 1, got " + strconv.FormatFloat(r.Rate, 'g', -1, 64))
	}
	return nil
}

// takeRoom takes the room as it is now, and tells in the story what was done to it.
func (t *Tab) takeRoom(room *contract.RoomNotice) {
	t.clock.set(room.Now)
	t.clock.rate = room.Rate
	t.clock.runs = room.Started && t.link.state == joined
	before := t.room
	t.room = room
	t.tellDeeds(room)
	t.loseServers(room.Deeds)
	t.tellUnstored(before, room)
	t.tellWhoTakesBinary()
	t.batches.room(&room.RoomState)
	t.batches.serversChanged = true
	t.tellSelf()
}

// tellUnstored says that the relay cannot store the room's seats, or that it can again. It explains to those
// who wait for a seat why they wait.
func (t *Tab) tellUnstored(before, room *contract.RoomNotice) {
	switch was := before != nil && before.Unstored != ""; {
	case room.Unstored != "" && !was:
		t.batches.Notice("The relay cannot store who holds which seat of this room (" +
			report.Clip(room.Unstored, 100) + "). It tries again; until then nobody new is let in, " +
			"and the room should not be relied on.")
	case room.Unstored == "" && was:
		t.batches.Notice("The relay has stored who holds which seat of this room.")
	}
}

// serverViews puts together what the room and the servers themselves say of each server.
func (t *Tab) serverViews() []contract.ServerView {
	if t.room == nil {
		return nil
	}
	views := make([]contract.ServerView, 0, len(t.room.Servers))
	for _, s := range t.room.Servers {
		view := contract.ServerView{
			Server: s.Server, Seat: contract.SeatEmpty, Self: s.Server == t.seat.number, Name: s.Name,
			Hidden: s.Hidden, Disk: diskKind(s.Disk), RoundTrip: s.RoundTrip, Report: t.reports[s.Server],
		}
		if s.Leased {
			view.Seat = contract.SeatGone
		}
		if s.Connected {
			view.Seat = contract.SeatConnected
		}
		if view.Self && t.seat.server != nil {
			view.Report = t.seat.report
		}
		view.Tally = report.Tally(view.Report)
		views = append(views, view)
	}
	return views
}

// changeNetwork passes a change of the page on to the hub, whose answer goes to the page. While the tab is
// entering the room the change waits; that ends within seconds.
func (t *Tab) changeNetwork(m *contract.Network) {
	switch {
	case m.Change == nil:
		t.batches.Refuse(m.ID, "change: expected what is to change, got nothing")
	case t.link.state == down || t.link.state == joined:
		t.changeRoom(m.ID, "network", m.Change)
	case len(t.early) >= mostChanges:
		t.batches.Refuse(m.ID, tooManyChanges)
	default:
		t.early = append(t.early, m)
	}
}

// act passes a deed on to the hub. The room refuses deeds that are not the network's, and says why.
func (t *Tab) act(m *contract.Act) {
	if len(m.Action) == 0 {
		t.batches.Refuse(m.ID, "action: expected what is to be done, got nothing")
		return
	}
	t.changeRoom(m.ID, "act", m.Action)
}

// changeRoom calls the hub for the page's message with this id.
func (t *Tab) changeRoom(id int, method string, params any) {
	switch {
	case t.link.state != joined:
		t.batches.Refuse(id, "There is no connection to the room. "+t.link.why)
	case len(t.changes) >= mostChanges:
		t.batches.Refuse(id, tooManyChanges)
	default:
		t.changes[t.call(method, params)] = id
	}
}

// loseChanges answers in place of the room, which will not.
func (t *Tab) loseChanges() {
	for call, id := range t.changes {
		delete(t.changes, call)
		t.batches.Refuse(id, "The connection was lost before the room answered.")
	}
	for _, m := range t.early {
		t.batches.Refuse(m.ID, "There is no connection to the room. "+t.link.why)
	}
	t.early = nil
}

// call calls a method of the hub and returns the number of the call, which is in its answer. Only join may be called
// before this tab is in the room.
func (t *Tab) call(method string, params any) int {
	t.lastCall++
	t.say(contract.Call{Version: "2.0", ID: t.lastCall, Method: method, Params: params})
	return t.lastCall
}

// notify tells the hub something that needs no answer, if this tab is in the room.
func (t *Tab) notify(method string, params any) {
	if t.link.state == joined {
		t.say(contract.Call{Version: "2.0", Method: method, Params: params})
	}
}

func (t *Tab) say(call contract.Call) {
	text, err := contract.Codec.Marshal(call)
	if t.understood(call.Method, err) {
		t.host.Send(wire.Text, text)
	}
}

// understood reports to the page a disagreement between this tab and the relay.
func (t *Tab) understood(what string, err error) bool {
	if err != nil {
		t.batches.Notice("The relay and this page do not understand each other (" + what + ": " + report.Clip(
			err.Error(), 160,
		) + "). Reload the page.")
	}
	return err == nil
}

// diskKind limits the kinds of disk that others report to those that the page knows.
func diskKind(kind string) contract.Disk {
	switch disk := contract.Disk(kind); disk {
	case contract.OPFS, contract.IndexedDB, contract.Memory:
		return disk
	}
	return contract.NoDisk
}
