package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

const (
	mostMessage     = 1 << 20 // bytes, as in hub.Limits; one more is read so that the hub can refuse the message
	mostJoinMessage = 4 << 10 // … before the connection has joined
	smallMessage    = 4 << 10 // bytes; a longer message needs a permission to be read, and waits for its turn
	messageWithin   = 30 * time.Second

	pingEvery = 5 * time.Second  // at least, with something else that is written, in a room every few seconds
	deadAfter = 20 * time.Second // without a pong or a byte taken
	joinAfter = 65 * time.Second // the room closes connections that do not join before that
	closeTime = time.Second      // for the peer to answer a close

	// What a connection may send in any case, even while its address or the whole relay sends too much: a
	// server at its ordinary pace must not wait for a flood. A longer message than smallMessage waits.
	fairRate  = 100 // messages a second
	fairBurst = 400

	controlRate  = 10 // ping and pong messages a second; one in some seconds would do
	controlBurst = 50
)

// conn is one WebSocket. A goroutine reads it; another writes while there is something to write (backlog.go).
type conn struct {
	id      uint64
	room    *room // nil: it never entered one
	ws      *websocket.Conn
	net     *gatheredConn
	visitor *visitor
	budgets *budgets

	over chan struct{} // reading has ended

	// Of the goroutine that reads.
	fair     *rate.Limiter
	control  *rate.Limiter
	deadline time.Time

	backlog
}

// message is a message read, and the bytes of the budget that it holds until the room has taken it.
type message struct {
	data   []byte
	binary bool
	held   int64
}

func newConn(ws *websocket.Conn, b *budgets) *conn {
	c := &conn{ws: ws, net: ws.NetConn().(*gatheredConn), budgets: b, over: make(chan struct{})}
	c.visitor = c.net.visitor
	c.fair = rate.NewLimiter(fairRate, fairBurst)
	c.control = rate.NewLimiter(controlRate, controlBurst)
	c.relief.L = &c.mu
	c.net.guard(c.stalled, c.keepAlive)
	return c
}

// read passes on messages until the connection ends.
func (c *conn) read() {
	defer c.end()
	if c.room != nil {
		defer c.room.rooms.leave(c.room)
		if c.room.put(input{kind: connected, conn: c}) {
			defer c.room.put(input{kind: disconnected, conn: c})
		} else {
			c.turnAway(c.room.why())
		}
	}
	c.ws.SetReadDeadline(time.Now().Add(joinAfter))
	c.ws.SetPongHandler(c.pong)
	c.ws.SetPingHandler(c.pinged)
	for c.awaitRelief() {
		c.net.grant(0)
		kind, r, err := c.ws.NextReader()
		if err == errControl {
			io.Copy(io.Discard, c.net.Conn) // until the peer has seen why it is closed
		}
		if err != nil {
			return
		}
		m, err := c.take(r)
		if err != nil && err != errOverrun {
			return
		}
		m.binary = kind == websocket.BinaryMessage
		c.heard()
		if c.room == nil {
			c.release(m)
			continue // the connection is being closed
		}
		// A room that has closed this connection ignores later messages; reading on lets the peer see the
		// close message.
		what := received
		if err == errOverrun {
			what = overrun
		}
		tooLong := len(m.data) > mostMessage || len(m.data) > mostJoinMessage && m.held == 0
		if !c.room.put(input{kind: what, conn: c, message: m}) {
			c.release(m)
		}
		if tooLong {
			c.drain()
			return
		}
		if what == overrun {
			c.wait(mostMessage) // at most this much was read in vain
		} else {
			c.wait(len(m.data))
		}
	}
}

// end cleans up after a connection.
func (c *conn) end() {
	c.ws.Close()
	close(c.over)
	c.discard()
}

var (
	errOverrun   = errors.New("no room for this message")
	smallBuffers = sync.Pool{New: func() any { return new([smallMessage + 1]byte) }}
)

// take reads one message. Up to 4 KiB need no permission. For a longer one each buffer is taken from the
// budget before it grows; if there is no more, the message is read to its end and thrown away: errOverrun.
func (c *conn) take(r io.Reader) (message, error) {
	small := smallBuffers.Get().(*[smallMessage + 1]byte)
	defer smallBuffers.Put(small)
	n, err := c.fill(r, small[:], 0)
	if err == io.EOF {
		return message{data: bytes.Clone(small[:n])}, nil
	}
	if err != nil || !c.joined.Load() {
		return message{data: bytes.Clone(small[:n])}, err // one byte too many: the room refuses it
	}
	c.ws.SetReadDeadline(time.Now().Add(messageWithin))
	c.deadline = time.Time{}
	budget := &c.budgets.of[reading]
	buffer, held := small[:], int64(0)
	for size := 64 << 10; ; size = min(4*size, mostMessage+1) {
		if !budget.take(c.visitor, int64(size)) {
			budget.give(c.visitor, held)
			return message{}, c.throwAway(r, mostMessage-n)
		}
		grown := make([]byte, size)
		copy(grown, buffer[:n])
		budget.give(c.visitor, held) // the old one is garbage now
		buffer, held = grown, int64(size)
		if n, err = c.fill(r, buffer, n); err == io.EOF || err == nil && size > mostMessage {
			exact := bytes.Clone(buffer[:n])
			budget.give(c.visitor, held-int64(n))
			return message{data: exact, held: int64(n)}, nil
		}
		if err != nil {
			budget.give(c.visitor, held)
			return message{}, err
		}
	}
}

