//go:build !js && !unix

package wal

import "os"

// lock does nothing where there is no flock: it is up to whoever runs the programs that one of them opens a file.
func lock(*os.File) error { return nil }

func unlock(*os.File) {}
