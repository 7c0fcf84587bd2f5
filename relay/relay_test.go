package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
	jsoniter "github.com/json-iterator/go"

	"raftplayground/relay/hub"
)

const patience = 10 * time.Second // for anything that must happen; no test waits longer than it takes

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// started returns a relay that serves real sockets; change may alter it first.
func started(t testing.TB, s settings, pages fstest.MapFS, change ...func(r *relay)) (*relay, *httptest.Server) {
	t.Helper()
	if s.state == "" {
		s.state = t.TempDir()
	}
	if s.size == 0 {
		s.size = 3
	}
	kept, err := openRecords(s.state, quiet)
	if err != nil {
		t.Fatal(err)
	}
	r := newRelay(s, kept, loadPage(pages), quiet)
	for _, apply := range change {
		apply(r)
	}
	server := httptest.NewUnstartedServer(r.handler())
	server.Listener = gathering{server.Listener, r.budgets}
	server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		r.rooms.stop(ctx)
		server.Close()
		kept.close()
	})
	return r, server
}

// tab is a member as a test plays it.
type tab struct {
	t      testing.TB
	ws     *websocket.Conn
	server uint64
	client uint64
	lease  string
}

func dial(t testing.TB, base, code string, header http.Header) *tab {
	t.Helper()
	return dialBy(t, websocket.DefaultDialer, base, code, header)
}

func dialBy(t testing.TB, dialer *websocket.Dialer, base, code string, header http.Header) *tab {
	t.Helper()
	ws, answer, err := dialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/rooms/"+code, header)
	if err != nil {
		t.Fatalf("dial: %v, %+v", err, answer)
	}
	t.Cleanup(func() { ws.Close() })
	return &tab{t: t, ws: ws}
}

// asNew adds to a join's params that the room is new.
func asNew(params string) string { return strings.Replace(`{"new":true,`+params[1:], ",}", "}", 1) }

// open dials and joins; a room that the relay does not know counts as new.
func open(t testing.TB, base, code, params string) *tab {
	t.Helper()
	return dial(t, base, code, nil).join(params)
}

func (c *tab) join(params string) *tab {
	c.t.Helper()
	c.say(`{"jsonrpc":"2.0","id":"join","method":"join","params":` + asNew(params) + `}`)
	answer := c.until(func(text string) bool { return get(text, "id").ToString() == "join" })
	result := get(answer, "result")
	if result.ValueType() != jsoniter.ObjectValue {
		c.t.Fatalf("join %s was answered %s", params, answer)
	}
	c.server, c.client, c.lease = result.Get("server").ToUint64(), result.Get("client").ToUint64(),
		result.Get("lease").ToString()
	return c
}

func (c *tab) say(text string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// until reads up to the wanted message.
func (c *tab) until(wanted func(text string) bool) string {
	c.t.Helper()
	c.ws.SetReadDeadline(time.Now().Add(patience))
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			c.t.Fatalf("the message that was waited for did not come: %v", err)
		}
		if wanted(string(data)) {
			return string(data)
		}
	}
}

func (c *tab) untilIs(want string) {
	c.t.Helper()
	c.until(func(text string) bool { return text == want })
}

func (c *tab) untilError() jsoniter.Any {
	c.t.Helper()
	return get(c.until(func(text string) bool { return get(text, "error").ValueType() == jsoniter.ObjectValue }),
		"error")
}

// untilClosed reads to the end and returns the close code and reason.
func (c *tab) untilClosed() *websocket.CloseError {
	c.t.Helper()
	c.ws.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := c.ws.ReadMessage(); err != nil {
			closed, ok := err.(*websocket.CloseError)
			if !ok {
				c.t.Fatalf("the connection ended without a close message: %v", err)
			}
			return closed
		}
	}
}

func get(text string, path ...any) jsoniter.Any { return jsoniter.Get([]byte(text), path...) }

// trio is a started room of three servers without delays.
func trio(t testing.TB, base string) (a, b, c *tab) {
	t.Helper()
	a, b, c = open(t, base, "trio", `{}`), open(t, base, "trio", `{}`), open(t, base, "trio", `{}`)
	c.say(`{"id":1,"method":"network","params":{"rate":1,"latency":0,"jitter":0}}`)
	c.until(func(text string) bool { return get(text, "result").ToBool() })
	return a, b, c
}

