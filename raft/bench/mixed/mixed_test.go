// Package mixed holds tests only: clusters in which servers of go.etcd.io/raft and of this project elect, replicate,
// crash and hand over to each other. Two cores that were written apart and keep one protocol check each other's reading
// of the paper.
package mixed

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
)

var clusters = []string{"eeooo", "ooeee"}

// Chaos, then healing: in the first phase everything may go wrong and nothing unsafe may happen, in the second
// service must return.
func TestMixedClustersAreSafeUnderFaultsAndServeAfterwards(t *testing.T) {
	const seeds, steps, within = 100, 4000, 3000
	for _, kinds := range clusters {
		t.Run(kinds, func(t *testing.T) {
			total := newCounts()
			for seed := range uint64(seeds) {
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
					w := newWorld(t, kinds, seed, 0)
					mustHold(t, func() {
						w.chaos(steps)
						w.heal(within)
					})
					total.add(w.count)
				})
			}
			if total.runs == seeds {
				total.checkThatAllOccurred(t)
			}
		})
	}
}

// mustHold fails the test when a check finds a violation, and says how to run it alone.
func mustHold(t *testing.T, run func()) {
	t.Helper()
	if v := try(run); v != "" {
		t.Fatalf("%s\nrun it alone: go test ./mixed -run '^%s$'", v, strings.ReplaceAll(t.Name(), "/", "$/^"))
	}
}

// The checks can fail: in clusters whose servers of ours leave out a rule, seeds are found that break what it protects.
func TestAMissingRuleIsNoticed(t *testing.T) {
	const seeds, steps = 100, 3000
	for _, c := range []struct {
		off   raft.Rule
		finds []string // either of these first
	}{
		{raft.OneVotePerTerm, []string{"Election Safety"}},
		{raft.DurableAppend, []string{"Durability"}},
		{raft.CountVoters, []string{"Election Safety", "Leader Completeness"}},
		{raft.MajorityDecides, []string{"Election Safety", "Leader Completeness", "Durability"}},
	} {
		t.Run(raft.Rules[c.off].ID, func(t *testing.T) {
			for seed := range uint64(seeds) {
				w := newWorld(t, clusters[seed%2], seed, raft.RulesOf(c.off))
				v := string(try(func() { w.chaos(steps) }))
				if v == "" {
					continue
				}
				t.Log(v)
				if !slices.ContainsFunc(c.finds, func(property string) bool { return strings.Contains(v, property) }) {
					t.Errorf("wanted one of %v", c.finds)
				}
				return
			}
			t.Errorf("%d seeds do not notice that it is missing", seeds)
		})
	}
}

// Leadership goes round a cluster without faults, from every server to every other, and each leader serves.
func TestLeadershipIsHandedFromEveryServerToEveryOther(t *testing.T) {
	for _, kinds := range clusters {
		t.Run(kinds, func(t *testing.T) {
			w := newWorld(t, kinds, 1, 0)
			mustHold(t, func() {
				w.heal(1000)
				for _, from := range voters() {
					for _, to := range voters() {
						if from != to {
							w.handOver(from)
							w.handOver(to)
						}
					}
				}
			})
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
			w.failf("server %d (%s) of term %d hands over to server %d (%s); server %d leads", from, w.kind(from), term,
				to, w.kind(to), w.leader())
		}
	}
	command, ok := w.propose(to)
	for range 3 * electionTicks {
		w.step()
	}
	if !ok || !w.seen[command] || !w.agree() {
		w.failf("under server %d (%s), %q was accepted: %v, applied: %v, by all: %v", to, w.kind(to), command, ok,
			w.seen[command], w.progress())
	}
}

// A leader of either kind that has gone on alone comes back, under a leader of either kind, with entries
// that no other server has: the refusals lead the new leader to where the logs part, and the entries go.
func TestDivergentLogsAreRepairedAcrossKinds(t *testing.T) {
	for _, kinds := range clusters {
		for _, old := range voters() {
			for _, next := range voters() {
				if old != next {
					t.Run(fmt.Sprintf("%s/%d,%d", kinds, old, next), func(t *testing.T) {
						mustHold(t, func() { newWorld(t, kinds, 1, 0).diverge(old, next) })
					})
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
	w.partition(1 << (old - 1))
	var lost []string
	for range 5 {
		command, ok := w.propose(old)
		if !ok {
			w.failf("the leader takes no command")
		}
		lost = append(lost, command)
	}
	known := len(w.committed)
	for range 3 * 20 * electionTicks { // the old leader finds itself without a majority, the others elect another
		w.step()
	}
	if w.leading(old) || len(w.committed) == known {
		w.failf("server %d still leads: %v; entries that the others have committed without it: %d", old, w.leading(old),
			len(w.committed)-known)
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
