package raft

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Role is what a server is in its current term (Fig. 4).
type Role uint8

const (
	Follower Role = iota
	Candidate
	Leader
	PreCandidate // a follower that asks whether it could win an election (thesis 9.6)
)

// Options are fixed for the life of a Node. Times are in ticks; the host says how long a tick is (the playground: 1 ms
// of cluster time).
type Options struct {
	ID ServerID // this server
	// the cluster's first voters, the same for every one of them; copied. Empty: this server waits to be added
	// to a cluster
	Voters []ServerID

	ElectionTicksMin int // shortest election timeout, ≥ 1 (§5.2: 150 ms)
	// longest election timeout, ≥ ElectionTicksMin (§5.2: 300 ms); the timeouts are drawn evenly between the two
	ElectionTicksMax int
	HeartbeatTicks   int // how often a leader sends AppendEntries at least, ≥ 1 and < ElectionTicksMin (50 ms)

	Seed uint64 // of the election timeouts: same seed, same inputs, same behaviour

	// ticks by which clocks may differ over an election timeout: a lease ends so much earlier (thesis 6.4.1)
	LeaseDrift int

	// how much of the first election timeout has passed at the start, in percent, 0 to 99; it shortens no loyalty
	FirstElapsed int

	MaxEntries int // most entries in one AppendEntries, ≥ 1; 0 means 64
	// most bytes of Data in one AppendEntries, but one entry always goes, however large; 0 means 256 KiB
	MaxBytes int
	// most entries, and most reads, that may wait for a majority; more are refused (ErrTooMuch); 0 means 65,536
	MaxUncommitted int
	MaxSnapshot    int // most bytes of a snapshot that this server receives; 0 means 64 MiB
	MaxChunk       int // most bytes of a snapshot in one InstallSnapshot; 0 means 64 KiB
	// most entries sent to a follower and not yet acknowledged, ≥ MaxEntries; 0 means 16 × MaxEntries
	MaxInFlight int
	Off         RuleSet // rules that this server does not keep; none, unless one wants to see what they are for
	EagerCommit bool    // tell followers of a new commitIndex at once, not with the next AppendEntries

	// Readable tells whether the state machine can read a snapshot. It is called once for each snapshot that
	// a leader has sent, before that replaces anything; it must always give the same answer, and borrows
	// data. nil: the state machine can read everything.
	Readable func(data []byte) bool
}

// Durable is what a server finds on its disk when it starts: Figure 2's persistent state. The zero value is
// a new server.
type Durable struct {
	CurrentTerm Term
	VotedFor    ServerID  // 0: no vote in CurrentTerm
	Snapshot    *Snapshot // nil: none
	Log         []Entry   // entries behind the snapshot, 1 and up without one; the Node takes the slice over
}

// Output is what a Node wants done. The host passes the same Output again and again; every slice in it and every RPC it
// points to is borrowed: valid until the next call of Output, then overwritten. Entry.Data is not borrowed, it may be
// kept for ever.
type Output struct {
	Save Save       // to write to disk
	Send []Envelope // to send to other servers
	// not nil: reset the state machine to this snapshot before Apply, then call Applied with its Index. Not
	// borrowed
	Restore *Snapshot
	Apply   Apply   // to apply to the state machine
	Reads   []Read  // reads that may be served, or not
	Events  []Event // what happened, oldest first
}

// Apply is a run of entries that are committed, and durable on this server, to be applied in order. When the state
// machine has done so, call Applied with the last index. Entries that are not commands are among them: each index
// comes exactly once.
type Apply struct {
	First   Index
	Entries []Entry // empty: nothing to apply
}

// Save is a change of the persistent state. Saves are to be written in the order of Seq; when one is
// durable, call Saved(Seq).
type Save struct {
	Seq         uint64 // 0: nothing to save
	CurrentTerm Term
	VotedFor    ServerID
	First       Index     // whatever the disk holds from entry First on is replaced by Entries
	Snapshot    *Snapshot // not nil: it replaces the entries through its Index, and an older snapshot. Not borrowed
	// entries First, First+1, …; may be empty: if First is beyond the disk's last entry nothing of the log changes
	Entries []Entry
}

