package raft

import "slices"

// maxServers bounds a cluster: the arithmetic below then needs no memory of its own.
const maxServers = 9

// majority returns how many servers are more than half of them.
func (n *Node) majority() int {
	if !n.keeps(MajorityDecides) {
		return max(1, len(n.voters)/2)
	}
	return len(n.voters)/2 + 1
}

// storedBy returns the highest index that so many of the servers store, given what each of them stores. It is computed
// from nothing every time: keeping it up to date incrementally has lost data elsewhere (openraft#1802), and nine numbers sort quickly.
func storedBy(servers int, match []Index) Index {
	var sorted [maxServers]Index
	s := sorted[:copy(sorted[:], match)]
	slices.Sort(s)
	return s[len(s)-servers]
}

// storing returns how many of the servers store entry i, given what each of them stores.
func storing(match []Index, i Index) (servers int) {
	for _, m := range match {
		if m >= i {
			servers++
		}
	}
	return servers
}
