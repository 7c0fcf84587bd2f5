package session

import (
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/raft/lab/goal"
	"raftplayground/wasm/page"
)

// readWords says how a Get is made, if somebody said how.
var readWords = map[string]string{"log": ", through the log", "readIndex": ", by ReadIndex", "lease": ", by its lease", "local": ", locally"}

// deedText says what is done to a cluster of so many servers, in a sentence. leader is who leads, 0 if that is not known; object is what the frame or the trap is to which
// it is done, empty if it is not known.
func deedText(a *lab.Action, size, leader int, object string) string {
	if joins(a, size) {
		return "The network is whole again."
	}
	if words := frameWords(a, object); words != "" {
		return page.Sentence(words)
	}
	if a.Do == lab.Disarm && object != "" {
		return "A trap is taken away: " + object
	}
	who := name(a.Server)
	if a.Server == 0 {
		who = "the leader"
		if leader > 0 {
			who = "S" + page.Decimal(leader)
		}
	}
	return page.Sentence(deedWords(a, who))
}

// joins tells whether a cut leaves everybody on one side: that mends what was cut.
func joins(a *lab.Action, size int) bool { return a.Do == lab.Partition && len(a.Servers) == size }

func deedWords(a *lab.Action, who string) string {
	switch a.Do {
	case lab.Crash:
		return who + " crashes: its memory is lost, its disk is kept"
	case lab.PowerLoss:
		return "the power of " + who + " fails: its memory is lost, and what its disk had not finished"
	case lab.Wipe:
		return who + " loses its disk: it forgets its log, its term and its vote"
	case lab.Restart:
		return who + " starts again with what its disk kept"
	case lab.Pause:
		return who + " is paused: it does nothing, and what arrives waits"
	case lab.Resume:
		return who + " goes on"
	case lab.Clock:
		return "the clock of " + who + " runs at " + number(a.Rate) + " of real time"
	case lab.Campaign:
		return "the election timer of " + who + " runs out, because you said so"
	case lab.Reconfigure:
		return who + " is asked to make " + names(a.Servers) + " the voters" + learners(a.Learners)
	case lab.Transfer:
		if a.To == 0 {
			return who + " is asked to hand its leadership over"
		}
		return who + " is asked to hand its leadership to " + name(a.To)
	case lab.Compact:
		return who + " puts a snapshot in the place of its log"
	case lab.Put:
		return "a client asks " + who + " to write " + a.Key + " = " + page.Clip(a.Value, 40)
	case lab.Get:
		return "a client asks " + who + " for " + a.Key + readWords[a.Read]
	case lab.CompareAndSwap:
		return "a client asks " + who + " to write " + a.Key + " = " + page.Clip(a.Value, 40) + " if it is " + page.Clip(a.Expected, 40)
	case lab.Delete:
		return "a client asks " + who + " to delete " + a.Key
	}
	if text := diskWords(a, who); text != "" {
		return text
	}
	return networkWords(a, who)
}

func diskWords(a *lab.Action, who string) string {
	switch a.Do {
	case lab.SlowDisk:
		if a.Hang {
			return "the disk of " + who + " hangs: it finishes no write"
		}
		if a.Disk == 0 {
			return "the disk of " + who + " writes at once"
		}
		return "the disk of " + who + " takes up to " + number(ms(a.Disk)) + " ms for a write"
	case lab.FailDisk:
		return "the next write of " + who + " will fail"
	case lab.FillDisk:
		return "the disk of " + who + " is full"
	case lab.FreeDisk:
		return "the disk of " + who + " has room again"
	case lab.FlipBit:
		return "a bit flips on the disk of " + who
	}
	return ""
}

func networkWords(a *lab.Action, who string) string {
	way := "what " + who + " sends to " + name(a.To)
	if a.To == 0 {
		way = "what " + who + " sends"
	}
	switch a.Do {
	case lab.Cut:
		if a.To == 0 {
			return "all links from " + who + " are cut"
		}
		return "the link from " + who + " to " + name(a.To) + " is cut"
	case lab.Mend:
		if a.To == 0 {
			return "all links from " + who + " are mended"
		}
		return "the link from " + who + " to " + name(a.To) + " is mended"
	case lab.Partition:
		if len(a.Servers) == 0 {
			return who + " is cut from all others"
		}
		return "the network is cut: " + names(a.Servers) + " on one side"
	case lab.Network:
		return linkWords(a)
	case lab.Hold:
		return way + " stops on its way"
	case lab.Release:
		return way + " goes on"
	case lab.Heal:
		return "all faults end: the network is whole, clocks and disks are right, every server runs"
	case lab.Rules:
		return rulesWords(a.Off)
	case lab.Disarm:
		return "trap " + page.Decimal(a.Trap) + " is taken away"
	case lab.Spread:
		return "the election timers are set apart from each other"
	case lab.Align:
		return "the election timers are set to run out at the same moment"
	}
	if text := frameWords(a, ""); text != "" {
		return text
	}
	return "something is done: " + string(a.Do)
}

