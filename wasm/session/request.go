package session

import (
	"math"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/wasm/page"
)

// Limits of a client's requests. Times are µs of cluster time.
const (
	mostPending  = 200  // under way at once; one more is refused
	mostRequests = 50   // that are over and are kept
	askAgain     = 50e3 // after a definite refusal
	giveUpAfter  = 10e6 // without a leader
	redirects    = 3    // how many servers in a row may name another leader before the search pauses
	never        = math.MaxInt64
)

// request is what a person asked of the cluster.
type request struct {
	view   page.ClientRequest
	wish   *wish // to be answered; nil: it was, or nobody waits for it any more
	fixed  bool  // the page chose the server
	begun  int64
	ended  int64         // never: it is pending
	call   uint64        // of its operation: see lab.World.Asked; 0: it is not under way
	again  int64         // when to ask next, if it is not
	gives  int64         // when to give up if it is not
	hops   int           // servers in a row that named another leader
	leader raft.ServerID // whom the last of them named
}

// request takes a request of the page.
func (s *Session) request(w *wish) {
	now := s.world.Now()
	r := &request{wish: w, view: page.ClientRequest{ID: w.ID, Op: w.Op, Key: w.Key, Value: w.Value, State: "pending"}, begun: now, ended: never, again: now, gives: now + giveUpAfter}
	if w.Server != nil {
		r.fixed, r.view.Server = true, *w.Server
	}
	pending := 0
	for _, other := range s.branch.requests {
		if other.ended == never {
			pending++
		}
	}
	switch {
	case deedOf[w.Op] == "":
		s.finish(r, "refused", "op: expected put, get or delete, got "+page.Clip(w.Op, 40))
	case w.Key == "":
		s.finish(r, "refused", "key: expected at least one character, got none")
	case len(w.Key) > wire.MaxData || len(w.Value) > wire.MaxData:
		s.finish(r, "refused", "expected a key and a value of at most "+page.Plural(wire.MaxData, "byte")+" each, got "+strconv.Itoa(len(w.Key))+" and "+strconv.Itoa(len(w.Value)))
	case r.fixed && (r.view.Server < 1 || r.view.Server > s.size()):
		s.finish(r, "refused", "There is no server S"+strconv.Itoa(r.view.Server)+".")
	case pending >= mostPending:
		s.finish(r, "refused", page.Plural(mostPending, "request")+" are waiting. Nothing was sent.")
	default:
		s.branch.requests = append(s.branch.requests, r)
		s.outbox.request(r.view)
		s.keepRequests()
	}
}

var deedOf = map[string]lab.Deed{"put": lab.Put, "get": lab.Get, "delete": lab.Delete}

func (s *Session) size() int { return s.branch.tape.Run().Config.Servers }

// keepRequests asks where that is due, and gives up what has waited too long for a leader. In the past, where what came is known, only what was asked there is sent.
func (s *Session) keepRequests() {
	for _, r := range slices.Clone(s.branch.requests) {
		switch {
		case r.ended != never || r.call != 0 || s.world.Now() < r.again || !s.live && r.begun != s.world.Now():
		case s.world.Now() >= r.gives:
			s.finish(r, "refused", "no leader for "+number(giveUpAfter/1e6)+" s. Nothing happened.")
		default:
			s.ask(r)
		}
	}
}

// ask sends the request to its server, or to whoever leads.
func (s *Session) ask(r *request) {
	to := raft.ServerID(r.view.Server)
	if !r.fixed {
		to = s.leaderFor(r)
	}
	r.again = s.world.Now() + askAgain
	if to == 0 {
		s.wait(r, "waiting for a leader")
		return
	}
	if state, _, _ := s.world.Look(to); r.fixed && (state == lab.Down || state == lab.Damaged) {
		s.finish(r, "refused", name(to)+" is down. Nothing was sent.")
		return
	}
	r.view.Server, r.call = int(to), s.world.Asked()+1
	r.view.Detail = "asked " + name(to)
	s.outbox.request(r.view)
	if did, err := s.do(lab.Action{Do: deedOf[r.view.Op], Server: to, Key: r.view.Key, Value: r.view.Value}); !did || err != nil {
		s.finish(r, "refused", "Nothing was sent: too much is under way.")
	}
}

// leaderFor is the server to ask: whom the last refusal named, or who leads the highest term; 0: nobody does.
func (s *Session) leaderFor(r *request) raft.ServerID {
	if leader := r.leader; leader != 0 {
		r.leader = 0
		return leader
	}
	r.hops = 0
	best, highest := raft.ServerID(0), raft.Term(0)
	for i := range s.size() {
		id := raft.ServerID(i + 1)
		if state, role, term := s.world.Look(id); state == lab.Running && role == raft.Leader && term >= highest {
			best, highest = id, term
		}
	}
	return best
}

