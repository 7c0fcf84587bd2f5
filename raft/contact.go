package raft

import "math"

// Call numbers tell a leader which followers it has reached: an answer to call c of its own term proves that
// the follower took it for its leader at some moment after c was made. This serves three purposes: a leader
// that reaches no majority steps down (thesis 6.2), a read waits for a majority's answers to calls made
// after it (§8, thesis 6.4), and the time of the last such round is the lease (thesis 6.4.1).

// round is a round of heartbeats.
type round struct {
	call uint64 // its calls, and all later ones, are numbered above this
	tick uint64 // when it was sent
}

// tickLeader advances a leader's time by one tick.
func (n *Node) tickLeader() {
	l := n.leadership
	l.ticks++
	longest := uint64(n.opt.ElectionTicksMax)
	switch {
	case l.ticks-l.contact >= longest && n.keeps(CheckQuorum):
		n.giveUp(LostQuorum)
		return
	case n.writingFor() >= longest && !n.alone() && n.keeps(LeaderWrites):
		n.giveUp(DiskHangs)
		return
	}
	heartbeat := n.elapsed >= n.opt.HeartbeatTicks
	if heartbeat {
		n.elapsed = 0
		n.sendHeartbeats()
	}
	if l.transfer.to != 0 {
		n.tickTransfer(heartbeat)
	}
}

// giveUp makes a leader a follower because it cannot serve its clients, though no other server leads yet.
func (n *Node) giveUp(reason Reason) {
	n.leader = 0
	n.stepDown(reason)
}

// writingFor returns for how many ticks this leader's oldest write has been under way, counted from the beginning
// of its leadership at the earliest. The others may store and commit entries that its disk does not hold,
// but it cannot apply these: its clients wait in vain, and another server should lead (hashicorp/raft#503).
// writingFor is called once a tick.
func (n *Node) writingFor() uint64 {
	l := n.leadership
	if oldest := n.disk.oldest(); oldest != l.writing {
		l.writing, l.writingSince = oldest, l.ticks
	}
	if l.writing == 0 {
		return 0
	}
	return l.ticks - l.writingSince
}

// mostRounds bounds how many rounds a leader remembers.
const mostRounds = 64

// beginRound notes that calls made from here on belong to a new round. A round older than the longest
// election timeout, the longest that a leader goes without a majority, is forgotten. No younger one is
// dropped: where round trips are long, the next answer is to the oldest round. Rounds that reads make follow
// each other closely are therefore merged under the first one's number: a later call's answer counts.
func (n *Node) beginRound() {
	l := n.leadership
	l.readsDue = false
	longest := uint64(n.opt.ElectionTicksMax)
	for len(l.rounds) > 0 && l.ticks-l.rounds[0].tick > longest {
		l.rounds = append(l.rounds[:0], l.rounds[1:]...)
	}
	if k := len(l.rounds); k == 0 || l.ticks-l.rounds[k-1].tick > longest/mostRounds {
		l.rounds = append(l.rounds, round{call: n.calls, tick: l.ticks})
	}
	if n.alone() {
		n.heardQuorum() // its own answer is a majority, whatever learners say
	}
}

// alone reports whether there is no other voter.
func (n *Node) alone() bool {
	c := n.config()
	return len(c.Voters) == 1 && !c.Joint()
}

// hear notes that a follower has answered a call: whether it accepted or refused, it took this server for
// its leader. A refusal by term does not count: the call was of an earlier term, and so of an earlier
// leadership, perhaps of an earlier life with call numbers of its own.
func (n *Node) hear(f *follower, call uint64, byTerm bool) {
	if byTerm && n.keeps(AnswersOfThisTerm) {
		return
	}
	if call > f.heard {
		f.heard = call
		n.heardQuorum()
	}
}

// heardQuorum completes the rounds and the reads that a majority has answered.
func (n *Node) heardQuorum() {
	l := n.leadership
	if len(l.rounds) == 0 && len(l.reads) == 0 {
		return // nothing waits for an answer
	}
	answered := n.answeredByMajority()
	done := 0
	for done < len(l.rounds) && l.rounds[done].call < answered {
		l.contact = l.rounds[done].tick
		done++
	}
	if done > 0 {
		l.rounds = append(l.rounds[:0], l.rounds[done:]...)
	}
	n.confirmReads()
}

// answeredByMajority returns the highest call such that a majority has answered it or a later one. The
// leader counts as having answered all.
func (n *Node) answeredByMajority() uint64 {
	return n.agreed(math.MaxUint64, func(f *follower) uint64 { return f.heard })
}
