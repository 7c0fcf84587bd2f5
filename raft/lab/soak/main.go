// Soak runs one simulated cluster after the other, each with faults drawn from its own seed, and checks every promise of Raft in all of them. It says what
// it saw, and for a seed that fails the one command that runs it again.
//
//	go run ./raft/lab/soak -time 5m           as many seeds as fit into five minutes
//	go run ./raft/lab/soak -seed 42 -events   seed 42 alone, with what happened last
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/lab"
)

func main() {
	duration := flag.Duration("time", 30*time.Second, "how long to go on to further seeds")
	first := flag.Uint64("first", uint64(time.Now().UnixNano()), "the first seed; the others follow it")
	only := flag.String("seed", "", "run this seed alone")
	events := flag.Bool("events", false, "with -seed: print the run as JSON and its last events")
	flag.Parse()
	if *only != "" {
		seed, err := strconv.ParseUint(*only, 10, 64)
		if err != nil {
			fmt.Fprintf(os.Stderr, "soak: -seed: expected a whole number from 0 on, got %q\n", *only)
			os.Exit(2)
		}
		if !replay(os.Stdout, seed, *events) {
			os.Exit(1)
		}
		return
	}
	sum := soak(*first, math.MaxInt, time.Now().Add(*duration), os.Stdout)
	sum.print(os.Stdout)
	if sum.violations > 0 {
		os.Exit(1)
	}
}

// config is what a seed's world is like: mostly the standard one, and others of every size.
func config(seed uint64) lab.Config {
	c := lab.Standard()
	if seed%2 == 0 {
		c.Servers = []int{3, 4, 7, 1, 2}[seed/2%5]
	}
	return c
}

// result is what one seed led to.
type result struct {
	seed       uint64
	simulated  int64 // µs
	events     uint64
	elections  uint64
	frames     uint64
	operations int
	deeds      map[lab.Deed]int
	violations []error
}

// run lives through one seed and checks it.
func run(seed uint64) (result, *lab.World) {
	world, err := lab.New(lab.Draw(config(seed), seed))
	if err != nil {
		return result{seed: seed, violations: []error{err}}, nil
	}
	r := result{seed: seed}
	for _, v := range world.Finish() {
		r.violations = append(r.violations, &v)
	}
	if err := linear.Check(world.History(), 10*time.Second); err != nil {
		r.violations = append(r.violations, err)
	}
	r.simulated, r.events, r.elections = world.Now(), world.Events(), world.EventsOf(raft.BecameLeader)
	r.frames, r.deeds = world.Faults.Frames, world.Faults.Deeds
	for _, o := range world.History() {
		if !o.Refused {
			r.operations++
		}
	}
	return r, world
}

// summary is what many seeds led to.
type summary struct {
	seeds, violations int
	simulated         int64
	events, elections uint64
	frames            uint64
	operations        int
	deeds             map[lab.Deed]int
	took              time.Duration
}

// soak runs at most so many seeds from first on, as many at a time as there are processors, until the time has come.
func soak(first uint64, seeds int, until time.Time, out io.Writer) *summary {
	sum := &summary{deeds: map[lab.Deed]int{}}
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
				if next.begun == seeds {
					next.Unlock()
					return
				}
				seed := first + uint64(next.begun)
				next.begun++
				next.Unlock()
				r, _ := run(seed)
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

func (s *summary) add(r *result, out io.Writer) {
	s.seeds++
	s.simulated += r.simulated
	s.events += r.events
	s.elections += r.elections
	s.frames += r.frames
	s.operations += r.operations
	for deed, n := range r.deeds {
		s.deeds[deed] += n
	}
	for _, v := range r.violations {
		s.violations++
		fmt.Fprintf(out, "seed %d: %v\n", r.seed, v)
	}
	if len(r.violations) > 0 {
		fmt.Fprintf(out, "  again: go run ./raft/lab/soak -seed %d -events\n", r.seed)
	}
}

func (s *summary) print(out io.Writer) {
	fmt.Fprintf(out, "%d seeds, %.1f simulated hours in %v, %d events, %d elections won, %d frames, %d operations of clients\n",
		s.seeds, float64(s.simulated)/3600e6, s.took.Round(time.Millisecond), s.events, s.elections, s.frames, s.operations)
	fmt.Fprint(out, "done to them:")
	for _, deed := range lab.Deeds {
		if n := s.deeds[deed]; n > 0 {
			fmt.Fprintf(out, " %s %d", deed, n)
		}
	}
	fmt.Fprintf(out, "\n%d violations\n", s.violations)
}

// replay runs one seed, says what it led to, and returns whether nothing was violated.
func replay(out io.Writer, seed uint64, events bool) bool {
	r, world := run(seed)
	if events && world != nil {
		kept := world.Run()
		fmt.Fprintf(out, "%s\n", kept.Encode())
		for _, h := range world.EventsSince(0, nil) {
			fmt.Fprintf(out, "%12.6f s  server %d  %+v\n", float64(h.At)/1e6, h.Server, h.Event)
		}
	}
	sum := &summary{deeds: map[lab.Deed]int{}}
	sum.add(&r, out)
	sum.print(out)
	return len(r.violations) == 0
}
