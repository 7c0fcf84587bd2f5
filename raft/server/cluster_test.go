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

// cluster is a room in memory: servers with faulty disks, and a network that delays, loses, doubles and reorders. All
// of it follows the seed.
type cluster struct {
	traits
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
	witness   map[place]written
	events    map[raft.EventKind]int // what has happened, how often

	frames    map[wire.Encoding]int // sent by servers, by encoding
	calls     uint64
	answers   map[uint64]*answer // by call
	decoder   wire.Decoder
	output    server.Output
	decodings wire.Frame
}

// traits are properties in which clusters differ.
type traits struct {
	compactAfter int // server.Options.CompactAfter
	reads        server.ReadMode
	waiting      int // servers that wait to be added; they are the last ones
}

// place is where an entry stands. By Log Matching it determines the whole log through it.
type place struct {
	index raft.Index
	term  raft.Term
}

// written is an entry as its leader wrote it, behind one of term before.
type written struct {
	raft.Entry
	before raft.Term
}

type seat struct {
	id       raft.ServerID
	encoding wire.Encoding
	disk     *waltest.Disk
	server   *server.Server // nil: crashed
	restarts int
	last     place // of its log, when it was last looked at
}

type flight struct {
	due int
	server.Frame
}

// answer is what a client was told.
type answer struct {
	at      int // tick of its arrival
	answer  *wire.Answer
	refusal *wire.Error
}

const client = wire.FirstClient

// newCluster starts size servers. With an odd seed they are those of Figure 2, without its extensions.
// Server 1 speaks colon, 2 JSON, and 3 another encoding after every restart.
func newCluster(t testing.TB, seed uint64, size int) *cluster {
	return newClusterWith(t, seed, size, traits{})
}

func newClusterWith(t testing.TB, seed uint64, size int, traits traits) *cluster {
	c := &cluster{traits: traits, t: t, witness: map[place]written{}, events: map[raft.EventKind]int{},
		off: raft.RuleSet(seed%2) * raft.Extensions, random: rand.New(rand.NewPCG(seed, 1)), maxDelay: 3,
		cut: map[[2]uint64]bool{}, leaders: map[raft.Term]raft.ServerID{},
		frames: map[wire.Encoding]int{}, answers: map[uint64]*answer{}}
	for id := 1; id <= size+traits.waiting; id++ {
		c.seats = append(c.seats, &seat{id: raft.ServerID(id), encoding: wire.Encoding((id + 1) % 2),
			disk: &waltest.Disk{}})
	}
	for _, s := range c.seats {
		c.start(s)
	}
	return c
}

func (c *cluster) start(s *seat) {
	if s.id == 3 {
		s.encoding = []wire.Encoding{wire.Protobuf, wire.Colon, wire.JSON}[s.restarts%3]
	}
	var voters []raft.ServerID
	if first := len(c.seats) - c.waiting; int(s.id) <= first {
		voters = c.everybody()[:first]
	}
	started, err := server.New(server.Options{ID: s.id, Voters: voters, Seed: c.random.Uint64(), Encoding: s.encoding,
		Off:          c.off,
		CompactAfter: c.compactAfter, Reads: c.reads}, s.disk)
	if err != nil {
		c.t.Fatalf("server %d: %v", s.id, err)
	}
	s.server = started
	s.restarts++
	c.observe(s)
}

func (c *cluster) everybody() (ids []raft.ServerID) {
	for _, s := range c.seats {
		ids = append(ids, s.id)
	}
	return ids
}

