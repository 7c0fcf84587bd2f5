package raft

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// cluster is a few servers and a bad network between them. Everything that happens is drawn from one seed.
type cluster struct {
	t       *testing.T
	random  *rand.Rand
	hosts   []*host
	network []parcel
	lossy   bool

	leaders map[Term]ServerID // Election Safety
	digests map[Index]string  // of the state machine after each index
	changes bool              // servers come and go, logs are compacted
	acked   map[Index]Entry   // what a leader said to be committed
	writes  int

	reconfigured, restored int

	broken string // the property that was found violated, and how
}

func (c *cluster) violation(format string, args ...any) {
	if c.broken == "" {
		c.broken = fmt.Sprintf(format, args...)
	}
}

type parcel struct {
	from, to ServerID
	rpc      RPC
}

func newCluster(t *testing.T, size int, seed uint64, off RuleSet) *cluster {
	c := &cluster{t: t, random: rand.New(rand.NewPCG(seed, 7)), lossy: true, leaders: map[Term]ServerID{},
		digests: map[Index]string{}, acked: map[Index]Entry{}}
	for id := 1; id <= size; id++ {
		h := &host{opt: options(ServerID(id), size), manual: true}
		h.opt.Seed, h.opt.Off = seed, off|RuleSet(seed/5%2)*Extensions
		h.opt.MaxEntries, h.opt.MaxInFlight = 4, 32
		h.boot(t)
		c.hosts = append(c.hosts, h)
	}
	return c
}

// step lets one thing happen.
func (c *cluster) step() {
	h := c.hosts[c.random.IntN(len(c.hosts))]
	switch p := c.random.Float64(); {
	case p < 0.45 && len(c.network) > 0:
		c.deliver(c.random.IntN(len(c.network)))
	case p < 0.65:
		h.save()
		h.pump()
	case p < 0.75 && h.n.Role() == Leader:
		c.writes++
		h.n.Propose(fmt.Appendf(nil, "%d", c.writes))
		h.pump()
	case p < 0.752 && c.lossy:
		h.crash(c.t)
	case p < 0.755 && c.changes:
		h.n.Compact(h.n.lastApplied, []byte(h.digest))
		h.pump()
	case p < 0.82 && c.changes && h.n.Role() == Leader:
		c.reconfigure(h)
	default:
		h.ticks(c.random.IntN(40))
	}
	for _, h := range c.hosts {
		for _, e := range h.take() {
			c.network = append(c.network, parcel{h.opt.ID, e.To, e.RPC})
		}
	}
	c.check()
}

// reconfigure asks a leader for other servers, sensible or not. It may refuse.
func (c *cluster) reconfigure(h *host) {
	var to Configuration
	now := h.n.config().Configuration
	for _, other := range c.hosts {
		id := other.opt.ID
		switch p := c.random.IntN(10); {
		case p < 2 || p < 6 && slices.Contains(now.Learners, id) && !h.n.leadership.caughtUp(id):
			to.Learners = append(to.Learners, id)
		case p < 8:
			to.Voters = append(to.Voters, id)
		}
	}
	if c.random.IntN(4) == 0 && len(to.Voters) > 0 {
		h.n.Transfer(to.Voters[0])
	}
	if h.n.Reconfigure(to) == nil {
		c.reconfigured++
	}
	h.pump()
}

// deliver takes a message out of the network, in any order; a lossy network loses and repeats some.
func (c *cluster) deliver(i int) {
	p := c.network[i]
	if !c.lossy || c.random.IntN(10) > 0 {
		c.network = append(c.network[:i], c.network[i+1:]...)
	}
	if c.lossy && c.random.IntN(5) == 0 {
		return
	}
	c.hosts[p.to-1].receive(p.from, p.rpc)
}

// check looks at the whole cluster, as no server in it can: for the properties of Fig. 3 except Leader
// Append-Only, which each server checks itself.
func (c *cluster) check() {
	for _, h := range c.hosts {
		if h.n.Role() == Leader {
			if other, ok := c.leaders[h.n.currentTerm]; ok && other != h.opt.ID {
				c.violation("Election Safety: S%d and S%d lead term %d", other, h.opt.ID, h.n.currentTerm)
			}
			c.leaders[h.n.currentTerm] = h.opt.ID
			for i, e := range c.acked {
				if got, ok := h.n.Entry(i); i > h.n.log.base && e.Term < h.n.currentTerm &&
					(!ok || got.Term != e.Term) {
					c.violation("Leader Completeness: S%d leads term %d without entry %d of term %d", h.opt.ID,
						h.n.currentTerm, i, e.Term)
				}
			}
		}
		if i := Index(len(h.applied)); i > 0 {
			if was, ok := c.digests[i]; ok && was != h.digest {
				c.violation("State Machine Safety: S%d and another server differ after entry %d", h.opt.ID, i)
			}
			c.digests[i] = h.digest
		}
		if e, ok := h.n.Entry(h.n.commitIndex); ok {
			c.acked[h.n.commitIndex] = e
		}
	}
}

