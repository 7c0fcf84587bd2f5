package explore

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

var update = flag.Bool("update", false, "write TABLE.md anew")

// figure is what is off in a server of Figure 2.
const figure = raft.Extensions

func off(rules ...raft.Rule) raft.RuleSet { return figure | raft.RulesOf(rules...) }

// searched are the rules whose absence a search shows, each with bounds that leave room for what it takes.
var searched = []struct {
	rule     raft.Rule
	config   Config
	violated check.Property
	length   int
}{
	{raft.MajorityDecides, Config{Servers: 3, Off: off(raft.MajorityDecides), Term: 2, Entries: 2, InFlight: 6}, check.ElectionSafety, 2},
	{raft.OneVotePerTerm, Config{Servers: 3, Off: off(raft.OneVotePerTerm), Term: 2, Entries: 2, InFlight: 6}, check.ElectionSafety, 6},
	{raft.StepDownForHigherTerm, Config{Servers: 3, Off: off(raft.StepDownForHigherTerm), Term: 2, Entries: 2, InFlight: 6}, check.ElectionSafety, 7},
	{raft.AnswersOfThisElection, Config{Servers: 3, Off: off(raft.AnswersOfThisElection), Term: 2, Entries: 2, InFlight: 8}, check.ElectionSafety, 7},
	{raft.UpToDateCandidate, Config{Servers: 3, Off: off(raft.UpToDateCandidate), Term: 2, Entries: 2, InFlight: 6}, check.LeaderCompleteness, 8},
	{raft.DurableVote, Config{Servers: 3, Off: off(raft.DurableVote), Term: 1, Entries: 2, InFlight: 6, Stalls: 1, Crashes: 1}, check.ElectionSafety, 9},
	{raft.DurableCandidacy, Config{Servers: 3, Off: off(raft.DurableCandidacy), Term: 1, Entries: 2, InFlight: 6, Stalls: 1, Crashes: 1}, check.ElectionSafety, 9},
	{raft.DeleteOnlyConflicts, Config{Servers: 3, Off: off(raft.DeleteOnlyConflicts), Term: 1, Entries: 2, InFlight: 6, Duplicates: 1, Proposals: 1}, check.StateMachineSafety, 9},
	{raft.ConsistencyCheck, Config{Servers: 3, Off: off(raft.ConsistencyCheck), Term: 2, Entries: 2, InFlight: 6}, check.LogMatching, 10},
	{raft.CountVoters, Config{Servers: 4, Off: off(raft.CountVoters), Term: 1, Entries: 1, InFlight: 8, Duplicates: 2}, check.ElectionSafety, 10},
	{raft.DurableAppend, Config{Servers: 3, Off: off(raft.DurableAppend), Term: 2, Entries: 2, InFlight: 4, Stalls: 1, Crashes: 1}, check.LeaderCompleteness, 11},
	{raft.CountOwnDisk, Config{Servers: 3, Off: off(raft.CountOwnDisk), Term: 2, Entries: 2, InFlight: 4, Stalls: 1, Crashes: 1}, check.LeaderCompleteness, 11},
}

// walked are those whose shortest run is too long to search for: Figure 8 takes four terms.
var walked = []struct {
	rule     raft.Rule
	config   Config
	violated check.Property
}{
	{raft.CommitOnlyCurrentTerm, Config{Servers: 3, Off: off(raft.CommitOnlyCurrentTerm, raft.LeaderNoOp), Term: 5, Entries: 3, InFlight: 4,
		Heartbeats: 2, Proposals: 3, Crashes: 3}, check.LeaderCompleteness},
}

// outOfReach says of the other rules that protect safety why no run here can show what they are for. Each has its scenario.
var outOfReach = map[raft.Rule]string{
	raft.CommitOnlyVerified:    "our leaders never send a follower a place before its first difference together with a commitIndex beyond it; another's may",
	raft.ForgetCutWrites:       "a candidate counts its own vote only after every earlier write, so a write that was cut off has ended before its server can count itself as leader",
	raft.RefuseImpossible:      "no server that keeps the rules sends what cannot be",
	raft.ReadInOwnTerm:         "nobody reads here",
	raft.ReadRound:             "nobody reads here",
	raft.LeaseEndsWithTransfer: "nobody reads here",
	raft.TwoMajorities:         "the servers here do not change",
	raft.ConfigOnAppend:        "the servers here do not change",
	raft.RollBackConfig:        "the servers here do not change",
	raft.OneChangeAtATime:      "the servers here do not change",
	raft.ChangeInOwnTerm:       "the servers here do not change",
	raft.OnlyVotersCount:       "the servers here do not change",
	raft.CompactedMatches:      "the logs here are not compacted",
	raft.KeepSuffix:            "the logs here are not compacted",
}

const (
	mostStates = 400_000
	mostSeeds  = 20_000
	walkLength = 100
)

