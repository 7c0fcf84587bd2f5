package blackbox

import (
	"fmt"
	"slices"

	"raftplayground/raft"
)

// heal ends the faults and demands service: first without writes, then under load, and at last with
// one server broken for ever.
func (w *world) heal() {
	w.tracef("healed")
	w.calm = true
	w.join()
	w.quieten()
	for _, s := range w.servers[1:] {
		s.disk.hung, s.disk.slow, s.slow, s.fuse = false, 0, 0, 0
		s.write()
		if s.narrow {
			s.kill()
		}
		s.start()
	}
	w.await("a leader whom everybody follows, with whatever it has, and whose learners have caught up", w.settled)
	w.serve("a command")
	w.promote()
	w.handOver()
	w.steady()
	w.serve("a command")
	w.loseOne()
}

// quieten gives every link a one-way time such that round trips stay below the shortest election timeout,
// and are often close to it.
func (w *world) quieten() {
	limit := instant(w.settings.min)*tick - 1
	if w.chance(70) {
		limit = w.span(limit)
	}
	jitter := instant(0)
	if w.chance(50) {
		jitter = w.span(limit / 4)
	}
	alike := w.chance(50)
	for from := range w.links {
		for to := range from {
			there := (limit - 2*jitter) / 2
			if !alike {
				there = w.span(limit - 2*jitter)
			}
			w.links[from][to].still(there, jitter)
			w.links[to][from].still(limit-2*jitter-there, jitter)
		}
	}
	w.tracef("a round trip takes at most %d thousandths of a tick, with a jitter of %d each way", limit, jitter)
	w.roundTrip = limit
}

func (l *link) still(way, jitter instant) {
	l.way, l.jitter, l.loss, l.double, l.late = way, jitter, 0, 0, 0
}

// These are the ways in which a server can break for ever.
const (
	writing = iota
	hearing
	speaking
)

// patience is how long a healed cluster may take: forty of the longest election timeouts, and a shortest
// timeout and a heartbeat for each message that has to be exchanged one after the other.
func (w *world) patience() instant {
	of := &w.settings // messages that overtake each other make a pipeline of entries as slow as no pipeline
	last, applied := raft.Index(0), raft.Index(len(w.oracle.log))
	for _, s := range w.servers[1:] {
		last, applied = max(last, s.disk.last()), min(applied, s.machine.applied)
	}
	exchanges := 2*int(last-applied) + len(w.oracle.terms) + 4*of.chunks
	return instant(40*of.max+exchanges*(of.min+of.heartbeat)) * tick
}

// await fails the run if something does not become true in time.
func (w *world) await(what string, done func() bool) {
	began, patience := w.now, w.patience()
	for !done() {
		if w.now-began > patience {
			w.failf("waits since tick %d for %s: %s", began/tick, what, w.describe())
		}
		w.run(w.now + tick)
	}
}

// describe summarizes the state of the cluster in one line.
func (w *world) describe() string {
	of := &w.settings
	text := fmt.Sprintf("timeouts %d…%d, heartbeat %d, round trip %.1f", of.min, of.max, of.heartbeat,
		float64(w.roundTrip)/float64(tick))
	for _, s := range w.servers[1:] {
		if s.node == nil {
			text += fmt.Sprintf("; S%d down", s.id)
			continue
		}
		s.node.Status(&s.status)
		st := &s.status
		text += fmt.Sprintf("; S%d role %d term %d leader %d, log %d…%d, commit %d, applied %d, config %s at %d",
			s.id, st.Role, st.CurrentTerm, st.Leader, st.SnapshotIndex, st.LastIndex, st.CommitIndex,
			s.machine.applied, st.Config.AppendText(nil), st.ConfigIndex)
		for _, p := range st.Peers {
			text += fmt.Sprintf(" (S%d next %d match %d caught up %t snapshot %d)",
				p.Server, p.NextIndex, p.MatchIndex, p.CaughtUp, p.Snapshot)
		}
	}
	return text
}

// settled reports whether a leader with a committed, simple configuration has all members at the end of
// its log, and all learners caught up.
func (w *world) settled() bool {
	l := w.newest()
	if l == nil {
		return false
	}
	l.node.Status(&l.status)
	st := &l.status
	if st.CommitIndex != st.LastIndex || st.Config.Joint() {
		return false
	}
	for _, p := range st.Peers {
		if !p.CaughtUp && slices.Contains(st.Config.Learners, p.Server) {
			return false
		}
	}
	for _, s := range w.servers[1:] {
		if st.Config.Contains(s.id) && !w.follows(s, l) {
			return false
		}
	}
	return true
}

func (w *world) follows(s, leader *server) bool {
	if s == w.apart {
		return true
	}
	if s.node == nil || s.machine.applied != leader.status.LastIndex {
		return false
	}
	if s != leader {
		s.node.Status(&s.status)
	}
	return s.status.Leader == leader.id
}

