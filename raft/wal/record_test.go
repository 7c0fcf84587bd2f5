package wal

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"raftplayground/raft"
)

var fullSave = raft.Save{CurrentTerm: 300, VotedFor: 2, First: 8,
	Entries:  []raft.Entry{{Term: 300, Kind: raft.NoOp, Data: []byte{}}, {Term: 300, Data: []byte("set x=1")}},
	Snapshot: &raft.Snapshot{Index: 7, Term: 299, Data: []byte("state"), Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}}}

func TestASaveIsReadOnlyIfAllOfItIsThereAndNothingElse(t *testing.T) {
	body := appendSave(nil, &fullSave)
	bare := fullSave
	bare.Snapshot = nil
	withoutSnapshot := len(appendSave(nil, &bare))
	for length := range len(body) {
		var got raft.Save
		if read := readSave(body[:length], &got); read != (length == withoutSnapshot) {
			t.Errorf("the first %d of %d bytes are read: %v", length, len(body), read)
		}
	}
	var got raft.Save
	if !readSave(body, &got) || got.CurrentTerm != 300 || got.First != 8 || len(got.Entries) != 2 || !reflect.DeepEqual(got.Snapshot, fullSave.Snapshot) {
		t.Errorf("read %+v", got)
	}
	if readSave(append(body, 0), &got) {
		t.Error("a byte behind it is read")
	}
}

// A record whose checksums are right was written so: no crash explains what is wrong in it.
func TestARecordThatHoldsNoSaveIsDamage(t *testing.T) {
	bad := appendSave(nil, &fullSave)
	for i := range bad {
		if string(bad[i:min(i+5, len(bad))]) == "1,2,3" {
			bad[i] = ','
		}
	}
	for name, body := range map[string][]byte{"nothing": nil, "a configuration that is none": bad} {
		disk := new(Memory)
		w, _, _, err := Open(disk, Identity{Server: 1})
		if err != nil {
			t.Fatal(err)
		}
		data, _ := disk.ReadAll()
		offset := len(data)
		data, start := w.chain.begin(data)
		data = append(append(data, kindSave), body...)
		data = w.chain.seal(data, start, uint64(offset))
		disk.Replace(data, func(error) {})
		_, _, _, err = Open(disk, Identity{Server: 1})
		var damaged *DamageError
		if !errors.As(err, &damaged) || damaged.Offset != offset || !strings.Contains(err.Error(), "expected a save") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// copied is a Disk that was copied with operations under way.
type copied struct {
	Memory
	complete func(error)
}

func (c *copied) Resume(done func(error)) { c.complete = done }

// late completes when it is told to.
type late struct {
	Memory
	done []func(error)
}

func (l *late) Append(data []byte, done func(error)) {
	l.Memory.Append(data, func(error) {})
	l.done = append(l.done, done)
}

func TestACloneGoesItsOwnWay(t *testing.T) {
	disk := new(late)
	w, _, _, err := Open(disk, Identity{Server: 1})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	w.Save(fullSave, func(error) { told["original"]++ })
	data, _ := disk.ReadAll()
	other := new(copied)
	other.Memory.Replace(data, func(error) {})
	clone := w.Clone(other, func(error) { told["clone"]++ })
	disk.done[0](nil)
	if told["original"] != 1 || told["clone"] != 0 {
		t.Errorf("told %v", told)
	}
	other.complete(nil)
	if told["original"] != 1 || told["clone"] != 1 {
		t.Errorf("told %v", told)
	}
	clone.Save(raft.Save{CurrentTerm: 301, First: 9}, func(error) {})
	if clone.term != 301 || len(clone.log) != 1 || w.term != 300 || len(w.log) != 2 {
		t.Errorf("the clone has term %d and %d entries, the original %d and %d", clone.term, len(clone.log), w.term, len(w.log))
	}
	if _, durable, _, err := Open(other, Identity{Server: 1}); err != nil || durable.CurrentTerm != 301 || durable.Snapshot == nil || len(durable.Log) != 1 {
		t.Errorf("the clone's disk: %+v, %v", durable, err)
	}
}
