package hub

import (
	"encoding/hex"
	"strconv"
)

// Wish is what a connection asks for when it joins, or a member without a seat later.
type Wish struct {
	Any    bool   // any free seat, or none if there is none
	Server uint64 // else this seat; 0: none
	Lease  string // the seat's lease; empty: the seat must be free
	Watch  bool   // send it news (seen, report); of Join
	Size   int    // seats of the room if it is the first to join, or of the room that its seat was in; 0: not said
	Name   string // shown to others, as Disk is: at most 40 printable characters
	Disk   string
	Hidden bool
	Binary bool // it accepts binary messages

	Claim  uint64 // the last one that the disk knows
	Resume bool   // the server has been running since
	Made   string // the making of the room that the disk belongs to
	New    bool   // it says that the room is new; of Join
}

// Seating is the result of a Wish.
type Seating struct {
	Client uint64 // the member's own address
	Server uint64 // its seat; 0: none
	Fresh  bool   // the seat was never held before
	Lease  string // secret, and so is Made. Both are empty without a seat
	Made   string
	Claim  uint64
	Anew   bool

	// After is the number of the record that must be stored before the lease may leave the host; 0: none.
	After uint64
}

const (
	leaseBytes = 16 // 128 bits: not to be guessed
	mostName   = 40 // characters
	mostDisk   = 40
)

// Join makes a connection a member of the room.
func (h *Hub) Join(conn uint64, w *Wish) (Seating, error) {
	m := h.members[conn]
	if m == nil {
		return Seating{}, errGone
	}
	seating, err := h.join(m, w)
	if err == nil && m.watch {
		h.sendReports(m)
	}
	return seating, err
}

// join is Join without the last reports of the servers, which follow the answer.
func (h *Hub) join(m *member, w *Wish) (Seating, error) {
	if m.joined {
		return Seating{}, &Refusal{Code: CodeNotRequest, Message: "this connection has joined already, as " +
			m.addresses()}
	}
	if err := w.check(); err != nil {
		return Seating{}, err
	}
	if w.Size != 0 && !h.settled && w.Lease == "" {
		h.resize(w.Size)
	}
	begins := h.unknown && w.New
	if begins {
		h.begin()
	}
	fresh, err := h.seatFor(m, w)
	if err != nil {
		return Seating{}, err
	}
	if m.server == 0 && h.watchers() >= h.limits.Members-len(h.seats) {
		h.drop(m, closeFull, h.fullWords())
		return Seating{}, &Refusal{Code: CodeFull, Message: h.fullWords()}
	}
	m.joined = true
	m.client = h.nextClient
	h.nextClient++
	m.watch = w.Watch
	if m.server == 0 && (w.Any || w.Server != 0) {
		m.watch = true // the room is full: it can only watch
	}
	m.told = h.deeds.count
	if begins {
		h.did(m, Deed{Do: RoomBegun})
	}
	if !h.settled && !h.unknown {
		h.settled, h.recordUrgent = true, true
	}
	return h.sit(m, w, fresh), nil
}

// Seat gives a member that has none a seat, as its Join would have.
func (h *Hub) Seat(conn uint64, w *Wish) (Seating, error) {
	m, err := h.memberOf(conn)
	if err != nil {
		return Seating{}, err
	}
	if err := w.check(); err != nil {
		return Seating{}, err
	}
	if m.server != 0 {
		return Seating{}, &Refusal{Code: CodeNotRequest, Message: "this member has seat " + decimal(m.server) +
			" already"}
	}
	fresh, err := h.seatFor(m, w)
	if err != nil {
		return Seating{}, err
	}
	return h.sit(m, w, fresh), nil
}

var (
	errGone      = &Refusal{Code: CodeJoinFirst, Message: "this connection is closed"}
	errJoinFirst = &Refusal{Code: CodeJoinFirst, Message: `the first message must join: ` +
		`{"jsonrpc":"2.0","id":1,"method":"join","params":{"server":null,"watch":true}}`}
)

// memberOf returns the member of a connection that has joined.
func (h *Hub) memberOf(conn uint64) (*member, error) {
	switch m := h.members[conn]; {
	case m == nil:
		return nil, errGone
	case !m.joined:
		return nil, errJoinFirst
	default:
		return m, nil
	}
}

// check checks a wish against what any room can grant.
func (w *Wish) check() error {
	return firstOf(
		whole("server", w.Server, 0, maxSize), whole("size", w.Size, 0, maxSize), whole("claim", w.Claim, 0, mostClaim),
		shown("lease", w.Lease, 2*leaseBytes), shown("made", w.Made, 2*leaseBytes),
		shown("name", w.Name, mostName), shown("disk", w.Disk, mostDisk))
}