func TestFramesOfBothKindsAreForwardedByteForByte(t *testing.T) {
	_, server := started(t, settings{}, nil)
	a, b, c := trio(t, server.URL)
	if a.server != 1 || b.server != 2 || c.server != 3 {
		t.Fatalf("seats %d, %d, %d", a.server, b.server, c.server)
	}
	colon := "1>2:AppendEntries:Request:3:1:9:2:8:call=17:entries=3,set x=1"
	json := `{ "jsonrpc":"2.0","id":"1>2:17","from":1,"to":2, "method":"RequestVote",` +
		`"params":{"term":18446744073709551615}}`
	a.say(colon)
	a.say(json)
	b.untilIs(colon)
	b.untilIs(json)
	b.say("2:RequestVotes:Request:4:2:9:2")
	a.untilIs("2:RequestVotes:Request:4:2:9:2")
	c.untilIs("2:RequestVotes:Request:4:2:9:2")
}

// A binary message leaves as a binary one, in order with the text around it.
func TestBinaryFramesAreForwardedAsBinary(t *testing.T) {
	_, server := started(t, settings{}, nil)
	a := open(t, server.URL, "test", `{"binary":true}`)
	b := open(t, server.URL, "test", `{"binary":true}`)
	open(t, server.URL, "test", `{}`)
	a.say(`{"method":"network","params":{"rate":1,"latency":0,"jitter":0}}`)
	frame := []byte{0x08, 0x01, 0x10, 0x02, 0x22, 0x02, 0x08, 0x03}
	a.say("1>2:before")
	if err := a.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
		t.Fatal(err)
	}
	a.say("1>2:after")
	var kinds []int
	for len(kinds) < 3 {
		b.ws.SetReadDeadline(time.Now().Add(patience))
		kind, data, err := b.ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		switch string(data) {
		case "1>2:before", "1>2:after", string(frame):
			kinds = append(kinds, kind)
		}
	}
	if kinds[0] != websocket.TextMessage || kinds[1] != websocket.BinaryMessage || kinds[2] != websocket.TextMessage {
		t.Errorf("the messages came as %v", kinds)
	}
}

func TestBadFramesAreAnsweredAndTheRoomGoesOn(t *testing.T) {
	_, server := started(t, settings{}, nil)
	a, b, _ := trio(t, server.URL)
	for i, bad := range []struct {
		name, text string
		code       int
	}{
		{"wrong sender", "2>3:RequestVotes:Request:1:2:0:0", -32001},
		{"wrong sender, JSON", `{"id":1,"from":2,"to":3,"method":"RequestVote"}`, -32001},
		{"unknown member", "1>7:RequestVotes:Request:1:1:0:0", -32002},
		{"cut JSON", `{"id":1,"from":1,"to":2,"method":"Requ`, -32700},
		{"wrong type", `{"id":1,"from":1,"to":"2","method":"RequestVote"}`, -32602},
		{"negative", `{"id":1,"from":1,"to":-2,"method":"RequestVote"}`, -32602},
		{"2^64", `{"id":1,"from":18446744073709551616,"to":2}`, -32602},
		{"not UTF-8", "1>2:\xff", -32700},
		{"huge report", `{"method":"report","params":{"x":"` + strings.Repeat("x", 300<<10) + `"}}`, -32006},
	} {
		a.say(bad.text)
		if got := a.untilError(); got.Get("code").ToInt() != bad.code || got.Get("message").ToString() == "" {
			t.Errorf("%s: got %s, want code %d", bad.name, got.ToString(), bad.code)
		}
		good := fmt.Sprintf("1>2:good:%d", i)
		a.say(good)
		b.untilIs(good)
	}
	if err := a.ws.WriteMessage(websocket.BinaryMessage, []byte{0, 255, 1, 2}); err != nil {
		t.Fatal(err)
	}
	if got := a.untilError(); got.Get("code").ToInt() != -32700 {
		t.Errorf("binary noise: %s", got.ToString())
	}
}

func TestAMessageOverTheLimitIsAnsweredThenTheConnectionClosed(t *testing.T) {
	_, server := started(t, settings{}, nil)
	a, b, c := trio(t, server.URL)
	a.say("1>2:" + strings.Repeat("x", 3<<20))
	if got := a.untilError(); got.Get("code").ToInt() != -32006 {
		t.Errorf("got %s", got.ToString())
	}
	if got := a.untilClosed(); got.Code != websocket.CloseMessageTooBig || !strings.Contains(got.Text, "1048576") {
		t.Errorf("closed with %v", got)
	}
	b.say("2>3:still here")
	c.untilIs("2>3:still here")
}

