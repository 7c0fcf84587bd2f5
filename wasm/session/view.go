package session

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// known is how a server was last told of.
type known struct {
	life    uint64
	version uint64
	machine contract.Machine
	seat    contract.Seat
}

// lookAround adds to the next batch what is other than the page was told: the servers, the network, the lab. endToo: also when nothing but the end of the branch is.
func (s *Session) lookAround(endToo bool) {
	o := &s.outbox
	anew := o.run || o.jumped
	s.world.View(&s.view)
	if anew {
		o.told.servers = nil
		s.tellFrames()
	}
	s.tellServers()
	s.tellRoom(o.run)
	s.tellAnswers()
	s.tellLab(anew, endToo)
}

// tellServers tells of all servers if any is not as it was told of.
func (s *Session) tellServers() {
	o := &s.outbox
	now := make([]known, 0, len(s.view.Machines))
	for i := range s.view.Machines {
		now = append(now, s.lookAtServer(&s.view.Machines[i]))
	}
	if slices.Equal(now, o.told.servers) {
		return
	}
	o.told.servers, o.Changed = now, true
	views := make([]contract.ServerView, 0, len(now))
	for i := range now {
		k := &now[i]
		view := contract.ServerView{Server: i + 1, Seat: k.seat, Disk: contract.Memory, Machine: &k.machine}
		if server, untold := s.world.Reporter(raft.ServerID(i + 1)); server != nil {
			view.Report = page.Report(server, s.world.Now(), untold)
			view.Tally = page.Tally(view.Report)
		}
		views = append(views, view)
	}
	o.Next.Servers, o.told.views = views, views
}

func (s *Session) lookAtServer(m *lab.Machine) known {
	k := known{life: m.Life, seat: contract.SeatGone, machine: contract.Machine{
		State: contract.MachineState(m.State.String()), Member: contract.NotMember, Clock: m.Rate, SlowestWrite: m.Disk, Inbox: m.Inbox,
	}}
	switch c := s.world.Configuration(m.Server); {
	case c.Votes(m.Server):
		k.machine.Member = contract.Voter
	case c.Contains(m.Server):
		k.machine.Member = contract.Learner
	}
	if server := s.world.Server(m.Server); server != nil {
		k.seat, k.version = contract.SeatConnected, server.ReportVersion()
	}
	return k
}

// tellRoom tells of the network and the clock's rate.
func (s *Session) tellRoom(anew bool) {
	o := &s.outbox
	links := make([]contract.Link, 0, len(s.view.Links))
	for i := range s.view.Links {
		links = append(links, linkView(&s.view.Links[i]))
	}
	if !anew && s.rate == o.told.rate && slices.Equal(links, o.told.links) {
		return
	}
	o.told.links, o.told.rate, o.Changed = links, s.rate, true
	o.Next.Room = &contract.RoomState{
		Room: "lab", Size: len(s.view.Machines), Started: true, Rate: s.rate, Links: links,
	}
}

// tellAnswers answers the page's questions anew where the servers, the rules that they keep, the network or what the
// page regards are not as they were.
func (s *Session) tellAnswers() {
	o := &s.outbox
	if o.Next.Servers == nil && o.Next.Room == nil && !o.asked.Waits() {
		return
	}
	rules, _ := raft.RulesNamed(s.world.Off())
	room := contract.RoomState{Started: true, Links: o.told.links}
	if answers := o.asked.Answer(&room, o.told.views, rules, s.world.Now()); answers != nil {
		o.Next.Answers, o.Changed = answers, true
	}
}

func linkView(l *hub.Link) contract.Link {
	return contract.Link{
		From: int(l.From), To: int(l.To), Up: l.Up, Latency: l.Latency, Jitter: l.Jitter, Loss: l.Loss, Duplicate: l.Duplicate,
		Reorder: l.Reorder, Hold: l.Hold,
	}
}

// tellLab tells of the run.
func (s *Session) tellLab(anew, endToo bool) {
	o := &s.outbox
	run := s.branch.tape.Run()
	view := &contract.Lab{
		Seed: page.Decimal(run.Seed), Branch: s.branch.id, Branches: s.branchViews(), Off: s.world.Off(),
		Modified: s.world.Modified(), Properties: s.properties(), Chaos: s.chaos.on, Traps: []contract.Trap{},
		Wrong: encoded(s.world.Wrongs()),
	}
	for _, t := range s.world.Traps() {
		view.Traps = append(view.Traps, contract.Trap{Number: t.Number, Text: t.Action.TrapWords()})
	}
	for i := range view.Branches {
		if view.Branches[i].ID == view.Branch {
			view.Branches[i].End = 0 // it grows all the time
		}
	}
	text, _ := contract.Codec.MarshalToString(view)
	if end := s.branch.end; !anew && text == o.told.lab && (end == o.told.end || !endToo) {
		return
	}
	o.told.lab, o.told.end, o.Changed = text, s.branch.end, true
	view.End = s.branch.end
	view.Branches = s.branchViews()
	o.Next.Lab = view
}

// promises are the safety properties of Figure 3, in its order, and what else the lab can see broken.
var promises = []struct {
	property check.Property
	text     string
}{
	{check.ElectionSafety, "At most one leader can be elected in a given term."},
	{check.LeaderAppendOnly, "A leader never overwrites or deletes entries in its log; it only appends new ones."},
	{check.LogMatching, "If two logs have an entry with the same index and term, they are identical in all entries through it."},
	{check.LeaderCompleteness, "An entry that is committed in a term is in the logs of the leaders of all higher terms."},
	{check.StateMachineSafety, "If a server has applied an entry at an index, no other server ever applies a different one there."},
	{check.Durability, "A write of which a client was told that it is done is never lost."},
	{check.Linearizability, "A read sees every write that a client had been told of before the read began."},
	{check.Liveness, "The cluster serves its clients again once its faults are healed."},
}

// figure3 is how many of the promises are always listed; the others are when they are broken.
const figure3 = 5

func promiseOf(p check.Property) string {
	for _, promise := range promises {
		if promise.property == p {
			return promise.text
		}
	}
	return ""
}

// properties says what has held up to the playhead.
func (s *Session) properties() []contract.Property {
	var violations []check.Violation
	if s.world.Broken() > 0 {
		violations = s.world.Violations()
	}
	list := make([]contract.Property, 0, len(promises))
	for i, promise := range promises {
		view := contract.Property{Name: promise.property.String(), Text: promise.text}
		for _, v := range violations {
			if v.Property == promise.property && view.Broken == nil {
				view.Broken = &contract.Broken{
					At: v.At, Text: page.Named(v.Detail), Servers: page.Numbers(v.Servers),
					Index: contract.U64(v.Index),
				}
			}
		}
		if i < figure3 || view.Broken != nil {
			list = append(list, view)
		}
	}
	return list
}
