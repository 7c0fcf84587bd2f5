package tab

import (
	"bytes"
	"strconv"

	"raftplayground/raft/wire"
	"raftplayground/wasm/page"
)

// Times of requests, in ms of real time.
const (
	giveUpAfter = 30000 // from the page's request to the end
	askAgain    = 150   // after a definite refusal
)

// mostPending is how many requests may be under way at once; one more is refused. redirects is how many servers in a row may name
// another leader before the search pauses: two servers that each take the other for the leader must not be asked in a circle.
const (
	mostPending = 500
	redirects   = 3
)

// requests are this tab's requests of servers, in the order of asking.
type requests struct {
	pending []*request
	call    uint64 // number of the last one that was sent
	next    int    // which server to try when nobody knows the leader
}

// request is one request of the page until its outcome is certain, or certainly unknown.
type request struct {
	view   page.ClientRequest
	fixed  bool    // the page chose the server
	ends   float64 // real time
	call   uint64  // of the frame under way, 0 if none is
	again  float64 // when to ask next, if none is under way
	hops   int     // redirects since the last pause
	leader int     // whom the last refusal named, 0 if nobody
}

// request takes a request of the page.
func (t *Tab) request(m *fromPage) {
	r := &request{view: page.ClientRequest{ID: m.ID, Op: m.Op, Key: m.Key, Value: m.Value, State: "pending"}, ends: t.now + giveUpAfter, again: t.now}
	if m.Server != nil {
		r.fixed, r.view.Server = true, *m.Server
	}
	switch {
	case m.Op != "put" && m.Op != "get" && m.Op != "delete":
		t.finish(r, "refused", "op: expected put, get or delete, got "+page.Clip(m.Op, 40))
	case m.Key == "":
		t.finish(r, "refused", "key: expected at least one character, got none")
	case len(m.Key) > wire.MaxData || len(m.Value) > wire.MaxData:
		t.finish(r, "refused", "expected a key and a value of at most "+page.Plural(wire.MaxData, "byte")+" each, got "+strconv.Itoa(len(m.Key))+" and "+strconv.Itoa(len(m.Value)))
	case len(t.requests.pending) >= mostPending:
		t.finish(r, "refused", page.Plural(mostPending, "request")+" of this tab are waiting. Nothing was sent.")
	default:
		t.requests.pending = append(t.requests.pending, r)
		t.outbox.request(r.view)
		t.ask(r)
	}
}

// keepRequests asks again where that is due and safe, and gives up what has waited too long.
func (t *Tab) keepRequests() {
	for _, r := range t.snapshot() {
		switch {
		case t.now >= r.ends:
			t.timeOut(r)
		case r.call != 0 && !t.connected(r.view.Server):
			t.unanswered(r, "S"+strconv.Itoa(r.view.Server)+" went before it answered")
		case r.call == 0 && t.now >= r.again:
			r.hops = 0
			t.ask(r)
		}
	}
}

// snapshot is the list of pending requests as it is now: finishing one changes the list.
func (t *Tab) snapshot() []*request { return append([]*request(nil), t.requests.pending...) }

// ask sends the request to its server, or to the likeliest leader.
func (t *Tab) ask(r *request) {
	r.again = t.now + askAgain
	to := r.view.Server
	if !r.fixed {
		to = t.likelyLeader(r)
	}
	switch {
	case t.link.state != joined:
		t.wait(r, "waiting for the connection to the room")
	case to == 0:
		t.wait(r, "waiting for a leader")
	case r.fixed && !t.connected(to):
		t.finish(r, "refused", "S"+strconv.Itoa(to)+" is not connected. Nothing was sent.")
	default:
		t.requests.call++
		r.call = t.requests.call
		r.view.Server = to
		t.wait(r, "asked S"+strconv.Itoa(to))
		frame := wire.Frame{From: t.client, To: uint64(to), Encoding: wire.JSON, Call: r.call, Request: &wire.Request{Key: r.view.Key}}
		switch r.view.Op {
		case "put":
			frame.Request.Method, frame.Request.Value = wire.Put, r.view.Value
		case "get":
			frame.Request.Method = wire.Get
		case "delete":
			frame.Request.Method = wire.Delete
		}
		t.buffer = wire.Append(t.buffer[:0], &frame, wire.JSON)
		t.send(t.buffer)
	}
}

// likelyLeader is the server to ask: whom the last refusal named, whom this tab's server takes for the leader, who of the others says that it
// leads the highest term, else one connected server after the other, which will know better. 0: nobody is connected.
func (t *Tab) likelyLeader(r *request) int {
	if leader := r.leader; leader != 0 {
		r.leader = 0
		if t.connected(leader) {
			return leader
		}
	}
	if t.seat.server != nil && t.seat.report.Leader != nil && t.connected(*t.seat.report.Leader) {
		return *t.seat.report.Leader
	}
	leader, term := 0, page.U64(0)
	for server, report := range t.reports {
		if report.Role == "leader" && t.connected(server) && (report.Term > term || leader == 0) {
			leader, term = server, report.Term
		}
	}
	if leader != 0 || t.room == nil {
		return leader
	}
	for range t.room.Servers {
		t.requests.next = t.requests.next%len(t.room.Servers) + 1
		if t.connected(t.requests.next) {
			return t.requests.next
		}
	}
	return 0
}

