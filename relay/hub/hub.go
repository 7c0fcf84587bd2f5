package hub

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/quality"
)

// Options are fixed for the life of a room.
type Options struct {
	Code string // the room's code, as members see it
	// seats, 1 to 9, unless the record or the first member to join says otherwise; 0 means 3
	Size   int
	Rate   float64           // cluster seconds per real second, 0 to 1, until a member changes it
	Seed   uint64            // of the jitter: same seed, same inputs, same delays
	Random func(into []byte) // fills into with bytes that nobody can guess; leases are made of them
	Limits Limits

	// Unknown says, without a record, that the room may have been used before: its record may be lost. It
	// gives no seats until a majority of its servers restores it, or a person says that it is new.
	Unknown bool
	// FirstClient is the address of the first member; further ones count up from it. A host that draws it at
	// random for every life of a room makes sure that no address is used twice. 0 means 1001, the lowest.
	FirstClient uint64
}

// Record is what must outlive the host's process: the holders of seats and the room's settings.
type Record struct {
	Size    int     `json:"size"`
	Started bool    `json:"started"`
	Now     int64   `json:"now"` // cluster time when the record was made, microseconds
	Rate    float64 `json:"rate"`
	Made    string  `json:"made"`  // the name of this making of the room: a secret of its servers
	Seats   []Seat  `json:"seats"` // seat 1 first
	Links   []Link  `json:"links"`
}

// Seat is a server's place in the room. Lease is empty while nobody holds it.
type Seat struct {
	Lease string `json:"lease"`
	Name  string `json:"name"`
	Claim uint64 `json:"claim,omitempty"` // the number of its last claim; 0: none yet
	// Taken is the highest claim that its disk is known to have taken: a disk that knows less is an older copy.
	Taken uint64 `json:"taken,omitempty"`
	// the room has lost its record, and the seat's owner, unknown to it, has not been here since
	Lost bool `json:"lost,omitempty"`
	Anew bool `json:"anew,omitempty"` // another disk held it before: its server waits until a leader takes it in
}

// Link is one direction between two servers.
type Link struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	Up   bool   `json:"up"`
	quality.Qualities
	Hold bool `json:"hold,omitempty"` // frames stop and wait until they are released or dropped
}

// Output is what a room wants done. The host passes the same Output again and again; its slices are valid
// until the next call of Output. Delivery.Data may be kept for ever, but is read-only.
type Output struct {
	Record       *Record    // not nil: to be stored; it replaces every earlier one
	RecordNumber uint64     // its number, which grows by one from record to record
	Deliver      []Delivery // messages, in order
	Close        []Closing  // connections to close, after Deliver; the room has already forgotten them
}

// Delivery is a message for one connection. A host sends a connection's messages in order, with two exceptions:
// News may come later than what follows it, and an Announcement may come before what waits for a record.
type Delivery struct {
	Conn  uint64
	Kind  Kind
	Frame uint64 // the number of the frame delivered; 0: the room itself speaks
	After uint64 // the number of the record that must be stored before this may leave; 0: none
	Data  []byte // shared between receivers, read-only
	// Binary says that Data leaves as a binary message, as it came; else it is text.
	Binary bool

	lines int    // in a seen notification
	seat  int    // of a report: the index of its seat
	told  uint64 // of a room notification: the last deed that its receiver knew
}

// Kind says what a host may do with a message that its receiver has no room for. The host gives back what it
// does not send (Undelivered).
type Kind uint8

const (
	Answer       Kind = iota // to the connection's own call; never dropped: the host reads no further calls instead
	Frame                    // from another member; the host may lose it, as networks do, and then says so
	Announcement             // the state of the room (room): the next one repeats all of it
	News                     // what happened (seen, report): last in line
)

// Closing says which connection to close and what to tell it.
type Closing struct {
	Conn   uint64
	Code   int    // of the WebSocket protocol (RFC 6455, 7.4)
	Reason string // at most 123 bytes
}

// Close codes that the room uses.
const (
	closePolicy   = 1008 // the member broke the rules
	closeTooLarge = 1009
	closeRestart  = 1012 // reconnect, and restart the server
	closeFull     = 1013 // try again later
)