// settleRequest takes how an operation ended. What is to be asked again is not asked here: the world is in the middle of a step.
func (s *Session) settleRequest(o *lab.Outcome) {
	for _, r := range s.branch.requests {
		if r.ended != never || r.call == 0 || r.call != o.Call {
			continue
		}
		switch {
		case o.Answer != nil:
			s.finish(r, "done", r.view.Answered(o.Answer))
		case o.Refusal != nil:
			s.refused(r, o.Refusal)
		default:
			s.unanswered(r, "no answer in time")
		}
		return
	}
}

// refused deals with a server that did not do it. Asking again is safe after a definite refusal only: after an unknown outcome a second try could do the same
// thing twice (§8).
func (s *Session) refused(r *request, e *wire.Error) {
	who := "S" + strconv.Itoa(r.view.Server)
	r.call = 0
	switch {
	case e.Code == wire.CodeTimedOut:
		s.unanswered(r, "timed out")
	case e.Code == wire.CodeNotLeader && r.fixed && e.Leader != 0:
		s.finish(r, "refused", who+" is not the leader; S"+page.Decimal(e.Leader)+" is")
	case e.Code == wire.CodeNotLeader && r.fixed:
		s.finish(r, "refused", who+" is not the leader and knows of none")
	case r.fixed:
		s.finish(r, "refused", page.Clip(e.Message, 200))
	case e.Code == wire.CodeNotLeader && e.Leader != 0 && r.hops < redirects && int(e.Leader) != r.view.Server && e.Leader <= uint64(s.size()):
		r.hops++
		r.leader, r.again = raft.ServerID(e.Leader), s.world.Now()
	case e.Code == wire.CodeNotLeader, e.Code == wire.CodeNoQuorum, e.Code == wire.CodeOverloaded:
		r.again = s.world.Now() + askAgain
		s.wait(r, "waiting for a leader")
	default:
		s.finish(r, "refused", page.Clip(e.Message, 200))
	}
}

// unanswered ends a write whose outcome nobody here can know. A read has no effect, so it is asked again.
func (s *Session) unanswered(r *request, why string) {
	r.call = 0
	switch {
	case r.view.Op != "get":
		s.finish(r, "unknown", why+": it may or may not have happened")
	case r.fixed:
		s.finish(r, "refused", why)
	default:
		r.again = s.world.Now() + askAgain
		r.gives = r.again + giveUpAfter
		s.wait(r, why+"; reading again")
	}
}

// wait tells the page where a pending request stands.
func (s *Session) wait(r *request, detail string) {
	if r.view.Detail != detail {
		r.view.Detail = detail
		s.outbox.request(r.view)
	}
}

// finish tells the page the end of a request.
func (s *Session) finish(r *request, state, detail string) {
	r.view.State, r.view.Detail = state, detail
	r.ended = s.world.Now()
	s.outbox.request(r.view)
	if w := r.wish; w != nil {
		r.wish = nil
		done := page.Answer{Type: "answer", ID: w.ID, OK: state == "done", Value: r.view}
		if !done.OK {
			done.Error = detail
		}
		s.post(done)
	}
	b := s.branch
	if len(b.requests) > mostRequests {
		if i := slices.IndexFunc(b.requests, func(old *request) bool { return old.ended != never }); i >= 0 {
			b.requests = slices.Delete(b.requests, i, i+1)
		}
	}
}

// forkRequests returns the requests of a branch as they stood at a moment. Those that are pending go on in the new branch; the old one keeps copies.
func forkRequests(of []*request, at int64) (list []*request) {
	for i, r := range of {
		switch {
		case r.begun > at:
		case r.ended == never:
			kept := *r
			kept.wish = nil
			of[i] = &kept
			list = append(list, r)
		case r.ended > at:
			again := *r
			again.ended, again.view.State, again.view.Detail = never, "pending", "under way"
			again.view.Index, again.view.Term, again.view.Found = 0, 0, false
			list = append(list, &again)
		default:
			list = append(list, r)
		}
	}
	return list
}

// leaveRequests answers who waits for a request of a branch that is not looked at any more.
func (s *Session) leaveRequests() {
	if s.branch == nil {
		return
	}
	for _, r := range s.branch.requests {
		if w := r.wish; w != nil {
			r.wish = nil
			s.refuse(w, "Another way of the run is looked at now. There, this request is still under way.")
		}
	}
}

func requestViews(list []*request) []page.ClientRequest {
	views := make([]page.ClientRequest, 0, len(list))
	for _, r := range list {
		views = append(views, r.view)
	}
	return views
}
