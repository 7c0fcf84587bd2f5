//go:build !js && unix

package wal

import (
	"os"
	"syscall"
)

// lock makes the file its opener's alone for as long as it is open. A program that was stopped and goes on later
// has it still, so nobody can have written to it meanwhile.
func lock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// unlock gives it free. To close it would do so, too, but not while a program that this one is just starting has it
// open for a moment.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
