// Package mixed holds tests only: clusters in which servers of go.etcd.io/raft and of this project elect, replicate, crash and hand over to each
// other. Two cores that were written apart and keep one protocol check each other's reading of the paper.
package mixed

import (
	"fmt"
	"testing"
)

var clusters = []string{"eeooo", "ooeee"}

// Chaos, then healing: in the first phase everything may go wrong and nothing unsafe may happen, in the second service must return.
func TestMixedClustersAreSafeUnderFaultsAndServeAfterwards(t *testing.T) {
	const seeds, steps, within = 30, 4000, 3000
	for _, kinds := range clusters {
		t.Run(kinds, func(t *testing.T) {
			total := counts{elected: map[string]int{}, handed: map[string]int{}, snapshots: map[string]int{}}
			for seed := range uint64(seeds) {
				w := newWorld(t, kinds, seed)
				w.faulty = true
				for range steps {
					w.disturb()
					w.step()
				}
				w.heal(within)
				total.add(w.count)
			}
			t.Logf("%d seeds: %+v", seeds, total)
			for what, n := range map[string]int{
				"leader of ours": total.elected["o"], "leader of etcd's": total.elected["e"],
				"handover from ours to etcd's": total.handed["oe"], "handover from etcd's to ours": total.handed["eo"],
				"handover among ours": total.handed["oo"], "handover among etcd's": total.handed["ee"],
				"snapshot installed by ours": total.snapshots["o"], "snapshot installed by etcd's": total.snapshots["e"],
				"crash": total.crashes, "lost message": total.lost, "doubled message": total.doubled, "late message": total.delayed,
			} {
				if n == 0 {
					t.Errorf("no %s in %d seeds: the test does not test it", what, seeds)
				}
			}
			if perSeed := total.commands / seeds; perSeed < 50 {
				t.Errorf("%d commands a seed: too few to mean anything", perSeed)
			}
		})
	}
}

// Leadership goes round a cluster without faults, from every server to every other, and each leader serves.
func TestLeadershipIsHandedFromEveryServerToEveryOther(t *testing.T) {
	for _, kinds := range clusters {
		t.Run(kinds, func(t *testing.T) {
			w := newWorld(t, kinds, 1)
			w.heal(1000)
			for _, from := range voters() {
				for _, to := range voters() {
					if from != to {
						w.handOver(from)
						w.handOver(to)
					}
				}
			}
			if w.count.handed["oe"] == 0 || w.count.handed["eo"] == 0 {
				t.Errorf("handed over: %v", w.count.handed)
			}
		})
	}
}

// handOver makes server to the leader by a transfer, which takes effect within an election timeout, and has it serve.
func (w *world) handOver(to uint64) {
	from := w.leader()
	if from != to {
		_, term := w.servers[from].leads()
		w.transfer(from, to)
		for range 3 * electionTicks {
			w.step()
		}
		if w.leaders[term+1] != to || w.leader() != to {
			w.failf("server %d (%s) of term %d hands over to server %d (%s); server %d leads", from, w.kind(from), term, to, w.kind(to), w.leader())
		}
	}
	command, ok := w.propose(to)
	for range 3 * electionTicks {
		w.step()
	}
	if !ok || !w.seen[command] || !w.agree() {
		w.failf("under server %d (%s), %q was accepted: %v, applied: %v, by all: %v", to, w.kind(to), command, ok, w.seen[command], w.progress())
	}
}

// A leader that has gone on alone comes back with entries that nobody else has, of either kind under a leader of either kind: the refusals
// lead the new leader to where the logs part, and the entries go.
func TestDivergentLogsAreRepairedAcrossKinds(t *testing.T) {
	for _, kinds := range clusters {
		for _, old := range voters() {
			for _, next := range voters() {
				if old != next {
					t.Run(fmt.Sprintf("%s/%d,%d", kinds, old, next), func(t *testing.T) { newWorld(t, kinds, 1).diverge(old, next) })
				}
			}
		}
	}
}

func (w *world) diverge(old, next uint64) {
	w.heal(1000)
	w.handOver(old)
	w.handOver(next)
	w.handOver(old)
	w.faulty = true // cuts count in a faulty network only
	w.partition(1 << (old - 1))
	var lost []string
	for range 5 {
		command, ok := w.propose(old)
		if !ok {
			w.failf("the leader takes no command")
		}
		lost = append(lost, command)
	}
	for range 12 * electionTicks { // the old leader finds itself without a majority, the others elect another
		w.step()
	}
	w.heal(1500)
	w.handOver(next)
	for _, command := range lost {
		if w.seen[command] {
			w.failf("%q was committed by nobody, and is applied", command)
		}
	}
	oldLast, _ := w.servers[old].last()
	nextLast, _ := w.servers[next].last()
	if oldLast != nextLast {
		w.failf("the logs end at %d and %d", oldLast, nextLast)
	}
}

func (c *counts) add(d counts) {
	for _, m := range []struct{ into, from map[string]int }{{c.elected, d.elected}, {c.handed, d.handed}, {c.snapshots, d.snapshots}} {
		for k, n := range m.from {
			m.into[k] += n
		}
	}
	c.crashes += d.crashes
	c.lost += d.lost
	c.doubled += d.doubled
	c.delayed += d.delayed
	c.commands += d.commands
	c.entries += d.entries
}
