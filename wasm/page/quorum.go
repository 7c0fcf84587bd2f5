package page

import "raftplayground/raft"

// Majorities returns how many of 0, 1, … 9 voters are a majority, as servers count that do not keep the rules of off.
func Majorities(off raft.RuleSet) []int {
	majorities := make([]int, 10)
	for voters := range majorities {
		majorities[voters] = raft.Majority(voters, off)
	}
	return majorities
}
