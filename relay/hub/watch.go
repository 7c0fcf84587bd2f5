package hub

import (
	"slices"
	"strconv"
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
	dropped int  // lines that did not fit
	missed  bool // a watcher that was spared lines has caught up, and must be told how many
}

func (b *seenBatch) owed() bool { return len(b.lines) > 0 || b.dropped > 0 || b.missed }

const (
	mostLines     = 4096    // of a batch; further ones are only counted
	mostText      = 4096    // bytes of a frame's text in a line
	mostBatchText = 1 << 20 // bytes of frame text in a batch; later lines have no text

	// A watcher is slow when the host has this much queued for it. First the text of frames is left out, then whole
	// lines and reports.
	slowBacklog   = 256 << 10
	laggedBacklog = 1 << 20

	gatherInDebt = 250 * 1000 // µs of real time between two room notifications while the budget of news is exhausted
)

// feed tracks how far a watcher keeps up.
type feed struct {
	backlog int   // bytes that the host has queued for it
	dropped int   // lines that it was spared since it last got any
	missed  []int // indices of seats whose reports it was spared
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

// roomDue returns the real time of the next room notification; never while no member has joined.
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

// newsLevel is how much news the room's budget allows at the moment.
type newsLevel int

const (
	noNews newsLevel = iota // lines are only counted, and only the last report is kept
	brief                   // without the text of frames
	allNews
)

// newsLevel returns what the budget allows: a second of news may be spent ahead, one more without text.
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

// spend charges bytes that leave to the budget of news. One large batch must not silence the room for long.
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
	var data []byte
	var written uint64 // data holds the deeds after this one
	for _, m := range h.arrival {
		if !m.joined || m.feed.backlog >= laggedBacklog {
			continue
		}
		told := h.deeds.count
		if m.watch {
			told = m.told
		}
		if data == nil || told != written {
			data, written = h.roomNotification(told), told
		}
		h.deliver = append(h.deliver, Delivery{Conn: m.conn, Kind: Announcement, Data: data, told: told})
		m.told = h.deeds.count
		h.spend(len(data))
		h.sendMissedReports(m)
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

// claimed tells whether a member claims to be this server, in a room that has lost its record.
func (h *Hub) claimed(server uint64) bool {
	return slices.ContainsFunc(h.arrival,
		func(m *member) bool { return m.testimony != nil && m.testimony.server == server })
}

// announceSeen sends the gathered lines to the watchers, with or without the text of frames, depending on
// each watcher's backlog and the room's budget.
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

// sendSeen sends a watcher lines, and tells it how many others it was spared since it was last told.
func (h *Hub) sendSeen(m *member, lines []byte) {
	dropped := m.feed.dropped + h.seen.dropped
	m.feed.dropped = 0
	data := h.seenNotification(lines, dropped)
	h.deliver = append(h.deliver, Delivery{Conn: m.conn, Kind: News, Data: data, lines: len(h.seen.lines) + dropped})
	h.spend(len(data))
}

// tellReport sends the watchers the report of m's server.
func (h *Hub) tellReport(m *member, report []byte) {
	h.seats[m.server-1].report = report
	h.charge(m, len(report)*max(0, h.audience()-1))
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

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
