package session

import (
	"testing"

	"raftplayground/wasm/page"
)

// testPage is a page that applies what it is told.
type testPage struct {
	t       *testing.T
	session *Session
	now     float64
	nextID  int

	batches []page.Batch
	answers map[int]page.Answer
	last    page.Batch // the latest of each member that is state
	flights map[uint64]page.Flight
	story   []page.StoryLine
	history page.History
}

func (p *testPage) Post(json []byte) {
	var m struct {
		Type  string     `json:"type"`
		Batch page.Batch `json:"batch"`
	}
	if err := page.Codec.Unmarshal(json, &m); err != nil {
		p.t.Fatalf("%v in %s", err, json)
	}
	switch m.Type {
	case "batch":
		p.take(m.Batch)
	case "answer":
		var a page.Answer
		if err := page.Codec.Unmarshal(json, &a); err != nil {
			p.t.Fatal(err)
		}
		p.answers[a.ID] = a
	}
}

func (p *testPage) take(b page.Batch) {
	p.batches = append(p.batches, b)
	if b.Moment == "run" {
		p.story, p.history, p.flights = nil, page.History{}, nil
	}
	if b.Moment != "" || p.flights == nil {
		p.flights = map[uint64]page.Flight{}
	}
	for _, f := range b.Flights {
		p.flights[f.Seq] = f
	}
	p.story = append(p.story, b.Story...)
	if b.Clock != nil {
		p.last.Clock = b.Clock
	}
	if b.Servers != nil {
		p.last.Servers = b.Servers
	}
	if b.Room != nil {
		p.last.Room = b.Room
	}
	if b.Lab != nil {
		p.last.Lab = b.Lab
	}
	if h := b.History; h != nil {
		if h.Whole {
			p.history = page.History{}
		}
		p.history.Terms = append(p.history.Terms, h.Terms...)
		p.history.Lanes = append(p.history.Lanes, h.Lanes...)
		p.history.Marks = append(p.history.Marks, h.Marks...)
		p.history.Commit = h.Commit
	}
}

func newPage(t *testing.T) *testPage {
	p := &testPage{t: t, now: 1e12, answers: map[int]page.Answer{}}
	p.session = New(p, 1)
	return p
}

// say sends a message; members are appended to its type and id.
func (p *testPage) say(typ, members string) int {
	p.nextID++
	text := `{"type":"` + typ + `","id":` + page.Decimal(p.nextID)
	if members != "" {
		text += "," + members
	}
	p.session.Page(p.now, []byte(text+"}"))
	return p.nextID
}

// ask sends a message and returns its answer, which must come within 10 s.
func (p *testPage) ask(typ, members string) page.Answer {
	p.t.Helper()
	id := p.say(typ, members)
	for range 1000 {
		if a, answered := p.answers[id]; answered {
			return a
		}
		p.run(10)
	}
	p.t.Fatalf("%s {%s} was not answered", typ, members)
	return page.Answer{}
}

// must asks for something that is granted.
func (p *testPage) must(typ, members string) page.Answer {
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

func TestTheLabPlays(t *testing.T) {
	p := newPage(t)
	p.must("open", `"run":null,"at":0,"rate":0.02`)
	p.run(6000)
	for _, l := range p.story {
		t.Log(l.At, l.Server, l.Weight, l.Text)
	}
	t.Logf("%+v %+v", p.history, p.last.Lab)
}
