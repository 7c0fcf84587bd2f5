package explain

import "raftplayground/raft"

func snapshotTaken(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " takes a snapshot through " + index(uint64(e.Index)) + ": it replaces " +
			entries(e.Old, uint64(e.Index)) + ".",
		Why: "A log cannot grow for ever, and the state says all that the entries that made it said. Each " +
			"server does this by itself, for committed entries only.",
		Section: "§7", Key: true,
	}
}

// snapshotSent counts only a snapshot's first chunk as worth showing: there may be many.
func snapshotSent(self raft.ServerID, e raft.Event) Words {
	w := Words{
		Why: "The entries which that follower needs next are no longer in the leader's log. The snapshot " +
			"stands for them.",
		Section: "§7", Rule: "InstallSnapshot RPC, invoked by the leader", Key: e.Old == 0,
	}
	snapshot := " the snapshot through " + index(uint64(e.Index)) + ": "
	if e.Old == 0 {
		w.Text = server(self) + " sends " + server(e.Peer) + snapshot + plural(e.New, "byte") + " in all."
	} else {
		w.Text = server(self) + " sends " + server(e.Peer) + " more of" + snapshot + "from byte " + decimal(e.Old) +
			" on, of " + decimal(e.New) + "."
	}
	return w
}

func snapshotInstalled(self raft.ServerID, e raft.Event) Words {
	w := Words{Section: "§7", Key: true}
	last := uint64(e.Index)
	begin := server(self) + " takes over the snapshot of " + server(e.Peer) + ": it ends at " + index(last)
	if e.Reason == raft.KeptSuffix {
		if e.Old > last {
			w.Text = begin + ", and " + entries(last+1, e.Old) + stay(e.Old-last)
		} else {
			w.Text = begin + ", where the log ends too."
		}
		w.Why = "Where the log has the snapshot's last entry, both agree up to there. What follows it may be " +
			"committed already, and must not be lost."
		w.Rule = "InstallSnapshot RPC, receiver rule 6"
		return w
	}
	if e.Old > 0 {
		w.Text = begin + ", and the log, which ended at " + index(e.Old) + ", is dropped."
	} else {
		w.Text = begin + ", and the log was empty."
	}
	w.Why = "The log does not have the snapshot's last entry, so nothing after it can be trusted. For all before " +
		"it the snapshot stands."
	w.Rule = "InstallSnapshot RPC, receiver rule 7"
	return w
}

func stay(n uint64) string {
	if n == 1 {
		return " stays."
	}
	return " stay."
}

func snapshotNotNeeded(self raft.ServerID, e raft.Event) Words {
	return Words{
		Text: server(self) + " does not need the snapshot of " + server(e.Peer) + ": it ends at " +
			index(uint64(e.Index)) + ", and all through " + index(e.Old) + " is committed here.",
		Why:     "A call may come late or twice. To go back to an older state would undo what has been applied since.",
		Section: "§7", Rule: "InstallSnapshot RPC, receiver rule 6",
	}
}
