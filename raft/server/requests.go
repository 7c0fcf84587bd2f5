package server

import (
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
)

// requests are the clients' requests whose commands are in the log and whose outcome is not known yet. They
// stay when the server ceases to lead: the entry may still be committed by another leader. The outcome
// depends on which entry is applied at the index, not on whether one is (redpanda#3003).
type requests struct {
	waiting     []pending     // ascending by first
	reads       []pendingRead // ascending by tag, and so by deadline
	earliest    int           // no deadline is before it
	uncommitted int           // bytes of commands proposed in term and not applied yet
	term        raft.Term
}

// pending is one request: its commands are the entries first through last of term.
type pending struct {
	first, last raft.Index
	term        raft.Term
	method      wire.Method
	from        uint64 // the client
	call        uint64
	id          []byte
	deadline    int // in ticks since the start
}

// request does what a client asks, or says why not.
func (s *Server) request(f *wire.Frame) {
	q := f.Request
	switch mode := s.modeOf(q); {
	case q.Method == wire.IndexRange:
		s.answerRange(f)
		return
	case q.Method == wire.Get && mode != ReadThroughLog:
		s.read(f, mode)
		return
	}
	commands, reason := commandsOf(q)
	if reason == nil {
		reason = s.objection(q, commands)
	}
	if reason != nil {
		s.refuse(f.From, f.Call, f.ID, reason)
		return
	}
	first, term, err := s.node.Propose(commands...)
	if err != nil { // ErrTooMuch or ErrTransferring: objection has ruled out the others
		s.refuse(f.From, f.Call, f.ID, overloaded(err))
		return
	}
	r := &s.requests
	if term != r.term {
		r.term, r.uncommitted = term, 0
	}
	r.uncommitted += size(commands)
	r.add(pending{first: first, last: first + raft.Index(len(commands)) - 1, term: term, method: q.Method,
		from: f.From, call: f.Call, id: slices.Clone(f.ID), deadline: s.now + RequestTicks})
}

// commandsOf returns the commands that the request puts into the log. They may be kept for ever.
func commandsOf(q *wire.Request) ([][]byte, *wire.Error) {
	c := kv.Command{Key: q.Key, Value: q.Value, Expected: q.Expected}
	switch q.Method {
	case wire.AppendRequest:
		if len(q.Commands) == 0 {
			return nil, &wire.Error{Code: wire.CodeBadField, Field: "entries",
				Message: "entries: expected at least one command, came none"}
		}
		return q.Commands, nil
	case wire.Put:
		c.Op = kv.Set
	case wire.Delete:
		c.Op = kv.Delete
	case wire.CompareAndSwap:
		c.Op = kv.CompareAndSwap
	default:
		c.Op = kv.Get // ReadThroughLog
	}
	if err := c.Check(); err != nil {
		field := "key"
		switch {
		case len(c.Value) > kv.MaxValue:
			field = "value"
		case len(c.Expected) > kv.MaxKey:
			field = "expected"
		}
		return nil, &wire.Error{Code: wire.CodeBadField, Field: field, Message: err.Error()}
	}
	command := kv.Encode(nil, c)
	if len(command) > wire.MaxData {
		return nil, &wire.Error{Code: wire.CodeBadField, Field: "value",
			Message: "value: expected a command of at most " + strconv.Itoa(wire.MaxData) +
				" bytes with its key, came " + strconv.Itoa(len(command))}
	}
	return [][]byte{command}, nil
}

// objection says why the commands cannot be proposed here and now, nil if they can. If they cannot, nothing
// has been done, so the client may try again.
func (s *Server) objection(q *wire.Request, commands [][]byte) *wire.Error {
	s.node.Status(&s.status)
	r := &s.requests
	switch {
	case s.status.Role != raft.Leader:
		return s.notLeader("")
	case q.Method == wire.AppendRequest && (q.PrevLogIndex != s.status.LastIndex || q.PrevLogTerm != s.status.LastTerm):
		return &wire.Error{Code: wire.CodePrevMismatch, Index: s.status.LastIndex, Term: s.status.LastTerm,
			Message: "the log ends with entry " + decimal(s.status.LastIndex) + " of term " +
				decimal(s.status.LastTerm) +
				", not with entry " + decimal(q.PrevLogIndex) + " of term " + decimal(q.PrevLogTerm)}
	case len(r.waiting)+len(r.reads) >= MaxPending:
		return &wire.Error{Code: wire.CodeOverloaded, Message: strconv.Itoa(MaxPending) +
			" requests are waiting; nothing was done, try again"}
	case r.term == s.status.CurrentTerm && r.uncommitted+size(commands) > MaxUncommitted:
		return &wire.Error{Code: wire.CodeOverloaded, Message: strconv.Itoa(r.uncommitted) +
			" bytes are not committed yet; nothing was done, try again"}
	}
	return nil
}

// overloaded passes on that the core takes no more for now.
func overloaded(err error) *wire.Error {
	return &wire.Error{Code: wire.CodeOverloaded, Message: err.Error() + "; nothing was done, try again"}
}

func (s *Server) notLeader(before string) *wire.Error {
	s.node.Status(&s.status)
	message := before + "server " + decimal(s.options.ID) + " is not the leader"
	switch s.status.Leader {
	case 0:
		message += " and knows of none"
	case s.options.ID:
		message = before + "server " + decimal(s.options.ID) + " leads again"
	default:
		message += ", server " + decimal(s.status.Leader) + " is"
	}
	return &wire.Error{Code: wire.CodeNotLeader, Leader: uint64(s.status.Leader), Message: message}
}

// add keeps the order of first: a leader that was deposed and leads again may propose at indices below those of
// its former term.
func (r *requests) add(p pending) {
	r.expectBy(p.deadline)
	i := len(r.waiting)
	for i > 0 && r.waiting[i-1].first > p.first {
		i--
	}
	r.waiting = slices.Insert(r.waiting, i, p)
}

