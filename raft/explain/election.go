package explain

import "raftplayground/raft"

func started(self raft.ServerID, e raft.Event) Words {
	holds := "an empty log"
	if e.Index > 0 {
		holds = "a log up to " + index(uint64(e.Index))
	}
	return Words{
		Text:    server(self) + " starts as a follower in " + term(e.Term) + " with " + holds + ".",
		Why:     "Term, vote and log are kept on disk, so a server that crashes comes back bound by what it promised. Everything else it learns again.",
		Section: "§5.2", Rule: "State, persistent state on all servers", Key: true,
	}
}

func termAdvanced(self raft.ServerID, e raft.Event) Words {
	if e.Peer == 0 {
		return Words{
			Text:    server(self) + " moves from " + term(raft.Term(e.Old)) + " to " + term(raft.Term(e.New)) + " for an election of its own.",
			Why:     "Each election has a term of its own, so that votes of different elections are never counted together.",
			Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 1",
		}
	}
	return Words{
		Text:    server(self) + " hears of " + term(raft.Term(e.New)) + " from " + server(e.Peer) + " and leaves " + term(raft.Term(e.Old)) + ".",
		Why:     "Terms are a clock that needs no time: whoever hears of a newer term knows that its own is over.",
		Section: "§5.1", Rule: "Rules for Servers, All Servers, rule 2",
	}
}

func becameFollower(self raft.ServerID, e raft.Event) Words {
	was := role(e.Old)
	if e.Reason == raft.LeaderExists {
		return Words{
			Text:    server(self) + " is a follower again: another server leads " + term(e.Term) + ".",
			Why:     "There is at most one leader in a term. A candidate that hears from it has lost this election.",
			Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 3", Key: true,
		}
	}
	return Words{
		Text:    server(self) + ", a " + was + " until now, steps down: " + term(e.Term) + " has begun.",
		Why:     "A leader or candidate is one only in its term. When it hears that the term is over, it gives up the role at once.",
		Section: "§5.1", Rule: "Rules for Servers, All Servers, rule 2", Key: true,
	}
}

func becameCandidate(self raft.ServerID, e raft.Event) Words {
	asks := " asks for votes in " + term(e.Term) + "; it needs " + decimal(e.New) + "."
	w := Words{
		Why:     "Silence for a whole election timeout means that there may be no leader. Timeouts are random, so that usually one server wakes before the others.",
		Section: "§5.2", Rule: "Rules for Servers, Followers, rule 2", Key: true,
	}
	switch {
	case e.Reason == raft.Asked:
		w.Text = server(self) + " was told to hold an election and" + asks
		w.Why = "Any server may hold an election at any time: a needless one costs time, never safety."
	case e.Old > 0:
		w.Text = server(self) + " heard nothing for " + ms(e.Old) + " and" + asks
	default:
		w.Text = server(self) + " heard nothing for a whole election timeout and" + asks
	}
	return w
}

func becameLeader(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text:    server(self) + " leads " + term(e.Term) + ": it has " + votes(e.Old) + " and needs " + decimal(e.New) + ".",
		Why:     "Any two majorities share a server, and a server votes once in a term. So no second candidate can win this term.",
		Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 2", Key: true,
	}
}

func votes(n uint64) string {
	if n == 1 {
		return "1 vote"
	}
	return decimal(n) + " votes"
}

func leaderKnown(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text:    server(self) + " follows " + server(e.Peer) + ", the leader of " + term(e.Term) + ".",
		Why:     "The leader's AppendEntries names it, so that followers can send clients to it.",
		Section: "§5.2", Rule: "AppendEntries RPC, argument leaderId",
	}
}

func timerReset(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "§5.2", Rule: "Rules for Servers, Followers, rule 2"}
	begin := server(self) + " starts its timer anew, " + ms(e.New) + ": "
	switch e.Reason {
	case raft.Heartbeat:
		w.Text = begin + server(e.Peer) + ", the leader, is alive."
		w.Why = "As long as the leader is heard of, nobody needs to replace it."
	case raft.GaveVote:
		w.Text = begin + "it gave " + server(e.Peer) + " its vote."
		w.Why = "Who has just voted for a candidate gives it the time to win."
	case raft.OwnCandidacy:
		w.Text = begin + "its own election begins."
		w.Why = "If nobody wins in this time, the votes were split, and it tries again with another random timeout."
		w.Rule = "Rules for Servers, Candidates, rule 1"
	case raft.SteppedDown:
		w.Text = begin + "it leads no more and waits for a leader like everyone else."
		w.Why = "A leader has no election timer. Back among the followers it needs one."
	default:
		w.Text = begin + "it waits for a leader."
		w.Why = "A random timeout each time makes it unlikely that the votes are split again and again."
	}
	return w
}

func voteGranted(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text:    server(self) + " votes for " + server(e.Peer) + " in " + term(e.Term) + ".",
		Why:     "First come, first served, if the candidate's log is at least as up to date as the voter's. The vote is on disk before it is told.",
		Section: "§5.2", Rule: "RequestVote RPC, receiver rule 2", Key: true,
	}
}

func voteRefused(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "§5.2", Rule: "RequestVote RPC, receiver rule 2", Key: true}
	begin := server(self) + " does not vote for " + server(e.Peer) + ": "
	switch e.Reason {
	case raft.StaleTerm:
		w.Text = begin + "it asks for an older term than " + term(e.Term) + "."
		w.Why = "An election of an older term is over, whoever won it. The answer tells the candidate of the newer term."
		w.Section, w.Rule = "§5.1", "RequestVote RPC, receiver rule 1"
	case raft.AlreadyVoted:
		whom := server(raft.ServerID(e.Old))
		if e.Old == uint64(self) {
			whom = "itself"
		}
		w.Text = begin + "it has voted for " + whom + " in " + term(e.Term) + "."
		w.Why = "A server that voted twice in one term could help two leaders into it."
	case raft.LogBehind:
		w.Text = begin + "its own log is more up to date."
		w.Why = "A committed entry is on a majority of servers. Since voters refuse whoever lacks what they have, no server without it can win a majority."
		w.Section = "§5.4.1"
	default:
		w.Text = server(self) + " does not vote for " + server(e.Peer) + " in " + term(e.Term) + "."
		w.Why = "Every call gets an answer, a refusal too."
	}
	return w
}

func voteReceived(self raft.ServerID, e raft.Event) Words {
	w := Words{
		Why:     "A majority is enough: the election does not wait for servers that are slow or down.",
		Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 2", Key: true,
	}
	has := " " + decimal(e.Old) + " of the " + decimal(e.New) + " votes it needs."
	if e.Peer == self {
		w.Text = server(self) + " votes for itself and has" + has
		w.Rule = "Rules for Servers, Candidates, rule 1"
	} else {
		w.Text = server(self) + " gets the vote of " + server(e.Peer) + " and has" + has
	}
	return w
}

func voteDenied(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text:    server(e.Peer) + " refuses " + server(self) + " its vote in " + term(e.Term) + ".",
		Why:     "The candidate goes on: others may still make up a majority.",
		Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 2", Key: true,
	}
}
