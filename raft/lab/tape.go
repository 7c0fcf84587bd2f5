package lab

import "slices"

// MaxMarks is how many copies of the world a Tape keeps.
const MaxMarks = 96

// Tape reaches any time of a run: it keeps copies of the world, and goes on from the last one before.
type Tape struct {
	run Run // what it is a tape of, with all actions so far
	// ascending by time, the first at 0; they themselves never go on, and have neither actions, which run
	// has, nor past events
	marks []*World
	every int64 // how far apart they are at least
}

// NewTape returns the tape of a run. Marks are every µs apart at first, ≥ 1; at MaxMarks every other one is
// dropped, and from then on they are twice as far apart. So a tape of any length costs the same memory, and
// reaching a time costs about as much as running through one distance between marks.
func NewTape(run Run, every int64) (*Tape, error) {
	first, err := New(run)
	if err != nil {
		return nil, err
	}
	t := &Tape{run: first.run, every: max(every, 1)}
	t.mark(first)
	return t, nil
}

// Run returns the run as the tape knows it.
func (t *Tape) Run() Run { return t.run }

// At returns the world at a time. The caller may go on from there: that changes the tape only by Keep. The
// world may have few or none of the events before that time.
func (t *Tape) At(at int64) *World {
	last := len(t.marks) - 1
	for last > 0 && t.marks[last].now > at {
		last--
	}
	w := t.marks[last].Clone()
	w.run = t.run
	for latest := t.latest(); latest+t.every <= at; latest = t.latest() {
		w.RunTo(latest + t.every)
		t.mark(w.Clone())
	}
	w.RunTo(at)
	return w
}

// Keep tells the tape how the run went on: w comes from a world of this tape, and is later than all that was
// kept before. Its actions become those of the run, and it is copied if a mark is due.
func (t *Tape) Keep(w *World) {
	t.run = w.Run()
	if w.now >= t.latest()+t.every {
		t.mark(w.Clone())
	}
}

// Branch returns the tape of another run, that of w, which comes from a world of this tape and in which
// something else was done, at its present. The two share the marks before.
func (t *Tape) Branch(w *World) *Tape {
	n := 0
	for n < len(t.marks) && t.marks[n].now < w.now {
		n++
	}
	b := &Tape{run: w.Run(), marks: slices.Clone(t.marks[:n]), every: t.every}
	if n == 0 { // something was done at the very beginning
		b.mark(w.Clone())
	}
	return b
}

func (t *Tape) latest() int64 { return t.marks[len(t.marks)-1].now }

// mark keeps a copy of the world, later than all others.
func (t *Tape) mark(w *World) {
	w.run.Actions, w.record.full, w.record.last = nil, nil, nil
	t.marks = append(t.marks, w)
	if len(t.marks) <= MaxMarks {
		return
	}
	for i := range (len(t.marks) + 1) / 2 {
		t.marks[i] = t.marks[2*i]
	}
	kept := (len(t.marks) + 1) / 2
	clear(t.marks[kept:])
	t.marks = t.marks[:kept]
	t.every *= 2
}
