package raft

import "math"

// leadership is a leader's volatile state (Fig. 2: "reinitialized after election").
type leadership struct {
	followers []follower
	heldBack  Index // CommitHeldBack was reported for this index

	ticks      uint64  // since the leadership began, plus one
	rounds     []round // heartbeats sent and not yet answered by a majority, oldest first
	contact    uint64  // when the last round that a majority has answered was sent, in ticks; 0: none yet
	reads      []waitingRead
	readsDue   bool // a heartbeat is to go out for the sake of reads
	transfer   transfer
	handedOver bool // a TimeoutNow has left in this term

	writing      uint64 // the oldest Save that was under way at the last tick, 0: none
	writingSince uint64 // the tick at which it was first the oldest
}

// follower is what the leader knows of one other server.
type follower struct {
	id    ServerID
	next  Index // nextIndex: the next entry to send
	match Index // matchIndex: the highest entry known to be stored there; it never moves down

	// A leader first finds where the logs agree, one call at a time (probing); from then on it sends without waiting
	// for answers, at most MaxInFlight entries ahead of match.
	probing bool
	probe   uint64 // the last probing call, 0 if it is answered
	// refusals of calls numbered below this are from before nextIndex, or a snapshot's offset, last moved
	since uint64
	told  Index  // the last LeaderCommit sent
	heard uint64 // the highest call that it has answered

	snapshot *Snapshot // that is being sent, nil if none is
	offset   int       // of its next chunk

	// A learner's catching up (thesis 4.2.1).
	learner    bool // as the configuration in force says
	rounds     int
	roundBegan uint64 // in ticks of the leadership
	roundEnd   Index  // where the leader's log ended then
	caughtUp   bool
}

// becomeLeader takes the lead of the current term. The blank entry at its start lets a leader commit, by way of it,
// what earlier leaders left (§5.4.2, §8); sent to all, it is also the first heartbeat (§5.2).
func (n *Node) becomeLeader() {
	elected := n.tally(n.candidacy, Event{Kind: BecameLeader})
	n.candidacy = nil
	l := &leadership{ticks: 1}
	l.follow(n, &n.config().Configuration)
	n.leadership = l
	n.leader = n.opt.ID
	n.loyalTo, n.loyalFor = n.opt.ID, 0
	n.elapsed = 0
	if n.keeps(LeaderNoOp) {
		n.log.append(Entry{Term: n.currentTerm, Kind: NoOp})
	} else {
		n.sendHeartbeats()
	}
	elected.Index = n.log.last
	n.event(elected)
}

// replicate implements Fig. 2, Rules for Leaders: "if last log index ≥ nextIndex for a follower: send AppendEntries
// RPC with log entries starting at nextIndex". It runs when the host asks for Output, so that what was proposed
// meanwhile travels together.
func (n *Node) replicate() {
	if n.leadership.readsDue {
		n.askForReads()
	}
	for i := range n.leadership.followers {
		f := &n.leadership.followers[i]
		for f.next <= n.log.last && n.mayAppend(f) {
			n.appendEntries(f, n.opt.MaxEntries)
		}
		if f.next <= n.log.base && f.probe == 0 {
			n.sendSnapshot(f)
		}
		if n.opt.EagerCommit && !f.probing && f.told < n.commitIndex {
			n.appendEntries(f, 0)
		}
	}
}

func (n *Node) mayAppend(f *follower) bool {
	if f.next <= n.log.base {
		f.probing = true // what it needs is compacted away: a snapshot has to do
		return false
	}
	if f.probing {
		return f.probe == 0
	}
	return int(f.next-f.match-1)+n.opt.MaxEntries <= n.opt.MaxInFlight
}

