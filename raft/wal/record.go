package wal

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"strconv"

	"raftplayground/raft"
)

const (
	magic      = "RaftWAL"
	version    = 2
	oldVersion = 1  // without snapshots, else the same: read, and rewritten
	recordHead = 12 // length, headCRC, bodyCRC
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Identity says whose disk it is. It is written in the header, so that a server never takes up another one's vote and log.
type Identity struct {
	Server raft.ServerID
	Voters []raft.ServerID // the cluster's first voters, in any order; none for a server that waits to be added. The same for the life of the disk

	// Unruly says that the server has rules of Raft switched off: what it saves may contradict what it saved before. It is not on the disk.
	Unruly bool
}

// beginRecord appends an empty record head to dst and returns where the record starts in it.
func beginRecord(dst []byte) ([]byte, int) {
	start := len(dst)
	return append(dst, make([]byte, recordHead)...), start
}

// endRecord fills in the head of the record that starts at start; offset is where the record will stand on the disk.
func endRecord(dst []byte, start int, offset uint64) {
	body := dst[start+recordHead:]
	length := uint32(len(body))
	binary.LittleEndian.PutUint32(dst[start:], length)
	binary.LittleEndian.PutUint32(dst[start+4:], headCRC(offset, length))
	binary.LittleEndian.PutUint32(dst[start+8:], crc32.Checksum(body, castagnoli))
}

// headCRC is the CRC-32C of offset and length in little-endian. By hand, because a slice given to crc32 is allocated.
func headCRC(offset uint64, length uint32) uint32 {
	crc := ^uint32(0)
	for range 8 {
		crc = castagnoli[byte(crc)^byte(offset)] ^ crc>>8
		offset >>= 8
	}
	for range 4 {
		crc = castagnoli[byte(crc)^byte(length)] ^ crc>>8
		length >>= 8
	}
	return ^crc
}

// readRecord returns the body of the record at offset in data and the offset behind it. The error says what is wrong with it.
func readRecord(data []byte, offset int) (body []byte, next int, err error) {
	left := len(data) - offset
	if left < recordHead {
		return nil, 0, damage(offset, "a record head of "+strconv.Itoa(recordHead)+" bytes", strconv.Itoa(left)+" bytes")
	}
	head := data[offset:]
	length := binary.LittleEndian.Uint32(head)
	if want, got := headCRC(uint64(offset), length), binary.LittleEndian.Uint32(head[4:]); want != got {
		return nil, 0, damage(offset, "a record head with CRC-32C "+hex(want), hex(got))
	}
	if uint64(length) > uint64(left-recordHead) {
		return nil, 0, damage(offset, "a record of "+strconv.FormatUint(uint64(length), 10)+" bytes", strconv.Itoa(left-recordHead)+" bytes")
	}
	next = offset + recordHead + int(length)
	body = data[offset+recordHead : next : next]
	if want, got := crc32.Checksum(body, castagnoli), binary.LittleEndian.Uint32(head[8:]); want != got {
		return nil, 0, damage(offset, "a record body with CRC-32C "+hex(got), hex(want))
	}
	return body, next, nil
}

// recordBehind finds the first good record at or behind offset.
func recordBehind(data []byte, offset int) (at int, found bool) {
	for ; len(data)-offset >= recordHead; offset++ {
		if _, _, err := readRecord(data, offset); err == nil {
			return offset, true
		}
	}
	return 0, false
}

func appendHeader(dst []byte, identity Identity, image uint64) []byte {
	dst = append(dst, magic...)
	dst = append(dst, version)
	dst, start := beginRecord(dst)
	dst = binary.AppendUvarint(dst, uint64(identity.Server))
	dst = binary.AppendUvarint(dst, uint64(len(identity.Voters)))
	for _, voter := range identity.Voters {
		dst = binary.AppendUvarint(dst, uint64(voter))
	}
	// Of fixed length, so that the image's length is known before its place.
	dst = binary.LittleEndian.AppendUint64(dst, image)
	endRecord(dst, start, uint64(start))
	return dst
}

// readHeader returns the identity, the offset of the image and the offset behind it.
func readHeader(data []byte) (identity Identity, image, end int, err error) {
	if len(data) < len(magic)+1 || string(data[:len(magic)]) != magic {
		return identity, 0, 0, damage(0, `a header that starts with "`+magic+`"`, strconv.Quote(string(data[:min(len(data), len(magic))])))
	}
	if got := data[len(magic)]; got < oldVersion || got > version {
		return identity, 0, 0, damage(len(magic), "version "+strconv.Itoa(oldVersion)+" to "+strconv.Itoa(version), "version "+strconv.Itoa(int(got)))
	}
	body, image, err := readRecord(data, len(magic)+1)
	if err != nil {
		return identity, 0, 0, err
	}
	fields := fieldReader{rest: body}
	identity.Server = raft.ServerID(fields.number())
	voters := fields.number()
	for i := uint64(0); i < voters && !fields.short; i++ {
		identity.Voters = append(identity.Voters, raft.ServerID(fields.number()))
	}
	length := fields.bytes(8)
	if fields.short || len(fields.rest) != 0 {
		return identity, 0, 0, damage(len(magic)+1, "server, voters and image length", strconv.Itoa(len(body))+" bytes that are not")
	}
	size := binary.LittleEndian.Uint64(length)
	if size > uint64(len(data)-image) {
		return identity, 0, 0, damage(image, "an image of "+strconv.FormatUint(size, 10)+" bytes", strconv.Itoa(len(data)-image)+" bytes")
	}
	return identity, image, image + int(size), nil
}

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

// readSave reads what appendSave wrote into save, whose Entries are overwritten; their Data, and the snapshot's, points into body.
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
	return !fields.short && len(fields.rest) == 0
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

// fieldReader takes a body apart. After the first field that is not all there short is true and every further field is zero.
type fieldReader struct {
	rest  []byte
	short bool
}

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

func hex(v uint32) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 8)
	for i := range b {
		b[i] = digits[v>>(28-4*i)&15]
	}
	return string(b)
}
