package linear

import (
	"cmp"
	"math"
	"slices"

	"raftplayground/raft/check"
)

// Explanation says when each operation of a history can be taken to have happened on a single copy of the data, and
// which answers no order explains.
type Explanation struct {
	Effects        []Effect        // of each operation, in the order of the history
	Contradictions []Contradiction // ascending by the time of the answer
	Undecided      []string        // keys for which the steps ended: no effects, perhaps more contradictions
}

// Effect is an operation's linearization point.
type Effect struct {
	// its place among the operations on its key, from 1; 0: none, since it was refused, no client's answer
	// needs it, or no order has a place for it
	Place int
	At    int64 // µs of cluster time, from its call to its answer
}

// Contradiction is an answer that no order of the operations explains, though one explains all answers
// before it, except those of earlier contradictions. These are left aside: a read among them proves nothing,
// and a write or delete may not have happened.
type Contradiction struct {
	Operation int   // whose answer it is: its place in the history, from 0
	Against   []int // those whose answers cannot all be true together with it, ascending by the time of the answer
	Least     bool  // without any one of them there is an order; false: the steps ended before that was known
}

// Explain looks for an order of the operations on each key; the keys are independent. This takes exponential
// time at worst, so it is limited to so many steps, each of which tries one operation at one place or
// compares two outcomes. Each key gets an equal share of the steps left, and is Undecided if its share does
// not suffice. The steps that remain when all wrong answers are named are spent on what these contradict:
// see Contradiction.Least. The same history with the same steps has the same Explanation.
func Explain(history []check.Operation, steps int) Explanation {
	e := Explanation{Effects: make([]Effect, len(history))}
	keys, byKey := operationsByKey(history)
	for i, key := range keys {
		s := newSearch(history, byKey[key])
		steps = withShare(s, steps, len(keys)-i, func() {
			if !s.explain(&e) {
				e.Undecided = append(e.Undecided, key)
			}
		})
	}
	slices.SortFunc(e.Contradictions, func(a, b Contradiction) int {
		return byAnswer(history, a.Operation, b.Operation)
	})
	for i := range e.Contradictions {
		c := &e.Contradictions[i]
		s := newSearch(history, byKey[history[c.Operation].Key])
		steps = withShare(s, steps, len(e.Contradictions)-i, func() { s.shorten(c) })
	}
	return e
}

// withShare lets a search take one of so many shares of the steps, and returns how many steps are left.
func withShare(s *search, steps, shares int, search func()) int {
	s.steps = steps / shares
	steps -= s.steps
	search()
	return steps + s.steps
}

// explain adds to e the search's effects and contradictions. It returns false if the steps have ended.
func (s *search) explain(e *Explanation) bool {
	answered := slices.DeleteFunc(slices.Clone(s.operations), func(o int) bool { return s.history[o].Unknown })
	slices.SortFunc(answered, s.byAnswer)
	s.begin(answered)
	for {
		wrong, found := s.proceed()
		switch {
		case s.steps == 0:
			return false
		case !found:
			s.place(s.order(), e)
			return true
		}
		n := slices.Index(answered, wrong)
		c := Contradiction{Operation: wrong, Against: slices.Clone(answered[:n])}
		e.Contradictions = append(e.Contradictions, c)
		answered = slices.Delete(answered, n, n+1)
		s.leaveAside(wrong)
	}
}

// shorten leaves out of Against what the contradiction does not need, reads and old writes first. An answer
// is known to be needed if there is an order without it. Where a quarter of the steps that are left does not
// suffice to find out, the answer is kept, and the next one tried.
func (s *search) shorten(c *Contradiction) {
	c.Least = true
	shortest := s.readsFirst(c.Against)
	c.Against = least(shortest, func(kept []int) bool {
		left := s.steps
		s.steps = left / 4
		s.begin(append(slices.Clone(kept), c.Operation))
		_, found := s.proceed()
		ended := s.steps == 0
		s.steps += left - left/4
		if found && !ended {
			shortest = kept
		} else if ended && len(kept) == len(shortest)-1 {
			c.Least = false
		}
		return found && !ended
	})
	slices.SortFunc(c.Against, s.byAnswer)
}

func (s *search) byAnswer(a, b int) int { return byAnswer(s.history, a, b) }

// byAnswer puts operations in the order in which they were answered.
func byAnswer(history []check.Operation, a, b int) int {
	return cmp.Or(cmp.Compare(history[a].Returned, history[b].Returned), cmp.Compare(a, b))
}

// readsFirst returns the same operations, beginning with those that explain a contradiction least: reads,
// then old writes.
func (s *search) readsFirst(operations []int) []int {
	isRead := func(o int) bool { return s.history[o].Kind == check.Get }
	reads := slices.DeleteFunc(slices.Clone(operations), func(o int) bool { return !isRead(o) })
	return append(reads, slices.DeleteFunc(slices.Clone(operations), isRead)...)
}

// least leaves out of a list all it can, the first elements first, while holds is true of the rest. If holds
// is true of a list, it must be true of any longer one.
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

// place gives each operation of an order its point in time: midway between the latest call up to it and the
// earliest answer from it on. Neither goes back along the order, so the points do not either. The last
// operation of an order was answered: one without an answer is there only because a later answer needs it.
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
