package client

import (
	"math"
	"slices"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// GiveUp is how long, in µs of Cluster.Now, a request may find no leader to ask before it is given up. It is
// also how long, in µs of Cluster.Clock, a request waits for its server: a server that holds a request times
// it out sooner (package server), so one that stays silent does not hold it.
const GiveUp = 30e6

const never = math.MaxInt64

// Cluster is a cluster as a client sees it, and the way to it.
type Cluster interface {
	// Now returns the time of the client, in µs; it never goes back. A Client's times are of this clock
	// unless stated otherwise.
	Now() int64
	// Clock returns the time of the cluster, in µs.
	Clock() int64
	// Barred returns why no server at all can be asked now, as what the request waits for; empty: some can.
	Barred() string
	// Leader returns the server that most likely leads; 0: none is worth asking.
	Leader() int
	// Unreachable says why this server, which may be any number, cannot be asked; empty: it can.
	Unreachable(server int) string
	// Ask sends r to r.View.Server. It sets r.Number before an answer can come, unless the number is set and
	// may be used again. It returns whether anything was sent.
	Ask(r *Request) bool
	// Page returns the page that is told.
	Page() Page
}

// Page is told how requests stand.
type Page interface {
	// Request tells the state of a request.
	Request(contract.ClientRequest)
	// Answer tells the asker how the request ended.
	Answer(contract.Answer)
}

// Limits bound a client.
type Limits struct {
	Pending int   // requests under way at once; one more is refused
	Kept    int   // finished requests that are kept, as long as there are no more in all
	Pause   int64 // after a definite refusal, µs
}

// Client holds the requests of a page, in the order of asking. It is not safe for concurrent use.
type Client struct {
	cluster  Cluster
	limits   Limits
	requests []*Request

	refused bool  // no server took the last request that asked
	again   int64 // when the next one asks, if refused
}

// New returns a client without requests.
func New(cluster Cluster, limits Limits) *Client { return &Client{cluster: cluster, limits: limits} }

// Requests returns the requests under way or kept. They belong to the client.
func (c *Client) Requests() []*Request { return c.requests }

// Request takes a request of the page and asks.
func (c *Client) Request(w *contract.Request) {
	r := newRequest(w, c.cluster.Now())
	pending := 0
	for _, other := range c.requests {
		if other.ended == never {
			pending++
		}
	}
	flaw := r.flaw()
	switch {
	case flaw != "":
		c.finish(r, contract.Refused, flaw)
	case pending >= c.limits.Pending:
		c.finish(r, contract.Refused, report.Plural(pending, "request")+" are waiting. Nothing was sent.")
	default:
		c.requests = append(c.requests, r)
		c.cluster.Page().Request(r.View)
		c.ask(r)
	}
}

// Keep asks again where that is due and safe, and gives up requests that have waited too long.
func (c *Client) Keep() {
	now := c.cluster.Now()
	for _, r := range slices.Clone(c.requests) {
		switch {
		case r.ended != never:
		case r.Held && c.cluster.Clock() >= r.until:
			c.proceed(r, r.unanswered("no answer in time"), true)
		case now < r.again:
		case r.Held:
			r.again = never
			c.tell(r, "S"+report.Decimal(r.View.Server)+" has it and has not answered yet: still waiting")
		case now-r.since >= GiveUp:
			c.finish(r, contract.Refused, "no leader for "+report.Decimal(int(GiveUp/1e6))+" s. Nothing happened.")
		case r.leader != 0 || c.turn(now):
			c.ask(r)
		}
	}
}

// turn tells whether a request that waits asks now: any, or only the first while servers refuse them.
func (c *Client) turn(now int64) bool {
	if c.refused {
		if now < c.again {
			return false
		}
		c.again = now + c.limits.Pause
	}
	return true
}

// ask sends the request to its server, or to the likeliest leader.
func (c *Client) ask(r *Request) {
	r.again = c.cluster.Now() + c.limits.Pause
	to := r.View.Server
	if !r.Fixed {
		if to = r.named(); to == 0 || c.cluster.Unreachable(to) != "" {
			to = c.cluster.Leader()
		}
	}
	if barred := c.cluster.Barred(); barred != "" {
		c.tell(r, barred)
		return
	}
	if to == 0 {
		c.tell(r, "waiting for a leader")
		return
	}
	if why := c.cluster.Unreachable(to); why != "" && r.Fixed {
		c.finish(r, contract.Refused, why+". Nothing was sent.")
		return
	}
	r.View.Server, r.Held, r.Sent = to, true, c.cluster.Now()
	r.again, r.until = r.Sent+GiveUp, c.cluster.Clock()+GiveUp
	c.tell(r, "asked S"+report.Decimal(to))
	if !c.cluster.Ask(r) {
		c.finish(r, contract.Refused, "Nothing was sent: too much is under way.")
	}
}

// Ended takes the outcome of a numbered request at a server: an answer, a refusal, or, if both are nil,
// neither. Keep asks whatever must be asked next. from is the server, or 0 if the number alone identifies
// the request.
func (c *Client) Ended(number uint64, from int, answer *wire.Answer, refusal *wire.Error) {
	i := slices.IndexFunc(c.requests, func(r *Request) bool {
		return r.ended == never && r.Number == number && number != 0 && (from == 0 || from == r.View.Server)
	})
	if i < 0 {
		return
	}
	switch r := c.requests[i]; {
	case answer != nil:
		c.refused = false
		c.finish(r, contract.Done, r.answered(answer))
	case refusal != nil:
		c.proceed(r, r.refusedBy(refusal), !c.leaderless(refusal))
	default:
		c.proceed(r, r.unanswered("no answer in time"), true)
	}
}

// leaderless tells whether a refusal shows that the client can reach no leader.
func (c *Client) leaderless(e *wire.Error) bool {
	switch e.Code {
	case wire.CodeNoQuorum:
		return true
	case wire.CodeNotLeader:
		return e.Leader == 0 || c.cluster.Unreachable(int(e.Leader)) != ""
	}
	return false
}

// Lost deals with the requests whose server will not answer any more. why returns what has happened to a
// server, or "" if it may still answer.
func (c *Client) Lost(why func(server int) string) {
	for _, r := range slices.Clone(c.requests) {
		if r.ended != never || !r.Held {
			continue
		}
		if what := why(r.View.Server); what != "" {
			c.proceed(r, r.unanswered(what), true)
		}
	}
}

// proceed goes on with a request that was not done. led: the lack of a leader was not why.
func (c *Client) proceed(r *Request, o outcome, led bool) {
	now := c.cluster.Now()
	r.Held, r.again = false, now
	if led {
		r.since = now
	}
	switch {
	case o.State != contract.Pending:
		c.finish(r, o.State, o.Detail)
		return
	case !o.AtOnce:
		r.again += c.limits.Pause
		c.refused, c.again = true, max(c.again, r.again)
	}
	c.tell(r, o.Detail)
}

// tell tells the page the state of a pending request.
func (c *Client) tell(r *Request, detail string) {
	if r.View.Detail != detail {
		r.View.Detail = detail
		c.cluster.Page().Request(r.View)
	}
}

// finish tells the page the end of a request.
func (c *Client) finish(r *Request, state contract.RequestState, detail string) {
	r.View.State, r.View.Detail = state, detail
	r.ended, r.Held = c.cluster.Now(), false
	over := func(r *Request) bool { return r.ended != never }
	for len(c.requests) > c.limits.Kept && slices.ContainsFunc(c.requests, over) {
		i := slices.IndexFunc(c.requests, over)
		c.requests = slices.Delete(c.requests, i, i+1)
	}
	c.cluster.Page().Request(r.View)
	c.reply(r, r.answer())
}

// reply answers the asker, if it still waits.
func (c *Client) reply(r *Request, a contract.Answer) {
	if r.waits {
		r.waits = false
		c.cluster.Page().Answer(a)
	}
}

// Fork is called when the run branches at a moment: this client goes on in the new branch, with its requests
// as they stood then. It returns the client of the branch that is left, whose askers no longer wait.
func (c *Client) Fork(at int64) (left *Client) {
	copied := *c
	left = &copied
	left.requests = slices.Clone(c.requests)
	c.requests, c.refused, c.again = nil, false, 0 // they may be of a later time
	for i, r := range left.requests {
		if r.Begun > at {
			continue
		}
		if r.ended == never {
			kept := *r
			kept.waits = false
			left.requests[i] = &kept
		} else if r.ended > at {
			again := *r
			again.reopen()
			r = &again
		}
		if r.ended == never && r.Sent > at { // in this branch no server was asked yet
			r.Held, r.Number, r.again = false, 0, at
		}
		if r.ended == never {
			r.since = min(r.since, at)
		}
		c.requests = append(c.requests, r)
	}
	return left
}

// Leave answers all askers who wait with these words: their requests go on, but unwatched.
func (c *Client) Leave(why string) {
	for _, r := range c.requests {
		c.reply(r, contract.Answer{ID: r.View.ID, Error: why})
	}
}

// Views returns the states of the requests. The list is never nil.
func (c *Client) Views() []contract.ClientRequest {
	views := make([]contract.ClientRequest, 0, len(c.requests))
	for _, r := range c.requests {
		views = append(views, r.View)
	}
	return views
}
