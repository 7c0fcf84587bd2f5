package explain

import (
	"strconv"

	"raftplayground/raft"
)

// notCommitted says why the leader has not committed an entry of its log (§5.3, §5.4.2); nil if it has.
func (c *Cluster) notCommitted() *Question {
	l := c.leader
	through := c.committed()
	if through >= l.Report.LastIndex {
		return nil
	}
	i := through + 1
	entry, told := l.Report.Log.At(i)
	if !told {
		return nil
	}
	if q := c.contested(i, entry.Term); q != nil {
		return q
	}
	q := &Question{Ask: "Why is index " + decimal(uint64(i)) + " not committed?", Section: c.section("§5.3")}
	holders := c.holders(i, entry.Term)
	on := "It is on " + c.share(holders)
	switch old := entry.Term < l.Report.Term; {
	case !c.decide(holders):
		h := c.hindered(l.ID, c.Voters&^holders)
		q.say(on + "; the leader, " + server(l.ID) + ", needs " + c.neededAlone() + ".")
		q.say(h.sentences(l.ID)...)
		if h.free != 0 {
			q.say(h.free.String() + h.free.verb(" has", " have") + " not received it yet.")
		}
	case old && c.keeps(raft.CommitOnlyCurrentTerm):
		own := decimal(uint64(l.Report.Term))
		q.Section = "§5.4.2"
		q.say(on+", a majority. But its term "+decimal(uint64(entry.Term))+" is not the leader's term "+own+
			", and an older entry on a majority may still be overwritten.",
			"It is committed together with the first entry of term "+own+" that a majority stores.")
	default:
		c.unheard(q, on, holders, i)
	}
	if l.State == Paused {
		q.say(server(l.ID) + " is paused.")
	}
	return q
}

// unheard says what keeps a leader from knowing that enough servers store an entry.
func (c *Cluster) unheard(q *Question, on string, holders Set, i raft.Index) {
	l := c.leader
	h := c.hindered(l.ID, holders&^l.heard(i))
	knows := on + ". " + server(l.ID) + ", the leader, knows of " + c.knownBy(l, i) + " and needs " + c.neededAlone()
	switch hindered := h.sentences(l.ID); {
	case h.free != 0:
		q.say(knows + ": the answers are still on their way.")
	case hindered != nil:
		q.say(knows + ".")
		q.say(hindered...)
	default:
		q.say(knows + ": its own disk has not stored it yet.")
	}
}

// committed returns how far the leader's log is committed, by the reports of all servers: a follower may
// know of more than the leader.
func (c *Cluster) committed() raft.Index {
	through := c.leader.Report.CommitIndex
	for i := range c.Servers {
		r := c.Servers[i].Report
		if r == nil || r.CommitIndex <= through {
			continue
		}
		theirs, told := r.Log.At(r.CommitIndex)
		ours, held := c.leader.Report.Log.At(r.CommitIndex)
		if held && (!told || theirs.Term == ours.Term) {
			through = r.CommitIndex
		}
	}
	return through
}

// contested asks about an index where the leader lacks what others have committed, so that a promise is
// broken (§5.4); nil if it does not.
func (c *Cluster) contested(i raft.Index, term raft.Term) *Question {
	var others Set
	var committed raft.Term
	for k := range c.Servers {
		s := &c.Servers[k]
		if t := s.termAt(i); t != 0 && t != term && s.Report.CommitIndex >= i {
			if others == 0 {
				committed = t
			}
			others |= SetOf(s.ID)
		}
	}
	if others == 0 {
		return nil
	}
	return &Question{
		Ask: "Is index " + decimal(uint64(i)) + " committed?", Section: "§5.4",
		Answer: []string{
			others.String() + " committed the entry of term " + decimal(uint64(committed)) + " there. " +
				server(c.leader.ID) + ", the leader, lacks it, and has one of term " + decimal(uint64(term)) + ".",
			"While every server keeps the rules no such server is elected. What was committed may now be overwritten.",
		},
	}
}

// sentences say what keeps servers from the leader.
func (h *hindrances) sentences(leader raft.ServerID) (list []string) {
	if away := h.down | h.paused; away != 0 {
		list = append(list, away.String()+away.verb(" does", " do")+" not run.")
	}
	if h.cut != 0 {
		list = append(list, "The link from "+server(leader)+" to "+h.cut.String()+" is cut.")
	}
	if h.deaf != 0 {
		list = append(list, "The link from "+h.deaf.String()+" to "+server(leader)+" is cut.")
	}
	return list
}

// holders returns the voters that have an entry, by their own reports or by those of a leader that has it.
func (c *Cluster) holders(i raft.Index, term raft.Term) (holders Set) {
	for k := range c.Servers {
		if s := &c.Servers[k]; s.Report != nil && s.Report.holds(i, term) {
			holders |= SetOf(s.ID)
		}
	}
	if c.leader != nil && c.leader.termAt(i) == term {
		holders |= c.leader.heard(i)
	}
	return holders & c.Voters
}

