package hub

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sort"
)

// link is one direction between two servers, and the frames under way on it.
type link struct {
	Link
	latest int64    // when the last in-order frame is due: the next one is not earlier
	free   int64    // when the last frame that used bandwidth has left: the next one waits until then
	queue  []flight // ascending by due, then seq
	head   int      // of queue
	held   []flight // under way, but not going on until released; in the order in which they were held
}

// flight is a frame on its way.
type flight struct {
	seq    uint64
	sent   int64 // when it set out, at first or after it was held
	due    int64 // if held: when it would have arrived
	held   bool  // it stays until it is released
	heldAt int64 // when it was held
	frame
}

// frame is a frame's bytes and whether they travel as a binary message.
type frame struct {
	data   []byte
	binary bool
}

// appendState appends what decides how frames travel on the link from here on, see Hub.AppendState.
func (l *link) appendState(b []byte) []byte {
	b = appendNumbers(b, truth(l.Up), truth(l.Hold), uint64(l.Latency), uint64(l.Jitter), math.Float64bits(l.Loss),
		math.Float64bits(l.Duplicate), math.Float64bits(l.Reorder), uint64(l.latest))
	for _, frames := range [...][]flight{l.queue[l.head:], l.held} {
		b = appendNumbers(b, uint64(len(frames)))
		for _, f := range frames {
			b = appendNumbers(b, f.seq, uint64(f.due), uint64(len(f.data)))
			if f.binary {
				b = appendNumbers(b, 1)
			}
			b = append(b, f.data...)
		}
	}
	if l.Bandwidth > 0 || l.free > 0 { // these came in November 2026; runs made before keep their hashes
		b = appendNumbers(append(b, "bandwidth"...), uint64(l.Bandwidth), uint64(l.free))
	}
	return b
}

