package lab

import (
	"raftplayground/raft"
	"raftplayground/relay/hub"
)

// View is what can be drawn of the world beside the servers' own state: the network between them and the machines under them. Times are microseconds of
// cluster time.
type View struct {
	Now      int64
	Frames   []hub.Flight // under way between servers, see Hub.Flights for their order; those of clients travel without delay
	Links    []hub.Link   // every direction, first by sender, then by receiver
	Machines []Machine    // of servers 1, 2, …
}

// Machine is what a server runs on.
type Machine struct {
	Server raft.ServerID
	State  MachineState
	Life   uint64  // how often it has been started
	Rate   float64 // of its clock: seconds that it counts in a second of cluster time

	// Elapsed and Timeout are the server's timer, as long as they are by cluster time at Rate: how long ago it was reset, and after how long it runs out; of a
	// leader its heartbeat timer. A paused server's stands still. Both are 0 if it is down.
	Elapsed int64
	Timeout int64

	Restart int64  // of one that is down: when it starts by itself; 0: it does not
	Inbox   int    // frames that wait for a paused server
	Writes  int    // operations that its disk has not completed
	Disk    int64  // the longest that one takes
	Damage  string // of one that is Damaged: what is wrong with its disk, as an error says it
}

// MachineState says whether a server runs.
type MachineState uint8

const (
	Running MachineState = iota
	Paused
	Down
	Damaged // down, and it does not start with what its disk holds
)

// String returns the state in one word: "running", "paused", "down" or "damaged".
func (s MachineState) String() string {
	return [...]string{"running", "paused", "down", "damaged"}[s]
}

// View fills a View with what is now. Its slices are the caller's, and used again: a View that is passed again and again costs no memory. The bytes of
// the frames are read-only, and may be kept.
func (w *World) View(v *View) {
	v.Now = w.now
	v.Frames = w.hub.Flights(v.Frames[:0])
	v.Links = w.hub.Links(v.Links[:0])
	v.Machines = v.Machines[:0]
	for _, m := range w.machines {
		v.Machines = append(v.Machines, w.viewMachine(m))
	}
}

func (w *World) viewMachine(m *machine) Machine {
	v := Machine{Server: m.id, Life: m.life, Rate: float64(m.clock.rate) / 1e6, Inbox: len(m.inbox), Writes: len(m.disk.waiting), Disk: m.disk.longest}
	untold := m.behind // the server was last told of the time when something last happened in it
	switch {
	case m.damage != nil:
		v.State, v.Damage = Damaged, m.damage.Error()
		return v
	case m.server == nil:
		v.State = Down
		if m.wake != never {
			v.Restart = m.wake
		}
		return v
	case m.paused:
		v.State = Paused
	default:
		untold = m.clock.exact(w.now) - m.ticked*1e6
	}
	m.server.Node().Status(&w.status)
	v.Timeout = m.clock.lasts(int64(w.status.Timeout) * 1e6)
	v.Elapsed = min(m.clock.lasts(int64(w.status.Elapsed)*1e6+untold), v.Timeout)
	return v
}

// lasts returns how long the clock takes to count so many millionths of a tick at its rate, in µs of cluster time.
func (d *drift) lasts(ticks int64) int64 {
	return int64(float64(ticks) * float64(tick) / float64(d.rate))
}
