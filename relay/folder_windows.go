package main

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks the file until this process ends; taken tells whether another process has it.
func lockFile(f *os.File) (taken bool, err error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return true, nil
	}
	return false, err
}

// syncFolder has nothing to do: Windows has no such call, NTFS keeps renames in its journal.
func syncFolder(string) error { return nil }

// mostFiles returns how many files this process may have open: Windows has no fixed limit.
func mostFiles() int64 { return math.MaxInt32 }