// receiveAnswer takes a server's answer to a request of this tab.
func (t *Tab) receiveAnswer(message []byte) {
	t.buffer = append(t.buffer[:0], message...)
	if err := t.decoder.Decode(t.buffer, &t.frame); err != nil || !t.frame.Reply {
		return // not an answer: a client serves nobody
	}
	for _, r := range t.requests.pending {
		if r.call == 0 || r.call != t.frame.Call || uint64(r.view.Server) != t.frame.From {
			continue
		}
		if t.frame.Refusal != nil {
			t.refused(r, t.frame.Refusal)
		} else if a := t.frame.Answer; a != nil {
			t.finish(r, "done", r.view.Answered(a))
		}
		return
	}
}

// refused deals with a server that did not do it. Asking again is safe after a definite refusal only: after an unknown outcome a
// second try could do the same thing twice (§8).
func (t *Tab) refused(r *request, e *wire.Error) {
	name := "S" + strconv.Itoa(r.view.Server)
	r.call = 0
	switch {
	case e.Code == wire.CodeTimedOut:
		t.unanswered(r, "timed out")
	case e.Code == wire.CodeNotLeader && r.fixed && e.Leader != 0:
		t.finish(r, "refused", name+" is not the leader; S"+page.Decimal(e.Leader)+" is")
	case e.Code == wire.CodeNotLeader && r.fixed:
		t.finish(r, "refused", name+" is not the leader and knows of none")
	case r.fixed:
		t.finish(r, "refused", page.Clip(e.Message, 200))
	case e.Code == wire.CodeNotLeader && e.Leader != 0 && r.hops < redirects && int(e.Leader) != r.view.Server:
		r.hops++
		r.leader = int(e.Leader)
		t.ask(r)
	case e.Code == wire.CodeNotLeader, e.Code == wire.CodeNoQuorum, e.Code == wire.CodeOverloaded:
		r.again = t.now + askAgain
		t.wait(r, "waiting for a leader")
	default:
		t.finish(r, "refused", page.Clip(e.Message, 200))
	}
}

// requestNotForwarded takes the hub's refusal to pass a request on: it reached nobody.
func (t *Tab) requestNotForwarded(id []byte, e *hubError) {
	// The id of a frame is "from>to:call" (package wire).
	colon := bytes.LastIndexByte(id, ':')
	if colon < 0 {
		return
	}
	call, err := strconv.ParseUint(string(bytes.TrimSuffix(id[colon+1:], []byte{'"'})), 10, 64)
	if err != nil {
		return
	}
	for _, r := range t.requests.pending {
		if r.call != 0 && r.call == call {
			t.refused(r, &wire.Error{Code: e.Code, Message: e.Message})
			return
		}
	}
}

// loseRequests deals with the requests under way when the connection is lost: their answers will never come.
func (t *Tab) loseRequests() {
	for _, r := range t.snapshot() {
		if r.call != 0 {
			t.unanswered(r, "the connection was lost before the answer came")
		}
	}
}

// unanswered ends a write whose outcome nobody here can know. A read has no effect, so it is asked again.
func (t *Tab) unanswered(r *request, why string) {
	r.call = 0
	if r.view.Op == "get" && !r.fixed {
		r.again = t.now + askAgain
		t.wait(r, why+"; reading again")
		return
	}
	if r.view.Op == "get" {
		t.finish(r, "refused", why)
		return
	}
	t.finish(r, "unknown", why+": it may or may not have happened")
}

func (t *Tab) timeOut(r *request) {
	if r.call != 0 && r.view.Op != "get" {
		t.finish(r, "unknown", "timed out: it may or may not have happened")
		return
	}
	t.finish(r, "refused", "timed out after "+page.Plural(giveUpAfter/1000, "second")+" without a leader. Nothing happened.")
}

// wait tells the page where a pending request stands.
func (t *Tab) wait(r *request, detail string) {
	if r.view.Detail != detail {
		r.view.Detail = detail
		t.outbox.request(r.view)
	}
}

// finish tells the page the end of a request and forgets it.
func (t *Tab) finish(r *request, state, detail string) {
	r.view.State, r.view.Detail = state, detail
	for i, other := range t.requests.pending {
		if other == r {
			t.requests.pending = append(t.requests.pending[:i], t.requests.pending[i+1:]...)
			break
		}
	}
	t.outbox.request(r.view)
	done := page.Answer{ID: r.view.ID, OK: state == "done", Value: r.view}
	if !done.OK {
		done.Error = detail
	}
	t.answer(done)
}

// connected says whether a server's tab is in the room, as far as this tab knows.
func (t *Tab) connected(server int) bool {
	if t.room == nil {
		return false
	}
	for i := range t.room.Servers {
		if t.room.Servers[i].Server == server {
			return t.room.Servers[i].Connected
		}
	}
	return false
}
