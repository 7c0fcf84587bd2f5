package server_test

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
	"raftplayground/raft/wire"
)

// A server of a room may understand one encoding only: it is called in the one in which it last spoke, be
// that a call, a reply or an error, and other servers as before.
func TestAServerIsCalledAsItLastSpoke(t *testing.T) {
	s, err := server.New(server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Encoding: wire.Colon, Adapts: true,
		Off: raft.Extensions}, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	calls := func(when, to2, to3 string) {
		t.Helper()
		s.Campaign()
		sent := frames(s)
		if len(sent) != 2 || !strings.HasPrefix(sent[0], to2) || !strings.HasPrefix(sent[1], to3) {
			t.Errorf("%s: sent %q", when, sent)
		}
	}
	const colon2, colon3, json2, variant3 = "1>2:RequestVotes:Request:", "1>3:RequestVotes:Request:",
		`{"jsonrpc":"2.0","id":"1>2:`, `{"variant":"RequestVote"`
	calls("before anybody spoke", colon2, colon3)
	s.Frame(wire.Text,
		[]byte(`{"jsonrpc":"2.0","id":"x","from":2,"to":1,"method":"AppendEntries","params":{"term":0,`+
			`"leaderId":2,"prevLogIndex":0,"prevLogTerm":0,"leaderCommit":0,"entries":[]}}`))
	if sent := frames(s); len(sent) != 1 || !strings.HasPrefix(sent[0], `{"jsonrpc"`) {
		t.Errorf("answered by %q", sent)
	}
	calls("2 spoke JSON", json2, colon3)
	s.Frame(wire.Text,
		[]byte(`{"variant":"RequestVote","fields":[{"term":0,"candidate_id":3,"last_log_index":0,`+
			`"last_log_term":0,"uuid":"6ba7b810-9dad-41d1-80b4-00c04fd430c8"}],"from":3,"to":1}`))
	frames(s)
	calls("3 spoke the dialect of 2015", json2, variant3)
	s.Frame(wire.Text, []byte("2>1:RequestVotes:Reply:1:false:call=1"))
	frames(s)
	calls("2 answered in colon", colon2, variant3)
	s.Frame(wire.Text,
		[]byte(`{"jsonrpc":"2.0","id":"1>2:7","from":2,"to":1,"error":{"code":-32700,"message":"what is that?"}}`))
	frames(s)
	calls("2 said in JSON that it does not understand", json2, variant3)
	s.Frame(wire.Text, []byte(`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Get","params":{"key":"x"}}`))
	frames(s)
	calls("a client asked something", json2, variant3)
	s.Frame(wire.Text, []byte("2>3:RequestVotes:Reply:1:false:call=2"))
	frames(s)
	calls("2 said something in colon to another", json2, variant3)
}

// A guest's program may know text only. A server that prefers Protobuf sends it only to servers that, as the
// room says, take binary messages.
func TestOnlyWhoTakesBinaryMessagesIsSentAny(t *testing.T) {
	options := server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Encoding: wire.Protobuf, Adapts: true,
		Off: raft.Extensions}
	s, err := server.New(options, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	var out server.Output
	calls := func(when string, want ...wire.Encoding) {
		t.Helper()
		s.Campaign()
		s.Output(&out)
		for i, f := range out.Frames {
			if encoding, _ := wire.Recognise(f.Kind, f.Data); len(out.Frames) != 2 || f.To != uint64(i+2) ||
				encoding != want[i] {
				t.Errorf("%s: frame %d of %d is %v for S%d", when, i, len(out.Frames), encoding, f.To)
			}
		}
	}
	hears := func(from uint64, e wire.Encoding) {
		vote := wire.Frame{From: from, To: 1, RPC: &raft.RequestVote{Call: 9, CandidateID: raft.ServerID(from)}}
		s.Frame(e.Kind(), wire.Append(nil, &vote, e))
		if s.Output(&out); len(out.Frames) != 1 || out.Frames[0].Kind != e.Kind() {
			t.Errorf("a call in %v is answered by %+v", e, out.Frames)
		}
	}
	calls("nothing is known of them", wire.Colon, wire.Colon)
	s.TakesBinary(2, true)
	calls("2 takes binary messages", wire.Protobuf, wire.Colon)
	hears(2, wire.JSON)
	hears(3, wire.JSON)
	calls("both spoke JSON", wire.Protobuf, wire.JSON)
	hears(3, wire.Protobuf)
	calls("3 spoke Protobuf", wire.Protobuf, wire.Protobuf)
	s.TakesBinary(2, false)
	s.TakesBinary(3, false)
	calls("others sit there now", wire.JSON, wire.Colon)
}