// expectBy notes the deadline of a request or a read that is about to be added.
func (r *requests) expectBy(deadline int) {
	if r.none() || deadline < r.earliest {
		r.earliest = deadline
	}
}

func (r *requests) none() bool { return len(r.waiting) == 0 && len(r.reads) == 0 }

// remove takes out request i; almost always it is the first.
func (r *requests) remove(i int) {
	if i == 0 {
		r.waiting[0] = pending{}
		r.waiting = r.waiting[1:]
		return
	}
	r.waiting = slices.Delete(r.waiting, i, i+1)
}

// resolve answers the requests that wait for index i, where e was applied: those whose entry it is, and
// those whose entry it is not. No other entry will ever be committed there (Fig. 3, State Machine Safety),
// so the latter's commands are certain not to have been done.
func (s *Server) resolve(i raft.Index, e *raft.Entry, result *kv.Result) {
	r := &s.requests
	r.uncommitted = max(0, r.uncommitted-len(e.Data))
	for n := 0; n < len(r.waiting) && r.waiting[n].first <= i; {
		p := r.waiting[n]
		switch {
		case p.term != e.Term:
			r.remove(n)
			s.refuse(p.from, p.call, p.id, s.overwritten(&p, i))
		case p.last == i:
			r.remove(n)
			s.answer(p.from, p.call, p.id, &wire.Answer{Method: p.method, Index: i, Term: p.term, Found: result.Found,
				Value: result.Value})
		default:
			n++
		}
	}
}

// overwritten says that another entry was committed at index i, where p's stood in this server's log.
func (s *Server) overwritten(p *pending, i raft.Index) *wire.Error {
	if i == p.first {
		return s.notLeader("not done, it is safe to try again: the entry of another leader was committed at index " +
			decimal(i) + "; ")
	}
	return &wire.Error{Code: wire.CodeTimedOut, Message: "done in part: the first " + decimal(i-p.first) + " of " +
		decimal(p.last-p.first+1) +
		" commands are committed, through index " + decimal(i-1) + "; the others are not and will not be"}
}

// expireRequests tells clients that have waited long enough that the outcome is not known. A client must be
// able to count on an end.
func (s *Server) expireRequests() {
	r := &s.requests
	if r.none() || s.now < r.earliest {
		return
	}
	r.earliest = s.now + RequestTicks
	for n := 0; n < len(r.waiting); {
		p := r.waiting[n]
		if p.deadline > s.now {
			r.earliest = min(r.earliest, p.deadline)
			n++
			continue
		}
		r.remove(n)
		s.refuse(p.from, p.call, p.id, &wire.Error{Code: wire.CodeTimedOut,
			Message: "not committed within " + strconv.Itoa(RequestTicks) + " ticks: it may or may not happen yet"})
	}
	s.expireReads()
}

// abandonRequests gives up all requests.
func (s *Server) abandonRequests(why string) {
	for _, p := range s.requests.waiting {
		s.refuse(p.from, p.call, p.id,
			&wire.Error{Code: wire.CodeTimedOut, Message: why + ": it may or may not have happened"})
	}
	for _, p := range s.requests.reads {
		if !p.told {
			s.refuse(p.from, p.call, p.id,
				&wire.Error{Code: wire.CodeNoQuorum, Message: why + ": not read, ask another server"})
		}
	}
	s.requests = requests{}
}

// ForgetClients forgets all requests that wait, without an answer: every client has another address now, so
// an answer would reach no client, or the wrong one.
func (s *Server) ForgetClients() {
	r := &s.requests
	r.waiting = nil
	for i := range r.reads {
		r.reads[i].told = true
	}
	r.forgetTold()
}

// answerRange answers an IndexRange from the committed part of this server's log, which no leader can change
// (§5.4). Entries that were compacted away are not known.
func (s *Server) answerRange(f *wire.Frame) {
	s.node.Status(&s.status)
	if base := s.status.SnapshotIndex; f.Request.Start <= base {
		s.refuse(f.From, f.Call, f.ID, &wire.Error{Code: wire.CodeBadField, Field: "startIndex",
			Message: "startIndex: expected " + decimal(base+1) +
				" or more, the first entry that this server's log still has, came " + decimal(f.Request.Start)})
		return
	}
	var entries []raft.Entry
	bytes := 0
	for i := f.Request.Start; i <= min(f.Request.End, s.status.CommitIndex) && len(entries) < RangeEntries; i++ {
		e, _ := s.node.Entry(i)
		if bytes += len(e.Data); bytes > RangeBytes && len(entries) > 0 {
			break
		}
		entries = append(entries, e)
	}
	s.answer(f.From, f.Call, f.ID, &wire.Answer{Method: wire.IndexRange, Index: f.Request.Start, Entries: entries,
		CommitIndex: s.status.CommitIndex})
}

func (s *Server) answer(to, call uint64, id []byte, a *wire.Answer) {
	f := wire.Frame{From: uint64(s.options.ID), To: to, Encoding: wire.JSON, Call: call, ID: id, Answer: a}
	s.out.add(&f, 0, s.durable)
}

func (s *Server) refuse(to, call uint64, id []byte, reason *wire.Error) {
	f := wire.Frame{From: uint64(s.options.ID), To: to, Encoding: wire.JSON, Call: call, ID: id, Refusal: reason}
	s.out.add(&f, 0, s.durable)
}

func size(commands [][]byte) (bytes int) {
	for _, c := range commands {
		bytes += len(c)
	}
	return bytes
}

func decimal[T ~uint64 | ~int | ~uint8](v T) string { return strconv.FormatUint(uint64(v), 10) }
