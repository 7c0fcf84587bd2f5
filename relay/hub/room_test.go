package hub

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// A whole room under everything that members, the network, the disk and time can do: after every step its
// bounds hold, every lease that a member was told is still the member's, even after the relay was killed,
// and frames come in order.

func TestARoomKeepsItsBoundsItsLeasesAndItsOrder(t *testing.T) { rapid.Check(t, liveRoom) }

func FuzzRoom(f *testing.F) { f.Fuzz(rapid.MakeFuzz(liveRoom)) }

// roomModel is what a room has promised, as an observer sees it.
type roomModel struct {
	rt     *rapid.T
	hub    *Hub
	real   int64
	limits Limits
	random func([]byte)
	out    Output

	nextConn uint64
	conns    []uint64
	told     map[uint64]string // lease of a server whose join was confirmed
	answers  []Delivery        // answers that wait for a record
	written  map[uint64]*Record
	disk     *Record
	stored   uint64
	returned []Delivery // some of the messages sent, to be given back

	sent    int
	tainted bool           // frames may have overtaken each other
	latest  map[string]int // number of the last frame that arrived, by direction
}

var roomLimits = Limits{Members: 14, Waiting: 3, InFlight: 6, InFlightAll: 12, InFlightBytes: 400, Message: 2000,
	JoinMessage: 500, Report: 300, News: 20_000, Rate: 200, Burst: 100}

func liveRoom(rt *rapid.T) {
	m := &roomModel{rt: rt, limits: roomLimits, told: map[uint64]string{}, written: map[uint64]*Record{},
		latest: map[string]int{}}
	m.random = counting()
	m.begin(nil)
	rt.Repeat(map[string]func(*rapid.T){
		"connect":  m.connect,
		"join":     m.join,
		"leave":    m.leave,
		"frames":   m.frames,
		"network":  m.network,
		"one":      m.oneFrame,
		"self":     m.aboutItself,
		"seats":    m.giveAway,
		"nonsense": m.nonsense,
		"host":     m.host,
		"store":    m.store,
		"kill":     m.kill,
		"pass":     func(rt *rapid.T) { m.pass(rapid.Int64Range(0, 3_000_000).Draw(rt, "µs")) },
		"":         func(*rapid.T) { m.check() },
	})
}

// begin starts the relay's process on what the disk holds.
func (m *roomModel) begin(record *Record) {
	m.nextConn += 1000
	h, err := New(Options{Code: "room", Size: 3, Rate: 1, Seed: 7, Random: m.random, Limits: m.limits,
		FirstClient: 1001 + m.nextConn}, record)
	if err != nil {
		m.rt.Fatal(err)
	}
	m.hub, m.conns, m.answers, m.returned = h, nil, nil, nil
	m.stored, m.tainted = 0, true
	h.Advance(m.real)
}

func (m *roomModel) say(conn uint64, text string) {
	m.hub.Advance(m.real)
	m.hub.Receive(conn, []byte(text), false)
	m.carryOut()
}

func (m *roomModel) pass(micros int64) {
	for end := m.real + micros; m.real < end; {
		m.real = max(m.real, min(m.hub.Wake(), end))
		m.hub.Advance(m.real)
		m.carryOut()
		if m.hub.Wake() <= m.real {
			m.real = min(m.real+1000, end)
		}
	}
}

func (m *roomModel) carryOut() {
	for m.hub.Output(&m.out) {
		if m.out.Record != nil {
			m.written[m.out.RecordNumber] = m.out.Record
		}
		for _, d := range m.out.Deliver {
			m.deliver(d)
		}
	}
	m.conns = m.conns[:0]
	for _, member := range m.hub.arrival {
		m.conns = append(m.conns, member.conn)
	}
}

func (m *roomModel) deliver(d Delivery) {
	text := string(d.Data)
	if !utf8.ValidString(text) || text[0] == '{' && !json.Valid(d.Data) {
		m.rt.Fatalf("connection %d was sent what no browser takes: %q", d.Conn, text)
	}
	switch {
	case d.Kind == Frame && !m.tainted:
		address, rest, _ := strings.Cut(text, ":")
		number, _ := strconv.Atoi(rest)
		key := fmt.Sprint(d.Conn, address)
		if number <= m.latest[key] {
			m.rt.Fatalf("%s overtook number %d", text, m.latest[key])
		}
		m.latest[key] = number
	case d.Kind == Answer && d.After > m.stored:
		m.answers = append(m.answers, d)
	case d.Kind == Answer:
		m.confirm(d)
	}
	if len(m.returned) < 20 {
		m.returned = append(m.returned, d)
	}
}

// confirm notes a lease that its owner has been told.
func (m *roomModel) confirm(d Delivery) {
	result := get(string(d.Data), "result")
	if server := result.Get("server").ToUint64(); server != 0 {
		m.told[server] = result.Get("lease").ToString()
	}
}

