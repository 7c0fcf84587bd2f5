package lab

import (
	"encoding/base64"
	"errors"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
)

// Deeds done to the network, by the hub, in the lab as in a live room.
const (
	Cut       Deed = "cut"       // one direction of a link loses all
	Mend      Deed = "mend"      // … and no longer does
	Partition Deed = "partition" // Servers and the others do not reach each other; without Servers: Server is alone
	Network   Deed = "network"   // what a link is like
	Hold      Deed = "hold"      // frames stop on the link
	Release   Deed = "release"   // … and go on
)

var networkDeeds = []deed{{
	name: Cut, on: named, room: true,
	do: onLinks, undo: linksAsNow,
	title: "Cut", meaning: "What is sent on it is lost.", done: "A link of S0 is cut.",
	words: func(a *Action, who, _ string) string { return linksFrom(a, who) + " cut" },
	why:   "What is under way there is lost, and so is what is sent from now on. Raft must live with that.",

	section: "§5.5",
}, {
	name: Mend, on: named, room: true,
	do: onLinks, undo: linksAsNow,
	title: "Mend", meaning: "What is sent on it arrives.", done: "A link of S0 is mended.",
	words: func(a *Action, who, _ string) string { return linksFrom(a, who) + " mended" },
	why:   mended, section: "§5.3",
}, {
	name: Partition, room: true,
	not: func(w *World, a *Action, _ *machine) string {
		// a cut between two named sides does not depend on a leader
		if len(a.Servers) == 0 && w.concerned(a.Server) == nil {
			return "Nobody leads now."
		}
		return ""
	},
	do: func(w *World, a *Action, _ *machine) error {
		if len(a.Servers) > 0 {
			return onLinks(w, a, nil)
		}
		return onLinks(w, a, w.concerned(a.Server))
	},
	undo:  func(w *World, _ *Action, _ *machine) []Action { return w.cuts() },
	title: "Cut in two", meaning: "Nothing passes between the two sides.", done: "The network is cut.", trap: "Cut off",
	words: func(a *Action, who, _ string) string {
		if len(a.Servers) == 0 {
			return who + " is cut from all others"
		}
		return "the network is cut: " + explain.Servers(a.Servers) + " on one side"
	},
	why: "Only the side with a majority of the servers can elect a leader and commit.", section: "§5.2",
}, {
	name: Network, must: []string{"link"}, takes: []string{"link"}, room: true,
	do:    onLinks,
	undo:  func(w *World, a *Action, _ *machine) []Action { return w.conditions(a.Server, a.To) },
	title: "Change the network", meaning: "How long messages take, and what becomes of them.",
	done: "The network is changed.",
	words: func(a *Action, _, _ string) string {
		which := "every link"
		switch {
		case a.Server != 0 && a.To != 0:
			which = "the link from " + name(a.Server) + " to " + name(a.To)
		case a.Server != 0:
			which = "every link from " + name(a.Server)
		case a.To != 0:
			which = "every link to " + name(a.To)
		}
		return which + a.Link.Words()
	},
	why: "Raft needs messages to take much less time than an election timeout; it is safe at any speed.",

	section: "§5.6",
}, {
	name: Hold, on: named, room: true,
	do: onLinks, undo: linksAsNow,
	title: "Hold", meaning: "What is sent on it stops on its way.", done: "What S0 sends is held.",
	words: func(a *Action, who, _ string) string { return sentBy(a, who) + " stops on its way" },
	why:   late, section: "§5.5",
}, {
	name: Release, on: named, room: true,
	do: onLinks, undo: linksAsNow,
	title: "Release", meaning: "What was held goes on, as if it were sent now.", done: "What S0 sends goes on.",
	words: func(a *Action, who, _ string) string { return sentBy(a, who) + " goes on" },
	why:   late, section: "§5.5",
}}

const (
	mended = "What is sent from now on arrives. Whoever missed something is told it by the leader's next AppendEntries."
	late   = "Messages may be delayed for any time. What is late must do no harm."
	forged = "Raft trusts what servers say: it makes no promise if messages are forged."
)

// onLinks has the hub do something to links: those of machine m or, if m is nil, those of the action.
func onLinks(w *World, a *Action, m *machine) error {
	d := hub.ToDo{Do: string(a.Do), From: uint64(a.Server), To: uint64(a.To)}
	if m != nil {
		d.From = uint64(m.id)
	}
	for _, id := range a.Servers {
		d.Side = append(d.Side, uint64(id))
	}
	if a.Link != nil {
		link := a.Link.Exactly()
		d.Link = &link
	}
	return w.ask(func() error { return w.hub.Do(w.clients[0].conn, &d) })
}

