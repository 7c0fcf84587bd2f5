//go:build !raftcheck

// Clusters show what breaks without a rule; a core that checks itself shows nothing more.

package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
	"raftplayground/raft/lab/trial"
)

var update = flag.Bool("update", false, "write ../RULES.md anew")

// mostSeeds is how many seeds may pass before a rule that is switched off has shown what it is for.
const mostSeeds = 2000

// without is what is switched off besides a rule, because it alone hides the rule's absence.
var without = map[raft.Rule]struct {
	rule raft.Rule
	why  string
}{
	raft.CommitOnlyCurrentTerm: {raft.LeaderNoOp,
		"with a blank entry at the start of every term, entries of earlier terms are never acknowledged but " +
			"together with it"},
}

// notByChance says why seeds do not show the absence of these safety rules. Each has its scenario.
var notByChance = map[raft.Rule]string{
	raft.CommitOnlyVerified: "our leaders never send a follower a place before its first difference together " +
		"with a commitIndex beyond it; another's may",
	raft.ForgetCutWrites: "a candidate counts its own vote only after every earlier write, so a write that " +
		"was cut off has ended before its server can count itself as leader",
	raft.KeepSuffix: "a leader sends a snapshot to who said that his log ends before it, so what stands " +
		"behind it there has overtaken that answer, was counted, and is lost again before it is resent",
	raft.AnswersOfThisTerm: "a call has to outlive its sender's life, which it does in harsh worlds only; they " +
		"show it soon (mutation/FAULTS.md)",
	raft.LoyaltyOutlivesTerm: "a refusal of a higher term has to come late, and a lease to be asked just then; " +
		"the black box shows it soon (mutation/FAULTS.md)",
	raft.LoyalCandidate: "a server has to be told to stand, and a lease to be asked just then; harsh worlds " +
		"show it (mutation/FAULTS.md)",
	raft.RefuseImpossible: "no server that keeps the rules sends what cannot be",
	raft.DurableCandidacy: "a candidate would have to win and crash within the moment that its write takes, " +
		"and come back while another of the same term still asks",
}

// finding is how the absence of a rule was found.
type finding struct {
	rule   raft.RuleInfo
	seeds  int     // that it took; 0: it was not found
	at     float64 // when it was seen, in seconds of that seed's time
	found  string  // what was violated there, all of it
	hours  float64 // simulated until then
	fewest int     // actions that it needs, if they were looked for
	kept   []error // what the same seed leads to with all rules on
}

// Every safety rule is needed: with it switched off, seeds find a violation of the property that it protects, and
// the same seed with all rules on has none. For the others it is said why chance does not find them. The table is
// kept in RULES.md.
func TestEachSafetyRuleIsNeeded(t *testing.T) {
	var work sync.WaitGroup
	findings := make([]finding, len(raft.Rules))
	next := make(chan int, len(raft.Rules))
	for i, rule := range raft.Rules {
		findings[i].rule = rule
		if rule.Protects != raft.Liveness && notByChance[rule.Rule] == "" {
			next <- i
		}
	}
	close(next)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for i := range next {
				findings[i].search()
			}
		})
	}
	work.Wait()
	table := tableOf(findings)
	t.Log("\n" + table)
	for _, f := range findings {
		if f.rule.Protects != raft.Liveness && notByChance[f.rule.Rule] == "" && f.seeds == 0 {
			t.Errorf("%s is off, and in %d seeds %s is not violated", f.rule.ID, mostSeeds, protects(f.rule))
		}
		for _, v := range f.kept {
			t.Errorf("seed %d that shows the absence of %s is violated with all rules on: %v", f.seeds-1, f.rule.ID, v)
		}
	}
	checkDocument(t, table)
}

// search goes through seeds until one violates what the rule protects.
func (f *finding) search() {
	off := []string{f.rule.ID}
	if other, hides := without[f.rule.Rule]; hides {
		off = append(off, raft.Rules[other.rule].ID)
	}
	for seed := range uint64(mostSeeds) {
		run := lab.Hostile(seed, off[:1], off)
		r, world := trial.Live(run)
		f.hours += float64(world.Now()) / 3600e6
		if v := f.shows(&r); v != nil {
			f.seeds, f.at, f.found = int(seed)+1, float64(v.At)/1e6, names(r.Violations)
			if *update {
				f.fewest = len(lab.Shrink(run, lacking(off).FailsAs(v), 1000).Actions)
			}
			kept, _ := trial.Live(lab.Hostile(seed, off[:1], nil))
			f.kept = kept.Violations
			return
		}
	}
}

