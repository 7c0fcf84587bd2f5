package client

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
)

// script is a cluster that behaves as a test says.
type script struct {
	now     int64
	clock   int64
	barred  string
	leader  int
	down    []int
	full    bool
	again   bool // a request has one number for good
	number  uint64
	asked   []int // servers, in the order of asking
	last    contract.ClientRequest
	answers []contract.Answer
}

func (s *script) Now() int64     { return s.now }
func (s *script) Clock() int64   { return s.clock }
func (s *script) Barred() string { return s.barred }
func (s *script) Leader() int    { return s.leader }
func (s *script) Page() Page     { return s }

func (s *script) Unreachable(server int) string {
	if server > 5 || slices.Contains(s.down, server) {
		return "it is down"
	}
	return ""
}

func (s *script) Ask(r *Request) bool {
	if s.full {
		return false
	}
	if r.Number == 0 || !s.again {
		s.number++
		r.Number = s.number
	}
	s.asked = append(s.asked, r.View.Server)
	return true
}

func (s *script) Request(r contract.ClientRequest) { s.last = r }
func (s *script) Answer(a contract.Answer)         { s.answers = append(s.answers, a) }

// pass lets seconds pass, with a Keep every 10 ms.
func (s *script) pass(c *Client, seconds int) {
	for range 100 * seconds {
		s.now += 10e3
		c.Keep()
	}
}

func refusal(code int, leader uint64) *wire.Error { return &wire.Error{Code: code, Leader: leader} }

var limits = Limits{Pending: 3, Pause: 100e3}

func ask(op contract.Op, server int) *contract.Request {
	w := &contract.Request{ID: 7, Op: op, Key: "k"}
	if server != 0 {
		w.Server = &server
	}
	return w
}

