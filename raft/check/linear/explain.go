package linear

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/anishathalye/porcupine"

	"raftplayground/raft/check"
)

// Explanation says when each operation of a history can be taken to have happened on a single copy of the data, and which answers no order explains.
type Explanation struct {
	Effects        []Effect        // of each operation, in the order of the history
	Contradictions []Contradiction // ascending by the time of the answer
	Undecided      []string        // keys with which the steps ended: their operations have no effects, and may have further contradictions
}

// Effect is an operation's linearization point.
type Effect struct {
	Place int   // among the operations on its key, from 1; 0: it has none: it was refused, nothing that anybody was told needs it, or no order has a place for it
	At    int64 // µs of cluster time, from its call to its answer
}

// Contradiction is an answer that no order of the operations explains, though one explains all answers before it, but for those of earlier contradictions. These are left
// aside: what was read says nothing then, and what was deleted may not have been.
type Contradiction struct {
	Operation int   // whose answer it is: its place in the history, from 0
	Against   []int // the operations whose answers cannot all be true together with it, ascending by the time of the answer; without any of them there is an order
}

// Explain looks for an order of the operations on each key; that of one key does not depend on the others'. This takes exponential time at worst: it takes no more than
// so many steps, each of which tries one operation at one place, and then leaves the other keys Undecided. The same history with the same steps has the same Explanation.
func Explain(history []check.Operation, steps int) Explanation {
	s := &search{history: history, steps: steps, counts: make([]bool, len(history))}
	e := Explanation{Effects: make([]Effect, len(history))}
	keys, byKey := operationsByKey(history)
	for _, key := range keys {
		if !s.explain(byKey[key], &e) {
			e.Undecided = append(e.Undecided, key)
		}
	}
	slices.SortFunc(e.Contradictions, func(a, b Contradiction) int { return s.byAnswer(a.Operation, b.Operation) })
	return e
}

// search looks for orders of operations, which it names by their places in the history.
type search struct {
	history []check.Operation
	steps   int    // that are left
	counts  []bool // whose answers were to be explained last
}

// explain adds what is to be said of the operations on one key. It returns false if the steps have ended.
func (s *search) explain(operations []int, e *Explanation) bool {
	answered := slices.DeleteFunc(slices.Clone(operations), func(o int) bool { return s.history[o].Unknown })
	slices.SortFunc(answered, s.byAnswer)
	for n := 0; ; {
		// Each further answer leaves fewer orders: the first that leaves none is found by bisection.
		n += sort.Search(len(answered)-n, func(i int) bool { return !s.possible(operations, answered[:n+i+1]) })
		if n == len(answered) || s.steps == 0 {
			break
		}
		wrong := answered[n]
		against := least(s.readsFirst(answered[:n]), func(kept []int) bool { return !s.possible(operations, append(kept, wrong)) })
		if s.steps == 0 {
			break
		}
		slices.SortFunc(against, s.byAnswer)
		e.Contradictions = append(e.Contradictions, Contradiction{wrong, against})
		answered = slices.Delete(answered, n, n+1)
	}
	others := slices.DeleteFunc(slices.Clone(operations), func(o int) bool { return slices.Contains(answered, o) })
	seen := least(others, func(kept []int) bool { return s.possible(append(kept, answered...), answered) })
	order := s.order(append(seen, answered...), answered)
	if s.steps == 0 {
		return false
	}
	s.place(order, e)
	return true
}

// byAnswer puts operations in the order in which they were answered.
func (s *search) byAnswer(a, b int) int {
	return cmp.Or(cmp.Compare(s.history[a].Returned, s.history[b].Returned), cmp.Compare(a, b))
}

// readsFirst returns the same operations, those first that one would rather not name as the reason of a contradiction: reads, then old writes.
func (s *search) readsFirst(operations []int) []int {
	isRead := func(o int) bool { return s.history[o].Kind == check.Get }
	reads := slices.DeleteFunc(slices.Clone(operations), func(o int) bool { return !isRead(o) })
	return append(reads, slices.DeleteFunc(slices.Clone(operations), isRead)...)
}

// least leaves out of a list what can be left out while something still holds of the rest, the first ones first. What holds must also hold of any longer list.
func least(list []int, holds func(kept []int) bool) []int {
	for size := len(list); size > 0; size /= 2 {
		for from := 0; from < len(list); {
			rest := slices.Concat(list[:from], list[min(from+size, len(list)):])
			if holds(rest) {
				list = rest
			} else {
				from += size
			}
		}
	}
	return list
}