// newest returns the leader of the latest term, nil if there is none.
func (w *world) newest() (leader *server) {
	for _, s := range w.servers[1:] {
		if s.leads() {
			if s.node.Status(&s.status); leader == nil || s.status.CurrentTerm > leader.status.CurrentTerm {
				leader = s
			}
		}
	}
	return leader
}

// serve demands that a client gets a command applied by the leader that it asked, and one read of each
// kind answered. The client asks again after three of the longest timeouts: by then a leader knows that
// it leads nobody.
func (w *world) serve(what string) {
	number, asked := 0, w.now
	again := func() bool { return number == 0 || w.now-asked > instant(3*w.settings.max)*tick }
	w.await(what, func() bool {
		if number > 0 && w.clients.proposals[number-1].done {
			return true
		}
		if l := w.leader(); l != nil && again() {
			number, asked = w.propose(l, 1+w.upTo(2)), w.now
		}
		return false
	})
	for _, kind := range []raft.ReadKind{raft.ReadIndex, raft.LeaseRead} {
		number = 0
		w.await("a read", func() bool {
			if number > 0 && w.clients.reads[number-1].ok {
				return true
			}
			if l := w.leader(); l != nil && (again() || w.clients.reads[number-1].done) {
				number, asked = w.read(l, kind), w.now
			}
			return false
		})
	}
	w.await("everybody to apply all", w.settled)
}

// promote turns all learners into voters.
func (w *world) promote() {
	w.await("learners to become voters", func() bool {
		l := w.newest()
		if l == nil || !w.settled() {
			return false
		}
		if len(l.status.Config.Learners) == 0 {
			return true
		}
		c := l.status.Config.Clone()
		c.Voters = append(c.Voters, c.Learners...)
		slices.Sort(c.Voters)
		c.Learners = nil
		w.change(l, c)
		return false
	})
}

// handOver has the leader hand over in some worlds. That may fail, but the cluster has to serve again
// afterwards.
func (w *world) handOver() {
	l := w.newest()
	if l == nil || w.chance(70) {
		return
	}
	err := l.node.Transfer(l.status.Config.Voters[w.random.IntN(len(l.status.Config.Voters))])
	w.tracef("S%d is asked to hand over: %v", l.id, err)
	l.settle()
	w.serve("a command after a transfer")
}

// steady demands that a leader stays and answers however often it is read, if its round trips end well
// before any server could miss it.
func (w *world) steady() {
	l := w.newest()
	soon := w.roundTrip + instant(2*w.settings.heartbeat+2)*tick
	if l == nil || w.contested(l.status.CurrentTerm) || soon > instant(w.settings.min)*tick {
		return
	}
	term, first := l.status.CurrentTerm, len(w.clients.reads)
	for range 3*w.settings.max + 20 {
		for range 1 + w.upTo(2) {
			w.read(l, w.anyKind())
		}
		if w.chance(20) {
			w.propose(l, 1)
		}
		w.run(w.now + 1 + w.span(tick))
		if l.node.Status(&l.status); l.status.Role != raft.Leader || l.status.CurrentTerm != term {
			w.failf("S%d no longer leads term %d, though nothing is wrong but that it is read often: %s",
				l.id, term, w.describe())
		}
	}
	late := w.now - w.roundTrip - instant(w.settings.heartbeat+2)*tick
	for n, r := range w.clients.reads[first:] {
		if r.began < late && !r.ok && !r.refused {
			w.failf("S%d leads, and read %d of tick %d is not answered", l.id, first+n+1, r.began/tick)
		}
	}
}

// contested reports whether the leader of a term may be deposed for another reason: by a late copy of its
// own TimeoutNow, or by a late answer of a server that was removed in a later term.
func (w *world) contested(term raft.Term) bool {
	for _, s := range w.servers[1:] {
		if s.node.Status(&s.status); s.status.CurrentTerm > term {
			return true
		}
	}
	return w.oracle.handed[term]
}

// loseOne breaks one server for ever where the others can do without it, and demands service. The server
// is the leader, or one to which the leader is to hand over. Figure 2 does not promise this.
func (w *world) loseOne() {
	l := w.newest()
	if l == nil || len(l.status.Config.Voters) < 3 || l.status.Config.Joint() || w.settings.figure2 {
		return
	}
	w.apart = l
	if w.chance(30) {
		w.apart = w.servers[l.status.Config.Voters[w.random.IntN(len(l.status.Config.Voters))]]
	}
	broken := w.pick(writing, writing, hearing, speaking)
	for id := range w.links {
		w.links[id][w.apart.id].cut = broken == hearing
		w.links[w.apart.id][id].cut = broken == speaking
	}
	w.apart.disk.hung = broken == writing
	if w.apart != l {
		l.node.Transfer(w.apart.id) // an error leaves everything as it is
		l.settle()
	}
	cannot := [...]string{writing: "write", hearing: "hear", speaking: "speak"}[broken]
	w.serve(fmt.Sprintf("a command, though S%d cannot %s", w.apart.id, cannot))
}
