package server

import (
	"cmp"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
)

// ReadMode is how a server makes sure that a Get sees every write that was acknowledged before it was asked (§8).
type ReadMode uint8

const (
	ReadThroughLog ReadMode = iota // the Get is an entry of the log, answered when it is applied
	ReadIndex                      // a round of heartbeats confirms that this server still leads (thesis 6.4)
	// as ReadIndex, without the round while the last one is recent: right as long as clocks run alike (thesis 6.4.1)
	Lease
	Local // nothing makes sure of it: for a Get that asks for this, not for Options
)

var modes = [...]ReadMode{wire.ReadThroughLog: ReadThroughLog, wire.ReadIndex: ReadIndex, wire.ReadLease: Lease,
	wire.ReadLocal: Local}

// modeOf returns how a Get is to be read.
func (s *Server) modeOf(q *wire.Request) ReadMode {
	if q.Read == wire.ReadAsSet {
		return s.options.Reads
	}
	return modes[q.Read]
}

// pendingRead is a Get that goes without an entry: first the core has to confirm it, then the state machine to apply
// what was committed by then.
type pendingRead struct {
	tag       uint64 // the core's
	confirmed bool
	index     raft.Index // of a confirmed read: it may be served once this is applied
	told      bool       // the client was told that it took too long; the core has not answered yet
	key       string
	from      uint64 // the client
	call      uint64
	id        []byte
	deadline  int // in ticks since the start
}

// read answers a Local read, asks the core to confirm any other, or says why it cannot.
func (s *Server) read(f *wire.Frame, mode ReadMode) {
	q, r := f.Request, &s.requests
	if err := (kv.Command{Op: kv.Get, Key: q.Key}).Check(); err != nil {
		s.refuse(f.From, f.Call, f.ID, &wire.Error{Code: wire.CodeBadField, Field: "key", Message: err.Error()})
		return
	}
	if mode == Local {
		s.answerRead(f.From, f.Call, f.ID, q.Key)
		return
	}
	if reason := s.objection(q, nil); reason != nil {
		s.refuse(f.From, f.Call, f.ID, reason)
		return
	}
	kind := raft.ReadIndex
	if mode == Lease {
		kind = raft.LeaseRead
	}
	s.tag++
	if err := s.node.Read(s.tag, kind); err != nil { // ErrTooMuch: objection has checked who leads
		s.refuse(f.From, f.Call, f.ID, overloaded(err))
		return
	}
	s.offBeat = s.now + s.options.ElectionTicksMax
	r.expectBy(s.now + RequestTicks)
	r.reads = append(r.reads, pendingRead{tag: s.tag, key: q.Key, from: f.From, call: f.Call, id: slices.Clone(f.ID),
		deadline: s.now + RequestTicks})
}

// settleReads takes the core's answers.
func (s *Server) settleReads(outcomes []raft.Read) {
	r := &s.requests
	for _, o := range outcomes {
		n, found := slices.BinarySearchFunc(r.reads, o.Tag,
			func(p pendingRead, tag uint64) int { return cmp.Compare(p.tag, tag) })
		switch {
		case !found: // abandoned
		case o.OK && !r.reads[n].told:
			r.reads[n].confirmed, r.reads[n].index = true, o.Index
		default:
			p := r.reads[n]
			r.reads = slices.Delete(r.reads, n, n+1)
			if !p.told {
				s.refuse(p.from, p.call, p.id, s.notLeader("not read, it is safe to try again: "))
			}
		}
	}
}

// serveReads answers the reads that are confirmed and whose index is applied.
func (s *Server) serveReads() {
	r := &s.requests
	r.reads = slices.DeleteFunc(r.reads, func(p pendingRead) bool {
		due := p.confirmed && p.index <= s.applied
		if due {
			s.answerRead(p.from, p.call, p.id, p.key)
		}
		return due
	})
}

// answerRead answers with what is applied here.
func (s *Server) answerRead(to, call uint64, id []byte, key string) {
	value, found := s.store.Lookup(key)
	s.answer(to, call, id, &wire.Answer{Method: wire.Get, Index: s.applied, Term: s.appliedTerm, Found: found,
		Value: value})
}

// expireReads answers the clients that have waited long enough.
func (s *Server) expireReads() {
	r := &s.requests
	for i := range r.reads {
		switch p := &r.reads[i]; {
		case p.told:
		case p.deadline > s.now:
			r.earliest = min(r.earliest, p.deadline)
		default:
			p.told = true
			s.refuse(p.from, p.call, p.id,
				&wire.Error{Code: wire.CodeNoQuorum,
					Message: "not confirmed by a majority, or not applied here, within " +
						strconv.Itoa(RequestTicks) + " ticks; nothing was done, it is safe to try again"})
		}
	}
	r.forgetTold()
}

// forgetTold forgets the reads whose clients have been told. One that the core has yet to answer stays, so that a
// leader that reaches nobody gathers no more than MaxPending.
func (r *requests) forgetTold() {
	r.reads = slices.DeleteFunc(r.reads, func(p pendingRead) bool { return p.told && p.confirmed })
}
