package server_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/server"
	"raftplayground/raft/wal/waltest"
	"raftplayground/raft/wire"
)

// cluster is a room in memory: servers with faulty disks, and a network that delays, loses, doubles and reorders. All of it follows the seed.
type cluster struct {
	off     raft.RuleSet
	t       testing.TB
	random  *rand.Rand
	seats   []*seat // of servers 1, 2, …
	flights []flight
	now     int

	loss      int // percent of the frames between servers; the same share is doubled
	maxDelay  int // ticks between servers, at least 1
	slowDisks bool
	cut       map[[2]uint64]bool
	leaders   map[raft.Term]raft.ServerID

	frames    map[wire.Encoding]int // sent by servers, by encoding
	calls     uint64
	answers   map[uint64]*answer // by call
	decoder   wire.Decoder
	output    server.Output
	decodings wire.Frame
}

type seat struct {
	id       raft.ServerID
	encoding wire.Encoding
	disk     *waltest.Disk
	server   *server.Server // nil: crashed
	restarts int
}

type flight struct {
	due  int
	to   uint64
	data []byte
}

// answer is what a client was told.
type answer struct {
	at      int // tick of its arrival
	answer  *wire.Answer
	refusal *wire.Error
}

const client = wire.FirstClient

// newCluster starts size servers. With an odd seed they are those of Figure 2, without its extensions. Server 1 speaks colon, 2 JSON, 3 one or the other, changing with every restart.
func newCluster(t testing.TB, seed uint64, size int) *cluster {
	c := &cluster{t: t, off: raft.RuleSet(seed%2) * raft.Extensions, random: rand.New(rand.NewPCG(seed, 1)), maxDelay: 3, cut: map[[2]uint64]bool{}, leaders: map[raft.Term]raft.ServerID{},
		frames: map[wire.Encoding]int{}, answers: map[uint64]*answer{}}
	for id := 1; id <= size; id++ {
		c.seats = append(c.seats, &seat{id: raft.ServerID(id), encoding: wire.Encoding((id + 1) % 2), disk: &waltest.Disk{}})
	}
	for _, s := range c.seats {
		c.start(s)
	}
	return c
}

func (c *cluster) start(s *seat) {
	if s.id == 3 {
		s.encoding = wire.Encoding(s.restarts % 2)
	}
	var voters []raft.ServerID
	for _, other := range c.seats {
		voters = append(voters, other.id)
	}
	started, err := server.New(server.Options{ID: s.id, Voters: voters, Seed: c.random.Uint64(), Encoding: s.encoding, Off: c.off}, s.disk)
	if err != nil {
		c.t.Fatalf("server %d: %v", s.id, err)
	}
	s.server = started
	s.restarts++
}

func (c *cluster) crash(s *seat) {
	s.server = nil
	s.disk.Crash(c.random)
}

// step lets one tick pass everywhere.
func (c *cluster) step() {
	c.now++
	for _, s := range c.seats {
		if s.server == nil {
			continue
		}
		s.server.Tick(1)
		c.collect(s)
		if c.slowDisks {
			s.disk.Complete(c.random.IntN(10) / 9)
		} else {
			s.disk.Complete(1 << 30)
		}
		c.collect(s)
	}
	due := []flight{}
	c.flights = slices.DeleteFunc(c.flights, func(f flight) bool {
		if f.due <= c.now {
			due = append(due, f)
		}
		return f.due <= c.now
	})
	for _, f := range due {
		c.deliver(f)
	}
	c.checkElectionSafety()
}

// checkElectionSafety: at most one leader can be elected in a given term (Fig. 3).
func (c *cluster) checkElectionSafety() {
	for _, s := range c.seats {
		if s.server == nil || s.server.Node().Role() != raft.Leader {
			continue
		}
		term := c.status(s).CurrentTerm
		if other, known := c.leaders[term]; known && other != s.id {
			c.t.Fatalf("tick %d: servers %d and %d both lead term %d", c.now, other, s.id, term)
		}
		c.leaders[term] = s.id
	}
}

func (c *cluster) run(ticks int) {
	for range ticks {
		c.step()
	}
}

// until runs until the condition holds, at most limit ticks.
func (c *cluster) until(what string, limit int, holds func() bool) {
	c.t.Helper()
	for range limit {
		if holds() {
			return
		}
		c.step()
	}
	c.t.Fatalf("after %d ticks still not: %s", limit, what)
}

func (c *cluster) collect(s *seat) {
	for s.server.Output(&c.output) {
		for _, f := range c.output.Frames {
			c.send(uint64(s.id), f)
		}
		if c.output.Dropped != 0 {
			c.t.Fatalf("server %d dropped %d frames or events", s.id, c.output.Dropped)
		}
	}
}

