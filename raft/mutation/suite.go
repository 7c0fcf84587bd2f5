package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// suite is the tests of one package, built with all mutants in.
type suite struct {
	pkg    string   // its folder, from the module's root
	tags   string   // with which it is built
	flags  []string // of its test binary
	binary string
	tests  []test
}

func (s *suite) name() string {
	if s.tags != "" {
		return s.pkg + " " + s.tags
	}
	return s.pkg
}

// test is one of a suite's tests, as it is without a mutant.
type test struct {
	name    string
	cost    time.Duration // processor time
	reached []bool        // by mutant number
}

// build compiles the suite.
func (s *suite) build(root, overlay, to string) error {
	s.binary = filepath.Join(to, strings.NewReplacer("/", "-", " ", "-").Replace(s.name())+".test")
	build := exec.Command("go", "test", "-c", "-tags", s.tags, "-overlay", overlay, "-o", s.binary, "./"+s.pkg)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s with the mutants in does not compile: %v\n%s", s.name(), err, out)
	}
	return nil
}

// command starts the suite's binary for some of its tests, with one mutant alive or, with 0, none.
func (s *suite) command(ctx context.Context, root, scratch string, live int, tests ...string) *exec.Cmd {
	quoted := make([]string, len(tests))
	for i, name := range tests {
		quoted[i] = regexp.QuoteMeta(name)
	}
	c := exec.CommandContext(ctx, s.binary,
		append([]string{"-test.failfast", "-test.timeout=0", "-test.run=^(" + strings.Join(quoted, "|") + ")$"},
			s.flags...)...)
	c.Dir = filepath.Join(root, s.pkg)
	c.Env = append(os.Environ(), "TMPDIR="+scratch, "GOMAXPROCS=1", liveVariable+"="+strconv.Itoa(live))
	return c
}

// measure runs each test by itself, to see what it costs and which mutants it reaches.
func (s *suite) measure(root, scratch string, mutants, workers int) error {
	list := exec.Command(s.binary, "-test.list=^(Test|Fuzz|Example)")
	list.Dir = filepath.Join(root, s.pkg)
	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("listing the tests of %s: %v", s.name(), err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		s.tests = append(s.tests, test{name: name})
	}
	errs := make([]error, len(s.tests))
	inParallel(workers, len(s.tests), func(i int) {
		errs[i] = s.tests[i].measure(s, root, scratch, mutants)
	})
	return errors.Join(errs...)
}

func (s *suite) cost() (sum time.Duration) {
	for _, t := range s.tests {
		sum += t.cost
	}
	return sum
}

func (t *test) measure(s *suite, root, scratch string, mutants int) error {
	trace := filepath.Join(scratch, filepath.Base(s.binary)+"."+t.name)
	c := s.command(context.Background(), root, scratch, 0, t.name)
	c.Env = append(c.Env, traceVariable+"="+trace)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s fails without any mutant: %v\n%s", t.name, err, out)
	}
	t.cost = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	t.reached = make([]bool, mutants+1)
	text, err := os.ReadFile(trace)
	if err != nil {
		return err
	}
	for line := range strings.FieldsSeq(string(text)) {
		m, err := strconv.Atoi(line)
		if err != nil {
			return err
		}
		t.reached[m] = true
	}
	return nil
}

// trial is one start of a test binary.
type trial struct {
	suite *suite
	tests []string
	cost  time.Duration
}

// Tests that take less than quick share a trial. An endless loop is stopped after times the trial's duration
// without a mutant, at least patience; a mutant that waits without computing, after asleep.
const (
	quick    = 50 * time.Millisecond
	times    = 5
	patience = 3 * time.Second
	asleep   = 5 * time.Minute
)

// trials returns what is to be run for a mutant, the cheapest first: the tests that reach it and take no longer
// than the limit.
func trials(suites []*suite, mutant int, limit time.Duration) []trial {
	var all []trial
	for _, s := range suites {
		together := trial{suite: s}
		for _, t := range s.tests {
			switch {
			case !t.reached[mutant] || t.cost > limit:
			case t.cost < quick:
				together.tests = append(together.tests, t.name)
				together.cost += t.cost
			default:
				all = append(all, trial{s, []string{t.name}, t.cost})
			}
		}
		if len(together.tests) > 0 {
			all = append(all, together)
		}
	}
	slices.SortStableFunc(all, func(a, b trial) int { return cmp.Compare(a.cost, b.cost) })
	return all
}

// kills reports whether a test fails, or does not end, while the mutant lives.
func (t trial) kills(root, scratch string, mutant int) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), asleep)
	defer cancel()
	c := t.suite.command(ctx, root, scratch, mutant, t.tests...)
	c.Env = append(c.Env, fmt.Sprintf("%s=%d", limitVariable, (patience+times*t.cost)/time.Second))
	err := c.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return true, nil
	}
	return false, err
}

// inParallel calls f for 0 to n−1, on so many workers.
func inParallel(workers, n int, f func(i int)) {
	next := make(chan int)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	done.Wait()
}
