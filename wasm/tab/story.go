package tab

import "strconv"

// tell adds a line to the story of this tab.
func (t *Tab) tell(line StoryLine) { t.outbox.line(line) }

// fault tells what a person did to the room, or what befell it.
func (t *Tab) fault(text, why, section string) {
	t.tell(StoryLine{At: t.clock.now, Kind: "fault", Weight: "key", Text: text, Why: why, Section: section})
}

// tellFaults tells what is different in the room from what was known before.
func (t *Tab) tellFaults(before, after *roomNotification) {
	if after.Started && !before.Started {
		t.fault("The room's clock starts.", "Every seat has been taken once, or somebody asked for it. From now on election timers run.", "")
	}
	if after.Rate != before.Rate {
		t.fault(rateText(before.Rate, after.Rate), "Cluster time runs at this rate of real time. The protocol's own times do not change.", "")
	}
	for i := range after.Servers {
		for j := range before.Servers {
			if before.Servers[j].Server == after.Servers[i].Server {
				t.tellSeat(&before.Servers[j], &after.Servers[i])
			}
		}
	}
	t.tellLinks(before.Links, after.Links)
}

func rateText(before, after float64) string {
	switch {
	case after == 0:
		return "The clock is paused for the whole room."
	case before == 0:
		return "The clock runs again, at " + rate(after) + "."
	}
	return "The clock now runs at " + rate(after) + "."
}

func rate(r float64) string {
	if r == 1 {
		return "real time"
	}
	return strconv.FormatFloat(r, 'g', 3, 64) + " of real time"
}

func (t *Tab) tellSeat(before, after *roomSeat) {
	name := "S" + strconv.Itoa(after.Server)
	switch {
	case after.Connected && !before.Leased:
		t.fault(name+" takes its seat.", "A new server, with an empty log in term 0.", "")
	case after.Connected && !before.Connected:
		t.fault(name+" is back.", "It is the same server with what its disk kept: its term, its vote and its log.", "§5.6")
	case !after.Connected && before.Connected:
		t.fault(name+" is gone: its tab was closed, reloaded or lost its connection.", "To the others that is a crash. Its seat and its log wait for it.", "§5.5")
	}
}

// tellLinks tells a link that was cut or mended both ways in one line.
func (t *Tab) tellLinks(before, after []hubLink) {
	up := map[[2]int]bool{}
	for _, l := range before {
		up[[2]int{l.From, l.To}] = l.Up
	}
	changed := map[[2]int]bool{}
	for _, l := range after {
		if was, known := up[[2]int{l.From, l.To}]; known && was != l.Up {
			changed[[2]int{l.From, l.To}] = true
		}
	}
	now := map[[2]int]bool{}
	for _, l := range after {
		now[[2]int{l.From, l.To}] = l.Up
	}
	for _, l := range after {
		way, back := [2]int{l.From, l.To}, [2]int{l.To, l.From}
		if !changed[way] {
			continue
		}
		from, to := "S"+strconv.Itoa(l.From), "S"+strconv.Itoa(l.To)
		both := changed[back] && now[back] == l.Up
		if both && l.From > l.To {
			continue // told with the other direction
		}
		switch {
		case both && l.Up:
			t.fault("The link between "+from+" and "+to+" is mended.", "", "")
		case both:
			t.fault("The link between "+from+" and "+to+" is cut.", "What is under way on it is lost; what is sent into it is too. Raft must live with that.", "§5.5")
		case l.Up:
			t.fault("The link from "+from+" to "+to+" is mended.", "", "")
		default:
			t.fault("The link from "+from+" to "+to+" is cut, in this direction only.", "What "+to+" sends still reaches "+from+".", "§5.5")
		}
	}
}
