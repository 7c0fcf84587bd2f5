package session

import (
	"math"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// Limits of a client's requests. Times are µs of cluster time.
const (
	mostPending  = 200  // under way at once; one more is refused
	mostRequests = 50   // that are over and are kept
	askAgain     = 50e3 // after a definite refusal
	giveUpAfter  = 10e6 // without a leader
	never        = math.MaxInt64
)

// request is what a person asked of the cluster.
type request struct {
	page.Request
	asked bool // somebody waits for the answer
	begun int64
	ended int64  // never: it is pending
	call  uint64 // of its operation: see lab.World.Asked; 0: it is not under way
	sent  int64  // when that was
	again int64  // when to ask next, if it is not
	gives int64  // when to give up if it is not
}

// request takes a request of the page.
func (s *Session) request(w *contract.Request) {
	now := s.world.Now()
	r := &request{
		Request: page.NewRequest(w), asked: true, begun: now, ended: never, again: now, gives: now + giveUpAfter,
	}
	pending := 0
	for _, other := range s.branch.requests {
		if other.ended == never {
			pending++
		}
	}
	flaw := r.Flaw()
	switch {
	case flaw != "":
		s.finish(r, "refused", flaw)
	case r.Fixed && (r.View.Server < 1 || r.View.Server > s.size()):
		s.finish(r, "refused", "There is no server S"+strconv.Itoa(r.View.Server)+".")
	case pending >= mostPending:
		s.finish(r, "refused", page.Plural(mostPending, "request")+" are waiting. Nothing was sent.")
	default:
		s.branch.requests = append(s.branch.requests, r)
		s.outbox.Request(r.View)
		s.keepRequests()
	}
}

var deedOf = map[contract.Op]lab.Deed{
	contract.Put: lab.Put, contract.Get: lab.Get, contract.Delete: lab.Delete, contract.CAS: lab.CompareAndSwap,
}

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
	to := raft.ServerID(r.View.Server)
	if !r.Fixed {
		to = s.leaderFor(r)
	}
	r.again = s.world.Now() + askAgain
	if to == 0 {
		s.wait(r, "waiting for a leader")
		return
	}
	if state, _, _ := s.world.Look(to); r.Fixed && (state == lab.Down || state == lab.Damaged) {
		s.finish(r, "refused", name(to)+" is down. Nothing was sent.")
		return
	}
	r.View.Server, r.call, r.sent = int(to), s.world.Asked()+1, s.world.Now()
	r.View.Detail = "asked " + name(to)
	s.outbox.Request(r.View)
	if _, why, err := s.do(lab.Action{
		Do: deedOf[r.View.Op], Server: to, Key: r.View.Key, Value: r.View.Value, Expected: r.View.Expected,
		Read: string(r.View.Read),
	}); why != "" || err != nil {
		s.finish(r, "refused", "Nothing was sent: too much is under way.")
	}
}

// leaderFor is the server to ask: whom the last refusal named, or who leads the highest term; 0: nobody does.
func (s *Session) leaderFor(r *request) raft.ServerID {
	if leader := r.Named(); leader >= 1 && leader <= s.size() {
		return raft.ServerID(leader)
	}
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
		if o.Answer == nil && (o.Refusal == nil || o.Refusal.Code == wire.CodeTimedOut) {
			r.gives = s.world.Now() + askAgain + giveUpAfter // all this time it was not a leader that was missing
		}
		switch {
		case o.Answer != nil:
			s.finish(r, "done", r.Answered(o.Answer))
		case o.Refusal != nil:
			s.proceed(r, r.Refused(o.Refusal))
		default:
			s.proceed(r, r.Unanswered("no answer in time"))
		}
		return
	}
}

// proceed does what comes of a request that was not done.
func (s *Session) proceed(r *request, next page.Next) {
	if next.State != "pending" {
		s.finish(r, next.State, next.Detail)
		return
	}
	r.call, r.again = 0, s.world.Now()
	if !next.AtOnce {
		r.again += askAgain
	}
	s.wait(r, next.Detail)
}

// wait tells the page where a pending request stands.
func (s *Session) wait(r *request, detail string) {
	if r.View.Detail != detail {
		r.View.Detail = detail
		s.outbox.Request(r.View)
	}
}

// finish tells the page the end of a request.
func (s *Session) finish(r *request, state contract.RequestState, detail string) {
	r.View.State, r.View.Detail = state, detail
	r.ended = s.world.Now()
	s.outbox.Request(r.View)
	if r.asked {
		r.asked = false
		answer := r.Answer()
		s.post(contract.FromWorker{Answer: &answer})
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
		if r.begun > at {
			continue
		}
		switch {
		case r.ended == never:
			kept := *r
			kept.asked = false
			of[i] = &kept
		case r.ended > at:
			again := *r
			again.reopen()
			r = &again
		}
		if r.ended == never && r.sent > at {
			r.call, r.again = 0, at // in the new branch nobody was asked yet
		}
		list = append(list, r)
	}
	return list
}

// reopen makes a request that is over pending again.
func (r *request) reopen() {
	v := &r.View
	r.ended, v.State, v.Detail = never, "pending", "under way"
	v.Index, v.Term, v.Found = 0, 0, false
	if v.Op == "get" {
		v.Value = ""
	}
}

// leaveRequests answers who waits for a request of a branch that is not looked at any more.
func (s *Session) leaveRequests() {
	if s.branch == nil {
		return
	}
	for _, r := range s.branch.requests {
		if r.asked {
			r.asked = false
			s.refuse(r.View.ID, "Another way of the run is looked at now. There, this request is still under way.")
		}
	}
}

func requestViews(list []*request) []contract.ClientRequest {
	views := make([]contract.ClientRequest, 0, len(list))
	for _, r := range list {
		views = append(views, r.View)
	}
	return views
}
