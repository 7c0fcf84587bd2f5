package told

import (
	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// Watcher looks at a world from step to step for the moments at which a page's step ends.
type Watcher struct {
	stop   contract.Stop
	events uint64
	broken int
	states []lab.MachineState
	found  []lab.Happening // scratch
	view   lab.View
	teller *Teller
}

// Watcher returns one that looks for moments of this kind; false if there is no such kind.
func (t *Teller) Watcher(of contract.Stop) (k *Watcher, known bool) {
	switch of {
	case contract.StopAtEvent, contract.StopAtMessage, contract.StopAtRole,
		contract.StopAtElection, contract.StopAtCommit, contract.StopAtViolation:
		return &Watcher{stop: of, teller: t}, true
	}
	return nil, false
}

// Look begins anew: what happens in w from now on counts.
func (k *Watcher) Look(w *lab.World) {
	k.events, k.broken = w.Events(), w.Broken()
	switch k.stop {
	case "message":
		w.View(&k.view)
	case "role":
		k.states = k.states[:0]
		for i := range w.Run().Config.Servers {
			state, _, _ := w.Look(raft.ServerID(i + 1))
			k.states = append(k.states, state)
		}
	}
}

// Saw says what has happened since the watcher looked last that ends a step; empty if nothing has.
func (k *Watcher) Saw(w *lab.World) (text string) {
	switch k.stop {
	case "message":
		for i := range k.view.Frames {
			if f := &k.view.Frames[i]; f.Due <= w.Now() && !f.Held && text == "" {
				text = k.teller.arrival(f)
			}
		}
	case "violation":
		if w.Broken() > k.broken {
			v := w.Violations()[k.broken]
			text = v.Property.String() + " is broken: " + page.Named(v.Detail) + "."
		}
	default:
		text = k.happened(w)
	}
	k.Look(w)
	return text
}

// happened says what happened in the servers that ends the step: of several what is worth showing first.
func (k *Watcher) happened(w *lab.World) (text string) {
	k.found = w.EventsSince(k.events, k.found[:0])
	key := false
	for i := range k.found {
		e := &k.found[i].Event
		if !ends(k.stop, e.Kind) {
			continue
		}
		if line := page.Event(k.found[i].Server, e); text == "" || !key && line.Weight == "key" {
			text, key = line.Text, line.Weight == "key"
		}
	}
	if k.stop == "role" && text == "" {
		for i, before := range k.states {
			if state, _, _ := w.Look(raft.ServerID(i + 1)); state != before {
				return "S" + page.Decimal(i+1) + " is " + state.String() + "."
			}
		}
	}
	return text
}

func ends(stop contract.Stop, kind raft.EventKind) bool {
	switch stop {
	case "role":
		return kind == raft.BecameFollower || kind == raft.BecamePreCandidate ||
			kind == raft.BecameCandidate || kind == raft.BecameLeader
	case "election":
		return kind == raft.BecameLeader
	case "commit":
		return kind == raft.CommitAdvanced
	}
	return true
}

// arrival says that a frame arrives.
func (t *Teller) arrival(f *hub.Flight) string {
	view := t.flight(f)
	text := string(view.Kind) + " of S" + page.Decimal(f.From) + " reaches S" + page.Decimal(f.To)
	if view.Label != "" {
		text += ": " + view.Label
	}
	return text + "."
}