// possible tells whether some order of the operations explains the answers of some of them, if the others were not answered. What was not answered may stand anywhere or
// nowhere, and so doubles what there is to try: it is tried with few of these first.
func (s *search) possible(operations, answered []int) bool {
	for _, open := range []open{onlyRead, readOrDeleted, all} {
		if porcupine.CheckOperations(s.model(), s.entries(operations, answered, open)) {
			return true
		}
	}
	return false
}

// open says which operations without an answer may have happened.
type open uint8

const (
	onlyRead      open = iota // writes whose value was read
	readOrDeleted             // these and what was deleted
	all                       // other writes, too: only a later delete or compare-and-swap can have noticed them
)

// order returns an order of the operations that explains the answers of some of them.
func (s *search) order(operations, answered []int) []int {
	entries := s.entries(operations, answered, all)
	result, info := porcupine.CheckOperationsVerbose(s.model(), entries, 0)
	if result != porcupine.Ok || len(entries) == 0 {
		return nil
	}
	order := slices.Clone(info.PartialLinearizations()[0][0])
	for i, entry := range order {
		order[i] = entries[entry].Metadata.(int)
	}
	return order
}

// value is what is known of a value that is written to a key: how many write it, and of the reads that found it the earliest call and the earliest answer.
type value struct {
	writers          int
	called, returned int64
}

// entries returns the operations for porcupine, those of them answered whose answers are to be explained, and of the others those that may have happened.
func (s *search) entries(operations, answered []int, open open) []porcupine.Operation {
	clear(s.counts)
	for _, o := range answered {
		s.counts[o] = true
	}
	values := s.values(operations)
	entries := make([]porcupine.Operation, 0, len(operations))
	swaps := slices.ContainsFunc(operations, func(o int) bool { return s.history[o].Kind == check.CompareAndSwap })
	for _, o := range operations {
		entry, v := operation(s.history, o, s.counts[o]), values[s.history[o].Value]
		kind, read := s.history[o].Kind, v.returned != math.MaxInt64
		switch {
		case s.counts[o]:
		case kind == check.Get, kind == check.Delete && open < readOrDeleted, kind == check.Put && !read && open < all, kind == check.CompareAndSwap && open < all:
			continue
		case kind == check.Put && read && v.writers == 1 && entry.Call <= v.returned && !swaps: // a compare-and-swap that failed may have noticed the write
			// Nothing can stand between the only write of a value and the first read of it: so it happened no sooner than that was asked for.
			entry.Call, entry.Return = max(entry.Call, v.called), v.returned
		}
		entries = append(entries, entry)
	}
	return entries
}

func (s *search) values(operations []int) map[string]value {
	values := map[string]value{}
	for _, o := range operations {
		h := &s.history[o]
		v, known := values[h.Value]
		if !known {
			v = value{called: math.MaxInt64, returned: math.MaxInt64}
		}
		switch {
		case h.Kind == check.Put, h.Kind == check.CompareAndSwap:
			v.writers++
		case h.Kind == check.Get && h.Found && s.counts[o]:
			v.called, v.returned = min(v.called, h.Invoked), min(v.returned, h.Returned)
		}
		values[h.Value] = v
	}
	return values
}

// model is register until the steps have ended; then nothing is possible.
func (s *search) model() porcupine.Model {
	model := register
	model.Step = func(state, input, answered any) (bool, any) {
		if s.steps == 0 {
			return false, state
		}
		s.steps--
		return register.Step(state, input, answered)
	}
	return model
}

// place gives the operations of an order their points in time: each between the latest call of those before it and the earliest answer of those behind it, in the
// middle. As neither goes back along the order, nor do the points. The last of the order was answered: what was not is there only because an answer behind it needs it.
func (s *search) place(order []int, e *Explanation) {
	ends := make([]int64, len(order))
	earliest := int64(math.MaxInt64)
	for i, o := range slices.Backward(order) {
		if s.counts[o] {
			earliest = min(earliest, s.history[o].Returned)
		}
		ends[i] = earliest
	}
	begin := int64(0)
	for i, o := range order {
		begin = max(begin, s.history[o].Invoked)
		e.Effects[o] = Effect{Place: i + 1, At: begin + (ends[i]-begin)/2}
	}
}
