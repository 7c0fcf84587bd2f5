package main

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/hub"
)

const (
	keepFor    = 7 * 24 * time.Hour // after the last change of a record
	sweepEvery = time.Hour
)

// records keep the rooms' records, a file each; in memory if there is no directory to write to.
type records struct {
	dir string // empty: memory
	log *slog.Logger

	mu     sync.Mutex
	memory map[string]kept
	swept  time.Time
}

// kept is a record in memory.
type kept struct {
	text []byte
	at   time.Time
}

// openRecords uses dir, which it makes if need be. If it cannot be written the records live as long as the process, and the log says so.
func openRecords(dir string, log *slog.Logger) *records {
	r := &records{dir: dir, log: log, memory: map[string]kept{}, swept: time.Now()}
	if err := writable(dir); err != nil {
		log.Warn("no state directory: seats are kept in memory and end with this process", "error", err)
		r.dir = ""
		return r
	}
	r.sweep()
	return r
}

func writable(dir string) error {
	if dir == "" {
		return errors.New("neither XDG_STATE_HOME nor a home directory is set")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil { // leases are secrets
		return err
	}
	probe, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return err
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// load returns the record of a room, nil if it has none.
func (r *records) load(code string) (*hub.Record, error) {
	text, err := r.read(code)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	record := new(hub.Record)
	if err := jsoniter.Unmarshal(text, record); err != nil {
		return nil, err
	}
	return record, nil
}

// store replaces the record of a room: after a crash there is the old one or the new one.
func (r *records) store(code string, record *hub.Record) error {
	text, err := jsoniter.Marshal(record)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.swept) >= sweepEvery {
		r.sweep()
	}
	if r.dir == "" {
		r.memory[code] = kept{text, time.Now()}
		return nil
	}
	return replace(r.path(code), text)
}

func (r *records) read(code string) ([]byte, error) {
	if r.dir != "" {
		return os.ReadFile(r.path(code))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if k, ok := r.memory[code]; ok {
		return k.text, nil
	}
	return nil, fs.ErrNotExist
}

// path of a record. A code is a safe file name: validCode has seen to it.
func (r *records) path(code string) string { return filepath.Join(r.dir, code+".json") }

func replace(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// sweep forgets records that have not changed for keepFor, and what an interrupted replace left.
func (r *records) sweep() {
	r.swept = time.Now()
	for code, k := range r.memory {
		if time.Since(k.at) > keepFor {
			delete(r.memory, code)
		}
	}
	if r.dir == "" {
		return
	}
	files, err := os.ReadDir(r.dir)
	if err != nil {
		r.log.Warn("old records not removed", "error", err)
		return
	}
	for _, f := range files {
		name := f.Name()
		ours := strings.HasSuffix(name, ".json") || strings.HasPrefix(name, "new-") || strings.HasPrefix(name, "probe-")
		if info, err := f.Info(); err == nil && ours && info.Mode().IsRegular() && time.Since(info.ModTime()) > keepFor {
			os.Remove(filepath.Join(r.dir, name))
		}
	}
}
