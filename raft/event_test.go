package raft

import (
	"slices"
	"testing"
)

// The story, the diagram and the lessons rely on what event.go says beside each kind. Each row brings one
// server to where the event happens, and wants the event with all of its numbers.
func TestEventsSayWhatHappenedAndWhy(t *testing.T) {
	follower := func(t *testing.T) *host {
		h := whole(t, 1, 3, Durable{CurrentTerm: 4, Log: logOf(2, 3)})
		h.receive(2, &AppendEntries{Term: 4, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 3})
		return h
	}
	free := func(t *testing.T) *host { // it owes no leader its loyalty
		h := whole(t, 1, 3, Durable{CurrentTerm: 4, Log: logOf(2, 3)})
		h.opt.Off = RulesOf(LeaderLoyalty)
		h.boot(t)
		return h
	}
	asker := func(t *testing.T) *host {
		h := whole(t, 1, 5, Durable{CurrentTerm: 4, Log: logOf(2, 3)})
		h.timeOut()
		return h
	}
	candidate := func(t *testing.T) *host {
		h := start(t, 1, 5, Durable{CurrentTerm: 4, Log: logOf(2, 3)})
		h.timeOut()
		return h
	}
	leader := func(t *testing.T) *host {
		h := whole(t, 1, 3, Durable{CurrentTerm: 4, Log: logOf(2, 3)})
		h.leads(t)
		return h
	}
	for _, c := range []struct {
		title  string
		server func(*testing.T) *host
		input  func(*host)
		want   func(*host) Event
	}{
		{"a start: the log's end, and the time-out drawn", free, func(h *host) {},
			func(h *host) Event { return Event{Kind: Started, Term: 4, Index: 2, New: uint64(h.n.timeout)} }},
		{"a pre-candidate: how long it heard nothing, and the votes it needs", asker, func(h *host) {},
			func(h *host) Event {
				return Event{Kind: BecamePreCandidate, Reason: ElectionTimeout, Term: 4, Old: h.all(Started)[0].New,
					New: 3}
			}},
		{"its timer starts anew, by nobody's doing", asker, func(h *host) {},
			func(h *host) Event {
				return Event{Kind: TimerReset, Reason: OwnCandidacy, Term: 4, New: uint64(h.n.timeout)}
			}},
		{"its own pre-vote is the first", asker, func(h *host) {},
			func(h *host) Event { return Event{Kind: PreVoteReceived, Peer: 1, Term: 4, Old: 1, New: 3} }},
		{"another one", asker, func(h *host) {
			h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true, PreVote: true})
		},
			func(h *host) Event { return Event{Kind: PreVoteReceived, Peer: 2, Term: 4, Old: 2, New: 3} }},
		{"one that is refused", asker,
			func(h *host) { h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 4, PreVote: true}) },
			func(h *host) Event { return Event{Kind: PreVoteDenied, Peer: 2, Term: 4} }},
		{"one for a term that it does not ask for", asker, func(h *host) {
			h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 9, VoteGranted: true, PreVote: true})
		},
			func(h *host) Event { return Event{Kind: MessageIgnored, Reason: StaleReply, Peer: 2, Term: 4} }},
		{"a vote that comes while it only asks", asker,
			func(h *host) { h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 4, VoteGranted: true}) },
			func(h *host) Event { return Event{Kind: MessageIgnored, Reason: StaleReply, Peer: 2, Term: 4} }},
		{"a candidate after a pre-vote: there was no silence before it", asker, func(h *host) {
			h.ticks(3)
			for v := ServerID(2); v <= 3; v++ {
				h.receive(v, &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true, PreVote: true})
			}
		}, func(h *host) Event { return Event{Kind: BecameCandidate, Reason: ElectionTimeout, Term: 5, New: 3} }},
		{"a candidate without one: how long it heard nothing", candidate, func(h *host) {},
			func(h *host) Event {
				return Event{Kind: BecameCandidate, Reason: ElectionTimeout, Term: 5, Old: h.all(Started)[0].New,
					New: 3}
			}},
		{"a second election: how long the first one lasted", candidate, func(h *host) { h.timeOut() },
			func(h *host) Event {
				return Event{Kind: BecameCandidate, Reason: ElectionTimeout, Term: 6, Old: h.all(TimerReset)[0].New,
					New: 3}
			}},
		{"its term, by nobody's doing", candidate, func(h *host) {},
			func(h *host) Event { return Event{Kind: TermAdvanced, Term: 5, Old: 4, New: 5} }},
		{"the timer of an election, by nobody's doing", candidate, func(h *host) {},
			func(h *host) Event {
				return Event{Kind: TimerReset, Reason: OwnCandidacy, Term: 5, New: uint64(h.n.timeout)}
			}},
		{"a candidate's own vote", candidate, func(h *host) {},
			func(h *host) Event { return Event{Kind: VoteReceived, Peer: 1, Term: 5, Old: 1, New: 3} }},
		{"a vote", candidate, func(h *host) {
			h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 5,
				VoteGranted: true})
		},
			func(h *host) Event { return Event{Kind: VoteReceived, Peer: 2, Term: 5, Old: 2, New: 3} }},
		{"a vote that is refused", candidate,
			func(h *host) { h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 5}) },
			func(h *host) Event { return Event{Kind: VoteDenied, Peer: 2, Term: 5} }},
		{"a vote of a server that has none", candidate,
			func(h *host) { h.receive(9, &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true}) },
			func(h *host) Event { return Event{Kind: MessageIgnored, Reason: NotAVoter, Peer: 9, Term: 5} }},
		{"an answer to an earlier election", candidate, func(h *host) {
			early := h.n.candidacy.since
			h.timeOut()
			h.receive(2, &RequestVoteReply{Call: early, Term: 6, VoteGranted: true})
		}, func(h *host) Event { return Event{Kind: MessageIgnored, Reason: StaleReply, Peer: 2, Term: 6} }},
		{"a leader: its votes, and those it needed", candidate, func(h *host) {
			for v := ServerID(2); v <= 3; v++ {
				h.receive(v, &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true})
			}
		}, func(h *host) Event { return Event{Kind: BecameLeader, Term: 5, Index: 3, Old: 3, New: 3} }},
		{"a vote is given", free, func(h *host) {
			h.receive(2, &RequestVote{Term: 5, CandidateID: 2, LastLogIndex: 2,
				LastLogTerm: 3})
		},
			func(h *host) Event { return Event{Kind: VoteGranted, Peer: 2, Term: 5} }},
		{"and starts the timer anew", free,
			func(h *host) { h.receive(2, &RequestVote{Term: 5, CandidateID: 2, LastLogIndex: 2, LastLogTerm: 3}) },
			func(h *host) Event {
				return Event{Kind: TimerReset, Reason: GaveVote, Peer: 2, Term: 5, New: uint64(h.n.timeout)}
			}},
		{"a vote is refused: to whom it went", free, func(h *host) {
			h.receive(2, &RequestVote{Term: 5, CandidateID: 2, LastLogIndex: 2, LastLogTerm: 3})
			h.receive(3, &RequestVote{Term: 5, CandidateID: 3, LastLogIndex: 2, LastLogTerm: 3})
		}, func(h *host) Event { return Event{Kind: VoteRefused, Reason: AlreadyVoted, Peer: 3, Term: 5, Old: 2} }},
		{"a vote is refused: for whose sake", follower,
			func(h *host) { h.receive(3, &RequestVote{Term: 5, CandidateID: 3, LastLogIndex: 9, LastLogTerm: 4}) },
			func(h *host) Event { return Event{Kind: VoteRefused, Reason: LeaderAlive, Peer: 3, Term: 4, Old: 2} }},
		{"also in the term that is here already, in which it has not voted", follower,
			func(h *host) { h.receive(3, &RequestVote{Term: 4, CandidateID: 3, LastLogIndex: 9, LastLogTerm: 4}) },
			func(h *host) Event { return Event{Kind: VoteRefused, Reason: LeaderAlive, Peer: 3, Term: 4, Old: 2} }},
		{"a leader that reaches its followers refuses for its own sake, however long it leads", leader, func(h *host) {
			for range 10 {
				h.reach(2)
			}
			h.receive(3, &RequestVote{Term: 9, CandidateID: 3, LastLogIndex: 9, LastLogTerm: 8})
		}, func(h *host) Event { return Event{Kind: VoteRefused, Reason: LeaderAlive, Peer: 3, Term: 5, Old: 1} }},
		{"a vote of an earlier term", candidate,
			func(h *host) { h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 4, VoteGranted: true}) },
			func(h *host) Event { return Event{Kind: MessageIgnored, Reason: StaleTerm, Peer: 2, Term: 5} }},
		{"a vote for a server that is no candidate", follower,
			func(h *host) { h.receive(3, &RequestVoteReply{Term: 4, VoteGranted: true}) },
			func(h *host) Event { return Event{Kind: MessageIgnored, Reason: NotCandidate, Peer: 3, Term: 4} }},
		{"an answer to the first call of an election counts", candidate,
			func(h *host) { h.receive(2, &RequestVoteReply{Call: h.n.candidacy.since, Term: 5, VoteGranted: true}) },
			func(h *host) Event { return Event{Kind: VoteReceived, Peer: 2, Term: 5, Old: 2, New: 3} }},
		{"one to the last call before it does not", candidate, func(h *host) {
			h.receive(2, &RequestVoteReply{Call: h.n.candidacy.since - 1, Term: 5, VoteGranted: true})
			h.timeOut()
			h.receive(2, &RequestVoteReply{Call: h.n.candidacy.since - 1, Term: 6, VoteGranted: true})
		}, func(h *host) Event { return Event{Kind: MessageIgnored, Reason: StaleReply, Peer: 2, Term: 6} }},
		{"a refusal of the first voter", func(t *testing.T) *host {
			h := start(t, 2, 3, Durable{CurrentTerm: 4})
			h.timeOut()
			return h
		}, func(h *host) { h.receive(1, &RequestVoteReply{Call: h.n.calls, Term: 5}) },
			func(h *host) Event { return Event{Kind: VoteDenied, Peer: 1, Term: 5} }},
		{"a pre-vote is given, for a term that is not there yet", free, func(h *host) {
			h.receive(3, &RequestVote{Term: 5, CandidateID: 3, LastLogIndex: 2, LastLogTerm: 3, PreVote: true})
		},
			func(h *host) Event { return Event{Kind: PreVoteGranted, Peer: 3, Term: 4, New: 5} }},
		{"a pre-vote is refused: the term is here already", free, func(h *host) {
			h.receive(3, &RequestVote{Term: 4, CandidateID: 3, LastLogIndex: 2, LastLogTerm: 3, PreVote: true})
		},
			func(h *host) Event { return Event{Kind: PreVoteRefused, Reason: StaleTerm, Peer: 3, Term: 4} }},
		{"a pre-vote is refused: the log is behind", free, func(h *host) {
			h.receive(3, &RequestVote{Term: 5, CandidateID: 3, LastLogIndex: 1, LastLogTerm: 2, PreVote: true})
		},
			func(h *host) Event { return Event{Kind: PreVoteRefused, Reason: LogBehind, Peer: 3, Term: 4} }},
		{"a pre-vote is refused: for whose sake", follower, func(h *host) {
			h.receive(3, &RequestVote{Term: 5, CandidateID: 3, LastLogIndex: 9, LastLogTerm: 4, PreVote: true})
		},
			func(h *host) Event { return Event{Kind: PreVoteRefused, Reason: LeaderAlive, Peer: 3, Term: 4, Old: 2} }},
		{"a configuration's entry is deleted: the one before is in force again", free, func(h *host) {
			h.receive(2, &AppendEntries{Term: 4, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 3,
				Entries: []Entry{{Term: 4, Kind: Config, Data: []byte("1,2>1,2,3+4,5")}}})
			h.receive(3, &AppendEntries{Term: 5, LeaderID: 3, PrevLogIndex: 2, PrevLogTerm: 3, Entries: logOf(5)})
		}, func(h *host) Event { return Event{Kind: ConfigurationChanged, Reason: RolledBack, Term: 5, New: 3} }},
		{"a configuration's entry is there: outgoing voters, voters, learners", free, func(h *host) {
			h.receive(2, &AppendEntries{Term: 4, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 3,
				Entries: []Entry{{Term: 4, Kind: Config, Data: []byte("1,2>1,2,3+4,5")}}})
		}, func(h *host) Event {
			return Event{Kind: ConfigurationChanged, Reason: Appended, Term: 4, Index: 3, Old: 2, New: 3, Count: 2}
		}},
		{"a leader that steps down starts an election timer, by nobody's doing", leader,
			func(h *host) { h.receive(2, &AppendEntries{Term: 9, LeaderID: 2}) },
			func(h *host) Event {
				return Event{Kind: TimerReset, Reason: SteppedDown, Term: 9,
					New: h.all(TimerReset)[len(h.all(TimerReset))-2].New}
			}},
		{"a leader whose servers decide without it goes", leader, func(h *host) {
			h.ack(2, 3)
			h.n.Reconfigure(servers("2,3"))
			h.pump()
			h.ack(2, 4)
			h.ack(3, 4)
		}, func(h *host) Event { return Event{Kind: LeaderLeaves, Term: 5, Index: 4} }},
		{"commands", leader, func(h *host) { h.n.Propose([]byte("x"), []byte("y")); h.pump() },
			func(h *host) Event { return Event{Kind: EntriesProposed, Term: 5, Index: 4, Old: 4, New: 5} }},
	} {
		t.Run(c.title, func(t *testing.T) {
			h := c.server(t)
			c.input(h)
			if want := c.want(h); !slices.Contains(h.events, want) {
				t.Errorf("no\n%+v\namong\n%+v", want, h.events)
			}
		})
	}
}

