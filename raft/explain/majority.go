package explain

import (
	"cmp"
	"slices"
	"strconv"

	"raftplayground/raft"
)

// Majority says what a majority is, and whether there is one.
type Majority struct {
	Needed   string // "3 of 5", of a joint configuration "2 of 3 and 3 of 5"
	Rule     string // the same as a sentence without its full stop
	Together string // the servers that could decide together, or come nearest to it: "2 of 5"
	Decides  bool   // they are enough to elect a leader and to commit
}

// Majority says how many servers decide, and how many could now. A leader need only reach the others, whether these
// reach each other or not.
func (c *Cluster) Majority() Majority {
	together := c.together(c.Voters)
	return Majority{c.needed(), c.rule(), c.share(together), c.decide(together)}
}

func (c *Cluster) rule() string {
	if len(c.Quorums) == 1 {
		q := &c.Quorums[0]
		if q.Needed < raft.Majority(len(q.Voters), 0) {
			return c.needed() + " servers decide, which is no majority: that rule is off"
		}
		return c.needed() + " servers make a majority"
	}
	text := ""
	for _, q := range c.Quorums {
		text = both(text, strconv.Itoa(q.Needed)+" of "+SetOf(q.Voters...).String())
	}
	return "The configuration changes: " + text + " have to agree"
}

// Side is one side of a network that is cut.
type Side struct {
	Servers Set
	Words   string // what it can do: "majority 3 of 5", "2 of 5: cannot elect"
}

// Sides returns the sides of a network that is cut into two or three, the largest first; none if it is whole, or in
// more pieces. A server that is down is on no side.
func (c *Cluster) Sides() []Side {
	if len(c.cuts) == 0 {
		return nil
	}
	var here Set
	for i := range c.Servers {
		if s := &c.Servers[i]; s.State != Down {
			here |= SetOf(s.ID)
		}
	}
	groups := Parted(here, c.passes)
	if len(groups) != 2 && len(groups) != 3 {
		return nil
	}
	sides := make([]Side, 0, len(groups))
	for _, g := range groups {
		sides = append(sides, Side{g, c.sideWords(c.together(g))})
	}
	return sides
}

// Parted returns the groups of servers between which nothing passes in either direction, the largest first, and of
// those of a size the one with the lowest number.
func Parted(servers Set, passes func(from, to raft.ServerID) bool) (groups []Set) {
	for rest := servers; rest != 0; rest &= rest - 1 {
		id := rest.First()
		own, apart := SetOf(id), groups[:0]
		for _, g := range groups {
			if g.touches(id, passes) {
				own |= g
			} else {
				apart = append(apart, g)
			}
		}
		groups = append(apart, own)
	}
	slices.SortFunc(groups, func(a, b Set) int {
		return cmp.Or(cmp.Compare(b.Len(), a.Len()), cmp.Compare(a.First(), b.First()))
	})
	return groups
}

// touches reports whether a server reaches one of a group, or is reached by one.
func (s Set) touches(id raft.ServerID, passes func(from, to raft.ServerID) bool) bool {
	for rest := s; rest != 0; rest &= rest - 1 {
		if other := rest.First(); passes(id, other) || passes(other, id) {
			return true
		}
	}
	return false
}

// Cut says what each side could do if the network were cut in two, these servers on one side, and all links
// within a side passed: "S2 and S4: cannot elect". Servers that do not run do not count.
func (c *Cluster) Cut(side Set) [2]string {
	var other Set
	for i := range c.Servers {
		other |= SetOf(c.Servers[i].ID) &^ side
	}
	return [2]string{c.cutWords(side), c.cutWords(other)}
}

func (c *Cluster) cutWords(side Set) string {
	who := side.String()
	if who == "" {
		who = "nobody"
	}
	if !c.decide(side & c.up) {
		return who + ": cannot elect"
	}
	return who + ": " + c.sideWords(side&c.up)
}

func (c *Cluster) sideWords(together Set) string {
	if c.decide(together) {
		return "majority " + c.share(together)
	}
	return c.share(together) + ": cannot elect"
}

