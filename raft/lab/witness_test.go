package lab

import (
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
)

// onlooker counts what it sees.
type onlooker struct {
	t                               *testing.T
	events, frames, received, steps int
	acting                          raft.ServerID // the server that has not settled yet; 0: all have
}

func (o *onlooker) Receives(raft.ServerID, wire.Kind, []byte) { o.received++ }

func (o *onlooker) Acts(id raft.ServerID, events []raft.Event, frames []server.Frame) {
	if o.acting != 0 && o.acting != id {
		o.t.Errorf("S%d acts before S%d has settled", id, o.acting)
	}
	o.acting = id
	o.events += len(events)
	o.frames += len(frames)
}

func (o *onlooker) Settles(raft.ServerID) { o.steps, o.acting = o.steps+1, 0 }

// A witness sees every event and every frame, and the run is the same as without it. A copy of the world has
// none.
func TestAWitnessSeesAllAndChangesNothing(t *testing.T) {
	run := Draw(Standard(), 4)
	alone, watched := start(t, run), start(t, run)
	seen := &onlooker{t: t}
	before := int(watched.Events())
	watched.Call(seen)
	for at := range int64(5) {
		alone.RunTo(at * second)
		watched.RunTo(at * second)
		watched.Clone().RunTo(at*second + second/2)
	}
	if alone.Hash() != watched.Hash() {
		t.Error("the run is another one")
	}
	busy := seen.frames > 0 && seen.received > 0 && seen.steps >= seen.received
	if seen.events != int(watched.Events())-before || !busy {
		t.Errorf("it saw %+v of %d events", *seen, watched.Events())
	}
}
