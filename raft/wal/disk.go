package wal

// Disk keeps one sequence of bytes. Implementations: Memory, File (not in browsers), the browser's in package
// wasm.
//
// Operations take effect and complete in the order in which they are called: when done(nil) of one is called,
// it and all before it are durable. done is called exactly once for each operation, before it returns or
// later, never from another goroutine while the WAL is in use. After a crash the disk holds what had become
// durable, and of the first operation that had not, if it was an Append, any part of its bytes.
type Disk interface {
	// ReadAll returns all bytes on the disk; none, without an error, if it is new. The caller takes the slice
	// over.
	ReadAll() ([]byte, error)
	// Append adds data at the end. data is valid until Append returns: a Disk that writes later copies it.
	Append(data []byte, done func(error))
	// Replace puts data in the place of everything, atomically: after a crash the disk holds the old bytes or
	// the new ones, never a mixture. data is valid until Replace returns.
	Replace(data []byte, done func(error))
}

// Confirmer is a Disk that records how much it has confirmed. Damage there is never what a crash left.
type Confirmer interface {
	Disk
	// Confirmed returns how many bytes of the disk, from its start, are known to have been durable once: an
	// operation that made them so has completed. It may be too few, for the record lags behind, but never
	// too many. Open calls it after ReadAll, which may have returned fewer bytes if the disk is damaged.
	Confirmed() int
}

// Cutter is a Disk that can become shorter, which needs no room as a Replace does: on a disk that is full a
// torn tail can still be cut off.
type Cutter interface {
	Disk
	// Cut leaves the first size bytes, of which there are at least as many as Confirmed says. It is an
	// operation like Append.
	Cut(size int, done func(error))
}

// Memory is a Disk that lasts as long as the program. The zero value is an empty disk.
type Memory struct{ data []byte }

// ReadAll returns a copy of what was written.
func (m *Memory) ReadAll() ([]byte, error) { return append([]byte(nil), m.data...), nil }

// Append adds data and completes before it returns.
func (m *Memory) Append(data []byte, done func(error)) {
	m.data = append(m.data, data...)
	done(nil)
}

// Replace puts data in the place of everything and completes before it returns.
func (m *Memory) Replace(data []byte, done func(error)) {
	m.data = append(m.data[:0], data...)
	done(nil)
}
