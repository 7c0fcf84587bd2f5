//go:build !js

package wal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
)

// A file begins with two accounts of how many bytes behind them have been confirmed, each in a block of its
// own; the larger one counts. They are written in turn, each when a write is on the medium, and get there
// with the next one at the latest: an account lags behind, and a crash tears at most one of them.
//
//	file    = account, at byte 4096 another, at byte 8192 the log
//	account = "RaftFile" confirmed(8 bytes, little-endian) CRC-32C(4 bytes, of the sixteen before)
const (
	fileMagic    = "RaftFile"
	accountBytes = len(fileMagic) + 8 + 4
	accountBlock = 4096
	fileFront    = 2 * accountBlock
)

// File is a Disk in one file of the operating system. Every operation is on the medium (fsync) before it
// completes, and completes before it returns.
type File struct {
	path      string
	file      *os.File
	front     int // of the file, before the log; 0 in files of the time before there were accounts
	size      int // of the log
	confirmed int // as the file says
	turn      int // which account is written next
}

var _ interface {
	Confirmer
	Cutter
} = (*File)(nil)

// ErrOpen says that a file is open already, here or in another program: a disk has one owner.
var ErrOpen = errors.New("wal: the file is open already")

// OpenFile opens the file at path or creates it empty. The directory must exist. Where there is flock, the
// error is ErrOpen if the file is open already; elsewhere a file must not be opened twice.
func OpenFile(path string) (*File, error) {
	file, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	// A new file is found again after a crash only if its directory is on the medium too.
	if err := syncDirectory(path); err != nil {
		file.Close()
		return nil, err
	}
	return &File{path: path, file: file}, nil
}

// ReadAll reads the log, in one piece of memory of its size.
func (f *File) ReadAll() ([]byte, error) {
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	if err := f.readFront(int(info.Size())); err != nil {
		return nil, err
	}
	data := make([]byte, int(info.Size())-f.front)
	if _, err := f.file.ReadAt(data, int64(f.front)); err != nil && len(data) > 0 {
		return nil, err
	}
	f.size = len(data)
	return data, nil
}

// Confirmed implements Confirmer.
func (f *File) Confirmed() int { return f.confirmed }

// Append writes data at the end and syncs.
func (f *File) Append(data []byte, done func(error)) {
	_, err := f.file.WriteAt(data, int64(f.front+f.size))
	if err == nil {
		err = f.file.Sync()
	}
	if err == nil {
		f.size += len(data)
		err = f.account()
	}
	done(err)
}

// Replace writes data to a second file, syncs it, renames it over the old one and syncs the directory.
func (f *File) Replace(data []byte, done func(error)) {
	done(f.replace(data))
}

// Cut implements Cutter.
func (f *File) Cut(size int, done func(error)) {
	err := f.file.Truncate(int64(f.front + size))
	if err == nil {
		err = f.file.Sync()
	}
	if err == nil {
		f.size = size
		err = f.account()
	}
	done(err)
}

// Close closes the file; the File is of no use afterwards.
func (f *File) Close() error {
	unlock(f.file)
	return f.file.Close()
}

// openLocked opens and locks the file that has the name when it is locked: the owner before may just have replaced it.
func openLocked(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := lock(file); err != nil {
			file.Close()
			return nil, errors.Join(ErrOpen, err)
		}
		opened, err := file.Stat()
		if err == nil {
			var named os.FileInfo
			if named, err = os.Stat(path); err == nil && os.SameFile(opened, named) {
				return file, nil
			}
		}
		file.Close()
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
}

// readFront finds out where the log starts in a file of that size, and how much of it was confirmed.
func (f *File) readFront(size int) error {
	f.front, f.confirmed = 0, 0
	front := make([]byte, min(size, fileFront))
	if _, err := f.file.ReadAt(front, 0); err != nil && size > 0 {
		return err
	}
	if size == 0 || len(front) >= len(magic) && string(front[:len(magic)]) == magic {
		return nil
	}
	if size < fileFront {
		return damage(0, "a file of at least "+strconv.Itoa(fileFront)+" bytes", strconv.Itoa(size))
	}
	f.front = fileFront
	found := false
	for turn := range 2 {
		if confirmed, ok := readAccount(front[turn*accountBlock:]); ok && (!found || confirmed >= f.confirmed) {
			f.confirmed, f.turn, found = confirmed, 1-turn, true
		}
	}
	if !found {
		return damage(0, "an account of what was confirmed", "two that are damaged, or a file of another kind")
	}
	return nil
}

// account notes that all of the log is confirmed.
func (f *File) account() error {
	if f.front == 0 {
		return nil
	}
	var b [accountBytes]byte
	putAccount(b[:], f.size)
	_, err := f.file.WriteAt(b[:], int64(f.turn*accountBlock))
	f.turn = 1 - f.turn
	return err
}

func (f *File) replace(data []byte) error {
	beside := f.path + ".new"
	file, err := os.OpenFile(beside, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	// All of the front is written, since filling a hole in it later would need room.
	var front [fileFront]byte
	putAccount(front[:], len(data))
	putAccount(front[accountBlock:], len(data))
	_, err = file.Write(front[:])
	if err == nil {
		_, err = file.Write(data)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = lock(file)
	}
	if err == nil {
		err = os.Rename(beside, f.path)
	}
	if err == nil {
		err = syncDirectory(f.path)
	}
	if err != nil {
		file.Close()
		return err
	}
	f.file.Close() // nothing is lost by an error: the old bytes are superseded
	f.file, f.front, f.size, f.turn = file, fileFront, len(data), 0
	return nil
}

func putAccount(b []byte, confirmed int) {
	copy(b, fileMagic)
	binary.LittleEndian.PutUint64(b[len(fileMagic):], uint64(confirmed))
	sum := crc32.Checksum(b[:accountBytes-4], castagnoli)
	binary.LittleEndian.PutUint32(b[accountBytes-4:], sum)
}

func readAccount(b []byte) (confirmed int, ok bool) {
	sum := binary.LittleEndian.Uint32(b[accountBytes-4:])
	ok = string(b[:len(fileMagic)]) == fileMagic && crc32.Checksum(b[:accountBytes-4], castagnoli) == sum
	return int(binary.LittleEndian.Uint64(b[len(fileMagic):])), ok
}

func syncDirectory(path string) error {
	directory, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = directory.Sync()
	if closing := directory.Close(); err == nil {
		err = closing
	}
	return err
}
