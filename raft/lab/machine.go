package lab

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab/goal"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
)

// MaxInbox is how many frames wait for a paused server; what comes on top is lost, as in a socket's buffer.
const MaxInbox = 4096

// machine is one server with its disk and its clock. It outlives the server.
type machine struct {
	id     raft.ServerID
	life   uint64 // how often it has been started
	conn   uint64 // its connection to the hub in this life
	lease  string
	disk   *disk
	server *server.Server // nil: down
	clock  drift
	ticked int64 // ticks that the server was told of
	idle   int   // how many more may pass before anything happens in it
	wake   int64 // when it may next act of its own accord; of a server that is down: when it restarts

	rest   *server.Server // of one that is down: a server that would start with its disk; nil: none would,
	looked bool           // or none was tried yet
	paused bool
	// of a paused server: millionths of a tick that its clock showed beyond what it was told
	behind int64
	inbox  []frame // of a paused server

	outgoing outgoing          // lags at the server's host
	chunks   [MaxServers]chunk // last sent to servers 1, 2, …

	failure error // why the disk stopped the server, or kept it from starting; nil: it did not
	repair  int64 // after how long the server starts again once its disk has stopped it; 0: it does not
	// its disk is gone, and it must not return: it could break forgotten promises (story 24 of
	// raft/scenario)
	lost bool

	config raft.Configuration // in force at the server when it was last looked at
}

// whole reports whether the server, running or not, has all that it ever promised, and can promise more.
func (m *machine) whole() bool { return !m.lost && !m.disk.flipped && !m.disk.hung }

// drift is a clock that runs at a rate of its own.
type drift struct {
	rate  int64 // in millionths
	since int64 // cluster time since which it has run at this rate
	ticks int64 // what it showed then, in millionths of a tick, so that a change of rate loses nothing
}

const tick = millisecond // a server's tick by its own clock

// show returns how many whole ticks the clock shows.
func (d *drift) show(now int64) int64 { return d.exact(now) / 1e6 }

func (d *drift) exact(now int64) int64 {
	high, low := bits.Mul64(uint64(now-d.since), uint64(d.rate))
	passed, _ := bits.Div64(high, low, uint64(tick))
	return d.ticks + int64(passed)
}

// when returns the first time at which the clock shows that many ticks.
func (d *drift) when(ticks int64) int64 {
	missing := ticks*1e6 - d.ticks
	if missing <= 0 {
		return d.since
	}
	high, low := bits.Mul64(uint64(missing), uint64(tick))
	low, carry := bits.Add64(low, uint64(d.rate-1), 0)
	wait, _ := bits.Div64(high+carry, low, uint64(d.rate))
	return d.since + int64(wait)
}

func (d *drift) setRate(now int64, rate float64) {
	d.ticks, d.since = d.exact(now), now
	d.rate = int64(rate * 1e6)
}

// start starts a server that is down with what its disk holds.
func (w *World) start(m *machine) {
	m.life++
	m.conn = m.life<<8 | uint64(m.id)
	m.disk.source = w.stream(streamDisk, uint64(m.id), m.life)
	seed := w.stream(streamServer, uint64(m.id), m.life).Uint64()
	m.outgoing = outgoing{source: w.stream(streamHost, uint64(m.id), m.life)}
	m.disk.revive()
	m.rest, m.looked = nil, false
	started, err := server.New(w.options(m, seed), m.disk)
	if m.failure = err; err != nil {
		m.wake = never
		if !m.disk.excuses(err) {
			w.broken(m.id, "a server must start with whatever a crash leaves on its disk: "+err.Error())
		}
		return
	}
	if m.disk.flipped {
		w.broken(m.id, "a server must not start with a bit of its disk flipped")
	}
	m.server, m.paused, m.inbox = started, false, nil
	w.changed(m)
	// The clock's phase is by chance: no two servers tick at the same moment.
	m.clock.ticks, m.clock.since = int64(seed%1e6), w.now
	m.ticked = 0
	m.lease = w.join(m.conn, m.id, m.lease).Lease
	w.settle(m)
}

// options are those of a machine's server.
func (w *World) options(m *machine, seed uint64) server.Options {
	c := &w.run.Config
	options := server.Options{ID: m.id, Seed: seed, Off: w.off, Unruly: w.unruly, UnchainedDisk: true,
		CompactAfter: c.CompactAfter, Reads: readModes[c.Reads],
		ElectionTicksMin: int(c.ElectionMin / tick), ElectionTicksMax: int(c.ElectionMax / tick)}
	if voters := c.voters(); m.id <= voters {
		options.Voters = w.servers[:voters]
	}
	if first := c.FirstElapsed; len(first) > 0 {
		options.FirstElapsed = first[m.id-1]
	}
	options.Encoding = c.encoding(m.id)
	h := c.harsh()
	options.MaxChunk = h.MaxChunk
	if h.OwnOrder {
		options.SnapshotOrder = uint64(m.id)
	}
	if w.cramped(m) {
		options.MaxSnapshot = h.Room
	}
	return options
}

// encoding returns the encoding of a server's calls.
func (c *Config) encoding(id raft.ServerID) wire.Encoding {
	switch n := raft.ServerID(len(c.Encodings)); {
	case n > 0:
		e, _ := wire.EncodingOf(c.Encodings[(id-1)%n]) // checked
		return e
	case c.JSON && id%2 == 0:
		return wire.JSON
	}
	return wire.Colon
}

