package explain

import "raftplayground/raft"

func started(self raft.ServerID, e raft.Event) Words {
	holds := "an empty log"
	if e.Index > 0 {
		holds = "a log up to " + index(uint64(e.Index))
	}
	return Words{
		Text: server(self) + " starts as a follower in " + term(e.Term) + " with " + holds + ".",
		Why: "Term, vote and log are kept on disk, so a server that crashes comes back bound by what it " +
			"promised. Everything else it learns again.",
		Section: "§5.2", Rule: "State, persistent state on all servers", Key: true,
	}
}

func termAdvanced(self raft.ServerID, e raft.Event) Words {
	if e.Peer == 0 {
		return Words{
			Text: server(self) + " moves from " + term(raft.Term(e.Old)) + " to " + term(raft.Term(e.New)) +
				" for an election of its own.",
			Why: "Each election has a term of its own, so that votes of different elections are never " +
				"counted together.",
			Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 1",
		}
	}
	return Words{
		Text: server(self) + " hears of " + term(raft.Term(e.New)) + " from " + server(e.Peer) + " and leaves " +
			term(raft.Term(e.Old)) + ".",
		Why:     "Terms are a clock that needs no time: whoever hears of a newer term knows that its own is over.",
		Section: "§5.1", Rule: "Rules for Servers, All Servers, rule 2",
	}
}

func becameFollower(self raft.ServerID, e raft.Event) Words {
	w := Words{Key: true}
	switch {
	case e.Reason == raft.LostQuorum:
		w.Text = server(self) + " no longer leads: no majority answered it for an election timeout."
		w.Why = "The others may have a new leader that it cannot hear of. Its clients should look for that one, " +
			"not wait for what it cannot commit."
		w.Section = "thesis 6.2"
	case e.Reason == raft.DiskHangs:
		w.Text = server(self) + " no longer leads: its own disk has not finished a write for an election timeout."
		w.Why = "It applies, and answers, only what its own disk holds. A server that can write serves the " +
			"clients better."
		w.Section = "thesis 6.2"
	case e.Reason == raft.Removed:
		w.Text = server(self) + " steps down: the configuration gives it no vote."
		w.Why = "Only voters elect and lead. The others decide without this server from now on."
		w.Section = "§6"
	case e.Reason == raft.LeaderExists && e.Old == uint64(raft.PreCandidate):
		w.Text = server(self) + " is a follower again: another server leads " + term(e.Term) + "."
		w.Why = "There is a leader, so no election is needed. It only asked and raised no term, so nobody was " +
			"disturbed."
		w.Section = "thesis 9.6"
	case e.Reason == raft.LeaderExists:
		w.Text = server(self) + " is a follower again: another server leads " + term(e.Term) + "."
		w.Why = "There is at most one leader in a term. A candidate that hears from it has lost this election."
		w.Section, w.Rule = "§5.2", "Rules for Servers, Candidates, rule 3"
	default:
		w.Text = server(self) + ", a " + role(e.Old) + " until now, steps down: " + term(e.Term) + " has begun."
		w.Why = "A leader or candidate is one only in its term. When it hears that the term is over, it gives up " +
			"the role at once."
		w.Section, w.Rule = "§5.1", "Rules for Servers, All Servers, rule 2"
	}
	return w
}

func becamePreCandidate(self raft.ServerID, e raft.Event) Words {
	w := Words{
		Text: server(self) + " asks whether it could win " + term(e.Term+1) + ": ",
		Why: "A server that is cut off would raise its term again and again and depose a healthy leader when " +
			"it comes back. So it first asks, and stays in its term.",
		Section: "thesis 9.6", Key: true,
	}
	switch {
	case e.Reason == raft.Asked:
		w.Text += "it was told to hold an election"
	case e.Old > 0:
		w.Text += "it heard nothing for " + ms(e.Old)
	default:
		w.Text += "it heard nothing for a whole election timeout"
	}
	w.Text += " and needs " + needed(e) + "."
	return w
}

