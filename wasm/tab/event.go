package tab

import (
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// happened puts an event of this tab's server into words.
func (t *Tab) happened(e raft.Event) {
	line := page.Event(raft.ServerID(t.seat.number), &e)
	t.report(contract.ReportedEvent{
		Kind: line.Kind, Weight: line.Weight, Text: line.Text, Why: line.Why, Section: line.Section, Term: line.Term,
	})
}

// notUnderstood tells of a frame that the server could not read: never a crash, never silence.
func (t *Tab) notUnderstood(bad *server.BadFrame) {
	from := "somebody"
	if bad.From >= wire.FirstClient {
		from = "client " + page.Decimal(bad.From)
	} else if bad.From != 0 {
		from = "S" + page.Decimal(bad.From)
	}
	t.report(contract.ReportedEvent{
		Kind: "badFrame", Weight: "key", Why: page.Clip(bad.Reason.Message, reportedWords),
		Text: "S" + strconv.Itoa(t.seat.number) + " does not understand a frame of " + from + ".",
	})
}

// report adds an event of this tab's server to the story, here now and at the other tabs with the next report. While no
// report can be sent the oldest are left out of it.
func (t *Tab) report(e contract.ReportedEvent) {
	s := &t.seat
	e.At = t.clock.now()
	if len(s.events) == reportedEvents {
		copy(s.events, s.events[1:])
		s.events = s.events[:reportedEvents-1]
		s.first++
	}
	s.events = append(s.events, e)
	s.unsent = true
	t.tell(contract.StoryLine{
		At: e.At, Server: s.number, Kind: e.Kind, Weight: e.Weight, Text: e.Text, Why: e.Why, Section: e.Section,
		Term: e.Term,
	})
}
