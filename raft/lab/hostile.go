package lab

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"raftplayground/raft"
)

// Hostile is a run with many faults, few servers, disks of every speed and impatient clients. If the first
// rule of aims that is known here is one that uniform chaos seldom touches, the situation that the rule is
// about also arises all the time. aims and off are IDs of raft.Rules; no server keeps those in off.
func Hostile(seed uint64, aims, off []string) Run {
	c := Standard()
	c.Servers = []int{5, 3}[seed%2]
	c.Disk = []int64{0, 2 * millisecond, 50 * millisecond, 100 * millisecond}[seed/2%4]
	c.Chaos, c.Heal, c.Think = 20*second, 5*second, 150*millisecond
	c.Off = off
	thick := thicketOf(aims)
	if thick == nil {
		return Draw(c, seed)
	}
	t := thicket{random: rand.New(rand.NewPCG(seed, 0)), config: c}
	thick(&t)
	run := Draw(t.config, seed)
	heal := run.Actions[len(run.Actions)-1]
	run.Actions = append(run.Actions[:len(run.Actions)-1], t.actions...)
	slices.SortStableFunc(run.Actions, func(a, b Action) int { return cmp.Compare(a.At, b.At) })
	run.Actions = append(run.Actions, heal)
	return run
}

func thicketOf(aims []string) func(*thicket) {
	for _, id := range aims {
		if rule, known := raft.RuleNamed(id); known && thickets[rule.Rule] != nil {
			return thickets[rule.Rule]
		}
	}
	return nil
}

// thickets are the worlds for rules about reads, changes of the servers and snapshots, and for rules of
// Figure 2 that need harm at one particular moment.
var thickets = map[raft.Rule]func(*thicket){
	raft.AnswersOfThisElection: func(t *thicket) { // answers come when the next election is under way
		t.often(1000*millisecond, func(at int64) {
			t.add(Action{At: at, Do: Network, Link: &Link{Latency: 60 * millisecond, Jitter: 60 * millisecond,
				Reorder: 0.5}})
			for range 6 {
				t.add(Action{At: at + t.upTo(600*millisecond), Do: Campaign, Server: t.some(1)[0]})
			}
			t.add(Action{At: at + 700*millisecond, Do: Network,
				Link: &Link{Latency: 5 * millisecond, Jitter: 3 * millisecond}})
		})
	},
	// Fig. 8: leaders fall one after the other, with entries that few have
	raft.CommitOnlyCurrentTerm: func(t *thicket) {
		t.config.Servers, t.config.Clients, t.config.Think = 5, 6, 40*millisecond
		t.often(300*millisecond, func(at int64) {
			t.add(Action{At: at, Do: []Deed{Crash, PowerLoss}[t.random.IntN(2)],
				When: []Moment{"propose", "append", "commit", "leader"}[t.random.IntN(4)],
				Down: 20*millisecond + t.upTo(400*millisecond)})
		})
	},
	raft.CountOwnDisk: func(t *thicket) { // a leader forgets what it has just said to be committed
		t.config.Disk = 100 * millisecond
		t.often(400*millisecond, func(at int64) {
			t.add(Action{At: at, Do: PowerLoss, When: "commit", Down: 1*millisecond + t.upTo(20*millisecond)})
		})
	},
	raft.ReadInOwnTerm: func(t *thicket) {
		t.readers("readIndex")
		t.often(700*millisecond, func(at int64) {
			t.add(Action{At: at, Do: Crash, When: "commit", Down: 300 * millisecond})
		})
	},
	raft.ReadRound: func(t *thicket) {
		t.readers("readIndex")
		t.often(1500*millisecond, func(at int64) {
			t.add(Action{At: at, Do: Clock, Rate: 0.2}) // it notices late that it reaches no server
			t.alone(at, at+800*millisecond)
			for id := range t.config.Servers {
				t.add(Action{At: at + 800*millisecond, Do: Clock, Server: raft.ServerID(id + 1), Rate: 1})
			}
		})
	},
	raft.LeaseEndsWithTransfer: func(t *thicket) {
		t.readers("lease")
		t.often(700*millisecond, func(at int64) {
			t.add(Action{At: at, Do: Transfer})
			t.alone(at+4*millisecond+t.upTo(10*millisecond), at+200*millisecond)
		})
	},
	raft.TwoMajorities:   (*thicket).changes,
	raft.OnlyVotersCount: (*thicket).changes,
	raft.ConfigOnAppend:  (*thicket).changes,
	// a leader that is alone changes the servers, which is undone; then another one does, while they are divided in two
	raft.RollBackConfig: func(t *thicket) {
		t.config.Servers, t.config.Voters = 4, 4
		t.often(2000*millisecond, func(at int64) {
			t.alone(at, at+600*millisecond)
			t.add(Action{At: at, Do: Reconfigure, Servers: t.without(), Careful: true})
			at += 700*millisecond + t.upTo(200*millisecond)
			t.add(Action{At: at, Do: Partition, Servers: t.some(2)})
			t.add(Action{At: at, Do: Reconfigure, Servers: t.without(), Careful: true})
			for range 4 {
				t.add(Action{At: at + 200*millisecond + t.upTo(600*millisecond), Do: Campaign, Server: t.some(1)[0]})
			}
			t.add(Action{At: at + 1000*millisecond, Do: Partition, Servers: t.some(4)})
			t.add(Action{At: at + 1200*millisecond, Do: Reconfigure, Learners: t.some(4)})
			t.add(Action{At: at + 1500*millisecond, Do: Reconfigure, Servers: t.some(4), Careful: true})
		})
	},
	raft.OneChangeAtATime: (*thicket).changes,
	// a leader that is alone changes the servers; the next one does at once, while they are divided in two; then the
	// first may be back
	raft.ChangeInOwnTerm: func(t *thicket) {
		t.config.Servers, t.config.Voters = 4, 4
		t.often(1500*millisecond, func(at int64) {
			t.add(Action{At: at, Do: Partition})
			t.add(Action{At: at, Do: Reconfigure, Servers: t.without(), Careful: true})
			t.add(Action{At: at, Do: Reconfigure, When: "leader", Servers: t.without(), Careful: true})
			t.add(Action{At: at, Do: Partition, When: "leader", Servers: t.some(2)})
			for range 4 {
				t.add(Action{At: at + 300*millisecond + t.upTo(600*millisecond), Do: Campaign, Server: t.some(1)[0]})
			}
			t.add(Action{At: at + 1000*millisecond, Do: Partition, Servers: t.some(4)})
		})
	},
	raft.KeepSuffix:       (*thicket).snapshots,
	raft.CompactedMatches: (*thicket).snapshots,
}

