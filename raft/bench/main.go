package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "rounds, of which the median counts")
	duration := flag.Duration("time", 300*time.Millisecond, "time of one measurement")
	only := flag.String("run", "", "measure only what has this in its name")
	wasm := flag.Bool("wasm", true, "measure in WebAssembly under Node too")
	measure := flag.String("measure", "", "ours or etcd: measure one core and print the results (how the program calls itself)")
	testing.Init()
	flag.Parse()
	var err error
	if *measure != "" {
		err = measureOne(*measure, *duration, *only)
	} else {
		err = compare("core", nil, *rounds, *duration, *only)
		if err == nil && *wasm {
			err = compare("wasm", []string{"GOOS=js", "GOARCH=wasm"}, *rounds, *duration, *only)
			if err == nil && strings.Contains("size", *only) {
				err = compareSizes()
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measureOne prints a line a workload: name, nanoseconds, allocations and bytes per operation.
func measureOne(core string, duration time.Duration, only string) error {
	fresh := map[string]func() cluster{"ours": newOurs, "etcd": newTheirs}[core]
	if fresh == nil {
		return fmt.Errorf("-measure is ours or etcd, not %q", core)
	}
	if err := flag.Set("test.benchtime", duration.String()); err != nil {
		return err
	}
	for _, w := range workloads {
		if !strings.Contains(w.name, only) {
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
		fmt.Printf("%s %.2f %.4f %.1f\n", w.name, float64(r.T.Nanoseconds())/n, float64(r.MemAllocs)/n, float64(r.MemBytes)/n)
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

// compare builds the program twice, against either version of etcd's library, and lets the three cores take turns. The platform is what
// the environment says about it; nothing means this machine.
func compare(prefix string, platform []string, rounds int, duration time.Duration, only string) error {
	dir, err := os.MkdirTemp("", "raft-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	v36, v37 := filepath.Join(dir, "v36"), filepath.Join(dir, "v37")
	for _, build := range [][]string{{"build", "-modfile=etcd36.mod", "-tags=etcd36", "-o", v36, "."}, {"build", "-o", v37, "."}} {
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
		c.command = slices.Concat(runner, c.command, []string{"-time=" + duration.String(), "-run=" + only})
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
				fmt.Printf("%-25s %-11s %9.0f ns  %7.3f allocations  %8.0f B\n", prefix+"/"+w.name, c.name, median(s.ns), median(s.allocs), median(s.bytes))
			}
		}
	}
	for _, w := range workloads {
		s := cores[0].results[w.name]
		for _, other := range cores[1:] {
			if o := other.results[w.name]; s != nil && o != nil {
				fmt.Printf("ratio\t%s/%s\t%.2f\t%s\n", prefix, w.name, median(s.ns)/median(o.ns), other.name)
			}
		}
	}
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
