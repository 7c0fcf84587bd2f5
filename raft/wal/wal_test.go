package wal_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"raftplayground/raft"
	"raftplayground/raft/wal"
	"raftplayground/raft/wal/waltest"
)

var identity = wal.Identity{Server: 2, Voters: []raft.ServerID{1, 2, 3}}

func open(t testing.TB, disk wal.Disk) (*wal.WAL, raft.Durable, wal.Recovery) {
	t.Helper()
	w, durable, recovery, err := wal.Open(disk, identity)
	if err != nil {
		t.Fatal(err)
	}
	return w, durable, recovery
}

func save(t testing.TB, w *wal.WAL, s raft.Save) {
	t.Helper()
	called := 0
	w.Save(s, func(err error) {
		called++
		if err != nil {
			t.Fatalf("save %+v: %v", s, err)
		}
	})
	if called != 1 {
		t.Fatalf("done was called %d times, want 1", called)
	}
}

func entry(term raft.Term, data string) raft.Entry { return raft.Entry{Term: term, Data: []byte(data)} }

func snapshot(i raft.Index, term raft.Term, data string) *raft.Snapshot {
	return &raft.Snapshot{Index: i, Term: term, Data: []byte(data),
		Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 4}, Outgoing: []raft.ServerID{1, 2, 3},
			Learners: []raft.ServerID{5}}}
}

func noop(term raft.Term) raft.Entry { return raft.Entry{Term: term, Kind: raft.NoOp} }

func TestWhatWasSavedIsThereAfterARestart(t *testing.T) {
	noopOfTerm2 := noop(2)
	tests := []struct {
		name  string
		saves []raft.Save
		want  raft.Durable
	}{
		{"nothing", nil, raft.Durable{}},
		{"a vote", []raft.Save{{CurrentTerm: 3, VotedFor: 1, First: 1}}, raft.Durable{CurrentTerm: 3, VotedFor: 1}},
		{"entries and their kinds",
			[]raft.Save{{CurrentTerm: 2, VotedFor: 2, First: 1,
				Entries: []raft.Entry{noopOfTerm2, entry(2, "set x=1")}}},
			raft.Durable{CurrentTerm: 2, VotedFor: 2, Log: []raft.Entry{noopOfTerm2, entry(2, "set x=1")}}},
		{"a conflicting suffix replaced",
			[]raft.Save{
				{CurrentTerm: 1, First: 1, Entries: []raft.Entry{entry(1, "a"), entry(1, "b"), entry(1, "c")}},
				{CurrentTerm: 4, First: 2, Entries: []raft.Entry{entry(4, "d")}},
			},
			raft.Durable{CurrentTerm: 4, Log: []raft.Entry{entry(1, "a"), entry(4, "d")}}},
		{"a suffix deleted",
			[]raft.Save{
				{CurrentTerm: 1, First: 1, Entries: []raft.Entry{entry(1, "a"), entry(1, "b")}},
				{CurrentTerm: 2, First: 2},
			},
			raft.Durable{CurrentTerm: 2, Log: []raft.Entry{entry(1, "a")}}},
		{"nothing of the log changed",
			[]raft.Save{
				{CurrentTerm: 1, First: 1, Entries: []raft.Entry{entry(1, "a")}},
				{CurrentTerm: 2, VotedFor: 3, First: 2},
			},
			raft.Durable{CurrentTerm: 2, VotedFor: 3, Log: []raft.Entry{entry(1, "a")}}},
		{"the largest numbers",
			[]raft.Save{{CurrentTerm: 1<<64 - 1, VotedFor: 1<<64 - 1, First: 1,
				Entries: []raft.Entry{entry(1<<64-1, "")}}},
			raft.Durable{CurrentTerm: 1<<64 - 1, VotedFor: 1<<64 - 1, Log: []raft.Entry{noop(1<<64 - 1)}}},
	}
	tests[len(tests)-1].want.Log[0].Kind = raft.Command
	three := []raft.Entry{entry(1, "a"), {Term: 1, Kind: raft.Config, Data: []byte("1,2,3+4")}, entry(1, "c")}
	snapshots := []struct {
		name string
		save raft.Save
		want raft.Durable
	}{
		{"a snapshot of a part of the log", raft.Save{CurrentTerm: 2, First: 4, Snapshot: snapshot(2, 1, "state")},
			raft.Durable{CurrentTerm: 2, Snapshot: snapshot(2, 1, "state"), Log: []raft.Entry{entry(1, "c")}}},
		{"a snapshot of all of it", raft.Save{CurrentTerm: 2, First: 4, Snapshot: snapshot(3, 1, "")},
			raft.Durable{CurrentTerm: 2, Snapshot: snapshot(3, 1, "")}},
		{"a snapshot beyond the log, and what follows it",
			raft.Save{CurrentTerm: 2, First: 8, Snapshot: snapshot(7, 2, "state"),
				Entries: []raft.Entry{entry(2, "h")}},
			raft.Durable{CurrentTerm: 2, Snapshot: snapshot(7, 2, "state"), Log: []raft.Entry{entry(2, "h")}}},
		{"a snapshot in the place of a log that conflicts",
			raft.Save{CurrentTerm: 2, First: 3, Snapshot: snapshot(2, 2, "state")},
			raft.Durable{CurrentTerm: 2, Snapshot: snapshot(2, 2, "state")}},
		{"a snapshot, and the entry behind those that stay",
			raft.Save{CurrentTerm: 2, First: 3, Snapshot: snapshot(1, 1, "state"),
				Entries: []raft.Entry{entry(2, "d")}},
			raft.Durable{CurrentTerm: 2, Snapshot: snapshot(1, 1, "state"),
				Log: []raft.Entry{three[1], entry(2, "d")}}},
		{"a snapshot of a server that does not know its cluster",
			raft.Save{CurrentTerm: 2, First: 4, Snapshot: &raft.Snapshot{Index: 3, Term: 1, Data: []byte("state")}},
			raft.Durable{CurrentTerm: 2, Snapshot: &raft.Snapshot{Index: 3, Term: 1, Data: []byte("state")}}},
	}
	for _, test := range snapshots {
		tests = append(tests, struct {
			name  string
			saves []raft.Save
			want  raft.Durable
		}{test.name, []raft.Save{{CurrentTerm: 1, First: 1, Entries: three}, test.save}, test.want})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			disk := new(wal.Memory)
			w, _, recovery := open(t, disk)
			if !recovery.New {
				t.Error("an empty disk is not reported as new")
			}
			for _, s := range test.saves {
				save(t, w, s)
			}
			_, got, recovery := open(t, disk)
			if !same(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if recovery.New || recovery.Torn != 0 || recovery.Records != len(test.saves) {
				t.Errorf("recovery %+v of %d saves", recovery, len(test.saves))
			}
		})
	}
}