// KAFKA-16531: a server that the configuration no longer names asks for votes and does not count its own. It
// does not report its own vote as a stranger's.
func TestACandidateOnItsWayOutDoesNotTellOfItsOwnVote(t *testing.T) {
	h := start(t, 1, 2, Durable{CurrentTerm: 1, Log: []Entry{{Term: 1, Kind: Config, Data: []byte("2")}}})
	h.timeOut()
	equal(t, "role", h.n.Role(), Candidate)
	equal(t, "ignored", len(h.all(MessageIgnored)), 0)
	equal(t, "votes", len(h.all(VoteReceived)), 0)
}

func TestARefusalOfAServerWithoutAVoteIsNothing(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.timeOut()
	h.receive(9, &RequestVoteReply{Call: h.n.calls, Term: 1})
	equal(t, "denied", len(h.all(VoteDenied)), 0)
	equal(t, "role", h.n.Role(), Candidate)
}

func TestACandidateThatStepsDownKeepsItsTimer(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.timeOut()
	h.ticks(5)
	h.receive(2, &RequestVoteReply{Term: 7})
	equal(t, "role", h.n.Role(), Follower)
	equal(t, "elapsed", h.n.elapsed, 5)
	equal(t, "event", h.has(TimerReset, SteppedDown), false)
}

// Without the rule a refusal says nothing to a candidate that is behind (etcd#8243); one that is not behind is answered
// all the same.
func TestPreVote_OfAnEarlierTermIsAnsweredOnlyWithTheRule(t *testing.T) {
	for _, off := range []RuleSet{0, RulesOf(RefusalTellsTerm)} {
		h := whole(t, 1, 3, Durable{CurrentTerm: 4})
		h.opt.Off = off
		h.boot(t)
		h.receive(2, &RequestVote{Call: 1, Term: 3, CandidateID: 2, PreVote: true})
		equal(t, "answers", len(h.take()) == 1, off == 0)
		equal(t, "ignored", h.has(MessageIgnored, StaleTerm), off != 0)
		h.receive(2, &RequestVote{Call: 2, Term: 4, CandidateID: 2, PreVote: true})
		equal(t, "answers in the same term", len(h.take()), 1)
	}
}
