package server

import (
	"errors"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
)

// compact replaces the log by a snapshot of the state machine once enough has been applied since the last
// one (§7). A server that waits to be added does so only once it has applied a configuration: before that,
// its snapshot would name no server of the cluster.
func (s *Server) compact() {
	if !s.configured || s.applied < s.compactAt {
		return
	}
	s.compactAt = s.applied + raft.Index(s.options.CompactAfter)
	_ = s.snapshot() // refused if a leader's snapshot reaches further: that one is about to be restored
}

// Compact replaces the log by a snapshot now, however little has been applied since the last one (§7).
// Errors: raft.ErrCompact if that is nothing, raft.ErrNoCluster, a state that is too large for a snapshot,
// and why the server stopped.
func (s *Server) Compact() error {
	if s.failed != nil {
		return s.failed
	}
	return s.snapshot()
}

// MayCompact returns the error with which Compact would refuse now, nil if it would not.
func (s *Server) MayCompact() error {
	if s.failed != nil {
		return s.failed
	}
	if err := s.node.MayCompact(s.applied); err != nil {
		return err
	}
	_, err := s.fittingState()
	return err
}

// snapshot replaces the log by the state machine's state.
func (s *Server) snapshot() error {
	data, err := s.fittingState()
	if err != nil {
		return err
	}
	return s.node.Compact(s.applied, data)
}

// fittingState returns the state machine's state, or the error that it is too large for a snapshot: no follower would
// take it, and the log has to stay.
func (s *Server) fittingState() ([]byte, error) {
	data := s.state()
	if len(data) > kv.MaxSnapshot {
		return nil, errors.New("server: expected a state of at most " + decimal(kv.MaxSnapshot) + " bytes, got " +
			decimal(len(data)))
	}
	return data, nil
}

// state returns the state machine's state as it goes into a snapshot.
func (s *Server) state() []byte {
	if order := s.options.SnapshotOrder; order != 0 {
		return s.store.SnapshotShuffled(nil, order)
	}
	return s.store.Snapshot(nil)
}

// restore sets the state machine to the snapshot's state (Fig. 13, receiver rule 8), and answers the clients
// that wait for entries in it. A snapshot that cannot be read can only come from this server's own disk, and
// stops the server: it has no state to go on with.
func (s *Server) restore(snapshot *raft.Snapshot) {
	if err := s.store.Restore(snapshot.Data); err != nil {
		s.fail(err, "the server cannot read a snapshot")
		return
	}
	s.applied, s.appliedTerm = snapshot.Index, snapshot.Term
	s.compactAt = snapshot.Index + raft.Index(s.options.CompactAfter)
	s.configured = true
	s.version++
	s.resolveCovered(snapshot)
	s.node.Applied(snapshot.Index)
}

// resolveCovered answers the requests whose entries a snapshot covers. Terms do not decrease along a log, so
// the term of the snapshot's last entry often tells what became of an entry before it.
func (s *Server) resolveCovered(snapshot *raft.Snapshot) {
	r := &s.requests
	for n := 0; n < len(r.waiting) && r.waiting[n].first <= snapshot.Index; {
		p := r.waiting[n]
		switch {
		case snapshot.Term < p.term: // what stands at p.first is of an earlier term still
			r.remove(n)
			s.refuse(p.from, p.call, p.id, s.overwritten(&p, p.first))
		case snapshot.Term == p.term && p.last > snapshot.Index:
			n++ // its beginning is committed, the rest is yet to come
		case snapshot.Term == p.term && (p.method == wire.Put || p.method == wire.AppendRequest):
			// this server led that term: the entries of the term are its own, and so this one is in the
			// snapshot (Log Matching)
			r.remove(n)
			s.answer(p.from, p.call, p.id, &wire.Answer{Method: p.method, Index: p.last, Term: p.term})
		default:
			r.remove(n)
			s.refuse(p.from, p.call, p.id, &wire.Error{Code: wire.CodeTimedOut,
				Message: "this server fell behind and got a snapshot through index " + decimal(snapshot.Index) +
					": it may or may not have happened"})
		}
	}
}

// unreadable says why an InstallSnapshot with a whole snapshot is not one of this state machine, for those
// who write one by hand; nil if it is, or if it holds a part. The core refuses what came in parts
// (raft.Options.Readable).
func unreadable(rpc raft.RPC) *wire.Error {
	m, ok := rpc.(*raft.InstallSnapshot)
	if !ok || m.Offset != 0 || !m.Done {
		return nil
	}
	if err := kv.New().Restore(m.Data); err != nil {
		return &wire.Error{Code: wire.CodeBadField, Field: "data", Message: "data: " + err.Error()}
	}
	return nil
}
