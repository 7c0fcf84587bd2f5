package main

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/hub"
)

const (
	keepFor     = 90 * 24 * time.Hour // after the last use of a room: longer than a vacation
	sweepEvery  = time.Hour
	mostRecords = 50_000
	mostStoring = 16 // at a time
)

// The folder of the records is inside the state directory, which may hold other programs' files: the relay
// touches only files of these names in a folder of this name that has its marker.
const (
	folderName   = "raft-playground-rooms"
	markerName   = "owned-by-the-raft-playground-relay"
	recordPrefix = "room-"
	recordSuffix = ".json"
	newSuffix    = ".new" // being written; leftovers of a killed relay are removed at the next start
	markerText   = "The relay of the Raft playground keeps here who holds which seat of which room.\n" +
		"It removes a room's file 90 days after the room's last use.\n"
)

var errInUse = errors.New("another relay is using it")

// records keep the rooms' records, one file each, or in memory if there is no folder to write to.
type records struct {
	dir    string // empty: memory
	log    *slog.Logger
	create func(path string) (recordFile, error)
	marker *os.File // locked while this process lives
	places chan struct{}

	mu       sync.Mutex // of everything below, and of removing files
	memory   map[string]kept
	swept    time.Time
	sweeping bool
	count    int // of records

	failures  atomic.Int64 // stores that failed
	unstored  atomic.Int64 // rooms whose record is not stored at the moment
	strangers atomic.Int64 // rooms that came back without their record
}

// recordFile is what a record is written to; tests substitute a disk that fails.
type recordFile interface {
	io.WriteCloser
	Sync() error
}

// kept is a record in memory.
type kept struct {
	text []byte
	at   time.Time
}

// stored is the content of a record's file.
type stored struct {
	Format int         `json:"format"` // 1
	Room   string      `json:"room"`
	Record *hub.Record `json:"record"`
}

const recordFormat = 1

// openRecords uses a folder in dir, which it makes if need be. It returns errInUse if another relay has the
// folder. If the folder cannot be written, records live as long as the process, and the log says so.
func openRecords(dir string, log *slog.Logger) (*records, error) {
	r := &records{
		log: log, create: createFile, places: make(chan struct{}, mostStoring), memory: map[string]kept{},
		swept: time.Now(),
	}
	folder := filepath.Join(dir, folderName)
	switch err := r.own(dir, folder); {
	case errors.Is(err, errInUse):
		return nil, err
	case err != nil:
		log.Warn("no state directory: seats are kept in memory and end with this process", "error", err)
		return r, nil
	}
	r.dir = folder
	r.sweep(true)
	return r, nil
}

// own makes the folder this relay's, or checks that it is.
func (r *records) own(dir, folder string) error {
	if dir == "" {
		return errors.New("neither XDG_STATE_HOME nor a home directory is set")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil { // leases are secrets
		return err
	}
	path := filepath.Join(folder, markerName)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		files, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		if len(files) > 0 {
			return errors.New(folder + " holds files that are not the relay's")
		}
	}
	marker, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	taken, err := lockFile(marker)
	if taken {
		err = errInUse
	}
	if err != nil {
		marker.Close()
		return err
	}
	r.marker = marker
	marker.WriteAt([]byte(markerText), 0) // for people; it also works without its text
	return r.probe(folder)
}

// probe checks that the folder can be written. A full disk does not count: it may have room later.
func (r *records) probe(folder string) error {
	path := filepath.Join(folder, "probe"+newSuffix)
	f, err := os.Create(path)
	if err != nil {
		r.marker.Close()
		return err
	}
	f.Close()
	return os.Remove(path)
}

// close lets another relay have the folder.
func (r *records) close() {
	if r.marker != nil {
		r.marker.Close()
	}
}

var (
	errDamaged = errors.New("the record of this room is damaged; open another room")
	errReading = errors.New("the record of this room cannot be read at the moment; try again")
	errTooMany = errors.New("this relay remembers as many rooms as it can; open one that it knows")
)

// load returns the record of a room, nil if it has none. It counts as a use of the room. An error is a sentence
// for people.
func (r *records) load(code string) (*hub.Record, error) {
	text, err := r.read(code)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.count >= mostRecords {
			return nil, errTooMany
		}
		return nil, nil
	case err != nil:
		r.log.Error("record not read", "room", code, "error", err)
		return nil, errReading
	}
	var s stored
	err = jsoniter.Unmarshal(text, &s)
	if err != nil || s.Format != recordFormat || s.Room != code || s.Record == nil {
		r.log.Error("record damaged", "room", code, "error", err, "format", s.Format, "of", s.Room)
		return nil, errDamaged
	}
	return s.Record, nil
}

