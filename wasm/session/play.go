package session

import (
	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// mostSteps is how many moments at which something happens are lived through in one input. A run in which more happens is played slower than it should be.
const mostSteps = 20000

// play lets the cluster live to a moment, or to the one at which a first property is broken: there the clock stops.
func (s *Session) play(to int64) {
	if !s.live {
		s.relive(to)
	}
	if s.live {
		s.prolong(to)
	}
}

// relive lives once more through what was written down already.
func (s *Session) relive(to int64) {
	b := s.branch
	to = min(to, b.end)
	for range mostSteps {
		if at, _ := s.world.Next(); at > to {
			s.world.RunTo(to)
			break
		}
		s.world.Step()
	}
	s.takeNews()
	if s.world.Now() >= b.end {
		s.live = true
	}
}

// prolong lives the branch further, and writes down what happens.
func (s *Session) prolong(to int64) {
	for steps := 0; ; steps++ {
		at, ever := s.world.Next()
		if s.chaosDue() <= min(at, to) {
			s.drawFault()
			continue
		}
		if !ever || at > to {
			s.world.RunTo(to)
			break
		}
		s.world.Step()
		if s.record() && s.way == nil {
			s.setRate(0)
			break
		}
		if steps == mostSteps {
			break
		}
	}
	s.branch.end = s.world.Now()
	s.branch.tape.Keep(s.world)
	s.takeSightings()
}

// clear goes on to the next microsecond at which nothing happens by itself, so that what is done then is done again in the same order when the run is lived once more.
func (s *Session) clear() {
	for {
		at := s.world.Now() + 1
		next, _ := s.world.Next()
		s.play(at)
		if next > at {
			return
		}
	}
}

// record writes down what has happened since it was last called, and returns whether a property was broken, the first of this branch.
func (s *Session) record() (violated bool) {
	b, w := s.branch, s.world
	now := w.Now()
	for _, d := range w.Done() {
		s.tellDone(&d)
	}
	for _, h := range w.EventsSince(b.events, nil) {
		s.tellEvent(&h)
	}
	b.events = w.Events()
	for _, f := range w.BadFrames() {
		s.tell(badFrameLine(&f))
	}
	for i := range w.Run().Config.Servers {
		state, role, term := w.Look(raft.ServerID(i + 1))
		s.change(b.history.lane(now, i+1, laneOf(state, role), contract.U64(term)))
		if term > 0 {
			s.change(b.history.term(now, contract.U64(term)))
		}
	}
	for _, o := range w.Outcomes() {
		b.client.Ended(o.Call, 0, o.Answer, o.Refusal)
	}
	whole := len(b.broken) == 0
	return s.tellViolations() && whole
}

// takeNews forgets what was gathered of things that are known, but for frames, which are shown again.
func (s *Session) takeNews() {
	s.world.Done()
	s.world.BadFrames()
	s.world.Outcomes()
	s.takeSightings()
}

func laneOf(state lab.MachineState, role raft.Role) contract.Lane {
	switch state {
	case lab.Down, lab.Damaged:
		return contract.GoneLane
	case lab.Paused:
		return contract.PausedLane
	}
	return contract.Lane(page.RoleOf(role))
}
