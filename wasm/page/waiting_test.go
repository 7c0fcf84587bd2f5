package page

import (
	"strings"
	"testing"
)

func TestWhatWaitsInABatchIsBounded(t *testing.T) {
	var b Batch
	flights, lines, requests := 0, 0, 0
	for i := range 3 * MostLines {
		flights += b.AddFlight(Flight{Message: Message{Seq: uint64(i)}})
		b.AddLoss(Loss{Seq: uint64(1e6 + i)})
		lines += b.AddLine(StoryLine{ID: uint64(i), Weight: map[bool]string{true: "key", false: "detail"}[i%10 == 0]})
		requests += b.AddRequest(ClientRequest{ID: i})
		b.AddNotice("wrong")
	}
	if len(b.Flights) != MostFlights || len(b.Lost) != MostLosses || len(b.Story) != MostLines || len(b.Requests) != MostRequests || strings.Count(b.Notice, "wrong") != mostNotices {
		t.Errorf("%d flights, %d losses, %d lines, %d requests and %q wait", len(b.Flights), len(b.Lost), len(b.Story), len(b.Requests), b.Notice)
	}
	if flights != 3*MostLines-MostFlights || lines != 2*MostLines || requests != 3*MostLines-MostRequests {
		t.Errorf("%d flights, %d lines and %d requests gave way", flights, lines, requests)
	}
	if last := b.Flights[MostFlights-1].Seq; last != 3*MostLines-1 {
		t.Errorf("the newest flight that waits is %d", last)
	}
	keys := 0
	for _, line := range b.Story {
		if line.Weight == "key" {
			keys++
		}
	}
	if keys != 3*MostLines/10 {
		t.Errorf("%d key lines of %d wait: details go first", keys, 3*MostLines/10)
	}
	for i := range 2 * MostLines {
		b.AddLine(StoryLine{ID: uint64(1e6 + i), Weight: "key"})
	}
	if len(b.Story) != MostLines || b.Story[0].ID != 1e6+MostLines {
		t.Errorf("of key lines %d wait, the oldest %d", len(b.Story), b.Story[0].ID)
	}
}

func TestWhatIsNewOfAFlightOrARequestReplacesWhatWaits(t *testing.T) {
	var b Batch
	b.AddFlight(Flight{Message: Message{Seq: 1, Fate: "sent"}})
	b.AddFlight(Flight{Message: Message{Seq: 2, Fate: "sent"}})
	b.AddLoss(Loss{Seq: 1, Fate: "cut", At: 7})
	b.AddLoss(Loss{Seq: 9, Fate: "cut", At: 8})
	if f := b.Flights[0]; f.Fate != "cut" || f.LostAt == nil || *f.LostAt != 7 || b.Flights[1].LostAt != nil {
		t.Errorf("flights: %+v", b.Flights)
	}
	if len(b.Lost) != 1 || b.Lost[0].Seq != 9 {
		t.Errorf("the page has had flight 9, and is to hear %+v", b.Lost)
	}
	b.AddRequest(ClientRequest{ID: 1, State: "pending"})
	b.AddRequest(ClientRequest{ID: 2, State: "pending"})
	b.AddRequest(ClientRequest{ID: 1, State: "done"})
	if len(b.Requests) != 2 || b.Requests[0].State != "done" {
		t.Errorf("requests: %+v", b.Requests)
	}
}
