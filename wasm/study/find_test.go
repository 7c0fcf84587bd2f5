package study

import (
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/lab"
)

func none(float64, string, any) {}

func never() float64 { return 0 }

// Every safety rule whose absence the explorer finds harmful is found here too, and the run told breaks the
// same property at the same moment when it is lived again.
func TestFoundRunsBreakTheirProperty(t *testing.T) {
	for _, c := range []struct {
		off      []string
		property string
		how      How
		most     int // actions
	}{
		{[]string{"majorityDecides"}, "Election Safety", "search", 2},
		{[]string{"oneVotePerTerm"}, "Election Safety", "search", 6},
		{[]string{"stepDownForHigherTerm"}, "Election Safety", "search", 7},
		{[]string{"answersOfThisElection"}, "Election Safety", "search", 9},
		{[]string{"upToDateCandidate"}, "Leader Completeness", "search", 8},
		{[]string{"consistencyCheck"}, "Log Matching", "search", 10},
		{[]string{"deleteOnlyConflicts"}, "State Machine Safety", "search", 9},
		{[]string{"durableVote"}, "Election Safety", "search", 10},
	} {
		t.Run(c.off[0], func(t *testing.T) {
			found, err := Find(FindQuestion{Off: c.off, Seconds: 60}, never, none)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf(
				"%s at %d µs after %d actions, %d looked at: %s", found.Property, found.At, len(found.Actions),
				found.Looked, found.Text,
			)
			if found.Property != c.property || found.How != c.how || len(found.Actions) > c.most {
				t.Errorf("%s, by %s, %d actions: %v", found.Property, found.How, len(found.Actions), found.Actions)
			}
			v, err := live(found.Run)
			if err != nil || v == nil || v.Property.String() != found.Property || v.At != found.At {
				t.Errorf("lived again it is %v, %v", v, err)
			}
			mended := found.Run
			mended.Config.Off = figure2
			if v, _ := live(mended); v != nil {
				t.Errorf("with the rule on the same run still breaks something: %v", v)
			}
		})
	}
}

// A run that is too long to search for is met by chance, and told as well: Figure 8.
func TestAWalkIsTold(t *testing.T) {
	walk := stages[5].look
	found, walks, err := walk(nil, raft.RulesOf(raft.CommitOnlyCurrentTerm, raft.LeaderNoOp))
	if err != nil || found == nil || found.Property != "Leader Completeness" || found.How != "chance" {
		t.Fatalf("%d walks: %+v, %v", walks, found, err)
	}
	if v, err := live(found.Run); err != nil || v == nil || v.At != found.At {
		t.Errorf("lived again it is %v, %v", v, err)
	}
}

// Harm that needs a configuration change at a bad moment is met in a cluster under faults, and told as well.
func TestAHostileRunIsTold(t *testing.T) {
	off := []string{raft.Rules[raft.RollBackConfig].ID}
	found, seeds, err := stages[4].look(off, 0)
	if err != nil || found == nil || found.How != "chance" || len(found.Actions) == 0 {
		t.Fatalf("%d seeds: %+v, %v", seeds, found, err)
	}
	if v, err := live(found.Run); err != nil || v == nil || v.Property.String() != found.Property || v.At != found.At {
		t.Errorf("lived again it is %v, %v", v, err)
	}
}

// Rules of snapshots and of configuration changes, which are beyond the searches and walks, are soon missed
// by clusters under faults.
func TestClustersUnderFaultsAreTold(t *testing.T) {
	for _, id := range []string{"rollBackConfig", "compactedMatches"} {
		asked := 0
		found, err := Find(FindQuestion{Off: []string{id}, Seconds: 60}, never, func(float64, string, any) { asked++ })
		if err != nil || found.How != "chance" || asked != 1 {
			t.Fatalf("%s, at the stage %d of those that are tried: %+v, %v", id, asked, found, err)
		}
		if v, err := live(found.Run); err != nil || v == nil || v.Property.String() != found.Property ||
			v.At != found.At {
			t.Errorf("%s: lived again it is %v, %v", id, v, err)
		}
		mended := found.Run
		mended.Config.Off = nil
		if v, _ := live(mended); v != nil {
			t.Errorf("%s: with the rule on the same run still breaks something: %v", id, v)
		}
	}
}

