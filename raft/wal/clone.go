package wal

import "slices"

// DiskCopy is a Disk that was copied from another, together with the operations that were under way there.
type DiskCopy interface {
	Disk
	// Resume says whom to tell when one of those operations completes.
	Resume(done func(error))
}

// Clone returns an independent copy of the log, which goes on over disk, a copy of the original's. done is called
// where the functions given to Save would have been, for the Saves that are under way. It is for simulation, which
// goes back in time.
func (w *WAL) Clone(disk DiskCopy, done func(error)) *WAL {
	c := *w
	c.disk, c.buffer = disk, nil
	c.log = slices.Clone(w.log)
	c.complete = c.completed
	c.waiting = slices.Clone(w.waiting)
	for i := range c.waiting {
		if c.waiting[i] != nil {
			c.waiting[i] = done
		}
	}
	disk.Resume(c.complete)
	return &c
}
