package wire

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"raftplayground/raft"
)

var anyNumber = rapid.OneOf(rapid.Uint64Range(0, 9), rapid.Uint64())

var anyBytes = rapid.OneOf(
	rapid.SliceOfN(rapid.Byte(), 0, 40),
	rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
	rapid.Map(rapid.StringOfN(rapid.RuneFrom([]rune("%:,;=\\\"\u0000\n\u2028€{}")), 0, 20, -1),
		func(s string) []byte { return []byte(s) }),
)

var anyEntry = rapid.Custom(func(t *rapid.T) raft.Entry {
	entry := raft.Entry{Term: raft.Term(anyNumber.Draw(t, "term"))}
	entry.Kind = rapid.SampledFrom([]raft.EntryKind{raft.Command, raft.NoOp, raft.Config}).Draw(t, "kind")
	switch entry.Kind {
	case raft.Command:
		entry.Data = append([]byte{}, anyBytes.Draw(t, "command")...)
	case raft.Config:
		entry.Data = anyConfiguration.Draw(t, "configuration").AppendText(nil)
	}
	return entry
})

// anyConfiguration has up to nine servers, small and large, of which each votes before, after or both, or learns.
var anyConfiguration = rapid.Custom(func(t *rapid.T) (c raft.Configuration) {
	servers := rapid.SliceOfNDistinct(rapid.OneOf(rapid.Uint64Range(1, 12), rapid.Uint64Min(1)), 1, 9,
		rapid.ID[uint64]).Draw(t, "servers")
	slices.Sort(servers)
	always := rapid.IntRange(0, len(servers)-1).Draw(t, "always a voter")
	for i, s := range servers {
		part := rapid.IntRange(0, 3).Draw(t, "part")
		if i == always || part < 2 {
			c.Voters = append(c.Voters, raft.ServerID(s))
		}
		if i != always && part == 3 {
			c.Learners = append(c.Learners, raft.ServerID(s))
		} else if part > 0 {
			c.Outgoing = append(c.Outgoing, raft.ServerID(s))
		}
	}
	return c
})

// number draws a number of any of Raft's types.
func drawn[N ~uint64](t *rapid.T, name string) N { return N(anyNumber.Draw(t, name)) }

var anyRPC = rapid.OneOf(
	rapid.Custom(func(t *rapid.T) raft.RPC {
		return &raft.RequestVote{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term"),
			CandidateID:  drawn[raft.ServerID](t, "candidate"),
			LastLogIndex: drawn[raft.Index](t, "index"), LastLogTerm: drawn[raft.Term](t, "lastTerm"),
			PreVote: rapid.Bool().Draw(t, "preVote"), Transfer: rapid.Bool().Draw(t, "transfer"),
			Why: rapid.Bool().Draw(t, "why")}
	}),
	rapid.Custom(func(t *rapid.T) raft.RPC {
		return &raft.RequestVoteReply{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term"),
			VoteGranted: rapid.Bool().Draw(t, "granted"), PreVote: rapid.Bool().Draw(t, "preVote"),
			Reason: drawn[uint64](t, "reason")}
	}),
	rapid.Custom(func(t *rapid.T) raft.RPC {
		m := &raft.AppendEntries{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term"),
			LeaderID:     drawn[raft.ServerID](t, "leader"),
			PrevLogIndex: drawn[raft.Index](t, "prev"), PrevLogTerm: drawn[raft.Term](t, "prevTerm"),
			LeaderCommit: drawn[raft.Index](t, "commit")}
		if entries := rapid.SliceOfN(anyEntry, 0, 5).Draw(t, "entries"); len(entries) > 0 {
			m.Entries = entries
		}
		return m
	}),
	rapid.Custom(func(t *rapid.T) raft.RPC {
		m := &raft.AppendEntriesReply{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term"),
			Success: rapid.Bool().Draw(t, "success")}
		if m.Success {
			m.MatchIndex = drawn[raft.Index](t, "match")
		} else {
			m.ConflictTerm, m.ConflictIndex = drawn[raft.Term](t, "conflictTerm"), drawn[raft.Index](t, "conflictIndex")
		}
		return m
	}),
	rapid.Custom(func(t *rapid.T) raft.RPC {
		m := &raft.InstallSnapshot{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term"),
			LeaderID:          drawn[raft.ServerID](t, "leader"),
			LastIncludedIndex: drawn[raft.Index](t, "lastIncludedIndex"),
			LastIncludedTerm:  drawn[raft.Term](t, "lastIncludedTerm"),
			Configuration:     anyConfiguration.Draw(t, "configuration"), Offset: drawn[uint64](t, "offset"),
			Done: rapid.Bool().Draw(t, "done")}
		if data := anyBytes.Draw(t, "data"); len(data) > 0 {
			m.Data = data
		}
		return m
	}),
	rapid.Custom(func(t *rapid.T) raft.RPC {
		return &raft.InstallSnapshotReply{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term"),
			NextOffset: drawn[uint64](t, "next"),
			MatchIndex: drawn[raft.Index](t, "match")}
	}),
	rapid.Custom(func(t *rapid.T) raft.RPC {
		return &raft.TimeoutNow{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term"),
			LeaderID: drawn[raft.ServerID](t, "leader")}
	}),
	rapid.Custom(func(t *rapid.T) raft.RPC {
		return &raft.TimeoutNowReply{Call: drawn[uint64](t, "call"), Term: drawn[raft.Term](t, "term")}
	}),
)