func linkWords(a *lab.Action) string {
	which := "every link"
	switch {
	case a.Server != 0 && a.To != 0:
		which = "the link from " + name(a.Server) + " to " + name(a.To)
	case a.Server != 0:
		which = "every link from " + name(a.Server)
	case a.To != 0:
		which = "every link to " + name(a.To)
	}
	l := a.Link
	return which + page.Conditions(l.Latency, l.Jitter, l.Loss, l.Duplicate, l.Reorder)
}

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

// frameWords says what is done to a frame, empty if it is nothing of the kind.
func frameWords(a *lab.Action, what string) string {
	if what == "" {
		what = "a message"
		if a.Frame == 0 && a.Server != 0 {
			what += " of " + name(a.Server)
		}
	}
	switch a.Do {
	case lab.HoldFrame:
		return what + " is held on its way"
	case lab.ReleaseFrame:
		return what + " that was held goes on"
	case lab.DropFrame:
		return what + " is dropped"
	case lab.DeliverFrame:
		return what + " is delivered at once"
	case lab.DuplicateFrame:
		return what + " is sent twice"
	case lab.EditFrame:
		return what + " is changed on its way"
	case lab.InjectFrame:
		return "a message of " + name(a.Server) + " to " + name(a.To) + " is made up"
	}
	return ""
}

// trapText says what waits for which moment.
func trapText(a *lab.Action) string {
	who, does := "a server", "that server"
	if a.Server != 0 {
		who, does = name(a.Server), name(a.Server)
	}
	moment := goal.Phrases[a.When]
	if moment == "" {
		moment = "meets “" + string(a.When) + "”"
	}
	act := *a
	act.When = ""
	return "when " + who + " " + moment + ", " + deedWords(&act, does) + "."
}

func name(id raft.ServerID) string {
	if id == 0 {
		return "everybody"
	}
	return "S" + page.Decimal(id)
}

func names(ids []raft.ServerID) string {
	list := make([]int, 0, len(ids))
	for _, id := range ids {
		list = append(list, int(id))
	}
	return page.Servers(list)
}

func learners(ids []raft.ServerID) string {
	if len(ids) == 0 {
		return ""
	}
	return " and " + names(ids) + " learners"
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

// meaning says what something that was done means to Raft, and where that is written.
func (s *Session) meaning(a *lab.Action) (why, section string) {
	means := deedWhy[a.Do]
	switch {
	case joins(a, s.size()):
		means = deedWhy[lab.Mend]
	case a.Do == lab.Rules && len(a.Off) == 0:
		return "", ""
	case a.Do == lab.Rules && len(s.line.World.Modified()) == 0:
		return "Figure 2 does not have what is off now: this is the Raft of the figure.", "Figure 2"
	}
	return means.why, means.section
}

// deedWhy says of a deed what it means to Raft.
var deedWhy = map[lab.Deed]struct{ why, section string }{
	lab.Crash:       {"Servers may stop and come back. What they promised is on their disks, so a restart breaks no promise.", "§5.5"},
	lab.PowerLoss:   {"A promise counts only once it is on the disk: that is why replies wait for it.", "Figure 2"},
	lab.Wipe:        {"Raft does not survive this in a voter: it could vote twice in a term, or forget what it said that it stores.", "Figure 2"},
	lab.Restart:     {"It is the same server: its term, its vote and its log are those that it wrote down.", "§5.5"},
	lab.Pause:       {"To the others it looks like a crash. It does not know that time passes.", "§5.5"},
	lab.Clock:       {"Safety does not depend on clocks; how quickly a leader is found does.", "§5.6"},
	lab.Cut:         {"What is under way there is lost, and so is what is sent from now on. Raft must live with that.", "§5.5"},
	lab.Partition:   {"Only the side with a majority of the servers can elect a leader and commit.", "§5.2"},
	lab.Mend:        {"What is sent from now on arrives. Whoever missed something is told it by the leader's next AppendEntries.", "§5.3"},
	lab.Network:     {"Raft needs messages to take much less time than an election timeout; it is safe at any speed.", "§5.6"},
	lab.Hold:        {"Messages may be delayed for any time. What is late must do no harm.", "§5.5"},
	lab.Campaign:    {"It begins an election, as it would after hearing nobody for an election timeout.", "§5.2"},
	lab.Transfer:    {"The leader brings another server up to date and tells it to hold an election at once.", "thesis 3.10"},
	lab.Reconfigure: {"If more than one voter comes or goes, it takes two steps, so that never two majorities decide apart.", "§6"},
	lab.Compact:     {"The state of the state machine stands for all the commands that led to it.", "§7"},
	lab.Align:       {"Servers that campaign at the same moment split the vote. Random timeouts make that rare.", "§5.2"},
	lab.Spread:      {"The server whose timer ends first has the time to be elected before another one tries.", "§5.2"},
	lab.EditFrame:   {"Raft trusts what servers say: it makes no promise if messages are forged.", "§2"},
	lab.InjectFrame: {"Raft trusts what servers say: it makes no promise if messages are forged.", "§2"},
	lab.Rules:       {"A server that does not keep a rule is not a Raft server any more. See what breaks.", ""},
}

// ms is a time in µs as people read it.
func ms(micros int64) float64 { return float64(micros) / 1000 }
