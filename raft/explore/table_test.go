package explore

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

var update = flag.Bool("update", false, "write TABLE.md anew")

// figure are the rules that are off in a server of Figure 2.
const figure = raft.Extensions

func off(rules ...raft.Rule) raft.RuleSet { return figure | raft.RulesOf(rules...) }

// searched are the rules whose absence a search shows, each with bounds that leave room for the violation.
var searched = []struct {
	rule     raft.Rule
	config   Config
	violated check.Property
	length   int
}{
	{raft.MajorityDecides, Config{Servers: 3, Off: off(raft.MajorityDecides), Term: 2, Entries: 2, InFlight: 6},
		check.ElectionSafety, 2},
	{raft.OneVotePerTerm, Config{Servers: 3, Off: off(raft.OneVotePerTerm), Term: 2, Entries: 2, InFlight: 6},
		check.ElectionSafety, 6},
	{raft.StepDownForHigherTerm, Config{Servers: 3, Off: off(raft.StepDownForHigherTerm), Term: 2, Entries: 2,
		InFlight: 6}, check.ElectionSafety, 7},
	{raft.AnswersOfThisElection, Config{Servers: 3, Off: off(raft.AnswersOfThisElection), Term: 2, Entries: 2,
		InFlight: 8}, check.ElectionSafety, 7},
	{raft.UpToDateCandidate, Config{Servers: 3, Off: off(raft.UpToDateCandidate), Term: 2, Entries: 2, InFlight: 6},
		check.LeaderCompleteness, 8},
	{raft.DurableVote, Config{Servers: 3, Off: off(raft.DurableVote), Term: 1, Entries: 2, InFlight: 6, Stalls: 1,
		Crashes: 1}, check.ElectionSafety, 9},
	{raft.DurableCandidacy, Config{Servers: 3, Off: off(raft.DurableCandidacy), Term: 1, Entries: 2, InFlight: 6,
		Stalls: 1, Crashes: 1}, check.ElectionSafety, 9},
	{raft.DeleteOnlyConflicts, Config{Servers: 3, Off: off(raft.DeleteOnlyConflicts), Term: 1, Entries: 2, InFlight: 6,
		Duplicates: 1, Proposals: 1}, check.StateMachineSafety, 9},
	{raft.ConsistencyCheck, Config{Servers: 3, Off: off(raft.ConsistencyCheck), Term: 2, Entries: 2, InFlight: 6},
		check.LogMatching, 10},
	{raft.CountVoters, Config{Servers: 4, Off: off(raft.CountVoters), Term: 1, Entries: 1, InFlight: 8, Duplicates: 2},
		check.ElectionSafety, 10},
	{raft.DurableAppend, Config{Servers: 3, Off: off(raft.DurableAppend), Term: 2, Entries: 2, InFlight: 4, Stalls: 1,
		Crashes: 1}, check.LeaderCompleteness, 11},
	{raft.CountOwnDisk, Config{Servers: 3, Off: off(raft.CountOwnDisk), Term: 2, Entries: 2, InFlight: 4, Stalls: 1,
		Crashes: 1}, check.LeaderCompleteness, 11},
}

