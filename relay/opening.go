package main

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/gorilla/websocket"

	"raftplayground/relay/host"
	"raftplayground/relay/hub"
)

// load makes the room from its record. Only the room's own goroutine waits for the disk: others open
// meanwhile.
func (r *room) load() error {
	record, err := r.rooms.records.load(r.code)
	if err != nil {
		return err // without its record the room would give away seats that are held
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
	r.host = host.New(r, r.hub, record != nil, idleAfter)
	r.log.Info("room opened", "restored", record != nil)
	return nil
}

// firstClient draws the first client address of a room. A fresh draw from so many for every life of a room
// never repeats an address: a late answer must not reach another client. All are below 2^52: exact in
// JavaScript.
func firstClient() uint64 {
	var drawn [8]byte
	rand.Read(drawn[:])
	return 1001 + binary.LittleEndian.Uint64(drawn[:])>>13
}

// refuse closes a room that could not be opened, and tells every connection that wanted to come in.
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
