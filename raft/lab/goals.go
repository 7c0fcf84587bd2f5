package lab

import (
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab/goal"
)

// Moment is what a trap waits for: one of Occasions, which are short names of goals, or any goal in the
// words of package goal.
type Moment string

// Occasion is an event at a server.
type Occasion struct {
	When  Moment `json:"when"`
	Words string `json:"words"` // what a goal says of a server to which it happens
}

// Occasions are the events after which a fault does the most harm, in the order in which a form offers them.
var Occasions = []Occasion{
	{"leader", "becomes leader"},
	{"candidate", "becomes a candidate"},
	{"vote", "gives its vote"},
	{"propose", "takes a command as leader"},
	{"append", "stores entries"},
	{"commit", "commits"},
	{"truncate", "deletes entries"},
	{"configuration", "changes its configuration"},
	{"caughtUp", "has caught up"},
	{"timeoutNow", "hands its leadership over"},
	{"snapshotSent", "sends a snapshot"},
	{"snapshotInstalled", "takes over a snapshot"},
}

// occasion returns the words of the goal if the moment is one of Occasions, else nothing.
func (m Moment) occasion() string {
	for _, o := range Occasions {
		if o.When == m {
			return o.Words
		}
	}
	return ""
}

// goal returns what the action, a trap, waits for, in the words of package goal.
func (a *Action) goal() string {
	phrase := a.When.occasion()
	if phrase == "" {
		return string(a.When)
	}
	who := "a server "
	if a.Server != 0 {
		who = name(a.Server) + " "
	}
	if a.Skip > 0 {
		phrase += " " + strconv.Itoa(a.Skip+1) + " times"
	}
	return who + phrase
}

// set sets a trap.
func (w *World) set(a *Action) {
	w.trapped++
	w.traps = append(w.traps, Trap{w.trapped, *a, goal.Must(a.goal()).Watch(w)}) // Check has accepted it
}

// happens tells all watchers of an event at a server, and springs the traps whose goals it fulfils.
func (w *World) happens(m *machine, e *raft.Event) {
	if w.watch != nil {
		w.watch.See(m.id, e)
	}
	for i := 0; i < len(w.traps); i++ {
		switch t := &w.traps[i]; {
		case !t.watch.See(m.id, e):
		case t.watch.Holds(w):
			w.spring(i, m.id)
			i--
		case t.Action.Skip > 0:
			t.Action.Skip-- // what is left to wait for
		}
	}
}

// springs springs the traps whose goals have come true without a counted event.
func (w *World) springs() {
	for i := 0; i < len(w.traps); i++ {
		if w.traps[i].watch.Holds(w) {
			w.spring(i, 0)
			i--
		}
	}
}

// spring springs trap i; at is the server whose event it waited for, 0 if there was none. What the trap does
// waits until everything is done that the same input led to.
func (w *World) spring(i int, at raft.ServerID) {
	a, about := w.traps[i].Action, w.traps[i].watch.Goal.About()
	w.traps = append(w.traps[:i:i], w.traps[i+1:]...)
	if a.When, a.Skip = "", 0; a.Server == 0 {
		if a.Server = at; about != 0 {
			a.Server = about
		}
	}
	w.sprung = append(w.sprung, a)
}

// harm does what the sprung traps do.
func (w *World) harm() {
	for w.springs(); len(w.sprung) > 0; w.springs() {
		a := w.sprung[0]
		w.sprung = w.sprung[1:]
		w.act(&a)
		w.deliver()
	}
}

// Reach runs the world until a goal is reached, and returns that moment, µs of cluster time; false if it is
// not reached by until, where the world then stands. Earlier events do not count.
func (w *World) Reach(g *goal.Goal, until int64) (at int64, reached bool) {
	k := g.Watch(w)
	w.watch = k
	defer func() { w.watch = nil }()
	for !k.Holds(w) {
		if w.now >= until {
			return until, false
		}
		next := g.Due(w.now, until)
		if happens, ever := w.Next(); ever && happens <= next {
			w.Step()
		} else {
			w.RunTo(next)
		}
	}
	return w.now, true
}

// Servers returns how many servers there are, as goal.Run has it.
func (w *World) Servers() int { return len(w.machines) }

// Deeds returns how many actions of the run have been done, as goal.Run has it.
func (w *World) Deeds() int { return w.next }

// Applied reports whether a running server has applied this value for a key, as goal.Run has it.
func (w *World) Applied(id raft.ServerID, key, value string) bool {
	m := w.machines[id-1]
	if m.server == nil {
		return false
	}
	is, found := m.server.Store().Lookup(key)
	return found && is == value
}

// Status returns what a server is now, as goal.Run has it.
func (w *World) Status(id raft.ServerID) goal.Server {
	m := w.machines[id-1]
	s := goal.Server{State: m.state().String()}
	if m.server != nil {
		m.server.Node().Status(&w.status)
		s.Role, s.Term, s.CommitIndex = w.status.Role, w.status.CurrentTerm, w.status.CommitIndex
		s.LastIndex, s.LastApplied = w.status.LastIndex, w.status.LastApplied
	}
	return s
}
