package blackbox

import (
	"slices"

	"raftplayground/raft"
)

// server is one raft.Node and its host: the loop around Output, a disk and a state machine. The host works
// late, in pieces, and with interruptions, as far as the documentation of package raft allows.
type server struct {
	w      *world
	id     raft.ServerID
	node   *raft.Node // nil while the server is down
	life   int
	narrow bool // in this life it takes no snapshot, or no large one
	disk   disk

	machine  machine
	tasks    []task  // for the state machine, oldest first
	slow     instant // the longest time that the state machine takes for a few entries; 0: it is immediate
	applying bool

	out      raft.Output
	waiting  []waiting // for a save
	settling bool      // Output will be asked for later
	fuse     int       // steps of the host until the server is killed; 0: it is not going to be

	period       instant // of its clock
	stalledUntil instant
	missed       int // ticks, while it was stalled
	ticks        int // of all its lives
	drained      int // value of ticks when Output last had nothing more

	loyal instant  // when the last message arrived with which a leader was answered; 0: none
	sworn instant  // the same for answers that were sent, which bind the server's next life too
	owed  []call   // calls that are not answered yet
	asked []uint64 // reads that are not answered yet

	status raft.Status
	seen   seen
}

type waiting struct {
	packet packet
	save   uint64
}

// task is a part of what an Output wants of the state machine.
type task struct {
	restore *raft.Snapshot
	entries []raft.Entry
	first   raft.Index
}

// outputs bounds the number of Outputs after one input, so that an endless loop becomes a failure.
const outputs = 20000

func newServer(w *world, id raft.ServerID) *server {
	s := &server{w: w, id: id, period: tick}
	// Over a shortest election timeout two clocks with different rates count up to drift ticks differently:
	// one for where the timeout begins between their ticks, the others for the rates.
	if drift := w.settings.drift; drift > 1 {
		s.period += w.span(tick * instant(drift-1) / instant(2*w.settings.min+drift))
	}
	if w.chance(30) {
		s.disk.slow = w.span(2 * tick)
	}
	return s
}

// start begins a life with what the disk holds.
func (s *server) start() {
	if s.node != nil {
		return
	}
	o := s.options()
	node, err := raft.New(o, s.disk.contents())
	if err != nil {
		s.w.failf("S%d cannot start with what it saved: %v", s.id, err)
	}
	s.w.tracef(
		"S%d starts: term %d, vote %d, snapshot through %d, log through %d; first elapsed %d %%, max snapshot %d",
		s.id, s.disk.term, s.disk.voted, s.disk.base(), s.disk.last(), o.FirstElapsed, o.MaxSnapshot)
	s.node, s.machine, s.seen = node, machine{}, seen{}
	if s.disk.snapshot != nil {
		s.restore(s.disk.snapshot)
	}
	s.settle()
}

// kill ends a life between two steps of the host. Any number of the pending writes may have reached the disk.
func (s *server) kill() {
	if s.node == nil {
		return
	}
	kept := s.w.upTo(len(s.disk.pending))
	if s.disk.hung {
		kept = 0
	}
	s.w.tracef("S%d is killed; %d of %d saves are on its disk", s.id, kept, len(s.disk.pending))
	s.demand(s.disk.crash(kept))
	s.node, s.life, s.loyal = nil, s.life+1, s.sworn
	s.waiting, s.tasks, s.owed, s.asked = s.waiting[:0], s.tasks[:0], s.owed[:0], s.asked[:0]
	s.settling, s.applying, s.fuse, s.stalledUntil, s.missed = false, false, 0, 0, 0
	down := instant(0)
	if s.w.chance(50) {
		down = s.w.span(instant(2*s.w.settings.max) * tick)
	}
	s.w.after(down, event{kind: rebirth, server: s, life: s.life})
}

// burns counts the steps until the server is killed, and reports whether it just was.
func (s *server) burns() bool {
	if s.fuse == 0 {
		return false
	}
	if s.fuse--; s.fuse > 0 {
		return false
	}
	s.kill()
	return true
}

func (s *server) stalled() bool { return s.w.now < s.stalledUntil }

// leads reports whether the server is up and takes itself for a leader.
func (s *server) leads() bool {
	return s.node != nil && !s.stalled() && s.node.Role() == raft.Leader
}

func (s *server) tick() {
	switch {
	case s.node == nil:
	case s.stalled():
		s.missed++
	default:
		s.node.Tick()
		s.ticks++
	}
}

// stall stops everything in a server but its clock, as a busy computer does.
func (s *server) stall(d instant) {
	if s.node == nil || s.stalled() {
		return
	}
	s.w.tracef("S%d stalls for %d ticks", s.id, d/tick)
	s.stalledUntil = s.w.now + d
	s.w.after(d, event{kind: resume, server: s})
}

// resume tells the node of the ticks that it missed before anything else, so that its lease ends in time.
func (s *server) resume() {
	if s.node == nil || s.stalled() {
		return
	}
	for ; s.missed > 0; s.missed-- {
		s.node.Tick()
		s.ticks++
	}
	s.settle()
}

func (s *server) receive(p packet) {
	if s.node == nil {
		return
	}
	if s.w.trace != nil {
		s.w.tracef("S%d gets of S%d %T %+v", s.id, p.from, p.rpc, p.rpc)
	}
	s.owe(p)
	s.node.Receive(p.from, p.rpc)
	s.settle()
}

