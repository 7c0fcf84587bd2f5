package tab

import (
	"errors"

	"raftplayground/raft/wal"
)

// diskPatience is how long, in ms during which the tab is awake, a disk may take for a write, or a browser's
// storage to find a seat, before the tab considers it hung.
const diskPatience = 10_000

// disk is the wal.Disk of this tab's seat: what the host read when it opened the seat, and the host's writes.
type disk struct {
	host      Host
	content   []byte
	confirmed int
	waiting   []write // writes under way, and those behind them, oldest first
	completed int     // how many writes have completed
}

type write struct {
	done    func(error)
	durable bool // durable already, but waits for one before it
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

// Confirmed implements wal.Confirmer. It concerns what ReadAll returned, and can be asked once, too.
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

// saved takes the host's word on the oldest write under way.
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
	d.completed++
	w := d.waiting[0]
	d.waiting = append(d.waiting[:0], d.waiting[1:]...)
	return w
}

// store is what the tab knows of its browser's storage.
type store struct {
	answered float64 // when it last did what it was asked, or was asked nothing: see Tab.awake
	writes   int     // how many writes the disk had completed by then
}

// keepDisk restarts a server whose disk does not answer. That breaks no promise: none of the waiting writes
// was confirmed, and the host undoes them when it leaves the seat, so that its own hung write does not block
// the disk. If the storage as a whole hangs, the tab says so and goes on waiting.
func (t *Tab) keepDisk() {
	disk := t.seat.disk
	writes := disk != nil && len(disk.waiting) > 0
	opens := t.claim.state == seeking || t.claim.state == making ||
		t.claim.state == leased && t.seat.given && !t.seat.ours && t.seat.newcomer == nil
	switch {
	case writes && disk.completed != t.store.writes:
		t.store = store{t.awake, disk.completed}
	case !writes && !opens || t.stopped:
		t.store.answered = t.awake
	}
	if t.awake-t.store.answered < diskPatience {
		return
	}
	t.store.answered = t.awake
	if opens {
		t.batches.Notice("The storage of this browser does not answer. The tab waits for it.")
	}
	if t.claim.state == leased {
		t.supersede("its disk has done nothing for 10 s")
	}
}
