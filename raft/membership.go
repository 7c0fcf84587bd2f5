package raft

import (
	"errors"
	"slices"
)

// Errors of Reconfigure, beside ErrNotLeader, ErrTransferring and errors in the configuration itself.
var (
	ErrChangePending = errors.New("raft: the last change of the configuration is not complete")
	ErrTooEarly      = errors.New("raft: this leader has not committed an entry of its own term yet")
	ErrNotCaughtUp   = errors.New("raft: a new voter is to be a learner first, until it has caught up")
)

// configAt is a configuration and the index of the entry that holds it; the first one may come from Options (0) or
// from a snapshot.
type configAt struct {
	index Index
	Configuration
}

// config returns the configuration in force: the newest in the log, whether it is committed or not, else the snapshot's
// (§6: "a server always uses the latest configuration in its log").
func (n *Node) config() *configAt {
	if !n.keeps(ConfigOnAppend) {
		return n.configAt(n.commitIndex)
	}
	return &n.configs[len(n.configs)-1]
}

// configAt returns the newest configuration at or before entry i.
func (n *Node) configAt(i Index) *configAt {
	k := len(n.configs) - 1
	for k > 0 && n.configs[k].index > i {
		k--
	}
	return &n.configs[k]
}

// electable reports whether this server may hold elections: it has a vote, or had one before changes that it does not
// know to be committed. A server may be the only one that can win, and is needed, until the change that removes it is
// committed (thesis 4.2.2).
func (n *Node) electable() bool {
	for k := len(n.configs) - 1; k >= 0; k-- {
		if n.configs[k].Votes(n.opt.ID) {
			return true
		}
		if n.configs[k].index <= n.commitIndex {
			break
		}
	}
	return false
}

// Reconfigure changes the cluster's configuration to c, which must not be joint. If at most one voter comes
// or goes, one entry is enough (thesis 4.1); else the change goes through a joint configuration (§6), which
// this leader leaves by itself once it is committed. The change is complete when the configuration at the
// index that Status.ConfigIndex then names is committed. Errors: ErrNotLeader, ErrTransferring,
// ErrChangePending, ErrTooEarly, ErrNotCaughtUp, and those of ParseConfiguration.
func (n *Node) Reconfigure(c Configuration) error {
	c = c.Clone()
	if err := n.prepare(&c); err != nil {
		return err
	}
	n.appendConfig(c)
	n.done()
	return nil
}

// MayReconfigure returns the error with which Reconfigure would refuse c now, nil if it would not.
func (n *Node) MayReconfigure(c Configuration) error {
	c = c.Clone()
	return n.prepare(&c)
}

// prepare makes of c the configuration with which a change to c begins, or returns why no such change can begin now.
func (n *Node) prepare(c *Configuration) error {
	l := n.leadership
	now := n.config()
	switch {
	case l == nil:
		return ErrNotLeader
	case l.transfer.to != 0:
		return ErrTransferring
	case c.Joint():
		return errors.New("raft: configuration: give the servers that are to be, not a joint configuration")
	case c.complete() != nil:
		return c.complete()
	case (now.Joint() || n.configs[len(n.configs)-1].index > n.commitIndex) && n.keeps(OneChangeAtATime):
		return ErrChangePending
	case n.log.term(n.commitIndex) != n.currentTerm && n.keeps(ChangeInOwnTerm):
		return ErrTooEarly
	}
	for _, v := range c.Voters {
		if !now.Votes(v) && n.keeps(CatchUpFirst) && !l.caughtUp(v) {
			return ErrNotCaughtUp
		}
	}
	if changes(now.Voters, c.Voters) > 1 {
		c.Outgoing = slices.Clone(now.Voters)
	}
	return c.complete() // the old and the new servers together may be too many
}

// changes returns how many servers are in one of the lists only.
func changes(a, b []ServerID) (n int) {
	for _, v := range a {
		if !slices.Contains(b, v) {
			n++
		}
	}
	for _, v := range b {
		if !slices.Contains(a, v) {
			n++
		}
	}
	return n
}

