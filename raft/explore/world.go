package explore

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/check"
)

// Config says which cluster is explored, and how far.
type Config struct {
	Servers int          // 1 to 5
	Off     raft.RuleSet // rules that no server keeps; CheckQuorum always, and LeaderLoyalty where no time passes

	Term     raft.Term  // the highest there may be, ≥ 1
	Entries  raft.Index // the longest log there may be, ≥ 1
	InFlight int        // most messages under way, or waiting for a write, at one time, 1 to 64

	// How often each may happen in a run, 0 to 9.
	Heartbeats, Proposals, Losses, Duplicates, Stalls, Crashes int

	// Likewise. Their outcome depends on more than a situation records: with any of them, worlds are told
	// apart by all that their servers know.
	Compactions, Reads int

	// Ticks is how far each server's clock goes, 0 to 9: see the package comment. Where time passes, a
	// leader sends heartbeats by its clock, and Heartbeats must be 0. LeaseReads may happen as often as the
	// others, and worlds are told apart as with Reads.
	Ticks, LeaseReads int

	// After is what happens first, as in Replay: exploration begins after it, and so gets deeper. It counts
	// towards the bounds.
	After []Action

	// For walks only: a situation does not record all that these depend on, so Search refuses them.
	Waiting int                  // the last so many of the Servers wait to be added to the cluster
	Changes []raft.Configuration // what the cluster may be changed to, at most 9; a run has at most as many changes
}

const (
	mostServers  = 5 // there are 120 ways to rename them
	mostInFlight = 64
)

func (c *Config) valid() error {
	switch {
	case c.Servers < 1 || c.Servers > mostServers:
		return errors.New("explore: 1 to 5 servers can be explored, not " + strconv.Itoa(c.Servers))
	case c.Term < 1 || c.Entries < 1 || c.InFlight < 1 || c.InFlight > mostInFlight:
		return errors.New("explore: Term, Entries and InFlight are 1 or more, and InFlight at most 64, have " +
			decimal(c.Term) + ", " + decimal(c.Entries) + ", " + strconv.Itoa(c.InFlight))
	}
	for _, often := range []int{c.Heartbeats, c.Proposals, c.Losses, c.Duplicates, c.Stalls, c.Crashes,
		c.Compactions, c.Reads, c.Ticks, c.LeaseReads, len(c.Changes)} {
		if often < 0 || often > 9 {
			return errors.New(
				"explore: Heartbeats, Proposals, Losses, Duplicates, Stalls, Crashes, Compactions, Reads, " +
					"Ticks, LeaseReads and the number of Changes are 0 to 9, have " + strconv.Itoa(often))
		}
	}
	if c.Ticks > 0 && c.Heartbeats > 0 {
		return errors.New(
			"explore: Heartbeats are for servers without clocks: where there are Ticks they come by those")
	}
	if c.Waiting < 0 || c.Waiting >= c.Servers {
		return errors.New("explore: Waiting is 0 or more, and leaves a server that does not wait, have " +
			strconv.Itoa(c.Waiting))
	}
	return nil
}

// onlyWalked reports whether the Config allows anything that a situation does not tell apart.
func (c *Config) onlyWalked() bool {
	return c.Waiting > 0 || len(c.Changes) > 0
}

// exact reports whether worlds must be told apart by all that their servers know.
func (c *Config) exact() bool {
	return c.Compactions > 0 || c.Reads > 0 || c.Ticks > 0 || c.LeaseReads > 0
}

// world is a cluster at one moment. A world does not change; step makes the next one, which shares with it
// whatever stays the same.
type world struct {
	config  *Config
	servers []*server // 1, 2, …
	flight  []message // in the order in which they were sent
	spent   [Tick + 1]int
	past    past
	checker *check.Checker
	stale   *check.Violation // of a read, which the checker does not see
	moment  int64            // actions so far
	far     bool             // beyond the bounds
}

// server is one server with its disk and its clients.
type server struct {
	id      raft.ServerID
	node    *raft.Node   // nil: it is down
	disk    raft.Durable // what is durable
	calls   uint64       // made since it was started
	stalled bool
	saves   []raft.Save // that wait to be written, oldest first
	saved   uint64      // number of the last one that is durable
	waiting []message   // for a Save to be durable
	state   uint64      // hash of what the state machine has applied
	applied raft.Index  // the last entry that it has applied
	clients []place     // where commands that were proposed here, and not answered yet, should stand
	reads   []read      // not answered yet
}

// read is a read that a client waits for.
type read struct {
	tag   uint64
	acked raft.Index // the last entry that some client had been told of when it began
	index raft.Index // it may be answered once this is applied; 0: not confirmed yet
}

type place struct {
	index raft.Index
	term  raft.Term
}

