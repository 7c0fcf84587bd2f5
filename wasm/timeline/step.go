package timeline

// Watcher looks at a world from step to step for the moments at which a page's step ends.
type Watcher[W any] interface {
	// Look restarts: only what happens in w from now on counts.
	Look(w W)
	// Saw returns what has ended the step since the last look, and restarts; empty if nothing has.
	Saw(w W) string
}

// Outcome is how a step ended.
type Outcome int

// How a step ends.
const (
	Arrived    Outcome = iota // where the watcher saw something
	Nothing                   // nothing of the kind happens within MostAhead
	Superseded                // another moment was requested meanwhile
)

// Step goes on to the next moment at which the watcher sees something. Then done is called with what it saw.
func (l *Line[W, T, R]) Step(k Watcher[W], done func(how Outcome, saw string)) {
	k.Look(l.World)
	l.stepOn(k, l.World.Now()+MostAhead, done)
}

// stepOn goes to the next moment that the watcher sees, until at most. The Host's acts on the way are not
// known in advance: the search is certain up to the next of them, and restarts from there.
func (l *Line[W, T, R]) stepOn(k Watcher[W], until int64, done func(Outcome, string)) {
	certain := min(until, max(l.host.Due(), l.Branch.End))
	at, text := find(k, l.World.Clone(), certain)
	reached := func(then func()) func(bool) {
		return func(there bool) {
			if !there {
				done(Superseded, "")
				return
			}
			then()
		}
	}
	switch {
	case text != "":
		l.walk(at, reached(func() { done(Arrived, text) }))
	case certain < until:
		l.walk(certain, reached(func() {
			if text := k.Saw(l.World); text != "" { // the Host's act ends the step
				done(Arrived, text)
				return
			}
			// In an input of its own, because the whole way may be long.
			l.way = &journey{l.World.Now(), reached(func() { l.stepOn(k, until, done) })}
		}))
	default:
		done(Nothing, "")
	}
}

// walk goes to a moment. If it is near, the way is played.
func (l *Line[W, T, R]) walk(to int64, done func(there bool)) {
	if to-l.World.Now() > near {
		l.Travel(to, done)
		return
	}
	for l.Play(to); l.World.Now() < to; {
		l.Play(to)
	}
	done(true)
}

// find lives a world, which it uses up, to the next moment that the watcher sees. If there is none until a
// moment, it returns no text.
func find[W World[W]](k Watcher[W], w W, until int64) (at int64, text string) {
	for next, ever := w.Next(); ever && next <= until; next, ever = w.Next() {
		w.Step()
		if text = k.Saw(w); text != "" {
			return w.Now(), text
		}
	}
	return 0, ""
}

// StepBack goes to just before the last moment that the watcher sees, and returns what it saw; empty, and
// without moving, if there is none within MostAhead. It searches by living ever longer stretches of the past
// again.
func (l *Line[W, T, R]) StepBack(k Watcher[W]) (saw string) {
	now := l.World.Now()
	for stretch, until := int64(100e3), now; until > 0 && until > now-MostAhead; stretch *= 4 {
		from := max(0, until-stretch)
		world := l.Branch.Tape.At(from)
		last, what := int64(-1), ""
		k.Look(world)
		for {
			at, text := find(k, world, until)
			if text == "" {
				break
			}
			last, what = at, text
		}
		if last > from || last == 0 && from == 0 {
			l.Stand(max(0, last-1))
			return what
		}
		until = from
	}
	return ""
}