// cramped reports whether a machine has too little room for a snapshot.
func (w *World) cramped(m *machine) bool {
	return w.run.Config.harsh().Room > 0 && int(m.id) == len(w.servers)
}

// stop ends a server's life, for so long or, if down is 0, until it is started; the caller deals with its
// disk.
func (w *World) stop(m *machine, down int64) {
	w.hub.Disconnect(m.conn)
	w.checker.Stopped(m.id)
	m.server, m.paused, m.inbox, m.wake = nil, false, nil, never
	m.outgoing.frames = nil
	if down > 0 {
		m.wake = w.now + down
	}
	w.changed(m)
}

// changed reports that a machine has stopped, is paused, or runs again.
func (w *World) changed(m *machine) { w.happens(m, &raft.Event{Kind: goal.MachineChanged}) }

// live tells the server what time it is by its own clock.
func (w *World) live(m *machine) {
	shown := m.clock.show(w.now)
	if n := int(shown - m.ticked); n > 0 {
		m.ticked = shown
		idle := min(n, m.idle)
		m.server.Pass(idle)
		m.server.Tick(n - idle)
		m.idle -= idle
	}
}

// receive gives a server a frame that has arrived.
func (w *World) receive(m *machine, f frame) {
	w.happens(m, &raft.Event{Kind: goal.MessageArrived})
	switch {
	case m.paused && len(m.inbox) < MaxInbox:
		m.inbox = append(m.inbox, f)
	case !m.paused:
		w.live(m)
		w.hand(m, f)
	}
}

// resume lets a paused server go on: it sees first how late it is.
func (w *World) resume(m *machine) {
	m.paused = false
	w.changed(m)
	inbox := m.inbox
	m.inbox = nil
	w.live(m)
	w.settle(m)
	for _, f := range inbox {
		if m.server == nil {
			return // its disk has stopped it
		}
		w.hand(m, f)
	}
}

// settle sends what the server has to say after an input, and looks at it.
func (w *World) settle(m *machine) {
	for m.server.Output(&w.output) {
		w.record.add(w.now, m.id, w.output.Events)
		if w.witness != nil {
			w.witness.Acts(m.id, w.output.Events, w.output.Frames)
		}
		for i := range w.output.Events {
			e := &w.output.Events[i]
			if e.Kind == raft.BecameLeader {
				w.checker.Led(w.now, m.id, e.Term)
			}
			if e.Kind == raft.SnapshotSent {
				w.watchChunk(m, e)
			}
			w.happens(m, e)
		}
		w.Faults.BadFrames += len(w.output.Bad)
		w.news.notUnderstood(w.now, m.id, w.output.Bad)
		for _, f := range w.output.Frames {
			w.depart(m, f.To, frame{f.Kind, f.Data})
		}
	}
	if err := m.server.Failed(); err != nil {
		if m.disk.excuses(err) {
			m.failure = err
			w.stop(m, m.repair)
			m.disk.crash()
			return
		}
		w.broken(m.id, "a server must not fail on a disk that works: "+err.Error())
	}
	if w.witness != nil {
		w.witness.Settles(m.id)
	}
	w.checker.Observe(w.now, w.look(m))
	m.idle = m.server.Idle()
	m.wake = m.clock.when(m.ticked + int64(m.idle) + 1)
}

// clone copies the machine into another world.
func (m *machine) clone(now *int64) *machine {
	c := *m
	c.disk = m.disk.clone(now)
	c.inbox, c.outgoing = slices.Clone(m.inbox), m.outgoing.clone()
	if m.server != nil {
		c.server = m.server.Clone(c.disk)
	}
	return &c
}

// appendState appends all that decides how the machine goes on.
func (m *machine) appendState(b []byte) []byte {
	u := func(values ...uint64) {
		for _, v := range values {
			b = binary.AppendUvarint(b, v)
		}
	}
	bytes := func(data []byte) {
		u(uint64(len(data)))
		b = append(b, data...)
	}
	u(m.life, m.conn, uint64(m.clock.rate), uint64(m.clock.since), uint64(m.clock.ticks), uint64(m.ticked),
		uint64(m.disk.longest), uint64(len(m.inbox)))
	for _, f := range m.inbox {
		bytes(f.data)
	}
	u(uint64(m.repair), truth(m.lost), truth(m.disk.flipped), truth(m.disk.full), truth(m.disk.fails),
		truth(m.disk.erred))
	bytes(m.disk.durable)
	for _, op := range m.disk.waiting {
		u(uint64(op.due))
		bytes(op.data)
	}
	if m.server == nil {
		return append(b, 0)
	}
	u(1, m.server.Store().Hash())
	return m.server.Node().AppendState(b)
}

func truth(v bool) uint64 {
	if v {
		return 1
	}
	return 0
}

// The random streams. Their numbers are part of what a Run means: a new one is added at the end.
const (
	streamNetwork = iota + 1
	streamServer
	streamDisk
	streamClient
	streamChaos
	streamStray
	streamHost
	streamHarsh
)

// stream returns the random stream for one cause of chance.
func (w *World) stream(cause, number, life uint64) *rand.PCG {
	return stream(w.run.Seed, cause, number, life)
}

func stream(seed, cause, number, life uint64) *rand.PCG {
	return rand.NewPCG(seed, cause<<56|number<<40|life)
}
