package lab

import (
	"slices"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/relay/hub"
)

// Offer is a deed, or several that are one to a person, aimed at a server or at a frame at a given moment.
type Offer struct {
	Name    string   `json:"name"` // of its place in the menu, whatever stands there now
	Words   string   `json:"words"`
	Meaning string   `json:"meaning"` // one sentence
	Not     string   `json:"not"`     // why it cannot be done now; empty: it can
	Warning string   `json:"warning"` // what the cluster loses by it; empty: nothing that it cannot bear
	Acts    []Action `json:"acts"`    // one after the other, at the same moment
	Done    string   `json:"done"`    // that it was done, for the way back: "S1 crashed."

	To []raft.ServerID `json:"to,omitempty"` // of a transfer: to whom in particular leadership can be handed over
}

const slow = 0.5 // of real time: the rate of a slow clock, unless a rate was chosen

// Offers returns what can be done to a server, in the groups and the order in which a menu always shows it.
func (w *World) Offers(id raft.ServerID) [][]Offer {
	m := w.machines[id-1]
	pause := Pause
	if m.paused {
		pause = Resume
	}
	fill := FillDisk
	if m.disk.full {
		fill = FreeDisk
	}
	return [][]Offer{
		{
			w.offer("crash", m, Crash), w.offer("power", m, PowerLoss),
			w.offer("pause", m, pause), w.offer("restart", m, Restart),
			w.offer("wipe", m, Wipe),
		},
		{
			w.offer("fill", m, fill), w.offer("fail", m, FailDisk),
			w.offer("flip", m, FlipBit),
		},
		{w.offer("campaign", m, Campaign), w.offerClock(m)},
		{w.offerCut(m)},
		{
			w.offerTransfer(m), w.offerRemoval(m), w.offerAddition(m), w.offer("compact", m, Compact),
			w.offerWrite(m),
		},
	}
}

// OffersForFrame returns what can be done to a frame under way, except editing.
func (w *World) OffersForFrame(f *hub.Flight) []Offer {
	hold := HoldFrame
	if f.Held {
		hold = ReleaseFrame
	}
	var list []Offer
	for _, do := range []Deed{DeliverFrame, hold, DropFrame, DuplicateFrame} {
		a := acts(do, 0, 0)
		a[0].Frame = f.Seq
		list = append(list, w.offerOf(string(do.entry().touch), nil, a))
	}
	return list
}

// offer aims a deed at a machine.
//
//go:noinline
func (w *World) offer(name string, m *machine, do Deed) Offer {
	return w.offerOf(name, m, acts(do, m.id, 0))
}

func (w *World) offerOf(called string, m *machine, acts []Action) Offer {
	d := acts[0].Do.entry()
	o := Offer{Name: called, Words: d.title, Meaning: d.meaning, Not: w.Can(&acts[0]), Acts: acts, Done: d.done}
	if m != nil {
		o.Done = strings.ReplaceAll(d.done, "S0", name(m.id))
	}
	if d.warn != nil {
		o.Warning = d.warn(w, m)
	}
	return o
}

func (w *World) offerClock(m *machine) Offer {
	o := w.offer("clock", m, Clock)
	if o.Acts[0].Rate = 1; m.clock.rate == 1e6 {
		o.Acts[0].Rate = slow
		return o
	}
	o.Words, o.Meaning = "Reset its clock", "A second of its clock is a second again."
	o.Done = "The clock of " + name(m.id) + " is right."
	return o
}

// offerCut cuts all links of a server, or mends them: if the network is whole otherwise, by a cut in two,
// which is one deed and not many.
func (w *World) offerCut(m *machine) Offer {
	var cut, mend []Action
	down, elsewhere := 0, false // how many of its links are, and whether another one is
	for _, l := range w.hub.Links(nil) {
		from, to := raft.ServerID(l.From), raft.ServerID(l.To)
		switch own := from == m.id || to == m.id; {
		case !own:
			elsewhere = elsewhere || !l.Up
		case l.Up:
			cut = append(cut, acts(Cut, from, to)...)
		default:
			down++
			mend = append(mend, acts(Mend, from, to)...)
		}
	}
	o := Offer{Name: "cut", Acts: cut, Words: "Cut off", Done: name(m.id) + " is cut off.",
		Meaning: "Nothing reaches it, and nothing of it reaches others."}
	if down > 0 && len(cut) == 0 {
		o.Words, o.Meaning = "Reconnect", "All its links are mended."
		o.Acts, o.Done = mend, name(m.id)+" is reconnected."
		if !elsewhere {
			o.Acts = partition(w.servers)
		}
		return o
	}
	if o.Warning = lastOfMajority(w, m); !elsewhere {
		o.Acts = partition([]raft.ServerID{m.id})
	}
	if len(w.servers) == 1 {
		o.Not = "It is alone."
	}
	return o
}

