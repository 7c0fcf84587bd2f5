package hub

import (
	"strconv"

	"raftplayground/relay/quality"
)

// Change is a change of a room's network. Fields that are nil or false change nothing.
type Change struct {
	Rate  *float64 // cluster seconds per real second: 0, which pauses, or 0.000001 to 1
	Start bool     // start the clock of a new room before every seat has been taken
	Every quality.Wanted
	Links []LinkChange // after Every; at most one for each direction of each link
}

// LinkChange changes one direction between two servers.
type LinkChange struct {
	From, To uint64
	Up       *bool // false: frames under way are lost, and so are those sent later
	Hold     *bool // frames stop on the way; false releases all of them
	quality.Wanted
}

const mostLinks = maxSize * (maxSize - 1) // every direction between two servers

// Change changes the room's network as the member on a connection asks: all of it, or nothing if it cannot
// all be.
func (h *Hub) Change(conn uint64, c *Change) error {
	m, err := h.memberOf(conn)
	if err != nil {
		return err
	}
	if err := c.check(len(h.seats)); err != nil {
		return err
	}
	rate, links := h.clock.rate(), h.Links(nil)
	if c.Start {
		if err := h.startEarly(m); err != nil {
			return err
		}
	}
	if c.Rate != nil {
		h.clock.setRate(*c.Rate)
	}
	for i := range h.links {
		h.links[i].Set(&c.Every)
	}
	for i := range c.Links {
		h.changeLink(&c.Links[i])
	}
	h.didToNetwork(m, rate, links)
	h.roomChanged, h.recordChanged = true, true
	return nil
}

// check checks a change against what a room of this size allows.
func (c *Change) check(size int) error {
	if c.Rate == nil && !c.Start && c.Every == (quality.Wanted{}) && c.Links == nil {
		return badParam("params", "rate, start, latency, jitter, loss, duplicate, reorder or links", "none of them")
	}
	if c.Rate != nil && !new(clock).setRate(*c.Rate) {
		return badParam("rate", rateWords, number(*c.Rate))
	}
	if len(c.Links) > mostLinks {
		return badParam("links", "at most "+strconv.Itoa(mostLinks)+" links", strconv.Itoa(len(c.Links)))
	}
	err := possible(&c.Every, "")
	for i := range c.Links {
		l := &c.Links[i]
		err = firstOf(err, twoServers("links", l.From, l.To, size), possible(&l.Wanted, "links."))
	}
	return err
}

// possible refuses qualities that a link cannot have.
func possible(w *quality.Wanted, prefix string) error {
	for i := range quality.All {
		q := &quality.All[i]
		switch v, is := q.Wanted(w); {
		case !is || q.Has(v):
		case q.Whole:
			return whole(prefix+q.Name, int64(v), 0, q.Most)
		default:
			return between(prefix+q.Name, v, 0, float64(q.Most))
		}
	}
	return nil
}

func (h *Hub) changeLink(c *LinkChange) {
	l := h.link(c.From, c.To)
	l.Set(&c.Wanted)
	set(&l.Up, c.Up)
	set(&l.Hold, c.Hold)
	if !l.Up {
		h.lose(l, "cut")
	}
	if c.Hold != nil && !l.Hold {
		h.releaseAll(l)
	}
}

// FrameAct names what can be done to one frame under way between servers.
type FrameAct string

const (
	HoldFrame      FrameAct = "hold"      // it stops
	ReleaseFrame   FrameAct = "release"   // … and goes on, as if it were sent now
	DropFrame      FrameAct = "drop"      // it is lost
	DeliverFrame   FrameAct = "deliver"   // it arrives now, even while the clock stands
	DuplicateFrame FrameAct = "duplicate" // a copy of it sets out now
	EditFrame      FrameAct = "edit"      // its content is replaced
	InjectFrame    FrameAct = "inject"    // a frame sets out as if a server had sent it
)

const acts = "hold, release, drop, deliver, duplicate, edit or inject"

// Act is an action on one frame.
type Act struct {
	Do       FrameAct
	Seq      uint64 // the frame's number; InjectFrame: none
	From, To uint64 // InjectFrame: two servers
	Frame    []byte // EditFrame, InjectFrame: the new content. The room keeps it
	Binary   bool   // Frame is a binary message
}

