package told

import (
	"slices"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// BatchEvery is the least time between two batches, in ms of real time.
const BatchEvery = 33

// Teller tells the page of a lab about the world that it looks at. It is not safe for concurrent use.
type Teller struct {
	report.Batches
	Asked  report.Asked  // what the page wants to know of the cluster
	Reader report.Reader // scratch

	world  *lab.World
	record *Record // of the branch that is looked at

	void        bool // the page's state is void: the next batch must hold everything
	jumped      bool // the playhead stands elsewhere
	lostHistory bool // some history did not fit: the next batch must hold all of it

	view lab.View // scratch

	// What the page knows:
	rate    float64
	links   []contract.Link
	servers []known
	views   []contract.ServerView // of them
	lab     string                // the last Lab, but for its End, as JSON
	end     int64
	flights map[uint64]contract.Flight // those that are still on their way
}

// New returns a teller that has nothing to look at yet.
func New(p report.Poster) *Teller {
	return &Teller{Batches: report.NewBatches(p), Asked: report.AskedInLab(), flights: map[uint64]contract.Flight{}}
}

// LookAt sets the world to tell of from now on, and the record of its branch. The teller owns neither.
func (t *Teller) LookAt(w *lab.World, r *Record) { t.world, t.record = w, r }

// Void makes the next batch complete: another branch, or another run, is shown.
func (t *Teller) Void() { t.void = true }

// Jump makes the next batch one of another moment: frames under way elsewhere are void.
func (t *Teller) Jump() {
	t.jumped, t.Changed = true, true
	t.Next.Flights, t.Next.Lost = nil, nil
	clear(t.flights)
	t.world.Sightings(nil)
}

// Scene is what else a page is told, besides the world.
type Scene struct {
	Rate     float64      // of the clock
	Stands   bool         // the clock seems to stand: the playhead is on its way to another moment
	Lab      contract.Lab // except what the world says: Off, Modified, Properties
	Requests func() []contract.ClientRequest
}

// Flush posts a batch if the page wants one and there is something to tell. scene is nil before a run is open;
// prompt: do not wait until BatchEvery is over. Every input ends with it.
func (t *Teller) Flush(now float64, hidden, prompt bool, scene func() Scene) {
	since := t.Since(now)
	switch {
	case !t.Wanted(now, hidden) || scene == nil && !t.Changed:
		return
	case scene == nil:
		t.Send(now)
		return
	case !prompt && since < BatchEvery && !t.jumped && !t.void:
		return
	}
	s := scene()
	t.lookAround(&s, since >= report.ClockEvery)
	if !t.Changed && (since < report.ClockEvery || s.Rate == 0) {
		return
	}
	t.Next.Clock = &contract.Clock{Now: t.world.Now(), Rate: s.Rate}
	if s.Stands {
		t.Next.Clock.Rate = 0
	}
	t.fillMoment(&s)
	t.void, t.jumped, t.lostHistory = false, false, false
	t.Send(now)
}

// fillMoment adds what a batch of another moment or another run holds.
func (t *Teller) fillMoment(s *Scene) {
	n, r := &t.Next, t.record
	switch {
	case t.void:
		n.Moment = contract.AnotherRun
		n.Connection, n.Self = &contract.Connection{State: "open"}, &contract.Status{Connected: true, Disk: "none"}
		n.Story, n.Requests, n.Lived = slices.Clone(r.story.lines), s.Requests(), r.lived.whole()
		if len(n.Story) > mostLines {
			n.Story = n.Story[len(n.Story)-mostLines:]
		}
	case t.jumped:
		n.Moment = contract.Jump
	}
	if t.lostHistory {
		n.Lived = r.lived.whole()
	}
	if n.Lived != nil {
		n.Lived.Commit = r.lived.commit
	}
}

// Encoded returns a list of actions, or of offers, in the form of the contract.
func Encoded(list any) jsoniter.RawMessage {
	text, err := contract.Codec.Marshal(list)
	if err != nil {
		panic("told: " + err.Error()) // a number that JSON does not have
	}
	return text
}
