package scenario

import (
	"fmt"
	"strconv"

	"raftplayground/raft"
)

// playMachine plays a step that happens to a server's computer.
func (w *world) playMachine(verb string, words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("expected a server")
	}
	s, err := w.server(words[0])
	if err != nil {
		return err
	}
	if starts := verb == "restart" || verb == "wipe"; starts == (s.node != nil) && verb != "disk" {
		return fmt.Errorf("S%d runs: %v", s.id, s.node != nil)
	}
	switch verb {
	case "slow":
		s.slow = true
	case "fast":
		s.slow = false
		return w.saveAll(s)
	case "save":
		if len(s.writing) == 0 {
			return fmt.Errorf("S%d writes nothing", s.id)
		}
		if len(words) == 2 && words[1] == "all" {
			return w.saveAll(s)
		}
		s.save()
		s.pump()
	case "crash", "powerloss":
		s.stop(verb == "powerloss")
	case "restart":
		return s.start()
	case "wipe":
		s.disk, s.state = raft.Durable{}, nil
	case "disk":
		return w.setDisk(s, words[1:])
	}
	return nil
}

func (w *world) saveAll(s *server) error {
	for len(s.writing) > 0 {
		s.save()
		s.pump()
	}
	return nil
}

// setDisk starts the server anew with this current term, and entries of these terms: commands a, b, c, …
func (w *world) setDisk(s *server, terms []string) error {
	var d raft.Durable
	for i, word := range terms {
		term, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return fmt.Errorf("expected a term, got %q", word)
		}
		if i == 0 {
			d.CurrentTerm = raft.Term(term)
		} else {
			d.Log = append(d.Log, raft.Entry{Term: raft.Term(term), Data: []byte{'a' + byte(i-1)}})
		}
	}
	s.stop(true)
	s.disk = d
	return s.start()
}
