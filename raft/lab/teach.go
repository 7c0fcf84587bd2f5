package lab

import (
	"cmp"
	"errors"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/explain"
)

// actOnRules switches rules in the running servers; those that start later get the same.
func (w *World) actOnRules(a *Action) {
	off, _ := rulesOff(a.Off) // checked
	w.off = off
	w.unruly = w.unruly || off&^raft.Extensions != 0
	for _, m := range w.machines {
		if m.server != nil {
			m.server.SwitchOff(off)
		}
	}
}

// actOnTimers sets election timers. Those of paused servers stay.
func (w *World) actOnTimers(a *Action) error {
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
	if len(waiting) == 0 {
		return errNoTimer
	}
	return nil
}

var errNoTimer = errors.New("lab: no server waits for a leader")

// noTimer says why no election timer can be set, empty if one can.
func noTimer(w *World, _ *Action, _ *machine) string {
	for _, m := range w.machines {
		if m.server == nil || m.paused {
			continue
		}
		if m.server.Node().Status(&w.status); w.status.Role != raft.Leader {
			return ""
		}
	}
	return explain.Sentence(bare(errNoTimer))
}
