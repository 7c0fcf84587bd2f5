package mixed

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/cryptotest"

	"raftplayground/raft"
)

const size = 5

func voters() []uint64 { return []uint64{1, 2, 3, 4, 5} }

// world is a cluster of both kinds and the network between them. All chance comes from one seed.
type world struct {
	name    string       // of the run, for violations
	off     raft.RuleSet // rules that our servers do not keep; none, unless a check is to be seen to fail
	random  *rand.Rand
	now     int // steps
	servers [size + 1]server
	kinds   string // of server i, at i-1: 'o' ours, 'e' etcd's
	up      [size + 1]bool
	faulty  bool                     // messages are lost, doubled, late; disks take their time
	cut     [size + 1][size + 1]bool // from, to
	network []packet
	next    int // number of the last command proposed

	// What the checks remember.
	committed []committed         // applied by any server, entry 1 first
	seen      map[string]bool     // commands among them
	leaders   map[uint64]uint64   // of each term
	handed    map[uint64]handover // by term of the leader that hands over
	// how many entries any server had applied when the read with this tag was asked for
	reads []int
	count counts
}

type packet struct {
	from, to uint64
	due      int // step
	message  any
}

type committed struct {
	entry
	digest uint64 // of the state machine after it
	by     uint64 // a term that it was committed in or before
}

type handover struct{ from, to uint64 }

func newWorld(t *testing.T, kinds string, seed uint64, off raft.RuleSet) *world {
	cryptotest.SetGlobalRandom(t, seed) // etcd draws its election timeouts from there
	w := &world{off: off, name: fmt.Sprintf("kinds %s, seed %d", kinds, seed), kinds: kinds,
		random: rand.New(rand.NewPCG(seed, 1)),
		seen:   map[string]bool{}, leaders: map[uint64]uint64{}, handed: map[uint64]handover{},
		count: newCounts()}
	for _, id := range voters() {
		if w.kind(id) == "o" {
			w.servers[id] = &ours{machine: machine{w: w, id: id}}
		} else {
			w.servers[id] = &theirs{machine: machine{w: w, id: id}}
		}
	}
	for _, id := range voters() {
		w.start(id)
	}
	return w
}

func (w *world) kind(id uint64) string { return w.kinds[id-1 : id] }

// violation is what a check found. It ends the run: see try.
type violation string

func (w *world) failf(format string, args ...any) {
	panic(violation(w.name + fmt.Sprintf(", step %d: ", w.now) + fmt.Sprintf(format, args...)))
}

// try runs what may find a violation and returns it, "" if there is none.
func try(run func()) (found violation) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case violation:
			found = r
		default:
			panic(r)
		}
	}()
	run()
	return ""
}

// send puts a message on its way. In a faulty network one in twelve is lost, one in twenty comes twice, all take their
// time, and a few take very long.
func (w *world) send(from, to uint64, message any) {
	copies := 1
	switch {
	case w.cut[from][to] || w.faulty && w.random.IntN(12) == 0:
		w.count.lost++
		return
	case w.faulty && w.random.IntN(20) == 0:
		w.count.doubled++
		copies = 2
	}
	for range copies {
		p := packet{from, to, w.now + 1, message}
		if w.faulty {
			p.due += w.random.IntN(4)
			if w.random.IntN(40) == 0 {
				w.count.delayed++
				p.due += w.random.IntN(400)
			}
		}
		w.network = append(w.network, p)
	}
}

// step delivers what is due, in any order, and lets a tick of time pass every third time.
func (w *world) step() {
	w.now++
	var due, later []packet
	for _, p := range w.network {
		if p.due <= w.now {
			due = append(due, p)
		} else {
			later = append(later, p)
		}
	}
	w.network = later
	w.random.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	for _, p := range due {
		if w.up[p.to] {
			w.servers[p.to].receive(p.from, p.message)
			w.flush(p.to)
		}
	}
	for _, id := range voters() {
		if w.up[id] {
			if w.now%3 == 0 {
				w.servers[id].tick()
			}
			w.flush(id)
		}
	}
	w.checkStored()
	if w.now%25 == 0 {
		w.checkLogs()
	}
}

// flush lets a server do what its core wants done; when the network is faulty a server may be late with it,
// and crash meanwhile.
func (w *world) flush(id uint64) {
	w.observeLeader(id)
	if !w.faulty || w.random.IntN(8) != 0 {
		w.servers[id].flush(!w.faulty)
		w.observeLeader(id)
	}
}