func TestTableOfRules(t *testing.T) {
	var table, runs bytes.Buffer
	table.WriteString(`# The shortest way to harm

Each safety rule switched off in all servers, and the shortest run in which that breaks a safety property. Written by
` + "`go test ./raft/explore -run Table -update`" + `.

| rule that is off | protects | violated | servers | states seen | actions in the shortest run |
| --- | --- | --- | --- | --- | --- |
`)
	seen := map[raft.Rule]bool{}
	for _, row := range searched {
		seen[row.rule] = true
		began := time.Now()
		r, err := Search(row.config, mostStates)
		if err != nil || r.Violation == nil {
			t.Errorf("%s off: found nothing, %d states, %v", raft.Rules[row.rule].ID, r.States, err)
			continue
		}
		t.Logf("%s off: %s after %d actions, %d states, %v", raft.Rules[row.rule].ID, r.Violation.Property, len(r.Run), r.States, time.Since(began).Round(time.Millisecond))
		if r.Violation.Property != row.violated || len(r.Run) != row.length {
			t.Errorf("%s off: %s after %d actions, want %s after %d:\n%s", raft.Rules[row.rule].ID, r.Violation.Property, len(r.Run), row.violated, row.length, Text(r.Run))
		}
		writeRow(&table, row.rule, r.Violation, row.config.Servers, fmt.Sprint(r.States), fmt.Sprint(len(r.Run)))
		writeRun(&runs, row.rule, r.Violation, r.Run)
	}
	table.WriteString("\nToo long to search for, found by walks at random and shrunk until no one action, and no two, can be spared:\n\n" +
		"| rule that is off | protects | violated | servers | walks taken | actions left |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, row := range walked {
		seen[row.rule] = true
		seed, run, v := firstViolation(t, row.config)
		if v == nil || v.Property != row.violated {
			t.Errorf("%s off: %v in %d walks, want %s", raft.Rules[row.rule].ID, v, seed, row.violated)
			continue
		}
		writeRow(&table, row.rule, v, row.config.Servers, fmt.Sprint(seed), fmt.Sprintf("%d of %d", len(run.shrunk), run.walked))
		writeRun(&runs, row.rule, v, run.shrunk)
	}
	table.WriteString("\nBeside `commitOnlyCurrentTerm`, `leaderNoOp` is off: with a blank entry at the start of every term,\n" +
		"entries of earlier terms are never acknowledged but together with it.\n\nOut of reach:\n\n")
	for _, info := range raft.Rules {
		why := outOfReach[info.Rule]
		if why != "" {
			fmt.Fprintf(&table, "- `%s` (protects %s): %s.\n", info.ID, protects(info), why)
		}
		if info.Protects != raft.Liveness && !seen[info.Rule] && why == "" {
			t.Errorf("%s is neither found nor said to be out of reach", info.ID)
		}
	}
	table.WriteString("\n## The runs\n")
	table.Write(runs.Bytes())
	golden(t, table.Bytes())
}

// walkedRun is a run that was found by chance.
type walkedRun struct {
	walked int // its length before
	shrunk []Action
}

// firstViolation walks with seeds 1, 2, … until a property is violated.
func firstViolation(t *testing.T, c Config) (seed uint64, r walkedRun, v *check.Violation) {
	for seed = 1; seed <= mostSeeds; seed++ {
		run, _, err := Walk(c, seed, walkLength)
		if err != nil {
			t.Fatal(err)
		}
		if run == nil {
			continue
		}
		shrunk, err := Shrink(c, run)
		if err != nil {
			t.Fatal(err)
		}
		_, v, _ = Replay(c, shrunk)
		return seed, walkedRun{len(run), shrunk}, v
	}
	return mostSeeds, walkedRun{}, nil
}

func writeRow(b *bytes.Buffer, rule raft.Rule, v *check.Violation, servers int, cost, length string) {
	info := raft.Rules[rule]
	fmt.Fprintf(b, "| %s (`%s`, %s) | %s | %s | %d | %s | %s |\n", info.Title, info.ID, info.Section, protects(info), v.Property, servers, cost, length)
}

// writeRun writes one action a line.
func writeRun(b *bytes.Buffer, rule raft.Rule, v *check.Violation, run []Action) {
	fmt.Fprintf(b, "\n### %s\n\n", raft.Rules[rule].Title)
	for i, a := range run {
		fmt.Fprintf(b, "%d. %s\n", i+1, a)
	}
	fmt.Fprintf(b, "\n%s: %s.\n", v.Property, v.Detail)
}

// protects names the property that a rule protects as package check does.
func protects(info raft.RuleInfo) check.Property {
	return map[raft.Property]check.Property{
		raft.ElectionSafety: check.ElectionSafety, raft.LeaderAppendOnly: check.LeaderAppendOnly, raft.LogMatching: check.LogMatching,
		raft.LeaderCompleteness: check.LeaderCompleteness, raft.StateMachineSafety: check.StateMachineSafety, raft.Durability: check.Durability,
		raft.Linearizability: check.Linearizability, raft.Liveness: check.Liveness,
	}[info.Protects]
}

// golden compares with the table that is kept, or keeps it.
func golden(t *testing.T, table []byte) {
	if *update {
		if err := os.WriteFile("TABLE.md", table, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile("TABLE.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, table) {
		t.Errorf("TABLE.md is not what the runs say: look at why, then write it anew with -update. Now:\n%s", table)
	}
}
