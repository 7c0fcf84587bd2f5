package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const toy = `package toy

func Larger(a, b int) int {
	if a < b { // at the border it does not matter which
		return b
	}
	return a
}

func Sum(upTo int) (sum int) {
	for i := upTo; i > 0; {
		sum += i
		i--
	}
	return sum
}

func Unused(p, q bool) bool { return p && q || p && !q }
`

const toyTest = `package toy

import "testing"

func TestLarger(t *testing.T) {
	if Larger(1, 2) != 2 || Larger(2, 1) != 2 || Larger(1, 1) != 1 {
		t.Error("not the larger one")
	}
}

func TestSum(t *testing.T) {
	if got := Sum(3); got != 6 {
		t.Error(got)
	}
}
`

func TestWhoIsKilledAndWhoSurvives(t *testing.T) {
	r := run{root: module(t, map[string]string{"toy/toy.go": toy, "toy/toy_test.go": toyTest}),
		functions: regexp.MustCompile(""), limit: time.Minute, workers: 2}
	s, err := newSchema(r.root+"/toy", "")
	if err != nil {
		t.Fatal(err)
	}
	r.schema, r.suites = s, []*suite{{pkg: "toy"}}
	if err := r.try(); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for i, m := range s.mutants {
		got[m.key()] = r.killedBy[i] != nil
	}
	want := map[string]bool{
		"Larger: `a < b` → `!(a < b)`":                      true,
		"Larger: `a < b` → `a <= b`":                        false, // equivalent
		"Larger: `return b` dropped":                        true,
		"Sum: `i > 0` → `!(i > 0)`":                         true,
		"Sum: `i > 0` → `i >= 0`":                           false, // equivalent
		"Sum: `i > 0` → `i > 1`":                            true,
		"Sum: `sum += i` dropped":                           true,
		"Sum: `sum += i` → `sum -= i`":                      true,
		"Sum: `i--` dropped":                                true,  // by an endless loop
		"Unused: `p && q || p && !q` → `p && q && p && !q`": false, // no test reaches it
		"Unused: `p && q` → `p || q`":                       false,
		"Unused: `p && !q` → `p || !q`":                     false,
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if killed, exists := got[k]; !exists || killed != want[k] {
			t.Errorf("%s: is a mutant: %v, killed: %v, want %v", k, exists, killed, want[k])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d mutants, want %d: %v", len(got), len(want), got)
	}
	if table := r.table(); !strings.Contains(table, "| toy.go | 12 | 7 | 5 | 58.3 % |") {
		t.Error(table)
	}
}

func TestAMutantIsTriedWithTheTestsThatReachItTheCheapestFirst(t *testing.T) {
	reaches, misses := []bool{false, true}, []bool{false, false}
	core := &suite{pkg: "core", tests: []test{{"A", 900 * time.Millisecond, reaches},
		{"B", 20 * time.Millisecond, reaches}, {"C", 20 * time.Millisecond, misses},
		{"D", 10 * time.Millisecond, reaches}, {"E", time.Hour, reaches}}}
	world := &suite{pkg: "world", tests: []test{{"F", 5 * time.Millisecond, reaches},
		{"G", 300 * time.Millisecond, reaches}}}
	var got []string
	for _, trial := range trials([]*suite{core, world}, 1, time.Second) {
		got = append(got, trial.suite.pkg+" "+strings.Join(trial.tests, " "))
	}
	if want := []string{"world F", "core B D", "world G", "core A"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTestsThatFailWithoutAMutantProveNothing(t *testing.T) {
	r := run{root: module(t, map[string]string{"toy/toy.go": toy, "toy/toy_test.go": strings.Replace(toyTest,
		"got != 6", "got != 7", 1)}), workers: 1}
	s, err := newSchema(r.root+"/toy", "")
	if err != nil {
		t.Fatal(err)
	}
	r.schema, r.suites = s, []*suite{{pkg: "toy"}}
	if err := r.try(); err == nil || !strings.Contains(err.Error(), "TestSum fails without any mutant") {
		t.Errorf("got %v", err)
	}
}
