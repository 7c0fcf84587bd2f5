package lab

import (
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/explain"
	"raftplayground/raft/lab/goal"
)

// Words says in a sentence what an action does to a cluster of so many servers. leader is 0 if it is not
// known; object says to which frame or trap it is done, empty if not known.
func (a *Action) Words(size int, leader raft.ServerID, object string) string {
	if a.joins(size) {
		return "The network is whole again."
	}
	who := name(a.Server)
	if a.Server == 0 {
		who = "the leader"
		if leader > 0 {
			who = name(leader)
		}
	}
	return explain.Sentence(a.Do.entry().say(a, who, object))
}

// TrapWords says of an action that is a trap what it waits for, and what it does then.
func (a *Action) TrapWords() string {
	g, does := goal.Must(a.goal()), "that server"
	switch {
	case a.Server != 0:
		does = name(a.Server)
	case g.About() != 0:
		does = name(g.About())
	case !g.Happens():
		does = "the leader"
	}
	return "when " + a.goal() + ", " + a.Do.entry().say(a, does, "") + "."
}

// Meaning says what an action means to Raft in a cluster of so many servers, and where that is written; both
// are empty if it needs no reason. modified: a rule of the figure is off by now.
func (a *Action) Meaning(size int, modified bool) (why, section string) {
	switch {
	case a.When != "":
		return "It waits for its moment.", ""
	case a.joins(size):
		return mended, "§5.3"
	case a.Do == Rules && len(a.Off) == 0:
		return "", ""
	case a.Do == Rules && !modified:
		return "Figure 2 does not have what is off now: this is the Raft of the figure.", "Figure 2"
	}
	d := a.Do.entry()
	return d.why, d.section
}

// joins reports whether a cut leaves all servers on one side, which mends all links.
func (a *Action) joins(size int) bool { return a.Do == Partition && len(a.Servers) == size }

// say says what the deed does, see Action.Words.
func (d *deed) say(a *Action, who, what string) string {
	switch {
	case d.words != nil:
		return d.words(a, who, what)
	case d.becomes == "":
		return who + d.says
	case what == "" && a.Frame == 0 && a.Server != 0:
		what = "a message of " + name(a.Server)
	case what == "":
		what = "a message"
	}
	return what + d.becomes
}

func name(id raft.ServerID) string {
	if id == 0 {
		return "everybody"
	}
	return "S" + decimal(id)
}

// bare returns an error of one of our packages without the package's name.
func bare(err error) string {
	_, words, found := strings.Cut(err.Error(), ": ")
	if !found {
		return err.Error()
	}
	return words
}
