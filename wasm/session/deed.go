package session

import (
	"strconv"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// act does what a person asks, at the playhead.
func (s *Session) act(w *contract.Act) {
	a, err := readAction(w.Action)
	if err != nil {
		s.refuse(w.ID, err.Error())
		return
	}
	if size := len(a.Text); a.Do == lab.EditFrame && (size == 0 || size > lab.MaxText) {
		s.refuse(w.ID, "A message has 1 to "+page.Plural(lab.MaxText, "byte")+", not "+strconv.Itoa(size)+".")
		return
	}
	back, why, err := s.do(a)
	switch {
	case err != nil:
		s.refuse(w.ID, wording(err))
	case why != "":
		s.refuse(w.ID, why)
	default:
		s.answer(w.ID, contract.Acted{At: s.world.Now(), Branch: s.branch.id, Undo: encoded(back)})
	}
}

// offer answers with all that can be done to a server now.
func (s *Session) offer(w *contract.AskForDeeds) {
	if w.Server < 1 || w.Server > s.size() {
		s.refuse(w.ID, "There is no server S"+strconv.Itoa(w.Server)+".")
		return
	}
	s.answer(w.ID, s.world.Offers(raft.ServerID(w.Server)))
}

// encoded is a list of actions, or of offers, as the contract has it.
func encoded(list any) jsoniter.RawMessage {
	text, err := contract.Codec.Marshal(list)
	if err != nil {
		panic("session: " + err.Error()) // a number that JSON does not have
	}
	return text
}

// do does something at the first clear moment from the playhead on, in a branch of its own if the branch that is looked
// at goes on from here in another way, and returns what takes it back; or why it would change nothing, in a sentence.
// Then it is not done, and is no part of the run.
func (s *Session) do(a lab.Action) (back []lab.Action, why string, err error) {
	if err := s.try(a); err != nil {
		return nil, "", err
	}
	s.clear()
	w := s.world
	if why := w.Can(&a); why != "" {
		return nil, why, nil
	}
	back = append([]lab.Action{}, w.Undo(&a)...) // not null, which is no list
	forks := !s.live || w.Ahead()
	if forks {
		s.fork(a.Words(s.size(), s.leaderFor(&request{}), s.object(&a)))
	}
	if why, err := w.Do(a); why != "" || err != nil {
		return nil, why, err
	}
	b := s.branch
	b.end = w.Now()
	if forks {
		b.tape = b.tape.Branch(w)
		s.outbox.run = true
	} else {
		b.tape.Keep(w)
	}
	violated := s.record()
	s.takeSightings()
	if violated {
		s.setRate(0)
	}
	s.outbox.Changed = true
	return back, "", nil
}

// object says what an action is done to, if that is a frame or a trap; empty if it is neither, or is not there.
func (s *Session) object(a *lab.Action) string {
	if a.Do != lab.Disarm {
		return s.frameName(s.underWay(a.Frame))
	}
	for _, t := range s.world.Traps() {
		if t.Number == a.Trap {
			return t.Action.TrapWords()
		}
	}
	return ""
}

// try returns what is wrong with an action as such.
func (s *Session) try(a lab.Action) error {
	a.At = 0
	run := lab.Run{Version: lab.Version, Config: s.branch.tape.Run().Config, Actions: []lab.Action{a}}
	return run.Check()
}

// tellDone tells of an action that was done, by a person or because the run says so.
func (s *Session) tellDone(d *lab.Done) {
	a, object := &d.Action, s.frameName(&d.Frame)
	if d.Trap.Number != 0 {
		object = d.Trap.Action.TrapWords()
	}
	line := contract.StoryLine{
		At: d.At, Kind: "fault", Weight: "key", Text: a.Words(s.size(), d.Leader, object), Peer: int(a.Server),
	}
	line.Why, line.Section = a.Meaning(s.size(), len(s.world.Modified()) > 0)
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
	s.tell(line)
	if mark != "" {
		server := int(a.Server)
		if server == 0 && (mark == "crash" || mark == "write") {
			server = int(d.Leader)
		}
		s.change(s.branch.history.mark(line.At, mark, server, line.Text))
	}
}
