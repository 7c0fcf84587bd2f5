package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
	"raftplayground/raft/wal/waltest"
	"raftplayground/raft/wire"
)

// stateOf is the snapshot of a store to which the commands were applied.
func stateOf(commands ...string) []byte {
	s := kv.New()
	for _, c := range commands {
		s.Apply([]byte(c))
	}
	return s.Snapshot(nil)
}

// receive gives a server a message of another one.
func receive(s *server.Server, from uint64, rpc raft.RPC) []string {
	f := wire.Frame{From: from, To: uint64(statusOf(s).ID), Call: 1, RPC: rpc}
	s.Frame(wire.Text, wire.Append(nil, &f, wire.JSON))
	return frames(s)
}

func statusOf(s *server.Server) (st raft.Status) {
	s.Node().Status(&st)
	return st
}

func TestALogIsCompactedWhenTheHostAsks(t *testing.T) {
	c := newClusterWith(t, 1, 1, traits{compactAfter: -1})
	leader := c.elect()
	c.done(leader.id, put("k", "v"))
	if err := leader.server.Compact(); err != nil {
		t.Error(err)
	}
	if st := c.status(leader); st.SnapshotIndex != st.LastApplied || st.LastApplied != 2 {
		t.Errorf("compacted through %d, applied through %d", st.SnapshotIndex, st.LastApplied)
	}
	if err := leader.server.Compact(); !errors.Is(err, raft.ErrCompact) {
		t.Errorf("nothing was applied since, and the answer is %v", err)
	}
	waiting, err := server.New(server.Options{ID: 9}, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	if err := waiting.Compact(); !errors.Is(err, raft.ErrCompact) {
		t.Errorf("a server that waits to be added answers %v", err)
	}
}

func TestALogIsCompactedAndAServerStartsAgainFromItsSnapshot(t *testing.T) {
	c := newClusterWith(t, 1, 1, traits{compactAfter: 10})
	leader := c.elect()
	for i := range 24 {
		c.done(leader.id, put(fmt.Sprint("k", i), "v"))
	}
	if st := c.status(leader); st.SnapshotIndex != 20 || st.LastIndex != 25 {
		t.Errorf("compacted through %d of %d, want 20 of 25", st.SnapshotIndex, st.LastIndex)
	}
	refusal := c.refused(leader.id, wire.Request{Method: wire.IndexRange, Start: 20, End: 30})
	const below = "startIndex: expected 21 or more, the first entry that this server's log still has, came 20"
	if refusal.Message != below || refusal.Code != wire.CodeBadField {
		t.Errorf("the range below is refused with %+v", refusal)
	}
	if got := c.done(leader.id, wire.Request{Method: wire.IndexRange, Start: 21, End: 30}); len(got.Entries) != 5 {
		t.Errorf("the range behind has %d entries, want 5", len(got.Entries))
	}
	hash := leader.server.Store().Hash()
	c.crash(leader)
	c.start(leader)
	if st := c.status(leader); st.LastApplied != 20 || st.LastIndex != 25 || leader.server.Store().Len() != 19 {
		t.Errorf("restarted with %d applied of %d, and %d keys", st.LastApplied, st.LastIndex,
			leader.server.Store().Len())
	}
	c.elect()
	c.run(10)
	if leader.server.Store().Hash() != hash {
		t.Error("the state is another one after the restart")
	}
	if st := c.status(leader); st.LastApplied != 26 || st.SnapshotIndex != 20 {
		t.Errorf("compacted through %d of %d, want 20 of 26", st.SnapshotIndex, st.LastApplied)
	}
}

func TestSnapshotsAndTimeoutNowAreAnsweredInTheEncodingOfTheQuestion(t *testing.T) {
	for question, want := range map[string]string{
		"1>2:InstallSnapshot:Request:3:1:40:2:1,2,3:0:false:call=21:data=x=1": "" +
			"2>1:InstallSnapshot:Reply:3:call=21:next=3",
		"1>2:TimeoutNow:Request:3:1:call=4": "2>1:TimeoutNow:Reply:3:call=4",
	} {
		s, err := server.New(server.Options{ID: 2, Voters: []raft.ServerID{1, 2, 3}, Encoding: wire.JSON},
			new(wal.Memory))
		if err != nil {
			t.Fatal(err)
		}
		s.Frame(wire.Text, []byte(question))
		if sent := frames(s); len(sent) == 0 || sent[0] != want {
			t.Errorf("%s is answered %q, want %q", question, sent, want)
		}
	}
}

func TestAServerThatIsNotToCompactKeepsItsLog(t *testing.T) {
	c := newClusterWith(t, 1, 1, traits{compactAfter: -1})
	fill := func() {
		for range 10 {
			for range 500 {
				c.ask(c.elect().id, put("x", "1"))
			}
			c.run(2)
		}
	}
	fill()
	if st := c.status(c.seats[0]); st.SnapshotIndex != 0 || st.LastIndex < 5000 {
		t.Errorf("compacted through %d of %d", st.SnapshotIndex, st.LastIndex)
	}
	c = newCluster(t, 1, 1)
	fill()
	if st := c.status(c.seats[0]); st.SnapshotIndex < 4096 || st.SnapshotIndex > 4096+1000 {
		t.Errorf("by default compacted through %d, want 4096 and a little", st.SnapshotIndex)
	}
}

// A server without CompactAfter takes a snapshot every 4,096 entries.
func TestALogIsCompactedEvery4096Entries(t *testing.T) {
	s := start(t, 1, 3, new(wal.Memory))
	m := &raft.AppendEntries{Call: 1, Term: 1, LeaderID: 2}
	for last := raft.Index(1); last <= 2*4096; last++ {
		m.Entries = append(m.Entries, raft.Entry{Term: 1, Data: []byte("set x=1")})
		if last%512 != 511 && last%4096 != 0 {
			continue
		}
		m.LeaderCommit = last
		receive(s, 2, m)
		m = &raft.AppendEntries{Call: m.Call + 1, Term: 1, LeaderID: 2, PrevLogIndex: last, PrevLogTerm: 1}
		if st := statusOf(s); st.LastApplied != last || st.SnapshotIndex != last/4096*4096 {
			t.Fatalf("applied through %d of %d, compacted through %d", st.LastApplied, last, st.SnapshotIndex)
		}
	}
}

func TestAFollowerThatMissedWhatIsCompactedGetsTheSnapshot(t *testing.T) {
	c := newClusterWith(t, 2, 3, traits{compactAfter: 5})
	leader := c.elect()
	behind := c.seats[leader.id%3]
	c.crash(behind)
	for i := range 12 {
		c.done(leader.id, put(fmt.Sprint("k", i), strings.Repeat("v", 40<<10)))
	}
	c.start(behind)
	c.heal()
	if c.events[raft.SnapshotInstalled] == 0 || behind.server.Store().Len() != 12 {
		t.Errorf("%d snapshots installed, %d keys", c.events[raft.SnapshotInstalled], behind.server.Store().Len())
	}
}

// The term of the snapshot's last entry tells what became of requests whose entries it covers.
func TestRequestsThatASnapshotCoversAreToldWhatIsKnownOfThem(t *testing.T) {
	tests := []struct {
		name             string
		term             raft.Term
		putting, removal string
	}{
		{"an earlier term: they are not in it", 4, "safe to try again", "safe to try again"},
		{"this leader's own term: they are in it", 5, `"result":{"rpc":"Put","index":2,"term":5}`,
			"it may or may not have happened"},
		{"a later term", 6, "it may or may not have happened", "it may or may not have happened"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, 1, 3, new(wal.Memory))
			receive(s, 3, &raft.AppendEntries{Call: 1, Term: 4, LeaderID: 3})
			s.Campaign()
			frames(s)
			s.Frame(wire.Text, []byte("3>1:RequestVotes:Reply:5:true"))
			s.Frame(wire.Text,
				[]byte(`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Put","params":{"key":"x","value":"1"}}`))
			s.Frame(wire.Text,
				[]byte(`{"jsonrpc":"2.0","id":2,"from":1001,"to":1,"method":"Delete","params":{"key":"x"}}`))
			frames(s)
			if st := statusOf(s); st.Role != raft.Leader || st.LastIndex != 3 {
				t.Fatalf("not prepared: %+v", st)
			}
			sent := strings.Join(receive(s, 2, &raft.InstallSnapshot{Call: 1, Term: 6, LeaderID: 2,
				LastIncludedIndex: 4, LastIncludedTerm: test.term,
				Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}, Data: stateOf("set y=2"),
				Done: true}), "\n")
			for id, want := range map[string]string{`"id":1,`: test.putting, `"id":2,`: test.removal} {
				answered := false
				for frame := range strings.SplitSeq(sent, "\n") {
					answered = answered || strings.Contains(frame, id) && strings.Contains(frame, want)
				}
				if !answered {
					t.Errorf("%s is not told %q: %s", id, want, sent)
				}
			}
			if value, _ := s.Store().Lookup("y"); value != "2" || s.Store().Len() != 1 {
				t.Errorf("y is %q of %d keys", value, s.Store().Len())
			}
		})
	}
}