// The property that Raft rests on (Fig. 2: updated on stable storage before responding to RPCs). The model of the
// disk's promise is the list of states after each save; a crash may leave any of them that is not older than the
// last acknowledged one.
func TestAfterAnyCrashEveryAcknowledgedSaveIsThereAndNothingThatWasNotSaved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := &waltest.Disk{}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "crash seed"), 0))
		state := raft.Durable{}
		for life := 0; life < 4; life++ {
			w, durable, recovery, err := wal.Open(disk, identity)
			if err != nil {
				t.Fatal(err)
			}
			if !same(durable, state) {
				t.Fatalf("opened %+v (%+v), want %+v", durable, recovery, state)
			}
			states, acknowledged := []raft.Durable{state}, 0
			for range rapid.IntRange(0, 12).Draw(t, "saves") {
				s := drawSave(t, state)
				state = applied(state, s)
				states = append(states, state)
				number := len(states) - 1
				w.Save(s, func(err error) {
					if err != nil || number != acknowledged+1 {
						t.Fatalf("save %d acknowledged after %d: %v", number, acknowledged, err)
					}
					acknowledged = number
				})
				disk.Complete(rapid.IntRange(0, 3).Draw(t, "complete"))
			}
			disk.Crash(random)
			_, recovered, recovery, err := wal.Open(disk, identity)
			if err != nil {
				t.Fatalf("after a crash: %v", err)
			}
			found := false
			for _, candidate := range states[acknowledged:] {
				found = found || same(recovered, candidate)
			}
			if !found {
				t.Fatalf("recovered %+v (%+v), which is none of the states since the acknowledged one: %+v", recovered,
					recovery, states[acknowledged:])
			}
			disk.Crash(random) // while the tail was being cut off
			state = recovered
		}
	})
}

// A flip is what no crash leaves. Anywhere but in the last record it must be found; in the last it cannot be told from
// a torn tail, but it must never yield a state that was not there.
func TestAFlippedBitNeverYieldsAStateThatWasNotSaved(t *testing.T) {
	disk := &waltest.Disk{Eager: true}
	w, _, _ := open(t, disk)
	save(t, w, raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{noop(1), entry(1, "set x=1")}})
	before := raft.Durable{CurrentTerm: 1, Log: []raft.Entry{noop(1), entry(1, "set x=1")}}
	last := len(disk.Bytes())
	save(t, w, raft.Save{CurrentTerm: 2, VotedFor: 3, First: 3, Entries: []raft.Entry{entry(2, "set y=2")}})
	good := bytes.Clone(disk.Bytes())
	for bit := range 8 * len(good) {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		_, durable, recovery, err := wal.Open(holding(bad), identity)
		if bit/8 < last {
			var damage *wal.DamageError
			if !errors.As(err, &damage) || damage.Offset > bit/8 {
				t.Fatalf("bit %d flipped before the last record: got %v", bit, err)
			}
			continue
		}
		if err != nil || !same(durable, before) || recovery.Torn != len(good)-last {
			t.Fatalf("bit %d flipped in the last record: %+v %+v %v", bit, durable, recovery, err)
		}
	}
}