var anyRequest = rapid.Custom(func(t *rapid.T) *Request {
	text := func(name string) string { return string(anyBytes.Draw(t, name)) }
	q := &Request{Method: rapid.SampledFrom([]Method{Put, Get, Delete, IndexRange, AppendRequest, CompareAndSwap}).Draw(
		t, "method")}
	switch q.Method {
	case Put:
		q.Key, q.Value = text("key"), text("value")
	case CompareAndSwap:
		q.Key, q.Expected, q.Value = text("key"), text("expected"), text("value")
	case Get:
		q.Key, q.Read = text("key"), Read(rapid.IntRange(0, int(reads)-1).Draw(t, "read"))
	case Delete:
		q.Key = text("key")
	case IndexRange:
		q.Start = raft.Index(rapid.Uint64Min(1).Draw(t, "start"))
		q.End = raft.Index(rapid.Uint64Min(uint64(q.Start)).Draw(t, "end"))
	case AppendRequest:
		q.PrevLogIndex, q.PrevLogTerm = drawn[raft.Index](t, "prev"), drawn[raft.Term](t, "prevTerm")
		for _, command := range rapid.SliceOfN(anyBytes, 0, 4).Draw(t, "commands") {
			q.Commands = append(q.Commands, append([]byte{}, command...))
		}
	}
	return q
})

var anyAnswer = rapid.Custom(func(t *rapid.T) *Answer {
	a := &Answer{Method: rapid.SampledFrom([]Method{Put, Get, Delete, IndexRange, AppendRequest, CompareAndSwap}).Draw(
		t, "method"), Index: drawn[raft.Index](t, "index")}
	if a.Method == IndexRange {
		a.CommitIndex = drawn[raft.Index](t, "commit")
		if entries := rapid.SliceOfN(anyEntry, 0, 4).Draw(t, "entries"); len(entries) > 0 {
			a.Entries = entries
		}
		return a
	}
	a.Term = drawn[raft.Term](t, "term")
	a.Found = (a.Method == Get || a.Method == Delete || a.Method == CompareAndSwap) && rapid.Bool().Draw(t, "found")
	if a.Method == Get && a.Found {
		a.Value = string(anyBytes.Draw(t, "value"))
	}
	return a
})

func isReply(rpc raft.RPC) bool {
	switch rpc.(type) {
	case *raft.RequestVoteReply, *raft.AppendEntriesReply, *raft.InstallSnapshotReply, *raft.TimeoutNowReply:
		return true
	}
	return false
}

func TestEveryRPCComesBackAsItWas(t *testing.T) {
	var d Decoder
	for _, encoding := range Encodings() {
		t.Run(encoding.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				sent := Frame{From: rapid.Uint64Min(1).Draw(t, "from"), To: drawn[uint64](t, "to"), Encoding: encoding,
					RPC: anyRPC.Draw(t, "rpc")}
				sent.Reply = isReply(sent.RPC)
				sent.Encoding = encoding.For(&sent)
				text := Append(nil, &sent, encoding)
				if (encoding == JSON || encoding == Variant) && !json.Valid(text) {
					t.Fatalf("not JSON: %s", text)
				}
				var f Frame
				if err := d.Decode(sent.Encoding.Kind(), text, &f); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if sent.Encoding == Variant {
					sent.RPC = withoutReason(sent.RPC)
				}
				checkSame(t, &f, &sent)
			})
		})
	}
}

