package lab

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"raftplayground/raft"
)

// Draw makes a run from a seed: faults from the start until Config.Chaos, each undone after a while, then
// Heal. The kinds of faults and their number are drawn too: a run with two kinds gets deeper into them than
// one with all (swarm testing, Groce et al. 2012). Frames are not forged, and disks are lost only with care:
// no Raft survives more. With lease reads, clocks stay within the tenth that leases assume.
func Draw(config Config, seed uint64) Run {
	r := Run{Version: Version, Config: config, Seed: seed}
	if config.Chaos <= 0 {
		return r
	}
	c := chaos{random: rand.New(stream(seed, streamChaos, 0, 0)), config: config}
	faults := []func(at, end int64){c.crash, c.crash, c.pause, c.cut, c.partition, c.partition, c.network, c.clock,
		c.slowDisk, c.hold, c.campaign, c.trap, c.trap,
		c.transfer, c.compact, c.frames, c.failDisk, c.fillDisk, c.lose}
	// without it, removed servers that do not know that they are removed depose leaders for ever (§6)
	if !slices.Contains(config.Off, raft.Rules[raft.LeaderLoyalty].ID) {
		faults = append(faults, c.reconfigure, c.reconfigure)
	}
	c.random.Shuffle(len(faults), func(i, k int) { faults[i], faults[k] = faults[k], faults[i] })
	faults = faults[:1+c.random.IntN(len(faults))]
	gap := []int64{300 * millisecond, second, 3 * second}[c.random.IntN(3)]
	for at := c.exponential(second); at < config.Chaos && len(c.actions) < MaxActions/2; at += c.exponential(gap) {
		end := min(at+c.exponential(1500*millisecond), config.Chaos)
		faults[c.random.IntN(len(faults))](at, end)
	}
	c.add(Action{At: config.Chaos, Do: Heal})
	slices.SortStableFunc(c.actions, func(a, b Action) int { return cmp.Compare(a.At, b.At) })
	r.Actions = c.actions
	return r
}

// chaos draws actions.
type chaos struct {
	random  *rand.Rand
	config  Config
	actions []Action
}

func (c *chaos) add(a Action) { c.actions = append(c.actions, a) }

// exponential draws a time ≥ 1 µs with this mean.
func (c *chaos) exponential(mean int64) int64 {
	return 1 + int64(-math.Log(1-c.random.Float64())*float64(mean))
}

// victim returns a server, or 0 for whoever leads: faults at the leader matter most.
func (c *chaos) victim() raft.ServerID {
	if c.random.IntN(3) == 0 {
		return 0
	}
	return c.anybody()
}

func (c *chaos) anybody() raft.ServerID { return raft.ServerID(1 + c.random.IntN(c.config.Servers)) }

// undo reverses a fault at its victim or, if that was whoever led then, at every server.
func (c *chaos) undo(victim raft.ServerID, a Action) {
	if a.Server = victim; victim != 0 {
		c.add(a)
		return
	}
	for id := range c.config.Servers {
		a.Server = raft.ServerID(id + 1)
		c.add(a)
	}
}

func (c *chaos) crash(at, end int64) {
	victim := c.victim()
	c.add(Action{At: at, Do: []Deed{Crash, PowerLoss}[c.random.IntN(2)], Server: victim})
	if c.random.IntN(4) == 0 { // a power failure of the room: all go down at once
		for id := range c.config.Servers {
			c.add(Action{At: at, Do: PowerLoss, Server: raft.ServerID(id + 1)})
		}
		victim = 0
	}
	c.undo(victim, Action{At: end, Do: Restart})
}

func (c *chaos) pause(at, end int64) {
	victim := c.victim()
	c.add(Action{At: at, Do: Pause, Server: victim})
	c.undo(victim, Action{At: end, Do: Resume})
}

func (c *chaos) cut(at, end int64)  { c.link(at, end, Cut, Mend) }
func (c *chaos) hold(at, end int64) { c.link(at, end, Hold, Release) }

// link does something to one direction of one link, or of all links of a server.
func (c *chaos) link(at, end int64, do, undo Deed) {
	victim, to := c.victim(), raft.ServerID(0)
	if c.random.IntN(2) == 0 {
		to = c.anybody()
	}
	c.add(Action{At: at, Do: do, Server: victim, To: to})
	c.undo(victim, Action{At: end, Do: undo, To: to})
}

// partition splits the servers in two at random, or isolates the leader.
func (c *chaos) partition(at, end int64) {
	var side, all []raft.ServerID
	for id := range c.config.Servers {
		all = append(all, raft.ServerID(id+1))
		if c.random.IntN(2) == 0 {
			side = append(side, raft.ServerID(id+1))
		}
	}
	if c.random.IntN(3) == 0 {
		side = nil
	}
	c.add(Action{At: at, Do: Partition, Servers: side})
	c.add(Action{At: end, Do: Partition, Servers: all})
}

func (c *chaos) network(at, end int64) {
	chance := func(most float64) float64 {
		if c.random.IntN(2) == 0 {
			return 0
		}
		return math.Round(c.random.Float64()*most*1000) / 1000
	}
	bad := &Link{Latency: c.random.Int64N(60 * millisecond), Jitter: c.random.Int64N(60 * millisecond),
		Loss: chance(0.4), Duplicate: chance(0.4), Reorder: chance(0.6)}
	c.add(Action{At: at, Do: Network, Link: bad})
	c.add(Action{At: end, Do: Network, Link: &Link{Latency: c.config.Latency, Jitter: c.config.Jitter}})
}

