package raft

import "slices"

// transfer is a leader's attempt to hand its leadership over (thesis 3.10).
type transfer struct {
	to       ServerID // 0: none under way
	deadline uint64   // in ticks of the leadership: given up then
	told     bool     // TimeoutNow has left
}

// Transfer hands leadership to another voter, which is brought up to date and told to hold an election at
// once. Until the transfer is over, for at most the longest election timeout, the leader takes no commands
// (ErrTransferring). A later Transfer replaces an earlier one. Errors: ErrNotLeader, ErrTransferTo.
func (n *Node) Transfer(to ServerID) error {
	if err := n.MayTransfer(to); err != nil {
		return err
	}
	l := n.leadership
	l.transfer = transfer{to: to, deadline: l.ticks + uint64(n.opt.ElectionTicksMax)}
	n.event(Event{Kind: TransferStarted, Peer: to})
	n.finishTransfer()
	n.done()
	return nil
}

// MayTransfer returns the error with which Transfer would refuse now, nil if it would not.
func (n *Node) MayTransfer(to ServerID) error {
	switch {
	case n.leadership == nil:
		return ErrNotLeader
	case to == n.opt.ID || !slices.Contains(n.config().Voters, to):
		return ErrTransferTo
	}
	return nil
}

// finishTransfer sends TimeoutNow once the target stores the whole log.
func (n *Node) finishTransfer() {
	l := n.leadership
	if l.transfer.to == 0 || l.transfer.told || l.follower(l.transfer.to).match != n.log.last {
		return
	}
	l.transfer.told, l.handedOver = true, true
	n.event(Event{Kind: TimeoutNowSent, Peer: l.transfer.to})
	n.send(l.transfer.to, 0, &TimeoutNow{Call: n.nextCall(), Term: n.currentTerm, LeaderID: n.opt.ID})
}

// tickTransfer gives up the transfer under way when its time is over; until then it repeats the call with
// every heartbeat.
func (n *Node) tickTransfer(heartbeat bool) {
	l := n.leadership
	switch {
	case l.ticks >= l.transfer.deadline && n.keeps(TransferDeadline):
		n.event(Event{Kind: TransferEnded, Reason: ElectionTimeout, Peer: l.transfer.to})
		l.transfer = transfer{}
	case heartbeat:
		l.transfer.told = false
		n.finishTransfer()
	}
}

// handleTimeoutNow starts an election without asking first whether it could be won: the leader says so. A message of an
// earlier term, or from a server that is not this server's leader, is stale.
func (n *Node) handleTimeoutNow(from ServerID, m *TimeoutNow) {
	if m.LeaderID != from {
		n.ignore(from, NotTheSender)
		return
	}
	n.observeTerm(m.Term, from)
	n.send(from, n.barrier(), &TimeoutNowReply{Call: m.Call, Term: n.currentTerm})
	switch {
	case m.Term < n.currentTerm:
		n.ignore(from, StaleTerm)
	case n.leader != 0 && n.leader != from:
		n.ignore(from, SecondLeader)
	case !n.electable():
		n.ignore(from, NotAVoter)
	default:
		n.startElection(Transferred)
	}
}
