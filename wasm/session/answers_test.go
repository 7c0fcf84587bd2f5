package session

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/wasm/contract"
)

// The page is told the majority as the servers count it: by their configurations, by both halves during a
// change, and by the rules that they keep; also when it looks back.
func TestThePageIsToldWhatAMajorityIs(t *testing.T) {
	p := newPage(t)
	p.must("open", `"run":{"version":1,"config":{"servers":5,"latency":15000,"jitter":0,"off":["catchUpFirst"]},`+
		`"seed":1},"at":0,"rate":1`)
	p.must("act", `"action":{"do":"campaign","server":1}`)
	p.run(300)
	of := func(server int) []contract.Quorum { return p.last.Servers[server-1].Report.Quorums }
	majority := func() contract.Majority { return p.last.Answers.Majority }
	if q := of(1); len(q) != 1 || q[0].Needed != 3 || len(q[0].Voters) != 5 || majority().Together != "5 of 5" {
		t.Fatalf("five servers: %+v, %+v", q, majority())
	}
	p.must("act", `"action":{"do":"partition","servers":[1,2]}`)
	p.must("act", `"action":{"do":"reconfigure","server":1,"servers":[1,2,3]}`)
	p.run(100)
	if q := of(1); len(q) != 2 || q[0].Needed != 2 || q[0].Agreed != 2 || q[1].Needed != 3 || q[1].Agreed != 2 {
		t.Errorf("on the way to three servers, with two that are together: %+v", q)
	}
	const rule = "The configuration changes: 2 of S1, S2 and S3 and 3 of S1, S2, S3, S4 and S5 have to agree"
	if m := majority(); m.Needed != "2 of 3 and 3 of 5" || m.Rule != rule || m.Decides {
		t.Errorf("two majorities are needed, and one is there: %+v", m)
	}
	if s := p.last.Answers.Sides; len(s) != 2 || s[1].Words != "2 of 3 and 2 of 5: cannot elect" {
		t.Errorf("what the sides can do: %+v", s)
	}
	if why := p.last.Answers.Why; why == nil || !strings.Contains(strings.Join(why.Answer, " "),
		"It is on 2 of 3 and 2 of 5; the leader, S1, needs 2 and 3. The link from S1 to S3, S4 and S5 is cut.") {
		t.Errorf("why the change is not committed: %+v", why)
	}
	p.must("network", `"change":{"rate":0}`) // nothing else is new
	p.must("act", `"action":{"do":"rules","off":["catchUpFirst","majorityDecides"]}`)
	p.run(100)
	if q, m := of(1), majority(); len(q) != 2 || q[0].Needed != 1 || q[1].Needed != 2 || !m.Decides {
		t.Errorf("without that a majority decides: of the change %+v, %+v", q, m)
	}
	p.must("seek", `"at":100000`)
	p.run(100)
	if m := majority(); m.Needed != "3 of 5" || m.Together != "5 of 5" || p.last.Answers.Sides == nil ||
		len(p.last.Answers.Sides) != 0 {
		t.Errorf("before that rule was left out, and before the cut: %+v", p.last.Answers)
	}
}

// The page is told about the entry and the cut that it points at for as long as it does, as of the playhead.
func TestThePageIsAnsweredWhatItRegards(t *testing.T) {
	p := newPage(t)
	p.must("open", `"run":{"version":1,"config":{"servers":3,"latency":15000,"jitter":0},"seed":1},"at":0,"rate":1`)
	p.must("act", `"action":{"do":"campaign","server":1}`)
	p.run(300)
	regard := func(what string) *contract.Answers {
		p.say("regard", what)
		p.run(40)
		return p.last.Answers
	}
	batches := p.batches
	a := regard(`"cell":{"server":2,"index":1},"side":[1]`)
	if a.Entry != "Index 1, term 1, the leader's no-op. On 3 of 3. Committed at S2." {
		t.Errorf("of an entry: %q", a.Entry)
	}
	if want := []string{"S1: cannot elect", "S2 and S3: majority 2 of 3"}; !slices.Equal(a.Cut, want) {
		t.Errorf("of a cut: %q", a.Cut)
	}
	if p.batches == batches {
		t.Error("no batch told of it")
	}
	p.must("act", `"action":{"do":"crash","server":3}`)
	p.run(40)
	if a := p.last.Answers; a.Cut[1] != "S2 and S3: cannot elect" {
		t.Errorf("after a crash: %+v", a)
	}
	p.must("seek", `"at":1000`)
	p.run(40)
	if a := p.last.Answers; a.Entry != "S2 has no entry at index 1." || a.Why == nil ||
		a.Why.Ask != "Why does nobody lead?" {
		t.Errorf("in the past: %+v, %+v", a, a.Why)
	}
	if a := regard(`"cell":null,"side":[]`); a.Entry != "" || len(a.Cut) != 0 {
		t.Errorf("it points at nothing: %+v", a)
	}
}

// BenchmarkScrub moves back and forth between two moments of a cluster of nine with full logs, as a dragged
// playhead does.
func BenchmarkScrub(b *testing.B) {
	s, now := New(mute{}, 1), 1e12
	run := func(ms float64) {
		for end := now + ms; now < end; now += 20 {
			s.Tick(now)
		}
	}
	s.Page(now, []byte(`{"type":"open","id":1,"run":{"version":1,"config":{"servers":9,"latency":15000,"jitter":5000},`+
		`"seed":1},"at":0,"rate":1}`))
	run(1000)
	for range 70 {
		s.Page(now, []byte(`{"type":"act","id":2,"action":{"do":"put","server":0,"key":"x","value":"1"}}`))
		run(40)
	}
	run(1000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now += 40
		s.Page(now, []byte(`{"type":"drawn"}`))
		s.Page(now, []byte(`{"type":"seek","id":1,"at":`+[]string{"4000000", "4001000"}[i%2]+`}`))
	}
	b.ReportMetric(float64(s.line.World.Now()), "at")
}

// mute is a page that discards its messages.
type mute struct{}

func (mute) Post([]byte) {}