func linksFrom(a *Action, who string) string {
	if a.To == 0 {
		return "all links from " + who + " are"
	}
	return "the link from " + who + " to " + name(a.To) + " is"
}

func sentBy(a *Action, who string) string {
	if a.To == 0 {
		return "what " + who + " sends"
	}
	return "what " + who + " sends to " + name(a.To)
}

// linksAsNow returns what restores the present state of links from a machine: whole or cut, held or not.
func linksAsNow(w *World, a *Action, m *machine) (list []Action) {
	for _, l := range w.hub.Links(nil) {
		if l.From == uint64(m.id) && (a.To == 0 || l.To == uint64(a.To)) {
			if back := asNow(&l, a.Do); back != a.Do {
				list = append(list, acts(back, m.id, raft.ServerID(l.To))...)
			}
		}
	}
	return list
}

// asNow returns the deed that restores a link's present state, in that which another deed would change.
func asNow(l *hub.Link, changed Deed) Deed {
	switch hold := changed == Hold || changed == Release; {
	case hold && l.Hold:
		return Hold
	case hold:
		return Release
	case l.Up:
		return Mend
	}
	return Cut
}

// cuts returns what restores every link to its present state, whole or cut.
func (w *World) cuts() []Action {
	list := partition(w.servers)
	for _, l := range w.hub.Links(nil) {
		if !l.Up {
			list = append(list, acts(Cut, raft.ServerID(l.From), raft.ServerID(l.To))...)
		}
	}
	return list
}

// conditions returns what restores the present qualities of the links between two servers, 0 meaning all.
func (w *World) conditions(from, to raft.ServerID) (list []Action) {
	alike := true
	for _, l := range w.hub.Links(nil) {
		if from != 0 && l.From != uint64(from) || to != 0 && l.To != uint64(to) {
			continue
		}
		link := l.Qualities
		list = append(list, acts(Network, raft.ServerID(l.From), raft.ServerID(l.To))...)
		list[len(list)-1].Link = &link
		alike = alike && link == *list[0].Link
	}
	if alike && len(list) > 0 {
		list = list[:1]
		list[0].Server, list[0].To = from, to
	}
	return list
}

// What can be done to one frame under way. It is the hub that does it.
const (
	HoldFrame      Deed = "holdFrame"      // one frame stops
	ReleaseFrame   Deed = "releaseFrame"   // … and goes on, as if it were sent now
	DropFrame      Deed = "dropFrame"      // it is lost
	DeliverFrame   Deed = "deliverFrame"   // it arrives now
	DuplicateFrame Deed = "duplicateFrame" // a copy of it sets out now
	EditFrame      Deed = "editFrame"      // it says Text instead. Raft makes no promise if messages can be forged
	InjectFrame    Deed = "injectFrame"    // … as if Server had sent Text to To
)

var frameDeeds = []deed{
	{
		room: true, do: touch, refused: untouched,
		name: HoldFrame, touch: hub.HoldFrame, takes: []string{"frame"}, undo: frameAgain,
		title: "Hold", meaning: "It stops where it is", done: "The message is held.",
		becomes: " is held on its way", why: late, section: "§5.5",
	},
	{
		room: true, do: touch, refused: untouched,
		name: ReleaseFrame, touch: hub.ReleaseFrame, takes: []string{"frame"}, undo: frameAgain,
		title: "Release", meaning: "It goes on, as if it were sent now", done: "The message goes on.",
		becomes: " that was held goes on", why: late, section: "§5.5",
	},
	{
		room: true, do: touch, refused: untouched,
		name: DropFrame, touch: hub.DropFrame, takes: []string{"frame"},
		forGood: "A message that is lost is gone. Its sender may send it again.",
		title:   "Drop", meaning: "It is lost", done: "The message is lost.",
		becomes: " is dropped", why: "Messages may be lost: who hears no reply calls again.", section: "§5.5",
	},
	{
		room: true, do: touch, refused: untouched,
		name: DeliverFrame, touch: hub.DeliverFrame, takes: []string{"frame"}, forGood: "Its receiver has read it.",
		title: "Deliver now", meaning: "It arrives at once", done: "The message arrived.",
		becomes: " is delivered at once", why: "Messages may overtake each other.", section: "§2",
	},
	{
		room: true, do: touch, refused: untouched,
		name: DuplicateFrame, touch: hub.DuplicateFrame, takes: []string{"frame"},
		forGood: "The copy is a message of its own, and can be dropped.",
		title:   "Duplicate", meaning: "A copy of it sets out now", done: "A copy of the message set out.",
		becomes: " is sent twice", why: "Messages may come twice: calls are idempotent.", section: "§5.5",
	},
	{
		room: true, do: touch, refused: untouched,
		name: EditFrame, touch: hub.EditFrame, takes: []string{"frame", "text", "binary"}, must: []string{"text"},
		undo: func(w *World, a *Action, _ *machine) []Action {
			f := w.flight(w.frame(a))
			if f == nil {
				return nil
			}
			was, list := frame{wire.KindOf(f.Binary), f.Data}, acts(EditFrame, 0, 0)
			list[0].Frame, list[0].Text, list[0].Binary = f.Seq, was.text(), f.Binary
			return list
		},
		title: "Edit", meaning: "Replace its text", done: "The message says something else.",
		becomes: " is changed on its way", why: forged, section: "§2",
	},
	{
		name: InjectFrame, touch: hub.InjectFrame, room: true,
		takes: []string{"text", "binary"}, must: []string{"text"},
		do: touch, refused: untouched, forGood: "A message is on its way, and can be dropped.",
		title: "Make a message up", meaning: "As if a server had sent it", done: "A message was made up.",
		words: func(a *Action, _, _ string) string {
			return "a message of " + name(a.Server) + " to " + name(a.To) + " is made up"
		},
		why: forged, section: "§2",
	},
}

