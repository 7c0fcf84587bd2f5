package lab

import (
	"math"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/relay/hub"
	"raftplayground/relay/quality"
)

// Wrong is something that is not as in a calm cluster, and what mends it.
type Wrong struct {
	Text  string   `json:"text"`  // "S1 is down"
	Words string   `json:"words"` // on the button
	Acts  []Action `json:"acts"`
}

const quick = 5 * millisecond // a write that takes no longer than this is not worth mentioning

// Wrongs returns what is wrong: with the machines, in their order, then with the links. Single frames that
// are held do not count.
func (w *World) Wrongs() []Wrong {
	list := []Wrong{}
	for _, m := range w.machines {
		for i := range catalogue {
			if d := &catalogue[i]; d.wrong != nil {
				if wrong := d.wrong(m); wrong.Text != "" {
					list = append(list, wrong)
				}
			}
		}
	}
	links := w.hub.Links(nil)
	list = append(list, w.wrongCuts(links)...)
	for i := range links {
		if l := &links[i]; l.Hold {
			from, to := raft.ServerID(l.From), raft.ServerID(l.To)
			text := "What " + name(from) + " sends " + name(to) + " is held"
			list = append(list, Wrong{text, Release.entry().title, acts(Release, from, to)})
		}
	}
	for i := range quality.All {
		if q := &quality.All[i]; q.Fault != "" {
			if wrong := wrongLinks(links, q); wrong.Text != "" {
				list = append(list, wrong)
			}
		}
	}
	return list
}

// wrongCuts is one Wrong for a network in two or more parts within which everything passes, else one for each pair of
// servers between which something does not.
func (w *World) wrongCuts(links []hub.Link) (list []Wrong) {
	var down []hub.Link
	for _, l := range links {
		if !l.Up {
			down = append(down, l)
		}
	}
	if down == nil {
		return nil
	}
	passes := func(from, to raft.ServerID) bool {
		return !slices.ContainsFunc(down, func(l hub.Link) bool { return l.From == uint64(from) && l.To == uint64(to) })
	}
	parts := explain.Parted(explain.SetOf(w.servers...), passes)
	between := func(l hub.Link) bool {
		from, to := raft.ServerID(l.From), raft.ServerID(l.To)
		return !slices.ContainsFunc(parts, func(s explain.Set) bool { return s.Has(from) && s.Has(to) })
	}
	if !slices.ContainsFunc(down, func(l hub.Link) bool { return !between(l) }) {
		text := parts[0].String()
		for _, part := range parts[1:] {
			text += " | " + part.String()
		}
		return []Wrong{{"The network is cut: " + text, Mend.entry().title, partition(w.servers)}}
	}
	for _, a := range w.servers {
		for _, b := range w.servers[a:] {
			if wrong := wrongPair(a, b, passes(a, b), passes(b, a)); wrong.Text != "" {
				list = append(list, wrong)
			}
		}
	}
	return list
}

// wrongPair is one Wrong for two servers: whether what the first sends passes, and what the second sends.
func wrongPair(a, b raft.ServerID, there, back bool) Wrong {
	words, list := "cut", []Action(nil)
	if !there {
		list = acts(Mend, a, b)
	} else {
		words = "only " + name(a) + " to " + name(b)
	}
	if !back {
		list = append(list, acts(Mend, b, a)...)
	} else {
		words = "only " + name(b) + " to " + name(a)
	}
	if list == nil {
		return Wrong{}
	}
	return Wrong{name(a) + " – " + name(b) + ": " + words, Mend.entry().title, list}
}

// wrongLinks is one Wrong for links with a faulty quality. One deed mends it if they are alike otherwise.
func wrongLinks(links []hub.Link, q *quality.Quality) Wrong {
	var without []Action
	most, alike := 0.0, true
	for _, l := range links {
		if q.Of(&l.Qualities) == 0 {
			continue
		}
		most = max(most, q.Of(&l.Qualities))
		var none quality.Wanted
		q.Want(&none, 0)
		link := l.Qualities
		link.Set(&none)
		without = append(without, acts(Network, raft.ServerID(l.From), raft.ServerID(l.To))...)
		without[len(without)-1].Link = &link
		alike = alike && link == *without[0].Link
	}
	if without == nil {
		return Wrong{}
	}
	text := strconv.Itoa(len(without)) + " of " + strconv.Itoa(len(links)) + " links"
	if len(without) == len(links) {
		text = "All links"
	}
	if text += " " + q.Fault + " "; len(without) > 1 {
		text += "up to "
	}
	if text += strconv.Itoa(int(math.Round(most/q.Per))) + " " + q.Unit; alike && len(without) == len(links) {
		without = without[:1]
		without[0].Server, without[0].To = 0, 0
	}
	return Wrong{text, "Stop", without}
}
