package server

import (
	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// ReportVersion changes whenever a report on this server would say something new, apart from the passing of
// time: a host then sends a report. Looking costs nothing. Reports are made from the server's Node and
// Store, and from the methods below.
func (s *Server) ReportVersion() uint64 { return s.version }

// BadFrames returns how many frames could not be understood or were not for this server, since it started.
func (s *Server) BadFrames() int { return s.bad }

// Encoding returns how this server writes its calls.
func (s *Server) Encoding() wire.Encoding { return s.options.Encoding }

// LongestTimeout returns the longest election timeout that this server draws, in ticks.
func (s *Server) LongestTimeout() int { return s.options.ElectionTicksMax }

// noteChange moves the version on if what the core just did shows in a report. An idle leader's heartbeats
// do not.
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
