package raft

import "math"

// A leader knows whom it has reached by the numbers of its calls: an answer to call c proves that the follower held it for its leader at some
// moment after c was made. One account of this serves three purposes: a leader that reaches no majority steps down (thesis 6.2), a read
// waits for a majority's answers to calls made after it (§8, thesis 6.4), and the time of the last such round is the lease (thesis 6.4.1).

// round is a round of heartbeats.
type round struct {
	call uint64 // its calls, and all later ones, are numbered above this
	tick uint64 // when it was sent
}

// tickLeader lets a tick of a leader's time pass.
func (n *Node) tickLeader() {
	l := n.leadership
	l.ticks++
	if l.ticks-l.contact >= uint64(n.opt.ElectionTicksMax) && n.keeps(CheckQuorum) {
		n.leader = 0
		n.stepDown(LostQuorum)
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

// beginRound notes that calls made from here on are of a new round. Rounds that nobody answers are forgotten, the oldest first; as many are kept as
// fit a leader's longest time without a majority.
func (n *Node) beginRound() {
	l := n.leadership
	l.readsDue = false
	if (len(l.rounds)-1)*n.opt.HeartbeatTicks > n.opt.ElectionTicksMax {
		l.rounds = append(l.rounds[:0], l.rounds[1:]...)
	}
	l.rounds = append(l.rounds, round{call: n.calls, tick: l.ticks})
	if c := n.config(); len(c.Voters) == 1 && !c.Joint() {
		n.heardQuorum() // its own answer is a majority, whatever learners say
	}
}

// hear notes that a follower has answered a call in this term: success or refusal, it takes this server for its leader.
func (n *Node) hear(f *follower, call uint64) {
	if call > f.heard {
		f.heard = call
		n.heardQuorum()
	}
}

// heardQuorum looks how far the answers of a majority reach.
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

// answeredByMajority returns the highest call such that a majority has answered it or a later one. The leader itself always has.
func (n *Node) answeredByMajority() uint64 {
	return n.agreed(math.MaxUint64, func(f *follower) uint64 { return f.heard })
}