func TestWhatBecomesOfARequest(t *testing.T) {
	const put, get = contract.Put, contract.Get
	for name, x := range map[string]struct {
		op     contract.Op
		server int
		do     func(s *script, c *Client)
		state  contract.RequestState
		detail string
		asked  []int
	}{
		"an answer ends it": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 1, &wire.Answer{Index: 4}, nil)
		}, "done", "committed at index 4", []int{1}},
		"an answer of another server is not its": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 2, &wire.Answer{Index: 4}, nil)
		}, "pending", "asked S1", []int{1}},
		"another leader is asked as soon as it is named": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 1, nil, refusal(wire.CodeNotLeader, 3))
			c.Keep()
		}, "pending", "asked S3", []int{1, 3}},
		"another leader that is down is not asked": {put, 0, func(s *script, c *Client) {
			s.down, s.leader = []int{3}, 2
			c.Ended(1, 1, nil, refusal(wire.CodeNotLeader, 3))
			c.Keep()
		}, "pending", "asked S2", []int{1, 2}},
		"a refusal without a name is followed by a pause": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 1, nil, refusal(wire.CodeNotLeader, 0))
			s.now += 99e3
			c.Keep()
		}, "pending", "waiting for a leader", []int{1}},
		"after the pause the leader is asked": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 1, nil, refusal(wire.CodeNotLeader, 0))
			s.now, s.leader = s.now+100e3, 2
			c.Keep()
		}, "pending", "asked S2", []int{1, 2}},
		"without a leader for 30 s it is given up": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 1, nil, refusal(wire.CodeNotLeader, 0))
			s.leader = 0
			s.pass(c, 31)
		}, "refused", "no leader for 30 s. Nothing happened.", []int{1}},
		"without a leader for 29 s it is not": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 1, nil, refusal(wire.CodeNotLeader, 0))
			s.leader = 0
			s.pass(c, 29)
		}, "pending", "waiting for a leader", []int{1}},
		"a leader that has too much to do is a leader": {put, 0, func(s *script, c *Client) {
			for range 40 {
				c.Ended(s.number, 1, nil, refusal(wire.CodeOverloaded, 0))
				s.pass(c, 1)
			}
		}, "pending", "asked S1", append(make([]int, 0, 41), slices.Repeat([]int{1}, 41)...)},
		"what a server holds is not given up while the cluster's clock stands": {put, 0, func(s *script, c *Client) {
			s.pass(c, 600)
			s.clock = 29e6
			s.pass(c, 1)
		}, "pending", "S1 has it and has not answered yet: still waiting", []int{1}},
		"a write that a server does not answer in 30 s of that clock is uncertain": {put, 0,
			func(s *script, c *Client) {
				s.clock = 30e6
				c.Keep()
			}, "unknown", "no answer in time: it may or may not have happened", []int{1}},
		"a read is asked again then": {get, 0, func(s *script, c *Client) {
			s.clock = 30e6
			s.pass(c, 1)
		}, "pending", "asked S1", []int{1, 1}},
		"either answer to the same number counts": {get, 0, func(s *script, c *Client) {
			s.again, s.clock = true, 30e6
			s.pass(c, 1)
			c.Ended(1, 1, &wire.Answer{Method: wire.Get, Index: 4, Found: true, Value: "v"}, nil)
		}, "done", "read at index 4", []int{1, 1}},
		"after a leader held it for long it is looked for anew": {get, 0, func(s *script, c *Client) {
			s.pass(c, 29)
			c.Ended(1, 1, nil, refusal(wire.CodeTimedOut, 0))
			s.leader = 0
			s.pass(c, 29)
		}, "pending", "waiting for a leader", []int{1}},
		"a write without an answer is uncertain": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 0, nil, nil)
			s.pass(c, 60)
		}, "unknown", "no answer in time: it may or may not have happened", []int{1}},
		"a write that timed out is uncertain": {put, 0, func(s *script, c *Client) {
			c.Ended(1, 1, nil, refusal(wire.CodeTimedOut, 0))
			s.pass(c, 60)
		}, "unknown", "timed out: it may or may not have happened", []int{1}},
		"a write is uncertain when its server has gone": {put, 0, func(s *script, c *Client) {
			c.Lost(func(server int) string { return map[int]string{1: "S1 went"}[server] })
			s.pass(c, 60)
		}, "unknown", "S1 went: it may or may not have happened", []int{1}},
		"that another server has gone changes nothing": {put, 0, func(s *script, c *Client) {
			c.Lost(func(server int) string { return map[int]string{2: "S2 went"}[server] })
		}, "pending", "asked S1", []int{1}},
		"a read is asked of another server then": {get, 0, func(s *script, c *Client) {
			s.leader = 2
			c.Lost(func(server int) string { return "S1 went" })
			s.pass(c, 1)
		}, "pending", "asked S2", []int{1, 2}},
		"a chosen server alone is asked": {put, 4, func(s *script, c *Client) {
			c.Ended(1, 4, nil, refusal(wire.CodeNotLeader, 1))
			s.pass(c, 1)
		}, "refused", "S4 is not the leader; S1 is", []int{4}},
		"a chosen server that is down is not": {put, 5, func(*script, *Client) {}, "refused",
			"it is down. Nothing was sent.", nil},
		"a chosen server that there is not, too": {put, 6, func(*script, *Client) {}, "refused",
			"it is down. Nothing was sent.", nil},
		"what cannot be is not asked": {"eat", 0, func(*script, *Client) {}, "refused",
			"op: expected put, get, delete or cas, got eat", nil},
	} {
		s := &script{now: 1e15, leader: 1, down: []int{5}}
		c := New(s, limits)
		c.Request(ask(x.op, x.server))
		x.do(s, c)
		if s.last.State != x.state || s.last.Detail != x.detail || !slices.Equal(s.asked, x.asked) {
			t.Errorf("%s: %s, %q; asked %v. Expected %s, %q; %v", name, s.last.State, s.last.Detail, s.asked, x.state,
				x.detail, x.asked)
		}
		over := x.state != "pending"
		if over != (len(s.answers) == 1) || over != (len(c.Requests()) == 0) ||
			over && s.answers[0].OK != (x.state == "done") {
			t.Errorf("%s: answered %+v, %d requests left", name, s.answers, len(c.Requests()))
		}
	}
}

