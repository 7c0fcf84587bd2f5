package session

import (
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
	"raftplayground/wasm/told"
)

// act does a person's action, at the playhead.
func (s *Session) act(w *contract.Act) {
	a, err := readAction(w.Action)
	if err != nil {
		s.page.Refuse(w.ID, err.Error())
		return
	}
	if size := len(a.Text); a.Do == lab.EditFrame && (size == 0 || size > lab.MaxText) {
		s.page.Refuse(w.ID, "A message has 1 to "+report.Plural(lab.MaxText, "byte")+", not "+strconv.Itoa(size)+".")
		return
	}
	back, why, err := s.do(a)
	switch {
	case err != nil:
		s.page.Refuse(w.ID, wording(err))
	case why != "":
		s.page.Refuse(w.ID, why)
	default:
		s.page.Grant(w.ID, contract.Acted{At: s.line.World.Now(), Branch: s.line.Branch.ID, Undo: told.Encoded(back)})
	}
}

// offer answers with all that can be done to a server now.
func (s *Session) offer(w *contract.AskForDeeds) {
	if w.Server < 1 || w.Server > s.size() {
		s.page.Refuse(w.ID, "There is no server S"+strconv.Itoa(w.Server)+".")
		return
	}
	s.page.Grant(w.ID, s.line.World.Offers(raft.ServerID(w.Server)))
}

// do does an action at the first clear moment from the playhead on, in a branch of its own if the current
// branch goes on differently from here. It returns the actions that undo it; or, in a sentence, why it would
// change nothing. An action without effect is rejected and not recorded in the run.
func (s *Session) do(a lab.Action) (back []lab.Action, why string, err error) {
	if err := s.try(a); err != nil {
		return nil, "", err
	}
	if s.line.Clear() {
		s.setRate(0)
	}
	w := s.line.World
	if why := w.Can(&a); why != "" {
		return nil, why, nil
	}
	back = append([]lab.Action{}, w.Undo(&a)...) // not null, which is no list
	text := func() string { return a.Words(s.size(), s.leader(), s.object(&a)) }
	forked, err := s.line.Act(text, func() (err error) {
		why, err = w.Do(a)
		return err
	})
	if forked {
		s.lookAround()
		s.page.Void()
	}
	if why != "" || err != nil {
		return nil, why, err
	}
	violated := s.record()
	s.page.Sightings(s.hidden || s.line.Travels())
	if violated {
		s.setRate(0)
	}
	s.page.Changed = true
	return back, "", nil
}

// object names the frame or trap that an action is done to; empty if there is none.
func (s *Session) object(a *lab.Action) string {
	if a.Do != lab.Disarm {
		return s.page.FrameName(s.page.UnderWay(a.Frame))
	}
	for _, t := range s.line.World.Traps() {
		if t.Number == a.Trap {
			return t.Action.TrapWords()
		}
	}
	return ""
}

// try returns what is wrong with an action as such.
func (s *Session) try(a lab.Action) error {
	a.At = 0
	run := lab.Run{Version: lab.Version, Config: s.line.Branch.Tape.Run().Config, Actions: []lab.Action{a}}
	return run.Check()
}

// tellDone tells of an action that was done, by a person or by the run.
func (s *Session) tellDone(d *lab.Done) {
	a, object := &d.Action, s.page.FrameName(&d.Frame)
	if d.Trap.Number != 0 {
		object = d.Trap.Action.TrapWords()
	}
	line := contract.StoryLine{
		At: d.At, Kind: "fault", Weight: "key", Text: a.Words(s.size(), d.Leader, object), Peer: int(a.Server),
	}
	line.Why, line.Section = a.Meaning(s.size(), len(s.line.World.Modified()) > 0)
	mark := contract.FaultMark
	switch a.Do {
	case lab.Put, lab.Delete, lab.CompareAndSwap:
		line.Kind, mark = "client", "write"
	case lab.Get:
		line.Kind, line.Weight, mark = "client", "detail", ""
	case lab.Crash, lab.PowerLoss, lab.Wipe:
		mark = "crash"
	}
	if a.When != "" {
		line.Text, mark = "A trap is set: "+a.TrapWords(), "fault"
	}
	s.page.Line(line)
	if mark != "" {
		server := int(a.Server)
		if server == 0 && (mark == "crash" || mark == "write") {
			server = int(d.Leader)
		}
		s.page.Mark(line.At, mark, server, line.Text)
	}
}