const (
	defaultSize   = 3
	maxSize       = 9
	firstClient   = 1001             // client addresses start here, far from those of servers
	joinWithin    = 60 * 1000 * 1000 // µs of real time; long enough to type a join by hand
	teachLatency  = 15 * 1000        // µs of cluster time: slow enough to watch a new room's messages fly
	teachJitter   = 5 * 1000
	announceEvery = 2 * 1000 * 1000 // µs of real time between two room notifications
	recordEvery   = 1000 * 1000     // µs of real time between two records, unless the second is urgent
	gather        = 16 * 1000       // µs of real time: events within it are told together
	mostNow       = 1 << 53         // µs of cluster time, 285 years: JavaScript counts exactly up to it
)

// Hub is one room. It is not safe for concurrent use.
type Hub struct {
	options Options
	limits  Limits
	source  *rand.PCG
	random  *rand.Rand // draws from source

	clock   clock
	started bool
	settled bool // the number of seats is fixed: a member has joined
	unknown bool // see Options
	made    string
	seats   []seat
	links   []link // from 1 to 1, from 1 to 2, …; see link()
	flying  int    // bytes in all links
	flights int    // frames in all links
	allowed int    // bytes that may be in all links
	first   *link  // the link whose first frame is due first; nil: to be looked for
	seq     uint64 // of the last frame

	members    map[uint64]*member
	arrival    []*member // the same, in the order in which they came
	nextClient uint64
	calls      callTable

	roomChanged   bool  // a room notification is owed
	announced     int64 // real time of the last one
	recordChanged bool  // the record must be stored, at most once a second
	recordUrgent  bool  // … at once
	recorded      int64 // real time of the last record
	records       uint64
	unstored      string // why the host cannot store records at the moment; empty if it can
	strangers     int    // claims of seats that the room did not know to be leased
	deeds         deeds
	seen          seenBatch
	news          bucket    // bytes
	own           sightings // for the host

	scan scanner
	json *jsoniter.Stream // scratch for what the room itself says

	deliver []Delivery
	closing []Closing
}

// seat is a Seat and its holder.
type seat struct {
	Seat
	holder *member // nil: not connected
	hidden bool
	disk   string
	report []byte // the last report notification of this server, ready to send
}

// member is one connection.
type member struct {
	conn      uint64
	address   string // network address of the connection; empty if the host does not say
	came      int64  // real time
	joined    bool
	watch     bool
	binary    bool   // it accepts binary messages
	server    uint64 // 0: none
	client    uint64
	roundTrip int64 // real µs, -1: unknown
	bucket    bucket
	feed      feed
	told      uint64     // the number of the last deed that it knows
	testimony *testimony // nil: it gave none, or the room has its record
}

// New makes a room, a new one if record is nil. An error means that the options or the record are invalid.
func New(options Options, record *Record) (*Hub, error) {
	if options.Size == 0 {
		options.Size = defaultSize
	}
	if options.FirstClient == 0 {
		options.FirstClient = firstClient
	}
	source := rand.NewPCG(options.Seed, 0)
	h := &Hub{
		options:    options,
		limits:     options.Limits.orDefaults(),
		source:     source,
		random:     rand.New(source),
		members:    map[uint64]*member{},
		nextClient: options.FirstClient,
		allowed:    options.Limits.orDefaults().InFlightBytes,
		json:       newStream(),
	}
	h.news = bucket{tokens: int64(h.limits.News) * 1e6}
	if record != nil {
		return h, h.restore(record)
	}
	if options.Size < 1 || options.Size > maxSize {
		return nil, errors.New("hub: a room has 1 to 9 seats, not " + strconv.Itoa(options.Size))
	}
	if !h.clock.setRate(options.Rate) {
		return nil, errors.New("hub: the rate is 0 to 1, not " + strconv.FormatFloat(options.Rate, 'g', -1, 64))
	}
	h.build(options.Size)
	h.unknown = options.Unknown
	return h, nil
}

// Connect says that a connection was opened. conn is the host's number for it, never used twice in a room.
func (h *Hub) Connect(conn uint64) { h.ConnectFrom(conn, "") }

// ConnectFrom is Connect for a host that knows the network address from which the connection came.
// Connections that have not joined have few places; when all are taken, the address that holds most loses
// its oldest.
func (h *Hub) ConnectFrom(conn uint64, address string) {
	if h.waiting() >= h.limits.Waiting {
		h.drop(h.longestWaiting(), closeFull, "others wanted to come in, and this connection had not joined")
	}
	m := &member{conn: conn, address: address, came: h.clock.real, roundTrip: -1}
	m.bucket = bucket{tokens: int64(h.limits.Burst) * 1e6, at: h.clock.real}
	h.members[conn] = m
	h.arrival = append(h.arrival, m)
}

