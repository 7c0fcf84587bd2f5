package hub

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"raftplayground/relay/quality"
)

// A deed done by its name has the effect that the name says, and is announced as that effect.
func TestDeedsAreDoneByTheirNames(t *testing.T) {
	s := trio(t, Options{})
	for _, test := range []struct {
		deed    ToDo
		changed func(l Link) bool // tells whether a link differs from the start
		told    DeedKind
	}{
		{ToDo{Do: "cut", From: 1, To: 2}, func(l Link) bool { return !l.Up && l.From == 1 && l.To == 2 }, LinksCut},
		{ToDo{Do: "cut", From: 2}, func(l Link) bool { return !l.Up && l.From <= 2 && (l.From == 2 || l.To == 2) },
			LinksCut},
		{ToDo{Do: "mend", From: 1}, func(l Link) bool { return !l.Up && l.From == 2 }, LinksMended},
		{ToDo{Do: "partition", Side: []uint64{3}}, func(l Link) bool { return !l.Up && (l.From == 3 || l.To == 3) },
			LinksMended},
		{ToDo{Do: "partition", From: 1}, func(l Link) bool { return !l.Up && (l.From == 1 || l.To == 1) }, LinksMended},
		{ToDo{Do: "partition", Side: []uint64{1, 2, 3}}, func(Link) bool { return false }, LinksMended},
		{ToDo{Do: "hold", From: 2, To: 3}, func(l Link) bool { return l.Hold && l.From == 2 && l.To == 3 }, LinksHeld},
		{ToDo{Do: "release", From: 2}, func(Link) bool { return false }, LinksReleased},
		{
			ToDo{Do: "network", To: 3, Link: &quality.Wanted{Latency: ptr(int64(7)), Loss: ptr(0.5)}},
			func(l Link) bool { return l.Latency == 7 && l.Loss == 0.5 && l.To == 3 }, LinksChanged,
		},
		{ToDo{Do: "heal"}, func(l Link) bool { return l.Latency == 7 && l.Loss == 0 && l.To == 3 }, LinksChanged},
	} {
		if err := s.hub.Do(1, &test.deed); err != nil {
			t.Fatalf("%+v: %v", test.deed, err)
		}
		for _, l := range s.hub.Links(nil) {
			start := Link{From: l.From, To: l.To, Up: true}
			if (l != start) != test.changed(l) {
				t.Errorf("after %+v: %+v", test.deed, l)
			}
		}
		list := s.hub.deeds.list
		told := slices.ContainsFunc(list, func(d Deed) bool { return d.Do == test.told && d.By.Server == 1 })
		if !told {
			t.Errorf("%+v is told as %+v", test.deed, list)
		}
		s.hub.deeds.list = nil
	}
	s.hub.Receive(1, []byte("1>2:what"), false)
	if err := s.hub.Do(2, &ToDo{Do: "injectFrame", From: 1, To: 2, Text: []byte("1>2:made up")}); err != nil {
		t.Error(err)
	}
}

// A room refuses deeds that it cannot do, says why, and stays as it was.
func TestARoomRefusesWhatIsNotTheNetworks(t *testing.T) {
	s := trio(t, Options{})
	before := s.hub.Links(nil)
	for _, test := range []struct {
		deed ToDo
		why  string
	}{
		{ToDo{Do: "crash", From: 1}, "This page is a live room, which cannot do “crash”: each of its servers is a tab"},
		{ToDo{Do: "put", From: 1}, "This page is a live room, which cannot do “put”"},
		{ToDo{Do: "cut", From: 4}, "server: expected servers of this room, 1 to 3"},
		{ToDo{Do: "partition"}, "servers: expected one side of the cut"},
		{ToDo{Do: "partition", Side: []uint64{4}}, "server: expected servers of this room"},
		{ToDo{Do: "network"}, "link: expected one with network"},
		{ToDo{Do: "cut", Link: &quality.Wanted{}}, "link: expected"},
		{ToDo{Do: "network", Link: &quality.Wanted{Loss: ptr(2.0)}}, "links.loss: expected a number from 0 to 1"},
		{ToDo{Do: "dropFrame", Frame: 99}, "seq: expected a frame that is under way"},
	} {
		err := s.hub.Do(1, &test.deed)
		var why *Refusal
		if !errors.As(err, &why) || !strings.HasPrefix(why.Message, test.why) {
			t.Errorf("%+v: %v, expected %q", test.deed, err, test.why)
		}
	}
	if !slices.Equal(before, s.hub.Links(nil)) {
		t.Error("what was refused was done")
	}
	if err := s.hub.Do(77, &ToDo{Do: "cut"}); err == nil {
		t.Error("somebody who is not here cut links")
	}
}
