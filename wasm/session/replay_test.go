package session

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/told"
)

// replayed asks for a stretch and reads the answer.
func (p *testPage) replayed(from, until int64, details bool) (r contract.Replay) {
	p.t.Helper()
	answer(
		p.t,
		p.must("replay", `"from":`+whole(from)+`,"until":`+whole(until)+`,"details":`+strconv.FormatBool(details)),
		&r,
	)
	return r
}

// watch plays at a rate at which the page misses nothing, and notes each message by its number, as told
// last.
func watch(p *testPage, ms float64, known map[uint64]contract.Message) {
	note := func() {
		for _, f := range p.flights {
			m := f.Message
			if before, is := known[f.Seq]; is {
				m.Sent = before.Sent // a released message is told with the time at which it set out anew
			}
			known[f.Seq] = m
		}
		for _, l := range p.lost {
			m, at := known[l.Seq], l.At
			m.Fate, m.LostAt, m.Held = l.Fate, &at, false
			known[l.Seq] = m
		}
		clear(p.flights)
		p.lost = nil
	}
	note()
	p.must("network", `"change":{"rate":0.5}`)
	for end := p.now + 2*ms; p.now < end; note() {
		p.run(20)
	}
	p.pause()
	note()
}

func same(a, b contract.Message) bool {
	if (a.LostAt == nil) != (b.LostAt == nil) || a.LostAt != nil && *a.LostAt != *b.LostAt {
		return false
	}
	a.LostAt, b.LostAt = nil, nil
	return a == b
}

// A replay tells the same as watching all the time: every message with its outcome, every event with its
// line of the story, every role.
func TestAReplayTellsWhatWhoWatchedWasTold(t *testing.T) {
	p := newPage(t)
	p.must("open",
		`"run":{"version":1,"seed":7,"config":{"servers":5,"latency":15000,"jitter":5000,"clients":2,"keys":2,`+
			`"think":40000,"patience":500000}},"at":0,"rate":0`)
	p.must("act",
		`"action":{"do":"network","link":{"latency":15000,"jitter":5000,"loss":0.1,"duplicate":0.1,"reorder":0.1}}`)
	p.must("chaos", `"on":true`)
	known := map[uint64]contract.Message{}
	watch(p, 500, known)
	p.must("act", `"action":{"do":"hold","server":4,"to":2}`)
	watch(p, 300, known)
	p.must("act", `"action":{"do":"release","server":4,"to":2}`)
	watch(p, 2200, known)
	end := p.last.Clock.Now
	whole := p.replayed(0, end, true)
	if whole.From != 0 || whole.To != end || whole.LeftOut != 0 || len(whole.Messages) != len(known) {
		t.Fatalf("%v to %v: %d messages, %d left out; %d were told", whole.From, whole.To, len(whole.Messages),
			whole.LeftOut, len(known))
	}
	fates, held := map[contract.Fate]int{}, 0
	for _, m := range whole.Messages {
		if !same(m, known[m.Seq]) {
			t.Errorf("replayed: %+v\nwatched: %+v", m, known[m.Seq])
		}
		fates[m.Fate]++
		if m.Fate == "sent" && m.Due-m.Sent > 200_000 {
			held++
		}
	}
	if fates["sent"] < 100 || fates["lost"] == 0 || fates["cut"]+fates["down"] == 0 || held == 0 {
		t.Errorf("fates: %v, %d held for long: this run shows too little", fates, held)
	}
	var story []contract.StoryLine
	for _, l := range p.story {
		if l.Server > 0 && l.Kind != "client" && l.Kind != "fault" {
			story = append(story, l)
		}
	}
	if len(whole.Events) != len(story) {
		t.Fatalf("%d events, %d lines of the story", len(whole.Events), len(story))
	}
	foreign := 0
	for i, e := range whole.Events {
		l := story[i]
		kept := slices.ContainsFunc(p.session.line.Branch.Kept.Lines(),
			func(k contract.StoryLine) bool { return k.ID == l.ID })
		if e.At != l.At || e.Text != l.Text || kept && e.ID != l.ID || !kept && e.ID < told.ForeignLine {
			t.Errorf("event %d is %+v, in the story, which has kept it: %v, %+v", i, e, kept, l)
		}
		if !kept {
			foreign++
		}
	}
	if foreign == 0 || foreign == len(story) {
		t.Errorf("the story has forgotten %d of %d lines: this test saw too little", foreign, len(story))
	}
	if !slices.Equal(whole.Lanes, p.history.Lanes) {
		t.Errorf("%d changes of roles, %d were told", len(whole.Lanes), len(p.history.Lanes))
	}
	for _, from := range []int64{end / 3, end - 100_000} { // a part agrees with the whole
		until := min(end, from+400_000)
		part := p.replayed(from, until, false)
		wanted := 0
		for _, m := range whole.Messages {
			i := slices.IndexFunc(part.Messages, func(o contract.Message) bool { return o.Seq == m.Seq })
			under := m.Sent <= until && told.EndOf(&m) > from && (m.Sent > from || m.Fate == "sent" ||
				m.LostAt != nil) && !(m.From > 1000 && m.Sent <= from) && !(m.To > 1000 && m.Sent <= from)
			if under != (i >= 0) {
				t.Errorf("from %v to %v %+v is there: %v", from, until, m, i >= 0)
			}
			if under {
				wanted++
			}
		}
		for _, e := range part.Events {
			if e.Weight != "key" || e.At <= from || e.At > until {
				t.Errorf("from %v to %v: %+v", from, until, e)
			}
		}
		if len(part.Lanes) < 5 || part.Lanes[0].At != part.From || wanted == 0 {
			t.Errorf("%d messages, lanes: %+v", wanted, part.Lanes)
		}
	}
}

