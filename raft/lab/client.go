package lab

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/wire"
)

// MaxHistory is how many operations of clients are recorded. Later ones happen, but are not recorded. A
// history up to a moment is linearizable if the whole is.
const MaxHistory = 1 << 17

// maxPending is how many operations the client of actions may have under way; further ones are not done.
const maxPending = 256

// client asks servers for something and records what it was told. Client 0 does what actions say, the others
// what their random streams say.
type client struct {
	number  int
	conn    uint64
	address uint64
	source  *rand.PCG
	calls   uint64
	leader  raft.ServerID // the server that it believes to lead, 0: it does not know
	next    int64         // when it asks again; client 0 never does
	pending []pending     // at most one, except for client 0
}

// pending is an operation under way.
type pending struct {
	call      uint64
	operation int // in the history, −1: not recorded
	kind      check.Kind
	local     bool // a read that any server answers, in the cluster or not
	asked     int64
	deadline  int64
}

func (w *World) addClient(number int) {
	c := &client{number: number, conn: uint64(firstClientConn + number), source: w.stream(streamClient, uint64(number),
		0), next: never}
	w.clients = append(w.clients, c)
	c.address = w.join(c.conn, 0, "").Client
	if number > 0 {
		c.rest(w)
	}
}

// wake says when the client does something next.
func (c *client) wake() int64 {
	at := c.next
	for i := range c.pending {
		at = min(at, c.pending[i].deadline)
	}
	return at
}

// rest lets the client think, for a time drawn from the exponential distribution of independent people.
func (c *client) rest(w *World) {
	random := rand.New(c.source)
	c.next = w.now + 1 + int64(-math.Log(1-random.Float64())*float64(w.run.Config.Think))
}

// goOn gives up operations that took too long, or asks for something new.
func (w *World) goOn(c *client) {
	for i := range c.pending {
		p := &c.pending[i]
		if p.deadline > w.now {
			continue
		}
		w.unanswered(c, p, "no answer")
		if c.number == 0 {
			w.news.outcome(w.now, p.call, &wire.Frame{})
		}
	}
	c.pending = slices.DeleteFunc(c.pending, func(p pending) bool { return p.deadline <= w.now })
	if c.number == 0 {
		return
	}
	if c.next > w.now {
		c.leader = 0 // the server that it asked did not answer
		c.rest(w)
		return
	}
	if w.resting {
		c.next = never
		return
	}
	random := rand.New(c.source)
	request := wire.Request{Key: "k" + strconv.Itoa(random.IntN(w.run.Config.Keys))}
	switch p := random.IntN(10); {
	case p < 5:
		request.Method = wire.Put
		request.Value = strconv.Itoa(c.number) + "." + decimal(c.calls) // no two writes are alike
	case p < 9:
		request.Method = wire.Get
	default:
		request.Method = wire.Delete
	}
	to := c.leader
	if guess := random.IntN(len(w.servers)); to == 0 {
		to = w.servers[guess]
		for i := 1; i < len(w.servers) && !w.machines[to-1].whole(); i++ { // an address that is known to be out of use
			to = w.servers[(guess+i)%len(w.servers)]
		}
	}
	c.next = never
	w.request(c, to, &request)
}

// actAsClient sends a server the request of an action.
func (w *World) actAsClient(a *Action, m *machine, method wire.Method) {
	read, _ := wire.ReadOf(a.Read) // Run.Check has seen that there is such a one
	w.request(w.clients[0], m.id, &wire.Request{
		Method: method, Key: a.Key, Value: a.Value, Expected: a.Expected, Read: read,
	})
}

