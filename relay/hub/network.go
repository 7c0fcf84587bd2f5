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

const mostLinks = maxSize * (maxSize - 1) // every direction between two servers

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
		p.list(key, mostLinks, func(p *params) {
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

// act is what a member asks to be done with one frame.
type act struct {
	do       string
	seq      int64
	from, to int64 // of inject
	frame    frame // of edit and inject
}

const acts = "hold, release, drop, deliver, duplicate, edit or inject"

func (a *act) read(p *params, key string) bool {
	switch key {
	case "do":
		a.do = p.words(key, 10)
	case "seq":
		a.seq = p.number(key, 1, mostNow)
	case "from":
		a.from = p.number(key, 1, maxSize)
	case "to":
		a.to = p.number(key, 1, maxSize)
	case "frame":
		a.frame.data = []byte(p.text(key))
	case "base64":
		a.frame = frame{data: p.base64(key), binary: true}
	default:
		return false
	}
	return true
}

// touch does with one frame under way what a member asks, or sends one in a server's name.
func (h *Hub) touch(m *member, raw []byte) *refusal {
	var a act
	if bad := readParams(raw, a.read); bad != nil {
		return bad
	}
	switch a.do {
	case "hold", "release", "drop", "deliver", "duplicate":
	case "edit", "inject":
		if bad := h.possibleFrame(&a.frame); bad != nil {
			return bad
		}
	default:
		return badParam("do", acts, strconv.Quote(clip(a.do)))
	}
	if a.do == "inject" {
		return h.inject(&a)
	}
	for i := range h.links {
		if f := h.links[i].find(uint64(a.seq)); f != nil {
			if a.do == "duplicate" {
				h.charge(m, len(f.data)) // 50 bytes that send a megabyte
			}
			return h.treat(&h.links[i], f, &a)
		}
	}
	return badParam("seq", "a frame that is under way between servers", strconv.FormatInt(a.seq, 10)+", which is not")
}

// possibleFrame refuses what no member could send as a frame. Its receiver would take it for something that
// the room says.
func (h *Hub) possibleFrame(f *frame) *refusal {
	if len(f.data) > h.limits.Message {
		return tooLarge("frame", len(f.data), h.limits.Message)
	}
	var s scanner // not the room's, whose envelope is still needed
	e, bad := s.read(f.data, f.binary)
	switch {
	case bad != nil:
		return &refusal{codeBadParams, "frame", "frame: " + bad.message}
	case !e.isFrame():
		return badParam("frame", "a frame, with from or to", clip(string(f.data)))
	}
	return nil
}

// inject sends a frame as if one server had sent it to another.
func (h *Hub) inject(a *act) *refusal {
	if most := int64(len(h.seats)); a.from < 1 || a.from > most || a.to < 1 || a.to > most || a.from == a.to {
		return badParam("from", "from and to of two servers of this room, 1 to "+strconv.FormatInt(most, 10), strconv.FormatInt(a.from, 10)+" to "+strconv.FormatInt(a.to, 10))
	}
	h.seq++
	h.carry(h.link(uint64(a.from), uint64(a.to)), a.frame, 0)
	return nil
}

// treat does with a frame of link l what was asked.
func (h *Hub) treat(l *link, found *flight, a *act) *refusal {
	f, now := *found, h.clock.now
	switch a.do {
	case "hold":
		h.take(l, f.seq)
		f.held, f.heldAt = true, now
		l.held = append(l.held, f)
		h.tell(sighting{seq: f.seq, fate: "held", at: now, later: true})
	case "release":
		h.take(l, f.seq)
		h.relaunch(l, f)
	case "drop":
		h.take(l, f.seq)
		h.cameOff(len(f.data))
		h.tell(sighting{seq: f.seq, fate: "dropped", at: now, later: true})
	case "deliver":
		h.take(l, f.seq)
		h.arrive(l, &f)
		h.tell(sighting{seq: f.seq, fate: "sent", due: now, at: now, later: true})
	case "duplicate":
		h.seq++
		h.carry(l, f.frame, f.seq)
	case "edit":
		flying := h.flying + len(a.frame.data) - len(f.data)
		if flying > h.allowed {
			return badParam("frame", "at most "+strconv.Itoa(h.allowed)+" bytes under way in the room", strconv.Itoa(flying))
		}
		h.flying = flying
		found.frame = a.frame
		fate := "sent"
		if f.held {
			fate = "held"
		}
		h.tell(sighting{seq: f.seq, from: l.From, to: l.To, sent: f.sent, due: f.due, fate: fate, frame: found.frame})
	}
	return nil
}
