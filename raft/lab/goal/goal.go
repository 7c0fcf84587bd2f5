package goal

import (
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
)

// Goal is something that can be true of a run. It does not change, and may be shared.
type Goal struct {
	root   node
	events []*event // those of the facts, in the order of the text
	times  []int64  // the moments, µs, at which a fact about the clock changes
}

// Watch looks at one world for a goal, and remembers the events that it has seen.
type Watch struct {
	goal   *Goal
	next   uint64 // events of the run before this one have been seen
	counts []int  // of goal.events: how often each has happened
	found  []lab.Happening
}

// Watch begins to look for a goal in a world. Events that have happened before do not count.
func (g *Goal) Watch(w *lab.World) *Watch {
	return &Watch{goal: g, next: w.Events(), counts: make([]int, len(g.events))}
}

// Holds tells whether the goal is reached now. It is to be called for the world with which the Watch began, or a
// copy of it, at moments that do not go back, and before 3,000 events have happened since the last time: a world
// keeps no more.
func (k *Watch) Holds(w *lab.World) bool {
	if len(k.counts) > 0 {
		k.found = w.EventsSince(k.next, k.found[:0])
		for i := range k.found {
			for n, e := range k.goal.events {
				if e.is(&k.found[i]) {
					k.counts[n]++
				}
			}
		}
	}
	k.next = w.Events()
	return k.goal.root.holds(&sight{w, k.counts})
}

// First lives a world on from where it stands, and returns the first moment, µs of cluster time, at which a goal is
// reached: false if it is not until a moment, at which the world then stands.
func First(w *lab.World, g *Goal, until int64) (at int64, reached bool) {
	k := g.Watch(w)
	for !k.Holds(w) {
		if w.Now() >= until {
			return until, false
		}
		next := until
		for _, t := range g.times {
			if t > w.Now() {
				next = min(next, t)
			}
		}
		if happens, ever := w.Next(); ever && happens <= next {
			w.Step()
		} else {
			w.RunTo(next)
		}
	}
	return w.Now(), true
}

// String returns the goal in its shortest form, which Parse reads.
func (g *Goal) String() string { return string(g.root.append(nil, loosest)) }

// sight is what facts look at.
type sight struct {
	*lab.World
	counts []int // of events
}

// servers calls yield for the servers of a run.
func (s *sight) servers(yield func(raft.ServerID) bool) {
	for i := range s.Run().Config.Servers {
		if !yield(raft.ServerID(i + 1)) {
			return
		}
	}
}

// node is a fact, or is made of others.
type node interface {
	holds(s *sight) bool
	append(b []byte, within binding) []byte
}

// binding is how closely a word joins what stands beside it.
type binding uint8

const (
	loosest binding = iota // or
	joined                 // and
	closest                // not
)

type (
	either []node
	both   []node
	denied struct{ node }
)

func (e either) holds(s *sight) bool {
	return slices.ContainsFunc(e, func(n node) bool { return n.holds(s) })
}

func (a both) holds(s *sight) bool {
	return !slices.ContainsFunc(a, func(n node) bool { return !n.holds(s) })
}

func (d denied) holds(s *sight) bool { return !d.node.holds(s) }

func (e either) append(b []byte, within binding) []byte {
	return appendList(b, e, " or ", joined, within > loosest)
}

func (a both) append(b []byte, within binding) []byte {
	return appendList(b, a, " and ", closest, within > joined)
}

func (d denied) append(b []byte, _ binding) []byte {
	return d.node.append(append(b, "not "...), closest)
}

func appendList(b []byte, list []node, word string, inside binding, enclosed bool) []byte {
	if enclosed {
		b = append(b, '(')
	}
	for i, n := range list {
		if i > 0 {
			b = append(b, word...)
		}
		b = n.append(b, inside)
	}
	if enclosed {
		b = append(b, ')')
	}
	return b
}

// who is a server, somebody or nobody.
type who struct {
	server raft.ServerID // 0: any
	none   bool          // nobody
}

func (o who) holds(s *sight, is func(raft.ServerID) bool) bool {
	if o.server != 0 {
		return int(o.server) <= s.Run().Config.Servers && is(o.server)
	}
	for id := range s.servers {
		if is(id) {
			return !o.none
		}
	}
	return o.none
}

func (o who) String() string {
	switch {
	case o.server != 0:
		return "S" + strconv.FormatUint(uint64(o.server), 10)
	case o.none:
		return "nobody"
	}
	return "somebody"
}

// leads is a fact: who leads.
type leads struct {
	who  who
	term raft.Term // 0: whichever
}

func (f leads) holds(s *sight) bool {
	return f.who.holds(s, func(id raft.ServerID) bool {
		term, is := leading(s, id)
		return is && (f.term == 0 || f.term == term)
	})
}

func (f leads) append(b []byte, _ binding) []byte {
	return appendTerm(append(b, f.who.String()+" leads"...), f.term)
}

func appendTerm(b []byte, term raft.Term) []byte {
	if term == 0 {
		return b
	}
	return strconv.AppendUint(append(b, " in term "...), uint64(term), 10)
}

// leading returns the term in which a server takes itself for the leader.
func leading(s *sight, id raft.ServerID) (term raft.Term, is bool) {
	state, role, term := s.Look(id)
	return term, (state == lab.Running || state == lab.Paused) && role == raft.Leader
}