func (c *cluster) checkLogMatching() {
	for _, a := range c.hosts {
		for _, b := range c.hosts {
			agree := false
			for i := min(a.n.log.last, b.n.log.last); i > max(a.n.log.base, b.n.log.base); i-- {
				x, y := a.n.log.at(i), b.n.log.at(i)
				agree = agree || x.Term == y.Term
				if agree && (x.Term != y.Term || !bytes.Equal(x.Data, y.Data)) {
					c.violation("Log Matching: S%d and S%d agree at a later index, but not at %d", a.opt.ID, b.opt.ID,
						i)
				}
			}
		}
	}
}

// heal ends all faults and waits for service.
func (c *cluster) heal() {
	c.lossy = false
	c.network = nil
	for range 3000 {
		for _, h := range c.hosts {
			h.ticks(1)
			for len(h.writing) > 0 {
				h.save()
				h.pump()
			}
			for _, e := range h.take() {
				c.network = append(c.network, parcel{h.opt.ID, e.To, e.RPC})
			}
		}
		for n := len(c.network); n > 0; n-- {
			c.deliver(0)
		}
		c.check()
	}
	leader := c.leader()
	if leader == nil {
		c.violation("Liveness: no leader after healing")
		return
	}
	for _, h := range c.hosts {
		c.restored += h.restores
		if leader.n.config().Contains(h.opt.ID) && (h.n.leader != leader.opt.ID ||
			h.n.commitIndex != leader.n.log.last || h.n.commitIndex != h.n.log.last) {
			c.violation("Liveness: no service after healing: S%d follows %d, committed %d of %d", h.opt.ID, h.n.leader,
				h.n.commitIndex, h.n.log.last)
		}
	}
}

// leader returns the leader of the highest term.
func (c *cluster) leader() (l *host) {
	for _, h := range c.hosts {
		if h.n.Role() == Leader && (l == nil || h.n.currentTerm > l.n.currentTerm) {
			l = h
		}
	}
	return l
}

// run makes chaos, then heals the cluster, whose service must return; it ends when a promise is broken.
func (c *cluster) run() {
	for i := 0; i < 3000 && c.broken == ""; i++ {
		c.step()
		if i%100 == 0 {
			c.checkLogMatching()
		}
	}
	if c.broken == "" {
		c.heal()
		c.checkLogMatching()
	}
}

func TestAClusterKeepsItsPromisesUnderLossReorderingDuplicationAndCrashes(t *testing.T) {
	seeds, commits, elections := uint64(200), 0, 0
	for seed := range seeds {
		size := []int{3, 5, 4, 1, 2}[seed%5]
		t.Run(fmt.Sprintf("seed=%d/size=%d", seed, size), func(t *testing.T) {
			c := newCluster(t, size, seed, 0)
			c.run()
			if c.broken != "" {
				t.Fatal(c.broken)
			}
			commits += int(c.hosts[0].n.commitIndex)
			elections += len(c.leaders)
		})
	}
	if commits < int(seeds)*10 || elections < int(seeds)*2 {
		t.Errorf("%d commits and %d elections in %d runs: too little happened for this test to mean anything", commits,
			elections, seeds)
	}
	t.Logf("%d runs, %d elections, %d entries committed", seeds, elections, commits)
}

// Three servers begin, two more wait to be added; servers come and go, logs are compacted, leadership is handed over.
func TestAClusterKeepsItsPromisesWhileItsServersChangeAndItsLogsAreCompacted(t *testing.T) {
	reconfigured, restored, commits := 0, 0, 0
	for seed := range uint64(200) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			c := newChangingCluster(t, seed, 0)
			c.run()
			if c.broken != "" {
				t.Fatal(c.broken)
			}
			reconfigured += c.reconfigured
			restored += c.restored
			commits += int(c.leader().n.commitIndex)
		})
	}
	if reconfigured < 100 || restored < 50 || commits < 2000 {
		t.Errorf("%d changes, %d snapshots restored, %d commits: too little happened for this test to mean anything",
			reconfigured, restored, commits)
	}
	t.Logf("%d changes of configuration, %d snapshots restored, %d entries committed", reconfigured, restored, commits)
}

