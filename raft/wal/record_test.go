package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"

	"raftplayground/raft"
)

var fullSave = raft.Save{CurrentTerm: 300, VotedFor: 2, First: 8,
	Entries: []raft.Entry{{Term: 300, Kind: raft.NoOp, Data: []byte{}}, {Term: 300, Data: []byte("set x=1")}},
	Snapshot: &raft.Snapshot{Index: 7, Term: 299, Data: []byte("state"),
		Configuration: raft.Configuration{Voters: []raft.ServerID{1, 2, 3}}}}

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
	if !readSave(body, &got) || got.CurrentTerm != 300 || got.First != 8 || len(got.Entries) != 2 ||
		!reflect.DeepEqual(got.Snapshot, fullSave.Snapshot) {
		t.Errorf("read %+v", got)
	}
	if !readSave(appendSave(nil, &bare), &got) || len(got.Entries) != 2 || got.Snapshot != nil {
		t.Errorf("read to where one was read before: %+v", got)
	}
	if readSave(append(body, 0), &got) {
		t.Error("a byte behind it is read")
	}
}

// sealed is a disk of server 1 with records of these bodies, every one with the right checksums.
func sealed(t *testing.T, bodies ...[]byte) []byte {
	t.Helper()
	disk := new(Memory)
	w, _, _, err := Open(disk, Identity{Server: 1})
	if err != nil {
		t.Fatal(err)
	}
	data, _ := disk.ReadAll()
	for _, body := range bodies {
		offset := len(data)
		with, start := w.chain.begin(data)
		data = w.chain.seal(append(with, body...), start, uint64(offset))
	}
	return data
}

func holding(data []byte) *Memory { return &Memory{data: bytes.Clone(data)} }

// refusal opens a disk that is damaged at that byte, and returns the error's text.
func refusal(t *testing.T, name string, disk Disk, offset int) string {
	t.Helper()
	_, durable, _, err := Open(disk, Identity{Server: 1})
	var damaged *DamageError
	if !errors.As(err, &damaged) {
		t.Errorf("%s: opened with %+v, %v", name, durable, err)
		return ""
	}
	if damaged.Offset != offset {
		t.Errorf("%s: damaged at byte %d, want %d", name, damaged.Offset, offset)
	}
	return err.Error()
}

// A record whose checksums are right was written so: no crash explains what is wrong in it.
func TestARecordThatHoldsNoSaveIsDamage(t *testing.T) {
	of := func(kind byte, body ...byte) []byte { return append([]byte{kind}, body...) }
	full := appendSave(nil, &fullSave)
	text := bytes.Index(full, []byte("1,2,3"))
	bad := bytes.Clone(full)
	bad[text+4] = ','
	for name, test := range map[string]struct {
		body []byte
		want string
	}{
		"not even a kind":   {nil, "expected a save, got 0 bytes that are none"},
		"a kind alone":      {of(kindSave), "expected a save, got 0 bytes that are none"},
		"a save cut short":  {of(kindSave, full[:len(full)-1]...), "expected a save, got"},
		"a bad cluster":     {of(kindSave, bad...), "expected a save, got"},
		"nothing behind it": {of(kindSave, bad[:text+5]...), "expected a save, got"},
		"an unknown kind":   {of(3, 1), "expected a save or a claim, got a record of kind 3"},
		"no claim":          {of(kindClaim), "expected a claim later than 7, got 0"},
		"the last claim":    {appendClaim(nil, 7), "expected a claim later than 7, got 7"},
		"an earlier claim":  {appendClaim(nil, 6), "expected a claim later than 7, got 6"},
		"more than a claim": {append(appendClaim(nil, 8), 0), "expected a claim later than 7, got 8"},
	} {
		before := len(sealed(t, appendClaim(nil, 7)))
		data := sealed(t, appendClaim(nil, 7), test.body)
		if got := refusal(t, name, holding(data), before); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if whose, err := Whose(data); err != nil || whose.Server != 1 {
			t.Errorf("%s: it is the disk of %v, %v", name, whose, err)
		}
	}
}

