package session

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// mostLines is how many lines of story a branch keeps.
const mostLines = 1000

// story is what happened in a branch, in words, in the order in which it happened.
type story struct{ lines []contract.StoryLine }

// add appends a line. Of a story that is too long details go first, the oldest ones, then the oldest lines.
func (s *story) add(line contract.StoryLine) {
	s.lines = append(s.lines, line)
	if len(s.lines) <= mostLines+mostLines/4 {
		return
	}
	surplus := len(s.lines) - mostLines
	s.lines = slices.DeleteFunc(s.lines, func(l contract.StoryLine) bool {
		drop := surplus > 0 && l.Weight == "detail"
		if drop {
			surplus--
		}
		return drop
	})
	s.lines = slices.Delete(s.lines, 0, surplus)
}

// through returns a copy as far as a moment.
func (s *story) through(at int64) story {
	c := story{}
	for _, l := range s.lines {
		if l.At <= at {
			c.lines = append(c.lines, l)
		}
	}
	return c
}

// tell adds a line to the story of the branch that is looked at.
func (s *Session) tell(line contract.StoryLine) {
	s.lastLine++
	line.ID = s.lastLine
	s.branch.story.add(line)
	s.outbox.Line(line)
}

func (s *Session) tellEvent(h *lab.Happening) {
	line := eventLine(h)
	s.tell(line)
	e, history := &h.Event, &s.branch.history
	switch {
	case e.Kind == raft.BecameLeader:
		s.change(history.mark(line.At, "election", line.Server, line.Text))
	case e.Kind == raft.CommitAdvanced && contract.U64(e.New) > history.commit:
		history.commit = contract.U64(e.New)
		s.change(history.mark(line.At, "commit", line.Server, line.Text))
	}
}

func eventLine(h *lab.Happening) contract.StoryLine {
	line := page.Event(h.Server, &h.Event)
	line.At = h.At
	return line
}

func badFrameLine(f *lab.BadFrame) contract.StoryLine {
	from := "somebody"
	if f.From >= wire.FirstClient {
		from = "client " + page.Decimal(f.From)
	} else if f.From != 0 {
		from = "S" + page.Decimal(f.From)
	}
	return contract.StoryLine{At: f.At, Server: int(f.Server), Kind: "badFrame", Weight: "key", Why: page.Clip(
		f.Reason.Message, 400,
	), Peer: int(min(f.From, wire.FirstClient)),
		Text: "S" + page.Decimal(f.Server) + " does not understand a frame of " + from + "."}
}

func violationLine(v *check.Violation) contract.StoryLine {
	line := contract.StoryLine{
		At: v.At, Kind: "violation", Weight: "key",
		Text: v.Property.String() + " is broken: " + page.Named(v.Detail) + ".", Why: promiseOf(v.Property),
		Section: "Figure 3",
	}
	if v.Property == check.Linearizability {
		line.Section = "§8"
	}
	if n := len(v.Servers); n > 0 {
		line.Server = int(v.Servers[n-1])
	}
	if v.Index > 0 {
		i := contract.U64(v.Index)
		line.Index = &i
	}
	return line
}

// tellViolations tells of the properties that are broken and were not told of yet, and returns whether there are any.
func (s *Session) tellViolations() (any bool) {
	b := s.branch
	if s.world.Broken() == len(b.broken) {
		return false
	}
	for _, v := range s.world.Violations() {
		line := violationLine(&v)
		if slices.Contains(b.broken, line.Text) {
			continue
		}
		b.broken = append(b.broken, line.Text)
		s.tell(line)
		s.change(b.history.mark(line.At, "violation", line.Server, line.Text))
		any = true
	}
	return any
}
