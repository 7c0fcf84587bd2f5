//go:build !etcd36

package main

import (
	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// What differs in 3.7.0: messages are pointers, and so are their fields.

func begin(s *etcd.MemoryStorage) {
	state := &pb.ConfState{Voters: []uint64{1, 2, 3}}
	if err := s.ApplySnapshot(&pb.Snapshot{Metadata: &pb.SnapshotMetadata{ConfState: state, Index: new(uint64(1)),
		Term: new(uint64(1))}}); err != nil {
		panic(err)
	}
	if err := s.SetHardState(&pb.HardState{Term: new(uint64(1)), Commit: new(uint64(1))}); err != nil {
		panic(err)
	}
}

func (c *theirs) propose(commands [][]byte) {
	m := &pb.Message{Type: pb.MsgProp.Enum(), From: new(uint64(1)), Entries: make([]*pb.Entry, len(commands))}
	entries := make([]pb.Entry, len(commands))
	for i := range commands {
		entries[i].Data = commands[i]
		m.Entries[i] = &entries[i]
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
	for _, m := range rd.Messages {
		if to := m.GetTo(); c.reaches(i, to) {
			_ = c.nodes[to-1].Step(m)
			c.sent++
		}
	}
	for _, e := range rd.CommittedEntries {
		c.last[i] = e.GetIndex()
		if len(e.GetData()) > 0 {
			c.commands[i]++
		}
	}
	c.confirmed(i, rd.ReadStates)
	n.Advance(rd)
	c.compact(i)
}
