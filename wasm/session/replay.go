package session

import (
	"cmp"
	"math"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// Limits of what a replay answers. Of more messages those that ended first are left out, of more events the oldest: it
// is then complete from a later moment on, which it says. Times are µs of cluster time.
const (
	longestReplay = 60e6
	mostMessages  = 4000
	mostEvents    = 2000
)

// foreignLine is above the numbers of all lines that a story ever has. Events of which the story has no line any more
// are numbered from there on by their place in the run, so that they have the same number whenever they are asked for.
const foreignLine = 1 << 50

// replay lives a stretch of a branch once more, in a world of its own, to tell all that happened in it: the page saw
// only what happened while it watched.
type replay struct {
	id      int // of the wish
	branch  *branch
	world   *lab.World
	begin   int64
	to      int64
	details bool // events that are details, too

	from     int64 // it is complete from here on
	messages []contract.Message
	place    map[uint64]int // of messages, by their number
	leftOut  int            // messages
	events   []contract.StoryLine
	told     uint64 // events of the world that were looked at
	history  history
	sighted  []hub.Sighting  // scratch
	happened []lab.Happening // scratch
}

// replay begins to answer with all that happened in a stretch of the branch, as it is known at the playhead. One that
// is asked for takes the place of another that is under way.
func (s *Session) replay(w *contract.LookBack) {
	if w.From == nil || w.Until == nil || !(*w.From >= 0 && *w.From <= *w.Until && *w.Until <= latest) {
		s.refuse(w.ID, "expected from and until, two moments of this run in µs, 0 or more, the later one last")
		return
	}
	s.forgetReplay()
	to := min(*w.Until, s.world.Now())
	from := min(max(*w.From, to-longestReplay), to)
	r := &replay{
		id: w.ID, branch: s.branch, begin: from, to: to, from: from, details: w.Details, place: map[uint64]int{},
	}
	r.world = s.branch.tape.At(from)
	r.world.Watch(true)
	r.told = r.world.Events()
	r.noteLanes()
	r.world.View(&s.view)
	for i := range s.view.Frames {
		f := &s.view.Frames[i]
		s.noteMessage(r, &hub.Sighting{Seq: f.Seq, From: f.From, To: f.To, Sent: f.Sent, Due: f.Due, Data: f.Data,
			Binary: f.Binary, Fate: map[bool]string{true: "held", false: "sent"}[f.Held]})
	}
	s.replaying = r
	s.goOnReplaying()
}

// forgetReplay answers who waits for a replay that is not wanted any more.
func (s *Session) forgetReplay() {
	if r := s.replaying; r != nil {
		s.replaying = nil
		s.refuse(r.id, "Another stretch was asked for meanwhile.")
	}
}

// goOnReplaying lives through a part of the stretch that is so short that the Worker goes on hearing the page, and
// answers at its end.
func (s *Session) goOnReplaying() {
	r := s.replaying
	w := r.world
	until := min(r.to, w.Now()+stretch)
	for range mostSteps {
		if at, _ := w.Next(); at > until {
			w.RunTo(until)
			break
		}
		w.Step()
		r.noteLanes()
		r.noteEvents()
		s.noteMessages(r)
	}
	if w.Now() < r.to {
		return
	}
	for _, v := range w.Violations() {
		if v.At > r.begin {
			r.tell(violationLine(&v))
		}
	}
	s.replaying = nil
	s.answer(r.id, r.view())
}

// view returns what was found, the messages in the order of their sending.
func (r *replay) view() contract.Replay {
	r.bound(mostMessages)
	slices.SortFunc(r.messages, func(a, b contract.Message) int {
		return cmp.Or(
			cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.Seq, b.Seq),
		)
	})
	return contract.Replay{
		From: r.from, To: r.to, Messages: copied(r.messages), LeftOut: r.leftOut, Events: copied(r.events),
		Lanes: copied(r.history.lanes),
	}
}