// Envelope is a message to send.
type Envelope struct {
	To    ServerID
	After uint64 // the message must not leave before Save number After is durable; 0: it may leave at once
	RPC   RPC    // borrowed, see Output
}

// Status describes a server, for display and tests. The lists of Config are the Node's own; the other slices
// are overwritten by the next call of Status on the same variable.
type Status struct {
	ID          ServerID
	Role        Role
	CurrentTerm Term
	VotedFor    ServerID
	Leader      ServerID // whom this server takes for the leader of CurrentTerm, 0 if it knows none
	LastIndex   Index
	LastTerm    Term
	CommitIndex Index
	LastApplied Index // the state machine has applied all entries through it

	Elapsed int // ticks since the timer was reset: election timer, or a leader's heartbeat timer
	Timeout int // ticks at which it runs out

	SnapshotIndex Index         // entries through it are compacted away
	Config        Configuration // in force; read only
	ConfigIndex   Index         // of the entry that holds it, 0 for the first one

	Quorum int    // how many of Config.Voters are a majority; Quorums says more
	Votes  []Vote // a candidate's election so far, one a voter; else empty
	Peers  []Peer // a leader's followers; else empty
}

// Vote is what a candidate knows of one voter.
type Vote struct {
	Server ServerID
	State  VoteState
}

// VoteState is how far one vote has come.
type VoteState uint8

const (
	Requested VoteState = iota // asked, no answer yet
	Granted
	Denied
)

// Peer is a leader's view of one follower (Fig. 2, volatile state on leaders).
type Peer struct {
	Server     ServerID
	NextIndex  Index
	MatchIndex Index
	CaughtUp   bool // a learner that may become a voter (thesis 4.2.1)
	Snapshot   int  // bytes of a snapshot that it has acknowledged, −1 if none is being sent
}

// lastIndex is the highest index at which a snapshot from another server may end. No cluster gets there, and
// a snapshot that ended near the highest number would let indices overflow. A snapshot on disk may end at up
// to twice that index; beyond, New refuses it.
const lastIndex Index = 1 << 62

// Errors of the inputs.
var (
	ErrNotLeader    = errors.New("raft: this server is not the leader")
	ErrTransferring = errors.New("raft: this leader is handing its leadership over")
	ErrTooMuch      = errors.New("raft: too much is uncommitted; try again later")
	ErrEmpty        = errors.New("raft: Propose needs at least one command")
	ErrTransferTo   = errors.New("raft: leadership can be handed to another voter only")
)

// Node is one server's consensus module: a pure state machine. Inputs are its methods; what it wants done
// waits until the host calls Output. It has no goroutine, clock, network or file, and is not safe for
// concurrent use.
type Node struct {
	opt Options
	// Persistent state on all servers (Fig. 2); the field disk knows how much of it is on disk.
	currentTerm Term
	votedFor    ServerID
	log         log
	snapshot    *Snapshot // what was compacted away; nil: nothing
	disk        durability

	// Volatile state on all servers.
	commitIndex Index
	lastApplied Index
	applying    Index    // handed out in Output.Apply up to here
	leader      ServerID // of currentTerm, 0 if not known
	elapsed     int      // ticks since the election timer (a leader's: the heartbeat timer) was reset
	timeout     int      // ticks at which the election timer runs out
	random      rand.PCG
	calls       uint64 // calls made so far

	// Loyalty (§6) outlives the term in which it was promised: a lease stands on it.
	loyalTo  ServerID // the leader that this server heard from last; 0: one that it forgot when it restarted
	loyalFor int      // ticks for which it owes that leader its loyalty

	// Volatile state of a role exists only in that role; a follower has neither.
	candidacy  *candidacy
	leadership *leadership

	configs  []configAt // the configuration that the log begins with, then every one in the log, ascending
	incoming *incoming  // a snapshot that is being received, nil if none is

	out outbox
	// Output has handed out everything, and no input has come since: a frequent case with a short path
	quiet     bool
	selfCheck selfCheck
}

