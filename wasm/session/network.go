package session

import (
	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/page"
)

// network changes the rate, which is nobody's deed, or the links, as the page of a live room does: by what is to be other than it is.
func (s *Session) network(w *wish) {
	c := w.Change
	switch {
	case c == nil:
		s.refuse(w, "change: expected what is to change, got nothing")
		return
	case c.Rate != nil && !(*c.Rate >= 0 && *c.Rate <= 1):
		s.refuse(w, "rate: expected 0 to 1, got "+number(*c.Rate))
		return
	}
	actions, why := s.linkActions(c)
	for i := range actions {
		if err := s.try(actions[i]); err != nil && why == "" {
			why = wording(err)
		}
	}
	if why != "" {
		s.refuse(w, why)
		return
	}
	if c.Rate != nil {
		s.setRate(*c.Rate)
	}
	for _, a := range actions {
		if _, err := s.do(a); err != nil {
			s.refuse(w, wording(err))
			return
		}
	}
	s.answer(w, true)
}

// linkActions returns the actions that make of the links what is asked for, or why they cannot be that.
func (s *Session) linkActions(c *page.NetworkChange) (actions []lab.Action, why string) {
	s.world.View(&s.view)
	if c.Latency != nil || c.Jitter != nil {
		if len(s.view.Links) > 0 {
			l := linkOf(&s.view.Links[0].Latency, &s.view.Links[0].Jitter, c.Latency, c.Jitter)
			l.Loss, l.Duplicate, l.Reorder = s.view.Links[0].Loss, s.view.Links[0].Duplicate, s.view.Links[0].Reorder
			actions = append(actions, lab.Action{Do: lab.Network, Link: l})
		}
	}
	for _, want := range c.Links {
		from, to := raft.ServerID(want.From), raft.ServerID(want.To)
		found := false
		for i := range s.view.Links {
			is := &s.view.Links[i]
			if is.From != uint64(from) || is.To != uint64(to) {
				continue
			}
			found = true
			if want.Up != nil && *want.Up != is.Up {
				actions = append(actions, lab.Action{Do: map[bool]lab.Deed{true: lab.Mend, false: lab.Cut}[*want.Up], Server: from, To: to})
			}
			if want.Latency != nil || want.Jitter != nil {
				l := linkOf(&is.Latency, &is.Jitter, want.Latency, want.Jitter)
				l.Loss, l.Duplicate, l.Reorder = is.Loss, is.Duplicate, is.Reorder
				actions = append(actions, lab.Action{Do: lab.Network, Server: from, To: to, Link: l})
			}
		}
		if !found {
			return nil, "links: expected from and to of two servers of this lab"
		}
	}
	return actions, ""
}

// linkOf is what a link is to be like, times in ms where they change.
func linkOf(latency, jitter *int64, newLatency, newJitter *float64) *lab.Link {
	l := &lab.Link{Latency: *latency, Jitter: *jitter}
	if newLatency != nil {
		l.Latency = micros(*newLatency)
	}
	if newJitter != nil {
		l.Jitter = micros(*newJitter)
	}
	return l
}

// setTimers sets the election timers apart from each other, or all alike.
func (s *Session) setTimers(w *wish) {
	deed := map[string]lab.Deed{"spread": lab.Spread, "align": lab.Align}[w.Act]
	if deed == "" {
		s.refuse(w, "act: expected spread or align, got "+page.Clip(w.Act, 40))
		return
	}
	s.perform(w, lab.Action{Do: deed})
}