func TestASnapshotThatCannotBeReadIsRefused(t *testing.T) {
	s := start(t, 1, 3, new(wal.Memory))
	receive(s, 2, &raft.AppendEntries{Call: 1, Term: 1, LeaderID: 2, LeaderCommit: 1,
		Entries: []raft.Entry{{Term: 1, Data: []byte("set x=1")}}})
	m := &raft.InstallSnapshot{Call: 1, Term: 1, LeaderID: 2, LastIncludedIndex: 4, LastIncludedTerm: 1,
		Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}, Data: []byte("junk"), Done: true}
	sent := receive(s, 2, m)
	if len(sent) != 1 || !strings.Contains(sent[0], "data: kv: snapshot: expected version 1") || s.BadFrames() != 1 {
		t.Errorf("all at once: told %q", sent)
	}
	m.Done = false
	receive(s, 2, m)
	m.Offset, m.Data, m.Done = 4, []byte("more"), true
	if sent = receive(s, 2, m); len(sent) != 0 || s.Failed() != nil {
		t.Errorf("in parts: told %q, failed: %v", sent, s.Failed())
	}
	if value, _ := s.Store().Lookup("x"); value != "1" || statusOf(s).LastIndex != 1 || statusOf(s).SnapshotIndex != 0 {
		t.Errorf("x is %q in %+v", value, statusOf(s))
	}
	m.Offset, m.Data = 0, stateOf("set x=2")
	if sent = receive(s, 2, m); len(sent) != 1 || statusOf(s).SnapshotIndex != 4 {
		t.Errorf("a good one: told %q, %+v", sent, statusOf(s))
	}
}

