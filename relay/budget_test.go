package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

func TestOneAddressMayHoldHalfOfABudget(t *testing.T) {
	all := newBudgets()
	b := &all.of[waiting]
	b.most = 100
	one, other := all.visitor("192.0.2.7:1"), all.visitor("192.0.2.8:1")
	if !b.take(one, 50) || b.take(one, 1) {
		t.Error("one address may hold half, and no more")
	}
	if !b.take(other, 50) || b.take(other, 1) || b.used.Load() != 100 {
		t.Errorf("another one has the rest; used are %d", b.used.Load())
	}
	if b.give(one, 50); !b.take(one, 50) {
		t.Error("what was given back is gone")
	}
	if got := b.refused.Load(); got != 2 {
		t.Errorf("%d refusals are counted", got)
	}
}

// However many connections an address has, together they may bring no more than one, and hold up no others.
func TestThePaceOfAnAddressIsThatOfAllItsConnections(t *testing.T) {
	for name, c := range map[string]struct{ connections, each, length, pace int }{
		"large messages": {200, 5, mostMessage, mostBytes / 2},
		"small messages": {100, 1500, 0, mostMessages / 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBudgets()
			connection := func(address string) *conn {
				return &conn{budgets: b, visitor: b.visitor(address), fair: rate.NewLimiter(fairRate, fairBurst)}
			}
			begun := time.Now()
			var flood sync.WaitGroup
			for range c.connections {
				flood.Go(func() {
					one := connection("192.0.2.7:1")
					for range c.each {
						one.wait(c.length)
					}
				})
			}
			time.Sleep(100 * time.Millisecond)
			before := time.Now()
			for other := connection("192.0.2.8:1"); time.Since(before) < time.Second; time.Sleep(
				50 * time.Millisecond) {
				at := time.Now()
				if other.wait(c.length); time.Since(at) > 100*time.Millisecond {
					t.Errorf("%s: another address waited for %v", name, time.Since(at))
				}
			}
			flood.Wait()
			sent := float64(c.connections*c.each) * float64(max(c.length, 1))
			least := sent/float64(c.pace) - 2 // up to a second's worth may be sent ahead, and the last is under way
			if time.Since(begun).Seconds() < least {
				t.Errorf("%s: they took %v, and should have taken %.1f s", name, time.Since(begun), least)
			}
		})
	}
}

func TestALargeMessageWaitsForItsTurnAndNobodyForIt(t *testing.T) {
	r, server := started(t, settings{}, nil)
	a, b, _ := trio(t, server.URL)
	x, y := open(t, server.URL, "other", `{"size":2}`), open(t, server.URL, "other", `{}`)
	x.say(`{"method":"network","params":{"rate":1,"latency":0,"jitter":0}}`)
	for range cap(r.budgets.large) { // as if the most allowed were being read
		r.budgets.large <- struct{}{}
	}
	large := "1>2:" + strings.Repeat("x", 2*largeMessage)
	a.say(large)
	held := r.budgets.of[reading].used.Load
	eventually(t, func() bool { return held() == int64(len(large)) })
	for i := range 50 {
		x.say(fmt.Sprintf("1>2:%d", i))
		y.untilIs(fmt.Sprintf("1>2:%d", i))
	}
	if got := held(); got != int64(len(large)) {
		t.Errorf("the message was read before its turn: %d bytes of it are left", got)
	}
	for range cap(r.budgets.large) {
		<-r.budgets.large
	}
	b.untilIs(large)
}

func TestAnAddressIsAHouseholds(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:99": "192.0.2.7", "[::ffff:192.0.2.7]:99": "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:99": "2001:db8:1:2::/64",
		"[2001:db8:1:2::9]:1":       "2001:db8:1:2::/64", "[fe80::1%eth0]:1": "fe80::/64", "nonsense": "nonsense",
	} {
		if got := addressOf(remote); got != want {
			t.Errorf("%s counts as %s, want %s", remote, got, want)
		}
	}
}

