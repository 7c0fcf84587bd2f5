package tab

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/wasm/contract"
)

// A room does a deed of the network by the lab's wish for it, and tells it with its author; it refuses any
// other deed with the reason.
func TestADeedOfTheNetworkIsDoneInARoom(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	for id, action := range []map[string]any{
		{"do": "partition", "servers": []int{3}}, {"do": "partition", "servers": []int{1, 2, 3}},
		{"do": "cut", "server": 1, "to": 2}, {"do": "crash", "server": 1}, {"do": "cut", "server": 4}, nil,
	} {
		message := map[string]any{"type": "act", "id": 20 + id}
		if action != nil {
			message["action"] = action
		}
		tabs[0].say(message)
		w.run(100)
		if answers := tabs[0].answers; len(answers) != id+1 || answers[id].ID != 20+id || answers[id].OK != (id < 3) {
			t.Fatalf("%v is answered %+v", action, answers)
		}
	}
	if why := tabs[0].answers[3].Error; !strings.HasPrefix(why, "This page is a live room, which cannot do “crash”") {
		t.Errorf("a crash is refused: %q", why)
	}
	told := map[string]string{}
	for _, line := range tabs[0].story {
		told[line.Text] = line.Why
	}
	for _, text := range []string{
		"S3 is cut from S1 and S2.", "The network is whole again.",
		"The link from S1 to S2 is cut, in this direction only.",
	} {
		if !strings.HasPrefix(told[text], "You did this.") {
			t.Errorf("%q is told with %q", text, told[text])
		}
	}
}

// The page cuts a link both ways by two deeds, which are told as one; a deed of somebody else is told by itself.
func TestALinkThatIsCutBothWaysIsToldOnce(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	for _, cuts := range [][]struct{ by, from, to int }{{{0, 1, 2}, {0, 2, 1}}, {{1, 3, 1}}, {{0, 1, 3}}} {
		for id, c := range cuts {
			tabs[c.by].say(map[string]any{"type": "act", "id": id, "action": map[string]any{
				"do": "cut", "server": c.from, "to": c.to}})
		}
		w.run(100)
	}
	var told []string
	for _, line := range tabs[2].story {
		if strings.Contains(line.Text, " cut") {
			told = append(told, line.Text)
		}
	}
	expected := []string{"The link between S1 and S2 is cut.",
		"The link from S3 to S1 is cut, in this direction only.", "The link from S1 to S3 is cut, too."}
	if !slices.Equal(told, expected) {
		t.Errorf("the story says %q", told)
	}
}

// A bandwidth is set in a room by the deed or by a change of its network, and every page is told of it.
func TestABandwidthIsSetInARoom(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	for id, message := range []map[string]any{
		{"type": "act", "action": map[string]any{"do": "network", "link": map[string]any{"latency": 9000,
			"bandwidth": 3000}}},
		{"type": "network", "change": map[string]any{"links": []any{map[string]any{"from": 1, "to": 2,
			"bandwidth": 2000}}}},
	} {
		message["id"] = id
		tabs[0].say(message)
		w.run(100)
		if link := tabs[1].last.Room.Links[0]; link.Bandwidth != int64(3000-1000*id) || link.Latency != 9000 {
			t.Errorf("%v: the link is %+v", message, link)
		}
	}
	for _, text := range []string{"Every link takes 9 ms, transmits 3000 B/s.",
		"The link from S1 to S2 takes 9 ms, transmits 2000 B/s."} {
		if !slices.ContainsFunc(tabs[1].story, func(l contract.StoryLine) bool { return l.Text == text }) {
			t.Errorf("nobody tells %q", text)
		}
	}
}

// A server that was cut off lacks an entry: watchers of the room see why no server votes for it.
func TestARoomIsToldWhyAVoteIsRefused(t *testing.T) {
	w := newWorld(t)
	tabs := three(w)
	w.elect(tabs...)
	part := func(side ...int) {
		cut := map[string]any{"do": "partition", "servers": side}
		tabs[0].say(map[string]any{"type": "act", "id": 30, "action": cut})
		w.run(20)
	}
	lone := 1 + int(*tabs[0].last.Self.Leader)%3
	part(lone)
	w.put(tabs[*tabs[0].last.Self.Leader-1], 1, "x", "1")
	w.run(10_000) // of which a tenth passes in the cluster
	part(1, 2, 3)
	w.until("a refusal that says why", 20_000, func() bool {
		return slices.ContainsFunc(tabs[0].flights, func(f contract.Flight) bool {
			return f.Kind == contract.RequestVoteReply && f.To == lone && f.Label == "no: logBehind"
		})
	})
}
