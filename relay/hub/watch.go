package hub

import (
	"slices"
	"strconv"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
)

// sighting is a line of the seen notification: a frame that was sent, or one under way that was lost.
type sighting struct {
	seq       uint64
	from, to  uint64
	sent, due int64
	fate      string
	data      []byte
	original  uint64 // the frame that this one is a copy of, 0 if none
	later     bool   // corrects an earlier line: only seq, fate, at, and due if the fate is "sent"
	at        int64
}

// seenBatch gathers sightings until they are told to the watchers.
type seenBatch struct {
	lines   []sighting
	since   int64
	dropped int // lines that found no room
}

const (
	mostLines     = 4096    // of a batch; what comes after them is counted only
	mostText      = 4096    // bytes of one frame that are told
	mostBatchText = 1 << 20 // bytes of frame text in a batch; later lines come without

	// A watcher is slow when the host has this much queued for it. First the text of frames is left out, then whole lines and reports.
	slowBacklog   = 256 << 10
	laggedBacklog = 1 << 20
)

// feed is how far a watcher keeps up.
type feed struct {
	backlog int   // bytes that the host has queued for it
	dropped int   // lines that it was spared since it was last told of any
	missed  []int // indices of seats whose report it was spared
}

// tell notes what became of a frame, for watchers and for the host.
func (h *Hub) tell(s sighting) {
	if h.own.on {
		h.own.add(&s)
	}
	b := &h.seen
	if !h.watched() {
		return
	}
	if len(b.lines) == 0 && b.dropped == 0 {
		b.since = h.clock.real
	}
	if len(b.lines) >= mostLines {
		b.dropped++
		return
	}
	b.lines = append(b.lines, s)
}

func (h *Hub) watched() bool {
	for _, m := range h.arrival {
		if m.watch {
			return true
		}
	}
	return false
}

// announce sends the notifications that are due.
func (h *Hub) announce() {
	if real := h.clock.real; h.joined() && (h.roomChanged && real-h.announced >= gather || real-h.announced >= announceEvery) {
		h.announceRoom()
	}
	if b := &h.seen; (len(b.lines) > 0 || b.dropped > 0) && h.clock.real-b.since >= gather {
		h.announceSeen()
	}
}

func (h *Hub) wakeForWatchers() int64 {
	wake := int64(never)
	if h.joined() {
		wake = h.announced + announceEvery
		if h.roomChanged {
			wake = h.announced + gather
		}
	}
	if len(h.seen.lines) > 0 || h.seen.dropped > 0 {
		wake = min(wake, h.seen.since+gather)
	}
	return wake
}

func (h *Hub) joined() bool {
	for _, m := range h.arrival {
		if m.joined {
			return true
		}
	}
	return false
}

func (h *Hub) announceRoom() {
	h.announced = h.clock.real
	h.roomChanged = false
	if h.recordChanged {
		h.recordUrgent = true
	}
	w := h.notification("room")
	w.WriteObjectStart()
	w.WriteObjectField("room")
	w.WriteString(h.options.Code)
	w.WriteMore()
	w.WriteObjectField("watchers")
	w.WriteInt(h.watchers())
	h.writeRoom(w)
	w.WriteObjectEnd()
	w.WriteObjectEnd()
	data := h.written()
	for _, m := range h.arrival {
		if m.joined && m.feed.backlog < laggedBacklog {
			h.send(m, data) // who misses it is told all of it 2 s later
			h.sendMissedReports(m)
		}
	}
}

// watchers counts the members without a server.
func (h *Hub) watchers() int {
	count := 0
	for _, m := range h.arrival {
		if m.joined && m.server == 0 {
			count++
		}
	}
	return count
}

// writeRoom writes what the answer to a join and the room notification have in common, each field with a comma before it.
func (h *Hub) writeRoom(w *jsoniter.Stream) {
	field := func(name string) {
		w.WriteMore()
		w.WriteObjectField(name)
	}
	if h.unknown {
		field("unknown")
		w.WriteTrue()
	}
	field("size")
	w.WriteInt(len(h.seats))
	field("started")
	w.WriteBool(h.started)
	field("rate")
	w.WriteRaw(strconv.FormatFloat(h.clock.rate(), 'f', -1, 64))
	field("now")
	w.WriteInt64(h.clock.now)
	field("servers")
	w.WriteArrayStart()
	for i := range h.seats {
		if i > 0 {
			w.WriteMore()
		}
		h.seats[i].write(w, i+1, !h.seats[i].free() || h.claimed(uint64(i+1)))
	}
	w.WriteArrayEnd()
	field("links")
	w.WriteArrayStart()
	first := true
	for i := range h.links {
		if l := &h.links[i]; l.From != l.To {
			if !first {
				w.WriteMore()
			}
			first = false
			l.write(w)
		}
	}
	w.WriteArrayEnd()
}

