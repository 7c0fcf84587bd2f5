package session

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/lab"
	"raftplayground/raft/lab/goal"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/timeline"
)

// open opens the default run, plays it at real time for so many ms, and pauses.
func opened(t *testing.T, ms float64) *testPage {
	p := newPage(t)
	p.must("open", `"run":null,"at":0,"rate":1`)
	p.run(ms)
	p.pause()
	return p
}

// pause stops the clock and lets the page hear what has happened.
func (p *testPage) pause() {
	p.t.Helper()
	p.must("network", `"change":{"rate":0}`)
	p.run(300)
}

// play lets the cluster live through so many ms.
func (p *testPage) play(ms float64) {
	p.t.Helper()
	p.must("network", `"change":{"rate":1}`)
	p.run(ms)
	p.pause()
}

func (p *testPage) leader() int {
	for _, s := range p.last.Servers {
		if s.Report != nil && s.Report.Role == "leader" {
			return s.Server
		}
	}
	return 0
}

func TestTheDefaultRunElectsALeaderAndWrites(t *testing.T) {
	p := opened(t, 1000)
	if p.leader() != 3 {
		t.Errorf("S%d leads, expected S3", p.leader())
	}
	for _, text := range []string{"S3 asks for votes in term 1", "S3 leads term 1", "A client asks S3 to write x = 3.",
		"S3 commits index 2"} {
		if p.told(text) == nil {
			t.Errorf("it was not told that %s", text)
		}
	}
	if h := p.history; len(h.Terms) != 1 || h.Commit != 2 || len(h.Lanes) < 7 {
		t.Errorf("the history is %+v", h)
	}
	kinds := map[contract.MarkKind]int{}
	for _, m := range p.history.Marks {
		kinds[m.Kind]++
	}
	if kinds["election"] != 1 || kinds["write"] != 1 || kinds["commit"] != 2 {
		t.Errorf("marks: %v", kinds)
	}
	if lab := p.last.Lab; lab.Seed != "119" || len(lab.Properties) != 5 || len(lab.Off) != 3 ||
		len(lab.Modified) != 0 || lab.Branches[0].End != lab.End {
		t.Errorf("the lab is %+v", lab)
	}
}

func TestToActInThePastMakesABranchAndKeepsTheOther(t *testing.T) {
	p := opened(t, 1000)
	before := p.here()
	lines, marks := len(p.story), len(p.history.Marks)
	p.must("seek", `"at":300000`)
	p.must("act", `"action":{"do":"crash","server":3}`)
	p.run(300)
	lab := p.last.Lab
	if len(lab.Branches) != 2 || lab.Branch != 2 || lab.Branches[1].Parent != 1 || lab.Branches[1].At < 300_000 ||
		lab.Branches[1].At > 300_100 || lab.Branches[1].Text != "S3 crashes: its memory is lost, its disk is kept." {
		t.Fatalf("branches: %+v", lab.Branches)
	}
	if p.history.Commit != 2 {
		t.Errorf("in the branch %d entries are committed", p.history.Commit)
	}
	if last := p.story[len(p.story)-1]; last.Kind != "fault" || last.Text != lab.Branches[1].Text || last.At > 300_100 {
		t.Errorf("the story ends with %+v", last)
	}
	p.play(1000)
	if leader := p.leader(); leader == 3 || leader == 0 {
		t.Errorf("S%d leads after S3 crashed", leader)
	}
	p.must("branch", `"branch":1,"at":null`)
	p.run(300)
	if now := p.here(); now != before || len(p.story) != lines || len(p.history.Marks) != marks {
		t.Errorf("branch 1 was %+v with %d lines and %d marks, and is %+v with %d and %d", before, lines, marks, now,
			len(p.story), len(p.history.Marks))
	}
}

