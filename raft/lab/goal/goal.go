package goal

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// Goal is something that can be true of a run. It does not change, and may be shared.
type Goal struct {
	root   *fact
	events []*fact       // those that count events, in the order of the text
	times  []int64       // the moments, µs, at which a fact about the clock changes
	about  raft.ServerID // see About
	named  bool          // it names any
}

// Run is what goals are about: servers, and what has been done and has happened to them so far. The simulated cluster
// of package lab is one, and so is a story of package scenario.
type Run interface {
	Now() int64                                       // µs of cluster time
	Servers() int                                     // they are S1, S2, … to this one
	Status(id raft.ServerID) Server                   // of one of them
	Applied(id raft.ServerID, key, value string) bool // whether a server that runs has this value for a key
	Deeds() int                                       // how many actions have been done
	Broken() int                                      // how many Violations there are
	Violations() []check.Violation
}

// Server is the state of a server at a moment. If it is down only State counts.
type Server struct {
	State                               string // one of states: "running", "paused", "down" or "damaged"
	Role                                raft.Role
	Term                                raft.Term
	CommitIndex, LastIndex, LastApplied raft.Index
}

// Besides the events of the core, these happen to a server from outside. A Watch must be told of them, too.
const (
	MessageArrived = raft.EventKinds + iota // a message has come through the network to it
	MachineChanged                          // it stops, is paused, or runs again
)

// Watch looks at one run for a goal, and counts the events that it is told of.
type Watch struct {
	Goal   *Goal
	counts []int // of Goal.events: how often each has happened
	broken int   // properties, when the Watch began
}

// Watch begins to look for a goal in a run. What has happened before does not count.
func (g *Goal) Watch(r Run) *Watch {
	return &Watch{Goal: g, counts: make([]int, len(g.events)), broken: r.Broken()}
}

// Clone returns an independent copy of the Watch, for a copy of the run.
func (k *Watch) Clone() *Watch {
	return &Watch{Goal: k.Goal, counts: slices.Clone(k.counts), broken: k.broken}
}

// See tells the Watch of an event at a server, and returns whether the goal counts it.
func (k *Watch) See(id raft.ServerID, e *raft.Event) (counts bool) {
	for i, f := range k.Goal.events {
		if f.counts(id, e) {
			k.counts[i]++
			counts = true
		}
	}
	return counts
}

// Holds tells whether the goal is reached now.
func (k *Watch) Holds(r Run) bool { return k.holds(k.Goal.root, r) }

// Counts tells whether the goal counts events of a kind.
func (g *Goal) Counts(kind raft.EventKind) bool {
	for _, f := range g.events {
		if phrases[f.word].kinds&(1<<kind) != 0 {
			return true
		}
	}
	return false
}

// Due returns the next moment after now, µs, at which the goal may be reached though nothing happens, but at
// most latest.
func (g *Goal) Due(now, latest int64) int64 {
	for _, at := range g.times {
		if at > now {
			latest = min(latest, at)
		}
	}
	return latest
}

// About returns the one server that the goal names, 0 if it names none or several.
func (g *Goal) About() raft.ServerID { return g.about }

// Happens tells whether the goal counts any events.
func (g *Goal) Happens() bool { return len(g.events) > 0 }

// kind is a kind of facts. The first three join others; of those, one that comes later binds more closely.
type kind uint8

const (
	either  kind = iota // of parts
	both                // all of parts
	denied              // not the one part
	leads               // who leads, in a term
	leaders             // how many lead at once, or in one term
	is                  // what a server, or the machine that it runs on, is: a word of states
	has                 // how far a server is: a word of fields, compared with a number
	data                // where a key has a value: a word of places
	stored              // the same, on a server
	event               // what has happened, and how often at least: a word of phrases
	broken              // a property
	breach              // anything or nothing is broken: a word of breaches
	deeds               // how many were done at most
	clock               // what time it is: a word of relations
)