func TestRoomsAreBoundedAndEmptyOnesGiveUpTheirPlaces(t *testing.T) {
	r, server := started(t, settings{}, nil, func(r *relay) { r.budgets.of[openRooms].most = 4 })
	first, second := open(t, server.URL, "room-1", `{}`), open(t, server.URL, "room-2", `{}`)
	if got := dial(t, server.URL, "room-3", nil).untilClosed(); got.Code != websocket.CloseTryAgainLater ||
		!strings.Contains(got.Text, "as many rooms as it takes") {
		t.Errorf("one address has half of the rooms, another one was closed with %v", got)
	}
	stranger := &websocket.Dialer{NetDial: (&attacker{from: net.ParseIP(attackerIP)}).dial}
	if got := dialBy(t, stranger, server.URL, "room-4", nil).join(`{}`); got.server != 1 {
		t.Errorf("another address got seat %d", got.server)
	}
	second.ws.Close()
	eventually(t, func() bool { _, connections := r.rooms.count(); return connections == 2 })
	third := open(t, server.URL, "room-3", `{}`)
	if third.server != 1 {
		t.Errorf("the empty room did not give up its place: seat %d", third.server)
	}
	if got := dial(t, server.URL, "room-2", nil).untilClosed(); got.Code != websocket.CloseTryAgainLater {
		t.Errorf("there is no place for the room that gave it up, but it was closed with %v", got)
	}
	third.ws.Close()
	eventually(t, func() bool { _, connections := r.rooms.count(); return connections == 2 })
	back := dial(t, server.URL, "room-2", nil)
	back.say(`{"id":1,"method":"join","params":{"server":1,"lease":"` + second.lease + `"}}`)
	back.until(func(text string) bool { return get(text, "result", "server").ToInt() == 1 }) // nothing was lost
	first.say("1>2:x")
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what was waited for did not come")
		}
	}
}

func TestAMessageForWhichThereIsNoRoomIsThrownAwayAndItsSenderTold(t *testing.T) {
	r, server := started(t, settings{}, nil, func(r *relay) { r.budgets.of[reading].most = 200 << 10 })
	a, b, _ := trio(t, server.URL)
	a.say("1>2:" + strings.Repeat("x", 300<<10))
	if got := a.untilError(); got.Get("code").ToInt() != -32009 {
		t.Errorf("got %s", got.ToString())
	}
	a.say("1>2:" + strings.Repeat("y", 10<<10))
	b.untilIs("1>2:" + strings.Repeat("y", 10<<10))
	if used := r.budgets.of[reading].used.Load(); used != 0 {
		t.Errorf("%d bytes are not given back", used)
	}
}

func TestWhatWaitsForAConnectionIsGivenBackWithIt(t *testing.T) {
	r, server := started(t, settings{}, nil)
	a, b, _ := trio(t, server.URL)
	for range 20 { // b reads nothing
		a.say("1>2:" + strings.Repeat("x", 1_000_000))
	}
	eventually(t, func() bool { return r.budgets.of[waiting].used.Load() > mib })
	b.ws.Close()
	eventually(t, func() bool { return r.budgets.of[waiting].used.Load() == 0 })
	eventually(t, func() bool { return r.budgets.of[flying].used.Load() <= 3*flyingStep })
}

// hold opens a room whose link from 1 to 2 holds frames, and a watcher.
func hold(t *testing.T, dialer *websocket.Dialer, base, code string) (sender, watcher *tab) {
	t.Helper()
	sender = dialBy(t, dialer, base, code, nil).join(`{"size":2}`)
	dialBy(t, dialer, base, code, nil).join(`{}`)
	watcher = dialBy(t, dialer, base, code, nil).join(`{"server":0,"watch":true}`)
	sender.say(`{"id":"hold","method":"network","params":{"start":true,"links":[{"from":1,"to":2,"hold":true}]}}`)
	sender.until(func(text string) bool { return get(text, "id").ToString() == "hold" })
	return sender, watcher
}

// fates reads until this many frames have been seen, and counts them by fate.
func (c *tab) fates(frames int) map[string]int {
	c.t.Helper()
	count := map[string]int{}
	c.until(func(text string) bool {
		list := get(text, "params", "frames")
		for i := range list.Size() {
			count[list.Get(i, "fate").ToString()]++
			frames--
		}
		return frames <= 0
	})
	return count
}

