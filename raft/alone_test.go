package raft

import "testing"

// A leader whose learners are all dead reaches a majority: itself. Only voters count (thesis 4.2.1, 6.2).
func TestCheckQuorum_ASoleVoterNeedsNoLearner(t *testing.T) {
	h := whole(t, 1, 1, Durable{})
	h.timeOut()
	h.reconfigures(t, "1+2,3")
	h.ticks(1000)
	equal(t, "term", h.n.currentTerm, 1)
	equal(t, "role", h.n.Role(), Leader)
	equal(t, "rounds that wait for an answer", len(h.n.leadership.rounds), 0)
}
