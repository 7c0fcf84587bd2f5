package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func document(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "SURVIVORS.md")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheListIsReadByFunctionAndTitle(t *testing.T) {
	list, err := readSurvivors(document(t,
		"# Title\n\n- a point that is no survivor\n\n### `log.at` (log.go)\n\nWords.\n\n- `a < b` → `a <= b`: "+
			"never equal: see above\n"+
			"- `f(\"x: y\")` dropped (2): text only\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list["log.at: `a < b` → `a <= b`"] != "never equal: see above" ||
		list["log.at: `f(\"x: y\")` dropped (2)"] != "text only" {
		t.Errorf("%q", list)
	}
}

func TestAListItemThatExplainsNothingIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		"### `f`\n- `a()` dropped\n":                                   ":2: expected",
		"### `f`\n- `a()` dropped: \n":                                 ":2: expected",
		"### `f`\n- a() dropped: why\n":                                ":2: expected",
		"### `f`\n- `a()` dropped: why\n\n- `a()` dropped: why else\n": ":4: f: `a()` dropped is listed twice",
	} {
		if _, err := readSurvivors(document(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestTheListIsJudgedByWhatSurvived(t *testing.T) {
	named := func(before string) mutant {
		return mutant{file: "a.go", line: 1, function: "f", operator: drop, before: before, nth: 1}
	}
	mutants := []mutant{named("listed and survives"), named("listed and killed"), named("survives"), named("killed"),
		named("not run")}
	list := survivors{"f: `listed and survives` dropped": "x", "f: `listed and killed` dropped": "x",
		"f: `gone` dropped": "x", "f: `not run` dropped": "x"}
	got := list.judge(mutants, func(i int) bool { return i == 0 || i == 2 }, func(i int) bool { return i < 4 })
	want := []string{
		"is on the list, but is killed: a.go:1 f: `listed and killed` dropped",
		"survives and is not on the list: a.go:1 f: `survives` dropped",
		"is on the list, but there is no such mutant: f: `gone` dropped",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The core's files stand in the document without a folder, those of other packages with it. A run of one
// package is judged by its own part of the list.
func TestTheListKeepsPackagesApart(t *testing.T) {
	list, err := readSurvivors(document(t, "## a.go\n\n### `f`\n\n- `x` dropped: why\n\n"+
		"### `(*T).m`\n\n- `y: z` → `w`: why\n\n"+
		"## server/b.go\n\n### `f`\n\n- `x` dropped: because\n\n### `(*T).m`\n\n- `v` dropped: because\n"))
	if err != nil {
		t.Fatal(err)
	}
	core, server := list.of(""), list.of("server")
	if len(list) != 4 || len(core) != 2 || len(server) != 2 || len(list.of("other")) != 0 {
		t.Errorf("%q, the core's %q, the server's %q", list, core, server)
	}
	m := mutant{pkg: "server", file: "b.go", line: 3, function: "f", operator: drop, before: "x", nth: 1}
	if server[m.key()] != "because" || core[m.key()] != "" {
		t.Errorf("%s: %q, in the core %q", m.key(), server[m.key()], core[m.key()])
	}
	if m.place() != "server/b.go f" || m.String() != "server/b.go:3 f: `x` dropped" {
		t.Errorf("%s, at %s", m, m.place())
	}
}
