package linear

import (
	"cmp"
	"encoding/binary"
	"slices"

	"raftplayground/raft/check"
)

// search looks for orders of the operations on one key, which it names by their places in the history. It
// goes through their answers as they came and keeps every way in which those so far can have come about
// (Lowe, "Testing for Linearizability", 2017). In none of them does an operation happen before an answer
// needs it. An operation without an answer may happen at any time after its call, or never: of two ways to
// the same end, the one that needed fewer of these can go on in every way that the other can, and only that
// one is kept. So few ways are left, however many operations have no answer.
type search struct {
	history    []check.Operation
	operations []int
	steps      int // that are left

	moments []moment
	counts  []bool   // of each operation in the history: its answer is to be explained
	kinds   []int    // of each operation in the history: those of one kind have the same effect
	next    int      // the moment that comes next
	ways    [][]*way // before each moment so far, and before the next
	pending []int    // operations that count and were called, but not yet answered
	open    [][]int  // of each kind, the operations that do not count and were called, in the order of their calls
}

// moment is a call, or the answer to it.
type moment struct {
	at        int64 // µs
	isAnswer  bool
	operation int
}

// way is one way in which the answers so far can have come about.
type way struct {
	cell     cell
	happened []effect // of pending operations, ascending
	used     []int    // kinds of the operations without an answer that have happened, ascending, one for each
	last     int      // the operation that happened last, or -1 less its kind if it has no answer
	from     *way     // the way before it happened; nil: nothing has happened
}

// effect is a pending operation that has happened on a way. Its outcome may be otherwise than its answer
// will say: such a way ends with that answer, but it explains the answers before.
type effect struct {
	operation int
	otherwise bool
}

func newSearch(history []check.Operation, operations []int) *search {
	s := &search{history: history, operations: operations}
	s.counts, s.kinds = make([]bool, len(history)), make([]int, len(history))
	type kind struct {
		kind            check.Kind
		value, expected string
	}
	known := map[kind]int{}
	for _, o := range operations {
		h := &history[o]
		k := kind{h.Kind, h.Value, h.Expected}
		if _, ok := known[k]; !ok {
			known[k] = len(known)
		}
		s.kinds[o] = known[k]
		s.moments = append(s.moments, moment{h.Invoked, false, o})
		if !h.Unknown {
			s.moments = append(s.moments, moment{h.Returned, true, o})
		}
	}
	s.open = make([][]int, len(known))
	slices.SortFunc(s.moments, func(a, b moment) int {
		if c := cmp.Compare(a.at, b.at); c != 0 || a.isAnswer == b.isAnswer {
			return cmp.Or(c, cmp.Compare(a.operation, b.operation))
		} else if a.isAnswer {
			return 1 // what is called at the moment of an answer may have happened before it
		}
		return -1
	})
	return s
}

// begin starts the search anew, to explain the answers of the given operations only. It treats the others as
// not answered.
func (s *search) begin(answered []int) {
	clear(s.counts)
	for _, o := range answered {
		s.counts[o] = true
	}
	s.ways = [][]*way{{{}}}
	s.goTo(0)
}

// leaveAside stops explaining an operation's answer, and goes back to its call: as an operation without an
// answer it may have happened since.
func (s *search) leaveAside(o int) {
	s.counts[o] = false
	s.goTo(slices.IndexFunc(s.moments, func(m moment) bool { return m.operation == o && !m.isAnswer }))
}

// goTo goes back to a moment.
func (s *search) goTo(next int) {
	s.next, s.pending, s.ways = next, nil, s.ways[:next+1]
	clear(s.open)
	for _, m := range s.moments[:next] {
		s.pass(m)
	}
}

// pass notes that an operation was called or answered.
func (s *search) pass(m moment) {
	o := m.operation
	switch {
	case s.counts[o] && m.isAnswer:
		s.pending = slices.DeleteFunc(s.pending, func(p int) bool { return p == o })
	case s.counts[o]:
		s.pending = append(s.pending, o)
	case !m.isAnswer && s.history[o].Kind != check.Get: // a read without an answer tells nothing
		s.open[s.kinds[o]] = append(s.open[s.kinds[o]], o)
	}
}

// proceed explains one answer after the other. It returns the first that cannot be explained together with
// those before it. It stops when the steps have ended.
func (s *search) proceed() (wrong int, found bool) {
	for ; s.next < len(s.moments); s.next++ {
		m, ways := s.moments[s.next], s.ways[s.next]
		if m.isAnswer && s.counts[m.operation] {
			ways = s.explainAnswer(m.operation, ways)
			if s.steps == 0 {
				return 0, false
			}
			if len(ways) == 0 {
				return m.operation, true
			}
		}
		s.ways = append(s.ways, ways)
		s.pass(m)
	}
	return 0, false
}

