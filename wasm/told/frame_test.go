package told

import (
	"strconv"
	"testing"

	"raftplayground/raft"
)

func TestEveryCallIsListedFieldByField(t *testing.T) {
	entries := []raft.Entry{{Term: 1, Kind: raft.NoOp}, {Term: 2, Data: []byte("set x=1")},
		{Term: 2, Kind: raft.Config, Data: []byte("1,2,3")}}
	for i := range 10 {
		entries = append(entries, raft.Entry{Term: 3, Data: []byte("set y=" + strconv.Itoa(i))})
	}
	for _, test := range []struct {
		rpc  raft.RPC
		want int
	}{
		{&raft.RequestVote{Term: 1, CandidateID: 2}, 4}, {&raft.RequestVote{PreVote: true, Transfer: true}, 6},
		{&raft.RequestVote{Why: true}, 5}, {&raft.RequestVoteReply{Reason: uint64(raft.LogBehind)}, 3},
		{&raft.RequestVoteReply{}, 2}, {&raft.AppendEntries{Entries: entries}, 6},
		{&raft.AppendEntriesReply{Success: true, MatchIndex: 7}, 3},
		{&raft.AppendEntriesReply{ConflictTerm: 1, ConflictIndex: 2}, 4}, {&raft.AppendEntriesReply{}, 2},
		{&raft.InstallSnapshot{Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2}}}, 8},
		{&raft.InstallSnapshotReply{NextOffset: 4, MatchIndex: 2}, 3}, {&raft.TimeoutNow{}, 2}, {&raft.TimeoutNowReply{}, 1},
	} {
		list := fieldsOf(test.rpc)
		if len(list) != test.want {
			t.Errorf("%T has %d fields, expected %d", test.rpc, len(list), test.want)
		}
		for _, f := range list {
			if f.Name == "" || f.Value == "" || f.Meaning == "" {
				t.Errorf("%T: %+v", test.rpc, f)
			}
		}
	}
	if text := entriesText(
		entries); text != "no-op (term 1), x = 1 (term 2), servers 1,2,3 (term 2), y = 0 (term 3), y = 1 (term "+
		"3), y = 2 (term 3), y = 3 (term 3), y = 4 (term 3), and 5 more" {
		t.Errorf("entries: %s", text)
	}
	if text := entriesText(nil); text != "none" {
		t.Errorf("no entries: %s", text)
	}
}
