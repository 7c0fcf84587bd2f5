package wal

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"

	"raftplayground/raft"
)

const (
	magic     = "RaftWAL"
	version   = 3 // records form a chain, the header names the room
	unchained = 2 // neither
	oldest    = 1 // and without snapshots
)

// Identity says whose disk it is. It is written in the header, so that a server never takes up another one's
// vote and log.
type Identity struct {
	Server raft.ServerID
	// Voters are the cluster's first voters, in any order; none for a server that waits to be added. The same for
	// the life of the disk.
	Voters []raft.ServerID

	// Room and Made name the room and its making, the random id that it got when it was made: a room that is
	// made again under the same name is another room. A disk that does not know one of them yet takes it up;
	// else they must be the same.
	Room, Made string
	// Claim is the number of the claim by which the server holds its seat. A room's claims grow with every
	// one. The disk keeps the highest that it was opened with, so that an earlier holder is turned away, and
	// so that a room can tell an older copy of the disk from the disk. 0: claims are not looked at.
	Claim uint64

	// Unruly says that the server has rules of Raft switched off: what it saves may contradict what it saved
	// before. It is not on the disk.
	Unruly bool
	// Unchained makes a new disk one of version 2, which knows nothing of rooms and claims. The lab's disks
	// are of that kind: links to its runs hold a hash of them.
	Unchained bool
}

// IdentityError says that a disk belongs to another server, another cluster or another room.
type IdentityError struct{ Disk, Asked Identity }

func (e *IdentityError) Error() string {
	return "wal: the disk is that of " + e.Disk.String() + ", it cannot serve " + e.Asked.String()
}

// ClaimError says that a disk has been opened with a later claim than the one that asks for it now.
type ClaimError struct{ Disk, Asked uint64 }

func (e *ClaimError) Error() string {
	disk, asked := strconv.FormatUint(e.Disk, 10), strconv.FormatUint(e.Asked, 10)
	return "wal: the disk has been claimed since: it has seen claim " + disk + ", this is claim " + asked
}

var errUnchained = errors.New("wal: expected neither room nor making nor claim for a disk of version 2")

// String names the server and its cluster: `server 2 of [1 2 3]`, `server 2 of [1 2 3] in room "tea", made
// 5f0c…`.
func (i Identity) String() string {
	text := "server " + strconv.FormatUint(uint64(i.Server), 10) + " of ["
	for n, voter := range i.Voters {
		if n > 0 {
			text += " "
		}
		text += strconv.FormatUint(uint64(voter), 10)
	}
	text += "]"
	if i.named() {
		const shown = 4 // characters of the making, which is private: enough to tell two of them apart
		text += " in room " + strconv.Quote(i.Room) + ", made " + i.Made[:min(len(i.Made), shown)] + "…"
	}
	return text
}

// Whose returns the identity on a disk with the last claim it was opened with, from the bytes that the disk
// holds; the zero Identity if there are none. What is behind the header is not judged: Open does that.
func Whose(content []byte) (Identity, error) {
	if len(content) == 0 {
		return Identity{}, nil
	}
	h, err := readHeader(content)
	if err != nil {
		return Identity{}, err
	}
	for offset := h.start; offset < len(content); {
		body, next, bad := h.chain.read(content, offset)
		if bad != nil {
			break
		}
		if h.chain.version > unchained && len(body) > 0 && body[0] == kindClaim {
			if claim, ok := readClaim(unstuff(slices.Clone(body[1:]))); ok {
				h.identity.Claim = claim
			}
		}
		offset = next
	}
	return h.identity, nil
}

func (i *Identity) named() bool { return i.Room != "" || i.Made != "" }

// serves reports whether a disk of identity i may be opened as asked.
func (i *Identity) serves(asked *Identity) bool {
	return i.Server == asked.Server && slices.Equal(i.Voters, asked.Voters) &&
		(i.Room == "" || i.Room == asked.Room) && (i.Made == "" || i.Made == asked.Made)
}

// header is what the first bytes of a disk say.
type header struct {
	identity Identity
	chain    chain // of the record behind it
	start    int   // of the image
	end      int   // of the image
}

// appendHeader appends a header whose record is the next of the chain.
func appendHeader(dst []byte, c *chain, identity *Identity, image uint64) []byte {
	dst = append(dst, magic...)
	dst = append(dst, c.version)
	dst, start := c.begin(dst)
	dst = binary.AppendUvarint(dst, uint64(identity.Server))
	dst = binary.AppendUvarint(dst, uint64(len(identity.Voters)))
	for _, voter := range identity.Voters {
		dst = binary.AppendUvarint(dst, uint64(voter))
	}
	// The image's length is of fixed length, so that the image's place is known before it; in digits, since
	// those are never stuffed.
	if c.version <= unchained {
		dst = binary.LittleEndian.AppendUint64(dst, image)
		return c.seal(dst, start, uint64(start))
	}
	for _, name := range []string{identity.Room, identity.Made} {
		dst = binary.AppendUvarint(dst, uint64(len(name)))
		dst = append(dst, name...)
	}
	dst = binary.AppendUvarint(dst, identity.Claim)
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[image>>shift&15])
	}
	return c.seal(dst, start, uint64(start))
}

func readHeader(data []byte) (h header, err error) {
	const start = len(magic) + 1
	if len(data) < start || string(data[:len(magic)]) != magic {
		got := string(data[:min(len(data), len(magic))])
		return h, damage(0, `a header that starts with "`+magic+`"`, strconv.Quote(got))
	}
	h.chain.version = data[len(magic)]
	if v := h.chain.version; v < oldest || v > version {
		return h, damage(len(magic), "version "+strconv.Itoa(oldest)+" to "+strconv.Itoa(version),
			"version "+strconv.Itoa(int(v)))
	}
	if first, ok := readHead(data[start:]); ok && h.chain.version > unchained {
		h.chain.number, h.chain.link = first.number, first.link // those that came before are gone
	}
	body, image, bad := h.chain.read(data, start)
	if bad != nil {
		return h, bad.damage(len(magic), "") // what is wrong may be the version
	}
	size, ok := h.take(h.chain.plain(slices.Clone(body)))
	switch {
	case !ok:
		return h, damage(start, "an identity and the length of an image", strconv.Itoa(len(body))+" bytes that are not")
	case size > uint64(len(data)-image):
		return h, damage(image, "an image of "+strconv.FormatUint(size, 10)+" bytes",
			strconv.Itoa(len(data)-image)+" bytes")
	}
	h.start, h.end = image, image+int(size)
	return h, nil
}

// take takes the identity and the length of the image from a header's body.
func (h *header) take(body []byte) (image uint64, ok bool) {
	fields := fieldReader{rest: body}
	h.identity.Server = raft.ServerID(fields.number())
	for voters := fields.number(); voters > 0 && !fields.short; voters-- {
		h.identity.Voters = append(h.identity.Voters, raft.ServerID(fields.number()))
	}
	if h.chain.version <= unchained {
		if length := fields.bytes(8); length != nil {
			image = binary.LittleEndian.Uint64(length)
		}
		return image, fields.done()
	}
	h.identity.Room = string(fields.bytes(fields.number()))
	h.identity.Made = string(fields.bytes(fields.number()))
	h.identity.Claim = fields.number()
	image, err := strconv.ParseUint(string(fields.bytes(16)), 16, 64)
	return image, err == nil && fields.done()
}
