package hub

import (
	"encoding/base64"
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
	frame
	original uint64 // the frame that this one is a copy of, 0 if none
	later    bool   // corrects an earlier line: only seq, fate, at, and due if the fate is "sent"
	at       int64
}

// seenBatch gathers sightings until they are told to the watchers.
type seenBatch struct {
	lines   []sighting
	since   int64
	dropped int  // lines that found no room
	missed  bool // a watcher that was spared lines has caught up, and is to be told how many
}

func (b *seenBatch) owed() bool { return len(b.lines) > 0 || b.dropped > 0 || b.missed }

const (
	mostLines     = 4096    // of a batch; what comes after them is counted only
	mostText      = 4096    // bytes of one frame that are told
	mostBatchText = 1 << 20 // bytes of frame text in a batch; later lines come without

	// A watcher is slow when the host has this much queued for it. First the text of frames is left out, then whole lines and reports.
	slowBacklog   = 256 << 10
	laggedBacklog = 1 << 20

	gatherInDebt = 250 * 1000 // µs of real time between two room notifications while the budget of news is used up
	mostScratch  = 64 << 10   // bytes
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
	if !b.owed() {
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
	if h.roomDue() <= h.clock.real {
		h.announceRoom()
	}
	if h.seen.owed() && h.clock.real-h.seen.since >= gather {
		h.announceSeen()
	}
}

// roomDue is the real time of the next room notification; never while nobody has joined.
func (h *Hub) roomDue() int64 {
	switch {
	case !h.joined():
		return never
	case h.roomChanged && h.newsLevel() == allNews:
		return h.announced + gather
	case h.roomChanged:
		return h.announced + gatherInDebt
	}
	return h.announced + announceEvery
}

func (h *Hub) wakeForWatchers() int64 {
	wake := h.roomDue()
	if h.seen.owed() {
		wake = min(wake, h.seen.since+gather)
	}
	return wake
}

// newsLevel is how much of the news the room's budget allows at the moment.
type newsLevel int

const (
	noNews newsLevel = iota // lines are counted only, and of reports the last is kept
	brief                   // without the text of frames
	allNews
)

// newsLevel looks at the room's budget of news: a second's worth may be spent ahead, and one more without text.
func (h *Hub) newsLevel() newsLevel {
	second := int64(h.limits.News) * 1e6
	switch h.news.fill(h.clock.real, int64(h.limits.News), second); {
	case h.news.tokens >= 0:
		return allNews
	case h.news.tokens > -second:
		return brief
	}
	return noNews
}

// spend takes bytes that leave from the budget of news. A single large batch must not silence the room for long.
func (h *Hub) spend(bytes int) {
	h.news.tokens = max(h.news.tokens-int64(bytes)*1e6, -2*int64(h.limits.News)*1e6)
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
			h.deliver = append(h.deliver, Delivery{Conn: m.conn, Kind: Announcement, Data: data})
			h.spend(len(data))
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
	if h.unstored != "" {
		field("unstored")
		w.WriteString(h.unstored)
	}
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
	if s.holder != nil && s.holder.binary {
		w.WriteRaw(`,"binary":true`)
	}
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
	h.sendAfter(m, h.written())
}

// announceSeen sends the gathered lines to the watchers, with the text of frames or without as each keeps up and as the
// room's budget allows.
func (h *Hub) announceSeen() {
	b := &h.seen
	var full, short []byte // the lines, written when the first watcher needs them
	level := h.newsLevel()
	text := int(max(0, h.news.tokens/1e6)) / max(1, h.audience())
	for _, m := range h.arrival {
		f := &m.feed
		switch {
		case !m.watch:
		case f.backlog >= laggedBacklog || level == noNews:
			f.dropped += len(b.lines) + b.dropped
		case len(b.lines)+b.dropped+f.dropped == 0:
		case f.backlog >= slowBacklog || level == brief:
			if short == nil {
				short = h.writeLines(0)
			}
			h.sendSeen(m, short)
		default:
			if full == nil {
				full = h.writeLines(min(text, mostBatchText))
			}
			h.sendSeen(m, full)
		}
	}
	clear(b.lines)
	b.lines, b.dropped, b.missed = b.lines[:0], 0, false
}

// audience counts the members that watch.
func (h *Hub) audience() int {
	count := 0
	for _, m := range h.arrival {
		if m.watch {
			count++
		}
	}
	return count
}

// sendSeen sends lines. dropped says how many others the watcher was spared since it was last told.
func (h *Hub) sendSeen(m *member, lines []byte) {
	w := h.notification("seen")
	w.WriteRaw(`{"now":`)
	w.WriteInt64(h.clock.now)
	dropped := m.feed.dropped + h.seen.dropped
	if dropped > 0 {
		w.WriteRaw(`,"dropped":`)
		w.WriteInt(dropped)
		m.feed.dropped = 0
	}
	w.WriteRaw(`,"frames":[`)
	w.Write(lines)
	w.WriteRaw(`]}}`)
	data := h.written()
	h.deliver = append(h.deliver, Delivery{Conn: m.conn, Kind: News, Data: data, lines: len(h.seen.lines) + dropped})
	h.spend(len(data))
}

// writeLines writes the gathered lines, with the text of frames as long as they have at most so many bytes
// together, escaped.
func (h *Hub) writeLines(text int) []byte {
	w := h.json
	w.Reset(nil)
	for i := range h.seen.lines {
		if i > 0 {
			w.WriteMore()
		}
		h.seen.lines[i].write(w, w.Buffered() < text)
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
	switch {
	case !text:
	case s.binary:
		w.WriteRaw(`,"base64":"` + base64.StdEncoding.EncodeToString(s.data[:min(len(s.data), mostText)]) + `"`)
	default:
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

// report passes on what a server says of itself, byte for byte, if what is known of it has the right form; server is set if the sender left it out.
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
		return p.reported(reportForm, "", key)
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
	h.charge(m, len(s.report)*max(0, h.audience()-1))
	level := h.newsLevel()
	for _, watcher := range h.arrival {
		switch {
		case !watcher.watch:
		case watcher.feed.backlog >= laggedBacklog || level == noNews:
			watcher.feed.miss(int(m.server - 1))
		default:
			h.sendReport(watcher, int(m.server-1))
		}
	}
	return nil
}

// sendReport sends the last report of the server on a seat to a watcher.
func (h *Hub) sendReport(m *member, seat int) {
	report := h.seats[seat].report
	h.deliver = append(h.deliver, Delivery{Conn: m.conn, Kind: News, Data: report, seat: seat})
	h.spend(len(report))
}

func (f *feed) miss(seat int) {
	if !slices.Contains(f.missed, seat) {
		f.missed = append(f.missed, seat)
	}
}

// sendReports sends a new watcher the last report of every server.
func (h *Hub) sendReports(m *member) {
	for i := range h.seats {
		if h.seats[i].report != nil {
			h.sendReport(m, i)
		}
	}
}

func (h *Hub) sendMissedReports(m *member) {
	if h.newsLevel() == noNews {
		return
	}
	for _, seat := range m.feed.missed {
		h.sendReport(m, seat)
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
func (h *Hub) written() []byte {
	text := append([]byte(nil), h.json.Buffer()...)
	if cap(h.json.Buffer()) > mostScratch {
		h.json = jsoniter.NewStream(jsoniter.ConfigDefault, nil, 1024) // a quiet room keeps no memory of its noise
	}
	return text
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