// walked are the rules whose shortest run is too long to search for (Figure 8 takes four terms) or depends
// on what a search cannot tell apart.
var walked = []struct {
	rule     raft.Rule
	config   Config
	violated check.Property
}{
	{raft.ReadRound, Config{Servers: 3, Off: off(raft.ReadRound), Term: 3, Entries: 4, InFlight: 8, Heartbeats: 3,
		Proposals: 3, Duplicates: 1, Crashes: 1, Reads: 5},
		check.Linearizability},
	{raft.ReadInOwnTerm, Config{Servers: 3, Off: off(raft.ReadInOwnTerm), Term: 2, Entries: 3, InFlight: 4,
		Heartbeats: 1, Proposals: 1, Reads: 1}, check.Linearizability},
	{raft.TwoMajorities, Config{Servers: 5, Waiting: 2, Off: off(raft.TwoMajorities, raft.CatchUpFirst), Term: 3,
		Entries: 4, InFlight: 12, Changes: changes("1,4,5", "2,4,5", "3,4,5")},
		check.ElectionSafety},
	{raft.OnlyVotersCount, Config{Servers: 4, Off: off(raft.OnlyVotersCount), Term: 5, Entries: 5, InFlight: 6,
		Heartbeats: 1, Proposals: 3, Losses: 3, Changes: changes("2,3,4", "1,2,3")},
		check.LeaderCompleteness},
	{raft.OneChangeAtATime, Config{Servers: 3, Off: off(raft.OneChangeAtATime), Term: 2, Entries: 5, InFlight: 4,
		Changes: changes("1,2", "1")}, check.LeaderCompleteness},
	{raft.ChangeInOwnTerm, Config{Servers: 5, Waiting: 1, Off: off(raft.ChangeInOwnTerm, raft.LeaderNoOp,
		raft.CatchUpFirst), Term: 4, Entries: 4, InFlight: 8, Proposals: 1,
		Changes: changes("1,2,3,4,5", "2,3,4")}, check.ElectionSafety},
	{raft.RollBackConfig, Config{Servers: 4, Off: off(raft.RollBackConfig), Term: 3, Entries: 6, InFlight: 4,
		Changes: changes("1,2,3", "2,3,4", "1,2,4", "1,3,4")},
		check.LeaderCompleteness},
	{raft.CompactedMatches, Config{Servers: 3, Off: off(raft.CompactedMatches), Term: 2, Entries: 4, InFlight: 6,
		Heartbeats: 2, Proposals: 2, Duplicates: 1, Compactions: 1},
		check.StateMachineSafety},
	{raft.CommitOnlyCurrentTerm, Config{Servers: 3, Off: off(raft.CommitOnlyCurrentTerm, raft.LeaderNoOp), Term: 5,
		Entries: 3, InFlight: 4,
		Heartbeats: 2, Proposals: 3, Crashes: 3}, check.LeaderCompleteness},
}

// behind are the rules whose shortest run is too long to search for from new servers, but not from a
// situation that has been prepared.
var behind = []struct {
	rule   raft.Rule
	config Config
	length int // of the run that is found
}{
	{raft.AnswersOfThisTerm, answeredLate(), 9},
	{raft.LoyalCandidate, leasedByItsRival(1), 9},
	{raft.LoyaltyOutlivesTerm, leasedByAVoter(2), 10},
}

// outOfReach says why no run here can show what the other safety rules are for. Each has its scenario.
var outOfReach = map[raft.Rule]string{
	raft.CommitOnlyVerified: "our leaders never send a follower a place before its first difference together " +
		"with a commitIndex beyond it; another's may",
	raft.ForgetCutWrites: "a candidate counts its own vote only after every earlier write, so a write that " +
		"was cut off has ended before its server can count itself as leader",
	raft.RefuseImpossible:      "no server that keeps the rules sends what cannot be",
	raft.LeaseEndsWithTransfer: "leadership is not transferred here",
	raft.ConfigOnAppend: "a server has to forget what is committed, by a crash between the second of two " +
		"changes and an election; walks do not meet that",
	raft.KeepSuffix: "a snapshot has to be overtaken by entries that were sent before it, and those " +
		"be committed by the answer; walks do not meet that",
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
		t.Logf("%s off: %s after %d actions, %d states, %v", raft.Rules[row.rule].ID, r.Violation.Property, len(r.Run),
			r.States, time.Since(began).Round(time.Millisecond))
		if r.Violation.Property != row.violated || len(r.Run) != row.length {
			t.Errorf("%s off: %s after %d actions, want %s after %d:\n%s", raft.Rules[row.rule].ID,
				r.Violation.Property, len(r.Run), row.violated, row.length, Text(r.Run))
		}
		writeRow(&table, row.rule, r.Violation, row.config.Servers, fmt.Sprint(r.States), fmt.Sprint(len(r.Run)))
		writeRun(&runs, row.rule, r.Violation, r.Run)
	}
	table.WriteString(
		"\nToo long to search for, found by walks at random and shrunk until no one action, and no two, can be " +
			"spared:\n\n" +
			"| rule that is off | protects | violated | servers | walks taken | actions left |\n| --- | --- | --- | " +
			"--- | --- | --- |\n")
	for _, row := range walked {
		seen[row.rule] = true
		seed, run, v := firstViolation(t, row.config)
		if v == nil || v.Property != row.violated {
			t.Errorf("%s off: %v in %d walks, want %s", raft.Rules[row.rule].ID, v, seed, row.violated)
			continue
		}
		holdsWithTheRule(t, row.rule, row.config, run.shrunk)
		writeRow(&table, row.rule, v, row.config.Servers, fmt.Sprint(seed),
			fmt.Sprintf("%d of %d", len(run.shrunk), run.walked))
		writeRun(&runs, row.rule, v, run.shrunk)
	}
	table.WriteString(
		"\nBeside `commitOnlyCurrentTerm` and `changeInOwnTerm`, `leaderNoOp` is off: with a blank entry at the " +
			"start of every term,\n" +
			"entries of earlier terms are never acknowledged but together with it, and every leader soon commits an " +
			"entry of its own term. Beside `twoMajorities` and\n" +
			"`changeInOwnTerm`, `catchUpFirst` is off: it measures time.\n\n" +
			"Too long to search for from new servers. The search begins behind actions that are given, " +
			"and finds the shortest way on:\n\n" +
			"| rule that is off | protects | violated | servers | states seen | actions found, behind those given |\n" +
			"| --- | --- | --- | --- | --- | --- |\n")
	for _, row := range behind {
		seen[row.rule] = true
		config := row.config
		config.Off |= raft.RulesOf(row.rule)
		r, err := Search(config, mostStates)
		if err != nil || r.Violation == nil || r.Violation.Property != check.Linearizability ||
			len(r.Run) != row.length {
			t.Errorf("%s off: %v after %d actions, %v, want a stale read after %d:\n%s",
				raft.Rules[row.rule].ID, r.Violation, len(r.Run), err, row.length, Text(r.Run))
			continue
		}
		holdsWithTheRule(t, row.rule, config, r.Run)
		length := fmt.Sprintf("%d, behind %d", len(r.Run), len(config.After))
		writeRow(&table, row.rule, r.Violation, config.Servers, fmt.Sprint(r.States), length)
		writeRun(&runs, row.rule, r.Violation, slices.Concat(config.After, r.Run))
	}
	table.WriteString("\nOut of reach:\n\n")
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
	walked int // its length before it was shrunk
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

