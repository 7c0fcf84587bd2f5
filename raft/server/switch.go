package server

import "raftplayground/raft"

// SwitchOff replaces Options.Off from now on: the rules that this server does not keep; see raft.Node's.
func (s *Server) SwitchOff(off raft.RuleSet) {
	s.node.SwitchOff(off)
	s.version++ // what a majority is may be another number now
	if off&^raft.Extensions != 0 {
		s.wal.Unruly()
	}
}

// SetTimer makes the election timer run out after so many ticks; see raft.Node's. Look at Idle again afterwards.
func (s *Server) SetTimer(left int) { s.node.SetTimer(left) }
