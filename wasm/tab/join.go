package tab

import (
	"strconv"

	"raftplayground/wasm/page"
)

// claim is what this tab wants to be in the room.
type claim struct {
	state claimState
	since float64 // leased: real time of the first try
}

type claimState uint8

const (
	seeking claimState = iota // the host looks for a seat of this browser
	making                    // the host makes the disk of a seat that the room gave
	leased                    // the seat with the lease
	anySeat                   // any free seat
	noSeat                    // to watch
)

// seatRetry is how long, in ms, a seat of this browser that is still connected is asked for again: after a reload the relay may hear of the new
// connection before it hears that the old one closed.
const seatRetry = 1000

// Errors of the hub that a join can meet (package hub).
const (
	wrongLease = -32003
	seatInUse  = -32004
)

type joinParams struct {
	Server *int    `json:"server"`
	Lease  *string `json:"lease"`
	Watch  bool    `json:"watch"`
	Size   *int    `json:"size,omitempty"`
	Hidden bool    `json:"hidden"`
	Disk   string  `json:"disk,omitempty"`
}

type joinResult struct {
	Client uint64  `json:"client"`
	Server *int    `json:"server"`
	Lease  *string `json:"lease"`
	roomNotification
}

// join asks for the seat that this tab wants, once it knows which and the socket is open.
func (t *Tab) join() {
	if t.link.state != opened || t.claim.state == seeking || t.claim.state == making {
		return
	}
	params := joinParams{Watch: true, Size: t.start.Size, Hidden: t.start.Hidden}
	switch t.claim.state {
	case leased:
		size, lease := readTicket(t.seat.ticket)
		params.Server, params.Lease, params.Disk = &t.seat.number, &lease, t.seat.kind
		if size > 0 {
			params.Size = &size
		}
	case noSeat:
		params.Server = new(int)
	}
	t.link.state = joining
	t.link.joinAt = 0
	t.link.call = t.call("join", params)
}

// joinedAs takes the hub's answer: this tab is in the room.
func (t *Tab) joinedAs(result *joinResult) {
	t.link.state = joined
	t.link.attempt = 0
	t.client = result.Client
	t.outbox.connection(page.Connection{State: "open"})
	t.takeRoom(&result.roomNotification)
	switch {
	case result.Server == nil || *result.Server == 0:
		if t.claim.state == anySeat {
			t.outbox.watching("This room has " + page.Plural(result.Size, "server") + ". You are watching.")
		}
	case t.claim.state == anySeat && result.Lease != nil:
		// From here on the seat is leased to this tab and to nobody else, ever. If the tab dies before the disk is made the seat is lost, which
		// is safe; to hand it out again would not be.
		t.claim = claim{state: making}
		t.seat = seat{number: *result.Server}
		t.host.Create(*result.Server, makeTicket(result.Size, *result.Lease))
	}
	t.seated()
}

// refusedToJoin takes the hub's error to a join.
func (t *Tab) refusedToJoin(code int, message string) {
	t.link.state = opened
	name := "S" + strconv.Itoa(t.seat.number)
	switch {
	case code == seatInUse && t.seat.server != nil:
		// The seat is ours and its server runs here: the relay has not noticed yet that the old connection is dead.
		t.host.Disconnect()
		t.lost(name + " is still connected through the old connection.")
	case code == seatInUse && t.now-t.claim.since < seatRetry:
		t.link.joinAt = t.now + 100
	case code == seatInUse:
		t.giveUpSeat(false)
	case code == wrongLease:
		t.outbox.notice("The relay no longer knows that " + name + " is this tab's. Its log is set aside, and the tab joins anew: a server must not come back under an id that may have been given away.")
		t.giveUpSeat(true)
	default:
		t.host.Disconnect()
		t.lost("The relay refused: " + page.Clip(message, 200))
	}
}

// giveUpSeat lets the seat go and looks for the next one.
func (t *Tab) giveUpSeat(setAside bool) {
	t.seat = seat{}
	t.host.Leave(setAside)
	t.claim = claim{state: seeking}
	t.host.Seek(t.start.Room, 0)
}

// watch goes on without a server, for good.
func (t *Tab) watch(why string) {
	t.seat = seat{}
	t.host.Leave(false)
	t.claim = claim{state: noSeat}
	t.outbox.watching(why)
	t.outbox.notice(why)
	t.tellSelf()
	// The relay knows a server by its connection: a new one, without a seat, tells the others that the server is gone.
	t.host.Disconnect()
	t.clock.runs = false
	t.link = link{}
	t.connect()
}
