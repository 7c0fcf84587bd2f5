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
		s.page.Refuse(w.ID, err.Error())
		return
	}
	s.perform(w.ID, a)
}

// setTimers sets the election timers apart from each other, or all alike.
func (s *Session) setTimers(w *contract.SetTimers) {
	deed := map[contract.TimersAct]lab.Deed{contract.Spread: lab.Spread, contract.Align: lab.Align}[w.Act]
	if deed == "" {
		s.page.Refuse(w.ID, "act: expected spread or align, got "+page.Clip(string(w.Act), 40))
		return
	}
	s.perform(w.ID, lab.Action{Do: deed})
}

// perform does something and answers.
func (s *Session) perform(id int, a lab.Action) {
	did, err := s.do(a)
	switch {
	case err != nil:
		s.page.Refuse(id, wording(err))
	case !did && a.Do == lab.EditFrame && s.page.UnderWay(a.Frame) != nil:
		s.page.Refuse(id, "The network carries only what it can tell for a frame: text that begins with an address, as in 1>2:, or JSON with from.")
	case !did:
		s.page.Refuse(id, notDone(&a))
	default:
		s.page.Grant(id, map[string]int64{"at": s.line.World.Now(), "branch": int64(s.line.Branch.ID)})
	}
}

// do does something at the first clear moment from the playhead on, in a branch of its own if the branch that is looked at goes on from here in another way. What
// would change nothing, as a copy of the world finds out, is not done, and is no part of the run.
func (s *Session) do(a lab.Action) (did bool, err error) {
	if err := s.try(a); err != nil {
		return false, err
	}
	if s.line.Clear() {
		s.setRate(0)
	}
	w := s.line.World
	trial := w.Clone()
	if err := trial.Do(a); err != nil || a.When == "" && trial.Faults.Deeds[a.Do] == w.Faults.Deeds[a.Do] {
		return false, err
	}
	text := func() string { return deedText(&a, s.size(), int(s.leader()), s.object(&a)) }
	forked, err := s.line.Act(text, func() error { return w.Do(a) })
	if forked {
		s.lookAround()
		s.page.Void()
	}
	if err != nil {
		return false, err
	}
	violated := s.record()
	s.page.Sightings(s.hidden || s.line.Travels())
	if violated {
		s.setRate(0)
	}
	s.page.Changed = true
	return true, nil
}

// object says what an action is done to, if that is a frame or a trap; empty if it is neither, or is not there.
func (s *Session) object(a *lab.Action) string {
	if a.Do != lab.Disarm {
		return s.page.FrameName(s.page.UnderWay(a.Frame))
	}
	for _, t := range s.line.World.Traps() {
		if t.Number == a.Trap {
			return trapText(&t.Action)
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

// tellDone tells of an action that was done, by a person or because the run says so.
func (s *Session) tellDone(d *lab.Done) {
	a, object := &d.Action, s.page.FrameName(&d.Frame)
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
	s.page.Line(line)
	if mark != "" {
		server := int(a.Server)
		if server == 0 && (mark == "crash" || mark == "write") {
			server = int(d.Leader)
		}
		s.page.Mark(line.At, mark, server, line.Text)
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
