package session

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/raft/lab"
	"raftplayground/relay/hub"
	"raftplayground/relay/quality"
	"raftplayground/wasm/contract"
)

// network changes the rate, which is no deed, or the links, as the page of a live room does: by the values
// that should differ.
func (s *Session) network(w *contract.Network) {
	c := w.Change
	switch {
	case c == nil:
		s.page.Refuse(w.ID, "change: expected what is to change, got nothing")
		return
	case c.Rate != nil && !(*c.Rate >= 0 && *c.Rate <= 1):
		s.page.Refuse(w.ID, "rate: expected 0 to 1, got "+explain.Number(*c.Rate))
		return
	}
	actions, why := s.linkActions(c)
	for i := range actions {
		if err := s.try(actions[i]); err != nil && why == "" {
			why = wording(err)
		}
	}
	if why != "" {
		s.page.Refuse(w.ID, why)
		return
	}
	if c.Rate != nil {
		s.setRate(*c.Rate)
	}
	for _, a := range actions {
		if _, _, err := s.do(a); err != nil {
			s.page.Refuse(w.ID, wording(err))
			return
		}
	}
	s.page.Grant(w.ID, true)
}

// linkActions returns the actions that give the links the qualities asked for, or why that is impossible.
func (s *Session) linkActions(c *contract.NetworkChange) (actions []lab.Action, why string) {
	s.line.World.View(&s.view)
	links := s.view.Links
	if len(links) > 0 && c.Wanted != (quality.Wanted{}) {
		link := links[0].Qualities
		link.Set(&c.Wanted)
		actions = append(actions, lab.Action{Do: lab.Network, Link: &link})
	}
	for _, want := range c.Links {
		i := slices.IndexFunc(links, func(l hub.Link) bool { return int(l.From) == want.From && int(l.To) == want.To })
		if i < 0 {
			return nil, "links: expected from and to of two servers of this lab"
		}
		is, from, to := &links[i], raft.ServerID(want.From), raft.ServerID(want.To)
		if want.Up != nil && *want.Up != is.Up {
			deed := map[bool]lab.Deed{true: lab.Mend, false: lab.Cut}[*want.Up]
			actions = append(actions, lab.Action{Do: deed, Server: from, To: to})
		}
		if want.Wanted != (quality.Wanted{}) {
			link := is.Qualities
			link.Set(&want.Wanted)
			actions = append(actions, lab.Action{Do: lab.Network, Server: from, To: to, Link: &link})
		}
	}
	return actions, ""
}
