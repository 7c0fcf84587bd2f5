package wal

import (
	"strconv"

	"raftplayground/raft"
)

// Recovery tells what Open found.
type Recovery struct {
	New     bool   // the disk was empty
	Records int    // saves, the image counted as one
	Bytes   int    // read in all
	Claim   uint64 // the last claim that the disk was opened with before; 0: none
	Torn    int    // bytes cut off at the end: a write that a crash interrupted, never acknowledged
	Reason  string // of the cut, with its offset; "" if there was none

	nameless bool // the disk does not know its room, or the making of it
}

// DamageError says that a disk holds what no crash can leave behind.
type DamageError struct {
	Offset   int // in bytes from the start of the disk
	Expected string
	Got      string
}

func (e *DamageError) Error() string {
	return "wal: damaged at byte " + strconv.Itoa(e.Offset) + ": expected " + e.Expected + ", got " + e.Got
}

// replay takes up everything that data holds, of which the disk vouches for the first confirmed bytes.
func (w *WAL) replay(data []byte, confirmed int, recovery *Recovery) error {
	h, err := readHeader(data)
	if err != nil && len(data) < confirmed {
		return lost(data, confirmed)
	}
	if err != nil {
		return err
	}
	if !h.identity.serves(&w.identity) {
		return &IdentityError{Disk: h.identity, Asked: w.identity}
	}
	w.chain, w.size = h.chain, h.start
	w.log = make([]raft.Entry, 0, h.chain.entries(data, h.start))
	recovery.Claim = h.identity.Claim
	recovery.nameless = h.identity.Room != w.identity.Room || h.identity.Made != w.identity.Made
	for w.size < len(data) {
		body, next, bad := w.chain.read(data, w.size)
		if bad != nil {
			recovery.Torn = len(data) - w.size
			recovery.Reason = "cut off: " + bad.damage(w.size, "").Error()
			return w.judge(bad, data, max(h.end, confirmed), confirmed)
		}
		if err := w.take(w.chain.plain(body), recovery); err != nil {
			return err
		}
		w.size = next
	}
	if len(data) < confirmed {
		return lost(data, confirmed)
	}
	return nil
}

// entries returns how many entries the saves from offset on hold together, so that there is room for all of
// them from the start.
func (c chain) entries(data []byte, offset int) (count int) {
	for offset < len(data) {
		body, next, bad := c.read(data, offset)
		if bad != nil {
			break
		}
		if c.version > unchained && len(body) > 0 {
			body = body[1:]
		}
		count += countEntries(body)
		offset = next
	}
	return count
}

// take takes up the record that starts at w.size.
func (w *WAL) take(body []byte, recovery *Recovery) error {
	kind := byte(kindSave)
	if w.chain.version > unchained && len(body) > 0 {
		kind, body = body[0], body[1:]
	}
	switch kind {
	case kindSave:
		// Behind the log there is room for the entries of all saves. They are read to where, most often, they
		// stay.
		save := raft.Save{Entries: w.log[len(w.log):]}
		if !readSave(body, &save) {
			return damage(w.size, "a save", strconv.Itoa(len(body))+" bytes that are none")
		}
		if err := w.check(&save); err != nil {
			return damage(w.size, "a save that continues the ones before", err.Error())
		}
		w.apply(&save)
		recovery.Records++
	case kindClaim:
		claim, ok := readClaim(body)
		if !ok || claim <= recovery.Claim {
			return damage(w.size, "a claim later than "+strconv.FormatUint(recovery.Claim, 10),
				strconv.FormatUint(claim, 10))
		}
		recovery.Claim = claim
	default:
		return damage(w.size, "a save or a claim", "a record of kind "+strconv.Itoa(int(kind)))
	}
	return nil
}

// judge returns nil if the flaw at w.size can be what a crash left of the last write, else what is damaged.
// The image is written at once, and so the bytes before sure were never those of an interrupted write.
func (w *WAL) judge(bad *flaw, data []byte, sure, confirmed int) error {
	switch {
	case bad.certain:
		return bad.damage(w.size, "")
	case len(data) < confirmed:
		return lost(data, confirmed)
	case w.size < confirmed:
		return bad.damage(w.size, "; the disk had confirmed what stood there")
	case w.size < sure:
		return bad.damage(w.size, "")
	case bad.end > 0 && bad.end < len(data):
		return bad.damage(w.size, "; more was written behind it, at byte "+strconv.Itoa(bad.end))
	case bad.end > 0:
		return nil
	}
	if at, found := w.chain.behind(data, w.size+1); found {
		return bad.damage(w.size, "; a good record follows at byte "+strconv.Itoa(at))
	}
	return nil
}

// damage is the error of a flaw in the record at offset, with what makes it one that no crash leaves.
func (f *flaw) damage(offset int, because string) error {
	return damage(offset, f.expected, f.got+because)
}

// lost is the error of a disk that holds less than it has confirmed.
func lost(data []byte, confirmed int) error {
	return damage(len(data), strconv.Itoa(confirmed)+" bytes, which the disk has confirmed",
		strconv.Itoa(len(data))+": the rest is lost")
}

func damage(offset int, expected, got string) error {
	return &DamageError{Offset: offset, Expected: expected, Got: got}
}
