package raft

import "testing"

// steady is three servers that hand messages to each other by reference, as the benchmarks of raft/bench do.
type steady struct {
	nodes [3]*Node
	outs  [3]Output
	sent  int
}

func newSteady(t testing.TB) *steady {
	s := &steady{}
	for i := range s.nodes {
		o := options(ServerID(i+1), 3)
		o.ElectionTicksMin, o.ElectionTicksMax, o.HeartbeatTicks, o.EagerCommit = 10, 20, 1, true
		n, err := New(o, Durable{})
		if err != nil {
			t.Fatal(err)
		}
		s.nodes[i] = n
	}
	s.nodes[0].Campaign()
	s.drain()
	if s.nodes[0].Role() != Leader {
		t.Fatal("S1 does not lead")
	}
	return s
}

// drain runs until nothing is left to do.
func (s *steady) drain() {
	for busy := true; busy; {
		busy = false
		for i, n := range s.nodes {
			o := &s.outs[i]
			for n.Output(o) {
				busy = true
				if o.Save.Seq != 0 {
					n.Saved(o.Save.Seq)
				}
				if k := len(o.Apply.Entries); k > 0 {
					n.Applied(o.Apply.First + Index(k) - 1)
				}
				for _, e := range o.Send {
					s.nodes[e.To-1].Receive(n.opt.ID, e.RPC)
					s.sent++
				}
			}
		}
	}
}

var command = []byte("set x=1")

func (s *steady) commit() {
	s.nodes[0].Propose(command)
	s.drain()
}

func (s *steady) heartbeat() {
	for _, n := range s.nodes {
		n.Tick()
	}
	s.drain()
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	s := newSteady(t)
	for range 2 * chunkSize {
		s.commit()
	}
	if got := testing.AllocsPerRun(1000, s.heartbeat); got != 0 {
		t.Errorf("%v allocations per heartbeat round", got)
	}
	// All that a command allocates is its share of a new chunk every chunkSize entries in each server, less
	// than 3/128, and of the growing list of chunks.
	if got := testing.AllocsPerRun(10*chunkSize, s.commit); got != 0 {
		t.Errorf("%v allocations per command", got)
	}
	for _, n := range s.nodes {
		if n.lastApplied != s.nodes[0].log.last {
			t.Errorf("S%d applied %d of %d", n.opt.ID, n.lastApplied, s.nodes[0].log.last)
		}
	}
}

func BenchmarkHeartbeatRound(b *testing.B) {
	s := newSteady(b)
	b.ReportAllocs()
	for b.Loop() {
		s.heartbeat()
	}
}

func BenchmarkCommit(b *testing.B) {
	s := newSteady(b)
	b.ReportAllocs()
	for b.Loop() {
		s.commit()
	}
	b.ReportMetric(float64(s.sent)/float64(b.N), "msgs/op")
}
