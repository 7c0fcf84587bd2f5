package hub

import (
	"encoding/hex"
	"strconv"
)

// wish is what a member asks for when it joins.
type wish struct {
	server  int64 // −1: any free seat; 0: none
	lease   string
	watch   bool
	size    int
	name    string
	hidden  bool
	disk    string
	hasSize bool
	binary  bool // it takes binary messages

	claim  uint64 // the last one that the disk knows
	resume bool   // the server has been running since
	made   string // of which making of the room the disk is
	isNew  bool   // whoever joins says that the room is new
}

const (
	leaseBytes = 16 // 128 bits: not to be guessed
	mostName   = 40 // characters
	mostDisk   = 40
)

// join makes a connection a member and answers it.
func (h *Hub) join(m *member, id, raw []byte) *refusal {
	if m.joined {
		return &refusal{code: codeNotRequest, message: "this connection has joined already, as " + m.addresses()}
	}
	w := wish{server: -1}
	if bad := readParams(raw, w.read); bad != nil {
		return bad
	}
	if w.hasSize && !h.settled && w.lease == "" {
		h.resize(w.size)
	}
	if h.unknown && w.isNew {
		h.begin()
	}
	fresh, bad := h.seatFor(m, &w)
	if bad != nil {
		return bad
	}
	if m.server == 0 && h.watchers() >= h.limits.Members-len(h.seats) {
		h.refuse(m, id, &refusal{code: codeFull, message: h.fullWords()})
		h.drop(m, closeFull, h.fullWords())
		return nil
	}
	m.joined = true
	m.client = h.nextClient
	h.nextClient++
	m.watch = w.watch
	if m.server == 0 && w.server != 0 {
		m.watch = true // the room is full: there is nothing else left to do
	}
	if !h.settled && !h.unknown {
		h.settled, h.recordUrgent = true, true
	}
	h.sit(m, &w)
	h.answerJoin(m, id, fresh)
	if m.watch {
		h.sendReports(m)
	}
	return nil
}

// seat gives a member that has none a seat, as its join would have.
func (h *Hub) seat(m *member, id, raw []byte) *refusal {
	w := wish{server: -1}
	if bad := readParams(raw, w.read); bad != nil {
		return bad
	}
	if m.server != 0 {
		return &refusal{code: codeNotRequest, message: "this member has seat " + decimal(m.server) + " already"}
	}
	fresh, bad := h.seatFor(m, &w)
	if bad != nil {
		return bad
	}
	h.sit(m, &w)
	h.answerJoin(m, id, fresh)
	return nil
}

// sit puts a member on the seat that it was given, if any.
func (h *Hub) sit(m *member, w *wish) {
	h.roomChanged = true
	m.binary = m.binary || w.binary
	if m.server == 0 {
		return
	}
	if h.made == "" { // the room is new, or its record of a version that gave it no name
		h.made, h.recordUrgent = h.secret(), true
	}
	s := &h.seats[m.server-1]
	s.holder, s.hidden, s.disk = m, w.hidden, w.disk
	if w.name != "" && w.name != s.Name {
		s.Name, h.recordChanged = w.name, true
	}
	h.startIfComplete()
}

func (w *wish) read(p *params, key string) bool {
	switch key {
	case "server":
		if !p.null() {
			w.server = p.number(key, 0, maxSize)
		}
	case "lease":
		w.lease = p.words(key, 2*leaseBytes)
	case "watch":
		w.watch = p.truth(key)
	case "size":
		w.hasSize = !p.null()
		if w.hasSize {
			w.size = int(p.number(key, 1, maxSize))
		}
	case "name":
		w.name = p.words(key, mostName)
	case "hidden":
		w.hidden = p.truth(key)
	case "disk":
		w.disk = p.words(key, mostDisk)
	case "binary":
		w.binary = p.truth(key)
	case "claim":
		w.claim = uint64(p.number(key, 0, mostClaim))
	case "resume":
		w.resume = p.truth(key)
	case "made":
		w.made = p.words(key, 2*leaseBytes)
	case "new":
		w.isNew = p.truth(key)
	default:
		return false
	}
	return true
}

// seatFor gives m the seat that it wishes for. fresh says that nobody ever held it before. In a room that
// does not know itself there is none yet.
func (h *Hub) seatFor(m *member, w *wish) (fresh bool, bad *refusal) {
	if h.unknown {
		h.hear(m, w)
	}
	switch {
	case w.server == 0 || h.unknown:
		return false, nil
	case w.server < 0:
		for i := range h.seats {
			if h.seats[i].free() {
				h.grant(m, uint64(i+1))
				return true, nil
			}
		}
		return false, nil
	case w.server > int64(len(h.seats)):
		return false, badParam("server", "a seat of this room, 1 to "+strconv.Itoa(len(h.seats)), strconv.FormatInt(w.server, 10))
	case h.seats[w.server-1].free() && w.lease == "":
		h.grant(m, uint64(w.server))
		return true, nil
	}
	return false, h.claim(m, w)
}

// grant leases a free seat to m. A seat that was given away goes on counting where it was: its next claim is
// higher than any before.
func (h *Hub) grant(m *member, server uint64) {
	s := &h.seats[server-1]
	s.Lease = h.secret()
	s.Claim++
	m.server = server
	h.recordUrgent = true
}

// secret makes a lease, or the name of a making of a room: text that nobody can guess.
func (h *Hub) secret() string {
	var secret [leaseBytes]byte
	h.options.Random(secret[:])
	return hex.EncodeToString(secret[:])
}

func isLease(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == leaseBytes
}

// resize sets the number of seats of a room that nobody has joined yet.
func (h *Hub) resize(size int) {
	if size != len(h.seats) {
		h.build(size)
	}
}

// startIfComplete starts the clock once every seat has been taken: nobody campaigns against empty chairs.
func (h *Hub) startIfComplete() {
	if h.started {
		return
	}
	for i := range h.seats {
		if h.seats[i].free() {
			return
		}
	}
	h.start()
}

func (h *Hub) start() {
	h.started, h.clock.stopped = true, false
	h.recordUrgent, h.roomChanged = true, true
}

// startEarly starts the clock because a member asks for it.
func (h *Hub) startEarly() *refusal {
	connected := 0
	for i := range h.seats {
		if h.seats[i].holder != nil {
			connected++
		}
	}
	if need := len(h.seats)/2 + 1; connected < need && !h.started {
		return badParam("start", "a majority of the seats, "+strconv.Itoa(need)+" of "+strconv.Itoa(len(h.seats))+", to be connected", strconv.Itoa(connected))
	}
	if !h.started {
		h.start()
	}
	return nil
}

// describe takes what a member says about itself.
func (h *Hub) describe(m *member, raw []byte) *refusal {
	var spare seat // a watcher has no seat to describe, but its mistakes are its own all the same
	described := &spare
	if m.server != 0 {
		described = &h.seats[m.server-1]
	}
	next := *described
	bad := readParams(raw, func(p *params, key string) bool {
		switch key {
		case "hidden":
			next.hidden = p.truth(key)
		case "name":
			next.Name = p.words(key, mostName)
		case "disk":
			next.disk = p.words(key, mostDisk)
		case "claim":
			next.Taken = max(next.Taken, min(uint64(p.number(key, 0, mostClaim)), next.Claim))
		default:
			return false
		}
		return true
	})
	if bad == nil {
		h.roomChanged, h.recordChanged = true, true
		h.recordUrgent = h.recordUrgent || next.Taken != described.Taken
		*described = next
	}
	return bad
}
