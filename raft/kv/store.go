// Package kv is the replicated state machine (§2): a key-value store. Every server applies the same commands in the
// same order and so comes to the same state, which Hash makes comparable.
//
// Commands are text that a person can read in the log: "set x=1", "cas x=1=2", "del x", "get x". A read that goes
// through the log like a write is answered when it is applied, and so it sees every write that was answered before it
// was asked (§8: reads must not return stale data). That costs an entry for each read; Lookup reads without one, for a
// server that has made sure of the same in another way.
package kv

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Store is the state. The zero value is not ready, see New. It is not safe for concurrent use.
type Store struct {
	pairs map[string]pair
	hash  uint64 // the sum of the pairs' hashes
}

type pair struct {
	value string
	hash  uint64
}

// Result is what a command led to.
type Result struct {
	Err   error  // the data is not a command; the state did not change
	Found bool   // the key existed before the command; cas: its value was the one expected, and was replaced
	Value string // get: the value, if Found
}

// New returns an empty store.
func New() *Store { return &Store{pairs: make(map[string]pair)} }

// Apply applies one command of the log. Data that is not a command changes nothing, on every server alike;
// Apply never panics. The result keeps no part of data.
func (s *Store) Apply(data []byte) Result {
	c, err := Parse(data)
	if err != nil {
		return Result{Err: err}
	}
	old, found := s.pairs[c.Key]
	switch c.Op {
	case Set:
		s.set(c.Key, c.Value)
		return Result{Found: found}
	case CompareAndSwap:
		expected := found && old.value == c.Expected
		if expected {
			s.set(c.Key, c.Value)
		}
		return Result{Found: expected}
	case Delete:
		delete(s.pairs, c.Key)
		s.hash -= old.hash
		return Result{Found: found}
	}
	return Result{Found: found, Value: old.value}
}

func (s *Store) set(key, value string) {
	now := pair{value, hashPair(key, value)}
	s.hash += now.hash - s.pairs[key].hash
	s.pairs[key] = now
}

// Lookup returns the value of a key, and whether there is one.
func (s *Store) Lookup(key string) (value string, found bool) {
	p, found := s.pairs[key]
	return p.value, found
}

// Len returns the number of keys.
func (s *Store) Len() int { return len(s.pairs) }

// Pair is a key and its value.
type Pair struct{ Key, Value string }

// First returns the n pairs with the least keys, in the order of the keys' bytes, or all if there are fewer;
// n is at least 1. It visits every key, but sorts only the first n so far.
func (s *Store) First(n int) []Pair {
	keys := make([]string, 0, min(n, len(s.pairs))+1)
	for key := range s.pairs {
		if len(keys) == n && key > keys[n-1] {
			continue
		}
		place, _ := slices.BinarySearch(keys, key)
		keys = slices.Insert(keys, place, key)
		keys = keys[:min(n, len(keys))]
	}
	pairs := make([]Pair, 0, len(keys))
	for _, key := range keys {
		pairs = append(pairs, Pair{key, s.pairs[key].value})
	}
	return pairs
}

// Hash returns a hash of all pairs. Equal states have equal hashes on every platform, whichever commands led
// to them; different states have the same hash with a chance of 2^-64. It does not resist a deliberate
// search for collisions. The empty state has 0.
func (s *Store) Hash() uint64 { return s.hash }

// hashPair hashes a pair to be summed: the order does not matter, and a pair can be subtracted.
func hashPair(key, value string) uint64 {
	h := mix(uint64(len(key)) + 0x9e3779b97f4a7c15) // the length keeps ("a", "bc") and ("ab", "c") apart
	return mix(hashText(hashText(h, key), value))
}

func hashText(h uint64, text string) uint64 {
	var word [8]byte
	for ; len(text) >= 8; text = text[8:] {
		copy(word[:], text)
		h = mix(h ^ binary.LittleEndian.Uint64(word[:]))
	}
	word = [8]byte{7: byte(len(text)) + 1} // 1 to 8: text that ends in zeros is not shorter text
	copy(word[:7], text)
	return mix(h ^ binary.LittleEndian.Uint64(word[:]))
}

// mix is the finalizer of SplitMix64: every bit of x changes every bit of the result with a chance of about one half.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// MaxText is the most characters that Text returns.
const MaxText = 40

// Text returns a command in words, as Shown does: "x = 1", "x: 1 → 2", "delete x", "x?". Data that is no command is
// shown as it is.
func Text(data []byte) string {
	c, err := Parse(data)
	switch {
	case err != nil:
		return Shown(string(data[:min(len(data), 4*(MaxText+1))]), MaxText)
	case c.Op == Set:
		return Shown(c.Key+" = "+c.Value[:min(len(c.Value), 4*MaxText)], MaxText)
	case c.Op == CompareAndSwap:
		return Shown(c.Key+": "+c.Expected+" → "+c.Value[:min(len(c.Value), 4*MaxText)], MaxText)
	case c.Op == Delete:
		return Shown("delete "+c.Key, MaxText)
	}
	return Shown(c.Key+"?", MaxText)
}

// Shown returns text for display, at most most characters. "·" is what cannot be shown; "…" ends what is
// cut.
func Shown(text string, most int) string {
	var out strings.Builder
	for n := 0; text != ""; n++ {
		r, size := utf8.DecodeRuneInString(text)
		if n == most-1 && size < len(text) {
			out.WriteRune('…')
			break
		}
		if r == utf8.RuneError || !strconv.IsPrint(r) {
			r = '·'
		}
		out.WriteRune(r)
		text = text[size:]
	}
	return out.String()
}

// HashText returns a hash as 16 hexadecimal digits.
func HashText(hash uint64) string {
	digits := strconv.FormatUint(hash, 16)
	return "0000000000000000"[len(digits):] + digits
}
