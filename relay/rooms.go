package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"raftplayground/relay/hub"
)

const (
	mostRooms = 1000
	mostInbox = 256              // inputs that wait for a room; then its readers wait
	idleAfter = 10 * time.Minute // without a connection a room is put away
	mostMade  = 10_000           // rooms made and not joined yet that are remembered
)

// rooms are the open rooms by code.
type rooms struct {
	options hub.Options
	records *records
	log     *slog.Logger
	begun   time.Time // the rooms' clock counts from here

	mu       sync.Mutex
	open     map[string]*room
	made     map[string]bool // codes of rooms that nobody has joined yet, see newRoom
	lastConn uint64
	stopped  bool
	running  sync.WaitGroup
}

// room is one hub and the goroutine that runs it.
type room struct {
	rooms *rooms
	code  string
	log   *slog.Logger
	inbox chan input
	quit  chan struct{}

	here int // connections, guarded by rooms.mu: while there is one the room is not put away

	// What follows belongs to the goroutine.
	hub      *hub.Hub
	conns    map[uint64]*conn
	out      hub.Output
	measured time.Time // when the backlogs were last measured
	settled  bool      // the room has a record
}

// input is what happened on a connection.
type input struct {
	kind   inputKind
	conn   *conn
	data   []byte
	binary bool
	micros int64
}

type inputKind uint8

const (
	connected inputKind = iota
	received
	disconnected
	roundTrip
)

func newRooms(options hub.Options, kept *records, log *slog.Logger) *rooms {
	return &rooms{options: options, records: kept, log: log, begun: time.Now(), open: map[string]*room{}, made: map[string]bool{}}
}

// enter puts a connection into the room code, which is opened if need be. An error is a sentence for the one who wanted to come in.
func (r *rooms) enter(code string, c *conn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return errStopping
	}
	target := r.open[code]
	if target == nil {
		if len(r.open) >= mostRooms {
			return errors.New("this relay has as many rooms as it takes; try again later")
		}
		var err error
		if target, err = r.make(code); err != nil {
			return err
		}
		r.open[code] = target
		r.running.Add(1)
		go target.run()
	}
	r.lastConn++
	c.id, c.room = r.lastConn, target
	target.here++
	return nil
}

// newRoom draws the code of a new room and remembers that nobody has been there: a room without a record that this process did not make may have been used.
func (r *rooms) newRoom() (code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.made) >= mostMade {
		clear(r.made) // those who have not come in yet are asked whether their room is new
	}
	code = newCode()
	r.made[code] = true
	return code
}

// forgetMade is for a room that has a record: should that ever be lost, the room is not new.
func (r *rooms) forgetMade(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.made, code)
}

func (r *rooms) leave(target *room) {
	r.mu.Lock()
	target.here--
	r.mu.Unlock()
}

func (r *rooms) make(code string) (*room, error) {
	record, err := r.records.load(code)
	if err != nil {
		// Without its record the room must not open: it would give seats away that somebody holds.
		r.log.Error("record unreadable", "room", code, "error", err)
		return nil, errors.New("the record of this room cannot be read; open another room")
	}
	options := r.options
	options.Code, options.Random = code, func(into []byte) { rand.Read(into) }
	var seed [8]byte
	rand.Read(seed[:])
	options.Seed = binary.LittleEndian.Uint64(seed[:])
	options.Unknown = record == nil && !r.made[code]
	options.FirstClient = firstClient()
	h, err := hub.New(options, record)
	if err != nil {
		r.log.Error("record refused", "room", code, "error", err)
		return nil, errors.New("the record of this room cannot be read; open another room")
	}
	return &room{
		rooms: r, code: code, log: r.log.With("room", code), hub: h, settled: record != nil,
		inbox: make(chan input, mostInbox), quit: make(chan struct{}), conns: map[uint64]*conn{},
	}, nil
}

// firstClient draws where a room's client addresses begin. Drawn anew for every life of a room, from so many, no address is used twice: an answer that is late must not
// find another client. All are below 2^52, so that a JavaScript number can tell them exactly.
func firstClient() uint64 {
	var drawn [8]byte
	rand.Read(drawn[:])
	return 1001 + binary.LittleEndian.Uint64(drawn[:])>>13
}

