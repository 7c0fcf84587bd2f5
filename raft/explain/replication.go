package explain

import "raftplayground/raft"

func entriesProposed(self raft.ServerID, e raft.Event) Words {
	what := "a client's command"
	if e.Old != e.New {
		what = "clients' commands"
	}
	return Words{
		Text: server(self) + " appends " + what + " to its log at " + indices(e.Old, e.New) + ", in " +
			term(e.Term) + ".",
		Why: "All commands go through the leader, which gives them their order. It answers the client only " +
			"when the command is committed.",
		Section: "§5.3", Rule: "Rules for Servers, Leaders, rule 2", Key: true,
	}
}

func entriesAppended(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " stores " + entries(e.Old, e.New) + " from " + server(e.Peer) + ".",
		Why: "A follower takes new entries only behind one that it shares with the leader, so everything " +
			"before them is the same in both logs.",
		Section: "§5.3", Rule: "AppendEntries RPC, receiver rule 4",
	}
}

func entriesTruncated(self raft.ServerID, e raft.Event) Words {
	if e.Reason == raft.WasCommitted {
		return Words{
			Text: server(self) + " removes " + entries(e.Old, e.New) + ", committed here: the log of " +
				server(e.Peer) + ", the leader, has another term there.",
			Why: "While every server keeps the rules, the leader of a later term has every committed entry. " +
				"One of them does not, and what clients were told is lost.",
			Section: "§5.4", Rule: "AppendEntries RPC, receiver rule 3", Key: true,
		}
	}
	return Words{
		Text: server(self) + " removes " + entries(e.Old, e.New) + ": the log of " + server(e.Peer) +
			", the leader, has another term there.",
		Why: "The leader's log is right. What differs from it was never committed, so no client has been " +
			"told that it was.",
		Section: "§5.3", Rule: "AppendEntries RPC, receiver rule 3", Key: true,
	}
}

func appendRefused(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "§5.3", Rule: "AppendEntries RPC, receiver rule 2", Key: true}
	begin := server(self) + " refuses entries of " + server(e.Peer) + ": "
	const same = "Two logs with the same term at an index are the same up to there. Without that match a gap or " +
		"a mixture could arise."
	switch e.Reason {
	case raft.StaleTerm:
		w.Text = begin + "they are of an older term than " + term(e.Term) + "."
		w.Why = "A leader of an older term has been replaced and may not know. The answer tells it."
		w.Section, w.Rule = "§5.1", "AppendEntries RPC, receiver rule 1"
	case raft.NoEntryAtPrev:
		w.Text = begin + "they follow " + index(uint64(e.Index)) + ", and its own log ends before."
		w.Why = same
	case raft.ConflictAtPrev:
		w.Text = begin + "at " + index(uint64(e.Index)) + ", which they follow, its own log has another term."
		w.Why = same
	default:
		w.Text = server(self) + " refuses entries of " + server(e.Peer) + "."
		w.Why = same
	}
	return w
}

func matchAdvanced(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text:    server(self) + " learns that " + server(e.Peer) + " stores everything up to " + index(e.New) + ".",
		Why:     "From what each follower stores the leader counts what a majority stores.",
		Section: "§5.3", Rule: "Rules for Servers, Leaders, rule 3",
	}
}

func nextBackedUp(self raft.ServerID, e raft.Event) Words {
	w := Words{
		Text: server(self) + " tries " + server(e.Peer) + " again from " + index(e.New) + ", not " + decimal(e.Old) +
			": ",
		Why: "The leader goes back until it finds an entry that both share. The follower's hint saves it a " +
			"call for every entry.",
		Section: "§5.3", Rule: "Rules for Servers, Leaders, rule 3", Key: true,
	}
	if e.Reason == raft.ConflictAtPrev {
		w.Text += "the logs differ there."
	} else {
		w.Text += "that log is shorter."
	}
	return w
}

