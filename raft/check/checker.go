package check

import (
	"maps"
	"slices"
	"sort"

	"raftplayground/raft"
)

// Log is a server's log, to read only.
type Log interface {
	// Entry returns the entry at i, and whether there is one.
	Entry(i raft.Index) (raft.Entry, bool)
}

// View is what can be seen of a running server from outside.
type View struct {
	Server    raft.ServerID
	Role      raft.Role
	Term      raft.Term
	Base      raft.Index // entries through Base are in a snapshot; 0: the log is whole
	Last      raft.Index // last log index
	Commit    raft.Index
	Applied   raft.Index
	StateHash uint64 // of the state machine after applying all through Applied
	Log       Log    // borrowed for the call
}

// Checker checks a cluster while it runs. After every input of every server it is given a View of that
// server. It is not safe for concurrent use.
type Checker struct {
	servers   []mirror // of servers 1, 2, …
	leaders   map[raft.Term]raft.ServerID
	lastTerm  raft.Term // highest that had a leader
	written   map[place]writing
	forgotten raft.Index         // places through it are no longer in written
	dropped   raft.Index         // commitments through it are no longer known
	committed sheets[commitment] // of index dropped+1, dropped+2, …
	acked     raft.Index         // highest index acknowledged to a client

	violations []Violation
	seen       [properties]bool
}

// place is where an entry may stand. By Log Matching it determines the whole log before it.
type place struct {
	index raft.Index
	term  raft.Term
}

type writing struct {
	chain chain
	by    raft.ServerID // the first server seen with it
}

// commitment is what is known of a committed entry.
type commitment struct {
	chain  chain
	term   raft.Term     // the entry's
	during raft.Term     // the term in which it was committed
	by     raft.ServerID // the first server seen to have committed it

	state   uint64        // the state machine after applying it
	stateBy raft.ServerID // the first server seen in this state; 0: none
}

// These constants bound memory: for how many terms back the leader is remembered, and for how many entries
// back, at least, what was committed there. A server that is further behind, and whose log is not known from
// the beginning, is not compared with the others until it has caught up.
const (
	keptTerms   = 1 << 16
	keptEntries = 1 << 13
)

// New returns a Checker for servers 1 to size, none of them running.
func New(size int) *Checker {
	return &Checker{servers: make([]mirror, size), leaders: map[raft.Term]raft.ServerID{}, written: map[place]writing{}}
}

// Clone returns an independent copy.
func (c *Checker) Clone() *Checker {
	copied := *c
	copied.servers = slices.Clone(c.servers)
	for i := range copied.servers {
		m := &copied.servers[i]
		m.terms, m.chains = slices.Clone(m.terms), slices.Clone(m.chains)
	}
	copied.leaders, copied.written = maps.Clone(c.leaders), maps.Clone(c.written)
	copied.committed, copied.violations = c.committed.clone(), slices.Clone(c.violations)
	return &copied
}

// Violations returns the first violation of each property that was violated, oldest first.
func (c *Checker) Violations() []Violation { return c.violations }

// Stopped says that a server no longer runs. When it is seen again it has started anew, and its log is what
// its disk held.
func (c *Checker) Stopped(server raft.ServerID) {
	c.servers[server-1] = mirror{}
}

// Observe looks at a running server. at is the moment, µs of cluster time.
func (c *Checker) Observe(at int64, v *View) {
	m := &c.servers[v.Server-1]
	was := *m
	m.running, m.role, m.term = true, v.Role, v.Term
	changed := c.reread(at, v, m)
	if was.role == raft.Leader && v.Role == raft.Leader && was.term == v.Term && changed <= was.last() {
		c.violated(Violation{Property: LeaderAppendOnly, At: at, Servers: []raft.ServerID{v.Server}, Index: changed,
			Terms:  []raft.Term{v.Term},
			Detail: "the leader changed or deleted its entry " + decimal(changed)})
	}
	if v.Role == raft.Leader && (was.role != raft.Leader || was.term != v.Term) {
		c.Led(at, v.Server, v.Term)
		c.complete(at, v.Server)
	}
	c.observeCommit(at, v, m, changed)
	c.observeState(at, v, m)
	c.auditNext(at, v, m)
}

