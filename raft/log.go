package raft

import "sort"

const chunkSize = 128 // entries

// chunk is a piece of a log. Slots below used are written once and never again, so that whoever holds a slice of them (a message
// on its way, a clone, a write in progress) keeps what he saw, even after the log has been truncated and grown anew.
type chunk struct {
	entries [chunkSize]Entry
	used    int
}

// log is the sequence of entries (Fig. 2, log[]). Full chunks are shared between a Node and its clones, and so is the last
// one for as long as both see the same entries.
type log struct {
	chunks []*chunk
	last   Index
}

// clone returns a log that can go its own way. Chunks are not copied.
func (l *log) clone() log {
	return log{chunks: append([]*chunk(nil), l.chunks...), last: l.last}
}

// at returns the entry at i, 1 ≤ i ≤ last.
func (l *log) at(i Index) *Entry {
	return &l.chunks[(i-1)/chunkSize].entries[(i-1)%chunkSize]
}

// term returns the term of the entry at i ≤ last; the place before the first entry has term 0.
func (l *log) term(i Index) Term {
	if i == 0 {
		return 0
	}
	return l.at(i).Term
}

func (l *log) lastTerm() Term { return l.term(l.last) }

// append adds one entry behind the last. If the slot was used before (by the part that was truncated, or by a clone), the
// chunk is copied first: nobody's slice changes.
func (l *log) append(e Entry) {
	slot := int(l.last % chunkSize)
	if slot == 0 {
		l.chunks = append(l.chunks, new(chunk))
	}
	tail := l.chunks[len(l.chunks)-1]
	if tail.used != slot {
		copied := &chunk{used: slot}
		copy(copied.entries[:slot], tail.entries[:slot])
		l.chunks[len(l.chunks)-1] = copied
		tail = copied
	}
	tail.entries[slot] = e
	tail.used = slot + 1
	l.last++
}

// truncate deletes the entry at i and all that follow it, 1 ≤ i ≤ last.
func (l *log) truncate(i Index) {
	l.last = i - 1
	l.chunks = l.chunks[:(l.last+chunkSize-1)/chunkSize]
}

// run returns entries from i on, at most max of them and none beyond last. It may stop early, at a chunk's end, but
// never returns an empty run while i ≤ last and max > 0. The slice is for reading, and stays valid for ever.
func (l *log) run(i Index, max int) []Entry {
	if i > l.last || max <= 0 {
		return nil
	}
	from := int((i - 1) % chunkSize)
	n := min(max, chunkSize-from, int(l.last-i)+1)
	return l.chunks[(i-1)/chunkSize].entries[from : from+n : from+n]
}

// firstOfTerm returns the first index ≤ i whose term is that of entry i. Terms never decrease along a log, so it can be searched.
func (l *log) firstOfTerm(i Index) Index {
	t := l.term(i)
	return 1 + Index(sort.Search(int(i-1), func(k int) bool { return l.term(Index(k)+1) >= t }))
}

// lastOfTerm returns the last index below end whose term is t, 0 if there is none.
func (l *log) lastOfTerm(t Term, end Index) Index {
	if end <= 1 {
		return 0
	}
	i := Index(sort.Search(int(end-1), func(k int) bool { return l.term(Index(k)+1) > t }))
	if l.term(i) != t {
		return 0
	}
	return i
}