func (c *cluster) send(from uint64, f server.Frame) {
	data := slices.Clone(f.Data)
	if len(data) > wire.MaxFrame {
		c.t.Fatalf("server %d sends a frame of %d bytes", from, len(data))
	}
	if f.To >= client {
		c.receive(data)
		return
	}
	encoding := wire.JSON
	if data[0] != '{' {
		encoding = wire.Colon
	}
	c.frames[encoding]++
	copies := 1
	switch n := c.random.IntN(100); {
	case c.cut[[2]uint64{from, f.To}], n < c.loss:
		copies = 0
	case n < 2*c.loss:
		copies = 2
	}
	for range copies {
		c.flights = append(c.flights, flight{c.now + 1 + c.random.IntN(c.maxDelay), f.To, data})
	}
}

func (c *cluster) deliver(f flight) {
	if s := c.seats[f.to-1]; s.server != nil {
		s.server.Frame(f.data)
		c.collect(s)
	}
}

// receive takes a client's answer.
func (c *cluster) receive(data []byte) {
	f := &c.decodings
	if err := c.decoder.Decode(data, f); err != nil {
		c.t.Fatalf("a client is answered %q: %v", data, err)
	}
	if c.answers[f.Call] != nil {
		c.t.Fatalf("call %d is answered twice: %s", f.Call, data)
	}
	a := &answer{at: c.now}
	if f.Answer != nil {
		a.answer = new(wire.Answer)
		*a.answer = *f.Answer
		a.answer.Entries = slices.Clone(f.Answer.Entries)
	} else {
		a.refusal = new(wire.Error)
		*a.refusal = *f.Refusal
	}
	c.answers[f.Call] = a
}

// ask sends a request to a server and returns its call number.
func (c *cluster) ask(to raft.ServerID, q wire.Request) uint64 {
	c.calls++
	f := wire.Frame{From: client, To: uint64(to), Call: c.calls, Request: &q}
	if s := c.seats[to-1]; s.server != nil {
		s.server.Frame(wire.Append(nil, &f, wire.JSON))
		c.collect(s)
	}
	return c.calls
}

// done asks and waits for the answer.
func (c *cluster) done(to raft.ServerID, q wire.Request) *wire.Answer {
	c.t.Helper()
	call := c.ask(to, q)
	c.until(fmt.Sprintf("%v of %q at server %d answered", q.Method, q.Key, to), 1000, func() bool { return c.answers[call] != nil })
	if a := c.answers[call]; a.refusal != nil {
		c.t.Fatalf("%v of %q at server %d: %v", q.Method, q.Key, to, a.refusal)
	}
	return c.answers[call].answer
}

// refused asks and returns the refusal, which must come at once.
func (c *cluster) refused(to raft.ServerID, q wire.Request) *wire.Error {
	c.t.Helper()
	call := c.ask(to, q)
	if a := c.answers[call]; a == nil || a.refusal == nil {
		c.t.Fatalf("%v at server %d is not refused: %+v", q.Method, to, a)
	}
	return c.answers[call].refusal
}

// leader returns the running leader of the highest term, nil if there is none.
func (c *cluster) leader() *seat {
	var leader *seat
	term := raft.Term(0)
	for _, s := range c.seats {
		if st := c.status(s); s.server != nil && st.Role == raft.Leader && st.CurrentTerm > term {
			leader, term = s, st.CurrentTerm
		}
	}
	return leader
}

func (c *cluster) elect() *seat {
	c.t.Helper()
	c.until("a leader", 5000, func() bool { return c.leader() != nil })
	return c.leader()
}

func (c *cluster) status(s *seat) raft.Status {
	var st raft.Status
	if s.server != nil {
		s.server.Node().Status(&st)
	}
	return st
}

// heal ends all faults and waits until every server has applied the same log.
func (c *cluster) heal() {
	c.t.Helper()
	c.loss, c.slowDisks = 0, false
	clear(c.cut)
	for _, s := range c.seats {
		if s.server == nil {
			c.start(s)
		}
	}
	c.until("a write committed and applied by all", 5000, func() bool {
		leader := c.leader()
		if leader == nil {
			return false
		}
		want := c.status(leader)
		for _, s := range c.seats {
			if st := c.status(s); st.LastApplied != want.LastIndex || st.LastIndex != want.LastIndex || st.LastTerm != want.CurrentTerm {
				return false
			}
		}
		return true
	})
	for _, s := range c.seats {
		if got, want := s.server.Store().Hash(), c.seats[0].server.Store().Hash(); got != want {
			c.t.Fatalf("server %d has state %x, server 1 %x", s.id, got, want)
		}
	}
}

func put(key, value string) wire.Request {
	return wire.Request{Method: wire.Put, Key: key, Value: value}
}

func get(key string) wire.Request { return wire.Request{Method: wire.Get, Key: key} }

// operation is a client's request as the client saw it.
type operation struct {
	call    uint64
	started int
	command kv.Command
}

