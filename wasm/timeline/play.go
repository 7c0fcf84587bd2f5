package timeline

// Play lets the cluster live to a moment, or until the Host says to stop. It returns whether the Host did.
func (l *Line[W, T, R]) Play(to int64) (stopped bool) {
	if !l.Live {
		l.relive(to)
	}
	return l.Live && l.prolong(to)
}

// relive lives again through recorded time.
func (l *Line[W, T, R]) relive(to int64) {
	live(l.World, min(to, l.Branch.End), func() {})
	l.host.Passed(true)
	l.Live = l.World.Now() >= l.Branch.End
}

// live lives to a moment, or as far as one input may, and calls saw after every step.
func live[W World[W]](w W, to int64, saw func()) {
	for range mostSteps {
		if at, _ := w.Next(); at > to {
			w.RunTo(to)
			return
		}
		w.Step()
		saw()
	}
}

// prolong lives the branch further, and lets the Host write down what happens.
func (l *Line[W, T, R]) prolong(to int64) (stopped bool) {
	for steps := 0; ; steps++ {
		at, ever := l.World.Next()
		if l.host.Due() <= min(at, to) {
			l.host.Meet()
			continue
		}
		if !ever || at > to {
			l.World.RunTo(to)
			break
		}
		l.World.Step()
		if l.host.Lived() && l.way == nil {
			stopped = true
			break
		}
		if steps == mostSteps {
			break
		}
	}
	l.Branch.End = l.World.Now()
	l.Branch.Tape.Keep(l.World)
	l.host.Passed(false)
	return stopped
}

// Clear goes on to the next microsecond at which nothing happens by itself, so that an action then is
// repeated in the same order when the run is lived again.
func (l *Line[W, T, R]) Clear() (stopped bool) {
	for {
		at := l.World.Now() + 1
		next, _ := l.World.Next()
		stopped = l.Play(at) || stopped
		if next > at {
			return stopped
		}
	}
}

// Replay lives a stretch of a branch again, in a world of its own, so that neither the world shown nor other
// answers wait for it.
type Replay[W World[W]] struct {
	World W
	To    int64
}

// GoOn lives the next part of the stretch, short enough that the Worker keeps hearing the page. It returns
// whether the stretch has ended.
func (r *Replay[W]) GoOn(saw func()) bool {
	live(r.World, min(r.To, r.World.Now()+Stretch), saw)
	return r.World.Now() >= r.To
}