// holds reports whether a server has an entry in its log or, since it was committed, in its snapshot.
func (r *Report) holds(i raft.Index, term raft.Term) bool {
	if e, told := r.Log.At(i); told {
		return e.Term == term
	}
	return i < r.Log.First()
}

// heard returns the servers of which a leader knows that they store everything up to an index, itself among them.
func (s *Server) heard(i raft.Index) Set {
	heard := SetOf(s.ID)
	for _, p := range s.Report.Peers {
		if p.MatchIndex >= i {
			heard |= SetOf(p.Server)
		}
	}
	return heard
}

// knownBy says how many voters the leader knows to store an entry; of the next one that it can commit, by
// its own count.
func (c *Cluster) knownBy(l *Server, i raft.Index) (text string) {
	next := len(l.Report.Quorums) > 0 && i == l.Report.CommitIndex+1
	for _, q := range c.Quorums {
		known := q.Agreed
		if !next {
			known = q.Count(l.heard(i).Has)
		}
		text = both(text, strconv.Itoa(known))
	}
	return text
}

// neededAlone says how many are a majority: "3", of a joint configuration "2 and 2".
func (c *Cluster) neededAlone() (text string) {
	for _, q := range c.Quorums {
		text = both(text, strconv.Itoa(q.Needed))
	}
	return text
}

// Entry says in a sentence or two what a server has at an index: the entry, on how many servers it is, and why it is
// not committed.
func (c *Cluster) Entry(id raft.ServerID, i raft.Index) string {
	who, at := server(id), index(uint64(i))
	s := c.server(id)
	if s == nil || s.Report == nil {
		return who + " has no entry at " + at + "."
	}
	r := s.Report
	e, told := r.Log.At(i)
	switch {
	case told:
	case i < r.Log.First() && r.Log.First()-1 <= r.LastIndex:
		return "Index " + decimal(uint64(i)) + " is in the snapshot of " + who + ", which ends at " +
			index(uint64(r.Log.First()-1)) + ": committed and applied."
	case i >= r.Log.First() && i <= r.LastIndex:
		return who + " has an entry at " + at + ", but has not said here which."
	default:
		return who + " has no entry at " + at + "."
	}
	having := c.holders(i, e.Term)
	text := "Index " + decimal(uint64(i)) + ", " + term(e.Term) + ", " + e.What + ". On " + c.share(having)
	if i <= r.CommitIndex {
		return text + ". Committed at " + who + "."
	}
	return text + c.notCommittedHere(s, i, e.Term, c.decide(having))
}

// notCommittedHere says why a server does not take an entry of its log for committed.
func (c *Cluster) notCommittedHere(s *Server, i raft.Index, t raft.Term, enough bool) string {
	who, l := server(s.ID), c.leader
	if knows := c.whoCommitted(i); knows != nil {
		by := server(knows.ID)
		switch {
		case !knows.Report.holds(i, t) && l != nil && l.Report.holds(i, t):
			return ". " + by + " has committed another entry there, which " + server(l.ID) +
				", the leader, lacks: this one may take its place."
		case !knows.Report.holds(i, t):
			return ". " + by + " has committed another entry there: a leader that has that one will have this " +
				"one deleted."
		case s.State == Down:
			return ". Committed at " + by + ". " + who + " is down, and what is committed is not kept on a disk."
		}
		return ". Not committed at " + who + " yet: it has not heard."
	}
	if l == nil {
		return ". Not committed, and nobody leads now."
	}
	leader := server(l.ID) + ", the leader,"
	switch _, other := l.Report.Log.At(i); {
	case !l.Report.holds(i, t) && other:
		return ". " + leader + " has another entry there: this one will be deleted."
	case !l.Report.holds(i, t):
		return ". " + leader + " does not have it."
	case enough && t < l.Report.Term && c.keeps(raft.CommitOnlyCurrentTerm):
		return ", but " + term(t) + " is not the leader's " + term(l.Report.Term) +
			": counting does not commit it (§5.4.2)."
	case enough:
		return ". Not committed yet: " + leader + " has not heard of all of them."
	}
	return ". Not committed yet: " + c.enough() + " to store it."
}

// enough says who has to do something before it counts, as "a majority has".
func (c *Cluster) enough() string {
	if c.keeps(raft.MajorityDecides) {
		return "a majority has"
	}
	return c.needed() + verb(c.Quorums[0].Needed, " has", " have")
}

// whoCommitted returns the first server that has committed an index, nil if none has.
func (c *Cluster) whoCommitted(i raft.Index) *Server {
	for k := range c.Servers {
		if s := &c.Servers[k]; s.Report != nil && s.Report.CommitIndex >= i {
			return s
		}
	}
	return nil
}
