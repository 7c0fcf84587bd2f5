package study

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/lab"
)

// staleRead is a run in which S1 leads, writes x = 1, is cut off, and still answers for x when the others have elected
// S2 and written x = 2: without a round of heartbeats it does not notice that it no longer leads (§8).
func staleRead(off ...string) lab.Run {
	const ms = 1000
	config := lab.Config{Servers: 3, Latency: 10 * ms, Reads: "readIndex", Off: append(off, figure2...)}
	return lab.Run{Version: lab.Version, Seed: 1, Config: config, Actions: []lab.Action{
		{At: 20 * ms, Do: lab.Campaign, Server: 1},
		{At: 200 * ms, Do: lab.Put, Server: 1, Key: "x", Value: "1"},
		{At: 300 * ms, Do: lab.Partition, Server: 1, Servers: []raft.ServerID{1}},
		{At: 310 * ms, Do: lab.Campaign, Server: 2},
		{At: 400 * ms, Do: lab.Put, Server: 2, Key: "x", Value: "2"},
		{At: 500 * ms, Do: lab.Get, Server: 1, Key: "x"},
		{At: 600 * ms, Do: lab.Get, Server: 2, Key: "x"},
		{At: 610 * ms, Do: lab.Get, Server: 3, Key: "x"},
	}}
}

func TestAStaleReadIsNamed(t *testing.T) {
	h, err := History(HistoryQuestion{Run: staleRead("readRound"), Until: 2_000_000}, none)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Operations) != 5 || len(h.Wrong) != 1 || h.Wrong[0].Operation != 2 ||
		!slices.Equal(h.Wrong[0].Against, []int{0, 1}) {
		t.Fatalf("got %+v", h)
	}
	if text := h.Wrong[0].Text; text != "S1 answered x = 1 at 0.500 s, after S2 acknowledged x = 2 at 0.420 s: "+
		"no order of the operations explains it." {
		t.Errorf("it says: %s", text)
	}
	places := []int{}
	for _, o := range h.Operations {
		places = append(places, o.Place)
		if (o.Effect == nil) != (o.Place == 0) || o.Effect != nil && (*o.Effect < o.Called || *o.Effect > *o.Returned) {
			t.Errorf("%+v", o)
		}
	}
	if wrong, refused := h.Operations[2], h.Operations[4]; !slices.Equal(places, []int{1, 2, 0, 3, 0}) ||
		wrong.Server != 1 || wrong.Value != "1" || !refused.Refused || refused.Server != 3 {
		t.Errorf("places %v of %+v", places, h.Operations)
	}
}

// With the rule an order explains the same run, and the read at the old leader has no answer.
func TestAReadThatWaitsForItsRoundIsNotStale(t *testing.T) {
	h, err := History(HistoryQuestion{Run: staleRead(), Until: 2_000_000}, none)
	if err != nil || len(h.Wrong)+len(h.Undecided)+h.LeftOut != 0 {
		t.Fatalf("%+v, error %v", h, err)
	}
	if o := h.Operations[2]; o.Returned != nil || o.Effect != nil || o.Refused {
		t.Errorf("the read at the old leader: %+v", o)
	}
	early, err := History(HistoryQuestion{Run: staleRead(), Until: 410_000}, none)
	if err != nil || len(early.Operations) != 2 || early.Operations[1].Returned != nil {
		t.Errorf("at 410 ms: %+v, error %v", early, err)
	}
}

// A history that is too long is cut at a moment, not at a place in its list: a read of what was left out
// would otherwise look wrong.
func TestALongHistoryIsCutAtAMoment(t *testing.T) {
	var history []check.Operation
	for i := range int64(mostOperations - 1) {
		history = append(history, check.Operation{Kind: check.Put, Key: "x", Value: "old", Invoked: 10 * i,
			Returned: 10*i + 5, Server: 1})
	}
	last := history[len(history)-1].Returned
	history = append(history,
		check.Operation{Client: 1, Kind: check.Get, Key: "x", Value: "new", Found: true, Invoked: last + 1,
			Returned: last + 100, Server: 2},
		check.Operation{Client: 2, Kind: check.Put, Key: "x", Value: "new", Invoked: last + 2, Returned: last + 3,
			Server: 2})
	h := tellHistory(history, last+1000)
	read := h.Operations[mostOperations-1]
	if h.LeftOut != 1 || h.Until != last+2 || len(h.Operations) != mostOperations || len(h.Wrong) != 0 ||
		read.Returned != nil || read.Server != 0 {
		t.Errorf("until %v, %d left out, wrong %+v, the last %+v", h.Until, h.LeftOut, h.Wrong, read)
	}
}

func TestContradictionsInWords(t *testing.T) {
	x := func(kind check.Kind, value string, found bool, from, to int64) check.Operation {
		return check.Operation{Kind: kind, Key: "x", Value: value, Found: found, Invoked: from * 1000,
			Returned: to * 1000, Server: raft.ServerID(to)}
	}
	for want, history := range map[string][]check.Operation{
		"S4 answered that there is no x at 0.004 s, after S2 acknowledged x = 1 at 0.002 s: no order of the " +
			"operations explains it.": {x(check.Put, "1", false, 1, 2), x(check.Get, "", false, 3, 4)},
		"S6 answered x = 1 at 0.006 s, after S4 acknowledged that x was deleted at 0.004 s: no order of the " +
			"operations explains it.": {x(check.Put, "1", false, 1, 2), x(check.Delete, "", true, 3, 4),
			x(check.Get, "1", true, 5, 6)},
		"S4 answered that there is no x at 0.004 s, after S2 acknowledged x = " +
			"0123456789012345678901234567890123456… at 0.002 s: no order of": {x(check.Put,
			strings.Repeat("0123456789", 9), false, 1, 2), x(check.Delete, "", false, 3, 4)},
		"S4 answered that x is not 1 at 0.004 s, after S2 acknowledged x = 1 at 0.002 s: no order of the " +
			"operations explains it.": {x(check.Put, "1", false, 1, 2),
			{Kind: check.CompareAndSwap, Key: "x", Expected: "1", Value: "2", Invoked: 3000, Returned: 4000,
				Server: 4}},
		"S2 answered x = 7 at 0.002 s: no order of the operations explains it.": {x(check.Get, "7", true, 1, 2)},
	} {
		if h := tellHistory(history, 9000); len(h.Wrong) != 1 || !strings.HasPrefix(h.Wrong[0].Text, want) {
			t.Errorf("got %+v, want %s", h.Wrong, want)
		}
	}
	longer := linear.Contradiction{Operation: 1, Against: []int{0}} // it is uncertain whether all of them are needed
	want := "S4 answered x = 7 at 0.004 s: no order of the operations explains it. " +
		"It contradicts at most 1 of the earlier answers, taken together."
	history := []check.Operation{x(check.Put, "1", false, 1, 2), x(check.Get, "7", true, 3, 4)}
	if got := contradiction(history, longer); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHistoriesThatCannotBe(t *testing.T) {
	for _, q := range []HistoryQuestion{
		{Run: staleRead(), Until: -1}, {Run: staleRead(), Until: 3_600_000_001}, {Until: 10_000},
	} {
		if _, err := History(q, none); err == nil {
			t.Errorf("%+v: no error", q)
		}
	}
}
