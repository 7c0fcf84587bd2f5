package lab

import (
	"testing"

	"raftplayground/raft"
)

// The last events are there, in their order, however many there were, and copies of a world go their own ways.
func TestTheLastEventsAreKept(t *testing.T) {
	w, added := &World{}, uint64(0)
	add := func(w *World, n int) {
		for range n {
			w.record.add(0, 1, []raft.Event{{Kind: raft.TimerReset, New: w.record.count}})
		}
	}
	holds := func(w *World, count, tag uint64) {
		t.Helper()
		for _, since := range []uint64{0, count / 2, count - min(count, 300), count - min(count, 1), count, count + 5} {
			events := w.EventsSince(since, nil)
			want := min(count-min(since, count), MaxEvents-chunkEvents)
			if uint64(len(events)) < want || len(events) > MaxEvents || uint64(len(events)) > count {
				t.Fatalf("of %d events %d are kept since %d, expected %d at least", count, len(events), since, want)
			}
			for i, h := range events {
				if number := count - uint64(len(events)-i); h.Event.New != number && h.Event.New != number+tag {
					t.Fatalf("of %d events since %d number %d is %d", count, since, i, h.Event.New)
				}
			}
		}
	}
	for _, n := range []int{0, 1, 254, 1, 1, 600, 3000, 200, 5000} {
		add(w, n)
		added += uint64(n)
		holds(w, added, 0)
	}
	c := &World{record: w.record.clone()}
	w.record.add(0, 1, []raft.Event{{New: added + 1000}})
	c.record.add(0, 1, []raft.Event{{New: added}})
	holds(w, added+1, 1000)
	if last := c.EventsSince(added, nil); len(last) != 1 || last[0].Event.New != added {
		t.Errorf("the copy has %+v", last)
	}
}