func TestASnapshotOnDiskThatCannotBeReadStopsTheServer(t *testing.T) {
	disk := new(wal.Memory)
	voters := []raft.ServerID{1, 2, 3}
	log, _, _, err := wal.Open(disk, wal.Identity{Server: 1, Voters: voters})
	if err != nil {
		t.Fatal(err)
	}
	snapshot := &raft.Snapshot{Index: 4, Term: 1, Configuration: raft.Configuration{Voters: voters},
		Data: []byte("junk")}
	log.Save(raft.Save{Seq: 1, CurrentTerm: 1, First: 5, Snapshot: snapshot}, func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	})
	if _, err := server.New(server.Options{ID: 1, Voters: voters}, disk); err == nil ||
		!strings.Contains(err.Error(), "kv: snapshot: expected version 1 or 2 at byte 0, got version 106") {
		t.Errorf("started: %v", err)
	}
}

func TestAServerThatWaitsToBeAddedIsAddedAndStays(t *testing.T) {
	c := newClusterWith(t, 2, 3, traits{waiting: 1, compactAfter: 5})
	added := c.seats[3]
	c.run(2000)
	if st := c.status(added); st.CurrentTerm != 0 {
		t.Errorf("it holds elections: %+v", st)
	}
	c.done(c.elect().id, put("x", "1"))
	c.heal()
	for range 2 {
		if st := c.status(added); !st.Config.Votes(4) || added.server.Store().Len() != 1 {
			t.Errorf("added: %+v", st)
		}
		for range 10 {
			c.done(c.elect().id, put("x", "2"))
		}
		c.crash(added)
		c.start(added)
		c.heal()
	}
}