// The key-value state is that of the playhead, in each branch; that of a server that is down is what its
// disk holds.
func TestTheStateIsTheOneOfTheMoment(t *testing.T) {
	p := opened(t, 1000)
	look := func(server int) string {
		p.run(300)
		r := p.last.Servers[server-1].Report
		return fmt.Sprint(*r.State, " as of ", r.AppliedIndex)
	}
	expect := func(when string, server int, want string) {
		t.Helper()
		if got := look(server); got != want {
			t.Errorf("%s S%d has %s, expected %s", when, server, got, want)
		}
	}
	const none, three = "{0 []} as of 0", "{1 [{x 3 0}]} as of 2"
	expect("at the end", 3, three)
	expect("at the end", 1, three)
	p.must("seek", `"at":30000`)
	expect("before the election", 3, none)
	p.must("act", `"action":{"do":"crash","server":3}`)
	p.must("seek", `"at":900000`)
	expect("down, in a branch of its own", 3, none)
	p.must("branch", `"branch":1,"at":null`)
	expect("back in the first branch", 3, three)
	p.must("act", `"action":{"do":"crash","server":3}`)
	expect("down after the write", 3, none)
	expect("down after the write", 1, three)
}

// An act before the act that made a branch is independent of it: it makes a branch of the parent.
func TestABranchComesFromWhereItsMomentBelongs(t *testing.T) {
	p := opened(t, 1000)
	for _, act := range []struct{ at, server string }{{"500000", "3"}, {"300000", "2"}, {"700000", "4"}} {
		p.must("seek", `"at":`+act.at)
		p.must("act", `"action":{"do":"crash","server":`+act.server+`}`)
		p.must("seek", `"at":900000`)
	}
	p.run(300)
	var parents []int
	for _, b := range p.last.Lab.Branches {
		parents = append(parents, b.Parent)
	}
	if want := []int{0, 1, 1, 3}; !slices.Equal(parents, want) {
		t.Errorf("the branches come from %v, expected %v", parents, want)
	}
}

// The network can be cut when nobody leads.
func TestAPartitionNeedsNoLeader(t *testing.T) {
	p := opened(t, 5)
	p.must("act", `"action":{"do":"partition","servers":[1,2]}`)
	p.run(300)
	cut := 0
	for _, l := range p.last.Room.Links {
		if !l.Up {
			cut++
		}
	}
	if p.history.Commit != 0 {
		t.Errorf("%d entries are committed before there is a leader", p.history.Commit)
	}
	if cut != 12 || p.last.Lab.Branch != 2 { // the run has a write ahead, which is kept in branch 1
		t.Errorf("%d directions are cut, in branch %d", cut, p.last.Lab.Branch)
	}
}

func TestToLiveAgainWritesNothingDownTwice(t *testing.T) {
	p := opened(t, 1000)
	lines, lanes := len(p.story), len(p.history.Lanes)
	p.must("seek", `"at":10000`)
	p.run(100)
	clear(p.flights)
	p.must("network", `"change":{"rate":0.5}`)
	p.run(1000)
	p.pause()
	if len(p.story) != lines || len(p.history.Lanes) != lanes || p.last.Lab.End < 999_000 ||
		p.last.Clock.Now > 600_000 {
		t.Errorf("%d lines became %d, %d changes %d, at %v of %v", lines, len(p.story), lanes, len(p.history.Lanes),
			p.last.Clock.Now, p.last.Lab.End)
	}
	votes := 0
	for _, f := range p.flights {
		if f.Kind == "RequestVote" {
			votes++
		}
	}
	if votes != 4 {
		t.Errorf("%d requests for votes were shown again, expected 4", votes)
	}
	p.must("seek", `"at":999000`)
	p.play(2000)
	if len(p.story) <= lines {
		t.Error("beyond the end nothing is written down")
	}
}

// The page and its scripts set a bandwidth in the lab, are told of it, and take it back.
func TestABandwidthIsSetInTheLab(t *testing.T) {
	p := opened(t, 1000)
	var acted contract.Acted
	answer(t, p.must("act", `"action":{"do":"network","link":{"latency":15000,"jitter":5000,"bandwidth":700}}`), &acted)
	p.play(100)
	const words = "Every link takes 15 ms ± 5, transmits 700 B/s."
	if l := p.last.Room.Links[3]; l.Bandwidth != 700 || p.told(words) == nil {
		t.Errorf("the link is %+v", l)
	}
	p.must("network", `"change":{"links":[{"from":1,"to":2,"bandwidth":900}]}`)
	p.play(100)
	if l := p.last.Room.Links; l[0].Bandwidth != 900 || l[0].Latency != 15_000 || l[1].Bandwidth != 700 {
		t.Errorf("the links are %+v", l)
	}
	var back []jsoniter.RawMessage
	if err := jsoniter.Unmarshal(acted.Undo, &back); err != nil || len(back) != 1 {
		t.Fatalf("the way back is %s", acted.Undo)
	}
	p.must("act", `"action":`+string(back[0]))
	p.play(100)
	if l := p.last.Room.Links[0]; l.Bandwidth != 0 {
		t.Errorf("the way back leads to %+v", l)
	}
}

