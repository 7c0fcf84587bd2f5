// Package server is one running Raft server: the consensus core (package raft), its disk (wal), its state machine
// (kv) and the frames that it exchanges with the others and with clients (wire). It is pure: a host gives it ticks
// and frames and takes its Output; it has no goroutine, clock or network, and the same inputs in the same order lead
// to the same outputs.
//
// The order of durability is kept here: a message that the core marks with a Save waits until the disk has completed
// that Save (Fig. 2: "updated on stable storage before responding to RPCs"), a client is answered when its command is
// applied (§5.3), and a server whose disk fails stops.
//
// The log is compacted into a snapshot of the state machine now and then (§7, see Options.CompactAfter); reads go
// through the log or not (§8, see ReadMode); a host changes who the servers are with Reconfigure (§6), and who leads
// with Transfer (thesis 3.10).
package server

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/kv"
	"raftplayground/raft/wal"
	"raftplayground/raft/wire"
)

// Limits of what a server keeps for others. Beyond them it refuses or drops, and says so; see each.
const (
	MaxPending = 1024 // requests of clients that wait for their outcome; further ones are refused as overloaded
	// bytes of commands proposed and not yet applied, about; further ones are refused as overloaded
	MaxUncommitted = 16 << 20
	// messages that wait for the disk; further ones are dropped, as a network may (their senders repeat them)
	MaxHeld      = 1024
	MaxGathered  = 4096     // frames, and events, gathered for one Output; further ones are dropped
	MaxBadFrames = 64       // bad frames described in one Output; further ones are only counted
	RequestTicks = 5000     // how long a request waits for its outcome
	RangeEntries = 256      // entries in one answer to an IndexRange
	RangeBytes   = 64 << 10 // bytes of commands in it, but for the first entry
)

// leaseMargin is the part of the shortest election timeout by which a lease ends early: clocks may differ by a
// tenth (thesis 6.4.1).
const leaseMargin = 10

// Options are fixed for the life of a Server. Times are in ticks of 1 ms.
type Options struct {
	ID raft.ServerID // this server, below wire.FirstClient
	// the room's first voters, the same at every start; empty: this server waits to be added to a room
	Voters   []raft.ServerID
	Seed     uint64        // of the election timeouts: same seed, same inputs, same behaviour
	Encoding wire.Encoding // of this server's calls, one that Calls; a reply has that of the call
	// it calls each server in the encoding in which that server last spoke to it, as some may understand no
	// other, and as a candidate asks why it is refused a vote
	Adapts bool

	HeartbeatTicks   int // 0 means 50
	ElectionTicksMin int // 0 means 150 (§5.2)
	ElectionTicksMax int // 0 means 300

	// entries applied since the last snapshot after which the server takes one and forgets them; 0 means
	// 4096, less: never
	CompactAfter int
	MaxChunk     int      // most bytes of a snapshot in one InstallSnapshot, ≥ 1; 0 means as raft.Options says
	MaxSnapshot  int      // most bytes of a snapshot that this server takes from a leader, ≥ 1; 0 means kv.MaxSnapshot
	Reads        ReadMode // what makes a Get linearizable

	// SnapshotOrder is not 0 for a server whose snapshots list the keys in an order of its own, see
	// kv.Store.SnapshotShuffled. Servers in the same state then write different bytes, as most real state machines do.
	SnapshotOrder uint64

	Off raft.RuleSet // rules that this server does not keep; none, except to show what they are for
	// its disk may hold what a server that keeps all rules never writes; implied if Off has more than
	// extensions
	Unruly bool

	// Room, its making, and the Claim by which this server holds its seat there are checked by the disk, and
	// UnchainedDisk says how a new disk is written: see wal.Identity.
	Room, Made    string
	Claim         uint64
	UnchainedDisk bool

	// FirstElapsed is how much of the first election timeout of a new server has passed, in percent, 0 to 99; 0 means
	// 75. A new room has nothing to lose by an early election. A server with a past waits in full: its leader may live.
	FirstElapsed int

	// Newcomer says that another disk held this server's place before, and this one lacks its promises. Such
	// a server does not start from an empty disk (ErrNotTakenIn) until a leader that was elected without it
	// has committed an entry: TakenIn is that leader's term, TakenInBy the leader. The server has then voted
	// in that term, and knows nothing else.
	Newcomer  bool
	TakenIn   raft.Term // 0: it has not been taken in
	TakenInBy raft.ServerID
}