// The whole of what the room promises, under every fault there is: whatever was acknowledged is in every server's log at the index that was told, what
// was refused is in none, reads return what the log up to them says, and an operation that began after another ended comes after it. Together
// that is linearizability, with the log as the witness.
func TestEveryAcknowledgedOperationIsInEveryLogAndLinearizable(t *testing.T) {
	var acknowledged, refused, unknown, elections int
	for seed := range uint64(60) {
		c := newCluster(t, seed, 3+2*int(seed%2))
		c.loss, c.maxDelay, c.slowDisks = int(seed%4)*5, 1+int(seed%3)*20, seed%3 != 0
		var operations []operation
		for c.now < 6000 {
			c.faults()
			c.step()
			if c.now%7 == 0 {
				operations = append(operations, c.operation())
			}
		}
		c.heal()
		done, not := c.checkOperations(seed, operations)
		acknowledged, refused = acknowledged+done, refused+not
		unknown += len(operations) - done - not
		elections += int(c.status(c.leader()).CurrentTerm)
		if c.frames[wire.Colon] == 0 || c.frames[wire.JSON] == 0 {
			t.Fatalf("seed %d: the room is not mixed: %v", seed, c.frames)
		}
	}
	t.Logf("%d operations acknowledged, %d refused, %d without an outcome, %d terms", acknowledged, refused, unknown, elections)
	if acknowledged < 500 || refused < 100 || unknown < 10 || elections < 50 {
		t.Errorf("the test is too tame: %d operations acknowledged, %d refused, %d without an outcome, %d terms", acknowledged, refused, unknown, elections)
	}
}

// faults crashes, restarts, cuts and joins now and then. A majority is up most of the time.
func (c *cluster) faults() {
	s := c.seats[c.random.IntN(len(c.seats))]
	switch c.random.IntN(400) {
	case 0:
		c.crash(s)
	case 1:
		if leader := c.leader(); leader != nil {
			c.crash(leader)
		}
	case 2, 3, 4, 5, 6, 7:
		if s.server == nil {
			c.start(s)
		}
	case 9, 10:
		c.cut[[2]uint64{uint64(s.id), uint64(1 + c.random.IntN(len(c.seats)))}] = true
	case 8:
		clear(c.cut)
	}
}

// operation makes one of a few clients do something, most often at the leader.
func (c *cluster) operation() operation {
	to := raft.ServerID(1 + c.random.IntN(len(c.seats)))
	if leader := c.leader(); leader != nil && c.random.IntN(4) > 0 {
		to = leader.id
	}
	key := string(rune('a' + c.random.IntN(3)))
	switch c.random.IntN(5) {
	case 0, 1:
		return operation{c.ask(to, get(key)), c.now, kv.Command{Op: kv.Get, Key: key}}
	case 2:
		return operation{c.ask(to, wire.Request{Method: wire.Delete, Key: key}), c.now, kv.Command{Op: kv.Delete, Key: key}}
	}
	value := fmt.Sprint("value ", c.calls) // no two are the same
	return operation{c.ask(to, put(key, value)), c.now, kv.Command{Op: kv.Set, Key: key, Value: value}}
}

// checkOperations holds what the clients were told against the logs of a healed cluster.
func (c *cluster) checkOperations(seed uint64, operations []operation) (done, refused int) {
	log := c.seats[0].server.Node()
	latest := c.status(c.seats[0]).LastIndex
	store, results, committed := kv.New(), map[raft.Index]kv.Result{}, map[string]bool{}
	for i := raft.Index(1); i <= latest; i++ {
		e, _ := log.Entry(i)
		for _, s := range c.seats[1:] {
			if other, _ := s.server.Node().Entry(i); other.Term != e.Term || other.Kind != e.Kind || string(other.Data) != string(e.Data) {
				c.t.Fatalf("seed %d: entry %d is %+v at server %d, %+v at server 1", seed, i, other, s.id, e)
			}
		}
		if e.Kind == raft.Command {
			results[i] = store.Apply(e.Data)
			committed[string(e.Data)] = true
		}
	}
	type end struct {
		at    int
		index raft.Index
	}
	var ends []end
	for _, op := range operations {
		data := string(kv.Encode(nil, op.command))
		a := c.answers[op.call]
		switch {
		case a == nil || a.refusal != nil && a.refusal.Code == wire.CodeTimedOut:
			continue
		case a.refusal != nil:
			refused++
			if op.command.Op == kv.Set && committed[data] {
				c.t.Fatalf("seed %d: %q was refused (%v) and is committed", seed, data, a.refusal)
			}
			continue
		}
		done++
		e, _ := log.Entry(a.answer.Index)
		result := results[a.answer.Index]
		if string(e.Data) != data || e.Term != a.answer.Term || result.Found != a.answer.Found && op.command.Op != kv.Set || result.Value != a.answer.Value {
			c.t.Fatalf("seed %d: %q was answered %+v, but the entry is %+v with result %+v", seed, data, a.answer, e, result)
		}
		for _, before := range ends {
			if before.at < op.started && before.index >= a.answer.Index {
				c.t.Fatalf("seed %d: an operation answered at tick %d is at index %d, one asked for at tick %d is at %d",
					seed, before.at, before.index, op.started, a.answer.Index)
			}
		}
		ends = append(ends, end{a.at, a.answer.Index})
	}
	return done, refused
}

