package server_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
	"raftplayground/raft/wal/waltest"
	"raftplayground/raft/wire"
)

func start(t testing.TB, id raft.ServerID, size int, disk wal.Disk) *server.Server {
	t.Helper()
	options := server.Options{ID: id, Seed: 1, Encoding: wire.Colon, Off: raft.Extensions}
	for voter := 1; voter <= size; voter++ {
		options.Voters = append(options.Voters, raft.ServerID(voter))
	}
	s, err := server.New(options, disk)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// frames returns what a server has to send, as text.
func frames(s *server.Server) (sent []string) {
	var o server.Output
	for s.Output(&o) {
		for _, f := range o.Frames {
			sent = append(sent, string(f.Data))
		}
	}
	return sent
}

func TestAVoteLeavesOnlyOnceItIsOnDisk(t *testing.T) {
	disk := &waltest.Disk{}
	s := start(t, 2, 3, disk)
	disk.Complete(1) // the header
	s.Frame(wire.Text, []byte("1>2:RequestVotes:Request:1:1:0:0:call=5"))
	if sent := frames(s); len(sent) != 0 {
		t.Fatalf("sent before the vote was durable: %q", sent)
	}
	disk.Complete(1)
	if sent, want := frames(s), "2>1:RequestVotes:Reply:1:true:call=5"; len(sent) != 1 || sent[0] != want {
		t.Errorf("sent %q, want %q", sent, want)
	}
}

func TestMessagesThatWaitForASlowDiskAreBounded(t *testing.T) {
	disk := &waltest.Disk{}
	s := start(t, 2, 3, disk)
	var o server.Output
	dropped, sent := 0, 0
	gather := func() {
		for s.Output(&o) {
			dropped, sent = dropped+o.Dropped, sent+len(o.Frames)
		}
	}
	const asked = server.MaxHeld + 10
	for term := range asked {
		s.Frame(wire.Text, fmt.Appendf(nil, "1>2:RequestVotes:Request:%d:1:0:0", term+1))
		gather()
	}
	if sent != 0 || dropped != 10 {
		t.Errorf("sent %d, dropped %d, want 0 and 10", sent, dropped)
	}
	disk.Complete(asked + 1)
	if gather(); sent != server.MaxHeld {
		t.Errorf("sent %d, want %d", sent, server.MaxHeld)
	}
}

func TestAReplyIsInTheEncodingOfTheQuestionAndACallInTheServersOwn(t *testing.T) {
	tests := []struct{ name, call, want string }{
		{"colon", "1>2:RequestVotes:Request:4:1:0:0", "2>1:RequestVotes:Reply:4:true"},
		{"json", `{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":4,` +
			`"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`,
			`{"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"result":{"rpc":"RequestVote","term":4,` +
				`"voteGranted":true}}`},
		{"json with an id of another kind",
			`{"jsonrpc":"2.0","id":"ab","from":1,"to":2,"method":"RequestVote","params":{"term":4,` +
				`"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`,
			`{"jsonrpc":"2.0","id":"ab","from":2,"to":1,"result":{"rpc":"RequestVote","term":4,"voteGranted":true}}`},
		{"the dialect of 2015",
			`{"variant":"RequestVote","fields":[{"term":4,"candidate_id":1,"last_log_index":0,"last_log_term":0}]}`,
			`{"variant":"Accepted","fields":[4],"from":2,"to":1}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, 2, 3, new(wal.Memory))
			s.Frame(wire.Text, []byte(test.call))
			if sent := frames(s); len(sent) != 1 || sent[0] != test.want {
				t.Errorf("answered %q, want %q", sent, test.want)
			}
			s.Campaign()
			if sent, want := frames(s), "2>1:RequestVotes:Request:5:2:0:0:call=1"; len(sent) != 2 || sent[0] != want {
				t.Errorf("called %q, want first %q", sent, want)
			}
		})
	}
}

func TestABadFrameIsCountedDescribedAndAnsweredUnlessItIsAReply(t *testing.T) {
	tests := []struct {
		name, frame string
		code        int
		field       string
		answered    bool
	}{
		{"noise", "\x00\xff\x17", wire.CodeNotAFrame, "from", false},
		{"empty", "", wire.CodeNotAFrame, "from", false},
		{"cut JSON", `{"jsonrpc":"2.0","id":1,"from":1`, wire.CodeNotAFrame, "frame", false},
		{"unknown type", "1>2:Elect:Request:1", wire.CodeUnknownMethod, "type", true},
		{"negative term", "1>2:RequestVotes:Request:-1:1:0:0", wire.CodeBadField, "term", true},
		{"2^64", "1>2:AppendEntries:Request:18446744073709551616:1:0:0:0", wire.CodeBadField, "term", true},
		{"missing field", `{"jsonrpc":"2.0","id":1,"from":1,"to":2,"method":"RequestVote","params":{"term":1}}`,
			wire.CodeBadField, "candidateId", true},
		{"bad reply", "1>2:RequestVotes:Reply:1:maybe", wire.CodeBadField, "voteGranted", false},
		{"to another server", "1>3:RequestVotes:Request:9:1:0:0", wire.CodeNotACall, "to", true},
		{"reply to another server", "1>3:RequestVotes:Reply:9:true", wire.CodeNotACall, "to", false},
		{"from itself", "2>2:RequestVotes:Request:9:2:0:0", wire.CodeNotACall, "from", false},
		{"too large", "1>2:" + strings.Repeat("x", wire.MaxFrame), wire.CodeNotACall, "frame", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, 2, 3, new(wal.Memory))
			frames(s)
			s.Frame(wire.Text, []byte(test.frame))
			var o server.Output
			s.Output(&o)
			if len(o.Bad) != 1 || o.Bad[0].Reason.Code != test.code || o.Bad[0].Reason.Field != test.field ||
				o.Bad[0].Reason.Message == "" {
				t.Errorf("described as %+v, want code %d, field %q", o.Bad, test.code, test.field)
			}
			if s.BadFrames() != 1 {
				t.Errorf("%d bad frames counted", s.BadFrames())
			}
			if answered := len(o.Frames) == 1; answered != test.answered {
				t.Errorf("answered with %v", o.Frames)
			} else if answered && (o.Frames[0].To != 1 || !strings.Contains(string(o.Frames[0].Data),
				fmt.Sprint(`"code":`, test.code))) {
				t.Errorf("answered server %d with %q", o.Frames[0].To, o.Frames[0].Data)
			}
			if s.Node().Role() != raft.Follower || len(o.Events) != 0 {
				t.Errorf("the core noticed: %+v", o.Events)
			}
		})
	}
}

func TestOnlyTheFirstBadFramesOfAFloodAreDescribed(t *testing.T) {
	s := start(t, 2, 3, new(wal.Memory))
	frames(s)
	for range 10000 {
		s.Frame(wire.Text, []byte("1>2:nonsense"))
	}
	var o server.Output
	s.Output(&o)
	if len(o.Bad) != server.MaxBadFrames || len(o.Frames) != server.MaxGathered ||
		o.Dropped != 10000-server.MaxGathered || s.BadFrames() != 10000 {
		t.Errorf("%d described, %d answered, %d dropped, %d counted", len(o.Bad), len(o.Frames), o.Dropped,
			s.BadFrames())
	}
}

func TestAFollowerNamesTheLeader(t *testing.T) {
	c := newCluster(t, 1, 3)
	for _, s := range c.seats {
		if refusal := c.refused(s.id, put("x", "1")); refusal.Code != wire.CodeNotLeader || refusal.Leader != 0 {
			t.Errorf("before an election: %+v", refusal)
		}
	}
	leader := c.elect()
	c.done(leader.id, put("x", "1"))
	for _, s := range c.seats {
		if s == leader {
			continue
		}
		if refusal := c.refused(s.id, put("x", "1")); refusal.Code != wire.CodeNotLeader ||
			refusal.Leader != uint64(leader.id) {
			t.Errorf("got %+v, want leader %d", refusal, leader.id)
		}
	}
}

func TestBadRequestsAreRefusedWithTheField(t *testing.T) {
	long := strings.Repeat("v", wire.MaxData)
	tests := []struct {
		name    string
		request wire.Request
		field   string
	}{
		{"no key", get(""), "key"},
		{"long key", get(strings.Repeat("k", 257)), "key"},
		{"a value that leaves no room for its key", put("x", long), "value"},
		{"a long value that is expected", wire.Request{Method: wire.CompareAndSwap, Key: "x",
			Expected: strings.Repeat("v", 257)}, "expected"},
		{"nothing to append", wire.Request{Method: wire.AppendRequest}, "entries"},
	}
	c := newCluster(t, 1, 1)
	leader := c.elect()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if refusal := c.refused(leader.id, test.request); refusal.Code != wire.CodeBadField ||
				refusal.Field != test.field {
				t.Errorf("got %+v, want field %q", refusal, test.field)
			}
		})
	}
	if st := c.status(leader); st.LastIndex != 1 {
		t.Errorf("the log has %d entries", st.LastIndex)
	}
}

func TestAppendRequestAppendsAfterTheEntryNamedOrTellsWhatIsThere(t *testing.T) {
	c := newCluster(t, 1, 3)
	leader := c.elect()
	at := c.done(leader.id, put("x", "1"))
	request := wire.Request{Method: wire.AppendRequest, PrevLogIndex: at.Index, PrevLogTerm: at.Term,
		Commands: [][]byte{[]byte("set y=2"), []byte("no command"), []byte("del x")}}
	if done := c.done(leader.id, request); done.Index != at.Index+3 || done.Term != at.Term {
		t.Errorf("got %+v", done)
	}
	if refusal := c.refused(leader.id, request); refusal.Code != wire.CodePrevMismatch || refusal.Index != at.Index+3 ||
		refusal.Term != at.Term {
		t.Errorf("a second time: %+v", refusal)
	}
	request.PrevLogIndex, request.PrevLogTerm = at.Index+3, at.Term+1
	if refusal := c.refused(leader.id, request); refusal.Code != wire.CodePrevMismatch {
		t.Errorf("with another term: %+v", refusal)
	}
	if read := c.done(leader.id, get("y")); read.Value != "2" {
		t.Errorf("read %+v", read)
	}
	if read := c.done(leader.id, get("x")); read.Found {
		t.Errorf("read %+v", read)
	}
	c.heal()
}

func TestIndexRangeShowsCommittedEntriesOnlyAndABoundedNumber(t *testing.T) {
	c := newCluster(t, 1, 3)
	leader := c.elect()
	c.done(leader.id, put("x", "1"))
	for _, s := range c.seats {
		if s != leader {
			c.cut[[2]uint64{uint64(leader.id), uint64(s.id)}] = true
		}
	}
	c.ask(leader.id, put("x", "not committed"))
	ask := func(start, end raft.Index) *wire.Answer {
		return c.done(leader.id, wire.Request{Method: wire.IndexRange, Start: start, End: end})
	}
	tests := []struct {
		start, end raft.Index
		want       int
	}{{1, 1, 1}, {1, 2, 2}, {2, 2, 1}, {1, 1<<64 - 1, 2}, {3, 9, 0}, {1<<64 - 1, 1<<64 - 1, 0}}
	for _, test := range tests {
		got := ask(test.start, test.end)
		if len(got.Entries) != test.want || got.Index != test.start || got.CommitIndex != 2 {
			t.Errorf("%d to %d: got %+v, want %d entries", test.start, test.end, got, test.want)
		}
	}
	if got := ask(1, 2).Entries; got[0].Kind != raft.NoOp || string(got[1].Data) != "set x=1" {
		t.Errorf("got %+v", got)
	}
	c.heal()
	leader = c.leader()
	for range 300 {
		c.ask(leader.id, put("y", "1"))
	}
	c.done(leader.id, put("y", "2"))
	if got := ask(1, 1000); len(got.Entries) != server.RangeEntries {
		t.Errorf("got %d entries, want %d", len(got.Entries), server.RangeEntries)
	}
	for range 3 {
		c.done(leader.id, put("z", strings.Repeat("v", 40<<10)))
	}
	last := c.status(leader).LastIndex
	if got := ask(last-2, last); len(got.Entries) != 1 {
		t.Errorf("got %d entries of 40 KiB, want 1", len(got.Entries))
	}
}

func TestARequestWithoutAQuorumEndsWithItsOutcomeUnknown(t *testing.T) {
	c := newCluster(t, 1, 3)
	leader := c.elect()
	for _, s := range c.seats {
		if s != leader {
			c.crash(s)
		}
	}
	call := c.ask(leader.id, put("x", "1"))
	c.run(server.RequestTicks - 1)
	if c.answers[call] != nil {
		t.Fatalf("answered early: %+v", c.answers[call])
	}
	c.run(1)
	if a := c.answers[call]; a == nil || a.refusal == nil || a.refusal.Code != wire.CodeTimedOut {
		t.Fatalf("got %+v", a)
	}
	c.heal() // and then it does happen
	if read := c.done(c.leader().id, get("x")); !read.Found {
		t.Errorf("read %+v", read)
	}
}

func TestRequestsAndTheirBytesAreBounded(t *testing.T) {
	c := newCluster(t, 1, 3)
	leader := c.elect()
	for _, s := range c.seats {
		if s != leader {
			c.crash(s)
		}
	}
	for range server.MaxPending {
		c.ask(leader.id, get("x"))
	}
	if refusal := c.refused(leader.id, get("x")); refusal.Code != wire.CodeOverloaded {
		t.Errorf("one more than %d requests: %+v", server.MaxPending, refusal)
	}
	c.run(server.RequestTicks + 1)
	value := strings.Repeat("v", 60<<10)
	for range server.MaxUncommitted/(60<<10) - 1 {
		c.ask(leader.id, put("x", value))
	}
	if refusal := c.refused(leader.id, put("x", value)); refusal.Code != wire.CodeOverloaded {
		t.Errorf("more than %d bytes: %+v", server.MaxUncommitted, refusal)
	}
}

// A deposed leader's entry may still be committed; only another entry at its place proves that it
// was not (redpanda#3003).
func TestADeposedLeaderTellsWhatBecameOfItsRequests(t *testing.T) {
	c := newCluster(t, 1, 3)
	old := c.elect()
	prev := c.done(old.id, put("x", "1"))
	for _, s := range c.seats {
		if s != old {
			c.cut[[2]uint64{uint64(old.id), uint64(s.id)}] = true
		}
	}
	single := c.ask(old.id, put("x", "lost"))
	several := c.ask(old.id, wire.Request{Method: wire.AppendRequest, PrevLogIndex: prev.Index + 1,
		PrevLogTerm: prev.Term,
		Commands:    [][]byte{[]byte("set y=1"), []byte("set y=2")}})
	c.until("another leader", 3000, func() bool { return c.leader() != nil && c.leader() != old })
	if c.answers[single] != nil {
		t.Fatalf("answered while the outcome was open: %+v", c.answers[single])
	}
	c.done(c.leader().id, put("x", "2"))
	c.heal()
	for _, call := range []uint64{single, several} {
		a := c.answers[call]
		if a == nil || a.refusal == nil || a.refusal.Code != wire.CodeNotLeader ||
			!strings.Contains(a.refusal.Message, "safe to try again") {
			t.Errorf("call %d: %+v", call, a)
		}
	}
	if read := c.done(c.leader().id, get("x")); read.Value != "2" {
		t.Errorf("read %+v", read)
	}
}

// The followers have the first of two commands from the old leader, and elect another leader that goes on from there.
func TestARequestThatWasCommittedInPartSaysSo(t *testing.T) {
	s := start(t, 1, 3, new(wal.Memory))
	s.Campaign()
	s.Output(&server.Output{})
	s.Frame(wire.Text, []byte("2>1:RequestVotes:Reply:1:true"))
	s.Frame(wire.Text, []byte(`{"jsonrpc":"2.0","id":8,"from":1001,"to":1,"method":"AppendRequest",`+
		`"params":{"prevLogIndex":1,"prevLogTerm":1,"entries":["set a=1","set b=2"]}}`))
	frames(s)
	s.Frame(wire.Text, []byte("2>1:AppendEntries:Request:2:2:2:1:3:entries=2"))
	var refusal string
	for _, sent := range frames(s) {
		if strings.Contains(sent, `"error"`) {
			refusal = sent
		}
	}
	if !strings.Contains(refusal, "the first 1 of 2 commands are committed, through index 2") ||
		!strings.Contains(refusal, fmt.Sprint(wire.CodeTimedOut)) {
		t.Errorf("told %q", refusal)
	}
}

func TestAServerWhoseDiskFailsStopsAndSaysWhy(t *testing.T) {
	disk := &waltest.Disk{Eager: true}
	s := start(t, 1, 1, disk)
	s.Campaign()
	frames(s)
	disk.Eager = false
	ask := `{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Put","params":{"key":"x","value":"1"}}`
	s.Frame(wire.Text, []byte(ask))
	frames(s)
	full := errors.New("disk full")
	disk.Fail = full
	disk.Complete(1)
	sent := frames(s)
	if len(sent) != 1 || !strings.Contains(sent[0], "the server's disk failed: it may or may not have happened") {
		t.Errorf("the waiting client is told %q", sent)
	}
	if s.Failed() != full {
		t.Errorf("failed: %v", s.Failed())
	}
	s.Tick(1000)
	s.Campaign()
	s.Frame(wire.Text, []byte(ask))
	s.Frame(wire.Text, []byte("2>1:RequestVotes:Request:9:2:0:0"))
	if sent := frames(s); len(sent) != 0 {
		t.Errorf("a stopped server says %q", sent)
	}
}

func TestARestartedServerHasItsTermVoteAndLogAndAppliesItAgain(t *testing.T) {
	disk := new(wal.Memory)
	s := start(t, 2, 3, disk)
	s.Frame(wire.Text, []byte("3>2:RequestVotes:Request:6:3:0:0"))
	s.Frame(wire.Text, []byte("3>2:AppendEntries:Request:6:3:0:0:2:entries=6;6,set x=1"))
	frames(s)
	hash := s.Store().Hash()
	again := start(t, 2, 3, disk)
	var st raft.Status
	again.Node().Status(&st)
	if st.CurrentTerm != 6 || st.VotedFor != 3 || st.LastIndex != 2 || st.CommitIndex != 0 || again.Store().Len() != 0 {
		t.Errorf("restarted with %+v", st)
	}
	if again.Recovery().New || again.Recovery().Records == 0 {
		t.Errorf("recovery %+v", again.Recovery())
	}
	again.Frame(wire.Text, []byte("3>2:AppendEntries:Request:6:3:2:6:2"))
	frames(again)
	if again.Store().Hash() != hash || hash == 0 {
		t.Errorf("state %x, before the restart %x", again.Store().Hash(), hash)
	}
}

// A new server campaigns early; one with a past waits in full, for its leader may live.
func TestOnlyANewServerStartsWithPartOfItsTimeoutPassed(t *testing.T) {
	disk := new(wal.Memory)
	s := start(t, 2, 3, disk)
	var st raft.Status
	if s.Node().Status(&st); st.Elapsed != st.Timeout*75/100 {
		t.Errorf("new: %d of %d ticks have passed", st.Elapsed, st.Timeout)
	}
	s.Campaign()
	frames(s)
	if start(t, 2, 3, disk).Node().Status(&st); st.Elapsed != 0 {
		t.Errorf("restarted: %d ticks have passed", st.Elapsed)
	}
}

func TestWhatCannotStartIsRefused(t *testing.T) {
	used := new(wal.Memory)
	start(t, 2, 3, used)
	three := []raft.ServerID{1, 2, 3}
	tests := []struct {
		name    string
		options server.Options
		disk    wal.Disk
		want    string
	}{
		{"the disk of another server", server.Options{ID: 1, Voters: three}, used,
			"the disk is that of server 2 of [1 2 3], it cannot serve server 1 of [1 2 3]"},
		{"a room of another size", server.Options{ID: 2, Voters: three[:2]}, used, "it cannot serve server 2 of [1 2]"},
		{"a client's address", server.Options{ID: 1001, Voters: []raft.ServerID{1001}}, new(wal.Memory),
			"expected server ids below 1001, got 1001"},
		{"an encoding that calls are not made in", server.Options{ID: 1, Voters: three, Encoding: wire.Variant},
			new(wal.Memory), "got variant"},
		{"snapshots of nothing", server.Options{ID: 1, Voters: three, MaxSnapshot: -1}, new(wal.Memory),
			"expected MaxSnapshot from 1 to"},
		{"snapshots that are too large", server.Options{ID: 1, Voters: three, MaxSnapshot: kv.MaxSnapshot + 1},
			new(wal.Memory), "expected MaxSnapshot from 1 to"},
		{"a newcomer", server.Options{ID: 1, Voters: three, Newcomer: true}, new(wal.Memory),
			server.ErrNotTakenIn.Error()},
		{"what the core refuses", server.Options{ID: 1, Voters: three, HeartbeatTicks: 200}, new(wal.Memory), "raft: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := server.New(test.options, test.disk); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// The disk of a server with rules switched off, now or before, may hold what contradicts itself. Another may
// not.
func TestAnUnrulyServersDiskIsTakenForWhatItIs(t *testing.T) {
	disk := new(wal.Memory)
	three := []raft.ServerID{1, 2, 3}
	off := raft.Extensions | raft.RulesOf(raft.OneVotePerTerm)
	s, err := server.New(server.Options{ID: 1, Voters: three, Off: off}, disk)
	if err != nil {
		t.Fatal(err)
	}
	s.Frame(wire.Text, []byte("2>1:RequestVotes:Request:4:2:0:0"))
	s.Frame(wire.Text, []byte("3>1:RequestVotes:Request:4:3:0:0"))
	if sent := frames(s); len(sent) != 2 || s.Failed() != nil {
		t.Fatalf("two votes in a term: %q, %v", sent, s.Failed())
	}
	for _, unruly := range []bool{true, false} {
		again, err := server.New(server.Options{ID: 1, Voters: three, Off: raft.Extensions, Unruly: unruly}, disk)
		if (err == nil) != unruly || unruly && statusOf(again).VotedFor != 3 {
			t.Errorf("unruly: %v: %v", unruly, err)
		}
	}
}

// A newcomer that a leader has taken in has voted for that leader in its term, on its disk too, and waits in
// full.
func TestANewcomerBeginsInTheTermOfTheLeaderThatTookItIn(t *testing.T) {
	disk := new(wal.Memory)
	three := []raft.ServerID{1, 2, 3}
	o := server.Options{ID: 1, Voters: three, FirstElapsed: 99, TakenIn: 1, TakenInBy: 2, MaxSnapshot: 1}
	for _, newcomer := range []bool{true, false} {
		o.Newcomer = newcomer
		s, err := server.New(o, disk)
		if err != nil {
			t.Fatal(err)
		}
		frames(s)
		if st := statusOf(s); st.CurrentTerm != 1 || st.VotedFor != 2 || st.Elapsed != 0 {
			t.Errorf("newcomer: %v: %+v", newcomer, st)
		}
	}
}

func TestTheReportVersionMovesWithEveryChangeAndRestsInBetween(t *testing.T) {
	s := start(t, 1, 3, new(wal.Memory))
	version := s.ReportVersion()
	moves := func(what string, want bool) {
		t.Helper()
		frames(s)
		if moved := s.ReportVersion() != version; moved != want {
			t.Errorf("%s: version moved: %v, want %v", what, moved, want)
		}
		version = s.ReportVersion()
	}
	s.Tick(10)
	moves("time passes", false)
	s.Frame(wire.Text, []byte("3>1:AppendEntries:Request:1:3:0:0:0"))
	moves("a heartbeat sets the timer back", true)
	s.Frame(wire.Text, []byte("nonsense"))
	moves("a bad frame", true)
	s.Campaign()
	moves("candidacy", true)
	s.Frame(wire.Text, []byte("3>1:RequestVotes:Reply:2:true"))
	moves("leadership", true)
	s.Frame(wire.Text, []byte("3>1:AppendEntries:Reply:2:true:match=1"))
	moves("an entry stored and committed", true)
	s.Frame(wire.Text, []byte("2>1:AppendEntries:Reply:2:true:match=1"))
	moves("stored by the other too", true)
	s.Tick(500)
	moves("an idle leader's heartbeats", false)
}

func TestAFollowersHeartbeatDoesNotAllocate(t *testing.T) {
	s := start(t, 2, 3, new(wal.Memory))
	var o server.Output
	heartbeat := []byte("1>2:AppendEntries:Request:1:1:0:0:0:call=9")
	step := func() {
		s.Tick(50)
		s.Frame(wire.Text, heartbeat)
		s.Output(&o)
	}
	for range 100 {
		step()
	}
	if got := testing.AllocsPerRun(1000, step); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("1>2:RequestVotes:Request:1:1:0:0"))
	f.Add([]byte("3>2:AppendEntries:Request:6:3:0:0:2:entries=6;6,set x=1"))
	f.Add([]byte("1>2:AppendEntries:Reply:1:true:match=1"))
	f.Add([]byte(`{"jsonrpc":"2.0","id":4,"from":1001,"to":2,"method":"Put","params":{"key":"x","value":"2"}}`))
	f.Add([]byte("1>2:InstallSnapshot:Request:3:1:40:2:1,2,3:0:true:call=21:data=\x01\x00"))
	f.Add([]byte("1>2:TimeoutNow:Request:3:1:call=4"))
	f.Add([]byte(
		`{"variant":"RequestVote","fields":[{"term":4,"candidate_id":1,"last_log_index":0,"last_log_term":0}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		disk := &waltest.Disk{Eager: true}
		s := start(t, 2, 3, disk)
		for _, frame := range strings.Split(string(data), "\n") {
			s.Frame(wire.Text, []byte(frame))
			frames(s)
			s.Tick(20)
		}
		if err := s.Failed(); err != nil {
			if !strings.HasPrefix(err.Error(), "kv: snapshot: ") { // one that came in several chunks
				t.Fatalf("the server stopped: %v", err)
			}
			return
		}
		start(t, 2, 3, disk) // what it wrote it can read
	})
}

func BenchmarkAPutInARoomOfThree(b *testing.B) {
	c := newCluster(b, 1, 3)
	c.maxDelay = 1
	leader := c.elect()
	b.ReportAllocs()
	for b.Loop() {
		c.done(leader.id, put("x", "1"))
	}
}

// Calls that arrive before the host asks for Output are answered each in its own encoding, and those of 2015
// are told who leads.
func TestAnswersDoNotTakeEachOthersEncoding(t *testing.T) {
	s := start(t, 2, 3, new(wal.Memory))
	s.Frame(wire.Text, []byte("3>2:AppendEntries:Request:4:3:0:0:0:call=1"))
	s.Frame(wire.Text,
		[]byte(`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,`+
			`"candidateId":1,"lastLogIndex":0,"lastLogTerm":0}}`))
	s.Frame(wire.Text,
		[]byte(`{"variant":"RequestVote","fields":[{"term":3,"candidate_id":1,"last_log_index":0,"last_log_term":0}]}`))
	s.Frame(wire.Text, []byte("1>2:RequestVotes:Request:3:1:0:0:call=2"))
	want := []string{
		"2>3:AppendEntries:Reply:4:true:call=1",
		`{"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"result":{"rpc":"RequestVote","term":4,"voteGranted":false}}`,
		`{"variant":"Rejected","fields":[4,3],"from":2,"to":1}`,
		"2>1:RequestVotes:Reply:4:false:call=2",
	}
	if got := frames(s); !slices.Equal(got, want) {
		t.Errorf("answered\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A server whose disk fails says nothing any more, not even what would need no disk, and shows that it
// stopped.
func TestAServerThatStopsIsSilent(t *testing.T) {
	disk := &waltest.Disk{Eager: true}
	s := start(t, 1, 3, disk)
	s.Campaign()
	frames(s)
	s.Frame(wire.Text, []byte(elected))
	frames(s)
	s.Frame(wire.Text, []byte("2>1:AppendEntries:Reply:1:true:match=1"))
	frames(s)
	version, bad := s.ReportVersion(), s.BadFrames()
	disk.Fail = errors.New("no power")
	s.Frame(wire.Text, putOf("x", "1", 1))
	for _, frame := range frames(s) {
		if strings.HasPrefix(frame, "1>") {
			t.Errorf("it sends %q", frame)
		}
	}
	s.Frame(wire.Text, []byte("2>1:Elect:Request:1"))
	if sent := frames(s); s.Failed() == nil || len(sent) != 0 || s.BadFrames() != bad || s.ReportVersion() == version {
		t.Errorf("%v: it says %q", s.Failed(), sent)
	}
	if s.Compact() != s.Failed() || s.MayCompact() != s.Failed() || s.Transfer(2) != s.Failed() {
		t.Error("it takes further orders")
	}
	slow := &waltest.Disk{}
	o := server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Newcomer: true, TakenIn: 1, TakenInBy: 2}
	newcomer, err := server.New(o, slow)
	if err != nil {
		t.Fatal(err)
	}
	slow.Complete(1) // the header
	slow.Fail = errors.New("no power")
	if slow.Complete(1); newcomer.Failed() == nil {
		t.Error("a newcomer's first write fails, and it goes on")
	}
}

// Rules can be switched off in a running server, whose disk then takes what contradicts itself.
func TestRulesAreSwitchedOffInARunningServer(t *testing.T) {
	s := start(t, 1, 3, new(wal.Memory))
	version := s.ReportVersion()
	if s.SwitchOff(raft.Extensions | raft.RulesOf(raft.OneVotePerTerm)); s.ReportVersion() == version {
		t.Error("the report is the same")
	}
	s.Frame(wire.Text, []byte("2>1:RequestVotes:Request:4:2:0:0:call=1"))
	s.Frame(wire.Text, []byte("3>1:RequestVotes:Request:4:3:0:0:call=1"))
	want := []string{"1>2:RequestVotes:Reply:4:true:call=1", "1>3:RequestVotes:Reply:4:true:call=1"}
	if sent := frames(s); !slices.Equal(sent, want) || s.Failed() != nil {
		t.Errorf("it says %q, %v", sent, s.Failed())
	}
	s.SetTimer(3)
	if s.Tick(2); statusOf(s).Role != raft.Follower {
		t.Error("its timer runs out early")
	}
	if s.Tick(1); statusOf(s).Role != raft.Candidate {
		t.Error("its timer does not run out")
	}
}
