package raft

import "slices"

// maxServers bounds the size of a cluster, so that the arithmetic below needs no allocation.
const maxServers = 9

// Majority returns the size of a majority of so many voters, as counted by servers that do not keep the
// rules in off.
func Majority(voters int, off RuleSet) int {
	if !off.keeps(MajorityDecides) {
		return max(1, voters/2)
	}
	return voters/2 + 1
}

// deciders returns the sets of voters that each need a majority, for servers that do not keep the rules in
// off: in a joint configuration both halves, each by itself, since one count for the two together would let
// either be outvoted (§6; async-raft#62). Otherwise the second set is nil.
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
	// so many have agreed: at a candidate those that voted for it; at a leader those known to store the
	// entry after its commitIndex; elsewhere 0
	Agreed int
}

// Count returns how many of its voters are among the servers for which among is true.
func (q *Quorum) Count(among func(ServerID) bool) (count int) {
	for _, v := range q.Voters {
		if among(v) {
			count++
		}
	}
	return count
}

// Decide reports whether the servers for which among is true can elect a leader and commit: they need a
// majority of each quorum, of which a joint configuration has two (§6). Without quorums the answer is no.
func Decide(quorums []Quorum, among func(ServerID) bool) bool {
	for i := range quorums {
		if quorums[i].Count(among) < quorums[i].Needed {
			return false
		}
	}
	return len(quorums) > 0
}

// Quorums appends to dst the sets of voters that each need a majority, as counted by servers that do not
// keep the rules in off: one, or two in a joint configuration (§6). Agreed is 0 in all of them.
func (c *Configuration) Quorums(dst []Quorum, off RuleSet) []Quorum {
	first, second := c.deciders(off)
	dst = append(dst, Quorum{Voters: first, Needed: Majority(len(first), off)})
	if second != nil {
		dst = append(dst, Quorum{Voters: second, Needed: Majority(len(second), off)})
	}
	return dst
}

// Quorums appends to dst the sets of voters that each need a majority before this server leads or commits,
// with how many have agreed.
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

// storedBy returns the highest index that so many of the servers store, given what each of them stores; it
// sorts match. The result is computed afresh every time: keeping it up to date incrementally has lost data
// elsewhere (openraft#1802), and nine numbers sort quickly.
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

// tally puts an election's count into an event: Old and New are the votes that the candidate has and needs,
// in a joint configuration those of C-new; Count and Of are then the same of C-old.
func (n *Node) tally(c *candidacy, e Event) Event {
	first, second := n.config().deciders(n.opt.Off)
	e.Old, e.New = uint64(n.granted(c, first)), uint64(n.majority(len(first)))
	if second != nil {
		e.Count, e.Of = uint8(n.granted(c, second)), uint8(n.majority(len(second)))
	}
	return e
}
