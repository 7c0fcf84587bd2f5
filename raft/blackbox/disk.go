package blackbox

import (
	"slices"

	"raftplayground/raft"
)

// disk is a server's disk: what is durable, and the saves under way. It outlives the server's lives.
type disk struct {
	term     raft.Term
	voted    raft.ServerID
	snapshot *raft.Snapshot
	log      []raft.Entry // behind the snapshot

	pending []raft.Save // handed over and not durable, oldest first
	busy    bool        // a write is under way
	hung    bool        // no write ends
	slow    instant     // a write takes up to so long; 0: it is done at once, while the server waits
	durable uint64      // number of the last save of this life that is durable
}

// queue takes over a save, whose entries are borrowed.
func (d *disk) queue(s raft.Save) {
	s.Entries = slices.Clone(s.Entries)
	d.pending = append(d.pending, s)
}

// write makes the first n pending saves durable.
func (d *disk) write(n int) (problem string) {
	for _, s := range d.pending[:n] {
		if p := d.put(s); p != "" {
			problem = p
		}
		d.durable = s.Seq
	}
	d.pending = append(d.pending[:0], d.pending[n:]...)
	return problem
}

// put does what the documentation of raft.Save says, and reports what it does not allow, such as a hole
// in the log.
func (d *disk) put(s raft.Save) (problem string) {
	if s.CurrentTerm < d.term {
		problem = "the term on the disk goes back"
	}
	d.term, d.voted = s.CurrentTerm, s.VotedFor
	if s.First <= d.last() {
		keep := max(s.First, d.base()+1) - d.base() - 1
		d.log = slices.Clip(d.log[:keep])
	}
	if s.Snapshot != nil {
		if s.Snapshot.Index < d.base() {
			problem = "a snapshot is replaced by an older one"
		}
		behind := min(raft.Index(len(d.log)), s.Snapshot.Index-min(s.Snapshot.Index, d.base()))
		d.log = slices.Clone(d.log[behind:])
		d.snapshot = s.Snapshot
	}
	if len(s.Entries) > 0 {
		if s.First != d.last()+1 {
			return "a save leaves a hole in the log on the disk"
		}
		d.log = append(d.log, s.Entries...)
	}
	return problem
}

// crash ends a life. The first few of the saves under way may have become durable.
func (d *disk) crash(kept int) (problem string) {
	problem = d.write(kept)
	d.pending, d.busy, d.durable = d.pending[:0], false, 0
	return problem
}

// contents returns what a server finds when it starts.
func (d *disk) contents() raft.Durable {
	return raft.Durable{CurrentTerm: d.term, VotedFor: d.voted, Snapshot: d.snapshot, Log: slices.Clone(d.log)}
}

// holds reports whether the entry at i, of this term, would survive a crash.
func (d *disk) holds(i raft.Index, term raft.Term) bool {
	if i <= d.base() {
		return true
	}
	return i <= d.last() && d.log[i-d.base()-1].Term == term
}

func (d *disk) base() raft.Index {
	if d.snapshot == nil {
		return 0
	}
	return d.snapshot.Index
}

func (d *disk) last() raft.Index { return d.base() + raft.Index(len(d.log)) }
