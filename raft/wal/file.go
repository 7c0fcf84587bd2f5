//go:build !js

package wal

import (
	"io"
	"os"
	"path/filepath"
)

// File is a Disk in one file of the operating system. Every operation is on the medium (fsync) before it completes, and completes before it returns.
type File struct {
	path string
	file *os.File
}

// OpenFile opens the file at path or creates it empty. The directory must exist. A program must not open a file twice.
func OpenFile(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
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

// ReadAll reads the file from its start.
func (f *File) ReadAll() ([]byte, error) {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f.file)
}

// Append writes data at the end and syncs.
func (f *File) Append(data []byte, done func(error)) {
	_, err := f.file.Write(data)
	if err == nil {
		err = f.file.Sync()
	}
	done(err)
}

// Replace writes data to a file beside, syncs it, renames it over the old one and syncs the directory.
func (f *File) Replace(data []byte, done func(error)) {
	done(f.replace(data))
}

// Close closes the file; the File is of no use afterwards.
func (f *File) Close() error { return f.file.Close() }

func (f *File) replace(data []byte) error {
	beside := f.path + ".new"
	// O_APPEND because this very handle takes the Appends once it has the name.
	file, err := os.OpenFile(beside, os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
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
	f.file = file
	return nil
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
