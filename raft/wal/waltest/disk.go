// Package waltest is a wal.Disk for tests that behaves as badly as a Disk may: it completes late, and a crash
// loses, tears or garbles what had not been completed. It can be made to fail, and to flip bits, which a Disk
// may not do.
package waltest

import (
	"math/rand/v2"

	"raftplayground/raft/wal"
)

// Disk is a faulty disk. Operations wait in it until Complete or Crash; with Eager they complete at once.
type Disk struct {
	Eager bool  // complete every operation before it returns
	Fail  error // every operation from now on fails with it and writes nothing

	durable   []byte
	confirmed [2]int // how much of it was durable when the last operation completed, and the one before
	waiting   []operation
}

var _ interface {
	wal.Confirmer
	wal.Cutter
} = (*Disk)(nil)

type operation struct {
	kind kind
	data []byte
	size int // that a cut leaves
	done func(error)
}

type kind uint8

const (
	appending kind = iota
	replacing
	cutting
)

// ReadAll returns a copy of what is durable.
func (d *Disk) ReadAll() ([]byte, error) { return append([]byte(nil), d.durable...), nil }

// Confirmed implements wal.Confirmer.
func (d *Disk) Confirmed() int { return d.confirmed[0] }

// Append takes a copy of data.
func (d *Disk) Append(data []byte, done func(error)) {
	d.start(operation{appending, append([]byte(nil), data...), 0, done})
}

// Replace takes a copy of data.
func (d *Disk) Replace(data []byte, done func(error)) {
	d.start(operation{replacing, append([]byte(nil), data...), 0, done})
}

// Cut implements wal.Cutter.
func (d *Disk) Cut(size int, done func(error)) { d.start(operation{cutting, nil, size, done}) }

// Waiting returns how many operations have not completed.
func (d *Disk) Waiting() int { return len(d.waiting) }

// Complete completes the n oldest operations, or all if there are fewer.
func (d *Disk) Complete(n int) {
	for ; n > 0 && len(d.waiting) > 0; n-- {
		next := d.waiting[0]
		d.waiting = d.waiting[1:]
		if d.Fail == nil {
			d.write(&next)
			d.confirmed = [2]int{len(d.durable), d.confirmed[0]}
			if next.kind != appending {
				d.confirmed[1] = len(d.durable)
			}
		}
		next.done(d.Fail)
	}
}

// Crash forgets the operations that have not completed; their done is never called. Any number of them may
// have become durable without the server knowing, and of the next one, if it was an Append, any first part,
// its end garbled or not. The account of the last completed one may be lost.
func (d *Disk) Crash(random *rand.Rand) {
	written := random.IntN(len(d.waiting) + 1)
	for i := range d.waiting[:written] {
		d.write(&d.waiting[i])
	}
	if written < len(d.waiting) && d.waiting[written].kind == appending {
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
	d.confirmed[0] = d.confirmed[random.IntN(2)]
}

// Bytes gives access to what is durable, to damage it.
func (d *Disk) Bytes() []byte { return d.durable }

func (d *Disk) start(op operation) {
	d.waiting = append(d.waiting, op)
	if d.Eager {
		d.Complete(len(d.waiting))
	}
}

func (d *Disk) write(op *operation) {
	switch op.kind {
	case replacing:
		d.durable, d.confirmed = append(d.durable[:0], op.data...), [2]int{len(op.data), len(op.data)}
	case cutting:
		d.durable = d.durable[:op.size]
	default:
		d.durable = append(d.durable, op.data...)
	}
}
