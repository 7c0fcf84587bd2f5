package hub

import (
	"slices"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"
)

// deedsTold returns the deeds that a connection was told of, as text, and how many it missed.
func (s *stage) deedsTold(conn uint64) (deeds []string, missed int) {
	for _, text := range s.inbox[conn] {
		if get(text, "method").ToString() != "room" {
			continue
		}
		missed += get(text, "params", "deedsMissed").ToInt()
		list := get(text, "params", "deeds")
		for i := range list.Size() {
			deeds = append(deeds, list.Get(i).ToString())
		}
	}
	return deeds, missed
}

// Watchers are told what was done, by whom and when, in order; an action that changes nothing is not a deed.
func TestWatchersAreToldWhatWasDoneAndByWhom(t *testing.T) {
	s := trio(t, Options{})
	s.say(2, `{"method":"state","params":{"name":"Ada"}}`)
	s.pass(1000 * 1000)
	for _, c := range []struct {
		conn uint64
		call string
		did  []string // what a watcher is told, without the time
	}{
		{conn: 1, call: `"network","params":{"rate":0.5}`, did: []string{
			`{"do":"rate","by":{"client":1001,"server":1},"rate":0.5,"was":1}`}},
		{conn: 1, call: `"network","params":{"rate":0.5,"links":[{"from":1,"to":2,"up":true}]}`},
		{conn: 2, call: `"network","params":{"links":[{"from":1,"to":2,"up":false},` +
			`{"from":2,"to":3,"hold":true}]}`, did: []string{
			`{"do":"cut","by":{"client":1002,"server":2,"name":"Ada"},"ways":[[1,2]],"downNow":[[1,2]]}`,
			`{"do":"hold","by":{"client":1002,"server":2,"name":"Ada"},"ways":[[2,3]]}`}},
		{conn: 4, call: `"network","params":{"links":[{"from":1,"to":2,"up":true},` +
			`{"from":2,"to":1,"up":false}],"rate":1}`, did: []string{
			`{"do":"rate","by":{"client":1004},"rate":1,"was":0.5}`,
			`{"do":"cut","by":{"client":1004},"ways":[[2,1]],"downNow":[[2,1]]}`,
			`{"do":"mend","by":{"client":1004},"ways":[[1,2]],"downNow":[[2,1]]}`}},
		{conn: 4, call: `"network","params":{"links":[{"from":1,"to":3,"loss":0.25,"latency":9}]}`, did: []string{
			`{"do":"links","by":{"client":1004},"links":[{"from":1,"to":3,"up":true,"latency":9,"jitter":0,` +
				`"loss":0.25}]}`}},
		{conn: 3, call: `"frame","params":{"do":"inject","from":2,"to":3,"frame":"2>3:made up"}`, did: []string{
			`{"do":"frame","by":{"client":1003,"server":3},"act":"inject","seq":1,"from":2,"to":3}`}},
		{conn: 3, call: `"frame","params":{"do":"drop","seq":1}`, did: []string{
			`{"do":"frame","by":{"client":1003,"server":3},"act":"drop","seq":1,"from":2,"to":3}`}},
		{conn: 3, call: `"frame","params":{"do":"drop","seq":1}`},
		{conn: 3, call: `"network","params":{"links":[{"from":2,"to":3,"hold":false}]}`, did: []string{
			`{"do":"release","by":{"client":1003,"server":3},"ways":[[2,3]]}`}},
	} {
		for conn := range s.inbox {
			s.inbox[conn] = nil
		}
		at := s.hub.clock.now
		s.say(c.conn, `{"id":1,"method":`+c.call+`}`)
		s.pass(20 * 1000)
		got, missed := s.deedsTold(4)
		for i := range got {
			got[i] = strings.Replace(got[i], `,"at":`+decimal(uint64(at)), "", 1)
		}
		if !slices.Equal(got, c.did) || missed != 0 {
			t.Errorf("%s: a watcher is told, %d missed:\n%q\nexpected\n%q", c.call, missed, got, c.did)
		}
		if others, _ := s.deedsTold(1); others != nil {
			t.Errorf("%s: who does not watch is told %q", c.call, others)
		}
	}
}

// Changes of seats are deeds, too: of the server that comes or goes, the person who gives a seat away, or
// the room.
func TestWatchersAreToldWhoComesAndGoes(t *testing.T) {
	s := newStage(t, Options{Size: 2, Rate: 1}, nil)
	s.join(9, `{"server":0,"watch":true}`)
	first := s.join(1, `{"name":"Ada"}`)
	s.join(2, `{}`)
	s.hub.Disconnect(1)
	s.pass(20 * 1000)
	s.join(3, `{`+ticket(jsoniter.Get([]byte(first), "result"))+`}`)
	s.hub.Disconnect(2)
	s.say(9, `{"id":1,"method":"seats","params":{"give":[2]}}`)
	s.pass(20 * 1000)
	list, missed := s.deedsTold(9)
	var got []string
	for _, d := range list {
		did := []string{get(d, "do").ToString(), get(d, "server").ToString()}
		did = append(did, get(d, "by", "name").ToString(), get(d, "reason").ToString())
		got = append(got, strings.Join(did, "/"))
		if by := get(d, "by"); (by.ValueType() == jsoniter.NilValue) != (get(d, "do").ToString() == "start") {
			t.Errorf("%s is by %s", d, by.ToString())
		}
	}
	expected := []string{"seat/1/Ada/", "seat/2//", "start///", "gone/1/Ada/", "back/1/Ada/", "gone/2//", "free/2//",
		"gone/1/Ada/S2 gets a new disk: every server starts again from its own"}
	if !slices.Equal(got, expected) || missed != 0 {
		t.Errorf("told %q, expected %q", got, expected)
	}
	if get(list[6], "by", "client").ToUint64() != 1001 {
		t.Errorf("the seat is given away by %s", list[6])
	}
}

