package lab

import "raftplayground/raft"

// act does an action, if it applies, or sets it as a trap.
func (w *World) act(a *Action) {
	if a.When != "" {
		w.traps = append(w.traps, *a)
		return
	}
	var did bool
	switch a.Do {
	case Cut, Mend, Partition, Network, Hold, Release:
		did = w.actOnNetwork(a)
	case Heal:
		w.heal()
		did = true
	case Put, Get, Delete:
		did = w.actAsClient(a)
	default:
		did = w.actOnServer(a, w.concerned(a.Server))
	}
	if did {
		w.Faults.Deeds[a.Do]++
	}
}

// spring takes the traps that an event at a server sets off. What they do waits until all is done that the same input led to.
func (w *World) spring(m *machine, e *raft.Event) {
	for i := 0; i < len(w.traps); i++ {
		t := w.traps[i]
		if Moments[t.When] != e.Kind || t.Server != 0 && t.Server != m.id {
			continue
		}
		w.traps = append(w.traps[:i], w.traps[i+1:]...)
		i--
		t.When, t.Server = "", m.id
		w.sprung = append(w.sprung, t)
	}
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
	if m == nil || (m.server == nil) != (a.Do == Restart) && a.Do != SlowDisk && a.Do != Clock {
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
	case Restart:
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
	case SlowDisk:
		m.disk.longest = a.Disk
	case Campaign:
		if m.paused {
			return false
		}
		w.live(m)
		m.server.Campaign()
		w.settle(m)
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
	if a.Do == Network {
		w.between(a.Server, a.To, a.Link.setting())
		return true
	}
	m := w.concerned(a.Server)
	if m == nil {
		return false
	}
	from := m.id
	switch a.Do {
	case Cut:
		w.between(from, a.To, `"up":false`)
	case Mend:
		w.between(from, a.To, `"up":true`)
	case Hold:
		w.between(from, a.To, `"hold":true`)
	case Release:
		w.between(from, a.To, `"hold":false`)
	case Partition:
		side := a.Servers
		if len(side) == 0 {
			side = []raft.ServerID{from} // whoever leads is alone
		}
		w.partition(side)
	}
	return true
}

// heal ends all faults: of the network, of clocks and disks, of servers.
func (w *World) heal() {
	w.traps, w.sprung = nil, nil
	w.calmNetwork()
	for _, m := range w.machines {
		m.disk.longest = w.run.Config.Disk
		w.setClock(m, 1)
		switch {
		case m.server == nil:
			w.start(m)
		case m.paused:
			w.resume(m)
		}
	}
}
