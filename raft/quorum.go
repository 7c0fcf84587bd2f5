package raft

import "slices"

// maxVoters bounds a cluster: the arithmetic below then needs no memory of its own.
const maxVoters = 9

// majority returns how many of n voters are more than half of them.
func majority(n int) int { return n/2 + 1 }

// majorityIndex returns the highest index that a majority of the servers stores, given what each of them stores. It is computed
// from nothing every time: keeping it up to date incrementally has lost data elsewhere (openraft#1802), and nine numbers sort quickly.
func majorityIndex(match []Index) Index {
	var sorted [maxVoters]Index
	s := sorted[:copy(sorted[:], match)]
	slices.Sort(s)
	return s[len(s)-majority(len(s))]
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