func commitAdvanced(self raft.ServerID, e raft.Event) Words {
	w := Words{Text: server(self) + " commits " + indices(e.Old+1, e.New) + ": ", Section: "§5.3", Key: true}
	it := "it"
	if e.New > e.Old+1 {
		it = "them"
	}
	switch {
	case e.Reason == raft.LeaderSaidSo:
		w.Text += server(e.Peer) + ", the leader, has committed " + it + "."
		w.Why = "Followers do not count. The leader tells with each AppendEntries how far it has committed."
		w.Rule = "AppendEntries RPC, receiver rule 5"
	case e.Of == 0:
		w.Text += "a majority of the old servers and one of the new store " + it + "."
		w.Why = "While the configuration changes both have to agree, each by itself: neither could be outvoted " +
			"by the other."
		w.Section, w.Rule = "§6", "Rules for Servers, Leaders, rule 4"
	default:
		w.Text += decimal(uint64(e.Count)) + " of " + decimal(uint64(e.Of)) + " store " + it + "."
		w.Why = "What a majority stores is on at least one server of every later majority, so no later leader " +
			"can be without it."
		w.Rule = "Rules for Servers, Leaders, rule 4"
	}
	return w
}

func commitHeldBack(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " does not commit " + index(uint64(e.Index)) + ": a majority stores it, but its term " +
			decimal(e.Old) + " is not the leader's " + term(e.Term) + ".",
		Why: "A server without that entry could still be elected and overwrite it (Figure 8). It is " +
			"committed together with the first entry of the leader's own term.",
		Section: "§5.4.2", Rule: "Rules for Servers, Leaders, rule 4", Key: true,
	}
}

func messageIgnored(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "§5.1"}
	begin := server(self) + " ignores a message of " + server(e.Peer) + ": "
	switch e.Reason {
	case raft.StaleTerm:
		w.Text = begin + "it is of an older term than " + term(e.Term) + "."
		w.Why = "Messages may arrive late. What was true in an older term says nothing about this one."
	case raft.NotCandidate:
		w.Text = begin + "it answers an election that is over."
		w.Why = "The election was decided without that vote: a majority was enough."
		w.Section = "§5.2"
	case raft.NotLeader:
		w.Text = begin + "it answers a leader, which " + server(self) + " is not."
		w.Why = "Only the leader of a term keeps account of what followers store."
		w.Section = "§5.3"
	case raft.StaleReply:
		w.Text = begin + "it answers a call that no longer matters."
		w.Why = "Replies may arrive late, twice or out of order. An old one must not undo what a newer one told."
		w.Section = "§5.3"
	case raft.NotAMember:
		w.Text = begin + "that server is not in the cluster."
		w.Why = "Majorities are counted among the servers of the configuration, and only those have a voice."
		w.Section = "§6"
	case raft.NotAVoter:
		w.Text = begin + "it concerns a vote that the configuration does not give."
		w.Why = "Learners get the log, but neither vote nor lead. Votes of servers outside the configuration do " +
			"not count."
		w.Section = "§6"
	case raft.NotTheSender:
		w.Text = begin + "it speaks in the name of another server."
		w.Why = "A candidate or leader speaks for itself. Otherwise a vote could be counted for somebody who " +
			"never asked for it."
		w.Section, w.Key = "§5.2", true
	case raft.SecondLeader:
		w.Text = begin + "it too claims to lead " + term(e.Term) + ". Election Safety is broken."
		w.Why = "There is at most one leader in a term as long as every server keeps the rules. One of them does not."
		w.Section, w.Key = "§5.2", true
	case raft.Unreadable:
		w.Text = begin + "its state machine cannot read the snapshot."
		w.Why = "What it has is good as far as it goes, and is not given up for something that nobody can use. " +
			"The leader will send the snapshot again."
		w.Section, w.Key = "§7", true
	case raft.Impossible:
		w.Text = begin + "it contradicts itself or what is committed."
		w.Why = "No server sends it while all keep the rules. One of them does not: Raft trusts its servers to " +
			"be slow, cut off or crashed, but not wrong."
		w.Section, w.Key = "§5.4", true
	case raft.NoRoom:
		w.Text = begin + "the snapshot is larger than what it has room for."
		w.Why = "It stays as far behind as it is. The leader sends the chunk again with its next heartbeat, not " +
			"sooner: nothing has changed until then."
		w.Section, w.Key = "§7", true
	default:
		w.Text = server(self) + " ignores a message of " + server(e.Peer) + "."
		w.Why = "It changes nothing."
	}
	return w
}
