package lab

import (
	"raftplayground/raft"
)

// MaxEvents is how many of the last events a World keeps.
const MaxEvents = 4096

// Happening is an event and where and when it happened.
type Happening struct {
	At     int64 // µs of cluster time
	Server raft.ServerID
	Event  raft.Event
}

// record keeps the last events and counts all of them.
type record struct {
	ring  []Happening
	count uint64
	kinds [raft.EventKinds]uint64
}

func (r *record) add(at int64, server raft.ServerID, events []raft.Event) {
	for i := range events {
		h := Happening{at, server, events[i]}
		if len(r.ring) < MaxEvents {
			r.ring = append(r.ring, h)
		} else {
			r.ring[r.count%MaxEvents] = h
		}
		r.count++
		if k := events[i].Kind; k < raft.EventKinds {
			r.kinds[k]++
		}
	}
}

func (r *record) clone() record {
	c := *r
	c.ring = append([]Happening(nil), r.ring...)
	return c
}

// Events returns how many events happened so far.
func (w *World) Events() uint64 { return w.record.count }

// EventsOf returns how many events of a kind happened so far.
func (w *World) EventsOf(kind raft.EventKind) uint64 { return w.record.kinds[kind] }

// EventsSince appends to into the events after the first n of the run, oldest first; those that are no longer kept are left out.
func (w *World) EventsSince(n uint64, into []Happening) []Happening {
	r := &w.record
	for i := max(n, r.count-uint64(len(r.ring))); i < r.count; i++ {
		into = append(into, r.ring[i%MaxEvents])
	}
	return into
}
