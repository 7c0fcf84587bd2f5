package session

import (
	"slices"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/page"
)

// batch is page.Batch with the servers' reports as they wrote them.
type batch struct {
	page.Batch
	Servers []serverView `json:"servers,omitempty"`
}

type serverView struct {
	page.ServerView
	Report jsoniter.RawMessage `json:"report"`
}

// outbox folds what is new until the page asks for it.
type outbox struct {
	next        batch
	drawn       bool    // the page wants a batch
	changed     bool    // next holds something
	run         bool    // all that was known is void: next is to hold everything
	jumped      bool    // the playhead stands elsewhere
	posted      float64 // real time of the last batch
	lostHistory bool    // some of it found no room: next is to hold all of it
	told        told
}

// told is what the page knows.
type told struct {
	rate    float64
	links   []page.Link
	off     []string // rules
	servers []known
	lab     string // the last Lab, but for its End, as JSON
	end     int64
	flights map[uint64]page.Flight // those that are still on their way
}

func newOutbox() outbox {
	return outbox{drawn: true, told: told{flights: map[uint64]page.Flight{}}}
}

func (o *outbox) line(line page.StoryLine) {
	o.changed = true
	o.next.AddLine(line)
}

func (o *outbox) flight(f page.Flight) {
	o.changed = true
	o.next.AddFlight(f)
}

func (o *outbox) loss(l page.Loss) {
	o.changed = true
	o.next.AddLoss(l)
}

func (o *outbox) request(r page.ClientRequest) {
	o.changed = true
	o.next.AddRequest(r)
}

// wholeHistory gives up the changes that wait: the page is told all of the history.
func (o *outbox) wholeHistory() {
	o.next.History, o.lostHistory = nil, true
}

func (o *outbox) notice(text string) {
	o.changed = true
	o.next.AddNotice(text)
}

// jump makes the next batch one of another moment: what was under way elsewhere is void.
func (s *Session) jump() {
	o := &s.outbox
	o.jumped, o.changed = true, true
	o.next.Flights, o.next.Lost = nil, nil
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
		if !o.changed {
			return
		}
	case !prompt && since < batchEvery && !o.jumped && !o.run:
		return
	}
	if s.world != nil {
		s.lookAround(since >= clockEvery)
		if !o.changed && (since < clockEvery || s.rate == 0) {
			return
		}
		rate := s.rate
		if s.way != nil {
			rate = 0
		}
		o.next.Clock = &page.Clock{Now: ms(s.world.Now()), Rate: rate}
	}
	s.fillMoment()
	next := o.next
	o.next, o.posted = batch{}, s.now
	o.drawn, o.changed, o.run, o.jumped, o.lostHistory = false, false, false, false, false
	s.post(page.Delivery{Type: "batch", Batch: &next})
}

// fillMoment adds what a batch of another moment or another run holds.
func (s *Session) fillMoment() {
	o := &s.outbox
	n := &o.next
	switch {
	case o.run:
		b := s.branch
		n.Moment = "run"
		n.Connection, n.Self = &page.Connection{State: "open"}, &page.Status{Connected: true, Disk: "none"}
		n.Story, n.Requests, n.History = slices.Clone(b.story.lines), requestViews(b.requests), b.history.whole()
		if len(n.Story) > mostLines {
			n.Story = n.Story[len(n.Story)-mostLines:]
		}
	case o.jumped:
		n.Moment = "jump"
	}
	if o.lostHistory {
		n.History = s.branch.history.whole()
	}
	if n.History != nil {
		n.History.Commit = s.branch.history.commit
	}
}
