package hub

// Deed is something that was done to the room, and its author. Watchers get it beside the state that it led
// to, and need not guess from two states what happened. An action without effect is not a deed.
type Deed struct {
	Do DeedKind `json:"do"`
	At int64    `json:"at"` // µs of cluster time
	By *Author  `json:"by"` // nil: no particular member

	Server uint64 `json:"server,omitempty"` // SeatTaken, ServerBack, ServerGone, SeatFreed
	Reason string `json:"reason,omitempty"` // ServerGone: why the room closed the connection; empty: it ended by itself

	Rate *float64 `json:"rate,omitempty"` // RateSet: cluster seconds per real second from now on
	Was  *float64 `json:"was,omitempty"`  // the rate before

	Ways    []Way  `json:"ways,omitempty"`    // LinksCut, LinksMended, LinksHeld, LinksReleased: the directions
	DownNow *[]Way `json:"downNow,omitempty"` // LinksCut, LinksMended: all directions that are cut now
	Links   []Link `json:"links,omitempty"`   // LinksChanged: the links that changed, as they are now

	Act   FrameAct `json:"act,omitempty"` // FrameTouched
	Frame uint64   `json:"seq,omitempty"` // FrameTouched: its number and its ends
	From  uint64   `json:"from,omitempty"`
	To    uint64   `json:"to,omitempty"`
}

// DeedKind names what was done.
type DeedKind string

const (
	ClockStarted  DeedKind = "start" // without author, when every seat has been taken once
	RateSet       DeedKind = "rate"
	LinksCut      DeedKind = "cut"
	LinksMended   DeedKind = "mend"
	LinksHeld     DeedKind = "hold"
	LinksReleased DeedKind = "release"
	LinksChanged  DeedKind = "links"
	FrameTouched  DeedKind = "frame"
	SeatTaken     DeedKind = "seat" // a new server has a seat that was free
	ServerBack    DeedKind = "back" // the server of a seat came back, from its disk or after a lost connection
	ServerGone    DeedKind = "gone"
	SeatFreed     DeedKind = "free"  // the seat was given away
	RoomBegun     DeedKind = "new"   // a person said that the room is new, or begins anew
	RoomKnown     DeedKind = "known" // a majority of its servers restored the room
)

// Author is a member at the time of a deed.
type Author struct {
	Client uint64 `json:"client"`
	Server uint64 `json:"server,omitempty"` // 0: it had no seat
	Name   string `json:"name,omitempty"`   // of its server, if it has one
}

// Way is one direction: from a server to another.
type Way [2]uint64

// Limits of the deeds that wait for watchers. Beyond them the oldest go, and a watcher learns how many.
const (
	mostDeeds     = 64
	mostDeedLinks = 512 // ways and links of all deeds kept
)

// deeds are the latest deeds, oldest first.
type deeds struct {
	list  []Deed
	links int    // and ways, in all deeds kept
	count uint64 // how many deeds there have been; the last of the list has this number
}

// did notes a deed. by is nil if it has no author. Without watchers nothing is noted.
func (h *Hub) did(by *member, d Deed) {
	if !h.watched() {
		return
	}
	h.roomChanged = true
	d.At = h.clock.now
	if by != nil {
		d.By = h.author(by)
		h.charge(by, d.bytes()*h.audience())
	}
	h.deeds.add(d)
}

func (h *Hub) author(m *member) *Author {
	a := &Author{Client: m.client, Server: m.server}
	if m.server != 0 {
		a.Name = h.seats[m.server-1].Name
	}
	return a
}

// size returns how many ways and links the deed names.
func (d *Deed) size() int { return d.ways() + len(d.Links) }

func (d *Deed) ways() int {
	if d.DownNow == nil {
		return len(d.Ways)
	}
	return len(d.Ways) + len(*d.DownNow)
}

// bytes estimates the deed's length in JSON.
func (d *Deed) bytes() int { return 150 + 6*d.ways() + 70*len(d.Links) }

func (ds *deeds) add(d Deed) {
	ds.list = append(ds.list, d)
	ds.links += d.size()
	ds.count++
	gone := 0
	for len(ds.list)-gone > mostDeeds || ds.links > mostDeedLinks {
		ds.links -= ds.list[gone].size()
		gone++
	}
	if gone > 0 {
		rest := copy(ds.list, ds.list[gone:])
		clear(ds.list[rest:])
		ds.list = ds.list[:rest]
	}
}

// since returns the deeds after number told, and how many others are no longer kept.
func (ds *deeds) since(told uint64) (list []Deed, missed uint64) {
	news := ds.count - told
	kept := min(news, uint64(len(ds.list)))
	return ds.list[uint64(len(ds.list))-kept:], news - kept
}

// didToNetwork notes how the network differs from its rate and links before a change.
func (h *Hub) didToNetwork(by *member, rate float64, links []Link) {
	if !h.watched() {
		return
	}
	if now := h.clock.rate(); now != rate {
		h.did(by, Deed{Do: RateSet, Rate: &now, Was: &rate})
	}
	ways := map[DeedKind][]Way{}
	down := []Way{}
	var changed []Link
	for _, before := range links {
		now, way := h.link(before.From, before.To).Link, Way{before.From, before.To}
		if !now.Up {
			down = append(down, way)
		}
		if now.Up != before.Up {
			kind := LinksCut
			if now.Up {
				kind = LinksMended
			}
			ways[kind] = append(ways[kind], way)
		}
		if now.Hold != before.Hold {
			kind := LinksReleased
			if now.Hold {
				kind = LinksHeld
			}
			ways[kind] = append(ways[kind], way)
		}
		if before.Up, before.Hold = now.Up, now.Hold; now != before {
			changed = append(changed, now)
		}
	}
	for _, kind := range []DeedKind{LinksCut, LinksMended, LinksHeld, LinksReleased} {
		if d := (Deed{Do: kind, Ways: ways[kind]}); d.Ways != nil {
			if kind == LinksCut || kind == LinksMended {
				d.DownNow = &down
			}
			h.did(by, d)
		}
	}
	if changed != nil {
		h.did(by, Deed{Do: LinksChanged, Links: changed})
	}
}
