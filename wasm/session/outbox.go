package session

import (
	"slices"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// outbox is what waits for the page.
type outbox struct {
	page.Waiting
	drawn       bool    // the page wants a batch
	run         bool    // all that was known is void: the next batch is to hold everything
	jumped      bool    // the playhead stands elsewhere
	posted      float64 // real time of the last batch
	lostHistory bool    // some of it found no room: the next batch is to hold all of it
	told        told
}

// told is what the page knows.
type told struct {
	rate    float64
	links   []contract.Link
	off     []string // rules
	servers []known
	lab     string // the last Lab, but for its End, as JSON
	end     int64
	flights map[uint64]contract.Flight // those that are still on their way
}

func newOutbox() outbox {
	return outbox{drawn: true, told: told{flights: map[uint64]contract.Flight{}}}
}

// wholeHistory gives up the changes that wait: the page is told all of the history.
func (o *outbox) wholeHistory() {
	o.Next.History, o.lostHistory = nil, true
}

// jump makes the next batch one of another moment: what was under way elsewhere is void.
func (s *Session) jump() {
	o := &s.outbox
	o.jumped, o.Changed = true, true
	o.Next.Flights, o.Next.Lost = nil, nil
	clear(o.told.flights)
	s.world.Sightings(nil)
}

// flush posts a batch if the page wants one and there is something to tell. It is the end of every input.
func (s *Session) flush(prompt bool) {
	o := &s.outbox
	since := s.now - o.posted
	switch {
	case !o.drawn || s.hidden && since < hiddenEvery:
		return
	case s.world == nil:
		if !o.Changed {
			return
		}
	case !prompt && since < batchEvery && !o.jumped && !o.run:
		return
	}
	if s.world != nil {
		s.lookAround(since >= clockEvery)
		if !o.Changed && (since < clockEvery || s.rate == 0) {
			return
		}
		rate := s.rate
		if s.way != nil {
			rate = 0
		}
		o.Next.Clock = &contract.Clock{Now: s.world.Now(), Rate: rate}
	}
	s.fillMoment()
	batch := o.Next
	o.Waiting, o.posted = page.Waiting{}, s.now
	o.drawn, o.run, o.jumped, o.lostHistory = false, false, false, false
	s.post(contract.FromWorker{Batch: &contract.Posted{Batch: batch}})
}

// fillMoment adds what a batch of another moment or another run holds.
func (s *Session) fillMoment() {
	o := &s.outbox
	n := &o.Next
	switch {
	case o.run:
		b := s.branch
		n.Moment = contract.AnotherRun
		n.Connection, n.Self = &contract.Connection{State: "open"}, &contract.Status{Connected: true, Disk: "none"}
		n.Story, n.Requests, n.History = slices.Clone(b.story.lines), b.client.Views(), b.history.whole()
		if len(n.Story) > mostLines {
			n.Story = n.Story[len(n.Story)-mostLines:]
		}
	case o.jumped:
		n.Moment = contract.Jump
	}
	if o.lostHistory {
		n.History = s.branch.history.whole()
	}
	if n.History != nil {
		n.History.Commit = s.branch.history.commit
	}
}
