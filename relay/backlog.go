package main

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"raftplayground/relay/hub"
)

const (
	mostQueued    = 8 << 20 // bytes of frames and answers that wait for one connection; further frames are lost
	mostCount     = 16384   // … and messages
	mostNewsBytes = 1 << 20 // … of news; a single message may be longer
	mostAnswers   = 256 << 10
	freeBytes     = 16 << 10 // of each connection, which the budget does not count
	budgetStep    = 64 << 10
	batch         = 64 << 10 // bytes that are written before frames get a turn again
)

// backlog is what waits for one connection. Frames, answers and announcements go before news. A message that
// finds no room is refused, and the room reports it; no connection is closed for what others send to it.
type backlog struct {
	mu       sync.Mutex
	main     queue
	news     queue
	gated    queue // waits for record number gate
	gate     uint64
	answers  int       // bytes of answers that wait, in main or gated
	reserved int64     // of the budget
	relief   sync.Cond // answers were taken, or the connection ends
	writing  bool      // a goroutine writes
	closing  []byte    // the close message to end with; nil: go on
	dropping bool      // waiting messages are discarded
	ended    bool
	joined   atomic.Bool

	pingSent atomic.Int64 // room's clock; 0: its pong has come
	pingAt   time.Time    // of the goroutine that writes
}

// queue is messages in order.
type queue struct {
	messages []queued
	bytes    int
}

type queued struct {
	data   []byte
	binary bool
	answer bool
}

func (q *queue) put(m queued) {
	q.messages = append(q.messages, m)
	q.bytes += len(m.data)
}

// take takes messages off the front until they have so many bytes, at least one.
func (q *queue) take(into []queued, bytes int) []queued {
	n := 0
	for ; n < len(q.messages) && (n == 0 || bytes > 0); n++ {
		bytes -= len(q.messages[n].data)
		q.bytes -= len(q.messages[n].data)
	}
	into = append(into, q.messages[:n]...)
	rest := copy(q.messages, q.messages[n:])
	clear(q.messages[rest:])
	if q.messages = q.messages[:rest]; rest == 0 && cap(q.messages) > 64 {
		q.messages = nil // a connection that is quiet again keeps no large buffer
	}
	return into
}

// Send queues a message if there is room for it; for news, the relay's and the owner's budgets must allow
// it.
func (c *conn) Send(d *hub.Delivery, stored uint64) bool {
	isNews := d.Kind == hub.News
	return (!isNews || c.budgets.news.allow(c.room.owner.news, len(d.Data))) && c.send(d, stored)
}

// send queues a message. It returns false if there is no room. stored is the number of the record that is on
// the disk.
func (c *conn) send(d *hub.Delivery, stored uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing != nil {
		return true // it is being closed
	}
	m := queued{data: d.Data, binary: d.Binary, answer: d.Kind == hub.Answer}
	switch d.Kind {
	case hub.News:
		if c.news.bytes > 0 && c.news.bytes+len(d.Data) > mostNewsBytes || !c.reserve(len(d.Data), false) {
			return false
		}
		c.news.put(m)
	case hub.Announcement:
		if !c.hasRoom(len(d.Data)) {
			return false
		}
		c.main.put(m) // it passes the gate: members that wait are told why
	default:
		if !m.answer && !c.hasRoom(len(d.Data)) {
			return false
		}
		if m.answer {
			c.reserve(len(d.Data), true)
			c.answers += len(d.Data)
		}
		if c.gate = max(c.gate, d.After); c.gate > stored {
			c.gated.put(m)
			return true
		}
		c.main.put(m)
	}
	c.wake()
	return true
}

func (c *conn) hasRoom(bytes int) bool {
	queued := c.main.bytes + c.gated.bytes
	count := len(c.main.messages) + len(c.gated.messages)
	return queued+bytes <= mostQueued && count < mostCount && c.reserve(bytes, false)
}

// reserve tells whether the budget has room for this many more bytes, and takes them.
func (c *conn) reserve(bytes int, inAnyCase bool) bool {
	need := int64(c.main.bytes + c.gated.bytes + c.news.bytes + bytes - freeBytes)
	if need <= c.reserved {
		return true
	}
	step := max(need-c.reserved, budgetStep)
	if !c.budgets.of[waiting].take(c.visitor, step) {
		if !inAnyCase {
			return false
		}
		c.budgets.of[waiting].give(c.visitor, -step)
	}
	c.reserved += step
	return true
}

// Stored releases what waited for the record of this number, which is stored now.
func (c *conn) Stored(stored uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gate > stored || len(c.gated.messages) == 0 {
		return
	}
	for _, m := range c.gated.messages {
		c.main.put(m)
	}
	c.gated = queue{}
	c.wake()
}

