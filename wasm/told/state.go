package told

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab"
	"raftplayground/relay/hub"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// known is how a server was last told of.
type known struct {
	life    uint64
	version uint64
	machine contract.Machine
	seat    contract.Seat
}

// lookAround adds to the next batch what differs from what the page knows: the servers, the network, the
// lab. endToo: even if only the end of the branch differs.
func (t *Teller) lookAround(s *Scene, endToo bool) {
	anew := t.void || t.jumped
	t.world.View(&t.view)
	if anew {
		t.servers = nil
		t.tellFrames()
	}
	t.tellServers()
	t.tellRoom(t.void, s.Rate)
	t.tellAnswers()
	t.tellLab(anew, endToo, &s.Lab)
}

// tellServers tells of all servers if any has changed.
func (t *Teller) tellServers() {
	now := make([]known, 0, len(t.view.Machines))
	for i := range t.view.Machines {
		now = append(now, t.lookAtServer(&t.view.Machines[i]))
	}
	if slices.Equal(now, t.servers) {
		return
	}
	t.servers, t.Changed = now, true
	views := make([]contract.ServerView, 0, len(now))
	for i := range now {
		k := &now[i]
		view := contract.ServerView{Server: i + 1, Seat: k.seat, Disk: contract.Memory, Machine: &k.machine}
		if server, untold := t.world.Reporter(raft.ServerID(i + 1)); server != nil {
			view.Report = report.Of(server, t.world.Now(), untold)
			view.Tally = report.Tally(view.Report)
		}
		views = append(views, view)
	}
	t.Next.Servers, t.views = views, views
}

func (t *Teller) lookAtServer(m *lab.Machine) known {
	k := known{life: m.Life, seat: contract.SeatGone, machine: contract.Machine{
		State: contract.MachineState(m.State.String()), Member: contract.NotMember, Clock: m.Rate,
		SlowestWrite: m.Disk, Inbox: m.Inbox,
	}}
	switch c := t.world.Configuration(m.Server); {
	case c.Votes(m.Server):
		k.machine.Member = contract.Voter
	case c.Contains(m.Server):
		k.machine.Member = contract.Learner
	}
	if server := t.world.Server(m.Server); server != nil {
		k.seat, k.version = contract.SeatConnected, server.ReportVersion()
	}
	return k
}

// tellRoom tells of the network and the clock's rate.
func (t *Teller) tellRoom(anew bool, rate float64) {
	links := make([]contract.Link, 0, len(t.view.Links))
	for i := range t.view.Links {
		links = append(links, linkView(&t.view.Links[i]))
	}
	if !anew && rate == t.rate && slices.Equal(links, t.links) {
		return
	}
	t.links, t.rate, t.Changed = links, rate, true
	t.Next.Room = &contract.RoomState{
		Room: "lab", Size: len(t.view.Machines), Started: true, Rate: rate, Links: links,
	}
}

// tellAnswers answers the page's questions anew if the servers, their rules, the network or the page's
// regard have changed.
func (t *Teller) tellAnswers() {
	if t.Next.Servers == nil && t.Next.Room == nil && !t.Asked.Waits() {
		return
	}
	rules, _ := raft.RulesNamed(t.world.Off())
	room := contract.RoomState{Started: true, Links: t.links}
	if answers := t.Asked.Answer(&room, t.views, rules, t.world.Now()); answers != nil {
		t.Next.Answers, t.Changed = answers, true
	}
}

func linkView(l *hub.Link) contract.Link {
	return contract.Link{
		From: int(l.From), To: int(l.To), Up: l.Up, Qualities: l.Qualities, Hold: l.Hold,
	}
}

// tellLab tells of the run.
func (t *Teller) tellLab(anew, endToo bool, view *contract.Lab) {
	view.Off, view.Modified, view.Properties = t.world.Off(), t.world.Modified(), t.properties()
	branches, end := view.Branches, view.End
	view.Branches, view.End = slices.Clone(branches), 0 // the end of the current branch grows all the time
	for i := range view.Branches {
		if view.Branches[i].ID == view.Branch {
			view.Branches[i].End = 0
		}
	}
	text, _ := contract.Codec.MarshalToString(view)
	if !anew && text == t.lab && (end == t.end || !endToo) {
		return
	}
	t.lab, t.end, t.Changed = text, end, true
	view.Branches, view.End = branches, end
	t.Next.Lab = view
}

// promises are the safety properties of Figure 3, in its order, and others that the lab can see broken.
var promises = []struct {
	property check.Property
	text     string
}{
	{check.ElectionSafety, "At most one leader can be elected in a given term."},
	{check.LeaderAppendOnly, "A leader never overwrites or deletes entries in its log; it only appends new ones."},
	{check.LogMatching,
		"If two logs have an entry with the same index and term, they are identical in all entries through it."},
	{check.LeaderCompleteness,
		"An entry that is committed in a term is in the logs of the leaders of all higher terms."},
	{check.StateMachineSafety,
		"If a server has applied an entry at an index, no other server ever applies a different one there."},
	{check.Durability, "A write of which a client was told that it is done is never lost."},
	{check.Linearizability, "A read sees every write that a client had been told of before the read began."},
	{check.Liveness, "The cluster serves its clients again once its faults are healed."},
}

// figure3 is how many of the promises are always listed; the others only when they are broken.
const figure3 = 5

func promiseOf(p check.Property) string {
	for _, promise := range promises {
		if promise.property == p {
			return promise.text
		}
	}
	return ""
}

// properties returns which properties have held up to the playhead.
func (t *Teller) properties() []contract.Property {
	var violations []check.Violation
	if t.world.Broken() > 0 {
		violations = t.world.Violations()
	}
	list := make([]contract.Property, 0, len(promises))
	for i, promise := range promises {
		view := contract.Property{Name: promise.property.String(), Text: promise.text}
		for _, v := range violations {
			if v.Property == promise.property && view.Broken == nil {
				view.Broken = &contract.Broken{
					At: v.At, Text: report.Named(v.Detail), Servers: report.Numbers(v.Servers),
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