// stop closes every room and its connections, and returns when all is written or the time is over.
func (r *rooms) stop(deadline context.Context) {
	r.mu.Lock()
	r.stopped = true
	for code, open := range r.open {
		delete(r.open, code)
		close(open.quit)
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		r.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-deadline.Done():
	}
}

func (r *rooms) count() (open, connections int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.open {
		connections += one.here
	}
	return len(r.open), connections
}

func (r *rooms) micros() int64 { return time.Since(r.begun).Microseconds() }

var errStopping = errors.New("the relay is stopping")

// put hands an input to the room's goroutine, and waits while the room cannot keep up. False means that the room is closed.
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
	r.log.Info("room opened", "restored", r.settled)
	idle := time.Now()
	timer := time.NewTimer(idleAfter)
	for {
		select {
		case in := <-r.inbox:
			r.hub.Advance(r.rooms.micros())
			r.take(in)
			r.takeMore()
		case <-timer.C:
			r.hub.Advance(r.rooms.micros())
		case <-r.quit:
			r.end()
			return
		}
		r.measure()
		r.carryOut()
		if len(r.conns) > 0 {
			idle = time.Now()
		} else if (!r.settled || time.Since(idle) >= idleAfter) && r.retire() {
			return
		}
		timer.Reset(r.untilWake())
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
		r.hub.Connect(id)
	case received:
		r.hub.Receive(id, in.data, in.binary)
	case disconnected:
		r.hub.Disconnect(id)
		delete(r.conns, id)
	case roundTrip:
		r.hub.RoundTrip(id, in.micros)
	}
}

// measure tells the hub who keeps up and who does not.
func (r *room) measure() {
	if now := time.Now(); now.Sub(r.measured) >= 10*time.Millisecond {
		r.measured = now
		for id, c := range r.conns {
			r.hub.Backlog(id, c.backlog())
		}
	}
}

// carryOut does what the hub wants done: the record first, because who is told of a lease must find it again.
func (r *room) carryOut() {
	for r.hub.Output(&r.out) {
		if r.out.Record != nil {
			r.store(r.out.Record)
		}
		for _, d := range r.out.Deliver {
			c := r.conns[d.Conn]
			if c == nil {
				continue // too slow a moment ago
			}
			if !c.send(d.Data) {
				r.log.Warn("connection closed: too slow", "conn", c.id)
				c.abandon(websocket.ClosePolicyViolation, "too slow: 8 MiB or 16384 messages were waiting for this connection")
				r.hub.Disconnect(c.id)
				delete(r.conns, c.id)
			}
		}
		for _, x := range r.out.Close {
			if c := r.conns[x.Conn]; c != nil {
				r.log.Info("connection closed", "conn", c.id, "code", x.Code, "reason", x.Reason)
				c.shut(x.Code, x.Reason)
				delete(r.conns, x.Conn)
			}
		}
	}
}

func (r *room) store(record *hub.Record) {
	if !r.settled {
		r.settled = true
		r.rooms.forgetMade(r.code)
	}
	if err := r.rooms.records.store(r.code, record); err != nil {
		r.log.Error("record not stored: the seats of this room end with this process", "error", err)
	}
}

func (r *room) untilWake() time.Duration {
	wake := r.hub.Wake()
	if wake == math.MaxInt64 {
		return idleAfter
	}
	return max(0, time.Duration(wake-r.rooms.micros())*time.Microsecond)
}

// retire puts the room away, unless somebody is just coming in. The record is stored while the room can still be found: were it stored later,
// it could undo what the next room of this code has stored by then.
func (r *room) retire() bool {
	if r.settled {
		r.store(r.hub.Record())
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

// end is the room's last act when the relay stops: the record as it is now, and a word to everybody.
func (r *room) end() {
	r.takeMore()
	r.carryOut()
	if r.settled {
		r.store(r.hub.Record())
	}
	for _, c := range r.conns {
		c.shut(websocket.CloseGoingAway, errStopping.Error())
	}
	for _, c := range r.conns {
		<-c.written
	}
	r.log.Info("room closed", "connections", len(r.conns))
}