// claimed says that somebody in a room that does not know itself claims to be this server.
func (h *Hub) claimed(server uint64) bool {
	return slices.ContainsFunc(h.arrival, func(m *member) bool { return m.testimony != nil && m.testimony.server == server })
}

func (s *seat) write(w *jsoniter.Stream, server int, leased bool) {
	w.WriteRaw(`{"server":`)
	w.WriteInt(server)
	w.WriteRaw(`,"leased":`)
	w.WriteBool(leased)
	w.WriteRaw(`,"connected":`)
	w.WriteBool(s.holder != nil)
	w.WriteRaw(`,"name":`)
	w.WriteString(s.Name)
	w.WriteRaw(`,"hidden":`)
	w.WriteBool(s.hidden)
	w.WriteRaw(`,"disk":`)
	w.WriteString(s.disk)
	w.WriteRaw(`,"roundTrip":`)
	if s.holder != nil && s.holder.roundTrip >= 0 {
		w.WriteInt64(s.holder.roundTrip)
	} else {
		w.WriteNil()
	}
	w.WriteObjectEnd()
}

func (l *Link) write(w *jsoniter.Stream) {
	w.WriteRaw(`{"from":`)
	w.WriteUint64(l.From)
	w.WriteRaw(`,"to":`)
	w.WriteUint64(l.To)
	w.WriteRaw(`,"up":`)
	w.WriteBool(l.Up)
	w.WriteRaw(`,"latency":`)
	w.WriteInt64(l.Latency)
	w.WriteRaw(`,"jitter":`)
	w.WriteInt64(l.Jitter)
	for _, chance := range []struct {
		name  string
		value float64
	}{{"loss", l.Loss}, {"duplicate", l.Duplicate}, {"reorder", l.Reorder}} {
		if chance.value > 0 {
			w.WriteRaw(`,"` + chance.name + `":` + strconv.FormatFloat(chance.value, 'f', -1, 64))
		}
	}
	if l.Hold {
		w.WriteRaw(`,"hold":true`)
	}
	w.WriteObjectEnd()
}

func (h *Hub) answerJoin(m *member, id []byte, fresh bool) {
	w := h.answer(id)
	w.WriteRaw(`,"result":{"room":`)
	w.WriteString(h.options.Code)
	w.WriteRaw(`,"client":`)
	w.WriteUint64(m.client)
	w.WriteRaw(`,"clients":`)
	w.WriteUint64(h.options.FirstClient)
	if m.server == 0 {
		w.WriteRaw(`,"server":null,"lease":null`)
	} else {
		w.WriteRaw(`,"server":`)
		w.WriteUint64(m.server)
		w.WriteRaw(`,"lease":`)
		s := &h.seats[m.server-1]
		w.WriteString(s.Lease)
		w.WriteRaw(`,"claim":`)
		w.WriteUint64(s.Claim)
		w.WriteRaw(`,"made":`)
		w.WriteString(h.made)
		w.WriteRaw(`,"anew":`)
		w.WriteBool(s.Anew)
	}
	w.WriteRaw(`,"fresh":`)
	w.WriteBool(fresh)
	h.writeRoom(w)
	w.WriteRaw(`}}`)
	h.send(m, h.written())
}

// announceSeen sends the gathered lines to the watchers, with the text of frames or without as each keeps up.
func (h *Hub) announceSeen() {
	b := &h.seen
	var full, short []byte // the lines, written when the first watcher needs them
	for _, m := range h.arrival {
		f := &m.feed
		switch {
		case !m.watch:
		case f.backlog >= laggedBacklog:
			f.dropped += len(b.lines) + b.dropped
		case f.backlog >= slowBacklog:
			if short == nil {
				short = h.writeLines(false)
			}
			h.sendSeen(m, short)
		default:
			if full == nil {
				full = h.writeLines(true)
			}
			h.sendSeen(m, full)
		}
	}
	clear(b.lines)
	b.lines, b.dropped = b.lines[:0], 0
}

// sendSeen sends lines. dropped says how many others the watcher was spared since it was last told.
func (h *Hub) sendSeen(m *member, lines []byte) {
	w := h.notification("seen")
	w.WriteRaw(`{"now":`)
	w.WriteInt64(h.clock.now)
	if dropped := m.feed.dropped + h.seen.dropped; dropped > 0 {
		w.WriteRaw(`,"dropped":`)
		w.WriteInt(dropped)
		m.feed.dropped = 0
	}
	w.WriteRaw(`,"frames":[`)
	w.Write(lines)
	w.WriteRaw(`]}}`)
	h.send(m, h.written())
}