// shows returns the violation by which the rule's absence shows, nil if it does not: that of the property which it
// protects, or, of rules about who the servers are, that a later leader lacks what was committed. Two majorities that
// do not meet elect two leaders of one term, or as well one after the other.
func (f *finding) shows(r *trial.Result) *check.Violation {
	if v := r.Of(protects(f.rule)); v != nil {
		return v
	}
	switch f.rule.Rule {
	case raft.TwoMajorities, raft.OnlyVotersCount, raft.ConfigOnAppend, raft.RollBackConfig, raft.OneChangeAtATime,
		raft.ChangeInOwnTerm:
		return r.Of(check.LeaderCompleteness)
	}
	return nil
}

// names lists the properties that were violated, each once.
func names(violations []error) string {
	var list []string
	for _, err := range violations {
		if name := trial.NameOf(err); !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}

func protects(rule raft.RuleInfo) check.Property {
	return map[raft.Property]check.Property{
		raft.Liveness: check.Liveness, raft.ElectionSafety: check.ElectionSafety,
		raft.LeaderAppendOnly: check.LeaderAppendOnly, raft.LogMatching: check.LogMatching,
		raft.LeaderCompleteness: check.LeaderCompleteness, raft.StateMachineSafety: check.StateMachineSafety,
		raft.Durability:      check.Durability,
		raft.Linearizability: check.Linearizability,
	}[rule.Protects]
}

func tableOf(findings []finding) string {
	var b strings.Builder
	b.WriteString(
		"| rule that is off | protects | seeds needed | seen after | simulated in all | fewest actions | " +
			"violated there |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, f := range findings {
		if f.seeds > 0 {
			fmt.Fprintf(&b, "| %s (`%s`, %s) | %v | %d | %.3f s | %.2f h | %d | %s |\n", f.rule.Title, f.rule.ID,
				f.rule.Section, protects(f.rule), f.seeds, f.at, f.hours, f.fewest, f.found)
		}
	}
	b.WriteString("\nBeside a rule another one is off where that alone hides its absence:\n\n")
	for _, rule := range raft.Rules {
		if other, hides := without[rule.Rule]; hides {
			fmt.Fprintf(&b, "- `%s` with `%s`: %s.\n", rule.ID, raft.Rules[other.rule].ID, other.why)
		}
	}
	b.WriteString("\nNot found by chance:\n\n")
	for _, rule := range raft.Rules {
		if why := notByChance[rule.Rule]; why != "" {
			fmt.Fprintf(&b, "- `%s` (protects %v): %s.\n", rule.ID, protects(rule), why)
		}
	}
	return b.String()
}

// checkDocument checks that RULES.md speaks of the same rules; how many seeds each takes changes with every
// change of the core.
func checkDocument(t *testing.T, table string) {
	const name = "../RULES.md"
	head := "# What each rule is for\n\nEach safety rule switched off in all servers, and the first seed that " +
		"shows what it protects: 3 to 6 servers, 20 s of faults drawn from the seed, then\n" +
		"healing (`Hostile` in hostile.go, with more of what some rules are about). Of its actions all were left " +
		"out that the violation does not need. `go run ./raft/lab/soak -off ID -seed N -shrink -events` " +
		"shows it; N is\n" +
		"one less than the seeds needed. Written by `go test ./raft/lab/soak -run Rule -update`.\n\n"
	if *update {
		if err := os.WriteFile(name, []byte(head+table), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(table, "\n") {
		if _, rest, found := strings.Cut(line, "`"); found {
			if id, _, _ := strings.Cut(rest, "`"); !strings.Contains(string(kept), "`"+id+"`") {
				t.Errorf("%s says nothing of %s: run with -update", name, id)
			}
		}
	}
}
