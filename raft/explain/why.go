package explain

import (
	"strconv"

	"raftplayground/raft"
)

// Question asks of a cluster why something has not happened (yet), and answers.
type Question struct {
	Ask     string   // "Why is index 2 not committed?"
	Answer  []string // sentences
	Section string   // where the paper explains it
}

// Why returns the question that matters now: why no server leads, else why an entry of the leader is not
// committed. It is nil if all is well, and before anything is known.
func (c *Cluster) Why() *Question {
	term, known := c.newestTerm()
	switch {
	case !c.Started || !known:
		return nil
	case c.leader != nil && c.leader.Report.Term >= term:
		return c.notCommitted()
	case c.justElected(term):
		return nil
	}
	return c.noLeader(term)
}

// newestTerm returns the highest term of a voter, and whether any voter has said one.
func (c *Cluster) newestTerm() (newest raft.Term, known bool) {
	for i := range c.Servers {
		if s := &c.Servers[i]; s.Report != nil && c.Voters.Has(s.ID) {
			newest, known = max(newest, s.Report.Term), true
		}
	}
	return newest, known
}

// justElected reports whether a follower names a leader of the term whose own report is older than the follower's, and
// of a time at which it had not been elected yet.
func (c *Cluster) justElected(term raft.Term) bool {
	for i := range c.Servers {
		r := c.Servers[i].Report
		if r == nil || r.Term != term || r.Leader == 0 {
			continue
		}
		l := c.server(r.Leader)
		if l == nil || l.State != Running || l.Report != nil && l.Report.At >= r.At {
			continue
		}
		if l.Report == nil || l.Report.Term < term || l.Report.Role == raft.Candidate {
			return true
		}
	}
	return false
}

// noLeader says why no server leads the newest term (§5.2).
func (c *Cluster) noLeader(term raft.Term) *Question {
	q := &Question{Ask: "Why does nobody lead?", Section: c.section("§5.2")}
	if term > 0 {
		q.Ask = "Why does nobody lead term " + decimal(uint64(term)) + "?"
	}
	running, needs := c.up&c.Voters, "A leader needs "+c.needed()+" votes, and "
	candidates := c.candidates(term)
	switch {
	case running == 0:
		q.say(needs+"none of the servers runs.", "Nothing can be elected or committed until more of them are back.")
	case !c.decide(running):
		q.say(needs+"only "+strconv.Itoa(running.Len())+" of the servers "+running.verb("runs", "run")+".",
			"Nothing can be elected or committed until more of them are back.")
	case !c.decide(c.together(running)):
		q.say(needs+"no server that runs reaches so many: the network is cut.",
			"Nothing can be elected or committed until more of the links carry.")
	case len(candidates) == 0:
		q.say(c.waiting(running)...)
		q.say("Whose timer ends first asks for votes. It needs " + c.needed() + ".")
	default:
		q.say(c.candidacies(candidates)...)
	}
	return q
}

func (q *Question) say(sentences ...string) { q.Answer = append(q.Answer, sentences...) }

// waiting says whose election timer ends first.
func (c *Cluster) waiting(running Set) []string {
	var first raft.ServerID
	var ends int64
	for i := range c.Servers {
		s := &c.Servers[i]
		if !running.Has(s.ID) || s.Report == nil || s.Report.Timer == nil {
			continue
		}
		if at := s.timerEnds(); first == 0 || at < ends {
			first, ends = s.ID, at
		}
	}
	switch {
	case first == 0:
		return nil
	case ends <= c.Now:
		return []string{"Everybody still waits to hear from a leader; the timer of " + server(first) + " ends now."}
	}
	return []string{"Everybody still waits to hear from a leader; the timer of " + server(first) +
		" ends first, at " + moment(ends) + "."}
}

// timerEnds returns the moment at which a server's election timer runs out, if nothing starts it anew.
func (s *Server) timerEnds() int64 {
	left := float64(s.Report.Timer.Left)
	if s.Clock > 0 {
		left /= s.Clock
	}
	return s.Report.At + int64(left)
}

// candidates returns the servers that run and ask for votes, or whether they would get them, in the newest term.
func (c *Cluster) candidates(term raft.Term) (list []*Server) {
	for i := range c.Servers {
		s := &c.Servers[i]
		if s.State == Running && s.Report != nil && s.Report.Term >= term && c.Voters.Has(s.ID) &&
			(s.Report.Role == raft.Candidate || s.Report.Role == raft.PreCandidate) {
			list = append(list, s)
		}
	}
	return list
}

func (c *Cluster) candidacies(candidates []*Server) (answer []string) {
	rivals := 0
	for _, s := range candidates {
		answer = append(answer, c.candidacy(s))
		if s.Report.Role == raft.Candidate {
			rivals++
		}
	}
	if rivals > 1 && c.keeps(raft.OneVotePerTerm) {
		answer = append(answer,
			"Each server has one vote a term: they are split. Whose next timer ends first tries a later term.")
	}
	return answer
}

// candidacy says how many votes a candidate has, and why the other voters have not given it theirs.
func (c *Cluster) candidacy(s *Server) string {
	var refused, open Set
	for _, v := range s.Report.Votes {
		switch {
		case v.State == raft.Denied:
			refused |= SetOf(v.Server)
		case v.State == raft.Requested && v.Server != s.ID:
			open |= SetOf(v.Server)
		}
	}
	parts := ""
	part := func(who Set, text string) {
		switch {
		case who == 0:
			return
		case parts == "":
			parts = ": "
		default:
			parts += ", "
		}
		parts += text
	}
	h := c.hindered(s.ID, open)
	part(refused, refused.String()+" refused")
	part(h.down, h.down.String()+h.down.verb(" is", " are")+" down")
	part(h.paused, h.paused.String()+h.paused.verb(" is", " are")+" paused")
	part(h.cut, "the link to "+h.cut.String()+" is cut")
	part(h.deaf, "the link from "+h.deaf.String()+" is cut")
	part(h.free, h.free.String()+h.free.verb(" has", " have")+" not answered yet")
	what := " votes"
	if s.Report.Role == raft.PreCandidate {
		what = " would-be votes"
	}
	return server(s.ID) + " has " + s.Report.tally(" of the ") + what + " it needs" + parts + "."
}

// hindrances sorts servers by what keeps them from hearing one other server, or from being heard by it.
type hindrances struct {
	down, paused Set
	cut, deaf    Set // the link to them is cut; only the link from them is
	free         Set // nothing is in their way
}

// hindered finds out what stands between one server and others.
func (c *Cluster) hindered(one raft.ServerID, others Set) (h hindrances) {
	for rest := others; rest != 0; rest &= rest - 1 {
		id, list := rest.First(), &h.free
		s := c.server(id)
		switch {
		case s == nil || s.State == Down:
			list = &h.down
		case s.State == Paused:
			list = &h.paused
		case !c.passes(one, id):
			list = &h.cut
		case !c.passes(id, one):
			list = &h.deaf
		}
		*list |= SetOf(id)
	}
	return h
}

// moment writes a time as the clocks do: "0.140 s".
func moment(at int64) string { return strconv.FormatFloat(float64(at)/1e6, 'f', 3, 64) + " s" }
