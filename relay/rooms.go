package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"raftplayground/relay/hub"
)

const (
	idleAfter = 10 * time.Minute // without a connection a room is put away; earlier if others need its place
	mostMade  = 10_000           // rooms made and not joined yet that are remembered
)

// rooms are the open rooms by code.
type rooms struct {
	options hub.Options
	records *records
	budgets *budgets
	log     *slog.Logger
	begun   time.Time // the rooms' clock counts from here

	mu       sync.Mutex
	open     map[string]*room
	made     map[string]bool // codes of rooms that nobody has joined yet, see newCode
	lastConn uint64
	stopped  bool
	running  sync.WaitGroup
}

var (
	errStopping  = errors.New("the relay is stopping")
	errManyRooms = errors.New(
		"this relay has as many rooms as it takes, or as many as it takes from one address; try again later")
)

func newRooms(options hub.Options, kept *records, b *budgets, log *slog.Logger) *rooms {
	return &rooms{options: options, records: kept, budgets: b, log: log, begun: time.Now(), open: map[string]*room{},
		made: map[string]bool{}}
}

// enter puts a connection into the room code, and opens the room if need be. An error is for people.
func (r *rooms) enter(code string, c *conn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return errStopping
	}
	target := r.open[code]
	if target == nil {
		if !r.makePlace(c.visitor) {
			return errManyRooms
		}
		target = newRoom(r, code, c.visitor)
		r.open[code] = target
		r.running.Add(1)
		go target.run()
	}
	if !target.placed { // it was about to be put away
		if !r.makePlace(target.owner) {
			return errManyRooms
		}
		target.placed, target.evicted = true, false
	}
	r.lastConn++
	c.id, c.room = r.lastConn, target
	target.here++
	return nil
}

// makePlace takes a place for a room that v opens. When there is none, the room that has been empty for longest
// gives up its own: of v's rooms if v has its share, else of all. A room that is put away loses only the
// frames under way in it.
func (r *rooms) makePlace(v *visitor) bool {
	budget := &r.budgets.of[openRooms]
	if budget.take(v, 1) {
		return true
	}
	var longest *room
	for _, open := range r.open {
		mine := open.owner == v || v.used[openRooms].Load() < budget.most/2
		if open.here == 0 && !open.evicted && mine && (longest == nil || open.left.Before(longest.left)) {
			longest = open
		}
	}
	if longest == nil {
		return false
	}
	longest.evicted = true
	longest.freePlace()
	longest.hurry <- struct{}{}
	return budget.take(v, 1)
}

// newCode draws the code of a new room and remembers that the room is unused: a room without a record that
// this process did not make may have been used.
func (r *rooms) newCode() (code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.made) >= mostMade {
		clear(r.made) // visitors who have not come in yet are asked whether their room is new
	}
	code = newCode()
	r.made[code] = true
	return code
}

func (r *rooms) isNew(code string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made[code]
}

// forgetMade forgets that a room is unused, since it has a record: if that is ever lost, it is not new.
func (r *rooms) forgetMade(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.made, code)
}

func (r *rooms) leave(target *room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if target.here--; target.here == 0 {
		target.left = time.Now()
	}
}

// why returns why the room is closed.
func (r *room) why() error {
	r.rooms.mu.Lock()
	defer r.rooms.mu.Unlock()
	return r.ended
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
