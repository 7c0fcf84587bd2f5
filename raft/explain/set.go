package explain

import (
	"math/bits"

	"raftplayground/raft"
)

// Set is a set of servers. A cluster has nine at most; a number of 64 or more, which only a server of
// another kind can name, is in no Set.
type Set uint64

// SetOf returns the set of the given servers.
func SetOf(servers ...raft.ServerID) (s Set) {
	for _, id := range servers {
		if id < 64 {
			s |= 1 << id
		}
	}
	return s
}

// Has reports whether a server is in the set.
func (s Set) Has(id raft.ServerID) bool { return s&SetOf(id) != 0 }

// Len returns how many servers are in the set.
func (s Set) Len() int { return bits.OnesCount64(uint64(s)) }

// First returns the server with the lowest number. To go through a set: for rest := s; rest != 0; rest &= rest - 1.
func (s Set) First() raft.ServerID { return raft.ServerID(bits.TrailingZeros64(uint64(s))) }

// IDs lists the servers, ascending.
func (s Set) IDs() []raft.ServerID {
	ids := make([]raft.ServerID, 0, s.Len())
	for rest := s; rest != 0; rest &= rest - 1 {
		ids = append(ids, rest.First())
	}
	return ids
}

// String names the servers: "S1", "S1 and S2", "S1, S2 and S3".
func (s Set) String() string { return Servers(s.IDs()) }

// verb returns a verb's form for one server or for more.
func (s Set) verb(one, more string) string { return verb(s.Len(), one, more) }

func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}
