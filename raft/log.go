package raft

import "sort"

const chunkSize = 128 // entries

// chunk is a piece of a log. Slots below used are written once and never again, so a slice of them (in a
// message on its way, a clone, a write in progress) keeps its contents, even after the log has been
// truncated and grown anew.
type chunk struct {
	entries [chunkSize]Entry
	used    int
}

// log is the sequence of entries (Fig. 2, log[]). Entries through base have been compacted away (§7); of them only the
// term of the last is known. Full chunks are shared between a Node and its clones, and so is the last one for as long
// as both see the same entries.
type log struct {
	chunks   []*chunk // the first one holds entry base + 1
	base     Index
	baseTerm Term
	last     Index
}

// clone returns a log that changes independently. Chunks are not copied.
func (l *log) clone() log {
	c := *l
	c.chunks = append([]*chunk(nil), l.chunks...)
	return c
}

// place returns which chunk, counted from the first one present, holds entry i, i > base.
func (l *log) place(i Index) int { return int((i-1)/chunkSize - l.base/chunkSize) }

// at returns the entry at i, base < i ≤ last.
func (l *log) at(i Index) *Entry {
	return &l.chunks[l.place(i)].entries[(i-1)%chunkSize]
}

// term returns the term of the entry at i, base ≤ i ≤ last; the place before the first entry has term 0.
func (l *log) term(i Index) Term {
	if i == l.base {
		return l.baseTerm
	}
	return l.at(i).Term
}

func (l *log) lastTerm() Term { return l.term(l.last) }

// append adds entries behind the last, as many at a time as fit a chunk. If the slot was used before (by
// entries since truncated, or by a clone), the chunk is copied first, so no existing slice changes.
func (l *log) append(entries ...Entry) {
	for len(entries) > 0 {
		slot := int(l.last % chunkSize)
		if l.place(l.last+1) == len(l.chunks) {
			l.chunks = append(l.chunks, &chunk{used: slot})
		}
		tail := l.chunks[len(l.chunks)-1]
		if tail.used != slot {
			copied := &chunk{used: slot}
			copy(copied.entries[:slot], tail.entries[:slot])
			l.chunks[len(l.chunks)-1] = copied
			tail = copied
		}
		n := copy(tail.entries[slot:], entries)
		tail.used = slot + n
		l.last += Index(n)
		entries = entries[n:]
	}
}

// truncate deletes the entry at i and all that follow it, base < i ≤ last.
func (l *log) truncate(i Index) {
	l.last = i - 1
	if l.last == l.base {
		l.chunks = l.chunks[:0]
		return
	}
	l.chunks = l.chunks[:l.place(l.last)+1]
}

// compact forgets the entries through i, base ≤ i ≤ last.
func (l *log) compact(i Index) {
	term := l.term(i)
	drop := int(i/chunkSize - l.base/chunkSize)
	l.chunks = append([]*chunk(nil), l.chunks[min(drop, len(l.chunks)):]...)
	l.base, l.baseTerm = i, term
}

// reset empties the log: it begins behind entry i, whose term is t.
func (l *log) reset(i Index, t Term) {
	*l = log{base: i, baseTerm: t, last: i}
}

// run returns entries from i > base on, at most max of them and none beyond last. It may stop early, at a chunk's end,
// but never returns an empty run while i ≤ last and max > 0. The slice is for reading, and stays valid for ever.
func (l *log) run(i Index, max int) []Entry {
	if i > l.last || max <= 0 {
		return nil
	}
	from := int((i - 1) % chunkSize)
	n := min(max, chunkSize-from, int(l.last-i)+1)
	return l.chunks[l.place(i)].entries[from : from+n : from+n]
}

// firstOfTerm returns the first index ≤ i and above base whose term is that of entry i. Terms never decrease
// along a log, so it can be searched.
func (l *log) firstOfTerm(i Index) Index {
	t, start := l.term(i), l.base+1
	return start + Index(sort.Search(int(i-start), func(k int) bool { return l.term(start+Index(k)) >= t }))
}

// lastOfTerm returns the last index below end, and not below base, whose term is t; 0 if there is none.
func (l *log) lastOfTerm(t Term, end Index) Index {
	if end <= l.base {
		return 0
	}
	start := l.base + 1
	i := start + Index(sort.Search(int(end-start), func(k int) bool { return l.term(start+Index(k)) > t })) - 1
	if i == 0 || l.term(i) != t {
		return 0
	}
	return i
}
