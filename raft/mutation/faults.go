package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// fault is a mistake that the core had until an independent fuzz test found it, and that can be put back:
// mutated(n) in its edits reports whether fault n, counted from 1, is alive.
type fault struct {
	title string
	edits []putBack
}

// putBack is a passage that stands in its file exactly once, and what stood there with the fault.
type putBack struct{ file, now, then string }

var faults = []fault{
	{"a refusal of a call of an earlier life confirms reads", []putBack{
		{"contact.go", "if byTerm && n.keeps(AnswersOfThisTerm) {",
			"if byTerm && n.keeps(AnswersOfThisTerm) && !mutated(1) {"},
	}},
	{"over a way longer than a heartbeat no refusal, and no answer to a chunk, is believed", []putBack{
		{"replication.go", "case m.Call < f.since && m.Call != 0:",
			"case (m.Call < f.since || mutated(2) && f.probing && m.Call != f.probe) && m.Call != 0:"},
		{"snapshot.go", "case f.snapshot == nil || m.Call < f.since:",
			"case f.snapshot == nil || m.Call < f.since || mutated(2) && m.Call != f.probe:"},
	}},
	{"more than eight rounds of reads under way: the oldest is forgotten", []putBack{
		{"contact.go", "	longest := uint64(n.opt.ElectionTicksMax)\n	for len",
			`	longest := uint64(n.opt.ElectionTicksMax)
	if mutated(3) {
		if (len(l.rounds)-1)*n.opt.HeartbeatTicks > n.opt.ElectionTicksMax {
			l.rounds = append(l.rounds[:0], l.rounds[1:]...)
		}
		l.rounds = append(l.rounds, round{call: n.calls, tick: l.ticks})
		if n.alone() {
			n.heardQuorum()
		}
		return
	}
	for len`},
	}},
	{"a higher term ends the loyalty on which a lease stands", []putBack{
		{"node.go", "if !n.keeps(LoyaltyOutlivesTerm) {", "if !n.keeps(LoyaltyOutlivesTerm) || mutated(4) {"},
	}},
	{"a learner whose first round was slow is never caught up while nobody writes", []putBack{
		{"replication.go", "if f.learner {", "if f.learner && (advanced || !mutated(5)) {"},
	}},
	{"chunks of two leaders' snapshots are put together", []putBack{
		{"snapshot.go", "in.leader == m.Term &&", "(in.leader == m.Term || mutated(6)) &&"},
	}},
	{"a snapshot that no server sends ends in a panic, or never", []putBack{
		{"snapshot.go",
			"m.LastIncludedIndex > lastIndex || m.LastIncludedTerm > m.Term ||\n\t\tc.complete() != nil",
			"m.LastIncludedTerm > m.Term || !mutated(7) && (m.LastIncludedIndex > lastIndex || c.complete() != nil)"},
	}},
	{"a chunk for which there is no room is sent again at once", []putBack{
		{"snapshot.go", "case m.NextOffset != uint64(f.offset):",
			"case m.NextOffset != uint64(f.offset) || mutated(8):"},
	}},
	{"a server that is told to stand votes for itself within a lease that it renewed", []putBack{
		{"election.go", "case loyalty != NoReason && n.keeps(LoyalCandidate):",
			"case loyalty != NoReason && n.keeps(LoyalCandidate) && !mutated(9):"},
	}},
	{"a leader whose own disk hangs leads on", []putBack{
		{"contact.go", "n.keeps(LeaderWrites):", "n.keeps(LeaderWrites) && !mutated(10):"},
	}},
}

// faultySchema returns the core with all faults in it, of which at most one lives.
func faultySchema(dir string) (*schema, error) {
	s := &schema{dir: dir, files: map[string][]byte{}}
	for i, f := range faults {
		s.mutants = append(s.mutants, mutant{function: f.title})
		for _, e := range f.edits {
			text, edited := s.files[e.file]
			if !edited {
				var err error
				if text, err = os.ReadFile(filepath.Join(dir, e.file)); err != nil {
					return nil, err
				}
			}
			if bytes.Count(text, []byte(e.now)) != 1 {
				return nil, fmt.Errorf("fault %d cannot be put back: expected once in %s: %s", i+1, e.file, e.now)
			}
			s.files[e.file] = bytes.Replace(text, []byte(e.now), []byte(e.then), 1)
		}
	}
	s.files["mutated_selector.go"] = fmt.Appendf(nil, selector, "raft", len(s.mutants))
	return s, nil
}

// means is a way to find a fault that is independent of the others: a program, built with all faults in it.
type means struct {
	name   string
	build  []string // arguments of go, before the package
	pkg    string   // its folder, from the module's root
	search []string // arguments with which the program looks for something wrong
	limit  string   // if not empty, the argument before the duration of that search
	again  string   // the argument that has the program try again what it found, which %s stands for
	found  *regexp.Regexp
	binary string
}

