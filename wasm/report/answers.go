package report

import (
	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/wasm/contract"
)

// Asked is what a page wants to know of a cluster, and the last answer.
type Asked struct {
	more   func(*explain.Cluster, *contract.Regard, *contract.Answers) // answers what only some pages ask; may be nil
	regard contract.Regard
	anew   bool   // its regard has changed since it was answered
	told   string // the last Answers as JSON
}

// AskedInLab is for the page of the lab, where faults and configuration changes are made: it also answers
// what they would mean. In a live tab, whose program is loaded for one server, that would be dead weight.
func AskedInLab() Asked { return Asked{more: foresee} }

// Regard takes what the page points at from now on.
func (a *Asked) Regard(r *contract.Regard) { a.regard, a.anew = *r, true }

// Waits reports whether the page's regard has changed since it was last answered.
func (a *Asked) Waits() bool { return a.anew }

// Answer returns the answers about a cluster at a moment, as the page is told of it; or nil if they have not
// changed. off are the rules that no server keeps.
func (a *Asked) Answer(
	room *contract.RoomState, servers []contract.ServerView, off raft.RuleSet, now contract.Micros,
) *contract.Answers {
	a.anew = false
	answers := a.answers(Look(room, servers, off, now))
	text, _ := contract.Codec.Marshal(answers)
	if string(text) == a.told {
		return nil
	}
	a.told = string(text)
	return answers
}

// Look turns what a page is told of a cluster into a Cluster that can answer questions.
func Look(
	room *contract.RoomState, servers []contract.ServerView, off raft.RuleSet, now contract.Micros,
) *explain.Cluster {
	s := explain.Standing{
		Servers: make([]explain.Server, 0, len(servers)), Links: make([]explain.Link, 0, len(room.Links)),
		Off: off, Started: room.Started, Now: now,
	}
	for i := range servers {
		s.Servers = append(s.Servers, standing(&servers[i]))
	}
	for i := range room.Links {
		l := &room.Links[i]
		s.Links = append(s.Links, explain.Link{
			From: raft.ServerID(l.From), To: raft.ServerID(l.To), Up: l.Up, Qualities: l.Qualities,
		})
	}
	return explain.Look(s)
}

func (a *Asked) answers(c *explain.Cluster) *contract.Answers {
	answers := &contract.Answers{
		Why: (*contract.Question)(c.Why()), Majority: contract.Majority(c.Majority()),
		Sides: []contract.Side{}, Leaders: Numbers(c.Leaders()), Half: Numbers(c.Half().IDs()),
		Cut: []string{}, Rivals: []int{},
	}
	for _, side := range c.Sides() {
		answers.Sides = append(answers.Sides, contract.Side{Servers: Numbers(side.Servers.IDs()), Words: side.Words})
	}
	if at := a.regard.Cell; at != nil {
		answers.Entry = c.Entry(raft.ServerID(at.Server), raft.Index(at.Index))
	}
	if a.more != nil {
		a.more(c, &a.regard, answers)
	}
	return answers
}

// foresee says what faults and changes would mean.
func foresee(c *explain.Cluster, r *contract.Regard, answers *contract.Answers) {
	answers.Stability, answers.Rivals = (*contract.Stability)(c.Stability()), Numbers(c.Rivals().IDs())
	if len(r.Side) > 0 {
		words := c.Cut(explain.SetOf(ids(r.Side)...))
		answers.Cut = words[:]
	}
}

// standing returns a server as the page is told of it.
func standing(v *contract.ServerView) explain.Server {
	s := explain.Server{ID: raft.ServerID(v.Server), Report: reportOf(v.Report)}
	if v.Seat != contract.SeatConnected {
		s.State = explain.Down
	}
	if m := v.Machine; m != nil {
		s.Clock, s.Write = m.Clock, m.SlowestWrite
		if m.State == contract.MachinePaused {
			s.State = explain.Paused
		}
		s.NoVote = m.Member != contract.Voter
	}
	return s
}

func reportOf(r *contract.Report) *explain.Report {
	if r == nil {
		return nil
	}
	report := &explain.Report{
		At: r.At, Role: raft.Role(placed(roles[:], r.Role)), Term: raft.Term(r.Term),
		CommitIndex: raft.Index(r.CommitIndex), LastIndex: raft.Index(r.LastIndex), LastTerm: raft.Term(r.LastTerm),
		VotesNeeded: r.VotesNeeded, Log: cells{&r.Log},
	}
	if r.Leader != nil {
		report.Leader = raft.ServerID(*r.Leader)
	}
	if t := r.Timer; t != nil {
		report.Timer = &explain.Timer{Left: t.Timeout - t.Elapsed, Longest: t.Longest}
	}
	for _, v := range r.Votes {
		report.Votes = append(report.Votes, raft.Vote{Server: raft.ServerID(v.Server),
			State: raft.VoteState(placed(voteStates[:], v.State))})
	}
	for _, q := range r.Quorums {
		report.Quorums = append(report.Quorums, raft.Quorum{Voters: ids(q.Voters), Needed: q.Needed, Agreed: q.Agreed})
	}
	for _, p := range r.Peers {
		report.Peers = append(report.Peers, raft.Peer{
			Server: raft.ServerID(p.Server), MatchIndex: raft.Index(p.Match), NextIndex: raft.Index(p.Next),
		})
	}
	return report
}

// cells are a log as in a report.
type cells struct{ log *contract.Log }

func (c cells) First() raft.Index { return raft.Index(c.log.First) }

func (c cells) At(i raft.Index) (e explain.Entry, told bool) {
	if i < c.First() || i-c.First() >= raft.Index(len(c.log.Cells)) {
		return e, false
	}
	cell := &c.log.Cells[i-c.First()]
	return explain.Entry{Term: raft.Term(cell.Term), What: cellText(cell)}, true
}

// cellText returns the content of an entry.
func cellText(c *contract.LogCell) string {
	switch c.Kind {
	case contract.NoOpCell:
		return "the leader's no-op"
	case contract.ConfigurationCell:
		return "the configuration " + c.Text
	}
	return c.Text
}

// Tally returns how the election of a candidate stands: "2 of 3" votes. For others it is empty.
func Tally(r *contract.Report) string {
	if r == nil || r.Role != contract.Candidate && r.Role != contract.PreCandidate {
		return ""
	}
	return reportOf(r).Tally()
}

func ids(numbers []int) []raft.ServerID {
	list := make([]raft.ServerID, 0, len(numbers))
	for _, n := range numbers {
		list = append(list, raft.ServerID(n))
	}
	return list
}
