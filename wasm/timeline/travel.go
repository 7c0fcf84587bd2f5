package timeline

// journey is a long way to a moment.
type journey struct {
	to   int64
	done func(there bool) // there is false if another moment was requested first
}

// Travel lives on to a moment, in several inputs if it is far, and then calls done. A branch that ends
// before is prolonged, with all that playing there would meet.
func (l *Line[W, T, R]) Travel(to int64, done func(there bool)) {
	l.way = &journey{to, done}
	l.GoOn()
}

// Travels tells whether a journey is under way.
func (l *Line[W, T, R]) Travels() bool { return l.way != nil }

// GoOn lives the next stretch of the journey.
func (l *Line[W, T, R]) GoOn() {
	l.Play(min(l.way.to, l.World.Now()+Stretch))
	if l.World.Now() >= l.way.to {
		l.arrive(true)
	}
}

// supersede ends the journey under way, if there is one, at the playhead.
func (l *Line[W, T, R]) supersede() {
	if l.way != nil {
		l.arrive(false)
	}
}

func (l *Line[W, T, R]) arrive(there bool) {
	way := l.way
	l.way = nil
	l.host.Moved(false)
	way.done(there)
}

// GoTo goes to a moment of the branch, or to MostAhead beyond its end at most, and then calls done. Another
// call replaces it on the way.
func (l *Line[W, T, R]) GoTo(at int64, done func()) {
	l.supersede()
	if at <= l.Branch.End {
		l.Stand(at)
		done()
		return
	}
	at = min(at, l.Branch.End+MostAhead)
	l.Stand(l.Branch.End)
	l.Travel(at, func(bool) { done() })
}