// A watcher that comes later is told only of later deeds, its own arrival included.
func TestANewcomerIsToldOfNothingBefore(t *testing.T) {
	s := trio(t, Options{})
	s.say(1, `{"method":"network","params":{"rate":0.5}}`)
	s.join(7, `{"watch":true}`)
	s.say(7, `{"method":"network","params":{"rate":0.25}}`)
	s.pass(20 * 1000)
	if got, _ := s.deedsTold(7); len(got) != 1 || get(got[0], "was").ToFloat64() != 0.5 {
		t.Errorf("told %q", got)
	}
	if got, _ := s.deedsTold(4); len(got) != 2 {
		t.Errorf("who was here before is told %q", got)
	}
}

// Deeds of a notification that the host had no room for come again in the next one. When there are more than
// the room keeps, the oldest are dropped, and the watcher is told how many.
func TestDeedsAreToldAgainUntilTheyAreHeard(t *testing.T) {
	s := trio(t, Options{})
	s.pass(20 * 1000)
	lose := func() {
		s.real += 20 * 1000
		s.hub.Advance(s.real)
		for s.hub.Output(&s.out) {
			for i := range s.out.Deliver {
				if d := &s.out.Deliver[i]; d.Conn == 4 && d.Kind == Announcement {
					s.hub.Undelivered(d)
				}
			}
		}
	}
	s.hub.Change(1, &Change{Rate: ptr(0.5)})
	lose()
	s.hub.Change(1, &Change{Rate: ptr(0.25)})
	s.inbox[4] = nil
	s.pass(20 * 1000)
	got, missed := s.deedsTold(4)
	if len(got) != 2 || missed != 0 || get(got[0], "rate").ToFloat64() != 0.5 || get(got[1],
		"rate").ToFloat64() != 0.25 {
		t.Errorf("told %q, %d missed", got, missed)
	}
	s.inbox[4] = nil
	for i := range mostDeeds + 5 {
		s.hub.Change(1, &Change{Rate: ptr(float64(i+1) / 100)})
	}
	s.pass(20 * 1000)
	if got, missed = s.deedsTold(4); len(got) != mostDeeds || missed != 5 || get(got[0], "rate").ToFloat64() != 0.06 {
		t.Errorf("told %d from %s, %d missed", len(got), got[0], missed)
	}
	whole := make([]LinkChange, 6)
	for i := range whole {
		whole[i] = LinkChange{From: uint64(1 + i/2), To: uint64(1 + (i/2+1+i%2)%3)}
	}
	for range mostDeeds {
		for i := range whole {
			up := whole[i].Up != nil && !*whole[i].Up
			whole[i].Up = &up
		}
		s.hub.Change(1, &Change{Links: whole})
	}
	if s.hub.deeds.links > mostDeedLinks || len(s.hub.deeds.list) >= mostDeeds ||
		len(s.hub.deeds.list) < mostDeedLinks/12-1 {
		t.Errorf("%d deeds with %d links are kept", len(s.hub.deeds.list), s.hub.deeds.links)
	}
}

// A member that acts again and again makes no more leave for watchers than the budget of news allows, and
// pays for it. Other members are unharmed.
func TestAFloodOfDeedsStaysWithinTheBudgetOfNews(t *testing.T) {
	const watchers, seconds = 40, 1
	s := newStage(t, Options{Size: 9, Rate: 1}, nil)
	for conn := uint64(1); conn <= 2; conn++ {
		s.join(conn, `{}`)
	}
	for conn := uint64(10); conn < 10+watchers; conn++ {
		s.join(conn, `{"server":0,"watch":true}`)
	}
	var every []string
	for _, l := range s.hub.Links(nil) {
		every = append(every, `{"from":`+decimal(l.From)+`,"to":`+decimal(l.To)+`,"latency":%d}`)
	}
	bytes, refused := 0, 0
	most := (seconds + 2) * (16 << 20) // a second's worth may be spent ahead, and one more without text
	for i := range 1000 * seconds {
		call := strings.ReplaceAll(strings.Join(every, ","), "%d", decimal(uint64(i)))
		for _, text := range s.say(1, `{"id":1,"method":"network","params":{"links":[`+call+`]}}`) {
			if get(text, "error", "code").ToInt() == CodeTooFast {
				refused++
			}
		}
		s.pass(1000)
		for conn, told := range s.inbox {
			for _, text := range told {
				bytes += len(text)
			}
			s.inbox[conn] = nil
		}
	}
	if bytes > most {
		t.Errorf("%d MiB leave in %d s, at most %d should", bytes>>20, seconds, most>>20)
	}
	if refused == 0 {
		t.Error("who makes so much leave is never asked to go slower")
	}
	got := strings.Join(s.say(2, `{"id":7,"method":"network","params":{"rate":0.5}}`), "")
	if !strings.Contains(got, `"id":7,"result":true`) {
		t.Errorf("another member is answered %q", got)
	}
}
