package lab

import (
	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
)

// Witness sees what each server does, one input after the other, which no later report can tell: for traces
// of a run that are checked elsewhere (raft/bench/trace). It only looks on; what it is given is borrowed
// until it returns.
type Witness interface {
	// Receives is called before a server gets a frame, which came in a message of this kind.
	Receives(id raft.ServerID, kind wire.Kind, frame []byte)

	// Acts is called with what a server says after inputs, perhaps several times until it has no more to say.
	Acts(id raft.ServerID, events []raft.Event, frames []server.Frame)

	// Settles is called when the server has no more to say.
	Settles(id raft.ServerID)
}

// Call lets a Witness see all that happens from now on. Clones of the world have none.
func (w *World) Call(x Witness) { w.witness = x }

// hand gives a frame to a server that runs and is not paused.
func (w *World) hand(m *machine, f frame) {
	if w.witness != nil {
		w.witness.Receives(m.id, f.kind, f.data)
	}
	m.server.Frame(f.kind, f.data)
	w.settle(m)
}
