package blackbox

// deed is something that befalls the world: a fault, or an input that any host may give at any moment.
type deed uint8

const (
	partition deed = iota
	join
	changeLink
	changeLinks
	kill
	light // kill in a few steps of the host: between a save and a message, between two messages …
	hang
	free
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
	narrow // restart as a server that may take no snapshot
	deeds
)

// suffer lets the world live through its faults.
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

func (w *world) do(d deed) {
	max := instant(w.settings.max) * tick
	switch d {
	case partition:
		w.partition()
	case join:
		w.join()
	case changeLink:
		w.redrawLink(w.any().id, w.any().id)
	case changeLinks:
		w.redrawLinks()
	case kill, narrow:
		w.leaderOrAny().kill()
	case light:
		w.leaderOrAny().fuse = 1 + w.upTo(12)
	case hang:
		w.leaderOrAny().disk.hung = true
	case free:
		for _, s := range w.servers[1:] {
			s.disk.hung = false
			s.write()
		}
	case slowDisk:
		w.any().disk.slow = w.span(max / 2)
	case slowMachine:
		w.any().slow = w.span(max / 2)
	case stall:
		w.leaderOrAny().stall(w.span(max))
	default:
		w.ask(d)
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
	case proposals:
		w.propose(s, 1+w.upTo(9))
	case reads:
		for range 1 + w.upTo(19) {
			w.read(s, w.anyKind())
		}
	}
	s.settle()
}
