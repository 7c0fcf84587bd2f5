package hub

import (
	"encoding/base64"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
)

// What the room says of itself, in JSON; PROTOCOL.md has the form of each notification. watch.go decides
// when, and to which members.

const mostScratch = 64 << 10 // bytes

// codec encodes values of named types. It does not escape HTML: this text is never put into HTML.
var codec = jsoniter.Config{}.Froze()

func newStream() *jsoniter.Stream { return jsoniter.NewStream(codec, nil, 1024) }

// roomNotification writes the state of the room, and the deeds after number told.
func (h *Hub) roomNotification(told uint64) []byte {
	list, missed := h.deeds.since(told)
	w := h.notification("room")
	w.WriteVal(struct {
		Room     string `json:"room"`
		Watchers int    `json:"watchers"`
		roomView
		DeedsMissed uint64 `json:"deedsMissed,omitempty"`
		Deeds       []Deed `json:"deeds,omitempty"`
	}{h.options.Code, h.watchers(), h.view(), missed, list})
	w.WriteObjectEnd()
	return h.written()
}

// roomView is what the answer to a join and the room notification have in common.
type roomView struct {
	Unknown  bool       `json:"unknown,omitempty"`
	Size     int        `json:"size"`
	Started  bool       `json:"started"`
	Rate     float64    `json:"rate"`
	Unstored string     `json:"unstored,omitempty"`
	Now      int64      `json:"now"`
	Servers  []seatView `json:"servers"`
	Links    []Link     `json:"links"`
}

type seatView struct {
	Server    int    `json:"server"`
	Leased    bool   `json:"leased"`
	Connected bool   `json:"connected"`
	Name      string `json:"name"`
	Hidden    bool   `json:"hidden"`
	Disk      string `json:"disk"`
	Binary    bool   `json:"binary,omitempty"`
	RoundTrip *int64 `json:"roundTrip"` // nil: unknown
}

func (h *Hub) view() roomView {
	v := roomView{h.unknown, len(h.seats), h.started, h.clock.rate(), h.unstored, h.clock.now, nil, h.Links([]Link{})}
	for i := range h.seats {
		s := &h.seats[i]
		seat := seatView{Server: i + 1, Leased: !s.free() || h.claimed(uint64(i+1)), Connected: s.holder != nil,
			Name: s.Name, Hidden: s.hidden, Disk: s.disk}
		if s.holder != nil {
			if seat.Binary = s.holder.binary; s.holder.roundTrip >= 0 {
				seat.RoundTrip = &s.holder.roundTrip
			}
		}
		v.Servers = append(v.Servers, seat)
	}
	return v
}

// seenNotification writes what became of frames: lines from writeLines, and how many others were left out.
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

// writeLines writes the gathered lines, with frames until their escaped text exceeds text bytes in all.
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

// beginning returns the longest prefix of text that has at most most bytes and cuts no character.
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

// written returns a copy of what was written.
func (h *Hub) written() []byte {
	text := append([]byte(nil), h.json.Buffer()...)
	if cap(h.json.Buffer()) > mostScratch {
		h.json = newStream() // a room that was busy gives its large buffer back
	}
	return text
}
