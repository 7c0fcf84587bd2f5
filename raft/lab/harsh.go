package lab

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"raftplayground/raft"
)

// Harsh makes a run from a seed in a world that is as harsh as real ones are: 8 s in which networks, disks,
// clocks, hosts and operators do what the package comment lists, then healing, then a time in which every
// client must be served. Healed is not calm: a message may take as long as an election timeout allows, each
// direction its own time, strays go on arriving, and a server's disk may hang for ever. With all rules on
// nothing may be violated and no server stuck.
func Harsh(seed uint64) Run {
	h := harsh{chaos: chaos{random: rand.New(stream(seed, streamHarsh, 0, 0))}}
	h.drawWorld()
	h.faults()
	h.heal()
	h.ask()
	slices.SortStableFunc(h.actions, func(a, b Action) int { return cmp.Compare(a.At, b.At) })
	return Run{Version: Version, Config: h.config, Seed: seed, Actions: h.actions}
}

// harsh draws a world and its actions.
type harsh struct {
	chaos
	h      *Harshness // of config
	rivals bool       // the world is about leaders that do not know of each other
	way    int64      // a message's time when healed, on average of the two directions of a link
}

// drawWorld draws the config.
func (h *harsh) drawWorld() {
	c := &h.config
	c.Harsh = &Harshness{}
	h.h = c.Harsh
	c.Servers = one(h, 3, 3, 3, 5, 5, 4, 2, 7, 1)
	c.Reads = one(h, "log", "readIndex", "readIndex", "lease", "lease")
	c.JSON = h.in(2)
	c.Clients, c.Keys = one(h, 0, 2, 4, 6), one(h, 2, 4, 30)
	c.Think, c.Patience = one[int64](h, 50, 100, 400)*millisecond, 2*second
	c.CompactAfter = one(h, 0, 4, 10, 40)
	if h.in(4) {
		c.ElectionMin, c.ElectionMax = 400*millisecond, one[int64](h, 800, 1600)*millisecond
	}
	if h.in(3) && c.Servers > 1 {
		c.Voters = c.Servers
		c.Servers = min(c.Servers+1+h.random.IntN(2), MaxServers)
	}
	switch h.random.IntN(8) {
	case 0:
		c.Off = raft.Extensions.IDs()
	case 1:
		c.Off = []string{raft.Rules[raft.PreVote].ID}
	}
	if h.in(2) {
		h.h.Stray, h.h.StrayFor = one(h, 0.02, 0.2), one[int64](h, 1, 5, 20)*second
	}
	h.h.OwnOrder = h.in(2)
	if h.in(5) {
		h.rivalry()
	}
	c.Chaos, c.Heal, h.h.Serve = 8*second, 8*second, 3*second
	h.drawWays()
	h.drawSnapshots()
}

// drawWays draws how long messages and disks take when nothing is wrong. A round trip with a write in
// between takes less than the shortest election timeout, by however little: beyond it no Raft can promise to
// elect a leader (§5.6). Servers that do not ask before they raise their term depose each other in such long
// elections: with those it takes less than half of the timeout.
func (h *harsh) drawWays() {
	c := &h.config
	c.Disk = one[int64](h, 0, 0, 2, 20) * millisecond
	if h.in(3) {
		h.h.SendLag, h.h.SavedLag = h.random.Int64N(5*millisecond), h.random.Int64N(20*millisecond)
	}
	least := c.ElectionMin
	if least == 0 {
		least = 150 * millisecond
	}
	room := least - c.Disk - h.h.SavedLag - 2*h.h.SendLag - 3*millisecond
	c.Jitter = one(h, 0, h.random.Int64N(room/8))
	h.way = (room - 2*c.Jitter) / 2
	if len(c.Off) > 0 {
		h.way /= 2
	}
	switch h.random.IntN(5) {
	case 0:
		h.way, c.Jitter = 0, 0
	case 1, 2:
		h.way = h.random.Int64N(min(h.way, 12*millisecond))
	case 3:
		h.way = h.random.Int64N(h.way)
	}
	if h.rivals {
		h.way, c.Jitter, c.Disk = h.random.Int64N(one[int64](h, 2, 10)*millisecond), 0, 0
	}
	c.Latency = h.way
}

// drawSnapshots draws what snapshots are like: in many chunks, but sent within a second or so, since a
// server that lags would otherwise never catch up with one that compacts often; and now and then a server
// has no room for one.
func (h *harsh) drawSnapshots() {
	c := &h.config
	if h.in(2) {
		state := 10*c.Keys + 15*(burstKeys+60) // bytes, about: 60 keys for what rivals write
		each := 2*(h.way+c.Jitter+h.h.SendLag) + c.Disk + h.h.SavedLag + 10*millisecond
		h.h.MaxChunk = max(4, state/int(1+min(40, second/each)))
	}
	if h.in(12) && c.Servers >= 3 && c.Voters == 0 && !h.rivals {
		h.h.Room, c.Reads, c.CompactAfter, c.Keys = 20, "log", 4, 30
		c.Latency = 500 + h.random.Int64N(millisecond)
		h.way, c.Jitter = c.Latency, 0
	}
}

