package wal_test

import (
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/wal"
	"raftplayground/raft/wal/waltest"
)

// A second vote in one term is refused, until the server is said to keep the rules no more; and whoever opens the disk
// afterwards has to say so, too.
func TestAServerThatBecomesUnrulyMayContradictItself(t *testing.T) {
	disk := &waltest.Disk{Eager: true}
	identity := wal.Identity{Server: 1, Voters: []raft.ServerID{1, 2, 3}}
	vote := func(w *wal.WAL, seq uint64, candidate raft.ServerID) (failed error) {
		w.Save(raft.Save{Seq: seq, CurrentTerm: 1, VotedFor: candidate, First: 1}, func(err error) { failed = err })
		return failed
	}
	w, _, _, err := wal.Open(disk, identity)
	if err != nil || vote(w, 1, 2) != nil {
		t.Fatalf("the first vote is refused: %v", err)
	}
	w.Unruly()
	if err := vote(w, 2, 3); err != nil {
		t.Fatalf("an unruly server's second vote is refused: %v", err)
	}
	fallen := []raft.Entry{{Term: 9}, {Term: 4}}
	w.Save(raft.Save{Seq: 3, VotedFor: 3, First: 1, Entries: fallen}, func(err error) {
		if err != nil {
			t.Errorf("an unruly server's terms that fall are refused: %v", err)
		}
	})
	if _, _, _, err := wal.Open(disk, identity); err == nil {
		t.Error("a server that keeps the rules takes over two votes in a term")
	}
	identity.Unruly = true
	if _, durable, _, err := wal.Open(disk, identity); err != nil || durable.VotedFor != 3 || len(durable.Log) != 2 {
		t.Errorf("an unruly server starts with %+v: %v", durable, err)
	}
	disk, identity.Unruly = &waltest.Disk{Eager: true}, false
	if w, _, _, err = wal.Open(disk, identity); err != nil || vote(w, 1, 2) != nil {
		t.Fatal(err)
	}
	if vote(w, 2, 3) == nil {
		t.Error("a ruly server's second vote in a term is written")
	}
}
