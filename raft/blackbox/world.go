package blackbox

import (
	"fmt"
	"io"
	"math/rand/v2"

	"raftplayground/raft"
)

// instant is a moment of virtual time, in thousandths of a tick.
type instant int64

const tick instant = 1000

// world is one cluster with everything around it. All chance comes from its seed.
type world struct {
	seed      uint64
	random    *rand.Rand
	settings  settings
	now       instant
	events    queue
	servers   []*server // by ID; none at 0
	links     [][]link  // from, to
	clients   clients
	oracle    oracle
	hostile   bool    // frames are forged: safety is not demanded
	calm      bool    // the faults are over
	roundTrip instant // the longest that one takes once calm
	apart     *server // broken for ever, so nothing waits for it; mostly nil
	trace     io.Writer
}

// violation ends a run: see Run.
type violation string

func newWorld(seed uint64, off raft.RuleSet, trace io.Writer) *world {
	w := &world{seed: seed, random: rand.New(rand.NewPCG(seed, 0)), trace: trace,
		hostile: seed%hostileWorlds == 0}
	w.settings = w.drawSettings()
	w.settings.off |= off
	w.servers = make([]*server, w.settings.size+1)
	w.links = make([][]link, w.settings.size+1)
	for id := range w.links {
		w.links[id] = make([]link, w.settings.size+1)
	}
	w.oracle = newOracle(w)
	w.tracef("settings %+v", w.settings)
	for id := 1; id <= w.settings.size; id++ {
		w.servers[id] = newServer(w, raft.ServerID(id))
	}
	w.redrawLinks()
	w.begin()
	return w
}

// begin starts the servers and their clocks. Without drift all clocks tick at the same instant.
func (w *world) begin() {
	for _, s := range w.servers[1:] {
		s.start()
	}
	if w.settings.drift == 0 {
		w.after(tick, event{kind: everyTick})
		return
	}
	for _, s := range w.servers[1:] {
		w.after(instant(w.random.Int64N(int64(s.period))), event{kind: ownTick, server: s})
	}
}

// run lets everything happen that is due before the instant.
func (w *world) run(until instant) {
	for {
		at, e, ok := w.events.next(until)
		if !ok {
			w.now = until
			return
		}
		w.now = at
		w.happen(e)
	}
}

// happen does what is due. For a stalled server it is put off until the server has caught up with its
// ticks.
func (w *world) happen(e event) {
	s := e.server
	switch {
	case e.kind == everyTick:
		w.after(tick, e)
		w.tickAll()
		return
	case e.kind == ownTick:
		w.after(s.period, e)
		s.tick()
		s.settle()
		return
	case e.kind == resume:
		s.resume()
		return
	case e.kind == relief:
		if !w.calm {
			w.relieve(deed(e.number), s)
		}
		return
	case s.stalled():
		w.events.push(s.stalledUntil, e)
		return
	}
	switch {
	case e.kind == arrival:
		s.receive(e.packet)
	case e.life != s.life:
		// What was under way in a server ends with it.
	case e.kind == settling:
		s.settling = false
		s.drain()
	case e.kind == written:
		s.written()
	case e.kind == told:
		s.told(e.number)
	case e.kind == applying:
		s.applying = false
		s.work()
	case e.kind == rebirth:
		s.start()
	}
}

// tickAll ticks all clocks before any server acts on it.
func (w *world) tickAll() {
	for _, s := range w.servers[1:] {
		s.tick()
	}
	for _, s := range w.servers[1:] {
		s.settle()
	}
}

func (w *world) after(delay instant, e event) { w.events.push(w.now+delay, e) }

// chance is true with the given probability.
func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

// upTo returns a number from 0 through n.
func (w *world) upTo(n int) int { return w.random.IntN(n + 1) }

// span returns a length of time from 0 through d.
func (w *world) span(d instant) instant { return instant(w.random.Int64N(int64(d) + 1)) }

func (w *world) any() *server { return w.servers[1+w.random.IntN(w.settings.size)] }

// leader returns one of the servers that take themselves for leaders, nil if there is none.
func (w *world) leader() (found *server) {
	seen := 0
	for _, s := range w.servers[1:] {
		if s.leads() {
			if seen++; w.random.IntN(seen) == 0 {
				found = s
			}
		}
	}
	return found
}

// leaderOrAny returns a leader more often than another server, since most faults matter there.
func (w *world) leaderOrAny() *server {
	if s := w.leader(); s != nil && w.chance(60) {
		return s
	}
	return w.any()
}

func (w *world) failf(format string, args ...any) {
	panic(violation(fmt.Sprintf("tick %d: ", w.now/tick) + fmt.Sprintf(format, args...)))
}

// tracef prints what happens if the run is traced. Callers on a hot path check w.trace first.
func (w *world) tracef(format string, args ...any) {
	if w.trace != nil {
		fmt.Fprintf(w.trace, "%7d.%03d  ", w.now/tick, w.now%tick)
		fmt.Fprintf(w.trace, format+"\n", args...)
	}
}
