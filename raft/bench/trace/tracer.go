package main

import (
	"fmt"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
)

// tracer writes what the servers of a world do as steps of the specification. It is the world's Witness.
type tracer struct {
	world   *lab.World
	written []*entered
	servers []*traced
	config  [2][]string
	flying  map[string]*flying // messages that the trace has sent, by the bytes of their frames
	revived bool               // a server has restarted: from then on servers may know less than commit says
	end     error              // why the trace has ended; nil: it goes on

	received frame // of the step under way: the frame that led to it, if one did,
	events   []raft.Event
	frames   []frame // that it sent to other servers
	decoder  wire.Decoder
}

// frame is a frame's bytes and the kind of message in which they travel.
type frame struct {
	kind wire.Kind
	data []byte
}

// traced is a server as the trace has it.
type traced struct {
	id       raft.ServerID
	term     raft.Term
	vote     raft.ServerID
	role     raft.Role
	last     raft.Index
	commit   raft.Index    // what it would know if it kept commitIndex on disk
	known    raft.Index    // what it knows
	unready  bool          // there is something to save or to send since its last Ready
	answered map[call]bool // calls that have arrived, whose answers may still leave

	stood map[raft.Term]*entered // where it became a candidate, since its last start
}

// call names a call by its caller and its number.
type call struct {
	from, number uint64
}

// flying is a message that the trace has sent.
type flying struct {
	message
	copies int      // that have not arrived
	sent   *entered // where it was sent; of an answer nil: that is part of the receipt of its call
}

// newTracer begins a trace of a world at time 0: all servers have started.
func newTracer(w *lab.World) *tracer {
	t := &tracer{world: w, config: [2][]string{{}, {}}, flying: map[string]*flying{}}
	for i := range w.Run().Config.Servers {
		s := &traced{id: raft.ServerID(i + 1), answered: map[call]bool{}, stood: map[raft.Term]*entered{}}
		t.servers = append(t.servers, s)
		t.config[0] = append(t.config[0], name(uint64(s.id)))
	}
	for _, s := range t.servers {
		t.write("InitState", s, nil)
	}
	w.Call(t)
	return t
}

// Receives implements lab.Witness.
func (t *tracer) Receives(_ raft.ServerID, kind wire.Kind, data []byte) {
	t.received = frame{kind, append(t.received.data[:0], data...)}
}

// Acts implements lab.Witness.
func (t *tracer) Acts(_ raft.ServerID, events []raft.Event, frames []server.Frame) {
	t.events = append(t.events, events...)
	for _, f := range frames {
		if f.To < wire.FirstClient {
			t.frames = append(t.frames, frame{f.Kind, append([]byte{}, f.Data...)})
		}
	}
}

// Settles implements lab.Witness.
func (t *tracer) Settles(id raft.ServerID) {
	if t.end == nil {
		before := len(t.written)
		if t.end = t.step(t.servers[id-1]); t.end != nil {
			t.written = t.written[:before]
		}
	}
	t.received, t.events, t.frames = frame{data: t.received.data[:0]}, t.events[:0], t.frames[:0]
}

// step writes what a server did upon one input. The error says why the trace cannot go on.
func (t *tracer) step(s *traced) error {
	var now raft.Status
	t.world.Server(s.id).Node().Status(&now)
	for _, f := range t.frames {
		if t.before(f, now.CommitIndex) {
			t.send(s, f) // a heartbeat whose time came at the moment at which the input arrived
		}
	}
	c, err := t.receive(s)
	if err != nil {
		return err
	}
	for i := range t.events {
		if err := t.happen(s, &t.events[i], &c); err != nil {
			return err
		}
	}
	s.commit = max(s.commit, c.commit)
	for _, f := range t.frames {
		if !t.before(f, now.CommitIndex) {
			t.send(s, f)
		}
	}
	t.ready(s)
	return t.compare(s, &now)
}

// before tells whether a frame was made before its sender's commitIndex became what it is now.
func (t *tracer) before(f frame, commitIndex raft.Index) bool {
	m, isAppend := t.decode(f).RPC.(*raft.AppendEntries)
	return isAppend && m.LeaderCommit < commitIndex
}

// decode reads a frame. The result is valid until the next call of decode.
func (t *tracer) decode(f frame) *wire.Frame {
	var read wire.Frame
	_ = t.decoder.Decode(f.kind, f.data, &read) // what cannot be read has no RPC, and does nothing
	return &read
}

// compare makes sure that the trace agrees with a server's actual state.
func (t *tracer) compare(s *traced, now *raft.Status) error {
	role := now.Role
	if role == raft.PreCandidate {
		role = raft.Follower
	}
	same := s.term == now.CurrentTerm && s.vote == now.VotedFor && s.role == role && s.last == now.LastIndex
	if !same || s.known != now.CommitIndex || s.known > s.commit || s.known < s.commit && !t.revived {
		const words = "S%d is not as its events say: term %d, vote for S%d, role %d, last index %d, commit index %d"
		return fmt.Errorf(words, s.id, now.CurrentTerm, now.VotedFor, now.Role, now.LastIndex, now.CommitIndex)
	}
	return nil
}

func (t *tracer) write(what string, s *traced, m *message) *entered {
	e := &entered{at: t.world.Now(), event: event{
		Name: what, Server: name(uint64(s.id)), State: state{uint64(s.term), name(uint64(s.vote)), uint64(s.commit)},
		Role: roles[s.role], Log: uint64(s.last), Config: t.config, Message: m,
	}}
	t.written = append(t.written, e)
	return e
}

var roles = map[raft.Role]string{
	raft.Follower: "StateFollower", raft.Candidate: "StateCandidate", raft.Leader: "StateLeader",
}

// ready writes that all is saved and sent.
func (t *tracer) ready(s *traced) {
	if s.unready {
		t.write("Ready", s, nil)
		s.unready = false
	}
}
