package server_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/server"
	"raftplayground/raft/wal/waltest"
	"raftplayground/raft/wire"
)

const elected = "2>1:RequestVotes:Reply:1:true"

func putOf(key, value string, id int) []byte {
	const call = `{"jsonrpc":"2.0","id":%d,"from":1001,"to":1,"method":"Put","params":{"key":%q,"value":%q}}`
	return fmt.Appendf(nil, call, id, key, value)
}

// toClients returns what a server says to clients, and drops the rest.
func toClients(s *server.Server) (said []string) {
	for _, frame := range frames(s) {
		if strings.Contains(frame, `"to":1001`) {
			said = append(said, frame)
		}
	}
	return said
}

// leadsAgain returns a server that proposed requests 2 to 5 in term 1, at these indices, was deposed by a
// leader of which it got one entry, and leads term 3 with a log that ends at index 3. If it forgot its
// clients meanwhile, only request 6, which came after that, waits.
func leadsAgain(t *testing.T, forgets bool) *server.Server {
	s := started(t, server.Options{Off: raft.Extensions}, true, elected)
	for id := 2; id <= 5; id++ {
		s.Frame(wire.Text, putOf("old", "", id))
	}
	if forgets {
		s.ForgetClients()
		s.Frame(wire.Text, putOf("old", "", 6))
	}
	frames(s)
	s.Frame(wire.Text, []byte("2>1:AppendEntries:Request:2:2:1:1:1:entries=2"))
	s.Tick(100)
	s.Campaign()
	frames(s)
	s.Frame(wire.Text, []byte("2>1:RequestVotes:Reply:3:true"))
	return s
}

// A leader that was deposed and leads again proposes at indices below those of requests that still wait. Each
// is told what became of it when its own index is applied.
func TestRequestsAreResolvedByTheirIndexAfterALeaderLeadsAgain(t *testing.T) {
	for _, c := range []struct {
		forgets        bool
		entries        string
		last           int // index of the new request's last entry
		refused, waits []int
	}{
		{false, `"set new="`, 4, []int{2, 3, 4}, []int{5}},
		{false, `"set new=","set new=","set new="`, 6, []int{2, 3, 4, 5}, nil},
		{true, `"set new="`, 4, nil, []int{2, 3, 4, 5, 6}},
		{true, `"set new=","set new=","set new="`, 6, []int{6}, []int{2, 3, 4, 5}},
	} {
		s := leadsAgain(t, c.forgets)
		s.Frame(wire.Text, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":40,"from":1001,"to":1,"method":"AppendRequest",`+
			`"params":{"prevLogIndex":3,"prevLogTerm":3,"entries":[%s]}}`, c.entries))
		s.Tick(50)
		said := strings.Join(acknowledged(s), "\n")
		want := fmt.Sprintf(`"id":40,"from":1,"to":1001,"result":{"rpc":"AppendRequest","index":%d,`, c.last)
		if !strings.Contains(said, want) {
			t.Errorf("%+v: no %s in\n%s", c, want, said)
		}
		for _, id := range c.refused {
			refusal := `"id":%d,"from":1,"to":1001,"error":{"code":%d,"message":"not done, it is safe to try again: ` +
				`the entry of another leader was committed at index %[1]d; server 1 leads again"`
			if strings.Count(said, fmt.Sprintf(refusal, id, wire.CodeNotLeader)) != 1 {
				t.Errorf("%+v: request %d is not refused\n%s", c, id, said)
			}
		}
		for _, id := range c.waits {
			if strings.Contains(said, fmt.Sprintf(`"id":%d,`, id)) {
				t.Errorf("%+v: what is not decided is told of %d\n%s", c, id, said)
			}
		}
	}
}

// A request ends by its own deadline, though one of a lower index may have come later.
func TestRequestsEndByTheirOwnDeadlines(t *testing.T) {
	s := leadsAgain(t, true)
	s.Frame(wire.Text, putOf("new", "", 40))
	toClients(s)
	for _, c := range []struct {
		ticks int
		id    string
	}{{server.RequestTicks - 101, ""}, {1, `"id":6,`}, {99, ""}, {1, `"id":40,`}, {300, ""}} {
		s.Tick(c.ticks)
		said := toClients(s)
		if c.id == "" && len(said) != 0 || c.id != "" && (len(said) != 1 || !strings.Contains(said[0], c.id)) {
			t.Errorf("within %d ticks %q, want %q", c.ticks, said, c.id)
		}
	}
}

// What is applied makes room for as many bytes, and for no more.
func TestAppliedCommandsMakeRoom(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions, CompactAfter: -1}, true, elected)
	write := putOf("x", strings.Repeat("v", kv.MaxValue), 1)
	takes := func() bool {
		s.Frame(wire.Text, write)
		return !strings.Contains(strings.Join(frames(s), ""), `"error"`)
	}
	n := 0
	for takes() {
		n++
	}
	if want := server.MaxUncommitted / (kv.MaxValue + len("set x=")); n != want {
		t.Errorf("it takes %d commands, want %d", n, want)
	}
	for match := 2; match < 4; match++ { // the blank entry and one command, then one more
		s.Frame(wire.Text, fmt.Appendf(nil, "2>1:AppendEntries:Reply:1:true:match=%d", match))
		if said := toClients(s); len(said) != 1 || !takes() || takes() {
			t.Errorf("with entry %d applied: told %.200q; it takes none, or more than one further command", match, said)
		}
	}
}

