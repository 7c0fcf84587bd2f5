package tab

import (
	"math/rand/v2"
	"strings"

	"raftplayground/raft/wire"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// Tab is one live tab. It is not safe for concurrent use.
type Tab struct {
	host   Host
	now    float64 // real time, ms
	awake  float64 // real time without that during which the tab was frozen or suspended, ms
	random *rand.Rand

	start   contract.Start // how the page started this tab
	started bool           // it did
	stopped bool

	link   link
	claim  claim
	store  store
	seat   seat
	clock  clusterClock
	room   *contract.RoomNotice // the latest; nil before the first join
	client uint64               // this connection's own address
	// The first address of this life of the room: another one means that all addresses are new.
	clients  uint64
	lastCall int                 // the number of this tab's last call to the hub
	changes  map[int]int         // a network change under way: number of the call → id of the page's message
	early    []*contract.Network // changes that wait for this tab to be in the room

	reports   map[int]*contract.Report // the last report of each other server
	heard     map[int]life             // whose events have been told
	requests  *client.Client
	lastAsked uint64 // number of the last request that was sent to a server
	nextGuess int    // the server asked last while no leader was known
	batches   batches

	older [2]uint64 // the server and the claim of a disk that the room took for an older copy

	advice    []contract.Advice // as the page knows it
	away      []int             // servers that are leased and not connected,
	awaySince float64           // and since when

	reader report.Reader
	buffer []byte // scratch
}

// New returns a tab that waits for the page's "start". Seed seeds the election timeouts and the pauses
// between attempts to connect; it must differ between tabs, or their elections would be in step.
func New(host Host, seed uint64) *Tab {
	t := &Tab{
		host: host, random: rand.New(rand.NewPCG(seed, 0)), changes: map[int]int{},
		reports: map[int]*contract.Report{}, heard: map[int]life{}, batches: batches{Batches: report.NewBatches(host)},
	}
	t.requests = client.New(cluster{t}, requestLimits)
	// no two lives of a tab use the same numbers: an answer to an old call finds no request
	t.lastAsked = t.random.Uint64() >> 24
	return t
}

// FromPage takes a message of the page, a contract.ToWorker. An unreadable one leads to a notice.
func (t *Tab) FromPage(now float64, message []byte) {
	t.advance(now)
	var wish contract.ToWorker
	head, err := contract.Read(message, &wish)
	if err != nil {
		t.batches.Notice("The page sent a message that cannot be read: " + report.Clip(err.Error(), 200))
		t.flush()
		return
	}
	switch {
	case t.stopped:
	case wish.Start != nil:
		t.begin(wish.Start)
	case wish.Drawn != nil:
		t.batches.Drawn = true
	case !t.started:
		t.batches.Notice("The page said " + report.Clip(head.Type, 40) + " before it said start.")
	case wish == (contract.ToWorker{}):
		t.batches.Notice("The page sent a message of an unknown type: " + report.Clip(head.Type, 40))
	default:
		t.obey(&wish)
	}
	t.flush()
}

// Opened says that the socket of the last Connect is open.
func (t *Tab) Opened(now float64) {
	t.advance(now)
	if t.link.state == opening {
		t.link.state = opened
		t.link.heard = now
		t.join()
	}
	t.flush()
}

// Message takes a message of this kind that came over the socket. The tab keeps nothing of it.
func (t *Tab) Message(now float64, kind wire.Kind, data []byte) {
	t.advance(now)
	if t.link.state == opened || t.link.state == joining || t.link.state == joined {
		t.link.heard = now
		t.receive(message{kind, data})
	}
	t.flush()
}

// Closed says that the socket is closed or could not be opened. why is what the relay said about it, and may be empty;
// after is how long, in ms, the tab should wait before it tries again, 0 if the relay did not say.
func (t *Tab) Closed(now float64, why string, after float64) {
	t.advance(now)
	switch {
	case t.link.state == down || t.stopped:
	case why == "":
		t.lost("The relay does not answer.")
	default:
		t.refused(report.Clip(why, 300), after)
	}
	t.flush()
}

// Seat says that the seat is this tab's as far as this browser goes: its lock, if there are locks, is held, and its
// disk, of the kind "opfs", "indexeddb" or "memory", is there. known is the last claim that the disk knows.
func (t *Tab) Seat(now float64, server int, ticket, kind string, known uint64) {
	t.advance(now)
	t.store.answered = t.awake
	if !t.stopped {
		given := t.claim.state == making && t.link.state == joined
		t.claim = claim{state: leased, since: now}
		t.seat = seat{number: server, ticket: readTicket(ticket), kind: kind, claim: known, given: given,
			early: t.seat.early}
		t.askForSeat()
	} else {
		t.host.Leave() // the tab was stopped meanwhile
	}
	t.flush()
}

// Taken says that the disk is this claim's, or, if failure is not empty, why it is not. The tab takes over
// content, everything on the disk; confirmed is how many of its bytes the disk has confirmed.
func (t *Tab) Taken(now float64, content []byte, confirmed int, failure string) {
	t.advance(now)
	t.store.answered = t.awake
	switch {
	case t.claim.state != leased || t.seat.server != nil:
	case failure != "":
		t.supersede(failure)
	case t.seat.given: // else the connection was lost meanwhile, and there will be another claim
		t.seat.disk, t.seat.ours = &disk{host: t.host, content: content, confirmed: confirmed}, true
		t.startServer()
	}
	t.flush()
}

// Confirmed says that the disk is still this tab's.
func (t *Tab) Confirmed(now float64) {
	t.advance(now)
	t.store.answered = t.awake
	if t.seat.server != nil && t.seat.given {
		t.seat.ours, t.clock.pending = true, 0
		t.runServer()
		t.takeEarly()
	}
	t.flush()
}

// Superseded says that another tab of this browser has taken the disk.
func (t *Tab) Superseded(now float64) {
	t.advance(now)
	if t.claim.state == leased && !t.stopped {
		t.supersede("another tab of this browser has started it from the same disk since")
	}
	t.flush()
}

// NoSeat says that this browser has no (further) seat of the room. kind is what a new disk would be.
func (t *Tab) NoSeat(now float64, kind string) {
	t.advance(now)
	t.store.answered = t.awake
	if !t.stopped {
		t.claim = claim{state: anySeat, since: now}
		t.askForSeat()
	}
	t.flush()
}

// Saved says that the oldest write under way is durable, or, if failure is not empty, why it will never be.
func (t *Tab) Saved(now float64, failure string) {
	t.advance(now)
	if t.seat.disk != nil {
		t.seat.disk.saved(failure)
		t.runServer()
	}
	t.flush()
}

// Tick lets time pass. It returns how long the host may wait until the next Tick, in ms.
func (t *Tab) Tick(now float64) float64 {
	t.advance(now)
	t.keepLink()
	t.keepSeat()
	t.keepDisk()
	t.tickServer()
	t.requests.Keep()
	t.flush()
	return t.clock.interval()
}

func (t *Tab) advance(now float64) {
	if now > t.now {
		t.awake += min(now-t.now, catchUp/1000)
		t.now = now
	}
	t.clock.advance(t.now)
}

// begin takes the page's "start" and looks for a seat while the socket opens.
func (t *Tab) begin(m *contract.Start) {
	if t.started {
		t.batches.Notice("The page said start twice.")
		return
	}
	t.start, t.started = *m, true
	if encoding, known := wire.EncodingOf(m.Encoding); !known || !encoding.Calls() {
		t.start.Encoding = wire.Colon.String()
		t.batches.Notice("The address asks for wire=" + report.Clip(m.Encoding, 40) + "; there are " +
			strings.Join(wire.Callable(), ", ") + ". This server speaks " + t.start.Encoding + ".")
	}
	t.batches.setLink(m.Link)
	if m.Seat == contract.Watch {
		t.claim = claim{state: noSeat}
		t.batches.watching("You chose to watch.")
	} else {
		hint := 0
		if m.Hint != nil {
			hint = *m.Hint
		}
		t.claim = claim{state: seeking}
		t.host.Seek(m.Place, hint)
	}
	t.connect()
}

// obey carries out a message of the page of a running tab.
func (t *Tab) obey(w *contract.ToWorker) {
	switch {
	case w.Hidden != nil:
		t.start.Hidden = w.Hidden.Hidden
		t.notify("state", map[string]bool{"hidden": w.Hidden.Hidden})
	case w.Regard != nil:
		t.batches.asked.Regard(w.Regard)
	case w.Request != nil:
		t.requests.Request(w.Request)
	case w.Network != nil:
		t.changeNetwork(w.Network)
	case w.Act != nil:
		t.act(w.Act)
	case w.Seats != nil:
		t.changeSeats(w.Seats)
	case w.Reconnect != nil:
		if t.link.state == down {
			t.link.retryAt = t.now
			t.keepLink()
		}
	case w.Stop != nil:
		t.stop()
	}
}

// stop ends the tab: for the room a crash of this server, whose seat stays leased.
func (t *Tab) stop() {
	t.stopped = true
	t.link = link{}
	t.clock.runs = false
	t.host.Disconnect()
	t.host.Leave()
	t.seat.server = nil
}

// roomURL returns the address of the room's WebSocket.
func (t *Tab) roomURL() string {
	relay := strings.TrimSuffix(t.start.Relay, "/")
	if rest, isHTTP := strings.CutPrefix(relay, "http"); isHTTP {
		relay = "ws" + rest // http → ws, https → wss
	}
	return relay + "/rooms/" + t.start.Room
}
