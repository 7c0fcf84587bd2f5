package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab/goal"
)

// texts are what an expectation compares with text of the story. Every other expectation is a goal.
var texts = []string{"sent", "log", "config", "state", "read", "refused"}

// goalNamed reads the goal of an expectation; nil: the step is no expectation, or is about one of texts.
func goalNamed(words []string) (*goal.Goal, error) {
	if len(words) < 2 || words[0] != "expect" && words[0] != "promise" || slices.Contains(texts, words[1]) {
		return nil, nil
	}
	return goal.Parse(strings.Join(words[1:], " "))
}

// expect says how a state differs from what the step says, nil if it does not.
func (w *world) expect(st *step) error {
	words := st.words[1:]
	switch {
	case st.goal != nil:
		return w.expectGoal(st.goal)
	case slices.Equal(words, []string{"refused"}):
		if w.refused == nil {
			return errors.New("it was not refused")
		}
		return nil
	case len(words) < 3:
		return errors.New("expected more words")
	}
	s, err := w.server(words[1])
	if err != nil {
		return err
	}
	return s.compare(words[0], words[2], strings.Join(words[3:], " "))
}

func (w *world) expectGoal(g *goal.Goal) error {
	switch about := g.About(); {
	case w.watches[g].Holds(w):
		return nil
	case about != 0 && w.servers[about] != nil:
		return errors.New("it is not so: " + w.state(w.servers[about]))
	}
	return errors.New("it is not so")
}

func (s *server) compare(what, operator, want string) error {
	if s.node == nil {
		return fmt.Errorf("S%d does not run", s.id)
	}
	s.node.Status(&s.status)
	is := ""
	switch what {
	case "sent":
		is, s.sent = strconv.Itoa(s.sent), 0
	case "log":
		is = s.entries()
	case "config":
		is = string(s.status.Config.AppendText(nil))
	case "state":
		is = strings.Join(s.state, " ")
	case "read":
		is = s.lastRead
	}
	number, _ := strconv.ParseUint(is, 10, 64)
	bound, err := strconv.ParseUint(want, 10, 64)
	switch {
	case operator == "=" && is == want:
	case what == "sent" && operator != "=" && err != nil:
		return fmt.Errorf("expected a number, got %q", want)
	case what == "sent" && operator == "<" && number < bound:
	case what == "sent" && operator == ">" && number > bound:
	default:
		return fmt.Errorf("it is %s", is)
	}
	return nil
}

// happens tells the story's goals of an event at a server.
func (w *world) happens(id raft.ServerID, e *raft.Event) {
	for _, k := range w.watches {
		k.See(id, e)
	}
}

// A story is a goal.Run. Only time in which messages arrive counts, a millisecond a tick, and its deeds are
// its steps.

// Now returns the time, µs.
func (w *world) Now() int64 { return int64(w.now) * 1000 }

// Servers returns the highest number of a server.
func (w *world) Servers() (last int) {
	for id, s := range w.servers {
		if s != nil {
			last = id
		}
	}
	return last
}

// Status returns a server's state. A server that the story does not have is down.
func (w *world) Status(id raft.ServerID) goal.Server {
	s := w.servers[id]
	if s == nil || s.node == nil {
		return goal.Server{State: "down"}
	}
	s.node.Status(&s.status)
	return goal.Server{State: "running", Role: s.status.Role, Term: s.status.CurrentTerm,
		CommitIndex: s.status.CommitIndex, LastIndex: s.status.LastIndex, LastApplied: s.applied}
}

// Applied tells whether a server that runs has applied the command key=value.
func (w *world) Applied(id raft.ServerID, key, value string) bool {
	s := w.servers[id]
	return s != nil && s.node != nil && slices.Contains(s.state, key+"="+value)
}

// Deeds returns how many steps were played.
func (w *world) Deeds() int { return w.step }

// Broken returns how many properties are broken.
func (w *world) Broken() int { return len(w.violations) }

// Violations returns the first violation of each property.
func (w *world) Violations() []check.Violation { return w.violations }