func becameCandidate(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "§5.2", Rule: "Rules for Servers, Followers, rule 2", Key: true}
	asks := server(self) + " asks for votes in " + term(e.Term)
	needs := "; it needs " + decimal(e.New) + "."
	if e.Of > 0 {
		needs = "; it needs " + needed(e) + "."
	}
	switch e.Reason {
	case raft.Asked:
		w.Text = asks + ": it was told to hold an election" + needs
		w.Why = "Any server may hold an election at any time: a needless one costs time, never safety."
	case raft.Transferred:
		w.Text = asks + ": its leader hands over to it" + needs
		w.Why = "Its log is complete and the leader wants it to win, so it waits for no timeout. The others vote " +
			"although they hear from the leader."
		w.Section, w.Rule = "thesis 3.10", ""
	default:
		w.Text = asks + needs
		if e.Old > 0 { // 0 after a pre-vote, whose own event has said so
			w.Text = asks + ": it heard nothing for " + ms(e.Old) + needs
		}
		w.Why = "Silence for a whole election timeout means that there may be no leader. Timeouts are random, so " +
			"that usually one server wakes before the others."
	}
	return w
}

func becameLeader(self raft.ServerID, e raft.Event) Words {
	has := "it has " + plural(e.Old, "vote") + " and needs " + decimal(e.New)
	if e.Of > 0 {
		has = "it has " + tally(e)
	}
	return Words{
		Text: server(self) + " leads " + term(e.Term) + ": " + has + ".",
		Why: "Any two majorities share a server, and a server votes once in a term. So no second candidate " +
			"can win this term.",
		Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 2", Key: true,
	}
}

// needed says how many votes an election needs; in a joint configuration two majorities.
func needed(e raft.Event) string {
	if e.Of == 0 {
		return plural(e.New, "vote")
	}
	return plural(e.New, "vote") + " of the new servers and " + decimal(uint64(e.Of)) + " of the old"
}

// tally says how many of the votes needed there are.
func tally(e raft.Event) string {
	if e.Of == 0 {
		return decimal(e.Old) + " of the " + decimal(e.New) + " votes it needs"
	}
	return decimal(e.Old) + " of the " + plural(e.New, "vote") + " it needs of the new servers and " +
		decimal(uint64(e.Count)) + " of the " + decimal(uint64(e.Of)) + " of the old"
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
		w.Why = "A server that has just voted for a candidate gives it time to win."
	case raft.OwnCandidacy:
		w.Text = begin + "it tries to become leader."
		w.Why = "If nobody wins in this time, the votes were split, and it tries again with another random timeout."
		w.Rule = "Rules for Servers, Candidates, rule 1"
	case raft.SteppedDown:
		w.Text = begin + "it no longer leads and waits for a leader like everyone else."
		w.Why = "A leader has no election timer. Back among the followers it needs one."
	default:
		w.Text = begin + "it waits for a leader."
		w.Why = "A random timeout each time makes it unlikely that the votes are split again and again."
	}
	return w
}

func voteGranted(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " votes for " + server(e.Peer) + " in " + term(e.Term) + ".",
		Why: "First come, first served, if the candidate's log is at least as up to date as the voter's. The " +
			"vote is on disk before it is told.",
		Section: "§5.2", Rule: "RequestVote RPC, receiver rule 2", Key: true,
	}
}

func voteRefused(self raft.ServerID, e raft.Event) Words {
	if e.Peer == self {
		return ownVoteRefused(self, e)
	}
	w := Words{Section: "§5.2", Rule: "RequestVote RPC, receiver rule 2", Key: true}
	begin := server(self) + " does not vote for " + server(e.Peer) + ": "
	switch e.Reason {
	case raft.StaleTerm:
		w.Text = begin + "it asks for an older term than " + term(e.Term) + "."
		w.Why = "An election of an older term is over, whoever won it. The answer tells the candidate of the " +
			"newer term."
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
		w.Why = "A committed entry is on a majority of servers. Since voters refuse whoever lacks what they " +
			"have, no server without it can win a majority."
		w.Section = "§5.4.1"
	case raft.LeaderAlive:
		w.Text = begin + leaderAlive(self, e) + "."
		w.Why = "A server that was removed, or only cannot hear, must not depose a leader that serves. So its " +
			"call is disregarded, its term too."
		w.Section, w.Rule = "§6", ""
	case raft.JustRestarted:
		w.Text = begin + "it has only just restarted."
		w.Why = "It may have forgotten a leader that it answered a moment ago, and that serves reads by the " +
			"lease which it has from that answer."
		w.Section, w.Rule = "thesis 6.4.1", ""
	case raft.NotAVoter: // never while it keeps the rule that it votes for whoever asks
		w.Text = begin + "in its own configuration it has no vote."
		w.Why = "The candidate's may be newer and give it one. Without its vote there may be no majority."
		w.Section, w.Rule = "thesis 4.1", ""
	default:
		w.Text = server(self) + " does not vote for " + server(e.Peer) + " in " + term(e.Term) + "."
		w.Why = "Every call gets an answer, a refusal too."
	}
	return w
}

