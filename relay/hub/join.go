package hub

import (
	"crypto/subtle"
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
	if w.hasSize && !h.settled {
		h.resize(w.size)
	}
	fresh, bad := h.seatFor(m, &w)
	if bad != nil {
		return bad
	}
	m.joined = true
	m.client = h.nextClient
	h.nextClient++
	m.watch = w.watch
	if m.server == 0 && w.server != 0 {
		m.watch = true // the room is full: there is nothing else left to do
	} else if m.server != 0 {
		s := &h.seats[m.server-1]
		s.holder, s.hidden, s.disk = m, w.hidden, w.disk
		if w.name != "" && w.name != s.Name {
			s.Name, h.recordChanged = w.name, true
		}
	}
	if !h.settled {
		h.settled, h.recordUrgent = true, true
	}
	h.startIfComplete()
	h.answerJoin(m, id, fresh)
	if m.watch {
		h.sendReports(m)
	}
	h.roomChanged = true
	return nil
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
	default:
		return false
	}
	return true
}

// seatFor gives m the seat that it wishes for. fresh says that nobody ever held it before.
func (h *Hub) seatFor(m *member, w *wish) (fresh bool, bad *refusal) {
	switch {
	case w.server == 0:
		return false, nil
	case w.server < 0:
		for i := range h.seats {
			if h.seats[i].Lease == "" {
				h.grant(m, uint64(i+1), h.newLease())
				return true, nil
			}
		}
		return false, nil
	case w.server > int64(len(h.seats)):
		return false, badParam("server", "a seat of this room, 1 to "+strconv.Itoa(len(h.seats)), strconv.FormatInt(w.server, 10))
	}
	s := &h.seats[w.server-1]
	switch {
	case s.Lease == "" && w.lease == "":
		h.grant(m, uint64(w.server), h.newLease())
		return true, nil
	case s.Lease == "" && isLease(w.lease):
		// The room has lost its record, the server has not lost its disk: it goes on as who it was.
		h.grant(m, uint64(w.server), w.lease)
		return false, nil
	case subtle.ConstantTimeCompare([]byte(s.Lease), []byte(w.lease)) != 1:
		return false, &refusal{codeWrongLease, "lease", "lease: this is not the lease of seat " + strconv.FormatInt(w.server, 10)}
	case s.holder != nil:
		return false, &refusal{codeSeatTaken, "server", "server: seat " + strconv.FormatInt(w.server, 10) + " is connected from elsewhere"}
	}
	m.server = uint64(w.server)
	return false, nil
}

func (h *Hub) grant(m *member, server uint64, lease string) {
	h.seats[server-1].Lease = lease
	m.server = server
	h.recordUrgent = true
}

func (h *Hub) newLease() string {
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
		if h.seats[i].Lease == "" {
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
		default:
			return false
		}
		return true
	})
	if bad == nil {
		*described = next
		h.roomChanged, h.recordChanged = true, true
	}
	return bad
}