// A disk that does not take its first bytes is none.
func TestANewDiskThatFailsIsNotOpened(t *testing.T) {
	if w, _, _, err := wal.Open(new(fullDisk), identity); !errors.Is(err, errFull) || w != nil {
		t.Errorf("opened on a disk that is full: %v", err)
	}
	old := &fullDisk{*confirming(write(t, unchained(identity), nil).bytes, 0)}
	if w, _, _, err := wal.Open(old, identity); !errors.Is(err, errFull) || w != nil {
		t.Errorf("rewritten on a disk that is full: %v", err)
	}
}

func TestWhereNoEntriesFollowFirstMayBeBeyondTheEnd(t *testing.T) {
	disk := new(wal.Memory)
	w, _, _ := open(t, disk)
	save(t, w, raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{entry(1, "a")}})
	save(t, w, raft.Save{CurrentTerm: 2, First: 9})
	if _, durable, _ := open(t, disk); durable.CurrentTerm != 2 || len(durable.Log) != 1 {
		t.Errorf("opened %+v", durable)
	}
}

func TestATornTailIsCutOffOnceAndReported(t *testing.T) {
	disk := &waltest.Disk{Eager: true}
	w, _, _ := open(t, disk)
	save(t, w, raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{entry(1, "a")}})
	whole := len(disk.Bytes())
	save(t, w, raft.Save{CurrentTerm: 2, First: 2})
	for length := whole + 1; length < len(disk.Bytes()); length++ {
		torn := holding(disk.Bytes()[:length])
		_, _, recovery := open(t, torn)
		if recovery.Torn != length-whole || !strings.Contains(recovery.Reason, "expected") {
			t.Fatalf("cut at %d of %d: %+v", length, whole, recovery)
		}
		if _, durable, recovery := open(t, torn); recovery.Torn != 0 || durable.CurrentTerm != 1 ||
			len(durable.Log) != 1 {
			t.Fatalf("second opening: %+v %+v", durable, recovery)
		}
	}
}

// A client can write the bytes of a record as a value. In a torn save they must not look like a good record behind
// a bad one.
func TestARecordInsideAValueIsNotTakenForARecord(t *testing.T) {
	disk := &waltest.Disk{Eager: true}
	w, _, _ := open(t, disk)
	save(t, w, raft.Save{CurrentTerm: 1, First: 1})
	record := bytes.Clone(disk.Bytes()[len(disk.Bytes())-16:])
	save(t, w, raft.Save{CurrentTerm: 2, First: 1, Entries: []raft.Entry{{Term: 2, Data: append(record, "end"...)}}})
	torn := holding(disk.Bytes()[:len(disk.Bytes())-1])
	if _, durable, recovery := open(t, torn); durable.CurrentTerm != 1 || recovery.Torn == 0 {
		t.Fatalf("got %+v %+v", durable, recovery)
	}
}

func TestAnotherServersDiskIsRefused(t *testing.T) {
	disk := new(wal.Memory)
	open(t, disk)
	tests := []struct {
		identity wal.Identity
		refused  bool
	}{
		{wal.Identity{Server: 2, Voters: []raft.ServerID{3, 2, 1}}, false},
		{wal.Identity{Server: 1, Voters: []raft.ServerID{1, 2, 3}}, true},
		{wal.Identity{Server: 2, Voters: []raft.ServerID{1, 2, 3, 4, 5}}, true},
	}
	for _, test := range tests {
		_, _, _, err := wal.Open(disk, test.identity)
		var mismatch *wal.IdentityError
		if errors.As(err, &mismatch) != test.refused {
			t.Errorf("%v: got %v, want refused: %v", test.identity, err, test.refused)
		}
		if test.refused && !strings.Contains(err.Error(), "server 2 of [1 2 3]") {
			t.Errorf("the error does not say whose disk it is: %v", err)
		}
	}
}

// A room that is made again under its name, with as many servers, is another room.
func TestADiskOfAnotherRoomOrMakingIsRefused(t *testing.T) {
	disk := new(wal.Memory)
	of := func(room, made string) error {
		asked := identity
		asked.Room, asked.Made = room, made
		_, _, _, err := wal.Open(disk, asked)
		return err
	}
	if of("", "") != nil || of("tea", "") != nil || of("tea", "5f0c") != nil || of("tea", "5f0c") != nil {
		t.Fatal("a disk that knows no room does not take one up")
	}
	const whose = `server 2 of [1 2 3] in room "tea", made 5f0c…`
	for _, other := range [][2]string{{"tea", "77aa"}, {"tea", ""}, {"coffee", "5f0c"}, {"", ""}} {
		var mismatch *wal.IdentityError
		if err := of(other[0], other[1]); !errors.As(err, &mismatch) || mismatch.Disk.String() != whose {
			t.Errorf("room %q, made %q: %v", other[0], other[1], err)
		}
	}
}

