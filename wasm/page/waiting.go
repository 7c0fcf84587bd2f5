package page

import (
	"slices"
	"strings"
)

// Most of each that waits in a Batch for a page that asks for none. The oldest give way to the newest; of the story, details go first.
const (
	MostFlights  = 500
	MostLosses   = 500
	MostLines    = 1000
	MostRequests = 500
	mostNotices  = 8
)

// AddFlight adds a flight, and returns how many gave way to it.
func (b *Batch) AddFlight(f Flight) (gone int) {
	b.Flights, gone = within(b.Flights, f, MostFlights)
	return gone
}

// AddLoss corrects a flight: in place if the page has not had it yet. A correction that gives way to it is of a flight that is long over, and not missed.
func (b *Batch) AddLoss(l Loss) {
	for i := len(b.Flights) - 1; i >= 0; i-- {
		if f := &b.Flights[i]; f.Seq == l.Seq {
			at := l.At
			f.Fate, f.LostAt = l.Fate, &at
			return
		}
	}
	b.Lost, _ = within(b.Lost, l, MostLosses)
}

// AddLine adds a line of the story, and returns how many gave way to it: the oldest detail, so that heartbeats do not push the elections out; if there is none, the
// oldest line.
func (b *Batch) AddLine(line StoryLine) (gone int) {
	if len(b.Story) >= MostLines {
		at := max(0, slices.IndexFunc(b.Story, func(l StoryLine) bool { return l.Weight == "detail" }))
		b.Story, gone = slices.Delete(b.Story, at, at+1), 1
	}
	b.Story = append(b.Story, line)
	return gone
}

// AddRequest keeps the latest of each request, and returns how many gave way to it.
func (b *Batch) AddRequest(r ClientRequest) (gone int) {
	for i := range b.Requests {
		if b.Requests[i].ID == r.ID {
			b.Requests[i] = r
			return 0
		}
	}
	b.Requests, gone = within(b.Requests, r, MostRequests)
	return gone
}

// AddNotice keeps the first few, a line each: what goes wrong first explains the rest.
func (b *Batch) AddNotice(text string) {
	switch {
	case b.Notice == "":
		b.Notice = text
	case strings.Count(b.Notice, "\n") < mostNotices-1:
		b.Notice += "\n" + text
	}
}

// within appends to a list that holds so many at most: when it is full the oldest goes.
func within[T any](list []T, item T, most int) (_ []T, gone int) {
	if len(list) >= most {
		list, gone = slices.Delete(list, 0, 1), 1
	}
	return append(list, item), gone
}