// withoutReason is what the dialect of 2015 says of an RPC: it has no word for why a vote is refused.
func withoutReason(rpc raft.RPC) raft.RPC {
	switch m := rpc.(type) {
	case *raft.RequestVote:
		bare := *m
		bare.Why = false
		return &bare
	case *raft.RequestVoteReply:
		bare := *m
		bare.Reason = 0
		return &bare
	}
	return rpc
}

func TestEveryClientFrameComesBackAsItWas(t *testing.T) {
	var d Decoder
	rapid.Check(t, func(t *rapid.T) {
		sent := Frame{From: rapid.Uint64Min(1).Draw(t, "from"), To: rapid.Uint64Min(1).Draw(t, "to"), Encoding: JSON,
			Call: drawn[uint64](t, "call")}
		switch rapid.IntRange(0, 2).Draw(t, "content") {
		case 0:
			sent.Request = anyRequest.Draw(t, "request")
		case 1:
			sent.Answer, sent.Reply = anyAnswer.Draw(t, "answer"), true
		case 2:
			e := &Error{Code: rapid.SampledFrom([]int{CodeBadField, CodeNotLeader, CodeNoQuorum, CodePrevMismatch,
				CodeTimedOut, CodeOverloaded}).Draw(t, "code"),
				Field: rapid.String().Draw(t, "field"), Message: rapid.String().Draw(t, "message")}
			if e.Code == CodeNotLeader {
				e.Leader = drawn[uint64](t, "leader")
			}
			if e.Code == CodePrevMismatch {
				e.Index, e.Term = drawn[raft.Index](t, "index"), drawn[raft.Term](t, "term")
			}
			sent.Refusal, sent.Reply = e, true
		}
		text := Append(nil, &sent, JSON)
		if !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		var f Frame
		if err := d.Decode(Text, text, &f); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		checkSame(t, &f, &sent)
	})
}

// checkStable decodes, encodes, decodes and encodes: both times the same frame, and the same text.
func checkStable(t *testing.T, kind Kind, data []byte) {
	if len(data) > 1<<16 {
		return
	}
	var first, second Decoder
	var f, again Frame
	err := first.Decode(kind, data, &f)
	if err != nil {
		if e, ok := err.(*Error); !ok || e.Code == 0 || e.Field == "" || !strings.HasPrefix(e.Message, e.Field+": ") ||
			len(e.Message) > 300 {
			t.Fatalf("%q: error %#v", data, err)
		}
		AppendError(nil, 2, &f, err.(*Error))
		return
	}
	if (f.Encoding == JSON || f.Encoding == Variant) && !json.Valid(data) {
		t.Fatalf("%q: taken, but not JSON", data)
	}
	text := Append(nil, &f, f.Encoding)
	if err := second.Decode(f.Encoding.Kind(), text, &again); err != nil {
		t.Fatalf("%q: sent again as %q, which is refused: %v", data, text, err)
	}
	checkSame(t, &again, &f)
	if third := Append(nil, &again, f.Encoding); !bytes.Equal(third, text) {
		t.Fatalf("%q: sent again as %q and then as %q", data, text, third)
	}
}

func FuzzColon(f *testing.F)   { fuzz(f, Colon, "1:") }
func FuzzJSON(f *testing.F)    { fuzz(f, JSON, `{"jsonrpc":"2.0",`) }
func FuzzVariant(f *testing.F) { fuzz(f, Variant, `{"variant":"`) }

func fuzz(f *testing.F, encoding Encoding, begin string) {
	for _, c := range canonicals {
		if c.encoding == encoding {
			f.Add([]byte(c.text))
		}
	}
	for _, c := range bads {
		if strings.HasPrefix(c.text, begin) && len(c.text) < 1000 {
			f.Add([]byte(c.text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkStable(t, Text, data) })
}
