package kv

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestASnapshotBringsTheStateBackAndTheFutureIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New()
		for range rapid.IntRange(0, 20).Draw(t, "past") {
			s.Apply(Encode(nil, drawCommand(t)))
		}
		data := s.Snapshot([]byte("before"))[len("before"):]
		restored := New()
		restored.Apply([]byte("set left=over")) // of a follower that fell behind
		if err := restored.Restore(data); err != nil {
			t.Fatal(err)
		}
		if restored.Hash() != s.Hash() || !maps.Equal(restored.pairs, s.pairs) {
			t.Fatalf("restored %v (%x), want %v (%x)", restored.pairs, restored.Hash(), s.pairs, s.Hash())
		}
		other := New() // the same state, reached in another way: neither map order nor history matters
		for _, key := range slices.Sorted(maps.Keys(s.pairs)) {
			other.Apply(Encode(nil, Command{Op: Set, Key: key, Value: "old"}))
			other.Apply(Encode(nil, Command{Op: Set, Key: key, Value: s.pairs[key].value}))
		}
		if !bytes.Equal(other.Snapshot(nil), data) {
			t.Fatalf("equal states, but %q and %q", other.Snapshot(nil), data)
		}
		shuffled := New()
		if err := shuffled.Restore(s.SnapshotShuffled(nil, rapid.Uint64().Draw(t, "order"))); err != nil ||
			shuffled.Hash() != s.Hash() {
			t.Fatalf("restored from keys in another order: %v, %v, want %v", err, shuffled.pairs, s.pairs)
		}
		clear(data) // data belongs to the caller
		for range rapid.IntRange(1, 10).Draw(t, "future") {
			command := Encode(nil, drawCommand(t))
			if got, want := restored.Apply(command), s.Apply(command); got != want || restored.Hash() != s.Hash() {
				t.Fatalf("%q: got %+v (%x), want %+v (%x)", command, got, restored.Hash(), want, s.Hash())
			}
		}
	})
}

// The vector: a snapshot that a server wrote is read by every later version.
func TestTheBytesOfASnapshot(t *testing.T) {
	s := New()
	for _, command := range []string{"set x=10", "set a=", "set y=1", "del y"} {
		s.Apply([]byte(command))
	}
	if got, want := string(s.Snapshot(nil)), "\x01\x02\x01a\x00\x01x\x0210"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if value, found := s.Lookup("x"); value != "10" || !found {
		t.Errorf("x is %q, %v", value, found)
	}
	if _, found := s.Lookup("y"); found {
		t.Error("y is there")
	}
}

// Servers that shuffle write different bytes for one state, each always the same.
func TestSnapshotsInAnOrderOfTheirOwn(t *testing.T) {
	s := New()
	for _, key := range strings.Split("abcdefgh", "") {
		s.Apply([]byte("set " + key + "=1"))
	}
	one, two := s.SnapshotShuffled(nil, 1), s.SnapshotShuffled(nil, 2)
	if bytes.Equal(one, two) || !bytes.Equal(one, s.SnapshotShuffled(nil, 1)) || len(one) != len(s.Snapshot(nil)) {
		t.Errorf("%q and %q", one, two)
	}
	restored := New()
	if err := restored.Restore([]byte("\x02\x02\x01a\x011\x01a\x012")); err != nil {
		t.Fatal(err)
	}
	if value, _ := restored.Lookup("a"); value != "2" || restored.Len() != 1 {
		t.Errorf("of two pairs with one key the later one does not count: %q", value)
	}
}

func TestWhatIsNoSnapshotIsRefusedAndChangesNothing(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"nothing", "", "expected version 1 or 2 at byte 0, got nothing"},
		{"another version", "\x03\x00", "expected version 1 or 2 at byte 0, got version 3"},
		{"no number of keys", "\x01", "expected the number of keys at byte 1"},
		{"a number in a longer form", "\x01\x80\x00", "not its shortest form"},
		{"fewer keys than said", "\x01\x02\x01a\x00", "expected the length of a key at byte 5"},
		{"more than the keys", "\x01\x00\x00\x00", "expected the end at byte 2, got 2 bytes more"},
		{"an empty key", "\x01\x01\x00\x00", "expected a key of 1 to 256 bytes at byte 2, got 0"},
		{"a long key", "\x01\x01\x81\x02" + strings.Repeat("k", 257) + "\x00",
			"expected a key of 1 to 256 bytes at byte 2, got 257"},
		{"a long value", "\x01\x01\x01a\x81\x80\x04", "expected a value of 0 to 65536 bytes at byte 4, got 65537"},
		{"a key cut off", "\x01\x01\x05ab", "expected a key of 5 bytes at byte 3, got 2"},
		{"a value cut off", "\x01\x01\x01a\x05", "expected a value of 5 bytes at byte 5, got 0"},
		{"keys out of order", "\x01\x02\x01b\x00\x01a\x00", `expected a key above "b" at byte 5, got "a"`},
		{"a key twice", "\x01\x02\x01a\x00\x01a\x00", `expected a key above "a" at byte 5, got "a"`},
		{"too much", strings.Repeat("\x01", MaxSnapshot+1),
			"expected a snapshot of at most 67108864 bytes, got 67108865"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := New()
			s.Apply([]byte("set x=1"))
			before := s.Hash()
			if err := s.Restore([]byte(test.data)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if s.Hash() != before || s.Len() != 1 {
				t.Error("the state changed")
			}
		})
	}
}

// Restore accepts as sorted exactly what Snapshot writes, byte for byte: each state has only one such form.
func FuzzRestore(f *testing.F) {
	for _, seed := range []string{"", "\x01\x00", "\x01\x01\x01x\x011", "\x01\x02\x01a\x00\x01x\x0210",
		"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := New()
		if err := s.Restore(data); err != nil {
			if s.Len() != 0 || s.Hash() != 0 {
				t.Errorf("%v, and the state changed", err)
			}
			return
		}
		if again := s.Snapshot(nil); data[0] == versionSorted && !bytes.Equal(again, data) {
			t.Errorf("%q became %q", data, again)
		}
	})
}

func BenchmarkSnapshot(b *testing.B) {
	s := New()
	for i := range 1000 {
		s.Apply(Encode(nil, Command{Op: Set, Key: string(rune('a' + i)), Value: "value"}))
	}
	var data []byte
	b.ReportAllocs()
	for b.Loop() {
		data = s.Snapshot(data[:0])
	}
}
