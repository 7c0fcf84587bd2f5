package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/lab/goal"
)

// Story is a scenario as it was read.
type Story struct {
	Title string         // number and title
	Rule  *raft.RuleInfo // the rule that is switched off; nil if the story is about a host's fault
	Fault string         // the host's fault; empty if it is about a rule
	Once  string         // why there is nothing to switch off: it is played with every rule only; empty if there is

	without raft.RuleSet // off both times
	voters  int
	spare   []raft.ServerID
	chunk   int // raft.Options.MaxChunk
	room    int // raft.Options.MaxSnapshot
	steps   []step
}

// step is one line of a story.
type step struct {
	line  int
	on    bool // played with the rule
	off   bool // played without it
	words []string
	goal  *goal.Goal // that an "expect" or a "promise" names; nil: it compares something with the story's words
}

// Dashes separate the story from its transcripts.
const Dashes = "----------------------------------------------------------------"

// maxServers bounds the numbers of servers in a story, as the core does.
const maxServers = 9

// Parse reads a story. Errors name the line, what was expected and what came.
func Parse(text string) (*Story, error) {
	text, _, _ = strings.Cut(text, Dashes)
	s := &Story{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "#"); ok || line == "" {
			switch {
			case s.Title == "":
				s.Title = strings.TrimSpace(title)
			case ok && s.voters > 0:
				s.steps = append(s.steps, step{line: i + 1, on: true, off: true, words: strings.Fields(line)})
			}
			continue
		}
		if err := s.read(i+1, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	switch {
	case s.Title == "":
		return nil, fmt.Errorf("expected a title, a line that begins with #")
	case count(s.Rule != nil, s.Fault != "", s.Once != "") != 1:
		return nil, fmt.Errorf("expected a line \"rule NAME\", \"fault TEXT\" or \"once TEXT\", and one of them only")
	case s.voters == 0:
		return nil, fmt.Errorf("expected a line \"servers N\"")
	}
	return s, nil
}

func count(conditions ...bool) (n int) {
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}

// read takes one line: of the header, or a step.
func (s *Story) read(number int, line string) (err error) {
	words := strings.Fields(line)
	switch words[0] {
	case "rule":
		rule, known := raft.RuleNamed(strings.TrimPrefix(line, "rule "))
		if !known {
			return fmt.Errorf("expected the ID of a rule, got %q", line)
		}
		s.Rule = &rule
	case "fault":
		s.Fault = strings.TrimSpace(strings.TrimPrefix(line, "fault"))
	case "once":
		s.Once = strings.TrimSpace(strings.TrimPrefix(line, "once"))
	case "without":
		s.without, err = raft.RulesNamed(words[1:])
	case "servers":
		if len(words) < 2 || len(words) > 3 || len(words) == 3 && words[2] != "plain" {
			return fmt.Errorf("expected \"servers N\" or \"servers N plain\", got %q", line)
		}
		if len(words) == 3 {
			s.without |= raft.Extensions
		}
		server, err := serverNamed(words[1])
		s.voters = int(server)
		return err
	case "chunk":
		s.chunk, err = bytesNamed(words)
	case "room":
		s.room, err = bytesNamed(words)
	case "spare":
		s.spare, err = serversNamed(words[1:])
	default:
		st := step{line: number, on: words[0] != "off:", off: words[0] != "on:", words: words}
		if words[0] == "on:" || words[0] == "off:" {
			st.words = words[1:]
		}
		if len(st.words) == 0 {
			return fmt.Errorf("expected a step after %q", line)
		}
		st.goal, err = goalNamed(st.words)
		s.steps = append(s.steps, st)
	}
	return err
}

func serverNamed(word string) (raft.ServerID, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n < 1 || n > maxServers {
		return 0, fmt.Errorf("expected a server, 1 to %d, got %q", maxServers, word)
	}
	return raft.ServerID(n), nil
}

// bytesNamed reads a header line that gives a number of bytes.
func bytesNamed(words []string) (bytes int, err error) {
	if len(words) == 2 {
		bytes, _ = strconv.Atoi(words[1])
	}
	if bytes < 1 {
		return 0, fmt.Errorf("expected \"%s N\", with 1 byte or more, got %q", words[0], strings.Join(words, " "))
	}
	return bytes, nil
}

func serversNamed(words []string) (servers []raft.ServerID, err error) {
	for _, word := range words {
		server, err := serverNamed(word)
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// Run plays the story, with the rule or without it, and returns the transcript. The error says where the run
// departed from the story.
func (s *Story) Run(off bool) (transcript string, err error) {
	w := newWorld(s, off)
	var ending []string
	for _, st := range s.steps {
		if off && !st.off || !off && !st.on {
			continue
		}
		if st.words[0] == "holds" || st.words[0] == "breaks" {
			ending = append(ending, strings.Join(st.words, " "))
			continue
		}
		if st.words[0][0] == '#' {
			w.printf("\n%s\n", strings.Join(st.words, " "))
			continue
		}
		w.step++
		w.printf("> %s\n", strings.Join(st.words, " "))
		if err := w.play(&st); err != nil {
			return w.text.String(), fmt.Errorf("line %d: %s: %w", st.line, strings.Join(st.words, " "), err)
		}
		w.printStates()
	}
	w.audit()
	came := w.ending()
	if !slices.Equal(ending, came) {
		return w.text.String(), fmt.Errorf("expected %q at the end, got %q", ending, came)
	}
	w.printf("= %s\n", strings.Join(came, "\n= "))
	return w.text.String(), nil
}

// Broken returns the properties that the story says break without the rule, such as "Election Safety", in their order.
func (s *Story) Broken() (names []string) {
	for _, st := range s.steps {
		if st.off && st.words[0] == "breaks" {
			name, _, _ := strings.Cut(strings.Join(st.words[1:], " "), " at ")
			names = append(names, name)
		}
	}
	return names
}
