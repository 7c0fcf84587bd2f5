package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
)

// expect says in what a state differs from what the words say, nil if in nothing.
func (w *world) expect(words []string) error {
	text := strings.Join(words, " ")
	switch {
	case text == "refused":
		if w.refused == nil {
			return fmt.Errorf("it was not refused")
		}
		return nil
	case text == "no leader":
		for _, s := range w.running() {
			if s.node.Role() == raft.Leader {
				return fmt.Errorf("S%d leads", s.id)
			}
		}
		return nil
	case len(words) < 2:
		return fmt.Errorf("expected more words")
	}
	s, err := w.server(words[1])
	if err != nil {
		return err
	}
	if len(words) == 2 {
		return s.expectRole(words[0])
	}
	return s.compare(words[0], words[2], strings.Join(words[3:], " "))
}

func (s *server) expectRole(role string) error {
	is := "stopped"
	if s.node != nil {
		is = roles[s.node.Role()]
	}
	if is != role {
		return fmt.Errorf("S%d is %s", s.id, is)
	}
	return nil
}

func (s *server) compare(what, operator, want string) error {
	if s.node == nil {
		return fmt.Errorf("S%d does not run", s.id)
	}
	s.node.Status(&s.status)
	var number uint64 // of what can be counted
	is := ""
	switch what {
	case "term":
		number = uint64(s.status.CurrentTerm)
	case "commit":
		number = uint64(s.status.CommitIndex)
	case "last":
		number = uint64(s.status.LastIndex)
	case "sent":
		number, s.sent = uint64(s.sent), 0
	case "log":
		is = s.entries()
	case "config":
		is = string(s.status.Config.AppendText(nil))
	case "state":
		is = strings.Join(s.state, " ")
	case "read":
		is = s.lastRead
	default:
		return fmt.Errorf("nothing is known of %q", what)
	}
	if !slices.Contains([]string{"log", "config", "state", "read"}, what) {
		is = strconv.FormatUint(number, 10)
	}
	bound, err := strconv.ParseUint(want, 10, 64)
	switch {
	case operator == "=" && is == want:
	case (operator == "<" || operator == ">") && err != nil:
		return fmt.Errorf("expected a number, got %q", want)
	case operator == "<" && number < bound:
	case operator == ">" && number > bound:
	default:
		return fmt.Errorf("it is %s", is)
	}
	return nil
}
