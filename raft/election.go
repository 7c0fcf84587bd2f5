package raft

import "slices"

// candidacy is a candidate's volatile state: one election (§5.2), or the question whether to hold one (thesis 9.6).
type candidacy struct {
	pre     bool        // a pre-vote
	reason  Reason      // why it is held
	voters  []ServerID  // the servers with a vote, which are asked; usually this server is one
	votes   []VoteState // in the order of voters
	count   int         // how many of them are granted
	ownVote uint64      // the Save that makes the vote for itself durable; 0 once that is counted
	since   uint64      // its first call: answers to earlier calls belong to an earlier election
}

// campaign begins an attempt to lead: the server asks whether it could win, and only then raises its term.
// Otherwise a server that is cut off would come back with a high term and depose a leader (thesis 9.6).
func (n *Node) campaign(reason Reason) {
	if !n.keeps(PreVote) {
		n.startElection(reason)
		return
	}
	elapsed := n.elapsed
	switch {
	case n.keeps(CandidateForgetsLeader):
		n.leader = 0 // a server that campaigns follows no leader
	case n.leader != 0:
		// its timer starts anew, as if the leader lived: it refuses all others (etcd#9586)
		n.loyalFor = n.opt.ElectionTicksMin
	}
	n.candidacy = n.newCandidacy(reason)
	n.candidacy.pre = true
	n.eventAfter(elapsed, Event{Kind: BecamePreCandidate, Reason: reason})
	n.resetTimer(OwnCandidacy, 0)
	n.requestVotes()
	n.countVote(n.opt.ID)
}

// startElection implements Fig. 2, Rules for Candidates: "on conversion to candidate, start election: increment
// currentTerm, vote for self, reset election timer, send RequestVote RPCs to all other servers" (§5.2). A
// vote for itself is a vote: a server that owes a leader its loyalty does not cast it, or that leader's
// lease would hold while another leads (thesis 6.4.1). No loyalty is left when a timer runs out by itself;
// after SetTimer or Campaign some may be.
func (n *Node) startElection(reason Reason) {
	loyalty := NoReason
	if reason != Transferred {
		loyalty = n.loyalty()
	}
	switch {
	case n.currentTerm+1 == 0: // the last possible term, which a message carried here: no election can follow
		n.resetTimer(OwnCandidacy, 0)
		return
	case loyalty != NoReason && n.keeps(LoyalCandidate):
		n.event(Event{Kind: VoteRefused, Reason: loyalty, Peer: n.opt.ID, Old: uint64(n.loyalTo)})
		n.resetTimer(OwnCandidacy, 0)
		return
	}
	silence := n.elapsed
	if n.candidacy != nil && n.candidacy.pre {
		silence = 0
	}
	n.setTerm(n.currentTerm+1, 0)
	n.votedFor = n.opt.ID
	n.candidacy = n.newCandidacy(reason)
	n.candidacy.ownVote = n.candidacyDurable()
	n.eventAfter(silence, Event{Kind: BecameCandidate, Reason: reason})
	n.resetTimer(OwnCandidacy, 0)
	n.requestVotes()
	if n.candidacy.ownVote == 0 { // the rule that it has to be durable is off
		n.countVote(n.opt.ID)
	}
}

// eventAfter notes that an election begins after so many ticks of silence, and how many votes it needs.
func (n *Node) eventAfter(silence int, e Event) {
	e = n.tally(n.candidacy, e)
	e.Old = uint64(silence)
	n.event(e)
}

// candidacyDurable returns the Save that must be durable before this server tells others of its candidacy
// and counts its vote for itself. Otherwise it could forget both in a crash, and vote for another in the
// same term (eliben/raft, TestBug_StartElectionMissingPersist).
func (n *Node) candidacyDurable() uint64 {
	if !n.keeps(DurableCandidacy) {
		return 0
	}
	return n.barrier()
}

func (n *Node) newCandidacy(reason Reason) *candidacy {
	voters := n.config().votersOfBoth()
	return &candidacy{reason: reason, voters: voters, votes: make([]VoteState, len(voters)), since: n.calls + 1}
}

// requestVotes asks every voter that has not answered yet.
func (n *Node) requestVotes() {
	c := n.candidacy
	term := n.currentTerm
	if c.pre {
		term++
	}
	for i, v := range c.voters {
		if v != n.opt.ID && c.votes[i] == Requested {
			m := another(&n.out.filling().requestVotes)
			*m = RequestVote{Call: n.nextCall(), Term: term, CandidateID: n.opt.ID,
				LastLogIndex: n.log.last, LastLogTerm: n.log.lastTerm(), PreVote: c.pre,
				Transfer: c.reason == Transferred}
			n.send(v, n.candidacyDurable(), m)
		}
	}
}

