// Campaign runs rooms of native servers through real relays, over loopback, and does to them what happens to
// programs: servers are killed, also in the middle of a write, relays are killed, links are cut. Clients ask
// meanwhile. In the end all faults are healed, and each room must have kept its word: every history is
// linearizable, every acknowledged entry is on the disks of a majority, all servers have come back by
// themselves and agree.
//
//	go run ./relay/campaign -rooms 200            two hundred rooms, a few at a time
//	go run ./relay/campaign -rooms 5 -harms 1000  each of them a minute and more
//
// A server here does what the protocol of a room requires and no more (relay/hub): it can be an example.
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// plan is the plan of a campaign.
type plan struct {
	relay  string // the program
	folder string // for disks, and the relays' records
	rooms  int
	atOnce int    // rooms that run at the same time, each with a relay of its own
	harms  int    // done to each, one after the other
	seed   uint64 // of the harms; the outcome varies, because the clocks are real
}

func main() {
	var p plan
	flag.IntVar(&p.rooms, "rooms", 200, "how many rooms to run")
	flag.IntVar(&p.atOnce, "at-once", 4, "how many of them at a time")
	flag.IntVar(&p.harms, "harms", 200, "how much harm is done to each: about thirteen a second")
	flag.Uint64Var(&p.seed, "seed", uint64(time.Now().UnixNano()),
		"of the harms in the first room; the others follow it")
	flag.StringVar(&p.relay, "relay", ".build/raft-playground", "the program to run")
	flag.Parse()
	folder, err := os.MkdirTemp("", "campaign-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "campaign:", err)
		os.Exit(1)
	}
	p.folder = folder
	sum := p.run(os.Stdout)
	fmt.Println(sum)
	if len(sum.broken) > 0 {
		fmt.Println("The disks are in", folder)
		os.Exit(1)
	}
	os.RemoveAll(folder)
}

// run runs all rooms, and reports each that did not keep its word.
func (p *plan) run(out io.Writer) *summary {
	sum := &summary{done: map[string]int{}}
	var next struct {
		sync.Mutex
		begun int
	}
	var workers sync.WaitGroup
	for range p.atOnce {
		workers.Go(func() {
			for {
				next.Lock()
				number := next.begun
				next.begun++
				next.Unlock()
				if number >= p.rooms {
					return
				}
				r := p.live(p.seed+uint64(number), filepath.Join(p.folder, fmt.Sprint(number)))
				next.Lock()
				sum.add(r)
				for _, broken := range r.broken {
					fmt.Fprintf(out, "room %d (-seed %d): %s\n", number, r.seed, broken)
				}
				next.Unlock()
			}
		})
	}
	workers.Wait()
	return sum
}

// live runs one room from beginning to end.
func (p *plan) live(seed uint64, folder string) *room {
	r := &room{seed: seed, folder: folder, random: rand.New(rand.NewPCG(seed, 0)), done: map[string]int{}}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		r.fails("%v", err)
		return r
	}
	relay, err := startRelay(p.relay, folder)
	if err != nil {
		r.fails("%v", err)
		return r
	}
	defer relay.kill()
	r.relay = relay
	if err := r.open(); err != nil {
		r.fails("it does not open: %v", err)
	} else {
		r.ask()
		r.suffer(p.harms)
		r.heal()
	}
	r.close()
	if len(r.broken) == 0 {
		r.judge()
	}
	return r
}

// summary is the outcome of all rooms.
type summary struct {
	rooms  int
	done   map[string]int // how often each harm was done and each answer was given
	broken []string
}

func (s *summary) add(r *room) {
	s.rooms++
	for what, times := range r.done {
		s.done[what] += times
	}
	s.broken = append(s.broken, r.broken...)
}

func (s *summary) String() string {
	d := s.done
	return fmt.Sprintf("%d rooms: %d servers killed, %d of them in the middle of a write (%d torn ends cut off); "+
		"%d relays killed; %d links cut. %d requests: %d acknowledged, %d refused, %d without an answer. %d "+
		"broken promises.",
		s.rooms, d[killed]+d[torn], d[torn], d[cutOff], d[relayKilled], d[linkCut],
		d[acknowledged]+d[refused]+d[unknown], d[acknowledged], d[refused], d[unknown], len(s.broken))
}
