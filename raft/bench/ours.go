package main

import "raftplayground/raft"

// ours drives this project's core.
type ours struct {
	nodes    [size]*raft.Node
	outs     [size]raft.Output
	commands [size]uint64
	last     [size]raft.Index // index applied
	first    [size]raft.Index // index compacted
	isCut    bool
	sent     uint64
	reads    uint64    // served, except those that are commands
	get      [1][]byte // a command that reads
	status   raft.Status
}

func newOurs(bool) cluster {
	c := &ours{get: [1][]byte{make([]byte, payload)}}
	for i := range c.nodes {
		n, err := raft.New(raft.Options{ID: raft.ServerID(i + 1), Voters: []raft.ServerID{1, 2, 3}, Seed: 1,
			ElectionTicksMin: 10, ElectionTicksMax: 20, HeartbeatTicks: 1, EagerCommit: true, MaxEntries: 1024,
			MaxInFlight: 1 << 18, MaxBytes: 1 << 20, MaxUncommitted: 1 << 20}, raft.Durable{})
		if err != nil {
			panic(err)
		}
		c.nodes[i] = n
	}
	c.nodes[0].Campaign()
	c.drain()
	if c.nodes[0].Role() != raft.Leader {
		panic("ours: the first server does not lead")
	}
	return c
}

func (c *ours) propose(commands [][]byte) {
	if _, _, err := c.nodes[0].Propose(commands...); err != nil {
		panic(err)
	}
}

func (c *ours) read(kind read) {
	var err error
	switch kind {
	case throughLog:
		_, _, err = c.nodes[0].Propose(c.get[:]...)
	case readIndex:
		err = c.nodes[0].Read(c.reads, raft.ReadIndex)
	case lease:
		err = c.nodes[0].Read(c.reads, raft.LeaseRead)
	case local:
		c.nodes[0].Status(&c.status)
		if c.status.LastApplied == c.last[0] {
			c.reads++
		}
	}
	if err != nil {
		panic(err)
	}
}

func (c *ours) served() uint64 { return c.reads + c.commands[0] }

func (c *ours) tick() {
	for _, n := range c.nodes {
		n.Tick()
	}
	c.drain()
}

func (c *ours) drain() {
	for busy := true; busy; {
		busy = false
		for i, n := range c.nodes {
			for n.Output(&c.outs[i]) {
				busy = true
				c.carryOut(i, n, &c.outs[i])
			}
		}
	}
}

func (c *ours) carryOut(i int, n *raft.Node, o *raft.Output) {
	if o.Save.Seq != 0 {
		n.Saved(o.Save.Seq) // the Node's own log is the copy in memory
	}
	for k := range o.Apply.Entries {
		if o.Apply.Entries[k].Kind == raft.Command {
			c.commands[i]++
		}
	}
	if k := len(o.Apply.Entries); k > 0 {
		last := o.Apply.First + raft.Index(k) - 1
		n.Applied(last)
		c.last[i] = last
		c.compact(i, n)
	}
	for k := range o.Reads {
		if r := &o.Reads[k]; r.OK && r.Index <= c.last[i] {
			c.reads++
		}
	}
	for k := range o.Send {
		e := &o.Send[k]
		if c.isCut && (i == 2 || e.To == 3) {
			continue
		}
		c.nodes[e.To-1].Receive(raft.ServerID(i+1), e.RPC)
		c.sent++
	}
}

func (c *ours) compact(i int, n *raft.Node) {
	if everywhere := min(c.last[0], c.last[1], c.last[2]); everywhere > c.first[i]+compactAt {
		c.first[i] = everywhere - compactKeep
		if err := n.Compact(c.first[i], nil); err != nil {
			panic(err)
		}
	}
}

func (c *ours) cut(cut bool)     { c.isCut = cut }
func (c *ours) messages() uint64 { return c.sent }
func (c *ours) behind() bool     { return c.commands[2] < c.commands[0] }

func (c *ours) applied() uint64 {
	if c.isCut {
		return min(c.commands[0], c.commands[1])
	}
	return min(c.commands[0], c.commands[1], c.commands[2])
}
