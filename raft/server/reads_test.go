package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
	"raftplayground/raft/wal/waltest"
	"raftplayground/raft/wire"
)

func TestAGetIsAnEntryOnlyIfItIsReadThroughTheLog(t *testing.T) {
	for _, mode := range []server.ReadMode{server.ReadThroughLog, server.ReadIndex, server.Lease} {
		c := newClusterWith(t, 2, 3, traits{reads: mode})
		leader := c.elect()
		written := c.done(leader.id, put("x", "1"))
		c.run(100)
		began, last := c.now, c.status(leader).LastIndex
		read := c.done(leader.id, get("x"))
		if read.Value != "1" || read.Term != written.Term ||
			(read.Index == written.Index) == (mode == server.ReadThroughLog) {
			t.Errorf("mode %d: read %+v after %+v", mode, read, written)
		}
		if grown := c.status(leader).LastIndex - last; (grown > 0) != (mode == server.ReadThroughLog) {
			t.Errorf("mode %d: the log has grown by %d", mode, grown)
		}
		if took := c.now - began; (took == 0) != (mode == server.Lease) {
			t.Errorf("mode %d: the read took %d ticks", mode, took)
		}
		if read := c.done(leader.id, get("y")); read.Found {
			t.Errorf("mode %d: read %+v", mode, read)
		}
		if refusal := c.refused(leader.id, get("")); refusal.Code != wire.CodeBadField || refusal.Field != "key" {
			t.Errorf("mode %d: a read without a key: %+v", mode, refusal)
		}
		if refusal := c.refused(c.seats[leader.id%3].id, get("x")); refusal.Code != wire.CodeNotLeader ||
			refusal.Leader != uint64(leader.id) {
			t.Errorf("mode %d: a follower: %+v", mode, refusal)
		}
	}
}

// Each Get may say how it is read, whatever the server is set to.
func TestAGetSaysHowItIsRead(t *testing.T) {
	for _, mode := range []server.ReadMode{server.ReadThroughLog, server.ReadIndex, server.Lease} {
		c := newClusterWith(t, 2, 3, traits{reads: mode})
		leader := c.elect()
		c.done(leader.id, put("x", "1"))
		c.run(100)
		follower := c.seats[leader.id%3]
		for read, want := range map[wire.Read]struct{ grows, waits bool }{wire.ReadThroughLog: {true, true},
			wire.ReadIndex: {false, true}, wire.ReadLease: {}, wire.ReadLocal: {}} {
			q := wire.Request{Method: wire.Get, Key: "x", Read: read}
			c.run(100)
			began, last := c.now, c.status(leader).LastIndex
			answer := c.done(leader.id, q)
			if grows, waits := c.status(leader).LastIndex > last, c.now > began; answer.Value != "1" ||
				grows != want.grows || waits != want.waits {
				t.Errorf("mode %d, read %d: %+v, an entry: %v, time: %v", mode, read, answer, grows, waits)
			}
			if read == wire.ReadLocal {
				if answer := c.done(follower.id, q); answer.Value != "1" {
					t.Errorf("mode %d: the follower says %+v", mode, answer)
				}
			} else if refusal := c.refused(follower.id, q); refusal.Code != wire.CodeNotLeader {
				t.Errorf("mode %d, read %d: the follower says %+v", mode, read, refusal)
			}
		}
	}
}

// A server that is cut off answers a local read with what it has applied, which may long be out of date.
func TestALocalReadMayBeStale(t *testing.T) {
	c := newCluster(t, 1, 3)
	leader := c.elect()
	c.done(leader.id, put("x", "1"))
	c.run(100)
	follower := c.seats[leader.id%3]
	for _, s := range c.seats {
		c.cut[[2]uint64{uint64(s.id), uint64(follower.id)}] = true
	}
	c.done(leader.id, put("x", "2"))
	if answer := c.done(follower.id,
		wire.Request{Method: wire.Get, Key: "x", Read: wire.ReadLocal}); answer.Value != "1" {
		t.Errorf("the follower says %+v", answer)
	}
	if refusal := c.refused(follower.id,
		wire.Request{Method: wire.Get, Read: wire.ReadLocal}); refusal.Code != wire.CodeBadField ||
		refusal.Field != "key" {
		t.Errorf("a local read without a key: %+v", refusal)
	}
}

// Of several clients that read the same value, one writes the next.
func TestACompareAndSwapIsDoneOnlyWhereItsValueIs(t *testing.T) {
	c := newCluster(t, 1, 3)
	leader := c.elect()
	swap := func(expected, value string) bool {
		return c.done(leader.id, wire.Request{Method: wire.CompareAndSwap, Key: "x", Expected: expected,
			Value: value}).Found
	}
	if swap("", "0") {
		t.Error("a key that does not exist was swapped")
	}
	c.done(leader.id, put("x", "1"))
	if !swap("1", "2") || swap("1", "3") {
		t.Error("of two only the first should have been done")
	}
	if read := c.done(leader.id, get("x")); read.Value != "2" {
		t.Errorf("read %+v", read)
	}
}