// explainAnswer returns all ways in which an operation can have happened when it is answered, given those
// before: as they are if it has happened already, or else after any other operations, itself the last.
func (s *search) explainAnswer(answered int, before []*way) []*way {
	wanted, anything := s.wanted()
	reached, explained := newOutcomes(s), newOutcomes(s)
	for _, w := range before {
		reached.add(w)
	}
	for i := 0; i < len(reached.ways) && s.steps > 0; i++ {
		w := reached.ways[i]
		if w == nil {
			continue
		}
		if place, happened := w.has(answered); happened {
			if ended := *w; !ended.happened[place].otherwise {
				ended.happened = slices.Delete(slices.Clone(w.happened), place, place+1)
				explained.add(&ended)
			}
			continue
		}
		for _, o := range s.pending {
			place, happened := w.has(o)
			if happened {
				continue
			}
			switch now, asAnswered := s.try(o, w.cell); {
			case asAnswered && o == answered:
				explained.add(&way{now, w.happened, w.used, o, w})
			case o != answered && (asAnswered || now != w.cell && (anything || wanted[now])):
				happened := slices.Insert(slices.Clone(w.happened), place, effect{o, !asAnswered})
				reached.add(&way{now, happened, w.used, o, w})
			}
		}
		for kind, open := range s.open {
			if len(open) == 0 || len(open) == occurrences(w.used, kind) {
				continue
			}
			if now, _ := s.try(open[0], w.cell); now != w.cell && (anything || wanted[now]) {
				place, _ := slices.BinarySearch(w.used, kind)
				used := slices.Insert(slices.Clone(w.used), place, kind)
				reached.add(&way{now, w.happened, used, -1 - kind, w})
			}
		}
	}
	return slices.DeleteFunc(explained.ways, func(w *way) bool { return w == nil })
}

// wanted returns what the key must hold for pending operations to be answered as they were, and for those
// without an answer to bring that about. Nothing is gained by an operation without an answer after which the
// key holds anything else. Some answers only exclude one state of the key: then anything may help.
func (s *search) wanted() (cells map[cell]bool, anything bool) {
	cells = map[cell]bool{}
	for _, o := range s.pending {
		switch h := &s.history[o]; {
		case h.Kind == check.Get && h.Found:
			cells[cell{h.Value, true}] = true
		case h.Kind == check.CompareAndSwap && h.Found:
			cells[cell{h.Expected, true}] = true
		case h.Kind == check.Get, h.Kind == check.Delete && !h.Found:
			cells[cell{}] = true
		case h.Kind != check.Put:
			return nil, true
		}
	}
	for more := true; more; {
		more = false
		for _, open := range s.open {
			if len(open) == 0 || s.history[open[0]].Kind != check.CompareAndSwap {
				continue
			}
			if h := &s.history[open[0]]; cells[cell{h.Value, true}] && !cells[cell{h.Expected, true}] {
				cells[cell{h.Expected, true}], more = true, true
			}
		}
	}
	return cells, false
}

// try takes a step: it returns what the key holds after an operation, and whether the outcome is what its
// client was told.
func (s *search) try(o int, now cell) (after cell, asAnswered bool) {
	s.steps = max(0, s.steps-1)
	return now.after(&s.history[o])
}

// order returns the operations in an order that explains their answers, with as few of those without an
// answer as can be.
func (s *search) order() []int {
	ways := s.ways[len(s.moments)]
	w := slices.MinFunc(ways, func(a, b *way) int { return cmp.Compare(len(a.used), len(b.used)) })
	var order []int
	for ; w.from != nil; w = w.from {
		order = append(order, w.last)
	}
	slices.Reverse(order)
	taken := make([]int, len(s.open))
	for i, o := range order {
		if kind := -1 - o; kind >= 0 {
			order[i] = s.open[kind][taken[kind]]
			taken[kind]++
		}
	}
	return order
}

// outcomes collects ways, without those that used all that another to the same end used. Each comparison of
// two ways is a step.
type outcomes struct {
	search *search
	ways   []*way // nil: another needed less
	byEnd  map[string][]int
}

func newOutcomes(s *search) *outcomes { return &outcomes{search: s, byEnd: map[string][]int{}} }

func (c *outcomes) add(w *way) {
	end := w.end()
	var others []int
	for _, i := range c.byEnd[end] {
		c.search.steps = max(0, c.search.steps-1)
		if includes(w.used, c.ways[i].used) {
			return // nothing was removed so far: a way that includes w would include ways[i] too, and not be kept
		}
		if includes(c.ways[i].used, w.used) {
			c.ways[i] = nil
		} else {
			others = append(others, i)
		}
	}
	c.byEnd[end] = append(others, len(c.ways))
	c.ways = append(c.ways, w)
}

// end returns what decides, apart from used, how a way can go on.
func (w *way) end() string {
	end := []byte{0}
	if w.cell.found {
		end[0] = 1
	}
	for _, e := range w.happened {
		code := uint64(e.operation+1) << 1
		if e.otherwise {
			code++
		}
		end = binary.AppendUvarint(end, code)
	}
	return string(append(append(end, 0), w.cell.value...))
}

// has tells whether a pending operation has happened, and which place it has, or would have, among those.
func (w *way) has(o int) (place int, happened bool) {
	return slices.BinarySearchFunc(w.happened, o, func(e effect, o int) int { return cmp.Compare(e.operation, o) })
}

// includes tells whether a list holds all of another's numbers, as often as that does; both are ascending.
func includes(list, other []int) bool {
	for _, n := range list {
		if len(other) == 0 || n > other[0] {
			break
		}
		if n == other[0] {
			other = other[1:]
		}
	}
	return len(other) == 0
}

// occurrences returns how often a number is in an ascending list.
func occurrences(list []int, n int) int {
	from, _ := slices.BinarySearch(list, n)
	to, _ := slices.BinarySearch(list, n+1)
	return to - from
}
