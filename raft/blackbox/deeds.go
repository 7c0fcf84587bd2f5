package blackbox

// deed is a fault, or an input that a host may give at any moment.
type deed uint8

const (
	partition deed = iota
	changeLink
	changeLinks
	kill
	light // kill after a few steps of the host: between a save and a message, between two messages …
	hang
	slowDisk
	slowMachine
	stall
	campaign
	setTimer
	transfer
	reconfigure
	compact
	proposals
	reads
	replace // the node by its clone, which is to go on as it would have
	narrow  // restart as a server that may take no snapshot
	deeds
)

// suffer runs the world while faults last.
func (w *world) suffer() {
	next := instant(0)
	for w.now < w.settings.length {
		w.run(w.now + 1 + w.span(2*tick))
		if w.chance(w.settings.proposals) {
			w.propose(w.leaderOrAny(), 1)
		}
		if w.chance(w.settings.reads) {
			w.read(w.leaderOrAny(), w.anyKind())
		}
		if w.now >= next {
			w.do(w.drawDeed())
			next = w.now + w.span(w.settings.pause)
		}
	}
}

func (w *world) drawDeed() deed {
	sum := 0
	for _, weight := range w.settings.deeds {
		sum += weight
	}
	if sum == 0 {
		return deeds
	}
	n := w.random.IntN(sum)
	for d, weight := range w.settings.deeds {
		if n < weight {
			return deed(d)
		}
		n -= weight
	}
	return deeds
}

// do does a deed. Most faults end after a while, because a world in which nothing works shows nothing.
func (w *world) do(d deed) {
	max := instant(w.settings.max) * tick
	end := event{kind: relief, server: w.leaderOrAny(), number: uint64(d)}
	switch s := end.server; d {
	case partition:
		w.partition()
		w.after(w.span(4*max), end)
	case changeLink:
		w.redrawLink(w.any().id, w.any().id)
	case changeLinks:
		w.redrawLinks()
	case kill, narrow:
		s.kill()
	case light:
		s.fuse = 1 + w.upTo(12)
	case hang:
		w.tracef("S%d's disk hangs", s.id)
		s.disk.hung = true
		w.after(w.span(4*max), end)
	case slowDisk:
		s.disk.slow = w.span(max / 2)
		w.after(w.span(4*max), end)
	case slowMachine:
		s.slow = w.span(max / 2)
		w.after(w.span(4*max), end)
	case stall:
		s.stall(w.span(max))
	default:
		w.ask(d)
	}
}

// relieve ends the fault that do began.
func (w *world) relieve(d deed, s *server) {
	w.tracef("the end of deed %d, S%d", d, s.id)
	switch d {
	case partition:
		w.join()
	case hang:
		s.disk.hung = false
		s.write()
	case slowDisk:
		s.disk.slow = 0
	case slowMachine:
		s.slow = 0
	}
}

// ask gives a server an input.
func (w *world) ask(d deed) {
	s := w.leaderOrAny()
	if s.node == nil || s.stalled() {
		return
	}
	switch d {
	case campaign:
		s = w.any()
		if s.node == nil || s.stalled() {
			return
		}
		w.tracef("S%d is asked to campaign", s.id)
		s.node.Campaign()
	case setTimer:
		left := w.upTo(w.settings.max)
		w.tracef("S%d gets a timer of %d", s.id, left)
		s.node.SetTimer(left)
	case transfer:
		to := w.any().id
		err := s.node.Transfer(to)
		w.tracef("S%d is asked to hand over to S%d: %v", s.id, to, err)
	case reconfigure:
		w.reconfigure(s)
	case compact:
		w.compact(s)
		for _, other := range w.servers[1:] {
			if w.chance(50) {
				w.compact(other)
			}
		}
	case proposals:
		w.propose(s, 1+w.upTo(9))
	case replace:
		s.node = s.node.Clone()
	case reads:
		for range 1 + w.upTo(19) {
			w.read(s, w.anyKind())
		}
	}
	s.settle()
}
