package told

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// Record is the written history of a branch.
type Record struct {
	events uint64   // events of its world that were told
	broken []string // the violations that were told, in words
	lived  lived
	story  story
}

// Through returns a copy of the record until now in w, a world of the branch.
func (r *Record) Through(w *lab.World) Record {
	at := w.Now()
	c := Record{events: w.Events(), broken: slices.Clone(r.broken[:min(len(r.broken), w.Broken())])}
	c.lived, c.story = r.lived.through(at), r.story.through(at)
	c.lived.commit = contract.U64(committed(w))
	return c
}

// committed returns the highest index that a server knows to be committed now.
func committed(w *lab.World) (highest raft.Index) {
	var status raft.Status
	for i := range w.Run().Config.Servers {
		if server := w.Server(raft.ServerID(i + 1)); server != nil {
			server.Node().Status(&status)
			highest = max(highest, status.CommitIndex)
		}
	}
	return highest
}

// Write writes down what has happened since its last call, except actions, and returns whether a property
// was broken for the first time in this branch.
func (t *Teller) Write() (violated bool) {
	r, w := t.record, t.world
	now := w.Now()
	for _, h := range w.EventsSince(r.events, nil) {
		t.event(&h)
	}
	r.events = w.Events()
	for _, f := range w.BadFrames() {
		t.Line(badFrameLine(&f))
	}
	for i := range w.Run().Config.Servers {
		state, role, term := w.Look(raft.ServerID(i + 1))
		t.change(r.lived.lane(now, i+1, laneOf(state, role), contract.U64(term)))
		if term > 0 {
			t.change(r.lived.term(now, contract.U64(term)))
		}
	}
	whole := len(r.broken) == 0
	return t.violations() && whole
}

// Line adds a line to the story of the branch that is looked at.
func (t *Teller) Line(line contract.StoryLine) { t.record.story.add(t.Batches.Line(line)) }

// Mark adds a mark to its history.
func (t *Teller) Mark(at int64, kind contract.MarkKind, server int, text string) {
	t.change(t.record.lived.mark(at, kind, server, text))
}

func (t *Teller) event(h *lab.Happening) {
	line := eventLine(h)
	t.Line(line)
	e, lived := &h.Event, &t.record.lived
	switch {
	case e.Kind == raft.BecameLeader:
		t.Mark(line.At, "election", line.Server, line.Text)
	case e.Kind == raft.CommitAdvanced && contract.U64(e.New) > lived.commit:
		lived.commit = contract.U64(e.New)
		t.Mark(line.At, "commit", line.Server, line.Text)
	}
}

// violations tells of newly broken properties, and returns whether there are any.
func (t *Teller) violations() (any bool) {
	r := t.record
	if t.world.Broken() == len(r.broken) {
		return false
	}
	for _, v := range t.world.Violations() {
		line := violationLine(&v)
		if slices.Contains(r.broken, line.Text) {
			continue
		}
		r.broken = append(r.broken, line.Text)
		t.Line(line)
		t.Mark(line.At, "violation", line.Server, line.Text)
		any = true
	}
	return any
}

// change passes an addition to the history on to the page.
func (t *Teller) change(c change) {
	if c == (change{}) {
		return
	}
	h := t.Next.Lived
	if h == nil {
		h = &contract.LivedPart{
			Terms: []contract.TermChange{}, Lanes: []contract.LaneChange{}, Marks: []contract.Mark{},
		}
		t.Next.Lived = h
	}
	t.Changed = true
	switch {
	case c.term != nil:
		h.Terms = append(h.Terms, *c.term)
	case c.lane != nil:
		h.Lanes = append(h.Lanes, *c.lane)
	case c.mark != nil:
		h.Marks = append(h.Marks, *c.mark)
	}
	if len(h.Terms)+len(h.Lanes)+len(h.Marks) > mostChanges {
		t.Next.Lived, t.lostHistory = nil, true // the page has not asked for long: it is sent the whole history anew
	}
}

func laneOf(state lab.MachineState, role raft.Role) contract.Lane {
	switch state {
	case lab.Down, lab.Damaged:
		return contract.GoneLane
	case lab.Paused:
		return contract.PausedLane
	}
	return contract.Lane(report.RoleOf(role))
}

// Lines returns the lines of the story. They are the record's.
func (r *Record) Lines() []contract.StoryLine { return r.story.lines }