// Act does to one frame under way what the member on a connection asks, or sends a frame in a server's name.
func (h *Hub) Act(conn uint64, a *Act) error {
	m, err := h.memberOf(conn)
	if err != nil {
		return err
	}
	l, f, err := h.meant(a)
	switch {
	case err != nil:
		return err
	case a.Do == InjectFrame:
		h.inject(m, l, a)
		return nil
	case a.Do == DuplicateFrame:
		h.charge(m, len(f.data)) // 50 bytes can send a megabyte
	}
	h.treat(l, f, a)
	h.did(m, Deed{Do: FrameTouched, Act: a.Do, Frame: a.Seq, From: l.From, To: l.To})
	return nil
}

// MayAct returns the error with which Act would refuse now, or nil if it would not.
func (h *Hub) MayAct(conn uint64, a *Act) error {
	if _, err := h.memberOf(conn); err != nil {
		return err
	}
	_, _, err := h.meant(a)
	return err
}

// meant returns the frame that an act is for and its link, for InjectFrame only the link; or why it fails.
func (h *Hub) meant(a *Act) (*link, *flight, error) {
	switch a.Do {
	case HoldFrame, ReleaseFrame, DropFrame, DeliverFrame, DuplicateFrame:
	case EditFrame, InjectFrame:
		if err := h.possibleFrame(frame{a.Frame, a.Binary}); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, badParam("do", acts, strconv.Quote(clip(string(a.Do))))
	}
	if a.Do == InjectFrame {
		if err := twoServers("from", a.From, a.To, len(h.seats)); err != nil {
			return nil, nil, err
		}
		return h.link(a.From, a.To), nil, nil
	}
	for i := range h.links {
		l := &h.links[i]
		f := l.find(a.Seq)
		if f == nil {
			continue
		}
		flying := h.flying + len(a.Frame) - len(f.data)
		if a.Do == EditFrame && flying > h.allowed {
			words := "at most " + strconv.Itoa(h.allowed) + " bytes under way in the room"
			return nil, nil, badParam("frame", words, strconv.Itoa(flying))
		}
		return l, f, nil
	}
	return nil, nil, badParam("seq", "a frame that is under way between servers", decimal(a.Seq)+", which is not")
}

// possibleFrame refuses content that no member could send as a frame. A receiver would mistake it for a
// message of the room.
func (h *Hub) possibleFrame(f frame) error {
	if len(f.data) > h.limits.Message {
		return tooLarge("frame", len(f.data), h.limits.Message)
	}
	var s scanner // the room's own scanner holds an envelope that is still needed
	e, bad := s.read(f.data, f.binary)
	switch {
	case bad != nil:
		return &Refusal{CodeBadParams, "frame", "frame: " + bad.Error()}
	case !e.isFrame():
		return badParam("frame", "a frame, with from or to", clip(f.data))
	}
	return nil
}

// inject sends a frame on a link as if its server had sent it.
func (h *Hub) inject(m *member, l *link, a *Act) {
	h.seq++
	h.carry(l, frame{a.Frame, a.Binary}, 0)
	h.did(m, Deed{Do: FrameTouched, Act: a.Do, Frame: h.seq, From: a.From, To: a.To})
}

// treat does to a frame of link l what was asked.
func (h *Hub) treat(l *link, found *flight, a *Act) {
	f, now := *found, h.clock.now
	switch a.Do {
	case HoldFrame:
		h.take(l, f.seq)
		f.held, f.heldAt = true, now
		l.held = append(l.held, f)
		h.tell(sighting{seq: f.seq, fate: "held", at: now, later: true})
	case ReleaseFrame:
		h.take(l, f.seq)
		h.relaunch(l, f)
	case DropFrame:
		h.take(l, f.seq)
		h.cameOff(len(f.data))
		h.tell(sighting{seq: f.seq, fate: "dropped", at: now, later: true})
	case DeliverFrame:
		h.take(l, f.seq)
		h.arrive(l, &f)
		h.tell(sighting{seq: f.seq, fate: "sent", due: now, at: now, later: true})
	case DuplicateFrame:
		h.seq++
		h.carry(l, f.frame, f.seq)
	case EditFrame:
		h.flying += len(a.Frame) - len(f.data)
		found.frame = frame{a.Frame, a.Binary}
		fate := "sent"
		if f.held {
			fate = "held"
		}
		h.tell(sighting{seq: f.seq, from: l.From, to: l.To, sent: f.sent, due: f.due, fate: fate, frame: found.frame})
	}
}
