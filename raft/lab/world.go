package lab

import (
	"errors"
	"hash/fnv"
	"math"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/lab/goal"
	"raftplayground/raft/server"
	"raftplayground/relay/hub"
)

const never = math.MaxInt64

// World is a run in progress. It is not safe for concurrent use.
type World struct {
	Faults Faults

	run      Run
	now      int64
	next     int             // of run.Actions
	unruly   bool            // a rule has been off since the start
	off      raft.RuleSet    // that no server keeps
	servers  []raft.ServerID // 1, 2, …
	machines []*machine      // theirs
	clients  []*client       // the first is the one through which actions ask
	hub      *hub.Hub
	strays   strays
	traps    []Trap      // set, and not sprung, in the order of their setting
	trapped  int         // how many were ever set
	sprung   []Action    // to be done at once
	watch    *goal.Watch // of Reach, otherwise nil
	outcome  string      // of the last action of the run: why it was not done, empty if it was
	checker  *check.Checker
	news     news
	witness  Witness
	record   record
	history  check.History
	failures []check.Violation // of what the checker cannot see
	stale    *check.Violation  // the first read that was too old; nil: none was
	served   int64             // when a client was last told that something is done
	unserved bool              // an unanswered request that had to be answered was reported
	resting  bool              // clients other than that of actions ask nothing any more

	arrived hub.Output
	output  server.Output
	status  raft.Status
	view    check.View
	frames  []byte // room for frames on their way
	flights []hub.Flight
}

// Faults counts what happened to the servers and the network.
type Faults struct {
	Deeds     map[Deed]int // actions that did something
	Frames    uint64       // sent
	Strays    uint64       // frames that went astray and came back
	BadFrames int          // that a server could not understand: 0 while everybody keeps the rules
}

// New makes the world of a run, at time 0: all servers have started.
func New(run Run) (*World, error) {
	if err := run.Check(); err != nil {
		return nil, err
	}
	run.Actions = slices.Clone(run.Actions)
	off, err := rulesOff(run.Config.Off)
	if err != nil {
		return nil, err
	}
	w := &World{off: off, unruly: off&^raft.Extensions != 0, run: run, checker: check.New(run.Config.Servers),
		Faults: Faults{Deeds: map[Deed]int{}}}
	room, err := hub.New(hub.Options{
		Code: "lab", Size: run.Config.Servers, Rate: 1, Seed: w.stream(streamNetwork, 0, 0).Uint64(),
		Random: func(lease []byte) { clear(lease) },
		Limits: hub.Limits{Members: MaxServers + MaxClients + 1, Rate: 1e6, Burst: 1e6},
	}, nil)
	if err != nil {
		return nil, err
	}
	w.hub = room
	w.strays.source = w.stream(streamStray, 0, 0)
	w.hub.Advance(0)
	for i := range run.Config.Servers {
		w.servers = append(w.servers, raft.ServerID(i+1))
	}
	for _, id := range w.servers {
		m := &machine{id: id, disk: &disk{longest: run.Config.Disk, lag: run.Config.harsh().SavedLag,
			now: &w.now}, clock: drift{rate: 1e6}}
		w.machines = append(w.machines, m)
	}
	for i := range run.Config.Clients + 1 {
		w.addClient(i)
	}
	w.calmNetwork()
	for _, m := range w.machines {
		w.start(m)
	}
	w.deliver()
	return w, nil
}

// Now returns the time, µs of cluster time.
func (w *World) Now() int64 { return w.now }

// Run returns the run as it is so far, with the actions of Do. The slice of actions is the world's own, to
// be read only; appending to it does not change the world.
func (w *World) Run() Run {
	run := w.run
	run.Actions = slices.Clip(run.Actions)
	return run
}

// Server returns a server to look at, nil if it is down. It must be given no input.
func (w *World) Server(id raft.ServerID) *server.Server { return w.machines[id-1].server }

// History returns what the clients asked and were told so far, in the order of the requests. Operations
// under way are Unknown. Beyond MaxHistory nothing is recorded.
func (w *World) History() []check.Operation { return w.history.Operations() }

// Violations returns what was broken so far, in the order in which it was seen: the first violation of each
// property. For Linearizability that is the first read that was too old (check.History.Stale); package
// linear checks the whole history.
func (w *World) Violations() []check.Violation {
	all := append(slices.Clone(w.checker.Violations()), w.failures...)
	if w.stale != nil {
		all = append(all, *w.stale)
		for i := len(all) - 1; i > 0 && all[i].At < all[i-1].At; i-- {
			all[i], all[i-1] = all[i-1], all[i]
		}
	}
	return all
}

// Step goes on to the next moment at which anything happens and returns true, or false if nothing ever will.
func (w *World) Step() bool {
	at, ever := w.Next()
	if !ever {
		return false
	}
	for next := w.hub.Wake(); next < at; next = w.hub.Wake() {
		w.moment(max(next, w.now))
	}
	w.moment(at)
	return true
}

// RunTo goes on to a time, through all that happens at it. A time that has passed changes nothing.
func (w *World) RunTo(at int64) {
	for next := w.wake(); next <= at; next = w.wake() {
		w.moment(next)
	}
	w.now = max(w.now, at)
	w.hub.Advance(w.now)
}

// Do does something now, or returns in a sentence why it would change nothing; then the world stays as it
// is. What is done becomes part of the Run, which loses its later actions. The error says what is wrong with
// the action in any world.
func (w *World) Do(a Action) (why string, err error) {
	a.At = w.now
	if err := a.Check(w.run.Config.Servers); err != nil {
		return "", errors.New("lab: " + err.Error())
	}
	if w.next == MaxActions {
		return "", expected("at most that many actions", MaxActions, "one more")
	}
	if why := w.Can(&a); why != "" {
		return why, nil
	}
	if w.next < len(w.run.Actions) {
		w.run.Actions = w.run.Actions[:w.next:w.next] // a clone may still have to do the others
	}
	w.run.Actions = append(w.run.Actions, a)
	w.moment(w.now)
	return w.outcome, nil
}

