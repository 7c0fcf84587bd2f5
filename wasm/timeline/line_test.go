package timeline

import (
	"slices"
	"strconv"
	"testing"
)

// count is a world in which something happens every 10 µs for a millisecond and then every millisecond, and in which
// things can be done.
type count struct {
	now  int64
	done []string
	plan []int64 // when the run has planned actions
}

func (w *count) Now() int64 { return w.now }

func (w *count) Next() (int64, bool) {
	every := int64(10)
	if w.now >= 1000 {
		every = 1000
	}
	return (w.now/every + 1) * every, true
}

func (w *count) Step() bool {
	w.now, _ = w.Next()
	return true
}

func (w *count) RunTo(at int64) {
	for next, _ := w.Next(); next <= at; next, _ = w.Next() {
		w.Step()
	}
	w.now = max(w.now, at)
}

func (w *count) Clone() *count {
	c := *w
	c.done = slices.Clone(w.done)
	return &c
}

func (w *count) Ahead() bool { return len(w.plan) > 0 && w.plan[0] > w.now }

func (w *count) do(what string) error {
	w.done = append(w.done, what+"@"+strconv.FormatInt(w.now, 10))
	w.plan = nil
	return nil
}

// reel is the tape of counts.
type reel struct{ kept []*count }

func (t *reel) At(at int64) *count {
	i := len(t.kept) - 1
	for i > 0 && t.kept[i].now > at {
		i--
	}
	w := t.kept[i].Clone()
	w.RunTo(at)
	return w
}

func (t *reel) Keep(w *count) { t.kept = append(t.kept, w.Clone()) }

func (t *reel) Branch(w *count) *reel {
	b := &reel{}
	for _, k := range t.kept {
		if k.now < w.now {
			b.kept = append(b.kept, k)
		}
	}
	b.Keep(w)
	return b
}

// diary is a host that notes how many steps were lived in each branch, and stops where it is told.
type diary struct {
	line   *Line[*count, *reel, int]
	stop   int64
	due    int64 // 0: nothing is
	moved  int
	again  int
	passed int
}

func (d *diary) Due() int64 {
	if d.due == 0 {
		return Never
	}
	return d.due
}

func (d *diary) Meet() {
	w := d.line.World
	w.RunTo(d.due)
	d.due = 0
	d.line.Act(nil, func() error { return w.do("fault") })
}

func (d *diary) Lived() bool {
	d.line.Branch.Kept++
	return d.line.World.Now() == d.stop
}

func (d *diary) Passed(again bool) {
	d.passed++
	if again {
		d.again++
	}
}

func (d *diary) Moved(bool) { d.moved++ }

func (d *diary) Fork(parent *int, at int64) int { return int(at / 10) }

// begun returns a line that has lived as far as 100 µs.
func begun(plan ...int64) (*diary, *Line[*count, *reel, int]) {
	d := &diary{}
	l := New[*count, *reel](d)
	d.line = l
	l.Open(&reel{kept: []*count{{plan: plan}}}, 0)
	l.Play(100)
	return d, l
}

func text() string { return "something else" }

func TestPlayingWritesDownOnce(t *testing.T) {
	d, l := begun()
	if l.Branch.Kept != 10 || l.Branch.End != 100 || !l.Live {
		t.Fatalf("%d steps are written down until %d", l.Branch.Kept, l.Branch.End)
	}
	l.Stand(35)
	if l.Live || l.World.Now() != 35 {
		t.Fatalf("the playhead is at %d", l.World.Now())
	}
	l.Play(60)
	if l.Branch.Kept != 10 || l.Live || d.again != 1 || l.World.Now() != 60 {
		t.Errorf("lived once more to %d, %d steps are written down", l.World.Now(), l.Branch.Kept)
	}
	l.Play(120)
	if l.Branch.Kept != 12 || !l.Live || l.Branch.End != 120 {
		t.Errorf("beyond the end %d steps are written down until %d", l.Branch.Kept, l.Branch.End)
	}
}

func TestPlayingStopsWhereTheHostSays(t *testing.T) {
	d, l := begun()
	d.stop = 130
	if !l.Play(200) || l.World.Now() != 130 {
		t.Errorf("it stopped at %d", l.World.Now())
	}
	d.stop = 150
	l.Travel(200, func(bool) {}) // Travel does not use the watcher
	if l.World.Now() != 200 {
		t.Errorf("on a way it stopped at %d", l.World.Now())
	}
}

func TestToActElsewhereMakesABranch(t *testing.T) {
	_, l := begun()
	act := func(what string) bool {
		forked, err := l.Act(text, func() error { return l.World.do(what) })
		if err != nil {
			t.Fatal(err)
		}
		return forked
	}
	if act("a") {
		t.Error("to act at the end makes a branch")
	}
	l.Play(150)
	l.Stand(120)
	if !act("b") || l.Branch.ID != 2 || l.Branch.Parent != 1 || l.Branch.At != 120 || l.Branch.Kept != 12 || !l.Live {
		t.Fatalf("to act in the past makes %+v", l.Branch)
	}
	l.Play(140)
	l.Stand(110)
	if act("c"); l.Branch.Parent != 1 {
		t.Errorf("a moment before its fork belongs to branch %d", l.Branch.Parent)
	}
	for id, want := range map[int][]string{1: {"a@100"}, 2: {"a@100", "b@120"}, 3: {"a@100", "c@110"}} {
		b := l.Find(id)
		l.LookAt(b, 1000)
		if !slices.Equal(l.World.done, want) || l.World.Now() != b.End {
			t.Errorf("at the end of branch %d, at %d of %d, was done %v, expected %v", id, l.World.Now(), b.End,
				l.World.done, want)
		}
	}
	if l.Find(4) != nil || len(l.Views()) != 3 {
		t.Errorf("branches: %+v", l.Views())
	}
}

