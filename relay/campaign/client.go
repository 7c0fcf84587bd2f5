package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/wire"
)

const (
	keys   = 3                     // in use at a time
	turn   = 15                    // requests until a client changes keys: long histories are hard to judge
	waits  = time.Second           // for an answer
	thinks = 20 * time.Millisecond // at most, between two requests
)

// client asks the servers of a room, one thing after the other, until it is stopped.
type client struct {
	room    *room
	number  int
	random  *rand.Rand
	member  *member // nil: not connected
	leader  uint64  // the server that it takes for the leader; 0: unknown
	calls   uint64
	decoder wire.Decoder
}

func (c *client) run(stop <-chan struct{}) {
	defer c.leave()
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(c.random.Int64N(int64(thinks)))):
		}
		request := &wire.Request{Key: fmt.Sprint("key ", c.calls/turn*keys+c.random.Uint64N(keys))}
		switch n := c.random.IntN(10); {
		case n < 5:
			request.Method, request.Value = wire.Put, fmt.Sprint(c.number, ".", c.calls) // no two writes are alike
		case n < 9:
			request.Method = wire.Get
		default:
			request.Method = wire.Delete
		}
		c.ask(request)
	}
}

var kinds = map[wire.Method]check.Kind{wire.Put: check.Put, wire.Get: check.Get, wire.Delete: check.Delete}

// ask asks once, and notes the question and its outcome. It reports whether there was an answer.
func (c *client) ask(request *wire.Request) bool {
	if c.member == nil {
		m, err := join(c.room.relay.addr, c.room.code, `{"server":0}`)
		if err != nil {
			time.Sleep(thinks)
			return false
		}
		c.member, c.leader = m, 0
	}
	c.calls++
	to := c.leader
	if to == 0 {
		to = 1 + c.random.Uint64N(uint64(len(c.room.servers)))
	}
	o := check.Operation{Client: c.number, Kind: kinds[request.Method], Key: request.Key, Value: request.Value,
		Invoked: c.room.now(), Unknown: true}
	frame := wire.Frame{From: c.member.joined.Client, To: to, Call: c.calls, Request: request}
	if c.member.send(message{wire.Text, wire.Append(nil, &frame, wire.JSON)}) == nil {
		c.await(&o)
	}
	c.room.note(&o)
	return !o.Unknown && !o.Refused
}

// await waits for the answer to the last call, and notes it.
func (c *client) await(o *check.Operation) {
	end := time.After(waits)
	for {
		select {
		case came, open := <-c.member.messages:
			if !open {
				c.leave()
				return
			}
			var f wire.Frame
			if c.decoder.Decode(came.kind, came.data, &f) == nil && f.Call == c.calls &&
				(f.Answer != nil || f.Refusal != nil) {
				c.answered(o, &f)
				return
			}
		case <-end:
			c.leader = 0
			return
		}
	}
}

func (c *client) answered(o *check.Operation, f *wire.Frame) {
	o.Returned, o.Server = c.room.now(), raft.ServerID(f.From)
	switch {
	case f.Answer != nil:
		c.leader = f.From
		o.Unknown, o.Found = false, f.Answer.Found
		if o.Kind == check.Get {
			o.Value = f.Answer.Value
		} else {
			c.room.acknowledge(raft.Index(f.Answer.Index), raft.Term(f.Answer.Term))
		}
	case f.Refusal.Code == wire.CodeTimedOut:
		c.leader = 0
	default: // the request was not done, and never will be
		c.leader = uint64(f.Refusal.Leader)
		o.Unknown, o.Refused = false, true
	}
}

func (c *client) leave() {
	if c.member != nil {
		c.member.leave()
		c.member = nil
	}
}