// ErrNotTakenIn is New's refusal to start a newcomer. The disk is untouched except for its header.
var ErrNotTakenIn = errors.New(
	"server: another disk held this server's place before, and no leader has taken it in yet")

// Server is one running server. It is not safe for concurrent use; the completions of its Disk count as use.
type Server struct {
	options  Options
	node     *raft.Node
	wal      *wal.WAL
	store    *kv.Store
	recovery wal.Recovery
	failed   error // why the server stopped, nil while it runs
	now      int   // ticks since the start

	applied     raft.Index // the store is the state after this entry,
	appliedTerm raft.Term  // which is of this term
	compactAt   raft.Index // a snapshot is due once this is applied
	configured  bool       // the configuration at applied is known
	tag         uint64     // of the last read that the core was asked for
	offBeat     int        // until then a leader may do something between its heartbeats, see Idle

	decoder wire.Decoder
	asked   wire.Frame // the frame being received
	sending wire.Frame // the frame being sent
	manners []manner   // of other servers, if this one adapts to them
	core    raft.Output

	saves   []uint64 // numbers of the Saves that the disk has not completed, oldest first
	durable uint64   // the last Save that the disk has completed
	told    uint64   // the last Save that the core knows of as durable

	out      outbox
	requests requests
	status   raft.Status // for the reports
	version  uint64
	bad      int // frames that could not be understood, since the start
}

// manner is how a server speaks, and what it can hear.
type manner struct {
	of       uint64
	spoke    bool
	encoding wire.Encoding // in which it spoke last, if it did
	binary   bool          // it takes binary messages
}

const mostManners = 9 // servers whose manner is remembered: as many as a room has

// New starts a server on what its disk holds. The disk remembers whose it is: one of another server, or of a room with
// other servers, is refused (*wal.IdentityError), as is one that was claimed since (*wal.ClaimError), or is
// damaged (*wal.DamageError).
func New(options Options, disk wal.Disk) (*Server, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	identity := wal.Identity{Server: options.ID, Voters: options.Voters,
		Room: options.Room, Made: options.Made, Claim: options.Claim,
		Unruly: options.Unruly || options.Off&^raft.Extensions != 0, Unchained: options.UnchainedDisk}
	log, durable, recovery, err := wal.Open(disk, identity)
	if err != nil {
		return nil, err
	}
	s := &Server{options: options, wal: log, store: kv.New(), recovery: recovery,
		compactAt: raft.Index(options.CompactAfter), configured: len(options.Voters) > 0}
	first := 0
	switch {
	case durable.CurrentTerm != 0:
	case !options.Newcomer:
		first = options.FirstElapsed
	case options.TakenIn == 0:
		return nil, ErrNotTakenIn
	default:
		durable.CurrentTerm, durable.VotedFor = options.TakenIn, options.TakenInBy
		log.Save(raft.Save{CurrentTerm: durable.CurrentTerm, VotedFor: durable.VotedFor, First: 1}, s.takenIn)
	}
	node, err := raft.New(raft.Options{
		ID: options.ID, Voters: options.Voters, Seed: options.Seed, FirstElapsed: first, Off: options.Off,
		HeartbeatTicks: options.HeartbeatTicks, ElectionTicksMin: options.ElectionTicksMin,
		ElectionTicksMax: options.ElectionTicksMax,
		LeaseDrift:       options.ElectionTicksMin / leaseMargin, MaxChunk: options.MaxChunk,
		MaxSnapshot: options.MaxSnapshot, Readable: func(data []byte) bool { return kv.New().Restore(data) == nil },
	}, durable)
	if err != nil {
		return nil, err
	}
	s.node = node
	s.work()
	if s.failed != nil {
		return nil, s.failed
	}
	return s, nil
}

