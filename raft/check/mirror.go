package check

import (
	"encoding/binary"

	"raftplayground/raft"
)

// mirror is what is known of one server's log: of each entry its term and its chain.
type mirror struct {
	base      raft.Index // entries through base are in a snapshot, not in the log
	baseChain chain
	terms     []raft.Term // of entries base+1, base+2, …
	chains    []chain
	audit     int // which of them is compared with the log next
	// baseChain is not known: what the snapshot replaces was committed too long ago. The chains serve the audit only
	blind bool

	running bool
	role    raft.Role
	term    raft.Term
	commit  raft.Index
	applied raft.Index
}

// chain is a hash of an entry and of all entries before it.
type chain uint64

// then is the chain with one entry more.
func (c chain) then(e *raft.Entry) chain {
	h := mix(uint64(c) ^ mix(uint64(e.Term)<<8|uint64(e.Kind)) ^ uint64(len(e.Data)))
	data := e.Data
	for ; len(data) >= 8; data = data[8:] {
		h = mix(h ^ binary.LittleEndian.Uint64(data))
	}
	var word [8]byte
	copy(word[:], data)
	return chain(mix(h ^ binary.LittleEndian.Uint64(word[:])))
}

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (m *mirror) last() raft.Index { return m.base + raft.Index(len(m.terms)) }

// chainAt returns the chain through index i, false if the log has no such entry, or has compacted it away.
func (m *mirror) chainAt(i raft.Index) (chain, bool) {
	switch {
	case i == m.base:
		return m.baseChain, true
	case i < m.base || i > m.last():
		return 0, false
	}
	return m.chains[i-m.base-1], true
}

func (m *mirror) termAt(i raft.Index) raft.Term {
	if i <= m.base || i > m.last() {
		return 0
	}
	return m.terms[i-m.base-1]
}

// cut forgets the entries from i on.
func (m *mirror) cut(i raft.Index) {
	keep := int(max(i, m.base+1) - m.base - 1)
	m.terms, m.chains = m.terms[:keep], m.chains[:keep]
}

func (m *mirror) append(e *raft.Entry) chain {
	before, _ := m.chainAt(m.last())
	c := before.then(e)
	m.terms, m.chains = append(m.terms, e.Term), append(m.chains, c)
	return c
}

// compact notes that entries through base have gone into a snapshot, whose chain is c.
func (m *mirror) compact(base raft.Index, c chain) {
	if base >= m.last() {
		m.terms, m.chains = m.terms[:0], m.chains[:0]
	} else {
		n := int(base - m.base)
		m.terms = append(m.terms[:0], m.terms[n:]...)
		m.chains = append(m.chains[:0], m.chains[n:]...)
	}
	m.base, m.baseChain, m.audit = base, c, 0
}
