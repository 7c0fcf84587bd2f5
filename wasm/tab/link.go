package tab

import (
	"raftplayground/raft/wire"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// link is the connection to the relay.
type link struct {
	state   linkState
	heard   float64 // real time of the last message of the relay
	attempt int     // how many connections have failed since the last join
	retryAt float64 // down: when to try again
	why     string  // down: a sentence
	joinAt  float64 // when to ask for the same seat again; 0: not at all
	call    int     // joining: the number of the call

	// Of joined:
	asking    int  // the number of the call seat that is under way; 0: none is
	testified bool // the hub knows which server of the room this tab claims to be
}

type linkState uint8

const (
	down linkState = iota
	opening
	opened  // not yet joined: the seat is still sought, made or waited for
	joining // join is under way
	joined
)

const (
	firstRetry = 250  // ms
	lastRetry  = 4000 // ms
	// silence is how long, in ms, the hub may be silent before the connection counts as lost. The hub speaks
	// at least every 2 s; a dead network closes no socket.
	silence = 7000
)

func (t *Tab) connect() {
	t.link.state = opening
	t.link.heard = t.now
	if t.link.attempt == 0 {
		t.batches.connection(contract.Connection{State: contract.Connecting})
	}
	t.host.Connect(t.roomURL())
}

// lost waits for 0.25 s, twice as long after each failure, at most 4 s, all ± 20 % so that the tabs of a room do not
// come back in step. The server lives on: it hears nothing, and its clock stands.
func (t *Tab) lost(why string) {
	t.hangUp("lost", why, 0)
}

// refused is like lost for a reason that the relay gave, and waits at least as long, in ms, as it asked for.
func (t *Tab) refused(why string, after float64) {
	t.hangUp("refused", report.Sentence(why), after)
}

func (t *Tab) hangUp(state contract.ConnectionState, why string, after float64) {
	wait := float64(lastRetry)
	if t.link.attempt < 4 {
		wait = float64(int(firstRetry) << t.link.attempt)
	}
	wait = max(wait*(0.8+0.4*t.random.Float64()), after*(1+0.4*t.random.Float64()))
	t.link = link{attempt: t.link.attempt + 1, retryAt: t.now + wait, why: why}
	t.clock.runs = false
	t.seat.given, t.seat.ours, t.seat.early = false, false, nil
	if t.seat.newcomer != nil {
		*t.seat.newcomer = newcomer{}
	}
	t.batches.connection(contract.Connection{State: state, RetryAt: t.link.retryAt, Attempt: t.link.attempt, Why: why})
	t.tellSelf()
	t.loseChanges()
	t.loseRequests()
}

// keepLink does what is due: another connection, another join.
func (t *Tab) keepLink() {
	switch {
	case t.stopped || !t.started:
	case t.link.state == down:
		if t.now >= t.link.retryAt {
			t.connect()
		}
	case t.now-t.link.heard > silence:
		t.host.Disconnect()
		t.lost("Nothing has come from the relay for 7 seconds.")
	case t.link.state == opened && t.link.joinAt != 0 && t.now >= t.link.joinAt:
		t.join()
	}
}

// send writes one message if this tab is in the room.
func (t *Tab) send(kind wire.Kind, data []byte) {
	if t.link.state == joined {
		t.host.Send(kind, data)
	}
}
