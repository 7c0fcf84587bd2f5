package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/wire"
)

// Events that are counted.
const (
	killed       = "killed"
	torn         = "killed in the middle of a write"
	cutOff       = "torn ends cut off"
	relayKilled  = "relays killed"
	linkCut      = "links cut"
	acknowledged = "acknowledged"
	refused      = "refused"
	unknown      = "without an answer"
)

const (
	clients = 3
	decides = time.Minute // how long the search for an order of a history may take
)

// room is a room with its relay, its servers and its clients.
type room struct {
	seed    uint64
	folder  string
	random  *rand.Rand // of the faults
	relay   *relay
	code    string
	off     raft.RuleSet
	servers []*native
	clients []*client
	stop    chan struct{} // closed when the clients are to stop
	asking  sync.WaitGroup
	begun   time.Time

	mu      sync.Mutex
	history []check.Operation
	entries map[raft.Index]raft.Term // of acknowledged entries
	done    map[string]int
	broken  []string // broken promises, in words
}

// open makes the room and waits until it works.
func (r *room) open() error {
	r.begun, r.entries, r.stop = time.Now(), map[raft.Index]raft.Term{}, make(chan struct{})
	size := 3 + 2*r.random.IntN(2)
	if r.random.IntN(2) == 0 {
		r.off = raft.Extensions
	}
	r.code = "room-" + strconv.FormatUint(r.seed, 36)
	for i := range size {
		random := rand.New(rand.NewPCG(r.seed, uint64(i+1)))
		r.servers = append(r.servers, &native{room: r, number: i + 1, random: random})
	}
	for _, s := range r.servers {
		s.start()
	}
	return eventually("there is a leader", r.leads)
}

// ask lets clients ask until the room is healed.
func (r *room) ask() {
	for i := range clients {
		c := &client{room: r, number: i, random: rand.New(rand.NewPCG(r.seed, uint64(100+i)))}
		r.clients = append(r.clients, c)
		r.asking.Go(func() { c.run(r.stop) })
	}
}

// heal ends all faults and waits until all servers are back and agree. Then it reads every key, so that the
// loss of an acknowledged write cannot go unnoticed.
func (r *room) heal() {
	close(r.stop)
	r.asking.Wait()
	if err := eventually("the network is whole", func() error { return r.act(heal, quick) }); err != nil {
		r.fails("%v", err)
		return
	}
	last := r.clients[0]
	asked := map[string]bool{}
	for _, o := range r.history {
		asked[o.Key] = true
	}
	for key := range asked {
		request := &wire.Request{Method: wire.Get, Key: key}
		err := eventually("a read is answered", func() error {
			if !last.ask(request) {
				return errors.New("no answer to it")
			}
			return nil
		})
		if err != nil {
			r.fails("%v", err)
		}
	}
	last.leave()
	if err := eventually("all servers agree", r.agree); err != nil {
		r.fails("%v", err)
	}
}

// close ends everything.
func (r *room) close() {
	for _, s := range r.servers {
		s.end(false)
	}
	r.relay.kill()
}

// judge checks what clients were told, and what is on the disks.
func (r *room) judge() {
	if err := linear.Check(r.history, decides); err != nil {
		r.fails("%v", err)
	}
	holders := map[raft.Index]int{}
	for _, s := range r.servers {
		durable, err := s.disk()
		if err != nil {
			r.fails("S%d: %v", s.number, err)
			continue
		}
		for index, term := range r.entries {
			if holds(&durable, index, term) {
				holders[index]++
			}
		}
	}
	for index := range r.entries {
		if holders[index] <= len(r.servers)/2 {
			r.fails("entry %d was acknowledged, and is on %d of %d disks", index, holders[index], len(r.servers))
		}
	}
}

// holds tells whether an entry is on a disk, or in the snapshot there.
func holds(durable *raft.Durable, index raft.Index, term raft.Term) bool {
	place := int(index) - int(durable.Base()) - 1
	return place < 0 || place < len(durable.Log) && durable.Log[place].Term == term
}

// note adds an operation to the history.
func (r *room) note(o *check.Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, *o)
	switch {
	case o.Unknown:
		r.done[unknown]++
	case o.Refused:
		r.done[refused]++
	default:
		r.done[acknowledged]++
	}
}

// acknowledge notes that a client was told that an entry is committed.
func (r *room) acknowledge(index raft.Index, term raft.Term) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before, known := r.entries[index]; known && before != term {
		r.broken = append(r.broken, fmt.Sprintf("entry %d was acknowledged in term %d and in term %d", index, before,
			term))
	}
	r.entries[index] = term
}

// leads returns why the room has no leader yet, or nil.
func (r *room) leads() error {
	for _, s := range r.servers {
		if st := s.status.Load(); st != nil && st.role == raft.Leader {
			return nil
		}
	}
	return errors.New("nobody leads")
}

// agree returns why not all servers are back with the same state applied, or nil.
func (r *room) agree() error {
	var first *status
	for _, s := range r.servers {
		st := s.status.Load()
		switch {
		case st == nil:
			return fmt.Errorf("S%d is not back", s.number)
		case first == nil:
			first = st
		case st.applied != first.applied || st.hash != first.hash:
			return fmt.Errorf("S%d has applied %d, S1 %d", s.number, st.applied, first.applied)
		}
	}
	return nil
}

// now returns the time since the room began, in µs.
func (r *room) now() int64 { return time.Since(r.begun).Microseconds() }

func (r *room) count(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[what]++
}

// fails notes a broken promise.
func (r *room) fails(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// eventually waits until missing returns nil.
func eventually(what string, missing func() error) error {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := missing()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %v it is still not so that %s: %w", patience, what, err)
		}
	}
}