func (w *World) request(c *client, to raft.ServerID, r *wire.Request) {
	c.calls++
	kind := map[wire.Method]check.Kind{wire.Put: check.Put, wire.Get: check.Get, wire.Delete: check.Delete,
		wire.CompareAndSwap: check.CompareAndSwap}[r.Method]
	p := pending{call: c.calls, operation: -1, kind: kind, local: r.Read == wire.ReadLocal, asked: w.now,
		deadline: w.now + max(w.run.Config.Patience, second)}
	if w.history.Len() < MaxHistory {
		p.operation = w.history.Len()
		w.history.Add(check.Operation{Client: c.number, Kind: kind, Key: r.Key, Value: r.Value,
			Expected: r.Expected, Invoked: w.now, Local: p.local, Unknown: true})
	}
	c.pending = append(c.pending, p)
	asked := wire.Frame{From: c.address, To: uint64(to), Call: c.calls, Request: r}
	w.send(c.conn, frame{wire.Text, wire.Append(nil, &asked, wire.JSON)})
}

// answered takes what a server says. An answer that comes too late is ignored.
func (w *World) answered(c *client, came frame) {
	var decoder wire.Decoder
	var f wire.Frame
	if err := decoder.Decode(came.kind, came.data, &f); err != nil || f.Answer == nil && f.Refusal == nil {
		w.broken(0, "a client was sent what is no answer: "+string(came.data))
		return
	}
	i := slices.IndexFunc(c.pending, func(p pending) bool { return p.call == f.Call })
	if f.Answer != nil {
		w.checker.Acknowledged(w.now, raft.ServerID(f.From), f.Answer.Index, f.Answer.Term)
	}
	if i < 0 {
		return
	}
	p := c.pending[i]
	c.pending = slices.Delete(c.pending, i, i+1)
	w.note(c, &p, &f)
	if c.number == 0 {
		w.news.outcome(w.now, p.call, &f)
	}
	if c.number > 0 {
		c.rest(w)
	}
}

// note records how an operation ended.
func (w *World) note(c *client, p *pending, f *wire.Frame) {
	o := &check.Operation{}
	if p.operation >= 0 && w.history.Len() < MaxHistory {
		o = w.history.Change(p.operation)
	}
	o.Server = raft.ServerID(f.From)
	switch {
	case f.Answer != nil:
		if !p.local {
			w.served = w.now
			c.leader = raft.ServerID(f.From)
		}
		o.Unknown, o.Returned = false, w.now
		o.Found = f.Answer.Found
		if p.kind == check.Get {
			o.Value = f.Answer.Value
			w.checkRead(p)
		}
	case f.Refusal.Code == wire.CodeTimedOut:
		w.unanswered(c, p, f.Refusal.Message)
		c.leader = 0
	default: // it was not done and never will be: that is certain
		if f.Refusal.Code != wire.CodeNotLeader || c.number == 0 {
			w.unanswered(c, p, f.Refusal.Message)
		}
		c.leader = raft.ServerID(f.Refusal.Leader)
		o.Refused, o.Returned, o.Unknown = true, w.now, false
	}
}

// checkRead checks that a read did not find too old a value. A local read may.
func (w *World) checkRead(p *pending) {
	if w.stale != nil || p.local || p.operation < 0 {
		return
	}
	against, stale := w.history.Stale(p.operation)
	if !stale {
		return
	}
	read, known := w.history.At(p.operation), w.history.At(against)
	w.stale = &check.Violation{Property: check.Linearizability, At: w.now, Servers: []raft.ServerID{read.Server},
		Detail: "server " + decimal(read.Server) + " answered a read with " + read.Outcome() +
			", although a client had been told of " + known.Outcome() + " before that read began"}
}

func (c *client) clone() *client {
	copied, source := *c, *c.source
	copied.source, copied.pending = &source, slices.Clone(c.pending)
	return &copied
}

func (c *client) appendState(b []byte) []byte {
	for _, v := range []uint64{c.calls, uint64(c.leader), uint64(c.next), uint64(len(c.pending))} {
		b = binary.AppendUvarint(b, v)
	}
	for _, p := range c.pending {
		b = binary.AppendUvarint(binary.AppendUvarint(b, p.call), uint64(p.deadline))
	}
	random, _ := c.source.MarshalBinary()
	return append(b, random...)
}
