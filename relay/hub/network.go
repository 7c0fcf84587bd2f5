package hub

import "strconv"

// setting is a change of the network as a member asks for it. A field is nil if it is to stay as it is.
type setting struct {
	rate  *float64
	start bool
	every conditions // of every link
	links []linkSetting
}

type linkSetting struct {
	from, to int64
	up       *bool
	hold     *bool
	conditions
}

// conditions are what a link may be like; see Link.
type conditions struct {
	latency, jitter          *int64
	loss, duplicate, reorder *float64
}

// change changes the room's network: all of what is asked for, or nothing if any of it cannot be.
func (h *Hub) change(raw []byte) *refusal {
	var s setting
	if bad := readParams(raw, s.read); bad != nil {
		return bad
	}
	if s.rate == nil && !s.start && s.every == (conditions{}) && s.links == nil {
		return badParam("params", "rate, start, latency, jitter, loss, duplicate, reorder or links", "none of them")
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
		h.links[i].set(&s.every)
	}
	for i := range s.links {
		h.changeLink(&s.links[i])
	}
	h.roomChanged, h.recordChanged = true, true
	return nil
}

func (h *Hub) changeLink(c *linkSetting) {
	l := h.link(uint64(c.from), uint64(c.to))
	l.set(&c.conditions)
	if c.up != nil {
		l.Up = *c.up
	}
	if c.hold != nil {
		l.Hold = *c.hold
	}
	if !l.Up {
		h.lose(l, "cut")
	}
	if c.hold != nil && !l.Hold {
		h.releaseAll(l)
	}
}

func (l *link) set(c *conditions) {
	for _, field := range []struct{ to, from *int64 }{{&l.Latency, c.latency}, {&l.Jitter, c.jitter}} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	for _, field := range []struct{ to, from *float64 }{{&l.Loss, c.loss}, {&l.Duplicate, c.duplicate}, {&l.Reorder, c.reorder}} {
		if field.from != nil {
			*field.to = *field.from
		}
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
	case "links":
		s.links = []linkSetting{}
		p.list(key, func(p *params) {
			var l linkSetting
			p.object("links", l.read)
			s.links = append(s.links, l)
		})
	default:
		return s.every.read(p, "", key)
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
	case "hold":
		hold := p.truth("links.hold")
		l.hold = &hold
	default:
		return l.conditions.read(p, "links.", key)
	}
	return true
}

func (c *conditions) read(p *params, prefix, key string) bool {
	switch key {
	case "latency":
		c.latency = p.micros(prefix + key)
	case "jitter":
		c.jitter = p.micros(prefix + key)
	case "loss":
		c.loss = p.chance(prefix + key)
	case "duplicate":
		c.duplicate = p.chance(prefix + key)
	case "reorder":
		c.reorder = p.chance(prefix + key)
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

// chance reads a probability.
func (p *params) chance(field string) *float64 {
	value := p.between(field, 0, 1)
	return &value
}

// touch does with one frame under way what a member asks: holds it, lets it go, or drops it.
func (h *Hub) touch(raw []byte) *refusal {
	seq, do := int64(0), ""
	if bad := readParams(raw, func(p *params, key string) bool {
		switch key {
		case "seq":
			seq = p.number(key, 1, mostNow)
		case "do":
			do = p.words(key, 10)
		default:
			return false
		}
		return true
	}); bad != nil {
		return bad
	}
	if do != "hold" && do != "release" && do != "drop" {
		return badParam("do", "hold, release or drop", strconv.Quote(do))
	}
	for i := range h.links {
		if f, found := h.links[i].take(uint64(seq)); found {
			h.first = nil
			h.treat(&h.links[i], f, do)
			return nil
		}
	}
	return badParam("seq", "a frame that is under way between servers", strconv.FormatInt(seq, 10)+", which is not")
}

// treat puts a frame that was taken off its link where it belongs now.
func (h *Hub) treat(l *link, f flight, do string) {
	switch do {
	case "hold":
		f.heldAt = h.clock.now
		l.held = append(l.held, f)
		h.tell(sighting{seq: f.seq, fate: "held", at: h.clock.now, later: true})
	case "release":
		h.relaunch(l, f)
	case "drop":
		h.flying -= len(f.data)
		h.tell(sighting{seq: f.seq, fate: "dropped", at: h.clock.now, later: true})
	}
}
