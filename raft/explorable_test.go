package raft

import (
	"bytes"
	"testing"
)

// situation returns what AppendSituation says of a server under its own name, or under that of the server across the
// cluster: 4 − ID.
func situation(n *Node, mirrored bool) []byte {
	b, _ := n.AppendSituation(nil, func(s ServerID) ServerID {
		if mirrored {
			return 4 - s
		}
		return s
	})
	return b
}

func (h *host) proposes(command string) {
	h.n.Propose([]byte(command))
	h.pump()
}

// led makes a leader of server id that has sent its no-op and one command, and heard from one follower. Its calls are
// numbered from calls + 1 on.
func led(t testing.TB, id ServerID, seed uint64, calls uint64) *host {
	h := &host{opt: options(id, 3)}
	h.opt.Seed = seed
	h.boot(t)
	h.n.calls = calls
	h.lead(t)
	h.proposes("x")
	h.ack(2, 1)
	return h
}

func TestSituationsLeaveOutTimeAndNumbersOfCalls(t *testing.T) {
	a, b := led(t, 1, 1, 0), led(t, 1, 99, 1000)
	b.n.Tick()
	b.n.Tick()
	if bytes.Equal(a.n.AppendState(nil), b.n.AppendState(nil)) {
		t.Fatal("the two servers do not even differ")
	}
	if !bytes.Equal(situation(a.n, false), situation(b.n, false)) {
		t.Error("servers that differ only in timers, random state and calls have different situations")
	}
}

func TestSituationsAreEqualUnderRenaming(t *testing.T) {
	a, b := led(t, 1, 1, 0), led(t, 3, 1, 0) // server 2 is across from itself
	if !bytes.Equal(situation(a.n, false), situation(b.n, true)) {
		t.Error("servers that differ only in names have different situations")
	}
	if bytes.Equal(situation(a.n, false), situation(b.n, false)) {
		t.Error("servers that differ in names have the same situation without a renaming")
	}
	c, d := start(t, 1, 3, Durable{}), start(t, 3, 3, Durable{})
	c.timeOut()
	d.timeOut()
	c.receive(2, &RequestVoteReply{Call: c.n.calls, Term: 1})
	d.receive(2, &RequestVoteReply{Call: d.n.calls, Term: 1})
	if !bytes.Equal(situation(c.n, false), situation(d.n, true)) {
		t.Error("candidates that differ only in names have different situations")
	}
}

func TestSituationsTellWhatMatters(t *testing.T) {
	changes := map[string]func(*host){
		"a higher term":                func(h *host) { h.receive(2, &RequestVoteReply{Term: 9}) },
		"an entry more":                func(h *host) { h.proposes("y") },
		"another command":              func(h *host) { *h.n.log.at(2) = Entry{Term: 1, Data: []byte("z")} },
		"what a follower stores":       func(h *host) { h.ack(3, 1) },
		"a probe that is not answered": func(h *host) { h.n.leadership.follower(3).probe = 0 },
		"a write that is not done":     func(h *host) { h.n.Propose([]byte("y")); var o Output; h.n.Output(&o) },
	}
	same := situation(led(t, 1, 1, 0).n, false)
	for what, change := range changes {
		h := led(t, 1, 1, 0)
		change(h)
		if bytes.Equal(situation(h.n, false), same) {
			t.Error("the situation does not tell " + what)
		}
	}
}

func TestCallsHaveTheAgeThatTheirAnswersAreJudgedBy(t *testing.T) {
	follower, candidate, leader := start(t, 1, 3, Durable{}), start(t, 1, 3, Durable{}), led(t, 1, 1, 0)
	candidate.timeOut()
	candidate.timeOut()
	since := candidate.n.candidacy.since
	follower.n.calls = 7
	leader.n.leadership.follower(2).since = 3
	tests := []struct {
		title string
		h     *host
		peer  ServerID
		call  uint64
		want  uint64
	}{
		{"to a follower all its calls are over", follower, 2, 7, 0},
		{"a call of an earlier election is over", candidate, 2, since - 1, 0},
		{"a call of this election may still matter", candidate, 2, since, 1},
		{"a call from before nextIndex moved last", leader, 2, 2, 0},
		{"a call since then", leader, 2, 3, 1},
		{"a call to a server that is nobody's follower", leader, 8, 1, 0},
	}
	for _, test := range tests {
		_, age := test.h.n.AppendSituation(nil, func(s ServerID) ServerID { return s })
		if got := age(test.peer, test.call); got != test.want {
			t.Errorf("%s: age %d, want %d", test.title, got, test.want)
		}
	}
}