// chaos lets everything go wrong for so many steps.
func (w *world) chaos(steps int) {
	w.faulty = true
	for range steps {
		w.disturb()
		w.step()
	}
}

// disturb does at most one thing to the cluster.
func (w *world) disturb() {
	id := 1 + w.random.Uint64N(size)
	switch n := w.random.IntN(400); {
	case n < 3 && w.down() < size/2:
		w.crash(id)
	case n < 20 && !w.up[id]:
		w.start(id)
	case n < 23:
		w.partition(w.random.Uint64N(1 << size))
	case n < 26:
		w.cut[id][1+w.random.Uint64N(size)] = true // one way
	case n < 40:
		w.cut = [size + 1][size + 1]bool{}
	case n < 46:
		if w.leading(id) {
			w.transfer(id, 1+w.random.Uint64N(size))
		}
	case n < 160:
		w.propose(id)
	case n < 200:
		w.read(id)
	}
}

// read asks one of our servers for a linearizable read, if it leads: its round goes through etcd's heartbeats too.
func (w *world) read(id uint64) {
	if s, is := w.servers[id].(*ours); is && w.leading(id) {
		w.reads = append(w.reads, len(w.committed))
		s.read(uint64(len(w.reads) - 1))
		w.flush(id)
	}
}

func (w *world) down() (n int) {
	for _, id := range voters() {
		if !w.up[id] {
			n++
		}
	}
	return n
}

func (w *world) crash(id uint64) {
	if w.up[id] {
		w.servers[id].crash()
		w.up[id] = false
		w.count.crashes++
	}
}

func (w *world) start(id uint64) {
	w.servers[id].start()
	w.up[id] = true
}

// partition cuts the servers in the set off from the others.
func (w *world) partition(set uint64) {
	for _, a := range voters() {
		for _, b := range voters() {
			w.cut[a][b] = set>>(a-1)&1 != set>>(b-1)&1
		}
	}
}

func (w *world) leading(id uint64) bool {
	if !w.up[id] {
		return false
	}
	leads, _ := w.servers[id].leads()
	return leads
}

func (w *world) transfer(from, to uint64) {
	if from == to {
		return
	}
	_, term := w.servers[from].leads()
	w.handed[term] = handover{from, to}
	w.servers[from].transfer(to)
	w.flush(from)
}

// propose gives server id a command that was never given before, if it leads.
func (w *world) propose(id uint64) (command string, ok bool) {
	if !w.leading(id) {
		return "", false
	}
	w.next++
	command = fmt.Sprintf("command %d", w.next)
	ok = w.servers[id].propose([]byte(command))
	w.flush(id)
	return command, ok
}

// leader returns the server that leads in the highest term, 0 if none does.
func (w *world) leader() (leader uint64) {
	highest := uint64(0)
	for _, id := range voters() {
		if w.leading(id) {
			if _, term := w.servers[id].leads(); term > highest {
				leader, highest = id, term
			}
		}
	}
	return leader
}

// heal ends all faults; within so many steps the cluster has to serve again and all servers to apply all.
func (w *world) heal(within int) {
	w.faulty = false
	w.cut = [size + 1][size + 1]bool{}
	for _, id := range voters() {
		if !w.up[id] {
			w.start(id)
		}
	}
	asked := map[string]bool{}
	for range within {
		w.step()
		if w.now%10 == 0 {
			if command, ok := w.propose(w.leader()); ok {
				asked[command] = true
			}
		}
		for command := range asked {
			if w.seen[command] && w.agree() {
				w.checkLogs()
				return
			}
		}
	}
	w.failf("Liveness: %d steps after all faults ended, the leader is %d and the servers have applied %s of %d entries",
		within, w.leader(), w.progress(), len(w.committed))
}

// agree reports whether every state machine is at the end of what is committed.
func (w *world) agree() bool {
	for _, id := range voters() {
		if w.servers[id].applied().count != uint64(len(w.committed)) {
			return false
		}
	}
	return true
}

func (w *world) progress() string {
	var b strings.Builder
	for _, id := range voters() {
		fmt.Fprintf(&b, "%s%d:%d ", w.kind(id), id, w.servers[id].applied().count)
	}
	return strings.TrimSpace(b.String())
}

