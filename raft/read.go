package raft

// ReadKind says what makes a read linearizable.
type ReadKind uint8

const (
	ReadIndex ReadKind = iota // a majority confirms that this server still leads (§8, thesis 6.4)
	// a majority confirmed it within the shortest election timeout: right as long as clocks run alike (thesis 6.4.1)
	LeaseRead
)

// Read is the outcome of a read that was asked for with Node.Read.
type Read struct {
	Tag   uint64 // as given to Node.Read
	Index Index  // the read may be served once the state machine has applied this entry
	OK    bool   // false: leadership was lost before the read was confirmed; it may be asked again elsewhere
}

// waitingRead is a read whose round is not complete.
type waitingRead struct {
	tag  uint64
	call uint64 // a majority has to answer a call above this one
}

// Read asks for a linearizable read at the leader. The outcome comes in Output.Reads with the same tag, perhaps at
// once; nothing is written to the log. Reads that wait at the same time share a round of heartbeats. As many may wait
// as entries may (Options.MaxUncommitted). Errors: ErrNotLeader, ErrTooMuch.
func (n *Node) Read(tag uint64, kind ReadKind) error {
	l := n.leadership
	switch {
	case l == nil:
		return ErrNotLeader
	case len(l.reads) >= n.opt.MaxUncommitted:
		return ErrTooMuch
	}
	r := waitingRead{tag: tag, call: n.calls}
	if kind == LeaseRead && n.leaseHolds() || !n.keeps(ReadRound) {
		r.call = 0
	} else {
		l.readsDue = true
	}
	l.reads = append(l.reads, r)
	n.heardQuorum()
	n.done()
	return nil
}

// leaseHolds reports whether no other server can have been elected: a majority answered a round that was sent less than
// the shortest election timeout ago, and is loyal for that long, less one tick, since the ticks of two
// servers need not coincide. A leader that told another server to hold an election has given up its lease,
// for good in this term: the message may come late (raft-rs#234).
func (n *Node) leaseHolds() bool {
	l := n.leadership
	if l.contact == 0 || l.handedOver && n.keeps(LeaseEndsWithTransfer) {
		return false
	}
	return l.ticks-l.contact+1+uint64(n.opt.LeaseDrift) < n.loyaltyTicks()
}

// confirmReads hands out the reads whose round is complete. None is before an entry of the leader's own term is
// committed: until then the leader does not know how far its predecessors had committed (§8; etcd#7331).
func (n *Node) confirmReads() {
	l := n.leadership
	if len(l.reads) == 0 || n.log.term(n.commitIndex) != n.currentTerm && n.keeps(ReadInOwnTerm) {
		return
	}
	answered := n.answeredByMajority()
	b := n.out.filling()
	done := 0
	for done < len(l.reads) && l.reads[done].call < max(answered, 1) {
		b.reads = append(b.reads, Read{Tag: l.reads[done].tag, Index: n.commitIndex, OK: true})
		done++
	}
	l.reads = append(l.reads[:0], l.reads[done:]...)
}

// failReads gives up the reads that wait, because this server no longer leads.
func (n *Node) failReads() {
	if n.leadership == nil {
		return
	}
	b := n.out.filling()
	for _, r := range n.leadership.reads {
		b.reads = append(b.reads, Read{Tag: r.tag})
	}
}
