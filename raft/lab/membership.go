package lab

import (
	"slices"

	"raftplayground/raft"
)

// bearable tells whether the cluster could do without one more machine for ever: whether a leader leads, no change of
// the servers is under way, and in every configuration that may be in force a majority of the voters, the machine not
// counted, still has its disk.
func (w *World) bearable(without *machine) bool {
	leader := w.leader()
	if leader == nil {
		return false
	}
	if leader.server.Node().Status(&w.status); w.status.ConfigIndex > w.status.CommitIndex {
		return false
	}
	was := without.lost
	without.lost = true
	defer func() { without.lost = was }()
	return !slices.ContainsFunc(w.machines, func(m *machine) bool {
		return (m == without || m.whole()) && !(w.affordable(m.config.Voters) && w.affordable(m.config.Outgoing))
	})
}

// affordable reports whether a majority of these servers has its disk; of no servers, a majority has.
func (w *World) affordable(voters []raft.ServerID) bool {
	whole := 0
	for _, id := range voters {
		// a forged configuration may name a server that does not exist
		if int(id) <= len(w.machines) && w.machines[id-1].whole() {
			whole++
		}
	}
	return len(voters) == 0 || whole > len(voters)/2
}

// configuration returns what an action asks a leader for.
func (w *World) configuration(a *Action, leader *machine) raft.Configuration {
	c := raft.Configuration{Voters: a.Servers}
	if len(c.Voters) == 0 {
		leader.server.Node().Status(&w.status)
		c.Voters = w.status.Config.Voters
	}
	for _, id := range a.Learners {
		if !slices.Contains(c.Voters, id) {
			c.Learners = append(c.Learners, id)
		}
	}
	return c
}

// successor returns the server to which leadership is handed: the one named, or the voter that the leader
// knows to have most of its log, or 0, which the server will refuse, if there is none.
func (w *World) successor(named raft.ServerID, leader *machine) raft.ServerID {
	if named != 0 {
		return named
	}
	best := raft.Peer{}
	leader.server.Node().Status(&w.status)
	for _, p := range w.status.Peers {
		if slices.Contains(w.status.Config.Voters, p.Server) && (best.Server == 0 || p.MatchIndex > best.MatchIndex) {
			best = p
		}
	}
	return best.Server
}
