//go:build !js && unix

package wal

import (
	"os"
	"syscall"
)

// lock makes the opener the file's only owner for as long as it is open. A program that was suspended and
// goes on later still has the lock, so no other can have written to the file meanwhile.
func lock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// unlock releases the file. Closing it would do so, too, but not while a program that this one is just
// starting has it open.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
