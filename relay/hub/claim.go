package hub

import (
	"crypto/subtle"
	"strconv"
)

// The identity of a server. Its seat is a number in the room, its lease a secret of the seat's holder, its
// disk what the server has promised. Whenever a server starts, it reads its disk and claims its seat. The
// claim's number is higher than all before, and both the room and the disk keep it. A process that ran the
// server under an older claim may remember less than the disk holds, and is told so (IDENTITY.md).

// mostClaim is the largest claim: JavaScript represents whole numbers exactly up to it.
const mostClaim = 1 << 53

// testimony is what a member tells a room that has lost its record: that it is one of the room's servers.
type testimony struct {
	server uint64
	lease  string
	claim  uint64
	made   string
	size   int
}

// free tells whether the seat has no owner, not even one that the room has forgotten.
func (s *seat) free() bool { return s.Lease == "" && !s.Lost }

// claim gives m the seat whose lease it shows.
func (h *Hub) claim(m *member, w *Wish) error {
	s, name := &h.seats[w.Server-1], "seat "+decimal(w.Server)
	switch {
	case s.free():
		return &Refusal{CodeWrongLease, "lease", "lease: nobody has held " + name +
			" of this room so far; claim it without a lease"}
	case s.Lost && h.made != "" && isLease(w.Lease) && same(w.Made, h.made):
		s.Lease, s.Lost = w.Lease, false // only a server of this very room knows the name of its making
	case !same(s.Lease, w.Lease):
		return &Refusal{CodeWrongLease, "lease", "lease: this is not the lease of " + name}
	}
	switch {
	case s.holder != nil:
		return &Refusal{CodeSeatTaken, "server", "server: " + name + " is connected from elsewhere"}
	case w.Resume && w.Claim < s.Claim:
		return &Refusal{CodeSuperseded, "claim", "claim: " + name + " has been claimed since, it is at claim " +
			decimal(s.Claim) + "; read the disk again and claim it anew"}
	}
	if !w.Resume && w.Claim < s.Taken {
		return &Refusal{CodeOlderDisk, "claim", "claim: the disk of " + name + " is an older copy: it knows claim " +
			decimal(w.Claim) + ", and its server has started with claim " + decimal(s.Taken) + " since"}
	}
	before := s.Claim
	s.Claim = max(s.Claim, w.Claim)
	if !w.Resume {
		s.Claim++
	}
	if s.Claim != before {
		h.recordUrgent = true
	}
	m.server = w.Server
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// hear notes a member's testimony in a room that has lost its record, and restores the room once a majority
// of its servers agrees.
func (h *Hub) hear(m *member, w *Wish) {
	if w.Any || w.Server < 1 || w.Server > uint64(w.Size) || w.Made == "" || !isLease(w.Lease) {
		return
	}
	h.strangers++
	m.testimony = &testimony{server: w.Server, lease: w.Lease, claim: w.Claim, made: w.Made, size: w.Size}
	if h.resize(w.Size); len(h.agreeing(m.testimony)) > w.Size/2 {
		h.learn(m.testimony)
	}
	h.roomChanged = true
}

// agreeing returns the servers that say they are of the same room as t: for each the testimony with the highest claim.
func (h *Hub) agreeing(t *testimony) map[uint64]*testimony {
	servers := map[uint64]*testimony{}
	for _, m := range h.arrival {
		o := m.testimony
		if o == nil || o.made != t.made || o.size != t.size {
			continue
		}
		if known := servers[o.server]; known == nil || o.claim > known.claim {
			servers[o.server] = o
		}
	}
	return servers
}

// learn restores the room from the testimonies of a majority of its servers. A minority could not decide
// anything without the others anyway. The seat of a server that is not here is lost, not free: a disk
// elsewhere may have voted and stored for it.
func (h *Hub) learn(t *testimony) {
	servers := h.agreeing(t)
	h.build(t.size)
	for i := range h.seats {
		s := &h.seats[i]
		if known := servers[uint64(i+1)]; known != nil {
			s.Lease, s.Claim = known.lease, known.claim
		} else {
			s.Lost = true
		}
	}
	h.know(t.made)
	h.start()
	h.did(nil, Deed{Do: RoomKnown})
}

// begin makes a room that has lost its record a new one, because a person has said that it is new.
func (h *Hub) begin() { h.know("") }

func (h *Hub) know(made string) {
	h.made, h.unknown = made, false
	h.settled, h.recordUrgent, h.roomChanged = true, true, true
	for _, m := range h.arrival {
		m.testimony = nil
	}
}

// BeginAnew makes a room new because the person on a connection asks for it: the room forgets everything. It
// is refused while a server is connected.
func (h *Hub) BeginAnew(conn uint64) error {
	m, err := h.memberOf(conn)
	if err != nil {
		return err
	}
	for i := range h.seats {
		if h.seats[i].holder != nil {
			return badParam("new", "a room in which nobody has a seat", "seat "+strconv.Itoa(i+1)+" connected")
		}
	}
	h.build(len(h.seats))
	h.started, h.clock.now, h.clock.rest = false, 0, 0
	h.begin()
	h.did(m, Deed{Do: RoomBegun})
	return nil
}

// GiveAway frees seats whose servers will not come back, because the person on a connection says so. Others
// still count on what such a server has promised: a candidate may hold its vote, a leader its answer. So
// every server restarts, which forgets both, and the new server waits until a leader has been elected
// without it ("anew"). With empty it does not wait.
func (h *Hub) GiveAway(conn uint64, servers []uint64, empty bool) error {
	m, err := h.memberOf(conn)
	if err != nil {
		return err
	}
	switch {
	case len(servers) == 0:
		return badParam("params", "new or give", "neither")
	case h.unknown:
		return badParam("give", "a room that knows its seats", "one that has lost its record")
	}
	for _, server := range servers {
		switch {
		case !h.isServer(server):
			return whole("give", server, 1, int64(len(h.seats)))
		case h.seats[server-1].holder != nil:
			return badParam("give", "seats that nobody is connected to", "seat "+decimal(server)+" is connected")
		}
	}
	for _, server := range servers {
		s := &h.seats[server-1]
		s.Seat = Seat{Claim: s.Claim, Anew: h.started && !empty}
		s.report = nil
		h.did(m, Deed{Do: SeatFreed, Server: server})
	}
	h.recordUrgent, h.roomChanged = true, true
	if h.started {
		h.restartAll("S" + decimal(servers[0]) + " gets a new disk: every server starts again from its own")
	}
	return nil
}

// restartAll makes every server read its disk again, by closing its connection.
func (h *Hub) restartAll(why string) {
	for i := range h.seats {
		s := &h.seats[i]
		s.Claim++
		if s.holder != nil {
			h.drop(s.holder, closeRestart, why)
		}
	}
}
