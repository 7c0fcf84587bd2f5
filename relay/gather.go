package main

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	gatherAtMost  = 64 << 10         // bytes; at this size they are written
	kernelBuffer  = 128 << 10        // bytes that the kernel may hold: a frame cannot overtake news there
	stalledAfter  = 15 * time.Second // a peer that takes no byte for so long does not read
	lingerFor     = 10 * time.Second // more time for it to take the reason why it is closed
	mostOverhead  = 64 << 10         // bytes of a message's framing, beyond twice its content
	blockedPeriod = 20 * time.Millisecond
)

// gathering is a listener that counts sockets, and whose connections can gather writes: gorilla makes a
// system call for every message, which halves what a connection carries.
type gathering struct {
	net.Listener
	budgets *budgets
}

const noSockets = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Retry-After: 10\r\nConnection: close\r\n\r\n" +
	"This relay has as many connections as it takes, or as many as it takes from one address. Try again later.\n"

func (g gathering) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		v := g.budgets.visitor(c.RemoteAddr().String())
		if g.budgets.of[sockets].take(v, 1) {
			if tcp, ok := c.(*net.TCPConn); ok {
				tcp.SetWriteBuffer(kernelBuffer)
			}
			return &gatheredConn{Conn: c, visitor: v, budgets: g.budgets}, nil
		}
		c.SetWriteDeadline(time.Now().Add(time.Second)) // a new connection takes this little at once
		c.Write([]byte(noSockets))
		c.Close()
	}
}

// gatheredConn is a TCP connection. It collects what is written between hold and release, and gives up a
// peer only if the peer takes nothing at all.
type gatheredConn struct {
	net.Conn
	visitor *visitor
	budgets *budgets
	closed  sync.Once

	allowance int // bytes to read before a message must make progress; of the reading goroutine
	metered   bool

	mu      sync.Mutex
	guarded bool // this is a WebSocket: its deadlines are ours
	held    bool
	buffer  []byte
	stalled func() // called once when the peer takes nothing
	moved   func() // called when the peer took bytes that had waited
}

var buffers = sync.Pool{New: func() any { return make([]byte, 0, gatherAtMost+gatherAtMost/2) }}

// guard takes the connection over from HTTP. The writing goroutine calls stalled and moved.
func (c *gatheredConn) guard(stalled, moved func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.guarded, c.stalled, c.moved = true, stalled, moved
}

func (c *gatheredConn) Close() error {
	c.closed.Do(func() { c.budgets.of[sockets].give(c.visitor, 1) })
	return c.Conn.Close()
}

var errFragments = errors.New("too many fragments for what they bring")

// grant lets the reader go on: a message begins (n is 0), or n bytes of it were taken. Empty fragments bring
// no content, and a peer can send millions of them a second.
func (c *gatheredConn) grant(n int) {
	if n == 0 {
		c.metered, c.allowance = true, mostOverhead
		return
	}
	c.allowance += 2 * n
}

func (c *gatheredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.metered {
		if c.allowance -= n; c.allowance < -len(p) {
			return 0, errFragments
		}
	}
	return n, err
}

func (c *gatheredConn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
	if c.buffer == nil {
		c.buffer = buffers.Get().([]byte)
	}
}

func (c *gatheredConn) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = false
	err := c.flush()
	if cap(c.buffer) <= 4*gatherAtMost {
		buffers.Put(c.buffer[:0])
	}
	c.buffer = nil
	return err
}

func (c *gatheredConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.guarded:
		return c.Conn.Write(p)
	case !c.held:
		if err := c.push(p); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	c.buffer = append(c.buffer, p...)
	if len(c.buffer) < gatherAtMost {
		return len(p), nil
	}
	return len(p), c.flush()
}

func (c *gatheredConn) flush() error {
	err := c.push(c.buffer)
	c.buffer = c.buffer[:0]
	return err
}

// push writes p as long as the peer takes any of it. A peer that reads slowly is not closed: other bounds
// apply to what waits for it. One that takes nothing is given up, but for a while may still take the rest of
// the message and the reason behind it.
func (c *gatheredConn) push(p []byte) error {
	patience := stalledAfter
	for len(p) > 0 {
		begun := time.Now()
		c.Conn.SetWriteDeadline(begun.Add(patience))
		n, err := c.Conn.Write(p)
		if p = p[n:]; n > 0 && time.Since(begun) > blockedPeriod {
			c.moved()
		}
		switch {
		case err == nil:
		case !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 && patience == lingerFor:
			return err
		case n == 0:
			c.stalled()
			patience = lingerFor
		}
	}
	return nil
}

// SetWriteDeadline does nothing on a WebSocket: push sets its own.
func (c *gatheredConn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.guarded {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}
