package raft

import "slices"

// maxServers bounds a cluster: the arithmetic below then needs no memory of its own.
const maxServers = 9

// Majority returns how many of so many voters are more than half of them, as servers count that do not keep the
// rules of off.
func Majority(voters int, off RuleSet) int {
	if !off.keeps(MajorityDecides) {
		return max(1, voters/2)
	}
	return voters/2 + 1
}

// deciders returns the sets of voters of each of which a majority has to agree, as servers see it that do not keep
// the rules of off: in a joint configuration both halves, each by itself, since one count for the two together
// would let either be outvoted (§6; async-raft#62). Else there is no second set.
func (c *Configuration) deciders(off RuleSet) (first, second []ServerID) {
	switch {
	case !c.Joint():
		return c.Voters, nil
	case !off.keeps(TwoMajorities):
		return c.votersOfBoth(), nil
	}
	return c.Voters, c.Outgoing
}

// Quorum is a set of voters of which a majority decides.
type Quorum struct {
	Voters []ServerID // read only
	Needed int        // so many of them are a majority
	// so many have agreed: of a candidate's, who voted for it; of a leader's, who is known to store the entry after its
	// commitIndex; of others 0
	Agreed int
}

// Count returns how many of its voters are among some servers.
func (q *Quorum) Count(among func(ServerID) bool) (count int) {
	for _, v := range q.Voters {
		if among(v) {
			count++
		}
	}
	return count
}

// Decide reports whether some servers are enough to elect a leader and to commit: a majority of each of the sets, which
// are one, or two in a joint configuration (§6). Where there are none nobody decides.
func Decide(quorums []Quorum, among func(ServerID) bool) bool {
	for i := range quorums {
		if quorums[i].Count(among) < quorums[i].Needed {
			return false
		}
	}
	return len(quorums) > 0
}

// Quorums appends to dst the sets of voters of each of which a majority has to agree, as servers count that do not keep
// the rules of off: one, or two in a joint configuration (§6). Nobody has agreed yet.
func (c *Configuration) Quorums(dst []Quorum, off RuleSet) []Quorum {
	first, second := c.deciders(off)
	dst = append(dst, Quorum{Voters: first, Needed: Majority(len(first), off)})
	if second != nil {
		dst = append(dst, Quorum{Voters: second, Needed: Majority(len(second), off)})
	}
	return dst
}

// Quorums appends to dst the sets of voters of each of which a majority has to agree before this server leads or
// commits, and how many have.
func (n *Node) Quorums(dst []Quorum) []Quorum {
	before := len(dst)
	dst = n.config().Quorums(dst, n.opt.Off)
	for i := before; i < len(dst); i++ {
		dst[i].Agreed = n.agreement(dst[i].Voters)
	}
	return dst
}

// agreement returns how many of the voters have agreed to what this server wants, see Quorum.
func (n *Node) agreement(voters []ServerID) (agreed int) {
	if n.candidacy != nil {
		return n.granted(n.candidacy, voters)
	}
	if n.leadership == nil {
		return 0
	}
	var numbers [maxServers]uint64
	for _, stored := range n.numbers(&numbers, voters, uint64(n.counted()), matchOf) {
		if stored > uint64(n.commitIndex) {
			agreed++
		}
	}
	return agreed
}

// majority is Majority as this server counts.
func (n *Node) majority(servers int) int { return Majority(servers, n.opt.Off) }

// storedBy returns the highest index that so many of the servers store, given what each of them stores; it sorts that.
// It is computed from nothing every time: keeping it up to date incrementally has lost data elsewhere (openraft#1802),
// and nine numbers sort quickly.
func storedBy(servers int, match []uint64) uint64 {
	for i, index := range match {
		for ; i > 0 && match[i-1] < index; i-- {
			match[i] = match[i-1]
		}
		match[i] = index
	}
	return match[servers-1]
}

// agreed returns the highest number that a majority of the voters has reached, in a joint configuration of both
// halves. own is the leader's number; it counts if the leader has a vote.
func (n *Node) agreed(own uint64, reached func(*follower) uint64) uint64 {
	first, second := n.config().deciders(n.opt.Off)
	agreed := n.agreedBy(first, own, reached)
	if second != nil {
		agreed = min(agreed, n.agreedBy(second, own, reached))
	}
	return agreed
}

func (n *Node) agreedBy(voters []ServerID, own uint64, reached func(*follower) uint64) uint64 {
	var numbers [maxServers]uint64
	return storedBy(n.majority(len(voters)), n.numbers(&numbers, voters, own, reached))
}

// numbers returns, in the array, what each of the voters has reached.
func (n *Node) numbers(numbers *[maxServers]uint64, voters []ServerID, own uint64,
	reached func(*follower) uint64) []uint64 {
	if !n.keeps(OnlyVotersCount) && len(voters) < maxServers && !slices.Contains(voters, n.opt.ID) {
		voters = append(slices.Clone(voters), n.opt.ID) // KAFKA-16531
	}
	for i, v := range voters {
		if v == n.opt.ID {
			numbers[i] = own
			// nil: the rule that a configuration counts once it is appended is off
		} else if f := n.leadership.follower(v); f != nil {
			numbers[i] = reached(f)
		}
	}
	return numbers[:len(voters)]
}

// matchOf returns a follower's matchIndex.
func matchOf(f *follower) uint64 { return uint64(f.match) }

// elected reports whether the votes make a majority, in a joint configuration in both halves.
func (n *Node) elected(c *candidacy) bool {
	first, second := n.config().deciders(n.opt.Off)
	return n.granted(c, first) >= n.majority(len(first)) &&
		(second == nil || n.granted(c, second) >= n.majority(len(second)))
}

// granted returns how many of the voters have voted for the candidate.
func (n *Node) granted(c *candidacy, voters []ServerID) (granted int) {
	if !n.keeps(CountVoters) {
		return c.count
	}
	for _, v := range voters {
		if i := slices.Index(c.voters, v); i >= 0 && c.votes[i] == Granted {
			granted++
		}
	}
	return granted
}

// tally puts how an election stands into an event: in Old and New how many voted for the candidate and how many it
// needs; in a joint configuration these are of the servers that are to be, and Count and Of say the same of those
// that were.
func (n *Node) tally(c *candidacy, e Event) Event {
	first, second := n.config().deciders(n.opt.Off)
	e.Old, e.New = uint64(n.granted(c, first)), uint64(n.majority(len(first)))
	if second != nil {
		e.Count, e.Of = uint8(n.granted(c, second)), uint8(n.majority(len(second)))
	}
	return e
}