type message struct {
	from, to raft.ServerID
	after    uint64   // the Save that it waits for
	rpc      raft.RPC // never written to again
}

// past is what has happened and may leave no trace in the state.
type past struct {
	leaders   []leader // in the order of their election
	committed []commitment
	acked     raft.Index // the highest that a client was told of
}

type leader struct {
	term raft.Term
	id   raft.ServerID
}

type commitment struct {
	entry  raft.Entry
	during raft.Term // the term in which it was committed
}

// newWorld starts new servers.
func newWorld(c *Config) (*world, error) {
	if err := c.valid(); err != nil {
		return nil, err
	}
	w := &world{config: c, checker: check.New(c.Servers)}
	for id := raft.ServerID(1); id <= raft.ServerID(c.Servers); id++ {
		s := &server{id: id}
		w.servers = append(w.servers, s)
		w.start(s)
	}
	for _, a := range c.After {
		m, ok := w.move(a)
		if !ok {
			return nil, errors.New("explore: After: it cannot happen that " + a.String())
		}
		w = w.step(m)
	}
	return w, nil
}

// start runs a server from its disk. A leader's heartbeat is due with each tick; where no time passes, only
// leaders get ticks.
func (w *world) start(s *server) {
	o := raft.Options{ID: s.id, HeartbeatTicks: 1, ElectionTicksMin: 2, ElectionTicksMax: 2,
		Off: w.config.Off | raft.RulesOf(raft.CheckQuorum)}
	if w.config.Ticks == 0 {
		o.Off |= raft.RulesOf(raft.LeaderLoyalty)
	}
	if w.config.exact() {
		// drawn timeouts must not tell worlds apart: as an action, a time-out may come early anyway
		o.Off |= raft.RulesOf(raft.RandomTimeouts)
	}
	for id := 1; id <= w.config.Servers-w.config.Waiting && int(s.id) <= w.config.Servers-w.config.Waiting; id++ {
		o.Voters = append(o.Voters, raft.ServerID(id))
	}
	d := s.disk
	if d.Snapshot != nil {
		s.restore(d.Snapshot)
	}
	d.Log = slices.Clone(d.Log)
	node, err := raft.New(o, d)
	if err != nil {
		panic("explore: " + err.Error()) // the disk holds only what the core wrote
	}
	s.node = node
	w.settle(s)
}

// move is an action in a compact form, kept for each situation.
type move struct {
	do     Deed
	server uint8 // who; of a message: unused
	slot   uint8 // which message in flight, or which of Config.Changes
}

// moves appends all possible moves to list, always in the same order.
func (w *world) moves(list []move) []move {
	c := w.config
	for i := range w.flight {
		slot := uint8(i)
		if w.server(w.flight[i].to).node != nil {
			list = append(list, move{do: Receive, slot: slot})
		}
		if w.spent[Lose] < c.Losses {
			list = append(list, move{do: Lose, slot: slot})
		}
		if w.spent[Duplicate] < c.Duplicates && len(w.flight) < c.InFlight {
			list = append(list, move{do: Duplicate, slot: slot})
		}
	}
	for _, s := range w.servers {
		id := uint8(s.id)
		if s.node == nil {
			list = append(list, move{do: Restart, server: id})
			continue
		}
		if s.node.Role() != raft.Leader {
			list = append(list, move{do: TimeOut, server: id})
		} else {
			list = w.leaderMoves(list, id)
		}
		if w.spent[Compact] < c.Compactions && s.applied > s.disk.Base() {
			list = append(list, move{do: Compact, server: id})
		}
		if !s.stalled && w.spent[Stall] < c.Stalls {
			list = append(list, move{do: Stall, server: id})
		}
		if len(s.saves) > 0 {
			list = append(list, move{do: Write, server: id})
		}
		if w.spent[CrashLose] < c.Crashes {
			list = append(list, move{do: CrashLose, server: id})
			if len(s.saves) > 0 {
				list = append(list, move{do: CrashKeep, server: id})
			}
		}
	}
	if w.spent[Tick] < c.Ticks*c.Servers {
		list = append(list, move{do: Tick, server: uint8(w.spent[Tick]%c.Servers + 1)})
	}
	return list
}

// leaderMoves appends what a leader can be asked for.
func (w *world) leaderMoves(list []move, id uint8) []move {
	c := w.config
	if w.spent[Heartbeat] < c.Heartbeats {
		list = append(list, move{do: Heartbeat, server: id})
	}
	if w.spent[Propose] < c.Proposals {
		list = append(list, move{do: Propose, server: id})
	}
	for i := range c.Changes {
		if w.spent[Reconfigure] < len(c.Changes) {
			list = append(list, move{do: Reconfigure, server: id, slot: uint8(i)})
		}
	}
	if w.spent[Read] < c.Reads {
		list = append(list, move{do: Read, server: id})
	}
	if w.spent[LeaseRead] < c.LeaseReads {
		list = append(list, move{do: LeaseRead, server: id})
	}
	return list
}

