package main

import (
	"log/slog"
	"math/bits"
	"runtime"
	"time"

	"github.com/gorilla/websocket"

	"raftplayground/relay/host"
	"raftplayground/relay/hub"
)

const (
	mostInbox    = 64       // inputs that wait for a room; then its readers wait
	largeMessage = 64 << 10 // bytes
)

// room is one hub and the goroutine that runs it, with its connections, the disk and the budgets as the host's
// platform.
type room struct {
	rooms *rooms
	code  string
	owner *visitor // the visitor that opened it, and pays for what it holds
	log   *slog.Logger
	inbox chan input
	done  chan error    // of the store that runs
	quit  chan struct{} // closed when the relay stops, or the room is put away
	hurry chan struct{} // another room needs the place of this one, which is empty

	// Guarded by rooms.mu.
	here    int       // connections: while there is one, the room is not put away
	left    time.Time // when the last one went
	evicted bool
	placed  bool  // it holds one of the places for rooms
	ended   error // why it is closed, a sentence for those who come too late

	// What follows belongs to the goroutine.
	hub      *hub.Hub
	host     *host.Room
	conns    map[*conn]bool
	strange  bool  // it came back without its record
	troubled bool  // its record cannot be stored, as far as the relay's figures know
	flying   int64 // bytes of the budget that the room holds
}

// input is what happened on a connection.
type input struct {
	kind   inputKind
	conn   *conn
	micros int64
	message
}

type inputKind uint8

const (
	connected inputKind = iota
	received
	overrun // a message was thrown away
	stalled // the peer takes nothing
	disconnected
	roundTrip
)

func newRoom(r *rooms, code string, owner *visitor) *room {
	return &room{
		rooms: r, code: code, owner: owner, log: r.log.With("room", code), placed: true, left: time.Now(),
		inbox: make(chan input, mostInbox), done: make(chan error, 1),
		quit: make(chan struct{}), hurry: make(chan struct{}, 1), conns: map[*conn]bool{},
	}
}

// put hands an input to the room's goroutine, and waits while the room cannot keep up. It returns false if
// the room is closed.
func (r *room) put(in input) bool {
	select {
	case r.inbox <- in:
		return true
	case <-r.quit:
		return false
	}
}

func (r *room) run() {
	defer r.rooms.running.Done()
	defer r.giveBack()
	if err := r.load(); err != nil {
		r.refuse(err)
		return
	}
	timer := time.NewTimer(0)
	for {
		select {
		case in := <-r.inbox:
			r.take(in)
			r.takeMore()
		case err := <-r.done:
			r.stored(err)
		case <-r.hurry:
			r.host.Hurry()
		case <-timer.C:
		case <-r.quit:
			r.finish()
			return
		}
		wake, away := r.host.Turn()
		r.note()
		if away && r.retire() {
			return
		}
		timer.Reset(time.Duration(max(0, min(wake-r.Now(), idleAfter.Microseconds()))) * time.Microsecond)
	}
}

// Now returns the host's clock, in µs.
func (r *room) Now() int64 { return r.rooms.micros() }

// Store begins to store the room's record, in a goroutine of its own.
func (r *room) Store(record *hub.Record) {
	r.rooms.forgetMade(r.code)
	go func() { r.done <- r.rooms.records.store(r.code, record) }()
}

// stored passes on the result of a store.
func (r *room) stored(err error) {
	if err == nil {
		if failed := r.host.Stored(""); failed > 0 {
			r.log.Info("record stored", "after", failed)
		}
		return
	}
	if failed := r.host.Stored(storeWords(err)); bits.OnesCount(uint(failed)) == 1 { // the 1st, 2nd, 4th, …
		r.log.Error("record not stored, trying again", "error", err, "attempts", failed)
	}
}

// takeMore takes the inputs that wait already, so that their output is written together.
func (r *room) takeMore() {
	for range mostInbox {
		select {
		case in := <-r.inbox:
			r.take(in)
		default:
			return
		}
	}
}

func (r *room) take(in input) {
	id := in.conn.id
	switch in.kind {
	case connected:
		r.conns[in.conn] = true
		r.host.Connect(id, in.conn.visitor.address, in.conn)
	case received:
		r.shareOut(len(in.data))
		r.receive(in)
		if r.host.Has(id) && !in.conn.joined.Load() && r.hub.Joined(id) {
			in.conn.joined.Store(true)
		}
	case overrun:
		r.host.Overrun(id)
	case stalled:
		if r.host.Has(id) {
			r.log.Info("connection closed", "conn", id, "reason", "took nothing for 15 seconds")
		}
		r.leave(in.conn)
	case disconnected:
		r.leave(in.conn)
	case roundTrip:
		r.host.RoundTrip(id, in.micros)
	}
}

func (r *room) leave(c *conn) {
	r.host.Disconnect(c.id)
	delete(r.conns, c)
}

// receive lets the hub read a message. A large one takes milliseconds: large messages never occupy all
// processors, and others get a turn after each.
func (r *room) receive(in input) {
	if len(in.data) < largeMessage {
		r.host.Receive(in.conn.id, in.data, in.binary)
	} else {
		r.rooms.budgets.large <- struct{}{}
		r.host.Receive(in.conn.id, in.data, in.binary)
		<-r.rooms.budgets.large
		runtime.Gosched()
	}
	in.conn.release(in.message)
}

// note brings the budgets and the relay's figures up to date with the room.
func (r *room) note() {
	if r.flying > 0 {
		r.shareOut(0)
	}
	if troubled := r.host.Troubled(); troubled != r.troubled {
		r.troubled = troubled
		r.rooms.records.unstored.Add(map[bool]int64{true: 1, false: -1}[troubled])
	}
	if !r.strange && r.hub.Strangers() > 0 {
		r.strange = true
		r.rooms.records.strangers.Add(1)
		r.log.Warn("room came back without its record: servers hold seats that this relay knows nothing of")
	}
}

// retire puts the room away, unless a connection is just coming in. The room can be found until its record
// is stored: a later store could undo what the next room of this code has stored by then.
func (r *room) retire() bool {
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	if r.here > 0 || len(r.inbox) > 0 || r.rooms.stopped {
		return false
	}
	delete(r.rooms.open, r.code)
	close(r.quit)
	r.log.Info("room put away")
	return true
}

// finish ends the room when the relay stops: it stores the last record, and tells every connection.
func (r *room) finish() {
	r.takeMore()
	record := r.host.Finish()
	if r.host.Storing() {
		r.stored(<-r.done)
	}
	var err error
	if record != nil {
		err = r.rooms.records.store(r.code, record)
	}
	if err != nil {
		r.log.Error("record not stored: seats that were not confirmed are lost", "error", err)
	}
	r.host.Finished(err == nil)
	for c := range r.conns {
		c.shut(websocket.CloseGoingAway, errStopping.Error())
	}
	for c := range r.conns {
		<-c.over
	}
	r.log.Info("room closed", "connections", len(r.conns))
}
