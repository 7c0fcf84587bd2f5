package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"raftplayground/relay/hub"
)

// idleConn is a connection that has written nothing yet.
func idleConn() *conn {
	c := &conn{budgets: newBudgets()}
	c.visitor = c.budgets.visitor("192.0.2.7:1")
	c.relief.L = &c.mu
	c.writing = true // as if a goroutine wrote
	return c
}

func TestFramesGoBeforeNewsAndNewsAreLeftOutFirst(t *testing.T) {
	c := idleConn()
	news := hub.Delivery{Kind: hub.News, Data: make([]byte, mostNewsBytes/2)}
	if !c.send(&news, 0) || !c.send(&news, 0) || c.send(&news, 0) {
		t.Errorf("of news %d bytes wait, at most %d may", c.news.bytes, mostNewsBytes)
	}
	for _, d := range []hub.Delivery{{Kind: hub.Frame, Data: []byte("1>2:x")}, {Kind: hub.Answer, Data: []byte("{}")}} {
		if !c.send(&d, 0) {
			t.Errorf("there is no room for %s beside news", d.Data)
		}
	}
	if first := c.next(nil); len(first) != 2 || string(first[0].data) != "1>2:x" || string(first[1].data) != "{}" {
		t.Errorf("what came first is %d messages, the first of %d bytes", len(first), len(first[0].data))
	}
	if then := c.next(nil); len(then) != 1 || len(then[0].data) != len(news.Data) {
		t.Errorf("then came %d messages", len(then))
	}
}

func TestWhoTakesNothingIsToldWhyItIsClosed(t *testing.T) {
	c := idleConn()
	c.send(&hub.Delivery{Kind: hub.News, Data: []byte("news")}, 0)
	c.stalled()
	want := websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "this connection took nothing for 15 seconds")
	if !bytes.Equal(c.closing, want) {
		t.Errorf("it is told %q", c.closing)
	}
	if left := c.next(nil); len(left) != 0 {
		t.Errorf("before it is told it must take %d messages", len(left))
	}
}

// A tab that does nothing costs the stack of one goroutine, and no buffers.
func TestAQuietConnectionHasOneGoroutine(t *testing.T) {
	_, server := started(t, settings{}, nil)
	const tabs = 20
	var all []*tab
	for range tabs {
		all = append(all, open(t, server.URL, "quiet", `{"server":0}`))
	}
	for _, c := range all {
		go readOn(c.ws) // one more of the test's
	}
	stacks := make([]byte, 1<<20)
	eventually(t, func() bool {
		text := string(stacks[:runtime.Stack(stacks, true)])
		return strings.Count(text, "relay.(*conn).read(") == tabs && strings.Count(text, "relay.(*conn).") == tabs
	})
}