func TestToActBeforeWhatTheRunSaysMakesABranch(t *testing.T) {
	_, l := begun(500)
	if forked, _ := l.Act(text, func() error { return l.World.do("a") }); !forked || l.Branch.Text != text() {
		t.Errorf("it was done in branch %d", l.Branch.ID)
	}
}

func TestTheOldestBranchesGiveWay(t *testing.T) {
	_, l := begun()
	for range 2 * MostBranches {
		l.LookAt(l.Branches[0], 50)
		l.Act(text, func() error { return l.World.do("x") })
	}
	if len(l.Branches) != MostBranches || l.Branches[0].ID != 1 || l.Branch.ID != 2*MostBranches+1 {
		t.Errorf("%d branches are left, from %d", len(l.Branches), l.Branches[0].ID)
	}
	_, l = begun()
	for range 2 * MostBranches { // a chain: each comes from the one before
		l.Play(l.World.Now() + 20)
		l.Stand(l.World.Now() - 10)
		l.Act(text, func() error { return l.World.do("x") })
	}
	if first := l.Branches[0]; len(l.Branches) != MostBranches || first.Parent != 0 {
		t.Errorf("of a chain %d are left, the first comes from %d", len(l.Branches), first.Parent)
	}
}

func TestAFarMomentIsTravelledTo(t *testing.T) {
	_, l := begun()
	arrived, superseded := false, false
	l.Travel(3*Stretch, func(there bool) { superseded = !there })
	if !l.Travels() || l.World.Now() != 100+Stretch {
		t.Fatalf("after an input it is at %d", l.World.Now())
	}
	l.GoTo(2*Stretch, func() { arrived = true })
	for l.Travels() {
		l.GoOn()
	}
	if !superseded || !arrived || l.World.Now() != 2*Stretch {
		t.Errorf("it is at %d, superseded %v, arrived %v", l.World.Now(), superseded, arrived)
	}
	l.GoTo(1000*MostAhead, func() {})
	for l.Travels() {
		l.GoOn()
	}
	if l.World.Now() != 2*Stretch+MostAhead {
		t.Errorf("a moment too far is %d", l.World.Now())
	}
	if l.GoTo(50, func() {}); l.World.Now() != 50 || l.Travels() {
		t.Errorf("a moment of the past is %d", l.World.Now())
	}
}

// multiples sees every moment that is a multiple of itself.
type multiples int64

func (multiples) Look(*count) {}

func (m multiples) Saw(w *count) string {
	if w.now%int64(m) == 0 {
		return strconv.FormatInt(w.now, 10)
	}
	return ""
}

func TestStepsEndWhereTheWatcherSees(t *testing.T) {
	d, l := begun()
	step := func(k multiples) (how Outcome, saw string) {
		how = -1
		l.Step(k, func(h Outcome, s string) { how, saw = h, s })
		for l.Travels() {
			l.GoOn()
		}
		return how, saw
	}
	if how, saw := step(70); how != Arrived || saw != "140" || l.World.Now() != 140 {
		t.Errorf("the next is %q at %d (%v)", saw, l.World.Now(), how)
	}
	if how, saw := step(near * 3); how != Arrived || saw != "1500000" || l.World.Now() != near*3 {
		t.Errorf("a far one is %q at %d (%v)", saw, l.World.Now(), how)
	}
	if how, _ := step(1e15); how != Nothing || l.World.Now() != near*3 {
		t.Errorf("without one it ends at %d (%v)", l.World.Now(), how)
	}
	d.due = l.World.Now() + 35 // what the host does on the way is done before the step ends
	if how, saw := step(50); how != Arrived || saw != "1501000" || !slices.Contains(l.World.done, "fault@1500035") {
		t.Errorf("behind what the host did the next is %q (%v)", saw, how)
	}
	how := Outcome(-1)
	l.Step(multiples(near*30), func(h Outcome, _ string) { how = h })
	if l.GoTo(10, func() {}); how != Superseded {
		t.Errorf("a step of which another moment takes the place ends as %v", how)
	}
	l.Stand(100)
	if saw := l.StepBack(multiples(70)); saw != "70" || l.World.Now() != 69 {
		t.Errorf("back it is %q, from %d", saw, l.World.Now())
	}
	if saw := l.StepBack(multiples(1e15)); saw != "" || l.World.Now() != 69 {
		t.Errorf("back without one it is %q, at %d", saw, l.World.Now())
	}
}

func TestWhatIsDoneIsDoneAtAClearMoment(t *testing.T) {
	_, l := begun()
	l.Play(118)
	if l.Clear(); l.World.Now() != 119 {
		t.Errorf("a clear moment is %d", l.World.Now())
	}
	if l.Clear(); l.World.Now() != 121 {
		t.Errorf("beside a step it is %d", l.World.Now())
	}
}

func TestAReplayLivesInAWorldOfItsOwn(t *testing.T) {
	_, l := begun()
	r := Replay[*count]{World: l.Branch.Tape.At(20), To: 80}
	steps := 0
	for !r.GoOn(func() { steps++ }) {
	}
	if steps != 6 || r.World.Now() != 80 || l.World.Now() != 100 || l.Branch.Kept != 10 {
		t.Errorf("%d steps to %d, the playhead at %d", steps, r.World.Now(), l.World.Now())
	}
	r = Replay[*count]{World: l.Branch.Tape.At(0), To: 3 * Stretch}
	if r.GoOn(func() {}) {
		t.Error("a long one is lived in one input")
	}
}
