package kv

import (
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// MaxSnapshot is the size, in bytes, of the largest snapshot that Restore accepts.
const MaxSnapshot = 64 << 20

// The first byte of a snapshot is its version. What follows, in varints: how many pairs there are and, of
// each, the length of its key, the key, the length of its value, the value.
const (
	versionSorted = 1 // the pairs ascend by key: equal states have equal bytes
	versionLog    = 2 // the pairs come in any order, and of two with one key the later one counts
)

// Snapshot appends the state to dst, in a form that Restore reads. It is canonical: equal states have equal bytes,
// whichever commands led to them. The result shares no memory with the store. A state of more than MaxSnapshot bytes
// can be written, but not be restored.
func (s *Store) Snapshot(dst []byte) []byte {
	return s.appendPairs(append(dst, versionSorted), slices.SortedFunc(maps.Keys(s.pairs), strings.Compare))
}

// SnapshotShuffled appends the state to dst as Snapshot does, but lists the keys in an order that depends on
// the seed. A real state machine seldom writes one state in one way only: two replicas' snapshots of the same
// state have different bytes, and parts of the one do not fit the other.
func (s *Store) SnapshotShuffled(dst []byte, seed uint64) []byte {
	keys := slices.Collect(maps.Keys(s.pairs))
	rank := func(key string) uint64 { return mix(hashText(seed, key)) }
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return s.appendPairs(append(dst, versionLog), keys)
}

func (s *Store) appendPairs(dst []byte, keys []string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(keys)))
	for _, key := range keys {
		dst = appendString(dst, key)
		dst = appendString(dst, s.pairs[key].value)
	}
	return dst
}

// Restore replaces the state by that of a snapshot, and keeps nothing of data. If neither Snapshot nor
// SnapshotShuffled could have written data, or it has more than MaxSnapshot bytes, the state stays as it
// was, and the error says what was expected and what came.
func (s *Store) Restore(data []byte) error {
	if len(data) > MaxSnapshot {
		return tooLong("snapshot", MaxSnapshot, len(data))
	}
	const versions = "version 1 or 2"
	if len(data) == 0 {
		return malformed(0, versions, "nothing")
	}
	if data[0] != versionSorted && data[0] != versionLog {
		return malformed(0, versions, "version "+strconv.Itoa(int(data[0])))
	}
	r := snapshotReader{data: data, at: 1}
	count := r.number("the number of keys")
	restored, last := New(), ""
	for n := uint64(0); n < count && r.err == nil; n++ {
		start := r.at
		key := r.text("a key", 1, MaxKey)
		if r.err == nil && key <= last && data[0] == versionSorted {
			return malformed(start, "a key above "+strconv.Quote(last), strconv.Quote(key))
		}
		value := r.text("a value", 0, MaxValue)
		restored.set(key, value)
		last = key
	}
	if r.err != nil {
		return r.err
	}
	if r.at < len(data) {
		return malformed(r.at, "the end", strconv.Itoa(len(data)-r.at)+" bytes more")
	}
	*s = *restored
	return nil
}

// snapshotReader takes a snapshot apart. After the first error it returns only zeros.
type snapshotReader struct {
	data []byte
	at   int
	err  error
}

func (r *snapshotReader) number(what string) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 || n != len(binary.AppendUvarint(nil, v)) { // a longer form of the same number is not canonical
		r.err = malformed(r.at, what, "no number, or not its shortest form")
		return 0
	}
	r.at += n
	return v
}

// text reads the length of a text, and the text, into memory of its own.
func (r *snapshotReader) text(what string, least, most int) string {
	start := r.at
	length := r.number("the length of " + what)
	switch {
	case r.err != nil:
		return ""
	case length < uint64(least) || length > uint64(most):
		r.err = malformed(start, what+" of "+strconv.Itoa(least)+" to "+strconv.Itoa(most)+" bytes",
			strconv.FormatUint(length, 10))
		return ""
	case length > uint64(len(r.data)-r.at):
		r.err = malformed(r.at, what+" of "+strconv.FormatUint(length, 10)+" bytes", strconv.Itoa(len(r.data)-r.at))
		return ""
	}
	text := string(r.data[r.at : r.at+int(length)])
	r.at += int(length)
	return text
}

func appendString(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

func malformed(at int, expected, got string) error {
	return errors.New("kv: snapshot: expected " + expected + " at byte " + strconv.Itoa(at) + ", got " + got)
}