// ---- the checks -----------------------------------------------------------------------------------------------------

// appliedBy checks State Machine Safety (Fig. 3): no two servers apply different entries at the same index.
// A command is applied once.
func (w *world) appliedBy(m *machine, e entry) {
	if m.count <= uint64(len(w.committed)) {
		if c := w.committed[m.count-1]; c.entry != e || c.digest != m.digest {
			w.failf("State Machine Safety: server %d applies %q of term %d as entry %d, another applied %q of term %d",
				m.id, e.data, e.term, m.count, c.data, c.term)
		}
		return
	}
	if e.data != "" && w.seen[e.data] {
		w.failf("server %d applies %q a second time, as entry %d", m.id, e.data, m.count)
	}
	w.seen[e.data] = true
	_, term := w.servers[m.id].leads()
	w.committed = append(w.committed, committed{e, m.digest, max(term, e.term)})
	if e.data != "" {
		w.count.commands++
	}
}

// restoredBy checks the same of a snapshot: its state is that of the servers which applied the entries.
func (w *world) restoredBy(m *machine) {
	if m.count > uint64(len(w.committed)) || w.committed[m.count-1].digest != m.digest {
		w.failf("State Machine Safety: server %d restores a snapshot at entry %d that is nobody's state", m.id, m.count)
	}
}

// readBy checks that a read sees all that was committed before it was asked for (§8).
func (w *world) readBy(id uint64, r raft.Read) {
	if !r.OK {
		return
	}
	w.count.reads++
	if int(r.Index) < w.reads[r.Tag] {
		w.failf("Linearizability: server %d serves a read at entry %d, asked for when %d entries were applied", id,
			r.Index, w.reads[r.Tag])
	}
}

// observeLeader checks Election Safety, and Leader Completeness when a leader is first seen.
func (w *world) observeLeader(id uint64) {
	s := w.servers[id]
	leads, term := s.leads()
	if !leads || w.leaders[term] == id {
		return
	}
	if other := w.leaders[term]; other != 0 {
		w.failf("Election Safety: servers %d and %d both lead term %d", other, id, term)
	}
	w.leaders[term] = id
	w.count.elected[w.kind(id)]++
	if h, ok := w.handed[term-1]; ok && h.to == id && w.leaders[term-1] == h.from {
		w.count.handed[w.kind(h.from)+w.kind(h.to)]++
	}
	for i, c := range w.committed {
		index := uint64(i + 1)
		if c.by >= term || index <= s.compacted() {
			continue
		}
		if e, ok := s.entry(index); !ok || e != c.entry {
			w.failf("Leader Completeness: server %d leads term %d without entry %d, %q of term %d, committed in "+
				"term %d or before", id, term, index, c.data, c.term, c.by)
		}
	}
}

// checkStored checks durability: the disks of a majority hold whatever any server has applied. By Log
// Matching the last such entry speaks for all.
func (w *world) checkStored() {
	if len(w.committed) == 0 {
		return
	}
	last, n := uint64(len(w.committed)), 0
	for _, id := range voters() {
		if term, ok := w.servers[id].stored(last); ok && (term == 0 || term == w.committed[last-1].term) {
			n++
		}
	}
	if n <= size/2 {
		w.failf("Durability: entry %d of term %d is applied, but on %d disks of %d only", last,
			w.committed[last-1].term, n, size)
	}
}

// checkLogs checks Log Matching: two logs that agree in an entry's term agree in all that comes before.
func (w *world) checkLogs() {
	for _, a := range voters() {
		for b := a + 1; b <= size; b++ {
			if w.up[a] && w.up[b] {
				w.checkPair(a, b)
			}
		}
	}
}

func (w *world) checkPair(a, b uint64) {
	p, q := w.servers[a], w.servers[b]
	lastOfP, _ := p.last()
	lastOfQ, _ := q.last()
	matched := uint64(0)
	for i := min(lastOfP, lastOfQ); i > max(p.compacted(), q.compacted()); i-- {
		e, _ := p.entry(i)
		f, _ := q.entry(i)
		switch {
		case matched == 0 && e.term == f.term:
			matched = i
			fallthrough
		case matched != 0:
			if e != f {
				w.failf("Log Matching: servers %d and %d agree at entry %d, and at entry %d have %q of term %d "+
					"and %q of term %d", a, b, matched, i, e.data, e.term, f.data, f.term)
			}
		}
	}
}