// complete fills in the defaults and checks what the core does not.
func (o *Options) complete() error {
	if o.CompactAfter < 0 {
		o.CompactAfter = math.MaxInt // never
	}
	for _, field := range []struct {
		value    *int
		fallback int
	}{{&o.HeartbeatTicks, 50}, {&o.ElectionTicksMin, 150}, {&o.ElectionTicksMax, 300}, {&o.FirstElapsed, 75},
		{&o.CompactAfter, 4096}, {&o.MaxSnapshot, kv.MaxSnapshot}} {
		if *field.value == 0 {
			*field.value = field.fallback
		}
	}
	if err := checkAddresses(append([]raft.ServerID{o.ID}, o.Voters...)); err != nil {
		return err
	}
	if o.MaxSnapshot < 1 || o.MaxSnapshot > kv.MaxSnapshot {
		return errors.New("server: expected MaxSnapshot from 1 to " + strconv.Itoa(kv.MaxSnapshot) + ", got " +
			strconv.Itoa(o.MaxSnapshot))
	}
	if o.Reads > Lease {
		return errors.New("server: expected reads through the log, by read index or by lease, 0 to 2, got " +
			decimal(o.Reads))
	}
	if !o.Encoding.Calls() {
		return errors.New("server: expected an encoding for calls, " + strings.Join(wire.Callable(), ", ") +
			", got " + o.Encoding.String())
	}
	return nil
}

// checkAddresses refuses the ids of servers that are addresses of clients.
func checkAddresses(ids []raft.ServerID) error {
	for _, id := range ids {
		if id >= wire.FirstClient {
			return errors.New("server: expected server ids below " + decimal(wire.FirstClient) + ", got " + decimal(id))
		}
	}
	return nil
}

// Tick tells the server that n ticks have passed.
func (s *Server) Tick(n int) {
	for ; n > 0 && s.failed == nil; n-- {
		s.now++
		s.node.Tick()
		s.work()
		s.expireRequests()
	}
}

// Frame takes a frame that arrived in a message of this kind, in any encoding. data is borrowed for the
// call. What it says is done at once; look at Output.
func (s *Server) Frame(kind wire.Kind, data []byte) {
	if s.failed != nil {
		return
	}
	f := &s.asked
	if err := s.decoder.Decode(kind, data, f); err != nil {
		var reason *wire.Error
		if errors.As(err, &reason) {
			s.refuseFrame(reason)
		}
		return
	}
	reason := s.misdirected()
	if s.options.Adapts && reason == nil && f.From < wire.FirstClient {
		s.hear(f.From, f.Encoding)
	}
	if reason == nil {
		reason = unreadable(f.RPC)
	}
	if reason != nil {
		s.refuseFrame(reason)
		return
	}
	switch {
	case f.RPC != nil:
		s.node.Receive(raft.ServerID(f.From), f.RPC)
		if !f.Reply {
			s.work() // now, while it is known in which encoding the reply must be
		}
	case f.Request != nil:
		s.request(f)
	}
	// An answer or a refusal is for a client. A server makes no requests, and ignores them.
}

// Campaign starts an election now, as if the election timer had run out. A leader does nothing.
func (s *Server) Campaign() {
	if s.failed == nil {
		s.node.Campaign()
	}
}

