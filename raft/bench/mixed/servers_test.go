package mixed

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"log"

	etcd "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"raftplayground/raft"
)

// server is one server of either kind, with its disk. Between crash and start nothing else is called.
type server interface {
	start() // with what the disk holds
	crash() // what is not on the disk is gone
	tick()
	receive(from uint64, message any)
	flush(quick bool) // does what the core wants done; our disks take their time unless quick
	propose(command []byte) bool
	transfer(to uint64)

	leads() (leads bool, term uint64)
	last() (index, term uint64)             // of the log's last entry
	entry(i uint64) (e entry, there bool)   // of the log; not if it is compacted away
	compacted() uint64                      // through here
	stored(i uint64) (term uint64, ok bool) // by the disk, alone or within a snapshot (then term is 0)
	applied() *machine
}

// entry is what both kinds agree an entry is.
type entry struct {
	term uint64
	data string // empty: the blank entry of a new leader
}

// machine is a state machine: the number of entries applied, and a digest of them all, which is also its snapshot.
type machine struct {
	w      *world
	id     uint64
	count  uint64
	digest uint64
}

func (m *machine) apply(i uint64, e entry) {
	if i != m.count+1 {
		m.w.failf("State Machine Safety: server %d applies entry %d after entry %d", m.id, i, m.count)
	}
	m.count = i
	h := fnv.New64a()
	h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, m.digest), e.term))
	io.WriteString(h, e.data)
	m.digest = h.Sum64()
	m.w.appliedBy(m, e)
}

func (m *machine) snapshot() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, m.count), m.digest)
}

func (m *machine) restore(data []byte) {
	if m.count > 0 { // else it is what the disk held
		m.w.count.snapshots[m.w.kind(m.id)]++
	}
	m.count, m.digest = binary.BigEndian.Uint64(data), binary.BigEndian.Uint64(data[8:])
	m.w.restoredBy(m)
}

const (
	electionTicks  = 10
	heartbeatTicks = 2
	keepEntries    = 40 // a log that holds more applied entries is compacted
)

// ours is one of this project's servers.
type ours struct {
	machine
	gateway
	disk    raft.Durable
	out     raft.Output
	writing []raft.Save     // on their way to the disk
	waiting []raft.Envelope // for them
}

func (s *ours) start() {
	d := s.disk
	d.Log = append([]raft.Entry(nil), d.Log...)
	options := raft.Options{ID: raft.ServerID(s.id), Seed: s.w.random.Uint64(),
		ElectionTicksMin: electionTicks, ElectionTicksMax: 2 * electionTicks, HeartbeatTicks: heartbeatTicks,
		MaxEntries: 8, MaxChunk: 1 << 20, Off: s.w.off}
	for _, v := range voters() {
		options.Voters = append(options.Voters, raft.ServerID(v))
	}
	n, err := raft.New(options, d)
	if err != nil {
		s.w.failf("server %d does not start: %v", s.id, err)
	}
	s.gateway = gateway{node: n, asked: map[uint64][2]uint64{}}
	s.machine = machine{w: s.w, id: s.id}
}

// crash loses what is being written; some of it may have reached the disk.
func (s *ours) crash() {
	for _, w := range s.writing[:s.w.random.IntN(len(s.writing)+1)] {
		s.disk.Save(w)
	}
	s.writing, s.waiting = nil, nil
}

func (s *ours) tick() { s.node.Tick() }

func (s *ours) receive(from uint64, message any) {
	switch m := message.(type) {
	case *pb.Message:
		s.w.count.crossed[crossing(m)+" to ours"]++
		s.node.Receive(raft.ServerID(from), s.in(m))
	case raft.RPC:
		s.node.Receive(raft.ServerID(from), m)
	}
}

func (s *ours) flush(quick bool) {
	for s.collect() {
		if quick || s.w.random.IntN(3) == 0 {
			s.sync()
		}
	}
	if quick && len(s.writing) > 0 {
		s.sync()
		s.flush(quick)
	}
}