// Exactly as many bytes as there is room for are taken, also behind what is applied, and the refusal counts them.
func TestTheRoomForCommandsIsUsedToTheLastByte(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions, CompactAfter: -1}, true, elected)
	s.Frame(wire.Text, putOf("x", "1", 1))
	acknowledged(s)
	s.Tick(50)
	if said := acknowledged(s); len(said) != 1 {
		t.Fatalf("told %q", said)
	}
	for left := server.MaxUncommitted; left > 0; {
		command := min(left, kv.MaxValue)
		s.Frame(wire.Text, putOf("x", strings.Repeat("v", command-len("set x=")), 2))
		left -= command
		if said := toClients(s); len(said) != 0 {
			t.Fatalf("with %d bytes left: told %.200q", left, said)
		}
	}
	s.Frame(wire.Text, putOf("x", "", 3))
	want := fmt.Sprintf("%d bytes are not committed yet", server.MaxUncommitted)
	if said := toClients(s); len(said) != 1 || !strings.Contains(said[0], want) {
		t.Errorf("told %q, want %s", said, want)
	}
}

// A refusal says in words who leads, as far as that is known.
func TestARefusalSaysWhoLeads(t *testing.T) {
	reads := server.Options{Off: raft.Extensions, Reads: server.ReadIndex}
	const follows = "2>1:AppendEntries:Request:9:2:0:0:0"
	read := string(readOf("x", 1))
	for want, heard := range map[string][]string{
		"server 1 is not the leader and knows of none":   {read},
		"server 1 is not the leader, server 2 is":        {follows, read},
		"not read, it is safe to try again: server 1 is": {elected, read, follows},
	} {
		s := started(t, reads, heard[0] == elected)
		for _, frame := range heard {
			s.Frame(wire.Text, []byte(frame))
		}
		if said := toClients(s); len(said) != 1 || !strings.Contains(said[0], want) {
			t.Errorf("got %q, want %q", said, want)
		}
	}
}

// While a leader hands over it takes no commands, and says so once.
func TestALeaderThatHandsOverRefuses(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions}, true, elected)
	if err := s.Transfer(3); err != nil {
		t.Fatal(err)
	}
	s.Frame(wire.Text, putOf("x", "1", 7))
	if said := toClients(s); len(said) != 1 || !strings.Contains(said[0], fmt.Sprint(wire.CodeOverloaded)) {
		t.Errorf("told %q", said)
	}
	s.Tick(2 * server.RequestTicks)
	if said := toClients(s); len(said) != 0 {
		t.Errorf("told again: %q", said)
	}
}

// A command may be as long as an entry, and is refused if it is longer.
func TestACommandIsAsLongAsAnEntryAtMost(t *testing.T) {
	value := strings.Repeat("v", kv.MaxValue)
	for longer, refused := range []bool{false, true} {
		s := started(t, server.Options{Off: raft.Extensions}, true, elected)
		key := strings.Repeat(" ", kv.MaxKey) // each is three bytes of the command
		rest := wire.MaxData - len("cas ") - 3*kv.MaxKey - len("=") - len("=") - kv.MaxValue + longer
		s.Frame(wire.Text, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"CompareAndSwap",`+
			`"params":{"key":%q,"value":%q,"expected":%q}}`, key, value, strings.Repeat("e", rest)))
		if said := toClients(s); (len(said) > 0) != refused {
			t.Errorf("%d more: told %q", longer, said)
		}
	}
}

// Of several fields that are wrong the refusal names the one that is too long, and none that is as long as it
// may be.
func TestARefusalNamesTheFieldThatIsTooLong(t *testing.T) {
	long := func(n int) string { return strings.Repeat("v", n) }
	for want, q := range map[string]string{
		"key":      fmt.Sprintf(`"Put","params":{"key":"","value":%q}`, long(kv.MaxValue)),
		"value":    fmt.Sprintf(`"Put","params":{"key":"","value":%q}`, long(kv.MaxValue+1)),
		"expected": fmt.Sprintf(`"CompareAndSwap","params":{"key":"","value":"","expected":%q}`, long(kv.MaxKey+1)),
		"key ":     fmt.Sprintf(`"CompareAndSwap","params":{"key":"","value":"","expected":%q}`, long(kv.MaxKey)),
		"value ": fmt.Sprintf(`"CompareAndSwap","params":{"key":%q,"value":%q,"expected":%q}`,
			strings.Repeat(" ", kv.MaxKey), long(kv.MaxValue), strings.Repeat(" ", kv.MaxKey)), // escaped
	} {
		s := started(t, server.Options{Off: raft.Extensions}, true, elected)
		s.Frame(wire.Text, []byte(`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":`+q+`}`))
		field := fmt.Sprintf(`"field":%q`, strings.TrimSpace(want))
		if said := toClients(s); len(said) != 1 || !strings.Contains(said[0], field) {
			t.Errorf("%s: told %q", want, said)
		}
	}
}

