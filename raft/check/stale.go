package check

// looked is how many operations Stale looks back at: nearly always the last few decide.
const looked = 1 << 12

// state is what a key holds.
type state struct {
	value string
	found bool
}

// Stale reports whether operation i, a read that was answered last of all, found an older state than was
// known when it was asked for (§8), and which operation shows it: one on the same key that was asked for
// after every write of what the read found had been answered, that left or found something else, and that
// was answered before the read was asked for. No order of the operations explains such an answer. Package
// linear, which takes longer, finds other answers that no order explains; every answer that Stale reports is
// wrong. What lies more than 4,096 operations back is not looked at, and then nothing is reported.
func (h *History) Stale(i int) (against int, stale bool) {
	read := h.operations.at(i)
	found := state{read.Value, true}
	if !read.Found {
		found = state{}
	}
	against = -1
	for k := h.Len() - 1; k >= 0; k-- {
		o := h.operations.at(k)
		switch {
		case k < h.Len()-looked:
			return 0, false
		case k == i || o.Refused || o.Local || o.Key != read.Key:
		case o.mayLeave(found):
			// Older operations were asked for earlier still: if none seen so far comes after this write, no
			// older one does.
			if o.Unknown || o.Returned >= read.Invoked || against < 0 ||
				o.Returned >= h.operations.at(against).Invoked {
				return 0, false
			}
		case against < 0 && !o.Unknown && o.Returned < read.Invoked && o.excludes(found):
			against = k
		}
	}
	return max(0, against), against >= 0
}

// mayLeave reports whether the key may hold s because of the operation.
func (o *Operation) mayLeave(s state) bool {
	switch o.Kind {
	case Put:
		return s == state{o.Value, true}
	case Delete:
		return !s.found
	case CompareAndSwap:
		return (o.Found || o.Unknown) && s == state{o.Value, true}
	}
	return false
}

// excludes reports whether the operation's answer says that the key held something else than s when it happened,
// or did from then on.
func (o *Operation) excludes(s state) bool {
	switch {
	case o.Kind == Delete, o.Kind == Get && !o.Found:
		return s.found
	case o.Kind == CompareAndSwap && !o.Found:
		return s == state{o.Expected, true}
	}
	return s != state{o.Value, true}
}
