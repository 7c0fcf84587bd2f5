package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "rounds, of which the median counts")
	duration := flag.Duration("time", 300*time.Millisecond, "time of one measurement")
	only := flag.String("run", ".", "measure only what has a name that matches, such as core/read or wasm/size")
	list := flag.Bool("list", false, "print the names, and measure nothing")
	wasm := flag.Bool("wasm", true, "measure in WebAssembly under Node too")
	measure := flag.String("measure", "",
		"ours or etcd: measure one core and print the results (how the program calls itself)")
	testing.Init()
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	switch {
	case err != nil:
		err = fmt.Errorf("-run: %w", err)
	case *measure != "":
		err = measureOne(*measure, *duration, strings.Split(*only, "|"))
	default:
		err = compareAll(matching(pattern), *list, *wasm, *rounds, *duration)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// The names of measurements begin with what runs them: this machine, or WebAssembly.
const (
	native  = "core/"
	browser = "wasm/"
)

// matching returns the names that match, of all that can be measured.
func matching(pattern *regexp.Regexp) (names []string) {
	for _, prefix := range []string{native, browser} {
		for _, w := range workloads {
			names = append(names, prefix+w.name)
		}
	}
	names = append(names, sizes...)
	return slices.DeleteFunc(names, func(name string) bool { return !pattern.MatchString(name) })
}

// compareAll measures what has one of the names, or only prints them.
func compareAll(names []string, list, wasm bool, rounds int, duration time.Duration) error {
	if list {
		for _, name := range names {
			fmt.Println(name)
		}
		return nil
	}
	if len(names) == 0 {
		return errors.New("-run: nothing has a name that matches; -list prints all")
	}
	if err := compare(native, nil, names, rounds, duration); err != nil || !wasm {
		return err
	}
	if err := compare(browser, []string{"GOOS=js", "GOARCH=wasm"}, names, rounds, duration); err != nil {
		return err
	}
	return compareSizes(names)
}

// measureOne prints a line for each of some workloads: name, nanoseconds, allocations and bytes per
// operation.
func measureOne(core string, duration time.Duration, names []string) error {
	fresh := map[string]start{"ours": newOurs, "etcd": newTheirs}[core]
	if fresh == nil {
		return fmt.Errorf("-measure is ours or etcd, not %q", core)
	}
	if err := flag.Set("test.benchtime", duration.String()); err != nil {
		return err
	}
	for _, w := range workloads {
		if !slices.Contains(names, w.name) {
			continue
		}
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			w.run(b, fresh)
		})
		if r.N == 0 {
			return fmt.Errorf("%s did not run", w.name)
		}
		n := float64(r.N)
		fmt.Printf("%s %.2f %.4f %.1f\n", w.name, float64(r.T.Nanoseconds())/n, float64(r.MemAllocs)/n,
			float64(r.MemBytes)/n)
	}
	return nil
}

// core is one side of the comparison.
type core struct {
	name    string
	command []string
	results map[string]*samples
}

type samples struct{ ns, allocs, bytes []float64 }

// compare measures the workloads whose names with this prefix are among those given. It builds the program
// twice, against either version of etcd's library, and lets the three cores take turns. platform holds the
// environment variables that name one; nil means this machine.
func compare(prefix string, platform, names []string, rounds int, duration time.Duration) error {
	var chosen []string
	for _, name := range names {
		if workload, ok := strings.CutPrefix(name, prefix); ok && !slices.Contains(sizes, name) {
			chosen = append(chosen, workload)
		}
	}
	if len(chosen) == 0 {
		return nil
	}
	dir, err := os.MkdirTemp("", "raft-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	v36, v37 := filepath.Join(dir, "v36"), filepath.Join(dir, "v37")
	for _, build := range [][]string{{"build", "-modfile=etcd36.mod", "-tags=etcd36", "-o", v36, "."},
		{"build", "-o", v37, "."}} {
		cmd := exec.Command("go", build...)
		cmd.Env = append(os.Environ(), platform...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(build, " "), err, out)
		}
	}
	var runner []string
	if platform != nil {
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return fmt.Errorf("go env GOROOT: %w", err)
		}
		runner = []string{filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec")}
	}
	cores := []*core{
		{name: "ours", command: []string{v37, "-measure=ours"}},
		{name: "etcd-3.6.0", command: []string{v36, "-measure=etcd"}},
		{name: "etcd-3.7.0", command: []string{v37, "-measure=etcd"}},
	}
	for _, c := range cores {
		c.results = map[string]*samples{}
		flags := []string{"-time=" + duration.String(), "-run=" + strings.Join(chosen, "|")}
		c.command = slices.Concat(runner, c.command, flags)
	}
	for range rounds {
		for _, c := range cores {
			if err := c.round(); err != nil {
				return err
			}
		}
	}
	report(prefix, cores)
	return nil
}

func (c *core) round() error {
	cmd := exec.Command(c.command[0], c.command[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var name string
		var ns, allocs, size float64
		if _, err := fmt.Sscan(lines.Text(), &name, &ns, &allocs, &size); err != nil {
			return fmt.Errorf("%s printed %q: %w", c.name, lines.Text(), err)
		}
		s := c.results[name]
		if s == nil {
			s = &samples{}
			c.results[name] = s
		}
		s.ns, s.allocs, s.bytes = append(s.ns, ns), append(s.allocs, allocs), append(s.bytes, size)
	}
	return nil
}

func report(prefix string, cores []*core) {
	for _, w := range workloads {
		for _, c := range cores {
			if s := c.results[w.name]; s != nil {
				const words = "%-25s %-11s %9.0f ns  %7.3f allocations  %8.0f B\n"
				fmt.Printf(words, prefix+w.name, c.name, median(s.ns), median(s.allocs), median(s.bytes))
			}
		}
	}
	for _, w := range workloads {
		s := cores[0].results[w.name]
		for _, other := range cores[1:] {
			if o := other.results[w.name]; s != nil && o != nil {
				fmt.Printf("ratio\t%s\t%.2f\t%s\n", prefix+w.name, median(s.ns)/median(o.ns), other.name)
			}
		}
	}
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