// A leader that was cut off may no longer lead: it must not read what another leader may have overwritten.
func TestAReadThatIsNotConfirmedIsRefusedAndSafeToTryAgain(t *testing.T) {
	for _, mode := range []server.ReadMode{server.ReadIndex, server.Lease} {
		c := newClusterWith(t, 1, 3, traits{reads: mode})
		old := c.elect()
		c.done(old.id, put("x", "1"))
		for _, s := range c.seats {
			c.cut[[2]uint64{uint64(old.id), uint64(s.id)}] = true
		}
		c.run(200)
		call := c.ask(old.id, get("x"))
		c.until("another leader", 3000, func() bool { return c.leader() != nil && c.leader() != old })
		c.done(c.leader().id, put("x", "2"))
		c.heal()
		if a := c.answers[call]; a == nil || a.refusal == nil || a.refusal.Code != wire.CodeNotLeader {
			t.Errorf("mode %d: the old leader says %+v", mode, a)
		}
		if read := c.done(c.leader().id, get("x")); read.Value != "2" {
			t.Errorf("mode %d: read %+v", mode, read)
		}
	}
}

// Without check-quorum a leader that reaches nobody goes on leading. It keeps no more reads than it may, and
// tells their clients.
func TestReadsThatWaitAreBoundedAndEnd(t *testing.T) {
	c := newClusterWith(t, 1, 3, traits{reads: server.ReadIndex})
	leader := c.elect()
	c.done(leader.id, put("x", "1"))
	for _, s := range c.seats {
		if s != leader {
			c.crash(s)
		}
	}
	first := c.ask(leader.id, get("x"))
	for range server.MaxPending - 1 {
		c.ask(leader.id, get("x"))
	}
	if refusal := c.refused(leader.id, get("x")); refusal.Code != wire.CodeOverloaded {
		t.Errorf("one more: %+v", refusal)
	}
	c.run(server.RequestTicks - 1)
	if c.answers[first] != nil {
		t.Fatalf("answered early: %+v", c.answers[first])
	}
	c.run(1)
	if a := c.answers[first]; a == nil || a.refusal == nil || a.refusal.Code != wire.CodeNoQuorum {
		t.Fatalf("in the end: %+v", a)
	}
	if refusal := c.refused(leader.id, get("x")); refusal.Code != wire.CodeOverloaded {
		t.Errorf("the core has not answered one of them: %+v", refusal)
	}
	for _, s := range c.seats {
		if s.server == nil {
			c.start(s)
		}
	}
	c.until("a leader that reads", 3000, func() bool {
		leader := c.leader()
		call := c.ask(leader.id, get("x"))
		c.run(20)
		return c.answers[call] != nil && c.answers[call].answer != nil
	})
}

func TestAStoppedServerRefusesTheReadsThatWait(t *testing.T) {
	c := newClusterWith(t, 1, 3, traits{reads: server.ReadIndex})
	leader := c.elect()
	c.done(leader.id, put("x", "1"))
	call := c.ask(leader.id, get("x"))
	leader.disk.Fail = errors.New("disk full")
	c.ask(leader.id, put("x", "2"))
	leader.disk.Complete(1)
	c.collect(leader)
	if a := c.answers[call]; a == nil || a.refusal == nil || a.refusal.Code != wire.CodeNoQuorum {
		t.Errorf("got %+v", a)
	}
}

