package hub

import (
	"crypto/subtle"
	"strconv"
)

// Who a server is. Its seat is a number in the room, its lease the secret of whoever holds the seat, its disk
// what the server promised. Each time that a server starts it reads its disk and claims its seat: the claim
// has a number, higher than all before, which the room keeps and the disk, too. Whoever ran the server until
// then remembers less than the disk may hold, and is told so when it comes back (IDENTITY.md).

// mostClaim is what a JavaScript number can still tell exactly.
const mostClaim = 1 << 53

// testimony is what a member says of a room that has lost its record: that a server of it is here.
type testimony struct {
	server uint64
	lease  string
	claim  uint64
	made   string
	size   int
}

// free says that nobody holds the seat, and that nobody can hold it whom the room has forgotten.
func (s *seat) free() bool { return s.Lease == "" && !s.Lost }

// claim gives m the seat whose lease it shows.
func (h *Hub) claim(m *member, w *wish) *refusal {
	s, name := &h.seats[w.server-1], "seat "+strconv.FormatInt(w.server, 10)
	switch {
	case s.free():
		return &refusal{codeWrongLease, "lease", "lease: nobody has held " + name +
			" of this room so far; claim it without a lease"}
	case s.Lost && h.made != "" && isLease(w.lease) && same(w.made, h.made):
		s.Lease, s.Lost = w.lease, false // only a server of this very room knows what its making is called
	case !same(s.Lease, w.lease):
		return &refusal{codeWrongLease, "lease", "lease: this is not the lease of " + name}
	}
	switch {
	case s.holder != nil:
		return &refusal{codeSeatTaken, "server", "server: " + name + " is connected from elsewhere"}
	case w.resume && w.claim < s.Claim:
		return &refusal{codeSuperseded, "claim", "claim: " + name + " has been claimed since, it is at claim " +
			decimal(s.Claim) + "; read the disk again and claim it anew"}
	}
	if !w.resume && w.claim < s.Taken {
		return &refusal{codeOlderDisk, "claim", "claim: the disk of " + name + " is an older copy: it knows claim " +
			decimal(w.claim) + ", and its server has started with claim " + decimal(s.Taken) + " since"}
	}
	before := s.Claim
	s.Claim = max(s.Claim, w.claim)
	if !w.resume {
		s.Claim++
	}
	if s.Claim != before {
		h.recordUrgent = true
	}
	m.server = uint64(w.server)
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// hear notes what a member claims to be in a room that does not know itself, and learns the room once a
// majority of its servers agrees.
func (h *Hub) hear(m *member, w *wish) {
	if w.server < 1 || !w.hasSize || w.server > int64(w.size) || w.made == "" || !isLease(w.lease) {
		return
	}
	h.strangers++
	m.testimony = &testimony{server: uint64(w.server), lease: w.lease, claim: w.claim, made: w.made, size: w.size}
	if h.resize(w.size); len(h.agreeing(m.testimony)) > w.size/2 {
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

// learn makes the room what a majority of its servers says. Fewer could not decide anything without the
// others anyway. A seat of which nobody is here is lost, not free: a disk elsewhere may have voted and stored
// for it.
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
}

// begin makes a room that does not know itself a new one: a person has said so.
func (h *Hub) begin() { h.know("") }

func (h *Hub) know(made string) {
	h.made, h.unknown = made, false
	h.settled, h.recordUrgent, h.roomChanged = true, true, true
	for _, m := range h.arrival {
		m.testimony = nil
	}
}

// decide does what the people in a room decide about its seats: that it is new, or that a server will not come back.
func (h *Hub) decide(raw []byte) *refusal {
	isNew, empty, give := false, false, []int64(nil)
	bad := readParams(raw, func(p *params, key string) bool {
		switch key {
		case "new":
			isNew = p.truth(key)
		case "empty":
			empty = p.truth(key)
		case "give":
			p.list(key, maxSize, func(p *params) { give = append(give, p.number(key, 1, int64(len(h.seats)))) })
		default:
			return false
		}
		return true
	})
	switch {
	case bad != nil:
		return bad
	case isNew:
		return h.beginAnew()
	case len(give) == 0:
		return badParam("params", "new or give", "neither")
	case h.unknown:
		return badParam("give", "a room that knows its seats", "one that has lost its record")
	}
	return h.giveAway(give, empty)
}

// beginAnew forgets all that the room was. Only a room in which no server is connected can be forgotten.
func (h *Hub) beginAnew() *refusal {
	for i := range h.seats {
		if h.seats[i].holder != nil {
			return badParam("new", "a room in which nobody has a seat", "seat "+strconv.Itoa(i+1)+" connected")
		}
	}
	h.build(len(h.seats))
	h.started, h.clock.now, h.clock.rest = false, 0, 0
	h.begin()
	return nil
}

// giveAway frees seats whose servers will not come back. What such a server has promised is still counted on:
// a candidate may hold its vote, a leader its answer. So every server starts again, which forgets both, and
// the new one waits until a leader has been elected without it ("anew"). empty: it does not wait.
func (h *Hub) giveAway(give []int64, empty bool) *refusal {
	for _, server := range give {
		if h.seats[server-1].holder != nil {
			return badParam("give", "seats that nobody is connected to",
				"seat "+strconv.FormatInt(server, 10)+" is connected")
		}
	}
	for _, server := range give {
		s := &h.seats[server-1]
		s.Seat = Seat{Claim: s.Claim, Anew: h.started && !empty}
		s.report = nil
	}
	h.recordUrgent, h.roomChanged = true, true
	if h.started {
		h.restartAll("S" + strconv.FormatInt(give[0], 10) + " gets a new disk: every server starts again from its own")
	}
	return nil
}

// restartAll makes every server read its disk again.
func (h *Hub) restartAll(why string) {
	for i := range h.seats {
		s := &h.seats[i]
		s.Claim++
		if s.holder != nil {
			h.drop(s.holder, closeRestart, why)
		}
	}
}
