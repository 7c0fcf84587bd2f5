package session

import (
	"math/rand/v2"

	"raftplayground/raft/lab"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
	"raftplayground/wasm/timeline"
	"raftplayground/wasm/told"
)

// Times of real life, in ms.
const (
	skipped = 500 // a longer gap between two inputs is not lived through
	idle    = 250 // until the next Tick when nothing moves
)

// Session is one lab. It is not safe for concurrent use.
type Session struct {
	random *rand.Rand // of the faults that are drawn while time goes on

	now    float64 // real time, ms
	rest   float64 // the fraction of a µs of cluster time
	rate   float64 // cluster time in a unit of real time; 0: paused
	hidden bool

	line      *timeline.Line[*lab.World, *lab.Tape, kept]
	page      *told.Teller
	chaos     chaos
	replaying *replay // a stretch that is being lived again; nil: none

	view lab.View // scratch
}

// kept is what belongs to each branch.
type kept struct {
	told.Record
	client *client.Client
	undo   []planned // what auto-chaos still has to undo
}

// New returns a lab that waits for the page's "open". Seed seeds the faults that it draws on demand.
func New(host report.Poster, seed uint64) *Session {
	s := &Session{random: rand.New(rand.NewPCG(seed, 0)), page: told.New(host)}
	s.line = timeline.New[*lab.World, *lab.Tape, kept](events{s})
	return s
}

// Page takes a message of the page, a contract.ToLab. One that cannot be read leads to a notice, or to an
// answer if it has an id.
func (s *Session) Page(now float64, message []byte) {
	s.advance(now)
	var wish contract.ToLab
	head, err := contract.Read(message, &wish)
	if err != nil {
		s.misunderstood(head, err)
	} else {
		s.obey(head, &wish)
	}
	s.flush(head.Type != "drawn")
}

// Tick lets time pass. It returns how long the host may wait until the next Tick, in ms.
func (s *Session) Tick(now float64) float64 {
	s.advance(now)
	s.flush(false)
	switch {
	case s.line.Travels() || s.replaying != nil:
		return 0
	case s.rate == 0 || !s.opened():
		return idle
	case s.hidden:
		return report.HiddenEvery
	}
	return told.BatchEvery
}

// opened tells whether a run is open.
func (s *Session) opened() bool { return s.line.Branch != nil }

func (s *Session) advance(now float64) {
	elapsed := now - s.now
	s.now = max(s.now, now)
	if s.replaying != nil {
		s.goOnReplaying()
	}
	switch {
	case !s.opened() || elapsed <= 0:
	case s.line.Travels():
		s.line.GoOn()
	case s.rate > 0 && elapsed <= skipped:
		s.rest += elapsed * 1000 * s.rate
		whole := int64(s.rest)
		s.rest -= float64(whole)
		if s.line.Play(s.line.World.Now() + whole) {
			s.setRate(0)
		}
		if s.line.Live { // before the end, the history is known
			s.line.Branch.Kept.client.Keep()
		}
	}
}

// setRate changes how fast the cluster's clock runs, 0 to 1.
func (s *Session) setRate(rate float64) {
	if s.rate != rate {
		s.rate, s.rest = rate, 0
	}
}

// misunderstood reports a message that cannot be read: it is answered if it has an id.
func (s *Session) misunderstood(head contract.Head, err error) {
	why := "The page sent a message that cannot be read: " + report.Clip(err.Error(), 200)
	if head.ID != 0 {
		s.page.Refuse(head.ID, why)
		return
	}
	s.page.Notice(why)
}

func (s *Session) obey(head contract.Head, w *contract.ToLab) {
	switch {
	case w.Drawn != nil:
		s.page.Drawn = true
	case w.Hidden != nil:
		s.hide(w.Hidden.Hidden)
	case w.Regard != nil:
		s.page.Asked.Regard(w.Regard)
	case w.Open != nil:
		s.open(w.Open)
	case w.Catalogue != nil:
		s.page.Grant(w.Catalogue.ID, lab.Describe())
	case head.Type == "stop" || head.Type == "reconnect": // of a live room; the lab has nothing to end
	case *w == (contract.ToLab{}):
		s.page.Notice("The page sent a message of an unknown type: " + report.Clip(head.Type, 40))
	case !s.opened():
		s.page.Refuse(head.ID, "No run is open yet.")
	case s.line.Travels() && w.Seek == nil && !onlyRate(w.Network):
		s.page.Refuse(head.ID, "The lab is on its way to another moment. Try again when it is there.")
	default:
		s.grant(w)
	}
}

// onlyRate tells whether a change of the network changes only the clock's rate, which is allowed at any
// time.
func onlyRate(w *contract.Network) bool { return w != nil && w.Change != nil && w.Change.OnlyRate() }

// grant carries out a wish about an open run.
func (s *Session) grant(w *contract.ToLab) {
	switch {
	case w.Seek != nil:
		s.seek(w.Seek)
	case w.Step != nil:
		s.step(w.Step)
	case w.Branch != nil:
		s.lookAt(w.Branch)
	case w.Act != nil:
		s.act(w.Act)
	case w.Request != nil:
		s.line.Branch.Kept.client.Request(w.Request)
	case w.Network != nil:
		s.network(w.Network)
	case w.Frame != nil:
		s.lookAtFrame(w.Frame)
	case w.Deeds != nil:
		s.offer(w.Deeds)
	case w.Inboxes != nil:
		s.page.Grant(w.Inboxes.ID, s.page.Inboxes())
	case w.Chaos != nil:
		s.setChaos(w.Chaos)
	case w.Moment != nil:
		s.moment(w.Moment.ID)
	case w.Replay != nil:
		s.replay(w.Replay)
	}
}

// hide notes that the page is hidden, or visible again: then it is told what is under way now.
func (s *Session) hide(hidden bool) {
	if s.hidden && !hidden && s.opened() {
		s.page.Jump()
	}
	s.hidden = hidden
}

// flush ends every input.
func (s *Session) flush(prompt bool) {
	var scene func() told.Scene
	if s.opened() {
		scene = s.scene
	}
	s.page.Flush(s.now, s.hidden, prompt, scene)
}

// scene returns what the page is told of the run, besides its world.
func (s *Session) scene() told.Scene {
	b := s.line.Branch
	view := contract.Lab{
		Seed: report.Decimal(b.Tape.Run().Seed), Branch: b.ID, Branches: s.line.Views(), End: b.End, Chaos: s.chaos.on,
		Traps: []contract.Trap{}, Wrong: told.Encoded(s.line.World.Wrongs()),
	}
	for _, t := range s.line.World.Traps() {
		view.Traps = append(view.Traps, contract.Trap{Number: t.Number, Text: t.Action.TrapWords()})
	}
	return told.Scene{Rate: s.rate, Stands: s.line.Travels(), Lab: view, Requests: b.Kept.client.Views}
}
