package server_test

import (
	"slices"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wal"
)

// diskCopy is a copy of a disk without operations under way.
type diskCopy struct{ wal.Memory }

func (*diskCopy) Resume(func(error)) {}

// The copy is made in the midst of everything: a write and a read wait, and messages have not been asked for yet.
func TestACloneDoesAsTheOriginalWouldAndIsIndependent(t *testing.T) {
	disk := new(wal.Memory)
	original, err := server.New(server.Options{ID: 1, Voters: []raft.ServerID{1, 2, 3}, Seed: 1, Off: raft.Extensions, Reads: server.ReadIndex, CompactAfter: 2}, disk)
	if err != nil {
		t.Fatal(err)
	}
	original.Campaign()
	frames(original)
	original.Frame([]byte("2>1:RequestVotes:Reply:1:true"))
	frames(original)
	original.Frame([]byte(`{"jsonrpc":"2.0","id":1,"from":1001,"to":1,"method":"Put","params":{"key":"x","value":"1"}}`))
	original.Frame([]byte(`{"jsonrpc":"2.0","id":2,"from":1001,"to":1,"method":"Get","params":{"key":"x"}}`))
	original.Frame([]byte("nonsense from nobody"))
	data, _ := disk.ReadAll()
	copied := new(diskCopy)
	copied.Replace(data, func(error) {})
	clone := original.Clone(copied)

	future := func(s *server.Server) (sent []string) {
		sent = frames(s)
		s.Frame([]byte("3>1:AppendEntries:Reply:1:true:match=2:call=9"))
		for call := range 12 {
			s.Frame([]byte("2>1:AppendEntries:Reply:1:true:match=2:call=" + string(rune('0'+call%10))))
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
	if string(original.AppendReport(nil, 1)) != string(clone.AppendReport(nil, 1)) {
		t.Error("the reports differ")
	}
}
