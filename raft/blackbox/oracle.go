package blackbox

import (
	"bytes"
	"encoding/binary"
	"slices"

	"raftplayground/raft"
)

// oracle remembers what was once true of the cluster and demands that it stays true.
type oracle struct {
	w       *world
	log     []raft.Entry // what any server has called committed; entry 1 first
	by      []raft.Term  // the term of the first server that called it committed
	digests []uint64     // of the state after each of them, index 0 first
	configs []configured // in force after them, the first one first
	applied raft.Index   // the most that any state machine has applied: a read that begins now must see it
	probed  raft.Index   // what applied was when leases were last probed
	terms   map[raft.Term]raft.ServerID
	votes   map[ballot]raft.ServerID
	handed  map[raft.Term]bool // whose leaders have asked others to take over
	probe   raft.Output
	other   raft.Status
}

type configured struct {
	index raft.Index
	c     raft.Configuration
}

type ballot struct {
	term  raft.Term
	voter raft.ServerID
}

// seen is what a server was when it was last looked at in this life.
type seen struct {
	term              raft.Term
	voted             raft.ServerID
	commit            raft.Index
	leads             bool
	last              raft.Index
	lastTerm          raft.Term
	config            raft.Index
	applied, snapshot raft.Index
}

func newOracle(w *world) oracle {
	first := raft.Configuration{}
	for id := range raft.ServerID(w.settings.voters) {
		first.Voters = append(first.Voters, id+1)
	}
	return oracle{w: w, digests: []uint64{0}, configs: []configured{{0, first}},
		terms: map[raft.Term]raft.ServerID{}, votes: map[ballot]raft.ServerID{},
		handed: map[raft.Term]bool{}}
}

// look checks a server after it has produced all its output for an input.
func (c *oracle) look(s *server) {
	s.node.Status(&s.status)
	now := &s.status
	c.sane(s)
	if !c.w.hostile {
		c.committed(s)
		if now.Role == raft.Leader {
			c.leader(s)
		}
	}
	begins := now.Role == raft.Leader && !(s.seen.leads && s.seen.term == now.CurrentTerm)
	s.seen = seen{now.CurrentTerm, now.VotedFor, now.CommitIndex, now.Role == raft.Leader, now.LastIndex, now.LastTerm,
		now.ConfigIndex, now.LastApplied, now.SnapshotIndex}
	if c.w.hostile {
		return
	}
	if begins || c.probed < c.applied {
		c.probed = c.applied
		c.leases()
	}
	switch c.w.random.Uint64() % 64 {
	case 0:
		c.match(s, c.w.any())
	case 1, 2:
		c.hindsight(s)
	}
}

// sane checks what must hold of a server by itself, whatever others send to it.
func (c *oracle) sane(s *server) {
	now, before := &s.status, &s.seen
	switch {
	case len(s.owed) > 0:
		c.w.failf("S%d does not answer S%d's call %+v", s.id, s.owed[0].caller, s.owed[0])
	case len(s.asked) > 0 && now.Role != raft.Leader:
		c.w.failf("S%d no longer leads and does not answer read %d", s.id, s.asked[0])
	case now.CurrentTerm < before.term:
		c.w.failf("S%d goes back from term %d to %d", s.id, before.term, now.CurrentTerm)
	case now.CurrentTerm == before.term && now.VotedFor != before.voted && before.voted != 0:
		c.w.failf("S%d takes back its vote for S%d in term %d", s.id, before.voted, before.term)
	case now.CommitIndex < before.commit || now.LastApplied < before.applied || now.SnapshotIndex < before.snapshot:
		c.w.failf("S%d goes back: %+v, now %+v", s.id, *before, *now)
	case now.LastApplied > now.CommitIndex || now.CommitIndex > now.LastIndex:
		c.w.failf("S%d has applied %d of %d committed of %d entries",
			s.id, now.LastApplied, now.CommitIndex, now.LastIndex)
	case now.ConfigIndex > now.LastIndex:
		c.w.failf("S%d goes by the configuration at %d, and its log ends at %d", s.id, now.ConfigIndex, now.LastIndex)
	}
	if e, ok := s.node.Entry(now.ConfigIndex); ok && e.Kind != raft.Config {
		c.w.failf("S%d goes by the configuration at %d, where there is %+v", s.id, now.ConfigIndex, e)
	}
}

// committed checks State Machine Safety for entries that a server calls committed, before it applies
// them.
func (c *oracle) committed(s *server) {
	for i := max(s.seen.commit, s.status.SnapshotIndex) + 1; i <= s.status.CommitIndex; i++ {
		e, ok := s.node.Entry(i)
		if !ok {
			c.w.failf("S%d calls %d committed and does not have it", s.id, i)
		}
		c.commits(s, i, e)
	}
}