// fact is a fact, or is made of others.
type fact struct {
	kind  kind
	parts []*fact

	who      raft.ServerID // 0: any
	none     bool          // nobody
	word     int           // which of its kind
	number   int64         // how many, how often, or µs
	compare  int           // of has: which of comparisons
	term     int64         // 0: whichever
	property check.Property
	count    int // of an event: which of the goal's
	key      string
	value    string
}

// The words of facts, as they are written.
var (
	joints     = []string{either: "or", both: "and", denied: "not"}
	gatherings = []string{atOnce: "at once", 1: "in one term"} // of leaders
	states     = []string{"running", "paused", "down", "damaged", "a follower", "a candidate",
		"a pre-candidate", "a leader"}
	fields      = []string{"term", "commitIndex", "lastIndex", "lastApplied"}
	comparisons = []string{"=", less: "<", more: ">"}
	places      = []string{"committed", everywhere: "everywhere"}
	breaches    = []string{"something broken", nothing: "nothing broken", newly: "something breaks"}
	relations   = []string{before: "before", within: "within", 2: "after"}
	anybody     = []string{"a server", "somebody"}
	nobody      = []string{"no server", "nobody"}
	properties  []string // from check.ElectionSafety on
	numbers     = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
)

// Words that mean something of their own.
const (
	atOnce     = 0
	less       = 1
	more       = 2
	everywhere = 1
	nothing    = 1
	newly      = 2
	before     = 0
	within     = 1
)

// forms are how facts are written: of each kind the first is the one that Text writes. A capital stands for
//
//	W a server, "a server" or "no server"   S a server      T "in term 3", or nothing   O "twice", or nothing
//	N a number                              M … from 1 on   U a time                    D key=value
//	C one of comparisons                    A a property    L one of the kind's words
var forms = []form{
	{leads, "W leads T"}, {is, "W is L"}, {has, "W has L C N"}, {event, "W L T O"},
	{leaders, "M leaders L"}, {leaders, "M leader L"}, {data, "D L"}, {stored, "D on S"},
	{broken, "A broken"}, {breach, "L"}, {deeds, "within N deeds"}, {deeds, "within N deed"}, {clock, "L U"},
}

type form struct {
	kind  kind
	words string
}

// lists are the words of each kind of facts that has some.
var lists = [][]string{leaders: gatherings, is: states, has: fields, data: places, breach: breaches, clock: relations,
	event: nil} // those of phrases

func init() {
	for i := range phrases {
		lists[event] = append(lists[event], phrases[i].words)
	}
	for property := check.ElectionSafety; property <= check.Liveness; property++ {
		properties = append(properties, property.String())
	}
}

// roles are those of the states behind the machine's.
var roles = []raft.Role{4: raft.Follower, 5: raft.Candidate, 6: raft.PreCandidate, 7: raft.Leader}

// phrases say what can happen to a server, behind its name, and which events show that.
var phrases = []struct {
	words string
	kinds uint64 // a bit each
}{
	{"does something", 1<<raft.EventKinds - 1},
	{"gets a message", 1 << MessageArrived},
	{"changes its role", 1<<raft.BecameFollower | 1<<raft.BecamePreCandidate | 1<<raft.BecameCandidate |
		1<<raft.BecameLeader | 1<<MachineChanged},
	{"becomes a follower", 1 << raft.BecameFollower},
	{"becomes a pre-candidate", 1 << raft.BecamePreCandidate},
	{"becomes a candidate", 1 << raft.BecameCandidate},
	{"becomes leader", 1 << raft.BecameLeader},
	{"gives its vote", 1 << raft.VoteGranted},
	{"stores entries", 1 << raft.EntriesAppended},
	{"deletes entries", 1 << raft.EntriesTruncated},
	{"takes a command as leader", 1 << raft.EntriesProposed},
	{"commits", 1 << raft.CommitAdvanced},
	{"has caught up", 1 << raft.LearnerCaughtUp},
	{"changes its configuration", 1 << raft.ConfigurationChanged},
	{"hands its leadership over", 1 << raft.TimeoutNowSent},
	{"sends a snapshot", 1 << raft.SnapshotSent},
	{"takes over a snapshot", 1 << raft.SnapshotInstalled},
}