// sit puts a member on the seat that it was given, if any, and returns the result of its wish.
func (h *Hub) sit(m *member, w *Wish, fresh bool) Seating {
	h.roomChanged = true
	m.binary = m.binary || w.Binary
	if m.server == 0 {
		return Seating{Client: m.client, Fresh: fresh, After: h.nextRecord()}
	}
	if h.made == "" { // the room is new, or its record has no name for its making
		h.made, h.recordUrgent = h.secret(), true
	}
	s := &h.seats[m.server-1]
	s.holder, s.hidden, s.disk = m, w.Hidden, w.Disk
	if w.Name != "" && w.Name != s.Name {
		s.Name, h.recordChanged = w.Name, true
	}
	do := ServerBack
	if fresh {
		do = SeatTaken
	}
	h.did(m, Deed{Do: do, Server: m.server})
	h.startIfComplete()
	return Seating{
		Client: m.client, Server: m.server, Fresh: fresh, Lease: s.Lease, Made: h.made, Claim: s.Claim, Anew: s.Anew,
		After: h.nextRecord(),
	}
}

// seatFor gives m the seat that it wishes for. fresh: the seat was never held before. A room that has lost
// its record gives none.
func (h *Hub) seatFor(m *member, w *Wish) (fresh bool, err error) {
	if h.unknown {
		h.hear(m, w)
	}
	switch {
	case h.unknown || w.Server == 0 && !w.Any:
		return false, nil
	case w.Any:
		for i := range h.seats {
			if h.seats[i].free() {
				h.grant(m, uint64(i+1))
				return true, nil
			}
		}
		return false, nil
	case !h.isServer(w.Server):
		return false, badParam("server", "a seat of this room, 1 to "+strconv.Itoa(len(h.seats)), decimal(w.Server))
	case h.seats[w.Server-1].free() && w.Lease == "":
		h.grant(m, w.Server)
		return true, nil
	}
	return false, h.claim(m, w)
}

// grant leases a free seat to m. The claims of a seat that was given away go on counting: its next claim is
// higher than any before.
func (h *Hub) grant(m *member, server uint64) {
	s := &h.seats[server-1]
	s.Lease = h.secret()
	s.Claim++
	m.server = server
	h.recordUrgent = true
}

// secret makes a lease, or the name of a making of a room: text that cannot be guessed.
func (h *Hub) secret() string {
	var secret [leaseBytes]byte
	h.options.Random(secret[:])
	return hex.EncodeToString(secret[:])
}

func isLease(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == leaseBytes
}

// resize sets the number of seats of a room that no member has joined yet.
func (h *Hub) resize(size int) {
	if size != len(h.seats) {
		h.build(size)
	}
}

// startIfComplete starts the clock once every seat has been taken: no server campaigns against empty seats.
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
	h.did(nil, Deed{Do: ClockStarted})
}

func (h *Hub) start() {
	h.started, h.clock.stopped = true, false
	h.recordUrgent, h.roomChanged = true, true
}

// startEarly starts the clock because a member asks for it.
func (h *Hub) startEarly(by *member) error {
	connected := 0
	for i := range h.seats {
		if h.seats[i].holder != nil {
			connected++
		}
	}
	if need := len(h.seats)/2 + 1; connected < need && !h.started {
		return badParam("start", "a majority of the seats, "+strconv.Itoa(need)+" of "+strconv.Itoa(
			len(h.seats))+", to be connected", strconv.Itoa(connected))
	}
	if !h.started {
		h.start()
		h.did(by, Deed{Do: ClockStarted})
	}
	return nil
}

// Description is what a member says about itself. A field that is nil stays as it is.
type Description struct {
	Hidden     *bool
	Name, Disk *string
	Claim      uint64 // a started server's disk has taken this claim; 0: nothing new
}

// Describe takes what a member says about itself.
func (h *Hub) Describe(conn uint64, d *Description) error {
	m, err := h.memberOf(conn)
	if err != nil {
		return err
	}
	if err := d.check(); err != nil {
		return err
	}
	h.roomChanged, h.recordChanged = true, true
	if m.server == 0 {
		return nil // a watcher has no seat to describe
	}
	s := &h.seats[m.server-1]
	set(&s.hidden, d.Hidden)
	set(&s.Name, d.Name)
	set(&s.disk, d.Disk)
	if taken := min(d.Claim, s.Claim); taken > s.Taken {
		s.Taken, h.recordUrgent = taken, true
	}
	return nil
}

func (d *Description) check() error {
	err := whole("claim", d.Claim, 0, mostClaim)
	if d.Name != nil {
		err = firstOf(err, shown("name", *d.Name, mostName))
	}
	if d.Disk != nil {
		err = firstOf(err, shown("disk", *d.Disk, mostDisk))
	}
	return err
}

// set sets a value if there is a new one.
func set[T any](value, next *T) {
	if next != nil {
		*value = *next
	}
}