// clock lets a server's clock run up to four times too fast or too slow or, with lease reads, by as much as
// any two clocks may differ (thesis 6.4.1).
func (c *chaos) clock(at, end int64) {
	victim := c.victim()
	most := 4.0
	if c.config.Reads == "lease" {
		most = 1.045
	}
	c.add(Action{At: at, Do: Clock, Server: victim,
		Rate: math.Round(1000*math.Pow(most, 2*c.random.Float64()-1)) / 1000})
	c.undo(victim, Action{At: end, Do: Clock, Rate: 1})
}

func (c *chaos) slowDisk(at, end int64) {
	victim := c.victim()
	c.add(Action{At: at, Do: SlowDisk, Server: victim, Disk: c.random.Int64N(500 * millisecond)})
	c.undo(victim, Action{At: end, Do: SlowDisk, Disk: c.config.Disk})
}

func (c *chaos) campaign(at, _ int64) {
	c.add(Action{At: at, Do: Campaign, Server: c.anybody()})
}

func (c *chaos) transfer(at, _ int64) {
	to := raft.ServerID(0)
	if c.random.IntN(2) == 0 {
		to = c.anybody()
	}
	c.add(Action{At: at, Do: Transfer, To: to})
}

func (c *chaos) compact(at, _ int64) {
	c.add(Action{At: at, Do: Compact, Server: c.victim()})
}

// frames harms single frames, one after the other.
func (c *chaos) frames(at, end int64) {
	for range 1 + c.random.IntN(10) {
		do := []Deed{HoldFrame, ReleaseFrame, DropFrame, DeliverFrame, DuplicateFrame}[c.random.IntN(5)]
		a := Action{At: at + c.random.Int64N(end-at+1), Do: do}
		if c.random.IntN(2) == 0 {
			a.Server, a.To = c.anybody(), c.anybody()
		}
		c.add(a)
	}
}

func (c *chaos) failDisk(at, _ int64) {
	c.add(Action{At: at, Do: FailDisk, Server: c.victim(), Down: c.exponential(second)})
}

func (c *chaos) fillDisk(at, end int64) {
	victim := c.victim()
	c.add(Action{At: at, Do: FillDisk, Server: victim, Down: c.exponential(second)})
	c.undo(victim, Action{At: end, Do: FreeDisk})
	c.undo(victim, Action{At: end, Do: Restart})
}

// lose takes a server's disk away for good, or damages it so that the server will not start again; then the
// servers change, as an operator would arrange.
func (c *chaos) lose(at, end int64) {
	victim := c.victim()
	if c.random.IntN(2) == 0 {
		c.add(Action{At: at, Do: Wipe, Server: victim, Careful: true})
	} else {
		c.add(Action{At: at, Do: FlipBit, Server: victim, Careful: true})
		c.add(Action{At: at, Do: Crash, Server: victim, Down: c.exponential(100 * millisecond)})
	}
	if !slices.Contains(c.config.Off, raft.Rules[raft.LeaderLoyalty].ID) {
		c.reconfigure(at, end)
	}
}

// reconfigure makes some of the servers the cluster; now and then a single one, and later all again.
func (c *chaos) reconfigure(at, end int64) {
	alone := c.random.IntN(5) == 0
	var voters, others []raft.ServerID
	for _, i := range c.random.Perm(c.config.Servers) {
		id := raft.ServerID(i + 1)
		if len(voters) == 0 || !alone && (len(voters) == 1 || c.random.IntN(3) > 0) {
			voters = append(voters, id)
		} else {
			others = append(others, id)
		}
	}
	c.change(at, end, voters, others)
	if alone {
		c.change(end+second, end+2*second, slices.Concat(voters, others), nil)
	}
}

// change makes all of these servers learners, and the first list voters as soon as they have caught up. The
// leader is asked several times: learners may lag, another change be under way, or no leader lead.
func (c *chaos) change(at, end int64, voters, others []raft.ServerID) {
	if at > c.config.Chaos {
		return
	}
	c.add(Action{At: at, Do: Reconfigure, Learners: slices.Concat(voters, others)})
	change := Action{Do: Reconfigure, Servers: voters, Careful: true}
	if c.random.IntN(3) == 0 {
		change.Learners = others
	}
	for wait := int64(100 * millisecond); at <= end+second && at+wait < c.config.Chaos; wait *= 2 {
		at += wait
		change.At = at
		c.add(change)
	}
}

// trap makes the power or the network fail just when a server has done something that must not be forgotten.
// The server is soon back, while others still act on what it said before. On a slow disk it is likelier that
// something was not written yet.
func (c *chaos) trap(at, end int64) {
	moments := []Moment{"candidate", "leader", "vote", "append", "truncate", "propose", "commit", "configuration",
		"caughtUp", "timeoutNow", "snapshotSent", "snapshotInstalled"}
	moment := moments[c.random.IntN(len(moments))]
	if c.random.IntN(2) == 0 {
		c.slowDisk(at, end)
	}
	for range 1 + c.random.IntN(3) {
		down := c.exponential([]int64{10 * millisecond, 100 * millisecond, second}[c.random.IntN(3)])
		switch c.random.IntN(4) {
		case 0:
			c.add(Action{At: at, When: moment, Do: Crash, Down: down})
		case 1:
			c.add(Action{At: at, When: moment, Do: Cut})
			c.undo(0, Action{At: end, Do: Mend})
		default:
			c.add(Action{At: at, When: moment, Do: PowerLoss, Down: down})
		}
	}
}
