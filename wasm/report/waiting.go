package report

import (
	"slices"
	"strings"

	"raftplayground/wasm/contract"
)

// Limits of what waits for a page that asks for no batch. The oldest give way to the newest; in the story,
// details go first.
const (
	MostFlights  = 500
	MostLosses   = 500
	MostLines    = 1000
	MostRequests = 500
	mostNotices  = 8
)

// Waiting folds what is new until the page asks for it.
type Waiting struct {
	Next    contract.Batch
	Changed bool // Next holds something
	Gone    int  // flights, lines and requests that gave way to newer ones; the taker of Next resets it
}

// Flight adds a flight.
func (w *Waiting) Flight(f contract.Flight) {
	w.Changed = true
	w.Next.Flights = within(w.Next.Flights, f, MostFlights, &w.Gone)
}

// Loss corrects a flight: in place if the page has not had it yet. A dropped correction concerns a flight
// that is long over.
func (w *Waiting) Loss(l contract.Loss) {
	w.Changed = true
	for i := len(w.Next.Flights) - 1; i >= 0; i-- {
		if f := &w.Next.Flights[i]; f.Seq == l.Seq {
			at := l.At
			f.Fate, f.LostAt = l.Fate, &at
			return
		}
	}
	w.Next.Lost = within(w.Next.Lost, l, MostLosses, new(int))
}

// Line adds a line of the story. If there is no room the oldest detail gives way, so that heartbeats do not
// push out the elections; if there is no detail, the oldest line.
func (w *Waiting) Line(line contract.StoryLine) {
	w.Changed = true
	story := &w.Next.Story
	if len(*story) >= MostLines {
		detail := func(l contract.StoryLine) bool { return l.Weight == contract.Detail }
		at := max(0, slices.IndexFunc(*story, detail))
		*story = slices.Delete(*story, at, at+1)
		w.Gone++
	}
	*story = append(*story, line)
}

// Request keeps the latest of each request.
func (w *Waiting) Request(r contract.ClientRequest) {
	w.Changed = true
	for i := range w.Next.Requests {
		if w.Next.Requests[i].ID == r.ID {
			w.Next.Requests[i] = r
			return
		}
	}
	w.Next.Requests = within(w.Next.Requests, r, MostRequests, &w.Gone)
}

// Notice keeps the first few, a line each: what goes wrong first explains the rest.
func (w *Waiting) Notice(text string) {
	w.Changed = true
	switch {
	case w.Next.Notice == "":
		w.Next.Notice = text
	case strings.Count(w.Next.Notice, "\n") < mostNotices-1:
		w.Next.Notice += "\n" + text
	}
}

// within appends to a list of at most most items: when it is full the oldest is dropped and counted.
func within[T any](list []T, item T, most int, gone *int) []T {
	if len(list) >= most {
		list = slices.Delete(list, 0, 1)
		*gone++
	}
	return append(list, item)
}
