// Speed says how long the simulation of a calm minute takes, natively and in WebAssembly under Node as the browser's
// lab is built, and what part of the time it may take that is:
//
//	go run ./raft/lab/speed
//	ratio	lab/calm-minute	0.62	20 ms
//	ratio	lab/calm-minute-wasm	0.80	60 ms
//
// The two take turns, round by round, so that a machine that is busy for a while is unfair to neither; the median of
// all runs counts.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"raftplayground/raft/lab"
)

// runs is how many minutes are simulated in a round.
const runs = 5

func main() {
	rounds := flag.Int("rounds", 5, "how often each is measured in turn")
	measure := flag.Bool("measure", false, "measure this build only: a line of nanoseconds for each minute")
	flag.Parse()
	var err error
	if *measure {
		err = measureThis()
	} else {
		err = compare(*rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

// measureThis simulates some minutes, after one that is not counted.
func measureThis() error {
	if runtime.GOARCH == "wasm" {
		debug.SetGCPercent(400) // as in the lab's program
	}
	for seed := range uint64(runs + 1) {
		start := time.Now()
		world, err := lab.New(lab.Calm(seed))
		if err != nil {
			return err
		}
		world.RunTo(60e6)
		if took := time.Since(start); seed > 0 {
			fmt.Println(took.Nanoseconds())
		}
	}
	return nil
}

// target is a build and the time that a minute may take in it.
type target struct {
	name     string
	platform []string // added to the environment of the build
	flags    []string // of the build
	limit    time.Duration
	command  []string
	took     []time.Duration
}

func compare(rounds int) error {
	dir, err := os.MkdirTemp("", "lab-speed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	node := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "go_js_wasm_exec")
	targets := []*target{
		{name: "lab/calm-minute", limit: 20 * time.Millisecond, command: []string{filepath.Join(dir, "native")}},
		{name: "lab/calm-minute-wasm", limit: 60 * time.Millisecond,
			command:  []string{node, filepath.Join(dir, "wasm")},
			platform: []string{"GOOS=js", "GOARCH=wasm"}, flags: []string{
				"-gcflags=all=-l", "-gcflags=raftplayground/raft/...=", "-gcflags=raftplayground/relay/...=",
				"-gcflags=raftplayground/raft/explain=-l", "-gcflags=raftplayground/raft/lab/...=-l",
			}}, // as build.sh builds the page's
	}
	for _, t := range targets {
		build := exec.Command("go", slices.Concat([]string{"build"}, t.flags,
			[]string{"-o", t.command[len(t.command)-1], "raftplayground/raft/lab/speed"})...)
		build.Env = append(os.Environ(), t.platform...)
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", t.name, err, out)
		}
	}
	for range rounds {
		for _, t := range targets {
			if err := t.round(); err != nil {
				return err
			}
		}
	}
	for _, t := range targets {
		slices.Sort(t.took)
		median := t.took[len(t.took)/2]
		fmt.Printf("%-22s %6.2f ms\n", t.name, median.Seconds()*1e3)
		fmt.Printf("ratio\t%s\t%.2f\t%d ms\n", t.name, median.Seconds()/t.limit.Seconds(), t.limit.Milliseconds())
	}
	return nil
}

func (t *target) round() error {
	cmd := exec.Command(t.command[0], append(t.command[1:], "-measure")...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	lines := strings.Fields(string(out))
	if len(lines) != runs {
		return fmt.Errorf("%s: expected %d times, got %q", t.name, runs, out)
	}
	for _, line := range lines {
		took, err := time.ParseDuration(line + "ns")
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		t.took = append(t.took, took)
	}
	return nil
}