// New starts a server with what its disk holds. It begins as a follower (§5.2).
func New(opt Options, d Durable) (*Node, error) {
	if err := opt.complete(); err != nil {
		return nil, err
	}
	n := &Node{opt: opt, currentTerm: d.CurrentTerm, votedFor: d.VotedFor}
	n.random = *rand.NewPCG(opt.Seed, uint64(opt.ID))
	if err := n.restore(d); err != nil {
		return nil, err
	}
	n.disk.start(n.log.last)
	n.timeout = n.drawTimeout()
	n.elapsed = n.timeout * opt.FirstElapsed / 100
	if d.CurrentTerm > 0 {
		n.loyalFor = opt.ElectionTicksMin
	}
	n.event(Event{Kind: Started, Index: n.log.last, New: uint64(n.timeout)})
	n.done()
	return n, nil
}

// restore takes over what the disk holds.
func (n *Node) restore(d Durable) error {
	n.configs = []configAt{{0, Configuration{Voters: n.opt.Voters}}}
	if s := d.Snapshot; s != nil {
		if s.Index == 0 || s.Index > 2*lastIndex || s.Term > d.CurrentTerm {
			return errors.New("raft: the snapshot on disk ends at entry " + decimal(s.Index) + " of term " +
				decimal(s.Term) +
				", with current term " + decimal(d.CurrentTerm))
		}
		if c := s.Configuration.Clone(); c.complete() != nil {
			return errors.New("raft: the snapshot on disk: " + c.complete().Error())
		}
		n.snapshot = s
		n.log.reset(s.Index, s.Term)
		n.configs[0] = configAt{s.Index, s.Configuration}
		n.commitIndex = s.Index
	}
	for _, e := range d.Log {
		if e.Term < n.log.lastTerm() || e.Term > d.CurrentTerm {
			return errors.New("raft: entry " + decimal(n.log.last+1) + " on disk is of term " + decimal(e.Term) +
				", after one of term " + decimal(n.log.lastTerm()) + " and with current term " + decimal(d.CurrentTerm))
		}
		if e.Kind == Config {
			if _, err := ParseConfiguration(string(e.Data)); err != nil {
				return errors.New("raft: entry " + decimal(n.log.last+1) + " on disk: " + err.Error())
			}
		}
		n.store(e)
	}
	return nil
}

// complete fills in defaults and checks the ranges that the fields' comments give.
func (o *Options) complete() error {
	if o.MaxEntries == 0 {
		o.MaxEntries = 64
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 256 << 10
	}
	if o.MaxChunk == 0 {
		o.MaxChunk = 64 << 10
	}
	if o.MaxUncommitted == 0 {
		o.MaxUncommitted = 1 << 16
	}
	if o.MaxSnapshot == 0 {
		o.MaxSnapshot = 64 << 20
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 16 * o.MaxEntries
	}
	o.Voters = slices.Clone(o.Voters)
	slices.Sort(o.Voters)
	switch {
	case len(o.Voters) > maxServers:
		return errors.New("raft: " + strconv.Itoa(len(o.Voters)) + " voters, at most " + strconv.Itoa(maxServers) +
			" are possible")
	case o.ID == 0:
		return errors.New("raft: a server's ID is 1 or more")
	case len(slices.Compact(slices.Clone(o.Voters))) != len(o.Voters) || len(o.Voters) > 0 && o.Voters[0] == 0:
		return errors.New("raft: voters must be different and not 0")
	case o.HeartbeatTicks < 1 || o.ElectionTicksMin <= o.HeartbeatTicks || o.ElectionTicksMax < o.ElectionTicksMin:
		return errors.New("raft: need 1 ≤ HeartbeatTicks < ElectionTicksMin ≤ ElectionTicksMax, have " +
			strconv.Itoa(o.HeartbeatTicks) +
			", " + strconv.Itoa(o.ElectionTicksMin) + ", " + strconv.Itoa(o.ElectionTicksMax))
	case o.FirstElapsed < 0 || o.FirstElapsed > 99:
		return errors.New("raft: FirstElapsed is a percentage from 0 to 99, have " + strconv.Itoa(o.FirstElapsed))
	case o.MaxEntries < 1 || o.MaxInFlight < o.MaxEntries:
		return errors.New("raft: need 1 ≤ MaxEntries ≤ MaxInFlight, have " + strconv.Itoa(o.MaxEntries) + ", " +
			strconv.Itoa(o.MaxInFlight))
	case o.LeaseDrift < 0:
		return errors.New("raft: LeaseDrift is 0 or more, have " + strconv.Itoa(o.LeaseDrift))
	case min(o.MaxBytes, o.MaxChunk, o.MaxUncommitted, o.MaxSnapshot) < 1:
		return errors.New("raft: MaxBytes, MaxChunk, MaxUncommitted and MaxSnapshot are 1 or more")
	}
	return nil
}