// Its snapshot would name no configuration, and make each server that it is sent to a server of no cluster.
func TestAServerThatDoesNotKnowItsClusterDoesNotCompact(t *testing.T) {
	s, err := server.New(server.Options{ID: 4, CompactAfter: 2}, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	m := &raft.AppendEntries{Call: 1, Term: 1, LeaderID: 1, LeaderCommit: 3}
	for range 3 {
		m.Entries = append(m.Entries, raft.Entry{Term: 1, Data: []byte("set x=1")})
	}
	receive(s, 1, m)
	if st := statusOf(s); st.LastApplied != 3 || st.SnapshotIndex != 0 {
		t.Errorf("applied %d, compacted through %d", st.LastApplied, st.SnapshotIndex)
	}
	if err := s.Compact(); err != raft.ErrNoCluster {
		t.Errorf("asked to compact its log it says %v", err)
	}
	receive(s, 1, &raft.AppendEntries{Call: 2, Term: 1, LeaderID: 1, PrevLogIndex: 3, PrevLogTerm: 1, LeaderCommit: 4,
		Entries: []raft.Entry{{Term: 1, Kind: raft.Config, Data: []byte("1,2,3+4")}}})
	if st := statusOf(s); st.SnapshotIndex != 4 {
		t.Errorf("with its configuration compacted through %d, want 4", st.SnapshotIndex)
	}
}

func TestALeaderHandsOver(t *testing.T) {
	c := newCluster(t, 2, 3)
	old := c.elect()
	c.done(old.id, put("x", "1"))
	to := c.seats[old.id%3]
	if err := to.server.Transfer(old.id); err != raft.ErrNotLeader {
		t.Errorf("a follower: %v", err)
	}
	if err := old.server.Transfer(old.id); err != raft.ErrTransferTo {
		t.Errorf("to itself: %v", err)
	}
	if err := old.server.Transfer(to.id); err != nil {
		t.Fatal(err)
	}
	if refusal := c.refused(old.id, put("x", "2")); refusal.Code != wire.CodeOverloaded {
		t.Errorf("meanwhile: %+v", refusal)
	}
	c.collect(old)
	c.until("the other leads", 100, func() bool { return c.leader() == to })
}

func TestAConfigurationThatCannotBeIsRefused(t *testing.T) {
	c := newCluster(t, 2, 3)
	leader := c.elect()
	c.done(leader.id, put("x", "1"))
	for want, next := range map[string]raft.Configuration{
		"expected server ids below 1001, got 1001": {Voters: []raft.ServerID{1, 2, 3}, Learners: []raft.ServerID{1001}},
		"no voters": {},
	} {
		if err := leader.server.Reconfigure(next); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	disk := &waltest.Disk{Eager: true}
	s := start(t, 1, 1, disk)
	full := errors.New("disk full")
	disk.Fail = full
	s.Campaign()
	frames(s)
	if got, want := s.Reconfigure(raft.Configuration{Voters: []raft.ServerID{1}}), s.Transfer(2); got != full ||
		want != full {
		t.Errorf("a stopped server: %v, %v", got, want)
	}
}

// A server that takes over a leader's snapshot has applied what is in it, answers by it, knows its cluster from it, and
// takes the next snapshot of its own as many entries later.
func TestAServerGoesOnFromALeadersSnapshot(t *testing.T) {
	store := kv.New()
	store.Apply(kv.Encode(nil, kv.Command{Op: kv.Set, Key: "x", Value: "7"}))
	snapshot := raft.InstallSnapshot{Call: 1, Term: 3, LeaderID: 2, LastIncludedIndex: 40, LastIncludedTerm: 2,
		Configuration: raft.Configuration{Voters: []raft.ServerID{1}}, Data: store.Snapshot(nil), Done: true}
	frame := wire.Append(nil, &wire.Frame{From: 2, To: 1, Encoding: wire.Colon, RPC: &snapshot}, wire.Colon)
	s, err := server.New(server.Options{ID: 1, Seed: 1, Off: raft.Extensions, CompactAfter: 2}, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	if s.Compact() == nil {
		t.Error("it compacts before it knows its cluster")
	}
	s.Frame(wire.Text, frame)
	frames(s)
	if st := statusOf(s); st.LastApplied != 40 || st.SnapshotIndex != 40 || s.Store().Hash() != store.Hash() {
		t.Errorf("it has %+v", st)
	}
	s.Frame(wire.Text,
		[]byte(`{"jsonrpc":"2.0","id":2,"from":1001,"to":1,"method":"Get","params":{"key":"x","read":"local"}}`))
	const want = `"result":{"rpc":"Get","index":40,"term":2,"found":true,"value":"7"}`
	if said := toClients(s); len(said) != 1 || !strings.Contains(said[0], want) {
		t.Errorf("it says %q, want %s", said, want)
	}
	for _, c := range []struct {
		frame     string
		compacted raft.Index
	}{{"2>1:AppendEntries:Request:3:2:40:2:41:entries=3", 40}, {"2>1:AppendEntries:Request:3:2:41:3:42:entries=3",
		42}} {
		s.Frame(wire.Text, []byte(c.frame))
		frames(s)
		if st := statusOf(s); st.SnapshotIndex != c.compacted {
			t.Errorf("after %s its log begins behind %d, want %d", c.frame, st.SnapshotIndex, c.compacted)
		}
	}
}

// A restored state changes the report once it is restored, which is after the snapshot got to the disk.
func TestARestoredStateIsANewReport(t *testing.T) {
	disk := &waltest.Disk{}
	s := start(t, 1, 3, disk)
	disk.Complete(1)
	frames(s)
	m := raft.InstallSnapshot{Call: 1, Term: 1, LeaderID: 2, LastIncludedIndex: 4, LastIncludedTerm: 1,
		Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}, Data: stateOf("set x=1"), Done: true}
	receive(s, 2, &m)
	hash, version := s.Store().Hash(), s.ReportVersion()
	for disk.Waiting() > 0 {
		disk.Complete(1)
		frames(s)
		if s.Store().Hash() != hash && s.ReportVersion() == version {
			t.Error("the report is the same, though the state is another one")
		}
		hash, version = s.Store().Hash(), s.ReportVersion()
	}
	if value, _ := s.Store().Lookup("x"); value != "1" {
		t.Errorf("x is %q", value)
	}
}

// A request whose entries reach beyond a snapshot is open until the last of them is applied, if its beginning is
// in the snapshot.
func TestARequestThatASnapshotCoversInPartStaysOpen(t *testing.T) {
	for _, test := range []struct {
		name     string
		through  raft.Index // of the snapshot; the request's entries are 2 to 4
		term     raft.Term
		at, then string // what is said then, and once entry 4 is applied
	}{
		{"its first entry", 2, 1, "", `"index":4,"term":1`},
		{"all but the last", 3, 1, "", `"index":4,"term":1`},
		{"all of it", 4, 1, `"index":4,"term":1`, ""},
		{"its first entry is of a later term", 2, 2, "it may or may not have happened", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := started(t, server.Options{Off: raft.Extensions}, true, elected)
			s.Frame(wire.Text, []byte(`{"jsonrpc":"2.0","id":8,"from":1001,"to":1,"method":"AppendRequest",`+
				`"params":{"prevLogIndex":1,"prevLogTerm":1,"entries":["set a=1","set b=2","set c=3"]}}`))
			frames(s)
			says := func(want, when string) {
				t.Helper()
				said := toClients(s)
				if want == "" && len(said) != 0 || want != "" && (len(said) != 1 || !strings.Contains(said[0], want)) {
					t.Errorf("%s it says %q, want %q", when, said, want)
				}
			}
			hand := func(rpc raft.RPC) {
				s.Frame(wire.Text, wire.Append(nil, &wire.Frame{From: 2, To: 1, Call: 1, RPC: rpc}, wire.JSON))
			}
			hand(&raft.InstallSnapshot{Call: 1, Term: 2, LeaderID: 2, LastIncludedIndex: test.through,
				LastIncludedTerm: test.term, Data: stateOf(), Done: true,
				Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}})
			says(test.at, "with the snapshot")
			entries := &raft.AppendEntries{Call: 2, Term: 2, LeaderID: 2, PrevLogIndex: test.through,
				PrevLogTerm: test.term, LeaderCommit: 4}
			for i := test.through; i < 4; i++ {
				entries.Entries = append(entries.Entries, raft.Entry{Term: test.term, Data: []byte("set c=3")})
			}
			hand(entries)
			says(test.then, "with the last entry")
		})
	}
}

