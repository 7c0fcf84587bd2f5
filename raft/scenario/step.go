package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// play does one step.
func (w *world) play(st *step) error {
	verb, rest := st.words[0], st.words[1:]
	switch verb {
	case "expect":
		return w.expect(st)
	case "promise":
		if err := w.expect(st); err != nil {
			w.violated(check.Liveness, nil, 0, strings.Join(rest, " ")+": "+err.Error())
		}
		return nil
	case "host":
		return w.hostFault(rest)
	case "tick", "run", "serve", "far":
		return w.playTime(verb, rest)
	case "flood":
		return w.flood(rest)
	case "deliver", "drop", "duplicate", "hold", "release":
		return w.playMessages(verb, rest)
	case "heartbeat":
		return w.heartbeat(rest)
	case "forge":
		return w.forge(rest)
	case "misplace":
		return w.misplace(rest)
	case "renumber":
		return w.renumber(rest)
	case "cut", "isolate", "split", "heal":
		return w.playCut(verb, rest)
	case "slow", "fast", "save", "crash", "powerloss", "restart", "wipe", "disk":
		return w.playMachine(verb, rest)
	}
	return w.playRequest(verb, rest)
}

func (w *world) hostFault(words []string) error {
	switch strings.Join(words, " ") {
	case "answersByIndex":
		w.answersByIndex = true
	case "keepsState":
		w.keepsState = true
	case "noSessions":
		w.noSessions = true
	case "entriesFirst":
		w.entriesFirst = true
	default:
		return fmt.Errorf("expected answersByIndex, keepsState, noSessions or entriesFirst")
	}
	return nil
}

// server returns the server that a word names.
func (w *world) server(word string) (*server, error) {
	id, err := serverNamed(word)
	if err != nil {
		return nil, err
	}
	if w.servers[id] == nil {
		return nil, fmt.Errorf("there is no S%d in this story", id)
	}
	return w.servers[id], nil
}

// runningServer returns the first word's server, which must run, and the other words.
func (w *world) runningServer(words []string) (*server, []string, error) {
	if len(words) == 0 {
		return nil, nil, fmt.Errorf("expected a server")
	}
	s, err := w.server(words[0])
	if err == nil && s.node == nil {
		err = fmt.Errorf("S%d does not run", s.id)
	}
	return s, words[1:], err
}

// playRequest plays what a client or an operator asks of a server.
func (w *world) playRequest(verb string, rest []string) error {
	s, rest, err := w.runningServer(rest)
	if err != nil {
		return err
	}
	w.refused = nil
	switch verb {
	case "campaign":
		s.input((*raft.Node).Campaign)
	case "propose":
		w.propose(s, rest)
	case "read", "leaseread":
		w.read(s, verb == "leaseread")
	case "transfer":
		to, err := serversNamed(rest)
		if err != nil || len(to) != 1 {
			return fmt.Errorf("expected two servers")
		}
		s.input(func(n *raft.Node) { w.refused = n.Transfer(to[0]) })
	case "reconfigure":
		c, err := raft.ParseConfiguration(strings.Join(rest, ""))
		if err != nil {
			return err
		}
		s.input(func(n *raft.Node) { w.refused = n.Reconfigure(c) })
	case "compact":
		between := " "
		if slices.Equal(rest, []string{"wide"}) {
			between = "  "
		}
		s.input(func(n *raft.Node) { w.refused = n.Compact(s.applied, []byte(strings.Join(s.state, between))) })
	default:
		return fmt.Errorf("there is no step %q", verb)
	}
	if w.refused != nil {
		w.printf("    refused: %v\n", w.refused)
	}
	return nil
}

func (w *world) propose(s *server, commands []string) {
	var data [][]byte
	for _, c := range commands {
		data = append(data, []byte(c))
	}
	s.input(func(n *raft.Node) {
		first, term, err := n.Propose(data...)
		if w.refused = err; err != nil {
			return
		}
		for i := range data {
			s.asked = append(s.asked, proposal{first + raft.Index(i), term})
		}
	})
}

func (w *world) read(s *server, lease bool) {
	kind := raft.ReadIndex
	if lease {
		kind = raft.LeaseRead
	}
	w.tags++
	s.lastRead = "waiting"
	s.reads = append(s.reads, read{tag: w.tags, acked: w.acked})
	s.input(func(n *raft.Node) { w.refused = n.Read(w.tags, kind) })
	if w.refused != nil {
		s.reads, s.lastRead = s.reads[:len(s.reads)-1], "refused"
	}
}

func (w *world) playTime(verb string, rest []string) (err error) {
	if len(rest) == 0 {
		return fmt.Errorf("expected a number of ticks")
	}
	who := w.running()
	if verb == "tick" && len(rest) == 2 {
		s, _, err := w.runningServer(rest)
		if err != nil {
			return err
		}
		who, rest = []*server{s}, rest[1:]
	}
	ticks, err := strconv.Atoi(rest[0])
	if err != nil || len(rest) > 1 {
		return fmt.Errorf("expected a number of ticks, got %q", rest)
	}
	switch verb {
	case "serve":
		return w.serve(ticks)
	case "far":
		w.far = ticks
		return nil
	}
	w.quiet = verb == "run"
	defer func() { w.quiet = false }()
	for range ticks {
		if verb == "run" {
			if err := w.pass(); err != nil {
				return err
			}
			continue
		}
		for _, s := range who {
			s.input((*raft.Node).Tick)
		}
	}
	return nil
}

// flood lets time pass while a client reads at a server in each tick.
func (w *world) flood(rest []string) error {
	s, rest, err := w.runningServer(rest)
	if err != nil {
		return err
	}
	ticks, err := strconv.Atoi(strings.Join(rest, " "))
	if err != nil {
		return fmt.Errorf("expected a server and a number of ticks, got %q", rest)
	}
	w.quiet = true
	defer func() { w.quiet = false }()
	for range ticks {
		w.read(s, false)
		if err := w.pass(); err != nil {
			return err
		}
	}
	return nil
}