// Claims grow, through rewritings, too: an earlier holder of the seat is turned away, and its disk knows no more
// than its own claim.
func TestADiskKeepsTheLastClaim(t *testing.T) {
	disk := new(wal.Memory)
	claim := func(n uint64) (*wal.WAL, uint64, error) {
		asked := identity
		asked.Claim = n
		w, _, recovery, err := wal.Open(disk, asked)
		return w, recovery.Claim, err
	}
	before := uint64(0)
	for _, n := range []uint64{0, 3, 3, 10618, 1 << 63} { // 10618 looks like a mark in its varint
		w, held, err := claim(n)
		if err != nil || held != before {
			t.Fatalf("claim %d of a disk with claim %d: it says %d, %v", n, before, held, err)
		}
		if before = n; n == 3 {
			save(t, w, raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{entry(1, strings.Repeat("v", 3<<20))}})
			save(t, w, raft.Save{CurrentTerm: 1, First: 1}) // the disk is rewritten
		}
		data, _ := disk.ReadAll()
		if whose, err := wal.Whose(data); err != nil || whose.Claim != n || whose.Server != 2 {
			t.Errorf("claim %d: the bytes say %+v, %v", n, whose, err)
		}
	}
	for _, earlier := range []uint64{1, 4} {
		var since *wal.ClaimError
		if _, _, err := claim(earlier); !errors.As(err, &since) || since.Disk != 1<<63 || since.Asked != earlier {
			t.Errorf("claim %d, an earlier one: %v", earlier, err)
		}
	}
	w, held, err := claim(0)
	if err != nil || held != 1<<63 {
		t.Errorf("no claim: %d, %v", held, err)
	}
	save(t, w, raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{entry(1, strings.Repeat("v", 3<<20))}})
	save(t, w, raft.Save{CurrentTerm: 1, First: 1})
	data, _ := disk.ReadAll()
	if whose, err := wal.Whose(data); err != nil || whose.Claim != 1<<63 || len(data) > 1<<20 {
		t.Errorf("rewritten by who had no claim: %d bytes of %+v, %v", len(data), whose, err)
	}
	if whose, err := wal.Whose(nil); err != nil || whose.Server != 0 {
		t.Errorf("an empty disk: %+v, %v", whose, err)
	}
	if _, err := wal.Whose([]byte("PNG")); err == nil {
		t.Error("an image is somebody's disk")
	}
}

