package server_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
	"raftplayground/raft/wal/waltest"
	"raftplayground/raft/wire"
)

// diskCopy is a copy of a disk without operations under way.
type diskCopy struct{ wal.Memory }

func (*diskCopy) Resume(func(error)) {}

// The copy is made in the midst of everything: a write and a read wait, and messages have not been asked for yet.
func TestACloneDoesAsTheOriginalWouldAndIsIndependent(t *testing.T) {
	disk := new(wal.Memory)
	original, err := server.New(server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Seed: 1, Off: raft.Extensions,
		Reads: server.ReadIndex, CompactAfter: 2}, disk)
	if err != nil {
		t.Fatal(err)
	}
	original.Campaign()
	frames(original)
	original.Frame(wire.Text, []byte("2>1:RequestVotes:Reply:1:true"))
	frames(original)
	original.Frame(wire.Text, []byte(
		`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Put","params":{"key":"x","value":"1"}}`))
	original.Frame(wire.Text, []byte(`{"jsonrpc":"2.0","id":2,"from":1001,"to":1,"method":"Get","params":{"key":"x"}}`))
	original.Frame(wire.Text, []byte("nonsense from nobody"))
	data, _ := disk.ReadAll()
	copied := new(diskCopy)
	copied.Replace(data, func(error) {})
	clone := original.Clone(copied)

	future := func(s *server.Server) (sent []string) {
		sent = frames(s)
		s.Frame(wire.Text, []byte("3>1:AppendEntries:Reply:1:true:match=2:call=9"))
		for call := range 12 {
			s.Frame(wire.Text, []byte("2>1:AppendEntries:Reply:1:true:match=2:call="+string(rune('0'+call%10))))
			sent = append(sent, frames(s)...)
		}
		s.Tick(200)
		return append(sent, frames(s)...)
	}
	went := future(clone)
	if st := statusOf(original); st.CommitIndex != 0 || original.Store().Len() != 0 {
		t.Errorf("the original has moved with its clone: %+v", st)
	}
	if st := statusOf(clone); st.SnapshotIndex != 2 || clone.Store().Len() != 1 {
		t.Errorf("the clone has not got far: %+v", st)
	}
	if again := future(original); !slices.Equal(again, went) {
		t.Errorf("the original\n%s\nits clone\n%s", strings.Join(again, "\n"), strings.Join(went, "\n"))
	}
	for _, answer := range []string{`"rpc":"Put"`, `"rpc":"Get"`} {
		if !strings.Contains(strings.Join(went, "\n"), answer) {
			t.Errorf("no %s among %q", answer, went)
		}
	}
	if described(original) != described(clone) {
		t.Error("they are in different states")
	}
}

// described is all that a report tells of a server.
func described(s *server.Server) string {
	var status raft.Status
	s.Node().Status(&status)
	last, _ := s.Node().Entry(status.LastIndex)
	return fmt.Sprintf("%+v %+v %+v %x %d", status, s.Node().Quorums(nil), last, s.Store().Hash(), s.BadFrames())
}

// started returns a server of three that has read some frames.
func started(t *testing.T, o server.Options, campaigns bool, heard ...string) *server.Server {
	t.Helper()
	o.ID, o.Voters, o.Seed, o.Encoding = 1, []raft.ServerID{1, 2, 3}, 1, wire.Colon
	s, err := server.New(o, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	if campaigns {
		s.Campaign()
	}
	frames(s)
	for _, frame := range heard {
		s.Frame(wire.Text, []byte(frame))
		frames(s)
	}
	return s
}

// Passing the ticks that Idle counts leads to the same as looking at each of them, and the count ends where
// something happens.
func TestIdleTicksMayBePassed(t *testing.T) {
	const (
		put     = `{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Put","params":{"key":"x","value":"1"}}`
		get     = `{"jsonrpc":"2.0","id":2,"from":1001,"to":1,"method":"Get","params":{"key":"x"}}`
		deposed = "2>1:AppendEntries:Request:9:2:0:0:0"
	)
	figure2 := server.Options{Off: raft.Extensions}
	reads := server.Options{Off: raft.Extensions, Reads: server.ReadIndex}
	for name, c := range map[string]struct {
		start func() *server.Server
		idle  int // steps in which nothing happens, at most
	}{
		"a follower":      {func() *server.Server { return started(t, figure2, false) }, 0},
		"a candidate":     {func() *server.Server { return started(t, figure2, true) }, 0},
		"a pre-candidate": {func() *server.Server { return started(t, server.Options{}, true) }, 0},
		"a leader":        {func() *server.Server { return started(t, figure2, true, elected) }, 0},
		"with a write":    {func() *server.Server { return started(t, figure2, true, elected, put) }, 2},
		"with a read":     {func() *server.Server { return started(t, reads, true, elected, get) }, 300},
		"deposed":         {func() *server.Server { return started(t, figure2, true, elected, put, deposed) }, 2},
		"with writes": {func() *server.Server {
			s := started(t, figure2, true, elected, put)
			s.Tick(120)
			s.Frame(wire.Text, []byte(put))
			frames(s)
			return s
		}, 4},
	} {
		passing, looking := c.start(), c.start()
		idle := 0
		for tick := 0; tick < 5200; {
			n := passing.Idle()
			passing.Pass(n)
			if looking.Tick(n); len(frames(looking)) > 0 {
				t.Fatalf("%s: something happens within %d ticks after tick %d", name, n, tick)
			}
			passing.Tick(1)
			looking.Tick(1)
			tick += n + 1
			went, saw := frames(passing), frames(looking)
			if !slices.Equal(went, saw) {
				t.Fatalf("%s: at tick %d %q when passed, %q when looked at", name, tick, went, saw)
			}
			if len(went) == 0 {
				idle++
			}
		}
		if idle > c.idle {
			t.Errorf("%s: nothing happens in %d steps, want %d at most", name, idle, c.idle)
		}
		if a, b := described(passing), described(looking); a != b {
			t.Errorf("%s: %s and %s", name, a, b)
		}
	}
}

// A request that waits keeps a leader from being idle no longer than until its deadline.
func TestARequestLeavesALeaderIdleUntilItsHeartbeat(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions}, true, elected)
	before := s.Idle()
	s.Frame(wire.Text, putOf("x", "1", 1))
	if frames(s); before < 40 || s.Idle() != before {
		t.Errorf("idle for %d ticks before the request, for %d with it", before, s.Idle())
	}
}

// A server whose disk has failed does nothing any more, however long one waits.
func TestAStoppedServerIsIdle(t *testing.T) {
	disk := &waltest.Disk{}
	s := start(t, 1, 3, disk)
	s.Campaign()
	frames(s)
	disk.Fail = errors.New("no power")
	disk.Complete(9)
	frames(s)
	before := described(s)
	if s.Failed() == nil || s.Idle() < 1e9 {
		t.Errorf("it goes on: %v, idle for %d", s.Failed(), s.Idle())
	}
	if s.Pass(40); described(s) != before {
		t.Error("its clock goes on")
	}
}