// Reconfigure changes who the servers of the room are, at the leader; look at Output, and at Status of Node for
// how far it has come. Errors: those of raft.Node's Reconfigure, a server's id that is a client's address, and
// why the server stopped.
func (s *Server) Reconfigure(c raft.Configuration) error {
	if s.failed != nil {
		return s.failed
	}
	if err := checkAddresses(append(append([]raft.ServerID{}, c.Voters...), c.Learners...)); err != nil {
		return err
	}
	return s.node.Reconfigure(c)
}

// Transfer makes the leader hand its leadership to another voter; look at Output. Errors: those of raft.Node's
// Transfer, and why the server stopped.
func (s *Server) Transfer(to raft.ServerID) error {
	if s.failed != nil {
		return s.failed
	}
	s.offBeat = s.now + s.options.ElectionTicksMax
	return s.node.Transfer(to)
}

// Output hands over what the inputs since the last call led to and reports whether there is anything. Call it after the
// inputs, and after the Disk has completed something later than it was asked to.
func (s *Server) Output(o *Output) bool {
	s.work()
	return s.out.flip(o)
}

// Failed returns why the server stopped, nil while it runs. A stopped server is silent: restart it, with New, over a
// disk that works.
func (s *Server) Failed() error { return s.failed }

// Recovery tells what was found on the disk at the start.
func (s *Server) Recovery() wal.Recovery { return s.recovery }

// Node returns the core, to look at. It must be given no input.
func (s *Server) Node() *raft.Node { return s.node }

// Store returns the state machine, to look at. It must be given no input.
func (s *Server) Store() *kv.Store { return s.store }

// work does what the core wants done until it wants nothing more.
func (s *Server) work() {
	for s.failed == nil {
		if s.told < s.durable {
			s.told = s.durable
			s.node.Saved(s.told)
		}
		s.out.release(s.durable)
		if !s.node.Output(&s.core) {
			return
		}
		s.noteChange()
		s.out.addEvents(s.core.Events)
		if s.core.Save.Seq != 0 {
			s.saves = append(s.saves, s.core.Save.Seq)
			s.wal.Save(s.core.Save, s.saved)
		}
		for i := range s.core.Send {
			s.send(&s.core.Send[i])
		}
		s.settleReads(s.core.Reads)
		if s.core.Restore != nil && s.failed == nil {
			s.restore(s.core.Restore)
		}
		if s.failed == nil {
			s.apply(s.core.Apply)
			s.serveReads()
			s.compact()
		}
	}
}

// saved is called by the disk, in the order of the Saves; perhaps while the core's Output is still being
// worked off, so it only takes note.
func (s *Server) saved(err error) {
	if err != nil {
		s.fail(err, "the server's disk failed")
		return
	}
	s.durable = s.saves[0]
	s.saves = append(s.saves[:0], s.saves[1:]...)
}

// takenIn is called by the disk when a newcomer's first write completes. Later writes wait for it.
func (s *Server) takenIn(err error) {
	if err != nil {
		s.fail(err, "the server's disk failed")
	}
}

// fail stops the server. It must not go on: it can promise nothing any more, and must not guess what it
// promised.
func (s *Server) fail(err error, why string) {
	if s.failed == nil {
		s.failed = err
		s.version++
		s.out.forgetHeld()
		s.abandonRequests(why)
	}
}

// send puts a message of the core into a frame. A reply goes in the encoding, and with the id, of the call; every call
// is answered at once.
func (s *Server) send(e *raft.Envelope) {
	if s.failed != nil {
		return
	}
	f := &s.sending
	*f = wire.Frame{From: uint64(s.options.ID), To: uint64(e.To), Encoding: s.encodingFor(uint64(e.To)), RPC: e.RPC}
	switch m := e.RPC.(type) {
	case *raft.RequestVote:
		ask := *m
		ask.Why = s.options.Adapts
		f.RPC = &ask
	case *raft.RequestVoteReply, *raft.AppendEntriesReply, *raft.InstallSnapshotReply, *raft.TimeoutNowReply:
		f.Encoding, f.Call, f.ID = s.asked.Encoding, s.asked.Call, s.asked.ID
		if f.Encoding == wire.Variant { // the only one whose replies name the leader
			s.node.Status(&s.status)
			f.Leader = uint64(s.status.Leader)
		}
	}
	s.out.add(f, e.After, s.durable)
}