// Receive takes a message of a connection. The room keeps data: the caller must not write to it afterwards.
func (h *Hub) Receive(conn uint64, data []byte, binary bool) {
	m := h.members[conn]
	if m == nil {
		return // closed by the room a moment ago
	}
	if most := h.mostMessage(m); len(data) > most {
		h.refuse(m, nil, tooLarge("message", len(data), most))
		h.drop(m, closeTooLarge, "a message may have at most "+strconv.Itoa(most)+" bytes")
		return
	}
	switch m.bucket.take(int64(1+len(data)/4096)*1e6, h.clock.real, h.limits.Rate, h.limits.Burst) {
	case over:
		h.refuse(m, nil, &Refusal{Code: CodeTooFast, Message: "too many messages: a member may send " +
			strconv.Itoa(h.limits.Rate) + " a second; this one was not passed on"})
	case flooding:
		h.drop(m, closePolicy, "too many messages: a member may send "+strconv.Itoa(h.limits.Rate)+" a second")
	default:
		h.read(m, data, binary)
	}
}

// mostMessage is how long a message of m may be. A member that has not joined has nothing long to say.
func (h *Hub) mostMessage(m *member) int {
	if m.joined {
		return h.limits.Message
	}
	return min(h.limits.JoinMessage, h.limits.Message)
}

// Overrun says that a message of a connection was thrown away unread, because the host had no room for it.
func (h *Hub) Overrun(conn uint64) {
	if m := h.members[conn]; m != nil {
		const words = "the relay has too much to read at the moment; this message was not taken"
		h.refuse(m, nil, &Refusal{Code: CodeTooMuch, Message: words})
	}
}

// Undelivered gives back a message that the host had no room for. The room reports the loss, or tells it
// again.
func (h *Hub) Undelivered(d *Delivery) {
	m := h.members[d.Conn]
	switch {
	case d.Kind == Frame:
		h.tell(sighting{seq: d.Frame, fate: "full", at: h.clock.now, later: true})
	case m == nil:
	case d.Kind == Announcement:
		m.told = min(m.told, d.told)
	case d.Kind != News:
	case d.lines > 0:
		m.feed.dropped += d.lines
	default:
		m.feed.miss(d.seat)
	}
}

// Unstored tells the room why the host cannot store its record, or with an empty reason that it can again.
// The host goes on trying.
func (h *Hub) Unstored(reason string) {
	if reason != h.unstored {
		h.unstored, h.roomChanged = reason, true
	}
}

// Checkpoint asks for a record with the next Output even if only the time has changed.
func (h *Hub) Checkpoint() { h.recordUrgent = true }

// Allow sets how many bytes may be under way in this room from now on, within its limit: a host that runs many
// rooms shares out what it has.
func (h *Hub) Allow(bytes int) { h.allowed = min(bytes, h.limits.InFlightBytes) }

// Flying returns how many bytes are under way.
func (h *Hub) Flying() int { return h.flying }

// Joined tells whether a connection has joined.
func (h *Hub) Joined(conn uint64) bool {
	m := h.members[conn]
	return m != nil && m.joined
}

// Strangers counts the claims of servers that were here before the room lost its record.
func (h *Hub) Strangers() int { return h.strangers }

// Disconnect says that a connection is gone.
func (h *Hub) Disconnect(conn uint64) {
	if m := h.members[conn]; m != nil {
		h.leave(m, "")
	}
}

// RoundTrip says how long the last WebSocket ping of a connection took, real microseconds.
func (h *Hub) RoundTrip(conn uint64, micros int64) {
	if m := h.members[conn]; m != nil {
		m.roundTrip = micros
	}
}

// Backlog says how many bytes the host has queued for a connection and not yet written. A slow watcher is
// spared what it can miss.
func (h *Hub) Backlog(conn uint64, bytes int) {
	m := h.members[conn]
	if m == nil {
		return
	}
	m.feed.backlog = bytes
	if m.watch && m.feed.dropped > 0 && bytes < laggedBacklog && !h.seen.missed {
		if !h.seen.owed() {
			h.seen.since = h.clock.real
		}
		h.seen.missed = true
	}
}