func (h *Hub) writeLines(text bool) []byte {
	w := h.json
	w.Reset(nil)
	told := 0
	for i := range h.seen.lines {
		if i > 0 {
			w.WriteMore()
		}
		s := &h.seen.lines[i]
		told += min(len(s.data), mostText)
		s.write(w, text && told <= mostBatchText)
	}
	return h.written()
}

func (s *sighting) write(w *jsoniter.Stream, text bool) {
	w.WriteRaw(`{"seq":`)
	w.WriteUint64(s.seq)
	if s.later {
		w.WriteRaw(`,"fate":"` + s.fate + `","at":`)
		w.WriteInt64(s.at)
		if s.fate == "sent" {
			w.WriteRaw(`,"due":`)
			w.WriteInt64(s.due)
		}
		w.WriteObjectEnd()
		return
	}
	w.WriteRaw(`,"from":`)
	w.WriteUint64(s.from)
	w.WriteRaw(`,"to":`)
	w.WriteUint64(s.to)
	w.WriteRaw(`,"sent":`)
	w.WriteInt64(s.sent)
	w.WriteRaw(`,"due":`)
	w.WriteInt64(s.due)
	w.WriteRaw(`,"fate":"` + s.fate + `","bytes":`)
	w.WriteInt(len(s.data))
	if s.original != 0 {
		w.WriteRaw(`,"copyOf":`)
		w.WriteUint64(s.original)
	}
	if text {
		w.WriteRaw(`,"frame":`)
		w.WriteString(beginning(s.data, mostText))
	}
	w.WriteObjectEnd()
}

// beginning is as much of text as fits most bytes without cutting a character.
func beginning(text []byte, most int) string {
	if len(text) <= most {
		return string(text)
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return string(text[:most])
}

// report passes on what a server says of itself, byte for byte; server is set if the sender left it out.
func (h *Hub) report(m *member, raw []byte) *refusal {
	if m.server == 0 {
		return &refusal{codeNotYours, "", "only a server reports; this connection is the client " + decimal(m.client)}
	}
	if len(raw) > h.limits.Report {
		return tooLarge("report", len(raw), h.limits.Report)
	}
	named, empty := int64(0), true
	bad := readParams(raw, func(p *params, key string) bool {
		empty = false
		if key == "server" {
			named = p.number(key, 1, maxSize)
			return true
		}
		return false
	})
	switch {
	case bad != nil:
		return bad
	case raw == nil:
		return badParam("params", "an object", "none")
	case named != 0 && uint64(named) != m.server:
		return &refusal{codeNotYours, "server", "server: " + strconv.FormatInt(named, 10) + " is not this connection's server, which is " + decimal(m.server)}
	}
	w := h.notification("report")
	if named == 0 {
		w.WriteRaw(`{"server":`)
		w.WriteUint64(m.server)
		raw = raw[1:]
		if !empty {
			w.WriteMore()
		}
	}
	w.Write(raw)
	w.WriteObjectEnd()
	s := &h.seats[m.server-1]
	s.report = h.written()
	for _, watcher := range h.arrival {
		switch {
		case !watcher.watch:
		case watcher.feed.backlog >= laggedBacklog:
			watcher.feed.miss(int(m.server - 1))
		default:
			h.send(watcher, s.report)
		}
	}
	return nil
}

func (f *feed) miss(seat int) {
	if !slices.Contains(f.missed, seat) {
		f.missed = append(f.missed, seat)
	}
}

// sendReports sends a new watcher the last report of every server.
func (h *Hub) sendReports(m *member) {
	for i := range h.seats {
		if report := h.seats[i].report; report != nil {
			h.send(m, report)
		}
	}
}

func (h *Hub) sendMissedReports(m *member) {
	for _, seat := range m.feed.missed {
		h.send(m, h.seats[seat].report)
	}
	m.feed.missed = m.feed.missed[:0]
}

// answer begins an answer to the call id.
func (h *Hub) answer(id []byte) *jsoniter.Stream {
	w := h.json
	w.Reset(nil)
	w.WriteRaw(`{"jsonrpc":"2.0","id":`)
	if id == nil {
		w.WriteNil()
	} else {
		w.Write(id)
	}
	return w
}

// notification begins a notification, up to its params.
func (h *Hub) notification(method string) *jsoniter.Stream {
	w := h.json
	w.Reset(nil)
	w.WriteRaw(`{"jsonrpc":"2.0","method":"` + method + `","params":`)
	return w
}

// written is a copy of what was written.
func (h *Hub) written() []byte { return append([]byte(nil), h.json.Buffer()...) }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
