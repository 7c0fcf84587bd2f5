// Campaign runs rooms of native servers through real relays, over loopback, and does to them what happens to programs:
// servers are killed, also in the middle of a write, relays are killed, links are cut. Clients ask meanwhile. In the
// end everything is healed, and it is looked whether each room has kept its word: every history is linearizable,
// whatever was acknowledged is on the disks of a majority, all servers have come back by themselves and agree.
//
//	go run ./relay/campaign -rooms 200            two hundred rooms, a few at a time
//	go run ./relay/campaign -rooms 5 -harms 1000  each of them a minute and more
//
// A server here is what the protocol of a room asks for and no more (relay/hub): it can be read as an example of one.
// The other half of the campaign, with tabs of real browsers for servers, is web/e2e.
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

// plan is what a campaign is like.
type plan struct {
	relay  string // the program
	folder string // for disks, and the relays' records
	rooms  int
	atOnce int    // rooms that run beside one another, each with a relay of its own
	harms  int    // done to each, one after the other
	seed   uint64 // of the harms; what comes of them is never the same twice, for here are real clocks
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

// run runs all rooms, and tells of each that did not keep its word.
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

// live runs one room from its making to its end.
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

// summary is what became of all rooms.
type summary struct {
	rooms  int
	done   map[string]int // what was done to them, and what clients were told, how often
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