// observe records the entries that a leader has made since it was last looked at: logs are compacted, and
// the record must outlast that. No entry is compacted before it is seen: it first needs another server's
// reply.
func (c *cluster) observe(s *seat) {
	st, node := c.status(s), s.server.Node()
	for i := st.LastIndex; st.Role == raft.Leader && i > st.SnapshotIndex; i-- {
		e, _ := node.Entry(i)
		if _, known := c.witness[place{i, e.Term}]; known || e.Term != st.CurrentTerm {
			break
		}
		before := raft.Term(0)
		previous, ok := node.Entry(i - 1)
		switch {
		case ok:
			before = previous.Term
		case i > 1 && s.last.index == i-1:
			before = s.last.term
		case i > 1:
			c.t.Fatalf("tick %d: entry %d of server %d was written unseen, its log was last seen to end at %+v", c.now,
				i, s.id, s.last)
		}
		c.witness[place{i, e.Term}] = written{e, before}
	}
	s.last = place{st.LastIndex, st.LastTerm}
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
	c.observe(s)
	defer c.observe(s)
	for s.server.Output(&c.output) {
		for _, f := range c.output.Frames {
			c.send(uint64(s.id), f)
		}
		for i := range c.output.Events {
			c.events[c.output.Events[i].Kind]++
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
	encoding, _ := wire.Recognise(f.Kind, data)
	c.frames[encoding]++
	copies := 1
	switch n := c.random.IntN(100); {
	case c.cut[[2]uint64{from, f.To}], n < c.loss:
		copies = 0
	case n < 2*c.loss:
		copies = 2
	}
	for range copies {
		c.flights = append(c.flights, flight{c.now + 1 + c.random.IntN(c.maxDelay),
			server.Frame{To: f.To, Kind: f.Kind, Data: data}})
	}
}

func (c *cluster) deliver(f flight) {
	if s := c.seats[f.To-1]; s.server != nil {
		s.server.Frame(f.Kind, f.Data)
		c.collect(s)
	}
}

// receive takes a client's answer.
func (c *cluster) receive(data []byte) {
	f := &c.decodings
	if err := c.decoder.Decode(wire.Text, data, f); err != nil {
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
		s.server.Frame(wire.Text, wire.Append(nil, &f, wire.JSON))
		c.collect(s)
	}
	return c.calls
}

// done asks and waits for the answer.
func (c *cluster) done(to raft.ServerID, q wire.Request) *wire.Answer {
	c.t.Helper()
	call := c.ask(to, q)
	c.until(fmt.Sprintf("%v of %q at server %d answered", q.Method, q.Key, to), 1000,
		func() bool { return c.answers[call] != nil })
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

// heal ends all faults and waits until every server has a vote and has applied the same log.
func (c *cluster) heal() {
	c.t.Helper()
	c.loss, c.slowDisks = 0, false
	clear(c.cut)
	for _, s := range c.seats {
		if s.server == nil {
			c.start(s)
		}
	}
	c.until("a write committed and applied by all", 20000, func() bool {
		leader := c.leader()
		if leader == nil || !c.complete(leader) {
			return false
		}
		want := c.status(leader)
		for _, s := range c.seats {
			if st := c.status(s); st.LastApplied != want.LastIndex || st.LastIndex != want.LastIndex ||
				st.LastTerm != want.CurrentTerm {
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

// complete reports whether every server has a vote in the leader's configuration; if not, and if no change
// is under way, it asks for one that comes nearer to that.
func (c *cluster) complete(leader *seat) bool {
	st := c.status(leader)
	if len(st.Config.Voters) == len(c.seats) && !st.Config.Joint() {
		return st.ConfigIndex <= st.CommitIndex
	}
	if c.now%100 == 0 {
		next := raft.Configuration{Voters: slices.Clone(st.Config.Voters)}
		for _, id := range c.everybody() {
			switch {
			case slices.Contains(next.Voters, id):
			case c.caughtUp(&st, id):
				next.Voters = append(next.Voters, id)
			default:
				next.Learners = append(next.Learners, id)
			}
		}
		c.reconfigure(leader, next)
	}
	return false
}

func (c *cluster) caughtUp(st *raft.Status, id raft.ServerID) bool {
	return slices.ContainsFunc(st.Peers, func(p raft.Peer) bool { return p.Server == id && p.CaughtUp })
}

// reconfigure asks for a configuration. The leader may refuse for now.
func (c *cluster) reconfigure(leader *seat, next raft.Configuration) {
	switch err := leader.server.Reconfigure(next); err {
	case nil, raft.ErrChangePending, raft.ErrTooEarly, raft.ErrNotCaughtUp, raft.ErrTransferring:
	default:
		c.t.Fatalf("tick %d: server %d refuses %s: %v", c.now, leader.id, next.AppendText(nil), err)
	}
	c.collect(leader)
}

// change makes a leader add, promote, demote, remove or replace a server, or hand its leadership over.
func (c *cluster) change() {
	leader := c.leader()
	if leader == nil {
		return
	}
	st := c.status(leader)
	next := st.Config.Clone()
	if next.Joint() {
		return
	}
	id := c.seats[c.random.IntN(len(c.seats))].id
	is := func(other raft.ServerID) bool { return other == id }
	switch {
	case c.random.IntN(3) == 0:
		if err := leader.server.Transfer(id); (err != nil) != (id == leader.id || !slices.Contains(next.Voters, id)) {
			c.t.Fatalf("tick %d: server %d of %s is to hand over to %d: %v", c.now, leader.id, next.AppendText(nil), id,
				err)
		}
		c.collect(leader)
		return
	case !next.Contains(id):
		next.Learners = append(next.Learners, id)
	case slices.Contains(next.Learners, id):
		next.Learners = slices.DeleteFunc(next.Learners, is)
		next.Voters = append(next.Voters, id)
		if len(next.Voters) > 3 && c.random.IntN(2) == 0 { // in the place of another: by a joint configuration
			next.Voters = next.Voters[1:]
		}
	case len(next.Voters) > 2:
		next.Voters = slices.DeleteFunc(next.Voters, is)
		if c.random.IntN(2) == 0 {
			next.Learners = append(next.Learners, id)
		}
	default:
		return
	}
	c.reconfigure(leader, next)
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

// The whole of what the room promises, under every fault there is: whatever was acknowledged is in every server's log
// at the index that was told, what was refused is in none, reads return what the log up to them says, and an operation
// that began after another ended comes after it. Together that is linearizability, with the log as the witness.
func TestEveryAcknowledgedOperationIsInEveryLogAndLinearizable(t *testing.T) {
	var acknowledged, refused, unknown, elections, compact int
	events := map[raft.EventKind]int{}
	for seed := range uint64(72) {
		c := newRoom(t, seed)
		c.loss, c.maxDelay, c.slowDisks = int(seed%4)*5, 1+int(seed%3)*20, seed%3 != 0
		var operations []operation
		for c.now < 6000 {
			c.faults()
			if c.waiting > 0 && c.now%50 == 0 {
				c.change()
			}
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
		for kind, n := range c.events {
			events[kind] += n
		}
		compact += c.frames[wire.Protobuf]
	}
	if compact < 1000 {
		t.Errorf("of all frames %d are Protobuf", compact)
	}
	t.Logf("%d operations acknowledged, %d refused, %d without an outcome, %d terms", acknowledged, refused, unknown,
		elections)
	if acknowledged < 500 || refused < 100 || unknown < 10 || elections < 50 {
		t.Errorf("the test is too tame: %d operations acknowledged, %d refused, %d without an outcome, %d terms",
			acknowledged, refused, unknown, elections)
	}
	for kind, least := range map[raft.EventKind]int{raft.SnapshotTaken: 500, raft.SnapshotInstalled: 20,
		raft.ConfigurationChanged: 500,
		raft.LearnerCaughtUp:      20, raft.LeaderLeaves: 5, raft.TimeoutNowSent: 20} {
		t.Logf("event %d: %d times", kind, events[kind])
		if events[kind] < least {
			t.Errorf("the test is too tame: event %d has happened %d times, want %d", kind, events[kind], least)
		}
	}
}

// newRoom gives the seeds their traits: one half compacts often, a third changes its configuration, and each third
// reads in its own way.
func newRoom(t testing.TB, seed uint64) *cluster {
	with := traits{reads: server.ReadMode(seed / 6 % 3)}
	if seed/2%2 == 0 {
		with.compactAfter = 5 + int(seed)%20
	}
	size := 3 + 2*int(seed%2)
	if seed%3 == 1 {
		size, with.waiting = 3, 2
	}
	return newClusterWith(t, seed, size, with)
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
		return operation{c.ask(to, wire.Request{Method: wire.Delete, Key: key}), c.now,
			kv.Command{Op: kv.Delete, Key: key}}
	}
	value := fmt.Sprint("value ", c.calls) // no two are the same
	return operation{c.ask(to, put(key, value)), c.now, kv.Command{Op: kv.Set, Key: key, Value: value}}
}

// committed returns the log of a healed cluster, from what its leaders wrote. Servers have the end of it,
// behind their snapshots.
func (c *cluster) committed(seed uint64) (log []raft.Entry) {
	st := c.status(c.seats[0])
	for at := (place{st.LastIndex, st.LastTerm}); at.index > 0; {
		e, known := c.witness[at]
		if !known {
			c.t.Fatalf("seed %d: nobody wrote %+v", seed, at)
		}
		log = append(log, e.Entry)
		at = place{at.index - 1, e.before}
	}
	slices.Reverse(log)
	for _, s := range c.seats {
		for i := c.status(s).SnapshotIndex + 1; i <= st.LastIndex; i++ {
			e := log[i-1]
			if other, _ := s.server.Node().Entry(i); other.Term != e.Term || other.Kind != e.Kind ||
				string(other.Data) != string(e.Data) {
				c.t.Fatalf("seed %d: entry %d is %+v at server %d, its leader wrote %+v", seed, i, other, s.id, e)
			}
		}
	}
	return log
}

// checkOperations compares what the clients were told with the log of a healed cluster.
func (c *cluster) checkOperations(seed uint64, operations []operation) (done, refused int) {
	log := c.committed(seed)
	store, committed := kv.New(), map[string]bool{}
	results, values := make([]kv.Result, len(log)+1), make([]map[string]kv.Result, len(log)+1)
	for i, e := range log {
		if e.Kind == raft.Command {
			results[i+1] = store.Apply(e.Data)
			committed[string(e.Data)] = true
		}
		values[i+1] = map[string]kv.Result{}
		for _, key := range []string{"a", "b", "c"} {
			value, found := store.Lookup(key)
			values[i+1][key] = kv.Result{Value: value, Found: found}
		}
	}
	if got, want := c.seats[0].server.Store().Hash(), store.Hash(); got != want {
		c.t.Fatalf("seed %d: the servers have state %x, their log leads to %x", seed, got, want)
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
		index := a.answer.Index
		e, result := log[index-1], results[index]
		logged := op.command.Op != kv.Get || c.reads == server.ReadThroughLog
		if !logged {
			data, result = string(e.Data), values[index][op.command.Key]
		}
		if string(e.Data) != data || e.Term != a.answer.Term || result.Found != a.answer.Found &&
			op.command.Op != kv.Set || result.Value != a.answer.Value {
			c.t.Fatalf("seed %d: %q was answered %+v, but the entry is %+v with result %+v", seed,
				kv.Encode(nil, op.command), a.answer, e, result)
		}
		for _, before := range ends {
			if before.at < op.started && (before.index > index || before.index == index && logged) {
				c.t.Fatalf(
					"seed %d: an operation answered at tick %d is at index %d, one asked for at tick %d is at %d",
					seed, before.at, before.index, op.started, index)
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

// 64 KiB of control characters are six times as long in JSON; many of them in a log must still reach a follower that
// missed them, in frames that it takes.
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
	vote := wire.Frame{From: 1, To: 2, RPC: &raft.RequestVote{Call: 17, Term: 3, CandidateID: 1, LastLogIndex: 4,
		LastLogTerm: 2}}
	seeds := [][]byte{
		wire.Append(nil, &vote, wire.Protobuf),
		[]byte(`1>2:AppendEntries:Request:1:1:0:0:0:call=3:entries=1,set x=2`),
		[]byte(`{"jsonrpc":"2.0","id":"1>2:17","from":1,"to":2,"method":"RequestVote","params":{"term":3,` +
			`"candidateId":1,"lastLogIndex":4,"lastLogTerm":2}}`),
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
		kind := wire.Kind(c.random.IntN(2))
		if decoder.Decode(kind, data, &frame) == nil {
			continue // by chance still a frame
		}
		n++
		s := c.seats[c.random.IntN(3)]
		sent[s]++
		s.server.Frame(kind, data)
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
