// Soak runs one simulated cluster after the other, each with faults drawn from its own seed, and checks every promise
// of Raft in all of them. It says what it saw, and for a seed that fails the one command that runs it again.
//
//	go run ./raft/lab/soak -time 5m           as many seeds as fit into five minutes
//	go run ./raft/lab/soak -world harsh       … in worlds as harsh as real ones
//	go run ./raft/lab/soak -world forged      … in which messages arrive that no server sends
//	go run ./raft/lab/soak -seed 42 -events   seed 42 alone, with what happened last
//	go run ./raft/lab/soak -world harsh -first 0 -time 10m -stop
//	                                          how soon the harsh worlds show a fault that was put into the core
//	go run ./raft/lab/soak -off oneVotePerTerm -seed 1 -shrink -events
//	                                          what becomes of a cluster without that rule, in the fewest actions
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"raftplayground/raft/lab"
	"raftplayground/raft/lab/trial"
)

var (
	duration = flag.Duration("time", 30*time.Second, "how long to go on to further seeds")
	world    = flag.String("world", "standard",
		"what the worlds are like: standard, harsh or forged, see package trial")
	most  = flag.Int("seeds", math.MaxInt, "run at most so many seeds")
	stop  = flag.Bool("stop", false, "end at the first seed that fails")
	first = flag.Uint64("first", uint64(time.Now().UnixNano()), "the first seed; the others follow it")
	only  = flag.String("seed", "", "run this seed alone")
	off   = flag.String("off", "",
		"rules to switch off in all servers, by their IDs with commas between; the world is then a hostile one")
	shrink = flag.Bool("shrink", false, "with -seed: leave out all actions that the failure does not need")
	events = flag.Bool("events", false, "with -seed: print the run as JSON and its last events")
)

func main() {
	flag.Parse()
	kind, known := trial.Worlds[*world]
	if !known || *off != "" && *world != "standard" {
		fmt.Fprintf(os.Stderr,
			"soak: -world: expected standard, harsh or forged, the latter two without -off, got %q\n", *world)
		os.Exit(2)
	}
	if *off != "" {
		kind = lacking(strings.Split(*off, ","))
	}
	if *only != "" {
		seed, err := strconv.ParseUint(*only, 10, 64)
		if err != nil {
			fmt.Fprintf(os.Stderr, "soak: -seed: expected a whole number from 0 on, got %q\n", *only)
			os.Exit(2)
		}
		if !replay(os.Stdout, kind, seed, *shrink, *events) {
			os.Exit(1)
		}
		return
	}
	sum := soak(kind, *first, *most, time.Now().Add(*duration), os.Stdout)
	sum.print(os.Stdout)
	if sum.violations > 0 {
		os.Exit(1)
	}
}

// lacking returns hostile worlds in which no server keeps these rules.
func lacking(rules []string) trial.World {
	return trial.World{Name: "standard", Draw: func(seed uint64) lab.Run {
		return lab.Hostile(seed, rules,
			rules)
	}, Judge: trial.Live}
}

// summary is what many seeds led to.
type summary struct {
	world             string // its name
	seeds, violations int
	simulated         int64
	events, elections uint64
	frames, strays    uint64
	operations        int
	deeds             map[lab.Deed]int
	took              time.Duration
}

// soak runs at most so many seeds from first on, as many at a time as there are processors, until the time
// has come, or the first of them has failed if that is to be the end.
func soak(kind trial.World, first uint64, seeds int, until time.Time, out io.Writer) *summary {
	sum := &summary{world: kind.Name, deeds: map[lab.Deed]int{}}
	start := time.Now()
	var next struct {
		sync.Mutex
		begun int
	}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for time.Now().Before(until) {
				next.Lock()
				if next.begun == seeds || *stop && sum.violations > 0 {
					next.Unlock()
					return
				}
				seed := first + uint64(next.begun)
				next.begun++
				next.Unlock()
				r, _ := kind.Judge(kind.Draw(seed))
				next.Lock()
				sum.add(&r, out)
				next.Unlock()
			}
		})
	}
	workers.Wait()
	sum.took = time.Since(start)
	return sum
}

func (s *summary) add(r *trial.Result, out io.Writer) {
	s.seeds++
	s.simulated += r.Simulated
	s.events += r.Events
	s.elections += r.Elections
	s.frames += r.Frames
	s.strays += r.Strays
	s.operations += r.Operations
	for deed, n := range r.Deeds {
		s.deeds[deed] += n
	}
	for _, v := range r.Violations {
		s.violations++
		fmt.Fprintf(out, "seed %d: %v\n", r.Seed, v)
	}
	if len(r.Violations) > 0 {
		fmt.Fprintf(out, "  again: go run ./raft/lab/soak -seed %d%s -shrink -events\n", r.Seed, again(s.world))
	}
}

func (s *summary) print(out io.Writer) {
	fmt.Fprintf(out,
		"%d seeds, %.1f simulated hours in %v, %d events, %d elections won, %d frames and %d strays, %d "+
			"operations of clients\n",
		s.seeds, float64(s.simulated)/3600e6, s.took.Round(time.Millisecond), s.events, s.elections, s.frames,
		s.strays, s.operations)
	fmt.Fprint(out, "done to them:")
	for _, deed := range lab.Deeds {
		if n := s.deeds[deed]; n > 0 {
			fmt.Fprintf(out, " %s %d", deed, n)
		}
	}
	fmt.Fprintf(out, "\n%d violations\n", s.violations)
}

// again returns what the command needs besides the seed.
func again(world string) (text string) {
	if world != "standard" {
		text = " -world " + world
	}
	if *off != "" {
		text += " -off " + *off
	}
	return text
}

// replay lives through the run of one seed, says what it led to, and returns whether nothing was violated.
func replay(out io.Writer, kind trial.World, seed uint64, shrink, events bool) bool {
	run := kind.Draw(seed)
	r, world := kind.Judge(run)
	if shrink && len(r.Violations) > 0 {
		actions := len(run.Actions)
		run = lab.Shrink(run, kind.FailsAs(r.Violations[0]), 2000)
		fmt.Fprintf(out, "of %d actions %d are needed to violate %s\n", actions, len(run.Actions),
			trial.NameOf(r.Violations[0]))
		r, world = kind.Judge(run)
	}
	if events && world != nil {
		fmt.Fprintf(out, "%s\n", run.Encode())
		for _, h := range world.EventsSince(0, nil) {
			fmt.Fprintf(out, "%12.6f s  server %d  %+v\n", float64(h.At)/1e6, h.Server, h.Event)
		}
	}
	sum := &summary{world: kind.Name, deeds: map[lab.Deed]int{}}
	sum.add(&r, out)
	sum.print(out)
	return len(r.Violations) == 0
}
