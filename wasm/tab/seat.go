package tab

import (
	"bytes"
	"hash/crc32"
	"math"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// seat is this tab's place in the room: its disk, and its server once it runs.
type seat struct {
	number int // 0: none
	ticket ticket
	kind   string // of the disk
	claim  uint64 // the last claim that the disk knows, or the room gave
	given  bool   // the room has given the seat to this connection
	ours   bool   // the disk is certainly this claim's: the server may run
	disk   *disk  // nil: not taken yet

	newcomer *newcomer // not nil: the server waits until a leader takes it in

	server *server.Server // nil before the first join with this seat
	output server.Output
	early  []message // frames that came before the server ran

	report  *contract.Report // how the server last described itself; nil: it has not yet
	version uint64           // of report
	made    float64

	life      contract.U64 // tells this run of the server from the one before
	first     contract.U64 // the number of events[0]
	events    []contract.ReportedEvent
	reported  float64      // real time of the last report that was sent
	unsent    bool         // report is newer than the one sent
	log       contract.Log // the log that was sent last
	logSentAt float64
}

// extensions are the rules that a room's servers leave out: they run Figure 2, and one rule more. A leader
// whose disk hangs steps down, because browsers' storage does hang, and the leader would keep the room
// waiting as long.
var extensions = raft.Extensions &^ raft.RulesOf(raft.LeaderWrites)

// mostEarly is how many frames may wait for the server to run; more are lost, as on any network.
const mostEarly = 64

// ticket is kept beside a seat's disk, as text "3:4f2a…:9c1b…:anew": the room's size, the lease, the name of
// this making of the room, and whether another disk held the seat before. A room that has lost its record is
// restored from size and making.
type ticket struct {
	size  int
	lease string
	made  string
	anew  bool
}

func (k ticket) String() string {
	text := strconv.Itoa(k.size) + ":" + k.lease + ":" + k.made
	if k.anew {
		text += ":anew"
	}
	return text
}

// readTicket also reads tickets of the version before, which had no making. A damaged one has a wrong lease
// too, which the hub will refuse.
func readTicket(text string) (k ticket) {
	parts := append(strings.Split(text, ":"), "", "", "")
	k.size, _ = strconv.Atoi(parts[0])
	k.lease, k.made, k.anew = parts[1], parts[2], parts[3] == "anew"
	return k
}

// startServer starts the server on its disk. If another disk held the seat before, a leader must first take
// the server in.
func (t *Tab) startServer() {
	encoding, _ := wire.EncodingOf(t.start.Encoding)
	voters := make([]raft.ServerID, t.room.Size)
	for i := range voters {
		voters[i] = raft.ServerID(i + 1)
	}
	options := server.Options{ID: raft.ServerID(t.seat.number), Voters: voters, Seed: t.random.Uint64(),
		Encoding: encoding, Adapts: true, Off: extensions,
		Room: t.start.Room, Made: t.seat.ticket.made, Claim: t.seat.claim,
		FirstElapsed: firstElapsed(t.start.Room, t.seat.number, t.room.Size), Newcomer: t.seat.ticket.anew}
	if n := t.seat.newcomer; n != nil {
		options.TakenIn, options.TakenInBy = n.term, n.leader
	}
	s, err := server.New(options, t.seat.disk)
	if err == server.ErrNotTakenIn {
		t.seat.newcomer = new(newcomer)
		t.advise()
		return
	}
	t.seat.newcomer = nil
	if err != nil {
		t.watch("The disk of S" + strconv.Itoa(t.seat.number) + " cannot be used in this room (" +
			report.Clip(err.Error(), 200) + "). You are watching.")
		return
	}
	t.seat.server = s
	t.tellWhoTakesBinary()
	t.clock.pending = 0 // time before its start does not count for this server
	t.batches.watching("")
	t.seat.life = contract.U64(t.now)
	t.seat.version = s.ReportVersion() - 1 // describe it at once
	t.notify("state", struct {
		Disk  string `json:"disk"`
		Claim uint64 `json:"claim"`
	}{t.seat.kind, t.seat.claim})
	t.runServer()
	t.takeEarly()
	if t.seat.server != nil {
		t.describe()
	}
	t.advise()
}

// tellWhoTakesBinary tells the server which members accept binary frames. A guest's program may know text
// only.
func (t *Tab) tellWhoTakesBinary() {
	if t.seat.server == nil {
		return
	}
	for _, s := range t.room.Servers {
		t.seat.server.TakesBinary(raft.ServerID(s.Server), s.Binary)
	}
}

// takeEarly hands the server what came before it ran.
func (t *Tab) takeEarly() {
	early := t.seat.early
	t.seat.early = nil
	for _, frame := range early {
		t.receiveFrame(frame)
	}
}

// runs tells whether the server lives: it has started, and its disk is certainly its own.
func (t *Tab) runs() bool { return t.seat.server != nil && t.seat.ours }

// tickServer lets the room's clock drive the server, and reports on it.
func (t *Tab) tickServer() {
	if !t.runs() {
		return
	}
	if n := t.passed(); n > 0 {
		t.seat.server.Tick(n)
		t.runServer()
	}
	if t.runs() && t.now-t.seat.made >= reportEvery {
		t.describe()
	}
}

// passed returns the ticks that the server lives through now.
func (t *Tab) passed() int {
	if t.seat.server.Node().Role() == raft.Leader {
		return t.clock.ticks(math.MaxInt) // whatever messages wait, its lease has run out
	}
	return t.clock.ticks(atOnce)
}

// receiveFrame hands a frame to the server.
func (t *Tab) receiveFrame(frame message) {
	if !t.runs() {
		// While its disk is made or checked, the room already takes the server for running: members that
		// asked it would wait in vain if it dropped their frames.
		if t.seat.number != 0 && len(t.seat.early) < mostEarly {
			t.seat.early = append(t.seat.early, message{frame.kind, bytes.Clone(frame.data)})
		}
		return
	}
	// The ticks that have passed come first: a timer that ran out before the frame arrived has run out.
	if n := t.passed(); n > 0 {
		t.seat.server.Tick(n)
	}
	t.seat.server.Frame(frame.kind, frame.data)
	t.runServer()
}

// runServer carries out what the server wants.
func (t *Tab) runServer() {
	s := &t.seat
	for t.runs() && s.server.Output(&s.output) {
		for i := range s.output.Frames {
			t.send(s.output.Frames[i].Kind, s.output.Frames[i].Data)
		}
		for _, e := range s.output.Events {
			t.happened(e)
		}
		for i := range s.output.Bad {
			t.notUnderstood(&s.output.Bad[i])
		}
	}
	if s.server != nil && s.server.Failed() != nil {
		t.watch("S" + strconv.Itoa(s.number) + " has stopped: " + report.Clip(s.server.Failed().Error(), 200) +
			". A server that cannot write must not go on (Figure 2). You are watching; reload this tab to start " +
			"it again.")
	}
}

// describe brings the report up to date, for this page and for the other tabs.
func (t *Tab) describe() {
	s := &t.seat
	if version := s.server.ReportVersion(); version != s.version {
		s.version, s.made = version, t.now
		s.report, s.unsent = report.Of(s.server, t.clock.now(), 0), true
		t.tellSelf()
		t.batches.serversChanged = true
	}
	if s.unsent || t.now-s.logSentAt >= logEvery && s.logSentAt < s.reported {
		t.sendReport()
	}
}

// sendReport tells the other tabs.
func (t *Tab) sendReport() {
	s := &t.seat
	if t.link.state != joined {
		return
	}
	message := contract.ServerReport{Report: *s.report, Life: s.life, First: s.first, Events: s.events}
	if t.now-s.logSentAt >= logEvery || !sameLog(&s.log, &s.report.Log) {
		s.log, s.logSentAt = s.report.Log, t.now
		message.Log = &s.log
	}
	t.notify("report", message)
	s.reported, s.unsent = t.now, false
	s.first += contract.U64(len(s.events))
	s.events = nil
}

func sameLog(a, b *contract.Log) bool {
	if a.First != b.First || len(a.Cells) != len(b.Cells) {
		return false
	}
	for i := range a.Cells {
		if a.Cells[i] != b.Cells[i] {
			return false
		}
	}
	return true
}

// status summarizes this tab's server.
func (t *Tab) status() *contract.Status {
	status := &contract.Status{Connected: t.link.state == joined, Disk: contract.NoDisk}
	s := &t.seat
	if s.server == nil {
		return status
	}
	number := s.number
	status.Server, status.Disk = &number, contract.Disk(s.kind)
	if s.report == nil {
		return status
	}
	role := s.report.Role
	status.Role, status.Leader = &role, s.report.Leader
	status.Term, status.CommitIndex, status.LastIndex = s.report.Term, s.report.CommitIndex, s.report.LastIndex
	status.AppliedIndex, status.StateHash = s.report.AppliedIndex, s.report.StateHash
	return status
}

func (t *Tab) tellSelf() { t.batches.selfChanged = true }

// firstElapsed says how much of a new server's first election timeout is over when its room's clock starts, in percent.
// The timers stand evenly between 95 and 45, so that they run out at different times: at 75 for all, a third of new
// rooms of three began with a split vote, for what is left of the timeouts then differs by less than a message takes.
// Which server comes first depends on the room.
func firstElapsed(room string, server, size int) int {
	if size == 1 {
		return 75
	}
	rank := (server + int(crc32.ChecksumIEEE([]byte(room))>>1)) % size
	return 95 - 50*rank/(size-1)
}