func TestAReadModeThatIsNoneIsRefused(t *testing.T) {
	_, err := server.New(server.Options{ID: 1, Voters: []raft.ServerID{1}, Reads: 3}, nil)
	if want := "server: expected reads through the log, by read index or by lease, 0 to 2, got 3"; err == nil ||
		err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// A simulation passes over the ticks that Idle counts. Reads and transfers make a leader act between its
// heartbeats.
func TestIdlePromisesNothingThatALeaderBreaks(t *testing.T) {
	for name, ask := range map[string]func(*server.Server){
		"a read, and then nobody answers": func(s *server.Server) {
			s.Frame(wire.Text,
				[]byte(`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Get","params":{"key":"x"}}`))
			sent := strings.Join(frames(s), "\n")
			call := sent[strings.LastIndex(sent, "call=")+len("call="):]
			s.Frame(wire.Text, []byte("2>1:AppendEntries:Reply:1:true:match=1:call="+call))
		},
		"a transfer that nobody takes": func(s *server.Server) {
			if err := s.Transfer(3); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := server.New(server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Seed: 1,
				Reads: server.ReadIndex}, new(wal.Memory))
			if err != nil {
				t.Fatal(err)
			}
			s.Campaign()
			sent := strings.Join(frames(s), "\n")
			s.Frame(wire.Text, []byte("2>1:RequestVotes:Reply:1:true:call="+sent[strings.LastIndex(sent,
				"call=")+len("call="):]))
			sent = strings.Join(frames(s), "\n")
			s.Frame(wire.Text, []byte("2>1:RequestVotes:Reply:1:true:call="+sent[strings.LastIndex(sent,
				"call=")+len("call="):]))
			frames(s)
			s.Frame(wire.Text, []byte("2>1:AppendEntries:Reply:1:true:match=1"))
			s.Tick(20)
			if st := statusOf(s); st.Role != raft.Leader {
				t.Fatalf("not prepared: %+v", st)
			}
			ask(s)
			frames(s)
			var o server.Output
			happened := 0
			for range 1000 {
				s.Pass(s.Idle())
				for s.Output(&o) {
					if len(o.Frames)+len(o.Events) > 0 {
						t.Fatalf("while it was idle: %d frames, %+v", len(o.Frames), o.Events)
					}
				}
				s.Tick(1)
				for s.Output(&o) {
					happened += len(o.Events)
				}
			}
			if happened == 0 {
				t.Error("nothing has happened at all")
			}
		})
	}
}

// A server that restarts has forgotten that it heard from its leader; it must be loyal all the same for as long as the
// leader's lease may last.
func TestALeaseOutlivesTheRestartOfAFollower(t *testing.T) {
	bad := 0
	for seed := range uint64(40) {
		c := newClusterWith(t, 2*seed+2, 3, traits{reads: server.Lease})
		leader := c.elect()
		c.done(leader.id, put("x", "1"))
		c.run(200)
		f, other := c.seats[leader.id%3], c.seats[(leader.id+1)%3]
		// other hears nobody but f and has given up on the leader
		c.cut[[2]uint64{uint64(leader.id), uint64(other.id)}] = true
		c.cut[[2]uint64{uint64(other.id), uint64(leader.id)}] = true
		c.run(400)
		// the leader loses f too; f restarts at once
		c.cut[[2]uint64{uint64(leader.id), uint64(f.id)}] = true
		c.cut[[2]uint64{uint64(f.id), uint64(leader.id)}] = true
		c.crash(f)
		c.start(f)
		var w uint64
		for range 150 {
			if l := c.leader(); l != nil && l != leader && w == 0 {
				w = c.ask(l.id, put("x", "2"))
			}
			if w != 0 && c.answers[w] != nil && c.answers[w].answer != nil {
				r := c.ask(leader.id, get("x"))
				c.collect(leader)
				if a := c.answers[r]; a != nil && a.answer != nil && a.answer.Value == "1" {
					bad++
					t.Logf("seed %d tick %d: stale read %+v after %+v", 2*seed+2, c.now, a.answer, c.answers[w].answer)
					break
				}
			}
			c.step()
		}
	}
	if bad > 0 {
		t.Errorf("%d of 40 runs read what was overwritten", bad)
	}
}

// acknowledged has server 2 store all that server 1 sends it, and returns what server 1 says to clients
// meanwhile.
func acknowledged(s *server.Server) (said []string) {
	var d wire.Decoder
	for sent := frames(s); len(sent) > 0; sent = frames(s) {
		for _, frame := range sent {
			var f wire.Frame
			err := d.Decode(wire.Text, []byte(frame), &f)
			m, isCall := f.RPC.(*raft.AppendEntries)
			if err != nil || f.To == 0 || f.To >= wire.FirstClient {
				said = append(said, frame)
			} else if isCall && f.To == 2 {
				match := m.PrevLogIndex + raft.Index(len(m.Entries))
				s.Frame(wire.Text, fmt.Appendf(nil, "2>1:AppendEntries:Reply:%d:true:match=%d:call=%d", m.Term, match,
					m.Call))
			}
		}
	}
	return said
}

func readOf(key string, id int) []byte {
	return fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%d,"from":1001,"to":1,"method":"Get","params":{"key":%q}}`, id, key)
}

// Reads that wait at the same time are confirmed together. Each is answered once, with its own key's value.
func TestReadsAreAnsweredEachOnce(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions, Reads: server.ReadIndex}, true, elected)
	s.Frame(wire.Text,
		[]byte(`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Put","params":{"key":"x","value":"7"}}`))
	s.Tick(50)
	acknowledged(s)
	s.Tick(50)
	acknowledged(s)
	for id, key := range []string{"y", "x", "z"} {
		s.Frame(wire.Text, readOf(key, 10+id))
	}
	said := strings.Join(acknowledged(s), "\n")
	for id, found := range []string{"false", "true", "false"} {
		const words = `"id":%d,"from":1,"to":1001,"result":{"rpc":"Get","index":2,"term":1,"found":%s`
		answer := fmt.Sprintf(words, 10+id, found)
		if strings.Count(said, answer) != 1 {
			t.Errorf("no %s in\n%s", answer, said)
		}
	}
	s.Tick(server.RequestTicks + 100)
	if said := acknowledged(s); len(said) != 0 {
		t.Errorf("later on %q", said)
	}
}