// A server's next snapshot is due as many entries behind a leader's as behind one of its own.
func TestTheNextSnapshotIsCountedFromALeaders(t *testing.T) {
	s, err := server.New(server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, CompactAfter: 5}, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	receive(s, 2, &raft.InstallSnapshot{Call: 1, Term: 1, LeaderID: 2, LastIncludedIndex: 4, LastIncludedTerm: 1,
		Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}, Data: stateOf("set x=1"), Done: true})
	for last := raft.Index(5); last <= 9; last++ {
		receive(s, 2, &raft.AppendEntries{Call: uint64(last), Term: 1, LeaderID: 2, PrevLogIndex: last - 1,
			PrevLogTerm:  1,
			LeaderCommit: last, Entries: []raft.Entry{{Term: 1, Data: []byte("set x=2")}}})
		want := raft.Index(4)
		if last == 9 {
			want = 9
		}
		if st := statusOf(s); st.LastApplied != last || st.SnapshotIndex != want {
			t.Errorf("applied through %d of %d, compacted through %d, want %d", st.LastApplied, last, st.SnapshotIndex,
				want)
		}
	}
}

// A leader's snapshot does not make a server compact that is set not to.
func TestALeadersSnapshotIsTheLastOfAServerThatIsNotToCompact(t *testing.T) {
	s, err := server.New(server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, CompactAfter: -1}, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	receive(s, 2, &raft.InstallSnapshot{Call: 1, Term: 1, LeaderID: 2, LastIncludedIndex: 4, LastIncludedTerm: 1,
		Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}, Data: stateOf("set x=1"), Done: true})
	receive(s, 2, &raft.AppendEntries{Call: 2, Term: 1, LeaderID: 2, PrevLogIndex: 4, PrevLogTerm: 1, LeaderCommit: 5,
		Entries: []raft.Entry{{Term: 1, Data: []byte("set x=2")}}})
	if st := statusOf(s); st.LastApplied != 5 || st.SnapshotIndex != 4 {
		t.Errorf("applied through %d, compacted through %d, want 5 and 4", st.LastApplied, st.SnapshotIndex)
	}
}