// apply implements Fig. 2, Rules for All Servers: "apply log[lastApplied] to state machine" (§5.3), and
// answers the clients that wait for it.
func (s *Server) apply(run raft.Apply) {
	for i := range run.Entries {
		var result kv.Result
		switch run.Entries[i].Kind {
		case raft.Command:
			result = s.store.Apply(run.Entries[i].Data)
		case raft.Config: // the core has followed it since it was appended (§6)
			s.configured = true
		}
		s.resolve(run.First+raft.Index(i), &run.Entries[i], &result)
	}
	if n := len(run.Entries); n > 0 {
		s.applied, s.appliedTerm = run.First+raft.Index(n)-1, run.Entries[n-1].Term
		s.node.Applied(s.applied)
	}
}

// TakesBinary tells a server that adapts whether another server takes binary messages. It sends none until
// it knows that, from this call or because the other has sent one.
func (s *Server) TakesBinary(id raft.ServerID, takes bool) {
	if m := s.mannerOf(uint64(id)); m != nil {
		m.binary = takes
	}
}

// hear notes in which encoding a server speaks.
func (s *Server) hear(from uint64, encoding wire.Encoding) {
	if m := s.mannerOf(from); m != nil {
		m.spoke, m.encoding = true, encoding
		m.binary = m.binary || encoding.Kind() == wire.Binary
	}
}

// mannerOf returns what is remembered of a server, nil if there is no room for it.
func (s *Server) mannerOf(id uint64) *manner {
	i := slices.IndexFunc(s.manners, func(m manner) bool { return m.of == id })
	switch {
	case i >= 0:
		return &s.manners[i]
	case len(s.manners) == mostManners:
		return nil
	}
	s.manners = append(s.manners, manner{of: id})
	return &s.manners[len(s.manners)-1]
}

// encodingFor returns the encoding in which to call a server: the one in which it last spoke, for it may
// understand no other. A binary encoding of this server's own needs no such caution where binary messages
// are taken, and must not be used where they are not.
func (s *Server) encodingFor(to uint64) wire.Encoding {
	own, m := s.options.Encoding, &manner{}
	if i := slices.IndexFunc(s.manners, func(m manner) bool { return m.of == to }); i >= 0 {
		m = &s.manners[i]
	}
	switch binary := own.Kind() == wire.Binary; {
	case !s.options.Adapts, binary && m.binary:
		return own
	case m.spoke && (m.encoding.Kind() == wire.Text || m.binary):
		return m.encoding
	case binary:
		return wire.Colon
	default:
		return own
	}
}

// misdirected says why a frame that can be read is not for this server, nil if it is.
func (s *Server) misdirected() *wire.Error {
	self := uint64(s.options.ID)
	switch {
	case s.asked.To != 0 && s.asked.To != self:
		return &wire.Error{Code: wire.CodeNotACall, Field: "to", Message: "to: expected " + decimal(self) +
			", this server, came " + decimal(s.asked.To)}
	case s.asked.From == self:
		return &wire.Error{Code: wire.CodeNotACall, Field: "from",
			Message: "from: expected another server or a client, came this server's own " + decimal(self)}
	}
	return nil
}

// refuseFrame counts a bad frame, notes it for the host and answers it, unless it is itself an answer or its
// sender is not known.
func (s *Server) refuseFrame(reason *wire.Error) {
	s.bad++
	s.version++
	s.out.addBad(BadFrame{From: s.asked.From, Reason: *reason})
	if s.asked.From != uint64(s.options.ID) {
		s.out.addError(uint64(s.options.ID), &s.asked, reason)
	}
}