// A header with the right checksums that says what cannot be.
func TestAHeaderThatHoldsNoIdentityIsDamage(t *testing.T) {
	header := func(body ...byte) []byte {
		c := chain{version: version}
		dst, start := c.begin(append([]byte(magic), version))
		return c.seal(append(dst, body...), start, uint64(start))
	}
	digits := func(text string) []byte { return append([]byte{1, 0, 0, 0, 0}, text...) }
	const zeros = "0000000000000000"
	for name, body := range map[string][]byte{
		"nothing": nil, "no length": digits(""), "no number": digits("000000000000000x"),
		"more behind it": append(digits(zeros), 0),
	} {
		if got := refusal(t, name, holding(header(body...)), 8); !strings.Contains(got, "expected an identity and") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if _, _, _, err := Open(holding(header(digits(zeros)...)), Identity{Server: 1}); err != nil {
		t.Errorf("a good one: %v", err)
	}
	for _, v := range []byte{version, unchained} {
		for _, missing := range []uint64{1, 100} {
			data := appendHeader(nil, &chain{version: v}, &Identity{Server: 1}, missing)
			got := refusal(t, "no image", holding(data), len(data))
			want := "expected an image of " + decimal(uint32(missing)) + " bytes, got 0 bytes"
			if !strings.Contains(got, want) {
				t.Errorf("version %d: %q, want %q", v, got, want)
			}
		}
	}
	refusal(t, "a version and nothing behind it", holding([]byte(magic+"\x03")), 7)
}

// An image is written at once: no crash leaves a part of it, also where the disk keeps no account.
func TestADamagedImageIsNoTornTail(t *testing.T) {
	for _, v := range []byte{version, unchained} {
		disk := new(Memory)
		w, _, _, err := Open(disk, Identity{Server: 1, Unchained: v == unchained})
		if err != nil {
			t.Fatal(err)
		}
		start := len(disk.data)
		w.Save(fullSave, func(error) {})
		w.rewrite(nil)
		if _, durable, _, err := Open(disk, Identity{Server: 1}); err != nil ||
			durable.CurrentTerm != fullSave.CurrentTerm {
			t.Fatalf("version %d: %+v, %v", v, durable, err)
		}
		if v == unchained { // the opening above has rewritten it
			disk.data = disk.data[:0]
			w.rewrite(nil)
		}
		disk.data[len(disk.data)-1] ^= 1
		refusal(t, "damaged in its last byte", holding(disk.data), start)
	}
}

// account is a disk that has confirmed so many bytes.
type account struct {
	Memory
	confirmed int
}

func (a *account) Confirmed() int { return a.confirmed }

// Which of the signs of damage is told: each says something else of how much is lost.
func TestTheSignOfDamageIsTold(t *testing.T) {
	save := append([]byte{kindSave}, appendSave(nil, &raft.Save{CurrentTerm: 1, First: 1})...)
	later := append([]byte{kindSave}, appendSave(nil, &raft.Save{CurrentTerm: 2, First: 1})...)
	first, second := len(sealed(t)), len(sealed(t, save))
	whole := sealed(t, save, later)
	flipped := func(at int) []byte {
		data := bytes.Clone(whole)
		data[at] ^= 1
		return data
	}
	marks := append(sealed(t, save), mark+mark+"and forty more bytes that make no head of it"...)
	_, _, recovery, err := Open(holding(marks), Identity{Server: 1})
	if err != nil || recovery.Torn != len(marks)-second {
		t.Errorf("marks that begin no record: %+v, %v", recovery, err)
	} else if whose, err := Whose(marks); err != nil || whose.Server != 1 {
		t.Errorf("marks that begin no record are behind the disk of %v, %v", whose, err)
	}
	shifted := append(append(sealed(t, save), 'x'), whole[second:]...)
	for _, test := range []struct {
		name   string
		disk   Disk
		offset int
		want   string
	}{
		{"all confirmed", &account{*holding(flipped(len(whole) - 1)), len(whole)}, second, "the disk had confirmed"},
		{"a header that is confirmed", &account{*holding(flipped(9)), len(whole)}, 7, "expected the head of record"},
		{"lost within its header", &account{*holding(whole[:9]), len(whole)}, 9, "the rest is lost"},
		{"lost behind its header", &account{*holding(whole[:first]), len(whole)}, first, "the rest is lost"},
		{"something behind a bad body", holding(append(flipped(second - 1)[:second], "more"...)), first,
			"; more was written"},
		{"a byte too many", holding(shifted), second, "; a good record follows at byte " + decimal(uint32(second+1))},
		{"a bad head", holding(flipped(first)), first, "; a good record follows at byte " + decimal(uint32(second))},
	} {
		if got := refusal(t, test.name, test.disk, test.offset); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// The records of version 2 bear no mark: what follows a bad head is found by its checksums, and what a value holds
// is not looked at.
func TestADiskOfVersion2IsJudgedByItsRecords(t *testing.T) {
	asked := Identity{Server: 1, Unchained: true}
	disk := new(Memory)
	w, _, _, err := Open(disk, asked)
	if err != nil {
		t.Fatal(err)
	}
	put := func(term raft.Term, value []byte) (start int) {
		start = len(disk.data)
		entries := []raft.Entry{{Term: term, Data: value}}
		w.Save(raft.Save{CurrentTerm: term, First: 1, Entries: entries}, func(error) {})
		return start
	}
	first := put(1, []byte(pair+". and "+mark))
	if _, durable, _, err := Open(disk, asked); err != nil || string(durable.Log[0].Data) != pair+". and "+mark {
		t.Errorf("a value with marks: %+v, %v", durable, err)
	}
	second := put(2, []byte("y"))
	bad := holding(disk.data)
	bad.data[first+1] ^= 1 // its length
	want := "; a good record follows at byte " + decimal(uint32(second))
	if got := refusal(t, "a bad length", bad, first); !strings.Contains(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	value := make([]byte, unchainedHead+20)
	third := put(3, value)
	putUnchained(value, uint64(len(disk.data)-len(value)))
	disk.data = disk.data[:third]
	w.size = third
	put(4, append(value, "and more"...))
	torn := holding(disk.data[:len(disk.data)-1])
	if _, durable, recovery, err := Open(torn, asked); err != nil || durable.CurrentTerm != 2 || recovery.Torn == 0 {
		t.Errorf("a record in the value of a torn save: %+v %+v, %v", durable, recovery, err)
	}
}

// Opening makes room for all entries at once: to grow into it would take the memory twice.
func TestOpeningMakesRoomForTheEntries(t *testing.T) {
	for _, asked := range []Identity{{Server: 1}, {Server: 1, Unchained: true}} {
		disk := new(Memory)
		w, _, _, err := Open(disk, asked)
		if err != nil {
			t.Fatal(err)
		}
		for first := raft.Index(1); first <= 900; first += 3 {
			w.Save(raft.Save{CurrentTerm: 70, VotedFor: 9, First: first, Entries: make([]raft.Entry, 3)},
				func(error) {})
		}
		w, _, _, err = Open(disk, asked)
		if err != nil || len(w.log) != 900 || cap(w.log) != 900 {
			t.Errorf("%v: %d entries in the room of %d, %v", asked, len(w.log), cap(w.log), err)
		}
	}
}

func TestNoBodyContainsTheMark(t *testing.T) {
	alphabet := pair + string(stuffing) + "x"
	var try func(body string, length int)
	try = func(body string, length int) {
		if length > 0 {
			for i := range len(alphabet) {
				try(body+alphabet[i:i+1], length-1)
			}
			return
		}
		for _, before := range []string{"", "\xFA", "\xFAR"} { // is not the body's
			stuffed := stuff([]byte(before+body), len(before))
			want := before + strings.ReplaceAll(body, pair, pair+string(stuffing))
			if string(stuffed) != want {
				t.Fatalf("%q behind %q is stuffed to %q, want %q", body, before, stuffed, want)
			}
			if got := unstuff(stuffed[len(before):]); string(got) != body {
				t.Fatalf("%q comes back as %q", body, got)
			}
		}
	}
	for length := range 7 {
		try("", length)
	}
}

func TestWhatStandsInThePlaceOfAHeadIsDescribed(t *testing.T) {
	c := chain{version: version}
	record, start := c.begin(nil)
	record = c.seal(record, start, 0) // of no body: a head is all of it
	if h, ok := readHead(record); !ok || h.length != 0 {
		t.Errorf("a record without a body: %+v, %v", h, ok)
	}
	bad := bytes.Clone(record)
	bad[10] ^= 1
	for want, data := range map[string][]byte{
		"23 bytes": record[:23], "one with a wrong checksum": bad, "bytes that begin no record": make([]byte, 24),
	} {
		if got := describe(data); got != want {
			t.Errorf("%q is %q, want %q", data, got, want)
		}
	}
	if got := hex(0x01ab9cf0); got != "01ab9cf0" {
		t.Errorf("in hexadecimal digits: %s", got)
	}
}

func TestAnIdentityIsToldWithItsRoom(t *testing.T) {
	for want, i := range map[string]Identity{
		"server 1 of []":                           {Server: 1},
		"server 2 of [1 2]":                        {Server: 2, Voters: []raft.ServerID{1, 2}},
		`server 1 of [] in room "tea", made …`:     {Server: 1, Room: "tea"},
		`server 1 of [] in room "", made 5f0c…`:    {Server: 1, Made: "5f0c77aa"},
		`server 1 of [] in room "tea", made 5f…`:   {Server: 1, Room: "tea", Made: "5f"},
		`server 1 of [] in room "tea", made 5f0c…`: {Server: 1, Room: "tea", Made: "5f0c77aa"},
	} {
		if i.String() != want {
			t.Errorf("got %s, want %s", i, want)
		}
		i.Unchained = true
		if _, _, _, err := Open(new(Memory), i); (err != nil) != i.named() {
			t.Errorf("%s on a disk of version 2: %v", i, err)
		}
	}
	disk := new(Memory)
	for n, i := range []Identity{{Server: 1}, {Server: 1, Room: "tea"}, {Server: 1, Room: "tea", Made: "5f"}} {
		if _, _, _, err := Open(disk, i); err != nil {
			t.Fatal(err)
		}
		if whose, err := Whose(disk.data); err != nil || whose.Room != i.Room || whose.Made != i.Made {
			t.Errorf("after opening %d the disk is that of %v, %v", n+1, whose, err)
		}
	}
	voters := []raft.ServerID{3, 1, 2}
	if _, _, _, err := Open(new(Memory), Identity{Server: 1, Voters: voters}); err != nil || voters[0] != 3 {
		t.Errorf("the caller's voters have become %v, %v", voters, err)
	}
}

// The sizes decide when the disk is rewritten: they are what is written, and a snapshot's is that at most.
func TestSizesAreThoseOfWhatIsWritten(t *testing.T) {
	of := func(save raft.Save) int { return len(appendSave(nil, &save)) }
	for _, term := range []raft.Term{0, 1, 127, 128, 1<<14 - 1, 1 << 14, 1<<64 - 1} {
		for _, length := range []int{0, 1, 127, 128, 1<<14 - 1, 1 << 14} {
			e := raft.Entry{Term: term, Data: make([]byte, length)}
			if want := of(raft.Save{Entries: []raft.Entry{e}}) - of(raft.Save{}); entrySize(&e) != want {
				t.Errorf("an entry of term %d and %d bytes: %d, want %d", term, length, entrySize(&e), want)
			}
		}
	}
	var voters []raft.ServerID
	for id := range raft.ServerID(9) {
		voters = append(voters, 1<<60+id)
	}
	largest := raft.Snapshot{Index: 1<<64 - 1, Term: 1<<64 - 1, Data: make([]byte, 100)}
	largest.Configuration.Voters = voters
	for _, s := range []*raft.Snapshot{{Index: 1}, fullSave.Snapshot, &largest} {
		if got, least := snapshotSize(s), of(raft.Save{Snapshot: s})-of(raft.Save{}); got < least || got > least+40 {
			t.Errorf("a snapshot through entry %d: %d, want %d and a little", s.Index, got, least)
		}
	}
	if snapshotSize(nil) != 0 {
		t.Errorf("no snapshot: %d", snapshotSize(nil))
	}
}

// What is counted as live is the newest snapshot and the entries behind it, and an image has room for them.
func TestLiveBytesAreThoseOfTheState(t *testing.T) {
	entries := func(n int) (list []raft.Entry) {
		for i := range n {
			list = append(list, raft.Entry{Term: 1, Data: make([]byte, 100*i)})
		}
		return list
	}
	at := func(i raft.Index, length int) *raft.Snapshot {
		return &raft.Snapshot{Index: i, Term: 1, Data: make([]byte, length)}
	}
	large := Identity{Server: 1 << 63, Claim: 1 << 63, Room: strings.Repeat("room", 99),
		Made: strings.Repeat("5f0c", 50)}
	for id := range raft.ServerID(200) {
		large.Voters = append(large.Voters, 1<<63+id)
	}
	for _, identity := range []Identity{{Server: 1 << 63, Unchained: true}, large} {
		disk := new(Memory)
		w, _, _, err := Open(disk, identity)
		if err != nil {
			t.Fatal(err)
		}
		for n, s := range []raft.Save{
			{CurrentTerm: 1, First: 1, Entries: entries(9)},
			{CurrentTerm: 1, First: 7, Entries: entries(2)},
			{CurrentTerm: 1, First: 9, Snapshot: at(4, 1000)},
			{CurrentTerm: 1, First: 9, Snapshot: at(6, 10), Entries: entries(1)},
			{CurrentTerm: 1, First: 51, Snapshot: at(50, 2000), Entries: entries(3)},
			{CurrentTerm: 1 << 63, VotedFor: 1 << 63, First: 1<<63 + 1, Snapshot: at(1<<63, 2000)},
		} {
			w.Save(s, func(err error) {
				if err != nil {
					t.Fatal(err)
				}
			})
			if want := entriesSize(w.log) + snapshotSize(w.snapshot); w.live != want {
				t.Errorf("save %d: %d bytes are live, want %d", n+1, w.live, want)
			}
			if len(disk.data) != w.Size() {
				t.Errorf("save %d: the size is %d, the disk has %d bytes", n+1, w.Size(), len(disk.data))
			}
		}
		w.rewrite(nil)
		if len(disk.data) != w.Size() || w.Size() > w.imageSize() || w.Size() < w.imageSize()-125 {
			t.Errorf("rewritten to %d bytes, want at most %d, and about that; the size is %d", len(disk.data),
				w.imageSize(), w.Size())
		}
	}
}

// Of a state that is almost nothing, nothing is lost either.
func TestAnImageHoldsWhateverThereIs(t *testing.T) {
	for n, s := range []raft.Save{
		{First: 1}, {CurrentTerm: 3, First: 1}, {CurrentTerm: 3, VotedFor: 2, First: 1},
		{CurrentTerm: 3, First: 8, Snapshot: fullSave.Snapshot},
		{CurrentTerm: 3, First: 1, Entries: []raft.Entry{{Term: 3}}},
	} {
		s.CurrentTerm *= 100
		disk := new(Memory)
		w, _, _, err := Open(disk, Identity{Server: 1})
		if err != nil {
			t.Fatal(err)
		}
		w.Save(s, func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		})
		w.rewrite(nil)
		_, durable, recovery, err := Open(disk, Identity{Server: 1})
		if err != nil || durable.CurrentTerm != s.CurrentTerm || durable.VotedFor != s.VotedFor ||
			len(durable.Log) != len(s.Entries) || !reflect.DeepEqual(durable.Snapshot, s.Snapshot) {
			t.Errorf("state %d: opened %+v, %v", n, durable, err)
		}
		if recovery.Records != min(n, 1) {
			t.Errorf("state %d: %d records", n, recovery.Records)
		}
	}
}

// The disk is rewritten when more than rewriteBytes, and more than half of it, are garbage, not when just so
// many are.
func TestTheDiskIsRewrittenBeyondTheBorder(t *testing.T) {
	for _, test := range []struct{ live, garbage int }{{10, rewriteBytes}, {2 * rewriteBytes, 0}} {
		disk := new(Memory)
		w, _, _, err := Open(disk, Identity{Server: 1})
		if err != nil {
			t.Fatal(err)
		}
		done := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		vote := raft.Save{CurrentTerm: 1, VotedFor: 1, First: 2}
		w.Save(raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{{Term: 1, Data: make([]byte, test.live)}}},
			done)
		before := w.size
		w.Save(vote, done)
		record := w.size - before
		border := max(test.garbage, w.imageSize()*min(1, test.live/rewriteBytes)) + w.imageSize() - record
		for beyond := range 2 {
			w.size = border + beyond // as if so much had been written
			if w.Save(vote, done); (w.size < border) != (beyond == 1) {
				t.Errorf("%d bytes live, %d beyond the border: the disk has %d bytes", test.live, beyond, w.size)
			}
		}
	}
}

// Memory holds neither what was overwritten nor callbacks that were called.
func TestNothingIsHeldThatIsOver(t *testing.T) {
	w, _, _, err := Open(new(Memory), Identity{Server: 1, Claim: 3})
	if err != nil {
		t.Fatal(err)
	}
	w.Save(raft.Save{CurrentTerm: 1, First: 1, Entries: []raft.Entry{{Term: 1}, {Term: 1, Data: []byte("x")}}},
		func(error) {})
	w.Save(raft.Save{CurrentTerm: 1, First: 2}, func(error) {})
	if held := w.log[:2][1]; held.Data != nil {
		t.Errorf("an entry that is gone is held: %+v", held)
	}
	if len(w.waiting) != 0 || w.waiting[:1][0] != nil {
		t.Errorf("%d wait, and who was told is held", len(w.waiting))
	}
	again, _, _, err := Open(w.disk, Identity{Server: 1, Claim: 4})
	if err != nil {
		t.Fatal(err)
	}
	size := again.Size()
	if again.writeClaim(0); again.Size() != size {
		t.Error("a claim is written twice")
	}
}

// The end of a record with a flaw, and the place of one that is not there, are 0.
func TestARecordWithAFlawHasNoEnd(t *testing.T) {
	save := append([]byte{kindSave}, appendSave(nil, &raft.Save{CurrentTerm: 1, First: 1})...)
	whole, start := sealed(t, save), len(sealed(t))
	good := chain{version: version, number: 1, link: binary.LittleEndian.Uint32(whole[8+20:])}
	if _, next, bad := good.read(whole, start); next != len(whole) || bad != nil {
		t.Fatalf("it is read to %d of %d, %+v", next, len(whole), bad)
	}
	good.number, good.link = 1, binary.LittleEndian.Uint32(whole[8+20:])
	later, other := good, good
	later.number++
	other.link++
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-1] ^= 1
	headless := bytes.Clone(whole)
	headless[start] ^= 1
	old := make([]byte, unchainedHead+4)
	putUnchained(old, 0)
	for name, test := range map[string]struct {
		c     chain
		data  []byte
		start int
	}{
		"no head": {good, headless, start}, "another number": {later, whole, start},
		"another link":     {other, whole, start},
		"a body cut short": {good, whole[:len(whole)-1], start}, "a bad body": {good, flipped, start},
		"in version 2 no head":       {chain{version: unchained}, old[:5], 0},
		"in version 2 another place": {chain{version: unchained}, append([]byte{0}, old...), 1},
	} {
		if body, next, bad := test.c.read(test.data, test.start); body != nil || next != 0 || bad == nil {
			t.Errorf("%s: read %q to %d, %+v", name, body, next, bad)
		}
		if at, found := test.c.behind(test.data, len(test.data)-1); at != 0 || found {
			t.Errorf("%s: another record is found at %d, %v", name, at, found)
		}
	}
}

// After the first field that is not all there every further one is nothing, whatever stands there.
func TestFieldsAreReadWhileTheyLast(t *testing.T) {
	r := fieldReader{rest: []byte{5, 'a', 'b', 0}}
	if v, b := r.number(), r.bytes(2); v != 5 || string(b) != "ab" || r.bytes(0) != nil || r.short || r.done() {
		t.Errorf("read %d, %q, then %+v", v, b, r)
	}
	if r.byte() != 0 || !r.done() {
		t.Errorf("at the end: %+v", r)
	}
	overlong := bytes.Repeat([]byte{0xFF}, 11)
	for name, read := range map[string]func(r *fieldReader) uint64{
		"a number that never ends": func(r *fieldReader) uint64 { return r.number() },
		"more than is there":       func(r *fieldReader) uint64 { return uint64(len(r.bytes(12))) },
	} {
		r := fieldReader{rest: overlong}
		if v := read(&r); v != 0 || !r.short || r.byte() != 0 || r.number() != 0 || r.bytes(1) != nil || r.done() {
			t.Errorf("%s: %d, %+v", name, v, r)
		}
	}
}

// The smallest records of version 2, whole and where they do not belong.
func TestRecordsOfVersion2AreBelievedInTheirPlaceOnly(t *testing.T) {
	at := func(offset int, body string) []byte {
		record := append(make([]byte, unchainedHead), body...)
		putUnchained(record, uint64(offset))
		return append(make([]byte, 5), record...)
	}
	for _, body := range []string{"", "b", "body"} {
		data := at(5, body)
		if got, next, bad := readUnchained(data, 5); string(got) != body || next != len(data) || bad != nil {
			t.Errorf("%q: read %q to %d, %+v", body, got, next, bad)
		}
		if found, ok := unchainedBehind(data, 0); !ok || found != 5 {
			t.Errorf("%q is found at %d, %v", body, found, ok)
		}
		moved := at(6, body)
		if _, _, bad := readUnchained(moved, 5); bad == nil || bad.certain != (body != "") {
			t.Errorf("%q in another place: %+v", body, bad)
		}
		if found, ok := unchainedBehind(moved, 0); ok {
			t.Errorf("%q in another place is found at %d", body, found)
		}
		bad := at(5, body+".")
		bad[len(bad)-1] ^= 1
		if found, ok := unchainedBehind(bad, 0); ok {
			t.Errorf("%q, damaged, is found at %d", body, found)
		}
	}
	asked := Identity{Server: 1, Unchained: true}
	for _, tail := range []string{strings.Repeat("\x00", 40), "junk in which no record begins", "short"} {
		disk := new(Memory)
		if _, _, _, err := Open(disk, asked); err != nil {
			t.Fatal(err)
		}
		disk.data = append(disk.data, tail...)
		if _, _, recovery, err := Open(disk, asked); err != nil || recovery.Torn != len(tail) {
			t.Errorf("a tail of %q: %+v, %v", tail, recovery, err)
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
	w.Save(raft.Save{CurrentTerm: 300, VotedFor: 2, First: 8}, func(error) {}) // forgets its entries
	if clone.term != 301 || len(clone.log) != 1 || clone.log[0].Term != 300 || w.term != 300 || len(w.log) != 0 {
		t.Errorf("the clone has term %d and %d entries, the original %d and %d", clone.term, len(clone.log), w.term,
			len(w.log))
	}
	if _, durable, _, err := Open(other, Identity{Server: 1}); err != nil || durable.CurrentTerm != 301 ||
		durable.Snapshot == nil || len(durable.Log) != 1 {
		t.Errorf("the clone's disk: %+v, %v", durable, err)
	}
}