// leaders is a fact: how many lead.
type leaders struct {
	least   int
	oneTerm bool
}

func (f leaders) holds(s *sight) bool {
	count := map[raft.Term]int{}
	for id := range s.servers {
		if term, is := leading(s, id); is {
			if !f.oneTerm {
				term = 0
			}
			if count[term]++; count[term] >= f.least {
				return true
			}
		}
	}
	return false
}

func (f leaders) append(b []byte, _ binding) []byte {
	b = append(strconv.AppendInt(b, int64(f.least), 10), " leaders "...)
	if f.oneTerm {
		return append(b, "in one term"...)
	}
	return append(b, "at once"...)
}

// being is a fact: what a server, or the machine that it runs on, is.
type being struct {
	who  who
	what string // of states and roles
}

var states = map[string]lab.MachineState{"running": lab.Running, "paused": lab.Paused, "down": lab.Down,
	"damaged": lab.Damaged}

var roles = map[string]raft.Role{"a follower": raft.Follower, "a candidate": raft.Candidate, "a leader": raft.Leader}

func (f being) holds(s *sight) bool {
	return f.who.holds(s, func(id raft.ServerID) bool {
		state, role, _ := s.Look(id)
		if wanted, is := states[f.what]; is {
			return state == wanted
		}
		return (state == lab.Running || state == lab.Paused) && role == roles[f.what]
	})
}

func (f being) append(b []byte, _ binding) []byte { return append(b, f.who.String()+" is "+f.what...) }

// data is a fact: where a key has a value.
type data struct {
	key, value string
	on         raft.ServerID // 0: anywhere
	everywhere bool
}

func (f data) holds(s *sight) bool {
	has := func(id raft.ServerID) bool {
		server := s.Server(id)
		if server == nil {
			return false
		}
		value, found := server.Store().Lookup(f.key)
		return found && value == f.value
	}
	if f.everywhere {
		return who{none: true}.holds(s, func(id raft.ServerID) bool { return !has(id) })
	}
	return who{server: f.on}.holds(s, has)
}

func (f data) append(b []byte, _ binding) []byte {
	b = append(appendWord(append(appendWord(b, f.key), '='), f.value), ' ')
	switch {
	case f.everywhere:
		return append(b, "everywhere"...)
	case f.on != 0:
		return append(b, "on "+who{server: f.on}.String()...)
	}
	return append(b, "committed"...)
}

// appendWord appends a key or a value, in quotes where it would be read otherwise without them.
func appendWord(b []byte, word string) []byte {
	if word == "" || strings.ContainsFunc(word, ends) || strings.ContainsAny(word, `="\`) {
		return strconv.AppendQuote(b, word)
	}
	return append(b, word...)
}

// event is a fact: what has happened, and how often at least.
type event struct {
	number int // of the goal's events
	who    who
	kind   raft.EventKind
	term   raft.Term // 0: whichever
	least  int
}

func (f *event) is(h *lab.Happening) bool {
	return h.Event.Kind == f.kind && (f.who.server == 0 || f.who.server == h.Server) &&
		(f.term == 0 || f.term == h.Event.Term)
}

func (f *event) holds(s *sight) bool { return s.counts[f.number] >= f.least != f.who.none }

func (f *event) append(b []byte, _ binding) []byte {
	b = append(b, f.who.String()+" "...)
	for moment, kind := range lab.Moments {
		if kind == f.kind {
			b = append(b, lab.Phrases[moment]...)
		}
	}
	b = appendTerm(b, f.term)
	switch {
	case f.least == 2:
		b = append(b, " twice"...)
	case f.least > 2:
		b = append(strconv.AppendInt(append(b, ' '), int64(f.least), 10), " times"...)
	}
	return b
}

// broken is a fact: what is broken.
type broken struct {
	property check.Property // 0: any
	none     bool           // nothing
}

func (f broken) holds(s *sight) bool {
	if f.property == 0 {
		return s.Broken() > 0 != f.none
	}
	return slices.ContainsFunc(s.Violations(), func(v check.Violation) bool { return v.Property == f.property })
}

func (f broken) append(b []byte, _ binding) []byte {
	switch {
	case f.property != 0:
		return append(b, f.property.String()+" broken"...)
	case f.none:
		return append(b, "nothing broken"...)
	}
	return append(b, "something broken"...)
}

// deeds is a fact: how much was done at most.
type deeds struct{ most int }

func (f deeds) holds(s *sight) bool {
	actions := s.Run().Actions
	return len(actions) <= f.most || actions[f.most].At > s.Now()
}

func (f deeds) append(b []byte, _ binding) []byte {
	return append(strconv.AppendInt(append(b, "within "...), int64(f.most), 10), " deeds"...)
}

// clock is a fact: what time it is.
type clock struct {
	relation string // before, within or after
	at       int64  // µs
}

func (f clock) holds(s *sight) bool {
	switch f.relation {
	case "before":
		return s.Now() < f.at
	case "within":
		return s.Now() <= f.at
	}
	return s.Now() > f.at
}

func (f clock) append(b []byte, _ binding) []byte {
	b = append(append(b, f.relation...), ' ')
	return append(strconv.AppendFloat(b, float64(f.at)/1000, 'f', -1, 64), " ms"...)
}