// Led says that a server was elected leader of a term; Observe calls it if the server still leads when it is
// observed.
func (c *Checker) Led(at int64, server raft.ServerID, term raft.Term) {
	if other, known := c.leaders[term]; known && other != server {
		c.violated(Violation{Property: ElectionSafety, At: at, Servers: []raft.ServerID{other, server},
			Terms: []raft.Term{term},
			Detail: "servers " + decimal(other) + " and " + decimal(server) + " were both elected leader of term " +
				decimal(term)})
		return
	}
	c.leaders[term] = server
	if c.lastTerm = max(c.lastTerm, term); len(c.leaders) > 2*keptTerms {
		maps.DeleteFunc(c.leaders, func(t raft.Term, _ raft.ServerID) bool { return t+keptTerms < c.lastTerm })
	}
}

// Acknowledged says that a server told a client that its command is done, as the entry at index of term.
func (c *Checker) Acknowledged(at int64, server raft.ServerID, index raft.Index, term raft.Term) {
	switch {
	case index <= c.dropped: // a read of a state before the first entry, or an answer that was long under way
	case index > c.lastCommitted():
		c.violated(Violation{Property: Durability, At: at, Servers: []raft.ServerID{server}, Index: index,
			Terms:  []raft.Term{term},
			Detail: "a client was told of an entry that no server has committed"})
	case c.commitment(index).term != term:
		c.violated(Violation{Property: Durability, At: at, Servers: []raft.ServerID{c.commitment(index).by, server},
			Index: index, Terms: []raft.Term{c.commitment(index).term, term},
			Detail: "a client was told of an entry of term " + decimal(term) + " where one of term " +
				decimal(c.commitment(index).term) + " is committed"})
	default:
		c.acked = max(c.acked, index)
	}
}

// Audit compares the whole log of a running server with what was seen of it before. In a cluster that has
// come to rest, it also checks that the log holds everything acknowledged to clients.
func (c *Checker) Audit(at int64, v *View, rested bool) {
	m := &c.servers[v.Server-1]
	c.Observe(at, v)
	for range m.terms {
		c.auditNext(at, v, m)
	}
	if rested && c.acked > max(m.base, c.dropped) && !m.blind {
		if has, ok := m.chainAt(c.acked); !ok || has != c.commitment(c.acked).chain {
			c.lost(at, v.Server, v.Term)
		}
	}
}

// reread brings the mirror up to the server's log and returns the lowest index whose entry changed, one
// after the last if none did. It trusts that a log with the same term at an index is the same before it (Log
// Matching): the audit finds out if it is not.
func (c *Checker) reread(at int64, v *View, m *mirror) (changed raft.Index) {
	if v.Base > m.base {
		c.compacted(at, v, m)
	}
	i := min(v.Last, m.last())
	for ; i > m.base; i-- {
		if e, ok := v.Log.Entry(i); ok && e.Term == m.termAt(i) {
			break
		}
	}
	if changed = i + 1; changed > v.Last && changed > m.last() {
		return changed
	}
	m.cut(changed)
	for i := changed; i <= v.Last; i++ {
		e, ok := v.Log.Entry(i)
		if !ok {
			c.violated(Violation{Property: LogMatching, At: at, Servers: []raft.ServerID{v.Server}, Index: i,
				Terms:  []raft.Term{v.Term},
				Detail: "the log ends at " + decimal(v.Last) + " but has a hole at " + decimal(i)})
			return changed
		}
		chain := m.append(&e)
		c.match(at, v.Server, place{i, e.Term}, chain)
	}
	return changed
}

// match checks Log Matching for one entry of one log.
func (c *Checker) match(at int64, server raft.ServerID, p place, chain chain) {
	if p.index <= c.forgotten || c.servers[server-1].blind {
		return
	}
	first, known := c.written[p]
	if !known {
		c.written[p] = writing{chain, server}
		return
	}
	if first.chain != chain {
		c.violated(Violation{Property: LogMatching, At: at, Servers: []raft.ServerID{first.by, server}, Index: p.index,
			Terms: []raft.Term{p.term},
			Detail: "the logs of servers " + decimal(first.by) + " and " + decimal(server) + " both have an entry " +
				decimal(p.index) + " of term " + decimal(p.term) +
				", but are not identical through it"})
	}
}