func TestBytesOfAnotherKindAreRefused(t *testing.T) {
	disk := new(wal.Memory)
	open(t, disk)
	data, _ := disk.ReadAll()
	data[7] = 4
	for want, bad := range map[string][]byte{
		`damaged at byte 0: expected a header that starts with "RaftWAL", got "PNG"`: []byte("PNG"),
		"damaged at byte 7: expected version 1 to 3, got version 4":                  data,
	} {
		if _, _, _, err := wal.Open(holding(bad), identity); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAfterADiskErrorNothingIsAcknowledgedAnyMore(t *testing.T) {
	disk := &waltest.Disk{}
	w, _, _ := open(t, disk)
	var got []error
	done := func(err error) { got = append(got, err) }
	for i := range 3 {
		w.Save(raft.Save{CurrentTerm: raft.Term(i + 1), First: 1}, done)
	}
	disk.Complete(2) // the header and the first save
	full, other := errors.New("disk full"), errors.New("another")
	disk.Fail = full
	disk.Complete(1)
	disk.Fail = nil // the disk claims to work again, but a write is missing
	disk.Complete(1)
	disk.Fail = other
	w.Save(raft.Save{CurrentTerm: 9, First: 1}, done)
	if want := []error{nil, full, full, full}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if w.Failed() != full || disk.Waiting() != 0 {
		t.Errorf("failed %v, waiting %d", w.Failed(), disk.Waiting())
	}
}

func TestASaveThatContradictsTheStateIsRefused(t *testing.T) {
	tests := []struct {
		name string
		save raft.Save
		want string
	}{
		{"the term falls", raft.Save{CurrentTerm: 2, First: 1}, "expected term 3 or higher, got 2"},
		{"the vote changes within a term", raft.Save{CurrentTerm: 3, VotedFor: 2, First: 1},
			"expected the vote of the term for server 1, got 2"},
		{"the vote is erased within a term", raft.Save{CurrentTerm: 3, First: 1},
			"expected the vote of the term for server 1, got 0"},
		{"no place", raft.Save{CurrentTerm: 3, VotedFor: 1}, "expected First 1 or higher, got 0"},
		{"a hole", raft.Save{CurrentTerm: 3, VotedFor: 1, First: 3, Entries: []raft.Entry{entry(3, "")}},
			"expected First 2 or lower, got 3"},
		{"a term in the log falls", raft.Save{CurrentTerm: 3, VotedFor: 1, First: 2,
			Entries: []raft.Entry{entry(1, "")}}, "expected an entry of term 2 to 3, got 1"},
		{"an entry of a later term", raft.Save{CurrentTerm: 3, VotedFor: 1, First: 2,
			Entries: []raft.Entry{entry(4, "")}}, "expected an entry of term 2 to 3, got 4"},
		{"the terms fall within it", raft.Save{CurrentTerm: 3, VotedFor: 1, First: 2,
			Entries: []raft.Entry{entry(3, ""), entry(2, "")}},
			"expected an entry of term 3 to 3, got 2"},
		{"an unknown kind", raft.Save{CurrentTerm: 3, VotedFor: 1, First: 2, Entries: []raft.Entry{{Term: 3, Kind: 9}}},
			"expected an entry of kind 2 or lower, got 9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, _, _ := open(t, new(wal.Memory))
			save(t, w, raft.Save{CurrentTerm: 3, VotedFor: 1, First: 1, Entries: []raft.Entry{entry(2, "a")}})
			var got error
			w.Save(test.save, func(err error) { got = err })
			if got == nil || !strings.Contains(got.Error(), test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
}

func TestASnapshotThatContradictsTheStateIsRefused(t *testing.T) {
	tests := []struct {
		name string
		save raft.Save
		want string
	}{
		{"an older one", raft.Save{CurrentTerm: 4, First: 5, Snapshot: snapshot(2, 2, "")},
			"expected a snapshot through entry 3 or a later one, got 2"},
		{"entries that it replaces", raft.Save{CurrentTerm: 4, First: 4, Snapshot: snapshot(4, 3, "")},
			"expected First 5 or higher, got 4"},
		{"entries before the last one", raft.Save{CurrentTerm: 4, First: 2}, "expected First 3 or higher, got 2"},
		{"a hole behind it", raft.Save{CurrentTerm: 4, First: 8, Snapshot: snapshot(6, 3, ""),
			Entries: []raft.Entry{entry(4, "")}}, "expected First 7 or lower, got 8"},
		{"its term is lower than the last one's", raft.Save{CurrentTerm: 4, First: 7, Snapshot: snapshot(6, 1, "")},
			"expected a snapshot of term 2 to 4, got 1"},
		{"its term is yet to come", raft.Save{CurrentTerm: 4, First: 7, Snapshot: snapshot(6, 5, "")},
			"expected a snapshot of term 2 to 4, got 5"},
		{"another term than that of its entry", raft.Save{CurrentTerm: 4, First: 5, Snapshot: snapshot(3, 2, "")},
			"expected a snapshot of term 3, that of the entry before those that stay, got 2"},
		{"a term behind it falls", raft.Save{CurrentTerm: 4, First: 7, Snapshot: snapshot(6, 4, ""),
			Entries: []raft.Entry{entry(3, "")}}, "expected an entry of term 4 to 4, got 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, _, _ := open(t, new(wal.Memory))
			save(t, w, raft.Save{CurrentTerm: 4, First: 3, Snapshot: snapshot(2, 2, ""),
				Entries: []raft.Entry{entry(3, "c"), entry(3, "d")}})
			var got error
			w.Save(test.save, func(err error) { got = err })
			if got == nil || !strings.Contains(got.Error(), test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
}

// What stands in testdata was written by an earlier version of this package, with these saves.
var oldSaves = []raft.Save{
	{CurrentTerm: 1, First: 1, Entries: []raft.Entry{noop(1), entry(1, "set x=1"), entry(1, "set y=2")}},
	{CurrentTerm: 2, VotedFor: 3, First: 3, Entries: []raft.Entry{entry(2, "set y=3")}},
	{CurrentTerm: 2, VotedFor: 3, First: 4, Snapshot: snapshot(2, 1, "state")},
	{CurrentTerm: 2, VotedFor: 3, First: 4,
		Entries: []raft.Entry{entry(2, "del x"), {Term: 2, Kind: raft.Config, Data: []byte("1,2,3+4")}}},
}

// oldDisk returns the disk of version 2 in testdata, and its state.
func oldDisk(t testing.TB) (data []byte, state raft.Durable) {
	t.Helper()
	data, err := os.ReadFile("testdata/version-2.wal")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range oldSaves {
		state = applied(state, s)
	}
	return data, state
}

func TestADiskOfAnOlderVersionIsReadAndRewritten(t *testing.T) {
	asked := identity
	asked.Room, asked.Made, asked.Claim = "tea", "5f0c", 7
	second, state := oldDisk(t)
	first := second[:0x48] // version 1 had no snapshots, and was the same but for that: up to the end of the first save
	first = append([]byte("RaftWAL\x01"), first[8:]...)
	for name, test := range map[string]struct {
		data []byte
		want raft.Durable
	}{
		"1": {first, applied(raft.Durable{}, oldSaves[0])}, "2": {second, state},
	} {
		disk := holding(test.data)
		w, durable, recovery, err := wal.Open(disk, asked)
		if err != nil || !same(durable, test.want) || recovery.Claim != 0 {
			t.Fatalf("version %s: %+v %+v, %v", name, durable, recovery, err)
		}
		last := durable.Base() + raft.Index(len(durable.Log))
		s := raft.Save{CurrentTerm: 3, First: last + 1, Entries: []raft.Entry{entry(3, "more")}}
		save(t, w, s)
		data, _ := disk.ReadAll()
		whose, err := wal.Whose(data)
		if data[len("RaftWAL")] != 3 || err != nil || whose.Room != "tea" || whose.Claim != 7 {
			t.Errorf("version %s became version %d of %v: %v", name, data[len("RaftWAL")], whose, err)
		}
		if _, durable, _, err = wal.Open(disk, asked); err != nil || !same(durable, applied(test.want, s)) {
			t.Errorf("version %s, afterwards: %+v, %v", name, durable, err)
		}
	}
}

// Links to runs of the lab hold a hash of its disks: they are written as they always were, to the byte.
func TestAnUnchainedDiskIsWrittenAsVersion2Was(t *testing.T) {
	want, state := oldDisk(t)
	asked := identity
	asked.Unchained = true
	disk := new(wal.Memory)
	w, _, _, err := wal.Open(disk, asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range oldSaves {
		save(t, w, s)
	}
	if got, _ := disk.ReadAll(); !bytes.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	if _, durable, _, err := wal.Open(disk, asked); err != nil || !same(durable, state) {
		t.Errorf("opened %+v, %v", durable, err)
	}
	if got, _ := disk.ReadAll(); !bytes.Equal(got, want) {
		t.Error("it is rewritten when it is opened")
	}
	asked.Claim = 1
	_, _, _, err = wal.Open(new(wal.Memory), asked)
	if err == nil || !strings.Contains(err.Error(), "expected neither room nor making nor claim") {
		t.Errorf("a claim that it cannot keep: %v", err)
	}
}

func TestADiskWithoutVotersIsThatOfAServerThatWaitsToBeAdded(t *testing.T) {
	disk := new(wal.Memory)
	for range 2 {
		if _, _, _, err := wal.Open(disk, wal.Identity{Server: 4}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, _, err := wal.Open(disk, wal.Identity{Server: 4, Voters: []raft.ServerID{1, 2, 3, 4}})
	if want := "the disk is that of server 4 of [], it cannot serve server 4 of [1 2 3 4]"; err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// What a snapshot replaces is garbage, and so is an older snapshot; the newest lasts through every rewriting.
func TestRewritingKeepsTheSnapshotAndDropsWhatItReplaces(t *testing.T) {
	disk := new(wal.Memory)
	w, _, _ := open(t, disk)
	var state raft.Durable
	rewritten := 0
	for i := raft.Index(1); i <= 60; i++ {
		s := raft.Save{CurrentTerm: 1, First: i, Entries: []raft.Entry{entry(1, strings.Repeat("v", 200<<10))}}
		if i%5 == 0 {
			s.Snapshot = snapshot(i-2, 1, strings.Repeat("s", 300<<10))
		}
		before := w.Size()
		save(t, w, s)
		state = applied(state, s)
		if w.Size() < before {
			rewritten++
			if want := 300<<10 + len(state.Log)*200<<10; w.Size() > want+1000 {
				t.Errorf("entry %d: %d bytes after a rewriting, %d live", i, w.Size(), want)
			}
		}
		if _, got, _ := open(t, disk); !same(got, state) {
			t.Fatalf("entry %d: the state on the disk differs", i)
		}
	}
	if rewritten < 3 || w.Size() > 5<<20 {
		t.Errorf("rewritten %d times, %d bytes at the end", rewritten, w.Size())
	}
}

func TestTheDiskIsRewrittenWhenMoreThanHalfAndAMebibyteIsGarbage(t *testing.T) {
	disk := new(wal.Memory)
	w, _, _ := open(t, disk)
	state := raft.Durable{CurrentTerm: 1, Log: []raft.Entry{entry(1, strings.Repeat("k", 3<<20))}}
	save(t, w, raft.Save{CurrentTerm: 1, First: 1, Entries: state.Log})
	rewritten, largest := 0, 0
	for term := raft.Term(2); rewritten < 2 && term < 40; term++ {
		before := w.Size()
		s := raft.Save{CurrentTerm: term, First: 2, Entries: []raft.Entry{entry(term, strings.Repeat("v", 1<<20))}}
		save(t, w, s)
		state = applied(state, s)
		largest = max(largest, w.Size())
		if w.Size() < before {
			rewritten++
			if w.Size() > 4<<20+1000 {
				t.Errorf("%d bytes after a rewriting of 4 MiB live", w.Size())
			}
			if before < 7<<20 {
				t.Errorf("rewritten at %d bytes, of which less than half was garbage", before)
			}
		}
		if data, _ := disk.ReadAll(); len(data) != w.Size() {
			t.Fatalf("Size %d, the disk holds %d", w.Size(), len(data))
		}
		if _, got, _ := open(t, disk); !same(got, state) {
			t.Fatalf("term %d: the state on the disk differs", term)
		}
	}
	if rewritten < 2 || largest > 10<<20 {
		t.Errorf("rewritten %d times, at most %d bytes", rewritten, largest)
	}
}

// Rewriting is one Replace among Appends that are under way; whichever of them a crash catches, what
// was acknowledged stays.
func TestACrashAroundARewritingLosesNothing(t *testing.T) {
	rewritten := 0
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 2))
		disk := &waltest.Disk{}
		w, state, _ := open(t, disk)
		states, acknowledged := []raft.Durable{state}, 0
		for term := raft.Term(1); term <= 6+raft.Term(random.IntN(6)); term++ {
			s := raft.Save{CurrentTerm: term, First: 1,
				Entries: []raft.Entry{entry(term, strings.Repeat("v", 400<<10))}}
			state = applied(state, s)
			states = append(states, state)
			before := w.Size()
			w.Save(s, func(err error) { acknowledged++ })
			if w.Size() < before {
				rewritten++
			}
			disk.Complete(random.IntN(3))
		}
		disk.Crash(random)
		_, recovered, _ := open(t, disk)
		if int(recovered.CurrentTerm) < acknowledged || !same(recovered, states[recovered.CurrentTerm]) {
			t.Fatalf("seed %d: recovered term %d, acknowledged was %d", seed, recovered.CurrentTerm, acknowledged)
		}
	}
	if rewritten < 30 {
		t.Errorf("only %d rewritings", rewritten)
	}
}

func TestALittleGarbageIsLeftAlone(t *testing.T) {
	w, _, _ := open(t, new(wal.Memory))
	before := 0
	for term := range raft.Term(20000) {
		before = w.Size()
		save(t, w, raft.Save{CurrentTerm: term + 1, First: 1})
		if w.Size() < before {
			t.Fatalf("rewritten at %d bytes", before)
		}
	}
}

func TestSaveDoesNotAllocateInSteadyState(t *testing.T) {
	w, _, _ := open(t, &discard{})
	command := []raft.Entry{entry(1, "set x=1")}
	done := func(error) {}
	next := raft.Index(1)
	step := func() {
		w.Save(raft.Save{CurrentTerm: 1, VotedFor: 2, First: next, Entries: command}, done)
		next = next%1000 + 1
	}
	for range 2000 {
		step()
	}
	if got := testing.AllocsPerRun(1000, step); got != 0 {
		t.Errorf("%v allocations a Save, want 0", got)
	}
}

func BenchmarkSave(b *testing.B) {
	w, _, _ := open(b, &discard{})
	command := []raft.Entry{entry(1, "set x=1")}
	done := func(error) {}
	b.ReportAllocs()
	next := raft.Index(1)
	for b.Loop() {
		w.Save(raft.Save{CurrentTerm: 1, VotedFor: 2, First: next, Entries: command}, done)
		next = next%1000 + 1
	}
}

func FuzzOpen(f *testing.F) {
	disk := &waltest.Disk{Eager: true}
	w, _, _ := open(f, disk)
	f.Add(bytes.Clone(disk.Bytes()))
	save(f, w, raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{noop(1), entry(1, "set x=1")}})
	save(f, w, raft.Save{CurrentTerm: 2, VotedFor: 3, First: 2, Entries: []raft.Entry{entry(2, "del x")}})
	f.Add(bytes.Clone(disk.Bytes()))
	save(f, w, raft.Save{CurrentTerm: 2, VotedFor: 3, First: 3, Snapshot: snapshot(1, 1, "state")})
	save(f, w, raft.Save{CurrentTerm: 3, First: 10, Snapshot: snapshot(9, 2, ""),
		Entries: []raft.Entry{{Term: 3, Kind: raft.Config, Data: []byte("1,2,3")}}})
	f.Add(bytes.Clone(disk.Bytes()))
	f.Add([]byte("RaftWAL\x01"))
	f.Add([]byte("RaftWAL\x02"))
	f.Add([]byte("RaftWAL\x03"))
	old, _ := oldDisk(f)
	f.Add(old)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		disk := holding(data)
		w, durable, recovery, err := wal.Open(disk, identity)
		if err != nil {
			return
		}
		if recovery.Torn > len(data) {
			t.Fatalf("%d bytes cut off of %d", recovery.Torn, len(data))
		}
		// What opened once must open again to the same, and take a save.
		save(t, w, raft.Save{CurrentTerm: max(durable.CurrentTerm, 1), VotedFor: durable.VotedFor,
			First: durable.Base() + raft.Index(len(durable.Log)+1)})
		_, again, _ := open(t, disk)
		durable.CurrentTerm = max(durable.CurrentTerm, 1)
		if !same(durable, again) {
			t.Fatalf("opened %+v, then %+v", durable, again)
		}
	})
}

// discard is a Disk that remembers nothing.
type discard struct{}

func (discard) ReadAll() ([]byte, error)               { return nil, nil }
func (discard) Append(_ []byte, done func(error))      { done(nil) }
func (discard) Replace(_ []byte, done func(err error)) { done(nil) }

func holding(data []byte) wal.Disk {
	disk := new(wal.Memory)
	disk.Replace(data, func(error) {})
	return disk
}

// applied is the disk after a Save.
func applied(state raft.Durable, s raft.Save) raft.Durable {
	state.Save(s)
	return state
}

func drawSave(t *rapid.T, state raft.Durable) raft.Save {
	s := raft.Save{CurrentTerm: state.CurrentTerm + raft.Term(rapid.IntRange(0, 2).Draw(t, "terms")),
		VotedFor: state.VotedFor}
	if s.CurrentTerm > state.CurrentTerm || s.VotedFor == 0 {
		s.VotedFor = raft.ServerID(rapid.IntRange(0, 3).Draw(t, "vote"))
	}
	if rapid.IntRange(0, 3).Draw(t, "snapshot") == 0 {
		drawSnapshot(t, state, &s)
	}
	if s.First == 0 {
		from := max(state.Base(), (&raft.Durable{Snapshot: s.Snapshot}).Base())
		last := state.Base() + raft.Index(len(state.Log))
		s.First = from + 1 + raft.Index(rapid.IntRange(0, int(last-from)).Draw(t, "first"))
	}
	term := termAt(applied(state, raft.Save{First: s.First, Snapshot: s.Snapshot}), s.First-1)
	for range rapid.IntRange(0, 3).Draw(t, "entries") {
		term += raft.Term(rapid.IntRange(0, int(s.CurrentTerm-term)).Draw(t, "entry terms"))
		data := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "data")
		s.Entries = append(s.Entries, raft.Entry{Term: term, Kind: raft.EntryKind(rapid.IntRange(0, 2).Draw(t, "kind")),
			Data: data})
	}
	return s
}

// drawSnapshot gives s a snapshot: of a part of the log, as a server takes it, or of entries that the log does not
// have, as a leader sends it; then First is behind it.
func drawSnapshot(t *rapid.T, state raft.Durable, s *raft.Save) {
	length := len(state.Log)
	i := state.Base() + 1 + raft.Index(rapid.IntRange(0, length+3).Draw(t, "snapshot index"))
	data := string(rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "snapshot data"))
	if i <= state.Base()+raft.Index(length) {
		s.Snapshot = snapshot(i, termAt(state, i), data)
		return
	}
	least := termAt(state, state.Base())
	s.Snapshot = snapshot(i, least+raft.Term(rapid.IntRange(0, int(s.CurrentTerm-least)).Draw(t, "snapshot term")),
		data)
	s.First = i + 1
}

func termAt(state raft.Durable, i raft.Index) raft.Term {
	switch {
	case i > state.Base():
		return state.Log[i-state.Base()-1].Term
	case state.Snapshot != nil:
		return state.Snapshot.Term
	}
	return 0
}

func same(a, b raft.Durable) bool {
	if a.CurrentTerm != b.CurrentTerm || a.VotedFor != b.VotedFor || len(a.Log) != len(b.Log) ||
		(a.Snapshot == nil) != (b.Snapshot == nil) {
		return false
	}
	if s, r := a.Snapshot, b.Snapshot; s != nil &&
		(s.Index != r.Index || s.Term != r.Term || !s.Configuration.Equal(r.Configuration) ||
			!bytes.Equal(s.Data, r.Data)) {
		return false
	}
	for i := range a.Log {
		if a.Log[i].Term != b.Log[i].Term || a.Log[i].Kind != b.Log[i].Kind ||
			!bytes.Equal(a.Log[i].Data, b.Log[i].Data) {
			return false
		}
	}
	return true
}
