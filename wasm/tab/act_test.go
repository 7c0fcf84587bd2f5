package tab

import (
	"strings"
	"testing"
)

// A deed that is the network's is done in a room by the wish that the lab has for it, and told with its author; another
// one is refused with the reason.
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
