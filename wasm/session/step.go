package session

import (
	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// watcher looks at a world from step to step for the moments at which a page's step ends.
type watcher struct {
	stop   contract.Stop
	events uint64
	broken int
	states []lab.MachineState
	found  []lab.Happening // scratch
	view   lab.View
}

// newWatcher returns one that looks for what happens in w from now on.
func newWatcher(to contract.Stop, w *lab.World) *watcher {
	k := &watcher{stop: to}
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

// saw says what has happened since the watcher looked last that ends a step; "" if nothing has.
func (k *watcher) saw(w *lab.World, words func(*hub.Flight) string) (text string) {
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

func ends(stop contract.Stop, kind raft.EventKind) bool {
	switch stop {
	case "role":
		return kind == raft.BecameFollower || kind == raft.BecamePreCandidate || kind == raft.BecameCandidate ||
			kind == raft.BecameLeader
	case "election":
		return kind == raft.BecameLeader
	case "commit":
		return kind == raft.CommitAdvanced
	}
	return true
}

// step goes to the next moment of a kind, or to just before the last one, and stops the clock.
func (s *Session) step(w *contract.Step) {
	switch w.To {
	case contract.StopAtEvent, contract.StopAtMessage, contract.StopAtRole,
		contract.StopAtElection, contract.StopAtCommit, contract.StopAtViolation:
	default:
		s.refuse(w.ID, "to: expected event, message, role, election, commit or violation, got "+page.Clip(string(w.To),
			40))
		return
	}
	s.setRate(0)
	if w.Back {
		s.stepBack(w)
		return
	}
	s.stepOn(w, newWatcher(w.To, s.world), s.world.Now()+mostAhead)
}

// stepOn goes to the next moment of a kind, if there is one until a moment. Which faults are drawn on the way is not
// known before: what comes is certain as far as the next of them, and from there it is looked for anew.
func (s *Session) stepOn(w *contract.Step, k *watcher, until int64) {
	k.look(s.world)
	certain := min(until, max(s.chaosDue(), s.branch.end))
	at, text := s.find(k, s.world.Clone(), certain)
	switch {
	case text != "":
		s.walk(at, s.once(w, func() { s.answer(w.ID, contract.Stepped{At: at, Text: text}) }))
	case certain < until:
		s.walk(certain, s.once(w, func() { s.passFault(k, w, until) }))
	default:
		s.refuse(w.ID, "Nothing of the kind happens in the next 60 seconds.")
	}
}

// passFault goes on behind a fault that was drawn, unless the step ends at the fault itself.
func (s *Session) passFault(k *watcher, w *contract.Step, until int64) {
	if text := k.saw(s.world, s.arrival); text != "" {
		s.answer(w.ID, contract.Stepped{At: s.world.Now(), Text: text})
		return
	}
	// In an input of its own, for the whole way may be long.
	s.way = &journey{s.world.Now(), s.once(w, func() { s.stepOn(w, k, until) })}
}

// once returns what ends a stretch of a step's way: what is to be done then, or, if another moment was wished for
// before, the word of that.
func (s *Session) once(w *contract.Step, there func()) func(bool) {
	return func(arrived bool) {
		if !arrived {
			s.refuse(w.ID, "Another moment was wished for meanwhile.")
			return
		}
		there()
	}
}

// walk goes to a moment. If it is near, the frames of the way are shown.
func (s *Session) walk(to int64, done func(there bool)) {
	if to-s.world.Now() > skipped*1000 {
		s.travel(to, done)
		return
	}
	for s.play(to); s.world.Now() < to; {
		s.play(to)
	}
	done(true)
}

// find lives a world, which it uses up, to the next moment of a kind and returns it, with what happens then; no text if
// there is none until a moment.
func (s *Session) find(k *watcher, w *lab.World, until int64) (at int64, text string) {
	for next, ever := w.Next(); ever && next <= until; next, ever = w.Next() {
		w.Step()
		if text = k.saw(w, s.arrival); text != "" {
			return w.Now(), text
		}
	}
	return 0, ""
}

// stepBack goes to just before the last moment of a kind. It looks for it by living ever longer stretches of the
// past once more.
func (s *Session) stepBack(w *contract.Step) {
	now := s.world.Now()
	for stretch, until := int64(100e3), now; until > 0 && until > now-mostAhead; stretch *= 4 {
		from := max(0, until-stretch)
		world := s.branch.tape.At(from)
		last, what := int64(-1), ""
		for {
			at, text := s.find(newWatcher(w.To, world), world, until)
			if text == "" {
				break
			}
			last, what = at, text
		}
		if last > from || last == 0 && from == 0 {
			s.stand(max(0, last-1))
			s.answer(w.ID, contract.Stepped{At: max(0, last-1), Text: "Before this: " + what})
			return
		}
		until = from
	}
	s.refuse(w.ID, "Nothing of the kind happened in the 60 seconds before.")
}

// arrival says that a frame arrives.
func (s *Session) arrival(f *hub.Flight) string {
	view := s.flight(f)
	text := string(view.Kind) + " of S" + page.Decimal(f.From) + " reaches S" + page.Decimal(f.To)
	if view.Label != "" {
		text += ": " + view.Label
	}
	return text + "."
}
