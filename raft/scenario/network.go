package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
)

// selection says which messages a step is about.
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
	return sel.nothing || slices.Contains(sel.ways, m.way) || slices.Contains(sel.among, m.from) &&
		slices.Contains(sel.among, m.to)
}

// pick returns the selected messages; if on is not the zero way, only those on it.
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
			w.flying = append(w.flying, &message{way: m.way, rpc: raft.CopyRPC(m.rpc)})
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

// heartbeat sends what a leader that knows little of a follower may send by Figure 2: an empty AppendEntries behind
// an earlier entry.
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
	index, term, err := placeNamed(words[1])
	if err != nil {
		return err
	}
	picked, err := w.pick(sel, sel.ways[0], false)
	for _, m := range picked {
		if a, ok := m.rpc.(*raft.AppendEntries); ok && len(a.Entries) > 0 {
			a.PrevLogIndex, a.PrevLogTerm = index, term
		}
	}
	return err
}

// placeNamed reads a place in a log, such as 3@2.
func placeNamed(word string) (raft.Index, raft.Term, error) {
	index, term, _ := strings.Cut(word, "@")
	i, err := strconv.ParseUint(index, 10, 64)
	t, err2 := strconv.ParseUint(term, 10, 64)
	if err != nil || err2 != nil {
		return 0, 0, fmt.Errorf("expected a place, such as 3@2, got %q", word)
	}
	return raft.Index(i), raft.Term(t), nil
}

// forge sends a snapshot that need not exist at any server.
func (w *world) forge(words []string) error {
	sel, err := parseSelection(words[:min(1, len(words))])
	if err != nil || len(words) < 2 || len(words) > 3 || len(sel.ways) != 1 {
		return fmt.Errorf("expected a way, a place, and a configuration or none")
	}
	on := sel.ways[0]
	from := w.servers[on.from]
	if from == nil || from.node == nil {
		return fmt.Errorf("S%d does not run", on.from)
	}
	m := &raft.InstallSnapshot{LeaderID: on.from, Done: true}
	if m.LastIncludedIndex, m.LastIncludedTerm, err = placeNamed(words[1]); err != nil {
		return err
	}
	if len(words) == 3 {
		if m.Configuration, err = raft.ParseConfiguration(words[2]); err != nil {
			return err
		}
	}
	from.node.Status(&from.status)
	m.Term = from.status.CurrentTerm
	w.sent(on.from, on.to, m)
	return nil
}

// renumber makes the replies on a way look like replies to the newest call of those that receive them.
func (w *world) renumber(words []string) error {
	sel, err := parseSelection(words)
	if err != nil || len(sel.ways) != 1 {
		return fmt.Errorf("expected one way")
	}
	picked, err := w.pick(sel, sel.ways[0], false)
	for _, m := range picked {
		if a, ok := m.rpc.(*raft.AppendEntriesReply); ok {
			a.Call = w.servers[m.to].lastCall
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
