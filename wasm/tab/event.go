package tab

import (
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/server"
)

// happened puts an event of this tab's server into words: for this page's story now, for the other tabs with the next report.
func (t *Tab) happened(e raft.Event) {
	_ = e
}

// notUnderstood tells of a frame that the server could not read: never a crash, never silence.
func (t *Tab) notUnderstood(bad *server.BadFrame) {
	from := "somebody"
	if bad.From != 0 {
		from = address(bad.From)
	}
	t.report(reportedEvent{
		Kind: "fault", Weight: "key", Text: "S" + strconv.Itoa(t.seat.number) + " got a frame of " + from + " that it does not understand.",
		Why: clip(bad.Reason.Message, reportedWords),
	})
}

// report adds an event to this tab's story and to the next report. If nobody hears it the oldest are left out.
func (t *Tab) report(e reportedEvent) {
	s := &t.seat
	e.At = t.clock.now
	if len(s.events) == reportedEvents {
		copy(s.events, s.events[1:])
		s.events = s.events[:reportedEvents-1]
		s.first++
	}
	s.events = append(s.events, e)
	s.unsent = true
	t.tell(StoryLine{At: e.At, Server: s.number, Kind: e.Kind, Weight: e.Weight, Text: e.Text, Why: e.Why, Section: e.Section, Term: e.Term})
}

// address names a server or a client.
func address(a uint64) string {
	if a < 1001 {
		return "S" + decimal(a)
	}
	return "client " + decimal(a)
}
