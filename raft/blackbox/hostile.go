package blackbox

import (
	"math"

	"raftplayground/raft"
)

// Bounds on the state of a server that receives forged frames, in proportion to what it received.
const (
	stateBytes    = 1 << 20
	bytesPerByte  = 64
	bytesPerFrame = 1 << 10
)

// forge sends servers forged frames among the true ones. Agreement is not demanded, because a forger can
// break it. Servers must not panic, loop or grow without end, and must start again with what they saved.
func (w *world) forge() {
	frames, bytes := 0, 0
	for range 400 {
		w.run(w.now + 1 + w.span(2*tick))
		s := w.any()
		if s.node == nil || s.stalled() {
			continue
		}
		switch w.upTo(19) {
		case 0:
			w.do(w.drawDeed())
		case 1:
			w.propose(s, 1)
		case 2:
			w.read(s, w.anyKind())
		default:
			p := w.forged(s)
			frames, bytes = frames+1, bytes+size(p.rpc)
			s.receive(p)
		}
		if s.node != nil && w.chance(10) {
			if n := len(s.node.AppendState(nil)); n > stateBytes+frames*bytesPerFrame+bytes*bytesPerByte {
				w.failf("S%d's state is %d bytes after %d frames of %d bytes", s.id, n, frames, bytes)
			}
		}
	}
	for _, s := range w.servers[1:] {
		s.kill()
		s.start()
	}
	w.run(w.now + instant(4*w.settings.max)*tick)
}

// size returns how many bytes of data a message carries.
func size(m raft.RPC) (bytes int) {
	switch m := m.(type) {
	case *raft.AppendEntries:
		for _, e := range m.Entries {
			bytes += 16 + len(e.Data)
		}
	case *raft.InstallSnapshot:
		c := &m.Configuration
		bytes = len(m.Data) + 8*(len(c.Voters)+len(c.Outgoing)+len(c.Learners))
	}
	return bytes
}

// forger makes up values: mostly plausible ones, sometimes impossible ones.
type forger struct {
	*world
	near  [6]uint64 // what the server could believe
	calls uint64    // number of its last call to the alleged sender of the frame
}

func (w *world) forged(s *server) packet {
	s.node.Status(&s.status)
	st, from := &s.status, w.any().id
	f := forger{w, [...]uint64{uint64(st.CurrentTerm), uint64(st.LastIndex), uint64(st.LastTerm),
		uint64(st.CommitIndex),
		uint64(st.SnapshotIndex), uint64(from)}, w.links[s.id][from].call}
	if w.chance(5) {
		from = raft.ServerID(f.number(uint64(from)))
	}
	return packet{from: from, to: s.id, rpc: f.message(from, st)}
}

func (f *forger) message(from raft.ServerID, st *raft.Status) raft.RPC {
	term := raft.Term(f.number(uint64(st.CurrentTerm)))
	claimed := raft.ServerID(f.number(uint64(from)))
	last, call := uint64(st.LastIndex), f.number(f.calls)
	switch f.upTo(8) {
	case 0:
		return &raft.RequestVote{Call: call, Term: term, CandidateID: claimed, LastLogIndex: f.index(last),
			LastLogTerm: f.term(st), PreVote: f.chance(50), Transfer: f.chance(50)}
	case 1:
		return &raft.RequestVoteReply{Call: call, Term: term, VoteGranted: f.chance(80), PreVote: f.chance(50)}
	case 2:
		return &raft.AppendEntries{Call: call, Term: term, LeaderID: claimed, PrevLogIndex: f.index(last),
			PrevLogTerm: f.term(st), LeaderCommit: f.index(last), Entries: f.entries(st)}
	case 3:
		return &raft.AppendEntriesReply{Call: call, Term: term, Success: f.chance(50), MatchIndex: f.index(last),
			ConflictTerm: f.term(st), ConflictIndex: f.index(last)}
	case 4, 5:
		return f.snapshot(claimed, call, term, st)
	case 6:
		return &raft.InstallSnapshotReply{Call: call, Term: term, NextOffset: f.number(f.offset()),
			MatchIndex: f.index(last)}
	case 7:
		return &raft.TimeoutNow{Call: call, Term: term, LeaderID: claimed}
	default:
		return &raft.TimeoutNowReply{Call: call, Term: term}
	}
}