// noteLanes notes what each server is now.
func (r *replay) noteLanes() {
	for i := range r.world.Run().Config.Servers {
		state, role, term := r.world.Look(raft.ServerID(i + 1))
		r.history.lane(r.world.Now(), i+1, laneOf(state, role), contract.U64(term))
	}
}

// noteEvents notes what happened in the servers since it was last called.
func (r *replay) noteEvents() {
	r.happened = r.world.EventsSince(r.told, r.happened[:0])
	for i := range r.happened {
		r.told++
		r.tell(eventLine(&r.happened[i]))
	}
	for _, f := range r.world.BadFrames() {
		r.tell(badFrameLine(&f))
	}
}

// tell keeps an event, under the number of its line in the branch's story if that has one.
func (r *replay) tell(line contract.StoryLine) {
	if line.Weight != "key" && !r.details {
		return
	}
	alike := func(l *contract.StoryLine) bool { return l.Server == line.Server && l.Text == line.Text }
	before := 0 // as many as are alike at this moment come first in the story, too
	for i := len(r.events) - 1; i >= 0 && r.events[i].At == line.At; i-- {
		if alike(&r.events[i]) {
			before++
		}
	}
	lines := r.branch.story.lines
	line.ID = foreignLine + r.told
	i, _ := slices.BinarySearchFunc(lines, line.At, func(
		l contract.StoryLine, at int64,
	) int {
		return cmp.Compare(l.At, at)
	})
	for ; i < len(lines) && lines[i].At == line.At; i++ {
		if alike(&lines[i]) {
			if before == 0 {
				line.ID = lines[i].ID
				break
			}
			before--
		}
	}
	r.events = append(r.events, line)
	if surplus := len(r.events) - mostEvents; surplus > mostEvents/4 {
		r.from = max(r.from, r.events[surplus-1].At+1)
		r.events = slices.Delete(r.events, 0, surplus)
	}
}

// noteMessages notes what became of messages since it was last called.
func (s *Session) noteMessages(r *replay) {
	r.sighted, _ = r.world.Sightings(r.sighted[:0])
	for i := range r.sighted {
		s.noteMessage(r, &r.sighted[i])
	}
	if len(r.messages) > mostMessages+mostMessages/4 {
		r.bound(mostMessages)
	}
}

// noteMessage notes one. A message that is held and let go was still sent when it was sent: that is what could
// have caused it.
func (s *Session) noteMessage(r *replay, f *hub.Sighting) {
	if f.Later {
		i, known := r.place[f.Seq]
		if !known {
			return // it had ended before the stretch that is kept
		}
		m := &r.messages[i]
		switch m.Held = f.Fate == "held"; f.Fate {
		case "held":
		case "sent":
			m.Due = f.Due
		default:
			at := f.At
			m.Fate, m.LostAt = page.FateOf(f.Fate), &at
		}
		return
	}
	var view contract.Flight
	view.Message = contract.Message{
		Seq: f.Seq, From: int(f.From), To: int(f.To), Sent: f.Sent, Due: f.Due, Held: f.Fate == "held",
		Fate: page.FateOf(f.Fate),
	}
	s.describe(&view, sent(f))
	r.place[f.Seq] = len(r.messages)
	r.messages = append(r.messages, view.Message)
}

// endOf is when a message was over; never, if it still is under way.
func endOf(m *contract.Message) int64 {
	switch {
	case m.Held:
		return math.MaxInt64
	case m.LostAt != nil:
		return *m.LostAt
	}
	return m.Due
}

// bound leaves out what ended first of more than so many messages.
func (r *replay) bound(most int) {
	surplus := len(r.messages) - most
	if surplus <= 0 {
		return
	}
	slices.SortFunc(r.messages, func(a, b contract.Message) int {
		return cmp.Or(cmp.Compare(endOf(&a), endOf(&b)), cmp.Compare(a.Seq, b.Seq))
	})
	r.from = max(r.from, min(endOf(&r.messages[surplus-1]), r.to))
	r.leftOut += surplus
	r.messages = slices.Delete(r.messages, 0, surplus)
	clear(r.place)
	for i := range r.messages {
		r.place[r.messages[i].Seq] = i
	}
}