func TestStepsEndWhereSomethingHappens(t *testing.T) {
	p := opened(t, 1000)
	step := func(to string, back bool) (s contract.Stepped) {
		t.Helper()
		answer(t, p.must("step", `"to":"`+to+`","back":`+strconv.FormatBool(back)), &s)
		return s
	}
	p.must("seek", `"at":0`)
	for _, test := range []struct{ to, text string }{
		{"event", "S3 asks for votes in term 1"}, {"message", "RequestVote of S3 reaches"},
		{"election", "S3 leads term 1"}, {"commit", "S3 commits index 1"},
	} {
		before := p.session.line.World.Now()
		s := step(test.to, false)
		if !strings.Contains(s.Text, test.text) || p.session.line.World.Now() <= before ||
			s.At != p.session.line.World.Now() {
			t.Errorf("a step to the next %s ends at %+v, expected %q", test.to, s, test.text)
		}
	}
	for _, test := range []struct{ to, text string }{
		{"S3 leads", "S3 leads."}, {"x=1 on S2 or S1 has lastIndex > 0", "X=1 on S2 or S1 has lastIndex > 0."},
		{"S2 gets a message 3 times", "of S3 reaches S2"},
	} {
		p.must("seek", `"at":0`)
		s := step(test.to, false)
		want, _ := p.session.line.Branch.Tape.At(0).Reach(goal.Must(test.to), 60e6)
		if !strings.Contains(s.Text, test.text) || s.At != want {
			t.Errorf("a step to %s ends at %+v, expected %d", test.to, s, want)
		}
		p.must("seek", `"at":`+whole(s.At+100e3))
		if back := step(test.to, true); test.to[3] == 'l' && back.At != want-1 {
			t.Errorf("a step back to %s ends at %+v, expected %d", test.to, back, want-1)
		}
	}
	p.must("seek", `"at":`+whole(300e3))
	elected := step("election", true)
	if !strings.Contains(elected.Text, "S3 leads term 1") || p.leader() != 0 && p.session.line.Live {
		t.Errorf("a step back to the election ends at %+v", elected)
	}
	if again := step("election", false); again.At <= elected.At || again.At > elected.At+10 {
		t.Errorf("forward again it is at %v, just before it was at %v", again.At, elected.At)
	}
	steps := 0
	for p.ask("step", `"to":"event","back":true`).OK { // back to the beginning, event for event
		steps++
	}
	if now := p.session.line.World.Now(); steps < 5 || now > 18e3 {
		t.Errorf("%d steps back end at %d", steps, now)
	}
	if a := p.ask("step", `"to":"violation","back":false`); a.OK || !strings.Contains(a.Error, "60 seconds") {
		t.Errorf("a step to a violation that never comes is answered %+v", a)
	}
}

