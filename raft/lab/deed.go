package lab

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/relay/hub"
)

// Deed names what an Action does.
type Deed string

// deed is one thing that can be done to a cluster, and all that is known of it: a new fault needs an entry
// in the catalogue, and a drawing. How it is aimed (a click, a drag, a form) is for a page to decide.
type deed struct {
	name  Deed
	takes []string // the arguments that it may have of those that not every deed may have
	must  []string // … and must have

	// What must hold for it to be done, besides on: not says in a sentence why it would change nothing,
	// empty if it would change something. refused says why the server or the hub would refuse it; a run that
	// does not ask first gets the refusal.
	on      needs
	not     func(w *World, a *Action, m *machine) string
	refused func(w *World, a *Action, m *machine) string

	do   func(w *World, a *Action, m *machine) error // the error: the server or the hub refuses
	asks bool                                        // it asks a server, which looks at its clock and may answer

	// undo returns what takes it back, and is called before it is done; nil: nothing does, see forGood.
	undo    func(w *World, a *Action, m *machine) []Action
	inverse Deed // takes it back, at the same server
	forGood string
	heal    func(w *World, m *machine) // ends its effect at one machine; nil: that is the network's, or lasts
	wrong   func(m *machine) Wrong     // what is wrong at a machine meanwhile; without Text: nothing is

	warn func(w *World, m *machine) string // what the cluster loses by it, empty if it can bear that

	title   string // on a button, and what it means, in a sentence
	meaning string
	done    string // that it was done, in a few words; S0 stands for the server
	trap    string // words for a trap that does it, before a server's name; empty: a page offers none

	// What it does, see Action.Words: behind a server's name, or behind what a frame is; words where that
	// is not enough.
	says, becomes string
	words         func(a *Action, who, what string) string

	why, section string // what it means to Raft

	room  bool         // it can also be done in a live room: it is the network's
	touch hub.FrameAct // what the hub does to one frame
}

// needs is what must hold of the machine that a deed names.
type needs uint8

const (
	named   needs = 1 << iota // it is that of a server, or of whoever leads
	up                        // its server runs, paused or not
	awake                     // … and is not paused
	running = named | up | awake
)

// catalogue holds every deed. Heal ends their effects in this order: a failed disk is mended before the
// server that it stopped starts. Deeds lists their names.
var (
	catalogue []deed
	Deeds     []Deed
)

func init() { // deeds look each other up
	catalogue = slices.Concat(diskDeeds, machineDeeds, networkDeeds, frameDeeds, clusterDeeds, clientDeeds)
	for i := range catalogue {
		Deeds = append(Deeds, catalogue[i].name)
	}
}

// entry returns the deed of that name, nil if there is none.
func (name Deed) entry() *deed {
	for i := range catalogue {
		if catalogue[i].name == name {
			return &catalogue[i]
		}
	}
	return nil
}

// Can says in a sentence why an action would not be done now, empty if it would be. Check must accept the
// action. Nothing is changed or tried out: a server is asked for the error with which it would refuse.
func (w *World) Can(a *Action) (why string) {
	d := a.Do.entry()
	if a.When != "" {
		return "" // a trap can be set at any time
	}
	m, why := w.meant(d, a)
	if why == "" && d.refused != nil {
		why = d.refused(w, a, m)
	}
	return why
}

// Undo returns the actions, in order, that take an action back that is done now; none if nothing does.
func (w *World) Undo(a *Action) []Action {
	if a.When != "" {
		return []Action{{Do: Disarm, Trap: w.trapped + 1}}
	}
	d := a.Do.entry()
	m, why := w.meant(d, a)
	switch {
	case why != "":
	case d.inverse != "":
		return acts(d.inverse, m.id, 0)
	case d.undo != nil:
		return d.undo(w, a, m)
	}
	return nil
}

// acts is a list of one deed, aimed at a server or at a link.
//
//go:noinline
func acts(do Deed, server, to raft.ServerID) []Action {
	return []Action{{Do: do, Server: server, To: to}}
}

// act does an action, or sets it as a trap, and returns in a sentence why not if it does not.
func (w *World) act(a *Action) (why string) {
	about := w.about(a)
	if a.When != "" {
		w.set(a)
		w.news.deed(about)
		return ""
	}
	d := a.Do.entry()
	m, why := w.meant(d, a)
	if why == "" {
		why = d.refusal(m, w.carryOut(d, a, m))
	}
	if why == "" {
		w.Faults.Deeds[a.Do]++
		w.news.deed(about)
	}
	return why
}

func (w *World) carryOut(d *deed, a *Action, m *machine) error {
	if !d.asks {
		return d.do(w, a, m)
	}
	w.live(m)
	err := d.do(w, a, m)
	w.settle(m)
	return err
}

// refusal puts the error of a server or the hub into a sentence.
func (d *deed) refusal(m *machine, err error) string {
	switch {
	case err == nil:
		return ""
	case d.touch != "":
		return frameRefusal(err)
	case m == nil:
		return explain.Sentence(bare(err))
	case err == raft.ErrCompact:
		return name(m.id) + " has nothing to compact."
	}
	return name(m.id) + " refuses: " + bare(err) + "."
}

// meant returns the machine that an action is about, nil if it is about none, and why the deed would change nothing.
func (w *World) meant(d *deed, a *Action) (m *machine, why string) {
	if d.on&named != 0 {
		m = w.concerned(a.Server)
		switch {
		case m == nil:
			return nil, "Nobody leads now."
		case d.on&up != 0 && m.server == nil:
			return nil, name(m.id) + " is down."
		case d.on&awake != 0 && m.paused:
			return nil, name(m.id) + " is paused."
		}
	}
	if d.not != nil {
		why = d.not(w, a, m)
	}
	return m, why
}

// concerned returns the machine that an action names, nil if it is the leader's and there is none.
func (w *World) concerned(id raft.ServerID) *machine {
	if id == 0 {
		return w.leader()
	}
	return w.machines[id-1]
}

// trap returns the trap with this number, nil if it is not set: it was sprung or taken away, or never
// existed.
func (w *World) trap(number int) *Trap {
	for i := range w.traps {
		if w.traps[i].Number == number {
			return &w.traps[i]
		}
	}
	return nil
}

// heal ends all faults: of the network, of clocks and disks, of servers.
func (w *World) heal() {
	w.traps, w.sprung = nil, nil
	w.calmNetwork()
	for _, m := range w.machines {
		for i := range catalogue {
			if heal := catalogue[i].heal; heal != nil {
				heal(w, m)
			}
		}
	}
}