// faults draws what goes wrong until the end of the chaos: only some kinds, which then happen often.
func (h *harsh) faults() {
	faults := []func(at, end int64){
		h.crash, h.pause, h.cut, h.partition, h.network, h.clock, h.slowDisk, h.hold, h.trap, h.transfer,
		h.frames, h.failDisk,
		h.flicker, h.flicker, h.ways, h.ways, h.hang, h.inputs}
	if h.h.Room == 0 {
		faults = append(faults, h.burst, h.burst, h.chunks, h.chunks, h.lose, h.usurp, h.relapse)
		if !slices.Contains(h.config.Off, raft.Rules[raft.LeaderLoyalty].ID) { // see Draw
			faults = append(faults, h.reconfigure, h.learn, h.learn)
		}
	}
	h.random.Shuffle(len(faults), func(i, k int) { faults[i], faults[k] = faults[k], faults[i] })
	faults = faults[:1+h.random.IntN(5)]
	gap := one[int64](h, 150, 400, 1000) * millisecond
	if h.rivals {
		faults, gap = []func(at, end int64){h.usurp, h.relapse, h.unsettle, faults[0]}[:3+h.random.IntN(2)], second
	}
	for at := h.exponential(300 * millisecond); at < h.config.Chaos; at += h.exponential(gap) {
		end := min(at+h.exponential(600*millisecond), h.config.Chaos)
		faults[h.random.IntN(len(faults))](at, end)
	}
	h.actions = slices.DeleteFunc(h.actions, func(a Action) bool { return a.At > h.config.Chaos })
}

// heal ends the chaos, except for what no healing ends: each direction of each link may have a time of its
// own, and a disk may hang for ever.
func (h *harsh) heal() {
	c := &h.config
	h.add(Action{At: c.Chaos, Do: Heal})
	if h.in(2) {
		for a := range c.Servers {
			for b := range a {
				there := h.random.Int64N(2*h.way + 1)
				h.direct(c.Chaos, a+1, b+1, &Link{Latency: there, Jitter: min(c.Jitter, there)})
				h.direct(c.Chaos, b+1, a+1, &Link{Latency: 2*h.way - there, Jitter: min(c.Jitter, 2*h.way-there)})
			}
		}
	}
	if h.in(3) && len(c.Off) == 0 && h.h.Room == 0 {
		at := c.Chaos + second + h.random.Int64N(second)
		h.add(Action{At: at, Do: SlowDisk, Server: h.victim(), Hang: true, Careful: true})
		// A leader notices at its next write that its disk hangs.
		h.add(Action{At: c.Chaos + 3*second, Do: Put, Key: "k0", Value: "healed"})
	}
}

func (h *harsh) direct(at int64, from, to int, l *Link) {
	h.add(Action{At: at, Do: Network, Server: raft.ServerID(from), To: raft.ServerID(to), Link: l})
}

// ask lets clients make every request that must then be served, faster than answers can come.
func (h *harsh) ask() {
	c := &h.config
	from := c.Chaos + c.Heal
	h.add(Action{At: from + millisecond, Do: Put, Key: "k0", Value: "served"})
	if h.h.Room == 0 && h.in(2) {
		h.readsAt(from+h.random.Int64N(second), 0, 40+h.random.IntN(60))
	}
}

// burstKeys is how many keys bursts write to.
const burstKeys = 20

// burst lets clients read, and now and then write, at one server, faster than a message gets there and back.
func (h *harsh) burst(at, _ int64) { h.readsAt(at, h.victim(), 10+h.random.IntN(50)) }

// readsAt asks for reads of all kinds, by lease only where clocks run as leases assume.
func (h *harsh) readsAt(at int64, server raft.ServerID, count int) {
	kinds := []string{"log", "readIndex", "local", "readIndex"}
	if h.config.Reads == "lease" {
		kinds = append(kinds, "lease", "lease")
	}
	if h.in(2) {
		kinds = kinds[h.random.IntN(len(kinds)):][:1]
	}
	gap := one[int64](h, 100, 1000, 3000)
	for range count {
		at += 1 + h.random.Int64N(2*gap)
		key := h.random.Int64N(int64(h.config.Keys))
		a := Action{At: at, Do: Get, Server: server, Key: "k" + decimal(key), Read: one(h, kinds...)}
		if h.in(12) {
			// Few to a key: many unanswered writes make its history hard to judge.
			a.Do, a.Read, a.Key, a.Value = Put, "", "b"+decimal(at%burstKeys), decimal(at)
		}
		h.add(a)
	}
}