func TestTheFramesUnderWayOfAllRoomsTogetherAreBounded(t *testing.T) {
	r, server := started(t, settings{}, nil, func(r *relay) { r.budgets.of[flying].most = 4 * flyingStep })
	frame := "1>2:" + strings.Repeat("x", flyingStep/2)
	held, full := 0, 0
	for _, code := range []string{"room-1", "room-2", "room-3"} {
		sender, watcher := hold(t, websocket.DefaultDialer, server.URL, code)
		for range 4 {
			sender.say(frame)
		}
		fates := watcher.fates(4)
		held, full = held+fates["held"], full+fates["full"]
	}
	if held == 0 || held > 4 || held+full != 12 {
		t.Errorf("of 12 frames %d are held and %d were lost (full); one address has room for 4", held, full)
	}
	if used := r.budgets.of[flying].used.Load(); used > 2*flyingStep {
		t.Errorf("one address uses %d bytes, half of the budget are %d", used, 2*flyingStep)
	}
	stranger := &websocket.Dialer{NetDial: (&attacker{from: net.ParseIP(attackerIP)}).dial}
	sender, watcher := hold(t, stranger, server.URL, "room-4")
	sender.say(frame)
	if fates := watcher.fates(1); fates["held"] != 1 {
		t.Errorf("a frame from another address: %v", fates)
	}
}

func TestTheNewsOfAllRoomsTogetherAreBoundedAndWatchersToldWhatTheyMissed(t *testing.T) {
	r, server := started(t, settings{}, nil, func(r *relay) { r.budgets.news = newPace(20_000, 20_000) })
	sender, watcher := hold(t, websocket.DefaultDialer, server.URL, "news")
	for range 20 {
		sender.say("1>2:" + strings.Repeat("x", 3000))
		time.Sleep(20 * time.Millisecond) // so that they are reported one by one
	}
	missed := 0
	watcher.until(func(text string) bool {
		missed += get(text, "params", "dropped").ToInt()
		return missed > 0
	})
	if r.budgets.news.refused.Load() == 0 {
		t.Error("what was left out is not in the metrics")
	}
}

func TestFragmentsThatBringNothingEndTheConnection(t *testing.T) {
	_, server := started(t, settings{}, nil)
	c := open(t, server.URL, "fragments", `{}`)
	c.ws.NetConn().Write([]byte{0x01, 0x80, 0, 0, 0, 0}) // a text message begins
	empty := bytes.Repeat([]byte{0x00, 0x80, 0, 0, 0, 0}, 10_000)
	c.ws.NetConn().SetDeadline(time.Now().Add(patience))
	var err error
	for n := 0; n < 100 && err == nil; n++ {
		_, err = c.ws.NetConn().Write(empty)
	}
	for err == nil {
		_, _, err = c.ws.ReadMessage()
	}
	if late, is := errors.AsType[net.Error](err); is && late.Timeout() {
		t.Error("a million empty fragments did not end the connection")
	}
}

func TestEveryBudgetAndPaceIsInTheMetrics(t *testing.T) {
	r, server := started(t, settings{}, nil)
	figures := figuresOf(t, server.URL)
	for kind, b := range budgetNames {
		limit, known := figures["raft_"+b.name+"_limit"]
		if _, counted := figures["raft_"+b.name+"_refused_total"]; !known || !counted ||
			limit != r.budgets.of[kind].most {
			t.Errorf("%s: limit %d, known %t, refusals counted %t", b.name, limit, known, counted)
		}
	}
	for _, name := range []string{
		"raft_messages_delayed_total", "raft_large_messages_delayed_total", "raft_news_left_out_total",
		"raft_too_often_total",
		"raft_connections_closed_total", "raft_control_floods_total", "raft_rooms_unstored",
		"raft_rooms_without_record_total",
	} {
		if _, known := figures[name]; !known {
			t.Errorf("%s is not in the metrics", name)
		}
	}
}

func TestWhoCannotBeHeldIsToldOverHTTP(t *testing.T) {
	r, server := started(t, settings{}, nil, func(r *relay) { r.budgets.of[sockets].most = 2 })
	first, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	eventually(t, func() bool { return r.budgets.of[sockets].used.Load() == 1 })
	second, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	second.SetReadDeadline(time.Now().Add(patience))
	text := make([]byte, len(noSockets))
	if n, _ := second.Read(text); !strings.HasPrefix(string(text[:n]), "HTTP/1.1 503") {
		t.Errorf("it was told %q", text[:n])
	}
}
