package wal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/wal"
	"raftplayground/raft/wal/waltest"
)

// written is a disk with what it went through.
type written struct {
	bytes  []byte
	ends   []int          // where the header, and then each save, ends
	states []raft.Durable // after each
}

// write makes a disk of saves, of this version or of version 2.
func write(t testing.TB, asked wal.Identity, saves []raft.Save) written {
	t.Helper()
	disk := new(wal.Memory)
	w, state, _, err := wal.Open(disk, asked)
	if err != nil {
		t.Fatal(err)
	}
	made := written{ends: []int{w.Size()}, states: []raft.Durable{state}}
	for _, s := range saves {
		save(t, w, s)
		state = applied(state, s)
		made.ends, made.states = append(made.ends, w.Size()), append(made.states, state)
	}
	made.bytes, _ = disk.ReadAll()
	return made
}

// record returns save number n, counted from 1.
func (m *written) record(n int) []byte { return m.bytes[m.ends[n-1]:m.ends[n]] }

// without returns the disk with something else in the place of saves from through to.
func (m *written) with(from, to int, replacement ...[]byte) []byte {
	return bytes.Join([][]byte{m.bytes[:m.ends[from-1]], bytes.Join(replacement, nil), m.bytes[m.ends[to]:]}, nil)
}

// manySaves are of many kinds and sizes: entries, votes alone, overwritten suffixes, snapshots.
func manySaves(n int) (saves []raft.Save) {
	random := rand.New(rand.NewPCG(7, 7))
	state := raft.Durable{}
	for i := range n {
		s := raft.Save{CurrentTerm: state.CurrentTerm, VotedFor: state.VotedFor}
		if random.IntN(5) == 0 || s.CurrentTerm == 0 {
			s.CurrentTerm, s.VotedFor = s.CurrentTerm+1, raft.ServerID(random.IntN(4))
		}
		last := state.Base() + raft.Index(len(state.Log))
		s.First = last + 1
		switch random.IntN(8) {
		case 0:
			s.First = max(state.Base(), last-min(last, 2)) + 1
		case 1:
			if last > state.Base() {
				s.Snapshot = snapshot(last, termAt(state, last), fmt.Sprint("state ", i))
			}
		}
		for e := range random.IntN(4) {
			command := fmt.Sprintf("set key-%d-%d=%s", i, e, strings.Repeat("v", random.IntN(90)))
			s.Entries = append(s.Entries, entry(s.CurrentTerm, command))
		}
		state = applied(state, s)
		saves = append(saves, s)
	}
	return saves
}

// refused opens bytes, confirmed by the disk as far as it says, and returns the sentence of the refusal.
func refused(t *testing.T, asked wal.Identity, disk wal.Disk, what string, args ...any) string {
	t.Helper()
	_, durable, recovery, err := wal.Open(disk, asked)
	var damaged *wal.DamageError
	if !errors.As(err, &damaged) {
		t.Fatalf("%s: opened with %d entries, %+v, %v", fmt.Sprintf(what, args...), len(durable.Log), recovery, err)
	}
	return err.Error()
}

func unchained(asked wal.Identity) wal.Identity {
	asked.Unchained = true
	return asked
}

// What one finds in a disk from which records are gone, or on which they stand twice or in another order, is
// never a log that ends there.
func TestARecordThatIsMissingDoubledOrMovedIsNoticed(t *testing.T) {
	const n = 250
	for name, asked := range map[string]wal.Identity{"chained": identity, "version 2": unchained(identity)} {
		t.Run(name, func(t *testing.T) {
			disk := write(t, asked, manySaves(n))
			says := func(data []byte, sentence, what string, args ...any) {
				t.Helper()
				if got := refused(t, asked, holding(data), what, args...); !strings.Contains(got, sentence) {
					t.Fatalf("%s: it says %q, expected %q", fmt.Sprintf(what, args...), got, sentence)
				}
			}
			missing, many := ": the one before it is missing", ": the 3 before it are missing"
			doubled, moved := "behind later ones: records are doubled", "before it are missing"
			if asked.Unchained {
				missing = "records are missing, doubled or out of order"
				many, doubled, moved = missing, missing, missing
			}
			random := rand.New(rand.NewPCG(1, 1))
			for i := 1; i < n; i++ {
				says(disk.with(i, i), missing, "save %d is missing", i)
				if i+3 <= n {
					says(disk.with(i, i+2), many, "saves %d to %d are missing", i, i+2)
				}
				says(disk.with(i, i, disk.record(i), disk.record(i)), doubled, "save %d stands there twice", i)
				says(disk.with(n, n, disk.record(n), disk.record(i)), doubled, "save %d stands at the end again", i)
				if j := i + 2 + random.IntN(n); j <= n {
					between := disk.bytes[disk.ends[i]:disk.ends[j-1]]
					says(disk.with(i, j, disk.record(j), between, disk.record(i)), moved,
						"saves %d and %d changed places", i, j)
				}
			}
		})
	}
}

