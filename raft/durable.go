package raft

import "slices"

// Base returns the index behind which Log begins: the snapshot's last entry, 0 without a snapshot.
func (d *Durable) Base() Index {
	if d.Snapshot == nil {
		return 0
	}
	return d.Snapshot.Index
}

// Save makes d what a disk holds once s is on it; a disk may write in any way that leads to the same result.
// The slice that was Log is not written to, and the borrowed Entries of s are copied.
func (d *Durable) Save(s Save) {
	d.CurrentTerm, d.VotedFor = s.CurrentTerm, s.VotedFor
	if s.Snapshot != nil {
		d.Log = d.Log[min(s.Snapshot.Index-d.Base(), Index(len(d.Log))):]
		d.Snapshot = s.Snapshot
	}
	kept := min(s.First-1-d.Base(), Index(len(d.Log)))
	d.Log = append(slices.Clip(d.Log[:kept]), s.Entries...)
}

// durability records how much of the persistent state (Fig. 2: "updated on stable storage before responding
// to RPCs") has been handed to the host in Saves, and how much of that is on disk.
type durability struct {
	snapshotChanged bool  // there is a snapshot that was not in a Save yet
	stateChanged    bool  // currentTerm or votedFor differ from what the last Save said
	handed          Index // entries through handed are in Saves that were handed out
	cut             bool  // entries after handed were handed out once and have been truncated since
	durable         Index // entries through durable are on disk

	handedSeq uint64
	savedSeq  uint64
	pending   []pendingSave // handed out, not yet durable, oldest first
}

type pendingSave struct {
	seq  uint64
	last Index // the last entry that is durable once the Save is
}

func (d *durability) start(last Index) { d.handed, d.durable = last, last }

// truncated notes that the log lost its entries from i on. A Save still under way must not make them count when it
// completes: the same index may hold another entry by then, of another term (etcd-io/raft#8).
func (d *durability) truncated(i Index, forget bool) {
	if i <= d.handed {
		d.handed, d.cut = i-1, true
	}
	if !forget {
		return
	}
	d.durable = min(d.durable, i-1)
	for k := range d.pending {
		d.pending[k].last = min(d.pending[k].last, i-1)
	}
}

func (d *durability) saved(seq uint64) {
	if seq > d.handedSeq {
		panic("raft: Saved(" + decimal(seq) + "), but Saves were handed out only through " + decimal(d.handedSeq))
	}
	d.savedSeq = max(d.savedSeq, seq)
	done := 0
	for done < len(d.pending) && d.pending[done].seq <= seq {
		d.durable = max(d.durable, d.pending[done].last)
		done++
	}
	d.pending = append(d.pending[:0], d.pending[done:]...)
}

// oldest returns the number of the oldest Save that is under way, 0 if none is.
func (d *durability) oldest() uint64 {
	if len(d.pending) == 0 {
		return 0
	}
	return d.pending[0].seq
}

// nextSave returns a Save of what has changed since the last one.
func (n *Node) nextSave(b *box) Save {
	d := &n.disk
	if !n.unsaved() {
		return Save{}
	}
	first := d.handed + 1
	entries := n.log.run(first, int(n.log.last-d.handed))
	if first+Index(len(entries)) <= n.log.last {
		b.save = slices.Grow(b.save, int(n.log.last-d.handed))
		for i := first; i <= n.log.last; i += Index(len(entries)) {
			entries = n.log.run(i, chunkSize)
			b.save = append(b.save, entries...)
		}
		entries = b.save
	}
	d.handedSeq++
	var snapshot *Snapshot
	if d.snapshotChanged {
		snapshot = n.snapshot
	}
	d.handed, d.cut, d.stateChanged, d.snapshotChanged = n.log.last, false, false, false
	d.pending = append(d.pending, pendingSave{d.handedSeq, n.log.last})
	return Save{Seq: d.handedSeq, CurrentTerm: n.currentTerm, VotedFor: n.votedFor, First: first, Entries: entries,
		Snapshot: snapshot}
}

func (n *Node) unsaved() bool {
	return n.disk.snapshotChanged || n.disk.stateChanged || n.disk.cut || n.disk.handed < n.log.last
}

// barrier returns the number of the Save that makes the whole persistent state, as it is now, durable; 0 if
// it is durable already.
func (n *Node) barrier() uint64 {
	switch {
	case n.unsaved():
		return n.disk.handedSeq + 1
	case n.disk.handedSeq > n.disk.savedSeq:
		return n.disk.handedSeq
	}
	return 0
}
