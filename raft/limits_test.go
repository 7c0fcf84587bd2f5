package raft

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// Each limit is tried at its border: what is just allowed is accepted.
// TestNewRefusesOptionsAndDisksThatCannotBe tries what is just not allowed.
func TestNewAcceptsWhatIsJustAllowed(t *testing.T) {
	for what, change := range map[string]func(*Options){
		"nine voters":                          func(o *Options) { o.Voters = []ServerID{1, 2, 3, 4, 5, 6, 7, 8, 9} },
		"one voter":                            func(o *Options) { o.Voters = []ServerID{1} },
		"no voter":                             func(o *Options) { o.Voters = nil },
		"one election time-out for all":        func(o *Options) { o.ElectionTicksMax = o.ElectionTicksMin },
		"a heartbeat a tick":                   func(o *Options) { o.HeartbeatTicks = 1 },
		"a heartbeat a tick before a time-out": func(o *Options) { o.HeartbeatTicks = o.ElectionTicksMin - 1 },
		"99 % of the first time-out":           func(o *Options) { o.FirstElapsed = 99 },
		"one entry in flight":                  func(o *Options) { o.MaxEntries, o.MaxInFlight = 1, 1 },
		"clocks without drift":                 func(o *Options) { o.LeaseDrift = 0 },
		"one of all that is bounded": func(o *Options) {
			o.MaxBytes, o.MaxChunk, o.MaxUncommitted,
				o.MaxSnapshot = 1, 1, 1, 1
		},
	} {
		o := options(1, 3)
		change(&o)
		if _, err := New(o, Durable{}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestNewRefusesWhatIsJustNotAllowed(t *testing.T) {
	for what, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"server 0 alone":      {func(o *Options) { o.Voters = []ServerID{0} }, "not 0"},
		"no bytes":            {func(o *Options) { o.MaxBytes = -1 }, "1 or more"},
		"no chunk":            {func(o *Options) { o.MaxChunk = -1 }, "1 or more"},
		"nothing uncommitted": {func(o *Options) { o.MaxUncommitted = -1 }, "1 or more"},
		"no snapshot":         {func(o *Options) { o.MaxSnapshot = -1 }, "1 or more"},
		"time backwards":      {func(o *Options) { o.FirstElapsed = -1 }, "from 0 to 99, have -1"},
	} {
		o := options(1, 3)
		c.change(&o)
		if _, err := New(o, Durable{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", what, err, c.want)
		}
	}
}

func TestVotersAreCopiedAndMayComeInAnyOrder(t *testing.T) {
	o := options(1, 3)
	o.Voters = []ServerID{3, 1, 2}
	n, err := New(o, Durable{})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the caller's are as they were", slices.Equal(o.Voters, []ServerID{3, 1, 2}), true)
	o.Voters[0] = 9
	equal(t, "configuration", string(n.config().AppendText(nil)), "1,2,3")
	o.Voters = []ServerID{1, 2, 1}
	if _, err := New(o, Durable{}); err == nil {
		t.Error("a voter that is named twice, not side by side, is accepted")
	}
}

func TestADiskThatCannotBeIsRefusedAndTheErrorNamesTheEntry(t *testing.T) {
	for want, d := range map[string]Durable{
		"ends at entry 0 of term 1, with current term 1": {CurrentTerm: 1,
			Snapshot: &Snapshot{Term: 1}},
		"ends at entry 5 of term 2, with current term 1": {CurrentTerm: 1,
			Snapshot: &Snapshot{Index: 5, Term: 2}},
		"entry 2 on disk is of term 1, after one of term 2 and with current term 2": {CurrentTerm: 2, Log: logOf(2, 1)},
		"entry 1 on disk is of term 3, after one of term 0 and with current term 2": {CurrentTerm: 2, Log: logOf(3)},
		"entry 2 on disk: raft: configuration: expected a server's number": {CurrentTerm: 1,
			Log: []Entry{{Term: 1}, {Term: 1, Kind: Config, Data: []byte("x")}}},
	} {
		if _, err := New(options(1, 3), d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := New(options(1, 3),
		Durable{CurrentTerm: 1, Snapshot: &Snapshot{Index: 1, Term: 1, Configuration: servers("1,2,3")}}); err != nil {
		t.Errorf("a snapshot of one entry, of the current term: %v", err)
	}
}

func TestAConfigurationIsReadInAnyOrderAndHasNineServersAtMost(t *testing.T) {
	equal(t, "sorted", string(servers("3,1,2>5,4+7,6").AppendText(nil)), "1,2,3>4,5+6,7")
	equal(t, "nine are possible", len(servers("1,2,3,4,5,6,7,8,9").Voters), 9)
	equal(t, "also in three lists", len(servers("1,2,3>3,4,5+6,7,8,9").servers()), 9)
	if _, err := ParseConfiguration("1,2,1"); err == nil || !strings.Contains(err.Error(), "named twice") {
		t.Errorf("a server that is named twice, not side by side: %v", err)
	}
	h := start(t, 1, 3, Durable{})
	h.lead(t)
	h.ack(2, 1)
	for _, c := range []Configuration{{Voters: []ServerID{0}}, {Voters: []ServerID{1, 2, 0}}} {
		if err := h.n.Reconfigure(c); err == nil || !strings.Contains(err.Error(), "server 0 is nobody") {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestConfigurationsAreEqualIfAllTheirListsAre(t *testing.T) {
	c := servers("1,2>2,3+4")
	if !c.Equal(c.Clone()) {
		t.Error("a copy is not equal")
	}
	for _, other := range []string{"1,2>2,3+5", "1,2>2,5+4", "1,5>2,3+4", "1,2>2,3", "2,3+4"} {
		if c.Equal(servers(other)) || servers(other).Equal(c) {
			t.Errorf("equal to %s", other)
		}
	}
}

func TestProposeNamesNoPlaceWithAnError(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 7, Log: logOf(7)})
	h.opt.MaxUncommitted = 2
	h.boot(t)
	refused := func(want error, commands ...[]byte) {
		t.Helper()
		if first, term, err := h.n.Propose(commands...); first != 0 || term != 0 || err != want {
			t.Errorf("got %d, %d, %v, want 0, 0, %v", first, term, err, want)
		}
	}
	refused(ErrNotLeader, []byte("x"))
	h.lead(t)
	refused(ErrEmpty)
	refused(ErrTooMuch, []byte("x"), []byte("y"))
	h.n.Transfer(2)
	refused(ErrTransferring, []byte("x"))
}

// A term is only a number that a message carries, so a message may carry the last possible one. After that
// no server can be elected, and the servers go on without a leader.
func TestInTheLastTermThereIsNoElection(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: math.MaxUint64})
	for range 3 {
		h.timeOut()
		equal(t, "role", h.n.Role(), Follower)
		equal(t, "the timer starts anew", h.n.elapsed, 0)
	}
	equal(t, "term", h.n.currentTerm, Term(math.MaxUint64))
	equal(t, "calls", len(h.take()), 0)
	if want := (Event{Kind: TimerReset, Reason: OwnCandidacy, Term: math.MaxUint64,
		New: uint64(h.n.timeout)}); h.events[len(h.events)-1] != want {
		t.Errorf("got %+v, want %+v", h.events[len(h.events)-1], want)
	}
	h = start(t, 1, 3, Durable{CurrentTerm: math.MaxUint64 - 1})
	h.timeOut()
	equal(t, "the one before has a successor", h.n.Role(), Candidate)
}
