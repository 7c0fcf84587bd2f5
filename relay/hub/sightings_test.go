package hub

import "testing"

// A host that watches gets what a watcher is told, as data; a copy of the room gets nothing.
func TestAHostGathersWhatBecomesOfFrames(t *testing.T) {
	h, err := New(Options{Code: "room", Size: 2, Rate: 1, Random: func(b []byte) { clear(b) }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.Advance(0)
	var out Output
	say := func(conn uint64, text string) {
		h.Receive(conn, []byte(text), false)
		for h.Output(&out) {
			continue
		}
	}
	for conn, text := range map[uint64]string{1: `1`, 2: `2`} {
		h.Connect(conn)
		say(conn, `{"id":1,"method":"join","params":{"server":`+text+`}}`)
	}
	say(1, "1>2:RequestVotes:Request:1:1:0:0")
	h.Watch(true)
	say(1, "1>2:RequestVotes:Request:2:1:0:0")
	copied := h.Clone()
	say(1, `{"id":2,"method":"frame","params":{"seq":2,"do":"drop"}}`)
	say(1, `{"id":3,"method":"network","params":{"links":[{"from":1,"to":2,"up":false}]}}`)
	say(1, "1>2:RequestVotes:Request:3:1:0:0")
	list, dropped := h.Sightings(nil)
	want := []Sighting{{Seq: 2, Fate: "sent", From: 1, To: 2}, {Seq: 2, Fate: "dropped", Later: true},
		{Seq: 1, Fate: "cut", Later: true}, {Seq: 3, Fate: "cut", From: 1, To: 2}}
	if len(list) != len(want) || dropped != 0 {
		t.Fatalf("%+v, %d dropped", list, dropped)
	}
	for i, s := range list {
		if w := want[i]; s.Seq != w.Seq || s.Fate != w.Fate || s.Later != w.Later || s.From != w.From || s.To != w.To ||
			(len(s.Data) == 0) != s.Later {
			t.Errorf("%d: %+v, want %+v", i, s, w)
		}
	}
	if more, _ := h.Sightings(nil); len(more) != 0 {
		t.Errorf("told twice: %+v", more)
	}
	if more, _ := copied.Sightings(nil); len(more) != 0 {
		t.Errorf("a copy gathers: %+v", more)
	}
	for range mostSightings + 3 {
		say(1, "1>2:RequestVotes:Request:4:1:0:0")
		h.Advance(h.clock.real + 1000)
	}
	if list, dropped := h.Sightings(nil); len(list) != mostSightings || dropped != 3 {
		t.Errorf("%d gathered, %d dropped", len(list), dropped)
	}
}
