package session

import (
	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/relay/hub"
	"raftplayground/wasm/page"
)

// watcher looks at a world from step to step for the moments at which a page's step ends.
type watcher struct {
	stop   string
	events uint64
	broken int
	states []lab.MachineState
	frames []hub.Flight
	found  []lab.Happening // scratch
	view   lab.View
}

// newWatcher returns one that looks for what happens in w from now on.
func newWatcher(stop string, w *lab.World) *watcher {
	k := &watcher{stop: stop}
	k.look(w)
	return k
}

func (k *watcher) look(w *lab.World) {
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

// step lets the world live to the next moment and says what happened in it that ends a step; "" if nothing did.
func (k *watcher) step(w *lab.World, words func(*hub.Flight) string) (text string) {
	w.Step()
	switch k.stop {
	case "message":
		for i := range k.view.Frames {
			if f := &k.view.Frames[i]; f.Due <= w.Now() && !f.Held && text == "" {
				text = words(f)
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
	k.look(w)
	return text
}

// happened says what happened in the servers that ends the step: of several what is worth showing first.
func (k *watcher) happened(w *lab.World) (text string) {
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

func ends(stop string, kind raft.EventKind) bool {
	switch stop {
	case "role":
		return kind == raft.BecameFollower || kind == raft.BecamePreCandidate || kind == raft.BecameCandidate || kind == raft.BecameLeader
	case "election":
		return kind == raft.BecameLeader
	case "commit":
		return kind == raft.CommitAdvanced
	}
	return true
}

// stepped is what a step answers.
type stepped struct {
	At   float64 `json:"at"`
	Text string  `json:"text"`
}

// step goes to the next moment of a kind, or to just before the last one, and stops the clock.
func (s *Session) step(w *wish) {
	switch w.To {
	case "event", "message", "role", "election", "commit", "violation":
	default:
		s.refuse(w, "to: expected event, message, role, election, commit or violation, got "+page.Clip(w.To, 40))
		return
	}
	s.setRate(0)
	if w.Back {
		s.stepBack(w)
		return
	}
	at, text := s.find(w.To, s.world.Clone(), s.world.Now()+mostAhead)
	if text == "" {
		s.refuse(w, "Nothing of the kind happens in the next 60 seconds.")
		return
	}
	if at-s.world.Now() > skipped*1000 {
		s.travel(w, at, func() any { return stepped{ms(at), text} })
		return
	}
	for s.world.Now() < at {
		s.play(at)
	}
	s.answer(w, stepped{ms(at), text})
}

// find lives a world, which it uses up, to the next moment of a kind and returns it, with what happens then; no text if there is none until a moment.
func (s *Session) find(stop string, w *lab.World, until int64) (at int64, text string) {
	k := newWatcher(stop, w)
	for next, ever := w.Next(); ever && next <= until; next, ever = w.Next() {
		if text = k.step(w, s.arrival); text != "" {
			return w.Now(), text
		}
	}
	return 0, ""
}

// stepBack goes to just before the last moment of a kind. It looks for it by living ever longer stretches of the past once more.
func (s *Session) stepBack(w *wish) {
	now := s.world.Now()
	for stretch, until := int64(100e3), now; until > 0 && until > now-mostAhead; stretch *= 4 {
		from := max(0, until-stretch)
		world := s.branch.tape.At(from)
		last, what := int64(-1), ""
		for {
			at, text := s.find(w.To, world, until)
			if text == "" {
				break
			}
			last, what = at, text
		}
		if last > from || last == 0 && from == 0 {
			s.stand(max(0, last-1))
			s.answer(w, stepped{ms(max(0, last-1)), "Before this: " + what})
			return
		}
		until = from
	}
	s.refuse(w, "Nothing of the kind happened in the 60 seconds before.")
}

// arrival says that a frame arrives.
func (s *Session) arrival(f *hub.Flight) string {
	view := s.flight(f.Seq, f.From, f.To, f.Sent, f.Due, f.Data)
	text := view.Kind + " of S" + page.Decimal(f.From) + " reaches S" + page.Decimal(f.To)
	if view.Label != "" {
		text += ": " + view.Label
	}
	return text + "."
}
