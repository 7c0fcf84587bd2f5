package blackbox

import (
	"encoding/binary"

	"raftplayground/raft"
)

// machine is a state machine whose whole state is one number, which depends on all that was applied.
type machine struct {
	applied raft.Index
	digest  uint64
}

func (m *machine) apply(e raft.Entry) {
	m.applied++
	m.digest = digestAfter(m.digest, e)
}

func digestAfter(before uint64, e raft.Entry) uint64 {
	d := mix(before ^ mix(uint64(e.Term)<<8|uint64(e.Kind)))
	for _, b := range e.Data {
		d = (d ^ uint64(b)) * 0x100000001b3
	}
	return mix(d)
}

// header is what every snapshot begins with: salt, length, index, digest.
const header = 32

// encode writes a state so that no two snapshots of it are alike: every byte depends on the salt, and a
// mixture of two snapshots cannot be read.
func encode(salt uint64, length int, index raft.Index, digest uint64) []byte {
	data := make([]byte, max(length, header))
	binary.LittleEndian.PutUint64(data, salt)
	binary.LittleEndian.PutUint64(data[8:], uint64(len(data)))
	binary.LittleEndian.PutUint64(data[16:], uint64(index))
	binary.LittleEndian.PutUint64(data[24:], digest)
	veil(data, salt)
	return data
}

// decode reads what encode wrote, and nothing else.
func decode(data []byte) (index raft.Index, digest uint64, ok bool) {
	if len(data) < header {
		return 0, 0, false
	}
	plain := append([]byte(nil), data...)
	veil(plain, binary.LittleEndian.Uint64(data))
	for _, b := range plain[header:] {
		if b != 0 {
			return 0, 0, false
		}
	}
	index, digest = raft.Index(binary.LittleEndian.Uint64(plain[16:])), binary.LittleEndian.Uint64(plain[24:])
	return index, digest, binary.LittleEndian.Uint64(plain[8:]) == uint64(len(data))
}

// veil covers and uncovers all bytes behind the salt.
func veil(data []byte, salt uint64) {
	key := salt
	for i := 8; i < len(data); i++ {
		if i%8 == 0 {
			key = mix(key + uint64(i))
		}
		data[i] ^= byte(key >> (i % 8 * 8))
	}
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