// sendHeartbeats sends every follower an AppendEntries: "repeat during idle periods to prevent election timeouts"
// (§5.2). To a follower that is being probed it carries entries, since the last probe may have been lost; to
// the others it is empty, and its PrevLogIndex shows whether any entries were lost.
func (n *Node) sendHeartbeats() {
	n.beginRound()
	for i := range n.leadership.followers {
		f := &n.leadership.followers[i]
		switch {
		case f.next <= n.log.base:
			f.probing = true
			// the last chunk, or its answer, may have been lost (etcd#10225)
			if f.probe == 0 || n.keeps(ResendSnapshot) {
				n.sendSnapshot(f)
			}
		case f.probing:
			n.appendEntries(f, n.opt.MaxEntries)
		default:
			n.appendEntries(f, 0)
		}
	}
}

// askForReads sends a round of heartbeats for the sake of reads alone. There may be many such rounds within a
// round trip, so they carry nothing, and are not sent where a chunk of a snapshot is under way: its answer, or the
// next heartbeat's, confirms the reads.
func (n *Node) askForReads() {
	n.beginRound()
	for i := range n.leadership.followers {
		f := &n.leadership.followers[i]
		if f.next > n.log.base {
			n.appendEntries(f, 0)
		}
	}
}

// appendEntries sends one AppendEntries with up to max entries from nextIndex on. It need not wait for the leader's own
// disk (thesis 10.2.1).
func (n *Node) appendEntries(f *follower, max int) {
	m := another(&n.out.filling().appends)
	m.Call, m.Term, m.LeaderID, m.LeaderCommit = n.nextCall(), n.currentTerm, n.opt.ID, n.commitIndex
	m.PrevLogIndex, m.PrevLogTerm = f.next-1, n.log.term(f.next-1)
	m.Entries = nil
	if max > 0 {
		m.Entries = n.withinBytes(n.log.run(f.next, max))
	}
	if f.probing {
		f.probe = m.Call
	} else {
		f.next += Index(len(m.Entries))
	}
	f.told = n.commitIndex
	n.send(f.id, 0, m)
}

// withinBytes returns as many of the entries, at least one, as MaxBytes allows.
func (n *Node) withinBytes(entries []Entry) []Entry {
	bytes := 0
	for i := range entries {
		bytes += len(entries[i].Data)
		if bytes > n.opt.MaxBytes && i > 0 {
			return entries[:i]
		}
	}
	return entries
}

// handleAppendEntries implements Fig. 2, AppendEntries RPC, receiver implementation.
func (n *Node) handleAppendEntries(from ServerID, m *AppendEntries) {
	malformed, contradicts := n.doubtEntries(m)
	if reason := n.objection(from, m.LeaderID, m.Term, malformed, contradicts); reason != NoReason {
		n.ignore(from, reason)
		return
	}
	n.observeTerm(m.Term, from)
	success, match, conflict, conflictTerm := false, Index(0), Index(0), Term(0)
	switch {
	case m.Term < n.currentTerm: // 1. reply false if term < currentTerm (§5.1)
		n.refuseAppend(from, m, StaleTerm)
	default:
		n.followLeader(from)
		if success, conflict, conflictTerm = n.consistent(from, m); success {
			match = n.storeEntries(from, m)
			if m.LeaderCommit > n.commitIndex {
				n.learnCommitIndex(from, m, match)
			}
		}
	}
	// What the reply says is stored is on disk before the leader hears of it.
	after := n.barrier()
	if !n.keeps(DurableAppend) {
		after = 0
	}
	reply := another(&n.out.filling().appendReplies)
	reply.Call, reply.Term, reply.Success = m.Call, n.currentTerm, success
	reply.MatchIndex, reply.ConflictIndex, reply.ConflictTerm = match, conflict, conflictTerm
	n.send(from, after, reply)
}

// objection tells why a call of a leader cannot come from a server that keeps the rules, NoReason if it can. Such
// a call changes nothing.
func (n *Node) objection(from, leader ServerID, term Term, malformed, contradicts bool) Reason {
	switch {
	case leader != from:
		return NotTheSender
	case term == n.currentTerm && n.leadership != nil:
		return SecondLeader
	case malformed || contradicts && n.keeps(RefuseImpossible):
		return Impossible
	}
	return NoReason
}

