package told

import (
	"slices"

	"raftplayground/raft/check"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
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

// through returns a copy up to a moment.
func (s *story) through(at int64) story {
	return story{asFarAs(s.lines, func(l contract.StoryLine) bool { return l.At <= at })}
}

func eventLine(h *lab.Happening) contract.StoryLine {
	line := report.Event(h.Server, &h.Event)
	line.At = h.At
	return line
}

func badFrameLine(f *lab.BadFrame) contract.StoryLine {
	line := report.BadFrame(f.Server, f.From, &f.Reason)
	line.At = f.At
	return line
}

func violationLine(v *check.Violation) contract.StoryLine {
	line := contract.StoryLine{
		At: v.At, Kind: "violation", Weight: "key",
		Text: v.Property.String() + " is broken: " + report.Named(v.Detail) + ".", Why: promiseOf(v.Property),
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
