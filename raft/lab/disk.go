package lab

import (
	"math/rand/v2"
	"slices"

	"raftplayground/raft/wal"
)

// disk is a server's disk: a wal.Disk on which writes take time, and which a loss of power tears.
type disk struct {
	durable []byte
	waiting []operation // ascending by due
	done    func(error) // of the WAL that uses it: the same for every operation
	longest int64       // µs that an operation takes at most; 0: it completes at once
	now     *int64      // the world's
	source  *rand.PCG   // of the times and of what a loss of power leaves
	latest  int64       // when the last operation is due
}

type operation struct {
	due     int64
	replace bool
	data    []byte
}

var _ wal.DiskCopy = (*disk)(nil)

// ReadAll returns a copy of what is durable.
func (d *disk) ReadAll() ([]byte, error) { return slices.Clone(d.durable), nil }

// Append takes a copy of data if it cannot write it at once.
func (d *disk) Append(data []byte, done func(error)) { d.start(false, data, done) }

// Replace takes a copy of data if it cannot write it at once.
func (d *disk) Replace(data []byte, done func(error)) { d.start(true, data, done) }

// Resume says whom to tell when an operation completes.
func (d *disk) Resume(done func(error)) { d.done = done }

func (d *disk) start(replace bool, data []byte, done func(error)) {
	d.done = done
	if d.longest == 0 && len(d.waiting) == 0 {
		d.write(replace, data)
		done(nil)
		return
	}
	d.latest = max(d.latest, *d.now+rand.New(d.source).Int64N(d.longest+1))
	d.waiting = append(d.waiting, operation{d.latest, replace, slices.Clone(data)})
}

func (d *disk) write(replace bool, data []byte) {
	if replace {
		d.durable = d.durable[:0]
	}
	d.durable = append(d.durable, data...)
}

// due says when the next operation completes.
func (d *disk) due() int64 {
	if len(d.waiting) == 0 {
		return never
	}
	return d.waiting[0].due
}

// complete completes what is due.
func (d *disk) complete() {
	for len(d.waiting) > 0 && d.waiting[0].due <= *d.now {
		next := d.waiting[0]
		d.waiting = append(d.waiting[:0], d.waiting[1:]...)
		d.write(next.replace, next.data)
		d.done(nil)
	}
}

// crash ends the process that uses the disk. What it had asked for gets written, though nobody hears of it.
func (d *disk) crash() {
	for _, op := range d.waiting {
		d.write(op.replace, op.data)
	}
	d.stop()
}

// powerLoss ends the process and interrupts the disk: any number of the operations were done, and of the next one, if it was an Append, any
// first part, its end garbled or not.
func (d *disk) powerLoss() {
	random := rand.New(d.source)
	written := random.IntN(len(d.waiting) + 1)
	for _, op := range d.waiting[:written] {
		d.write(op.replace, op.data)
	}
	if written < len(d.waiting) && !d.waiting[written].replace {
		torn := d.waiting[written].data
		torn = torn[:random.IntN(len(torn))]
		if len(torn) > 0 && random.IntN(2) == 0 {
			for i := random.IntN(len(torn)); i < len(torn); i++ {
				torn[i] = byte(random.Uint32())
			}
		}
		d.write(false, torn)
	}
	d.stop()
}

func (d *disk) wipe() {
	d.durable = nil
	d.stop()
}

func (d *disk) stop() { d.waiting, d.done, d.latest = nil, nil, 0 }

// clone copies the disk with what is under way on it; whom to tell is said by Resume.
func (d *disk) clone(now *int64) *disk {
	c, source := *d, *d.source
	c.now, c.source, c.done = now, &source, nil
	c.durable = slices.Clone(d.durable)
	c.waiting = slices.Clone(d.waiting)
	for i := range c.waiting {
		c.waiting[i].data = slices.Clone(c.waiting[i].data)
	}
	return &c
}
