// Package trial puts clusters on trial: it lives through a run of package lab, checks every promise of Raft
// in it, and says what was broken.
//
//	for seed := range uint64(2000) {
//		if err := trial.Harsh(seed); err != nil {
//			… // what was violated, where and when
//		}
//	}
//
// There are two families of worlds, which are judged differently. In the standard and the harsh one
// everything happens that may befall servers which keep the rules, so that every promise must hold: safety at
// all times, and service once the worst is over. In a forged one (Forged) messages arrive that no server
// sends. They may break any promise about the log, and what is left to promise is said at Bear.
package trial

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/lab"
)

// World is a family of worlds: how a run is drawn from a seed, and how it is judged.
type World struct {
	Name  string // for the command that runs a seed again
	Draw  func(seed uint64) lab.Run
	Judge func(lab.Run) (Result, *lab.World) // the world is nil if its run did not come to its end
}

// Worlds are all families, by name.
var Worlds = map[string]World{
	"standard": {"standard", func(seed uint64) lab.Run { return lab.Draw(standard(seed), seed) }, Live},
	"harsh":    {"harsh", lab.Harsh, Live},
	"forged":   {"forged", Forged, Bear},
}

// standard draws the Config of a seed's world: mostly the standard one, and others of every size, with
// servers that wait or none; every way to read; logs that are compacted often, seldom or not in that time.
// Every fourth is one of Figure 2, without the extensions.
func standard(seed uint64) lab.Config {
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

// Harsh lives through the run lab.Harsh(seed) and returns what was violated in it, nil if nothing was. To
// find out how soon harsh worlds show a fault of the core, put the fault into it and ask for one seed after
// the other from 0 on.
func Harsh(seed uint64) error {
	r, _ := Live(lab.Harsh(seed))
	return errors.Join(r.Violations...)
}

// Result is what a run led to.
type Result struct {
	Seed       uint64
	Simulated  int64 // µs
	Events     uint64
	Elections  uint64 // won
	Frames     uint64 // sent
	Strays     uint64 // frames that went astray and came back
	Operations int    // of clients, except those that were refused
	Deeds      map[lab.Deed]int
	// of safety and liveness (*check.Violation), of linearizability (linear.ErrNotLinearizable), and ErrEndless
	Violations []error
}

// ErrEndless says that a run did not come to its end: a loop in the core, or between two servers.
var ErrEndless = errors.New("trial: the run has not come to its end within " + longest.String())

// longest is how long a run may take, in real time, which it shares with others; most take some
// milliseconds. decide is the same for ordering a history.
const (
	longest = 2 * time.Minute
	decide  = time.Minute
)

// Live lives through a run without forged frames, and checks it. A core that panics has itself seen that
// something is broken; with all rules on that never happens. The world is nil if its run did not end.
func Live(run lab.Run) (Result, *lab.World) {
	return guarded(run, func(r *Result, world *lab.World) {
		r.add(world.Finish())
		history := world.History()
		if err := checkLocal(history); err != nil {
			r.Violations = append(r.Violations, err)
		}
		promised := slices.DeleteFunc(slices.Clone(history), func(o check.Operation) bool { return o.Local })
		if err := linear.Check(promised, decide); err != nil {
			r.Violations = append(r.Violations, err)
		}
	})
}

// guarded judges the world of a run, though that may panic or never end.
func guarded(run lab.Run, judge func(*Result, *lab.World)) (Result, *lab.World) {
	world, err := lab.New(run)
	if err != nil {
		return Result{Seed: run.Seed, Violations: []error{err}}, nil
	}
	done := make(chan Result, 1)
	go func() {
		r := Result{Seed: run.Seed}
		defer func() {
			if broken := recover(); broken != nil {
				r.add(world.Violations())
				r.Violations = append(r.Violations, fmt.Errorf("panic at %.6f s: %v", float64(world.Now())/1e6,
					broken))
			}
			r.measure(world)
			done <- r
		}()
		judge(&r, world)
	}()
	select {
	case r := <-done:
		return r, world
	case <-time.After(longest):
		// the run's goroutine is lost: nothing can stop it
		return Result{Seed: run.Seed, Violations: []error{ErrEndless}}, nil
	}
}

// checkLocal checks what even a local read promises: a value that was written, or nothing.
func checkLocal(history []check.Operation) error {
	type pair struct{ key, value string }
	written := map[pair]bool{}
	for _, o := range history {
		if o.Kind == check.Put || o.Kind == check.CompareAndSwap {
			written[pair{o.Key, o.Value}] = true
		}
	}
	for i := range history {
		if o := &history[i]; o.Local && o.Found && !written[pair{o.Key, o.Value}] {
			return fmt.Errorf("a local read found what nobody wrote: %v", o)
		}
	}
	return nil
}

func (r *Result) measure(world *lab.World) {
	r.Simulated, r.Events, r.Elections = world.Now(), world.Events(), world.EventsOf(raft.BecameLeader)
	r.Frames, r.Strays, r.Deeds = world.Faults.Frames, world.Faults.Strays, world.Faults.Deeds
	for _, o := range world.History() {
		if !o.Refused {
			r.Operations++
		}
	}
}

func (r *Result) add(violations []check.Violation) {
	for i := range violations {
		r.Violations = append(r.Violations, &violations[i])
	}
}

// Of returns the violation of a property, nil if there is none.
func (r *Result) Of(property check.Property) *check.Violation {
	for _, err := range r.Violations {
		if v := (*check.Violation)(nil); errors.As(err, &v) && v.Property == property {
			return v
		}
		if errors.Is(err, linear.ErrNotLinearizable) && property == check.Linearizability {
			return &check.Violation{Property: property, At: r.Simulated, Detail: err.Error()}
		}
	}
	return nil
}

// FailsAs returns a function for lab.Shrink, which says whether a run leads to such a violation: of the same
// property or, if it is of none (a panic, say), any of that kind. A lack of service counts only after
// healing.
func (w World) FailsAs(violation error) func(lab.Run) bool {
	name := NameOf(violation)
	return func(run lab.Run) bool {
		if name == check.Liveness.String() && !healed(run.Actions) {
			return false
		}
		r, _ := w.Judge(run)
		return slices.ContainsFunc(r.Violations, func(err error) bool { return NameOf(err) == name })
	}
}

// NameOf names what was violated: a property, or what else a run can fail in.
func NameOf(violation error) string {
	v := (*check.Violation)(nil)
	switch {
	case errors.As(violation, &v):
		return v.Property.String()
	case errors.Is(violation, linear.ErrNotLinearizable):
		return check.Linearizability.String()
	}
	return "the promise that nothing fails by itself"
}

// healed reports whether all is healed in the end: nothing after the last Heal needs another one.
func healed(actions []lab.Action) bool {
	for _, a := range slices.Backward(actions) {
		switch a.Do {
		case lab.Heal:
			return true
		case lab.Put, lab.Get, lab.Network:
		default:
			if !a.Careful {
				return false
			}
		}
	}
	return false
}