// appendConfig appends a configuration to the leader's log, where it takes effect at once.
func (n *Node) appendConfig(c Configuration) {
	n.store(Entry{Term: n.currentTerm, Kind: Config, Data: c.AppendText(nil)})
}

// store appends entries to the log, and puts the configurations among them into force.
func (n *Node) store(entries ...Entry) {
	index := n.log.last
	n.log.append(entries...)
	for i := range entries {
		index++
		if entries[i].Kind != Config {
			continue
		}
		c, err := ParseConfiguration(string(entries[i].Data))
		if err != nil {
			// objection refuses such an entry
			panic("raft: entry " + decimal(index) + " got into the log: " + err.Error())
		}
		n.configs = append(n.configs, configAt{index, c})
		n.configChanged(Appended)
	}
}

// rollBackConfig returns to the configuration before those whose entries were deleted, from i on (canonical/raft#250).
func (n *Node) rollBackConfig(i Index) {
	if n.configs[len(n.configs)-1].index < i || !n.keeps(RollBackConfig) {
		return
	}
	for n.configs[len(n.configs)-1].index >= i {
		n.configs = n.configs[:len(n.configs)-1]
	}
	n.configChanged(RolledBack)
}

// configChanged reports the configuration in force, and makes a leader's followers those of it.
func (n *Node) configChanged(reason Reason) {
	c := n.config()
	n.event(Event{Kind: ConfigurationChanged, Reason: reason, Index: c.index,
		Old: uint64(len(c.Outgoing)), New: uint64(len(c.Voters)), Count: uint8(len(c.Learners))})
	if n.leadership != nil {
		n.leadership.follow(n, &c.Configuration)
	}
}

// follow makes the followers those of the configuration. What is known of a follower that stays is kept.
func (l *leadership) follow(n *Node, c *Configuration) {
	var followers []follower
	for _, v := range c.servers() {
		if v == n.opt.ID {
			continue
		}
		f := follower{id: v, next: n.log.last + 1, probing: true, since: n.calls + 1, roundEnd: n.log.last,
			roundBegan: l.ticks}
		if known := l.follower(v); known != nil {
			f = *known
		}
		f.learner = slices.Contains(c.Learners, v)
		followers = append(followers, f)
	}
	l.followers = followers
}

// afterCommit does what a leader must once a configuration is committed: it leaves a joint configuration,
// and it steps down if it has no vote in the new one (§6).
func (n *Node) afterCommit() {
	newest := &n.configs[len(n.configs)-1]
	switch {
	case newest.index > n.commitIndex || newest.index == 0:
	case newest.Joint():
		n.appendConfig(Configuration{Voters: newest.Voters, Learners: newest.Learners})
	case !newest.Votes(n.opt.ID):
		n.event(Event{Kind: LeaderLeaves, Index: newest.index})
		n.leader = 0
		n.stepDown(Removed)
	}
}

// A server that joins is a learner first: a voter without a log would be missing from majorities (thesis
// 4.2.1). Catching up is measured in rounds. Each ends when the learner has what the leader's log held when
// the round began; if a round took less than the shortest election timeout, the learner can follow.

func (n *Node) recordRound(f *follower) {
	l := n.leadership
	if f.caughtUp || f.match < f.roundEnd {
		return
	}
	f.rounds++
	took := l.ticks - f.roundBegan
	if took < uint64(n.opt.ElectionTicksMin) {
		f.caughtUp = true
		n.event(Event{Kind: LearnerCaughtUp, Peer: f.id, Old: uint64(f.rounds), New: took})
	}
	f.roundEnd, f.roundBegan = n.log.last, l.ticks
}

func (l *leadership) caughtUp(s ServerID) bool {
	return slices.ContainsFunc(l.followers, func(f follower) bool { return f.id == s && f.caughtUp })
}