// slowReader returns a leader of three that committed a write, and confirmed a read after it, with the help of the
// others alone: its own disk has yet to complete the write, so the read waits to be served.
func slowReader(t *testing.T) (*server.Server, *waltest.Disk) {
	t.Helper()
	disk := &waltest.Disk{}
	o := server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Off: raft.Extensions, Reads: server.ReadIndex}
	s, err := server.New(o, disk)
	if err != nil {
		t.Fatal(err)
	}
	disk.Complete(1) // the header
	s.Campaign()
	frames(s)
	disk.Complete(1) // its vote for itself
	frames(s)
	s.Frame(wire.Text, []byte(elected))
	acknowledged(s)
	disk.Complete(1) // its blank entry
	s.Frame(wire.Text, putOf("x", "7", 1))
	acknowledged(s)
	s.Frame(wire.Text, []byte("3>1:AppendEntries:Reply:1:true:match=2"))
	s.Frame(wire.Text, readOf("x", 2))
	if said := acknowledged(s); len(said) != 0 || statusOf(s).CommitIndex != 2 || statusOf(s).LastApplied != 1 {
		t.Fatalf("before its disk has the write it says %q, with %+v", said, statusOf(s))
	}
	return s, disk
}

// A read that a majority has confirmed still waits for the entries that this server has yet to apply. It is served
// then, or ends at its deadline and is told of once; a client that is forgotten is told nothing.
func TestAConfirmedReadWaitsUntilItsEntriesAreApplied(t *testing.T) {
	s, disk := slowReader(t)
	disk.Complete(9)
	if said := acknowledged(s); len(said) != 2 || !strings.Contains(said[1], `"found":true,"value":"7"`) {
		t.Errorf("told %q, want the write and the read", said)
	}

	s, disk = slowReader(t)
	s.Tick(server.RequestTicks)
	if said := acknowledged(s); len(said) != 2 || !strings.Contains(said[1], fmt.Sprint(wire.CodeNoQuorum)) {
		t.Errorf("in the end told %q, want that both have waited in vain", said)
	}
	s.Tick(2 * server.RequestTicks)
	disk.Complete(9)
	if said := acknowledged(s); len(said) != 0 {
		t.Errorf("told again: %q", said)
	}

	s, disk = slowReader(t)
	s.ForgetClients()
	disk.Complete(9)
	if said := acknowledged(s); len(said) != 0 {
		t.Errorf("clients that are forgotten are told %q", said)
	}
}

// A read for which the core has no room is refused once, and safe to try again.
func TestAReadThatTheCoreHasNoRoomForIsRefused(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions, Reads: server.ReadIndex}, true, elected)
	for tag := uint64(1) << 32; s.Node().Read(tag, raft.ReadIndex) == nil; tag++ {
	}
	s.Frame(wire.Text, readOf("x", 1))
	if said := toClients(s); len(said) != 1 || !strings.Contains(said[0], fmt.Sprint(wire.CodeOverloaded)) {
		t.Errorf("told %q", said)
	}
	s.Tick(2 * server.RequestTicks)
	if said := toClients(s); len(said) != 0 {
		t.Errorf("told again: %q", said)
	}
}

// Each read ends when it has waited long enough, and not with another.
func TestEachReadHasADeadlineOfItsOwn(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions, Reads: server.ReadIndex}, true, elected)
	ended := func(ticks int) (said []string) {
		s.Tick(ticks)
		for _, frame := range frames(s) {
			if strings.Contains(frame, `"to":1001`) {
				said = append(said, frame)
			}
		}
		return said
	}
	s.Frame(wire.Text, readOf("x", 1))
	early := ended(200)
	s.Frame(wire.Text, readOf("x", 2))
	for _, c := range []struct {
		ticks int
		id    string
	}{{server.RequestTicks - 201, ""}, {1, `"id":1,`}, {199, ""}, {1, `"id":2,`}, {300, ""}} {
		said := ended(c.ticks)
		if c.id == "" && len(said) != 0 || c.id != "" && (len(said) != 1 || !strings.Contains(said[0], c.id)) {
			t.Errorf("within %d ticks %q, want %q", c.ticks, said, c.id)
		}
	}
	if len(early) != 0 {
		t.Errorf("at once %q", early)
	}
}
