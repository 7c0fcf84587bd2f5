package session

import "raftplayground/wasm/contract"

// lookAtFrame answers with all about a frame under way.
func (s *Session) lookAtFrame(w *contract.LookAtFrame) {
	details, there := s.page.FrameDetails(w.Seq)
	if !there {
		s.page.Refuse(w.ID, "That message is not under way any more.")
		return
	}
	s.page.Grant(w.ID, details)
}
