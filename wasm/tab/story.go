package tab

import (
	"slices"
	"strconv"
	"strings"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// tellDeeds tells what was done in the room since this tab last heard of it.
func (t *Tab) tellDeeds(room *contract.RoomNotice) {
	if room.DeedsMissed > 0 {
		t.batches.Notice("More was done in this room than its relay could tell: the story leaves out " +
			report.Plural(room.DeedsMissed, "deed") + ".")
	}
	deeds := joinWays(room.Deeds)
	for i := range deeds {
		t.tellDeed(&deeds[i])
	}
}

// joinWays makes one deed of neighbours that cut or mend directions of links and have the same author. A page
// that cuts a link both ways asks for two deeds.
func joinWays(deeds []contract.Deed) (joined []contract.Deed) {
	for _, d := range deeds {
		n := len(joined)
		if n == 0 || !sameChange(&joined[n-1], &d) {
			joined = append(joined, d)
			continue
		}
		last := &joined[n-1]
		last.Ways, last.DownNow = slices.Concat(last.Ways, d.Ways), d.DownNow
	}
	return joined
}

func sameChange(a, b *contract.Deed) bool {
	return (a.Do == "cut" || a.Do == "mend") && a.Do == b.Do && a.By != nil && b.By != nil && a.By.Client == b.By.Client
}

func (t *Tab) tellDeed(d *contract.Deed) {
	name := "S" + strconv.Itoa(d.Server)
	switch d.Do {
	case "start":
		why := t.author(d)
		if why == "" {
			why = "Every seat has been taken once. "
		}
		t.fault(d, "The room's clock starts.", why+"From now on election timers run.", "")
	case "known":
		t.fault(d, "The room goes on as it was.",
			"The relay had lost its record; a majority of the room's servers agrees on what it was.", "")
	case "new":
		t.fault(d, "The room begins anew, empty.", t.author(d)+"Nobody has a seat yet.", "")
	case "rate":
		text, why := rateText(d.Was, d.Rate)
		t.fault(d, text, t.author(d)+why, "")
	case "seat":
		t.fault(d, name+" takes its seat.", "A new server, with an empty log in term 0.", "")
	case "back":
		t.fault(d, name+" is back.",
			"It is the same server with what its disk kept: its term, its vote and its log.", "§5.5")
	case "gone":
		t.tellGone(d, name)
	case "free":
		why := t.author(d) + "The server that held it cannot come back."
		t.fault(d, name+"'s seat is free: it has been given away.", why, "")
	case "frame":
		t.tellFrame(d)
	default:
		t.tellNetwork(d)
	}
}

func (t *Tab) tellGone(d *contract.Deed, name string) {
	if d.Reason != "" {
		t.fault(d, name+" is gone: the room has closed its connection.", report.Sentence(report.Clip(d.Reason, 200)),
			"§5.5")
		return
	}
	t.fault(d, name+" is gone: its tab was closed, reloaded or lost its connection.",
		"To the others that is a crash. Its seat and its log wait for it.", "§5.5")
}

// fault tells of a person's act on the room, or of an incident.
func (t *Tab) fault(d *contract.Deed, text, why, section string) {
	t.batches.Line(contract.StoryLine{
		At: d.At, Kind: "fault", Weight: "key", Text: text, Why: strings.TrimSpace(why), Section: section,
	})
}

// author says in a sentence, with a blank behind it, who did a deed; empty if it was nobody in particular.
func (t *Tab) author(d *contract.Deed) string {
	who := ""
	switch by := d.By; {
	case by == nil:
		return ""
	case by.Client == t.client:
		who = "You"
	case by.Server == 0:
		who = "Somebody who watches"
	case by.Name != "":
		who = report.Clip(by.Name, 160) + " (S" + strconv.Itoa(by.Server) + ")"
	default:
		who = "Somebody in S" + strconv.Itoa(by.Server) + "'s tab"
	}
	return who + " did this. "
}

func rateText(before, after float64) (text, why string) {
	const paced = "Cluster time runs at this rate of real time. The protocol's own times do not change."
	switch {
	case after == 0:
		return "The clock is paused for the whole room.",
			"No timer runs and no message arrives until somebody lets it run again."
	case before == 0:
		return "The clock runs again, at " + rate(after) + ".", "Timers and messages go on from where they stood. " +
			paced
	}
	return "The clock now runs at " + rate(after) + ".", paced
}

func rate(r float64) string {
	if r == 1 {
		return "real time"
	}
	return strconv.FormatFloat(r, 'g', 3, 64) + " of real time"
}

// tellNetwork tells what was done to links.
func (t *Tab) tellNetwork(d *contract.Deed) {
	const late = "Messages may be delayed for any time. What is late must do no harm."
	switch d.Do {
	case "cut", "mend":
		t.tellWays(d, d.Do == "mend")
	case "hold":
		t.fault(d, report.Sentence(t.sent(d.Ways)+" stops on its way"), t.author(d)+late, "§5.5")
	case "release":
		t.fault(d, report.Sentence(t.sent(d.Ways)+" goes on"), t.author(d), "")
	case "links":
		const quick = "Raft needs messages to take much less time than an election timeout; it is safe at any speed."
		t.fault(d, report.Sentence(t.conditions(d.Links)), t.author(d)+quick, "§5.6")
	}
}

// sent names the messages in these directions, with a verb in the singular behind it.
func (t *Tab) sent(ways []contract.Way) string {
	switch {
	case len(ways) == 1:
		return "what " + report.Servers(ways[0][:1]) + " sends to " + report.Servers(ways[0][1:])
	case len(ways) == t.room.Size*(t.room.Size-1):
		return "every message between servers"
	}
	return "what is sent on " + strconv.Itoa(len(ways)) + " links"
}

// conditions says what links are like now.
func (t *Tab) conditions(links []contract.Link) string {
	if len(links) == 0 {
		return "nothing changes"
	}
	l := links[0]
	which := "the link from " + report.Servers([]int{l.From}) + " to " + report.Servers([]int{l.To})
	switch {
	case slices.ContainsFunc(links, func(o contract.Link) bool { return l.Qualities != o.Qualities }):
		return "each of " + strconv.Itoa(len(links)) + " links is another one now"
	case len(links) == t.room.Size*(t.room.Size-1):
		which = "every link"
	case len(links) > 1:
		which = "each of " + strconv.Itoa(len(links)) + " links"
	}
	return which + l.Words()
}

// frameActs say what was done to a message on its way.
var frameActs = map[string]string{
	"hold": "is held on its way", "release": "goes on", "drop": "is dropped", "deliver": "is delivered at once",
	"duplicate": "is sent twice", "edit": "is changed on its way", "inject": "is made up",
}

func (t *Tab) tellFrame(d *contract.Deed) {
	what, why := frameActs[d.Act], t.author(d)
	if what == "" {
		return // of a newer relay than this tab knows
	}
	if d.Act == "edit" || d.Act == "inject" {
		why += "Raft trusts what servers say: it makes no promise if messages are forged."
	}
	t.fault(d, "A message from "+report.Servers([]int{d.From})+" to "+report.Servers([]int{d.To})+" "+what+".", why, "")
}

// tellWays tells which links were cut or mended. All links between two groups, cut or mended both ways, are
// told as one.
func (t *Tab) tellWays(d *contract.Deed, up bool) {
	var both []contract.Way
	for _, w := range d.Ways {
		switch {
		case !slices.Contains(d.Ways, w.Back()):
			t.tellDirection(d, w, up)
		case w[0] < w[1]:
			both = append(both, w)
		}
	}
	if up {
		t.tellMended(d, both)
	} else {
		t.tellCut(d, both)
	}
}

func (t *Tab) tellDirection(d *contract.Deed, w contract.Way, up bool) {
	from, to := report.Servers(w[:1]), report.Servers(w[1:])
	switch {
	case up:
		t.fault(d, "The link from "+from+" to "+to+" is mended.", t.author(d), "")
	case slices.Contains(d.DownNow, w.Back()):
		t.fault(d, "The link from "+from+" to "+to+" is cut, too.", t.author(d)+"Now neither hears the other.", "§5.5")
	default:
		t.fault(d, "The link from "+from+" to "+to+" is cut, in this direction only.",
			t.author(d)+"What "+to+" sends still reaches "+from+".", "§5.5")
	}
}

func (t *Tab) tellCut(d *contract.Deed, pairs []contract.Way) {
	why := t.author(d) +
		"What is under way there is lost, and so is what is sent from now on. Raft must live with that."
	if few, others, all := groups(pairs); all && len(pairs) > 1 {
		t.fault(d, report.Servers(few)+isOrAre(few)+"cut from "+report.Servers(others)+".", why, "§5.5")
		return
	}
	for _, p := range pairs {
		t.fault(d, linkBetween(p)+" is cut.", why, "§5.5")
	}
}

func (t *Tab) tellMended(d *contract.Deed, pairs []contract.Way) {
	few, others, all := groups(pairs)
	switch {
	case len(pairs) > 1 && len(d.DownNow) == 0:
		t.fault(d, "The network is whole again.", t.author(d)+
			"What was sent into the cut links is lost for good. Everything else is sent again until it is answered.",
			"§5.5")
	case len(pairs) > 1 && all:
		t.fault(d, report.Servers(few)+isOrAre(few)+"joined with "+report.Servers(others)+" again.", t.author(d), "")
	default:
		for _, p := range pairs {
			t.fault(d, linkBetween(p)+" is mended.", t.author(d), "")
		}
	}
}

func linkBetween(servers contract.Way) string {
	return "The link between " + report.Servers(servers[:1]) + " and " + report.Servers(servers[1:])
}

// groups finds the two groups between which the pairs are all the links, the smaller one first; all is false
// if there are no such groups.
func groups(pairs []contract.Way) (few, others []int, all bool) {
	if len(pairs) == 0 {
		return nil, nil, false
	}
	linked := func(a, b int) bool { return slices.Contains(pairs, contract.Way{min(a, b), max(a, b)}) }
	for server := range mostServers + 1 {
		if linked(server, pairs[0][1]) {
			few = append(few, server)
		}
		if linked(server, pairs[0][0]) {
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
