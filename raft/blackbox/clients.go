package blackbox

import (
	"encoding/binary"
	"errors"
	"slices"

	"raftplayground/raft"
)

// clients holds all commands and reads, numbered from 1.
type clients struct {
	proposals []proposal
	reads     []read
}

type proposal struct {
	index raft.Index
	term  raft.Term
	asked *server
	life  int
	done  bool // applied where it was asked for: the client has its answer
}

type read struct {
	asked *server
	life  int
	floor raft.Index // the newest write that was complete when the read began
	began instant
	done  bool
	ok    bool

	refused bool
}

// propose proposes commands to a server. It returns the number of the last one, 0 if they were refused.
func (w *world) propose(s *server, commands int) (number int) {
	if s.node == nil || s.stalled() {
		return 0
	}
	c := &w.clients
	var data [][]byte
	for i := range commands {
		command := make([]byte, 8+w.upTo(24))
		binary.LittleEndian.PutUint64(command, uint64(len(c.proposals)+i+1))
		data = append(data, command)
	}
	leads := s.node.Role() == raft.Leader
	first, term, err := s.node.Propose(data...)
	if leads == errors.Is(err, raft.ErrNotLeader) {
		w.failf("S%d leads: %t. Asked for a command it says: %v", s.id, leads, err)
	}
	if err != nil {
		return 0
	}
	for i := range commands {
		c.proposals = append(c.proposals, proposal{index: first + raft.Index(i), term: term, asked: s, life: s.life})
	}
	w.tracef("S%d takes %d commands at index %d in term %d", s.id, commands, first, term)
	s.settle()
	return len(c.proposals)
}

// read asks a server for a read. It returns the number of the read, 0 if it was refused.
func (w *world) read(s *server, kind raft.ReadKind) (number int) {
	if s.node == nil || s.stalled() {
		return 0
	}
	if w.settings.figure2 {
		kind = raft.ReadIndex // a lease stands on loyalty
	}
	c := &w.clients
	leads := s.node.Role() == raft.Leader
	c.reads = append(c.reads, read{asked: s, life: s.life, floor: w.oracle.applied, began: w.now})
	tag := len(c.reads)
	err := s.node.Read(uint64(tag), kind)
	if leads == errors.Is(err, raft.ErrNotLeader) {
		w.failf("S%d leads: %t. Asked to be read it says: %v", s.id, leads, err)
	}
	if err != nil {
		c.reads[tag-1].done, c.reads[tag-1].refused = true, true
		return 0
	}
	w.tracef("S%d is asked for read %d, kind %d", s.id, tag, kind)
	s.asked = append(s.asked, uint64(tag))
	s.settle()
	return tag
}

func (w *world) anyKind() raft.ReadKind {
	if w.chance(50) {
		return raft.LeaseRead
	}
	return raft.ReadIndex
}

// reconfigure asks a server for the configuration in force with one or two servers moved.
func (w *world) reconfigure(s *server) {
	if s.node == nil || s.stalled() {
		return
	}
	s.node.Status(&s.status)
	c := s.status.Config.Clone()
	c.Outgoing = nil
	for range 1 + w.upTo(1) {
		id := w.any().id
		c.Voters, c.Learners = without(c.Voters, id), without(c.Learners, id)
		switch w.upTo(2) {
		case 0:
			c.Voters = with(c.Voters, id)
		case 1:
			c.Learners = with(c.Learners, id)
		}
	}
	if len(c.Voters) == 0 {
		return
	}
	w.change(s, c)
}

// change asks a server for a configuration, and demands that it refuses while an earlier change is
// pending.
func (w *world) change(s *server, c raft.Configuration) {
	s.node.Status(&s.status)
	before := s.status
	own, _ := s.node.Entry(before.CommitIndex)
	compacted := before.CommitIndex == before.SnapshotIndex
	err := s.node.Reconfigure(c)
	w.tracef("S%d is asked for the configuration %s: %v", s.id, c.AppendText(nil), err)
	pending := before.Config.Joint() || before.ConfigIndex > before.CommitIndex
	if err == nil && (pending || own.Term != before.CurrentTerm && !compacted) {
		w.failf("S%d begins a change to %s too early: %+v", s.id, c.AppendText(nil), before)
	}
	s.settle()
}

func without(list []raft.ServerID, id raft.ServerID) []raft.ServerID {
	return slices.DeleteFunc(list, func(other raft.ServerID) bool { return other == id })
}

func with(list []raft.ServerID, id raft.ServerID) []raft.ServerID {
	list = append(list, id)
	slices.Sort(list)
	return list
}

// compact has a server replace a part of its log by a snapshot.
func (w *world) compact(s *server) {
	if s.node == nil || s.stalled() {
		return
	}
	s.node.Status(&s.status)
	from, through := s.status.SnapshotIndex, min(s.machine.applied, s.status.LastApplied)
	if through <= from {
		return
	}
	index := from + 1 + raft.Index(w.upTo(int(through-from)-1))
	if index -= index % raft.Index(w.settings.grid); index <= from {
		return
	}
	length := header + w.upTo(w.settings.chunk*w.settings.chunks) // in its own words
	err := s.node.Compact(index, encode(w.random.Uint64(), length, index, w.oracle.digest(index)))
	if err != nil && !errors.Is(err, raft.ErrNoCluster) && !w.hostile {
		w.failf("S%d, which has applied entries through %d, does not compact through %d: %v", s.id, through, index, err)
	}
	w.tracef("S%d compacts through %d: %v", s.id, index, err)
	s.settle()
}