func TestASnapshotIsInTheOrderThatTheServerIsGiven(t *testing.T) {
	for _, order := range []uint64{0, 1, 2} {
		disk := new(wal.Memory)
		options := server.Options{ID: 1, Voters: []raft.ServerID{1}, CompactAfter: -1, SnapshotOrder: order}
		s, err := server.New(options, disk)
		if err != nil {
			t.Fatal(err)
		}
		s.Campaign()
		frames(s)
		for id := range 9 {
			s.Frame(wire.Text, putOf(fmt.Sprint("key", id), "v", id+1))
		}
		frames(s)
		if err := s.Compact(); err != nil {
			t.Fatal(err)
		}
		frames(s)
		want := s.Store().Snapshot(nil)
		if order != 0 {
			want = s.Store().SnapshotShuffled(nil, order)
		}
		_, durable, _, err := wal.Open(disk, wal.Identity{Server: 1, Voters: options.Voters})
		if err != nil || durable.Snapshot == nil || string(durable.Snapshot.Data) != string(want) ||
			s.Store().Len() != 9 {
			t.Errorf("order %d: on the disk is %+v, want %q, %v", order, durable.Snapshot, want, err)
		}
	}
}

// No follower would take a larger snapshot, so the log stays.
func TestAStateThatIsTooLargeIsNotCompacted(t *testing.T) {
	s := start(t, 1, 1, new(wal.Memory))
	s.Campaign()
	frames(s)
	value := strings.Repeat("v", kv.MaxValue)
	set := func(key, value string) {
		s.Store().Apply(kv.Encode(nil, kv.Command{Op: kv.Set, Key: key, Value: value}))
	}
	const each = kv.MaxValue + 10 // bytes of a pair in a snapshot, its lengths included
	for i := range kv.MaxSnapshot / each {
		set(fmt.Sprintf("k%05d", i), value)
	}
	set("rest", "")
	room := kv.MaxSnapshot - len(s.Store().Snapshot(nil)) // its length takes two bytes more than that of ""
	set("rest", strings.Repeat("r", room-1))
	const want = "expected a state of at most 67108864 bytes, got 67108865"
	if err := s.Compact(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("one byte too many: %v", err)
	}
	if st := statusOf(s); st.SnapshotIndex != 0 {
		t.Errorf("compacted through %d", st.SnapshotIndex)
	}
	set("rest", strings.Repeat("r", room-2))
	if err := s.Compact(); err != nil {
		t.Errorf("just as many bytes as may be: %v", err)
	}
}