// handleRequestVote implements Fig. 2, RequestVote RPC, receiver implementation.
func (n *Node) handleRequestVote(from ServerID, m *RequestVote) {
	if m.CandidateID != from {
		n.ignore(from, NotTheSender)
		return
	}
	if m.PreVote {
		n.answerPreVote(from, m)
		return
	}
	loyalty := NoReason
	if !m.Transfer {
		loyalty = n.loyalty()
	}
	if loyalty == NoReason {
		n.observeTerm(m.Term, from)
	}
	refusal := n.refusal(m, loyalty)
	switch refusal {
	case NoReason:
		n.grantVote(m.CandidateID)
	case LeaderAlive:
		n.event(Event{Kind: VoteRefused, Reason: refusal, Peer: from, Old: uint64(n.loyalTo)})
	default:
		n.event(Event{Kind: VoteRefused, Reason: refusal, Peer: from, Old: uint64(n.votedFor)})
	}
	// Vote and term are durable before the candidate hears of them, or a crash would let this server
	// vote again (eliben/raft#26).
	after := n.barrier()
	if !n.keeps(DurableVote) {
		after = 0
	}
	reply := another(&n.out.filling().voteReplies)
	*reply = RequestVoteReply{Call: m.Call, Term: n.currentTerm, VoteGranted: refusal == NoReason}
	reply.explain(m, refusal)
	n.send(from, after, reply)
}

// refusal tells why the candidate does not get this server's vote, NoReason if it does.
func (n *Node) refusal(m *RequestVote, loyalty Reason) Reason {
	switch {
	// disregard RequestVote RPCs when believing a current leader exists (§6)
	case m.Term >= n.currentTerm && loyalty != NoReason:
		return loyalty
	case m.Term < n.currentTerm: // 1. reply false if term < currentTerm (§5.1)
		return StaleTerm
	// 2. if votedFor is null or candidateId, …
	case n.votedFor != 0 && n.votedFor != m.CandidateID && n.keeps(OneVotePerTerm):
		return AlreadyVoted
	// … and candidate's log is at least as up-to-date as receiver's log, grant vote (§5.2, §5.4)
	case !n.atLeastAsUpToDate(m) && n.keeps(UpToDateCandidate):
		return LogBehind
	// else even a server without a vote votes: the candidate's configuration may be newer (raft-rs#57)
	case !n.electable() && !n.keeps(VoteAsLearner):
		return NotAVoter
	}
	return NoReason
}

// loyalty tells why this server owes its loyalty to a leader: it heard from that leader within the shortest
// election timeout, or is a leader that reached a majority within that time, or may have known one before it
// restarted. Servers that were removed, or that only cannot hear, then do not disturb the others (§6), and a
// lease holds (thesis 6.4.1), whatever terms it has learned of since. NoReason: it owes none.
func (n *Node) loyalty() Reason {
	since := uint64(n.opt.ElectionTicksMin - n.loyalFor)
	if n.leadership != nil {
		since = n.leadership.ticks - n.leadership.contact
	}
	switch {
	case since >= n.loyaltyTicks():
		return NoReason
	case n.loyalTo == 0:
		return JustRestarted
	}
	return LeaderAlive
}

// loyaltyTicks returns for how many ticks a server is loyal to a leader that it heard from: for the shortest election
// timeout, 0 if not at all.
func (n *Node) loyaltyTicks() uint64 {
	if !n.keeps(LeaderLoyalty) {
		return 0
	}
	return uint64(n.opt.ElectionTicksMin)
}

// answerPreVote tells whether this server would vote for the candidate. It promises nothing and changes nothing: not
// its term, not its timer (hashicorp/raft#609). A refusal carries this server's term, so that a candidate
// that is behind can catch up (etcd#8243).
func (n *Node) answerPreVote(from ServerID, m *RequestVote) {
	if m.Term < n.currentTerm && !n.keeps(RefusalTellsTerm) {
		n.ignore(from, StaleTerm)
		return
	}
	reply := another(&n.out.filling().voteReplies)
	*reply = RequestVoteReply{Call: m.Call, Term: n.currentTerm, PreVote: true}
	refusal := n.loyalty()
	switch {
	case m.Term <= n.currentTerm:
		refusal = StaleTerm
	case refusal != NoReason:
	case !n.atLeastAsUpToDate(m):
		refusal = LogBehind
	default:
		reply.Term, reply.VoteGranted = m.Term, true
	}
	if reply.VoteGranted {
		n.event(Event{Kind: PreVoteGranted, Peer: from, New: uint64(m.Term)})
	} else {
		n.event(Event{Kind: PreVoteRefused, Reason: refusal, Peer: from, Old: uint64(n.loyalTo)})
		reply.explain(m, refusal)
	}
	if !n.keeps(PreVoteLeavesTimer) {
		n.resetTimer(NoReason, from)
	}
	n.send(from, n.barrier(), reply)
}