func TestNothingToFind(t *testing.T) {
	for name, off := range map[string][]string{"no rules": nil, "no such rule": {"gravity"}} {
		if _, err := Find(FindQuestion{Off: off, Seconds: 60}, never, none); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	late := func() float64 { return 61 }
	if _, err := Find(FindQuestion{Off: []string{"majorityDecides"}, Seconds: 60}, late, none); err == nil {
		t.Error("found something when the time was over")
	}
}

// Two runs that differ in one action are the same until then, and two of the same run for ever.
func TestCompare(t *testing.T) {
	run := lab.Run{Version: lab.Version, Seed: 7, Config: lab.Config{Servers: 3, Latency: 15_000, Off: figure2}}
	run.Actions = []lab.Action{{At: 2_000_000, Do: lab.Put, Key: "x", Value: "1"}, {At: 3_000_000, Do: lab.Crash}}
	other := run
	other.Actions = run.Actions[:1]
	same, err := Compare(CompareQuestion{Left: run, Right: run, Until: 5_000_000}, none)
	if err != nil || same.Divergence != nil {
		t.Fatalf("a run differs from itself: %+v, %v", same.Divergence, err)
	}
	c, err := Compare(CompareQuestion{Left: run, Right: other, Until: 5_000_000}, none)
	if err != nil || c.Divergence == nil {
		t.Fatalf("no difference: %v", err)
	}
	if d := c.Divergence; d.At < 3_000_000 || d.At > 3_100_000 || d.Left == d.Right {
		t.Errorf("they part at %d µs: %q, %q", d.At, d.Left, d.Right)
	}
	seeded := run
	seeded.Seed++
	if c, err := Compare(
		CompareQuestion{Left: run, Right: seeded, Until: 1_000_000}, none,
	); err != nil || c.Divergence == nil || c.Divergence.Left == c.Divergence.Right {
		t.Errorf("with another seed: %+v, %v", c.Divergence, err)
	}
	crashed := 0
	for _, l := range c.Left.History.Lanes {
		if l.Role == "gone" {
			crashed++
		}
	}
	if crashed != 1 || len(c.Left.Story) == 0 || len(c.Right.History.Terms) == 0 {
		t.Errorf("%d crashes, %d lines, %d terms", crashed, len(c.Left.Story), len(c.Right.History.Terms))
	}
}

func TestServeAnswersEveryQuestion(t *testing.T) {
	for question, wants := range map[string]string{
		`{"type":"find","id":3,"off":["majorityDecides"],"seconds":9}`: `"ok":true`,
		`{"type":"compare","id":3,"until":-1}`:                         `"ok":false`,
		`{"type":"dream","id":3}`: `expected find, compare, ` +
			`elections or history, got dream`,
		`{"type":"find","id":3,"off":7}`: `"ok":false`,
		`nonsense`:                       `"ok":false`,
	} {
		var last string
		Serve([]byte(question), never, func(json []byte) { last = string(json) })
		if !contains(last, `"type":"answer"`) || !contains(last, wants) {
			t.Errorf("%s is answered by %s", question, last)
		}
	}
}

func contains(text, part string) bool {
	for i := range text {
		if len(text)-i >= len(part) && text[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

func FuzzServe(f *testing.F) {
	f.Add([]byte(
		`{"type":"elections","id":1,"servers":3,"runs":1,"latencies":[1000],"timeouts":[{"least":150000,` +
			`"most":300000}]}`))
	f.Add([]byte(
		`{"type":"compare","id":1,"left":{"version":1,"config":{"servers":1}},"right":{"version":1,` +
			`"config":{"servers":1}},"until":10000}`))
	f.Add([]byte(`{"type":"history","id":1,"run":{"version":1,"config":{"servers":1}},"until":10000}`))
	f.Fuzz(func(t *testing.T, question []byte) {
		answers := 0
		late := func() float64 { return 1e9 }
		Serve(question, late, func(json []byte) {
			if contains(string(json), `"type":"answer"`) {
				answers++
			}
		})
		if answers != 1 {
			t.Errorf("%d answers", answers)
		}
	})
}