// Two disks went the same way up to a save and then parted, or are those of two makings of one room: a record
// of one is none of the other.
func TestARecordOfAnotherDiskIsNoticed(t *testing.T) {
	saves := manySaves(60)
	here, there := identity, identity
	here.Room, here.Made, there.Room, there.Made = "tea", "5f0c", "tea", "77aa"
	disk, other := write(t, here, saves), write(t, there, saves)
	copied := append([]raft.Save(nil), saves...)
	copied[30].Entries = []raft.Entry{entry(copied[30].CurrentTerm, "set other=1")}
	copied[30].Snapshot = nil
	parted := write(t, here, copied[:31])
	for i := range saves {
		n := i + 1
		says := refused(t, here, holding(disk.with(n, n, other.record(n))), "save %d of another making", n)
		want := fmt.Sprintf("expected a record %d that continues this disk, got one that continues another", n)
		if !strings.Contains(says, want) {
			t.Fatalf("it says %q, expected %q", says, want)
		}
	}
	refused(t, here, holding(disk.with(31, 31, parted.record(31))), "a save of an older copy that went on otherwise")
	// The end of an older copy behind what is newer: the copy went on for one more save, and this disk, too.
	spliced := append(bytes.Clone(parted.bytes), disk.record(32)...)
	refused(t, here, holding(spliced), "the rest of the disk behind the copy's own save")
}

// confirming is a disk that confirmed what it holds.
func confirming(data []byte, confirmed int) *confirmingDisk {
	disk := &confirmingDisk{confirmed: confirmed}
	disk.Memory.Replace(data, func(error) {})
	return disk
}

type confirmingDisk struct {
	wal.Memory
	confirmed int
}

func (d *confirmingDisk) Confirmed() int { return d.confirmed }

// A last block that went bad takes many saves that were acknowledged. It looks like one long write that was
// interrupted, and only the disk's account of what it has confirmed can tell.
func TestABlockOfConfirmedBytesIsNeverATornTail(t *testing.T) {
	disk := write(t, identity, manySaves(100))
	size := len(disk.bytes)
	last := disk.ends[len(disk.ends)-2]
	random := rand.New(rand.NewPCG(3, 3))
	noise := func() byte { return byte(random.Uint32()) }
	fills := []func() byte{func() byte { return 0 }, func() byte { return 0xFF }, noise}
	for _, block := range []int{64, 512, 4096} {
		for shift := range 200 {
			for _, fill := range fills {
				bad := bytes.Clone(disk.bytes)
				for i := max(size-block-shift, disk.ends[0]); i < size-shift; i++ {
					bad[i] = fill()
				}
				if bytes.Equal(bad[:last], disk.bytes[:last]) {
					continue // of one save, which the account may not know of yet
				}
				refused(t, identity, confirming(bad, last), "the last %d bytes but %d are damaged", block, shift)
			}
		}
	}
	for cut := range last {
		says := refused(t, identity, confirming(disk.bytes[:cut], last), "cut at %d of %d", cut, size)
		if !strings.Contains(says, "the rest is lost") {
			t.Fatalf("cut at %d: it says %q", cut, says)
		}
	}
}

// Every bit of what a disk has confirmed is looked at, that of the last record, too.
func TestAFlippedBitInConfirmedBytesIsRefused(t *testing.T) {
	for name, asked := range map[string]wal.Identity{"chained": identity, "version 2": unchained(identity)} {
		disk := write(t, asked, manySaves(25))
		for bit := range 8 * len(disk.bytes) {
			bad := bytes.Clone(disk.bytes)
			bad[bit/8] ^= 1 << (bit % 8)
			refused(t, asked, confirming(bad, len(bad)), "%s: bit %d is flipped", name, bit)
		}
	}
}

// forgeries returns values that are made to be taken for records: such as follow, copies of those that are
// there, beginnings, and many of them.
func forgeries(disk *written) (values [][]byte) {
	whole := disk.record(len(disk.ends) - 1)
	values = append(values, whole, bytes.Repeat(whole, 8))
	for _, text := range []string{"\xFARec", strings.Repeat("\xFARec", 50), strings.Repeat("\xFAR", 99), "R\xFAR\xFA"} {
		values = append(values, []byte(text))
	}
	for _, lead := range []int{0, 1, 7, 40} {
		next := nextRecord(disk, raft.Save{CurrentTerm: 1 << 40, First: disk.states[len(disk.states)-1].Base() + 1})
		values = append(values, append(bytes.Repeat([]byte("."), lead), next...))
	}
	return values
}

