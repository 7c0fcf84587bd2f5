//go:build !js && !unix

package wal

import "os"

// lock does nothing where there is no flock: there, only one program at a time must open a file.
func lock(*os.File) error { return nil }

func unlock(*os.File) {}
