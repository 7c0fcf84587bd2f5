package session

import (
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
	"raftplayground/wasm/timeline"
	"raftplayground/wasm/told"
)

// seek goes to a moment of the branch.
func (s *Session) seek(w *contract.Seek) {
	if w.At == nil || !(*w.At >= 0 && *w.At <= latest) {
		s.page.Refuse(w.ID, "at: expected a moment of this run in µs, 0 or more")
		return
	}
	s.line.GoTo(*w.At, func() { s.answerAt(w.ID) })
}

// answerAt answers with the playhead's time.
func (s *Session) answerAt(id int) { s.page.Grant(id, map[string]int64{"at": s.line.World.Now()}) }

// lookAt shows another branch, at a moment of it.
func (s *Session) lookAt(w *contract.LookAtBranch) {
	b := s.line.Find(w.Branch)
	if b == nil {
		s.page.Refuse(w.ID, "There is no branch "+report.Decimal(w.Branch)+" any more.")
		return
	}
	at := b.End
	if w.At != nil {
		at = *w.At
	}
	s.line.Branch.Kept.client.Leave(lookedAway)
	s.line.LookAt(b, at)
	s.page.Void()
	s.answerAt(w.ID)
}

// step goes to where a goal next comes true, or to just before it last did, and stops the clock.
func (s *Session) step(w *contract.Step) {
	watcher, err := s.page.Watcher(w.To)
	if err != nil {
		s.page.Refuse(w.ID, "step: to must be one of event, message, role, election, commit, violation, or a "+
			err.Error())
		return
	}
	s.setRate(0)
	if w.Back {
		if saw := s.line.StepBack(watcher); saw != "" {
			s.page.Grant(w.ID, contract.Stepped{At: s.line.World.Now(), Text: "Before this: " + saw})
		} else {
			s.page.Refuse(w.ID, "Nothing of the kind happened in the 60 seconds before.")
		}
		return
	}
	s.line.Step(watcher, func(how timeline.Outcome, saw string) {
		switch how {
		case timeline.Arrived:
			s.page.Grant(w.ID, contract.Stepped{At: s.line.World.Now(), Text: saw})
		case timeline.Nothing:
			s.page.Refuse(w.ID, "Nothing of the kind happens in the next 60 seconds.")
		case timeline.Superseded:
			s.page.Refuse(w.ID, "Another moment was wished for meanwhile.")
		}
	})
}

// replay is a stretch of a branch that is lived again.
type replay struct {
	timeline.Replay[*lab.World]
	found *told.Replay
	id    int // of the wish
}

// replay begins to answer with all events of a stretch of the branch, as known at the playhead. It replaces
// a replay under way.
func (s *Session) replay(w *contract.LookBack) {
	if w.From == nil || w.Until == nil || !(*w.From >= 0 && *w.From <= *w.Until && *w.Until <= latest) {
		s.page.Refuse(w.ID, "expected from and until, two moments of this run in µs, 0 or more, the later one last")
		return
	}
	if s.replaying != nil {
		s.page.Refuse(s.replaying.id, "Another stretch was asked for meanwhile.")
	}
	to := min(*w.Until, s.line.World.Now())
	world := s.line.Branch.Tape.At(min(max(*w.From, to-told.LongestReplay), to))
	s.replaying = &replay{
		timeline.Replay[*lab.World]{World: world, To: to}, s.page.NewReplay(world, to, w.Details), w.ID,
	}
	s.goOnReplaying()
}

// goOnReplaying lives a part of the stretch, and answers at its end.
func (s *Session) goOnReplaying() {
	if r := s.replaying; r.GoOn(r.found.Saw) {
		s.replaying = nil
		s.page.Grant(r.id, r.found.View())
	}
}
