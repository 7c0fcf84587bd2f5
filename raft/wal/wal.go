package wal

import (
	"errors"
	"slices"
	"strconv"

	"raftplayground/raft"
)

// Rewriting policy: the disk is rewritten when more than half of it, and more than rewriteBytes, is garbage: terms and
// votes that were superseded, entries that were overwritten or that a snapshot has replaced, older snapshots, heads of
// single records. So rewriting costs at most about as much as the writing itself. The image holds the newest snapshot
// and the entries behind it.
const rewriteBytes = 1 << 20

// WAL is an open write-ahead log. It is not safe for concurrent use; the completions of its Disk count as use.
type WAL struct {
	disk     Disk
	identity Identity // as Open was asked for it
	chain    chain    // where the next record goes
	claimed  bool     // the disk knows the claim in identity, or will when all operations are durable

	term raft.Term
	vote raft.ServerID
	// What the disk holds once all operations are durable; the source of the next image.
	snapshot *raft.Snapshot // nil: none
	log      []raft.Entry   // behind the snapshot
	live     int            // bytes of an image's snapshot and entries
	size     int            // bytes on the disk once all operations are durable

	buffer  []byte        // of the operation being issued
	waiting []func(error) // callbacks of operations that the Disk has not completed, oldest first; nil: none
	failed  error         // the first error; afterwards nothing is written and nothing is acknowledged

	complete func(error) // w.completed, made once
}

// Open reads the disk and returns the log on it, ready for Saves, with the state that it holds. The errors are those of
// the disk, *DamageError, *IdentityError and *ClaimError. Entries and snapshot of Durable point into the bytes that
// were read; its Log is valid until the next Save. Open allocates at most twice the size of the disk, the bytes that
// ReadAll returns included, and a slot for every entry.
func Open(disk Disk, identity Identity) (*WAL, raft.Durable, Recovery, error) {
	if identity.Unchained && (identity.named() || identity.Claim > 0) {
		return nil, raft.Durable{}, Recovery{}, errUnchained
	}
	data, err := disk.ReadAll()
	if err != nil {
		return nil, raft.Durable{}, Recovery{}, err
	}
	confirmed := 0
	if disk, ok := disk.(Confirmer); ok {
		confirmed = disk.Confirmed()
	}
	identity.Voters = slices.Clone(identity.Voters)
	slices.Sort(identity.Voters)
	w := &WAL{disk: disk, identity: identity}
	w.complete = w.completed
	recovery := Recovery{New: len(data) == 0 && confirmed == 0, Bytes: len(data)}
	if recovery.New {
		w.chain.version = w.newest()
		w.rewrite(nil)
	} else {
		err = w.replay(data, confirmed, &recovery)
		if err == nil && identity.Claim > 0 && identity.Claim < recovery.Claim {
			err = &ClaimError{Disk: recovery.Claim, Asked: identity.Claim}
		}
		if err != nil {
			return nil, raft.Durable{}, recovery, err
		}
		w.identity.Claim = max(identity.Claim, recovery.Claim)
		w.mend(&recovery)
	}
	if w.failed != nil {
		return nil, raft.Durable{}, recovery, w.failed
	}
	w.writeClaim(recovery.Claim)
	durable := raft.Durable{CurrentTerm: w.term, VotedFor: w.vote, Snapshot: w.snapshot, Log: slices.Clip(w.log)}
	return w, durable, recovery, nil
}

// Save writes one change of the persistent state and calls done when it is durable, with nil, or when it has become
// certain that it will not be acknowledged, with the error. It is all or nothing: after a crash the whole of save is
// there or none of it. Nothing of save is kept except for the Data of its entries, and its snapshot. After the first
// error every Save fails with it: a disk that lost one write must not acknowledge the next (§5.2: a vote that is
// forgotten is given twice). done may be called before Save returns; it must not call Save.
func (w *WAL) Save(save raft.Save, done func(error)) {
	if w.failed == nil {
		w.failed = w.check(&save)
	}
	if w.failed != nil {
		done(w.failed)
		return
	}
	w.apply(&save)
	buffer, start := w.chain.begin(w.buffer[:0])
	buffer = w.appendSave(buffer, &save)
	w.buffer = buffer
	if garbage := w.size + len(buffer) - w.imageSize(); garbage > rewriteBytes && garbage > w.imageSize() {
		w.rewrite(done) // the image has this save in it
		return
	}
	w.append(w.chain.seal(buffer, start, uint64(w.size)), done)
}

