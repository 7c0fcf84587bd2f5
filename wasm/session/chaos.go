package session

import (
	"math"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/timeline"
)

// chaos draws faults while time goes on at the end of a branch, gentle enough that there is always something
// to see: one at a time, each undone after a while, and a rest between two.
type chaos struct {
	on   bool
	next int64 // when the next fault is drawn
}

// Times of chaos, µs of cluster time: means of the times drawn.
const (
	chaosRest = 900e3
	chaosLast = 500e3
)

// planned is an action that undoes a fault.
type planned struct {
	since  int64 // of the fault
	at     int64
	action lab.Action
}

// setChaos begins to draw faults, or ends it: faults made by then are still undone.
func (s *Session) setChaos(w *contract.SetChaos) {
	s.chaos = chaos{on: w.On, next: s.line.World.Now() + s.exponential(chaosRest/3)}
	s.page.Grant(w.ID, true)
}

// chaosDue returns when the next fault or the end of one is due, or never.
func (s *Session) chaosDue() int64 {
	due := int64(timeline.Never)
	for _, p := range s.line.Branch.Kept.undo {
		due = min(due, p.at)
	}
	if s.chaos.on && len(s.line.Branch.Kept.undo) == 0 {
		due = min(due, s.chaos.next)
	}
	return due
}

// drawFault makes or undoes the faults that are due.
func (s *Session) drawFault() {
	now := max(s.line.World.Now(), s.chaosDue())
	b := &s.line.Branch.Kept
	if i := slices.IndexFunc(b.undo, func(p planned) bool { return p.at <= now }); i >= 0 {
		a := b.undo[i].action
		b.undo = slices.Delete(b.undo, i, i+1)
		s.chaos.next = now + s.exponential(chaosRest)
		s.doAt(now, a)
		return
	}
	fault := s.draw()
	s.chaos.next = now + s.exponential(chaosRest)
	if back, done := s.doAt(now, fault); done {
		b = &s.line.Branch.Kept // another one, if it forked
		at := s.line.World.Now() + 50e3 + s.exponential(chaosLast)
		for _, a := range back {
			b.undo = append(b.undo, planned{since: now, at: at, action: a})
		}
	}
}

// doAt does an action at a moment or just behind it, and returns the actions that undo it.
func (s *Session) doAt(at int64, a lab.Action) (back []lab.Action, done bool) {
	s.line.World.RunTo(at)
	s.line.Branch.End = s.line.World.Now()
	back, why, err := s.do(a)
	return back, why == "" && err == nil
}

// draw draws a fault that can be undone.
func (s *Session) draw() lab.Action {
	n := s.size()
	victim := raft.ServerID(1 + s.random.IntN(n))
	if leader := s.leader(); leader != 0 && s.random.IntN(2) == 0 {
		victim = leader
	}
	kind := s.random.IntN(6)
	if n == 1 {
		kind = 0 // a single server has no network
	}
	switch kind {
	case 0, 1:
		return lab.Action{Do: lab.Crash, Server: victim}
	case 2:
		return lab.Action{Do: lab.Pause, Server: victim}
	case 3:
		s.line.World.View(&s.view)
		is := &s.view.Links[0]
		loss := float64(5+s.random.IntN(25)) / 100
		bad := &lab.Link{Latency: min(2*is.Latency, 100e3), Jitter: is.Latency, Loss: loss}
		return lab.Action{Do: lab.Network, Link: bad}
	}
	var side []raft.ServerID
	minority := 1 + s.random.IntN(max(1, (n-1)/2))
	for i := range minority {
		side = append(side, 1+(victim-1+raft.ServerID(i))%raft.ServerID(n))
	}
	slices.Sort(side)
	return lab.Action{Do: lab.Partition, Servers: side}
}

// exponential draws a time ≥ 1 µs with this mean.
func (s *Session) exponential(mean float64) int64 {
	return 1 + int64(-math.Log(1-s.random.Float64())*mean)
}