// Backlog returns how many bytes wait to be written.
func (c *conn) Backlog() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.main.bytes + c.gated.bytes + c.news.bytes
}

// Close ends the connection because the room says so.
func (c *conn) Close(code int, reason string) {
	c.room.log.Info("connection closed", "conn", c.id, "code", code, "reason", reason)
	c.budgets.closed.Add(1)
	delete(c.room.conns, c)
	c.shut(code, reason)
}

// shut ends the connection with a code and a reason once all that waits is written. The first call counts.
func (c *conn) shut(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close(code, reason)
}

// abandon is shut without what waits, except for what has begun to be written.
func (c *conn) abandon(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropping = true
	c.close(code, reason)
}

func (c *conn) close(code int, reason string) {
	if c.closing == nil {
		c.closing = websocket.FormatCloseMessage(code, reason)
		c.relief.Broadcast()
		c.wake()
	}
}

// stalled is called by the goroutine that writes, when the peer has taken nothing for too long.
func (c *conn) stalled() {
	c.abandon(websocket.ClosePolicyViolation, "this connection took nothing for 15 seconds")
	if c.room != nil {
		c.room.put(input{kind: stalled, conn: c})
	}
}

// awaitRelief waits while the peer does not take the answers to its calls. False: the connection has ended.
func (c *conn) awaitRelief() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.answers > mostAnswers && c.closing == nil && !c.ended {
		c.relief.Wait()
	}
	return !c.ended
}

func (c *conn) isClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing != nil
}

// discard returns all that the connection holds of budgets.
func (c *conn) discard() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.main, c.news, c.gated, c.answers = queue{}, queue{}, queue{}, 0
	c.budgets.of[waiting].give(c.visitor, c.reserved)
	c.reserved = 0
	c.relief.Broadcast()
}

// wake starts the writing goroutine if there is none: a quiet connection has none.
func (c *conn) wake() {
	if !c.writing && !c.ended {
		c.writing = true
		go c.write()
	}
}

// write writes what waits, and returns when nothing is left.
func (c *conn) write() {
	var taken []queued
	for {
		taken = c.next(taken[:0])
		if len(taken) == 0 {
			if c.rest() {
				return
			}
			continue
		}
		if c.flush(taken) != nil {
			c.ws.Close() // which ends reading, too
			return
		}
		clear(taken)
	}
}

// next takes what is to be written next.
func (c *conn) next(into []queued) []queued {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dropping {
		c.main, c.news = queue{}, queue{}
	}
	from := &c.main
	if len(from.messages) == 0 {
		from = &c.news
	}
	into = from.take(into, batch)
	for _, m := range into {
		if m.answer {
			c.answers -= len(m.data)
		}
	}
	c.relief.Broadcast()
	need := max(0, int64(c.main.bytes+c.gated.bytes+c.news.bytes-freeBytes))
	if spare := c.reserved - need; spare > budgetStep || need == 0 {
		c.budgets.of[waiting].give(c.visitor, spare)
		c.reserved = need
	}
	return into
}

// rest ends the writing if there is nothing more to write, and the connection if that is to end.
func (c *conn) rest() bool {
	c.mu.Lock()
	if len(c.main.messages)+len(c.news.messages) > 0 {
		c.mu.Unlock()
		return false
	}
	closing := c.closing
	c.writing = closing != nil // no other goroutine starts writing
	c.mu.Unlock()
	if closing == nil {
		return true
	}
	c.ws.WriteControl(websocket.CloseMessage, closing, time.Now().Add(closeTime))
	select {
	case <-c.over:
	case <-time.After(closeTime):
	}
	c.ws.Close()
	return true
}

// flush writes messages in few packets, and a ping with them if one is due.
func (c *conn) flush(messages []queued) error {
	c.net.hold()
	for _, m := range messages {
		kind := websocket.TextMessage
		if m.binary {
			kind = websocket.BinaryMessage
		}
		if err := c.ws.WriteMessage(kind, m.data); err != nil {
			c.net.release()
			return err
		}
	}
	if now := time.Now(); c.room != nil && now.Sub(c.pingAt) >= pingEvery {
		c.pingAt = now
		c.pingSent.Store(max(1, c.room.rooms.micros()))
		var payload [8]byte
		binary.BigEndian.PutUint64(payload[:], uint64(c.pingSent.Load()))
		c.ws.WriteControl(websocket.PingMessage, payload[:], now.Add(time.Second))
	}
	return c.net.release()
}