func TestRequestsEndWithTheirOutcome(t *testing.T) {
	p := opened(t, 1000)
	p.must("network", `"change":{"rate":1}`)
	var r contract.ClientRequest
	answer(t, p.must("request", `"op":"put","key":"a","value":"7","server":null`), &r)
	if r.State != "done" || r.Index != 3 || r.Server != 3 {
		t.Errorf("a write ended as %+v", r)
	}
	answer(t, p.must("request", `"op":"get","key":"a","server":null`), &r)
	if r.State != "done" || !r.Found || r.Value != "7" {
		t.Errorf("a read ended as %+v", r)
	}
	answer(t, p.must("request", `"op":"cas","key":"a","expected":"7","value":"77","server":null`), &r)
	if r.State != "done" || !r.Found || r.Detail != "committed at index 5" {
		t.Errorf("a compare-and-swap ended as %+v", r)
	}
	answer(t, p.must("request", `"op":"cas","key":"a","expected":"7","value":"78","server":null`), &r)
	if r.State != "done" || r.Found || r.Detail != "a was not 7 at index 6" {
		t.Errorf("a compare-and-swap of another value ended as %+v", r)
	}
	for _, read := range []contract.ReadKind{"local", "lease", "readIndex"} {
		answer(t, p.must("request", `"op":"get","key":"a","read":"`+string(read)+`","server":null`), &r)
		if r.State != "done" || r.Value != "77" || r.Index != 6 || r.Read != read {
			t.Errorf("a read of the kind %s ended as %+v", read, r)
		}
	}
	if answer(t, p.must("request", `"op":"get","key":"a","read":"local","server":1`), &r); r.Server != 1 ||
		r.State != "done" {
		t.Errorf("a local read at a follower ended as %+v", r)
	}
	if a := p.ask("request", `"op":"put","key":"a","value":"8","server":1`); a.OK ||
		a.Error != "S1 is not the leader; S3 is" {
		t.Errorf("a write at a follower ended as %+v", a)
	}
	p.must("act", `"action":{"do":"partition","servers":[3]}`)
	id := p.say("request", `"op":"put","key":"a","value":"9","server":3`)
	p.run(6000)
	if a := p.answers[id]; a.OK || !strings.Contains(a.Error, "may or may not have happened") {
		t.Errorf("a write at a leader without a majority ended as %+v", a)
	}
	answer(t, p.must("request", `"op":"put","key":"b","value":"1","server":null`), &r)
	if r.State != "done" || r.Server == 3 {
		t.Errorf("a write with a new leader ended as %+v", r)
	}
	for id := 1; id <= 5; id++ {
		p.must("act", `"action":{"do":"crash","server":`+strconv.Itoa(id)+`}`)
	}
	if a := p.ask("request", `"op":"put","key":"a","value":"1","server":1`); a.OK ||
		!strings.Contains(a.Error, "S1 is down") {
		t.Errorf("a write at a server that is down ended as %+v", a)
	}
	id = p.say("request", `"op":"put","key":"a","value":"1","server":null`)
	p.run(31000)
	if a := p.answers[id]; a.OK || !strings.Contains(a.Error, "no leader") {
		t.Errorf("a write without servers ended as %+v", a)
	}
	for _, bad := range []string{`"op":"","key":"a"`, `"op":"put","key":""`, `"op":"get","key":"a","server":6`,
		`"op":"get","key":"a","read":"now"`, `"op":"put","key":"a","read":"local"`,
		`"op":"put","key":"a","expected":"1"`} {
		if a := p.ask("request", bad); a.OK || a.Error == "" {
			t.Errorf("%s is answered %+v", bad, a)
		}
	}
}

// Without the rule that a candidate's log must be up to date a committed entry is lost: the clock stops at
// that moment, and the page is told.
func TestABrokenPropertyStopsTheClock(t *testing.T) {
	p := newPage(t)
	p.must("open",
		`"run":{"version":1,"seed":3,"config":{"servers":3,"latency":5000,"jitter":1000,`+
			`"off":["majorityDecides"]}},"at":0,"rate":1`)
	p.run(300)
	p.must("act", `"action":{"do":"partition","servers":[1]}`)
	for range 40 {
		p.run(250)
		if p.last.Room.Rate == 0 {
			break
		}
	}
	p.run(300)
	broken := int64(0)
	for _, property := range p.last.Lab.Properties {
		if property.Broken != nil {
			broken = property.Broken.At
		}
	}
	if p.last.Room.Rate != 0 || broken == 0 || broken != p.last.Clock.Now {
		t.Fatalf("the rate is %v at %v, a property broken at %v", p.last.Room.Rate, p.last.Clock.Now, broken)
	}
	if line := p.told("is broken"); line == nil || line.Kind != "violation" || line.Why == "" {
		t.Errorf("it is told as %+v", line)
	}
	if len(p.last.Lab.Modified) != 1 {
		t.Errorf("modified: %v", p.last.Lab.Modified)
	}
	p.must("seek", `"at":`+whole(broken-1_000))
	p.run(300)
	for _, property := range p.last.Lab.Properties {
		if property.Broken != nil {
			t.Errorf("before it, %s is broken already", property.Name)
		}
	}
	p.play(500)
	if p.last.Clock.Now < broken+400_000 {
		t.Errorf("lived again, the clock stopped at %v", p.last.Clock.Now)
	}
}

