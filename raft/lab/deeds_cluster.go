package lab

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/raft/wire"
)

// Deeds asked of servers, deeds done to all of them, and deeds that show what a rule or a timer is for.
const (
	Campaign Deed = "campaign" // it starts an election

	// It is asked, as leader, to change the servers to Servers and Learners (§6). It refuses voters that
	// have not caught up (thesis 4.2.1).
	Reconfigure Deed = "reconfigure"

	Transfer Deed = "transfer" // it is asked, as leader, to hand its leadership over (thesis 3.10)
	Compact  Deed = "compact"  // it replaces its log by a snapshot (§7)

	// Network, clocks and disks become as at the start, and every server that has its disk runs. The servers
	// of the cluster stay the same.
	Heal Deed = "heal"

	Rules Deed = "rules" // from now on no server keeps the rules Off, and every server all others

	// All election timers but leaders' are set evenly apart, in the order in which they would run out.
	Spread Deed = "spread"

	Align  Deed = "align"  // … are set to run out at the same moment, when the last of them would have
	Disarm Deed = "disarm" // a trap is taken away
)

var clusterDeeds = []deed{{
	name: Campaign, on: running, asks: true,
	do: func(_ *World, _ *Action, m *machine) error {
		m.server.Campaign()
		return nil
	},
	refused: func(w *World, _ *Action, m *machine) string {
		if m.server.Node().MayCampaign() {
			return ""
		}
		if m.server.Node().Status(&w.status); w.status.Role == raft.Leader {
			return name(m.id) + " leads, and has no election timer."
		}
		return name(m.id) + " has no vote."
	},
	forGood: "A term that has begun does not end again.",
	title:   "Time out now", meaning: "Its election timer runs out, and it asks for votes.", done: "S0 timed out.",
	words: func(_ *Action, who, _ string) string {
		return "the election timer of " + who + " runs out, because you said so"
	},
	why: "It begins an election, as it would after hearing nobody for an election timeout.", section: "§5.2",
}, {
	name: Transfer, on: running, asks: true,
	do: func(w *World, a *Action, m *machine) error { return m.server.Transfer(w.successor(a.To, m)) },
	refused: func(w *World, a *Action, m *machine) string {
		return a.Do.entry().refusal(m, m.server.Node().MayTransfer(w.successor(a.To, m)))
	},
	forGood: "Who leads then can hand over, too.",
	title:   "Hand over leadership", meaning: "To the server that has most of its log.", done: "S0 hands over.",
	words: func(a *Action, who, _ string) string {
		if a.To == 0 {
			return who + " is asked to hand its leadership over"
		}
		return who + " is asked to hand its leadership to " + name(a.To)
	},
	why: "The leader brings another server up to date and tells it to hold an election at once.",

	section: "thesis 3.10",
}, {
	name: Reconfigure, takes: []string{"learners", "careful"}, on: running, asks: true,
	not: func(w *World, a *Action, m *machine) string {
		if a.Careful && !w.affordable(a.Servers) {
			return "Too few of " + explain.Servers(a.Servers) + " would be sure to have their disks."
		}
		return ""
	},
	do: func(w *World, a *Action, m *machine) error { return m.server.Reconfigure(w.configuration(a, m)) },
	refused: func(w *World, a *Action, m *machine) string {
		return a.Do.entry().refusal(m, m.server.Node().MayReconfigure(w.configuration(a, m)))
	},
	forGood: "The leader can be asked for another change once this one is complete.",
	title:   "Change the servers", meaning: "The leader changes who the servers are (§6).",
	done: "The servers are being changed.",
	words: func(a *Action, who, _ string) string {
		text := who + " is asked to make " + explain.Servers(a.Servers) + " the voters"
		if len(a.Learners) > 0 {
			text += " and " + explain.Servers(a.Learners) + " learners"
		}
		return text
	},
	why: "If more than one voter comes or goes, it takes two steps, so that never two majorities decide apart.",

	section: "§6",
}, {
	name: Compact, on: running, asks: true,
	do: func(_ *World, _ *Action, m *machine) error { return m.server.Compact() },
	refused: func(_ *World, a *Action, m *machine) string {
		return a.Do.entry().refusal(m, m.server.MayCompact())
	},
	forGood: "The entries are gone; what came of them is in the snapshot.",
	title:   "Compact its log", meaning: "A snapshot takes the place of what it has applied (§7).",
	done: "S0 compacted its log.",
	says: " puts a snapshot in the place of its log",
	why:  "The state of the state machine stands for all the commands that led to it.", section: "§7",
}, {
	name: Heal, room: true,
	do: func(w *World, _ *Action, _ *machine) error {
		w.heal()
		return nil
	},
	forGood: "What was wrong was several things. Each can be done again.",
	title:   "Heal all", meaning: "The network is whole, clocks and disks are right, every server runs, traps are gone",
	done: "Everything is healed.",
	words: func(_ *Action, _, _ string) string {
		return "all faults end: the network is whole, clocks and disks are right, every server runs"
	},
	why: "Once a majority runs and can talk, Raft needs no more help than that.", section: "§5.6",
}, {
	name: Rules, takes: []string{"off"},
	do: func(w *World, a *Action, _ *machine) error {
		w.actOnRules(a)
		return nil
	},
	undo: func(w *World, _ *Action, _ *machine) []Action {
		list := acts(Rules, 0, 0)
		list[0].Off = w.Off()
		return list
	},
	title: "Leave rules out", meaning: "No server keeps them from now on.", done: "The rules are changed.",
	words: func(a *Action, _, _ string) string { return rulesWords(a.Off) },
	why:   "A server that does not keep a rule is not a Raft server any more. See what breaks.",
}, {
	name: Spread,
	do:   func(w *World, a *Action, _ *machine) error { return w.actOnTimers(a) }, refused: noTimer,
	forGood: "Timers start anew with the next message.",
	title:   "Spread timers", meaning: "Apart from each other: one asks for votes long before the next",
	done:  "The timers are apart.",
	words: func(_ *Action, _, _ string) string { return "the election timers are set apart from each other" },
	why:   "The server whose timer ends first has the time to be elected before another one tries.", section: "§5.2",
}, {
	name: Align,
	do:   func(w *World, a *Action, _ *machine) error { return w.actOnTimers(a) }, refused: noTimer,
	forGood: "Timers start anew with the next message.",
	title:   "Align timers",
	meaning: "All run out at the same moment, unless a leader is heard before: then the votes are split",
	done:    "The timers are alike.",
	words: func(_ *Action, _, _ string) string {
		return "the election timers are set to run out at the same moment"
	},
	why: "Servers that campaign at the same moment split the vote. Random timeouts make that rare.", section: "§5.2",
}, {
	name: Disarm, takes: []string{"trap"}, must: []string{"trap"},
	not: func(w *World, a *Action, _ *machine) string {
		if w.trap(a.Trap) == nil {
			return "That trap is not set any more."
		}
		return ""
	},
	do: func(w *World, a *Action, _ *machine) error {
		w.traps = slices.DeleteFunc(w.traps, func(t Trap) bool { return t.Number == a.Trap })
		return nil
	},
	undo:  func(w *World, a *Action, _ *machine) []Action { return []Action{w.trap(a.Trap).Action} },
	title: "Remove", meaning: "A trap waits no longer.", done: "The trap is gone.",
	words: func(a *Action, _, what string) string {
		if what != "" {
			return "a trap is taken away: " + what
		}
		return "trap " + decimal(uint64(a.Trap)) + " is taken away"
	},
	why: "It waits no longer for its moment.",
}}

