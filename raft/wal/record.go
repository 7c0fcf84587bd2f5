package wal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"strconv"
)

const (
	mark     = "\xFARec" // the first bytes of a record, which no body contains
	pair     = "\xFAR"   // its beginning: in a body, it is always followed by
	stuffing = '.'       // which is left out in reading
	headSize = 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// head is what stands before a record's body: its mark, then these, each a little-endian uint32.
type head struct {
	length  uint32 // of the body as it stands on the disk, in bytes
	number  uint32 // of the record, one more than that of the record before; after the largest comes 0
	link    uint32 // the sum of the record before, 0 for the first of all
	bodySum uint32 // CRC-32C of the body
	sum     uint32 // CRC-32C of the four above, and by link and bodySum of all that was ever written before
}

// readHead returns false if data does not begin with a whole head.
func readHead(data []byte) (h head, ok bool) {
	if len(data) < headSize || string(data[:len(mark)]) != mark {
		return h, false
	}
	fields := data[len(mark):headSize]
	h = head{
		length:  binary.LittleEndian.Uint32(fields),
		number:  binary.LittleEndian.Uint32(fields[4:]),
		link:    binary.LittleEndian.Uint32(fields[8:]),
		bodySum: binary.LittleEndian.Uint32(fields[12:]),
		sum:     binary.LittleEndian.Uint32(fields[16:]),
	}
	return h, crc32.Checksum(fields[:16], castagnoli) == h.sum
}

func (h *head) put(dst []byte) {
	copy(dst, mark)
	fields := dst[len(mark):headSize]
	binary.LittleEndian.PutUint32(fields, h.length)
	binary.LittleEndian.PutUint32(fields[4:], h.number)
	binary.LittleEndian.PutUint32(fields[8:], h.link)
	binary.LittleEndian.PutUint32(fields[12:], h.bodySum)
	h.sum = crc32.Checksum(fields[:16], castagnoli)
	binary.LittleEndian.PutUint32(fields[16:], h.sum)
}

// chain is the place of the next record behind all that came before it.
type chain struct {
	version byte // of the disk
	number  uint32
	link    uint32
}

// begin appends room for a head to dst and returns where the record starts in it. The body is appended next,
// then seal is called.
func (c *chain) begin(dst []byte) (with []byte, start int) {
	return append(dst, make([]byte, c.headSize())...), len(dst)
}

// seal makes a record of what starts at start in dst. It will stand at offset of the disk, and is the next
// record of the chain.
func (c *chain) seal(dst []byte, start int, offset uint64) []byte {
	dst = c.stuff(dst, start)
	c.put(dst[start:], offset)
	return dst
}

// stuff stuffs the body of the record that starts at start in dst.
func (c *chain) stuff(dst []byte, start int) []byte {
	if c.version <= unchained {
		return dst
	}
	return stuff(dst, start+headSize)
}

// put fills in the head of a record whose body is stuffed.
func (c *chain) put(record []byte, offset uint64) {
	if c.version <= unchained {
		putUnchained(record, offset)
		return
	}
	body := record[headSize:]
	h := head{length: uint32(len(body)), number: c.number, link: c.link, bodySum: crc32.Checksum(body, castagnoli)}
	h.put(record)
	c.number, c.link = h.number+1, h.sum
}

// flaw is what is wrong with a record.
type flaw struct {
	expected, got string
	end           int  // where the record would end; 0: its head cannot be believed
	certain       bool // no crash leaves this
}

// read returns the body of the chain's next record, which stands at offset in data, and the offset behind it.
// See plain for the body.
func (c *chain) read(data []byte, offset int) (body []byte, next int, bad *flaw) {
	if c.version <= unchained {
		return readUnchained(data, offset)
	}
	h, ok := readHead(data[offset:])
	switch {
	case !ok:
		return nil, 0, &flaw{expected: "the head of record " + decimal(c.number), got: describe(data[offset:])}
	case h.number != c.number:
		return nil, 0, &flaw{expected: "record " + decimal(c.number), got: outOfOrder(c.number, h.number),
			certain: true}
	case h.link != c.link:
		return nil, 0, &flaw{expected: "a record " + decimal(c.number) + " that continues this disk", certain: true,
			got: "one that continues another: it is of another disk, or of an older copy of this one"}
	}
	body, next, bad = cutBody(data, offset+headSize, h.length, h.bodySum)
	if bad == nil {
		c.number, c.link = h.number+1, h.sum
	}
	return body, next, bad
}

// plain returns what was written as the body, in the memory of body.
func (c *chain) plain(body []byte) []byte {
	if c.version <= unchained {
		return body
	}
	return unstuff(body)
}

// headSize is the length of a head in bytes.
func (c *chain) headSize() int {
	if c.version <= unchained {
		return unchainedHead
	}
	return headSize
}

// behind finds the first head of a record at or behind offset in data. No value of a client can look like
// one, see stuff.
func (c *chain) behind(data []byte, offset int) (at int, found bool) {
	if c.version <= unchained {
		return unchainedBehind(data, offset)
	}
	for {
		skip := bytes.Index(data[offset:], []byte(mark))
		if skip < 0 {
			return 0, false
		}
		offset += skip
		if _, ok := readHead(data[offset:]); ok {
			return offset, true
		}
		offset++
	}
}

// cutBody returns the body that starts at start in data and the offset behind it.
func cutBody(data []byte, start int, length, sum uint32) (body []byte, next int, bad *flaw) {
	left := len(data) - start
	if uint64(length) > uint64(left) {
		return nil, 0, &flaw{expected: "a record body of " + decimal(length) + " bytes",
			got: strconv.Itoa(left) + " bytes", end: math.MaxInt}
	}
	next = start + int(length)
	body = data[start:next:next]
	if got := crc32.Checksum(body, castagnoli); got != sum {
		return nil, 0, &flaw{expected: "a record body with CRC-32C " + hex(sum), got: hex(got), end: next}
	}
	return body, next, nil
}

// stuff puts the stuffing behind every pair in dst[from:], so that the body there contains no mark.
func stuff(dst []byte, from int) []byte {
	pairs := bytes.Count(dst[from:], []byte(pair))
	if pairs == 0 {
		return dst
	}
	read := len(dst)
	dst = append(dst, make([]byte, pairs)...)
	for write := len(dst); read < write; {
		if read-from >= len(pair) && string(dst[read-len(pair):read]) == pair {
			write--
			dst[write] = stuffing
			write, read = write-len(pair), read-len(pair)
			copy(dst[write:], pair)
			continue
		}
		write, read = write-1, read-1
		dst[write] = dst[read]
	}
	return dst
}

// unstuff takes the stuffing out, in place.
func unstuff(body []byte) []byte {
	at := bytes.Index(body, []byte(pair))
	if at < 0 {
		return body
	}
	write := at
	for read := at; read < len(body); {
		if !bytes.HasPrefix(body[read:], []byte(pair)) {
			body[write] = body[read]
			write, read = write+1, read+1
			continue
		}
		write += copy(body[write:], pair)
		read += len(pair) + 1
	}
	return body[:write]
}

// outOfOrder says what it means to find record got where another was expected.
func outOfOrder(expected, got uint32) string {
	const acknowledged = " missing, and what was acknowledged with it"
	switch missing := int32(got - expected); {
	case missing == 1:
		return "record " + decimal(got) + ": the one before it is" + acknowledged
	case missing > 1:
		return "record " + decimal(got) + ": the " + decimal(uint32(missing)) + " before it are" + acknowledged
	}
	return "record " + decimal(got) + " behind later ones: records are doubled or out of order, or of an older copy"
}

// describe says what stands in the place of a head.
func describe(data []byte) string {
	switch {
	case len(data) < headSize:
		return strconv.Itoa(len(data)) + " bytes"
	case string(data[:len(mark)]) != mark:
		return "bytes that begin no record"
	}
	return "one with a wrong checksum"
}

func decimal(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

const digits = "0123456789abcdef"

func hex(v uint32) string {
	b := make([]byte, 8)
	for i := range b {
		b[i] = digits[v>>(28-4*i)&15]
	}
	return string(b)
}
