package session

import "raftplayground/wasm/contract"

// stretch is how much of a long way, µs of cluster time, is lived in one input: so little that the Worker goes on
// hearing the page.
const stretch = 2e6

// journey is a way to a moment that takes long.
type journey struct {
	to   int64
	done func(there bool) // answers; there is false if somebody wished for another moment before this one was reached
}

// travel lives on to a moment and then answers, in several inputs if it is far. The branch is prolonged if it ends
// before, with the faults that playing there would draw.
func (s *Session) travel(to int64, done func(there bool)) {
	s.way = &journey{to, done}
	s.goOn()
}

// goOn makes a stretch of the way.
func (s *Session) goOn() {
	s.play(min(s.way.to, s.world.Now()+stretch))
	if s.world.Now() >= s.way.to {
		s.arrive(true)
	}
}

// arrive ends the way where the playhead is.
func (s *Session) arrive(there bool) {
	way := s.way
	s.way = nil
	s.jump()
	way.done(there)
}

// seek goes to a moment of the branch. On the way to one, another takes its place.
func (s *Session) seek(w *contract.Seek) {
	if w.At == nil || !(*w.At >= 0 && *w.At <= latest) {
		s.refuse(w.ID, "at: expected a moment of this run in µs, 0 or more")
		return
	}
	if s.way != nil {
		s.arrive(false)
	}
	at := *w.At
	if end := s.branch.end; at <= end {
		s.stand(at)
		s.answer(w.ID, map[string]int64{"at": at})
		return
	}
	if at > s.branch.end+mostAhead {
		at = s.branch.end + mostAhead
	}
	s.stand(s.branch.end)
	s.travel(at, func(bool) { s.answer(w.ID, map[string]int64{"at": s.world.Now()}) })
}