func TestAWriteInAnyRoomIsReadBackAndLastsThroughTheLeadersCrash(t *testing.T) {
	for _, size := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprint(size, " servers"), func(t *testing.T) {
			c := newCluster(t, 7, size)
			leader := c.elect()
			written := c.done(leader.id, put("x", "1"))
			if read := c.done(leader.id, get("x")); !read.Found || read.Value != "1" || read.Index <= written.Index {
				t.Errorf("read %+v after %+v", read, written)
			}
			c.crash(leader)
			if size < 3 { // nobody else can lead
				c.start(leader)
			}
			next := c.elect()
			if read := c.done(next.id, get("x")); !read.Found || read.Value != "1" {
				t.Errorf("after the crash: read %+v", read)
			}
			if gone := c.done(next.id, wire.Request{Method: wire.Delete, Key: "x"}); !gone.Found {
				t.Errorf("deleted: %+v", gone)
			}
			c.heal()
		})
	}
}

func TestAllServersCrashAtOnceAndNothingAcknowledgedIsLost(t *testing.T) {
	c := newCluster(t, 3, 3)
	for i := range 20 {
		c.done(c.elect().id, put(fmt.Sprint("k", i), "v"))
		if i%5 == 4 {
			for _, s := range c.seats {
				c.crash(s)
			}
			for _, s := range c.seats {
				c.start(s)
			}
		}
	}
	for i := range 20 {
		if read := c.done(c.elect().id, get(fmt.Sprint("k", i))); !read.Found {
			t.Errorf("k%d is gone", i)
		}
	}
}

// 64 KiB of control characters are six times as long in JSON; many of them in a log must still reach a follower that missed them, in frames that it takes.
func TestTheLargestValuesReachAFollowerThatMissedThem(t *testing.T) {
	c := newCluster(t, 5, 3)
	leader := c.elect()
	var behind *seat
	for _, s := range c.seats {
		if s != leader {
			behind = s
		}
	}
	c.crash(behind)
	value := make([]byte, 60<<10)
	for i := range 20 {
		c.done(leader.id, put(fmt.Sprint("k", i), string(value)))
	}
	c.start(behind)
	c.heal()
}

func TestAFloodOfMalformedFramesLeavesTheRoomUnharmed(t *testing.T) {
	c := newCluster(t, 11, 3)
	leader := c.elect()
	c.done(leader.id, put("x", "1"))
	term, hash := c.status(leader).CurrentTerm, leader.server.Store().Hash()
	seeds := [][]byte{
		[]byte(`1>2:AppendEntries:Request:1:1:0:0:0:call=3:entries=1,set x=2`),
		[]byte(`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,"candidateId":1,"lastLogIndex":4,"lastLogTerm":2}}`),
		[]byte(`{"jsonrpc":"2.0","id":4,"from":1001,"to":2,"method":"Put","params":{"key":"x","value":"2"}}`),
	}
	var decoder wire.Decoder
	var frame wire.Frame
	sent := map[*seat]int{}
	for n := 0; n < 6000; {
		data := slices.Clone(seeds[c.random.IntN(len(seeds))])
		for range 1 + c.random.IntN(8) {
			data[c.random.IntN(len(data))] = byte(c.random.Uint32())
		}
		data = data[:1+c.random.IntN(len(data))]
		if decoder.Decode(data, &frame) == nil {
			continue // by chance still a frame
		}
		n++
		s := c.seats[c.random.IntN(3)]
		sent[s]++
		s.server.Frame(data)
		for s.server.Output(&c.output) {
			for _, f := range c.output.Frames {
				if f.To < client && f.To != 0 && f.To <= 3 {
					c.send(uint64(s.id), f)
				}
			}
		}
		if n%20 == 0 {
			c.step()
		}
	}
	for _, s := range c.seats {
		if s.server.BadFrames() < sent[s] {
			t.Errorf("server %d counted %d of %d bad frames", s.id, s.server.BadFrames(), sent[s])
		}
	}
	if st := c.status(leader); st.CurrentTerm != term || st.Role != raft.Leader {
		t.Errorf("the leader of term %d is now %+v", term, st)
	}
	if leader.server.Store().Hash() != hash {
		t.Error("the state changed")
	}
	c.done(leader.id, put("x", "3"))
	c.heal()
}