// nextRecord returns the record that the disk would get next.
func nextRecord(disk *written, s raft.Save) []byte {
	copied := new(wal.Memory)
	copied.Replace(disk.bytes, func(error) {})
	w, _, _, err := wal.Open(copied, identity)
	if err != nil {
		panic(err)
	}
	w.Save(s, func(error) {})
	data, _ := copied.ReadAll()
	return data[len(disk.bytes):]
}

// A client can write what it likes into a value. In a torn save, whichever parts of it got to the disk, that
// must not look like a record that was acknowledged.
func TestATornSaveOpensWhateverIsInItsValue(t *testing.T) {
	disk := write(t, identity, manySaves(12))
	state := disk.states[len(disk.states)-1]
	last := state.Base() + raft.Index(len(state.Log))
	random := rand.New(rand.NewPCG(5, 5))
	for v, value := range forgeries(&disk) {
		s := raft.Save{CurrentTerm: state.CurrentTerm, VotedFor: state.VotedFor, First: last + 1}
		s.Entries = []raft.Entry{{Term: state.CurrentTerm, Data: value}}
		record := nextRecord(&disk, s)
		whole := append(bytes.Clone(disk.bytes), record...)
		if _, durable, _ := open(t, holding(whole)); !same(durable, applied(state, s)) {
			t.Fatalf("value %d comes back as another", v)
		}
		start := len(disk.bytes)
		check := func(data []byte, what string, args ...any) {
			t.Helper()
			_, durable, recovery, err := wal.Open(confirming(data, start), identity)
			if err != nil || !same(durable, state) && !same(durable, applied(state, s)) {
				t.Fatalf("value %d, %s: %+v %+v, %v", v, fmt.Sprintf(what, args...), durable, recovery, err)
			}
		}
		for end := start; end < len(whole); end++ {
			check(whole[:end], "cut at byte %d of %d", end-start, len(record))
			lost := bytes.Clone(whole[:end])
			clear(lost[start:min(end, start+random.IntN(len(record)))])
			check(lost, "cut at byte %d, and what came before was not written", end-start)
		}
		for block := 16; block <= 512; block *= 2 {
			for range 64 {
				torn := bytes.Clone(whole)
				for at := start; at < len(torn); at = (at/block + 1) * block {
					if random.IntN(2) == 0 {
						clear(torn[at:min(len(torn), (at/block+1)*block)])
					}
				}
				check(torn, "some blocks of %d bytes were not written", block)
			}
		}
	}
}

// fullDisk has no room left: it can become shorter, and that is all.
type fullDisk struct{ confirmingDisk }

var errFull = errors.New("the disk is full")

func (d *fullDisk) Append(_ []byte, done func(error))  { done(errFull) }
func (d *fullDisk) Replace(_ []byte, done func(error)) { done(errFull) }
func (d *fullDisk) Cut(size int, done func(error)) {
	data, _ := d.ReadAll()
	d.Memory.Replace(data[:size], done)
}

func TestATornTailIsCutOffOnAFullDisk(t *testing.T) {
	disk := write(t, identity, manySaves(5))
	whole := disk.ends[4]
	for end := whole + 1; end < len(disk.bytes); end++ {
		full := &fullDisk{*confirming(disk.bytes[:end], whole)}
		asked := identity
		asked.Claim = uint64(end % 2) // the room for it is missing, too
		w, durable, recovery, err := wal.Open(full, asked)
		if err != nil || recovery.Torn != end-whole || !same(durable, disk.states[4]) {
			t.Fatalf("cut at %d: %+v %+v, %v", end, durable, recovery, err)
		}
		if data, _ := full.ReadAll(); !bytes.Equal(data, disk.bytes[:whole]) {
			t.Fatalf("cut at %d: the tail is still there", end)
		}
		var got error
		w.Save(raft.Save{CurrentTerm: 99, First: durable.Base() + 1}, func(err error) { got = err })
		if !errors.Is(got, errFull) {
			t.Fatalf("a save on a full disk: %v", got)
		}
	}
}

// handing hands over its bytes without a copy, so that one sees what Open allocates, and takes nothing.
type handing struct {
	discard
	data      []byte
	confirmed int
}

func (h *handing) ReadAll() ([]byte, error) { return h.data, nil }
func (h *handing) Confirmed() int           { return h.confirmed }