// holdsWithTheRule checks that the rule itself makes the difference, and not the other rules that are off.
func holdsWithTheRule(t *testing.T, rule raft.Rule, c Config, run []Action) {
	c.Off &^= raft.RulesOf(rule)
	if _, v, err := Replay(c, run); err != nil || v != nil {
		t.Errorf("%s on: the same run: %v, %v", raft.Rules[rule].ID, v, err)
	}
	for seed := range uint64(200) {
		if run, v, _ := Walk(c, seed, walkLength); v != nil {
			t.Errorf("%s on, seed %d: %v:\n%s", raft.Rules[rule].ID, seed, v, Text(run))
		}
	}
}

// changes parses configurations.
func changes(texts ...string) (list []raft.Configuration) {
	for _, text := range texts {
		c, err := raft.ParseConfiguration(text)
		if err != nil {
			panic(err)
		}
		list = append(list, c)
	}
	return list
}

func writeRow(b *bytes.Buffer, rule raft.Rule, v *check.Violation, servers int, cost, length string) {
	info := raft.Rules[rule]
	fmt.Fprintf(b, "| %s (`%s`, %s) | %s | %s | %d | %s | %s |\n", info.Title, info.ID, info.Section, protects(info),
		v.Property, servers, cost, length)
}

// writeRun writes one action a line.
func writeRun(b *bytes.Buffer, rule raft.Rule, v *check.Violation, run []Action) {
	fmt.Fprintf(b, "\n### %s\n\n", raft.Rules[rule].Title)
	for i, a := range run {
		fmt.Fprintf(b, "%d. %s\n", i+1, a)
	}
	fmt.Fprintf(b, "\n%s: %s.\n", v.Property, v.Detail)
}

// protects returns the property of package check that a rule protects.
func protects(info raft.RuleInfo) check.Property {
	return map[raft.Property]check.Property{
		raft.ElectionSafety: check.ElectionSafety, raft.LeaderAppendOnly: check.LeaderAppendOnly,
		raft.LogMatching:        check.LogMatching,
		raft.LeaderCompleteness: check.LeaderCompleteness, raft.StateMachineSafety: check.StateMachineSafety,
		raft.Durability:      check.Durability,
		raft.Linearizability: check.Linearizability, raft.Liveness: check.Liveness,
	}[info.Protects]
}

// golden compares the table with the stored one, or stores it.
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
