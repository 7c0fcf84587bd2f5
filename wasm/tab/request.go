package tab

import (
	"bytes"
	"strconv"

	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// Times of requests, in ms of real time.
const (
	giveUpAfter = 30000 // from the page's request to the end
	askAgain    = 150   // after a definite refusal
)

// mostPending is how many requests may be under way at once; one more is refused.
const mostPending = 500

// requests are this tab's requests of servers, in the order of asking.
type requests struct {
	pending []*request
	call    uint64 // number of the last one that was sent
	next    int    // which server to try when nobody knows the leader

	// While nobody takes requests, one of those that wait asks for all, and the others wait for what it is told:
	// servers that hold an election have better to do than to refuse thousands a second.
	refused bool
	again   float64 // when the next one asks, if refused
}

type request struct {
	page.Request
	ends  float64 // real time
	call  uint64  // of the frame under way, 0 if none is
	again float64 // when to ask next, if none is under way
}

// request takes a request of the page.
func (t *Tab) request(m *contract.Request) {
	r := &request{Request: page.NewRequest(m), ends: t.now + giveUpAfter, again: t.now}
	flaw := r.Flaw()
	switch {
	case flaw != "":
		t.finish(r, "refused", flaw)
	case len(t.requests.pending) >= mostPending:
		t.finish(r, "refused", page.Plural(mostPending, "request")+" of this tab are waiting. Nothing was sent.")
	default:
		t.requests.pending = append(t.requests.pending, r)
		t.outbox.Request(r.View)
		t.ask(r)
	}
}

// keepRequests asks again where that is due and safe, and gives up what has waited too long.
func (t *Tab) keepRequests() {
	for _, r := range t.snapshot() {
		switch {
		case t.now >= r.ends:
			t.timeOut(r)
		case r.call != 0 && !t.connected(r.View.Server):
			t.proceed(r, r.Unanswered("S"+strconv.Itoa(r.View.Server)+" went before it answered"))
		case r.call == 0 && t.now >= r.again && t.mayAskAgain():
			t.ask(r)
		}
	}
}

// mayAskAgain tells whether a request that waits asks now: any, or of those that nobody takes the first.
func (t *Tab) mayAskAgain() bool {
	if q := &t.requests; q.refused {
		if t.now < q.again {
			return false
		}
		q.again = t.now + askAgain
	}
	return true
}

// snapshot is the list of pending requests as it is now: finishing one changes the list.
func (t *Tab) snapshot() []*request { return append([]*request(nil), t.requests.pending...) }

// ask sends the request to its server, or to the likeliest leader.
func (t *Tab) ask(r *request) {
	r.again = t.now + askAgain
	to := r.View.Server
	if named := r.Named(); !r.Fixed && t.connected(named) {
		to = named
	} else if !r.Fixed {
		to = t.likelyLeader()
	}
	switch {
	case t.link.state != joined:
		t.wait(r, "waiting for the connection to the room")
	case to == 0:
		t.wait(r, "waiting for a leader")
	case r.Fixed && !t.connected(to):
		t.finish(r, "refused", "S"+strconv.Itoa(to)+" is not connected. Nothing was sent.")
	default:
		t.requests.call++
		r.call = t.requests.call
		r.View.Server = to
		t.wait(r, "asked S"+strconv.Itoa(to))
		frame := wire.Frame{From: t.client, To: uint64(to), Encoding: wire.JSON, Call: r.call, Request: r.Wire()}
		t.buffer = wire.Append(t.buffer[:0], &frame, wire.JSON)
		t.send(wire.Text, t.buffer)
	}
}

// likelyLeader is the server to ask if no refusal has named one: whom this tab's server takes for the leader,
// who of the others says that it leads the highest term, else one connected server after the other, which
// will know better. 0: nobody is connected.
func (t *Tab) likelyLeader() int {
	if own := t.seat.report; own != nil && own.Leader != nil && t.connected(*own.Leader) {
		return *own.Leader
	}
	leader, term := 0, contract.U64(0)
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
func (t *Tab) receiveAnswer(m message) {
	t.buffer = append(t.buffer[:0], m.data...)
	if err := t.decoder.Decode(m.kind, t.buffer, &t.frame); err != nil || !t.frame.Reply || t.frame.To != t.client {
		return // not an answer, or not to this tab: a client serves nobody
	}
	if n := t.seat.newcomer; n != nil && n.call != 0 && n.call == t.frame.Call {
		t.answeredNewcomer()
		return
	}
	for _, r := range t.requests.pending {
		if r.call == 0 || r.call != t.frame.Call || uint64(r.View.Server) != t.frame.From {
			continue
		}
		if t.frame.Refusal != nil {
			t.proceed(r, r.Refused(t.frame.Refusal))
		} else if a := t.frame.Answer; a != nil {
			t.requests.refused = false
			t.finish(r, "done", r.Answered(a))
		}
		return
	}
}

// proceed does what comes of a request that was not done.
func (t *Tab) proceed(r *request, next page.Next) {
	r.call = 0
	switch {
	case next.State != "pending":
		t.finish(r, next.State, next.Detail)
	case next.AtOnce:
		t.ask(r)
	default:
		r.again = t.now + askAgain
		t.requests.refused = true
		t.wait(r, next.Detail)
	}
}

// requestNotForwarded takes the hub's refusal to pass a request on: it reached nobody.
func (t *Tab) requestNotForwarded(id []byte, e *contract.CallError) {
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
			t.proceed(r, r.Refused(&wire.Error{Code: e.Code, Message: e.Message}))
			return
		}
	}
}

// loseRequests deals with the requests under way when the connection is lost: their answers will never come.
func (t *Tab) loseRequests() {
	for _, r := range t.snapshot() {
		if r.call != 0 {
			t.proceed(r, r.Unanswered("the connection was lost before the answer came"))
		}
	}
}

func (t *Tab) timeOut(r *request) {
	if r.call != 0 && r.View.Op != "get" {
		t.finish(r, "unknown", "timed out: it may or may not have happened")
		return
	}
	t.finish(r, "refused", "timed out after "+page.Plural(giveUpAfter/1000,
		"second")+" without a leader. Nothing happened.")
}

// wait tells the page where a pending request stands.
func (t *Tab) wait(r *request, detail string) {
	if r.View.Detail != detail {
		r.View.Detail = detail
		t.outbox.Request(r.View)
	}
}

// finish tells the page the end of a request and forgets it.
func (t *Tab) finish(r *request, state contract.RequestState, detail string) {
	r.View.State, r.View.Detail = state, detail
	for i, other := range t.requests.pending {
		if other == r {
			t.requests.pending = append(t.requests.pending[:i], t.requests.pending[i+1:]...)
			break
		}
	}
	t.outbox.Request(r.View)
	t.answer(r.Answer())
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
