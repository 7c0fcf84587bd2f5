package hub

// mostSightings is how many sightings are gathered for a host; further ones are only counted.
const mostSightings = 8192

// Sighting is what became of a frame, as the room tells its watchers (seen). Times are microseconds of cluster time.
type Sighting struct {
	Seq  uint64
	Fate string // "sent", "cut", "down", "full", "lost", "held", "dropped"
	Due  int64  // when it arrives, or would have

	// Later says that an earlier sighting told of the frame: it has this fate since At. Otherwise all
	// following fields are set.
	Later bool
	At    int64
	From  uint64
	To    uint64
	Sent  int64
	Data  []byte // read-only; may be kept
	// Binary says that Data came as a binary message, not as text.
	Binary bool
}

// sightings are gathered for a host that watches the room itself.
type sightings struct {
	on      bool
	list    []Sighting
	dropped int
}

// Watch starts to gather Sightings, or stops and forgets them. A copy of the room gathers nothing until its
// own Watch is called.
func (h *Hub) Watch(on bool) { h.own = sightings{on: on} }

// Sightings appends to into the Sightings since its last call, oldest first, and returns it, and how many
// were dropped since then: up to 8192 are kept.
func (h *Hub) Sightings(into []Sighting) (list []Sighting, dropped int) {
	o := &h.own
	into = append(into, o.list...)
	dropped = o.dropped
	clear(o.list)
	o.list, o.dropped = o.list[:0], 0
	return into, dropped
}

func (o *sightings) add(s *sighting) {
	if len(o.list) == mostSightings {
		o.dropped++
		return
	}
	o.list = append(o.list, Sighting{Seq: s.seq, Fate: s.fate, Due: s.due, Later: s.later, At: s.at, From: s.from,
		To: s.to, Sent: s.sent, Data: s.data, Binary: s.binary})
}
