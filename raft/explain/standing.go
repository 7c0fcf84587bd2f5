package explain

import (
	"cmp"
	"slices"

	"raftplayground/raft"
	"raftplayground/relay/quality"
)

// Standing is a cluster as it is seen from outside at a moment: what its servers last said of themselves,
// and what the network between them lets through. Reports may be a little old, and some servers may have
// said nothing. Times are µs of cluster time. Questions about it only read it.
type Standing struct {
	Servers []Server // ascending
	Links   []Link   // one direction each; where there is none, everything passes
	Off     raft.RuleSet
	Started bool // the cluster's clock has run
	Now     int64
}

// Server is a server of a Standing.
type Server struct {
	ID     raft.ServerID
	State  State
	NoVote bool    // it is known to have no vote in its own configuration
	Clock  float64 // seconds that its clock counts in a second of cluster time; 0 stands for 1
	Write  int64   // the longest that a write of its disk takes
	Report *Report // nil: it has not described itself
}

// State says whether a server runs.
type State uint8

// The states. A paused server does nothing, and what reaches it waits.
const (
	Running State = iota
	Paused
	Down
)

// Report is what a server said of itself.
type Report struct {
	At          int64
	Role        raft.Role
	Term        raft.Term
	Leader      raft.ServerID // of Term, 0 if it knows none
	CommitIndex raft.Index
	LastIndex   raft.Index
	LastTerm    raft.Term
	Timer       *Timer // nil: it has none, or has not said
	Votes       []raft.Vote
	VotesNeeded int           // of a candidate that does not tell its Quorums
	Quorums     []raft.Quorum // empty: it is of a kind that does not say
	Peers       []raft.Peer   // of a leader
	Log         Log           // not nil
}

// Timer is a server's election timer by its own clock.
type Timer struct {
	Left    int64 // when the Report was made
	Longest int64 // timeout that the server would draw
}

// Log is the end of a server's log, as far as the server has told it.
type Log interface {
	// First returns the index with which it begins: what is before is in a snapshot, or was not told.
	First() raft.Index
	// At returns the entry at an index, and whether it was told.
	At(i raft.Index) (e Entry, told bool)
}

// Entry is an entry of a Log.
type Entry struct {
	Term raft.Term
	What string // what it holds, in words
}

// Link is one direction between two servers.
type Link struct {
	From, To raft.ServerID
	Up       bool
	quality.Qualities
}

// Cluster is a Standing with what every question needs to know of it: which server leads, and which decide.
// It shares the Standing's memory.
type Cluster struct {
	Standing
	Quorums []raft.Quorum // a majority of each decides now
	Voters  Set           // all voters in them
	leader  *Server       // of the newest term that has one; nil: none leads
	up      Set           // the servers that run
	cuts    []Link        // the links that do not carry
}

// Look finds out which server leads a cluster, and of which servers a majority decides there: by the report
// of the leader or, without one, of the server with the newest log. If no report says, as with servers of
// another kind, all count that are not known to have no vote.
func Look(s Standing) *Cluster {
	c := &Cluster{Standing: s}
	for i := range c.Servers {
		s := &c.Servers[i]
		if s.leads() && (c.leader == nil || s.Report.Term > c.leader.Report.Term) {
			c.leader = s
		}
		if s.State == Running {
			c.up |= SetOf(s.ID)
		}
	}
	c.Quorums = c.quorums()
	for i := range c.Quorums {
		c.Voters |= SetOf(c.Quorums[i].Voters...)
	}
	for i := range c.Links {
		if !c.Links[i].Up {
			c.cuts = append(c.cuts, c.Links[i])
		}
	}
	return c
}

func (s *Server) leads() bool {
	return s.State != Down && s.Report != nil && s.Report.Role == raft.Leader
}

func (c *Cluster) quorums() []raft.Quorum {
	if c.leader != nil && len(c.leader.Report.Quorums) > 0 {
		return c.leader.Report.Quorums
	}
	var says *Server
	for i := range c.Servers {
		s := &c.Servers[i]
		if s.Report != nil && len(s.Report.Quorums) > 0 && (says == nil || s.newerThan(says)) {
			says = s
		}
	}
	if says != nil {
		return says.Report.Quorums
	}
	var all raft.Configuration
	for i := range c.Servers {
		if s := &c.Servers[i]; !s.NoVote {
			all.Voters = append(all.Voters, s.ID)
		}
	}
	return all.Quorums(nil, c.Off)
}

// Leaders returns the servers that lead, the newest term first. Two may call themselves leader at once: the
// older one has not heard yet that its term is over.
func (c *Cluster) Leaders() (list []raft.ServerID) {
	var leaders []*Server
	for i := range c.Servers {
		if s := &c.Servers[i]; s.leads() {
			leaders = append(leaders, s)
		}
	}
	slices.SortStableFunc(leaders, func(a, b *Server) int { return cmp.Compare(b.Report.Term, a.Report.Term) })
	for _, s := range leaders {
		list = append(list, s.ID)
	}
	return list
}

// Rivals returns two servers that could hold elections at the same time: voters that run and do not lead. Fewer if
// there are not so many.
func (c *Cluster) Rivals() (two Set) {
	for i := range c.Servers {
		if s := &c.Servers[i]; s.State == Running && !s.NoVote && !s.leads() && two.Len() < 2 {
			two |= SetOf(s.ID)
		}
	}
	return two
}

// newerThan reports whether a server has a newer log than another (§5.4.1); being down counts as older.
func (s *Server) newerThan(other *Server) bool {
	a, b := s.Report, other.Report
	switch {
	case (s.State == Down) != (other.State == Down):
		return other.State == Down
	case a.LastTerm != b.LastTerm:
		return a.LastTerm > b.LastTerm
	}
	return a.LastIndex > b.LastIndex
}

// server returns the server with a number, nil if there is none.
func (c *Cluster) server(id raft.ServerID) *Server {
	for i := range c.Servers {
		if c.Servers[i].ID == id {
			return &c.Servers[i]
		}
	}
	return nil
}

// decide reports whether servers are enough to elect a leader and to commit.
func (c *Cluster) decide(servers Set) bool { return raft.Decide(c.Quorums, servers.Has) }

// passes reports whether the link from a server to another carries.
func (c *Cluster) passes(from, to raft.ServerID) bool {
	for i := range c.cuts {
		if c.cuts[i].From == from && c.cuts[i].To == to {
			return false
		}
	}
	return true
}

// meets reports whether two servers can talk: calls pass, and their replies.
func (c *Cluster) meets(a, b raft.ServerID) bool { return c.passes(a, b) && c.passes(b, a) }

// keeps reports whether the servers keep a rule.
func (c *Cluster) keeps(r raft.Rule) bool { return !c.Off.Has(r) }

// termAt returns the term of a server's entry at an index; 0: it has none there, or has not said which.
func (s *Server) termAt(i raft.Index) raft.Term {
	if s.Report == nil {
		return 0
	}
	e, _ := s.Report.Log.At(i)
	return e.Term
}