func newChangingCluster(t *testing.T, seed uint64, off RuleSet) *cluster {
	c := newCluster(t, 3, seed, off)
	c.changes = true
	for id := ServerID(4); id <= 5; id++ {
		h := &host{opt: c.hosts[0].opt, manual: true}
		h.opt.ID, h.opt.Voters = id, nil
		h.boot(t)
		c.hosts = append(c.hosts, h)
	}
	for _, h := range c.hosts {
		// the extensions are on: a server that was removed and does not know it would disturb the others for ever (§6)
		h.opt.Off = off
		h.opt.MaxChunk = 3 // bytes: a snapshot takes several calls
		h.boot(t)
	}
	return c
}

func TestACloneBehavesAsTheOriginalWouldAndLeavesItAlone(t *testing.T) {
	for seed := range uint64(20) {
		c := newCluster(t, 3, seed, 0)
		for range 1500 {
			c.step()
		}
		for _, h := range c.hosts {
			before := h.n.AppendState(nil)
			clone := h.n.Clone()
			if !bytes.Equal(clone.AppendState(nil), before) {
				t.Fatal("a clone's state differs")
			}
			twin := h.n.Clone()
			drive := func(n *Node) (state []byte) {
				var o Output
				for i := range 400 {
					n.Tick()
					if n.Role() == Leader {
						n.Propose([]byte{byte(i)})
					}
					for n.Output(&o) {
						if o.Save.Seq != 0 {
							n.Saved(o.Save.Seq)
						}
						if k := len(o.Apply.Entries); k > 0 {
							n.Applied(o.Apply.First + Index(k) - 1)
						}
						for _, e := range o.Send {
							if m, ok := e.RPC.(*RequestVote); ok {
								n.Receive(e.To, &RequestVoteReply{Call: m.Call, Term: m.Term, VoteGranted: true})
							}
						}
					}
				}
				return n.AppendState(nil)
			}
			if !bytes.Equal(drive(clone), drive(twin)) {
				t.Fatal("two clones went different ways")
			}
			if !bytes.Equal(h.n.AppendState(nil), before) {
				t.Fatal("what a clone did changed the original")
			}
			if !bytes.Equal(drive(h.n), clone.AppendState(nil)) {
				t.Fatal("the original went another way than its clone")
			}
		}
	}
}

// Without a rule some run breaks a promise. These are the rules that random faults show to be needed; the
// others (Figure 8, say) are shown by the tests that bear the rule's name.
func TestARuleThatIsSwitchedOffBreaksAPromise(t *testing.T) {
	for _, rule := range []Rule{StepDownForHigherTerm, OneVotePerTerm, UpToDateCandidate, DurableVote, DurableAppend,
		CountVoters, ConsistencyCheck,
		DeleteOnlyConflicts, CountOwnDisk, MajorityDecides} {
		t.Run(Rules[rule].ID, func(t *testing.T) {
			for seed := range uint64(1000) {
				c := newCluster(t, []int{3, 5}[seed%2], seed, RulesOf(rule))
				if c.run(); c.broken != "" {
					t.Logf("seed %d: %s", seed, c.broken)
					return
				}
			}
			t.Error("1000 runs broke nothing")
		})
	}
}

func TestTheCatalogueDescribesEveryRule(t *testing.T) {
	seen := map[string]bool{}
	for i, r := range Rules {
		if r.Rule != Rule(i) || r.ID == "" || seen[r.ID] || r.Title == "" || r.Sentence == "" || r.Section == "" {
			t.Errorf("rule %d: %+v", i, r)
		}
		seen[r.ID] = true
		if named, known := RuleNamed(r.ID); !known || named != r {
			t.Errorf("the rule named %s is %+v", r.ID, named)
		}
	}
	ids := Extensions.IDs()
	if set, err := RulesNamed(ids); len(ids) != 4 || set != Extensions || err != nil {
		t.Errorf("the extensions are %v, which are the set %b: %v", ids, set, err)
	}
	set, err := RulesNamed([]string{"preVote", "noSuchRule"})
	if want := `expected the ID of a rule such as stepDownForHigherTerm, got "noSuchRule"`; set != 0 || err == nil ||
		err.Error() != want {
		t.Errorf("an ID that no rule has: %b, %v; want %s", set, err, want)
	}
}
