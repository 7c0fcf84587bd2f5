package main

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"raftplayground/relay/hub"
)

func mustOpen(t *testing.T, dir string) *records {
	t.Helper()
	r, err := openRecords(dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

// age makes a file look as if it had last been used that long ago.
func age(t *testing.T, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

// write makes a file that the relay did not make.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheRelayTouchesNothingInItsFolderThatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	first := mustOpen(t, dir)
	if err := first.store("mine", &hub.Record{Size: 1, Seats: make([]hub.Seat, 1)}); err != nil {
		t.Fatal(err)
	}
	first.close()
	var foreign []string
	for _, name := range []string{
		"package.json", "new-year.txt", "new-1234", "probe-7", "room-.json", "room-UPPER.json", "room-x y z.json",
		"mine.json", "room-mine.txt",
	} {
		foreign = append(foreign, filepath.Join(dir, name), filepath.Join(dir, folderName, name))
	}
	for _, path := range foreign {
		write(t, path, "somebody's")
		age(t, path, 2*keepFor)
	}
	folder := filepath.Join(dir, folderName, "room-folder.json")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	age(t, folder, 2*keepFor)
	age(t, first.path("mine"), 2*keepFor)

	mustOpen(t, dir)
	for _, path := range append(foreign, folder) {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s was somebody else's: %v", path, err)
		}
	}
	if _, err := os.Stat(first.path("mine")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a record that was not used for half a year is still there: %v", err)
	}
}

func TestAFolderWithoutTheMarkerIsNotTheRelays(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, folderName, "room-code.json"), "somebody's")
	var said strings.Builder
	r, err := openRecords(dir, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil || r.where() != "memory" || !strings.Contains(said.String(), "not the relay's") {
		t.Errorf("error %v, records in %s, the log says %q", err, r.where(), said.String())
	}
}

func TestASecondRelayOnTheSameFolderSaysSoAndEnds(t *testing.T) {
	dir := t.TempDir()
	first := mustOpen(t, dir)
	if _, err := openRecords(dir, quiet); !errors.Is(err, errInUse) {
		t.Fatalf("the second relay got %v", err)
	}
	first.close()
	mustOpen(t, dir)
}

func TestRecordsOutliveTheRelayUntilTheyWereNotUsedForLong(t *testing.T) {
	dir := t.TempDir()
	first := mustOpen(t, dir)
	want := &hub.Record{Size: 1, Seats: []hub.Seat{{Lease: "secret"}}}
	for _, code := range []string{"keep", "used", "gone"} {
		if err := first.store(code, want); err != nil {
			t.Fatal(err)
		}
		age(t, first.path(code), keepFor-time.Minute)
	}
	if _, err := first.load("used"); err != nil {
		t.Fatal(err)
	}
	age(t, first.path("gone"), keepFor+time.Minute)
	first.close()
	second := mustOpen(t, dir)
	for _, code := range []string{"keep", "used"} {
		if got, err := second.load(code); err != nil || got == nil || got.Seats[0].Lease != "secret" {
			t.Errorf("%s: got %+v, %v", code, got, err)
		}
	}
	if got, err := second.load("gone"); err != nil || got != nil {
		t.Errorf("a record of a room that nobody wants: %+v, %v", got, err)
	}
	age(t, first.path("used"), keepFor+time.Minute)
	if _, err := second.load("used"); err != nil {
		t.Fatal(err)
	}
	second.sweep(false)
	if got, err := second.load("used"); err != nil || got == nil {
		t.Errorf("the record of a room that has just been opened is gone: %v", err)
	}
}

