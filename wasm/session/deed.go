package session

import (
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
	s.perform(w.ID, a)
}

// setTimers sets the election timers apart from each other, or all alike.
func (s *Session) setTimers(w *contract.SetTimers) {
	deed := map[contract.TimersAct]lab.Deed{contract.Spread: lab.Spread, contract.Align: lab.Align}[w.Act]
	if deed == "" {
		s.refuse(w.ID, "act: expected spread or align, got "+page.Clip(string(w.Act), 40))
		return
	}
	s.perform(w.ID, lab.Action{Do: deed})
}

// perform does something and answers.
func (s *Session) perform(id int, a lab.Action) {
	did, err := s.do(a)
	switch {
	case err != nil:
		s.refuse(id, wording(err))
	case !did && a.Do == lab.EditFrame && s.underWay(a.Frame) != nil:
		s.refuse(id, "The network carries only what it can tell for a frame: text that begins with an address, as in 1>2:, or JSON with from.")
	case !did:
		s.refuse(id, notDone(&a))
	default:
		s.answer(id, map[string]int64{"at": s.world.Now(), "branch": int64(s.branch.id)})
	}
}

// do does something at the first clear moment from the playhead on, in a branch of its own if the branch that is looked at goes on from here in another way. What
// would change nothing, as a copy of the world finds out, is not done, and is no part of the run.
func (s *Session) do(a lab.Action) (did bool, err error) {
	if err := s.try(a); err != nil {
		return false, err
	}
	s.clear()
	w := s.world
	trial := w.Clone()
	if err := trial.Do(a); err != nil || a.When == "" && trial.Faults.Deeds[a.Do] == w.Faults.Deeds[a.Do] {
		return false, err
	}
	forks := !s.live || w.Ahead()
	if forks {
		s.fork(deedText(&a, s.size(), int(s.leader()), s.object(&a)))
	}
	if err := w.Do(a); err != nil {
		return false, err
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
	return true, nil
}

// object says what an action is done to, if that is a frame or a trap; empty if it is neither, or is not there.
func (s *Session) object(a *lab.Action) string {
	if a.Do != lab.Disarm {
		return s.frameName(s.underWay(a.Frame))
	}
	for _, t := range s.world.Traps() {
		if t.Number == a.Trap {
			return trapText(&t.Action)
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
		object = trapText(&d.Trap.Action)
	}
	line := contract.StoryLine{
		At: d.At, Kind: "fault", Weight: "key", Text: deedText(a, s.size(), int(d.Leader), object),
		Peer: int(a.Server),
	}
	line.Why, line.Section = s.meaning(a)
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
		line.Text, line.Why, line.Section, mark = "A trap is set: "+trapText(a), "It waits for its moment.", "", "fault"
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

// notDone says why an action changed nothing.
func notDone(a *lab.Action) string {
	who := "That server"
	if a.Server != 0 {
		who = "S" + page.Decimal(a.Server)
	} else if leads[a.Do] {
		return "Nobody leads now."
	}
	switch a.Do {
	case lab.Restart:
		return who + " runs already, or its disk cannot be read."
	case lab.Pause:
		return who + " is paused already, or down."
	case lab.Resume:
		return who + " is not paused."
	case lab.Reconfigure:
		return who + " refuses: it does not lead, another change is under way, or a voter is not caught up."
	case lab.Transfer:
		return who + " refuses: it does not lead, or nobody can take over."
	case lab.Compact:
		return who + " has nothing to compact."
	case lab.HoldFrame, lab.ReleaseFrame, lab.DropFrame, lab.DeliverFrame, lab.DuplicateFrame, lab.EditFrame:
		return "That message is not under way any more."
	case lab.Disarm:
		return "That trap is not set any more."
	case lab.Spread, lab.Align:
		return "No server waits for a leader."
	}
	return who + " is down or paused: nothing was done."
}

// leads lists what is done to whoever leads if no server is named.
var leads = map[lab.Deed]bool{
	lab.Crash: true, lab.PowerLoss: true, lab.Wipe: true, lab.Pause: true, lab.Campaign: true, lab.Transfer: true, lab.Compact: true, lab.Reconfigure: true,
	lab.Put: true, lab.Get: true, lab.Delete: true, lab.CompareAndSwap: true, lab.Clock: true, lab.SlowDisk: true, lab.Cut: true, lab.Hold: true, lab.Partition: true,
}
