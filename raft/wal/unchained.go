package wal

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// The records of versions 1 and 2. Their head is the length of the body, then the CRC-32C of the record's
// offset (uint64) and length, then that of the body, each a little-endian uint32. The offset is in it so that
// a record is believed only at its own place.
const unchainedHead = 12

// putUnchained fills in the head of a record that will stand at offset of the disk.
func putUnchained(record []byte, offset uint64) {
	body := record[unchainedHead:]
	length := uint32(len(body))
	binary.LittleEndian.PutUint32(record, length)
	binary.LittleEndian.PutUint32(record[4:], placeSum(offset, length))
	binary.LittleEndian.PutUint32(record[8:], crc32.Checksum(body, castagnoli))
}

func readUnchained(data []byte, offset int) (body []byte, next int, bad *flaw) {
	left := len(data) - offset
	if left < unchainedHead {
		return nil, 0, &flaw{expected: "a record head of " + strconv.Itoa(unchainedHead) + " bytes",
			got: strconv.Itoa(left) + " bytes"}
	}
	length, place, sum := unchainedFields(data[offset:])
	if want := placeSum(uint64(offset), length); want != place {
		bad = &flaw{expected: "a record head with CRC-32C " + hex(want), got: hex(place)}
		// An empty body is none: bytes that were never written are zeros, and so is its checksum.
		if _, _, worse := cutBody(data, offset+unchainedHead, length, sum); worse == nil && length > 0 {
			bad.certain = true
			bad.got = "a whole record that was written for another place: records are missing, doubled or out of order"
		}
		return nil, 0, bad
	}
	return cutBody(data, offset+unchainedHead, length, sum)
}

// unchainedBehind finds the first good record at or behind offset. A client who knew at which offset its
// value would stand could write bytes into it that look like one.
func unchainedBehind(data []byte, offset int) (at int, found bool) {
	for ; len(data)-offset >= unchainedHead; offset++ {
		length, place, sum := unchainedFields(data[offset:])
		if uint64(length) > uint64(len(data)-offset-unchainedHead) || place != placeSum(uint64(offset), length) {
			continue
		}
		if _, _, bad := cutBody(data, offset+unchainedHead, length, sum); bad == nil {
			return offset, true
		}
	}
	return 0, false
}

func unchainedFields(data []byte) (length, place, bodySum uint32) {
	return binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:]), binary.LittleEndian.Uint32(data[8:])
}

// placeSum is the CRC-32C of offset and length in little-endian. By hand, because a slice given to crc32 is
// allocated.
func placeSum(offset uint64, length uint32) uint32 {
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