// A replay changes neither the world nor the story. Events after the playhead are not known yet.
func TestAReplayDisturbsNothing(t *testing.T) {
	p, undisturbed := opened(t, 400), opened(t, 400)
	for _, q := range []*testPage{p, undisturbed} {
		q.must("chaos", `"on":true`)
		q.must("network", `"change":{"rate":1}`)
		for range 100 {
			q.run(20)
			if q == p {
				p.say("replay", `"from":0,"until":900000000,"details":true`)
			}
		}
		q.must("network", `"change":{"rate":0}`)
		q.must("seek", `"at":3000000`)
		q.run(300)
	}
	if a, b := p.here(), undisturbed.here(); a != b || len(p.story) != len(undisturbed.story) {
		t.Errorf("asked: %+v with %d lines, not asked: %+v with %d", a, len(p.story), b, len(undisturbed.story))
	}
	p.must("seek", `"at":1000000`)
	r := p.replayed(0, 3_000_000, true)
	if r.To != 1_000_000 {
		t.Errorf("it goes to %v", r.To)
	}
	for _, m := range r.Messages {
		if m.LostAt != nil && *m.LostAt > 1_000_000 {
			t.Errorf("%+v was lost later", m)
		}
	}
	for _, wrong := range []string{`"from":5`, `"from":5,"until":4`, `"from":-1,"until":4`, `"from":0,"until":1e12`} {
		if a := p.ask("replay", wrong); a.OK || a.Error == "" {
			t.Errorf("%s is answered %+v", wrong, a)
		}
	}
}

// A long stretch of a busy cluster is answered from the moment on from which it is complete; a new replay
// replaces one under way.
func TestALongReplayIsBounded(t *testing.T) {
	p := newPage(t)
	p.must("open",
		`"run":{"version":1,"seed":7,"config":{"servers":9,"latency":5000,"jitter":3000,"clients":9,"keys":2,`+
			`"think":5000,"patience":500000}},"at":10000000,"rate":0`)
	first := p.say("replay", `"from":0,"until":10000000,"details":true`)
	r := p.replayed(0, 10_000_000, true)
	if a, answered := p.answers[first]; !answered || a.OK {
		t.Errorf("the first of two is answered %+v", a)
	}
	if len(r.Messages) != told.MostMessages || len(r.Events) > told.MostEvents+told.MostEvents/4 || r.LeftOut < 1000 ||
		r.From < 2_000_000 || r.To != 10_000_000 {
		t.Fatalf("from %v to %v: %d messages, %d left out, %d events", r.From, r.To, len(r.Messages), r.LeftOut,
			len(r.Events))
	}
	again := p.replayed(r.From, r.To, true)
	for _, m := range again.Messages {
		if !slices.ContainsFunc(r.Messages, func(o contract.Message) bool { return o.Seq == m.Seq }) &&
			told.EndOf(&m) > r.From {
			t.Errorf("%+v is missing", m)
		}
	}
}

// Two seconds of the cluster are lived again within 50 ms, at the end of ten minutes too: of five tries the best
// counts, as others use this machine.
func TestAReplayIsQuick(t *testing.T) {
	p := newPage(t)
	p.must("open", `"run":null,"at":600000000,"rate":0`)
	best := time.Hour
	for range 5 {
		begun := time.Now()
		p.replayed(595_500_000, 597_500_000, true)
		best = min(best, time.Since(begun))
	}
	if best > 50*time.Millisecond {
		t.Errorf("it took %v", best)
	}
	t.Logf("it took %v", best)
}
