package tab

import (
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// absentFor is how long, in ms of real time, a server must be away before people are asked to decide about
// its seat: a reload takes less.
const absentFor = 3000

// advise tells the page what is wrong with the room and what its people have to decide.
func (t *Tab) advise() {
	if t.room == nil {
		return
	}
	advice := []contract.Advice{}
	if t.link.state == joined {
		t.sayWhyWatching()
		advice = append(append(advice, t.adviseOnSeats()...), t.adviseOnLatency()...)
	}
	if !slices.EqualFunc(advice, t.advice, sameAdvice) {
		t.advice = advice
		t.batches.advice(advice)
	}
}

// sameAdvice compares the words: a choice of the same words is the same choice.
func sameAdvice(a, b contract.Advice) bool {
	return a.Text == b.Text && slices.EqualFunc(a.Choices, b.Choices, func(a, b contract.Choice) bool {
		return a.Label == b.Label && a.Cost == b.Cost
	})
}

func (t *Tab) sayWhyWatching() {
	switch {
	case t.claim.state != anySeat:
	case t.room.Unknown:
		t.batches.watching("")
	default:
		t.batches.watching("This room has " + report.Plural(t.room.Size, "server") + ". You are watching.")
	}
}

func (t *Tab) adviseOnSeats() []contract.Advice {
	switch absent := t.absent(); {
	case t.room.Unknown:
		return []contract.Advice{t.adviseUnknown()}
	case t.seat.newcomer != nil:
		return []contract.Advice{only("S" + strconv.Itoa(t.seat.number) +
			" has a new disk. It takes part once a leader has " +
			"taken it in, for which a majority of the servers, without this one, must be here.")}
	case t.claim.state == anySeat && len(absent) > 0:
		return []contract.Advice{t.adviseAbsent(absent)}
	}
	return nil
}

// absent returns the servers that have been away for a while, if this tab has watched long enough.
func (t *Tab) absent() []int {
	var absent []int
	for _, s := range t.room.Servers {
		if s.Leased && !s.Connected {
			absent = append(absent, s.Server)
		}
	}
	if !slices.Equal(absent, t.away) {
		t.away, t.awaySince = absent, t.now
	}
	if t.now-t.awaySince < absentFor {
		return nil
	}
	return absent
}

// missing returns how many more servers than here make a majority of the room; less than 1: these are one.
func (t *Tab) missing(here int) int { return raft.Majority(t.room.Size, 0) - here }

func (t *Tab) adviseUnknown() contract.Advice {
	var here []int
	for _, s := range t.room.Servers {
		if s.Leased {
			here = append(here, s.Server)
		}
	}
	text := "This relay does not know the room " + t.room.Room + ": it is new, or the relay has lost its record. "
	if missing := t.missing(len(here)); len(here) > 0 && missing > 0 {
		text += report.Servers(here) + " of " + report.Plural(t.room.Size, "server") + " came back; with " +
			strconv.Itoa(missing) + " more the room goes on as it was."
	} else {
		text += "If it was used before, open the tabs of its servers: with a majority of them it goes on as it was."
	}
	return choice(text, "It is new. Begin",
		"Servers that it had before cannot come back, and what they stored is left out.",
		contract.SeatsChange{New: true})
}

// adviseAbsent says what watchers can do about servers that are away, and what that may cost. With a majority
// here a new disk costs nothing: its server waits until a leader takes it in.
func (t *Tab) adviseAbsent(absent []int) contract.Advice {
	connected, names := 0, report.Servers(absent)
	for _, s := range t.room.Servers {
		if s.Connected {
			connected++
		}
	}
	missing := t.missing(connected)
	are := names + isOrAre(absent)
	switch {
	case !t.room.Started:
		return choice(are+"gone. The room has not started yet.",
			"Free "+names, "Nothing is lost.", contract.SeatsChange{Give: absent})
	case missing <= 0:
		return contract.Advice{Choices: newDisks(absent), Text: are + "not here. A tab that is opened where it ran " +
			"brings it back. If its disk is lost (a browser's site data was cleared), " +
			"this tab can run it on a new one."}
	case connected == 0:
		return choice(
			"No server of this room is here, and this browser has none of their disks: it never had one, or its "+
				"site data was cleared. Open the room where its servers ran; with "+strconv.Itoa(missing)+" of "+
				strconv.Itoa(t.room.Size)+" it goes on.",
			"Begin anew, empty", "All that the room stored is lost.", contract.SeatsChange{New: true})
	}
	return choice(are+"not here. Until "+strconv.Itoa(missing)+" of them "+backAgain(missing)+
		", nothing can be committed. Open the room where they ran.",
		"Go on without them", "What only "+names+" stored is lost, even if it was acknowledged.",
		contract.SeatsChange{Give: absent, Empty: true})
}

// only returns advice that leaves nothing to decide; choice returns one with a single choice.
func only(text string) contract.Advice {
	return contract.Advice{Text: text, Choices: []contract.Choice{}}
}

func choice(text, label, cost string, seats contract.SeatsChange) contract.Advice {
	return contract.Advice{Text: text, Choices: []contract.Choice{{Label: label, Cost: cost, Seats: seats}}}
}

func newDisks(absent []int) (choices []contract.Choice) {
	for _, server := range absent {
		name := "S" + strconv.Itoa(server)
		choices = append(choices, contract.Choice{
			Label: "New disk for " + name,
			Cost: "Nothing that was acknowledged is lost; the old " + name +
				" can never come back, and all servers start again.",
			Seats: contract.SeatsChange{Give: []int{server}},
		})
	}
	return choices
}

func backAgain(n int) string {
	if n == 1 {
		return "is back"
	}
	return "are back"
}

// adviseOnLatency says when no server can win an election in time.
func (t *Tab) adviseOnLatency() []contract.Advice {
	slow := report.Look(&t.room.RoomState, t.serverViews(), 0, t.clock.now()).TooSlow()
	if slow == "" {
		return nil
	}
	return []contract.Advice{only(slow)}
}

// changeSeats passes on what the page's person has decided about seats.
func (t *Tab) changeSeats(m *contract.Seats) {
	if m.Seats == nil {
		t.batches.Refuse(m.ID, "seats: expected new or give, got nothing")
		return
	}
	t.changeRoom(m.ID, "seats", m.Seats)
}
