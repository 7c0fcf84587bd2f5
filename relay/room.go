package main

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"math"
	"runtime"
	"time"

	"github.com/gorilla/websocket"

	"raftplayground/relay/hub"
)

const (
	mostInbox    = 64        // inputs that wait for a room; then its readers wait
	flyingStep   = 256 << 10 // bytes by which a room's share of the frames under way grows and shrinks
	flyingFree   = 32 << 10  // … of each room, which the budget does not count
	largeMessage = 64 << 10  // bytes
)

// room is one hub and the goroutine that runs it.
type room struct {
	rooms *rooms
	code  string
	owner *visitor // who opened it: what it holds counts as theirs
	log   *slog.Logger
	inbox chan input
	quit  chan struct{} // closed when the relay stops, or the room is put away
	hurry chan struct{} // somebody needs the place of this room, which is empty

	// Guarded by rooms.mu.
	here    int       // connections: while there is one the room is not put away
	left    time.Time // when the last one went
	evicted bool
	placed  bool  // it holds one of the places for rooms
	ended   error // why it is closed, a sentence for who comes too late

	// What follows belongs to the goroutine.
	hub      *hub.Hub
	conns    map[uint64]*conn
	out      hub.Output
	measured time.Time // when the backlogs were last measured
	strange  bool      // it came back without its record
	flying   int64     // bytes of the budget that the room holds
	keeping
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
		inbox: make(chan input, mostInbox), quit: make(chan struct{}), hurry: make(chan struct{}, 1),
		conns:   map[uint64]*conn{},
		keeping: keeping{done: make(chan error, 1)},
	}
}

// put hands an input to the room's goroutine, and waits while the room cannot keep up. False means that the room
// is closed.
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
	r.log.Info("room opened", "restored", r.known)
	idle := time.Now()
	timer := time.NewTimer(idleAfter)
	for {
		select {
		case in := <-r.inbox:
			r.hub.Advance(r.rooms.micros())
			r.take(in)
			r.takeMore()
		case err := <-r.done:
			r.kept(err)
		case <-r.hurry:
			idle = time.Time{}
		case <-timer.C:
		case <-r.quit:
			r.finish()
			return
		}
		r.hub.Advance(r.rooms.micros())
		r.measure()
		r.keepOn()
		r.carryOut()
		switch {
		case len(r.conns) > 0:
			idle, r.leaving = time.Now(), 0
		case (!r.known || time.Since(idle) >= idleAfter) && r.retire():
			return
		}
		timer.Reset(r.untilWake())
	}
}

// load makes the room as its record says. It is the room's own goroutine that waits for the disk: others open
// meanwhile.
func (r *room) load() error {
	record, err := r.rooms.records.load(r.code)
	if err != nil {
		return err // without its record the room would give seats away that somebody holds
	}
	options := r.rooms.options
	options.Code, options.Random = r.code, func(into []byte) { rand.Read(into) }
	var seed [8]byte
	rand.Read(seed[:])
	options.Seed = binary.LittleEndian.Uint64(seed[:])
	options.Unknown = record == nil && !r.rooms.isNew(r.code)
	options.FirstClient = firstClient()
	if r.hub, err = hub.New(options, record); err != nil {
		r.log.Error("record refused", "error", err)
		return errDamaged
	}
	r.hub.Allow(flyingFree)
	r.known, r.at = record != nil, time.Now()
	return nil
}

// firstClient draws where a room's client addresses begin. Drawn anew for every life of a room, from so many, no
// address is used twice: an answer that is late must not find another client. All are below 2^52, so that a
// JavaScript number can tell them exactly.
func firstClient() uint64 {
	var drawn [8]byte
	rand.Read(drawn[:])
	return 1001 + binary.LittleEndian.Uint64(drawn[:])>>13
}

