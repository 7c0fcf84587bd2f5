package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
)

// start starts a server of a cluster of this size.
func start(t testing.TB, id raft.ServerID, size int) *server.Server {
	t.Helper()
	options := server.Options{ID: id, Seed: 1, Encoding: wire.Colon, Off: raft.Extensions}
	for voter := 1; voter <= size; voter++ {
		options.Voters = append(options.Voters, raft.ServerID(voter))
	}
	s, err := server.New(options, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hear gives a server frames, and carries out what follows from them.
func hear(s *server.Server, frames ...string) {
	for _, frame := range frames {
		s.Frame(wire.Text, []byte(frame))
	}
	var o server.Output
	for s.Output(&o) {
	}
}

func reported(t testing.TB, s *server.Server, at contract.Micros) string {
	t.Helper()
	text, err := contract.Codec.Marshal(Of(s, at, 0))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheReportSaysWhatThePageReads(t *testing.T) {
	s := start(t, 2, 3)
	s.Tick(3)
	hear(s, "junk", "3>2:RequestVotes:Request:9007199254740993:3:0:0",
		`3>2:AppendEntries:Request:9007199254740993:3:0:0:2:entries=9007199254740991;9007199254740992,set a%2522="1"`)
	s.Tick(7)
	var st raft.Status
	s.Node().Status(&st)
	want := fmt.Sprintf(`{"server":2,"at":12500,"role":"follower","term":"9007199254740993","votedFor":3,"leader":3,`+
		`"commitIndex":2,"lastIndex":2,"lastTerm":"9007199254740992","appliedIndex":2,"stateHash":"%016x",`+
		`"state":{"keys":1,"pairs":[{"key":"a\"","value":"\"1\""}]},`+
		`"encoding":"colon","timer":{"elapsed":7000,"timeout":%d000,"longest":300000},"votes":[],"votesNeeded":2,`+
		`"quorums":[{"voters":[1,2,3],"needed":2,"agreed":0}],"peers":[],"log":{"first":1,"cells":[`+
		`{"term":9007199254740991,"kind":"noop","text":""},`+
		`{"term":"9007199254740992","kind":"command","text":"a\" = \"1\""}]},"badFrames":1}`, s.Store().Hash(),
		st.Timeout)
	if got := reported(t, s, 12_500); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if timer := Of(s, 12_500, 30).Timer; timer.Elapsed != 37_000 {
		t.Errorf("30 ticks later the timer has counted %v µs", timer.Elapsed)
	}
}

func TestTheReportOfACandidateAndOfALeader(t *testing.T) {
	s := start(t, 1, 3)
	s.Campaign()
	hear(s)
	want := `"votes":[{"server":1,"state":"granted"},{"server":2,"state":"requested"},{"server":3,` +
		`"state":"requested"}],` +
		`"votesNeeded":2,"quorums":[{"voters":[1,2,3],"needed":2,"agreed":1}],"peers":[]`
	if got := reported(t, s, 0); !strings.Contains(got, want) {
		t.Errorf("candidate: %s", got)
	}
	hear(s, "3>1:RequestVotes:Reply:1:true")
	want = `"timer":null,"votes":[],"votesNeeded":2,"quorums":[{"voters":[1,2,3],"needed":2,"agreed":1}],` +
		`"peers":[{"server":2,"match":0,"next":1},{"server":3,"match":0,"next":1}]`
	if got := reported(t, s, 0); !strings.Contains(got, want) {
		t.Errorf("leader: %s", got)
	}
}

func TestTheReportShowsTheEndOfALongLog(t *testing.T) {
	s := start(t, 2, 3)
	entries := strings.Repeat(";1,set x=1", 200)
	hear(s, "3>2:AppendEntries:Request:1:3:0:0:0:entries="+entries[1:])
	log := Of(s, 0, 0).Log
	if log.First != 137 || len(log.Cells) != reportEntries || log.Cells[63].Text != "x = 1" {
		t.Errorf("first %d, %d cells", log.First, len(log.Cells))
	}
}

func TestConfigurationsAreShownInTheReport(t *testing.T) {
	s := start(t, 1, 3)
	for i, configuration := range []string{"1,2,3+4", "1,2,3>1,4,5"} {
		entries := []raft.Entry{{Term: 1, Kind: raft.Config, Data: []byte(configuration)}}
		m := &raft.AppendEntries{
			Call: 1, Term: 1, LeaderID: 2, PrevLogIndex: raft.Index(i), PrevLogTerm: raft.Term(i), Entries: entries,
		}
		hear(s, string(wire.Append(nil, &wire.Frame{From: 2, To: 1, RPC: m}, wire.JSON)))
		cell := `"kind":"configuration","text":"` + configuration + `"}`
		if got := reported(t, s, 0); !strings.Contains(got, cell) {
			t.Errorf("%s is not in %s", cell, got)
		}
	}
	want := `"quorums":[{"voters":[1,4,5],"needed":2,"agreed":0},{"voters":[1,2,3],"needed":2,"agreed":0}],`
	if got := reported(t, s, 0); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s in it", got, want)
	}
}

func TestTheReportShowsTheBeginningOfTheState(t *testing.T) {
	s := start(t, 2, 3)
	const many = 1000
	commands, long := "", strings.Repeat("é", 200)
	for i := range many {
		commands += fmt.Sprintf(";1,set k%03d=%d", i, i)
	}
	hear(s, "3>2:AppendEntries:Request:1:3:0:0:1000:entries="+commands[1:])
	state := Of(s, 0, 0).State
	shown := state.Pairs
	if state.Keys != many || len(shown) != reportPairs || shown[0].Key != "k000" || shown[31].Value != "31" {
		t.Errorf("of %d keys it shows %d: %+v", state.Keys, len(shown), shown)
	}
	hear(s, "3>2:AppendEntries:Request:2:3:1000:1:1003:entries=1,set b="+long+";1,set c="+long+"!;1,set a=\x01")
	pairs := Of(s, 0, 0).State.Pairs
	want := []contract.Pair{
		{Key: "a", Value: "·"}, {Key: "b", Value: long},
		{Key: "c", Value: strings.Repeat("é", 199) + "…", Bytes: 401},
	}
	if len(pairs) != reportPairs || !slices.Equal(pairs[:3], want) || pairs[3].Key != "k000" {
		t.Errorf("got %+v", pairs)
	}
}

func BenchmarkReportOfManyKeys(b *testing.B) {
	s := start(b, 2, 3)
	for term := range 16 {
		commands := ""
		for i := range 64 {
			commands += fmt.Sprintf(";1,set key%03d=%d", term*64+i, i)
		}
		prev, prevTerm := term*64, min(term, 1)
		hear(s, fmt.Sprintf("3>2:AppendEntries:Request:1:3:%d:%d:%d:entries=%s", prev, prevTerm, prev+64, commands[1:]))
	}
	if s.Store().Len() != 1024 {
		b.Fatal(s.Store().Len())
	}
	b.ReportAllocs()
	for b.Loop() {
		reported(b, s, 12_500)
	}
}

func BenchmarkReport(b *testing.B) {
	s := start(b, 2, 3)
	hear(s, "3>2:AppendEntries:Request:1:3:0:0:0:entries="+strings.Repeat(";1,set x=1", 64)[1:])
	b.ReportAllocs()
	for b.Loop() {
		reported(b, s, 12_500)
	}
}