// commits compares an entry with the one that was committed at that index before, or records it.
func (c *oracle) commits(s *server, i raft.Index, e raft.Entry) {
	switch n := raft.Index(len(c.log)); {
	case i <= n:
		if !same(c.log[i-1], e) {
			c.w.failf("S%d calls %d committed as %+v; somebody else as %+v", s.id, i, e, c.log[i-1])
		}
	case i > n+1:
		c.w.failf("S%d calls %d committed, and nobody %d", s.id, i, n+1)
	default:
		c.proposed(i, e)
		s.node.Status(&s.status)
		c.log, c.by = append(c.log, e), append(c.by, s.status.CurrentTerm)
		c.digests = append(c.digests, digestAfter(c.digests[n], e))
		if e.Kind == raft.Config {
			config, err := raft.ParseConfiguration(string(e.Data))
			if err != nil {
				c.w.failf("S%d commits the configuration %q: %v", s.id, e.Data, err)
			}
			c.configs = append(c.configs, configured{i, config})
		}
	}
}

func same(a, b raft.Entry) bool {
	return a.Term == b.Term && a.Kind == b.Kind && bytes.Equal(a.Data, b.Data)
}

// proposed demands that a committed command was proposed, and is where its leader said that it would be.
func (c *oracle) proposed(i raft.Index, e raft.Entry) {
	if e.Kind != raft.Command {
		return
	}
	n := uint64(0)
	if len(e.Data) >= 8 {
		n = binary.LittleEndian.Uint64(e.Data)
	}
	if n == 0 || n > uint64(len(c.w.clients.proposals)) {
		c.w.failf("nobody has proposed what is committed at %d: %x", i, e.Data)
	}
	if p := &c.w.clients.proposals[n-1]; p.index != i || p.term != e.Term {
		c.w.failf("command %d was to be at %d with term %d and is committed at %d with term %d",
			n, p.index, p.term, i, e.Term)
	}
}

// leader checks what Figure 3 says of leaders.
func (c *oracle) leader(s *server) {
	now, before := &s.status, &s.seen
	if id := c.leads(now.CurrentTerm, s.id); id != s.id {
		c.w.failf("S%d and S%d lead term %d", id, s.id, now.CurrentTerm)
	}
	if !before.leads || before.term != now.CurrentTerm {
		c.complete(s)
		return
	}
	if e, ok := s.node.Entry(before.last); before.last > now.LastIndex || ok && e.Term != before.lastTerm {
		c.w.failf("S%d leads term %d and has overwritten entry %d", s.id, now.CurrentTerm, before.last)
	}
	if now.CommitIndex > before.commit && now.ConfigIndex == before.config {
		c.stored(s)
	}
}

// leads records the leader of a term and returns the first one seen.
func (c *oracle) leads(term raft.Term, id raft.ServerID) raft.ServerID {
	if first, known := c.terms[term]; known {
		return first
	}
	c.terms[term] = id
	return id
}

// complete checks Leader Completeness when a leadership begins.
func (c *oracle) complete(s *server) {
	for i := raft.Index(len(c.log)); i > s.status.SnapshotIndex && i > 0; i-- {
		if c.by[i-1] >= s.status.CurrentTerm {
			continue // perhaps committed in a later term, of which this leader is about to learn
		}
		if e, ok := s.node.Entry(i); !ok || !same(e, c.log[i-1]) {
			c.w.failf("S%d leads term %d without entry %d, which is committed", s.id, s.status.CurrentTerm, i)
		}
	}
}

// stored demands that a leader commits by counting only entries of its term, which are on the disks of
// both majorities.
func (c *oracle) stored(s *server) {
	commit, now := s.status.CommitIndex, &s.status
	e, ok := s.node.Entry(commit)
	if !ok {
		return // compacted already
	}
	if e.Term != now.CurrentTerm {
		c.w.failf("S%d commits entry %d of term %d by counting in term %d", s.id, commit, e.Term, now.CurrentTerm)
	}
	for _, part := range [][]raft.ServerID{now.Config.Voters, now.Config.Outgoing} {
		count := 0
		for _, id := range part {
			if c.w.servers[id].disk.holds(commit, e.Term) {
				count++
			}
		}
		if len(part) > 0 && 2*count <= len(part) {
			c.w.failf("S%d calls %d committed, which is on %d disks of %v", s.id, commit, count, part)
		}
	}
}

// match checks Log Matching.
func (c *oracle) match(s, with *server) {
	if with.node == nil || with == s {
		return
	}
	with.node.Status(&c.other)
	agree := false
	for i := min(s.status.LastIndex, c.other.LastIndex); i > 0; i-- {
		a, okA := s.node.Entry(i)
		b, okB := with.node.Entry(i)
		if !okA || !okB {
			return
		}
		if agree && !same(a, b) {
			c.w.failf("the logs of S%d and S%d agree at %d and differ at %d", s.id, with.id, i+1, i)
		}
		agree = agree || a.Term == b.Term
		if agree && !same(a, b) {
			c.w.failf("S%d and S%d have different entries %d of term %d", s.id, with.id, i, a.Term)
		}
	}
}

