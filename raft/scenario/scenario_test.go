package scenario

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts and the table anew; read the diff")

func files(t *testing.T) []string {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no stories", err)
	}
	return names
}

func load(t *testing.T, name string) (*Story, string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	story, err := Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return story, string(text)
}

func TestStoriesHoldWithTheRuleAndBreakWhatTheySayWithoutIt(t *testing.T) {
	for _, name := range files(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			story, text := load(t, name)
			head, _, _ := strings.Cut(text, Dashes)
			golden := strings.TrimRight(head, "\n") + "\n"
			for _, off := range []bool{false, true} {
				if off && story.Once != "" {
					continue
				}
				transcript, err := story.Run(off)
				if err != nil {
					t.Fatalf("%s\n%s: %v", transcript, name, err)
				}
				golden += "\n" + Dashes + "\n" + heading(story, off) + "\n\n" + transcript
			}
			compare(t, name, text, golden)
		})
	}
}

func heading(story *Story, off bool) string {
	switch {
	case off && story.Rule != nil:
		return "without " + story.Rule.ID
	case off:
		return "with the fault: " + story.Fault
	case story.Rule != nil:
		return "with " + story.Rule.ID
	case story.Once != "":
		return "with every rule"
	}
	return "without the fault"
}

// compare compares a file with what it should be, or writes it.
func compare(t *testing.T, name, is, should string) {
	t.Helper()
	if is == should {
		return
	}
	if *rewrite {
		if err := os.WriteFile(name, []byte(should), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, now := strings.Split(is, "\n"), strings.Split(should, "\n")
	i := 0
	for i < len(was) && i < len(now) && was[i] == now[i] {
		i++
	}
	t.Errorf("%s differs from what happens now, from line %d on; run with -rewrite and read the diff. Now:\n%s", name,
		i+1, strings.Join(now[i:min(i+10, len(now))], "\n"))
}

func TestEveryRuleHasAStoryAndStandsInTheTable(t *testing.T) {
	table := "# Rules, their stories, and what breaks without them\n\n" +
		"Written by `go test ./raft/scenario -rewrite`. Each story was played with the rule, when nothing broke, " +
		"and without it.\n\n" +
		"| rule | story | breaks |\n| --- | --- | --- |\n"
	var faults, once string
	stories := map[raft.Rule][][2]string{}
	for _, name := range files(t) {
		story, _ := load(t, name)
		cells := [2]string{fmt.Sprintf("[%s](testdata/%s)", story.Title, filepath.Base(name)),
			strings.Join(story.Broken(), ", ")}
		if story.Once != "" {
			once += fmt.Sprintf("- %s: %s\n", cells[0], story.Once)
			continue
		}
		if story.Rule == nil {
			faults += fmt.Sprintf("| a host's fault: %s | %s | %s |\n", story.Fault, cells[0], cells[1])
			continue
		}
		stories[story.Rule.Rule] = append(stories[story.Rule.Rule], cells)
	}
	for _, rule := range raft.Rules {
		if len(stories[rule.Rule]) == 0 {
			t.Errorf("rule %s has no story", rule.ID)
		}
		for _, cells := range stories[rule.Rule] {
			table += fmt.Sprintf("| %s | %s | %s |\n", rule.ID, cells[0], cells[1])
		}
	}
	is, err := os.ReadFile("TABLE.md")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	compare(t, "TABLE.md", string(is), table+faults+"\nPlayed with every rule only:\n\n"+once)
}

func TestWhatIsNoStoryIsRefused(t *testing.T) {
	const head = "# title\nrule oneVotePerTerm\nservers 3\n"
	for text, want := range map[string]string{
		"rule oneVotePerTerm\nservers 3\n":             "expected a title",
		"# t\nservers 3":                               "and one of them only",
		"# t\nrule x\nservers 3":                       "ID of a rule",
		"# t\nrule oneVotePerTerm":                     "servers N",
		"# t\nrule oneVotePerTerm\nservers 99":         "1 to 9",
		"# t\nrule oneVotePerTerm\nservers 3 x":        "servers N plain",
		head + "without x":                             "ID of a rule",
		head + "spare x":                               "expected a server",
		head + "chunk 0":                               "1 byte or more",
		head + "room 1 2":                              "1 byte or more",
		head + "on:":                                   "expected a step",
		head + "expect S1 loses":                       "line 4: goal: at 3: expected leads, is, has",
		"# t\nrule oneVotePerTerm\nfault f\nservers 3": "and one of them only",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestAStepThatCannotBeOrAnExpectationThatIsWrongEndsTheStory(t *testing.T) {
	const head = "# title\nrule oneVotePerTerm\nservers 3 plain\n"
	for steps, want := range map[string]string{
		"dance 1":                         "no step",
		"campaign":                        "expected a server",
		"campaign 9":                      "no S9",
		"crash 1\ncampaign 1":             "does not run",
		"restart 1":                       "runs",
		"save 1":                          "writes nothing",
		"host x":                          "expected answersByIndex",
		"deliver 1>2":                     "no such message",
		"deliver x":                       "expected a server",
		"cut 1>x":                         "expected a server",
		"split 1,x 2":                     "expected a server",
		"tick":                            "number of ticks",
		"run x":                           "number of ticks",
		"far x":                           "number of ticks",
		"flood 1 x":                       "number of ticks",
		"flood 9 1":                       "no S9",
		"forge 1>2":                       "expected a way, a place",
		"forge 1>2 x":                     "expected a place",
		"forge 1>2 1@1 0":                 "configuration",
		"crash 1\nforge 1>2 1@1":          "does not run",
		"disk 1 x":                        "expected a term",
		"transfer 1":                      "two servers",
		"reconfigure 1 0":                 "configuration",
		"expect S1 leads":                 "it is not so: S1 follower",
		"expect S1 is down":               "it is not so: S1 follower",
		"expect S1 has term = 2":          "it is not so: S1 follower  term 0",
		"expect S1 has term > 0":          "it is not so",
		"expect S9 is down":               "it is not so",
		"expect a server commits":         "it is not so",
		"expect sent 1 > x":               "expected a number",
		"expect sent 1 = 1":               "it is 0",
		"expect log 1 = x":                "it is",
		"expect log 1 < x":                "it is",
		"expect log":                      "more words",
		"expect refused":                  "was not refused",
		"run 900\nexpect no server leads": "it is not so",
		"holds":                           "",
		"breaks Liveness":                 `got ["holds"]`,
		"promise S1 leads\nholds":         "breaks Liveness",
		// what has happened counts from the story's beginning
		"propose 1 x=2\nrun 900\nexpect a server becomes leader and S1 gets a message twice\nholds": "",
	} {
		story, err := Parse(head + steps)
		if err != nil {
			t.Fatal(err)
		}
		_, err = story.Run(false)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", steps, err, want)
		}
	}
}

func TestAStoryRunsTheSameEveryTime(t *testing.T) {
	for _, name := range files(t) {
		story, _ := load(t, name)
		var texts []string
		for range 3 {
			text, _ := story.Run(story.Once == "")
			texts = append(texts, text)
		}
		if len(slices.Compact(texts)) != 1 {
			t.Errorf("%s: two runs differ", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		head, _, _ := strings.Cut(string(text), Dashes)
		f.Add(head)
	}
	f.Fuzz(func(t *testing.T, text string) {
		story, err := Parse(text)
		if err == nil && (story.Title == "" || story.voters < 1 || story.voters > maxServers) {
			t.Errorf("a story without a title or servers was accepted: %q", text)
		}
	})
}
