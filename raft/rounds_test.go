package raft

import "testing"

func TestCheckQuorum_ASingleServerReachesItself(t *testing.T) {
	h := whole(t, 1, 1, Durable{})
	h.timeOut()
	h.ticks(1000)
	equal(t, "role", h.n.Role(), Leader)
	equal(t, "rounds that wait for an answer", len(h.n.leadership.rounds), 0)
}

func TestRoundsThatAMajorityHasAnsweredAreForgotten(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.leads(t)
	for range 3 {
		h.ticks(50)
	}
	equal(t, "unanswered", len(h.n.leadership.rounds), 3)
	second := h.n.leadership.rounds[1]
	h.receive(2, &AppendEntriesReply{Call: second.call + 1, Term: 1, Success: true, MatchIndex: 1})
	equal(t, "after an answer to the second", len(h.n.leadership.rounds), 1)
	equal(t, "contact", h.n.leadership.contact, second.tick)
	h.ack(2, 1)
	equal(t, "after one to the last", len(h.n.leadership.rounds), 0)
}

// Rounds are kept for as long as their answers can matter: those within the longest election timeout, and
// the one that is being sent.
func TestRoundsThatNobodyAnswersAreBounded(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.opt.Off = RulesOf(CheckQuorum)
	h.boot(t)
	h.leads(t)
	h.ticks(10_000)
	rounds := h.n.leadership.rounds
	equal(t, "rounds", len(rounds), 300/50+1)
	for i, r := range rounds {
		equal(t, "sent", r.tick, h.n.leadership.ticks-uint64(50*(len(rounds)-1-i)))
	}
}

// An answer proves something about the time since its call: the leader distinguishes exactly between calls
// before and after a heartbeat.
func TestAnAnswerToTheCallBeforeARoundProvesNothingAboutIt(t *testing.T) {
	h := whole(t, 1, 3, Durable{})
	h.leads(t)
	h.ack(2, 1)
	h.ticks(50)
	r := h.n.leadership.rounds[0]
	h.receive(2, &AppendEntriesReply{Call: r.call, Term: 1, Success: true, MatchIndex: 1})
	equal(t, "an answer to the last call before", h.n.leadership.contact, 0)
	h.receive(2, &AppendEntriesReply{Call: r.call + 1, Term: 1, Success: true, MatchIndex: 1})
	equal(t, "to its first call", h.n.leadership.contact, r.tick)
}