func appendNumbers(b []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func truth(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

func (l *link) length() int { return len(l.queue) - l.head }

// push inserts a frame in its place, which is the last unless frames are reordered.
func (l *link) push(f flight) {
	if l.head > 64 && l.head > len(l.queue)/2 {
		kept := copy(l.queue, l.queue[l.head:])
		clear(l.queue[kept:])
		l.queue, l.head = l.queue[:kept], 0
	}
	place := len(l.queue)
	if place > l.head && before(&f, &l.queue[place-1]) {
		behind := func(i int) bool { return before(&f, &l.queue[l.head+i]) }
		place = l.head + sort.Search(l.length(), behind)
	}
	l.queue = slices.Insert(l.queue, place, f)
}

func (l *link) pop() flight {
	f := l.queue[l.head]
	l.queue[l.head] = flight{} // lets go of the bytes
	l.head++
	if l.head == len(l.queue) {
		l.queue, l.head = l.queue[:0], 0
	}
	return f
}

// find returns the frame seq, nil if it is not on the link. The pointer is valid until the link changes.
func (l *link) find(seq uint64) *flight {
	for _, frames := range [...][]flight{l.queue[l.head:], l.held} {
		for i := range frames {
			if frames[i].seq == seq {
				return &frames[i]
			}
		}
	}
	return nil
}

// take removes the frame seq from the link.
func (h *Hub) take(l *link, seq uint64) {
	h.first = nil
	is := func(f flight) bool { return f.seq == seq }
	l.held = slices.DeleteFunc(l.held, is)
	moving := slices.DeleteFunc(l.queue[l.head:], is)
	l.queue = l.queue[:l.head+len(moving)]
}

func (h *Hub) link(from, to uint64) *link {
	return &h.links[int(from-1)*len(h.seats)+int(to-1)]
}

// read takes a member's message: a frame for others or a call to the room.
func (h *Hub) read(m *member, data []byte, binary bool) {
	e, bad := h.scan.read(data, binary)
	switch {
	case bad != nil:
	case !m.joined && e.method != "join":
		bad = errJoinFirst
	case e.isFrame():
		bad = h.forward(m, e, frame{data, binary})
	case e.oddID:
		bad = badID
	case e.hasMethod:
		h.call(m, e)
	default:
		bad = &Refusal{Code: CodeNotRequest,
			Message: "expected a frame (with from) or a call to the room (with method), got neither"}
	}
	switch {
	case bad == nil:
	case e.isColon:
		h.refuse(m, callOf(data), bad)
	default:
		h.refuse(m, e.id, bad)
	}
}

// forward sends a frame on its way, after checking its address.
func (h *Hub) forward(m *member, e *envelope, f frame) error {
	if e.variant != "" && !e.hasFrom && !e.hasTo {
		if bad := h.address2015(m, e); bad != nil {
			return bad
		}
	}
	if f.binary && !m.binary { // a member that sends binary messages accepts them
		m.binary, h.roomChanged = true, true
	}
	switch {
	case !e.hasFrom:
		return badParam("from", "the sender's address", "none")
	case e.from != m.server && e.from != m.client:
		return &Refusal{CodeNotYours, "from", "from: " + decimal(e.from) +
			" is not this connection's address, which is " + m.addresses()}
	case f.binary && h.textOnly(m, e) != 0:
		const what = " takes text messages only; send it this frame in another encoding"
		return &Refusal{CodeNotRequest, "to", "to: " + decimal(h.textOnly(m, e)) + what}
	case !e.hasTo:
		h.charge(m, len(f.data)*max(0, len(h.seats)-2))
		for to := uint64(1); to <= uint64(len(h.seats)); to++ {
			if to != m.server {
				h.launch(e.from, to, f)
			}
		}
		return nil
	case e.to == e.from:
		return badParam("to", "somebody else's address", decimal(e.to))
	case !h.isServer(e.to) && (e.to < h.options.FirstClient || e.to >= h.nextClient):
		return &Refusal{CodeNoSuchAddress, "to", "to: nobody has the address " + decimal(e.to) +
			" in this room; servers are 1 to " + decimal(uint64(len(h.seats)))}
	}
	h.launch(e.from, e.to, f)
	return nil
}

// textOnly returns an address of m's frame that accepts text messages only, 0 if there is none.
func (h *Hub) textOnly(m *member, e *envelope) uint64 {
	if e.hasTo {
		if receiver := h.holder(e.to); receiver != nil && !receiver.binary {
			return e.to
		}
		return 0
	}
	for i := range h.seats {
		if receiver := h.seats[i].holder; receiver != nil && receiver != m && !receiver.binary {
			return uint64(i + 1)
		}
	}
	return 0
}

// launch stamps a frame and puts it on its link. A client has no link: its frames arrive at once, whatever
// the network does.
func (h *Hub) launch(from, to uint64, f frame) {
	h.seq++
	now := h.clock.now
	if !h.isServer(from) || !h.isServer(to) {
		receiver := h.holder(to)
		if receiver == nil {
			h.tell(sighting{seq: h.seq, from: from, to: to, sent: now, due: now, fate: "down", frame: f})
			return
		}
		h.tell(sighting{seq: h.seq, from: from, to: to, sent: now, due: now, fate: "sent", frame: f})
		h.deliver = append(h.deliver, Delivery{Conn: receiver.conn, Kind: Frame, Frame: h.seq, Data: f.data,
			Binary: f.binary})
		return
	}
	l := h.link(from, to)
	h.carry(l, f, 0)
	if h.happens(l.Duplicate) {
		h.seq++
		h.carry(l, f, h.seq-1)
	}
}

// carry puts frame h.seq on link l, or loses it. original is the frame that it copies, 0 if none.
func (h *Hub) carry(l *link, f frame, original uint64) {
	now := h.clock.now
	left, fits := h.departure(l, len(f.data))
	due, inOrder := h.dueOn(l, left)
	fate := "sent"
	switch {
	case !l.Up:
		fate = "cut"
	case h.holder(l.To) == nil:
		fate = "down"
	case !fits || !h.hasRoom(l, len(f.data)):
		fate = "full"
	case h.happens(l.Loss):
		fate, l.free = "lost", left
	case l.Hold:
		fate = "held"
		l.held = append(l.held, flight{seq: h.seq, sent: now, due: due, held: true, heldAt: now, frame: f})
		h.setOut(len(f.data))
	default:
		if l.free = left; inOrder {
			l.latest = due
		}
		h.enqueue(l, flight{seq: h.seq, sent: now, due: due, frame: f})
		h.setOut(len(f.data))
	}
	h.tell(sighting{seq: h.seq, original: original, from: l.From, to: l.To, sent: now, due: due, fate: fate, frame: f})
}

// hasRoom tells whether another frame of this many bytes may set out on l.
func (h *Hub) hasRoom(l *link, bytes int) bool {
	return l.length()+len(l.held) < h.limits.InFlight && h.flights < h.limits.InFlightAll && h.flying+bytes <= h.allowed
}

func (h *Hub) setOut(bytes int) {
	h.flights++
	h.flying += bytes
}

func (h *Hub) cameOff(bytes int) {
	h.flights--
	h.flying -= bytes
}

// longestQueue is the longest time that a frame may take to leave a link with a bandwidth, its wait
// included, in µs of cluster time. As in a router's full queue, a frame that would take longer is lost
// ("full").
const longestQueue = 2 * 1000 * 1000

// departure returns when a frame of this many bytes that is sent now has left completely, and whether the
// queue has room for it. Without a bandwidth the frame leaves at once, and left is 0.
func (h *Hub) departure(l *link, bytes int) (left int64, fits bool) {
	if l.Bandwidth == 0 {
		return 0, true
	}
	left = max(h.clock.now, l.free) + (int64(bytes)*1e6+l.Bandwidth-1)/l.Bandwidth
	return left, left-h.clock.now <= longestQueue
}

// dueOn draws when a frame arrives that is sent now and leaves the link at left, see departure. A reordered
// one may take three times as long as the slowest other, and a millisecond more: others overtake it.
func (h *Hub) dueOn(l *link, left int64) (due int64, inOrder bool) {
	due = max(h.clock.now, left) + h.delay(l)
	if h.happens(l.Reorder) {
		return due + 1 + h.random.Int64N(2*(l.Latency+l.Jitter)+1000), false
	}
	return max(due, l.latest), true
}

// happens draws whether an event of this probability occurs. An impossible event draws nothing from the
// random stream, so that a network without faults behaves the same with and without the code for them.
func (h *Hub) happens(chance float64) bool { return chance > 0 && h.random.Float64() < chance }

// relaunch lets a held frame go on, as if it were sent now.
func (h *Hub) relaunch(l *link, f flight) {
	if h.restart(l, &f) {
		h.enqueue(l, f)
	}
}

// restart gives a held frame a new time to arrive, and reports whether its link has room for it now.
func (h *Hub) restart(l *link, f *flight) bool {
	left, fits := h.departure(l, len(f.data))
	if !fits {
		h.cameOff(len(f.data))
		h.tell(sighting{seq: f.seq, fate: "full", at: h.clock.now, later: true})
		return false
	}
	var inOrder bool
	f.sent, f.held, f.heldAt, l.free = h.clock.now, false, 0, left
	if f.due, inOrder = h.dueOn(l, left); inOrder {
		l.latest = f.due
	}
	h.tell(sighting{seq: f.seq, fate: "sent", due: f.due, at: h.clock.now, later: true})
	return true
}

// releaseAll releases all frames held on a link. They are sorted once: inserting thousands that overtake
// each other one by one took seconds.
func (h *Hub) releaseAll(l *link) {
	if len(l.held) == 0 {
		return
	}
	for i := range l.held {
		if f := &l.held[i]; h.restart(l, f) {
			l.queue = append(l.queue, *f)
		}
	}
	l.held = nil
	slices.SortStableFunc(l.queue[l.head:], func(a, b flight) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.seq, b.seq))
	})
	h.first = nil
}