// Entries that are sent move a follower's nextIndex, which a report shows; heartbeats without entries show
// nothing.
func TestTheReportVersionMovesWhenEntriesAreSent(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions}, true, elected)
	before := s.ReportVersion()
	s.Tick(50) // the followers, which have not answered yet, are sent the blank entry again
	if frames(s); s.ReportVersion() == before {
		t.Error("entries were sent, and the version stays")
	}
	s.Tick(50)
	acknowledged(s)
	s.Frame(wire.Text, []byte("3>1:AppendEntries:Reply:1:true:match=1"))
	frames(s)
	s.Tick(49)
	frames(s)
	settled := s.ReportVersion()
	s.Tick(50)
	if sent := frames(s); len(sent) != 2 || s.ReportVersion() != settled {
		t.Errorf("%q were sent, and the version goes from %d to %d", sent, settled, s.ReportVersion())
	}
}

// A leader whose own disk is slow may commit an entry, and apply it later: that shows in a report.
func TestTheReportVersionMovesWhenAnEntryIsApplied(t *testing.T) {
	s, disk := slowReader(t)
	before := s.ReportVersion()
	disk.Complete(1)
	if frames(s); statusOf(s).LastApplied != 2 || s.ReportVersion() == before {
		t.Errorf("applied through %d, want 2; the version goes from %d to %d", statusOf(s).LastApplied, before,
			s.ReportVersion())
	}
}

// Clients that have another address now are told nothing more, neither of writes nor of reads.
func TestForgottenClientsAreToldNothing(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions, Reads: server.ReadIndex}, true, elected)
	s.Frame(wire.Text, putOf("x", "1", 1))
	s.Frame(wire.Text, readOf("x", 2))
	s.ForgetClients()
	s.Frame(wire.Text, readOf("x", 3))
	s.Tick(50)
	if said := acknowledged(s); len(said) != 1 || !strings.Contains(said[0], `"id":3,`) {
		t.Errorf("told %q, want only what was asked since", said)
	}
	s.Tick(2 * server.RequestTicks)
	if said := acknowledged(s); len(said) != 0 {
		t.Errorf("told %q", said)
	}
}

// A server that stops tells each client once, and nothing of it later.
func TestAServerThatStopsTellsItsClientsOnce(t *testing.T) {
	disk := &waltest.Disk{Eager: true}
	s := start(t, 1, 3, disk)
	s.Campaign()
	frames(s)
	s.Frame(wire.Text, []byte(elected))
	disk.Eager = false
	s.Frame(wire.Text, putOf("x", "1", 1))
	frames(s)
	running := s.ReportVersion()
	disk.Fail = errors.New("no power")
	if disk.Complete(9); s.ReportVersion() == running {
		t.Error("no report would say that it has stopped")
	}
	if said := toClients(s); len(said) != 1 || !strings.Contains(said[0], "may or may not have happened") {
		t.Errorf("told %q", said)
	}
	s.ForgetClients()
	if version := s.ReportVersion(); len(toClients(s)) != 0 || s.ReportVersion() != version {
		t.Error("it goes on")
	}
}

// An IndexRange gives as many entries as fit into its bytes, and the first in any case. It waits for no disk.
func TestAnIndexRangeIsBoundedByBytes(t *testing.T) {
	s := started(t, server.Options{Off: raft.Extensions}, true, elected)
	s.Tick(50)
	acknowledged(s)
	half := server.RangeBytes / 2
	for n, size := range []int{half, half, half + 1, half, kv.MaxValue + len("set k=")} { // at indices 2 and up
		s.Frame(wire.Text, putOf("k", strings.Repeat("v", size-len("set k=")), n))
		acknowledged(s)
	}
	const call = `{"jsonrpc":"2.0","id":9,"from":1001,"to":1,"method":"IndexRange","params":{"startIndex":%d,` +
		`"endIndex":9}}`
	for from, want := range map[int]int{2: 2, 3: 1, 4: 1, 6: 1} {
		s.Frame(wire.Text, fmt.Appendf(nil, call, from))
		said := toClients(s)
		if len(said) != 1 || strings.Count(said[0], "set k=") != want {
			t.Errorf("from %d on: %d entries, want %d", from, strings.Count(said[0], "set k="), want)
		}
	}
	slow := start(t, 1, 3, &waltest.Disk{})
	slow.Frame(wire.Text, fmt.Appendf(nil, call, 1))
	if said := toClients(slow); len(said) != 1 {
		t.Errorf("before its disk has completed anything: %q", said)
	}
}
