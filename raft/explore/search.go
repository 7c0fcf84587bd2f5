package explore

import (
	"errors"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// Result is what a search found.
type Result struct {
	Violation *check.Violation // nil: none, and nothing new can happen within the bounds
	Run       []Action         // to the violation; no run within the bounds is shorter
	States    int              // different situations seen
	Steps     int              // actions tried
	Depth     int              // length of the run to the last situation that was explored
}

// Search goes breadth-first through all that can happen within the bounds, and ends at the first violation.
// It keeps about 60 bytes of each new situation: not the cluster, which is rebuilt by repeating what led
// there. More than most situations are an error, and the Result tells how far the search came.
func Search(c Config, most int) (Result, error) {
	root, err := newWorld(&c)
	if err != nil {
		return Result{}, err
	}
	if c.onlyWalked() {
		return Result{}, errors.New("explore: Waiting and Changes are for walks: " +
			"a search cannot tell the situations apart")
	}
	s := &search{names: newRenamer(c.Servers), seen: map[key]struct{}{}, path: []*world{root}, pathOf: []int32{0}}
	s.records = []record{{before: -1}}
	s.seen[s.names.key(root)] = struct{}{}
	var moves []move
	for at := 0; at < len(s.records); at++ {
		w := s.world(int32(at))
		moves = w.moves(moves[:0])
		for _, m := range moves {
			next := w.step(m)
			s.steps++
			if v := next.violation(); v != nil {
				return s.result(v, s.run(int32(at), root, m)), nil
			}
			if next.far || !s.isNew(next) {
				continue
			}
			if len(s.records) >= most {
				return s.result(nil, nil), errors.New("explore: more than " + strconv.Itoa(most) +
					" situations, the deepest after " +
					strconv.Itoa(len(s.path)) + " actions: narrow the bounds or allow more")
			}
			s.records = append(s.records, record{int32(at), m})
		}
	}
	return s.result(nil, nil), nil
}

type search struct {
	names   *renamer
	seen    map[key]struct{}
	records []record // in the order in which they were found, so that those of fewer actions come first
	steps   int

	// The path to the situation looked at last. The next one's mostly differs only at its end.
	path   []*world
	pathOf []int32
}

// record is how a situation was first reached.
type record struct {
	before int32 // the situation before it, −1 for the first
	move   move
}

func (s *search) isNew(w *world) bool {
	k := s.names.key(w)
	if _, seen := s.seen[k]; seen {
		return false
	}
	s.seen[k] = struct{}{}
	return true
}

// world rebuilds a situation.
func (s *search) world(at int32) *world {
	way := s.way(at)
	same := 0
	for same < len(way) && same < len(s.path) && way[same] == s.pathOf[same] {
		same++
	}
	s.path, s.pathOf = s.path[:same], s.pathOf[:same]
	for _, next := range way[same:] {
		s.path = append(s.path, s.path[len(s.path)-1].step(s.records[next].move))
		s.pathOf = append(s.pathOf, next)
	}
	return s.path[len(s.path)-1]
}

// way returns the situations from the first to this one.
func (s *search) way(at int32) (way []int32) {
	for ; at >= 0; at = s.records[at].before {
		way = append(way, at)
	}
	for i, k := 0, len(way)-1; i < k; i, k = i+1, k-1 {
		way[i], way[k] = way[k], way[i]
	}
	return way
}

// run returns the actions that lead to a situation, and one more.
func (s *search) run(at int32, root *world, last move) (run []Action) {
	w := root
	for _, i := range s.way(at)[1:] {
		m := s.records[i].move
		run = append(run, w.action(m))
		w = w.step(m)
	}
	return append(run, w.action(last))
}

func (s *search) result(v *check.Violation, run []Action) Result {
	return Result{Violation: v, Run: run, States: len(s.records), Steps: s.steps, Depth: len(s.path) - 1}
}

// action puts a move into words.
func (w *world) action(m move) Action {
	switch m.do {
	case Receive, Lose, Duplicate:
	case Reconfigure:
		return Action{Do: m.do, Server: raft.ServerID(m.server),
			Message: string(w.config.Changes[m.slot].AppendText(nil))}
	default:
		return Action{Do: m.do, Server: raft.ServerID(m.server)}
	}
	f := &w.flight[m.slot]
	a := Action{Do: m.do, Server: f.to, Message: f.text()}
	for i := range w.flight[:m.slot] {
		if other := &w.flight[i]; other.to == a.Server && other.text() == a.Message {
			a.Nth++
		}
	}
	return a
}

// move finds what an action means here, false if it cannot happen.
func (w *world) move(a Action) (move, bool) {
	for _, m := range w.moves(nil) {
		if m.do == a.Do && w.action(m) == a {
			return m, true
		}
	}
	return move{}, false
}
