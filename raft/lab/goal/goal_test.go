package goal_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"raftplayground/raft/lab"
	. "raftplayground/raft/lab/goal"

	"pgregory.net/rapid"
)

const millisecond int64 = 1000

// scripted is a world of five servers in which S1 is elected, writes x = 1, is cut off with what it then takes
// for x = 2, and S3 is elected by the others.
func scripted(t testing.TB) *lab.World {
	t.Helper()
	w, err := lab.New(lab.Run{Version: lab.Version, Seed: 1,
		Config: lab.Config{Servers: 5, Latency: 5 * millisecond, Disk: millisecond, Off: []string{"preVote",
			"leaderLoyalty"}},
		Actions: []lab.Action{
			{At: 10 * millisecond, Do: lab.Campaign, Server: 1},
			{At: 80 * millisecond, Do: lab.Put, Server: 1, Key: "x", Value: "1"},
			{At: 200 * millisecond, Do: lab.Partition, Server: 1},
			{At: 210 * millisecond, Do: lab.Put, Server: 1, Key: "x", Value: "2"},
			{At: 220 * millisecond, Do: lab.Campaign, Server: 3},
			{At: 300 * millisecond, Do: lab.Crash, Server: 5},
			{At: 310 * millisecond, Do: lab.Pause, Server: 4},
		}})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// now tells whether a goal holds, whatever happened before.
func now(w *lab.World, g *Goal) bool {
	return g.Watch(w).Holds(w)
}

// Each fact is true when it should be, and not before or after.
func TestFacts(t *testing.T) {
	for _, c := range []struct {
		at        int64 // ms
		is, isNot []string
	}{
		{0, []string{"nobody leads", "somebody is a follower", "S1 is running", "nothing broken",
			"within 0 deeds", "before 1 ms",
			"nobody becomes leader", "nobody is a candidate", "not S6 is running", "not S6 leads"},
			[]string{"S1 leads", "1 leader at once", "x=1 committed", "S1 becomes leader", "after 0 s",
				"something broken", "x=1 everywhere"}},
		{15, []string{"S1 is a candidate", "somebody is a candidate", "within 1 deed", "not within 0 deeds",
			"S1 becomes a candidate",
			"S1 becomes a candidate in term 1"},
			[]string{"S2 is a candidate", "S1 becomes a candidate in term 2", "S1 becomes a candidate twice",
				"S1 becomes leader"}},
		{70, []string{"S1 leads", "S1 is a leader", "S1 leads in term 1", "somebody leads", "S1 becomes leader",
			"1 leaders at once",
			"somebody gives its vote three times", "somebody gives its vote in term 1", "nobody deletes entries"},
			[]string{"S1 leads in term 2", "S2 leads", "nobody leads", "two leaders at once",
				"nobody gives its vote", "S1 gives its vote",
				"somebody gives its vote 9 times"}},
		{190, []string{"x=1 committed", "x=1 on S1", "x=1 everywhere", `"x"="1" committed`, "within 2 deeds",
			"S1 commits", "within 2s"},
			[]string{"x=2 committed", "X=1 committed", "x=1 on S6", "before 190 ms", "after 190 ms", "within 1 deed"}},
		{290, []string{"two leaders at once", "S1 leads and S3 leads in term 2", "somebody leads in term 1",
			"somebody leads in term 2",
			"x=1 committed", "within 5 deeds", "nothing broken"},
			[]string{"two leaders in one term", "3 leaders at once", "x=2 committed", "x=2 on S1",
				"within 4 deeds", "Election Safety broken"}},
		{350, []string{"S5 is down", "S4 is paused", "S4 is a follower", "somebody is down", "x=1 on S4"},
			[]string{"S5 is a follower", "S4 is running", "nobody is down", "S5 is damaged", "x=1 on S5",
				"x=1 everywhere"}},
	} {
		for want, list := range map[bool][]string{true: c.is, false: c.isNot} {
			for _, text := range list {
				w := scripted(t)
				_, reached := w.Reach(Must(text+" and not before "+strconv.FormatInt(c.at, 10)+" ms"),
					c.at*millisecond)
				if reached != want {
					t.Errorf("at %d ms %q is %v", c.at, text, !want)
				}
			}
		}
	}
}

// A property that is broken is named, and no other is.
func TestBrokenPromises(t *testing.T) {
	w, err := lab.New(lab.Run{Version: lab.Version, Seed: 2, Config: lab.Config{Servers: 3,
		Latency: 15 * millisecond, Off: []string{"majorityDecides"}},
		Actions: []lab.Action{{At: millisecond, Do: lab.Campaign, Server: 1}, {At: millisecond,
			Do: lab.Campaign, Server: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	w.RunTo(100 * millisecond)
	for text, want := range map[string]bool{"election safety BROKEN": true, "something broken": true,
		"two leaders in one term": true,
		"nothing broken":          false, "Log Matching broken": false, "State Machine Safety broken": false} {
		if now(w, Must(text)) != want {
			t.Errorf("%s is %v, and broken is %v", text, !want, w.Violations())
		}
	}
}

// And binds more closely than or, not most closely; parentheses say otherwise.
func TestHowFactsAreJoined(t *testing.T) {
	w := scripted(t)
	const yes, no = "S1 is running", "S1 is down"
	for text, want := range map[string]bool{
		yes + " or " + yes + " and " + no: true, "(" + yes + " or " + yes + ") and " + no: false,
		"not " + no + " and " + no:        false,
		"not (" + no + " and " + no + ")": true, "not not " + yes: true, yes + ", " + no: false,
		yes + "," + yes: true, no + " or " + no + " or " + yes: true,
		"NOT " + no + " AND " + yes: true, "((" + yes + "))": true,
	} {
		g, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if now(w, g) != want {
			t.Errorf("%s is %v", text, !want)
		}
	}
}

// The first moment of a goal is found to the microsecond, also where nothing happens then; a watch counts from
// its beginning.
func TestFirst(t *testing.T) {
	for text, want := range map[string]int64{
		"not before 123.456 ms": 123456, "after 0.1 s": 100001, "not within 7 ms": 7001,
		"not within 0 deeds": 10000, "S5 is down": 300000, "S1 is running": 0,
	} {
		if at, reached := scripted(t).Reach(Must(text), 400*millisecond); !reached || at != want {
			t.Errorf("%s: %v at %d, expected %d", text, reached, at, want)
		}
	}
	w := scripted(t)
	leads, reached := w.Reach(Must("S1 leads"), 400*millisecond)
	if !reached || leads <= 20*millisecond || leads > 60*millisecond {
		t.Errorf("S1 leads at %d, %v", leads, reached)
	}
	if _, again := w.Reach(Must("S1 becomes leader"), 400*millisecond); again || w.Now() != 400*millisecond {
		t.Errorf("what happened before counts: %v; the world stands at %d", again, w.Now())
	}
	if at, reached := w.Reach(Must("before 1 ms"),
		300*millisecond); reached || at != 300*millisecond || w.Now() != 400*millisecond {
		t.Errorf("%v at %d of a time that has passed; the world stands at %d", reached, at, w.Now())
	}
}

// An error says what was expected, what came, and where.
func TestErrorsSayWhatIsWrongAndWhere(t *testing.T) {
	const a, server, number = "expected not, (, no server, nobody, a server, somebody, a server such as S4, ",
		"expected a server such as S4, got ", "expected a number from 0 to 10000000"
	const being = "expected running, paused, down, damaged, a follower, a candidate, a pre-candidate or a leader"
	for text, want := range map[string]string{
		"":                        "at 0: " + a,
		"S4 loses":                `at 3: expected leads, is, has, does something, gets a message, changes its role,`,
		"S4 becomes":              `at 10: expected a follower, a pre-candidate, a candidate or leader`,
		"S4 is ill":               "at 6: " + being + `, got "ill"`,
		"S4 is":                   "at 5: " + being + ", got nothing more",
		"S10 leads":               `at 0: ` + a,
		"S4 leads in the term":    `at 12: expected term, got "the"`,
		"S4 leads in term 0":      `at 17: expected a number from 1 to 10000000, got "0"`,
		"S4 leads S5":             `at 9: expected in term, and, or or the end, got "S5"`,
		"S4 leads and":            "at 12: " + a,
		"(S4 leads":               "at 9: expected in term, and, or or ), got nothing more",
		"S4 leads)":               `at 8: expected in term, and, or or the end, got ")"`,
		"two leaders":             "at 11: expected at once or in one term",
		"two dogs":                `at 4: expected leaders or leader, got "dogs"`,
		"0 leaders at once":       `at 0: ` + a,
		"x=2":                     "at 3: expected committed, everywhere or on, got nothing more",
		"x=2 on S0":               `at 7: ` + server + `"S0"`,
		"=2 committed":            `at 0: ` + a,
		"x=a=b committed":         `at 0: ` + a,
		`x="a committed`:          "at 2: expected text in quotes, with a quote at its end",
		"Election Safety":         "at 15: expected broken, got nothing more",
		"within":                  "at 6: " + number + ", got nothing more",
		"within six dogs":         `at 11: expected deeds, deed, ms or s, got "dogs"`,
		"within 6 dogs":           `at 9: expected deeds, deed, ms or s, got "dogs"`,
		"within 1.5 deeds":        `at 11: expected ms or s, got "deeds"`,
		"before 6 deeds":          `at 9: expected ms or s, got "deeds"`,
		"before 2sm":              `at 7: ` + number + `, got "2sm"`,
		"after -1 s":              `at 6: ` + number,
		"after 10000001 s":        `at 6: ` + number,
		"S1 commits 0 times":      `at 11: expected in term, twice, a number from 1 to 10000000, and, or or`,
		"within s":                `at 7: ` + number + `, got "s"`,
		"S1 commits 3":            "at 12: expected times, got nothing more",
		"after 1.2345678 s":       `at 6: ` + number,
		"S1 has":                  "at 6: expected term, commitIndex, lastIndex, lastApplied or caught up",
		"S1 has term":             "at 11: expected =, < or >, got nothing more",
		"S1 has term < x":         `at 14: ` + number + `, got "x"`,
		"something":               `at 9: expected broken or breaks, got nothing more`,
		strings.Repeat("(", 99):   "at 32: expected at most 32 parentheses",
		strings.Repeat("x", 5000): "at 1024: expected at most 1024 bytes",
	} {
		_, err := Parse(text)
		var why *Error
		if !errors.As(err, &why) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nexpected: %s", text, err, want)
		}
	}
}

// What the reference shows is read, and written again as what means the same.
func TestTheReferenceIsTrue(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, line := range regexp.MustCompile(`(?m)^//\t(\S.*?)(?:  .*)?$`).FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(line[0], ":=") {
			shown = append(shown, line[1])
		}
	}
	if len(shown) < 15 || !slices.Contains(shown, "within 2 s") {
		t.Fatalf("the reference shows %q", shown)
	}
	for _, fact := range shown {
		if g, err := Parse(fact); err != nil {
			t.Error(err)
		} else if again, err := Parse(Text(g)); err != nil || Text(again) != Text(g) {
			t.Errorf("%s is written %s, %v", fact, Text(g), err)
		}
	}
}

// Goals of every form are written as text that reads the same and means the same, and is not longer than it has to be:
// written once more it is the same.
func TestWhatIsWrittenReadsTheSame(t *testing.T) {
	worlds := []*lab.World{scripted(t), scripted(t), scripted(t)}
	for i, at := range []int64{0, 70, 350} {
		worlds[i].RunTo(at * millisecond)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := drawn(t, 3)
		g, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(Text(g))
		if err != nil || Text(again) != Text(g) {
			t.Fatalf("%s is written %s, and that is not, %v", text, Text(g), err)
		}
		for _, w := range worlds {
			if now(w, again) != now(w, g) {
				t.Errorf("%s is written %s, which means something else", text, Text(g))
			}
		}
	})
}

// drawn draws a goal with facts in each other, so deep.
func drawn(t *rapid.T, deep int) string {
	one := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "words") }
	if deep > 0 {
		switch rapid.IntRange(0, 4).Draw(t, "form") {
		case 0:
			return drawn(t, deep-1) + one(" or ", " OR ") + drawn(t, deep-1)
		case 1:
			return drawn(t, deep-1) + one(" and ", ", ", ",") + drawn(t, deep-1)
		case 2:
			return "not " + drawn(t, deep-1)
		case 3:
			return "(" + drawn(t, deep-1) + " )"
		}
	}
	who := one("S1", "s3", "a server", "somebody", "nobody", "No Server", "S9")
	term := one("", "", " in term 1", " in term two")
	key := one("x", `"x"`, `"a b"`, `"=\\"`, `"\\"`, "ä", `"(,)"`)
	number := one("0", "one", "3", "70")
	switch rapid.IntRange(0, 9).Draw(t, "fact") {
	case 0:
		return who + one(" leads"+term, " is a leader")
	case 1:
		return one("1 leader", "two leaders", "3 leaders") + one(" at once", " in one term")
	case 2:
		return who + " is " + one("running", "paused", "DOWN", "damaged", "a follower", "a candidate",
			"a pre-candidate")
	case 3:
		return who + " has " + one("term", "commitindex", "lastIndex", "lastApplied") +
			one(" = ", " < ", " > ") + number
	case 4:
		return key + "=" + one("1", "2", `""`, `"2"`, "") + one(" committed", " everywhere", " on S3")
	case 5:
		return who + one(" does something", " gets a message", " commits", " has caught up", " becomes leader") + term +
			one("", " twice", " 3 times", " one times")
	case 6:
		return one("Election Safety", "leader append-only", "something", "nothing") + " broken"
	case 7:
		return "within " + number + one(" deeds", " deed")
	case 8:
		return one("before ", "within ", "after ") + one("70 ms", "0.07 s", "70.001ms", "two s", "1.5s", "0 ms")
	}
	return "something breaks"
}

// Whatever the text: it is read or refused, what is read is written as text that reads the same, and an error
// names a place in it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"S4 leads in term 3 and not before 2 s",
		"not (x=2 committed or two leaders at once), within six deeds",
		`"a b"="\"" on S3`, "somebody gives its vote in term 2 twice", "Leader Append-Only broken", "((", `x="`,
		"nobody is paused or S1 is a leader"} {
		f.Add(text)
	}
	w := scripted(f)
	f.Fuzz(func(t *testing.T, text string) {
		g, err := Parse(text)
		var why *Error
		switch {
		case errors.As(err, &why):
			if why.At < 0 || why.At > len(why.Text) || why.Error() == "" {
				t.Errorf("%q: at %d", text, why.At)
			}
			return
		case err != nil:
			t.Fatalf("%q: %v is no Error", text, err)
		}
		again, err := Parse(Text(g))
		if err != nil && len(Text(g)) <= MostText || err == nil && Text(again) != Text(g) {
			t.Errorf("%q is written %q, %v", text, Text(g), err)
		}
		if err == nil && now(w, again) != now(w, g) {
			t.Errorf("%q is written %q, which means something else", text, Text(g))
		}
	})
}
