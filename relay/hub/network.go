package hub

import "strconv"

// setting is a change of the network as a member asks for it. A field is nil if it is to stay as it is.
type setting struct {
	rate            *float64
	start           bool
	latency, jitter *int64
	links           []linkSetting
}

type linkSetting struct {
	from, to        int64
	up              *bool
	latency, jitter *int64
}

// change changes the room's network: all of what is asked for, or nothing if any of it cannot be.
func (h *Hub) change(raw []byte) *refusal {
	var s setting
	if bad := readParams(raw, s.read); bad != nil {
		return bad
	}
	if s.rate == nil && !s.start && s.latency == nil && s.jitter == nil && s.links == nil {
		return badParam("params", "rate, start, latency, jitter or links", "none of them")
	}
	for _, l := range s.links {
		if most := int64(len(h.seats)); l.from < 1 || l.from > most || l.to < 1 || l.to > most || l.from == l.to {
			return badParam("links", "from and to of two servers of this room, 1 to "+strconv.FormatInt(most, 10), strconv.FormatInt(l.from, 10)+" to "+strconv.FormatInt(l.to, 10))
		}
	}
	if s.start {
		if bad := h.startEarly(); bad != nil {
			return bad
		}
	}
	if s.rate != nil {
		h.clock.setRate(*s.rate)
	}
	for i := range h.links {
		h.links[i].set(nil, s.latency, s.jitter)
	}
	for _, c := range s.links {
		l := h.link(uint64(c.from), uint64(c.to))
		l.set(c.up, c.latency, c.jitter)
		if !l.Up {
			h.lose(l, "cut")
		}
	}
	h.roomChanged, h.recordChanged = true, true
	return nil
}

func (l *link) set(up *bool, latency, jitter *int64) {
	if up != nil {
		l.Up = *up
	}
	if latency != nil {
		l.Latency = *latency
	}
	if jitter != nil {
		l.Jitter = *jitter
	}
}

func (s *setting) read(p *params, key string) bool {
	switch key {
	case "rate":
		rate := p.rate(key)
		s.rate = &rate
	case "start":
		if s.start = p.truth(key); !s.start && p.bad == nil {
			p.bad = badParam(key, "true: a clock that has started is paused by rate 0", "false")
		}
	case "latency":
		s.latency = p.micros(key)
	case "jitter":
		s.jitter = p.micros(key)
	case "links":
		s.links = []linkSetting{}
		p.list(key, func(p *params) {
			var l linkSetting
			p.object("links", l.read)
			s.links = append(s.links, l)
		})
	default:
		return false
	}
	return true
}

func (l *linkSetting) read(p *params, key string) bool {
	switch key {
	case "from":
		l.from = p.number("links.from", 1, maxSize)
	case "to":
		l.to = p.number("links.to", 1, maxSize)
	case "up":
		up := p.truth("links.up")
		l.up = &up
	case "latency":
		l.latency = p.micros("links.latency")
	case "jitter":
		l.jitter = p.micros("links.jitter")
	default:
		return false
	}
	return true
}

// micros reads a delay, microseconds of cluster time up to a minute.
func (p *params) micros(field string) *int64 {
	value := p.number(field, 0, maxDelay)
	return &value
}