func decimal[T ~uint64](v T) string { return strconv.FormatUint(uint64(v), 10) }

// Tick tells the server that one tick of time has passed.
func (n *Node) Tick() {
	if n.leadership != nil || n.elapsed < n.timeout {
		n.elapsed++
	}
	n.loyalFor = max(0, n.loyalFor-1)
	switch {
	case n.leadership != nil:
		n.tickLeader()
	case n.elapsed >= n.timeout && n.electable():
		n.campaign(ElectionTimeout)
	case n.candidacy != nil && n.elapsed%n.opt.HeartbeatTicks == 0 && n.keeps(RetryCalls):
		n.requestVotes() // §5.1: servers retry RPCs that are not answered in a timely manner
	}
	n.done()
}

// Receive takes a message from another server, which need not be in the configuration: while that changes,
// not all servers know each other (§6). The RPC is borrowed for the length of the call; the Data of its
// entries is kept. Every call gets exactly one reply in the Output, or an event that says how it broke the
// protocol.
func (n *Node) Receive(from ServerID, rpc RPC) {
	if from == n.opt.ID || from == 0 {
		n.ignore(from, NotAMember)
		n.done()
		return
	}
	switch m := rpc.(type) {
	case *RequestVote:
		n.handleRequestVote(from, m)
	case *RequestVoteReply:
		n.handleRequestVoteReply(from, m)
	case *AppendEntries:
		n.handleAppendEntries(from, m)
	case *AppendEntriesReply:
		n.handleAppendEntriesReply(from, m)
	case *InstallSnapshot:
		n.handleInstallSnapshot(from, m)
	case *InstallSnapshotReply:
		n.handleInstallSnapshotReply(from, m)
	case *TimeoutNow:
		n.handleTimeoutNow(from, m)
	case *TimeoutNowReply:
		n.observeTerm(m.Term, from)
	}
	n.done()
}

// Propose appends commands to the leader's log (Fig. 2, Rules for Leaders: "if command received from
// client") and returns their place: the first has index first, the others follow. They are committed when
// the entry at that index is applied with that term, and lost if one of another term is. The commands' bytes
// are kept, the slice that holds them is not. Errors: ErrNotLeader, ErrTransferring, ErrTooMuch, ErrEmpty.
func (n *Node) Propose(commands ...[]byte) (first Index, term Term, err error) {
	if n.leadership == nil {
		return 0, 0, ErrNotLeader
	}
	if n.leadership.transfer.to != 0 {
		return 0, 0, ErrTransferring
	}
	if len(commands) == 0 {
		return 0, 0, ErrEmpty
	}
	if n.log.last-n.commitIndex+Index(len(commands)) > Index(n.opt.MaxUncommitted) {
		return 0, 0, ErrTooMuch
	}
	first = n.log.last + 1
	for _, c := range commands {
		n.log.append(Entry{Term: n.currentTerm, Kind: Command, Data: c})
	}
	n.event(Event{Kind: EntriesProposed, Index: first, Old: uint64(first), New: uint64(n.log.last)})
	n.done()
	return first, n.currentTerm, nil
}

// Campaign starts an election now, as if the election timer had run out. A leader does nothing, and neither does a
// server without a vote. A server that owes a leader its loyalty may ask for pre-votes, but does not vote
// for itself (see startElection).
func (n *Node) Campaign() {
	if n.MayCampaign() {
		n.campaign(Asked)
	}
	n.done()
}

