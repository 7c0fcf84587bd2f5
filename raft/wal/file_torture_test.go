//go:build !js

package wal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/wal"
)

const (
	front = 8192 // bytes before the log in a file
	block = 512
)

// medium is a file as it stood at the moments of its life.
type medium struct {
	t      *testing.T
	path   string
	images [][]byte       // before the first save, and after each
	states []raft.Durable // likewise
}

// record lives through saves on a real file, and keeps what the file held after each.
func record(t *testing.T, saves []raft.Save) *medium {
	t.Helper()
	m := &medium{t: t, path: filepath.Join(t.TempDir(), "wal")}
	file, err := wal.OpenFile(m.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w, state, _ := open(t, file)
	m.keep(state)
	for _, s := range saves {
		save(t, w, s)
		state = applied(state, s)
		m.keep(state)
	}
	return m
}

func (m *medium) keep(state raft.Durable) {
	m.t.Helper()
	data, err := os.ReadFile(m.path)
	if err != nil {
		m.t.Fatal(err)
	}
	m.images, m.states = append(m.images, data), append(m.states, state)
}

// opened opens a file with these bytes as after a restart of its machine.
func (m *medium) opened(data []byte) (raft.Durable, error) {
	m.t.Helper()
	if err := os.WriteFile(m.path, data, 0o600); err != nil {
		m.t.Fatal(err)
	}
	file, err := wal.OpenFile(m.path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer file.Close()
	_, durable, _, err := wal.Open(file, identity)
	if err == nil {
		again, _, recovery, err := wal.Open(file, identity)
		if err != nil || again == nil || recovery.Torn > 0 {
			m.t.Fatalf("a second opening: %+v, %v", recovery, err)
		}
	}
	return durable, err
}

// interrupted returns what a loss of power may leave of save i, which grew the file at most to its length
// then: every block that changed since what was synced last is as it was, or as it became, or, behind the old
// end, zeros. What was synced last is save i−1 without its account, which gets to the medium with save i.
func (m *medium) interrupted(random *rand.Rand, i, length int) []byte {
	before, after := m.images[i-1], m.images[i]
	torn := bytes.Clone(after[:length])
	for at := 0; at < len(torn); at += block {
		end := min(at+block, len(torn))
		switch {
		case at < front && random.IntN(2) == 0:
			copy(torn[at:end], m.images[max(i-2, 0)][at:end])
		case at < front:
			copy(torn[at:end], before[at:end])
		case random.IntN(2) == 0:
			clear(torn[at:end])
			copy(torn[at:end], before[min(at, len(before)):min(end, len(before))])
		}
	}
	return torn
}

func TestAFileLosesNothingWhenThePowerFails(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 11))
	saves := manySaves(14)
	long := raft.Save{CurrentTerm: 100, First: saves[13].First + raft.Index(len(saves[13].Entries))}
	long.Entries = []raft.Entry{entry(100, strings.Repeat("long", 700))}
	saves = append(saves, long)
	m := record(t, saves)
	torn := 0
	for i := 1; i < len(m.images); i++ {
		before, after := m.images[i-1], m.images[i]
		for cut := len(before); cut <= len(after); cut += 1 + random.IntN(len(after)/800) {
			durable, err := m.opened(m.interrupted(random, i, cut))
			if err != nil || !same(durable, m.states[i-1]) && !same(durable, m.states[i]) {
				t.Fatalf("save %d, interrupted at byte %d of %d: %d entries, %v", i, cut, len(after), len(durable.Log),
					err)
			}
			torn++
		}
	}
	if torn < 300 {
		t.Errorf("only %d interruptions", torn)
	}
}

