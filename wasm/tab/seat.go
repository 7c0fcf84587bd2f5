package tab

import (
	"hash/crc32"
	"strconv"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/server"
	"raftplayground/raft/wire"
	"raftplayground/wasm/page"
)

// seat is this tab's place in the room: its disk, and its server once it runs.
type seat struct {
	number int    // 0: none
	ticket string // see makeTicket
	kind   string // of the disk
	disk   *disk

	server *server.Server // nil before the first join with this seat
	output server.Output

	report  page.Report // how the server last described itself
	version uint64      // of report
	made    float64
	json    []byte // of report

	life      page.U64 // tells this run of the server from the one before
	first     page.U64 // number of events[0]
	events    []reportedEvent
	reported  float64  // real time of the last report that was sent
	unsent    bool     // report is newer than it
	log       page.Log // the log that was sent last
	logSentAt float64
}

// makeTicket makes the text that is kept beside a seat's disk, "3:4f2a…": the room's size and the lease. The size, so that a room whose relay has lost
// its record comes back with as many seats as its servers' configuration has.
func makeTicket(size int, lease string) string { return strconv.Itoa(size) + ":" + lease }

func readTicket(ticket string) (size int, lease string) {
	number, lease, _ := strings.Cut(ticket, ":")
	size, _ = strconv.Atoi(number) // a ticket that is damaged has a wrong lease too, which the hub will say
	return size, lease
}

// seated goes on with a seat whose disk is open: joins with it, or, in the room, starts its server.
func (t *Tab) seated() {
	switch {
	case t.claim.state != leased:
	case t.link.state == opened:
		t.join()
	case t.link.state == joined && t.seat.server == nil:
		t.startServer()
	}
	t.tellSelf()
}

// startServer (re)starts the server on its disk.
func (t *Tab) startServer() {
	encoding := wire.Colon
	if t.start.Encoding == "json" {
		encoding = wire.JSON
	}
	voters := make([]raft.ServerID, t.room.Size)
	for i := range voters {
		voters[i] = raft.ServerID(i + 1)
	}
	s, err := server.New(server.Options{ID: raft.ServerID(t.seat.number), Voters: voters, Seed: t.random.Uint64(), Encoding: encoding, Off: raft.Extensions,
		FirstElapsed: firstElapsed(t.start.Room, t.seat.number, t.room.Size)}, t.seat.disk)
	if err != nil {
		t.watch("The disk of S" + strconv.Itoa(t.seat.number) + " cannot be used in this room (" + page.Clip(err.Error(), 200) + "). You are watching.")
		return
	}
	t.seat.server = s
	t.clock.pending = 0 // what passed before its start is not for this server
	t.outbox.serving()
	t.seat.life = page.U64(t.now)
	t.seat.version = s.ReportVersion() - 1 // describe it at once
	t.notify("state", map[string]string{"disk": t.seat.kind})
	t.runServer()
	t.describe()
}

// tickServer lets the room's clock drive the server, and reports on it.
func (t *Tab) tickServer() {
	if t.seat.server == nil {
		return
	}
	if n := t.clock.ticks(); n > 0 {
		t.seat.server.Tick(n)
		t.runServer()
	}
	if t.seat.server != nil && t.now-t.seat.made >= reportEvery {
		t.describe()
	}
}

// receiveFrame hands a frame to the server. Before it runs frames are lost, as with any server that is still starting.
func (t *Tab) receiveFrame(frame []byte) {
	if t.seat.server == nil {
		return
	}
	// The ticks that have passed come first: a timer that ran out before the frame arrived has run out.
	if n := t.clock.ticks(); n > 0 {
		t.seat.server.Tick(n)
	}
	t.seat.server.Frame(frame)
	t.runServer()
}

// runServer carries out what the server wants.
func (t *Tab) runServer() {
	s := &t.seat
	for s.server != nil && s.server.Output(&s.output) {
		for i := range s.output.Frames {
			t.send(s.output.Frames[i].Data)
		}
		for _, e := range s.output.Events {
			t.happened(e)
		}
		for i := range s.output.Bad {
			t.notUnderstood(&s.output.Bad[i])
		}
	}
	if s.server != nil && s.server.Failed() != nil {
		t.watch("S" + strconv.Itoa(s.number) + " has stopped: " + page.Clip(s.server.Failed().Error(), 200) + ". A server that cannot write must not go on (Figure 2). You are watching; reload this tab to start it again.")
	}
}

// describe brings the report up to date, for this page and for the other tabs.
func (t *Tab) describe() {
	s := &t.seat
	if version := s.server.ReportVersion(); version != s.version {
		s.version, s.made = version, t.now
		s.json = s.server.AppendReport(s.json[:0], t.clock.now)
		var report page.Report
		if err := page.Codec.Unmarshal(s.json, &report); err != nil {
			panic("tab: the server's report is not in the form of model.ts: " + err.Error())
		}
		s.report, s.unsent = report, true
		t.tellSelf()
		t.outbox.serversChanged = true
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
	message := sentReport{Report: s.report, Life: s.life, First: s.first, Events: s.events}
	if t.now-s.logSentAt >= logEvery || !sameLog(&s.log, &s.report.Log) {
		s.log, s.logSentAt = s.report.Log, t.now
		message.Log = &s.log
	}
	t.notify("report", message)
	s.reported, s.unsent = t.now, false
	s.first += page.U64(len(s.events))
	s.events = nil
}

func sameLog(a, b *page.Log) bool {
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

// status is this tab's server in short.
func (t *Tab) status() *page.Status {
	status := &page.Status{StateHash: "", Connected: t.link.state == joined, Disk: "none"}
	s := &t.seat
	if s.server == nil {
		return status
	}
	number, role := s.number, s.report.Role
	status.Server, status.Role, status.Leader, status.Disk = &number, &role, s.report.Leader, s.kind
	status.Term, status.CommitIndex, status.LastIndex = s.report.Term, s.report.CommitIndex, s.report.LastIndex
	status.AppliedIndex, status.StateHash = s.report.AppliedIndex, s.report.StateHash
	return status
}

func (t *Tab) tellSelf() { t.outbox.selfChanged = true }

// firstElapsed says how much of a new server's first election timeout is over when its room's clock starts, in percent. The timers stand evenly
// between 95 and 45, so that they run out at different times: at 75 for all, a third of new rooms of three began with a split vote, for what is left of
// the timeouts then differs by less than a message takes. Which server comes first depends on the room.
func firstElapsed(room string, server, size int) int {
	if size == 1 {
		return 75
	}
	rank := (server + int(crc32.ChecksumIEEE([]byte(room))>>1)) % size
	return 95 - 50*rank/(size-1)
}