// independentMeans are the columns of the table.
func independentMeans() []*means {
	test := []string{"test", "-c"}
	return []*means{
		{name: "the core's tests", build: test, pkg: "raft", search: deterministic, again: "-test.run=^%s$",
			found: regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)},
		{name: "stories", build: test, pkg: "raft/scenario", search: []string{"-test.run=Stories"},
			again: "-test.run=Stories/^%s$",
			found: regexp.MustCompile(`(?m)^ +--- FAIL: Test\w+/(\S+)`)},
		{name: "harsh worlds", build: []string{"build"}, pkg: "raft/lab/soak",
			search: []string{"-world=harsh", "-first=0", "-seeds=2000", "-stop"}, limit: "-time",
			again: "-world=harsh -seed=%s", found: regexp.MustCompile(`(?m)^seed (\d+):`)},
		{name: "black box", build: test, pkg: "raft/blackbox", search: []string{"-test.run=^TestBlackBox$"},
			limit: "-time",
			again: "-test.run=^TestBlackBox$ -seed=%s", found: regexp.MustCompile(`seed (\d+):`)},
	}
}

// compile builds the program.
func (m *means) compile(root, overlay, to string) error {
	m.binary = filepath.Join(to, strings.ReplaceAll(m.pkg, "/", "-"))
	c := exec.Command("go", append(append([]string{}, m.build...), "-overlay", overlay, "-o", m.binary, "./"+m.pkg)...)
	c.Dir = root
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s with the faults in does not compile: %v\n%s", m.pkg, err, out)
	}
	return nil
}

// run starts the program with one fault alive. It returns what the program found, empty if it found nothing, and how
// long that took.
func (m *means) run(root string, fault int, patience time.Duration, args ...string) (found string, took time.Duration,
	err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, m.binary, args...)
	c.Dir = filepath.Join(root, m.pkg)
	c.Env = append(os.Environ(), liveVariable+"="+strconv.Itoa(fault))
	c.WaitDelay = time.Second
	began := time.Now()
	out, err := c.CombinedOutput()
	took = time.Since(began)
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return "", took, err
	}
	if match := m.found.FindSubmatch(out); match != nil && err != nil {
		return string(match[1]), took, nil
	}
	if err != nil && ctx.Err() == nil {
		return "", took, fmt.Errorf("%s with fault %d ended without saying what it found: %v\n%s", m.name, fault, err,
			out)
	}
	return "", took, nil
}

// finding is a cell of the table.
type finding struct {
	found string // empty: nothing
	took  time.Duration
}

// findFaults puts back each fault and has each means look for it.
func findFaults(root string, all []*means, limit time.Duration) ([][]finding, error) {
	rows := make([][]finding, len(faults))
	for i := range faults {
		rows[i] = make([]finding, len(all))
		for k, m := range all {
			args := m.search
			if m.limit != "" {
				args = append(append([]string{}, args...), m.limit, limit.String())
			}
			f := &rows[i][k]
			var err error
			if f.found, f.took, err = m.run(root, i+1, 2*limit+time.Minute, args...); err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%s: %s: %q after %.1f s\n", faults[i].title, m.name, f.found, f.took.Seconds())
		}
	}
	return rows, nil
}

// buildFaulty builds every means with the faults in, in a folder that is the caller's to remove.
func buildFaulty(root, scratch string, all []*means) error {
	s, err := faultySchema(filepath.Join(root, "raft"))
	if err != nil {
		return err
	}
	overlay, err := s.write(scratch)
	if err != nil {
		return err
	}
	for _, m := range all {
		if err := m.compile(root, overlay, scratch); err != nil {
			return err
		}
	}
	return nil
}

// faultsTable returns the content of FAULTS.md.
func faultsTable(all []*means, rows [][]finding) string {
	var b strings.Builder
	b.WriteString("# Faults put back\n\n" +
		"An independent fuzz broke this core in ten ways. Each fault is put back into it, one at a time, and looked " +
		"for by means that know nothing of\n" +
		"each other. A cell says what was found first (a test, a story, the seed of a world; worlds have the seeds " +
		"0, 1, 2, …) and after how long. A\n" +
		"dash: not within a minute, nor in the 2,000 harsh worlds that the test run goes through. Written by " +
		"`./build.sh mutants -faults`; the tests look that what the table names still finds its fault.\n\n")
	line := "| fault |"
	for _, m := range all {
		line += " " + m.name + " |"
	}
	b.WriteString(line + "\n|---|" + strings.Repeat("---|", len(all)) + "\n")
	for i, row := range rows {
		fmt.Fprintf(&b, "| %d. %s |", i+1, faults[i].title)
		for _, f := range row {
			if f.found == "" {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(&b, " `%s`, %.1f s |", f.found, f.took.Seconds())
		}
		b.WriteString("\n")
	}
	return b.String()
}
