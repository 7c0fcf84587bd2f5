package lab

import (
	"cmp"
	"slices"

	"raftplayground/raft"
)

// Deeds that show what a rule or a timer is for.
const (
	Rules Deed = "rules" // from now on no server keeps the rules Off, and every server all others
	// the election timers of all who do not lead are set evenly apart, in the order in which they would have run out
	Spread Deed = "spread"
	Align  Deed = "align" // … are set to run out at the same moment, when the last of them would have
)

// actOnRules switches rules in the running servers; those that start later are the same.
func (w *World) actOnRules(a *Action) bool {
	off, err := rulesOff(a.Off)
	if err != nil {
		return false // Action.check has refused it
	}
	w.off = off
	w.unruly = w.unruly || off&^raft.Extensions != 0
	for _, m := range w.machines {
		if m.server != nil {
			m.server.SwitchOff(off)
		}
	}
	return true
}

// actOnTimers sets election timers. Those of paused servers stay.
func (w *World) actOnTimers(a *Action) bool {
	var waiting []*machine
	left := func(m *machine) int {
		m.server.Node().Status(&w.status)
		return w.status.Timeout - w.status.Elapsed
	}
	last := 0
	for _, m := range w.machines {
		if m.server == nil || m.paused {
			continue
		}
		w.live(m)
		if m.server.Node().Status(&w.status); w.status.Role != raft.Leader {
			waiting = append(waiting, m)
			last = max(last, left(m))
		}
	}
	slices.SortStableFunc(waiting, func(a, b *machine) int { return cmp.Compare(left(a), left(b)) })
	longest := 300
	if most := int(w.run.Config.ElectionMax / tick); most > 0 {
		longest = most
	}
	for i, m := range waiting {
		ticks := last
		if a.Do == Spread {
			ticks = longest * (i + 1) / len(waiting)
		}
		m.server.SetTimer(ticks)
		w.settle(m)
	}
	return len(waiting) > 0
}
