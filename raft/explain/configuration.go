package explain

import "raftplayground/raft"

func configurationChanged(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "§6", Key: true}
	joint := e.Old > 0
	does, from := " uses ", ""
	switch {
	case e.Reason == raft.RolledBack:
		does = " goes back to "
		w.Why = "The entry with the newer one was deleted, and a server uses the latest configuration in its " +
			"log. The newer one was never committed."
	case e.Reason == raft.FromSnapshot:
		from = ", from a snapshot"
		w.Why = "The entry with the configuration may be among those that a snapshot replaces. So the snapshot " +
			"carries it, or nobody could say whose votes count."
		w.Section, w.Rule = "§7", "InstallSnapshot RPC, receiver rule 8"
	case joint:
		w.Why = "If all changed at once, old and new servers could each make a majority of their own and elect " +
			"two leaders. So for a while a majority of both is needed."
	default:
		w.Why = "A server uses the latest configuration in its log, committed or not. If more than one voter " +
			"changes, a joint one comes first, so that no two majorities decide apart."
	}
	w.Text = server(self) + does + configuration(e.Index, joint) + ": " + members(e) + from + "."
	return w
}

// configuration names the configuration at i by its place. The one that a cluster begins with is in no entry.
func configuration(i raft.Index, joint bool) string {
	switch {
	case i == 0:
		return "the first configuration"
	case joint:
		return "the joint configuration at " + index(uint64(i))
	}
	return "the configuration at " + index(uint64(i))
}

// members counts the servers of a configuration.
func members(e raft.Event) string {
	voters := plural(e.New, "voter")
	if e.Old > 0 {
		voters = decimal(e.Old) + " old and " + plural(e.New, "new voter")
	}
	if e.Count > 0 {
		return voters + ", " + plural(uint64(e.Count), "learner")
	}
	return voters
}

func learnerCaughtUp(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " finds that learner " + server(e.Peer) + " has caught up: " + plural(e.Old, "round") +
			", the last of " + ms(e.New) + ".",
		Why: "A voter with an empty log could hold up commitment until it has all entries. So a server " +
			"learns first, and may vote once a round is shorter than an election timeout.",
		Section: "thesis 4.2.1", Key: true,
	}
}

func leaderLeaves(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " gives its leadership up: the configuration at " + index(uint64(e.Index)) +
			" is committed, and gives it no vote.",
		Why: "Until then it leads servers whose majorities it does not count itself in. From then on one of " +
			"the others can win an election.",
		Section: "§6", Key: true,
	}
}