// fill reads into buffer behind its first n bytes until it is full, which is no error, or the message ends:
// io.EOF.
func (c *conn) fill(r io.Reader, buffer []byte, n int) (int, error) {
	for n < len(buffer) {
		got, err := r.Read(buffer[n:])
		n += got
		c.net.grant(got)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// drain reads until the peer has seen why it is closed, or the time for that is over.
func (c *conn) drain() {
	c.net.metered = false
	c.ws.SetReadDeadline(time.Now().Add(2 * closeTime))
	for {
		if _, _, err := c.ws.NextReader(); err != nil {
			return
		}
	}
}

// throwAway reads the rest of a message, and gives up one that is too long for any bound.
func (c *conn) throwAway(r io.Reader, most int) error {
	small := smallBuffers.Get().(*[smallMessage + 1]byte)
	defer smallBuffers.Put(small)
	for most >= 0 {
		n, err := c.fill(r, small[:], 0)
		if most -= n; err == io.EOF {
			return errOverrun
		} else if err != nil {
			return err
		}
	}
	c.shut(websocket.CloseMessageTooBig, "a message may have at most 1048576 bytes")
	return errOverrun
}

// release gives back what a message holds of the budget.
func (c *conn) release(m message) {
	if m.held > 0 {
		c.budgets.of[reading].give(c.visitor, m.held)
	}
}

// wait makes a peer that sends too much wait after a message of this length: TCP then slows it down. It
// first waits for the budget of the address and then takes from that of all, so one address holds up others
// by no more than its share.
func (c *conn) wait(length int) {
	messages, bytes := c.budgets.messages, c.budgets.bytes
	fair := c.fair.Allow()
	for _, limiter := range [...]*rate.Limiter{c.visitor.messages, messages.all} {
		if delay := messages.delay(limiter, 1); !fair {
			c.sleep(delay)
		}
	}
	if length > smallMessage {
		c.sleep(bytes.delay(c.visitor.bytes, length))
		c.sleep(bytes.delay(bytes.all, length))
	}
}

// sleep waits unless the connection is to end. Meanwhile the peer cannot be heard; it is not dead.
func (c *conn) sleep(delay time.Duration) {
	if delay <= 0 {
		return
	}
	for wake := time.Now().Add(delay); delay > 0 && !c.isClosing(); delay = time.Until(wake) {
		time.Sleep(min(delay, time.Second))
	}
	c.deadline = time.Time{}
	c.heard()
}

// pong measures the round trip of the ping that it answers. A pong without our ping proves nothing.
func (c *conn) pong(payload string) error {
	if err := c.controlled(); err != nil {
		return err
	}
	sent := c.pingSent.Load()
	if len(payload) != 8 || sent == 0 || binary.BigEndian.Uint64([]byte(payload)) != uint64(sent) {
		return nil
	}
	c.pingSent.Store(0)
	c.heard()
	c.room.put(input{kind: roundTrip, conn: c, micros: c.room.rooms.micros() - sent})
	return nil
}

// pinged answers a ping of the peer.
func (c *conn) pinged(payload string) error {
	if err := c.controlled(); err != nil {
		return err
	}
	c.ws.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(time.Second)) // an error ends reading, too
	return nil
}

var errControl = errors.New("too many pings or pongs")

// controlled bounds the control messages, which gorilla handles itself and no other bound counts.
func (c *conn) controlled() error {
	c.net.allowance = mostOverhead
	if c.control.Allow() {
		return nil
	}
	c.budgets.floods.Add(1)
	c.abandon(websocket.ClosePolicyViolation, errControl.Error())
	return errControl
}

// heard postpones the time at which the peer counts as dead. Before it has joined it has until joinAfter.
func (c *conn) heard() {
	if now := time.Now(); now.Sub(c.deadline) > time.Second-deadAfter && c.joined.Load() {
		c.deadline = now.Add(deadAfter)
		c.ws.SetReadDeadline(c.deadline)
	}
}

// keepAlive is heard for the goroutine that writes: the peer has taken bytes that waited for it. Its pong
// may be far behind them.
func (c *conn) keepAlive() { c.net.Conn.SetReadDeadline(time.Now().Add(deadAfter)) }