// sent checks messages as they leave a server: from then on others may build on them.
func (c *oracle) sent(p packet) {
	if c.w.hostile {
		return
	}
	switch m := p.rpc.(type) {
	case *raft.RequestVote:
		if !m.PreVote {
			c.vote(m.Term, p.from, m.CandidateID)
		}
	case *raft.RequestVoteReply:
		if m.VoteGranted && !m.PreVote {
			c.vote(m.Term, p.from, p.to)
		}
	case *raft.TimeoutNow:
		c.handed[m.Term] = true
	case *raft.AppendEntries:
		if id := c.leads(m.Term, p.from); id != p.from {
			c.w.failf("S%d and S%d lead term %d", id, p.from, m.Term)
		}
	}
}

func (c *oracle) vote(term raft.Term, voter, candidate raft.ServerID) {
	b := ballot{term, voter}
	if first, voted := c.votes[b]; voted && first != candidate {
		c.w.failf("S%d votes in term %d for S%d and for S%d", voter, term, first, candidate)
	}
	c.votes[b] = candidate
}

// loyal demands that a server which votes has not answered a leader within the shortest election timeout.
// One tick less counts as well, because the timeout may begin anywhere between two ticks.
func (c *oracle) loyal(s *server, at instant, candidate raft.ServerID, term raft.Term) {
	since := at - s.loyal
	if s.loyal > 0 && since >= 0 && since < instant(c.w.settings.min-1)*s.period && !c.w.settings.figure2 {
		c.w.failf("S%d votes for S%d in term %d, %d.%03d ticks after it answered a leader", s.id, candidate, term,
			since/s.period, since%s.period)
	}
}

// applies is called before a state machine applies an entry.
func (c *oracle) applies(s *server, i raft.Index, e raft.Entry) {
	if i != s.machine.applied+1 {
		c.w.failf("S%d, which has applied %d entries, is to apply entry %d", s.id, s.machine.applied, i)
	}
	if c.w.hostile {
		return
	}
	if !s.disk.holds(i, e.Term) {
		c.w.failf("S%d is to apply entry %d, which its disk does not hold", s.id, i)
	}
	c.commits(s, i, e)
	c.applied = max(c.applied, i)
	if e.Kind == raft.Command {
		p := &c.w.clients.proposals[binary.LittleEndian.Uint64(e.Data)-1]
		p.done = p.done || p.asked == s && p.life == s.life
	}
}

// restores is called before a state machine becomes what a snapshot says.
func (c *oracle) restores(s *server, snapshot *raft.Snapshot, index raft.Index, digest uint64, ok bool) {
	if c.w.hostile {
		return
	}
	i := snapshot.Index
	switch {
	case !ok:
		c.w.failf("S%d is to restore a snapshot that nobody has written: %x", s.id, snapshot.Data)
	case i != index || i > raft.Index(len(c.log)) || i == 0:
		c.w.failf("S%d is to restore a snapshot of %d as one of %d; %d entries are committed", s.id, index, i,
			len(c.log))
	case digest != c.digests[i] || snapshot.Term != c.log[i-1].Term:
		c.w.failf("S%d is to restore another state than that after entry %d", s.id, i)
	case i < s.machine.applied:
		c.w.failf("S%d, which has applied %d entries, is to go back to %d", s.id, s.machine.applied, i)
	case !snapshot.Configuration.Equal(c.configAt(i)):
		c.w.failf("S%d is to restore a snapshot through %d with the configuration %s; it was %s then", s.id, i,
			snapshot.Configuration.AppendText(nil), c.configAt(i).AppendText(nil))
	}
}

func (c *oracle) configAt(i raft.Index) raft.Configuration {
	n := len(c.configs) - 1
	for c.configs[n].index > i {
		n--
	}
	return c.configs[n].c
}

// digest returns the digest of the state after entry i, which must be applied. It is 0 in a hostile
// world.
func (c *oracle) digest(i raft.Index) uint64 {
	if i >= raft.Index(len(c.digests)) {
		return 0
	}
	return c.digests[i]
}

// answered demands that a read sees every write which a client may have known of when the read began.
func (c *oracle) answered(s *server, r raft.Read) {
	at := slices.Index(s.asked, r.Tag)
	if at < 0 {
		c.w.failf("S%d answers read %d, which does not wait", s.id, r.Tag)
	}
	s.asked = slices.Delete(s.asked, at, at+1)
	p := &c.w.clients.reads[r.Tag-1]
	p.done, p.ok = true, r.OK
	c.w.tracef("S%d answers read %d: %+v", s.id, r.Tag, r)
	if !r.OK || c.w.hostile {
		return
	}
	if r.Index < p.floor {
		c.w.failf("S%d answers read %d with entry %d; when it was asked, at tick %d, entry %d was applied somewhere",
			s.id, r.Tag, r.Index, p.began/tick, p.floor)
	}
	if s.node.Status(&s.status); r.Index > s.status.CommitIndex {
		c.w.failf("S%d answers read %d with entry %d; committed are %d", s.id, r.Tag, r.Index, s.status.CommitIndex)
	}
}