// settle asks for what an input made necessary: at once, or later.
func (s *server) settle() {
	switch {
	case s.node == nil || s.settling || s.stalled():
	case !s.w.calm && s.w.settings.lazy > 0 && s.w.chance(s.w.settings.lazy):
		s.settling = true
		s.w.after(s.w.span(3*tick), event{kind: settling, server: s, life: s.life})
	default:
		s.drain()
	}
}

func (s *server) drain() {
	count := 0
	for s.node.Output(&s.out) {
		if count++; count > outputs {
			s.w.failf("S%d has an output for the %dth time", s.id, count)
		}
		if !s.handle(&s.out) {
			return
		}
	}
	s.drained = s.ticks
	s.w.oracle.look(s)
}

// handle does what one Output wants, and reports whether the server is still alive.
func (s *server) handle(o *raft.Output) bool {
	promises := s.answer(o.Send)
	s.excuse(o.Events)
	saveFirst := s.w.random.Uint64()&1 == 0
	if saveFirst && !s.save(o.Save) {
		return false
	}
	for i := range o.Send {
		if s.burns() {
			return false
		}
		s.post(o.Send[i], promises[i])
	}
	if !saveFirst && !s.save(o.Save) {
		return false
	}
	for _, r := range o.Reads {
		s.w.oracle.answered(s, r)
	}
	if o.Restore != nil {
		s.tasks = append(s.tasks, task{restore: o.Restore})
	}
	if len(o.Apply.Entries) > 0 {
		s.tasks = append(s.tasks, task{entries: slices.Clone(o.Apply.Entries), first: o.Apply.First})
	}
	if s.burns() {
		return false
	}
	if !s.applying {
		s.work()
	}
	return s.node != nil
}

// save hands a save to the disk, and reports whether the server is still alive.
func (s *server) save(save raft.Save) bool {
	if save.Seq == 0 {
		return true
	}
	if s.burns() {
		return false
	}
	d := &s.disk
	if s.w.trace != nil {
		s.w.tracef("S%d saves %d: term %d, vote %d, entries %d…%d, snapshot %t", s.id, save.Seq, save.CurrentTerm,
			save.VotedFor, save.First, save.First+raft.Index(len(save.Entries))-1, save.Snapshot != nil)
	}
	d.queue(save)
	if d.slow == 0 && !d.hung && len(d.pending) == 1 {
		s.demand(d.write(1))
		s.release()
		s.node.Saved(save.Seq)
	} else {
		s.write()
	}
	return true
}

// write has the disk begin with the next write.
func (s *server) write() {
	if d := &s.disk; !d.busy && !d.hung && len(d.pending) > 0 {
		d.busy = true
		s.w.after(s.w.span(d.slow), event{kind: written, server: s, life: s.life})
	}
}

// written makes one save durable, or several together. The node hears of it now or later.
func (s *server) written() {
	d := &s.disk
	d.busy = false
	if d.hung || s.burns() {
		return
	}
	s.demand(d.write(1 + s.w.upTo(len(d.pending)-1)))
	s.release()
	s.w.after(s.w.span(d.slow/2), event{kind: told, server: s, life: s.life, number: d.durable})
	s.write()
}

func (s *server) told(save uint64) {
	s.node.Saved(save)
	s.settle()
}

// post sends a message as soon as the save that it waits for is durable.
func (s *server) post(e raft.Envelope, promise instant) {
	p := packet{s.id, e.To, raft.CopyRPC(e.RPC), promise}
	if e.After > s.disk.durable {
		s.waiting = append(s.waiting, waiting{p, e.After})
		return
	}
	s.w.send(p)
}

func (s *server) release() {
	kept := s.waiting[:0]
	for _, m := range s.waiting {
		if m.save <= s.disk.durable {
			s.w.send(m.packet)
		} else {
			kept = append(kept, m)
		}
	}
	s.waiting = kept
}

// work has the state machine do what is waiting: all of it, or a part now and the rest later.
func (s *server) work() {
	for len(s.tasks) > 0 {
		t := &s.tasks[0]
		if t.restore != nil {
			s.restore(t.restore)
			s.node.Applied(t.restore.Index)
		} else if s.apply(t); len(t.entries) > 0 {
			break
		}
		s.tasks = append(s.tasks[:0], s.tasks[1:]...)
	}
	if len(s.tasks) > 0 {
		s.applying = true
		s.w.after(s.w.span(s.slow), event{kind: applying, server: s, life: s.life})
	}
}

// apply applies the first entries of a task: all if the state machine is quick.
func (s *server) apply(t *task) {
	n := len(t.entries)
	if s.slow > 0 {
		n = 1 + s.w.upTo(n-1)
	}
	for _, e := range t.entries[:n] {
		s.w.oracle.applies(s, t.first, e)
		s.machine.apply(e)
		t.first++
	}
	t.entries = t.entries[n:]
	s.node.Applied(t.first - 1)
}

// restore makes the state machine what a snapshot says.
func (s *server) restore(snapshot *raft.Snapshot) {
	index, digest, ok := decode(snapshot.Data)
	s.w.tracef("S%d restores the snapshot through %d", s.id, snapshot.Index)
	s.w.oracle.restores(s, snapshot, index, digest, ok)
	s.machine = machine{applied: snapshot.Index, digest: digest}
}

// readable answers Options.Readable. A snapshot that a leader sends must be one that some server wrote.
func (s *server) readable(data []byte) bool {
	_, _, ok := decode(data)
	if !ok && !s.w.hostile {
		s.w.failf("S%d is to read a snapshot that nobody has written: %x", s.id, data)
	}
	return ok
}

// demand fails the run if the disk found a problem.
func (s *server) demand(problem string) {
	if problem != "" {
		s.w.failf("S%d: %s", s.id, problem)
	}
}