// A server that prefers text calls in Protobuf a server that has spoken it and takes binary messages.
func TestWhoSpeaksProtobufIsCalledSo(t *testing.T) {
	options := server.Options{ID: 1, Voters: []raft.ServerID{1, 2}, Encoding: wire.JSON, Adapts: true,
		Off: raft.Extensions}
	s, err := server.New(options, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	var out server.Output
	calls := func(when string, want wire.Kind) {
		t.Helper()
		s.Campaign()
		if s.Output(&out); len(out.Frames) != 1 || out.Frames[0].Kind != want {
			t.Errorf("%s: sent %+v", when, out.Frames)
		}
	}
	s.TakesBinary(2, true)
	calls("2 could hear it, and has said nothing", wire.Text)
	vote := wire.Frame{From: 2, To: 1, RPC: &raft.RequestVote{CandidateID: 2}}
	s.Frame(wire.Binary, wire.Append(nil, &vote, wire.Protobuf))
	s.Output(&out)
	calls("2 spoke Protobuf", wire.Binary)
	s.TakesBinary(2, false)
	calls("another sits there now", wire.Text)
}

// A server remembers how nine servers speak. A client takes none of their places.
func TestAClientTakesNoPlaceOfAServer(t *testing.T) {
	options := server.Options{ID: 1, Voters: []raft.ServerID{1, 10, 11}, Encoding: wire.Colon, Adapts: true}
	options.Off = raft.Extensions
	s, err := server.New(options, new(wal.Memory))
	if err != nil {
		t.Fatal(err)
	}
	s.Frame(wire.Text, []byte(`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Get","params":{"key":"x"}}`))
	for id := uint64(2); id <= 11; id++ {
		vote := wire.Frame{From: id, To: 1, Call: 1, RPC: &raft.RequestVote{Call: 1, CandidateID: raft.ServerID(id)}}
		s.Frame(wire.Text, wire.Append(nil, &vote, wire.JSON))
	}
	frames(s)
	s.Campaign()
	const ninth = `{"jsonrpc":"2.0","id":"1>10:`
	sent := frames(s)
	if len(sent) != 2 || !strings.HasPrefix(sent[0], ninth) || !strings.HasPrefix(sent[1], "1>11:") {
		t.Errorf("the ninth server and the tenth are called by %q", sent)
	}
}

// A server among strangers asks why it is refused a vote, in encodings that can say so. Other servers do not
// ask, so what they send stays as it was. Every server that asks is told.
func TestAServerAmongStrangersAsksWhyItIsRefused(t *testing.T) {
	for _, adapts := range []bool{true, false} {
		options := server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Encoding: wire.JSON, Adapts: adapts,
			Off: raft.Extensions}
		s, err := server.New(options, new(wal.Memory))
		if err != nil {
			t.Fatal(err)
		}
		s.Frame(wire.Text, []byte("2>1:AppendEntries:Request:1:2:0:0:0:call=1"))
		frames(s)
		s.Campaign()
		sent := frames(s)
		if len(sent) != 2 {
			t.Fatalf("sent %q", sent)
		}
		for _, call := range sent {
			if strings.Contains(call, "why") != adapts {
				t.Errorf("adapts is %v, and it sends %s", adapts, call)
			}
		}
		s.Frame(wire.Text, []byte("3>1:RequestVotes:Request:2:3:0:0:call=7:why=true"))
		s.Frame(wire.Text, []byte("3>1:RequestVotes:Request:2:3:0:0:call=8"))
		want := []string{"1>3:RequestVotes:Reply:2:false:call=7:reason=10", "1>3:RequestVotes:Reply:2:false:call=8"}
		if answers := frames(s); !slices.Equal(answers, want) {
			t.Errorf("answered %q", answers)
		}
	}
}
