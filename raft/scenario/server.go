package scenario

import (
	"hash/fnv"
	"slices"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab/goal"
)

// server is a Node with what a host gives it: a disk, a state machine and clients.
type server struct {
	id     raft.ServerID
	world  *world
	node   *raft.Node // nil: stopped
	starts int
	out    raft.Output
	status raft.Status

	slow    bool // writes become durable only when the story says so
	disk    raft.Durable
	writing []raft.Save // handed out, not yet durable
	saved   uint64
	waiting []raft.Envelope // for a Save

	state   []string // the commands that the state machine has applied
	applied raft.Index

	asked    []proposal
	reads    []read
	lastRead string
	sent     int
	lastCall uint64 // the newest AppendEntries it has sent
}

// proposal is a command that a client waits for.
type proposal struct {
	index raft.Index
	term  raft.Term
}

// read is a read that a client waits for.
type read struct {
	tag   uint64
	acked raft.Index // the last entry of which some client was told before the read began
	index raft.Index // it may be served when this is applied; 0: not confirmed yet
}

func (s *server) start() error {
	o := raft.Options{ID: s.id, ElectionTicksMin: 150, ElectionTicksMax: 300, HeartbeatTicks: 50,
		Seed:       1 + uint64(s.starts),
		MaxEntries: 16, MaxChunk: s.world.story.chunk, MaxSnapshot: s.world.story.room, Off: s.world.off}
	if int(s.id) <= s.world.story.voters {
		for v := 1; v <= s.world.story.voters; v++ {
			o.Voters = append(o.Voters, raft.ServerID(v))
		}
	}
	d := s.disk
	d.Log = slices.Clone(d.Log)
	node, err := raft.New(o, d)
	if err != nil {
		return err
	}
	s.node, s.saved, s.applied = node, 0, 0
	s.starts++
	s.world.happens(s.id, &raft.Event{Kind: goal.MachineChanged})
	if !s.world.keepsState {
		s.state = nil
		if d.Snapshot != nil {
			s.state = strings.Fields(string(d.Snapshot.Data))
		}
	}
	s.pump()
	return nil
}

// stop ends the process. If the power fails, what was not durable is lost.
func (s *server) stop(powerFails bool) {
	for len(s.writing) > 0 && !powerFails {
		s.write()
	}
	s.node, s.writing, s.waiting, s.asked, s.reads = nil, nil, nil, nil, nil
	s.world.checker.Stopped(s.id)
	s.world.happens(s.id, &raft.Event{Kind: goal.MachineChanged})
}

// input gives the Node an input, takes what comes out, and has the checker look.
func (s *server) input(give func(*raft.Node)) {
	give(s.node)
	s.pump()
}

// pump takes all output.
func (s *server) pump() {
	for s.node.Output(&s.out) {
		s.world.observe(s)
		s.world.printEvents(s.id, s.out.Events)
		for i := range s.out.Events {
			s.world.happens(s.id, &s.out.Events[i])
		}
		if save := s.out.Save; save.Seq != 0 {
			save.Entries = slices.Clone(save.Entries)
			s.writing = append(s.writing, save)
		}
		for _, e := range s.out.Send {
			e.RPC = raft.CopyRPC(e.RPC)
			s.waiting = append(s.waiting, e)
		}
		s.confirm(s.out.Reads)
		s.apply()
		s.send()
		for !s.slow && len(s.writing) > 0 {
			s.save()
		}
	}
	s.world.observe(s)
}

// save makes the oldest write durable and tells the Node.
func (s *server) save() {
	s.saved = s.write()
	s.node.Saved(s.saved)
	s.send()
}

// write makes the oldest write durable.
func (s *server) write() (seq uint64) {
	save := s.writing[0]
	s.writing = s.writing[1:]
	s.disk.Save(save)
	return save.Seq
}

// send sends the messages whose Save is durable.
func (s *server) send() {
	s.waiting = slices.DeleteFunc(s.waiting, func(e raft.Envelope) bool {
		if e.After > s.saved {
			return false
		}
		s.sent++
		s.world.sent(s.id, e.To, e.RPC)
		return true
	})
}

// apply is the state machine: it keeps the commands in their order.
func (s *server) apply() {
	if s.world.entriesFirst {
		s.applyEntries()
	}
	if snapshot := s.out.Restore; snapshot != nil {
		s.state, s.applied = strings.Fields(string(snapshot.Data)), snapshot.Index
		s.node.Applied(s.applied)
	}
	if !s.world.entriesFirst {
		s.applyEntries()
	}
	s.serveReads()
}

func (s *server) applyEntries() {
	for i, e := range s.out.Apply.Entries {
		index := s.out.Apply.First + raft.Index(i)
		s.checkDisk(index, e.Term)
		if e.Kind == raft.Command {
			s.execute(string(e.Data), index)
		}
		s.applied = index
		s.node.Applied(index)
		s.world.observe(s)
		s.answer(index, e.Term)
	}
}

// checkDisk checks that the disk holds what is being applied: a state machine must not know what a power loss could
// make its log forget.
func (s *server) checkDisk(index raft.Index, term raft.Term) {
	i := int(index) - int(s.disk.Base()) - 1
	if i < 0 || i < len(s.disk.Log) && s.disk.Log[i].Term == term {
		return
	}
	s.world.violated(check.Durability, []raft.ServerID{s.id}, index,
		"a server applies an entry that its own disk does not hold")
}

// execute lets a command take effect, but a serial number only once (thesis 6.3).
func (s *server) execute(command string, index raft.Index) {
	again := strings.Contains(command, "#") && slices.Contains(s.state, command)
	if again && !s.world.noSessions {
		return
	}
	s.state = append(s.state, command)
	if again {
		s.world.violated(check.Linearizability, []raft.ServerID{s.id}, index,
			"command "+command+", sent once and then again by its client, took effect twice")
	}
}

// answer tells the client who waits at this index, if the entry is its own (redpanda#3003).
func (s *server) answer(index raft.Index, term raft.Term) {
	s.asked = slices.DeleteFunc(s.asked, func(p proposal) bool {
		if p.index != index {
			return false
		}
		if p.term == term || s.world.answersByIndex {
			s.world.acknowledged(s.id, p)
		}
		return true
	})
}

func (s *server) confirm(outcomes []raft.Read) {
	for _, outcome := range outcomes {
		for i := range s.reads {
			switch {
			case s.reads[i].tag != outcome.Tag:
			case outcome.OK:
				s.reads[i].index = outcome.Index
			default:
				s.reads[i].tag, s.lastRead = 0, "failed"
			}
		}
	}
	s.reads = slices.DeleteFunc(s.reads, func(r read) bool { return r.tag == 0 })
}

// serveReads answers the reads whose index is applied with the last command, which must not be older than
// what clients knew when they asked.
func (s *server) serveReads() {
	s.reads = slices.DeleteFunc(s.reads, func(r read) bool {
		if r.index == 0 || s.applied < r.index {
			return false
		}
		s.lastRead = "none"
		if len(s.state) > 0 {
			s.lastRead = s.state[len(s.state)-1]
		}
		if !s.world.quiet {
			s.world.printf("    S%d answers a read: %s\n", s.id, s.lastRead)
		}
		if s.applied < r.acked {
			s.world.violated(check.Linearizability, []raft.ServerID{s.id}, r.acked,
				"the read does not see an entry of which a client had been told before the read began")
		}
		return true
	})
}

// hash returns a hash of the state machine's state.
func (s *server) hash() uint64 {
	h := fnv.New64a()
	for _, command := range s.state {
		h.Write(append([]byte(command), 0))
	}
	return h.Sum64()
}