func TestFaultsAreDrawnAndEnd(t *testing.T) {
	p := opened(t, 500)
	p.must("chaos", `"on":true`)
	p.play(20000)
	faults := 0
	for _, l := range p.story {
		if l.Kind == "fault" {
			faults++
		}
	}
	if faults < 10 || !p.last.Lab.Chaos {
		t.Errorf("%d faults in 20 s, chaos is %v", faults, p.last.Lab.Chaos)
	}
	p.must("chaos", `"on":false`)
	p.play(5000)
	for _, s := range p.last.Servers {
		if s.Seat != "connected" || s.Machine.State != "running" {
			t.Errorf("S%d is %s after chaos", s.Server, s.Machine.State)
		}
	}
	for _, l := range p.last.Room.Links {
		if !l.Up || l.Loss > 0 || l.Latency != 15_000 {
			t.Errorf("a link is %+v after chaos", l)
		}
	}
	if p.leader() == 0 {
		t.Error("nobody leads after chaos")
	}
}

// A seek ahead of the end, or a step, meets the same faults as playing there; a step ends where it says,
// faults or not.
func TestChaosIsTheSameHoweverTheTimePasses(t *testing.T) {
	const end = 8_000_000
	begin := func() *testPage {
		p := opened(t, 500)
		p.must("chaos", `"on":true`)
		return p
	}
	played := begin()
	played.must("network", `"change":{"rate":1}`)
	for played.session.line.World.Now() < end-100e3 {
		played.run(100)
	}
	played.must("network", `"change":{"rate":0}`)
	played.must("seek", `"at":`+whole(end)) // the rest of it: the clock's last step is not exact
	sought := begin()
	sought.must("seek", `"at":`+whole(end))
	if a, b := played.here(), sought.here(); a != b || a.at != end {
		t.Errorf("played: %+v, sought: %+v", a, b)
	}
	walked := begin()
	for walked.session.line.World.Now() < end-1_000_000 {
		var s contract.Stepped
		answer(t, walked.must("step", `"to":"role","back":false`), &s)
		if s.Text == "" || s.At != walked.session.line.World.Now() || s.At > end {
			t.Fatalf("a step ends at %+v, the playhead is at %d", s, walked.session.line.World.Now())
		}
	}
	walked.must("seek", `"at":`+whole(end))
	if a, b := played.here(), walked.here(); a != b {
		t.Errorf("played: %+v, walked: %+v", a, b)
	}
	faults := func(p *testPage) (texts []string) {
		p.run(300)
		for _, l := range p.story {
			if l.Kind == "fault" {
				texts = append(texts, l.Text)
			}
		}
		return texts
	}
	if a, b, c := faults(played), faults(sought), faults(walked); len(a) < 5 || !slices.Equal(a, b) ||
		!slices.Equal(a, c) {
		t.Errorf("played: %q\nsought: %q\nwalked: %q", a, b, c)
	}
}

// One of several traps is disarmed, and the run records it: lived again, that trap is gone, and the others
// are not.
func TestATrapIsTakenAwayAlone(t *testing.T) {
	p := opened(t, 500)
	p.must("act", `"action":{"do":"crash","when":"leader","down":100000}`)
	p.must("act", `"action":{"do":"pause","when":"vote","server":2}`)
	p.run(300)
	if traps := p.last.Lab.Traps; len(traps) != 2 || traps[0].Number != 1 || traps[1].Number != 2 ||
		traps[1].Text != "when S2 gives its vote, S2 is paused: it does nothing, and what arrives waits." {
		t.Fatalf("traps: %+v", traps)
	}
	p.must("act", `"action":{"do":"disarm","trap":1}`)
	p.run(300)
	if traps := p.last.Lab.Traps; len(traps) != 1 || traps[0].Number != 2 {
		t.Errorf("traps: %+v", traps)
	}
	if line := p.told("A trap is taken away: when a server becomes leader, that server crashes"); line == nil {
		t.Error("it is not told which trap was taken away")
	}
	if a := p.ask("act", `"action":{"do":"disarm","trap":1}`); a.OK || a.Error != "That trap is not set any more." {
		t.Errorf("taken away twice: %+v", a)
	}
	p.must("act", `"action":{"do":"crash","server":3}`)
	p.play(1000)
	if p.leader() == 0 || len(p.last.Lab.Traps) != 0 { // the leader was elected unharmed; S2 voted and was paused
		t.Errorf("S%d leads, traps: %+v", p.leader(), p.last.Lab.Traps)
	}
	m := p.moment()
	run, _ := contract.Codec.MarshalToString(m.Run)
	fresh := newPage(t)
	fresh.must("open", `"run":`+run+`,"at":`+whole(m.At)+`,"rate":0`)
	if there := fresh.moment(); there.Hash != m.Hash || len(fresh.last.Lab.Traps) != 0 {
		t.Errorf("a link to %+v opens %+v with the traps %+v", m, there, fresh.last.Lab.Traps)
	}
}