// counts tells whether an event is one of those that the fact counts.
func (f *fact) counts(id raft.ServerID, e *raft.Event) bool {
	return phrases[f.word].kinds&(1<<e.Kind) != 0 && (f.who == 0 || f.who == id) &&
		(f.term == 0 || f.term == int64(e.Term))
}

func (k *Watch) holds(f *fact, r Run) bool {
	switch f.kind {
	case either, both:
		for _, part := range f.parts {
			if k.holds(part, r) == (f.kind == either) {
				return f.kind == either
			}
		}
		return f.kind == both
	case denied:
		return !k.holds(f.parts[0], r)
	case event:
		return int64(k.counts[f.count]) >= f.number != f.none
	case broken, breach:
		return k.breached(f, r)
	case leads, is, has, data, stored:
		return f.holdsOfServers(r)
	}
	return f.holdsOfAll(r)
}

// breached reports whether what a fact names is broken.
func (k *Watch) breached(f *fact, r Run) bool {
	switch {
	case f.kind == broken:
		for _, v := range r.Violations() {
			if v.Property == f.property {
				return true
			}
		}
		return false
	case f.word == newly:
		return r.Broken() > k.broken
	}
	return r.Broken() > 0 != (f.word == nothing)
}

// holdsOfServers tells whether a fact holds of the server that it names or of any; or of none.
func (f *fact) holdsOfServers(r Run) bool {
	every := f.kind == data && f.word == everywhere
	for id := raft.ServerID(1); int(id) <= r.Servers(); id++ {
		if (f.who == 0 || f.who == id) && f.holdsOf(r, id) != every {
			return !f.none && !every
		}
	}
	return f.none || every
}

func (f *fact) holdsOf(r Run, id raft.ServerID) bool {
	if f.kind == data || f.kind == stored {
		return r.Applied(id, f.key, f.value)
	}
	s := r.Status(id)
	switch {
	case f.kind == is && f.word < 4:
		return s.State == states[f.word]
	case s.down():
		return false
	case f.kind == is:
		return s.Role == roles[f.word]
	case f.kind == leads:
		return s.Role == raft.Leader && (f.term == 0 || f.term == int64(s.Term))
	}
	value := int64([...]raft.Index{raft.Index(s.Term), s.CommitIndex, s.LastIndex, s.LastApplied}[f.word])
	switch f.compare {
	case less:
		return value < f.number
	case more:
		return value > f.number
	}
	return value == f.number
}

func (s *Server) down() bool { return s.State == "down" || s.State == "damaged" }

// holdsOfAll reports whether a fact that is about no single server holds.
func (f *fact) holdsOfAll(r Run) bool {
	switch f.kind {
	case leaders:
		return f.enoughLead(r)
	case deeds:
		return int64(r.Deeds()) <= f.number
	}
	switch f.word {
	case before:
		return r.Now() < f.number
	case within:
		return r.Now() <= f.number
	}
	return r.Now() > f.number
}

// enoughLead tells whether so many servers take themselves for leaders, of one term if the fact says so.
func (f *fact) enoughLead(r Run) bool {
	var terms []raft.Term
	for id := raft.ServerID(1); int(id) <= r.Servers(); id++ {
		if s := r.Status(id); !s.down() && s.Role == raft.Leader {
			terms = append(terms, s.Term)
		}
	}
	if f.word == atOnce {
		return int64(len(terms)) >= f.number
	}
	for _, term := range terms {
		same := int64(0)
		for _, other := range terms {
			if other == term {
				same++
			}
		}
		if same >= f.number {
			return true
		}
	}
	return false
}