// ownVoteRefused tells of a server that was to hold an election while it owes a leader its loyalty.
func ownVoteRefused(self raft.ServerID, e raft.Event) Words {
	w := Words{
		Text: server(self) + " holds no election: " + leaderAlive(self, e) + ".",
		Why: "A candidate votes for itself. It has answered its leader a moment ago, which serves reads by " +
			"the lease that it has from such answers.",
		Section: "thesis 6.4.1", Key: true,
	}
	if e.Reason == raft.JustRestarted {
		w.Text = server(self) + " holds no election yet: it has only just restarted."
		w.Why = "It may have forgotten a leader that it answered a moment ago, and that serves reads by the " +
			"lease which it has from that answer."
	}
	return w
}

// leaderAlive names the leader, e.Old, to which a voter is loyal. That may be the voter itself.
func leaderAlive(self raft.ServerID, e raft.Event) string {
	if e.Old == uint64(self) {
		return "it is the leader, and a majority answers it"
	}
	return server(raft.ServerID(e.Old)) + ", the leader, is alive"
}

func voteReceived(self raft.ServerID, e raft.Event) Words {
	w := Words{
		Why:     "A majority is enough: the election does not wait for servers that are slow or down.",
		Section: "§5.2", Rule: "Rules for Servers, Candidates, rule 2", Key: true,
	}
	has := " " + tally(e) + "."
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

func preVoteGranted(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " would vote for " + server(e.Peer) + " in " + term(raft.Term(e.New)) + ".",
		Why: "It promises nothing: its term, its vote and its timer stay as they are. The vote itself is " +
			"asked for if a majority answers so.",
		Section: "thesis 9.6",
	}
}

func preVoteRefused(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "thesis 9.6", Key: true}
	begin := server(self) + " would not vote for " + server(e.Peer) + ": "
	switch e.Reason {
	case raft.StaleTerm:
		w.Text = begin + server(self) + " is in " + term(e.Term) + " already."
		w.Why = "An election needs a term that is still to come. The answer carries this server's term, so that " +
			"one that is behind catches up."
	case raft.LeaderAlive:
		w.Text = begin + leaderAlive(self, e) + "."
		w.Why = "No election is needed where a leader serves. Whoever asks has only lost touch with it."
	case raft.JustRestarted:
		w.Text = begin + "it has only just restarted."
		w.Why = "It may have forgotten a leader that it answered a moment ago. A real vote would not be given either."
	case raft.LogBehind:
		w.Text = begin + "its own log is more up to date."
		w.Why = "A candidate without this server's entries would not get its vote. Told in advance, it raises no " +
			"term in vain."
	default:
		w.Text = server(self) + " would not vote for " + server(e.Peer) + "."
		w.Why = "Every call gets an answer, a refusal too."
	}
	return w
}

func preVoteReceived(self raft.ServerID, e raft.Event) Words {
	whom := server(self)
	if e.Peer == self {
		whom = "itself"
	}
	wouldBe := decimal(e.Old) + " of the " + plural(e.New, "vote") + " needed"
	if e.Of > 0 {
		wouldBe = "now " + tally(e)
	}
	return Words{
		Text:    server(e.Peer) + " would vote for " + whom + ": " + wouldBe + ".",
		Why:     "Once a majority would vote for it, it raises its term and holds the election.",
		Section: "thesis 9.6",
	}
}

func preVoteDenied(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text:    server(e.Peer) + " would not vote for " + server(self) + " in " + term(e.Term+1) + ".",
		Why:     "Without a majority that would, no election begins, and the term stays as it is.",
		Section: "thesis 9.6",
	}
}
