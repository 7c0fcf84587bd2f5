package main

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab"
)

// hostile is a world in which faults come thick: small, with disks of every speed and clients in a hurry; and in which what a rule is about happens all the
// time, if the rule is one of those that uniform chaos seldom touches. aim is the rule's ID, or empty.
func hostile(seed uint64, aim string, off ...string) lab.Run {
	c := lab.Standard()
	c.Servers = []int{5, 3}[seed%2]
	c.Disk = []int64{0, 2000, 50_000, 100_000}[seed/2%4]
	c.Chaos, c.Heal, c.Think = 20e6, 5e6, 150e3
	c.Off = off
	var thick func(*thicket)
	for i := range raft.Rules {
		if raft.Rules[i].ID == aim {
			thick = aims[raft.Rules[i].Rule]
		}
	}
	if thick == nil {
		return lab.Draw(c, seed)
	}
	t := thicket{random: rand.New(rand.NewPCG(seed, 0)), config: c}
	thick(&t)
	run := lab.Draw(t.config, seed)
	heal := run.Actions[len(run.Actions)-1]
	run.Actions = append(run.Actions[:len(run.Actions)-1], t.actions...)
	slices.SortStableFunc(run.Actions, func(a, b lab.Action) int { return cmp.Compare(a.At, b.At) })
	run.Actions = append(run.Actions, heal)
	return run
}

// aims are the worlds for rules about reads, changes of the servers and snapshots, and for those of Figure 2 that need the harm at one moment.
var aims = map[raft.Rule]func(*thicket){
	raft.AnswersOfThisElection: func(t *thicket) { // answers come when the next election is under way
		t.often(1000e3, func(at int64) {
			t.add(lab.Action{At: at, Do: lab.Network, Link: &lab.Link{Latency: 60e3, Jitter: 60e3, Reorder: 0.5}})
			for range 6 {
				t.add(lab.Action{At: at + t.upTo(600e3), Do: lab.Campaign, Server: t.some(1)[0]})
			}
			t.add(lab.Action{At: at + 700e3, Do: lab.Network, Link: &lab.Link{Latency: 5e3, Jitter: 3e3}})
		})
	},
	raft.CommitOnlyCurrentTerm: func(t *thicket) { // Fig. 8: leaders fall one after the other, with entries that few have
		t.config.Servers, t.config.Clients, t.config.Think = 5, 6, 40e3
		t.often(300e3, func(at int64) {
			t.add(lab.Action{At: at, Do: []lab.Deed{lab.Crash, lab.PowerLoss}[t.random.IntN(2)], When: []lab.Moment{"propose", "append", "commit", "leader"}[t.random.IntN(4)], Down: 20e3 + t.upTo(400e3)})
		})
	},
	raft.CountOwnDisk: func(t *thicket) { // a leader forgets what it has just said to be committed
		t.config.Disk = 100e3
		t.often(400e3, func(at int64) { t.add(lab.Action{At: at, Do: lab.PowerLoss, When: "commit", Down: 1e3 + t.upTo(20e3)}) })
	},
	raft.ReadInOwnTerm: func(t *thicket) {
		t.readers("readIndex")
		t.often(700e3, func(at int64) { t.add(lab.Action{At: at, Do: lab.Crash, When: "commit", Down: 300e3}) })
	},
	raft.ReadRound: func(t *thicket) {
		t.readers("readIndex")
		t.often(1500e3, func(at int64) {
			t.add(lab.Action{At: at, Do: lab.Clock, Rate: 0.2}) // it notices late that it reaches nobody
			t.alone(at, at+800e3)
			for id := range t.config.Servers {
				t.add(lab.Action{At: at + 800e3, Do: lab.Clock, Server: raft.ServerID(id + 1), Rate: 1})
			}
		})
	},
	raft.LeaseEndsWithTransfer: func(t *thicket) {
		t.readers("lease")
		t.often(700e3, func(at int64) {
			t.add(lab.Action{At: at, Do: lab.Transfer})
			t.alone(at+4e3+t.upTo(10e3), at+200e3)
		})
	},
	raft.TwoMajorities:   (*thicket).changes,
	raft.OnlyVotersCount: (*thicket).changes,
	raft.ConfigOnAppend:  (*thicket).changes,
	raft.RollBackConfig: func(t *thicket) { // a leader that is alone changes the servers, which is undone; then another one does, while they are divided in two
		t.config.Servers, t.config.Voters = 4, 4
		t.often(2000e3, func(at int64) {
			t.alone(at, at+600e3)
			t.add(lab.Action{At: at, Do: lab.Reconfigure, Servers: t.without(), Careful: true})
			at += 700e3 + t.upTo(200e3)
			t.add(lab.Action{At: at, Do: lab.Partition, Servers: t.some(2)})
			t.add(lab.Action{At: at, Do: lab.Reconfigure, Servers: t.without(), Careful: true})
			for range 4 {
				t.add(lab.Action{At: at + 200e3 + t.upTo(600e3), Do: lab.Campaign, Server: t.some(1)[0]})
			}
			t.add(lab.Action{At: at + 1000e3, Do: lab.Partition, Server: 1, Servers: t.some(4)})
			t.add(lab.Action{At: at + 1200e3, Do: lab.Reconfigure, Learners: t.some(4)})
			t.add(lab.Action{At: at + 1500e3, Do: lab.Reconfigure, Servers: t.some(4), Careful: true})
		})
	},
	raft.OneChangeAtATime: (*thicket).changes,
	raft.ChangeInOwnTerm: func(t *thicket) {
		t.config.Servers, t.config.Voters = 4, 4
		t.often(400e3, func(at int64) {
			t.add(lab.Action{At: at, Do: lab.Reconfigure, When: "leader", Servers: t.without(), Careful: true})
			t.split(at)
		})
	},
	raft.KeepSuffix:       (*thicket).snapshots,
	raft.CompactedMatches: (*thicket).snapshots,
}

