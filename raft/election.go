package raft

import "slices"

// candidacy is a candidate's volatile state: one election (§5.2).
type candidacy struct {
	votes   []VoteState // in the order of voters
	count   int         // how many of them are granted
	ownVote uint64      // the Save that makes the vote for itself durable; 0 once that is counted
}

// startElection implements Fig. 2, Rules for Candidates: "on conversion to candidate, start election: increment currentTerm,
// vote for self, reset election timer, send RequestVote RPCs to all other servers" (§5.2).
func (n *Node) startElection(reason Reason) {
	if n.currentTerm+1 == 0 {
		n.resetTimer(OwnCandidacy, 0) // the last term there can be: a message carried it here. Nobody can be elected any more
		return
	}
	n.setTerm(n.currentTerm+1, 0)
	n.votedFor = n.opt.ID
	n.candidacy = &candidacy{votes: make([]VoteState, len(n.voters)), ownVote: n.barrier()}
	n.event(Event{Kind: BecameCandidate, Reason: reason, Old: uint64(n.elapsed), New: uint64(n.majority())})
	n.resetTimer(OwnCandidacy, 0)
	n.requestVotes()
}

// requestVotes asks everyone who has not answered yet.
func (n *Node) requestVotes() {
	for i, v := range n.voters {
		if v != n.opt.ID && n.candidacy.votes[i] == Requested {
			n.sendRequestVote(v, n.barrier(), RequestVote{Call: n.nextCall(), Term: n.currentTerm, CandidateID: n.opt.ID,
				LastLogIndex: n.log.last, LastLogTerm: n.log.lastTerm()})
		}
	}
}

// handleRequestVote implements Fig. 2, RequestVote RPC, receiver implementation.
func (n *Node) handleRequestVote(from ServerID, m *RequestVote) {
	if m.CandidateID != from {
		n.ignore(from, NotTheSender)
		return
	}
	n.observeTerm(m.Term, from)
	refusal := n.refusal(m)
	if refusal == NoReason {
		n.grantVote(m.CandidateID)
	} else {
		n.event(Event{Kind: VoteRefused, Reason: refusal, Peer: from, Old: uint64(n.votedFor)})
	}
	// Vote and term are durable before the candidate hears of them, or a crash would let this server vote again (eliben/raft#26).
	after := n.barrier()
	if !n.keeps(DurableVote) {
		after = 0
	}
	n.sendRequestVoteReply(from, after, RequestVoteReply{Call: m.Call, Term: n.currentTerm, VoteGranted: refusal == NoReason})
}

// refusal tells why the candidate does not get this server's vote, NoReason if it does.
func (n *Node) refusal(m *RequestVote) Reason {
	switch {
	case m.Term < n.currentTerm: // 1. reply false if term < currentTerm (§5.1)
		return StaleTerm
	case n.votedFor != 0 && n.votedFor != m.CandidateID && n.keeps(OneVotePerTerm): // 2. if votedFor is null or candidateId, …
		return AlreadyVoted
	case !n.atLeastAsUpToDate(m) && n.keeps(UpToDateCandidate): // … and candidate's log is at least as up-to-date as receiver's log, grant vote (§5.2, §5.4)
		return LogBehind
	}
	return NoReason
}

// atLeastAsUpToDate compares the logs' last entries: the later term wins, and only within the same term the longer log (§5.4.1).
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
	n.observeTerm(m.Term, from)
	switch {
	case m.Term < n.currentTerm && n.keeps(AnswersOfThisElection):
		n.ignore(from, StaleTerm)
	case n.candidacy == nil:
		n.ignore(from, NotCandidate)
	case m.VoteGranted:
		n.countVote(from)
	default:
		n.denyVote(from)
	}
}

// countVote implements Fig. 2, Rules for Candidates: "if votes received from majority of servers: become leader". Voters are counted,
// not votes: a reply that comes twice changes nothing (xnnyygn/xraft#27).
func (n *Node) countVote(voter ServerID) {
	i := slices.Index(n.voters, voter)
	c := n.candidacy
	if c.votes[i] == Granted && n.keeps(CountVoters) {
		return
	}
	c.votes[i] = Granted
	c.count++
	n.event(Event{Kind: VoteReceived, Peer: voter, Old: uint64(c.count), New: uint64(n.majority())})
	if c.count >= n.majority() {
		n.becomeLeader(c.count)
	}
}

func (n *Node) denyVote(voter ServerID) {
	i := slices.Index(n.voters, voter)
	if n.candidacy.votes[i] == Requested {
		n.candidacy.votes[i] = Denied
		n.event(Event{Kind: VoteDenied, Peer: voter})
	}
}