func TestWhatAKilledRelayLeftHalfWrittenIsRemovedAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir).close()
	half := filepath.Join(dir, folderName, "room-half.new")
	write(t, half, `{"format":1,"ro`)
	mustOpen(t, dir)
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestADamagedRecordDoesNotOpenARoomThatGivesSeatsAway(t *testing.T) {
	dir := t.TempDir()
	r := mustOpen(t, dir)
	if err := r.store("right", &hub.Record{Size: 1, Seats: make([]hub.Seat, 1)}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.path("right"))
	if err != nil {
		t.Fatal(err)
	}
	for code, content := range map[string]string{
		"broken": `{"format":1,"room":"broken","record":{"size":3,"seats":[`, "empty": "", "other": string(text),
		"null": `{"format":1,"room":"null","record":null}`,
	} {
		write(t, r.path(code), content)
	}
	r.close()
	_, server := started(t, settings{state: dir}, nil)
	for _, code := range []string{"broken", "empty", "other", "null"} {
		got := dial(t, server.URL, code, nil).untilClosed()
		if got.Code != websocket.CloseTryAgainLater || !strings.Contains(got.Text, "damaged") {
			t.Errorf("%s: closed with %v", code, got)
		}
	}
}

func TestWithoutAStateDirectoryRecordsAreKeptInMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	var said strings.Builder
	r, err := openRecords(filepath.Join(file, "state"), slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil || !strings.Contains(said.String(), "end with this process") {
		t.Errorf("error %v, the log says %q", err, said.String())
	}
	if err := r.store("code", &hub.Record{Size: 1}); err != nil {
		t.Fatal(err)
	}
	if got, err := r.load("code"); err != nil || got == nil || got.Size != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// moodyDisk is a disk that is full, or slow, on demand.
type moodyDisk struct {
	mu   sync.Mutex
	full bool
	slow time.Duration
	most int64 // bytes of all that is written; 0: any number
	used int64
}

func (d *moodyDisk) set(full bool, slow time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full, d.slow = full, slow
}

// create opens a file that takes half its content when the disk is full.
func (d *moodyDisk) create(path string) (recordFile, error) {
	f, err := createFile(path)
	if err != nil {
		return nil, err
	}
	return &moodyFile{f, d}, nil
}

type moodyFile struct {
	recordFile
	disk *moodyDisk
}

func (f *moodyFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	f.disk.used += int64(len(p))
	full, slow := f.disk.full || f.disk.most > 0 && f.disk.used > f.disk.most, f.disk.slow
	f.disk.mu.Unlock()
	time.Sleep(slow)
	if full {
		n, _ := f.recordFile.Write(p[:len(p)/2])
		return n, syscall.ENOSPC
	}
	return f.recordFile.Write(p)
}

var _ io.Writer = (*moodyFile)(nil)

func TestAJoinIsConfirmedOnlyAfterItsLeaseIsStoredAndTheRoomIsTold(t *testing.T) {
	disk := &moodyDisk{}
	r, server := started(t, settings{}, nil, func(r *relay) { r.rooms.records.create = disk.create })
	a := open(t, server.URL, "full", `{}`)
	disk.set(true, 0)
	b := dial(t, server.URL, "full", nil)
	b.say(`{"jsonrpc":"2.0","id":"join","method":"join","params":{}}`)
	told := func(text string) bool { return get(text, "params", "unstored").ToString() == "the disk is full" }
	a.until(told)
	b.until(func(text string) bool {
		if get(text, "id").ToString() == "join" {
			t.Fatal("a join was confirmed, and its lease is nowhere")
		}
		return told(text)
	})
	if got := r.rooms.records.unstored.Load(); got != 1 {
		t.Errorf("%d rooms are said to be without a stored record", got)
	}
	disk.set(false, 0)
	answer := b.until(func(text string) bool { return get(text, "id").ToString() == "join" })
	if get(answer, "result", "server").ToInt() != 2 {
		t.Errorf("got %s", answer)
	}
	a.until(func(text string) bool {
		return get(text, "method").ToString() == "room" && get(text, "params", "unstored").LastError() != nil
	})
	record, err := r.rooms.records.load("full")
	if err != nil || record.Seats[1].Lease != get(answer, "result", "lease").ToString() {
		t.Errorf("the record is %+v, %v", record, err)
	}
}

func TestASlowDiskHoldsUpNeitherTheRoomNorOthers(t *testing.T) {
	disk := &moodyDisk{}
	_, server := started(t, settings{}, nil, func(r *relay) { r.rooms.records.create = disk.create })
	a, b, c := trio(t, server.URL)
	disk.set(false, 2*time.Second)
	late := dial(t, server.URL, "trio", nil)
	late.say(`{"jsonrpc":"2.0","id":"join","method":"join","params":{}}`)
	other := dial(t, server.URL, "other", nil)
	other.say(`{"jsonrpc":"2.0","id":"join","method":"join","params":{"new":true}}`)
	begun := time.Now()
	for range 20 {
		a.say("1>2:while the disk writes")
		b.untilIs("1>2:while the disk writes")
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("20 frames took %v", took)
	}
	other.until(func(text string) bool { return get(text, "params", "unstored").ToString() == "the disk is slow" })
	disk.set(false, 0)
	other.until(func(text string) bool { return get(text, "result", "server").ToInt() == 1 })
	c.say("3>1:after")
	a.untilIs("3>1:after")
}

func TestTheAgeOfARecordCountsFromItsRoomsLastUse(t *testing.T) {
	kept := mustOpen(t, t.TempDir())
	record := &hub.Record{Size: 1, Seats: []hub.Seat{{Lease: "secret"}}}
	for _, use := range []func() error{
		func() error { return kept.store("code", record) },
		func() error { _, err := kept.load("code"); return err },
		func() error { return kept.store("code", record) }, // the host's sign of use: the same record once more
	} {
		if err := use(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(kept.path("code"))
		if err != nil || time.Since(info.ModTime()) > time.Minute {
			t.Errorf("the record was last used %v ago, %v", time.Since(info.ModTime()), err)
		}
		age(t, kept.path("code"), 8*24*time.Hour)
	}
}

// A room whose record cannot be stored is not put away: it alone knows who holds its seats.
func TestARoomIsNotPutAwayBeforeItsRecordIsStored(t *testing.T) {
	disk := &moodyDisk{}
	r, server := started(t, settings{}, nil, func(r *relay) { r.rooms.records.create = disk.create })
	open(t, server.URL, "evicted", `{}`).ws.Close()
	eventually(t, func() bool { _, connections := r.rooms.count(); return connections == 0 })
	disk.set(true, 0)
	r.rooms.mu.Lock()
	room := r.rooms.open["evicted"]
	r.rooms.mu.Unlock()
	room.hurry <- struct{}{} // as if another room needed its place
	eventually(t, func() bool { return r.rooms.records.unstored.Load() == 1 })
	if rooms, _ := r.rooms.count(); rooms != 1 {
		t.Fatal("the room is gone, and its last state is nowhere")
	}
	disk.set(false, 0)
	eventually(t, func() bool { rooms, _ := r.rooms.count(); return rooms == 0 })
	if got := r.rooms.records.unstored.Load(); got != 0 {
		t.Errorf("%d rooms are said to be without a stored record", got)
	}
}

func TestTheRelaySaysThatARoomCameBackWithoutItsRecord(t *testing.T) {
	r, server := started(t, settings{}, nil)
	lost, secret := dial(t, server.URL, "lost", nil), strings.Repeat("0f", 16)
	lost.say(`{"id":1,"method":"join","params":{"server":2,"size":3,"lease":"` + secret + `","made":"` + secret + `"}}`)
	lost.until(func(text string) bool { return get(text, "result", "unknown").ToBool() })
	eventually(t, func() bool { return r.rooms.records.strangers.Load() == 1 }) // counted behind the answer
	names := []string{}
	for _, f := range r.figures() {
		names = append(names, f.name)
	}
	if !slices.Contains(names, "raft_rooms_without_record_total") {
		t.Errorf("the metrics are %v", names)
	}
}