// Advance sets the time: the host's monotonic clock, in µs, which never goes back. A host calls it before
// every other input and whenever Wake says so.
func (h *Hub) Advance(real int64) {
	h.clock.advance(real)
	h.deliverDue()
	for i := 0; i < len(h.arrival); i++ {
		if m := h.arrival[i]; !m.joined && h.clock.real-m.came > joinWithin {
			h.drop(m, closePolicy, "no join came within 60 seconds")
			i--
		}
	}
}

// Output fills out with what is to be done since the last call, and reports whether there is anything.
func (h *Hub) Output(out *Output) bool {
	h.deliverDue()
	h.announce()
	out.Record = nil
	if h.recordUrgent || h.recordChanged && h.clock.real-h.recorded >= recordEvery {
		h.records++
		out.Record, out.RecordNumber = h.Record(), h.records
		h.recordUrgent, h.recordChanged, h.recorded = false, false, h.clock.real
	}
	out.Deliver, h.deliver = h.deliver, out.Deliver[:0]
	out.Close, h.closing = h.closing, out.Close[:0]
	return out.Record != nil || len(out.Deliver) > 0 || len(out.Close) > 0
}

// Wake returns the real time of the next Advance if no other input comes first; never is the largest int64.
func (h *Hub) Wake() int64 {
	wake := h.Due()
	for _, m := range h.arrival {
		if !m.joined {
			wake = min(wake, m.came+joinWithin+1)
		}
	}
	if h.recordChanged {
		wake = min(wake, h.recorded+recordEvery)
	}
	return min(wake, h.wakeForWatchers())
}

// Record returns a copy of what must outlive the process, for a host that stops.
func (h *Hub) Record() *Record {
	r := &Record{Size: len(h.seats), Started: h.started, Now: h.clock.now, Rate: h.clock.rate(), Made: h.made}
	for i := range h.seats {
		r.Seats = append(r.Seats, h.seats[i].Seat)
	}
	r.Links = h.Links(nil)
	return r
}

func (h *Hub) restore(r *Record) error {
	if r.Size < 1 || r.Size > maxSize || len(r.Seats) != r.Size {
		return errors.New("hub: the record has " + strconv.Itoa(len(r.Seats)) + " seats and says " +
			strconv.Itoa(r.Size) + "; expected the same number, 1 to 9")
	}
	if !h.clock.setRate(r.Rate) || r.Now < 0 || r.Now > mostNow {
		return errors.New("hub: the record's clock is out of range")
	}
	h.build(r.Size)
	h.settled, h.made = true, r.Made
	h.started, h.clock.now, h.clock.stopped = r.Started, r.Now, !r.Started
	for i, s := range r.Seats {
		h.seats[i].Seat = s
	}
	for _, l := range r.Links {
		if !h.isServer(l.From) || !h.isServer(l.To) || l.From == l.To || !l.Possible() {
			return errors.New("hub: the record has a link that this room cannot have")
		}
		h.link(l.From, l.To).Link = l
	}
	return nil
}

// build makes the seats and the links between them.
func (h *Hub) build(size int) {
	h.seats = make([]seat, size)
	h.links = make([]link, size*size)
	h.clock.stopped = true
	for i := range h.links {
		h.links[i].Link = Link{From: uint64(i/size) + 1, To: uint64(i%size) + 1, Up: true,
			Qualities: quality.Qualities{Latency: teachLatency, Jitter: teachJitter}}
	}
}

// drop closes a connection from the room's side.
func (h *Hub) drop(m *member, code int, reason string) {
	h.closing = append(h.closing, Closing{m.conn, code, reason})
	h.leave(m, reason)
}

// leave forgets a connection that the room closes for a reason or that ended by itself. A server's seat
// stays leased: a closed socket is a crash, not a leave.
func (h *Hub) leave(m *member, reason string) {
	delete(h.members, m.conn)
	h.arrival = slices.DeleteFunc(h.arrival, func(other *member) bool { return other == m })
	if m.server != 0 {
		h.seats[m.server-1].holder = nil
		h.loseAllTo(m.server)
		h.did(m, Deed{Do: ServerGone, Server: m.server, Reason: reason})
	}
	if m.joined {
		h.roomChanged = true
	}
}

// nextRecord is the number of the record that holds what has happened until now.
func (h *Hub) nextRecord() uint64 {
	if h.recordUrgent {
		return h.records + 1
	}
	return h.records
}

func (h *Hub) isServer(address uint64) bool { return address >= 1 && address <= uint64(len(h.seats)) }
