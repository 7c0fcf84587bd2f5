package session

import (
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
)

// Every deed is told in a sentence that names whom it concerns, and as the consequence of a trap.
func TestEveryDeedHasWords(t *testing.T) {
	for _, deed := range lab.Deeds {
		a := lab.Action{Do: deed, Server: 7, To: 8, Servers: []raft.ServerID{7, 9}, Link: &lab.Link{Latency: 3500, Jitter: 100, Loss: 0.25}, Rate: 0.5, Disk: 2000, Key: "k", Value: "v", Off: []string{"preVote"}}
		text := deedText(&a, 9, 0, "")
		if strings.Contains(text, "something is done") || !strings.HasSuffix(text, ".") || text[0] < 'A' || text[0] > 'Z' || strings.Contains(text, "  ") {
			t.Errorf("%s: %q", deed, text)
		}
		names := strings.Contains(text, "S7") || deed == lab.Heal || deed == lab.Rules || deed == lab.Spread || deed == lab.Align || deed == lab.Disarm
		if !names {
			t.Errorf("%s does not name the server: %q", deed, text)
		}
		for moment := range lab.Moments {
			a.When, a.Server = moment, 0
			if trap := trapText(&a); !strings.HasPrefix(trap, "when a server ") || strings.Contains(trap, "“"+string(moment)) {
				t.Errorf("%s at %s: %q", deed, moment, trap)
			}
		}
		if why := notDone(&lab.Action{Do: deed, Server: 3}); !strings.HasSuffix(why, ".") {
			t.Errorf("%s that is not done: %q", deed, why)
		}
	}
	for _, test := range []struct {
		action lab.Action
		leader int
		text   string
	}{
		{lab.Action{Do: lab.Crash, Server: 1}, 0, "S1 crashes: its memory is lost, its disk is kept."},
		{lab.Action{Do: lab.Crash}, 4, "S4 crashes: its memory is lost, its disk is kept."},
		{lab.Action{Do: lab.Put, Key: "x", Value: "3"}, 0, "A client asks the leader to write x = 3."},
		{lab.Action{Do: lab.SlowDisk, Server: 1, Hang: true}, 0, "The disk of S1 hangs: it finishes no write."},
		{lab.Action{Do: lab.Cut, Server: 1, To: 2}, 0, "The link from S1 to S2 is cut."},
		{lab.Action{Do: lab.Partition, Servers: []raft.ServerID{1, 2}}, 0, "The network is cut: S1 and S2 on one side."},
		{lab.Action{Do: lab.Partition, Servers: []raft.ServerID{1, 2, 3}}, 0, "The network is whole again."},
		{lab.Action{Do: lab.Network, Link: &lab.Link{Latency: 15000, Jitter: 5000, Loss: 0.1}}, 0, "Every link takes 15 ms ± 5, loses 10 %."},
		{lab.Action{Do: lab.Rules, Off: []string{"preVote"}}, 0, "From now on no server keeps “Ask before raising the term”."},
		{lab.Action{Do: lab.Rules}, 0, "Every rule is kept again."},
	} {
		if text := deedText(&test.action, 3, test.leader, ""); text != test.text {
			t.Errorf("%q, expected %q", text, test.text)
		}
	}
}

// What no server keeps, and whom a cut leaves on one side, decides what that means.
func TestADeedMeansWhatComesOfIt(t *testing.T) {
	p := newPage(t)
	p.must(
		"open",
		`"run":{"version":1,"seed":3,"config":{"servers":3,"latency":5000,"jitter":1000}},"at":100000,"rate":0`,
	)
	for _, test := range []struct{ action, text, why string }{
		{`"do":"partition","servers":[2]`, "The network is cut: S2 on one side.", "Only the side with a majority"},
		{`"do":"partition","servers":[1,2,3]`, "The network is whole again.", "What is sent from now on arrives."},
		{`"do":"rules","off":["preVote"]`, "From now on no server keeps", "this is the Raft of the figure"},
		{`"do":"rules","off":["majorityDecides","preVote"]`, "From now on no server keeps “A majority decides”", "not a Raft server any more"},
		{`"do":"rules"`, "Every rule is kept again.", ""},
	} {
		p.must("act", `"action":{`+test.action+`}`)
		p.run(50)
		line := p.told(test.text)
		if line == nil || !strings.HasPrefix(line.Text, test.text) || !strings.Contains(line.Why, test.why) || (test.why == "") != (line.Why == "") {
			t.Errorf("%s is told as %+v", test.action, line)
		}
	}
}

// What a link or a script gives is refused in words that name what is wrong, and not the decoder that found it.
func TestARunThatIsNoneIsRefusedInWords(t *testing.T) {
	p := newPage(t)
	for _, test := range []struct{ run, why string }{
		{`{"version":1,"seed":3,"config":{"servers":3},"actions":[{"at":1.5,"do":"crash","server":1}]}`, "expected another kind of value as “at”"},
		{`{"version":1,"seed":3,"config":{"servers":3,"electionMin":"soon"}}`, "expected another kind of value as “electionMin”"},
		{`{"version":1,"seed":3,"config":{"servers":3,"wings":2}}`, "expected what the lab knows, got a member “wings”"},
	} {
		if a := p.ask("open", `"run":`+test.run+`,"at":0,"rate":0`); a.OK || a.Error != test.why {
			t.Errorf("%s: %+v", test.run, a)
		}
	}
}

// What a majority is the page is told as the servers count: by their configurations, while one changes by both halves, and by the rules that they keep.
func TestThePageIsToldWhatAMajorityIs(t *testing.T) {
	p := newPage(t)
	p.must("open", `"run":{"version":1,"config":{"servers":5,"latency":15000,"jitter":0,"off":["catchUpFirst"]},"seed":1},"at":0,"rate":1`)
	p.must("act", `"action":{"do":"campaign","server":1}`)
	p.run(300)
	of := func(server int) []contract.Quorum { return p.last.Servers[server-1].Report.Quorums }
	if q := of(1); len(q) != 1 || q[0].Needed != 3 || len(q[0].Voters) != 5 || p.last.Room.Majorities[5] != 3 {
		t.Fatalf("five servers: %+v, %v", q, p.last.Room.Majorities)
	}
	p.must("act", `"action":{"do":"partition","servers":[1,2]}`)
	p.must("act", `"action":{"do":"reconfigure","server":1,"servers":[1,2,3]}`)
	p.run(200)
	if q := of(1); len(q) != 2 || q[0].Needed != 2 || q[0].Agreed != 2 || q[1].Needed != 3 || q[1].Agreed != 2 {
		t.Errorf("on the way to three servers, with two that are together: %+v", q)
	}
	p.must("network", `"change":{"rate":0}`) // nothing else is new
	p.must("act", `"action":{"do":"rules","off":["catchUpFirst","majorityDecides"]}`)
	p.run(100)
	if q := of(1); p.last.Room.Majorities[5] != 2 || p.last.Room.Majorities[3] != 1 || len(q) != 2 || q[0].Needed != 1 || q[1].Needed != 2 {
		t.Errorf("without that a majority decides: %v, and of the change %+v", p.last.Room.Majorities, q)
	}
	p.must("seek", `"at":100000`)
	p.run(100)
	if p.last.Room.Majorities[5] != 3 {
		t.Errorf("before that rule was left out: %v", p.last.Room.Majorities)
	}
}