// Failed returns the error that stopped the log, nil while it works.
func (w *WAL) Failed() error { return w.failed }

// Size returns how many bytes the disk holds once all operations are durable.
func (w *WAL) Size() int { return w.size }

// mend makes the disk ready for writing: of this version, with this identity, without a torn tail, and with
// this claim.
func (w *WAL) mend(recovery *Recovery) {
	cutter, cuts := w.disk.(Cutter)
	switch {
	case w.chain.version < w.newest(), recovery.Torn > 0 && !cuts, recovery.nameless:
		w.chain.version = max(w.chain.version, w.newest())
		w.rewrite(nil)
		return
	case recovery.Torn > 0:
		w.waiting = append(w.waiting, nil)
		cutter.Cut(w.size, w.complete)
	}
}

// writeClaim writes the claim behind everything, unless it is in a header that was written just now. A disk without
// room for it is open, but no Save on it will succeed.
func (w *WAL) writeClaim(known uint64) {
	if w.identity.Claim == known || w.claimed {
		return
	}
	w.claimed = true
	buffer, start := w.chain.begin(w.buffer[:0])
	w.append(w.chain.seal(appendClaim(buffer, w.identity.Claim), start, uint64(w.size)), nil)
}

// check says what in a save contradicts the state before it. Figure 2: currentTerm only grows, the vote of a term is
// never changed, the log has no holes, the terms in it never fall and are never beyond currentTerm. Figure 13: a
// snapshot replaces more than the one before, and entries stay behind it only if they follow its last one.
func (w *WAL) check(save *raft.Save) error {
	base, last := w.base(), w.base()+raft.Index(len(w.log))
	if s := save.Snapshot; s != nil {
		if s.Index <= base {
			return refuse("a snapshot through entry ", base+1, " or a later one", s.Index)
		}
		base, last = s.Index, max(last, s.Index)
	}
	switch {
	case save.First <= base:
		return refuse("First ", base+1, " or higher", save.First)
	case len(save.Entries) > 0 && save.First > last+1:
		return refuse("First ", last+1, " or lower", save.First)
	case w.identity.Unruly:
		return nil
	case save.CurrentTerm < w.term:
		return refuse("term ", w.term, " or higher", save.CurrentTerm)
	case save.CurrentTerm == w.term && w.vote != 0 && save.VotedFor != w.vote:
		return refuse("the vote of the term for server ", w.vote, "", save.VotedFor)
	}
	if err := w.checkSnapshot(save); err != nil {
		return err
	}
	before := raft.Term(0)
	switch {
	case save.Snapshot != nil && save.First == base+1:
		before = save.Snapshot.Term
	case len(save.Entries) > 0:
		before = w.termAt(save.First - 1)
	}
	for i := range save.Entries {
		if save.Entries[i].Kind > raft.Config {
			return refuse("an entry of kind ", raft.Config, " or lower", save.Entries[i].Kind)
		}
		if term := save.Entries[i].Term; term < before || term > save.CurrentTerm {
			return refuse("an entry of term ", before, " to "+strconv.FormatUint(uint64(save.CurrentTerm), 10), term)
		}
		before = save.Entries[i].Term
	}
	return nil
}

// checkSnapshot compares the term of a snapshot's last entry with the log that it replaces.
func (w *WAL) checkSnapshot(save *raft.Save) error {
	s := save.Snapshot
	if s == nil {
		return nil
	}
	if oldest := w.termAt(w.base()); s.Term < oldest || s.Term > save.CurrentTerm {
		return refuse("a snapshot of term ", oldest, " to "+strconv.FormatUint(uint64(save.CurrentTerm), 10), s.Term)
	}
	if kept := min(save.First-1, w.base()+raft.Index(len(w.log))); kept > s.Index && s.Term != w.termAt(s.Index) {
		return refuse("a snapshot of term ", w.termAt(s.Index), ", that of the entry before those that stay", s.Term)
	}
	return nil
}

