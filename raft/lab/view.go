package lab

import (
	"raftplayground/raft"
	"raftplayground/relay/hub"
)

// View is what can be drawn of the world besides the servers' own state: the network between them and the
// machines under them. Times are microseconds of cluster time.
type View struct {
	Now int64
	// under way between servers, see Hub.Flights for their order; those of clients travel without delay
	Frames   []hub.Flight
	Links    []hub.Link // every direction, first by sender, then by receiver
	Machines []Machine  // of servers 1, 2, …
}

// Machine is what a server runs on.
type Machine struct {
	Server raft.ServerID
	State  MachineState
	Life   uint64  // how often it has been started
	Rate   float64 // of its clock: seconds that it counts in a second of cluster time

	// Elapsed and Timeout describe the server's timer, in cluster time at Rate: how long ago it was reset,
	// and after how long it runs out; a leader's is its heartbeat timer. A paused server's stands still.
	// Both are 0 if the server is down.
	Elapsed int64
	Timeout int64

	Restart int64  // of one that is down: when it starts by itself; 0: it does not
	Inbox   int    // frames that wait for a paused server
	Disk    int64  // the longest that a write takes
	Failure string // why the disk stopped the server, or kept it from starting; else empty
	Full    bool   // its disk is
}

// MachineState says whether a server runs.
type MachineState uint8

const (
	Running MachineState = iota
	Paused
	Down
	Damaged // down, and it does not start: what its disk holds is not what it wrote
)

// String returns the state in one word: "running", "paused", "down" or "damaged".
func (s MachineState) String() string {
	return [...]string{"running", "paused", "down", "damaged"}[s]
}

// View fills a View with the present state. Its slices are the caller's and are used again, so that filling
// a View again costs no memory. The bytes of the frames are read-only, and may be kept.
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
	v := Machine{Server: m.id, Life: m.life, Rate: float64(m.clock.rate) / 1e6, Inbox: len(m.inbox),
		Disk: m.disk.longest, Full: m.disk.full}
	if m.failure != nil {
		v.Failure = m.failure.Error()
	}
	if v.State = m.state(); m.server == nil {
		if v.State == Down && m.wake != never {
			v.Restart = m.wake
		}
		return v
	}
	untold := m.untold(w.now)
	m.server.Node().Status(&w.status)
	v.Timeout = m.clock.lasts(int64(w.status.Timeout) * 1e6)
	v.Elapsed = min(m.clock.lasts(int64(w.status.Elapsed)*1e6+untold), v.Timeout)
	return v
}

func (m *machine) state() MachineState {
	switch {
	case m.server == nil && m.disk.flipped && m.failure != nil:
		return Damaged
	case m.server == nil:
		return Down
	case m.paused:
		return Paused
	}
	return Running
}

// untold returns how many millionths of a tick a running server's clock shows beyond what the server was
// told, which it is when something happens in it. A paused server's clock stands still.
func (m *machine) untold(now int64) int64 {
	if m.paused {
		return m.behind
	}
	return m.clock.exact(now) - m.ticked*1e6
}

// lasts returns how long the clock takes to count so many millionths of a tick at its rate, in µs of cluster time.
func (d *drift) lasts(ticks int64) int64 {
	return int64(float64(ticks) * float64(tick) / float64(d.rate))
}