func TestTrapsWaitAndSpring(t *testing.T) {
	p := opened(t, 500)
	p.must("act", `"action":{"do":"crash","when":"leader","down":100000}`)
	p.run(300)
	if traps := p.last.Lab.Traps; len(traps) != 1 ||
		traps[0].Text != "when a server becomes leader, that server crashes: its memory is lost, its disk is kept." {
		t.Errorf("traps: %+v", traps)
	}
	p.must("act", `"action":{"do":"crash","server":3}`)
	p.play(1000)
	if traps := p.last.Lab.Traps; len(traps) != 0 {
		t.Errorf("it did not spring: %+v", traps)
	}
	crashes := 0
	for _, m := range p.history.Marks {
		if m.Kind == "crash" {
			crashes++
		}
	}
	if crashes != 2 {
		t.Errorf("%d crashes on the time line, expected 2", crashes)
	}
}

func TestAGapOfRealTimeIsNotLivedThrough(t *testing.T) {
	p := opened(t, 500)
	p.must("network", `"change":{"rate":1}`)
	before := p.session.line.World.Now()
	p.now += 60000
	p.session.Tick(p.now)
	if after := p.session.line.World.Now(); after != before {
		t.Errorf("%d µs were lived through", after-before)
	}
	p.session.Tick(p.now + 100)
	if after := p.session.line.World.Now(); after != before+100e3 {
		t.Errorf("then %d µs were, expected 100 ms", after-before)
	}
}

func TestAHiddenPageIsSentFourBatchesASecondWithoutFrames(t *testing.T) {
	p := opened(t, 500)
	p.must("network", `"change":{"rate":1}`)
	p.say("hidden", `"hidden":true`)
	p.run(300)
	before := p.batches
	clear(p.flights)
	p.run(10000)
	if n := p.batches - before; n < 36 || n > 42 || len(p.flights) > 0 {
		t.Errorf("%d batches in 10 s, %d frames", n, len(p.flights))
	}
	p.say("hidden", `"hidden":false`)
	p.run(50)
	if p.last.Clock.Now < 10_000_000 {
		t.Errorf("seen again, the clock is at %v", p.last.Clock.Now)
	}
}

func TestWhatCannotBeIsAnsweredInWords(t *testing.T) {
	p := newPage(t)
	if a := p.ask("seek", `"at":1000`); a.OK || a.Error != "No run is open yet." {
		t.Errorf("before a run is open: %+v", a)
	}
	for _, bad := range []string{
		`"run":7,"at":0,"rate":1`, `"run":{"version":2},"at":0,"rate":1`,
		`"run":{"version":1,"config":{"servers":77},"seed":1},"at":0,"rate":1`,
		`"run":{"version":1,"config":{"servers":3,"more":1},"seed":1},"at":0,"rate":1`,
		`"run":null,"at":3600001000,"rate":1`, `"run":null,"at":-1000,"rate":1`, `"run":null,"at":0,"rate":2`,
		`"run":{"version":1,"config":{"servers":3},"seed":"x"},"at":0,"rate":1`,
	} {
		if a := p.ask("open", bad); a.OK || len(a.Error) < 10 || strings.Contains(a.Error, "lab:") ||
			strings.Contains(a.Error, "ReadObject") {
			t.Errorf("open %s is answered %+v", bad, a)
		}
	}
	p.must("open", `"run":null,"at":100000,"rate":0`)
	for _, test := range []struct{ typ, members string }{
		{"seek", `"at":-5000`}, {"seek", ``}, {"step", `"to":"tea"`}, {"branch", `"branch":9,"at":null`}, {"act", ``},
		{"act", `"action":{"do":"dance"}`}, {"act", `"action":{"do":"crash","server":9}`},
		{"act", `"action":{"do":"resume","server":1}`}, {"act", `"action":{"do":"crash","more":1}`},
		{"frame", `"seq":99999`}, {"act", `"action":{"do":"dropFrame","frame":99999}`},
		{"act", `"action":{"do":"eatFrame","frame":1}`}, {"act", `"action":{"do":"campaign","server":3}`},
		{"deeds", `"server":0`}, {"deeds", `"server":6`}, {"network", ``}, {"network", `"change":{"rate":-1}`},
		{"network", `"change":{"links":[{"from":1,"to":1,"up":false}]}`},
		{"network", `"change":{"latency":-3}`},
	} {
		if a := p.ask(test.typ, test.members); a.OK || len(a.Error) < 10 {
			t.Errorf("%s %s is answered %+v", test.typ, test.members, a)
		}
	}
	if n := len(p.last.Lab.Branches); n != 1 {
		t.Errorf("what was refused made %d branches", n)
	}
	if n := len(p.session.line.Branch.Tape.Run().Actions); n != 1 {
		t.Errorf("what was refused is part of the run: it has %d actions", n)
	}
}

