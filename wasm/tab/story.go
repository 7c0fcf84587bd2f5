package tab

import (
	"slices"
	"strconv"

	"raftplayground/wasm/page"
)

// tell adds a line to the story of this tab.
func (t *Tab) tell(line page.StoryLine) { t.outbox.line(line) }

// fault tells what a person did to the room, or what befell it.
func (t *Tab) fault(text, why, section string) {
	t.tell(page.StoryLine{At: t.clock.now, Kind: "fault", Weight: "key", Text: text, Why: why, Section: section})
}

// tellFaults tells what is different in the room from what was known before.
func (t *Tab) tellFaults(before, after *roomNotification) {
	switch {
	case before.Unknown && !after.Unknown && after.Started:
		t.fault("The room goes on as it was.",
			"The relay had lost its record; a majority of the room's servers agrees on what it was.", "")
	case after.Started && !before.Started:
		t.fault("The room's clock starts.", "Every seat has been taken once, or somebody asked for it. From now on election timers run.", "")
	}
	if after.Rate != before.Rate {
		text, why := rateText(before.Rate, after.Rate)
		t.fault(text, why, "")
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

func rateText(before, after float64) (text, why string) {
	const paced = "Cluster time runs at this rate of real time. The protocol's own times do not change."
	switch {
	case after == 0:
		return "The clock is paused for the whole room.", "No timer runs and no message arrives until somebody lets it run again."
	case before == 0:
		return "The clock runs again, at " + rate(after) + ".", "Timers and messages go on from where they stood. " + paced
	}
	return "The clock now runs at " + rate(after) + ".", paced
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
	case before.Leased && !after.Leased:
		t.fault(name+"'s seat is free.", "It has been given up: the server that held it cannot come back.", "")
	case after.Connected && !before.Leased:
		t.fault(name+" takes its seat.", "A new server, with an empty log in term 0.", "")
	case after.Connected && !before.Connected:
		t.fault(name+" is back.", "It is the same server with what its disk kept: its term, its vote and its log.", "§5.5")
	case !after.Connected && before.Connected:
		t.fault(name+" is gone: its tab was closed, reloaded or lost its connection.", "To the others that is a crash. Its seat and its log wait for it.", "§5.5")
	}
}

// pair is two servers, in the order of their numbers.
type pair struct{ a, b int }

// tellLinks tells which links were cut or mended. What befell several links both ways, all those between two groups, is told as one thing.
func (t *Tab) tellLinks(before, after []hubLink) {
	was, now := map[pair]bool{}, map[pair]bool{}
	for _, l := range before {
		was[pair{l.From, l.To}] = l.Up
	}
	for _, l := range after {
		now[pair{l.From, l.To}] = l.Up
	}
	changed := func(way pair) bool {
		up, known := was[way]
		return known && up != now[way]
	}
	both := map[bool][]pair{} // up → the pairs that changed to it both ways
	for _, l := range after {
		way, back := pair{l.From, l.To}, pair{l.To, l.From}
		switch {
		case !changed(way):
		case !changed(back) || now[back] != l.Up:
			t.tellDirection(way, l.Up, now[back])
		case l.From < l.To:
			both[l.Up] = append(both[l.Up], way)
		}
	}
	t.tellCut(both[false])
	t.tellMended(both[true], !slices.ContainsFunc(after, func(l hubLink) bool { return !l.Up }))
}

func (t *Tab) tellDirection(way pair, up, back bool) {
	from, to := page.Servers([]int{way.a}), page.Servers([]int{way.b})
	switch {
	case up:
		t.fault("The link from "+from+" to "+to+" is mended.", "", "")
	case back:
		t.fault("The link from "+from+" to "+to+" is cut, in this direction only.", "What "+to+" sends still reaches "+from+".", "§5.5")
	default:
		t.fault("The link from "+from+" to "+to+" is cut, too.", "Now neither hears the other.", "§5.5")
	}
}

func (t *Tab) tellCut(pairs []pair) {
	const why = "What is under way there is lost, and so is what is sent from now on. Raft must live with that."
	if few, others, all := groups(pairs); all && len(pairs) > 1 {
		t.fault(page.Servers(few)+isOrAre(few)+"cut from "+page.Servers(others)+".", why, "§5.5")
		return
	}
	for _, p := range pairs {
		t.fault("The link between "+page.Servers([]int{p.a})+" and "+page.Servers([]int{p.b})+" is cut.", why, "§5.5")
	}
}

func (t *Tab) tellMended(pairs []pair, whole bool) {
	few, others, all := groups(pairs)
	switch {
	case len(pairs) > 1 && whole:
		t.fault("The network is whole again.", "What was sent into the cut links is lost for good. Everything else is sent again until it is answered.", "§5.5")
	case len(pairs) > 1 && all:
		t.fault(page.Servers(few)+isOrAre(few)+"joined with "+page.Servers(others)+" again.", "", "")
	default:
		for _, p := range pairs {
			t.fault("The link between "+page.Servers([]int{p.a})+" and "+page.Servers([]int{p.b})+" is mended.", "", "")
		}
	}
}

// groups finds the two groups between which the pairs are all the links there are, the smaller one first; all is false if there are no such groups.
func groups(pairs []pair) (few, others []int, all bool) {
	if len(pairs) == 0 {
		return nil, nil, false
	}
	linked := func(a, b int) bool { return slices.Contains(pairs, pair{min(a, b), max(a, b)}) }
	for server := range mostServers + 1 {
		if linked(server, pairs[0].b) {
			few = append(few, server)
		}
		if linked(server, pairs[0].a) {
			others = append(others, server)
		}
	}
	for _, a := range few {
		for _, b := range others {
			if !linked(a, b) {
				return nil, nil, false
			}
		}
	}
	if len(others) < len(few) {
		few, others = others, few
	}
	return few, others, len(pairs) == len(few)*len(others)
}

func isOrAre(numbers []int) string {
	if len(numbers) == 1 {
		return " is "
	}
	return " are "
}
