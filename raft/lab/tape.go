package lab

// MaxMarks is how many copies of the world a Tape keeps.
const MaxMarks = 64

// Tape reaches any time of a run: it keeps copies of the world and goes on from the last one before.
type Tape struct {
	marks []*World // ascending by time, the first at 0; nobody lives on in them
	every int64    // how far apart they are at least
}

// NewTape returns the tape of a run. Marks are every µs apart at first, ≥ 1; when there are MaxMarks, every other one is dropped, and from then on they are twice as far
// apart. So a tape of any length costs the same memory, and reaching a time costs about as much as living through one distance between marks.
func NewTape(run Run, every int64) (*Tape, error) {
	first, err := New(run)
	if err != nil {
		return nil, err
	}
	return &Tape{marks: []*World{first}, every: max(every, 1)}, nil
}

// At returns the world at a time, which the caller may live on in: the tape does not change by it.
func (t *Tape) At(at int64) *World {
	last := len(t.marks) - 1
	for last > 0 && t.marks[last].now > at {
		last--
	}
	w := t.marks[last].Clone()
	for latest := t.marks[len(t.marks)-1].now; latest+t.every <= at; latest = t.marks[len(t.marks)-1].now {
		w.RunTo(latest + t.every)
		t.mark(w.Clone())
	}
	w.RunTo(at)
	return w
}

// mark keeps a copy of the world, later than all others.
func (t *Tape) mark(w *World) {
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
