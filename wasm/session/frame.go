package session

import (
	"strconv"

	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// lookAtFrame answers with all about a frame under way.
func (s *Session) lookAtFrame(w *contract.LookAtFrame) {
	details, there := s.page.FrameDetails(w.Seq)
	if !there {
		s.page.Refuse(w.ID, "That message is not under way any more.")
		return
	}
	s.page.Grant(w.ID, details)
}

// actOnFrame does something with a frame under way.
func (s *Session) actOnFrame(w *contract.ActOnFrame) {
	deed := map[contract.FrameAct]lab.Deed{
		contract.DropFrame: lab.DropFrame, contract.HoldFrame: lab.HoldFrame, contract.ReleaseFrame: lab.ReleaseFrame,
		contract.DeliverFrame: lab.DeliverFrame, contract.DuplicateFrame: lab.DuplicateFrame,
		contract.EditFrame: lab.EditFrame,
	}[w.Act]
	if deed == "" {
		s.page.Refuse(
			w.ID, "act: expected drop, hold, release, deliver, duplicate or edit, got "+page.Clip(string(w.Act), 40),
		)
		return
	}
	if w.Seq == 0 {
		s.page.Refuse(w.ID, "That message waits in a paused server and arrives when it goes on.")
		return
	}
	a := lab.Action{Do: deed, Frame: w.Seq}
	if deed == lab.EditFrame {
		if size := len(w.Text); size == 0 || size > lab.MaxText {
			s.page.Refuse(w.ID, "A message has 1 to "+page.Plural(lab.MaxText, "byte")+", not "+strconv.Itoa(size)+".")
			return
		}
		a.Text = w.Text
	}
	s.perform(w.ID, a)
}