// complete checks Leader Completeness for a leader, and that it has everything acknowledged to clients.
func (c *Checker) complete(at int64, leader raft.ServerID) {
	m := &c.servers[leader-1]
	// Entries committed during the leader's own term or a later one need not be in its log yet.
	n := sort.Search(c.committed.len(), func(i int) bool { return c.committed.at(i).during >= m.term })
	due := c.dropped + raft.Index(n)
	if due <= max(m.base, c.dropped) || m.blind {
		return
	}
	if has, ok := m.chainAt(due); ok && has == c.commitment(due).chain {
		return
	}
	i := c.firstDifference(m, due)
	c.violated(Violation{Property: LeaderCompleteness, At: at, Servers: []raft.ServerID{c.commitment(i).by, leader},
		Index: i, Terms: []raft.Term{c.commitment(i).during, m.term},
		Detail: "the leader of term " + decimal(m.term) + " lacks entry " + decimal(i) + ", which server " +
			decimal(c.commitment(i).by) +
			" committed in term " + decimal(c.commitment(i).during)})
	if i <= c.acked {
		c.lost(at, leader, m.term)
	}
}

func (c *Checker) lost(at int64, server raft.ServerID, term raft.Term) {
	i := c.firstDifference(&c.servers[server-1], c.acked)
	c.violated(Violation{Property: Durability, At: at, Servers: []raft.ServerID{server}, Index: i,
		Terms: []raft.Term{c.commitment(i).term, term},
		Detail: "server " + decimal(server) + " lacks entry " + decimal(i) +
			", or one before it, of which a client was told that it is done"})
}

// observeCommit notes what is newly committed, and compares the server's committed entries with the others'.
func (c *Checker) observeCommit(at int64, v *View, m *mirror, changed raft.Index) {
	was := m.commit
	m.commit = v.Commit
	if v.Commit < was || v.Commit > v.Last {
		c.violated(Violation{Property: StateMachineSafety, At: at, Servers: []raft.ServerID{v.Server}, Index: v.Commit,
			Terms: []raft.Term{v.Term},
			Detail: "commitIndex went from " + decimal(was) + " to " + decimal(v.Commit) + " in a log that ends at " +
				decimal(v.Last)})
		return
	}
	if v.Commit == was && changed > v.Commit || m.blind {
		return
	}
	if known := min(v.Commit, c.lastCommitted()); known > max(m.base, c.dropped) {
		if has, ok := m.chainAt(known); !ok || has != c.commitment(known).chain {
			i := c.firstDifference(m, known)
			other := c.commitment(i)
			c.violated(Violation{Property: StateMachineSafety, At: at, Servers: []raft.ServerID{other.by, v.Server},
				Index: i, Terms: []raft.Term{other.term, m.termAt(i)},
				Detail: "servers " + decimal(other.by) + " and " + decimal(v.Server) + " take different entries " +
					decimal(i) + " for committed"})
			return
		}
	}
	if v.Commit > c.lastCommitted() {
		c.commit(at, v, m)
	}
}

// commit notes entries that no server had committed before.
func (c *Checker) commit(at int64, v *View, m *mirror) {
	during := v.Term
	if n := c.committed.len(); n > 0 {
		during = max(during, c.committed.at(n-1).during)
	}
	for i := c.lastCommitted() + 1; i <= v.Commit; i++ {
		chain, ok := m.chainAt(i)
		if !ok {
			return // in a snapshot of entries that no server was seen to commit: compacted reports that
		}
		c.committed.add(commitment{chain: chain, term: m.termAt(i), during: during, by: v.Server})
	}
	if old := c.committed.len() - keptEntries; old > keptEntries {
		c.dropped += raft.Index(c.committed.drop(old))
		c.forget(c.dropped)
	}
	for other := range c.servers {
		if l := &c.servers[other]; l.running && l.role == raft.Leader && l.term > during {
			c.complete(at, raft.ServerID(other+1))
		}
	}
}