// With what the disk itself hands over, which has the size of the disk, Open allocates twice that at most,
// and a slot for each entry, whatever is on the disk.
func TestOpeningAllocatesAtMostTwiceTheDisk(t *testing.T) {
	const slot = 40 // bytes of an Entry in memory
	values := func(asked wal.Identity, n, size int, more ...raft.Save) []byte {
		disk := new(wal.Memory)
		w, _, _, err := wal.Open(disk, asked)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			value := []raft.Entry{entry(1, strings.Repeat("v", size))}
			save(t, w, raft.Save{CurrentTerm: 1, First: raft.Index(i + 1), Entries: value})
		}
		for _, s := range more {
			save(t, w, s)
		}
		data, _ := disk.ReadAll()
		return data
	}
	random := rand.New(rand.NewPCG(9, 9))
	noise := make([]byte, 8<<20)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	behind := func(disk, tail []byte) []byte { return append(bytes.Clone(disk), tail...) }
	small, old := values(identity, 10, 100), values(unchained(identity), 10, 100)
	long := values(identity, 20000, 100)
	half := snapshot(1000, 1, strings.Repeat("s", 1<<20))
	compacted := values(identity, 2000, 1000, raft.Save{CurrentTerm: 2, First: 2001, Snapshot: half})
	forged := bytes.Repeat([]byte("\xFARec\x01\x00\x00\x00"), 1<<20)
	big := values(identity, 0, 0, raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{{Term: 1, Data: forged}}})
	for name, test := range map[string]struct {
		data    []byte
		entries int
	}{
		"a torn tail of noise":                {behind(small, noise), 10},
		"a torn tail of zeros":                {behind(small, make([]byte, 8<<20)), 10},
		"a torn tail of marks":                {behind(small, forged), 10},
		"a torn tail of noise in version 2":   {behind(old, noise), 10},
		"a torn tail of zeros in version 2":   {behind(old, make([]byte, 8<<20)), 10},
		"a torn save of 8 MiB":                {big[:len(big)-1], 0},
		"a value that is stuffed all over":    {big, 1},
		"many entries":                        {long, 20000},
		"many entries and a torn save":        {long[:len(long)-1], 20000},
		"a snapshot behind what it replaces":  {compacted, 2000},
		"a disk of version 2 with everything": {values(unchained(identity), 20000, 100), 20000},
	} {
		var before, after runtime.MemStats
		disk := &handing{data: bytes.Clone(test.data)}
		runtime.ReadMemStats(&before)
		_, _, recovery, err := wal.Open(disk, identity)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		size := uint64(len(test.data))
		if took := after.TotalAlloc - before.TotalAlloc + size; took > 2*size+uint64(slot*test.entries)+64<<10 {
			t.Errorf("%s: %d bytes for a disk of %d: %.2f times (%+v)", name, took, size, float64(took)/float64(size),
				recovery)
		}
	}
}

// A whole life on a disk that confirms and forgets, with compaction: crashes at any point, and then damage to
// what was confirmed.
func TestALifeOnADiskThatConfirms(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 4))
		disk := &waltest.Disk{}
		w, state, _ := open(t, disk)
		states, acknowledged := []raft.Durable{state}, 0
		for range 10 + random.IntN(30) {
			last := state.Base() + raft.Index(len(state.Log))
			s := raft.Save{CurrentTerm: state.CurrentTerm + raft.Term(random.IntN(2)), First: last + 1}
			s.Entries = []raft.Entry{entry(s.CurrentTerm, strings.Repeat("v", 1+random.IntN(200<<10)))}
			if random.IntN(6) == 0 && last > state.Base() {
				s.Snapshot = snapshot(last, termAt(state, last), "state")
			}
			state = applied(state, s)
			states = append(states, state)
			w.Save(s, func(error) { acknowledged++ })
			disk.Complete(random.IntN(3))
		}
		disk.Crash(random)
		if confirmed := disk.Confirmed(); confirmed > 0 { // the header may not be on the disk yet
			for range 20 {
				bad := bytes.Clone(disk.Bytes())
				bad[random.IntN(confirmed)] ^= 1 << random.IntN(8)
				refused(t, identity, confirming(bad, confirmed), "seed %d: a bit is flipped", seed)
			}
		}
		_, recovered, recovery := open(t, disk)
		found := false
		for _, candidate := range states[acknowledged:] {
			found = found || same(recovered, candidate)
		}
		if !found {
			t.Fatalf("seed %d: %d entries (%+v), %d saves were acknowledged", seed, len(recovered.Log), recovery,
				acknowledged)
		}
	}
}
