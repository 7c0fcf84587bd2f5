package lab

import (
	"slices"

	"raftplayground/raft"
)

// MaxEvents is how many of the last events a World keeps, or a few less.
const MaxEvents = 4096

// chunkEvents is how many events lie together. A chunk that is full is never written to again, so that copies of the
// world share it.
const chunkEvents = 256

// Happening is an event and where and when it happened.
type Happening struct {
	At     int64 // µs of cluster time
	Server raft.ServerID
	Event  raft.Event
}

// record keeps the last events and counts all of them.
type record struct {
	full  [][]Happening // chunks, oldest first
	last  []Happening   // the chunk that is being filled
	count uint64
	kinds [raft.EventKinds]uint64
}

func (r *record) add(at int64, server raft.ServerID, events []raft.Event) {
	for i := range events {
		if len(r.last) == chunkEvents {
			if len(r.full) == MaxEvents/chunkEvents-1 {
				r.full = slices.Delete(r.full, 0, 1)
			}
			r.full, r.last = append(r.full, r.last), nil
		}
		r.last = append(r.last, Happening{at, server, events[i]})
		r.count++
		if k := events[i].Kind; k < raft.EventKinds {
			r.kinds[k]++
		}
	}
}

// clone copies the record. The chunk that is being filled is shared, too: whichever of the two adds to it
// next, except the original, copies it first.
func (r *record) clone() record {
	c := *r
	c.full, c.last = slices.Clone(r.full), slices.Clip(r.last)
	return c
}

// Events returns how many events happened so far.
func (w *World) Events() uint64 { return w.record.count }

// EventsOf returns how many events of a kind happened so far.
func (w *World) EventsOf(kind raft.EventKind) uint64 { return w.record.kinds[kind] }

// EventsSince appends the events after the first n of the run to into, oldest first, except those that are
// no longer kept.
func (w *World) EventsSince(n uint64, into []Happening) []Happening {
	r := &w.record
	first := r.count - uint64(len(r.last)) // number of the chunk's first event
	if n < first {
		for i, chunk := range r.full {
			if begins := first - uint64((len(r.full)-i)*chunkEvents); n < begins+chunkEvents {
				into = append(into, chunk[max(n, begins)-begins:]...)
			}
		}
		n = first
	}
	return append(into, r.last[min(n-first, uint64(len(r.last))):]...)
}