// frameAgain returns what takes back that a frame is held or released, unless it already was so.
func frameAgain(w *World, a *Action, _ *machine) []Action {
	back := HoldFrame
	if a.Do == HoldFrame {
		back = ReleaseFrame
	}
	if f := w.flight(w.frame(a)); f != nil && f.Held == (back == HoldFrame) {
		list := acts(back, 0, 0)
		list[0].Frame = f.Seq
		return list
	}
	return nil
}

// flight returns the frame of that number, nil if it is not under way.
func (w *World) flight(seq uint64) *hub.Flight {
	w.flights = w.hub.Flights(w.flights[:0])
	for i := range w.flights {
		if w.flights[i].Seq == seq {
			return &w.flights[i]
		}
	}
	return nil
}

var errNoFrame = errors.New("lab: no such frame is under way")

// touch does something with one frame, if the hub agrees that there is such a frame and that it can be done.
func touch(w *World, a *Action, _ *machine) error {
	act, err := w.frameAct(a)
	if err != nil {
		return err
	}
	err = w.ask(func() error { return w.hub.Act(w.clients[0].conn, &act) })
	w.deliver()
	return err
}

// untouched says why the hub would refuse to touch a frame.
func untouched(w *World, a *Action, _ *machine) string {
	act, err := w.frameAct(a)
	if err == nil {
		err = w.hub.MayAct(w.clients[0].conn, &act)
	}
	return a.Do.entry().refusal(nil, err)
}

// frameAct returns what the hub is to do with a frame.
func (w *World) frameAct(a *Action) (hub.Act, error) {
	act := hub.Act{Do: a.Do.entry().touch}
	if a.Do == InjectFrame {
		act.From, act.To = uint64(a.Server), uint64(a.To)
	} else if act.Seq = w.frame(a); act.Seq == 0 {
		return act, errNoFrame
	}
	switch act.Binary = a.Binary; {
	case a.Binary:
		act.Frame, _ = base64.StdEncoding.DecodeString(a.Text) // checked
	case a.Text != "":
		act.Frame = []byte(string([]rune(a.Text))) // what is no UTF-8 becomes U+FFFD, as in the JSON of a Run
	}
	return act, nil
}

func frameRefusal(err error) string {
	var refusal *hub.Refusal
	switch {
	case !errors.As(err, &refusal) || refusal.Field == "seq":
		return "That message is not under way any more."
	case strings.HasPrefix(refusal.Message, "frame: expected at most"):
		return explain.Sentence(refusal.Message)
	}
	return "The network carries only what it can tell for a frame: text that begins with an address, as in 1>2:, or " +
		"JSON with from."
}

// frame returns the number of the frame that an action names, or of the one that arrives first where it says, 0 if
// there is none. One that is to be released is one that is held.
func (w *World) frame(a *Action) uint64 {
	if a.Frame != 0 {
		return a.Frame
	}
	w.flights = w.hub.Flights(w.flights[:0])
	var first *hub.Flight
	for i := range w.flights {
		f := &w.flights[i]
		elsewhere := a.Server != 0 && f.From != uint64(a.Server) || a.To != 0 && f.To != uint64(a.To)
		if elsewhere || a.Do == ReleaseFrame && !f.Held {
			continue
		}
		if first == nil || f.Due < first.Due {
			first = f
		}
	}
	if first == nil {
		return 0
	}
	return first.Seq
}
