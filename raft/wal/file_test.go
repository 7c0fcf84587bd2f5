//go:build !js

package wal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/wal"
)

func TestAFileKeepsItsBytesAcrossOpenings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "server-2.wal")
	var state raft.Durable
	for life := range raft.Term(3) {
		file, err := wal.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		w, durable, _ := open(t, file)
		if !same(durable, state) {
			t.Fatalf("life %d: got %+v, want %+v", life, durable, state)
		}
		s := raft.Save{CurrentTerm: life + 1, First: raft.Index(life + 1),
			Entries: []raft.Entry{entry(life+1, "set x=1")}}
		save(t, w, s)
		state = applied(state, s)
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	file, err := wal.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	file.Replace([]byte("new"), func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	file.Append([]byte(", longer"), func(err error) {
		if err != nil {
			t.Error(err)
		}
	})
	if got, err := file.ReadAll(); err != nil || string(got) != "new, longer" || file.Confirmed() != len(got) {
		t.Errorf("the file holds %q, of which it has confirmed %d bytes, %v", got, file.Confirmed(), err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("the directory holds %v", entries)
	}
}

// Two programs with one disk would each take the other's promises back. The one that has it keeps it through every
// replacement of the file, and lets it go when it ends.
func TestAFileHasOneOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wal")
	owner, err := wal.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := wal.OpenFile(path); !errors.Is(err, wal.ErrOpen) {
			t.Errorf("it is opened twice: %v", err)
		}
		owner.Replace([]byte("new"), func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	owner.Close()
	heir, err := wal.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	heir.Close()
}

func TestAClosedFileReportsItsErrors(t *testing.T) {
	file, err := wal.OpenFile(filepath.Join(t.TempDir(), "w"))
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	file.Append([]byte("x"), func(err error) {
		if err == nil {
			t.Error("Append to a closed file succeeded")
		}
	})
	if _, _, _, err := wal.Open(file, identity); err == nil {
		t.Error("Open of a closed file succeeded")
	}
}
