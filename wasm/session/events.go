package session

import (
	"slices"

	"raftplayground/wasm/timeline"
)

// lookedAway answers those who wait for a request of a branch that is no longer shown.
const lookedAway = "Another way of the run is looked at now. There, this request is still under way."

// events is the session as its time line's Host.
type events struct{ s *Session }

var _ timeline.Host[kept] = events{}

func (c events) Due() int64 { return c.s.chaosDue() }

func (c events) Meet() { c.s.drawFault() }

func (c events) Lived() bool { return c.s.record() }

func (c events) Passed(again bool) {
	if again {
		c.s.line.World.Done()
		c.s.line.World.BadFrames()
		c.s.line.World.Outcomes()
	}
	c.s.page.Sightings(c.s.hidden || c.s.line.Travels())
}

func (c events) Moved(anew bool) {
	if anew {
		c.s.line.World.Watch(true)
		c.s.rest = 0
		c.s.lookAround()
	}
	c.s.page.Jump()
}

func (c events) Fork(parent *kept, at int64) kept {
	b := kept{Record: parent.Through(c.s.line.World), client: parent.client}
	parent.client = b.client.Fork(at)
	parent.client.Leave(lookedAway)
	b.undo = slices.DeleteFunc(slices.Clone(parent.undo), func(p planned) bool { return p.since > at })
	return b
}

// lookAround points the page's teller at the current world and branch.
func (s *Session) lookAround() { s.page.LookAt(s.line.World, &s.line.Branch.Kept.Record) }

// record writes down what has happened since its last call, and returns whether a property was broken for
// the first time in this branch.
func (s *Session) record() (violated bool) {
	for _, d := range s.line.World.Done() {
		s.tellDone(&d)
	}
	violated = s.page.Write()
	for _, o := range s.line.World.Outcomes() {
		s.line.Branch.Kept.client.Ended(o.Call, 0, o.Answer, o.Refusal)
	}
	return violated
}