func (s *ours) collect() bool {
	if !s.node.Output(&s.out) {
		return false
	}
	if o := s.out.Save; o.Seq != 0 {
		o.Entries = append([]raft.Entry(nil), o.Entries...)
		s.writing = append(s.writing, o)
	}
	for _, e := range s.out.Send {
		e.RPC = copied(e.RPC)
		if e.After != 0 {
			s.waiting = append(s.waiting, e)
		} else {
			s.send(e)
		}
	}
	for _, r := range s.out.Reads {
		s.w.readBy(s.id, r)
	}
	if r := s.out.Restore; r != nil {
		s.restore(r.Data)
		s.node.Applied(r.Index)
	}
	for i, e := range s.out.Apply.Entries {
		s.apply(uint64(s.out.Apply.First)+uint64(i), entry{uint64(e.Term), string(e.Data)})
		s.node.Applied(raft.Index(s.count))
	}
	if s.count > s.compacted()+keepEntries {
		if err := s.node.Compact(raft.Index(s.count), s.snapshot()); err != nil {
			s.w.failf("server %d: %v", s.id, err)
		}
	}
	return true
}

// sync makes all that is being written durable.
func (s *ours) sync() {
	if len(s.writing) == 0 {
		return
	}
	for _, w := range s.writing {
		s.disk.Save(w)
	}
	seq := s.writing[len(s.writing)-1].Seq
	s.writing = nil
	s.node.Saved(seq)
	waiting := s.waiting
	s.waiting = nil
	for _, e := range waiting {
		s.send(e)
	}
}

func (s *ours) send(e raft.Envelope) {
	to := uint64(e.To)
	if _, same := s.w.servers[to].(*ours); same {
		s.w.send(s.id, to, e.RPC)
		return
	}
	for _, m := range s.gateway.out(s.id, to, e.RPC) {
		s.w.count.crossed[crossing(m)+" to etcd's"]++
		s.w.send(s.id, to, m)
	}
}

func (s *ours) propose(command []byte) bool {
	_, _, err := s.node.Propose(command)
	return err == nil
}

func (s *ours) transfer(to uint64) { _ = s.node.Transfer(raft.ServerID(to)) } // it may lead no more

// read asks for a read, if s leads.
func (s *ours) read(tag uint64) { _ = s.node.Read(tag, raft.ReadIndex) }

func (s *ours) status() (st raft.Status) {
	s.node.Status(&st)
	return st
}

func (s *ours) leads() (bool, uint64) {
	return s.node.Role() == raft.Leader, uint64(s.status().CurrentTerm)
}

func (s *ours) last() (uint64, uint64) {
	st := s.status()
	return uint64(st.LastIndex), uint64(st.LastTerm)
}

func (s *ours) entry(i uint64) (entry, bool) {
	e, ok := s.node.Entry(raft.Index(i))
	return entry{uint64(e.Term), string(e.Data)}, ok
}

func (s *ours) compacted() uint64 { return uint64(s.status().SnapshotIndex) }
func (s *ours) applied() *machine { return &s.machine }

func (s *ours) stored(i uint64) (uint64, bool) {
	base := uint64(s.disk.Base())
	switch {
	case i <= base:
		return 0, true
	case i-base > uint64(len(s.disk.Log)):
		return 0, false
	}
	return uint64(s.disk.Log[i-base-1].Term), true
}

// theirs is one of etcd's servers. What one Ready asks for is done at once; a crash loses what no Ready was asked for.
type theirs struct {
	machine
	node    *etcd.RawNode
	disk    storage
	ticks   int
	sending map[uint64]int // the servers to which a snapshot is under way, and since which tick
}

// storage is etcd's own, except for the first configuration, which etcd would keep in a snapshot.
type storage struct{ *etcd.MemoryStorage }

func (s storage) InitialState() (*pb.HardState, *pb.ConfState, error) {
	state, _, err := s.MemoryStorage.InitialState()
	return state, &pb.ConfState{Voters: voters()}, err
}

