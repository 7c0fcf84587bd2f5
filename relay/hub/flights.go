package hub

// Flight is a frame under way between two servers. Times are microseconds of cluster time.
type Flight struct {
	Seq    uint64 // the frame's number in this room, by which a member names it
	From   uint64
	To     uint64
	Sent   int64  // when it set out; if it was held and released: when it was released
	Due    int64  // when it arrives; if held: when it would have arrived
	Held   bool   // it stays until it is released
	HeldAt int64  // since when it is held; 0 if it is not
	Data   []byte // read-only; may be kept
	Binary bool   // it came as a binary message, not as text
}

// Flights appends to into the frames under way between servers and returns it, sorted by sender, then by
// receiver; on each link the moving frames in order of arrival come first, then the held ones.
func (h *Hub) Flights(into []Flight) []Flight {
	for i := range h.links {
		l := &h.links[i]
		for _, frames := range [...][]flight{l.queue[l.head:], l.held} {
			for k := range frames {
				f := &frames[k]
				into = append(into, Flight{Seq: f.seq, From: l.From, To: l.To, Sent: f.sent, Due: f.due, Held: f.held,
					HeldAt: f.heldAt, Data: f.data, Binary: f.binary})
			}
		}
	}
	return into
}

// Links appends to into each direction of every link as it is now, by sender, then receiver, and returns it.
func (h *Hub) Links(into []Link) []Link {
	for i := range h.links {
		if l := &h.links[i]; l.From != l.To {
			into = append(into, l.Link)
		}
	}
	return into
}
