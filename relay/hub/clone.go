package hub

import (
	"math/rand/v2"
	"slices"
)

// Clone returns an independent copy of the room that goes on as the original would. Both share
// Options.Random and the messages under way, which are read-only. It is for simulation: a host has one room
// and its members.
func (h *Hub) Clone() *Hub {
	c := *h
	source := *h.source
	c.source, c.random = &source, rand.New(&source)
	c.json = newStream()
	c.scan = scanner{}
	c.members, c.arrival = map[uint64]*member{}, nil
	c.seats = slices.Clone(h.seats)
	for _, m := range h.arrival {
		copied := *m
		copied.feed.missed = slices.Clone(m.feed.missed)
		c.members[m.conn] = &copied
		c.arrival = append(c.arrival, &copied)
		if m.server != 0 && h.seats[m.server-1].holder == m {
			c.seats[m.server-1].holder = &copied
		}
	}
	c.links, c.first = slices.Clone(h.links), nil
	for i := range c.links {
		l := &c.links[i]
		l.queue, l.head = slices.Clone(l.queue[l.head:]), 0
		l.held = slices.Clone(l.held)
	}
	c.deeds.list = slices.Clone(h.deeds.list)
	c.seen.lines, c.own = slices.Clone(h.seen.lines), sightings{}
	c.deliver, c.closing = slices.Clone(h.deliver), slices.Clone(h.closing)
	return &c
}

// AppendState appends to b what decides how the network goes on: the clock, the random stream, the members,
// the links and the frames under way. Two rooms whose states are equal, byte for byte, carry frames alike
// from here on. The state cannot be read back, and may change between versions.
func (h *Hub) AppendState(b []byte) []byte {
	b = appendNumbers(b, uint64(h.clock.now), uint64(h.clock.rest), uint64(h.clock.millionths), h.seq, h.nextClient,
		uint64(len(h.arrival)))
	random, _ := h.source.MarshalBinary()
	b = append(b, random...)
	for _, m := range h.arrival {
		b = appendNumbers(b, m.conn, m.server, m.client)
	}
	for i := range h.links {
		b = h.links[i].appendState(b)
	}
	return b
}
