package page

import (
	"strconv"

	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
)

// Request is a client's request until its outcome is certain, or certainly unknown.
type Request struct {
	View   contract.ClientRequest
	Fixed  bool // the page chose the server
	hops   int  // servers in a row that named another leader
	leader int  // whom the last of them named; 0: nobody
}

// redirects is how many servers in a row may name another leader before the search pauses: two servers that each take
// the other for the leader must not be asked in a circle.
const redirects = 3

// NewRequest takes what the page asks for. Its Server is the one that is to be asked; nil: whoever leads.
func NewRequest(w *contract.Request) Request {
	view := contract.ClientRequest{ID: w.ID, Op: w.Op, Key: w.Key, Value: w.Value, Expected: w.Expected, Read: w.Read}
	view.State = contract.Pending
	r := Request{View: view}
	if w.Server != nil {
		r.Fixed, r.View.Server = true, *w.Server
	}
	return r
}

// Flaw says why no server could do what is asked; empty if one could.
func (r *Request) Flaw() string {
	v := &r.View
	_, known := wire.ReadOf(string(v.Read))
	switch {
	case methods[v.Op] == 0:
		return "op: expected put, get, delete or cas, got " + Clip(string(v.Op), 40)
	case !known || v.Read != "" && v.Op != "get":
		return "read: expected log, readIndex, lease or local, with get only, got " + Clip(string(v.Read), 40)
	case len(v.Expected) > kv.MaxKey || v.Expected != "" && v.Op != "cas":
		return "expected: expected at most " + Plural(kv.MaxKey, "byte") + ", with cas only, got " +
			strconv.Itoa(len(v.Expected))
	case v.Key == "":
		return "key: expected at least one character, got none"
	case len(v.Key) > wire.MaxData || len(v.Value) > wire.MaxData:
		return "expected a key and a value of at most " + Plural(wire.MaxData, "byte") + " each, got " +
			strconv.Itoa(len(v.Key)) + " and " + strconv.Itoa(len(v.Value))
	}
	return ""
}

var methods = map[contract.Op]wire.Method{
	contract.Put: wire.Put, contract.Get: wire.Get, contract.Delete: wire.Delete, contract.CAS: wire.CompareAndSwap,
}

// Wire returns the request as a server is asked.
func (r *Request) Wire() *wire.Request {
	v := &r.View
	q := &wire.Request{Method: methods[v.Op], Key: v.Key, Expected: v.Expected}
	if v.Op != contract.Get {
		q.Value = v.Value
	}
	q.Read, _ = wire.ReadOf(string(v.Read)) // Flaw has seen that there is such a one
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
	State  contract.RequestState // Pending: it is asked again
	Detail string
	AtOnce bool // the server that was named is asked, and at once; else after a pause
}

// Refused deals with a server that did not do it. Asking again is safe after a definite refusal only: after an unknown
// outcome a second try could do the same thing twice (§8).
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
func (r *Request) Answered(a *wire.Answer) string {
	v := &r.View
	v.Index, v.Term, v.Found = contract.U64(a.Index), contract.U64(a.Term), a.Found
	at := " at index " + Decimal(a.Index)
	switch {
	case v.Op == contract.CAS && !a.Found:
		return Clip(v.Key, 40) + " was not " + Clip(v.Expected, 40) + at
	case v.Op == contract.Get && a.Found:
		v.Value = a.Value
		return "read" + at
	case v.Op == contract.Get:
		return "no such key" + at
	}
	return "committed" + at
}

// Answer is what the page is told when the request is over.
func (r *Request) Answer() contract.Answer {
	a := contract.Answer{ID: r.View.ID, OK: r.View.State == contract.Done, Value: r.View}
	if !a.OK {
		a.Error = r.View.Detail
	}
	return a
}
