package told

import (
	"cmp"
	"math"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// Limits of a replay. Of more messages those that ended first are left out, of more events the oldest: the
// replay is then complete from a later moment on, which it says. Times are µs of cluster time.
const (
	LongestReplay = 60e6
	MostMessages  = 4000
	MostEvents    = 2000
)

// ForeignLine is above the numbers of all lines that a story ever has. Events whose line is no longer in the
// story are numbered from there on by their place in the run, and so always get the same number.
const ForeignLine = 1 << 50

// Replay is all that happens in a stretch of a branch that is lived again: the page saw only what happened
// while it watched.
type Replay struct {
	World   *lab.World
	record  *Record // of the branch
	begin   int64
	to      int64
	details bool // events that are details, too
	reader  report.Reader

	from     int64 // the replay is complete from here on
	messages []contract.Message
	place    map[uint64]int // of messages, by their number
	leftOut  int            // messages
	events   []contract.StoryLine
	told     uint64 // events of the world that were seen
	lived    lived
	sighted  []hub.Sighting  // scratch
	happened []lab.Happening // scratch
}

// NewReplay returns the replay of a stretch of the current branch that ends at to. w is a world of the
// branch at the beginning of the stretch, for the replay alone.
func (t *Teller) NewReplay(w *lab.World, to int64, details bool) *Replay {
	from := w.Now()
	r := &Replay{World: w, record: t.record, begin: from, to: to, from: from, details: details, place: map[uint64]int{}}
	w.Watch(true)
	r.told = w.Events()
	r.noteLanes()
	w.View(&t.view)
	for i := range t.view.Frames {
		f := &t.view.Frames[i]
		fate := map[bool]string{true: "held", false: "sent"}[f.Held]
		r.noteMessage(&hub.Sighting{Seq: f.Seq, From: f.From, To: f.To, Sent: f.Sent, Due: f.Due, Data: f.Data,
			Binary: f.Binary, Fate: fate})
	}
	return r
}

// Saw notes what happened since its last call.
func (r *Replay) Saw() {
	r.noteLanes()
	r.noteEvents()
	r.noteMessages()
}

// View returns the result, once the whole stretch was lived: the messages in the order of their sending.
func (r *Replay) View() contract.Replay {
	for _, v := range r.World.Violations() {
		if v.At > r.begin {
			r.tell(violationLine(&v))
		}
	}
	r.bound(MostMessages)
	slices.SortStableFunc(r.messages, func(a, b contract.Message) int {
		return cmp.Or(
			cmp.Compare(a.Sent, b.Sent), cmp.Compare(a.Seq, b.Seq),
		)
	})
	return contract.Replay{
		From: r.from, To: r.to, Messages: copied(r.messages), LeftOut: r.leftOut, Events: copied(r.events),
		Lanes: copied(r.lived.lanes),
	}
}

// noteLanes notes what each server is now.
func (r *Replay) noteLanes() {
	for i := range r.World.Run().Config.Servers {
		state, role, term := r.World.Look(raft.ServerID(i + 1))
		r.lived.lane(r.World.Now(), i+1, laneOf(state, role), contract.U64(term))
	}
}

// noteEvents notes the servers' events since its last call.
func (r *Replay) noteEvents() {
	r.happened = r.World.EventsSince(r.told, r.happened[:0])
	for i := range r.happened {
		r.told++
		r.tell(eventLine(&r.happened[i]))
	}
	for _, f := range r.World.BadFrames() {
		r.tell(badFrameLine(&f))
	}
}

// tell keeps an event, under the number of its line in the branch's story if that has one.
func (r *Replay) tell(line contract.StoryLine) {
	if line.Weight != "key" && !r.details {
		return
	}
	alike := func(l *contract.StoryLine) bool { return l.Server == line.Server && l.Text == line.Text }
	before := 0 // how many alike lines of this moment precede it, in the story too
	for i := len(r.events) - 1; i >= 0 && r.events[i].At == line.At; i-- {
		if alike(&r.events[i]) {
			before++
		}
	}
	lines := r.record.story.lines
	line.ID = ForeignLine + r.told
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
	if surplus := len(r.events) - MostEvents; surplus > MostEvents/4 {
		r.from = max(r.from, r.events[surplus-1].At+1)
		r.events = slices.Delete(r.events, 0, surplus)
	}
}

// noteMessages notes what became of messages since its last call.
func (r *Replay) noteMessages() {
	r.sighted, _ = r.World.Sightings(r.sighted[:0])
	for i := range r.sighted {
		r.noteMessage(&r.sighted[i])
	}
	if len(r.messages) > MostMessages+MostMessages/4 {
		r.bound(MostMessages)
	}
}

// noteMessage notes one message. A message that was held and released keeps its first time of sending: its
// cause lies before that.
func (r *Replay) noteMessage(f *hub.Sighting) {
	if f.Later {
		i, known := r.place[f.Seq]
		if !known {
			return // it had ended before the part that is kept
		}
		m := &r.messages[i]
		switch m.Held = f.Fate == "held"; f.Fate {
		case "held":
		case "sent":
			m.Due = f.Due
		default:
			at := f.At
			m.Fate, m.LostAt = report.FateOf(f.Fate), &at
		}
		return
	}
	r.place[f.Seq] = len(r.messages)
	r.messages = append(r.messages, r.reader.Message(contract.Message{
		Seq: f.Seq, From: int(f.From), To: int(f.To), Sent: f.Sent, Due: f.Due, Held: f.Fate == "held",
		Fate: report.FateOf(f.Fate),
	}, wire.KindOf(f.Binary), f.Data))
}

// EndOf returns when a message was over; never, if it is still under way.
func EndOf(m *contract.Message) int64 {
	switch {
	case m.Held:
		return math.MaxInt64
	case m.LostAt != nil:
		return *m.LostAt
	}
	return m.Due
}

// bound leaves out the messages that ended first, if there are more than most.
func (r *Replay) bound(most int) {
	surplus := len(r.messages) - most
	if surplus <= 0 {
		return
	}
	slices.SortStableFunc(r.messages, func(a, b contract.Message) int {
		return cmp.Or(cmp.Compare(EndOf(&a), EndOf(&b)), cmp.Compare(a.Seq, b.Seq))
	})
	r.from = max(r.from, min(EndOf(&r.messages[surplus-1]), r.to))
	r.leftOut += surplus
	r.messages = slices.Delete(r.messages, 0, surplus)
	clear(r.place)
	for i := range r.messages {
		r.place[r.messages[i].Seq] = i
	}
}
