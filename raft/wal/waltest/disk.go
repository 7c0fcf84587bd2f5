// Package waltest is a wal.Disk for tests that behaves as badly as a Disk may: it completes late, and a crash loses, tears or garbles what
// had not been completed. It can be made to fail, and to flip bits, which a Disk may not do.
package waltest

import (
	"math/rand/v2"
)

// Disk is a faulty disk. Operations wait in it until Complete or Crash; with Eager they complete at once.
type Disk struct {
	Eager bool  // complete every operation before it returns
	Fail  error // every operation from now on fails with it and writes nothing

	durable []byte
	waiting []operation
}

type operation struct {
	replace bool
	data    []byte
	done    func(error)
}

// ReadAll returns a copy of what is durable.
func (d *Disk) ReadAll() ([]byte, error) { return append([]byte(nil), d.durable...), nil }

// Append takes a copy of data.
func (d *Disk) Append(data []byte, done func(error)) { d.start(false, data, done) }

// Replace takes a copy of data.
func (d *Disk) Replace(data []byte, done func(error)) { d.start(true, data, done) }

// Waiting returns how many operations have not completed.
func (d *Disk) Waiting() int { return len(d.waiting) }

// Complete completes the n oldest operations, or all if there are fewer.
func (d *Disk) Complete(n int) {
	for ; n > 0 && len(d.waiting) > 0; n-- {
		next := d.waiting[0]
		d.waiting = d.waiting[1:]
		if d.Fail == nil {
			d.write(next.replace, next.data)
		}
		next.done(d.Fail)
	}
}

// Crash forgets the operations that have not completed; no done of them is ever called. Any number of them may have become durable
// without the server knowing, and of the next one, if it was an Append, any first part, its end garbled or not.
func (d *Disk) Crash(random *rand.Rand) {
	written := random.IntN(len(d.waiting) + 1)
	for _, op := range d.waiting[:written] {
		d.write(op.replace, op.data)
	}
	if written < len(d.waiting) && !d.waiting[written].replace {
		torn := d.waiting[written].data
		torn = append([]byte(nil), torn[:random.IntN(len(torn))]...)
		if len(torn) > 0 && random.IntN(2) == 0 {
			for i := random.IntN(len(torn)); i < len(torn); i++ {
				torn[i] = byte(random.Uint32())
			}
		}
		d.durable = append(d.durable, torn...)
	}
	d.waiting = nil
}

// Bytes gives access to what is durable, to damage it.
func (d *Disk) Bytes() []byte { return d.durable }

func (d *Disk) start(replace bool, data []byte, done func(error)) {
	d.waiting = append(d.waiting, operation{replace, append([]byte(nil), data...), done})
	if d.Eager {
		d.Complete(len(d.waiting))
	}
}

func (d *Disk) write(replace bool, data []byte) {
	if replace {
		d.durable = d.durable[:0]
	}
	d.durable = append(d.durable, data...)
}
