package session

import (
	"strings"
	"testing"

	"raftplayground/raft/check"
)

// Every property has a sentence that says what it promises.
func TestEveryPropertyHasWords(t *testing.T) {
	for p := check.ElectionSafety; p <= check.Liveness; p++ {
		if promiseOf(p) == "" {
			t.Errorf("%s has no sentence", p)
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
