package report

import (
	"strings"
	"testing"

	"raftplayground/wasm/contract"
)

func TestWhatWaitsInABatchIsBounded(t *testing.T) {
	var b Waiting
	flights, lines, requests := 0, 0, 0
	gone := func() (n int) { n, b.Gone = b.Gone, 0; return n }
	for i := range 3 * MostLines {
		b.Flight(contract.Flight{Message: contract.Message{Seq: uint64(i)}})
		flights += gone()
		b.Loss(contract.Loss{Seq: uint64(1e6 + i)})
		b.Line(contract.StoryLine{
			ID: uint64(i), Weight: map[bool]contract.Weight{true: "key", false: "detail"}[i%10 == 0],
		})
		lines += gone()
		b.Request(contract.ClientRequest{ID: i})
		requests += gone()
		b.Notice("wrong")
	}
	if len(b.Next.Flights) != MostFlights || len(b.Next.Lost) != MostLosses || len(b.Next.Story) != MostLines ||
		len(b.Next.Requests) != MostRequests || strings.Count(b.Next.Notice, "wrong") != mostNotices {
		t.Errorf(
			"%d flights, %d losses, %d lines, %d requests and %q wait", len(b.Next.Flights), len(b.Next.Lost),
			len(b.Next.Story), len(b.Next.Requests), b.Next.Notice,
		)
	}
	if flights != 3*MostLines-MostFlights || lines != 2*MostLines || requests != 3*MostLines-MostRequests {
		t.Errorf("%d flights, %d lines and %d requests gave way", flights, lines, requests)
	}
	if last := b.Next.Flights[MostFlights-1].Seq; last != 3*MostLines-1 {
		t.Errorf("the newest flight that waits is %d", last)
	}
	keys := 0
	for _, line := range b.Next.Story {
		if line.Weight == "key" {
			keys++
		}
	}
	if keys != 3*MostLines/10 {
		t.Errorf("%d key lines of %d wait: details go first", keys, 3*MostLines/10)
	}
	for i := range 2 * MostLines {
		b.Line(contract.StoryLine{ID: uint64(1e6 + i), Weight: "key"})
	}
	if len(b.Next.Story) != MostLines || b.Next.Story[0].ID != 1e6+MostLines {
		t.Errorf("of key lines %d wait, the oldest %d", len(b.Next.Story), b.Next.Story[0].ID)
	}
}

func TestWhatIsNewOfAFlightOrARequestReplacesWhatWaits(t *testing.T) {
	var b Waiting
	b.Flight(contract.Flight{Message: contract.Message{Seq: 1, Fate: "sent"}})
	b.Flight(contract.Flight{Message: contract.Message{Seq: 2, Fate: "sent"}})
	b.Loss(contract.Loss{Seq: 1, Fate: "cut", At: 7})
	b.Loss(contract.Loss{Seq: 9, Fate: "cut", At: 8})
	if f := b.Next.Flights[0]; f.Fate != "cut" || f.LostAt == nil || *f.LostAt != 7 || b.Next.Flights[1].LostAt != nil {
		t.Errorf("flights: %+v", b.Next.Flights)
	}
	if len(b.Next.Lost) != 1 || b.Next.Lost[0].Seq != 9 {
		t.Errorf("the page has had flight 9, and is to hear %+v", b.Next.Lost)
	}
	b.Request(contract.ClientRequest{ID: 1, State: "pending"})
	b.Request(contract.ClientRequest{ID: 2, State: "pending"})
	b.Request(contract.ClientRequest{ID: 1, State: "done"})
	if len(b.Next.Requests) != 2 || b.Next.Requests[0].State != "done" {
		t.Errorf("requests: %+v", b.Next.Requests)
	}
}
