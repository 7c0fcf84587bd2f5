package blackbox

import "raftplayground/raft"

// packet is a message under way. It outlives both ends: the server that has the address on arrival gets
// it.
type packet struct {
	from, to raft.ServerID
	rpc      raft.RPC
	promise  instant // the arrival of the call to whose caller this answer promises loyalty; 0: none
}

// link is one direction between two servers.
type link struct {
	way, jitter        instant // one way takes way, and up to jitter more
	loss, double, late int     // of a hundred messages
	cut                bool

	tick  instant // within which so many messages were sent
	count int
	chunk chunk
	call  uint64 // number of the last call sent
}

// chunk counts how often the same part of a snapshot was sent, and remembers since which tick of the
// sender.
type chunk struct {
	leader raft.Term
	index  raft.Index
	offset uint64
	since  int
	count  int
}

// Bounds on what one server may send to another. A heartbeat may repeat a chunk, and so may an answer
// that arrives twice; a loop repeats it thousands of times.
const (
	messagesPerTick = 3000
	sameChunk       = 20 // times, and then
	perHeartbeat    = 2
)

// ways are the kinds of one-way times, from none to far beyond every timeout.
const ways = 6

func (w *world) drawWay() instant {
	min, max := instant(w.settings.min)*tick, instant(w.settings.max)*tick
	sum := 0
	for _, weight := range w.settings.climate {
		sum += weight
	}
	kind, n := 0, w.random.IntN(sum)
	for n >= w.settings.climate[kind] {
		n -= w.settings.climate[kind]
		kind++
	}
	switch kind {
	case 0:
		return 0
	case 1:
		return w.span(tick)
	case 2:
		return w.span(instant(w.settings.heartbeat) * tick)
	case 3:
		return w.span(min)
	case 4:
		return w.span(2 * max)
	default:
		return w.span(10 * max)
	}
}

func (w *world) redrawLink(from, to raft.ServerID) {
	l := &w.links[from][to]
	l.way, l.jitter = w.drawWay(), 0
	if w.chance(50) {
		l.jitter = w.drawWay()
	}
	l.loss, l.double, l.late = 0, 0, 0
	if w.chance(50) {
		l.loss = w.settings.loss
	}
	if w.chance(50) {
		l.double, l.late = w.settings.double, w.settings.late
	}
}

func (w *world) redrawLinks() {
	for from := range w.links {
		for to := range w.links {
			w.redrawLink(raft.ServerID(from), raft.ServerID(to))
		}
	}
}

// send gives a message to the network, which may lose it, duplicate it, or deliver a copy much later.
func (w *world) send(p packet) {
	if p.to == 0 || p.to >= raft.ServerID(len(w.servers)) {
		if !w.hostile {
			w.failf("S%d sends to S%d, which does not exist", p.from, p.to)
		}
		return
	}
	l := &w.links[p.from][p.to]
	w.bound(l, p)
	if _, number, reply := callOf(p.rpc); !reply {
		l.call = number
	}
	w.oracle.sent(p)
	w.servers[p.from].sworn = max(w.servers[p.from].sworn, p.promise)
	if w.trace != nil {
		w.tracef("S%d → S%d %T %+v", p.from, p.to, p.rpc, p.rpc)
	}
	if w.chance(l.late) {
		w.deliver(p, w.span(w.settings.length))
	}
	if l.cut || w.chance(l.loss) {
		return
	}
	w.deliver(p, l.way+w.span(l.jitter))
	if w.chance(l.double) {
		w.deliver(p, l.way+w.span(l.jitter)+w.span(tick))
	}
}

func (w *world) deliver(p packet, delay instant) {
	w.after(delay, event{kind: arrival, server: w.servers[p.to], packet: p})
}

// bound limits what a server may send in a tick, and how often it may repeat a chunk that the other
// refuses.
func (w *world) bound(l *link, p packet) {
	if l.tick != w.now/tick {
		l.tick, l.count = w.now/tick, 0
	}
	if l.count++; l.count > messagesPerTick {
		w.failf("S%d sends S%d more than %d messages in one tick, the last: %T %+v",
			p.from, p.to, messagesPerTick, p.rpc, p.rpc)
	}
	m, is := p.rpc.(*raft.InstallSnapshot)
	if !is || w.hostile {
		return
	}
	s, c := w.servers[p.from], &l.chunk
	if c.leader != m.Term || c.index != m.LastIncludedIndex || c.offset != m.Offset {
		*c = chunk{leader: m.Term, index: m.LastIncludedIndex, offset: m.Offset, since: s.drained}
	}
	if c.count++; c.count > sameChunk+perHeartbeat*(s.ticks-c.since)/w.settings.heartbeat {
		w.failf("S%d sends S%d the chunk at %d of the snapshot through %d %d times in %d ticks; it has a "+
			"heartbeat every %d",
			p.from, p.to, m.Offset, m.LastIncludedIndex, c.count, s.ticks-c.since, w.settings.heartbeat)
	}
}

// partition cuts the servers in two parts, in one direction or both. Often a leader ends up alone or
// nearly so: the entries that it appends from then on will be replaced.
func (w *world) partition() {
	side := make([]bool, len(w.servers))
	share := w.pick(50, 50, 0, 20)
	for id := range side {
		side[id] = w.chance(share)
	}
	if l := w.leader(); l != nil {
		side[l.id] = true
	}
	oneWay := w.chance(30)
	for from := range w.links {
		for to := range w.links {
			w.links[from][to].cut = side[from] != side[to] && (side[from] || !oneWay)
		}
	}
}

func (w *world) join() {
	for from := range w.links {
		for to := range w.links {
			w.links[from][to].cut = false
		}
	}
}