// thicket makes a world's chaos thicker with actions of its own.
type thicket struct {
	random  *rand.Rand
	config  lab.Config
	actions []lab.Action
}

func (t *thicket) add(a lab.Action) {
	if a.At < t.config.Chaos {
		t.actions = append(t.actions, a)
	}
}

func (t *thicket) upTo(most int64) int64 { return t.random.Int64N(most) }

// often does something again and again, so long apart on average.
func (t *thicket) often(gap int64, do func(at int64)) {
	for at := t.upTo(2 * gap); at < t.config.Chaos; at += 1 + t.upTo(2*gap) {
		do(at)
	}
}

// readers are many clients who read and write the same few keys, not for so long that their history cannot be judged.
func (t *thicket) readers(reads string) {
	t.config.Reads, t.config.Clients, t.config.Keys, t.config.Think, t.config.Chaos = reads, 8, 3, 40e3, 8e6
}

// alone cuts whoever leads off for a while.
func (t *thicket) alone(at, end int64) {
	t.add(lab.Action{At: at, Do: lab.Partition})
	t.add(lab.Action{At: end, Do: lab.Partition, Server: 1, Servers: t.some(t.config.Servers)})
}

// some are so many of the servers.
func (t *thicket) some(count int) (servers []raft.ServerID) {
	for _, i := range t.random.Perm(t.config.Servers)[:count] {
		servers = append(servers, raft.ServerID(i+1))
	}
	return servers
}

// without is all of them but one.
func (t *thicket) without() []raft.ServerID { return t.some(t.config.Servers - 1) }

// split divides the servers for a while, and lets some of them hold elections.
func (t *thicket) split(at int64) {
	side := t.some(1 + t.random.IntN(t.config.Servers-1))
	if t.random.IntN(2) == 0 {
		t.add(lab.Action{At: at, Do: lab.Partition, Servers: side, When: "configuration"})
	} else {
		t.add(lab.Action{At: at + t.upTo(100e3), Do: lab.Partition, Servers: side})
	}
	for range 2 {
		t.add(lab.Action{At: at + t.upTo(600e3), Do: lab.Campaign, Server: t.some(1)[0]})
	}
	t.add(lab.Action{At: at + 200e3 + t.upTo(800e3), Do: lab.Partition, Server: 1, Servers: t.some(t.config.Servers)})
}

// changes lets the servers change all the time, wholly or by one, while they are divided.
func (t *thicket) changes() {
	t.config.Servers, t.config.Voters = []int{4, 5, 6}[t.random.IntN(3)], 3
	t.often(500e3, func(at int64) {
		t.add(lab.Action{At: at, Do: lab.Reconfigure, Learners: t.some(t.config.Servers)})
		for range 1 + t.random.IntN(3) {
			at += t.upTo(100e3)
			t.add(lab.Action{At: at, Do: lab.Reconfigure, Servers: t.some(2 + t.random.IntN(t.config.Servers-1)), Careful: true})
		}
		t.split(at)
	})
}

// snapshots lets logs be compacted all the time, and messages come late, twice and after those that were sent behind them.
func (t *thicket) snapshots() {
	t.config.CompactAfter, t.config.Think, t.config.Clients = 2+t.random.IntN(8), 30e3, 6
	t.often(1500e3, func(at int64) {
		bad := &lab.Link{Latency: t.upTo(60e3), Jitter: t.upTo(60e3), Loss: 0.2, Duplicate: 0.4, Reorder: 0.6}
		t.add(lab.Action{At: at, Do: lab.Network, Link: bad})
		victim := t.some(1)[0]
		t.add(lab.Action{At: at, Do: lab.Hold, Server: 0, To: victim})
		for id := range t.config.Servers {
			t.add(lab.Action{At: at + 200e3 + t.upTo(400e3), Do: lab.Release, Server: raft.ServerID(id + 1), To: victim})
		}
		t.add(lab.Action{At: at + t.upTo(1000e3), Do: lab.PowerLoss, When: "append", Down: 20e3})
	})
}
