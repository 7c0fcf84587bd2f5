package raft_test

import (
	"fmt"

	"raftplayground/raft"
)

// Three servers elect a leader and commit a command. The network delivers at once, and the disks are quick.
func Example() {
	var servers [4]*raft.Node // by ServerID
	for id := range servers[1:] {
		servers[id+1], _ = raft.New(raft.Options{ID: raft.ServerID(id + 1), Voters: []raft.ServerID{1, 2, 3},
			ElectionTicksMin: 150, ElectionTicksMax: 300, HeartbeatTicks: 50, Seed: 42}, raft.Durable{})
	}
	step := func(n *raft.Node, id raft.ServerID) (busy bool) {
		var out raft.Output
		for n.Output(&out) {
			busy = true
			if out.Save.Seq != 0 {
				n.Saved(out.Save.Seq)
			}
			for i, e := range out.Apply.Entries {
				if e.Kind == raft.Command {
					fmt.Printf("S%d applies %q at index %d\n", id, e.Data, out.Apply.First+raft.Index(i))
				}
				n.Applied(out.Apply.First + raft.Index(i))
			}
			for _, m := range out.Send {
				servers[m.To].Receive(id, m.RPC)
			}
		}
		return busy
	}
	run := func() {
		for busy := true; busy; {
			busy = false
			for id := raft.ServerID(1); id <= 3; id++ {
				busy = step(servers[id], id) || busy
			}
		}
	}

	servers[2].Campaign()
	run()
	servers[2].Propose([]byte("set x=1"))
	run()
	for range 50 { // the next heartbeat tells the followers that it is committed
		servers[2].Tick()
	}
	run()
	// Unordered output:
	// S2 applies "set x=1" at index 2
	// S1 applies "set x=1" at index 2
	// S3 applies "set x=1" at index 2
}