func TestAClosedSocketIsACrashAndTheLeaseBringsTheServerBack(t *testing.T) {
	_, server := started(t, settings{}, nil)
	a, b, c := trio(t, server.URL)
	b.ws.Close()
	a.until(func(text string) bool {
		return get(text, "params", "servers", 1, "connected").ToString() == "false" && get(text, "params", "servers", 1,
			"leased").ToBool()
	})
	if d := open(t, server.URL, "trio", `{}`); d.server != 0 {
		t.Errorf("a newcomer was given the leased seat %d", d.server)
	}
	back := open(t, server.URL, "trio", `{"server":2,"lease":"`+b.lease+`"}`)
	if back.server != 2 {
		t.Errorf("the lease of seat 2 got seat %d", back.server)
	}
	c.say("3>2:welcome back")
	back.untilIs("3>2:welcome back")
}

func TestRoundTripsAreMeasured(t *testing.T) {
	_, server := started(t, settings{}, nil)
	a := open(t, server.URL, "ping", `{}`)
	a.until(func(text string) bool {
		return get(text, "params", "servers", 0, "roundTrip").ValueType() == jsoniter.NumberValue
	})
}

func TestOnlyOurPagesAndNamedOriginsMayOpenSockets(t *testing.T) {
	_, server := started(t, settings{origins: []string{"https://course.example.org"}}, nil)
	for origin, ok := range map[string]bool{
		server.URL: true, "https://course.example.org": true, "": true,
		"https://evil.example": false, "https://course.example.org.evil.example": false,
		"http://course.example.org": false, "null": false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/rooms/orig",
			header)
		if ok && err != nil || !ok && (err == nil || answer.StatusCode != http.StatusForbidden) {
			t.Errorf("origin %q: error %v, want accepted %v", origin, err, ok)
		}
		if err == nil {
			ws.Close()
		}
	}
}

func TestHandshakesOfOneAddressAreBounded(t *testing.T) {
	b := newBudgets()
	v := b.visitor("192.0.2.7:1234")
	const hall = 500 // tabs, which all come at once
	last := time.Duration(0)
	for range hall {
		last = v.reserve()
	}
	if last == 0 || last > mostWait {
		t.Errorf("the last of %d tabs waits for %v; expected that it waits, and for %v at most", hall, last, mostWait)
	}
	for range hall {
		last = v.reserve()
	}
	if last <= mostWait || last > mostWait+time.Second {
		t.Errorf("the last of %d would wait for %v; expected a little more than %v", 2*hall, last, mostWait)
	}
	if ahead := v.ahead(); ahead <= mostWait || ahead > mostWait+time.Second {
		t.Errorf("the next one would wait for %v", ahead)
	}
	if b.visitor("192.0.2.8:1234").reserve() > 0 {
		t.Error("another address pays for it")
	}
	for i := range mostVisitors + 10 {
		b.visitor(fmt.Sprintf("10.0.%d.%d:1", i/256, i%256)).reserve()
	}
	if len(b.seen) > mostVisitors {
		t.Errorf("%d addresses are remembered", len(b.seen))
	}
}

// A browser does not say why a WebSocket was refused: a page can ask the same address by POST.
func TestAPageCanAskWhyItsHandshakeIsRefused(t *testing.T) {
	r, server := started(t, settings{}, nil)
	ask := func(origin string) (*http.Response, string) {
		return fetch(t, "POST", server.URL+"/rooms/room", map[string]string{"Origin": origin})
	}
	if answer, text := ask(server.URL); answer.StatusCode != http.StatusNoContent || text != "" {
		t.Errorf("a page of ours is answered %d, %q", answer.StatusCode, text)
	}
	answer, text := ask("http://lab.example")
	if answer.StatusCode != http.StatusForbidden || !strings.Contains(text, "-origin http://lab.example") {
		t.Errorf("a page of another site is answered %d, %q", answer.StatusCode, text)
	}
	many := r.budgets.visitor("127.0.0.1:1")
	for many.reserve() <= mostWait {
	}
	many.handshakes.ReserveN(time.Now(), handshakeBurst) // so that no place comes free before it asks
	answer, text = ask(server.URL)
	after, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	told := after >= 1 && after <= 3 && strings.Contains(text, fmt.Sprintf("in %d s", after))
	if answer.StatusCode != http.StatusTooManyRequests || !told {
		t.Errorf("one of too many is answered %d, %v, %q", answer.StatusCode, answer.Header, text)
	}
}

