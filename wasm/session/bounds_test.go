package session

import (
	"slices"
	"strconv"
	"testing"

	"raftplayground/raft"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// What a page that asks for nothing misses is bounded, and when it asks again it is told all of the history anew.
func TestWhatWaitsForAPageIsBounded(t *testing.T) {
	p := opened(t, 500)
	p.must("chaos", `"on":true`)
	p.must("network", `"change":{"rate":1}`)
	p.keep, p.texts = true, nil
	for range 30 * 180 {
		p.now += 100.0 / 3
		p.session.Tick(p.now)
	}
	if n := len(p.texts); n > 1 {
		t.Fatalf("%d messages to a page that asks for nothing", n)
	}
	o := &p.session.outbox
	if len(o.Next.Story) > page.MostLines || len(o.Next.Flights) > page.MostFlights || len(o.Next.Lost) > page.MostLosses {
		t.Errorf("%d lines, %d flights, %d losses wait", len(o.Next.Story), len(o.Next.Flights), len(o.Next.Lost))
	}
	for range 2 * mostChanges {
		p.session.change(p.session.branch.history.mark(1, "write", 1, "x"))
	}
	p.run(100)
	h := &p.session.branch.history
	if len(p.history.Marks) != len(h.marks) || len(p.history.Lanes) != len(h.lanes) || len(h.marks) > mostChanges {
		t.Errorf("the page knows of %d marks and %d changes, the lab of %d and %d", len(p.history.Marks), len(p.history.Lanes), len(h.marks), len(h.lanes))
	}
}

func TestAHistoryThatIsTooLongKeepsWhatStillHolds(t *testing.T) {
	var h history
	h.lane(0, 1, "follower", 3) // the only change of S1
	for i := range 3 * mostChanges {
		h.lane(int64(i), 2, []contract.Lane{"follower", "gone"}[i%2], 3)
		h.term(int64(i), contract.U64(i+1))
	}
	if len(h.lanes) > mostChanges || len(h.terms) > mostChanges {
		t.Fatalf("%d lanes, %d terms", len(h.lanes), len(h.terms))
	}
	if !slices.ContainsFunc(h.lanes, func(l contract.LaneChange) bool { return l.Server == 1 }) {
		t.Error("what S1 has been all the time is forgotten")
	}
	if last := h.lanes[len(h.lanes)-1]; last.At != 3*mostChanges-1 {
		t.Errorf("the newest change is at %v", last.At)
	}
	if !slices.IsSortedFunc(h.lanes, func(a, b contract.LaneChange) int { return int(a.At - b.At) }) {
		t.Error("the changes are out of order")
	}
}

func TestAStoryThatIsTooLongLosesDetailsFirst(t *testing.T) {
	var s story
	for i := range 4 * mostLines {
		weight := contract.Detail
		if i%10 == 0 {
			weight = contract.Key
		}
		s.add(contract.StoryLine{ID: uint64(i), Weight: weight})
	}
	keys := 0
	for _, l := range s.lines {
		if l.Weight == "key" {
			keys++
		}
	}
	if len(s.lines) > mostLines+mostLines/4 || keys != 4*mostLines/10 {
		t.Errorf("%d lines, %d of %d key lines", len(s.lines), keys, 4*mostLines/10)
	}
	for i := range 3 * mostLines {
		s.add(contract.StoryLine{ID: uint64(9e6 + i), Weight: "key"})
	}
	if len(s.lines) > mostLines+mostLines/4 || s.lines[len(s.lines)-1].ID != 9e6+3*mostLines-1 {
		t.Errorf("%d lines, the last is %d", len(s.lines), s.lines[len(s.lines)-1].ID)
	}
}

// A request is in the branches in which it was made, as it stood where each leaves.
func TestRequestsBelongToBranches(t *testing.T) {
	p := opened(t, 500)
	p.must("network", `"change":{"rate":1}`)
	var first contract.ClientRequest
	answer(t, p.must("request", `"op":"put","key":"a","value":"1","server":null`), &first)
	begun := p.session.branch.client.Requests()[0].Begun
	p.pause()
	p.must("seek", `"at":`+whole(begun+10_000)) // it was asked, and is under way
	p.must("act", `"action":{"do":"pause","server":5}`)
	p.run(300)
	if list := p.session.branch.client.Requests(); len(list) != 1 || list[0].View.State != "pending" {
		t.Fatalf("in the branch the request is %+v", list[0].View)
	}
	p.play(500)
	if r := p.session.branch.client.Requests()[0].View; r.State != "done" || r.Index != first.Index {
		t.Errorf("in the branch the request ended as %+v", r)
	}
	p.must("seek", `"at":`+whole(begun-1_000)) // it was not asked yet
	p.must("act", `"action":{"do":"pause","server":4}`)
	p.run(100)
	if n := len(p.session.branch.client.Requests()); n != 0 {
		t.Errorf("before it was made there are %d requests", n)
	}
	p.must("act", `"action":{"do":"partition","servers":[3]}`)
	id := p.say("request", `"op":"put","key":"b","value":"1","server":3`)
	p.must("branch", `"branch":1,"at":null`)
	if a := p.answers[id]; a.OK || a.Error == "" {
		t.Errorf("a request of a branch that is left is answered %+v", a)
	}
	p.must("network", `"change":{"rate":1}`)
	for range 2 * requestLimits.Kept {
		p.ask("request", `"op":"put","key":"a","value":"1","server":1`)
	}
	if n := len(p.session.branch.client.Requests()); n != requestLimits.Kept {
		t.Errorf("%d requests are kept", n)
	}
}

// Who asked something after the moment from which the run goes on in another way is told so.
func TestWhoAskedLaterThanAForkIsAnswered(t *testing.T) {
	p := opened(t, 500)
	p.must("act", `"action":{"do":"partition","servers":[3]}`)
	id := p.say("request", `"op":"put","key":"b","value":"1","server":3`)
	p.must("seek", `"at":400000`)
	p.must("act", `"action":{"do":"pause","server":4}`)
	if a := p.answers[id]; a.OK || a.Error != lookedAway {
		t.Errorf("it is answered %+v", a)
	}
}

// A client that asks the wrong server is sent on to the leader; one that asks in the past makes a branch.
func TestRequestsFindTheLeader(t *testing.T) {
	p := opened(t, 500)
	p.must("act", `"action":{"do":"crash","server":3}`)
	p.must("network", `"change":{"rate":1}`)
	id := p.say("request", `"op":"put","key":"a","value":"1","server":null`)
	if r := p.session.branch.client.Requests()[0].View; r.State != "pending" || r.Detail != "waiting for a leader" {
		t.Errorf("without a leader the request is %+v", r)
	}
	p.run(3000)
	if a := p.answers[id]; !a.OK {
		t.Errorf("it ended as %+v", a)
	}
	p.pause()
	r := p.session.branch.client.Requests()[0]
	p.must("seek", `"at":`+whole(r.Sent-1_000)) // it was still waiting
	p.must("act", `"action":{"do":"pause","server":1}`)
	if again := p.session.branch.client.Requests()[0]; again.View.State != "pending" || again.Held {
		t.Errorf("in another branch, in which nobody was asked yet, it is %+v", again)
	}
	p.play(3000)
	if again := p.session.branch.client.Requests()[0].View; again.State != "done" || again.Index != r.View.Index {
		t.Errorf("in another branch it ended as %+v, expected %+v", again, r.View)
	}
	p.must("seek", `"at":400000`)
	p.say("request", `"op":"put","key":"c","value":"1","server":null`)
	p.run(300)
	if b := p.last.Lab.Branches; len(b) != 3 || p.last.Lab.Branch != 3 || b[2].Text != "A client asks S3 to write c = 1." {
		t.Errorf("branches: %+v", b)
	}
}

func TestEveryCallIsListedFieldByField(t *testing.T) {
	entries := []raft.Entry{{Term: 1, Kind: raft.NoOp}, {Term: 2, Data: []byte("set x=1")}, {Term: 2, Kind: raft.Config, Data: []byte("1,2,3")}}
	for i := range 10 {
		entries = append(entries, raft.Entry{Term: 3, Data: []byte("set y=" + strconv.Itoa(i))})
	}
	for _, test := range []struct {
		rpc  raft.RPC
		want int
	}{
		{&raft.RequestVote{Term: 1, CandidateID: 2}, 4}, {&raft.RequestVote{PreVote: true, Transfer: true}, 6}, {&raft.RequestVoteReply{}, 2}, {&raft.AppendEntries{Entries: entries}, 6}, {&raft.AppendEntriesReply{Success: true}, 3},
		{&raft.AppendEntriesReply{}, 4}, {&raft.InstallSnapshot{Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2}}}, 8}, {&raft.InstallSnapshotReply{}, 3}, {&raft.TimeoutNow{}, 2}, {&raft.TimeoutNowReply{}, 1},
	} {
		list := fieldsOf(test.rpc)
		if len(list) != test.want {
			t.Errorf("%T has %d fields, expected %d", test.rpc, len(list), test.want)
		}
		for _, f := range list {
			if f.Name == "" || f.Value == "" || f.Meaning == "" {
				t.Errorf("%T: %+v", test.rpc, f)
			}
		}
	}
	if text := entriesText(entries); text != "no-op (term 1), x = 1 (term 2), servers 1,2,3 (term 2), y = 0 (term 3), y = 1 (term 3), y = 2 (term 3), y = 3 (term 3), y = 4 (term 3), and 5 more" {
		t.Errorf("entries: %s", text)
	}
	if text := entriesText(nil); text != "none" {
		t.Errorf("no entries: %s", text)
	}
}
