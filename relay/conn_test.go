package main

import (
	"encoding/binary"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestAReceiverThatIsSlowLosesFramesAndKeepsItsSession(t *testing.T) {
	_, server := started(t, settings{}, nil)
	a, b, _ := trio(t, server.URL)
	watcher := open(t, server.URL, "trio", `{"server":0,"watch":true}`)
	frame := "1>2:" + strings.Repeat("x", 1_000_000)
	for range 20 { // b reads nothing meanwhile
		a.say(frame)
	}
	full := 0
	watcher.until(func(text string) bool {
		frames := get(text, "params", "frames")
		for i := range frames.Size() {
			if frames.Get(i, "fate").ToString() == "full" {
				full++
			}
		}
		return full > 0
	})
	b.untilIs(frame)
	a.say("1>2:after")
	b.untilIs("1>2:after")
}

func TestBeforeItHasJoinedALongMessageIsNotAwaited(t *testing.T) {
	r, server := started(t, settings{}, nil)
	c := dial(t, server.URL, "early", nil)
	c.ws.NetConn().Write(frameHeader(0x81, mib))
	c.ws.NetConn().Write(make([]byte, 2*mostJoinMessage)) // and no more
	if got := c.untilClosed(); got.Code != websocket.CloseMessageTooBig {
		t.Errorf("closed with %v", got)
	}
	if used := r.budgets.of[reading].used.Load(); used != 0 {
		t.Errorf("%d bytes are set aside for who has not joined", used)
	}
}

func TestPongsThatAnswerNothingMeasureNothingAndTooManyEndTheConnection(t *testing.T) {
	_, server := started(t, settings{}, nil)
	forger, watcher := open(t, server.URL, "pong", `{}`), open(t, server.URL, "pong", `{"server":0}`)
	forged := binary.BigEndian.AppendUint64(nil, 1<<64-1e15) // sent 30 years before the relay began
	forger.ws.WriteControl(websocket.PongMessage, forged, time.Now().Add(time.Second))
	watcher.until(func(text string) bool {
		took := get(text, "params", "servers", 0, "roundTrip")
		if took.ToInt64() > 1e9 {
			t.Fatalf("a forged pong says that a round trip takes %d µs", took.ToInt64())
		}
		return get(text, "method").ToString() == "room"
	})
	for range 2 * controlBurst {
		forger.ws.WriteControl(websocket.PongMessage, forged, time.Now().Add(time.Second))
	}
	if got := forger.untilClosed(); got.Code != websocket.ClosePolicyViolation || got.Text != errControl.Error() {
		t.Errorf("closed with %v", got)
	}
}

// A peer that takes a little now and then is not given up; one that takes nothing is, but for a while it may
// still take the rest.
func TestOnlyWhoTakesNothingIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		takes   []int
		stalled int
		failed  bool
	}{
		"a slow one":           {[]int{10, 5, 1, 100}, 0, false},
		"a deaf one":           {[]int{10, 0, 0, 106}, 1, true},
		"one that thaws again": {[]int{10, 0, 6, 100}, 1, false},
	} {
		told := 0
		conn := &gatheredConn{Conn: &reluctant{takes: c.takes}}
		conn.guard(func() { told++ }, func() {})
		if err := conn.push(make([]byte, 116)); (err != nil) != c.failed || told != c.stalled {
			t.Errorf("%s: %v, said to be stalled %d times", name, err, told)
		}
	}
}

// reluctant takes the next number of bytes at each write, and then makes the writer wait until its deadline.
type reluctant struct {
	net.Conn
	takes []int
}

func (r *reluctant) SetWriteDeadline(time.Time) error { return nil }

func (r *reluctant) Write(p []byte) (int, error) {
	n := min(len(p), r.takes[0])
	if r.takes = r.takes[1:]; n == len(p) {
		return n, nil
	}
	return n, os.ErrDeadlineExceeded
}
