package wal

import (
	"encoding/binary"
	"math"

	"raftplayground/raft"
)

// What a body of version 3 holds, by its first byte. Before, every body was a save.
const (
	kindSave  = 1
	kindClaim = 2
)

func appendSave(dst []byte, save *raft.Save) []byte {
	dst = binary.AppendUvarint(dst, uint64(save.CurrentTerm))
	dst = binary.AppendUvarint(dst, uint64(save.VotedFor))
	dst = binary.AppendUvarint(dst, uint64(save.First))
	dst = binary.AppendUvarint(dst, uint64(len(save.Entries)))
	for i := range save.Entries {
		entry := &save.Entries[i]
		dst = binary.AppendUvarint(dst, uint64(entry.Term))
		dst = append(dst, byte(entry.Kind))
		dst = binary.AppendUvarint(dst, uint64(len(entry.Data)))
		dst = append(dst, entry.Data...)
	}
	if save.Snapshot != nil {
		dst = appendSnapshot(dst, save.Snapshot)
	}
	return dst
}

// readSave reads what appendSave wrote into save. The entries are appended to save.Entries[:0]; their Data, and
// the snapshot's, points into body.
func readSave(body []byte, save *raft.Save) bool {
	fields := fieldReader{rest: body}
	save.CurrentTerm = raft.Term(fields.number())
	save.VotedFor = raft.ServerID(fields.number())
	save.First = raft.Index(fields.number())
	save.Entries, save.Snapshot = save.Entries[:0], nil
	count := fields.number()
	for i := uint64(0); i < count && !fields.short; i++ {
		term, kind := raft.Term(fields.number()), raft.EntryKind(fields.byte())
		data := fields.bytes(fields.number())
		save.Entries = append(save.Entries, raft.Entry{Term: term, Kind: kind, Data: data})
	}
	if len(fields.rest) > 0 {
		snapshot, ok := readSnapshot(&fields)
		if !ok {
			return false
		}
		save.Snapshot = snapshot
	}
	return fields.done()
}

func appendClaim(dst []byte, claim uint64) []byte {
	return binary.AppendUvarint(append(dst, kindClaim), claim)
}

func readClaim(body []byte) (claim uint64, ok bool) {
	fields := fieldReader{rest: body}
	claim = fields.number()
	return claim, fields.done()
}

// countEntries returns how many entries a save's body says that it holds, but no more than there is room for in it.
func countEntries(body []byte) int {
	const smallest = 3 // bytes of an entry
	fields := fieldReader{rest: body}
	for range 3 {
		fields.number()
	}
	return int(min(fields.number(), uint64(len(body)/smallest)))
}

// appendSnapshot writes a snapshot behind everything else of a save; a save without one ends before.
func appendSnapshot(dst []byte, s *raft.Snapshot) []byte {
	dst = binary.AppendUvarint(dst, uint64(s.Index))
	dst = binary.AppendUvarint(dst, uint64(s.Term))
	text := s.Configuration.AppendText(nil)
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	dst = append(dst, text...)
	dst = binary.AppendUvarint(dst, uint64(len(s.Data)))
	return append(dst, s.Data...)
}

func readSnapshot(fields *fieldReader) (*raft.Snapshot, bool) {
	s := &raft.Snapshot{Index: raft.Index(fields.number()), Term: raft.Term(fields.number())}
	if text := fields.bytes(fields.number()); len(text) > 0 { // none: of a server that did not know its cluster yet
		c, err := raft.ParseConfiguration(string(text))
		if err != nil {
			return nil, false
		}
		s.Configuration = c
	}
	s.Data = fields.bytes(fields.number())
	return s, !fields.short
}

// snapshotSize is how many bytes appendSnapshot writes at most.
func snapshotSize(s *raft.Snapshot) int {
	if s == nil {
		return 0
	}
	return 4*10 + len(s.Configuration.AppendText(nil)) + len(s.Data)
}

// entrySize is how many bytes appendSave writes for an entry.
func entrySize(entry *raft.Entry) int {
	return numberSize(uint64(entry.Term)) + 1 + numberSize(uint64(len(entry.Data))) + len(entry.Data)
}

func entriesSize(entries []raft.Entry) (bytes int) {
	for i := range entries {
		bytes += entrySize(&entries[i])
	}
	return bytes
}

func numberSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// fieldReader takes a body apart. After the first field that is not all there short is true, and every further
// field is zero.
type fieldReader struct {
	rest  []byte
	short bool
}

// done tells whether the body held all fields and nothing behind them.
func (r *fieldReader) done() bool { return !r.short && len(r.rest) == 0 }

func (r *fieldReader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.short = true
		r.rest = nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *fieldReader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// bytes returns nil for no bytes.
func (r *fieldReader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) || n > math.MaxInt {
		r.short = true
		r.rest = nil
		return nil
	}
	if n == 0 {
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}