// base is the index of the last entry that the snapshot replaces, 0 without one.
func (w *WAL) base() raft.Index {
	if w.snapshot == nil {
		return 0
	}
	return w.snapshot.Index
}

// termAt returns the term of entry i, from base on; the place before the first entry has term 0.
func (w *WAL) termAt(i raft.Index) raft.Term {
	switch base := w.base(); {
	case i > base:
		return w.log[i-base-1].Term
	case w.snapshot != nil:
		return w.snapshot.Term
	}
	return 0
}

func (w *WAL) apply(save *raft.Save) {
	w.term, w.vote = save.CurrentTerm, save.VotedFor
	if save.Snapshot != nil {
		replaced := int(min(uint64(save.Snapshot.Index-w.base()), uint64(len(w.log))))
		w.live -= entriesSize(w.log[:replaced])
		w.log = slices.Delete(w.log, 0, replaced)
		w.live += snapshotSize(save.Snapshot) - snapshotSize(w.snapshot)
		w.snapshot = save.Snapshot
	}
	if keep := int(min(uint64(save.First-1-w.base()), uint64(len(w.log)))); keep < len(w.log) {
		w.live -= entriesSize(w.log[keep:])
		clear(w.log[keep:])
		w.log = w.log[:keep]
	}
	w.live += entriesSize(save.Entries)
	w.log = append(w.log, save.Entries...)
}

// newest returns the version that the disk is to have.
func (w *WAL) newest() byte {
	if w.identity.Unchained {
		return unchained
	}
	return version
}

// append writes a record at the end.
func (w *WAL) append(record []byte, done func(error)) {
	w.buffer = record
	w.size += len(record)
	w.waiting = append(w.waiting, done)
	w.disk.Append(record, w.complete)
}

// rewrite puts a compact image in the place of everything.
func (w *WAL) rewrite(done func(error)) {
	before := w.chain
	buffer := appendHeader(make([]byte, 0, w.imageSize()), &before, &w.identity, 0)
	start := len(buffer)
	empty := w.term == 0 && w.vote == 0 && w.snapshot == nil && len(w.log) == 0
	if !empty {
		save := raft.Save{CurrentTerm: w.term, VotedFor: w.vote, First: w.base() + 1, Entries: w.log,
			Snapshot: w.snapshot}
		buffer, _ = w.chain.begin(buffer)
		buffer = w.chain.stuff(w.appendSave(buffer, &save), start)
	}
	appendHeader(buffer[:0], &w.chain, &w.identity, uint64(len(buffer)-start))
	if !empty {
		w.chain.put(buffer[start:], uint64(start))
	}
	w.size, w.claimed = len(buffer), true
	w.waiting = append(w.waiting, done)
	w.disk.Replace(buffer, w.complete)
}

// appendSave appends a record's body.
func (w *WAL) appendSave(dst []byte, save *raft.Save) []byte {
	if w.chain.version > unchained {
		dst = append(dst, kindSave)
	}
	return appendSave(dst, save)
}

// imageSize is about the size of the disk after a rewriting, never less than it, but for stuffing: that adds at
// most half of live.
func (w *WAL) imageSize() int {
	size := len(magic) + 1 + 2*w.chain.headSize() + 6*10 + 8 + 10*len(w.identity.Voters) + w.live
	if w.chain.version > unchained {
		size += 4*10 + 8 + len(w.identity.Room) + len(w.identity.Made)
	}
	return size
}

// completed is called by the Disk for each operation, in their order.
func (w *WAL) completed(err error) {
	if w.failed == nil {
		w.failed = err
	}
	done := w.waiting[0]
	// Moved down, not sliced off the front, so that the array is used again. The queue is as short as the
	// Disk is quick.
	copy(w.waiting, w.waiting[1:])
	w.waiting[len(w.waiting)-1] = nil
	w.waiting = w.waiting[:len(w.waiting)-1]
	if done != nil {
		done(w.failed)
	}
}

func refuse[E, G ~uint64 | ~uint8](what string, expected E, more string, got G) error {
	return errors.New("wal: expected " + what + strconv.FormatUint(uint64(expected), 10) + more + ", got " +
		strconv.FormatUint(uint64(got), 10))
}
