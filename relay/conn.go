package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const (
	mostMessage  = 1 << 20 // bytes; hub.Limits says the same, one more is read so that the hub can say so
	mostWaiting  = 8 << 20 // bytes that wait for one connection
	mostMessages = 16384   // … and messages

	pingEvery  = 5 * time.Second
	deadAfter  = 15 * time.Second // without a pong
	writeLimit = 10 * time.Second // for the peer to take what is written to it
	closeLimit = time.Second      // for the peer to answer a close
)

// conn is one WebSocket. Two goroutines serve it: read, and write, which alone writes messages (gorilla allows one writer).
type conn struct {
	id   uint64
	room *room // nil: it never got into one
	ws   *websocket.Conn
	net  *gatheredConn // nil if the connection is not one of ours (TLS in front); then each message is written by itself

	wake    chan struct{} // there is something to write
	over    chan struct{} // read has ended
	written chan struct{} // write has ended

	mu      sync.Mutex
	waiting [][]byte
	spare   [][]byte // what waiting was before, for the next round
	bytes   int      // not yet written, including what write is busy with
	count   int
	closing []byte // the close message to end with; nil: go on

	abandoned atomic.Bool // what waits is not written any more
}

func newConn(ws *websocket.Conn) *conn {
	c := &conn{ws: ws, wake: make(chan struct{}, 1), over: make(chan struct{}), written: make(chan struct{})}
	c.net, _ = ws.NetConn().(*gatheredConn)
	return c
}

// send queues a message, text. False means that too much is waiting already: the peer is too slow.
func (c *conn) send(data []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing != nil {
		return true // it has been told to go
	}
	if c.bytes+len(data) > mostWaiting || c.count >= mostMessages {
		return false
	}
	c.waiting = append(c.waiting, data)
	c.bytes += len(data)
	c.count++
	c.nudge()
	return true
}

// backlog is how many bytes wait to be written.
func (c *conn) backlog() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// shut ends the connection with a code and a reason once what waits is written. The first call counts.
func (c *conn) shut(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing == nil {
		c.closing = websocket.FormatCloseMessage(code, reason)
		c.nudge()
	}
}

// abandon ends the connection at once: what waits is dropped.
func (c *conn) abandon(code int, reason string) {
	c.abandoned.Store(true)
	c.shut(code, reason)
}

func (c *conn) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// read passes on what comes until the connection ends.
func (c *conn) read() {
	defer c.ws.Close()
	defer close(c.over)
	if c.room != nil {
		defer c.room.rooms.leave(c.room)
		if c.room.put(input{kind: connected, conn: c}) {
			defer c.room.put(input{kind: disconnected, conn: c})
		} else {
			c.shut(websocket.CloseGoingAway, errStopping.Error())
		}
	}
	c.ws.SetReadDeadline(time.Now().Add(deadAfter))
	c.ws.SetPongHandler(c.pong)
	var buffer bytes.Buffer
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return
		}
		buffer.Reset()
		if _, err := buffer.ReadFrom(io.LimitReader(r, mostMessage+1)); err != nil {
			return
		}
		if c.room == nil {
			continue // on its way out
		}
		// After the room has closed this connection it ignores what still comes; reading on lets the peer see the close message.
		c.room.put(input{kind: received, conn: c, data: bytes.Clone(buffer.Bytes()), binary: kind == websocket.BinaryMessage})
		if buffer.Cap() > 64<<10 {
			buffer = bytes.Buffer{}
		}
	}
}

// pong measures the round trip of the ping that it answers.
func (c *conn) pong(payload string) error {
	if len(payload) != 8 {
		return nil // not an answer to ours
	}
	c.ws.SetReadDeadline(time.Now().Add(deadAfter))
	if c.room != nil {
		sent := int64(binary.BigEndian.Uint64([]byte(payload)))
		if took := c.room.rooms.micros() - sent; took >= 0 {
			c.room.put(input{kind: roundTrip, conn: c, micros: took})
		}
	}
	return nil
}

// write writes what waits until the connection ends.
func (c *conn) write() {
	defer close(c.written)
	defer c.ws.Close()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	c.ping()
	for {
		select {
		case <-c.over:
			return
		case <-ping.C:
			c.ping()
			continue
		case <-c.wake:
		}
		messages, closing := c.take()
		if c.flush(messages) != nil {
			return
		}
		if c.done(messages); closing != nil {
			c.ws.WriteControl(websocket.CloseMessage, closing, time.Now().Add(closeLimit))
			select {
			case <-c.over:
			case <-time.After(closeLimit):
			}
			return
		}
	}
}

func (c *conn) ping() {
	if c.room == nil {
		return
	}
	var now [8]byte
	binary.BigEndian.PutUint64(now[:], uint64(c.room.rooms.micros()))
	c.ws.WriteControl(websocket.PingMessage, now[:], time.Now().Add(writeLimit)) // if it fails the next write does, too
}

func (c *conn) take() (messages [][]byte, closing []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	messages = c.waiting
	c.waiting = c.spare[:0]
	return messages, c.closing
}

// flush writes messages as few packets.
func (c *conn) flush(messages [][]byte) error {
	if c.net != nil {
		c.net.hold()
	}
	c.ws.SetWriteDeadline(time.Now().Add(writeLimit))
	for _, m := range messages {
		if c.abandoned.Load() {
			break
		}
		if err := c.ws.WriteMessage(websocket.TextMessage, m); err != nil {
			return err
		}
	}
	if c.net != nil {
		return c.net.release()
	}
	return nil
}

func (c *conn) done(messages [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range messages {
		c.bytes -= len(m)
	}
	c.count -= len(messages)
	clear(messages)
	c.spare = messages
}

// gathering is a listener whose connections can gather writes: gorilla writes every message by itself, which costs a system call each and halves
// what a connection carries.
type gathering struct{ net.Listener }

func (g gathering) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gatheredConn{Conn: c}, nil
}

// gatheredConn collects what is written between hold and release.
type gatheredConn struct {
	net.Conn
	mu     sync.Mutex
	held   bool
	buffer []byte
}

const gatherAtMost = 64 << 10 // bytes; then they are written

func (c *gatheredConn) hold() {
	c.mu.Lock()
	c.held = true
	c.mu.Unlock()
}

func (c *gatheredConn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	return c.flush()
}

func (c *gatheredConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.held {
		return c.Conn.Write(p)
	}
	c.buffer = append(c.buffer, p...)
	if len(c.buffer) < gatherAtMost {
		return len(p), nil
	}
	return len(p), c.flush()
}

func (c *gatheredConn) flush() error {
	if len(c.buffer) == 0 {
		return nil
	}
	c.Conn.SetWriteDeadline(time.Now().Add(writeLimit))
	_, err := c.Conn.Write(c.buffer)
	c.buffer = c.buffer[:0]
	if cap(c.buffer) > 4*gatherAtMost {
		c.buffer = nil
	}
	return err
}

// SetWriteDeadline does nothing while writes are gathered: flush sets its own, once and not for every message.
func (c *gatheredConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}
