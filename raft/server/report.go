package server

import (
	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
	"raftplayground/raft/kv"
)

// ReportEntries is how many entries of the log's end a report shows.
const ReportEntries = 64

// largestExact is the largest whole number that a JavaScript number holds exactly with all below it.
const largestExact = 1<<53 - 1

// ReportVersion changes whenever a report would say something new, but for the passing of time: a host sends a report when it has. Looking costs nothing.
func (s *Server) ReportVersion() uint64 { return s.version }

// BadFrames returns how many frames could not be understood or were not for this server, since it started.
func (s *Server) BadFrames() int { return s.bad }

// AppendReport appends what this server says of itself to dst, as the JSON of Report in web/src/model.ts. at is the present in ms of cluster time.
func (s *Server) AppendReport(dst []byte, at float64) []byte { return s.AppendReportLate(dst, at, 0) }

// AppendReportLate is AppendReport for a host that has not told the server of the last untold ticks yet, as a simulation does not while nothing happens.
func (s *Server) AppendReportLate(dst []byte, at float64, untold int) []byte {
	st := &s.status
	s.node.Status(st)
	w := newWriter(dst)
	w.number(`{"server":`, uint64(st.ID))
	w.WriteRaw(`,"at":`)
	w.WriteFloat64(at)
	w.WriteRaw(`,"role":"` + roleName(st.Role) + `"`)
	w.number(`,"term":`, uint64(st.CurrentTerm))
	w.server(`,"votedFor":`, st.VotedFor)
	w.server(`,"leader":`, st.Leader)
	w.number(`,"commitIndex":`, uint64(st.CommitIndex))
	w.number(`,"lastIndex":`, uint64(st.LastIndex))
	w.number(`,"lastTerm":`, uint64(st.LastTerm))
	w.number(`,"appliedIndex":`, uint64(st.LastApplied))
	w.WriteRaw(`,"stateHash":"` + kv.HashText(s.store.Hash()) + `","encoding":"` + s.options.Encoding.String() + `","timer":`)
	if st.Role == raft.Leader {
		w.WriteNil()
	} else {
		w.number(`{"elapsed":`, uint64(min(st.Elapsed+untold, st.Timeout)))
		w.number(`,"timeout":`, uint64(st.Timeout))
		w.number(`,"longest":`, uint64(s.options.ElectionTicksMax))
		w.WriteRaw("}")
	}
	var two [2]raft.Quorum
	w.election(st, s.node.Quorums(two[:0]))
	w.WriteRaw(`,"log":`)
	s.appendLog(&w, st.SnapshotIndex+1, st.LastIndex)
	w.number(`,"badFrames":`, uint64(s.bad))
	w.WriteRaw("}")
	return w.Buffer()
}

// AppendStatus appends the JSON of Status in web/src/model.ts to dst. Whether the tab is connected, and what its disk is, the host knows.
func (s *Server) AppendStatus(dst []byte, connected bool, disk string) []byte {
	st := &s.status
	s.node.Status(st)
	w := newWriter(dst)
	w.number(`{"server":`, uint64(st.ID))
	w.WriteRaw(`,"role":"` + roleName(st.Role) + `"`)
	w.number(`,"term":`, uint64(st.CurrentTerm))
	w.server(`,"leader":`, st.Leader)
	w.number(`,"commitIndex":`, uint64(st.CommitIndex))
	w.number(`,"lastIndex":`, uint64(st.LastIndex))
	w.number(`,"appliedIndex":`, uint64(st.LastApplied))
	w.WriteRaw(`,"stateHash":"` + kv.HashText(s.store.Hash()) + `","connected":`)
	w.WriteBool(connected)
	w.WriteRaw(`,"disk":`)
	w.WriteString(disk)
	w.WriteRaw("}")
	return w.Buffer()
}

// noteChange moves the version on if what the core just did shows in a report. An idle leader's heartbeats do not.
func (s *Server) noteChange() {
	changed := len(s.core.Events) > 0 || s.core.Save.Seq != 0 || len(s.core.Apply.Entries) > 0
	for i := range s.core.Send {
		m, ok := s.core.Send[i].RPC.(*raft.AppendEntries)
		changed = changed || ok && len(m.Entries) > 0 // nextIndex has moved
	}
	if changed {
		s.version++
	}
}

// appendLog writes the end of the log, from entry first on at most: what is before is compacted away.
func (s *Server) appendLog(w *writer, first, last raft.Index) {
	if last > ReportEntries {
		first = max(first, last-ReportEntries+1)
	}
	w.number(`{"first":`, uint64(first))
	w.WriteRaw(`,"cells":[`)
	for i := first; i <= last; i++ {
		if i > first {
			w.WriteMore()
		}
		e, _ := s.node.Entry(i)
		w.number(`{"term":`, uint64(e.Term))
		switch e.Kind {
		case raft.NoOp:
			w.WriteRaw(`,"kind":"noop","text":""}`)
		case raft.Config:
			w.WriteRaw(`,"kind":"configuration","text":"` + string(e.Data) + `"}`)
		default:
			w.WriteRaw(`,"kind":"command","text":`)
			w.WriteString(kv.Text(e.Data))
			w.WriteRaw("}")
		}
	}
	w.WriteRaw("]}")
}

// writer writes JSON in the forms of model.ts.
type writer struct{ *jsoniter.Stream }

func newWriter(dst []byte) writer {
	w := writer{jsoniter.NewStream(jsoniter.ConfigDefault, nil, 0)}
	w.SetBuffer(dst)
	return w
}

// number writes a U64: a number where JavaScript has it exactly, else decimal text.
func (w *writer) number(before string, v uint64) {
	w.WriteRaw(before)
	if v > largestExact {
		w.WriteString(decimal(v))
		return
	}
	w.WriteUint64(v)
}

// server writes a server's number, null for nobody.
func (w *writer) server(before string, id raft.ServerID) {
	if id == 0 {
		w.WriteRaw(before + "null")
		return
	}
	w.number(before, uint64(id))
}

// election writes a candidate's votes, what a majority is, and a leader's followers. Lists of another role are empty.
func (w *writer) election(st *raft.Status, quorums []raft.Quorum) {
	w.WriteRaw(`,"votes":[`)
	for i, vote := range st.Votes {
		if i > 0 {
			w.WriteMore()
		}
		w.number(`{"server":`, uint64(vote.Server))
		w.WriteRaw(`,"state":"` + [...]string{"requested", "granted", "denied"}[vote.State] + `"}`)
	}
	w.number(`],"votesNeeded":`, uint64(quorums[0].Needed))
	w.WriteRaw(`,"quorums":[`)
	for i, q := range quorums {
		before := `{"voters":[`
		if i > 0 {
			before = `,{"voters":[`
		}
		for k, voter := range q.Voters {
			if k > 0 {
				before = ","
			}
			w.number(before, uint64(voter))
		}
		w.number(`],"needed":`, uint64(q.Needed))
		w.number(`,"agreed":`, uint64(q.Agreed))
		w.WriteRaw("}")
	}
	w.WriteRaw(`],"peers":[`)
	for i, peer := range st.Peers {
		if i > 0 {
			w.WriteMore()
		}
		w.number(`{"server":`, uint64(peer.Server))
		w.number(`,"match":`, uint64(peer.MatchIndex))
		w.number(`,"next":`, uint64(peer.NextIndex))
		w.WriteRaw("}")
	}
	w.WriteRaw("]")
}

func roleName(r raft.Role) string {
	return [...]string{"follower", "candidate", "leader", "preCandidate"}[r]
}