// MayCampaign reports whether Campaign would begin an election: a leader does not, and neither does a server
// without a vote.
func (n *Node) MayCampaign() bool { return n.leadership == nil && n.electable() }

// Saved tells that Save number seq, and every one before it, is durable. It panics if that number was never
// handed out: the host is broken.
func (n *Node) Saved(seq uint64) {
	n.disk.saved(seq)
	switch {
	case n.candidacy != nil && n.candidacy.ownVote != 0 && n.candidacy.ownVote <= n.disk.savedSeq:
		n.candidacy.ownVote = 0
		n.countVote(n.opt.ID)
	case n.leadership != nil:
		n.advanceCommitIndex()
	}
	n.done()
}

// Applied tells that the state machine has applied every entry through i, which must have been handed
// out in Output.Apply.
func (n *Node) Applied(i Index) {
	if i > n.applying {
		panic("raft: Applied(" + decimal(i) + "), but entries were handed out only through " + decimal(n.applying))
	}
	n.lastApplied = max(n.lastApplied, i)
	n.done()
}

// Output collects into o what the inputs since the last call made necessary and reports whether there is anything. Call
// it until it returns false, and do not look at o then: what does not fit one Output comes with the next.
func (n *Node) Output(o *Output) bool {
	if n.quiet {
		return false
	}
	if n.leadership != nil {
		n.replicate()
	}
	if n.quiet = n.idle(); n.quiet {
		return false
	}
	box := n.out.flip()
	o.Send, o.Reads, o.Events = box.envelopes, box.reads, box.events
	if o.Save.Seq != 0 || n.unsaved() {
		o.Save = n.nextSave(box)
	}
	o.Restore = n.nextRestore()
	if len(o.Apply.Entries) != 0 || n.applying < n.appliable() {
		o.Apply = n.nextApply()
	}
	n.quiet = n.applying >= n.appliable() // all else is in this Output
	n.check()
	return o.Save.Seq != 0 || len(o.Send) > 0 || o.Restore != nil || len(o.Apply.Entries) > 0 || len(o.Reads) > 0 ||
		len(o.Events) > 0
}

// done ends every input: Output has to look again.
func (n *Node) done() {
	n.quiet = false
	n.check()
}

// idle reports whether there is certainly nothing to put out.
func (n *Node) idle() bool {
	b := n.out.filling()
	return len(b.envelopes) == 0 && len(b.events) == 0 && len(b.reads) == 0 && !n.unsaved() &&
		n.applying >= n.appliable()
}

// appliable returns the last entry that may be applied: committed, and held by this server's own disk. A
// state machine must not apply an entry that a crash could still remove from the log.
func (n *Node) appliable() Index { return min(n.commitIndex, n.disk.durable) }

// nextApply implements Fig. 2, Rules for All Servers: "if commitIndex > lastApplied: apply log[lastApplied]".
func (n *Node) nextApply() Apply {
	end := n.appliable()
	if n.applying >= end || n.applying < n.log.base {
		return Apply{}
	}
	a := Apply{First: n.applying + 1, Entries: n.log.run(n.applying+1, int(end-n.applying))}
	n.applying += Index(len(a.Entries))
	return a
}

// Role returns what the server is in its current term.
func (n *Node) Role() Role {
	switch {
	case n.leadership != nil:
		return Leader
	case n.candidacy != nil && n.candidacy.pre:
		return PreCandidate
	case n.candidacy != nil:
		return Candidate
	}
	return Follower
}

// Entry returns the entry at i, and whether the log holds it: not if it is compacted away.
func (n *Node) Entry(i Index) (Entry, bool) {
	if i <= n.log.base || i > n.log.last {
		return Entry{}, false
	}
	return *n.log.at(i), true
}

