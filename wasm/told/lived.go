package told

import (
	"slices"

	"raftplayground/wasm/contract"
)

// mostChanges is how many changes of each kind lived keeps; the oldest go, many at a time.
const mostChanges = 6000

// lived is the history of a branch that the time line shows.
type lived struct {
	terms  []contract.TermChange
	lanes  []contract.LaneChange
	marks  []contract.Mark
	commit contract.U64

	last [10]contract.LaneChange // of each server; its Role is empty before the first
}

// change is an addition to a lived; nil members add nothing.
type change struct {
	term *contract.TermChange
	lane *contract.LaneChange
	mark *contract.Mark
}

// lane notes a server's role or state, unless it has not changed.
func (h *lived) lane(at int64, server int, role contract.Lane, term contract.U64) (c change) {
	l := &h.last[server]
	if role == contract.GoneLane {
		term = l.Term // the term on its disk
	}
	if l.Role == role && l.Term == term {
		return c
	}
	*l = contract.LaneChange{At: at, Server: server, Role: role, Term: term}
	h.lanes = bound(append(h.lanes, *l), func(l contract.LaneChange) int { return l.Server })
	return change{lane: &h.lanes[len(h.lanes)-1]}
}

// term notes the highest term.
func (h *lived) term(at int64, term contract.U64) (c change) {
	if n := len(h.terms); n > 0 && h.terms[n-1].Term >= term {
		return c
	}
	h.terms = bound(append(
		h.terms, contract.TermChange{At: at, Term: term},
	), func(contract.TermChange) int { return 0 })
	return change{term: &h.terms[len(h.terms)-1]}
}

func (h *lived) mark(at int64, kind contract.MarkKind, server int, text string) change {
	h.marks = append(h.marks, contract.Mark{At: at, Kind: kind, Server: server, Text: text})
	if len(h.marks) > mostChanges {
		h.marks = append(h.marks[:0], h.marks[mostChanges/4:]...)
	}
	return change{mark: &h.marks[len(h.marks)-1]}
}

// bound drops a quarter of a list that has grown too long, except the newest change of each lane in it,
// which still holds where the list begins now.
func bound[T any](list []T, laneOf func(T) int) []T {
	if len(list) <= mostChanges {
		return list
	}
	old := list[:mostChanges/4]
	var newest [10]int
	for i, c := range old {
		newest[laneOf(c)] = i + 1
	}
	kept := make([]T, 0, len(list))
	for i, c := range old {
		if newest[laneOf(c)] == i+1 {
			kept = append(kept, c)
		}
	}
	return append(kept, list[len(old):]...)
}

// through returns a copy of the history up to a moment, except what was committed then.
func (h *lived) through(at int64) lived {
	c := lived{
		terms: asFarAs(h.terms, func(t contract.TermChange) bool { return t.At <= at }),
		lanes: asFarAs(h.lanes, func(l contract.LaneChange) bool { return l.At <= at }),
		marks: asFarAs(h.marks, func(m contract.Mark) bool { return m.At <= at }),
	}
	for _, l := range c.lanes {
		c.last[l.Server] = l
	}
	return c
}

// asFarAs copies the items of a list that had happened by then.
func asFarAs[T any](list []T, happened func(T) bool) (kept []T) {
	for _, one := range list {
		if happened(one) {
			kept = append(kept, one)
		}
	}
	return kept
}

// whole returns the whole history for the page.
func (h *lived) whole() *contract.LivedPart {
	return &contract.LivedPart{
		Whole: true, Terms: copied(h.terms), Lanes: copied(h.lanes), Marks: copied(h.marks), Commit: h.commit,
	}
}

// copied returns a list that is not nil: in JSON null is no list.
func copied[T any](list []T) []T { return append(make([]T, 0, len(list)), slices.Clip(list)...) }