// flicker lets a server restart again and again, each time before what it has sent arrives.
func (h *harsh) flicker(at, end int64) {
	victim := h.victim()
	for range 1 + h.random.IntN(4) {
		do := one(h, Crash, PowerLoss)
		h.add(Action{At: at, Do: do, Server: victim, Down: h.exponential(one[int64](h, 1, 10, 50) * millisecond)})
		at += h.exponential(200 * millisecond)
	}
}

// ways gives each direction of each link a time of its own, from none to far beyond an election timeout, and
// then another.
func (h *harsh) ways(at, end int64) {
	for step := at; step < end; step += h.exponential(500 * millisecond) {
		for a := range h.config.Servers {
			for b := range h.config.Servers {
				if a != b && h.in(2) {
					l := &Link{Latency: h.anyTime(), Jitter: one(h, 0, h.anyTime()/4), Reorder: one(h, 0, 0.3)}
					h.direct(step, a+1, b+1, l)
				}
			}
		}
	}
	h.add(Action{At: end, Do: Network, Link: h.calm()})
}

// anyTime draws a time up to 3 s, often zero, small ones as often as large ones.
func (h *harsh) anyTime() int64 {
	if h.in(4) {
		return 0
	}
	return int64(float64(millisecond) * math.Pow(3000, h.random.Float64()))
}

// hang keeps a disk from finishing anything for a while.
func (h *harsh) hang(at, end int64) {
	victim := h.victim()
	when := one[Moment](h, "", "leader", "propose", "append", "vote")
	h.add(Action{At: at, Do: SlowDisk, Server: victim, Hang: true, When: when})
	h.undo(victim, Action{At: end, Do: SlowDisk, Disk: h.config.Disk})
}

// inputs gives servers every input that an operator can give, at any moment.
func (h *harsh) inputs(at, _ int64) {
	for range 1 + h.random.IntN(6) {
		at += h.exponential(one[int64](h, 1, 30, 200) * millisecond)
		a := Action{At: at, Do: one(h, Campaign, Campaign, Transfer, Compact, Spread, Align), Server: h.victim()}
		if a.Do == Transfer && h.in(2) {
			a.To = h.anybody()
		}
		h.add(a)
	}
}

// chunks leaves a server so far behind that it needs a snapshot, and lets something happen at one of its
// chunks.
func (h *harsh) chunks(at, end int64) {
	victim := h.anybody()
	h.add(Action{At: at, Do: Partition, Servers: []raft.ServerID{victim}})
	back := at + 100*millisecond + h.exponential(300*millisecond)
	for range 3 {
		write := at + h.random.Int64N(back-at)
		h.add(Action{At: write, Do: Put, Key: "b" + decimal(h.random.Int64N(burstKeys)),
			Value: decimal(h.random.Int64N(1 << 20))})
		h.add(Action{At: at + h.random.Int64N(back-at), Do: Compact, Server: h.victim()})
	}
	for id := range h.config.Servers {
		h.add(Action{At: back, Do: Compact, Server: raft.ServerID(id + 1)})
	}
	h.add(Action{At: back, Do: Partition, Servers: h.everybody()})
	for range 1 + h.random.IntN(3) {
		a := Action{At: at, When: "snapshotSent", Skip: h.random.IntN(12)}
		a.Do = one(h, Crash, PowerLoss, Compact, Transfer, Partition, Cut)
		if a.Do == Crash || a.Do == PowerLoss {
			a.Down = h.exponential(50 * millisecond)
		}
		h.add(a)
	}
	if h.in(2) {
		crash := back + h.exponential(100*millisecond)
		h.add(Action{At: crash, Do: one(h, Crash, PowerLoss), Server: victim, Down: h.exponential(20 * millisecond)})
	}
	if h.in(2) {
		h.add(Action{At: back + h.exponential(100*millisecond), Do: Campaign, Server: h.anybody()})
	}
	h.add(Action{At: max(end, back), Do: Partition, Servers: h.everybody()})
}

// learn makes a server that is down a learner.
func (h *harsh) learn(at, end int64) {
	learner := h.anybody()
	h.add(Action{At: at, Do: Crash, Server: learner})
	voters := slices.DeleteFunc(h.everybody(), func(id raft.ServerID) bool { return id == learner || h.in(4) })
	if len(voters) > 0 {
		change := Action{At: at, Do: Reconfigure, Servers: voters, Learners: []raft.ServerID{learner}, Careful: true}
		h.add(change)
		change.At += h.exponential(100 * millisecond)
		h.add(change)
	}
	if h.in(2) {
		h.add(Action{At: end, Do: Restart, Server: learner})
	}
}

func (h *harsh) everybody() (all []raft.ServerID) {
	for id := range h.config.Servers {
		all = append(all, raft.ServerID(id+1))
	}
	return all
}

// in returns true once in so many times, by chance.
func (h *harsh) in(times int) bool { return h.random.IntN(times) == 0 }

// one draws one of several values.
func one[T any](h *harsh, of ...T) T { return of[h.random.IntN(len(of))] }