// What was confirmed is accounted for, so no part of it is taken for a torn write, not even all but the
// header.
func TestAFileThatLostConfirmedBytesIsRefused(t *testing.T) {
	m := record(t, manySaves(60))
	whole := m.images[60]
	random := rand.New(rand.NewPCG(12, 12))
	refuse := func(data []byte, what string, args ...any) {
		t.Helper()
		durable, err := m.opened(data)
		var damaged *wal.DamageError
		if !errors.As(err, &damaged) {
			t.Fatalf("%s: opened with %d entries, %v", fmt.Sprintf(what, args...), len(durable.Log), err)
		}
	}
	for cut := front + 1; cut < len(whole); cut += 7 {
		refuse(whole[:cut], "cut at byte %d of %d", cut, len(whole))
	}
	refuse(whole[:front], "cut behind its accounts")
	refuse(whole[:100], "cut within its accounts")
	noise := func() byte { return byte(random.Uint32()) }
	fills := map[string]func() byte{"zeros": func() byte { return 0 }, "noise": noise}
	for _, size := range []int{block, 4096} {
		for name, fill := range fills {
			bad := bytes.Clone(whole)
			for i := (len(bad) - 1) / size * size; i < len(bad); i++ {
				bad[i] = fill()
			}
			refuse(bad, "its last block of %d bytes is %s", size, name)
			bad = bytes.Clone(whole)
			for i := len(bad) - size; i < len(bad); i++ {
				bad[i] = fill()
			}
			refuse(bad, "its last %d bytes are %s", size, name)
		}
	}
	// A record that the next account is not known to cover, because the power failed before it was written,
	// and one that it does cover.
	lagging := append(bytes.Clone(m.images[59][:front]), whole[front:]...)
	lagging[len(lagging)-1] ^= 1
	if durable, err := m.opened(lagging); err != nil || !same(durable, m.states[59]) {
		t.Errorf("a last record that was not accounted for: %d entries, %v", len(durable.Log), err)
	}
	lagging[len(m.images[59])-1] ^= 1
	refuse(lagging, "the last two records are damaged")
	refuse(append(bytes.Clone(whole[:front]), m.images[30][front:]...), "the log is an older one than the accounts")
}

// An account is written in place. One that is damaged, by a crash or by age, is no loss: there are two.
// Without either the file says nothing.
func TestADamagedAccountIsNoLoss(t *testing.T) {
	m := record(t, manySaves(3))
	whole := m.images[3]
	for bit := range 8 * 20 {
		for _, at := range []int{0, 4096} {
			bad := bytes.Clone(whole)
			bad[at+bit/8] ^= 1 << (bit % 8)
			if durable, err := m.opened(bad); err != nil || !same(durable, m.states[3]) {
				t.Fatalf("bit %d of the account at byte %d is flipped: %d entries, %v", bit, at, len(durable.Log), err)
			}
		}
	}
	clear(whole[:front])
	const want = "expected an account of what was confirmed, got two that are damaged"
	if _, err := m.opened(whole); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("without accounts: %v", err)
	}
}

// Files from before there were accounts begin with the log itself.
func TestAFileWithoutAccountsIsTakenOver(t *testing.T) {
	data, state := oldDisk(t)
	m := &medium{t: t, path: filepath.Join(t.TempDir(), "wal")}
	for _, torn := range []int{0, 5} {
		durable, err := m.opened(append(bytes.Clone(data), make([]byte, torn)...))
		if err != nil || !same(durable, state) {
			t.Fatalf("with %d bytes of a torn write: %+v, %v", torn, durable, err)
		}
		if got, err := os.ReadFile(m.path); err != nil || string(got[:8]) != "RaftFile" {
			t.Errorf("it has still no accounts: %q, %v", got[:8], err)
		}
	}
	m.keep(state)
	m.images[0][len(m.images[0])-1] ^= 1
	if _, err := m.opened(m.images[0]); err == nil {
		t.Error("the last record is not accounted for")
	}
}

// Compaction writes a second file and renames it. A crash leaves one of the two, whole, and perhaps a part
// of the other beside it.
func TestAFileIsCompactedAtOnce(t *testing.T) {
	var saves []raft.Save
	for term := range raft.Term(8) {
		value := []raft.Entry{entry(term+1, strings.Repeat("v", 400<<10))}
		saves = append(saves, raft.Save{CurrentTerm: term + 1, First: 1, Entries: value})
	}
	m := record(t, saves)
	compacted := 0
	for i := 1; i < len(m.images); i++ {
		before, after := m.images[i-1], m.images[i]
		if len(after) > len(before) {
			continue
		}
		compacted++
		for _, part := range []int{0, 1, front - 1, front, front + 100, len(after) - 1, len(after)} {
			if err := os.WriteFile(m.path+".new", after[:part], 0o600); err != nil {
				t.Fatal(err)
			}
			if durable, err := m.opened(before); err != nil || !same(durable, m.states[i-1]) {
				t.Errorf("died with %d bytes of the new file written: %v", part, err)
			}
		}
		if durable, err := m.opened(after); err != nil || !same(durable, m.states[i]) {
			t.Errorf("after compaction: %v", err)
		}
		after[len(after)-1] ^= 1
		if _, err := m.opened(after); err == nil {
			t.Error("a damaged image is opened")
		}
	}
	if compacted < 2 {
		t.Errorf("compacted %d times", compacted)
	}
}