func (w *World) offerTransfer(m *machine) Offer {
	leader := w.leader()
	if leader == m {
		o := w.offer("transfer", m, Transfer)
		for _, v := range m.config.Voters {
			if v != m.id {
				o.To = append(o.To, v)
			}
		}
		if len(o.To) == 0 {
			o.Not = "There is no other voter."
		}
		return o
	}
	o := Offer{Name: "transfer", Words: "Make it the leader", Meaning: "The leader hands its leadership over to it.",
		Acts: []Action{}, Done: name(m.id) + " is to lead.", Not: idle(m)}
	switch {
	case o.Not != "":
	case leader == nil:
		o.Not = nobody
	case !slices.Contains(leader.config.Voters, m.id):
		o.Not = "It has no vote."
	default:
		o.Acts = acts(Transfer, leader.id, m.id)
		o.Not = w.Can(&o.Acts[0])
	}
	return o
}

const nobody = "Nobody leads now, and only a leader can change that."

func (w *World) offerRemoval(m *machine) Offer {
	o := Offer{Name: "remove", Words: "Remove from the cluster", Meaning: Reconfigure.entry().meaning,
		Acts: []Action{}, Done: name(m.id) + " is being removed."}
	leader := w.leader()
	if leader == nil {
		o.Not = nobody
		return o
	}
	voters, learners := without(leader.config.Voters, m.id), without(leader.config.Learners, m.id)
	switch votes := len(voters) < len(leader.config.Voters); {
	case !votes && len(learners) == len(leader.config.Learners):
		o.Not = "It is not a member."
	case len(voters) == 0:
		o.Not = "It is the only voter."
	default:
		o.Warning = explain.WithoutMember(m.id, explain.SetOf(leader.config.Voters...), w.up(), w.off)
		o.ask(w, voters, learners)
	}
	return o
}

// offerAddition adds a server as a learner, and then as a voter.
func (w *World) offerAddition(m *machine) Offer {
	o := Offer{Name: "add", Words: "Add as learner", Meaning: "It gets the log, and has no vote yet.",
		Acts: []Action{}, Done: name(m.id) + " is being added."}
	leader := w.leader()
	if leader == nil {
		o.Not = nobody
		return o
	}
	voters, learners := leader.config.Voters, leader.config.Learners
	switch {
	case slices.Contains(voters, m.id):
		o.Not = "It is a voter already."
	case slices.Contains(learners, m.id):
		o.Words, o.Meaning = "Make it a voter", "It has the log, and is to vote now."
		o.Done = name(m.id) + " is to vote."
		joined := append(slices.Clone(voters), m.id)
		slices.Sort(joined)
		o.ask(w, joined, without(learners, m.id))
	default:
		o.ask(w, voters, append(slices.Clone(learners), m.id))
	}
	return o
}

// ask makes the offer a request to the leader to change the servers.
func (o *Offer) ask(w *World, voters, learners []raft.ServerID) {
	o.Acts = acts(Reconfigure, 0, 0)
	o.Acts[0].Servers, o.Acts[0].Learners = voters, learners
	o.Not = w.Can(&o.Acts[0])
}

func partition(side []raft.ServerID) []Action {
	list := acts(Partition, 0, 0)
	list[0].Servers = slices.Clone(side)
	return list
}

func (w *World) offerWrite(m *machine) Offer {
	o := w.offer("write", m, Put)
	if o.Acts[0].Key = "x"; o.Not == "" {
		o.Not = idle(m)
	}
	return o
}

func idle(m *machine) string {
	switch {
	case m.server == nil:
		return name(m.id) + " is down."
	case m.paused:
		return name(m.id) + " is paused."
	}
	return ""
}

func without(servers []raft.ServerID, id raft.ServerID) []raft.ServerID {
	return slices.DeleteFunc(slices.Clone(servers), func(s raft.ServerID) bool { return s == id })
}

// up returns the servers that run and are not paused.
func (w *World) up() (up explain.Set) {
	for _, m := range w.machines {
		if idle(m) == "" {
			up |= explain.SetOf(m.id)
		}
	}
	return up
}

// lastOfMajority says what the cluster cannot do without a server that is the last one a majority needs.
func lastOfMajority(w *World, m *machine) string {
	return explain.WithoutServer(m.id, w.quorums(), w.up())
}

// quorums returns the sets of voters of which a majority decides now: as the leader counts or, while no
// server leads, as the server with the newest log does.
func (w *World) quorums() []raft.Quorum {
	says := w.leader()
	if says == nil {
		var term raft.Term
		var last raft.Index
		for _, m := range w.machines {
			if m.server == nil {
				continue
			}
			s := &w.status
			m.server.Node().Status(s)
			if says == nil || s.LastTerm > term || s.LastTerm == term && s.LastIndex > last {
				says, term, last = m, s.LastTerm, s.LastIndex
			}
		}
	}
	if says == nil {
		return nil
	}
	return says.server.Node().Quorums(nil)
}

// wiped says what a wipe costs.
func wiped(w *World, m *machine) string {
	if s, _ := w.Reporter(m.id); s != nil {
		if s.Node().Status(&w.status); w.status.CurrentTerm == 0 {
			return ""
		}
	}
	return name(m.id) + " may have voted, and a majority may count on what it stored. One that forgets both can vote " +
		"twice and lose what was committed: Raft does not survive that."
}
