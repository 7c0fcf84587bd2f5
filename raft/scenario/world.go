package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab/goal"
)

// world is everything in a story while it is played.
type world struct {
	story   *Story
	off     raft.RuleSet // rules that are off in this run
	servers [maxServers + 1]*server
	flying  []*message // under way, in the order of sending
	now     int        // ticks that have passed for all, while messages arrive
	far     int        // how many of those ticks a message takes
	cuts    map[way]bool
	tags    uint64

	answersByIndex bool
	keepsState     bool
	noSessions     bool
	entriesFirst   bool

	checker *check.Checker
	acked   raft.Index // the last entry that a client was told of
	refused error      // of the last request

	step       int
	seen       int                        // how many of the checker's violations are told
	violations []check.Violation          // of each property the first
	watches    map[*goal.Goal]*goal.Watch // for the story's goals, since its beginning

	text   strings.Builder
	quiet  bool                   // events and messages are not printed
	shown  [maxServers + 1]string // the last line printed of each server
	served int
}

// way is one direction between two servers.
type way struct{ from, to raft.ServerID }

// message is one that is under way.
type message struct {
	way
	rpc  raft.RPC
	due  int // when it arrives, if time passes
	held bool
}

func newWorld(story *Story, off bool) *world {
	w := &world{story: story, off: story.without, cuts: map[way]bool{}, checker: check.New(maxServers),
		watches: map[*goal.Goal]*goal.Watch{}}
	for _, st := range story.steps {
		if st.goal != nil {
			w.watches[st.goal] = st.goal.Watch(w)
		}
	}
	if off && story.Rule != nil {
		w.off |= raft.RulesOf(story.Rule.Rule)
	}
	for v := 1; v <= story.voters; v++ {
		w.add(raft.ServerID(v))
	}
	for _, v := range story.spare {
		w.add(v)
	}
	return w
}

func (w *world) add(id raft.ServerID) {
	w.servers[id] = &server{id: id, world: w}
	if err := w.servers[id].start(); err != nil {
		panic("scenario: a server with an empty disk does not start: " + err.Error())
	}
	w.shown[id] = w.state(w.servers[id])
}

// running returns the servers that run.
func (w *world) running() (all []*server) {
	for _, s := range w.servers {
		if s != nil && s.node != nil {
			all = append(all, s)
		}
	}
	return all
}

// sent puts a message on its way, unless the way is cut.
func (w *world) sent(from, to raft.ServerID, rpc raft.RPC) {
	m := &message{way: way{from, to}, rpc: rpc, due: w.now + w.far}
	if call, ok := rpc.(*raft.AppendEntries); ok {
		w.servers[from].lastCall = call.Call
	}
	if w.cuts[m.way] {
		w.printMessage("lost", m)
		return
	}
	w.flying = append(w.flying, m)
}

// arrive takes a message from those under way and gives it to its receiver.
func (w *world) arrive(m *message) {
	w.remove(m)
	to := w.servers[m.to]
	if to == nil || to.node == nil {
		w.printMessage("lost", m)
		return
	}
	w.printMessage("", m)
	w.happens(m.to, &raft.Event{Kind: goal.MessageArrived})
	to.input(func(n *raft.Node) { n.Receive(m.from, m.rpc) })
}

func (w *world) remove(m *message) {
	w.flying = slices.DeleteFunc(w.flying, func(f *message) bool { return f == m })
}

// maxMessages is how many may be delivered in one step. More means that the servers talk for ever.
const maxMessages = 100_000

var errRestless = errors.New("the servers do not come to rest")

// settle delivers messages and those they cause until none of them is under way.
func (w *world) settle(chosen func(*message) bool) error {
	for range maxMessages {
		i := slices.IndexFunc(w.flying, func(m *message) bool { return !m.held && chosen(m) })
		if i < 0 {
			return nil
		}
		w.arrive(w.flying[i])
	}
	return errRestless
}

// pass lets one tick pass for every server, and delivers every message whose time has come.
func (w *world) pass() error {
	w.now++
	for _, s := range w.running() {
		s.input((*raft.Node).Tick)
	}
	return w.settle(func(m *message) bool { return m.due <= w.now })
}

// serve lets time pass until a new command is committed.
func (w *world) serve(ticks int) error {
	w.quiet = true
	defer func() { w.quiet = false }()
	w.served++
	command := fmt.Sprintf("served%d", w.served)
	for tick := range ticks {
		if err := w.pass(); err != nil {
			return err
		}
		for _, s := range w.running() {
			if slices.Contains(s.state, command) {
				w.printf("    served after %d ticks\n", tick+1)
				return nil
			}
			if tick%300 == 150 && s.node.Role() == raft.Leader {
				// an error is treated like no answer: the command is tried again
				s.input(func(n *raft.Node) { n.Propose([]byte(command)) })
			}
		}
	}
	w.violated(check.Liveness, nil, 0, fmt.Sprintf("no command was committed within %d ticks", ticks))
	return nil
}

func (w *world) acknowledged(server raft.ServerID, p proposal) {
	w.acked = max(w.acked, p.index)
	w.checker.Acknowledged(int64(w.step), server, p.index, p.term)
	w.printf("    S%d tells its client: %d is done\n", server, p.index)
	w.tell()
}

func (w *world) view(s *server) *check.View {
	s.node.Status(&s.status)
	st := &s.status
	return &check.View{Server: s.id, Role: st.Role, Term: st.CurrentTerm, Base: st.SnapshotIndex, Last: st.LastIndex,
		Commit:  st.CommitIndex,
		Applied: s.applied, StateHash: s.hash(), Log: s.node}
}

// observe has the checker look at a server.
func (w *world) observe(s *server) {
	if v := w.view(s); v.Applied >= v.Base { // else the snapshot is still on its way to the state machine
		w.checker.Observe(int64(w.step), v)
	}
	w.tell()
}

// audit has the checker compare all logs with what it saw of them.
func (w *world) audit() {
	for _, s := range w.running() {
		w.checker.Audit(int64(w.step), w.view(s), false)
	}
	w.tell()
}

// tell takes over what the checker has found.
func (w *world) tell() {
	for _, v := range w.checker.Violations()[w.seen:] {
		w.seen++
		w.violated(v.Property, v.Servers, v.Index, v.Detail)
	}
}

// violated notes that a property is broken, only the first time for each property.
func (w *world) violated(property check.Property, servers []raft.ServerID, index raft.Index, detail string) {
	if slices.ContainsFunc(w.violations, func(v check.Violation) bool { return v.Property == property }) {
		return
	}
	w.printf("!!! %s is broken: %s\n", property, detail)
	w.violations = append(w.violations, check.Violation{At: w.Now(), Property: property, Servers: servers,
		Index: index, Detail: detail})
}

// ending returns the last lines of a story: what broke, and where.
func (w *world) ending() (lines []string) {
	for _, v := range w.violations {
		line := "breaks " + v.Property.String()
		if len(v.Servers) > 0 {
			line += " at"
			for _, s := range v.Servers {
				line += fmt.Sprintf(" S%d", s)
			}
		}
		if v.Index > 0 {
			line += fmt.Sprintf(" index %d", v.Index)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return []string{"holds"}
	}
	return lines
}
