package timeline

// World is a state of a run, W itself. Times are µs of cluster time.
type World[W any] interface {
	// Now returns the time of the state.
	Now() int64
	// Next returns when something happens next, and whether it ever does.
	Next() (at int64, ever bool)
	// Step lives to that moment, through what happens then.
	Step() bool
	// RunTo lives to a moment, through all that happens until then and at it.
	RunTo(at int64)
	// Clone returns an independent copy.
	Clone() W
	// Ahead tells whether the run has planned actions later.
	Ahead() bool
}

// Tape reaches every moment of one branch of a run. For a recording, in which nothing can be done, Keep and
// Branch are never called.
type Tape[W, T any] interface {
	// At returns the world at a moment, which the caller may live on in.
	At(at int64) W
	// Keep says how the run went on: w has lived on from a world of this tape.
	Keep(w W)
	// Branch returns the tape of another branch, that of w, in which something else was done now.
	Branch(w W) T
}

// Host is the owner of a Line. Only Meet may act at the playhead.
type Host[R any] interface {
	// Due returns when something outside the world is due; Never: nothing is.
	Due() int64
	// Meet does what is due, and lives up to it.
	Meet()
	// Lived writes down what has happened since its last call, at the end of the branch. It returns whether
	// playing must stop here.
	Lived() (stop bool)
	// Passed shows the stretch that was played. again: it was lived and written down before.
	Passed(again bool)
	// Moved says that the playhead is elsewhere. anew: in another world.
	Moved(anew bool)
	// Fork returns the record of a branch that leaves the current one. The parent goes on unwatched.
	Fork(parent *R, at int64) R
}

// Limits, µs of cluster time.
const (
	Never     = 1<<63 - 1
	Stretch   = 2e6   // the part of a long way that is lived in one input
	MostAhead = 60e6  // how far beyond its end a branch is lived for a seek or a step
	near      = 500e3 // a step that ends within this is played; farther ones are travelled to
)

// mostSteps is how many moments with events are lived through in one input. A run with more plays slower
// than it should.
const mostSteps = 20000

// Line is the branches of one run. R is the Host's record of each. It is not safe for concurrent use.
type Line[W World[W], T Tape[W, T], R any] struct {
	World    W
	Branch   *Branch[T, R]   // the one shown; nil before a run is open
	Branches []*Branch[T, R] // ascending by ID
	Live     bool            // the playhead is at the end of the branch: what happens there is new

	host Host[R]
	last int      // ID of a branch
	way  *journey // under way to a far moment; nil: none
}

// Branch is one way that the run went.
type Branch[T, R any] struct {
	ID     int
	Parent int // 0: none
	At     int64
	Text   string // the act that made it
	Tape   T
	End    int64 // it was lived as far as this
	Kept   R
}

// New returns a line without a run.
func New[W World[W], T Tape[W, T], R any](host Host[R]) *Line[W, T, R] {
	return &Line[W, T, R]{host: host}
}

// Open begins with another run, at its start.
func (l *Line[W, T, R]) Open(tape T, kept R) {
	l.supersede()
	l.Branch = &Branch[T, R]{ID: 1, Text: "the run from its start", Tape: tape, Kept: kept}
	l.Branches, l.last = []*Branch[T, R]{l.Branch}, 1
	l.Stand(0)
}

// Stand moves the playhead to a moment of the current branch, not beyond its end.
func (l *Line[W, T, R]) Stand(at int64) {
	l.World = l.Branch.Tape.At(at)
	l.Live = at >= l.Branch.End
	l.host.Moved(true)
}

// LookAt shows another branch, at a moment of it.
func (l *Line[W, T, R]) LookAt(b *Branch[T, R], at int64) {
	l.Branch = b
	l.Stand(min(max(at, 0), b.End))
}

// Act does something at the playhead, in a branch of its own, which text names, if the current one goes on
// differently from here.
func (l *Line[W, T, R]) Act(text func() string, do func() error) (forked bool, err error) {
	forked = !l.Live || l.World.Ahead()
	if forked {
		l.fork(text())
	}
	if err := do(); err != nil {
		return forked, err
	}
	b := l.Branch
	b.End = l.World.Now()
	if forked {
		b.Tape = b.Tape.Branch(l.World)
	} else {
		b.Tape.Keep(l.World)
	}
	return forked, nil
}