// Clone returns an independent copy of the world, which goes on as the original would.
func (w *World) Clone() *World {
	c := *w
	c.run = w.Run()
	c.Faults.Deeds = make(map[Deed]int, len(w.Faults.Deeds))
	for deed, n := range w.Faults.Deeds {
		c.Faults.Deeds[deed] = n
	}
	c.hub, c.checker, c.record = w.hub.Clone(), w.checker.Clone(), w.record.clone()
	c.strays = w.strays.clone()
	c.machines, c.clients = nil, nil
	for _, m := range w.machines {
		c.machines = append(c.machines, m.clone(&c.now))
	}
	for _, client := range w.clients {
		c.clients = append(c.clients, client.clone())
	}
	c.news, c.witness = news{}, nil
	c.traps, c.sprung, c.watch = slices.Clone(w.traps), nil, nil
	for i := range c.traps {
		c.traps[i].watch = c.traps[i].watch.Clone()
	}
	c.history, c.failures = w.history.Clone(), slices.Clone(w.failures)
	c.arrived, c.output, c.status, c.view, c.frames = hub.Output{}, server.Output{}, raft.Status{}, check.View{}, nil
	c.flights = nil
	return &c
}

// Hash returns a hash of all that decides how the world goes on, equal for two Worlds of one Run at the same time.
func (w *World) Hash() uint64 {
	state := w.hub.AppendState(nil)
	for _, m := range w.machines {
		state = m.appendState(state)
	}
	for _, c := range w.clients {
		state = c.appendState(state)
	}
	state = w.appendHarsh(state)
	h := fnv.New64a()
	h.Write(state)
	return h.Sum64()
}

// wake returns when the world looks again: when something happens, or the hub tells its members who is
// there, which it does every other second in any case.
func (w *World) wake() int64 { return max(min(w.due(), w.hub.Wake()), w.now) }

// due returns when something happens next.
func (w *World) due() int64 {
	at := w.hub.Due()
	if w.next < len(w.run.Actions) {
		at = min(at, w.run.Actions[w.next].At)
	}
	at = min(at, w.strays.due())
	for i := range w.traps {
		at = w.traps[i].watch.Goal.Due(w.now, at)
	}
	for _, m := range w.machines {
		if !m.paused {
			at = min(at, m.wake, m.outgoing.due())
		}
		at = min(at, m.disk.due())
	}
	for _, c := range w.clients {
		at = min(at, c.wake())
	}
	return max(at, w.now)
}

// moment does all that happens at one time.
func (w *World) moment(at int64) {
	w.now = at
	w.hub.Advance(at)
	w.deliver()
	for w.next < len(w.run.Actions) && w.run.Actions[w.next].At <= at {
		w.next++
		w.outcome = w.act(&w.run.Actions[w.next-1])
		w.deliver()
		w.harm()
	}
	w.returnStrays()
	for _, m := range w.machines {
		if !m.paused {
			w.sendOutgoing(m)
		}
		switch {
		case m.paused || m.wake > at:
		case m.server == nil:
			w.start(m)
		default:
			w.live(m)
			w.settle(m)
		}
		if m.disk.due() <= at {
			w.completeDisk(m)
		}
	}
	w.deliver()
	for _, c := range w.clients {
		if c.wake() <= at {
			w.goOn(c)
		}
	}
	w.deliver()
	w.harm()
}

// completeDisk tells the server of a write that is durable. A paused server hears of it when it goes on, but its disk
// does not wait for it.
func (w *World) completeDisk(m *machine) {
	m.disk.complete()
	if m.server != nil && !m.paused {
		w.live(m)
		w.settle(m)
	}
}

// look fills the view of a running server.
func (w *World) look(m *machine) *check.View {
	node, s := m.server.Node(), &w.status
	node.Status(s)
	m.config = s.Config
	w.view = check.View{
		Server: m.id, Role: s.Role, Term: s.CurrentTerm, Base: s.SnapshotIndex, Last: s.LastIndex,
		Commit: s.CommitIndex, Applied: s.LastApplied,
		StateHash: m.server.Store().Hash(), Log: node,
	}
	return &w.view
}

// broken notes that a server, 0 meaning a client, met the impossible and cannot go on; once for each.
func (w *World) broken(server raft.ServerID, detail string) {
	for i := range w.failures {
		if slices.Contains(w.failures[i].Servers, server) {
			return
		}
	}
	w.notServing(detail, server)
}

// leader returns the machine that leads in the highest term, nil if none does.
func (w *World) leader() *machine {
	var leader *machine
	var term raft.Term
	for _, m := range w.machines {
		if m.server == nil || m.paused {
			continue
		}
		if m.server.Node().Status(&w.status); w.status.Role == raft.Leader && w.status.CurrentTerm >= term {
			leader, term = m, w.status.CurrentTerm
		}
	}
	return leader
}

// join opens a connection and makes it a member of the room. server 0 is a client.
func (w *World) join(conn uint64, server raft.ServerID, lease string) (seating hub.Seating) {
	w.hub.Connect(conn)
	err := w.ask(func() (err error) {
		seating, err = w.hub.Join(conn, &hub.Wish{Server: uint64(server), Lease: lease, Binary: true})
		return err
	})
	if err != nil {
		panic("lab: the hub refused a member: " + err.Error())
	}
	return seating
}
