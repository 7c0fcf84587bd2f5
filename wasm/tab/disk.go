package tab

import (
	"errors"

	"raftplayground/raft/wal"
)

// disk is the wal.Disk of this tab's seat: what the host read when it opened the seat, and the host's writes.
type disk struct {
	host      Host
	content   []byte
	confirmed int
	waiting   []write // those under way, and those behind them, oldest first
}

type write struct {
	done    func(error)
	durable bool // completed already, and waits for one before it
}

var _ interface {
	wal.Confirmer
	wal.Cutter
} = (*disk)(nil)

// ReadAll implements wal.Disk. It can be asked once, at the start of the server.
func (d *disk) ReadAll() ([]byte, error) {
	content := d.content
	d.content = nil
	return content, nil
}

// Confirmed implements wal.Confirmer. It is of what ReadAll returned, and is asked once, too.
func (d *disk) Confirmed() int {
	confirmed := d.confirmed
	d.confirmed = 0
	return confirmed
}

// Append implements wal.Disk.
func (d *disk) Append(data []byte, done func(error)) { d.wait(d.host.Append(data), done) }

// Replace implements wal.Disk.
func (d *disk) Replace(data []byte, done func(error)) { d.wait(d.host.Replace(data), done) }

// Cut implements wal.Cutter.
func (d *disk) Cut(size int, done func(error)) { d.wait(d.host.Cut(size), done) }

// wait completes a write now if it is durable and none before it is under way: writes complete in their order.
func (d *disk) wait(durable bool, done func(error)) {
	if durable && len(d.waiting) == 0 {
		done(nil)
		return
	}
	d.waiting = append(d.waiting, write{done, durable})
}

// saved is the host's word on the oldest write that is under way.
func (d *disk) saved(failure string) {
	if len(d.waiting) == 0 {
		return
	}
	var err error
	if failure != "" {
		err = errors.New("the disk failed: " + failure)
	}
	d.next().done(err)
	for len(d.waiting) > 0 && d.waiting[0].durable {
		d.next().done(nil)
	}
}

func (d *disk) next() write {
	w := d.waiting[0]
	d.waiting = append(d.waiting[:0], d.waiting[1:]...)
	return w
}
