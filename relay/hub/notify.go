package hub

import (
	"encoding/base64"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/quality"
)

// What the room says of itself, in JSON; doc.go has the form of each notification. When and to whom it is said is
// watch.go's to decide.

const mostScratch = 64 << 10 // bytes

// roomNotification says how the room is, and what was done in it after deed number told.
func (h *Hub) roomNotification(told uint64) []byte {
	w := h.notification("room")
	w.WriteRaw(`{"room":`)
	w.WriteString(h.options.Code)
	w.WriteRaw(`,"watchers":`)
	w.WriteInt(h.watchers())
	h.writeRoom(w)
	h.writeDeeds(w, told)
	w.WriteRaw(`}}`)
	return h.written()
}

func (h *Hub) writeDeeds(w *jsoniter.Stream, told uint64) {
	list, missed := h.deeds.since(told)
	if missed > 0 {
		w.WriteRaw(`,"deedsMissed":`)
		w.WriteUint64(missed)
	}
	if len(list) == 0 {
		return
	}
	w.WriteRaw(`,"deeds":[`)
	for i := range list {
		if i > 0 {
			w.WriteMore()
		}
		list[i].write(w)
	}
	w.WriteArrayEnd()
}

func (d *Deed) write(w *jsoniter.Stream) {
	w.WriteRaw(`{"do":"` + string(d.Do) + `","at":`)
	w.WriteInt64(d.At)
	w.WriteRaw(`,"by":`)
	d.By.write(w)
	switch d.Do {
	case RateSet:
		w.WriteRaw(`,"rate":` + number(d.Rate) + `,"was":` + number(d.Was))
	case LinksCut, LinksMended:
		writeWays(w, "ways", d.Ways)
		writeWays(w, "downNow", d.DownNow)
	case LinksHeld, LinksReleased:
		writeWays(w, "ways", d.Ways)
	case LinksChanged:
		w.WriteRaw(`,"links":[`)
		for i := range d.Links {
			if i > 0 {
				w.WriteMore()
			}
			d.Links[i].write(w)
		}
		w.WriteArrayEnd()
	case FrameTouched:
		w.WriteRaw(`,"act":"` + string(d.Act) + `","seq":` + decimal(d.Frame))
		w.WriteRaw(`,"from":` + decimal(d.From) + `,"to":` + decimal(d.To))
	case SeatTaken, ServerBack, SeatFreed, ServerGone:
		w.WriteRaw(`,"server":` + decimal(d.Server))
		if d.Reason != "" {
			w.WriteRaw(`,"reason":`)
			w.WriteString(d.Reason)
		}
	}
	w.WriteObjectEnd()
}

func (a *Author) write(w *jsoniter.Stream) {
	if *a == (Author{}) {
		w.WriteNil()
		return
	}
	w.WriteRaw(`{"client":` + decimal(a.Client))
	if a.Server != 0 {
		w.WriteRaw(`,"server":` + decimal(a.Server))
	}
	if a.Name != "" {
		w.WriteRaw(`,"name":`)
		w.WriteString(a.Name)
	}
	w.WriteObjectEnd()
}

func writeWays(w *jsoniter.Stream, name string, ways []Way) {
	w.WriteRaw(`,"` + name + `":[`)
	for i, way := range ways {
		if i > 0 {
			w.WriteMore()
		}
		w.WriteRaw("[" + decimal(way.From) + "," + decimal(way.To) + "]")
	}
	w.WriteArrayEnd()
}

// writeRoom writes what the answer to a join and the room notification have in common, each field with a comma before
// it.
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
	w.WriteRaw(number(h.clock.rate()))
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
	for i := range quality.All {
		q := &quality.All[i]
		if v := q.Of(&l.Qualities); v > 0 || q.Always {
			w.WriteRaw(`,"` + q.Name + `":` + number(v))
		}
	}
	if l.Hold {
		w.WriteRaw(`,"hold":true`)
	}
	w.WriteObjectEnd()
}

// seenNotification says what became of frames: lines as writeLines writes them, and how many others the watcher was
// spared.
func (h *Hub) seenNotification(lines []byte, dropped int) []byte {
	w := h.notification("seen")
	w.WriteRaw(`{"now":`)
	w.WriteInt64(h.clock.now)
	if dropped > 0 {
		w.WriteRaw(`,"dropped":`)
		w.WriteInt(dropped)
	}
	w.WriteRaw(`,"frames":[`)
	w.Write(lines)
	w.WriteRaw(`]}}`)
	return h.written()
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
