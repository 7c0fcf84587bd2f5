package session

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
	"raftplayground/wasm/report/reporttest"
)

// testPage is a page that applies what it is told.
type testPage struct {
	t       *testing.T
	session *Session
	now     float64
	nextID  int

	texts   [][]byte // all that was posted, if keep
	keep    bool
	batches int
	answers map[int]contract.Answer
	last    contract.Batch // the latest of each member that is state
	flights map[uint64]contract.Flight
	lost    []contract.Loss
	story   []contract.StoryLine
	history contract.LivedPart
}

func (p *testPage) Post(json []byte) {
	if p.keep {
		p.texts = append(p.texts, slices.Clone(json))
	}
	var m struct {
		Type  string         `json:"type"`
		Batch contract.Batch `json:"batch"`
	}
	if err := contract.Codec.Unmarshal(json, &m); err != nil {
		p.t.Fatalf("%v in %s", err, json)
	}
	switch m.Type {
	case "batch":
		p.take(m.Batch)
	case "answer":
		var a contract.Answer
		if err := contract.Codec.Unmarshal(json, &a); err != nil {
			p.t.Fatal(err)
		}
		p.answers[a.ID] = a
	}
}

func (p *testPage) take(b contract.Batch) {
	p.batches++
	if b.Moment == "run" {
		p.story, p.history, p.flights = nil, contract.LivedPart{}, nil
	}
	if b.Moment != "" || p.flights == nil {
		p.flights = map[uint64]contract.Flight{}
	}
	for _, f := range b.Flights {
		p.flights[f.Seq] = f
	}
	p.lost = append(p.lost, b.Lost...)
	p.story = append(p.story, b.Story...)
	reporttest.Keep(&p.last, &b)
	if h := b.Lived; h != nil {
		if h.Whole {
			p.history = contract.LivedPart{}
		}
		p.history.Terms = append(p.history.Terms, h.Terms...)
		p.history.Lanes = append(p.history.Lanes, h.Lanes...)
		p.history.Marks = append(p.history.Marks, h.Marks...)
		p.history.Commit = h.Commit
	}
}

func newPage(t *testing.T) *testPage {
	p := &testPage{t: t, now: 1e12, answers: map[int]contract.Answer{}}
	p.session = New(p, 1)
	return p
}

// say sends a message; members are appended to its type and id.
func (p *testPage) say(typ, members string) int {
	p.nextID++
	text := `{"type":"` + typ + `","id":` + report.Decimal(p.nextID)
	if members != "" {
		text += "," + members
	}
	p.session.Page(p.now, []byte(text+"}"))
	return p.nextID
}

// ask sends a message and returns its answer, which must come within 10 s.
func (p *testPage) ask(typ, members string) contract.Answer {
	p.t.Helper()
	id := p.say(typ, members)
	for range 1000 {
		if a, answered := p.answers[id]; answered {
			return a
		}
		p.run(10)
	}
	p.t.Fatalf("%s {%s} was not answered", typ, members)
	return contract.Answer{}
}

// must asks for something that is granted.
func (p *testPage) must(typ, members string) contract.Answer {
	p.t.Helper()
	a := p.ask(typ, members)
	if !a.OK {
		p.t.Fatalf("%s {%s}: %s", typ, members, a.Error)
	}
	return a
}

// run lets so many ms of real time pass, with a page that draws.
func (p *testPage) run(ms float64) {
	for end := p.now + ms; p.now < end; {
		p.now = min(p.now+10, end)
		p.session.Page(p.now, []byte(`{"type":"drawn"}`))
		p.session.Tick(p.now)
	}
}

// told returns the first line of the story that contains a text, nil if there is none.
func (p *testPage) told(text string) *contract.StoryLine {
	for i := range p.story {
		if strings.Contains(p.story[i].Text, text) {
			return &p.story[i]
		}
	}
	return nil
}

func TestWhatThePageIsSentIsAsTheContractSays(t *testing.T) {
	p := newPage(t)
	p.keep = true
	p.must("open",
		`"run":{"version":1,"config":{"servers":5,"latency":15000,"jitter":5000,"json":true},`+
			`"seed":"18446744073709551615"},"at":0,"rate":1`)
	p.run(1000)
	p.must("request", `"op":"put","key":"x","value":"1","server":null`)
	for _, deed := range deeds {
		p.ask("act", `"action":{`+deed+`}`)
		p.run(100)
	}
	p.must("act", `"action":{"do":"heal"}`)
	p.run(2000)
	seq := uint64(0)
	for seq == 0 {
		p.must("network", `"change":{"rate":1}`)
		p.run(20)
		p.must("network", `"change":{"rate":0}`)
		p.run(300)
		for n, f := range p.flights {
			if f.Due > p.last.Clock.Now && f.Fate == "sent" && f.LostAt == nil && f.To < 1000 && f.From < 1000 {
				seq = n
			}
		}
	}
	details := p.must("frame", `"seq":`+report.Decimal(seq))
	p.must("act", `"action":{"do":"holdFrame","frame":`+report.Decimal(seq)+`}`)
	p.run(100)
	boxes := p.must("inboxes", "")
	p.must("act", `"action":{"do":"dropFrame","frame":`+report.Decimal(seq)+`}`)
	p.must("network", `"change":{"rate":1}`)
	p.must("request", `"op":"get","key":"x","server":null`)
	p.must("network", `"change":{"links":[{"from":1,"to":2,"up":false}]}`)
	p.must("seek", `"at":700000`)
	p.must("act", `"action":{"do":"crash","server":2}`)
	p.must("step", `"to":"event","back":false`)
	moment := p.must("moment", "")
	replay := p.must("replay", `"from":0,"until":700000,"details":true`)
	p.run(500)
	reporttest.Told(t, "../contract", p.texts, "clock", "connection", "room", "self", "servers", "answers", "flights",
		"lost", "story", "requests",
		"lab", "moment", "lived")
	words := reporttest.Words(t, "../contract")
	for _, answer := range []struct {
		of   contract.Answer
		into any
	}{
		{details, new(contract.FrameDetails)}, {boxes, new([]contract.Inbox)}, {moment, new(contract.Moment)},
		{replay, new(contract.Replay)},
	} {
		text, _ := contract.Codec.Marshal(answer.of.Value)
		if err := strict.Unmarshal(text, answer.into); err != nil {
			t.Errorf("%v in %s", err, text)
		} else if why := words.Flaw(answer.into); why != "" {
			t.Errorf("%s in %s", why, text)
		}
	}
}

// Branches are numbered in the run that they are of: what was open before does not count.
func TestBranchesAreNumberedInTheirRun(t *testing.T) {
	p := newPage(t)
	for _, run := range []string{"null", `{"version":1,"config":{"servers":3,"latency":15000,"jitter":0},"seed":7}`} {
		p.must("open", `"run":`+run+`,"at":300000,"rate":0`)
		p.must("seek", `"at":200000`)
		p.must("act", `"action":{"do":"crash","server":1}`)
		p.run(100)
		if lab := p.last.Lab; lab.Branch != 2 || len(lab.Branches) != 2 || lab.Branches[0].ID != 1 ||
			lab.Branches[1].ID != 2 || lab.Branches[1].Parent != 1 {
			t.Errorf("branch %d of %+v", lab.Branch, lab.Branches)
		}
	}
}