// explain says why a vote is refused, if the candidate asks.
func (r *RequestVoteReply) explain(m *RequestVote, refusal Reason) {
	if m.Why {
		r.Reason = uint64(refusal)
	}
}

// atLeastAsUpToDate compares the logs' last entries: the later term wins, and only within the same term the
// longer log (§5.4.1).
func (n *Node) atLeastAsUpToDate(m *RequestVote) bool {
	if m.LastLogTerm != n.log.lastTerm() {
		return m.LastLogTerm > n.log.lastTerm()
	}
	return m.LastLogIndex >= n.log.last
}

func (n *Node) grantVote(candidate ServerID) {
	if n.votedFor != candidate {
		n.votedFor = candidate
		n.disk.stateChanged = true
	}
	n.event(Event{Kind: VoteGranted, Peer: candidate})
	n.resetTimer(GaveVote, candidate)
}

func (n *Node) handleRequestVoteReply(from ServerID, m *RequestVoteReply) {
	if m.PreVote && m.VoteGranted {
		n.handlePreVote(from, m)
		return
	}
	n.observeTerm(m.Term, from)
	c := n.candidacy
	late := n.late(m)
	switch {
	case late != NoReason:
		n.ignore(from, late)
	case c == nil:
		n.ignore(from, NotCandidate)
	case m.PreVote != c.pre:
		n.ignore(from, StaleReply)
	case m.VoteGranted:
		n.countVote(from)
	default:
		n.denyVote(from)
	}
}

// late tells why a reply belongs to an earlier election than this one: by its term, or by its call's number,
// since pre-votes may be asked for again and again in one term. NoReason: it belongs to this one.
func (n *Node) late(m *RequestVoteReply) Reason {
	switch {
	case !n.keeps(AnswersOfThisElection):
		return NoReason
	case m.Term < n.currentTerm:
		return StaleTerm
	case n.candidacy != nil && m.Call != 0 && m.Call < n.candidacy.since:
		return StaleReply
	}
	return NoReason
}

// handlePreVote takes a pre-vote that was granted. Its term is the term asked for, which perhaps no server
// has entered yet. However late it comes, it does not count as a vote (canonical/raft#196).
func (n *Node) handlePreVote(from ServerID, m *RequestVoteReply) {
	c := n.candidacy
	if c == nil || !c.pre || m.Term != n.currentTerm+1 {
		n.ignore(from, StaleReply)
		return
	}
	n.countVote(from)
}

// countVote implements Fig. 2, Rules for Candidates: "if votes received from majority of servers: become leader".
// Voters are counted, not votes (granted): a reply that comes twice changes nothing (xnnyygn/xraft#27).
func (n *Node) countVote(voter ServerID) {
	c := n.candidacy
	i := slices.Index(c.voters, voter)
	if i < 0 {
		if voter != n.opt.ID {
			n.ignore(voter, NotAVoter)
		}
		return // a server that is being removed asks for votes, but does not count its own (KAFKA-16531)
	}
	before := n.granted(c, c.voters)
	c.votes[i] = Granted
	c.count++
	if n.granted(c, c.voters) == before { // it came twice
		c.count--
		return
	}
	kind := VoteReceived
	if c.pre {
		kind = PreVoteReceived
	}
	n.event(n.tally(c, Event{Kind: kind, Peer: voter}))
	switch {
	case !n.elected(c):
	case c.pre:
		n.startElection(c.reason)
	default:
		n.becomeLeader()
	}
}

func (n *Node) denyVote(voter ServerID) {
	i := slices.Index(n.candidacy.voters, voter)
	if i >= 0 && n.candidacy.votes[i] == Requested {
		n.candidacy.votes[i] = Denied
		kind := VoteDenied
		if n.candidacy.pre {
			kind = PreVoteDenied
		}
		n.event(Event{Kind: kind, Peer: voter})
	}
}
