package main

import (
	"encoding/binary"
	"io"
	"log"

	etcd "go.etcd.io/raft/v3"
)

// theirs drives go.etcd.io/raft: a RawNode a server, with a MemoryStorage.
type theirs struct {
	nodes    [size]*etcd.RawNode
	stores   [size]*etcd.MemoryStorage
	last     [size]uint64 // index applied
	first    [size]uint64 // index compacted
	commands [size]uint64
	isCut    bool
	sent     uint64
	asked    uint64 // reads
	reads    uint64 // that were served
}

// newTheirs starts a cluster that serves reads by leases, or else by ReadIndex.
func newTheirs(leases bool) cluster {
	c := &theirs{}
	reads := etcd.ReadOnlySafe
	if leases {
		reads = etcd.ReadOnlyLeaseBased
	}
	for i := range c.nodes {
		c.stores[i] = etcd.NewMemoryStorage()
		begin(c.stores[i])
		n, err := etcd.NewRawNode(&etcd.Config{ID: uint64(i + 1), ElectionTick: 10, HeartbeatTick: 1,
			Storage: c.stores[i], Applied: 1,
			MaxSizePerMsg: 1 << 20, MaxCommittedSizePerReady: 1 << 26, MaxInflightMsgs: 256, PreVote: true,
			CheckQuorum:    true,
			ReadOnlyOption: reads,
			Logger:         &etcd.DefaultLogger{Logger: log.New(io.Discard, "", 0)}})
		if err != nil {
			panic(err)
		}
		c.nodes[i], c.last[i], c.first[i] = n, 1, 1
	}
	if err := c.nodes[0].Campaign(); err != nil {
		panic(err)
	}
	c.drain()
	if c.nodes[0].BasicStatus().RaftState != etcd.StateLeader {
		panic("etcd: the first server does not lead")
	}
	return c
}

// read asks for etcd's own kind of read, whatever kind it is compared with. Each needs a new context.
func (c *theirs) read(read) {
	c.asked++
	c.nodes[0].ReadIndex(binary.BigEndian.AppendUint64(nil, c.asked))
}

// confirmed counts the leader's reads that it may serve, having applied as much as they say.
func (c *theirs) confirmed(i int, states []etcd.ReadState) {
	for _, s := range states {
		if i == 0 && s.Index <= c.last[i] {
			c.reads++
		}
	}
}

func (c *theirs) served() uint64 { return c.reads }

func (c *theirs) tick() {
	for _, n := range c.nodes {
		n.Tick()
	}
	c.drain()
}

func (c *theirs) drain() {
	for busy := true; busy; {
		busy = false
		for i, n := range c.nodes {
			for n.HasReady() {
				busy = true
				c.carryOut(i, n)
			}
		}
	}
}

// reaches tells whether a message from server i (0 and up) arrives at server to (1 and up).
func (c *theirs) reaches(i int, to uint64) bool {
	return !c.isCut || i != 2 && to != 3
}

func (c *theirs) compact(i int) {
	if everywhere := min(c.last[0], c.last[1], c.last[2]); everywhere > c.first[i]+compactAt {
		c.first[i] = everywhere - compactKeep
		if err := c.stores[i].Compact(c.first[i]); err != nil {
			panic(err)
		}
	}
}

func (c *theirs) cut(cut bool)     { c.isCut = cut }
func (c *theirs) messages() uint64 { return c.sent }
func (c *theirs) behind() bool     { return c.last[2] < c.last[0] }

func (c *theirs) applied() uint64 {
	if c.isCut {
		return min(c.commands[0], c.commands[1])
	}
	return min(c.commands[0], c.commands[1], c.commands[2])
}