func (r *records) read(code string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dir == "" {
		if k, ok := r.memory[code]; ok {
			return k.text, nil
		}
		return nil, fs.ErrNotExist
	}
	now := time.Now()
	os.Chtimes(r.path(code), now, now) // from now on no sweep removes it
	return os.ReadFile(r.path(code))
}

// store replaces the record of a room: after a crash there is the old one or the new one. Only one store of a room
// may run at a time.
func (r *records) store(code string, record *hub.Record) error {
	text, err := jsoniter.Marshal(stored{recordFormat, code, record})
	if err != nil {
		return err
	}
	r.sweepIfDue()
	if r.dir == "" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.memory[code] = kept{text, time.Now()}
		r.count = len(r.memory)
		return nil
	}
	r.places <- struct{}{}
	defer func() { <-r.places }()
	fresh, err := r.replace(r.path(code), text)
	if err != nil {
		r.failures.Add(1)
		return err
	}
	if fresh {
		r.mu.Lock()
		r.count++
		r.mu.Unlock()
	}
	return nil
}

// path returns the path of a record. A code is a safe file name: validCode has checked it.
func (r *records) path(code string) string {
	return filepath.Join(r.dir, recordPrefix+code+recordSuffix)
}

// replace rewrites a file, and tells whether it is new. The next attempt overwrites a failed one.
func (r *records) replace(path string, text []byte) (fresh bool, err error) {
	unfinished := strings.TrimSuffix(path, recordSuffix) + newSuffix
	file, err := r.create(unfinished)
	if err != nil {
		return false, err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(unfinished)
		return false, err
	}
	_, missing := os.Lstat(path)
	if err := os.Rename(unfinished, path); err != nil {
		return false, err
	}
	return missing != nil, syncFolder(filepath.Dir(path))
}

func createFile(path string) (recordFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

func (r *records) sweepIfDue() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.swept) >= sweepEvery && !r.sweeping {
		r.sweeping = true
		go r.sweep(false)
	}
}

// sweep removes records that were not used for keepFor; at the start also what a killed relay left half
// written. It touches only regular files of the relay's own names.
func (r *records) sweep(atStart bool) {
	left := 0
	if r.dir != "" {
		files, err := os.ReadDir(r.dir)
		if err != nil {
			r.log.Warn("old records not removed", "error", err)
		}
		for _, f := range files {
			record, unfinished := ownName(f.Name())
			if record && !r.forget(f.Name()) {
				left++
			}
			if unfinished && atStart && f.Type().IsRegular() {
				os.Remove(filepath.Join(r.dir, f.Name()))
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for code, k := range r.memory {
		if time.Since(k.at) > keepFor {
			delete(r.memory, code)
		}
	}
	r.count, r.swept, r.sweeping = left+len(r.memory), time.Now(), false
}

// forget removes a record if its room was not used for keepFor.
func (r *records) forget(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := filepath.Join(r.dir, name)
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) <= keepFor {
		return false
	}
	return os.Remove(path) == nil
}

// ownName tells whether a file has a name that the relay gives to records, or to what it is writing.
func ownName(name string) (record, unfinished bool) {
	code, ours := strings.CutPrefix(name, recordPrefix)
	if !ours {
		return false, name == "probe"+newSuffix
	}
	if plain, ok := strings.CutSuffix(code, recordSuffix); ok {
		return validCode(plain), false
	}
	plain, ok := strings.CutSuffix(code, newSuffix)
	return false, ok && validCode(plain)
}

// where returns where records are kept, for the health page and the start.
func (r *records) where() string {
	if r.dir == "" {
		return "memory"
	}
	return "disk"
}

// inUse returns the sentence for a user who starts a second relay on one folder.
func inUse(dir string) string {
	return "Another relay keeps its rooms in " + strconv.Quote(dir) +
		". Stop it, or give this one a directory of its own: -state DIR"
}

// storeWords returns in a few words why a record cannot be stored.
func storeWords(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk is full"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open"
	case errors.Is(err, os.ErrPermission):
		return "the folder may not be written"
	case errors.Is(err, os.ErrNotExist):
		return "the folder is gone"
	}
	return "the disk fails"
}
