package tab

import (
	"slices"
	"strconv"

	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// claim is what this tab wants to be in the room.
type claim struct {
	state claimState
	// Real time; of leased: of the first try to get it; of anySeat: when this browser was last searched for a
	// seat.
	since float64
}

type claimState uint8

const (
	seeking claimState = iota // the host looks for a seat of this browser
	making                    // the host makes the disk of a seat that the room gave
	leased                    // the seat with the lease
	anySeat                   // any free seat
	noSeat                    // to watch
)

// Times of claims, in ms of real time.
const (
	// How long to ask again for a seat of this browser that is still connected: after a reload the relay may
	// hear of the new connection first.
	seatRetry = 1000
	seekAgain = 4000 // after which a watcher looks again whether a seat of this browser has lost its tab
)

// Errors of the hub that a join can meet (package hub).
const (
	wrongLease = -32003
	seatInUse  = -32004
	superseded = -32008
	olderDisk  = -32015
)

// wishes returns the parameters of the claim.
func (t *Tab) wishes() contract.SeatWish {
	params := contract.SeatWish{Size: t.start.Size, Hidden: t.start.Hidden}
	switch s := &t.seat; t.claim.state {
	case leased:
		params.Server, params.Lease, params.Disk = &s.number, &s.ticket.lease, s.kind
		params.Claim, params.Made, params.Resume = s.claim, s.ticket.made, s.server != nil
		if s.ticket.size > 0 {
			params.Size = &s.ticket.size
		}
	case noSeat:
		params.Server = new(int)
	}
	return params
}

// join asks to be in the room on the seat that this tab wants, once it knows which and the socket is open.
func (t *Tab) join() {
	if t.link.state != opened || t.claim.state == seeking || t.claim.state == making {
		return
	}
	t.link.state = joining
	t.link.joinAt = 0
	t.link.call = t.call("join", contract.JoinWish{SeatWish: t.wishes(), Watch: true, Binary: true})
}

// askForSeat asks for the wanted seat if the room may give it: as the tab joins, or later, when it is in the
// room without a seat.
func (t *Tab) askForSeat() {
	switch {
	case t.link.state == opened:
		t.join()
	case t.link.state != joined || t.seat.given || t.link.asking != 0 || t.now < t.link.joinAt:
	case t.claim.state == leased && (!t.room.Unknown || !t.link.testified),
		t.claim.state == anySeat && !t.room.Unknown && hasFreeSeat(t.room):
		t.link.testified = true
		t.link.asking = t.call("seat", t.wishes())
	}
	t.tellSelf()
}

func hasFreeSeat(r *contract.RoomNotice) bool {
	return slices.ContainsFunc(r.Servers, func(s contract.RoomSeat) bool { return !s.Leased })
}

// joinedAs takes the hub's answer: this tab is in the room.
func (t *Tab) joinedAs(result *contract.Joined) {
	t.link = link{state: joined, heard: t.link.heard, testified: t.claim.state == leased}
	t.client = result.Client
	if t.clients != result.Clients && t.seat.server != nil {
		t.seat.server.ForgetClients() // the room has begun another life, in which all client addresses are new
	}
	t.clients = result.Clients
	t.batches.connection(contract.Connection{State: contract.ConnectionOpen})
	if t.claim.state == anySeat {
		t.claim.since = t.now
	}
	t.take(result)
	for _, m := range t.early {
		t.changeNetwork(m)
	}
	t.early = nil
}

// take takes the seat that the hub gave, if it gave one.
func (t *Tab) take(result *contract.Joined) {
	t.link.asking = 0
	t.takeRoom(&result.RoomNotice)
	s := &t.seat
	switch {
	case result.Server == nil || *result.Server == 0:
	case t.claim.state == anySeat && result.Lease != nil:
		// From here on the seat is leased to this tab alone. If the tab dies before the disk is made the
		// seat is lost, which is safe; handing it out again would not be.
		t.claim = claim{state: making}
		t.seat = seat{number: *result.Server}
		kept := ticket{result.Size, *result.Lease, result.Made, result.Anew}
		t.host.Create(*result.Server, kept.String(), result.Claim)
	case t.claim.state == leased && *result.Server == s.number:
		s.given, s.claim = true, result.Claim
		if s.server == nil {
			t.host.Take(result.Claim)
		} else {
			t.host.Confirm()
		}
	}
	t.advise()
	t.tellSelf()
}

// refusedSeat takes the hub's error to a join, or to a later wish for a seat.
func (t *Tab) refusedSeat(code int, message string) {
	inRoom := t.link.state == joined
	if !inRoom {
		t.link.state = opened
	}
	t.link.asking = 0
	name := "S" + strconv.Itoa(t.seat.number)
	switch {
	case code == seatInUse && t.seat.server != nil:
		// The seat is ours and its server runs here: the relay has not noticed yet that the old connection is dead.
		t.host.Disconnect()
		t.lost(name + " is still connected through the old connection.")
	case code == seatInUse && t.now-t.claim.since < seatRetry:
		t.link.joinAt = t.now + 100
	case code == seatInUse:
		t.giveUpSeat()
	case code == superseded:
		t.supersede("it has been started elsewhere since")
	case code == olderDisk && t.older != [2]uint64{uint64(t.seat.number), t.seat.claim}:
		// Another tab may have taken the disk since this one looked: it looks again.
		t.older = [2]uint64{uint64(t.seat.number), t.seat.claim}
		t.letGo()
		t.claim = claim{state: seeking}
		t.host.Seek(t.start.Place, int(t.older[0]))
	case code == olderDisk:
		t.batches.Notice("The disk of " + name + " in this browser is an older copy: the server has gone on since, " +
			"and would not know what it has promised. What is stored is left alone, and the tab asks for another seat.")
		t.giveUpSeat()
	case code == wrongLease:
		t.batches.Notice("In this room " + name +
			" is not this browser's. What it stored is left alone, and the tab asks " +
			"for another seat: a server must not come back under an id that may have been given away.")
		t.giveUpSeat()
	case inRoom: // a member without a seat watches
	default:
		t.host.Disconnect()
		t.refused(report.Clip(message, 200), 0)
	}
}

// supersede ends a server whose seat was claimed elsewhere: it remembers less than its disk may hold. The
// seat is sought again, as by a tab that has just been opened.
func (t *Tab) supersede(why string) {
	number := t.seat.number
	if t.seat.server != nil {
		t.batches.Notice("S" + strconv.Itoa(number) + " has stopped in this tab: " + why +
			". The tab starts it again from its disk if it can.")
	}
	given := t.seat.given
	t.letGo()
	t.claim = claim{state: seeking}
	t.host.Seek(t.start.Place, number)
	if given {
		t.reconnect()
	}
	t.tellSelf()
}

// giveUpSeat lets the seat go and looks for the next one.
func (t *Tab) giveUpSeat() {
	t.letGo()
	t.claim = claim{state: seeking}
	t.host.Seek(t.start.Place, 0)
}

// keepSeat does what is due: asks again for a seat that was in use, or looks for a seat of this browser
// whose tab is gone.
func (t *Tab) keepSeat() {
	switch {
	case t.link.state != joined || t.stopped:
	case t.claim.state == leased && !t.seat.given:
		t.askForSeat()
	case t.claim.state == anySeat && t.now-t.claim.since >= seekAgain && t.link.asking == 0 &&
		hasAbsentServer(t.room):
		t.claim = claim{state: seeking}
		t.host.Seek(t.start.Place, 0)
	case t.seat.newcomer != nil:
		t.askToBeTakenIn()
	}
}

func hasAbsentServer(r *contract.RoomNotice) bool {
	return slices.ContainsFunc(r.Servers, func(s contract.RoomSeat) bool { return s.Leased && !s.Connected })
}

// watch goes on without a server, permanently.
func (t *Tab) watch(why string) {
	t.letGo()
	t.claim = claim{state: noSeat}
	t.batches.watching(why)
	t.batches.Notice(why)
	t.tellSelf()
	t.reconnect()
}

func (t *Tab) letGo() {
	t.seat = seat{}
	t.host.Leave()
}

// reconnect leaves the room and comes back: the relay knows a server by its connection, and a new one,
// without a seat, tells the others that the server is gone.
func (t *Tab) reconnect() {
	t.host.Disconnect()
	t.clock.runs = false
	t.link = link{}
	t.connect()
}
