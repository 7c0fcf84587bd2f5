package raft

import (
	"reflect"
	"testing"
)

// A server that waits for its disk has no output, though there is something to apply that it cannot hand out
// yet: a host that asks until Output returns false must get false.
func TestOutput_SaysNoWhileAllThatIsLeftWaitsForTheDisk(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 5, Log: logOf(4, 4)})
	h.n.Receive(2, &AppendEntries{Term: 5, LeaderID: 2, PrevLogIndex: 2, PrevLogTerm: 4, LeaderCommit: 2})
	h.n.Receive(2, snapshotAt(9, 5)) // before the host has fetched the two entries
	var out Output
	equal(t, "something to save", h.n.Output(&out) && out.Save.Seq != 0, true)
	equal(t, "entries of before the snapshot", len(out.Apply.Entries), 0)
	equal(t, "more", h.n.Output(&out), false)
	h.n.Saved(out.Save.Seq + 1)
	equal(t, "then the snapshot", h.n.Output(&out) && out.Restore != nil, true)
	equal(t, "and no more", h.n.Output(&out), false)
}

// Messages lie in memory that is used again and again.
func TestOutput_UsesItsMemoryAgain(t *testing.T) {
	leader, candidate := start(t, 1, 3, Durable{}), whole(t, 1, 3, Durable{})
	leader.lead(t)
	for range 200 {
		leader.ticks(10)
		leader.receive(2, &RequestVote{CandidateID: 2})
		leader.receive(2, &AppendEntries{LeaderID: 2})
		candidate.ticks(50)
	}
	for _, h := range []*host{leader, candidate} {
		for i := range h.n.out.boxes {
			b := &h.n.out.boxes[i]
			if n := max(cap(b.requestVotes), cap(b.voteReplies), cap(b.appends), cap(b.appendReplies), cap(b.envelopes),
				cap(b.events), cap(b.reads)); n > 20 {
				t.Errorf("there is room for %d messages, and no Output had more than 10", n)
			}
		}
	}
}

func TestEntry_IsThereFromTheSnapshotToTheEndOfTheLog(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 3, Snapshot: &Snapshot{Index: 2, Term: 1, Configuration: servers("1,2,3")},
		Log: logOf(2, 3)})
	for i, want := range []Term{0, 0, 0, 2, 3, 0} {
		if e, ok := h.n.Entry(Index(i)); e.Term != want || ok != (want > 0) {
			t.Errorf("entry %d: term %d, %v; want %d", i, e.Term, ok, want)
		}
	}
}

func TestARestartBeginsWithTheSnapshotOnDisk(t *testing.T) {
	h := start(t, 1, 3, Durable{CurrentTerm: 3, Snapshot: &Snapshot{Index: 7, Term: 2, Configuration: servers("1,2+3"),
		Data: []byte("state")}, Log: logOf(3)})
	equal(t, "commitIndex", h.n.commitIndex, 7)
	equal(t, "configuration", config(h), "1,2+3")
	equal(t, "at", h.n.config().index, 7)
	equal(t, "restored", string(h.restored.Data), "state")
	equal(t, "last index", h.n.log.last, 8)
}

func TestStatus_TellsWhatFigure2CallsTheState(t *testing.T) {
	var s Status
	h := start(t, 1, 3, Durable{CurrentTerm: 4, Log: logOf(3, 4)})
	h.ticks(7)
	h.n.Status(&s)
	want := Status{ID: 1, CurrentTerm: 4, LastIndex: 2, LastTerm: 4, Config: servers("1,2,3"), Elapsed: 7,
		Timeout: h.n.timeout, Quorum: 2}
	if s.Votes, s.Peers = nil, nil; !reflect.DeepEqual(s, want) {
		t.Errorf("a follower: got\n%+v, want\n%+v", s, want)
	}
	h.timeOut()
	h.receive(2, &RequestVoteReply{Call: h.n.calls, Term: 5})
	h.n.Status(&s)
	want = Status{ID: 1, Role: Candidate, CurrentTerm: 5, VotedFor: 1, LastIndex: 2, LastTerm: 4,
		Config: servers("1,2,3"), Timeout: h.n.timeout, Quorum: 2,
		Votes: []Vote{{1, Granted}, {2, Denied}, {3, Requested}}}
	if s.Peers = nil; !reflect.DeepEqual(s, want) {
		t.Errorf("a candidate: got\n%+v, want\n%+v", s, want)
	}
	h.receive(3, &RequestVoteReply{Call: h.n.calls, Term: 5, VoteGranted: true})
	h.ack(2, 3)
	h.n.Compact(3, []byte("state"))
	h.receive(3, &AppendEntriesReply{Call: h.n.leadership.follower(3).probe, Term: 5, ConflictIndex: 1})
	h.ticks(3)
	h.n.Status(&s)
	want = Status{ID: 1, Role: Leader, CurrentTerm: 5, VotedFor: 1, Leader: 1, LastIndex: 3, LastTerm: 5,
		CommitIndex: 3, LastApplied: 3, SnapshotIndex: 3,
		Config: servers("1,2,3"), Elapsed: 3, Timeout: 50, Quorum: 2,
		Peers: []Peer{{Server: 2, NextIndex: 4, MatchIndex: 3, Snapshot: -1}, {Server: 3, NextIndex: 1}}}
	if s.Votes = nil; !reflect.DeepEqual(s, want) {
		t.Errorf("a leader: got\n%+v, want\n%+v", s, want)
	}
	h.receive(3, &InstallSnapshotReply{Call: h.n.leadership.follower(3).probe, Term: 5, NextOffset: 2})
	h.n.Status(&s)
	equal(t, "bytes of the snapshot that have arrived", s.Peers[1].Snapshot, 2)
}

// §5.2: a time-out is drawn anew for every election and every heartbeat.
func TestEveryTimerIsDrawnAnew(t *testing.T) {
	for _, off := range []RuleSet{0, RulesOf(RandomTimeouts)} {
		h := start(t, 1, 3, Durable{CurrentTerm: 1})
		h.opt.Off |= off
		h.boot(t)
		seen := map[int]bool{}
		for range 200 {
			h.receive(2, &AppendEntries{Term: 1, LeaderID: 2})
			seen[h.n.timeout] = true
		}
		if off == 0 {
			equal(t, "most of 200 are different", len(seen) > 70, true)
		} else {
			equal(t, "always the shortest", len(seen) == 1 && seen[150], true)
		}
	}
}

func TestTheElectionTimerOfAServerWithoutAVoteStopsAtItsEnd(t *testing.T) {
	h := &host{opt: options(4, 3)}
	h.boot(t)
	h.ticks(1000)
	equal(t, "elapsed", h.n.elapsed, h.n.timeout)
}

func TestCandidates_RepeatCallsEveryHeartbeat(t *testing.T) {
	h := start(t, 1, 3, Durable{})
	h.timeOut()
	h.take()
	h.ticks(49)
	equal(t, "before", len(h.take()), 0)
	h.ticks(1)
	equal(t, "calls", len(h.take()), 2)
	h.ticks(1)
	equal(t, "after", len(h.take()), 0)
}
