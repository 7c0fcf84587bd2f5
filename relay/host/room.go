package host

import (
	"math"
	"time"

	"raftplayground/relay/hub"
)

// Platform is what a room runs on. None of its methods calls the Room back before it returns.
type Platform interface {
	// Now is a clock that never goes back, in microseconds.
	Now() int64
	// Store begins to store the room's record in place of the last one. Room.Stored follows; until then
	// Store is not called again. The record belongs to the platform.
	Store(record *hub.Record)
}

// Conn is one connection of the platform. None of its methods waits, or calls the Room back before it returns.
type Conn interface {
	// Send takes a message, or returns false if there is no room for it. stored is the number of the record that
	// is stored: a message with a higher After waits, and so do those sent behind it, except announcements
	// and news. d is borrowed; d.Data may be kept.
	Send(d *hub.Delivery, stored uint64) bool
	// Stored says that the record of this number is stored.
	Stored(number uint64)
	// Backlog is how many bytes wait to be written.
	Backlog() int
	// Close ends the connection with a WebSocket close code and a reason, once what was sent is written. What still
	// comes from it is ignored; Room.Disconnect may follow.
	Close(code int, reason string)
}

const measureEvery = 10 * 1000 // µs between two looks at the backlogs

// Room is a hub and its host's state.
type Room struct {
	platform  Platform
	hub       *hub.Hub
	idleAfter int64 // µs
	conns     map[uint64]Conn
	out       hub.Output
	measured  int64 // when the backlogs were last measured
	used      int64 // when a connection was last here
	keeping
}

// New runs a hub. known says that its room has a record. A room with a record may be put away once it has
// been empty for idleAfter.
func New(platform Platform, h *hub.Hub, known bool, idleAfter time.Duration) *Room {
	now := platform.Now()
	h.Advance(now)
	return &Room{
		platform: platform, hub: h, idleAfter: idleAfter.Microseconds(), conns: map[uint64]Conn{},
		measured: now, used: now, keeping: keeping{known: known, at: now},
	}
}

// Connect says that a connection was opened, from a network address that may be empty. conn is a number that was not
// used in this room before.
func (r *Room) Connect(conn uint64, address string, c Conn) {
	r.hub.Advance(r.platform.Now())
	r.conns[conn] = c
	r.hub.ConnectFrom(conn, address)
}

// Receive takes a message. The room keeps data, which must not be changed afterwards.
func (r *Room) Receive(conn uint64, data []byte, binary bool) {
	r.hub.Advance(r.platform.Now())
	r.hub.Receive(conn, data, binary)
}

// Overrun says that a message was thrown away unread, because the platform had no room for it.
func (r *Room) Overrun(conn uint64) {
	r.hub.Advance(r.platform.Now())
	r.hub.Overrun(conn)
}

// RoundTrip says how long the last ping of a connection took, µs.
func (r *Room) RoundTrip(conn uint64, micros int64) { r.hub.RoundTrip(conn, micros) }

// Disconnect says that a connection is gone.
func (r *Room) Disconnect(conn uint64) {
	r.hub.Advance(r.platform.Now())
	r.hub.Disconnect(conn)
	delete(r.conns, conn)
}

// Has tells whether a connection is here: it came, did not go, and the room has not closed it.
func (r *Room) Has(conn uint64) bool { return r.conns[conn] != nil }

// Hurry says that the place of this room is needed: it may be put away as soon as it is empty and its last
// state is stored.
func (r *Room) Hurry() { r.used = math.MinInt64 / 2 }

// Turn ends every event: it does what is due. It returns when the next Turn is due if nothing happens
// before, by the platform's clock (math.MaxInt64: never), and whether the room may be put away.
func (r *Room) Turn() (wake int64, away bool) {
	now := r.platform.Now()
	r.hub.Advance(now)
	r.measure(now)
	r.keepOn(now)
	r.carryOut()
	switch {
	case len(r.conns) > 0:
		r.used, r.leaving = now, false
	case !r.known:
		away = true
	case now-r.used >= r.idleAfter:
		away = r.settle()
	}
	return r.wake(now), away
}

// Finish ends a room whose platform ends. It sends what is done by now, and begins no further store. It
// returns the record to be stored last, after the store that may still run, or nil if there is none.
// Finished follows.
func (r *Room) Finish() *hub.Record {
	r.carryOut()
	r.final = true
	if !r.known {
		return nil
	}
	return r.hub.Record()
}

// Finished says whether the last record is stored, and releases what waited for it. The platform then closes
// all connections.
func (r *Room) Finished(stored bool) {
	r.stored = 0
	if stored {
		r.stored = math.MaxUint64
	}
	r.carryOut()
	r.release()
}

// measure tells the hub how far each connection is behind.
func (r *Room) measure(now int64) {
	if now-r.measured < measureEvery {
		return
	}
	r.measured = now
	for id, c := range r.conns {
		r.hub.Backlog(id, c.Backlog())
	}
}

// carryOut carries out the hub's outputs.
func (r *Room) carryOut() {
	for r.hub.Output(&r.out) {
		if r.out.Record != nil {
			r.keep(r.out.Record, r.out.RecordNumber)
		}
		for i := range r.out.Deliver {
			d := &r.out.Deliver[i]
			if c := r.conns[d.Conn]; c != nil && !c.Send(d, r.stored) {
				r.hub.Undelivered(d)
			}
		}
		for _, x := range r.out.Close {
			if c := r.conns[x.Conn]; c != nil {
				delete(r.conns, x.Conn)
				c.Close(x.Code, x.Reason)
			}
		}
	}
}

// wake returns when the next Turn is due.
func (r *Room) wake(now int64) int64 {
	wake := min(r.hub.Wake(), r.wakeToKeep())
	if idle := r.used + r.idleAfter; idle > now {
		wake = min(wake, idle)
	}
	return wake
}
