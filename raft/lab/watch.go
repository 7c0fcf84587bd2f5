package lab

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab/goal"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
)

// maxNews is how many actions, outcomes and bad frames are collected for watchers; any more are dropped.
const maxNews = 1024

// Outcome is how an operation of the client of actions ended.
type Outcome struct {
	At      int64         // µs of cluster time
	Call    uint64        // the operation's number, see Asked
	Server  raft.ServerID // who answered; 0: no answer came within the client's patience
	Answer  *wire.Answer  // it was done …
	Refusal *wire.Error   // … or not, or it may have been
}

// Done is an action that did something.
type Done struct {
	At     int64         // µs of cluster time
	Action Action        // of a trap: without its When
	Leader raft.ServerID // who led when it was done, 0 if nobody did
	Frame  hub.Flight    // the frame that it was done to, if it is a deed for frames; else its Seq is 0
	Trap   Trap          // of Disarm: what was taken away
}

// Trap is an action that waits for its moment.
type Trap struct {
	Number int // counted from 1 over the run, whichever are still set
	Action Action
	watch  *goal.Watch
}

// BadFrame is a frame that a server could not understand.
type BadFrame struct {
	At     int64 // µs of cluster time
	Server raft.ServerID
	From   uint64 // 0: it could not be told
	Reason wire.Error
}

// news collects events for watchers. A copy of the world collects nothing until it is told to.
type news struct {
	on       bool
	done     []Done
	outcomes []Outcome
	bad      []BadFrame
}

// Watch begins to collect what a page tells: Sightings, Done, Outcomes and BadFrames; or stops and forgets
// what was collected.
func (w *World) Watch(on bool) {
	w.news = news{on: on}
	w.hub.Watch(on)
}

// Sightings appends to into what became of frames since its last call, oldest first; see Hub.Sightings.
func (w *World) Sightings(into []hub.Sighting) (list []hub.Sighting, dropped int) {
	return w.hub.Sightings(into)
}

// Outcomes returns how operations of actions have ended since it was last asked, oldest first, at most 1024.
func (w *World) Outcomes() []Outcome {
	list := w.news.outcomes
	w.news.outcomes = nil
	return list
}

// BadFrames returns which frames were not understood since it was last asked, oldest first, at most 1024.
func (w *World) BadFrames() []BadFrame {
	list := w.news.bad
	w.news.bad = nil
	return list
}

// Done returns which actions did something since it was last asked, oldest first, at most 1024.
func (w *World) Done() []Done {
	list := w.news.done
	w.news.done = nil
	return list
}

// Look returns whether a server runs, and if it does its role and term.
func (w *World) Look(id raft.ServerID) (state MachineState, role raft.Role, term raft.Term) {
	m := w.machines[id-1]
	if state = m.state(); m.server != nil {
		m.server.Node().Status(&w.status)
		role, term = w.status.Role, w.status.CurrentTerm
	}
	return state, role, term
}

// Configuration returns the configuration in force at a server; if it is down, the last one.
func (w *World) Configuration(id raft.ServerID) raft.Configuration { return w.machines[id-1].config }

// Reporter returns the server to look at for a report on id, and how many ticks of its clock it has not been
// told of yet. If that is down, it is a server started from a copy of its disk: what the disk holds is all
// there is of it. It is nil if none would start.
func (w *World) Reporter(id raft.ServerID) (s *server.Server, untold int) {
	m := w.machines[id-1]
	if m.server != nil {
		return m.server, int(m.untold(w.now) / 1e6)
	}
	if !m.looked {
		m.rest, m.looked = w.restOf(m), true
	}
	return m.rest, 0
}

func (w *World) restOf(m *machine) *server.Server {
	now := w.now
	disk := m.disk.clone(&now)
	disk.revive()
	copied, err := server.New(w.options(m, 0), disk)
	if err != nil {
		return nil
	}
	return copied
}

// Asked returns the number of the last operation that an action asked for; the first one is 1.
func (w *World) Asked() uint64 { return w.clients[0].calls }

// Broken returns how many Violations there are.
func (w *World) Broken() int {
	broken := len(w.checker.Violations()) + len(w.failures)
	if w.stale != nil {
		broken++
	}
	return broken
}

// Ahead reports whether the run has actions that are still to come.
func (w *World) Ahead() bool { return w.next < len(w.run.Actions) }

// Traps returns the actions that wait for their moment, in the order in which they were set.
func (w *World) Traps() []Trap { return slices.Clone(w.traps) }

// Off returns the IDs of the rules that no server keeps now.
func (w *World) Off() []string { return w.off.IDs() }

// Modified returns those of them that are not extensions: servers that do not keep them are no Raft servers.
func (w *World) Modified() []string { return (w.off &^ raft.Extensions).IDs() }

// Next returns when something happens next, and false if nothing ever will. At a moment at which nothing
// else happens, Do has the effect that its action has when the run is repeated. At other moments it may
// differ: an action of a Run comes before the clocks of its microsecond, Do after them.
func (w *World) Next() (at int64, ever bool) {
	at = w.due()
	return at, at != never
}

// about returns an action that is about to be done, for the news.
func (w *World) about(a *Action) (d Done) {
	if !w.news.on {
		return d
	}
	d = Done{At: w.now, Action: *a}
	if m := w.leader(); m != nil {
		d.Leader = m.id
	}
	if a.Do.entry().touch != "" && a.Do != InjectFrame {
		seq := w.frame(a)
		for _, f := range w.hub.Flights(nil) {
			if f.Seq == seq {
				d.Frame = f
			}
		}
	}
	if t := w.trap(a.Trap); a.Do == Disarm && t != nil {
		d.Trap = *t
	}
	return d
}

// deed notes that an action did something.
func (n *news) deed(d Done) {
	if n.on && len(n.done) < maxNews {
		n.done = append(n.done, d)
	}
}

// outcome notes that an operation has ended: by an answer or a refusal, which are copied, or by neither.
func (n *news) outcome(at int64, call uint64, f *wire.Frame) {
	if !n.on || len(n.outcomes) == maxNews {
		return
	}
	o := Outcome{At: at, Call: call, Server: raft.ServerID(f.From)}
	switch {
	case f.Answer != nil:
		answer := *f.Answer
		o.Answer = &answer
	case f.Refusal != nil:
		refusal := *f.Refusal
		o.Refusal = &refusal
	}
	n.outcomes = append(n.outcomes, o)
}

func (n *news) notUnderstood(at int64, self raft.ServerID, frames []server.BadFrame) {
	for i := range frames {
		if n.on && len(n.bad) < maxNews {
			n.bad = append(n.bad, BadFrame{at, self, frames[i].From, frames[i].Reason})
		}
	}
}

// Inbox returns the frames that wait for a paused server, oldest first, with no times. Their bytes are read-only.
func (w *World) Inbox(id raft.ServerID) []hub.Flight {
	var list []hub.Flight
	for _, f := range w.machines[id-1].inbox {
		list = append(list, hub.Flight{To: uint64(id), Data: f.data, Binary: f.kind == wire.Binary})
	}
	return list
}