func (h *Hub) delay(l *link) int64 {
	if l.Jitter == 0 {
		return l.Latency
	}
	return max(0, l.Latency-l.Jitter+h.random.Int64N(2*l.Jitter+1))
}

// deliverDue delivers the frames that are due, in the order of their times; none while the clock stands.
func (h *Hub) deliverDue() {
	if !h.clock.moves() {
		return
	}
	for l := h.nextDue(); l != nil && l.queue[l.head].due <= h.clock.now; l = h.nextDue() {
		f := l.pop()
		h.first = nil
		h.arrive(l, &f)
	}
}

// arrive delivers a frame that was taken off its link.
func (h *Hub) arrive(l *link, f *flight) {
	h.cameOff(len(f.data))
	h.deliver = append(h.deliver, Delivery{Conn: h.holder(l.To).conn, Kind: Frame, Frame: f.seq, Data: f.data,
		Binary: f.binary})
}

// nextDue returns the link whose first frame is due first, or nil if no frame is under way. A room has at
// most 72 links: looking at all of them whenever a frame leaves one costs less than keeping them sorted.
func (h *Hub) nextDue() *link {
	if h.flying == 0 {
		return nil // no frame is empty
	}
	if h.first != nil {
		return h.first
	}
	var next *link
	for i := range h.links {
		l := &h.links[i]
		if l.length() == 0 {
			continue
		}
		if next == nil || before(&l.queue[l.head], &next.queue[next.head]) {
			next = l
		}
	}
	h.first = next
	return next
}

// enqueue puts a frame on its way.
func (h *Hub) enqueue(l *link, f flight) {
	l.push(f)
	if h.first != nil && before(&l.queue[l.head], &h.first.queue[h.first.head]) {
		h.first = l
	}
}

func before(a, b *flight) bool { return a.due < b.due || a.due == b.due && a.seq < b.seq }

// Due returns the real time at which the next frame arrives if no other input comes first; never, the
// largest int64, if none is under way or the clock stands.
func (h *Hub) Due() int64 {
	if l := h.nextDue(); l != nil {
		return h.clock.realAt(l.queue[l.head].due)
	}
	return never
}

// lose takes all frames off a link and tells watchers why they never arrived.
func (h *Hub) lose(l *link, fate string) {
	h.first = nil
	gone := func(f flight) {
		h.cameOff(len(f.data))
		h.tell(sighting{seq: f.seq, fate: fate, at: h.clock.now, later: true})
	}
	for l.length() > 0 {
		gone(l.pop())
	}
	for _, f := range l.held {
		gone(f)
	}
	l.held, l.latest, l.free = nil, 0, 0
}

// loseAllTo loses the frames on their way to a server that is gone. The frames that it sent itself go on.
func (h *Hub) loseAllTo(server uint64) {
	for from := uint64(1); from <= uint64(len(h.seats)); from++ {
		h.lose(h.link(from, server), "down")
	}
}

// holder returns the member that has an address, or nil if none is connected under it.
func (h *Hub) holder(address uint64) *member {
	if h.isServer(address) {
		return h.seats[address-1].holder
	}
	for _, m := range h.arrival {
		if m.client == address {
			return m
		}
	}
	return nil
}

func (m *member) addresses() string {
	if m.server == 0 {
		return decimal(m.client)
	}
	return decimal(m.server) + " or " + decimal(m.client)
}