// step returns the world after a move that moves listed.
func (w *world) step(m move) *world {
	next := *w
	next.servers, next.flight = slices.Clone(w.servers), slices.Clone(w.flight)
	next.past.leaders, next.past.committed = slices.Clip(w.past.leaders), slices.Clip(w.past.committed)
	next.checker = w.checker.Clone()
	next.moment++
	switch m.do {
	case Lose:
		next.flight = slices.Delete(next.flight, int(m.slot), int(m.slot)+1)
	case Duplicate:
		next.flight = append(next.flight, next.flight[m.slot])
	case Receive:
		f := next.flight[m.slot]
		next.flight = slices.Delete(next.flight, int(m.slot), int(m.slot)+1)
		s := next.own(f.to)
		s.node.Receive(f.from, f.rpc)
		next.settle(s)
	default:
		next.act(m, next.own(raft.ServerID(m.server)))
	}
	if m.do == CrashKeep {
		m.do = CrashLose // both kinds of crash are counted together
	}
	if m.do != Receive && m.do != TimeOut && m.do != Write && m.do != Restart {
		next.spent[m.do]++
	}
	next.measure()
	return &next
}

// act carries out a move that concerns one server.
func (w *world) act(m move, s *server) {
	switch m.do {
	case TimeOut:
		s.node.Campaign()
	case Heartbeat:
		s.node.Tick()
	case Tick:
		if s.node == nil {
			return // time passes for a server that is down, too
		}
		s.node.Tick()
	case Propose:
		index, term, err := s.node.Propose([]byte(strconv.Itoa(w.spent[Propose] + 1)))
		if err == nil {
			s.clients = append(s.clients, place{index, term})
		}
	case Reconfigure:
		w.far = w.far || s.node.Reconfigure(w.config.Changes[m.slot]) != nil // a refused change is not explored
	case Compact:
		w.far = w.far || s.node.Compact(s.applied, binary.BigEndian.AppendUint64(nil, s.state)) != nil
	case Read:
		w.read(s, raft.ReadIndex)
	case LeaseRead:
		w.read(s, raft.LeaseRead)
	case Stall:
		s.stalled = true
		return
	case Write:
		s.write()
		s.stalled = len(s.saves) > 0
	case CrashKeep, CrashLose:
		for m.do == CrashKeep && len(s.saves) > 0 {
			s.persist()
		}
		*s = server{id: s.id, disk: s.disk}
		w.checker.Stopped(s.id)
		return
	case Restart:
		w.start(s)
		return
	}
	w.settle(s)
}

// read lets a client read at a leader.
func (w *world) read(s *server, kind raft.ReadKind) {
	r := read{tag: uint64(w.spent[Read]+w.spent[LeaseRead]) + 1, acked: w.past.acked}
	s.reads = append(s.reads, r)
	_ = s.node.Read(r.tag, kind) // it leads
}

// server returns a server to look at.
func (w *world) server(id raft.ServerID) *server { return w.servers[id-1] }

// own returns a server that belongs to this world alone and may be changed.
func (w *world) own(id raft.ServerID) *server {
	s := *w.server(id)
	if s.node != nil {
		s.node = s.node.Clone()
	}
	s.saves, s.waiting, s.clients = slices.Clone(s.saves), slices.Clone(s.waiting), slices.Clone(s.clients)
	s.reads = slices.Clone(s.reads)
	w.servers[id-1] = &s
	return &s
}

// settle does what the node wants done until it wants no more, then observes it.
func (w *world) settle(s *server) {
	var out raft.Output
	var acked []place
	for s.node.Output(&out) {
		for i := range out.Events {
			if e := &out.Events[i]; e.Kind == raft.BecameLeader {
				w.checker.Led(w.moment, s.id, e.Term)
			}
		}
		if out.Save.Seq != 0 {
			save := out.Save
			save.Entries = slices.Clone(save.Entries)
			s.saves = append(s.saves, save)
		}
		for _, e := range out.Send {
			m := message{from: s.id, to: e.To, after: e.After, rpc: raft.CopyRPC(e.RPC)}
			if m.isCall() {
				s.calls++
			}
			s.waiting = append(s.waiting, m)
		}
		s.confirm(out.Reads)
		if out.Restore != nil {
			s.restore(out.Restore)
			s.node.Applied(s.applied)
		}
		acked = s.apply(&out.Apply, acked)
		w.answerReads(s)
		for !s.stalled && len(s.saves) > 0 {
			s.write()
		}
		w.release(s)
	}
	w.observe(s)
	for _, p := range acked {
		w.checker.Acknowledged(w.moment, s.id, p.index, p.term)
		w.past.acked = max(w.past.acked, p.index)
	}
}