// doubtEntries reports whether a call says what no log can hold, and whether it contradicts itself or what is
// committed. A malformed call is refused whatever rules are off: the log could not hold it.
func (n *Node) doubtEntries(m *AppendEntries) (malformed, contradicts bool) {
	current := m.Term >= n.currentTerm
	contradicts = current && n.contradictsCommitted(m.PrevLogIndex, m.PrevLogTerm)
	term := m.PrevLogTerm
	for i := range m.Entries {
		e := &m.Entries[i]
		contradicts = contradicts || e.Term < term || current && n.contradictsCommitted(m.PrevLogIndex+1+Index(i),
			e.Term)
		term = e.Term
		if e.Kind == Config {
			_, err := ParseConfiguration(string(e.Data))
			malformed = malformed || err != nil
		}
	}
	return malformed || m.PrevLogIndex > math.MaxUint64-Index(len(m.Entries))-1, contradicts || term > m.Term
}

// contradictsCommitted reports whether entry i is one that this server knows to be committed, of another term than t.
func (n *Node) contradictsCommitted(i Index, t Term) bool {
	return i >= n.log.base && i <= n.commitIndex && n.log.term(i) != t
}

// followLeader implements Fig. 2, Rules for Candidates: "if AppendEntries RPC received from new leader: convert to
// follower", and what a valid AppendEntries means to a follower: its leader lives (§5.2).
func (n *Node) followLeader(leader ServerID) {
	n.stepDown(LeaderExists)
	if n.leader != leader {
		n.leader = leader
		n.event(Event{Kind: LeaderKnown, Peer: leader})
	}
	n.loyalTo, n.loyalFor = leader, n.opt.ElectionTicksMin
	if n.keeps(HeartbeatResetsTimer) {
		n.resetTimer(Heartbeat, leader)
	}
}

// consistent is the consistency check: "2. reply false if log doesn't contain an entry at prevLogIndex whose term
// matches prevLogTerm" (§5.3). The refusal says where the leader should try next.
func (n *Node) consistent(from ServerID, m *AppendEntries) (ok bool, conflict Index, conflictTerm Term) {
	switch {
	case !n.keeps(ConsistencyCheck):
		ok = true
	case m.PrevLogIndex < n.log.base && n.keeps(CompactedMatches):
		ok = true // in the snapshot, and so committed: it matches by definition
	case m.PrevLogIndex < n.log.base: // taken for a conflict, as in openraft#511
		n.deleteFrom(n.log.base+1, from)
		n.refuseAppend(from, m, ConflictAtPrev)
	case m.PrevLogIndex > n.log.last:
		conflict = n.log.last + 1
		n.refuseAppend(from, m, NoEntryAtPrev)
	case n.log.term(m.PrevLogIndex) != m.PrevLogTerm:
		conflictTerm = n.log.term(m.PrevLogIndex)
		conflict = n.log.firstOfTerm(m.PrevLogIndex)
		n.refuseAppend(from, m, ConflictAtPrev)
	default:
		ok = true
	}
	return ok, conflict, conflictTerm
}

func (n *Node) refuseAppend(from ServerID, m *AppendEntries, reason Reason) {
	n.event(Event{Kind: AppendRefused, Reason: reason, Peer: from, Index: m.PrevLogIndex})
}

