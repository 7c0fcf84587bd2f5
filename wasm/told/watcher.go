package told

import (
	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/raft/lab/goal"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// stops are the goals of steps that have names of their own.
var stops = map[contract.Stop]string{
	contract.StopAtEvent: "a server does something", contract.StopAtMessage: "a server gets a message",
	contract.StopAtRole: "a server changes its role", contract.StopAtElection: "a server becomes leader",
	contract.StopAtCommit: "a server commits", contract.StopAtViolation: "something breaks",
}

// Watcher looks at a world from step to step for the moment at which a goal comes true: there a page's step ends.
type Watcher struct {
	words  string
	goal   *goal.Goal
	watch  *goal.Watch
	held   bool // the goal was true already
	teller *Teller

	// The watch is told what has changed since this state:
	events uint64
	broken int
	states []lab.MachineState
	view   lab.View

	found []lab.Happening // scratch
}

// Watcher returns a Watcher for a Stop or a goal in words. The error says what is wrong with the goal.
func (t *Teller) Watcher(to contract.Stop) (*Watcher, error) {
	text, named := stops[to]
	if !named {
		text = string(to)
	}
	g, err := goal.Parse(text)
	return &Watcher{words: text, goal: g, teller: t}, err
}

// Look restarts: only what happens in w from now on counts.
func (k *Watcher) Look(w *lab.World) {
	k.watch = k.goal.Watch(w)
	k.held = k.watch.Holds(w)
	k.note(w)
}

// note remembers the state of the world.
func (k *Watcher) note(w *lab.World) {
	k.events, k.broken = w.Events(), w.Broken()
	if k.goal.Counts(goal.MessageArrived) {
		w.View(&k.view)
	}
	if k.goal.Counts(goal.MachineChanged) {
		k.states = k.states[:0]
		for i := range w.Servers() {
			state, _, _ := w.Look(raft.ServerID(i + 1))
			k.states = append(k.states, state)
		}
	}
}

// Saw returns what has happened since the last look if that ends the step, else "". Then it starts anew.
func (k *Watcher) Saw(w *lab.World) (text string) {
	text = k.happened(w)
	broken, held := k.broken, k.held
	k.note(w)
	if k.held = k.watch.Holds(w); held || !k.held {
		return ""
	}
	switch {
	case text != "":
	case k.broken > broken:
		v := w.Violations()[broken]
		text = v.Property.String() + " is broken: " + report.Named(v.Detail) + "."
	default:
		text = report.Sentence(k.words)
	}
	k.Look(w)
	return text
}

// happened tells the watch what has happened, and returns what counts: of several, the one worth showing
// first.
func (k *Watcher) happened(w *lab.World) (text string) {
	k.found = w.EventsSince(k.events, k.found[:0])
	key := false
	for i := range k.found {
		h := &k.found[i]
		if !k.watch.See(h.Server, &h.Event) {
			continue
		}
		if line := report.Event(h.Server, &h.Event); text == "" || !key && line.Weight == "key" {
			text, key = line.Text, line.Weight == "key"
		}
	}
	for i := range k.view.Frames {
		f := &k.view.Frames[i]
		if f.Due <= w.Now() && !f.Held && k.sees(raft.ServerID(f.To), goal.MessageArrived) && text == "" {
			text = k.teller.arrival(f)
		}
	}
	for i, before := range k.states {
		id := raft.ServerID(i + 1)
		if state, _, _ := w.Look(id); state != before && k.sees(id, goal.MachineChanged) && text == "" {
			text = goal.Name(id) + " is " + state.String() + "."
		}
	}
	return text
}

func (k *Watcher) sees(id raft.ServerID, kind raft.EventKind) bool {
	return k.watch.See(id, &raft.Event{Kind: kind})
}

// arrival describes the arrival of a frame.
func (t *Teller) arrival(f *hub.Flight) string {
	view := t.flight(f)
	text := string(view.Kind) + " of S" + report.Decimal(f.From) + " reaches S" + report.Decimal(f.To)
	if view.Label != "" {
		text += ": " + view.Label
	}
	return text + "."
}