func (m *roomModel) anyone(rt *rapid.T) uint64 {
	if len(m.conns) == 0 {
		rt.Skip("nobody is here")
	}
	return rapid.SampledFrom(m.conns).Draw(rt, "connection")
}

func (m *roomModel) connect(rt *rapid.T) {
	m.nextConn++
	m.hub.ConnectFrom(m.nextConn, rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "address"))
	m.carryOut()
}

func (m *roomModel) join(rt *rapid.T) {
	m.connect(rt)
	server := rapid.Uint64Range(1, 4).Draw(rt, "server")
	params := rapid.SampledFrom([]string{
		`{}`, `{"server":0}`, `{"size":2}`, `{"watch":true,"name":"Ada"}`, fmt.Sprintf(`{"server":%d}`, server),
		fmt.Sprintf(`{"server":%d,"lease":"%s"}`, server, m.told[server]),
		fmt.Sprintf(`{"server":%d,"lease":"%s","resume":true,"claim":1}`, server, m.told[server]),
		`{"server":1,"lease":"00000000000000000000000000000000"}`,
	}).Draw(rt, "params")
	m.say(m.nextConn, `{"id":1,"method":"join","params":`+params+`}`)
}

func (m *roomModel) leave(rt *rapid.T) {
	m.hub.Disconnect(m.anyone(rt))
	m.tainted = true
	m.carryOut()
}

func (m *roomModel) frames(rt *rapid.T) {
	from := rapid.Uint64Range(1, uint64(len(m.hub.seats))).Draw(rt, "from")
	if m.hub.seats[from-1].holder == nil {
		rt.Skip("nobody sits there")
	}
	conn := m.hub.seats[from-1].holder.conn
	for range rapid.IntRange(1, 8).Draw(rt, "frames") {
		m.sent++
		m.say(conn, fmt.Sprintf("%d>%d:%d", from, rapid.Uint64Range(1, 4).Draw(rt, "to"), m.sent))
		m.say(conn, fmt.Sprintf(`{"from":%d,"to":%d,"method":"x"}`, from, m.hub.nextClient-1))
	}
}

func (m *roomModel) network(rt *rapid.T) {
	m.tainted = true
	from, chance := rapid.IntRange(1, 3).Draw(rt, "from"), rapid.SampledFrom([]float64{0, 0.5, 1})
	m.say(m.anyone(rt), fmt.Sprintf(
		`{"id":2,"method":"network","params":{"rate":%g,"latency":%d,"links":[{"from":%d,"to":%d,"up":%t,`+
			`"hold":%t,"loss":%g,"duplicate":%g,"reorder":%g,"bandwidth":%d}]}}`,
		rapid.SampledFrom([]float64{0, 0.1, 1}).Draw(rt, "rate"), rapid.IntRange(0, 50_000).Draw(rt, "latency"), from,
		from%3+1,
		rapid.Bool().Draw(rt, "up"), rapid.Bool().Draw(rt, "hold"), chance.Draw(rt, "loss"),
		chance.Draw(rt, "duplicate"), chance.Draw(rt, "reorder"),
		rapid.SampledFrom([]int{0, 5, 1000}).Draw(rt, "bandwidth")))
}

func (m *roomModel) oneFrame(rt *rapid.T) {
	m.tainted = true
	m.say(m.anyone(rt), fmt.Sprintf(
		`{"id":3,"method":"frame","params":{"seq":%d,"do":"%s","frame":"1>2:%s","from":3,"to":1}}`,
		rapid.Uint64Range(1, m.hub.seq+1).Draw(rt, "seq"),
		rapid.SampledFrom([]string{"hold", "release", "drop", "deliver", "duplicate", "edit", "inject"}).Draw(rt, "do"),
		strings.Repeat("0", rapid.IntRange(0, 500).Draw(rt, "length"))))
}

func (m *roomModel) aboutItself(rt *rapid.T) {
	m.say(m.anyone(rt), rapid.SampledFrom([]string{
		`{"method":"state","params":{"name":"Grace","hidden":true}}`, `{"method":"report","params":{"term":3}}`,
		`{"method":"report","params":{"x":"` + strings.Repeat("\\u0001", 40) + `"}}`,
		`{"id":4,"method":"network","params":{"start":true}}`, `{"id":5,"method":"seat","params":{}}`,
	}).Draw(rt, "message"))
}

