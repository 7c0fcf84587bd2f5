package page

import (
	"strconv"

	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
)

// Request is a client's request until its outcome is certain, or certainly unknown.
type Request struct {
	View   ClientRequest
	Fixed  bool // the page chose the server
	hops   int  // servers in a row that named another leader
	leader int  // whom the last of them named; 0: nobody
}

// redirects is how many servers in a row may name another leader before the search pauses: two servers that each take the other for the leader must not be asked in a circle.
const redirects = 3

// NewRequest takes a wish of type "request". Its Server is the one that is to be asked; nil: whoever leads.
func NewRequest(w *Wish) Request {
	r := Request{View: ClientRequest{ID: w.ID, Op: w.Op, Key: w.Key, Value: w.Value, Expected: w.Expected, Read: w.Read, State: "pending"}}
	if w.Server != nil {
		r.Fixed, r.View.Server = true, *w.Server
	}
	return r
}

// Flaw says why no server could do what is asked; empty if one could.
func (r *Request) Flaw() string {
	v := &r.View
	_, known := wire.ReadOf(v.Read)
	switch {
	case methods[v.Op] == 0:
		return "op: expected put, get, delete or cas, got " + Clip(v.Op, 40)
	case !known || v.Read != "" && v.Op != "get":
		return "read: expected log, readIndex, lease or local, with get only, got " + Clip(v.Read, 40)
	case len(v.Expected) > kv.MaxKey || v.Expected != "" && v.Op != "cas":
		return "expected: expected at most " + Plural(kv.MaxKey, "byte") + ", with cas only, got " + strconv.Itoa(len(v.Expected))
	case v.Key == "":
		return "key: expected at least one character, got none"
	case len(v.Key) > wire.MaxData || len(v.Value) > wire.MaxData:
		return "expected a key and a value of at most " + Plural(wire.MaxData, "byte") + " each, got " + strconv.Itoa(len(v.Key)) + " and " + strconv.Itoa(len(v.Value))
	}
	return ""
}

var methods = map[string]wire.Method{"put": wire.Put, "get": wire.Get, "delete": wire.Delete, "cas": wire.CompareAndSwap}

// Wire returns the request as a server is asked.
func (r *ClientRequest) Wire() *wire.Request {
	q := &wire.Request{Method: methods[r.Op], Key: r.Key, Expected: r.Expected}
	if r.Op != "get" {
		q.Value = r.Value
	}
	q.Read, _ = wire.ReadOf(r.Read) // Flaw has seen that there is such a one
	return q
}

// Named takes whom the last refusal named as the leader. If none did, 0, the search begins anew.
func (r *Request) Named() int {
	leader := r.leader
	if r.leader = 0; leader == 0 {
		r.hops = 0
	}
	return leader
}

// Next is what comes of a request that was not done.
type Next struct {
	State  string // State of a ClientRequest; "pending": it is asked again
	Detail string
	AtOnce bool // the server that was named is asked, and at once; else after a pause
}

// Refused deals with a server that did not do it. Asking again is safe after a definite refusal only: after an unknown outcome a second try could do the same
// thing twice (§8).
func (r *Request) Refused(e *wire.Error) Next {
	who := "S" + strconv.Itoa(r.View.Server)
	switch {
	case e.Code == wire.CodeTimedOut:
		return r.Unanswered("timed out")
	case e.Code == wire.CodeNotLeader && r.Fixed && e.Leader != 0:
		return Next{State: "refused", Detail: who + " is not the leader; S" + Decimal(e.Leader) + " is"}
	case e.Code == wire.CodeNotLeader && r.Fixed:
		return Next{State: "refused", Detail: who + " is not the leader and knows of none"}
	case r.Fixed:
		return Next{State: "refused", Detail: Clip(e.Message, 200)}
	case e.Code == wire.CodeNotLeader && e.Leader != 0 && r.hops < redirects && int(e.Leader) != r.View.Server:
		r.hops++
		r.leader = int(e.Leader)
		return Next{State: "pending", Detail: r.View.Detail, AtOnce: true}
	case e.Code == wire.CodeNotLeader, e.Code == wire.CodeNoQuorum, e.Code == wire.CodeOverloaded:
		return Next{State: "pending", Detail: "waiting for a leader"}
	}
	return Next{State: "refused", Detail: Clip(e.Message, 200)}
}

// Unanswered ends a write whose outcome nobody here can know. A read has no effect, so it is asked again.
func (r *Request) Unanswered(why string) Next {
	switch {
	case r.View.Op != "get":
		return Next{State: "unknown", Detail: why + ": it may or may not have happened"}
	case r.Fixed:
		return Next{State: "refused", Detail: why}
	}
	return Next{State: "pending", Detail: why + "; reading again"}
}

// Answered notes what a server answered, and returns in words what was done.
func (r *ClientRequest) Answered(a *wire.Answer) string {
	r.Index, r.Term, r.Found = U64(a.Index), U64(a.Term), a.Found
	at := " at index " + Decimal(a.Index)
	switch {
	case r.Op == "cas" && !a.Found:
		return Clip(r.Key, 40) + " was not " + Clip(r.Expected, 40) + at
	case r.Op == "get" && a.Found:
		r.Value = a.Value
		return "read" + at
	case r.Op == "get":
		return "no such key" + at
	}
	return "committed" + at
}

// Answer is what the page is told when the request is over.
func (r *ClientRequest) Answer() Answer {
	a := Answer{Type: "answer", ID: r.ID, OK: r.State == "done", Value: *r}
	if !a.OK {
		a.Error = r.Detail
	}
	return a
}
