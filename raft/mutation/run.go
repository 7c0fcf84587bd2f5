package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// run tries the mutants of a package.
type run struct {
	root      string // the module's folder
	schema    *schema
	suites    []*suite
	functions *regexp.Regexp // only the mutants of functions whose file and name match are tried
	limit     time.Duration  // tests that take longer are left out
	workers   int            // trials at a time

	killedBy []*suite // by the mutant's place in schema.mutants; nil: it survived
}

// chosen reports whether a mutant is one of those that are tried.
func (r *run) chosen(i int) bool { return r.functions.MatchString(r.schema.mutants[i].place()) }

// try finds out which suite kills which mutant. It reports its progress on standard error.
func (r *run) try() error {
	scratch, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	began := time.Now()
	overlay, err := r.schema.write(scratch)
	if err != nil {
		return err
	}
	for _, s := range r.suites {
		if err := s.build(r.root, overlay, scratch); err != nil {
			return err
		}
		if err := s.measure(r.root, scratch, len(r.schema.mutants), r.workers); err != nil {
			return err
		}
		say(began, "%s: %d tests take %.1f s", s.name(), len(s.tests), s.cost().Seconds())
	}
	r.killedBy = make([]*suite, len(r.schema.mutants))
	errs := make([]error, len(r.schema.mutants))
	var tried atomic.Int64
	inParallel(r.workers, len(r.schema.mutants), func(i int) {
		if !r.chosen(i) {
			return
		}
		r.killedBy[i], errs[i] = r.killer(scratch, i)
		if r.killedBy[i] == nil {
			say(began, "survives: %v", r.schema.mutants[i])
		}
		if n := tried.Add(1); n%100 == 0 {
			say(began, "%d tried", n)
		}
	})
	return errors.Join(errs...)
}

func say(began time.Time, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%5.0f s: "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
}

// killer returns the suite whose test kills a mutant, nil if none does.
func (r *run) killer(scratch string, i int) (*suite, error) {
	for _, t := range trials(r.suites, i+1, r.limit) {
		killed, err := t.kills(r.root, scratch, i+1)
		if err != nil {
			return nil, err
		}
		if killed {
			return t.suite, nil
		}
	}
	return nil, nil
}

// table tells, file by file, how many mutants there are and what became of them, as Markdown.
func (r *run) table() string {
	header, rule := "| file | mutants |", "|---|--:|"
	for _, s := range r.suites {
		header += " killed by " + s.name() + " |"
		rule += "--:|"
	}
	out := header + " survived | killed |\n" + rule + "--:|--:|\n"
	var files []string
	for i, m := range r.schema.mutants {
		if i == 0 || m.file != r.schema.mutants[i-1].file {
			files = append(files, m.file)
		}
	}
	for _, file := range files {
		out += r.row(path.Join(r.schema.mutants[0].pkg, file), func(m mutant) bool { return m.file == file })
	}
	return out + r.row("all", func(mutant) bool { return true })
}

func (r *run) row(name string, of func(mutant) bool) string {
	all, killed := 0, 0
	by := map[*suite]int{}
	for i, m := range r.schema.mutants {
		if !of(m) || !r.chosen(i) {
			continue
		}
		all++
		by[r.killedBy[i]]++
		if r.killedBy[i] != nil {
			killed++
		}
	}
	if all == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | %d |", name, all)
	for _, s := range r.suites {
		fmt.Fprintf(&b, " %d |", by[s])
	}
	fmt.Fprintf(&b, " %d | %.1f %% |\n", all-killed, 100*float64(killed)/float64(all))
	return b.String()
}
