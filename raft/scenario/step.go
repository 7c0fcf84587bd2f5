package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
)

// play does one step.
func (w *world) play(words []string) error {
	verb, rest := words[0], words[1:]
	switch verb {
	case "expect":
		return w.expect(rest)
	case "promise":
		if err := w.expect(rest); err != nil {
			w.violated("Liveness", nil, 0, strings.Join(rest, " ")+": "+err.Error())
		}
		return nil
	case "host":
		return w.hostFault(rest)
	case "tick", "run", "serve":
		return w.playTime(verb, rest)
	case "deliver", "drop", "duplicate", "hold", "release":
		return w.playMessages(verb, rest)
	case "heartbeat":
		return w.heartbeat(rest)
	case "misplace":
		return w.misplace(rest)
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
	default:
		return fmt.Errorf("expected answersByIndex, keepsState or noSessions")
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

// playRequest is what a client or an operator asks of a server.
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
		s.input(func(n *raft.Node) { w.refused = n.Compact(s.applied, []byte(strings.Join(s.state, " "))) })
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
	if verb == "serve" {
		return w.serve(ticks)
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

// selection is which messages a step is about.
type selection struct {
	ways    []way
	among   []raft.ServerID
	kind    string
	only    string // first, last
	nothing bool   // no way and no server was named
}

func parseSelection(words []string) (sel selection, err error) {
	for _, word := range words {
		from, to, isWay := strings.Cut(word, ">")
		switch {
		case word == "first" || word == "last":
			sel.only = word
		case isWay:
			ends, err := serversNamed([]string{from, to})
			if err != nil {
				return sel, err
			}
			sel.ways = append(sel.ways, way{ends[0], ends[1]})
		case word[0] >= 'A' && word[0] <= 'Z':
			sel.kind = word
		default:
			server, err := serverNamed(word)
			if err != nil {
				return sel, err
			}
			sel.among = append(sel.among, server)
		}
	}
	sel.nothing = len(sel.ways) == 0 && len(sel.among) == 0
	return sel, nil
}

func (sel *selection) has(m *message) bool {
	if sel.kind != "" && sel.kind != kind(m.rpc) {
		return false
	}
	return sel.nothing || slices.Contains(sel.ways, m.way) || slices.Contains(sel.among, m.from) && slices.Contains(sel.among, m.to)
}

// pick returns the messages that are meant, on one way if it is not the zero way.
func (w *world) pick(sel selection, on way, held bool) (picked []*message, err error) {
	for _, m := range w.flying {
		if m.held == held && sel.has(m) && (on.from == 0 || m.way == on) {
			picked = append(picked, m)
		}
	}
	switch {
	case len(picked) == 0 && on.from != 0:
		return nil, fmt.Errorf("no such message is under way from S%d to S%d", on.from, on.to)
	case len(picked) > 0 && sel.only == "first":
		picked = picked[:1]
	case len(picked) > 0 && sel.only == "last":
		picked = picked[len(picked)-1:]
	}
	return picked, nil
}

func (w *world) playMessages(verb string, words []string) error {
	sel, err := parseSelection(words)
	if err != nil {
		return err
	}
	if verb == "deliver" && len(sel.ways) == 0 && sel.only == "" {
		return w.settle(sel.has)
	}
	ways := sel.ways
	if len(ways) == 0 {
		ways = []way{{}}
	}
	for _, way := range ways {
		picked, err := w.pick(sel, way, verb == "release")
		if err != nil {
			return err
		}
		w.treat(verb, picked)
	}
	return nil
}

// treat does to each message what the verb says.
func (w *world) treat(verb string, picked []*message) {
	for _, m := range picked {
		switch verb {
		case "deliver":
			w.arrive(m)
		case "drop":
			w.remove(m)
			w.printMessage("lost", m)
		case "duplicate":
			w.flying = append(w.flying, &message{way: m.way, rpc: kept(m.rpc)})
			w.printMessage("twice", m)
		case "hold":
			m.held = true
			w.printMessage("held", m)
		case "release":
			m.held = false
			w.printMessage("released", m)
		}
	}
}

// heartbeat sends what a leader that knows little of a follower may send by Figure 2: an empty AppendEntries behind an earlier entry.
func (w *world) heartbeat(words []string) error {
	sel, err := parseSelection(words[:min(1, len(words))])
	if err != nil || len(words) != 2 || len(sel.ways) != 1 {
		return fmt.Errorf("expected a way and an index")
	}
	on := sel.ways[0]
	prev, err := strconv.ParseUint(words[1], 10, 64)
	s := w.servers[on.from]
	if err != nil || s == nil || s.node == nil || s.node.Role() != raft.Leader {
		return fmt.Errorf("expected a leader and an index")
	}
	e, _ := s.node.Entry(raft.Index(prev))
	s.node.Status(&s.status)
	w.sent(on.from, on.to, &raft.AppendEntries{Term: s.status.CurrentTerm, LeaderID: s.id,
		PrevLogIndex: raft.Index(prev), PrevLogTerm: e.Term, LeaderCommit: s.status.CommitIndex})
	return nil
}

// misplace breaks the messages with entries on a way: the entries are said to stand elsewhere.
func (w *world) misplace(words []string) error {
	sel, err := parseSelection(words[:min(1, len(words))])
	if err != nil || len(words) != 2 || len(sel.ways) != 1 {
		return fmt.Errorf("expected a way and a place, such as 3@2")
	}
	index, term, _ := strings.Cut(words[1], "@")
	i, err := strconv.ParseUint(index, 10, 64)
	t, err2 := strconv.ParseUint(term, 10, 64)
	if err != nil || err2 != nil {
		return fmt.Errorf("expected a place, such as 3@2, got %q", words[1])
	}
	picked, err := w.pick(sel, sel.ways[0], false)
	for _, m := range picked {
		if a, ok := m.rpc.(*raft.AppendEntries); ok && len(a.Entries) > 0 {
			a.PrevLogIndex, a.PrevLogTerm = raft.Index(i), raft.Term(t)
		}
	}
	return err
}

func (w *world) playCut(verb string, words []string) error {
	switch verb {
	case "heal":
		clear(w.cuts)
		return nil
	case "cut":
		if from, to, oneWay := strings.Cut(strings.Join(words, " "), ">"); oneWay {
			ends, err := serversNamed([]string{from, to})
			if err != nil {
				return err
			}
			w.cuts[way{ends[0], ends[1]}] = true
			return nil
		}
	case "split":
		clear(w.cuts)
	case "isolate":
		var others []string
		for _, s := range w.servers {
			if s != nil && !slices.Contains(words, strconv.Itoa(int(s.id))) {
				others = append(others, strconv.Itoa(int(s.id)))
			}
		}
		words = append(slices.Clone(words), strings.Join(others, ","))
	}
	var groups [][]raft.ServerID
	for _, word := range words {
		group, err := serversNamed(strings.Split(word, ","))
		if err != nil {
			return err
		}
		groups = append(groups, group)
	}
	for i := range groups {
		for k := range groups {
			w.cutGroups(groups[i], groups[k], i != k)
		}
	}
	return nil
}

func (w *world) cutGroups(from, to []raft.ServerID, different bool) {
	for _, f := range from {
		for _, t := range to {
			if different {
				w.cuts[way{f, t}] = true
			}
		}
	}
}

// playMachine is what happens to a server's computer.
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