// write makes the oldest save durable and says so.
func (s *server) write() {
	s.persist()
	s.node.Saved(s.saved)
}

// persist makes the oldest save durable.
func (s *server) persist() {
	save := s.saves[0]
	s.saves = s.saves[1:]
	s.saved = save.Seq
	s.disk.Save(save)
}

// restore sets the state machine to the state in a snapshot.
func (s *server) restore(snapshot *raft.Snapshot) {
	s.state, s.applied = binary.BigEndian.Uint64(snapshot.Data), snapshot.Index
}

// release sends the messages that no longer need to wait.
func (w *world) release(s *server) {
	still := s.waiting[:0]
	for _, m := range s.waiting {
		if m.after <= s.saved {
			w.flight = append(w.flight, m)
		} else {
			still = append(still, m)
		}
	}
	s.waiting = still
}

// apply applies committed entries, and appends to acked what clients are now told of.
func (s *server) apply(a *raft.Apply, acked []place) []place {
	for i := range a.Entries {
		e, index := &a.Entries[i], a.First+raft.Index(i)
		s.state = s.state*0x100000001b3 ^ uint64(e.Term)<<8 ^ uint64(e.Kind)
		for _, c := range e.Data {
			s.state = s.state*0x100000001b3 ^ uint64(c)
		}
		s.clients = slices.DeleteFunc(s.clients, func(p place) bool {
			if p.index == index && p.term == e.Term {
				acked = append(acked, p)
			}
			return p.index == index
		})
		s.node.Applied(index)
		s.applied = index
	}
	return acked
}

// confirm notes from which index on reads may be answered, and drops those that have failed.
func (s *server) confirm(outcomes []raft.Read) {
	for _, outcome := range outcomes {
		i := slices.IndexFunc(s.reads, func(r read) bool { return r.tag == outcome.Tag })
		if outcome.OK {
			s.reads[i].index = outcome.Index
		} else {
			s.reads = slices.Delete(s.reads, i, i+1)
		}
	}
}

// answerReads answers the reads whose entry is applied. A read must see whatever any client had been told
// before it began (§8).
func (w *world) answerReads(s *server) {
	s.reads = slices.DeleteFunc(s.reads, func(r read) bool {
		if r.index == 0 || s.applied < r.index {
			return false
		}
		if s.applied < r.acked && w.stale == nil {
			w.stale = &check.Violation{Property: check.Linearizability, At: w.moment, Servers: []raft.ServerID{s.id},
				Index: r.acked,
				Detail: "a read at server " + decimal(s.id) + " does not see entry " + decimal(r.acked) +
					", of which a client had been told before"}
		}
		return true
	})
}

// observe shows the checker a server, and records the history that later checks need.
func (w *world) observe(s *server) {
	var st raft.Status
	s.node.Status(&st)
	if s.applied >= st.SnapshotIndex { // else the snapshot is still on its way to the state machine
		w.checker.Observe(w.moment, &check.View{Server: s.id, Role: st.Role, Term: st.CurrentTerm,
			Base: st.SnapshotIndex, Last: st.LastIndex, Commit: st.CommitIndex,
			Applied: s.applied, StateHash: s.state, Log: s.node})
	}
	if l := (leader{st.CurrentTerm, s.id}); st.Role == raft.Leader && !slices.Contains(w.past.leaders, l) {
		w.past.leaders = append(w.past.leaders, l)
	}
	during := st.CurrentTerm
	if n := len(w.past.committed); n > 0 {
		during = max(during, w.past.committed[n-1].during)
	}
	for i := raft.Index(len(w.past.committed)) + 1; i <= st.CommitIndex; i++ {
		e, _ := s.node.Entry(i) // there, unless logs are compacted: then the past is not used
		w.past.committed = append(w.past.committed, commitment{e, during})
	}
	w.far = w.far || st.CurrentTerm > w.config.Term || st.LastIndex > w.config.Entries
}

// measure finds out whether the world is still within the bounds.
func (w *world) measure() {
	under := len(w.flight)
	for _, s := range w.servers {
		under += len(s.waiting)
	}
	w.far = w.far || under > w.config.InFlight
}

// violation returns the first violation so far, nil if there was none.
func (w *world) violation() *check.Violation {
	if v := w.checker.Violations(); len(v) > 0 {
		return &v[0]
	}
	return w.stale
}

func (m *message) isCall() bool {
	switch m.rpc.(type) {
	case *raft.RequestVote, *raft.AppendEntries, *raft.InstallSnapshot:
		return true
	}
	return false
}
