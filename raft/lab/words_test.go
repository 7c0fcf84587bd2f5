package lab

import (
	"strings"
	"testing"

	"raftplayground/raft"
)

// Every deed is told in a sentence that names whom it concerns, and as the consequence of a trap.
func TestEveryDeedHasWords(t *testing.T) {
	for _, deed := range Deeds {
		a := Action{Do: deed, Server: 7, To: 8, Servers: []raft.ServerID{7, 9},
			Link: &Link{Latency: 3500, Jitter: 100, Loss: 0.25}, Rate: 0.5, Disk: 2000, Key: "k", Value: "v",
			Off: []string{"preVote"}}
		text := a.Words(9, 0, "")
		if strings.Contains(text, "something is done") || !strings.HasSuffix(text, ".") || text[0] < 'A' ||
			text[0] > 'Z' || strings.Contains(text, "  ") {
			t.Errorf("%s: %q", deed, text)
		}
		names := strings.Contains(text, "S7") || deed == Heal || deed == Rules || deed == Spread || deed == Align ||
			deed == Disarm
		if !names {
			t.Errorf("%s does not name the server: %q", deed, text)
		}
		for _, occasion := range Occasions {
			moment := occasion.When
			a.When, a.Server = moment, 0
			if trap := a.TrapWords(); !strings.HasPrefix(trap, "when a server ") ||
				strings.Contains(trap, "“"+string(moment)) {
				t.Errorf("%s at %s: %q", deed, moment, trap)
			}
		}
	}
	for _, test := range []struct {
		action Action
		leader raft.ServerID
		text   string
	}{
		{Action{Do: Crash, Server: 1}, 0, "S1 crashes: its memory is lost, its disk is kept."},
		{Action{Do: Crash}, 4, "S4 crashes: its memory is lost, its disk is kept."},
		{Action{Do: Put, Key: "x", Value: "3"}, 0, "A client asks the leader to write x = 3."},
		{Action{Do: SlowDisk, Server: 1, Hang: true}, 0, "The disk of S1 hangs: it finishes no write."},
		{Action{Do: Cut, Server: 1, To: 2}, 0, "The link from S1 to S2 is cut."},
		{Action{Do: Partition, Servers: []raft.ServerID{1, 2}}, 0, "The network is cut: S1 and S2 on one side."},
		{Action{Do: Partition, Servers: []raft.ServerID{1, 2, 3}}, 0, "The network is whole again."},
		{Action{Do: Network, Link: &Link{Latency: 15000, Jitter: 5000, Loss: 0.1}}, 0,
			"Every link takes 15 ms ± 5, loses 10 %."},
		{Action{Do: Network, Server: 1, To: 2, Link: &Link{Latency: 15000, Bandwidth: 500}}, 0,
			"The link from S1 to S2 takes 15 ms, transmits 500 B/s."},
		{Action{Do: Rules, Off: []string{"preVote"}}, 0, "From now on no server keeps “Ask before raising the term”."},
		{Action{Do: Rules}, 0, "Every rule is kept again."},
	} {
		if text := test.action.Words(3, test.leader, ""); text != test.text {
			t.Errorf("%q, expected %q", text, test.text)
		}
	}
}
