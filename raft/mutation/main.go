// Program mutation measures how good the tests are: it puts mistakes into the core, the server around it and
// its disk (packages raft, raft/server and raft/wal), one at a time, and checks whether a test fails.
//
// Each mistake is a mutant: a condition that is negated, a border that moves by one, a statement that is
// left out (mutant.go lists the kinds). All are compiled in at once, and a test binary chooses at its start
// which one lives (schema.go). Every test first runs without a mutant, to see which places it reaches and
// what it costs; a mutant is then tried with the tests that reach it, the cheapest first, until one fails or
// does not end (suite.go). Survivors must be listed in SURVIVORS.md, with the reason.
//
//	go run ./raft/mutation              // all three packages
//	go run ./raft/mutation -pkg core    // one: core takes about ten minutes on two idle processors
//	go run ./raft/mutation -run Vote    // functions whose name matches
//	go run ./raft/mutation -list        // the mutants, without trying them
//	go run ./raft/mutation -workers 1   // one test binary at a time, on a machine with other work
//	go run ./raft/mutation -faults      // instead: puts old faults of the core back, and writes FAULTS.md (faults.go)
//
// The exit status is 1 if a mutant survives that is not on the list, or if the list is wrong in another way.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// deterministic makes rapid draw the same examples each time, and not store those that fail.
var deterministic = []string{"-rapid.seed=1", "-rapid.nofailfile"}

// target is a package to be mutated.
type target struct {
	name   string // as -pkg names it
	dir    string // from the module's root
	pkg    string // as its mutants name it
	suites func() []*suite
}

// targets are all packages to be mutated, with their tests. In the core's second suite every server also
// checks its invariants after every input.
var targets = []target{
	{"core", "raft", "", func() []*suite {
		return []*suite{
			{pkg: "raft", flags: deterministic},
			{pkg: "raft", tags: "raftcheck", flags: deterministic},
			{pkg: "raft/scenario"},
			{pkg: "raft/server"},
			{pkg: "raft/lab", flags: deterministic},
			{pkg: "raft/explore"},
		}
	}},
	{"server", "raft/server", "server", func() []*suite {
		return []*suite{{pkg: "raft/server"}, {pkg: "raft/lab", flags: deterministic}}
	}},
	{"wal", "raft/wal", "wal", func() []*suite {
		return []*suite{{pkg: "raft/wal", flags: deterministic}, {pkg: "raft/server"}}
	}},
}

func main() {
	functions := flag.String("run", "",
		"try only mutants of functions that match, by file and name: \"node.go (*Node).Tick\"")
	only := flag.String("pkg", "", "only this package: "+targetNames())
	list := flag.Bool("list", false, "list the mutants, and try none")
	workers := flag.Int("workers", runtime.NumCPU(), "how many test binaries run at a time")
	limit := flag.Duration("limit", time.Second, "leave out tests that take more of a processor's time than this")
	onlyFaults := flag.Bool("faults", false,
		"put back the faults that the core once had, and write what finds them to FAULTS.md")
	each := flag.Duration("each", time.Minute, "with -faults: how long each means may look for a fault")
	flag.Parse()
	root, err := moduleRoot()
	var pattern *regexp.Regexp
	if err == nil {
		pattern, err = regexp.Compile(*functions)
	}
	switch {
	case err != nil:
	case *onlyFaults:
		err = writeFaults(root, *each)
	default:
		err = mutateAll(root, *only, run{functions: pattern, limit: *limit, workers: *workers}, *list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(1)
	}
}

func moduleRoot() (string, error) {
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	return filepath.Dir(strings.TrimSpace(string(gomod))), err
}

// writeFaults writes FAULTS.md.
func writeFaults(root string, each time.Duration) error {
	scratch, err := os.MkdirTemp("", "faults")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	all := independentMeans()
	if err := buildFaulty(root, scratch, all); err != nil {
		return err
	}
	rows, err := findFaults(root, all, each)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "raft/mutation/FAULTS.md"), []byte(faultsTable(all, rows)), 0o644)
}

// mutateAll mutates the package of that name, or all of them, and goes on after one that fails.
func mutateAll(root, only string, how run, onlyList bool) error {
	var errs []error
	known := false
	for _, t := range targets {
		if only == "" || only == t.name {
			known = true
			errs = append(errs, mutate(root, t, how, onlyList))
		}
	}
	if !known {
		return fmt.Errorf("-pkg is one of %s, not %q", targetNames(), only)
	}
	return errors.Join(errs...)
}

// mutate tries the mutants of a package as r says, or only lists them.
func mutate(root string, t target, r run, onlyList bool) error {
	r.root, r.suites = root, t.suites()
	var err error
	if r.schema, err = newSchema(filepath.Join(root, t.dir), t.pkg); err != nil {
		return err
	}
	if onlyList {
		for i, m := range r.schema.mutants {
			if r.chosen(i) {
				fmt.Println(m)
			}
		}
		return nil
	}
	list, err := readSurvivors(filepath.Join(root, "raft/mutation/SURVIVORS.md"))
	if err != nil {
		return err
	}
	if err := r.try(); err != nil {
		return err
	}
	fmt.Print(r.table())
	wrong := list.of(t.pkg).judge(r.schema.mutants, func(i int) bool { return r.killedBy[i] == nil }, r.chosen)
	for _, w := range wrong {
		fmt.Println(w)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("SURVIVORS.md is not what became of the mutants of %s: %d differences", t.name, len(wrong))
	}
	return nil
}

// targetNames lists the names that -pkg takes.
func targetNames() string {
	var names []string
	for _, t := range targets {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}