// storeEntries follows the receiver's rules 3 and 4 and returns the last index that the call verified or stored.
func (n *Node) storeEntries(from ServerID, m *AppendEntries) Index {
	if !n.keeps(DeleteOnlyConflicts) && m.PrevLogIndex < n.log.last {
		n.deleteFrom(max(m.PrevLogIndex, n.log.base)+1, from)
	}
	for i := range m.Entries {
		index := m.PrevLogIndex + 1 + Index(i)
		if index <= n.log.base {
			continue
		}
		// 3. If an existing entry conflicts with a new one (same index but different terms), delete it and all that
		//    follow it (§5.3). Only then: entries beyond a call that agrees with the log stay, for it may be an old
		//    one that was overtaken (ktoso/akka-raft#66).
		if index <= n.log.last {
			if n.log.term(index) == m.Entries[i].Term {
				continue
			}
			n.deleteFrom(index, from)
		}
		// 4. Append any new entries not already in the log.
		n.store(m.Entries[i:]...)
		n.event(Event{Kind: EntriesAppended, Peer: from, Index: index, Old: uint64(index), New: uint64(n.log.last)})
		break
	}
	return min(m.PrevLogIndex+Index(len(m.Entries)), n.log.last) // the former, unless the consistency check is off
}

// deleteFrom deletes the entries from i on. Committed ones are never among them while every server keeps the rules.
func (n *Node) deleteFrom(i Index, leader ServerID) {
	reason := NoReason
	if i <= n.commitIndex {
		reason = WasCommitted
	}
	n.event(Event{Kind: EntriesTruncated, Reason: reason, Peer: leader, Index: i, Old: uint64(i),
		New: uint64(n.log.last)})
	n.log.truncate(i)
	n.disk.truncated(i, n.keeps(ForgetCutWrites))
	n.commitIndex = min(n.commitIndex, n.log.last)
	n.rollBackConfig(i)
}

// learnCommitIndex implements "5. if leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of
// last new entry)". The bound is what this call has verified: what lies beyond may still differ from the
// leader's log (scylladb#9965).
func (n *Node) learnCommitIndex(from ServerID, m *AppendEntries, verified Index) {
	if !n.keeps(CommitOnlyVerified) {
		verified = n.log.last
	}
	if i := min(m.LeaderCommit, verified); i > n.commitIndex {
		n.event(Event{Kind: CommitAdvanced, Reason: LeaderSaidSo, Peer: from, Index: i, Old: uint64(n.commitIndex),
			New: uint64(i)})
		n.commitIndex = i
	}
}

func (n *Node) handleAppendEntriesReply(from ServerID, m *AppendEntriesReply) {
	n.observeTerm(m.Term, from)
	byTerm := !m.Success && m.ConflictIndex == 0 && m.ConflictTerm == 0
	f := n.answering(from, m.Term, m.Call, byTerm)
	switch {
	case f == nil:
	case m.MatchIndex > n.log.last:
		n.ignore(from, Impossible)
	case m.Success:
		n.matched(f, m.MatchIndex)
	default:
		n.backUp(f, m)
	}
}

// answering returns the follower whose answer this is, nil if it is an answer to something that is over. byTerm
// says that the call may have been refused because of its term.
func (n *Node) answering(from ServerID, term Term, call uint64, byTerm bool) *follower {
	switch {
	case term < n.currentTerm:
		n.ignore(from, StaleTerm)
		return nil
	case n.leadership == nil:
		n.ignore(from, NotLeader)
		return nil
	}
	f := n.leadership.follower(from)
	if f == nil {
		n.ignore(from, NotAMember)
		return nil
	}
	n.hear(f, call, byTerm)
	return f
}

// follower returns what is known of a server, nil if it is not in the configuration.
func (l *leadership) follower(id ServerID) *follower {
	for i := range l.followers {
		if l.followers[i].id == id {
			return &l.followers[i]
		}
	}
	return nil
}

// matched implements Fig. 2, Rules for Leaders: "if successful: update nextIndex and matchIndex for follower" (§5.3).
func (n *Node) matched(f *follower, match Index) {
	if match+1 >= f.next {
		f.next = match + 1
		// else the answer is a late one, and the snapshot under way is still needed
		if f.snapshot == nil || f.next > n.log.base {
			f.probing, f.probe, f.snapshot = false, 0, nil
		}
	}
	advanced := match > f.match
	if advanced {
		n.event(Event{Kind: MatchAdvanced, Peer: f.id, Old: uint64(f.match), New: uint64(match)})
		f.match = match
	}
	if f.learner {
		n.recordRound(f) // even without writes, when there is nothing to catch up with
	}
	if advanced {
		n.finishTransfer()
		n.advanceCommitIndex()
	}
}

