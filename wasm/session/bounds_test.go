package session

import (
	"slices"
	"testing"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// A page that asks for no batches has a bounded backlog, and when it asks again it is told all of the
// history anew.
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
	o := p.session.page
	if len(o.Next.Story) > report.MostLines || len(o.Next.Flights) > report.MostFlights ||
		len(o.Next.Lost) > report.MostLosses {
		t.Errorf("%d lines, %d flights, %d losses wait", len(o.Next.Story), len(o.Next.Flights), len(o.Next.Lost))
	}
	p.run(100)
	followed := p.history
	p.must("branch", `"branch":1,"at":null`)
	p.run(100)
	if !slices.Equal(followed.Marks, p.history.Marks) || !slices.Equal(followed.Lanes, p.history.Lanes) {
		t.Errorf("who asked again knows of %d marks and %d changes, who comes anew of %d and %d", len(followed.Marks),
			len(followed.Lanes), len(p.history.Marks), len(p.history.Lanes))
	}
}

// A request belongs to the branches in which it was made, as it stood where each leaves.
func TestRequestsBelongToBranches(t *testing.T) {
	p := opened(t, 500)
	p.must("network", `"change":{"rate":1}`)
	var first contract.ClientRequest
	answer(t, p.must("request", `"op":"put","key":"a","value":"1","server":null`), &first)
	begun := p.session.line.Branch.Kept.client.Requests()[0].Begun
	p.pause()
	p.must("seek", `"at":`+whole(begun+10_000)) // it was asked, and is under way
	p.must("act", `"action":{"do":"pause","server":5}`)
	p.run(300)
	if list := p.session.line.Branch.Kept.client.Requests(); len(list) != 1 || list[0].View.State != "pending" {
		t.Fatalf("in the branch the request is %+v", list[0].View)
	}
	p.play(500)
	if r := p.session.line.Branch.Kept.client.Requests()[0].View; r.State != "done" || r.Index != first.Index {
		t.Errorf("in the branch the request ended as %+v", r)
	}
	p.must("seek", `"at":`+whole(begun-1_000)) // it was not asked yet
	p.must("act", `"action":{"do":"pause","server":4}`)
	p.run(100)
	if n := len(p.session.line.Branch.Kept.client.Requests()); n != 0 {
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
	if n := len(p.session.line.Branch.Kept.client.Requests()); n != requestLimits.Kept {
		t.Errorf("%d requests are kept", n)
	}
}

// An asker whose request was made after the moment of a fork is told so.
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
	if r := p.session.line.Branch.Kept.client.Requests()[0].View; r.State != "pending" ||
		r.Detail != "waiting for a leader" {
		t.Errorf("without a leader the request is %+v", r)
	}
	p.run(3000)
	if a := p.answers[id]; !a.OK {
		t.Errorf("it ended as %+v", a)
	}
	p.pause()
	r := p.session.line.Branch.Kept.client.Requests()[0]
	p.must("seek", `"at":`+whole(r.Sent-1_000)) // it was still waiting
	p.must("act", `"action":{"do":"pause","server":1}`)
	if again := p.session.line.Branch.Kept.client.Requests()[0]; again.View.State != "pending" || again.Held {
		t.Errorf("in another branch, in which nobody was asked yet, it is %+v", again)
	}
	p.play(3000)
	if again := p.session.line.Branch.Kept.client.Requests()[0].View; again.State != "done" ||
		again.Index != r.View.Index {
		t.Errorf("in another branch it ended as %+v, expected %+v", again, r.View)
	}
	p.must("seek", `"at":400000`)
	p.say("request", `"op":"put","key":"c","value":"1","server":null`)
	p.run(300)
	if b := p.last.Lab.Branches; len(b) != 3 || p.last.Lab.Branch != 3 ||
		b[2].Text != "A client asks S3 to write c = 1." {
		t.Errorf("branches: %+v", b)
	}
}