func TestBranchesAreBounded(t *testing.T) {
	p := opened(t, 500)
	for i := range 80 {
		p.must("seek", `"at":`+strconv.Itoa(400_000-1000*i))
		p.must("act", `"action":{"do":"crash","server":`+strconv.Itoa(1+i%5)+`}`)
		if i%3 == 0 && i < 40 { // some from the oldest, then a chain of them
			p.must("branch", `"branch":`+strconv.Itoa(p.session.line.Branches[0].ID)+`,"at":null`)
		}
		p.run(100)
	}
	known := map[int]bool{0: true}
	for _, b := range p.last.Lab.Branches {
		if !known[b.Parent] {
			t.Errorf("the parent of %+v is gone", b)
		}
		known[b.ID] = true
	}
	if n := len(p.last.Lab.Branches); n != timeline.MostBranches {
		t.Errorf("%d branches", n)
	}
}

// Minutes of chaos cost no more memory than the minutes before, except for actions, and entries in logs that
// are not compacted yet.
func TestMemoryDoesNotGrowWithTime(t *testing.T) {
	p := opened(t, 500)
	p.story = nil
	p.must("chaos", `"on":true`)
	heap := func() uint64 {
		p.must("seek", `"at":`+whole(p.last.Lab.End))
		p.story, p.history, p.flights = nil, contract.LivedPart{}, nil
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(p)
		return m.HeapAlloc
	}
	minutes := func(n int) {
		p.must("network", `"change":{"rate":1}`)
		for range n * 60 * 30 {
			p.now += 1000.0 / 30
			p.session.Page(p.now, []byte(`{"type":"drawn"}`))
			p.session.Tick(p.now)
			p.story, p.history, p.flights = nil, contract.LivedPart{}, nil
		}
	}
	minutes(4) // until the tape has all its marks
	half := heap()
	minutes(4)
	end := heap()
	t.Logf("%d KiB after 4 minutes, %d KiB after 8", half>>10, end>>10)
	if end > half+half/2+(4<<20) {
		t.Errorf("%d bytes after 4 minutes became %d after 8", half, end)
	}
}

// Deeds are offered as of the moment shown, and a deed that was done comes with its undo.
func TestDeedsAreOfferedAndDoneWithTheirWayBack(t *testing.T) {
	p := opened(t, 500)
	var groups [][]lab.Offer
	answer(t, p.must("deeds", `"server":2`), &groups)
	if len(groups) != 5 || groups[0][0].Name != "crash" || groups[0][0].Not != "" || groups[0][3].Not != "S2 runs." {
		t.Fatalf("%+v", groups)
	}
	var acted struct {
		At   int64        `json:"at"`
		Undo []lab.Action `json:"undo"`
	}
	answer(t, p.must("act", `"action":{"do":"crash","server":2}`), &acted)
	if len(acted.Undo) != 1 || acted.Undo[0].Do != lab.Restart || acted.Undo[0].Server != 2 || acted.At == 0 {
		t.Errorf("%+v", acted)
	}
	answer(t, p.must("deeds", `"server":2`), &groups)
	if groups[0][0].Not != "S2 is down." || groups[0][3].Not != "" {
		t.Errorf("%+v", groups[0])
	}
	answer(t, p.must("act", `"action":{"do":"heal"}`), &acted)
	if acted.Undo == nil || len(acted.Undo) != 0 {
		t.Errorf("to heal is taken back by %+v", acted.Undo)
	}
}