// backUp implements Fig. 2, Rules for Leaders: "if AppendEntries fails because of log inconsistency: decrement
// nextIndex and retry" (§5.3), a whole term at a time as the end of §5.3 proposes. Each refusal lowers nextIndex,
// which never goes below what is known to match: the search ends. All calls since nextIndex last moved have
// asked about the same place, so the first refusal of any of them is believed: where a round trip takes
// longer than a heartbeat interval, it is never that of the newest call.
func (n *Node) backUp(f *follower, m *AppendEntriesReply) {
	lowest := f.match + 1
	switch {
	case !n.keeps(IgnoreLateRefusals):
		lowest = 1
	case m.Call < f.since && m.Call != 0:
		n.ignore(f.id, StaleReply)
		return
	}
	next := m.ConflictIndex
	reason := NoEntryAtPrev
	if m.ConflictTerm != 0 {
		reason = ConflictAtPrev
		if i := n.log.lastOfTerm(m.ConflictTerm, f.next-1); i != 0 {
			next = i + 1
		}
	}
	if !n.keeps(BackUpByTerm) {
		next = f.next - 1
	}
	next = max(min(next, f.next-1), lowest)
	if next >= f.next {
		n.ignore(f.id, Impossible) // it refuses what it said it stores
		return
	}
	n.event(Event{Kind: NextBackedUp, Reason: reason, Peer: f.id, Index: next, Old: uint64(f.next), New: uint64(next)})
	f.next, f.probing, f.probe, f.since = next, true, 0, n.calls+1
}

// advanceCommitIndex implements Fig. 2, Rules for Leaders: "if there exists an N such that N > commitIndex, a majority
// of matchIndex[i] ≥ N, and log[N].term == currentTerm: set commitIndex = N" (§5.3, §5.4). Entries of earlier terms
// are committed by way of a later one only: a majority that stores them does not keep another server from being elected
// and overwriting them (Fig. 8).
func (n *Node) advanceCommitIndex() {
	l := n.leadership
	i := Index(n.agreed(uint64(n.counted()), matchOf))
	switch {
	case i <= n.commitIndex || i > n.log.last: // the latter only with a rule switched off
	case n.log.term(i) == n.currentTerm || !n.keeps(CommitOnlyCurrentTerm):
		servers, of := n.storing(i)
		n.event(Event{Kind: CommitAdvanced, Reason: MajorityStored, Index: i, Old: uint64(n.commitIndex),
			New: uint64(i), Count: servers, Of: of})
		n.commitIndex = i
		n.confirmReads()
		n.afterCommit()
	case i != l.heldBack:
		l.heldBack = i
		n.event(Event{Kind: CommitHeldBack, Reason: OlderTerm, Index: i, Old: uint64(n.log.term(i))})
	}
}

// counted returns the last entry for which a leader counts itself: what is on its own disk.
func (n *Node) counted() Index {
	if !n.keeps(CountOwnDisk) {
		return n.log.last
	}
	return n.disk.durable
}

// storing returns how many voters store entry i, as far as this leader knows, and of how many; zeros where
// two such counts decide (§6).
func (n *Node) storing(i Index) (servers, of uint8) {
	c := n.config()
	if _, second := c.deciders(n.opt.Off); second != nil {
		return 0, 0
	}
	count := func(s ServerID, match Index) {
		if !c.Votes(s) {
			return
		}
		of++
		if match >= i {
			servers++
		}
	}
	count(n.opt.ID, n.disk.durable)
	for k := range n.leadership.followers {
		count(n.leadership.followers[k].id, n.leadership.followers[k].match)
	}
	return servers, of
}
