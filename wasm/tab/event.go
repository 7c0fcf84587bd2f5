package tab

import (
	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// happened tells of an event of this tab's server.
func (t *Tab) happened(e raft.Event) { t.report(report.Event(raft.ServerID(t.seat.number), &e)) }

// notUnderstood tells of a frame that the server could not read: never a crash, never silence.
func (t *Tab) notUnderstood(bad *server.BadFrame) {
	t.report(report.BadFrame(raft.ServerID(t.seat.number), bad.From, &bad.Reason))
}

// report adds an event of this tab's server to the story, here now and at the other tabs with the next report.
// While no report can be sent the oldest events are dropped from it.
func (t *Tab) report(line contract.StoryLine) {
	s := &t.seat
	if len(s.events) == reportedEvents {
		copy(s.events, s.events[1:])
		s.events = s.events[:reportedEvents-1]
		s.first++
	}
	e := contract.ReportedEvent{
		At: t.clock.now(), Kind: line.Kind, Weight: line.Weight, Text: line.Text,
		Why: line.Why, Section: line.Section, Term: line.Term,
	}
	s.events = append(s.events, e)
	s.unsent = true
	t.tellEvent(s.number, &e)
}

// tellEvent adds a reported event of a server to the story.
func (t *Tab) tellEvent(server int, e *contract.ReportedEvent) {
	t.batches.Line(contract.StoryLine{
		At: e.At, Server: server, Kind: e.Kind, Weight: e.Weight, Text: e.Text,
		Why: e.Why, Section: e.Section, Term: e.Term,
	})
}
