package blackbox

import "raftplayground/raft"

// settings are drawn once for each world. Every world has only some of the faults, and some of those often:
// if all worlds had all faults, common failures would hide rare ones.
type settings struct {
	size, voters        int // servers in all, and the first voters among them, 1 and up
	min, max, heartbeat int // ticks
	drift               int // Options.LeaseDrift
	off                 raft.RuleSet
	figure2             bool // Extensions are off
	entries, inFlight   int  // Options.MaxEntries, MaxInFlight
	bytes, uncommitted  int  // Options.MaxBytes, MaxUncommitted
	chunk, chunks       int  // Options.MaxChunk, and of how many chunks a snapshot consists at most
	grid                int  // snapshots end at multiples of it: several servers have one of the same state
	eager               bool
	deeds               [deeds]int // the weight of each
	pause               instant    // between two deeds, at most
	length              instant    // of the faults
	climate             [ways]int  // the weight of each kind of one-way time
	loss, double, late  int        // percent of the messages, on links that have such faults
	proposals, reads    int        // percent of the clients' steps
	lazy                int        // percent of the inputs after which Output is called late
}

func (w *world) drawSettings() settings {
	s := settings{voters: 1 + w.upTo(4), min: 4 + w.upTo(16), drift: w.upTo(2)}
	if s.voters == 1 && w.chance(70) {
		s.voters = 3
	}
	if w.chance(5) {
		s.min = 150
	}
	s.size = s.voters + w.upTo(2)
	s.max = 2*s.min + w.upTo(s.min)
	s.heartbeat = 1 + w.upTo(s.min/2-1)
	s.drift = min(s.drift, s.min-1)
	s.entries, s.inFlight = w.limits()
	s.bytes = w.pick(0, 1, 40, 200)
	s.uncommitted = w.pick(0, 0, 5, 40)
	s.chunk, s.chunks = w.pick(32, 50, 100, 1000), 1+w.upTo(6)
	s.grid = w.pick(1, 4, 8, 16)
	s.eager = w.chance(50)
	if w.chance(10) {
		s.figure2, s.off = true, raft.Extensions
	}
	for i := range s.deeds {
		if w.chance(50) {
			s.deeds[i] = 1 + w.upTo(9)
		}
	}
	if s.figure2 {
		s.deeds[reconfigure] = 0 // without loyalty, servers that were removed disturb the others for ever (§6)
	}
	s.pause = instant(1+w.upTo(4*s.min)) * tick
	if s.length = instant((30+w.upTo(60))*s.min) * tick; s.min == 150 {
		s.length /= 4
	}
	s.climate = w.drawClimate()
	s.loss, s.double, s.late = w.pick(0, 0, 5, 20), w.pick(0, 0, 10, 30), w.pick(0, 1, 5, 20)
	s.proposals, s.reads = w.pick(5, 5, 20, 60), w.pick(0, 5, 30, 90)
	s.lazy = w.pick(0, 0, 10, 50)
	return s
}

// drawClimate weighs the kinds of one-way times. Most worlds have mostly short ones, among which a few long
// ones do the most harm.
func (w *world) drawClimate() (c [ways]int) {
	for i := range c {
		if w.chance(50) {
			c[i] = 1 + w.upTo(3)
		}
	}
	if w.chance(80) {
		c[w.upTo(2)] += 10
	} else {
		c[w.upTo(ways-1)]++
	}
	return c
}

func (w *world) limits() (entries, inFlight int) {
	entries = w.pick(0, 1, 2, 8)
	if entries == 0 || w.chance(30) {
		return entries, 0
	}
	return entries, entries * (1 + w.upTo(4))
}

func (w *world) pick(of ...int) int { return of[w.random.IntN(len(of))] }

// options are those of one life of a server.
func (s *server) options() raft.Options {
	w, of := s.w, &s.w.settings
	o := raft.Options{ID: s.id, ElectionTicksMin: of.min, ElectionTicksMax: of.max, HeartbeatTicks: of.heartbeat,
		Seed: w.random.Uint64(), LeaseDrift: of.drift, FirstElapsed: w.pick(0, 0, 50, 99), MaxEntries: of.entries,
		MaxBytes: of.bytes, MaxUncommitted: of.uncommitted, MaxChunk: of.chunk, MaxInFlight: of.inFlight,
		Off: of.off, EagerCommit: of.eager}
	if int(s.id) <= of.voters {
		for id := range raft.ServerID(of.voters) {
			o.Voters = append(o.Voters, id+1)
		}
	}
	if w.chance(50) {
		o.Readable = s.readable
	}
	s.narrow = false
	if w.calm || of.deeds[narrow] == 0 {
		return o
	}
	switch w.upTo(3) { // a server that takes no snapshot must not harm the others
	case 0:
		s.narrow, o.MaxSnapshot = true, 1+w.upTo(2*of.chunk)
	case 1:
		s.narrow, o.Readable = true, func([]byte) bool { return false }
	}
	return o
}
