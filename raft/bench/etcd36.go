//go:build etcd36

package main

import (
	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// What differs in 3.6.0: messages are values.

func begin(s *etcd.MemoryStorage) {
	if err := s.ApplySnapshot(pb.Snapshot{Metadata: pb.SnapshotMetadata{ConfState: pb.ConfState{Voters: []uint64{1, 2,
		3}}, Index: 1, Term: 1}}); err != nil {
		panic(err)
	}
	if err := s.SetHardState(pb.HardState{Term: 1, Commit: 1}); err != nil {
		panic(err)
	}
}

func (c *theirs) propose(commands [][]byte) {
	m := pb.Message{Type: pb.MsgProp, From: 1, Entries: make([]pb.Entry, len(commands))}
	for i := range commands {
		m.Entries[i].Data = commands[i]
	}
	if err := c.nodes[0].Step(m); err != nil {
		panic(err)
	}
}

func (c *theirs) carryOut(i int, n *etcd.RawNode) {
	rd := n.Ready()
	if !etcd.IsEmptyHardState(rd.HardState) {
		_ = c.stores[i].SetHardState(rd.HardState)
	}
	if err := c.stores[i].Append(rd.Entries); err != nil {
		panic(err)
	}
	for k := range rd.Messages {
		if to := rd.Messages[k].To; c.reaches(i, to) {
			_ = c.nodes[to-1].Step(rd.Messages[k])
			c.sent++
		}
	}
	for k := range rd.CommittedEntries {
		c.last[i] = rd.CommittedEntries[k].Index
		if len(rd.CommittedEntries[k].Data) > 0 {
			c.commands[i]++
		}
	}
	c.confirmed(i, rd.ReadStates)
	n.Advance(rd)
	c.compact(i)
}
