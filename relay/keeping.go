package main

import (
	"errors"
	"math"
	"math/bits"
	"os"
	"syscall"
	"time"

	"raftplayground/relay/hub"
)

const (
	firstAgain = 250 * time.Millisecond // after a store has failed
	lastAgain  = 10 * time.Second
	slowStore  = time.Second // then the room is told that its record is not stored yet
	useEvery   = time.Hour   // a room in use stores its record anew, so that its age counts from its last use
)

// keeping is how a room's record gets to the disk, by a goroutine of its own: a slow disk must not hold up the
// room. Answers that promise a lease wait for it (hub.Delivery.After).
type keeping struct {
	done     chan error  // of the store that runs
	record   *hub.Record // the newest, if it is not stored yet
	wanted   uint64      // its number
	running  uint64      // number of the record that is being stored; 0: none
	stored   uint64      // number of the newest that is on the disk
	known    bool        // the room has a record, or will have one
	begun    time.Time   // when the store that runs began
	at       time.Time   // when the last one ended well
	failed   int         // stores in a row
	again    time.Time   // when to try again
	troubled bool        // the room's people have been told
	final    bool        // the relay ends: nothing more is begun
	leaving  uint64      // the number of the record after which the room may be put away; 0: none was made for that
}

// keep takes a record to be stored. It replaces one that still waits.
func (r *room) keep(record *hub.Record, number uint64) {
	if !r.known {
		r.known = true
		r.rooms.forgetMade(r.code)
	}
	r.record, r.wanted = record, number
	r.storeNext()
}

// storeNext begins to store the newest record, unless a store runs or has just failed.
func (r *room) storeNext() {
	if r.final || r.record == nil || r.running != 0 || time.Now().Before(r.again) {
		return
	}
	record := r.record
	r.record, r.running, r.begun = nil, r.wanted, time.Now()
	go func() { r.done <- r.rooms.records.store(r.code, record) }()
}

// kept takes note of how a store has ended.
func (r *room) kept(err error) {
	number := r.running
	r.running = 0
	if err != nil {
		r.failed++
		r.again = time.Now().Add(min(firstAgain<<min(r.failed-1, 10), lastAgain))
		if bits.OnesCount(uint(r.failed)) == 1 { // the 1st, 2nd, 4th, …
			r.log.Error("record not stored, trying again", "error", err, "attempts", r.failed)
		}
		r.trouble(storeWords(err))
		if r.record == nil {
			r.hub.Checkpoint() // what has not been stored is still to be stored
		}
		return
	}
	if r.failed > 0 {
		r.log.Info("record stored", "after", r.failed)
	}
	r.failed, r.again, r.stored, r.at = 0, time.Time{}, number, time.Now()
	if r.record == nil {
		r.trouble("")
	}
	for _, c := range r.conns {
		c.open(r.stored)
	}
	r.storeNext()
}

// keepOn does what has come due: another attempt, a word about a slow disk, a sign of use.
func (r *room) keepOn() {
	now := time.Now()
	switch {
	case r.running != 0 && now.Sub(r.begun) >= slowStore:
		r.trouble("the disk is slow")
	case r.known && r.running == 0 && r.record == nil && now.Sub(r.at) >= useEvery:
		r.at = now
		r.hub.Checkpoint()
	}
	r.storeNext()
}

func (r *room) untilKeeping() time.Duration {
	wait := idleAfter
	switch now := time.Now(); {
	case r.running != 0 && !r.troubled:
		wait = r.begun.Add(slowStore).Sub(now)
	case r.running == 0 && r.record != nil:
		wait = r.again.Sub(now)
	}
	return wait
}

// trouble tells the room why its record is not stored, or with an empty reason that it is again.
func (r *room) trouble(reason string) {
	if troubled := reason != ""; troubled != r.troubled {
		r.troubled = troubled
		r.rooms.records.unstored.Add(map[bool]int64{true: 1, false: -1}[troubled])
	}
	r.hub.Unstored(reason)
}

// settle makes sure that the room's last state is on the disk. Until it is the answer is false, and the room stays
// open.
func (r *room) settle() bool {
	if r.leaving == 0 {
		r.hub.Checkpoint()
		r.carryOut()
		r.leaving = r.wanted
	}
	return len(r.conns) == 0 && r.stored >= r.wanted
}

// storeNow stores the room's last state before the relay ends.
func (r *room) storeNow() {
	if r.final = true; r.running != 0 {
		r.kept(<-r.done)
	}
	if !r.known {
		return
	}
	r.stored = math.MaxUint64
	if err := r.rooms.records.store(r.code, r.hub.Record()); err != nil {
		r.log.Error("record not stored: seats that were not confirmed are lost", "error", err)
		r.stored = 0
	}
	for _, c := range r.conns {
		c.open(r.stored)
	}
}

// storeWords says in a few words why a record cannot be stored.
func storeWords(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk is full"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open"
	case errors.Is(err, os.ErrPermission):
		return "the folder may not be written"
	case errors.Is(err, os.ErrNotExist):
		return "the folder is gone"
	}
	return "the disk fails"
}