// Half returns one side of a cut in two that shows what a majority is: the leader, if there is one, and
// others with which it makes no majority; half of the servers at most.
func (c *Cluster) Half() (half Set) {
	most := len(c.Servers) / 2
	if c.leader != nil && most > 0 {
		half = SetOf(c.leader.ID)
	}
	for i := range c.Servers {
		with := half | SetOf(c.Servers[i].ID)
		if with.Len() <= most && (half == 0 || !c.decide(with)) {
			half = with
		}
	}
	return half
}

// WithoutServer says what a cluster could not do if a server stopped, or were cut off; empty if it could do
// without that server. up are the servers that run; a majority of each quorum decides.
func WithoutServer(id raft.ServerID, quorums []raft.Quorum, up Set) string {
	var voters Set
	for i := range quorums {
		voters |= SetOf(quorums[i].Voters...)
	}
	up &= voters
	if voters.Len() < 2 || !raft.Decide(quorums, up.Has) || raft.Decide(quorums, (up&^SetOf(id)).Has) {
		return ""
	}
	return "Only " + up.String() + " of " + strconv.Itoa(voters.Len()) + " voters " + up.verb("runs", "run") +
		". Without " + server(id) + " no leader can be elected and nothing can be committed."
}

// WithoutMember says what the remaining voters could not do if a server were removed; empty if they could do
// without it. up are the servers that run; off are the rules that no server keeps.
func WithoutMember(id raft.ServerID, voters, up Set, off raft.RuleSet) string {
	stay := voters &^ SetOf(id)
	up &= stay
	if stay == voters || stay == 0 || up.Len() >= raft.Majority(stay.Len(), off) {
		return ""
	}
	return "Of the " + plural(uint64(stay.Len()), "voter") + " that " + stay.verb("stays", "stay") + " only " +
		strconv.Itoa(up.Len()) + " " + up.verb("runs", "run") + ": they could not commit anything any more."
}

// together returns those of the servers that could decide together: a voter that runs, and the running
// servers that it can talk to. Of several such groups it prefers one that is enough, then the largest.
func (c *Cluster) together(servers Set) (best Set) {
	up := servers & c.up
	for leaders := up & c.Voters; leaders != 0; leaders &= leaders - 1 {
		leader, group := leaders.First(), Set(0)
		for rest := up; rest != 0; rest &= rest - 1 {
			if id := rest.First(); id == leader || c.meets(leader, id) {
				group |= SetOf(id)
			}
		}
		better, enough := group.Len() > best.Len(), c.decide(group)
		if enough != c.decide(best) {
			better = enough
		}
		if better {
			best = group
		}
	}
	return best
}

// Tally says how an election stands for a candidate: "2 of 3", of a joint configuration "3 of 2 and 1 of 2".
func (r *Report) Tally() string { return r.tally(" of ") }

func (r *Report) tally(of string) (text string) {
	for _, q := range r.Quorums {
		text = both(text, strconv.Itoa(q.Agreed)+of+strconv.Itoa(q.Needed))
	}
	if text != "" {
		return text
	}
	granted := 0
	for _, v := range r.Votes {
		if v.State == raft.Granted {
			granted++
		}
	}
	return strconv.Itoa(granted) + of + strconv.Itoa(r.VotesNeeded)
}

// share says how many of the voters the servers are: "3 of 5", of a joint configuration "2 of 3 and 1 of 3".
func (c *Cluster) share(servers Set) (text string) {
	for _, q := range c.Quorums {
		text = both(text, strconv.Itoa(q.Count(servers.Has))+" of "+strconv.Itoa(len(q.Voters)))
	}
	return text
}

// needed says how many of the voters are a majority: "3 of 5".
func (c *Cluster) needed() (text string) {
	for _, q := range c.Quorums {
		text = both(text, strconv.Itoa(q.Needed)+" of "+strconv.Itoa(len(q.Voters)))
	}
	return text
}

// both joins what is said of each set of voters.
func both(first, second string) string {
	if first == "" {
		return second
	}
	return first + " and " + second
}

// section is where the paper explains a majority: in §6 while the configuration is joint.
func (c *Cluster) section(otherwise string) string {
	if len(c.Quorums) > 1 {
		return "§6"
	}
	return otherwise
}