func TestWithoutAWayThereNothingIsSent(t *testing.T) {
	s := &script{leader: 1, barred: "waiting for the connection"}
	c := New(s, limits)
	c.Request(ask("put", 0))
	s.pass(c, 29)
	if s.last.State != "pending" || s.last.Detail != s.barred || s.asked != nil {
		t.Errorf("%+v, asked %v", s.last, s.asked)
	}
	s.barred, s.full = "", true
	s.pass(c, 1)
	if s.last.State != "refused" || s.last.Detail != "Nothing was sent: too much is under way." {
		t.Errorf("%+v", s.last)
	}
}

func TestRequestsOfAClientAreBounded(t *testing.T) {
	s := &script{leader: 1}
	c := New(s, Limits{Pending: 3, Kept: 2, Pause: 100e3})
	for range 4 {
		c.Request(ask("put", 0))
	}
	if s.last.State != "refused" || s.last.Detail != "3 requests are waiting. Nothing was sent." || len(s.asked) != 3 {
		t.Errorf("%+v, asked %v", s.last, s.asked)
	}
	for number := range s.number {
		c.Ended(number+1, 1, &wire.Answer{Index: 1}, nil)
	}
	if list := c.Requests(); len(list) != 2 || list[1].Number != 3 || len(c.Views()) != 2 {
		t.Errorf("%d requests are kept", len(list))
	}
}

// While no server takes requests, one asks for all; once one was taken, all ask.
func TestOneAsksForAll(t *testing.T) {
	s := &script{leader: 1}
	c := New(s, limits)
	for number := uint64(1); number <= 3; number++ {
		c.Request(ask("put", 0))
		c.Ended(number, 1, nil, refusal(wire.CodeNoQuorum, 0))
	}
	s.now += 100e3
	c.Keep()
	if len(s.asked) != 4 {
		t.Fatalf("asked %v", s.asked)
	}
	c.Ended(4, 1, &wire.Answer{Index: 1}, nil)
	c.Keep()
	if len(s.asked) != 6 {
		t.Errorf("once one was taken: asked %v", s.asked)
	}
}

// A fork takes the requests as they stood at its moment, and askers get the answers of the new branch.
func TestAForkOfTheRun(t *testing.T) {
	s := &script{leader: 1}
	c := New(s, Limits{Pending: 3, Kept: 9, Pause: 100e3})
	c.Request(ask("put", 0)) // done at 50 ms
	s.now = 50e3
	c.Ended(1, 1, &wire.Answer{Index: 4, Term: 2}, nil)
	s.leader = 0
	c.Request(ask("get", 0)) // asked at 150 ms only
	s.now, s.leader = 150e3, 1
	c.Keep()
	s.now = 200e3
	c.Request(ask("delete", 0))

	waiting := c.Requests()[1]
	left := c.Fork(100e3)
	s.now = 100e3
	if views := left.Views(); len(views) != 3 || views[0].State != "done" {
		t.Errorf("where the run was left: %+v", views)
	}
	if list := c.Requests(); len(list) != 2 || list[0].View.State != "done" || list[1] != waiting || waiting.Held {
		t.Errorf("in the fork: %+v", c.Views())
	}
	c.Keep()
	if !waiting.Held || len(s.asked) != 4 {
		t.Errorf("in the fork the read is %+v; asked %v", waiting.View, s.asked)
	}
	answered := len(s.answers)
	if left.Leave("gone"); len(s.answers) != answered+1 { // the delete is only there
		t.Errorf("who waits where the run was left is answered %+v", s.answers[answered:])
	}

	earlier := c.Fork(10e3) // before the write was done
	if list := c.Requests(); len(list) != 1 || list[0].View.State != "pending" || !list[0].Held ||
		list[0].View.Index != 0 {
		t.Errorf("in the earlier fork: %+v", c.Views())
	}
	if n := len(earlier.Requests()); n != 2 {
		t.Errorf("%d requests where that was left", n)
	}
	c.Ended(1, 1, &wire.Answer{Index: 5, Term: 3}, nil)
	if r := c.Requests()[0].View; r.State != "done" || !strings.Contains(r.Detail, "index 5") {
		t.Errorf("there the write ended as %+v", r)
	}
}