func (s *theirs) start() {
	if s.disk.MemoryStorage == nil {
		s.disk.MemoryStorage = etcd.NewMemoryStorage()
	}
	s.machine = machine{w: s.w, id: s.id}
	if snapshot, err := s.disk.Snapshot(); err == nil && !etcd.IsEmptySnap(snapshot) {
		s.restore(snapshot.GetData())
	}
	n, err := etcd.NewRawNode(&etcd.Config{ID: s.id, ElectionTick: electionTicks, HeartbeatTick: heartbeatTicks,
		Storage: s.disk, Applied: s.count, MaxSizePerMsg: 256,
		MaxInflightMsgs: 16, PreVote: true, CheckQuorum: true, DisableProposalForwarding: true,
		Logger: &etcd.DefaultLogger{Logger: log.New(io.Discard, "", 0)}})
	s.must(err)
	s.node, s.sending = n, map[uint64]int{}
}

func (s *theirs) crash() { s.node = nil }

func (s *theirs) must(err error) {
	if err != nil {
		s.w.failf("etcd's server %d: %v", s.id, err)
	}
}

// tick also does a transport's part: a snapshot that is not acknowledged for an election timeout is reported lost, or
// its sending would never be repeated.
func (s *theirs) tick() {
	s.node.Tick()
	s.ticks++
	for _, to := range voters() {
		if since, ok := s.sending[to]; ok && s.ticks-since >= electionTicks {
			s.node.ReportSnapshot(to, etcd.SnapshotFailure)
			delete(s.sending, to)
		}
	}
}

func (s *theirs) receive(_ uint64, message any) { s.must(s.node.Step(message.(*pb.Message))) }

func (s *theirs) flush(bool) {
	for s.node.HasReady() {
		rd := s.node.Ready()
		if !etcd.IsEmptyHardState(rd.HardState) {
			s.must(s.disk.SetHardState(rd.HardState))
		}
		if !etcd.IsEmptySnap(rd.Snapshot) {
			s.must(s.disk.ApplySnapshot(rd.Snapshot))
			s.restore(rd.Snapshot.GetData())
		}
		s.must(s.disk.Append(rd.Entries))
		for _, m := range rd.Messages {
			if m.GetType() == pb.MsgSnap {
				s.sending[m.GetTo()] = s.ticks
			}
			s.w.send(s.id, m.GetTo(), m)
		}
		for _, e := range rd.CommittedEntries {
			s.apply(e.GetIndex(), entry{e.GetTerm(), string(e.GetData())})
		}
		s.node.Advance(rd)
		s.compact()
	}
}

func (s *theirs) compact() {
	if s.count <= s.compacted()+keepEntries {
		return
	}
	_, err := s.disk.CreateSnapshot(s.count, &pb.ConfState{Voters: voters()}, s.snapshot())
	s.must(err)
	s.must(s.disk.Compact(s.count - keepEntries/4))
}

func (s *theirs) propose(command []byte) bool { return s.node.Propose(command) == nil }
func (s *theirs) transfer(to uint64)          { s.node.TransferLeader(to) }

func (s *theirs) leads() (bool, uint64) {
	st := s.node.BasicStatus()
	return st.RaftState == etcd.StateLeader, st.GetTerm()
}

// The log is read from the disk: an entry that is not there yet is lost in a crash, and nowhere else.

func (s *theirs) last() (uint64, uint64) {
	i, err := s.disk.LastIndex()
	s.must(err)
	term, err := s.disk.Term(i)
	s.must(err)
	return i, term
}

func (s *theirs) entry(i uint64) (entry, bool) {
	if last, _ := s.last(); i <= s.compacted() || i > last {
		return entry{}, false
	}
	es, err := s.disk.Entries(i, i+1, 1<<20)
	s.must(err)
	return entry{es[0].GetTerm(), string(es[0].GetData())}, true
}

func (s *theirs) compacted() uint64 {
	first, err := s.disk.FirstIndex()
	s.must(err)
	return first - 1
}

func (s *theirs) stored(i uint64) (uint64, bool) {
	if i <= s.compacted() {
		return 0, true
	}
	e, ok := s.entry(i)
	return e.term, ok
}

func (s *theirs) applied() *machine { return &s.machine }
