package tab

import (
	"raftplayground/raft"
	"raftplayground/raft/wire"
)

// newcomer is a server whose seat another disk held before. The old disk's promises are not on this one:
// votes given, entries stored. Every server has restarted since (package hub), so no candidate holds such a
// vote any more; and once a leader has committed an entry without this server, every term in which they
// count is over. From then on it is a server like any other: it has voted in that leader's term, and its log
// is empty (story 24 of raft/scenario).
type newcomer struct {
	call   uint64 // of the read that a leader is asked for; 0: none is under way
	asked  float64
	term   raft.Term // of the leader that has answered; 0: none has
	leader raft.ServerID
}

// askAsNewcomer is how long, in ms of real time, until a leader is asked again: another one may lead by now.
const askAsNewcomer = 1000

// askToBeTakenIn asks the leader for a read through the log, which a majority has to agree to.
func (t *Tab) askToBeTakenIn() {
	n := t.seat.newcomer
	if n.asked != 0 && t.now-n.asked < askAsNewcomer {
		return
	}
	to := t.likelyLeader()
	if to == 0 || to == t.seat.number {
		return
	}
	t.lastAsked++
	n.call, n.asked = t.lastAsked, t.now
	t.askServer(to, n.call, &wire.Request{Method: wire.Get, Key: "taken in?", Read: wire.ReadThroughLog})
}

// answeredNewcomer takes the answer to that read.
func (t *Tab) answeredNewcomer() {
	n := t.seat.newcomer
	n.call = 0
	if a := t.reader.Frame.Answer; a != nil && a.Term > 0 {
		n.term, n.leader = raft.Term(a.Term), raft.ServerID(t.reader.Frame.From)
		t.startServer()
	}
}
