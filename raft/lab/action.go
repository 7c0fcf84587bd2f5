package lab

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/relay/hub"
)

// act does an action, if it applies, or sets it as a trap.
func (w *World) act(a *Action) {
	if a.When != "" {
		w.trapped++
		w.traps = append(w.traps, Trap{w.trapped, *a})
		w.news.deed(w.about(a))
		return
	}
	var did bool
	about := w.about(a)
	switch a.Do {
	case Cut, Mend, Partition, Network, Hold, Release:
		did = w.actOnNetwork(a)
	case HoldFrame, ReleaseFrame, DropFrame, DeliverFrame, DuplicateFrame, EditFrame, InjectFrame:
		did = w.actOnFrame(a)
	case Reconfigure, Transfer, Compact, Campaign:
		did = w.askServer(a, w.concerned(a.Server))
	case SlowDisk, FailDisk, FillDisk, FreeDisk, FlipBit:
		did = w.actOnDisk(a, w.concerned(a.Server))
	case Heal:
		w.heal()
		did = true
	case Rules:
		did = w.actOnRules(a)
	case Spread, Align:
		did = w.actOnTimers(a)
	case Put, Get, Delete, CompareAndSwap:
		did = w.actAsClient(a)
	case Disarm:
		did = w.disarm(a.Trap)
	default:
		did = w.actOnServer(a, w.concerned(a.Server))
	}
	if did {
		w.Faults.Deeds[a.Do]++
		w.news.deed(about)
	}
}

// spring takes the traps that an event at a server sets off. What they do waits until all is done that the same
// input led to.
func (w *World) spring(m *machine, e *raft.Event) {
	for i := 0; i < len(w.traps); i++ {
		t := w.traps[i].Action
		if Moments[t.When] != e.Kind || t.Server != 0 && t.Server != m.id {
			continue
		}
		if t.Skip > 0 {
			w.traps[i].Action.Skip--
			continue
		}
		w.traps = slices.Delete(w.traps, i, i+1)
		i--
		t.When, t.Server = "", m.id
		w.sprung = append(w.sprung, t)
	}
}

// trap returns the trap that has this number, nil if it is not set: it was sprung, or taken away, or there
// never was one.
func (w *World) trap(number int) *Trap {
	for i := range w.traps {
		if w.traps[i].Number == number {
			return &w.traps[i]
		}
	}
	return nil
}

// disarm takes a trap away.
func (w *World) disarm(number int) bool {
	set := len(w.traps)
	w.traps = slices.DeleteFunc(w.traps, func(t Trap) bool { return t.Number == number })
	return len(w.traps) < set
}

// harm does what the traps do that were sprung.
func (w *World) harm() {
	for len(w.sprung) > 0 {
		a := w.sprung[0]
		w.sprung = w.sprung[1:]
		w.act(&a)
		w.deliver()
	}
}

// concerned returns the machine that an action names, nil if it is the leader's and there is none.
func (w *World) concerned(id raft.ServerID) *machine {
	if id == 0 {
		return w.leader()
	}
	return w.machines[id-1]
}

func (w *World) actOnServer(a *Action, m *machine) bool {
	if m == nil || (m.server == nil) != (a.Do == Restart) && a.Do != Clock || a.Careful && !w.bearable(m) {
		return false
	}
	switch a.Do {
	case Crash:
		w.stop(m, a.Down)
		m.disk.crash()
	case PowerLoss:
		w.stop(m, a.Down)
		m.disk.powerLoss()
	case Wipe:
		w.stop(m, a.Down)
		m.disk.wipe()
		m.lost = a.Careful
	case Restart:
		if m.lost {
			return false
		}
		w.start(m)
	case Pause:
		if m.paused {
			return false
		}
		m.paused, m.behind = true, m.clock.exact(w.now)-m.ticked*1e6
	case Resume:
		if !m.paused {
			return false
		}
		w.resume(m)
	case Clock:
		w.setClock(m, a.Rate)
	}
	return true
}

// askServer asks a running server to do something that it may refuse.
func (w *World) askServer(a *Action, m *machine) bool {
	if m == nil || m.server == nil || m.paused || a.Careful && !w.affordable(a.Servers) {
		return false
	}
	w.live(m)
	var err error
	switch a.Do {
	case Campaign:
		m.server.Campaign()
	case Compact:
		err = m.server.Compact()
	case Transfer:
		err = m.server.Transfer(w.successor(a.To, m))
	case Reconfigure:
		err = m.server.Reconfigure(w.configuration(a, m))
	}
	w.settle(m)
	return err == nil
}

// actOnDisk does something to the disk of a server, whether it runs or not.
func (w *World) actOnDisk(a *Action, m *machine) bool {
	if m == nil {
		return false
	}
	d := m.disk
	switch a.Do {
	case SlowDisk:
		if a.Careful && !w.bearable(m) {
			return false
		}
		d.longest, d.hung = a.Disk, a.Hang
	case FailDisk:
		if m.server == nil {
			return false
		}
		d.fails, m.repair = true, a.Down
	case FillDisk:
		d.full, m.repair = true, a.Down
	case FreeDisk:
		d.full = false
	case FlipBit:
		return (!a.Careful || w.bearable(m)) && d.flip()
	}
	return true
}

// setClock changes how fast a machine's clock runs; what it would have done until now it has done.
func (w *World) setClock(m *machine, rate float64) {
	running := m.server != nil && !m.paused
	if running {
		w.live(m)
	}
	m.clock.setRate(w.now, rate)
	if running {
		w.settle(m)
	}
}

func (w *World) actOnNetwork(a *Action) bool {
	switch {
	case a.Do == Network:
		w.between(a.Server, a.To, hub.LinkChange{Conditions: a.Link.conditions()})
		return true
	// who leads, if anybody does, is nothing to a cut between two sides that are named
	case a.Do == Partition && len(a.Servers) > 0:
		w.partition(a.Servers)
		return true
	}
	m := w.concerned(a.Server)
	if m == nil {
		return false
	}
	from := m.id
	switch a.Do {
	case Cut:
		w.between(from, a.To, hub.LinkChange{Up: &no})
	case Mend:
		w.between(from, a.To, hub.LinkChange{Up: &yes})
	case Hold:
		w.between(from, a.To, hub.LinkChange{Hold: &yes})
	case Release:
		w.between(from, a.To, hub.LinkChange{Hold: &no})
	case Partition:
		w.partition([]raft.ServerID{from})
	}
	return true
}

// heal ends all faults: of the network, of clocks and disks, of servers.
func (w *World) heal() {
	w.traps, w.sprung = nil, nil
	w.calmNetwork()
	for _, m := range w.machines {
		if m.server != nil && m.disk.erred {
			w.stop(m, 0) // it cannot go on
			m.disk.crash()
		}
		m.disk.longest, m.disk.full, m.disk.hung = w.run.Config.Disk, false, false
		m.disk.revive()
		w.setClock(m, 1)
		switch {
		case m.server == nil && m.whole():
			w.start(m)
		case m.paused:
			w.resume(m)
		}
	}
}