// refuse closes a room that could not be opened, and tells everybody who wanted to come in.
func (r *room) refuse(why error) {
	r.rooms.mu.Lock()
	if r.rooms.open[r.code] == r {
		delete(r.rooms.open, r.code)
		r.ended = why
		close(r.quit)
	}
	r.rooms.mu.Unlock()
	r.log.Warn("room refused", "reason", why)
	for r.present() > 0 {
		select {
		case in := <-r.inbox:
			in.conn.release(in.message)
			in.conn.turnAway(why)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (r *room) present() int {
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	return r.here
}

// turnAway tells a connection why it cannot come in.
func (c *conn) turnAway(why error) {
	if why == nil || why == errStopping {
		c.shut(websocket.CloseGoingAway, errStopping.Error())
	} else {
		c.shut(websocket.CloseTryAgainLater, why.Error())
	}
}

// takeMore takes what waits already, so that its output is written together.
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
		r.conns[id] = in.conn
		r.hub.ConnectFrom(id, in.conn.visitor.address)
	case received:
		r.shareOut(len(in.data))
		r.receive(in)
		if r.conns[id] != nil && !in.conn.hasJoined() && r.hub.Joined(id) {
			in.conn.setJoined()
		}
	case overrun:
		r.hub.Overrun(id)
	case disconnected:
		r.hub.Disconnect(id)
		delete(r.conns, id)
	case stalled:
		if r.conns[id] != nil {
			r.log.Info("connection closed", "conn", id, "reason", "took nothing for 15 seconds")
		}
		r.hub.Disconnect(id)
		delete(r.conns, id)
	case roundTrip:
		r.hub.RoundTrip(id, in.micros)
	}
}

// receive has the hub read a message. A large one takes milliseconds: not all processors read such at once, and
// others get a turn after it.
func (r *room) receive(in input) {
	if len(in.data) < largeMessage {
		r.hub.Receive(in.conn.id, in.data, in.binary)
	} else {
		r.rooms.budgets.large <- struct{}{}
		r.hub.Receive(in.conn.id, in.data, in.binary)
		<-r.rooms.budgets.large
		runtime.Gosched()
	}
	in.conn.release(in.message)
}

// shareOut gives the room as much of the budget of frames under way as a message of this length may need, if there
// is so much, and takes back what it does not use.
func (r *room) shareOut(bytes int) {
	budget := &r.rooms.budgets.of[flying]
	need := int64(r.hub.Flying() + 2*bytes - flyingFree)
	switch spare := r.flying - need; {
	case spare < 0:
		step := (-spare/flyingStep + 1) * flyingStep
		if !budget.take(r.owner, step) {
			break
		}
		r.flying += step
	case spare > 2*flyingStep:
		step := spare / flyingStep * flyingStep
		budget.give(r.owner, step)
		r.flying -= step
	}
	r.hub.Allow(int(r.flying) + flyingFree)
}

// measure tells the hub who keeps up and who does not.
func (r *room) measure() {
	if now := time.Now(); now.Sub(r.measured) >= 10*time.Millisecond {
		r.measured = now
		for id, c := range r.conns {
			r.hub.Backlog(id, c.backlog())
		}
		r.shareOut(0)
	}
}

// carryOut does what the hub wants done.
func (r *room) carryOut() {
	r.noteStrangers()
	for r.hub.Output(&r.out) {
		if r.out.Record != nil {
			r.keep(r.out.Record, r.out.RecordNumber)
		}
		for i := range r.out.Deliver {
			r.deliver(&r.out.Deliver[i])
		}
		for _, x := range r.out.Close {
			if c := r.conns[x.Conn]; c != nil {
				r.log.Info("connection closed", "conn", c.id, "code", x.Code, "reason", x.Reason)
				r.rooms.budgets.closed.Add(1)
				c.shut(x.Code, x.Reason)
				delete(r.conns, x.Conn)
			}
		}
	}
}

// noteStrangers says once that the room came back without its record.
func (r *room) noteStrangers() {
	if r.strange || r.hub.Strangers() == 0 {
		return
	}
	r.strange = true
	r.rooms.records.strangers.Add(1)
	r.log.Warn("room came back without its record: servers hold seats that this relay knows nothing of")
}

// deliver sends a message on, or gives it back to the hub, which tells of it.
func (r *room) deliver(d *hub.Delivery) {
	c := r.conns[d.Conn]
	if c == nil {
		return // gone a moment ago
	}
	news := r.rooms.budgets.news
	if d.Kind == hub.News && !news.allow(r.owner.news, len(d.Data)) || !c.send(d, r.stored) {
		r.hub.Undelivered(d)
	}
}

func (r *room) untilWake() time.Duration {
	wait := r.untilKeeping()
	if wake := r.hub.Wake(); wake != math.MaxInt64 {
		wait = min(wait, time.Duration(wake-r.rooms.micros())*time.Microsecond)
	}
	return max(0, wait)
}

// retire puts the room away, unless somebody is just coming in. Its record is stored while the room can still be
// found: were it stored later, it could undo what the next room of this code has stored by then.
func (r *room) retire() bool {
	if r.known && !r.settle() {
		return false
	}
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

// finish is the room's last act when the relay stops: the record as it is now, and a word to everybody.
func (r *room) finish() {
	r.takeMore()
	r.carryOut()
	r.storeNow()
	r.carryOut()
	for _, c := range r.conns {
		c.shut(websocket.CloseGoingAway, errStopping.Error())
	}
	for _, c := range r.conns {
		<-c.over
	}
	r.log.Info("room closed", "connections", len(r.conns))
}

// giveBack returns what the room holds of the budgets.
func (r *room) giveBack() {
	r.rooms.budgets.of[flying].give(r.owner, r.flying)
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	r.freePlace()
	if r.troubled {
		r.rooms.records.unstored.Add(-1)
	}
}

// freePlace gives up the room's place among the open rooms. rooms.mu is held.
func (r *room) freePlace() {
	if r.placed {
		r.placed = false
		r.rooms.budgets.of[openRooms].give(r.owner, 1)
	}
}
