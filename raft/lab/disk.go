package lab

import (
	"errors"
	"math/rand/v2"
	"slices"

	"raftplayground/raft/wal"
)

// disk is a server's disk: a wal.Disk on which writes take time, and which a loss of power tears.
type disk struct {
	durable []byte      // shared with copies of the disk: only appended to, behind what they share
	waiting []operation // ascending by due
	done    func(error) // of the WAL that uses it: the same for every operation
	longest int64       // µs that an operation takes at most
	now     *int64      // the world's
	source  *rand.PCG   // of the times and of what a loss of power leaves
	latest  int64       // when the last operation is due

	lag      int64      // most µs until the server is told that an operation is done
	finished []finished // done, but not told yet; ascending by at

	hung    bool // no operation is done
	fails   bool // the next operation fails, and all behind it until the server starts anew
	full    bool // every operation fails
	erred   bool // one has failed since the server was started, which stops now or when it writes next
	flipped bool // a bit of durable has changed since it was written
	// the part of durable that is followed by a whole record, or was replaced at once: damage there cannot
	// be what a crash leaves
	behind int
}

var (
	errFailed = errors.New("lab: the write failed")
	errFull   = errors.New("lab: the disk is full")
)

type operation struct {
	due     int64
	replace bool
	data    []byte
}

// finished is an operation that was done, or failed, and the time at which the server is told.
type finished struct {
	at  int64
	err error
}

var _ wal.DiskCopy = (*disk)(nil)

// ReadAll returns a copy of what is durable.
func (d *disk) ReadAll() ([]byte, error) { return slices.Clone(d.durable), nil }

// Append takes a copy of data. It completes later, if only in the same microsecond: after the input that led to it.
func (d *disk) Append(data []byte, done func(error)) { d.start(false, data, done) }

// Replace takes a copy of data, as Append does.
func (d *disk) Replace(data []byte, done func(error)) { d.start(true, data, done) }

// Resume says whom to tell when an operation completes.
func (d *disk) Resume(done func(error)) { d.done = done }

func (d *disk) start(replace bool, data []byte, done func(error)) {
	d.done = done
	took := int64(0)
	if d.longest > 0 {
		took = rand.New(d.source).Int64N(d.longest + 1)
	}
	d.latest = max(d.latest, *d.now+took)
	d.waiting = append(d.waiting, operation{d.latest, replace, slices.Clone(data)})
}

// perform does an operation, or fails as the disk's state says.
func (d *disk) perform(op *operation) error {
	first := !d.erred
	switch {
	case d.full:
		d.erred = true
		return errFull
	case d.fails:
		d.erred = true
		if first { // bytes of later operations would be taken for good
			d.tear(op)
		}
		return errFailed
	}
	d.write(op)
	return nil
}

func (d *disk) write(op *operation) {
	d.behind = len(d.durable)
	if op.replace {
		d.durable, d.flipped, d.behind = nil, false, len(op.data)
	}
	d.durable = append(d.durable, op.data...)
}

// tear does part of an operation: of an Append any first part gets written, its end garbled or not; a
// Replace is not done.
func (d *disk) tear(op *operation) {
	if op.replace {
		return
	}
	random := rand.New(d.source)
	part := slices.Clone(op.data[:random.IntN(len(op.data))])
	if len(part) > 0 && random.IntN(2) == 0 {
		for i := random.IntN(len(part)); i < len(part); i++ {
			part[i] = byte(random.Uint32())
		}
	}
	d.durable = append(d.durable, part...)
}

// due returns when the next operation completes, or the server is told of one.
func (d *disk) due() int64 {
	due := int64(never)
	if len(d.waiting) > 0 && !d.hung {
		due = d.waiting[0].due
	}
	if len(d.finished) > 0 {
		due = min(due, d.finished[0].at)
	}
	return due
}

// complete completes what is due, and tells the server.
func (d *disk) complete() {
	for len(d.waiting) > 0 && d.waiting[0].due <= *d.now && !d.hung {
		next := d.waiting[0]
		d.waiting = append(d.waiting[:0], d.waiting[1:]...)
		if err := d.perform(&next); d.lag == 0 {
			d.done(err)
		} else {
			d.tellLater(err)
		}
	}
	for len(d.finished) > 0 && d.finished[0].at <= *d.now {
		next := d.finished[0]
		d.finished = append(d.finished[:0], d.finished[1:]...)
		d.done(next.err)
	}
}

func (d *disk) tellLater(err error) {
	at := *d.now + rand.New(d.source).Int64N(d.lag+1)
	if n := len(d.finished); n > 0 {
		at = max(at, d.finished[n-1].at)
	}
	d.finished = append(d.finished, finished{at, err})
}

// crash ends the process that uses the disk. Operations under way complete, though no process hears of it;
// on a disk that hangs, any part of them.
func (d *disk) crash() {
	if d.hung {
		d.powerLoss()
		return
	}
	for i := range d.waiting {
		_ = d.perform(&d.waiting[i]) // no process is there to be told
	}
	d.stop()
}

// powerLoss ends the process and interrupts the disk: any number of the operations were done, and of the next one, if
// it was an Append, any first part, its end garbled or not.
func (d *disk) powerLoss() {
	written := rand.New(d.source).IntN(len(d.waiting) + 1)
	for i := range d.waiting[:written] {
		_ = d.perform(&d.waiting[i])
	}
	if written < len(d.waiting) && !d.full && !d.fails {
		d.tear(&d.waiting[written])
	}
	d.stop()
}

// flip changes one bit where the damage can be told from what a crash leaves: not in the last record, which
// then looks like an interrupted write (a checksum alone cannot tell the two apart). It returns false if
// there is nothing else on the disk.
func (d *disk) flip() bool {
	if d.behind == 0 {
		return false
	}
	random := rand.New(d.source)
	d.durable = slices.Clone(d.durable)
	d.durable[random.IntN(d.behind)] ^= 1 << random.IntN(8)
	d.flipped = true
	return true
}

// revive makes a disk that failed work again, as a restart of its machine does.
func (d *disk) revive() { d.fails, d.erred = false, false }

// excuses reports whether what was done to the disk explains why a server has failed with this error.
func (d *disk) excuses(err error) bool {
	var damage *wal.DamageError
	return errors.Is(err, errFailed) || errors.Is(err, errFull) || d.flipped && errors.As(err, &damage)
}

func (d *disk) wipe() {
	d.durable, d.flipped, d.behind = nil, false, 0
	d.stop()
}

func (d *disk) stop() { d.waiting, d.finished, d.done, d.latest = nil, nil, nil, 0 }

// clone copies the disk with its operations under way; Resume says whom to tell of them.
func (d *disk) clone(now *int64) *disk {
	c, source := *d, *d.source
	c.now, c.source, c.done = now, &source, nil
	c.durable = slices.Clip(d.durable)
	c.waiting, c.finished = slices.Clone(d.waiting), slices.Clone(d.finished)
	for i := range c.waiting {
		c.waiting[i].data = slices.Clone(c.waiting[i].data)
	}
	return &c
}
