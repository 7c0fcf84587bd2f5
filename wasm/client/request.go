package client

import (
	"strconv"

	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// Request is a client's request until its outcome is certain, or certainly unknown. Times are of Cluster.Now
// unless stated otherwise.
type Request struct {
	View   contract.ClientRequest
	Fixed  bool   // the page chose the server
	Number uint64 // of the asking whose answer counts: see Cluster.Ask; 0: none
	Begun  int64  // when the page asked
	Sent   int64  // when a server was asked last
	Held   bool   // that server has not answered yet

	hops   int   // servers in a row that named another leader
	leader int   // the leader that the last of them named; 0: none
	waits  bool  // an asker waits for the answer
	ended  int64 // never: it is pending
	again  int64 // when to ask next; while held, when to say that it waits long
	until  int64 // held: how long its server is waited for, of Cluster.Clock
	since  int64 // since when it finds no leader to ask
}

// redirects is how many servers in a row may name another leader before the search pauses: two servers that
// each name the other must not be asked in a circle.
const redirects = 3

// newRequest makes a request of the page's. Its Server is the one to be asked; nil: the leader.
func newRequest(w *contract.Request, now int64) *Request {
	view := contract.ClientRequest{ID: w.ID, Op: w.Op, Key: w.Key, Value: w.Value, Expected: w.Expected, Read: w.Read}
	view.State = contract.Pending
	r := &Request{View: view, Begun: now, waits: true, ended: never, again: now, since: now}
	if w.Server != nil {
		r.Fixed, r.View.Server = true, *w.Server
	}
	return r
}

// reopen makes a finished request pending again.
func (r *Request) reopen() {
	v := &r.View
	r.ended, r.Held, r.again = never, true, r.Sent+GiveUp
	v.State, v.Detail, v.Index, v.Term, v.Found = contract.Pending, "under way", 0, 0, false
	if v.Op == contract.Get {
		v.Value = ""
	}
}

// flaw returns why no server could do what is asked; empty if one could.
func (r *Request) flaw() string {
	v := &r.View
	_, known := wire.ReadOf(string(v.Read))
	switch {
	case methods[v.Op] == 0:
		return "op: expected put, get, delete or cas, got " + report.Clip(string(v.Op), 40)
	case !known || v.Read != "" && v.Op != "get":
		return "read: expected log, readIndex, lease or local, with get only, got " + report.Clip(string(v.Read), 40)
	case len(v.Expected) > kv.MaxKey || v.Expected != "" && v.Op != "cas":
		return "expected: expected at most " + report.Plural(kv.MaxKey, "byte") + ", with cas only, got " +
			strconv.Itoa(len(v.Expected))
	case v.Key == "":
		return "key: expected at least one character, got none"
	case len(v.Key) > wire.MaxData || len(v.Value) > wire.MaxData:
		return "expected a key and a value of at most " + report.Plural(wire.MaxData, "byte") + " each, got " +
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
	q.Read, _ = wire.ReadOf(string(v.Read)) // flaw has checked it
	return q
}

// named takes the leader that the last refusal named. If none was named, 0, the search begins anew.
func (r *Request) named() int {
	leader := r.leader
	if r.leader = 0; leader == 0 {
		r.hops = 0
	}
	return leader
}

// outcome is the result of a request that was not done.
type outcome struct {
	State  contract.RequestState // Pending: it is asked again
	Detail string
	AtOnce bool // ask the named server, and at once; else after a pause
}

// refusedBy deals with a server's refusal. Asking again is safe after a definite refusal only: after an
// unknown outcome a second try could do the same twice (§8).
func (r *Request) refusedBy(e *wire.Error) outcome {
	who := "S" + strconv.Itoa(r.View.Server)
	switch {
	case e.Code == wire.CodeTimedOut:
		return r.unanswered("timed out")
	case e.Code == wire.CodeNotLeader && r.Fixed && e.Leader != 0:
		return outcome{State: "refused", Detail: who + " is not the leader; S" + report.Decimal(e.Leader) + " is"}
	case e.Code == wire.CodeNotLeader && r.Fixed:
		return outcome{State: "refused", Detail: who + " is not the leader and knows of none"}
	case r.Fixed:
		return outcome{State: "refused", Detail: report.Clip(e.Message, 200)}
	case e.Code == wire.CodeNotLeader && e.Leader != 0 && r.hops < redirects && int(e.Leader) != r.View.Server:
		r.hops++
		r.leader = int(e.Leader)
		return outcome{State: "pending", Detail: r.View.Detail, AtOnce: true}
	case e.Code == wire.CodeNotLeader, e.Code == wire.CodeNoQuorum, e.Code == wire.CodeOverloaded:
		return outcome{State: "pending", Detail: "waiting for a leader"}
	}
	return outcome{State: "refused", Detail: report.Clip(e.Message, 200)}
}

// unanswered ends a write whose outcome cannot be known here. A read has no effect, so it is asked again.
func (r *Request) unanswered(why string) outcome {
	switch {
	case r.View.Op != "get":
		return outcome{State: "unknown", Detail: why + ": it may or may not have happened"}
	case r.Fixed:
		return outcome{State: "refused", Detail: why}
	}
	return outcome{State: "pending", Detail: why + "; reading again"}
}

// answered notes a server's answer, and returns in words what was done.
func (r *Request) answered(a *wire.Answer) string {
	v := &r.View
	v.Index, v.Term, v.Found = contract.U64(a.Index), contract.U64(a.Term), a.Found
	at := " at index " + report.Decimal(a.Index)
	switch {
	case v.Op == contract.CAS && !a.Found:
		return report.Clip(v.Key, 40) + " was not " + report.Clip(v.Expected, 40) + at
	case v.Op == contract.Get && a.Found:
		v.Value = a.Value
		return "read" + at
	case v.Op == contract.Get:
		return "no such key" + at
	}
	return "committed" + at
}

// answer returns what the page is told when the request is over.
func (r *Request) answer() contract.Answer {
	a := contract.Answer{ID: r.View.ID, OK: r.View.State == contract.Done, Value: r.View}
	if !a.OK {
		a.Error = r.View.Detail
	}
	return a
}
