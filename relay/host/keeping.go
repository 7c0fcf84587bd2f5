package host

import (
	"math"

	"raftplayground/relay/hub"
)

// Times of stores, in µs.
const (
	firstAgain int64 = 250 * 1000 // after a store has failed
	lastAgain  int64 = 10 * 1000 * 1000
	slowStore  int64 = 1000 * 1000        // after that the room is told that its record is not stored yet
	useEvery   int64 = 3600 * 1000 * 1000 // how often a room in use stores its record again
)

// keeping tracks how a room's record gets to the disk. The room goes on meanwhile: a slow disk delays only
// messages that promise a lease (hub.Delivery.After).
type keeping struct {
	record   *hub.Record // the newest, if no store of it has begun
	wanted   uint64      // its number
	running  uint64      // number of the record that is being stored; 0: none
	stored   uint64      // number of the newest that is stored
	known    bool        // the room has a record, or will have one
	begun    int64       // when the store that runs began
	at       int64       // when the last one ended well
	failed   int         // stores in a row
	again    int64       // when to try again
	troubled bool        // the room's people have been told
	final    bool        // the platform ends: nothing more is begun
	leaving  bool        // no connection is here, and a record of that was made
}

// Stored says how the store that Platform.Store began has ended: well if why is empty, else why not, in a
// few words for people. It returns how many stores in a row have failed; after a success, how many had
// failed before it.
func (r *Room) Stored(why string) (failed int) {
	now := r.platform.Now()
	r.hub.Advance(now)
	number := r.running
	r.running = 0
	if why != "" {
		r.again = now + min(firstAgain<<min(r.failed, 10), lastAgain)
		r.failed++
		r.trouble(why)
		if r.record == nil {
			r.hub.Checkpoint() // this record must still be stored
		}
		return r.failed
	}
	failed = r.failed
	r.failed, r.again, r.stored, r.at = 0, 0, number, now
	if r.record == nil {
		r.trouble("")
	}
	r.release()
	return failed
}

// Storing tells whether a store runs.
func (r *Room) Storing() bool { return r.running != 0 }

// Troubled tells whether the record should be stored by now but is not.
func (r *Room) Troubled() bool { return r.troubled }

// keep takes a record to be stored. It replaces one that still waits.
func (r *Room) keep(record *hub.Record, number uint64) {
	r.known = true
	r.record, r.wanted = record, number
	r.storeNext(r.platform.Now())
}

// storeNext begins to store the newest record, unless a store runs or has just failed.
func (r *Room) storeNext(now int64) {
	if r.final || r.record == nil || r.running != 0 || now < r.again {
		return
	}
	record := r.record
	r.record, r.running, r.begun = nil, r.wanted, now
	r.platform.Store(record)
}

// release tells every connection which record is stored.
func (r *Room) release() {
	for _, c := range r.conns {
		c.Stored(r.stored)
	}
}

// keepOn does what is due: another attempt, a word about a slow disk, or a store that shows use.
func (r *Room) keepOn(now int64) {
	switch {
	case r.running != 0 && now-r.begun >= slowStore:
		r.trouble("the disk is slow")
	case r.known && r.running == 0 && r.record == nil && now-r.at >= useEvery:
		r.hub.Checkpoint()
	}
	r.storeNext(now)
}

// wakeToKeep returns when keepOn has something to do next.
func (r *Room) wakeToKeep() int64 {
	switch {
	case r.running != 0 && !r.troubled:
		return r.begun + slowStore
	case r.running == 0 && r.record != nil:
		return r.again
	}
	return math.MaxInt64
}

// trouble tells the room why its record is not stored, or with an empty reason that it is stored again.
func (r *Room) trouble(reason string) {
	r.troubled = reason != ""
	r.hub.Unstored(reason)
}

// settle makes sure that the room's last state is stored. Until then it is false: the room stays open.
func (r *Room) settle() bool {
	if !r.leaving {
		r.leaving = true
		r.hub.Checkpoint()
		r.carryOut()
	}
	return r.stored >= r.wanted
}
