package main

import "testing"

// workload is one thing to measure. An operation is a command, a heartbeat round, or a read.
type workload struct {
	name string
	run  func(b *testing.B, fresh start)
}

// start starts a cluster of either core. leases says what serves reads, which is a setting of etcd's.
type start func(leases bool) cluster

const (
	payload = 16     // bytes of a command
	missed  = 100000 // commands that a server which catches up has missed
)

var workloads = []workload{
	{"commit-1-inflight", func(b *testing.B, fresh start) { commit(b, fresh, 1, false) }},
	{"commit-64-one-call", func(b *testing.B, fresh start) { commit(b, fresh, 64, true) }},
	{"commit-64-calls", func(b *testing.B, fresh start) { commit(b, fresh, 64, false) }},
	{"heartbeat-round", heartbeats},
	{"catch-up", catchUp},
	{"read-log", func(b *testing.B, fresh start) { reads(b, fresh, throughLog) }},
	{"read-index", func(b *testing.B, fresh start) { reads(b, fresh, readIndex) }},
	{"read-lease", func(b *testing.B, fresh start) { reads(b, fresh, lease) }},
	{"read-local", func(b *testing.B, fresh start) { reads(b, fresh, local) }},
}

// commit proposes batches of commands, in one call or one by one, and runs each batch until every server
// has applied it.
func commit(b *testing.B, fresh start, batch int, together bool) {
	commands := make([][]byte, batch)
	for i := range commands {
		commands[i] = make([]byte, payload)
	}
	c := fresh(false)
	done := uint64(0)
	b.ResetTimer()
	for i := 0; i < b.N; {
		k := min(batch, b.N-i)
		if together {
			c.propose(commands[:k])
		} else {
			for j := range k {
				c.propose(commands[j : j+1])
			}
		}
		c.drain()
		i += k
		done += uint64(k)
		if c.applied() != done {
			panic("not every server has applied every command")
		}
	}
}

func heartbeats(b *testing.B, fresh start) {
	c := fresh(false)
	c.tick()
	before := c.messages()
	b.ResetTimer()
	for range b.N {
		c.tick()
	}
	b.StopTimer()
	if got := c.messages() - before; got != uint64(4*b.N) {
		panic("a heartbeat round is a call and a reply per follower")
	}
}

// catchUp brings a server up to date that has missed 100,000 commands; each repetition begins 100,000 later.
func catchUp(b *testing.B, fresh start) {
	c := fresh(false)
	commands := make([][]byte, 100)
	for i := range commands {
		commands[i] = make([]byte, payload)
	}
	b.ResetTimer()
	for i := 0; i < b.N; i += missed {
		b.StopTimer()
		c.cut(true)
		for range missed / len(commands) {
			c.propose(commands)
			c.drain()
		}
		c.cut(false)
		b.StartTimer()
		for c.behind() {
			c.tick()
		}
	}
	b.StopTimer()
	if rounds := (b.N + missed - 1) / missed; c.applied() != uint64(rounds*missed) {
		panic("not every server has applied every command")
	}
}

// reads asks the leader for one read after the other, and runs each until it could be answered.
func reads(b *testing.B, fresh start, kind read) {
	c := fresh(kind == lease)
	c.tick() // a majority has answered: the lease holds, and time stands still from here on
	before := c.served()
	b.ResetTimer()
	for range b.N {
		c.read(kind)
		c.drain()
	}
	b.StopTimer()
	if c.served()-before != uint64(b.N) {
		panic("not every read was served")
	}
}
