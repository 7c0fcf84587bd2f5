package raft

import "slices"

// maxServers bounds a cluster: the arithmetic below then needs no memory of its own.
const maxServers = 9

// majority returns how many of so many servers are more than half of them.
func (n *Node) majority(servers int) int {
	if !n.keeps(MajorityDecides) {
		return max(1, servers/2)
	}
	return servers/2 + 1
}

// quorum returns how many voters are a majority of those that are to decide in the end.
func (n *Node) quorum() int { return n.majority(len(n.config().Voters)) }

// storedBy returns the highest index that so many of the servers store, given what each of them stores; it sorts that. It is computed
// from nothing every time: keeping it up to date incrementally has lost data elsewhere (openraft#1802), and nine numbers sort quickly.
func storedBy(servers int, match []uint64) uint64 {
	for i, index := range match {
		for ; i > 0 && match[i-1] < index; i-- {
			match[i] = match[i-1]
		}
		match[i] = index
	}
	return match[servers-1]
}

// agreed returns the highest number that a majority of the voters has reached, in a joint configuration of both halves, each by itself: one count
// for the two together would let either be outvoted (§6; async-raft#62). own is the leader's number; it counts if the leader has a vote.
func (n *Node) agreed(own uint64, reached func(*follower) uint64) uint64 {
	c := n.config()
	switch {
	case len(c.Outgoing) == 0:
		return n.agreedBy(c.Voters, own, reached)
	case !n.keeps(TwoMajorities):
		return n.agreedBy(c.votersOfBoth(), own, reached)
	}
	return min(n.agreedBy(c.Voters, own, reached), n.agreedBy(c.Outgoing, own, reached))
}

func (n *Node) agreedBy(voters []ServerID, own uint64, reached func(*follower) uint64) uint64 {
	needed := n.majority(len(voters))
	if !n.keeps(OnlyVotersCount) && len(voters) < maxServers && !slices.Contains(voters, n.opt.ID) {
		voters = append(slices.Clone(voters), n.opt.ID) // KAFKA-16531
	}
	var numbers [maxServers]uint64
	for i, v := range voters {
		if v == n.opt.ID {
			numbers[i] = own
		} else if f := n.leadership.follower(v); f != nil { // nil: the rule that a configuration counts once it is appended is off
			numbers[i] = reached(f)
		}
	}
	return storedBy(needed, numbers[:len(voters)])
}

// elected reports whether the votes make a majority, in a joint configuration in both halves.
func (n *Node) elected(c *candidacy) bool {
	config := n.config()
	switch {
	case !n.keeps(CountVoters):
		return c.count >= n.majority(len(config.Voters))
	case config.Joint() && !n.keeps(TwoMajorities):
		return n.majorityFor(c, config.votersOfBoth())
	case config.Joint() && !n.majorityFor(c, config.Outgoing):
		return false
	}
	return n.majorityFor(c, config.Voters)
}

func (n *Node) majorityFor(c *candidacy, voters []ServerID) bool {
	granted := 0
	for _, v := range voters {
		if i := slices.Index(c.voters, v); i >= 0 && c.votes[i] == Granted {
			granted++
		}
	}
	return granted >= n.majority(len(voters))
}
