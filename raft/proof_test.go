package raft

import (
	"bytes"
	stdflag "flag"
	"os"
	"regexp"
	"strings"
	"testing"
)

var updateProof = stdflag.Bool("update-proof", false, "write RULES.md anew")

var promises = [...]string{Liveness: "Liveness", ElectionSafety: "Election Safety",
	LeaderAppendOnly: "Leader Append-Only", LogMatching: "Log Matching",
	LeaderCompleteness: "Leader Completeness", StateMachineSafety: "State Machine Safety", Durability: "Durability",
	Linearizability: "Linearizability"}

// TestEveryRuleIsShownToBeNeeded joins three tables of what happens to a cluster without a rule: told as a
// story, met by chance in the lab, found by exploration. RULES.md is that table; a rule that no way shows
// fails the test.
func TestEveryRuleIsShownToBeNeeded(t *testing.T) {
	stories := rowsOf(t, "scenario/TABLE.md", regexp.MustCompile(`^\| (\w+) \| \[`))
	seeds := rowsOf(t, "lab/RULES.md", regexp.MustCompile("^\\| [^|]*\\(`(\\w+)`"))
	runs := rowsOf(t, "explore/TABLE.md", regexp.MustCompile("^\\| [^|]*\\(`(\\w+)`"))
	var out bytes.Buffer
	out.WriteString("# Every rule is needed\n\n" +
		"What becomes of a cluster when no server keeps a rule, by three ways that know nothing of each other: " +
		"a story that somebody thought of ([stories](scenario/TABLE.md)), clusters\n" +
		"under random faults ([seeds](lab/RULES.md)), and going through all that can happen " +
		"([runs](explore/TABLE.md)). A dash: it is not found that way, and the table of that way says\n" +
		"why; liveness is looked for in stories only. Joined by `go test ./raft -run EveryRule -update-proof`.\n" + `
| rule | protects | its story breaks | seeds until harm | actions that it takes at least | actions in the shortest run |
| --- | --- | --- | --- | --- | --- |
`)
	for _, info := range Rules {
		if info.ID == "" {
			continue
		}
		story, seed, run := stories[info.ID], seeds[info.ID], runs[info.ID]
		if story == nil && seed == nil && run == nil {
			t.Errorf("nothing shows what %s is for", info.ID)
		}
		shortest := cell(run, -1)
		if strings.Contains(shortest, " of ") {
			shortest = "≤ " + strings.SplitN(shortest, " of ", 2)[0] // by chance, then shrunk
		}
		row := []string{"`" + info.ID + "`, " + info.Section, promises[info.Protects], cell(story, -1), cell(seed, 2),
			cell(seed, 5), shortest}
		out.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	t.Logf("\n%s", out.String())
	if *updateProof {
		if err := os.WriteFile("RULES.md", out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile("RULES.md")
	if err != nil || !bytes.Equal(kept, out.Bytes()) {
		t.Errorf("RULES.md is not what the three tables say (%v): write it with -update-proof", err)
	}
}

// rowsOf returns, for each rule, the cells of the first row in a Markdown file's tables whose beginning
// names it.
func rowsOf(t *testing.T, file string, names *regexp.Regexp) map[string][]string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for _, line := range strings.Split(string(text), "\n") {
		found := names.FindStringSubmatch(line)
		if found == nil || rows[found[1]] != nil {
			continue
		}
		for _, c := range strings.Split(strings.Trim(line, "| "), "|") {
			rows[found[1]] = append(rows[found[1]], strings.TrimSpace(c))
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no rows that name a rule", file)
	}
	return rows
}

// cell returns a cell of a row, −1 meaning the last; a dash if there is no such row.
func cell(row []string, at int) string {
	switch {
	case row == nil:
		return "–"
	case at < 0:
		return row[len(row)-1]
	}
	return row[at]
}
