// Soak runs one simulated cluster after the other, each with faults drawn from its own seed, and checks every promise of Raft in all of them. It says what
// it saw, and for a seed that fails the one command that runs it again.
//
//	go run ./raft/lab/soak -time 5m           as many seeds as fit into five minutes
//	go run ./raft/lab/soak -seed 42 -events   seed 42 alone, with what happened last
//	go run ./raft/lab/soak -off oneVotePerTerm -seed 1 -shrink -events
//	                                          what becomes of a cluster without that rule, in the fewest actions
package main

import (
	"errors"
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

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/lab"
)

var (
	duration = flag.Duration("time", 30*time.Second, "how long to go on to further seeds")
	first    = flag.Uint64("first", uint64(time.Now().UnixNano()), "the first seed; the others follow it")
	only     = flag.String("seed", "", "run this seed alone")
	off      = flag.String("off", "", "rules to switch off in all servers, by their IDs with commas between; the world is then a hostile one")
	shrink   = flag.Bool("shrink", false, "with -seed: leave out all actions that the failure does not need")
	events   = flag.Bool("events", false, "with -seed: print the run as JSON and its last events")
)

func main() {
	flag.Parse()
	if *only != "" {
		seed, err := strconv.ParseUint(*only, 10, 64)
		if err != nil {
			fmt.Fprintf(os.Stderr, "soak: -seed: expected a whole number from 0 on, got %q\n", *only)
			os.Exit(2)
		}
		if !replay(os.Stdout, draw(seed), *shrink, *events) {
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

// draw makes the run of a seed.
func draw(seed uint64) lab.Run {
	if *off != "" {
		rules := strings.Split(*off, ",")
		return lab.Hostile(seed, rules, rules)
	}
	return lab.Draw(config(seed), seed)
}

// config is what a seed's world is like: mostly the standard one, and others of every size, with servers that wait or none; every way to read, logs that are compacted often, seldom
// or not in that time; every fourth is one of Figure 2, without the extensions.
func config(seed uint64) lab.Config {
	c := lab.Standard()
	if seed%2 == 0 {
		c.Servers = []int{3, 4, 7, 1, 2}[seed/2%5]
	}
	if seed%3 == 0 && c.Servers > 1 {
		c.Voters = c.Servers
		c.Servers = min(c.Servers+1+int(seed/3%3), lab.MaxServers)
	}
	c.Reads = []string{"log", "readIndex", "lease"}[seed/5%3]
	c.CompactAfter = []int{0, 10, 50}[seed/7%3]
	if seed/2%4 == 3 {
		c.Off = raft.Extensions.IDs()
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

// decide is how long it may take to find an order of a history, which usually is there in milliseconds: real time, which others have, too.
const decide = time.Minute

// live lives through a run and checks it. A core that panics has seen by itself that something is broken; with all rules on that never happens.
func live(run lab.Run) (r result, world *lab.World) {
	r.seed = run.Seed
	world, err := lab.New(run)
	if err != nil {
		r.violations = []error{err}
		return r, nil
	}
	defer func() {
		if broken := recover(); broken != nil {
			r.add(world.Violations())
			r.violations = append(r.violations, fmt.Errorf("panic at %.6f s: %v", float64(world.Now())/1e6, broken))
		}
	}()
	r.add(world.Finish())
	if err := linear.Check(world.History(), decide); err != nil {
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

func (r *result) add(violations []check.Violation) {
	for i := range violations {
		r.violations = append(r.violations, &violations[i])
	}
}

// failsAs returns a function for lab.Shrink, which says whether a run violates the property. That a cluster does not serve which nobody healed says nothing.
func failsAs(property check.Property) func(lab.Run) bool {
	return func(run lab.Run) bool {
		if n := len(run.Actions); property == check.Liveness && (n == 0 || run.Actions[n-1].Do != lab.Heal) {
			return false
		}
		r, _ := live(run)
		return r.of(property) != nil
	}
}

// of returns the violation of a property, nil if there is none.
func (r *result) of(property check.Property) *check.Violation {
	for _, err := range r.violations {
		if v := (*check.Violation)(nil); errors.As(err, &v) && v.Property == property {
			return v
		}
		if errors.Is(err, linear.ErrNotLinearizable) && property == check.Linearizability {
			return &check.Violation{Property: property, At: r.simulated, Detail: err.Error()}
		}
	}
	return nil
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
				r, _ := live(draw(seed))
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
		fmt.Fprintf(out, "  again: go run ./raft/lab/soak -seed %d%s -shrink -events\n", r.seed, again())
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

// again is what the command must say beside the seed.
func again() string {
	if *off == "" {
		return ""
	}
	return " -off " + *off
}

// replay lives through one run, says what it led to, and returns whether nothing was violated.
func replay(out io.Writer, run lab.Run, shrink, events bool) bool {
	r, world := live(run)
	if v := (*check.Violation)(nil); shrink && len(r.violations) > 0 && errors.As(r.violations[0], &v) {
		actions := len(run.Actions)
		run = lab.Shrink(run, failsAs(v.Property), 2000)
		fmt.Fprintf(out, "of %d actions %d are needed to violate %v\n", actions, len(run.Actions), v.Property)
		r, world = live(run)
	}
	if events && world != nil {
		fmt.Fprintf(out, "%s\n", run.Encode())
		for _, h := range world.EventsSince(0, nil) {
			fmt.Fprintf(out, "%12.6f s  server %d  %+v\n", float64(h.At)/1e6, h.Server, h.Event)
		}
	}
	sum := &summary{deeds: map[lab.Deed]int{}}
	sum.add(&r, out)
	sum.print(out)
	return len(r.violations) == 0
}