// Status fills s; see the type Status.
func (n *Node) Status(s *Status) {
	votes, peers := s.Votes[:0], s.Peers[:0]
	*s = Status{
		ID: n.opt.ID, Role: n.Role(), CurrentTerm: n.currentTerm, VotedFor: n.votedFor, Leader: n.leader,
		LastIndex: n.log.last, LastTerm: n.log.lastTerm(), CommitIndex: n.commitIndex, LastApplied: n.lastApplied,
		SnapshotIndex: n.log.base, Config: n.config().Configuration, ConfigIndex: n.config().index,
		Elapsed: n.elapsed, Timeout: n.timeout, Quorum: n.majority(len(n.config().Voters)),
	}
	if n.leadership != nil {
		s.Timeout = n.opt.HeartbeatTicks
		for i := range n.leadership.followers {
			f := &n.leadership.followers[i]
			sent := -1
			if f.snapshot != nil {
				sent = f.offset
			}
			peers = append(peers, Peer{Server: f.id, NextIndex: f.next, MatchIndex: f.match, CaughtUp: f.caughtUp,
				Snapshot: sent})
		}
	}
	if n.candidacy != nil {
		for i, v := range n.candidacy.voters {
			votes = append(votes, Vote{Server: v, State: n.candidacy.votes[i]})
		}
	}
	s.Votes, s.Peers = votes, peers
}

// setTerm enters a later term, in which this server has not voted. votedFor changes only here and where a vote is
// given: erasing it within a term would let the server vote twice (hazelcast#16643).
func (n *Node) setTerm(t Term, from ServerID) {
	n.event(Event{Kind: TermAdvanced, Term: t, Peer: from, Old: uint64(n.currentTerm), New: uint64(t)})
	n.currentTerm = t
	n.votedFor = 0
	n.leader = 0
	if !n.keeps(LoyaltyOutlivesTerm) {
		n.loyalFor = 0
	}
	n.disk.stateChanged = true
}

// stepDown makes the server a follower in the current term.
func (n *Node) stepDown(reason Reason) {
	if n.leadership != nil || n.candidacy != nil {
		n.leaveRole(reason)
	}
}

func (n *Node) leaveRole(reason Reason) {
	was := n.Role()
	if reason == HigherTerm && !n.keeps(StepDownForHigherTerm) {
		return
	}
	n.failReads()
	n.candidacy, n.leadership = nil, nil
	n.event(Event{Kind: BecameFollower, Reason: reason, Old: uint64(was)})
	if was == Leader {
		n.resetTimer(SteppedDown, 0)
	}
}

// observeTerm implements Fig. 2, Rules for All Servers: "if RPC request or response contains term T > currentTerm:
// set currentTerm = T, convert to follower" (§5.1).
func (n *Node) observeTerm(t Term, from ServerID) {
	if t > n.currentTerm {
		n.enterTerm(t, from)
	}
}

// enterTerm is separate so that observeTerm, which every message goes through, is small enough to be
// inlined. leaveRole is separate for the same reason.
func (n *Node) enterTerm(t Term, from ServerID) {
	n.setTerm(t, from)
	n.stepDown(HigherTerm)
}

// resetTimer starts the election timer anew with another random timeout (§5.2).
func (n *Node) resetTimer(reason Reason, peer ServerID) {
	n.elapsed = 0
	n.timeout = n.drawTimeout()
	e := another(&n.out.filling().events) // filled in place, unlike other events: a heartbeat does little else
	e.Kind, e.Reason, e.Peer, e.New = TimerReset, reason, peer, uint64(n.timeout)
	e.Term, e.Index, e.Old, e.Count, e.Of = n.currentTerm, 0, 0, 0, 0
}

func (n *Node) drawTimeout() int {
	if !n.keeps(RandomTimeouts) {
		return n.opt.ElectionTicksMin
	}
	span := uint64(n.opt.ElectionTicksMax - n.opt.ElectionTicksMin + 1)
	return n.opt.ElectionTicksMin + int(n.random.Uint64()%span)
}

func (n *Node) nextCall() uint64 {
	n.calls++
	return n.calls
}

func (n *Node) event(e Event) {
	if e.Term == 0 {
		e.Term = n.currentTerm
	}
	b := n.out.filling()
	b.events = append(b.events, e)
}

func (n *Node) ignore(from ServerID, reason Reason) {
	n.event(Event{Kind: MessageIgnored, Reason: reason, Peer: from})
}