// observeState checks that servers which have applied the same entries are in the same state.
func (c *Checker) observeState(at int64, v *View, m *mirror) {
	was := m.applied
	m.applied = v.Applied
	switch {
	case v.Applied == was || v.Applied == 0:
		return
	case v.Applied <= c.dropped && v.Applied > was && v.Applied <= v.Commit:
		return
	case v.Applied < was || v.Applied > v.Commit:
		c.violated(Violation{Property: StateMachineSafety, At: at, Servers: []raft.ServerID{v.Server}, Index: v.Applied,
			Terms: []raft.Term{v.Term},
			Detail: "lastApplied went from " + decimal(was) + " to " + decimal(v.Applied) + ", commitIndex is " +
				decimal(v.Commit)})
		return
	case v.Applied > c.lastCommitted():
		return // the commit was a violation already
	}
	k := c.commitment(v.Applied)
	if k.stateBy == 0 {
		k = c.committed.own(int(v.Applied - c.dropped - 1))
		k.state, k.stateBy = v.StateHash, v.Server
	}
	if k.state != v.StateHash {
		c.violated(Violation{Property: StateMachineSafety, At: at, Servers: []raft.ServerID{k.stateBy, v.Server},
			Index: v.Applied, Terms: []raft.Term{v.Term},
			Detail: "servers " + decimal(k.stateBy) + " and " + decimal(v.Server) + " have applied the same " +
				decimal(v.Applied) + " entries and are in different states"})
	}
}

// auditNext compares one more entry of the log with what was seen of it.
func (c *Checker) auditNext(at int64, v *View, m *mirror) {
	if len(m.terms) == 0 {
		return
	}
	m.audit = (m.audit + 1) % len(m.terms)
	i := m.base + raft.Index(m.audit) + 1
	before, _ := m.chainAt(i - 1)
	e, ok := v.Log.Entry(i)
	if ok && before.then(&e) == m.chains[m.audit] {
		return
	}
	property := LogMatching
	if v.Role == raft.Leader {
		property = LeaderAppendOnly
	}
	c.violated(Violation{Property: property, At: at, Servers: []raft.ServerID{v.Server}, Index: i,
		Terms:  []raft.Term{m.terms[m.audit], e.Term},
		Detail: "entry " + decimal(i) + " changed, and entries behind it did not"})
}

// compacted takes note of a snapshot. Only committed entries may go into one (§7).
func (c *Checker) compacted(at int64, v *View, m *mirror) {
	chain, known := m.chainAt(v.Base)
	if known && v.Base > c.lastCommitted() && v.Base <= v.Commit {
		c.commit(at, v, m) // it was committed, applied and compacted since the last look
	}
	switch {
	case v.Base > c.lastCommitted():
		c.violated(Violation{Property: StateMachineSafety, At: at, Servers: []raft.ServerID{v.Server}, Index: v.Base,
			Terms:  []raft.Term{v.Term},
			Detail: "a snapshot holds entry " + decimal(v.Base) + ", which no server has committed"})
	case v.Base <= c.dropped:
		m.blind = m.blind || !known
	case !known || m.blind || chain != c.commitment(v.Base).chain:
		m.cut(m.base + 1) // the leader's snapshot replaced a different log
		m.blind, chain = false, c.commitment(v.Base).chain
	}
	m.compact(v.Base, chain)
	least := v.Base
	for i := range c.servers {
		least = min(least, c.servers[i].base)
	}
	if least >= c.forgotten+1024 {
		c.forget(least)
	}
}

// forget forgets what was written at places through i.
func (c *Checker) forget(i raft.Index) {
	c.forgotten = max(c.forgotten, i)
	maps.DeleteFunc(c.written, func(p place, _ writing) bool { return p.index <= c.forgotten })
}

func (c *Checker) lastCommitted() raft.Index { return c.dropped + raft.Index(c.committed.len()) }

// commitment returns what is known of a committed entry, to read only.
func (c *Checker) commitment(i raft.Index) *commitment { return c.committed.at(int(i - c.dropped - 1)) }

// firstDifference returns the first committed index through last at which the log differs from what is committed.
func (c *Checker) firstDifference(m *mirror, last raft.Index) raft.Index {
	i := max(m.base, c.dropped) + 1
	for ; i < last; i++ {
		if has, ok := m.chainAt(i); !ok || has != c.commitment(i).chain {
			break
		}
	}
	return i
}

// violated keeps the first violation of each property: its consequences would bury it.
func (c *Checker) violated(v Violation) {
	if !c.seen[v.Property] {
		c.seen[v.Property] = true
		c.violations = append(c.violations, v)
	}
}