// thicket makes a world's chaos thicker with actions of its own.
type thicket struct {
	random  *rand.Rand
	config  Config
	actions []Action
}

func (t *thicket) add(a Action) {
	if a.At < t.config.Chaos {
		t.actions = append(t.actions, a)
	}
}

func (t *thicket) upTo(most int64) int64 { return t.random.Int64N(most) }

// often does something again and again, gap apart on average.
func (t *thicket) often(gap int64, do func(at int64)) {
	for at := t.upTo(2 * gap); at < t.config.Chaos; at += 1 + t.upTo(2*gap) {
		do(at)
	}
}

// readers adds clients that read and write the same few keys, so briefly that their history can be judged.
func (t *thicket) readers(reads string) {
	t.config.Reads, t.config.Clients, t.config.Keys, t.config.Think, t.config.Chaos = reads, 8, 3, 40*millisecond, 8e6
}

// alone cuts the leader off for a while.
func (t *thicket) alone(at, end int64) {
	t.add(Action{At: at, Do: Partition})
	t.add(Action{At: end, Do: Partition, Servers: t.some(t.config.Servers)})
}

// some returns so many of the servers, by chance.
func (t *thicket) some(count int) (servers []raft.ServerID) {
	for _, i := range t.random.Perm(t.config.Servers)[:count] {
		servers = append(servers, raft.ServerID(i+1))
	}
	return servers
}

// without returns all servers but one.
func (t *thicket) without() []raft.ServerID { return t.some(t.config.Servers - 1) }

// split divides the servers for a while, and lets some of them hold elections.
func (t *thicket) split(at int64) {
	side := t.some(1 + t.random.IntN(t.config.Servers-1))
	if t.random.IntN(2) == 0 {
		t.add(Action{At: at, Do: Partition, Servers: side, When: "configuration"})
	} else {
		t.add(Action{At: at + t.upTo(100*millisecond), Do: Partition, Servers: side})
	}
	for range 2 {
		t.add(Action{At: at + t.upTo(600*millisecond), Do: Campaign, Server: t.some(1)[0]})
	}
	t.add(Action{At: at + 200*millisecond + t.upTo(800*millisecond), Do: Partition, Servers: t.some(t.config.Servers)})
}

// changes lets the servers change all the time, wholly or by one, while they are divided.
func (t *thicket) changes() {
	t.config.Servers, t.config.Voters = []int{4, 5, 6}[t.random.IntN(3)], 3
	t.often(500*millisecond, func(at int64) {
		t.add(Action{At: at, Do: Reconfigure, Learners: t.some(t.config.Servers)})
		for range 1 + t.random.IntN(3) {
			at += t.upTo(100 * millisecond)
			t.add(Action{At: at, Do: Reconfigure, Servers: t.some(2 + t.random.IntN(t.config.Servers-1)),
				Careful: true})
		}
		t.split(at)
	})
}

// snapshots lets logs be compacted all the time, and messages come late, twice and after those that were
// sent behind them.
func (t *thicket) snapshots() {
	t.config.CompactAfter, t.config.Think, t.config.Clients = 2+t.random.IntN(8), 30*millisecond, 6
	t.often(1500*millisecond, func(at int64) {
		bad := &Link{Latency: t.upTo(60 * millisecond), Jitter: t.upTo(60 * millisecond), Loss: 0.2, Duplicate: 0.4,
			Reorder: 0.6}
		t.add(Action{At: at, Do: Network, Link: bad})
		victim := t.some(1)[0]
		t.add(Action{At: at, Do: Hold, Server: 0, To: victim})
		for id := range t.config.Servers {
			t.add(Action{At: at + 200*millisecond + t.upTo(400*millisecond), Do: Release, Server: raft.ServerID(id + 1),
				To: victim})
		}
		t.add(Action{At: at + t.upTo(1000*millisecond), Do: PowerLoss, When: "append", Down: 20 * millisecond})
	})
}