// giveAway frees a seat. The call says that its owner agreed; the lease means nothing from then on.
func (m *roomModel) giveAway(rt *rapid.T) {
	server := rapid.Uint64Range(1, uint64(len(m.hub.seats))).Draw(rt, "server")
	conn, free := m.anyone(rt), m.hub.seats[server-1].holder == nil
	before := m.hub.seats[server-1].Lease
	m.say(conn, fmt.Sprintf(`{"id":6,"method":"seats","params":{"give":[%d]}}`, server))
	if m.hub.seats[server-1].Lease != before {
		if !free {
			rt.Fatalf("the seat of server %d was given away under it", server)
		}
		delete(m.told, server)
	}
}

func (m *roomModel) nonsense(rt *rapid.T) {
	m.say(m.anyone(rt), rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
		strings.Repeat("x", 501), strings.Repeat("1", 2001), `{"id":7,"method":"network","params":{"rate":7}}`,
		`{"id":-0,"method":"join"}`, `[]`, `{"from":9}`,
	})).Draw(rt, "text"))
}

// host does what the relay does besides passing messages on.
func (m *roomModel) host(rt *rapid.T) {
	switch conn := m.anyone(rt); rapid.IntRange(0, 5).Draw(rt, "what") {
	case 0:
		m.hub.Backlog(conn, rapid.SampledFrom([]int{0, slowBacklog, laggedBacklog}).Draw(rt, "backlog"))
	case 1:
		m.hub.RoundTrip(conn, 400)
	case 2:
		m.hub.Overrun(conn)
	case 3:
		m.hub.Unstored(rapid.SampledFrom([]string{"", "the disk is full"}).Draw(rt, "reason"))
	case 4:
		m.hub.Allow(rapid.IntRange(0, 1000).Draw(rt, "bytes"))
	case 5:
		for i := range m.returned {
			m.hub.Undelivered(&m.returned[i])
		}
		m.returned = nil
	}
	m.carryOut()
}

// store writes the newest record to the disk, and releases the answers that waited for it.
func (m *roomModel) store(*rapid.T) {
	if record := m.written[m.hub.records]; record != nil {
		m.disk, m.stored = record, m.hub.records
	}
	waiting := m.answers
	m.answers = nil
	for _, d := range waiting {
		switch {
		case m.hub.members[d.Conn] == nil: // it left before it was told
		case d.After > m.stored:
			m.answers = append(m.answers, d)
		default:
			m.confirm(d)
		}
	}
}

// kill ends the process and starts another one on the same disk.
func (m *roomModel) kill(*rapid.T) {
	for _, conn := range m.conns {
		m.hub.Disconnect(conn)
	}
	clear(m.written)
	clear(m.latest)
	m.begin(m.disk)
}

func (m *roomModel) check() {
	h, l := m.hub, m.limits
	waiting, bytes, flights := h.waiting(), 0, 0
	if waiting > l.Waiting || len(h.arrival)-waiting > l.Members {
		m.rt.Fatalf("%d connections wait, %d have joined", waiting, len(h.arrival)-waiting)
	}
	for i := range h.links {
		link := &h.links[i]
		for k, f := range link.queue[link.head:] {
			if bytes += len(f.data); k > 0 && !before(&link.queue[link.head+k-1], &link.queue[link.head+k]) {
				m.rt.Fatalf("frames of link %d to %d are out of order", link.From, link.To)
			}
		}
		for _, f := range link.held {
			bytes += len(f.data)
		}
		flights += link.length() + len(link.held)
		if link.length()+len(link.held) > l.InFlight {
			m.rt.Fatalf("a link holds %d frames", link.length()+len(link.held))
		}
	}
	if bytes != h.flying || flights != h.flights || flights > l.InFlightAll || bytes > l.InFlightBytes {
		m.rt.Fatalf("%d frames and %d bytes are under way; counted are %d and %d", flights, bytes, h.flights, h.flying)
	}
	if len(h.seen.lines) > mostLines || cap(h.json.Buffer()) > 4*mostScratch {
		m.rt.Fatalf("%d lines wait, %d bytes of scratch", len(h.seen.lines), cap(h.json.Buffer()))
	}
	m.checkSeats()
}

func (m *roomModel) checkSeats() {
	leases := map[string]bool{}
	for i := range m.hub.seats {
		s := &m.hub.seats[i]
		if s.holder != nil && (m.hub.members[s.holder.conn] != s.holder || s.holder.server != uint64(i+1)) {
			m.rt.Fatalf("on seat %d sits somebody who is not here", i+1)
		}
		if s.Lease != "" && leases[s.Lease] {
			m.rt.Fatalf("two seats have one lease")
		}
		leases[s.Lease] = true
	}
	for _, member := range m.hub.arrival {
		if member.server != 0 && m.hub.seats[member.server-1].holder != member {
			m.rt.Fatalf("server %d is two members", member.server)
		}
	}
	for server, lease := range m.told {
		if int(server) > len(m.hub.seats) || m.hub.seats[server-1].Lease != lease {
			m.rt.Fatalf("server %d was told a lease that the room does not know", server)
		}
	}
}