// A lecture hall behind one address: all get in, the last ones a little later.
func TestEverybodyOfALectureHallGetsIn(t *testing.T) {
	_, server := started(t, settings{}, nil)
	const tabs = 500
	failed := make(chan error, tabs)
	for i := range tabs {
		go func() {
			address := fmt.Sprintf("ws%s/rooms/hall-%d", strings.TrimPrefix(server.URL, "http"), i/50)
			ws, _, err := websocket.DefaultDialer.Dial(address, nil)
			if err == nil {
				defer ws.Close()
			}
			failed <- err
		}()
	}
	for range tabs {
		if err := <-failed; err != nil {
			t.Fatalf("somebody is left outside: %v", err)
		}
	}
}

func TestARoomThatNobodyJoinedIsPutAwayWhenItIsEmpty(t *testing.T) {
	r, server := started(t, settings{}, nil)
	dial(t, server.URL, "nobody", nil).ws.Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if open, connections := r.rooms.count(); open == 0 && connections == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the room is still open")
		}
	}
}

// A room whose code is not known here may have been used: its record may be lost, or lie in another folder. Only a room
// that was made here is new.
func TestOnlyARoomThatWasMadeHereIsNew(t *testing.T) {
	r, server := started(t, settings{}, nil)
	join := func(code string) jsoniter.Any {
		c := dial(t, server.URL, code, nil)
		c.say(`{"id":"join","method":"join","params":{}}`)
		return get(c.until(func(text string) bool { return get(text, "id").ToString() == "join" }), "result")
	}
	if got := join("typed-by-hand"); got.Get("server").ToInt() != 0 || !got.Get("unknown").ToBool() {
		t.Errorf("a room that was not made here: %s", got.ToString())
	}
	code := r.rooms.newCode()
	if got := join(code); got.Get("server").ToInt() != 1 {
		t.Errorf("a room that was made here: %s", got.ToString())
	}
	if r.rooms.made[code] {
		t.Error("a room that has a record is still remembered as new: should its record be lost, it would be " +
			"taken for new")
	}
}

func TestHealth(t *testing.T) {
	_, server := started(t, settings{}, nil)
	open(t, server.URL, "room", `{}`)
	answer, err := http.Get(server.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); strings.TrimSpace(
		string(text)) != `{"status":"ok","rooms":1,"connections":1,"records":"disk","roomsUnstored":0,`+
		`"roomsWithoutRecord":0}` {
		t.Errorf("got %s", text)
	}
}

func TestGatheredWritesArriveWholeAndInOrder(t *testing.T) {
	near, far := net.Pipe()
	c := &gatheredConn{Conn: near}
	c.guard(func() { t.Error("the peer is said to take nothing") }, func() {})
	want := ""
	go func() {
		defer near.Close()
		c.Write([]byte("before "))
		c.hold()
		for range 3 {
			c.Write([]byte(strings.Repeat("x", gatherAtMost/2)))
		}
		c.release()
		c.Write([]byte(" after"))
	}()
	want = "before " + strings.Repeat("x", gatherAtMost/2*3) + " after"
	if got, err := io.ReadAll(far); err != nil || string(got) != want {
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	}
}

// BenchmarkForward sends frames through one pair with 32 outstanding: server 1 sends, server 2 sends each back.
func BenchmarkForward(b *testing.B) {
	r, server := started(b, settings{}, nil)
	r.rooms.options.Limits = hub.Limits{Rate: 1e6, Burst: 1e9} // the program's limit, not a member's
	r.budgets.messages = newPace(1e9, 1e9)
	x, y, _ := trio(b, server.URL)
	go func() {
		for {
			kind, data, err := y.ws.ReadMessage()
			if err != nil {
				return
			}
			if data[0] == '1' {
				y.ws.WriteMessage(kind, []byte("2>1:back"))
			}
		}
	}()
	b.ReportAllocs()
	outstanding := 0
	for b.Loop() {
		for ; outstanding < 32; outstanding++ {
			x.say("1>2:AppendEntries:Request:3:1:9:2:8:call=17")
		}
		x.until(func(text string) bool { return text[0] == '2' })
		outstanding--
	}
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}