func (f *forger) snapshot(leader raft.ServerID, call uint64, term raft.Term, st *raft.Status) raft.RPC {
	m := &raft.InstallSnapshot{Call: call, Term: term, LeaderID: leader, Configuration: st.Config.Clone(),
		LastIncludedIndex: f.index(uint64(st.LastIndex) + 3), LastIncludedTerm: f.term(st), Done: f.chance(60)}
	if f.chance(50) {
		m.Configuration = raft.Configuration{Voters: f.list(4), Outgoing: f.list(2), Learners: f.list(2)}
	}
	if f.chance(50) {
		m.Offset = f.number(f.offset())
	}
	m.Data = make([]byte, f.upTo(f.settings.chunk))
	if f.chance(50) {
		m.Data = encode(f.random.Uint64(), header, m.LastIncludedIndex, 0)
	}
	return m
}

func (f *forger) offset() uint64 { return uint64(f.upTo(2 * f.settings.chunk)) }

func (f *forger) index(near uint64) raft.Index { return raft.Index(f.number(near)) }

func (f *forger) term(st *raft.Status) raft.Term { return raft.Term(f.number(uint64(st.LastTerm))) }

// number returns the value meant or a neighbour in most cases, else a value of another field or an
// extreme.
func (f *forger) number(meant uint64) uint64 {
	switch f.upTo(19) {
	case 0:
		return f.near[f.upTo(len(f.near)-1)] + uint64(f.upTo(2)) - 1
	case 1:
		return uint64(f.upTo(12))
	case 2:
		return f.random.Uint64() >> f.upTo(63)
	case 3:
		return math.MaxUint64 - uint64(f.upTo(2))
	case 4:
		return 1<<63 + uint64(f.upTo(2)) - 1
	case 5, 6, 7:
		return meant + 1
	case 8:
		return meant - 1
	default:
		return meant
	}
}

func (f *forger) entries(st *raft.Status) []raft.Entry {
	list := make([]raft.Entry, f.upTo(3))
	for i := range list {
		list[i] = raft.Entry{Term: f.term(st), Kind: raft.EntryKind(f.upTo(3))}
		switch {
		case list[i].Kind == raft.Config:
			list[i].Data = f.configuration(st)
		case f.chance(5):
			list[i].Kind = raft.EntryKind(f.upTo(255))
		case f.chance(50):
			list[i].Data = make([]byte, f.upTo(30))
		}
	}
	return list
}

// configuration returns the text of a configuration, or a text that is none.
func (f *forger) configuration(st *raft.Status) []byte {
	switch f.upTo(5) {
	case 0:
		texts := []string{"", "0", ",", "1", "1,1", "2,1", "1>", ">1", "1+", "+1", "1,2+2", "1,2>3", "1,2,3>1,2+3", "9",
			"18446744073709551615", "18446744073709551616", "-1", "1,2,3,4,5,6,7,8,9,10,11,12", "1,2,3 ", "\x00"}
		return []byte(texts[f.upTo(len(texts)-1)])
	case 1:
		return raft.Configuration{Voters: f.list(4), Outgoing: f.list(2), Learners: f.list(2)}.AppendText(nil)
	default:
		return st.Config.AppendText(nil)
	}
}

// list names servers in any order, some twice, and sometimes more than a configuration may have.
func (f *forger) list(about int) []raft.ServerID {
	n := f.upTo(about)
	if f.chance(5) {
		n = 12
	}
	var list []raft.ServerID
	for i := range n {
		id := uint64(i + 1)
		if f.chance(30) {
			id = f.number(id)
		}
		list = append(list, raft.ServerID(id))
	}
	return list
}