func rulesWords(off []string) string {
	if len(off) == 0 {
		return "every rule is kept again"
	}
	text := ""
	for i, id := range off {
		title := id
		if rule, known := raft.RuleNamed(id); known {
			title = "“" + rule.Title + "”"
		}
		if i > 0 {
			text += ", "
		}
		text += title
	}
	return "from now on no server keeps " + text
}

// What a client asks a server for.
const (
	Put            Deed = "put" // a client asks it to
	Get            Deed = "get"
	Delete         Deed = "delete"
	CompareAndSwap Deed = "cas" // … to write Value if Expected is there
)

var clientDeeds = []deed{{
	name: Put, on: named, not: tooMuch, do: put, done: asked, forGood: told, why: whoLeads, section: "§8",
	title: "Send a write", meaning: "A client asks it to write, whether it leads or not.",
	words: func(a *Action, who, _ string) string { return writes(a, who) },
}, {
	name: Get, takes: []string{"read"}, on: named, not: tooMuch, do: put, done: asked, forGood: told, why: whoLeads,
	section: "§8", title: "Send a read", meaning: "A client asks it for a value.",
	words: func(a *Action, who, _ string) string {
		return "a client asks " + who + " for " + a.Key + readWords[a.Read]
	},
}, {
	name: Delete, on: named, not: tooMuch, do: put, done: asked, forGood: told, why: whoLeads, section: "§8",
	title: "Send a deletion", meaning: "A client asks it to forget a key.",
	words: func(a *Action, who, _ string) string { return "a client asks " + who + " to delete " + a.Key },
}, {
	name: CompareAndSwap, takes: []string{"expected"}, on: named, not: tooMuch, do: put, done: asked, forGood: told,
	why: whoLeads, section: "§8",
	title: "Send a compare-and-swap", meaning: "A client asks it to write if it finds what is expected.",
	words: func(a *Action, who, _ string) string {
		return writes(a, who) + " if it is " + explain.Clip(a.Expected, shownValue)
	},
}}

const (
	asked    = "A client asked S0."
	told     = "What a client was told is done stays done."
	whoLeads = "Whoever does not lead refuses, and says who leads."
)

const shownValue = 40 // bytes of a value, in words

func writes(a *Action, who string) string {
	return "a client asks " + who + " to write " + a.Key + " = " + explain.Clip(a.Value, shownValue)
}

// readWords says how a Get is made, if the action says so.
var readWords = map[string]string{
	"log": ", through the log", "readIndex": ", by ReadIndex", "lease": ", by its lease", "local": ", locally",
}

// put has the client ask. A request goes to a server that is down, too, and stays unanswered.
func put(w *World, a *Action, m *machine) error {
	method := map[Deed]wire.Method{
		Put: wire.Put, Get: wire.Get, Delete: wire.Delete, CompareAndSwap: wire.CompareAndSwap,
	}[a.Do]
	w.actAsClient(a, m, method)
	return nil
}

func tooMuch(w *World, _ *Action, _ *machine) string {
	if len(w.clients[0].pending) == maxPending {
		return "Too much is under way."
	}
	return ""
}
