package host

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	jsoniter "github.com/json-iterator/go"
	"pgregory.net/rapid"

	"raftplayground/relay/hub"
)

const (
	millisecond int64 = 1000
	second            = 1000 * millisecond
	idle              = 600 * second
)

// tester is a test, of the testing package or of rapid.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// platform is a host with a clock that stands until it is moved, a disk that does what it is told, and
// connections that keep what they are sent. It checks what a Platform may rely on.
type platform struct {
	t     tester
	now   int64
	room  *Room
	conns map[uint64]*conn

	stores  int         // that began
	storing *hub.Record // of the store that runs
	record  *hub.Record // the newest that is stored
	takes   int64       // µs that a store takes
	endsAt  int64
	fails   string // why stores fail; empty: they do not

	wake int64
	away bool
}

// conn is a connection as a page would have it: messages that wait for a record wait here.
type conn struct {
	platform *platform
	told     []string
	gated    []string
	gate     uint64
	full     bool // takes nothing
	backlog  int
	closed   int
}

func (c *conn) Send(d *hub.Delivery, stored uint64) bool {
	if c.closed != 0 {
		c.platform.t.Errorf("a connection that was closed is sent %s", d.Data)
	}
	if c.full && d.Kind != hub.Answer {
		return false
	}
	if d.Kind == hub.Answer || d.Kind == hub.Frame {
		if c.gate = max(c.gate, d.After); c.gate > stored {
			c.gated = append(c.gated, string(d.Data))
			return true
		}
	}
	c.told = append(c.told, string(d.Data))
	return true
}

func (c *conn) Stored(number uint64) {
	if c.gate <= number {
		c.told, c.gated = append(c.told, c.gated...), nil
	}
}

func (c *conn) Backlog() int { return c.backlog }

func (c *conn) Close(code int, _ string) { c.closed = code }

func (p *platform) Now() int64 { return p.now }

func (p *platform) Store(record *hub.Record) {
	if p.storing != nil {
		p.t.Fatalf("a second store begins while one runs")
	}
	p.stores++
	p.storing, p.endsAt = record, p.now+p.takes
}

func newPlatform(t tester, options hub.Options, record *hub.Record) *platform {
	t.Helper()
	options.Code, options.Rate = "test", 1
	secret := byte(0)
	options.Random = func(into []byte) {
		for i := range into {
			secret++
			into[i] = secret
		}
	}
	h, err := hub.New(options, record)
	if err != nil {
		t.Fatalf("%v", err)
	}
	p := &platform{t: t, conns: map[uint64]*conn{}, record: record}
	p.room = New(p, h, record != nil, time.Duration(idle)*time.Microsecond)
	return p
}

// turn ends an event.
func (p *platform) turn() { p.wake, p.away = p.room.Turn() }

// pass lets time pass: stores end, and the room is woken when it wants to be.
func (p *platform) pass(micros int64) {
	p.t.Helper()
	p.turn()
	for end, still := p.now+micros, 0; ; still++ {
		next := min(p.wake, end)
		if p.storing != nil {
			next = min(next, p.endsAt)
		}
		if next > p.now {
			p.now, still = next, 0
		}
		if still > 10 {
			p.t.Fatalf("the room wants to be woken at %d again and again, and does nothing", p.wake)
		}
		if p.storing != nil && p.endsAt <= p.now {
			p.endStore()
		}
		p.turn()
		if p.now == end && p.wake > end && (p.storing == nil || p.endsAt > end) {
			return
		}
	}
}

func (p *platform) endStore() (failed int) {
	record := p.storing
	if p.storing = nil; p.fails == "" {
		p.record = record
	}
	return p.room.Stored(p.fails)
}

func (p *platform) connect(id uint64) *conn {
	c := &conn{platform: p}
	p.conns[id] = c
	p.room.Connect(id, "", c)
	return c
}

func (p *platform) say(id uint64, text string) {
	p.room.Receive(id, []byte(text), false)
	p.turn()
}

func (p *platform) join(id uint64, params string) *conn {
	c := p.connect(id)
	p.say(id, `{"jsonrpc":"2.0","id":1,"method":"join","params":`+params+`}`)
	return c
}

// has tells whether a connection was told something with this in it.
func (c *conn) has(text string) bool {
	return slices.ContainsFunc(c.told, func(told string) bool { return strings.Contains(told, text) })
}

// No member is told of a lease before the record that holds it is stored. Frames wait behind that answer;
// news does not.
func TestALeaseIsToldWhenItIsStored(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 2}, nil)
	p.takes = 300 * millisecond
	watcher := p.join(9, `{"server":0,"watch":true}`)
	p.pass(second)
	if !watcher.has(`"server":null`) {
		t.Fatalf("the watcher is told %q", watcher.told)
	}
	a := p.join(1, `{}`)
	p.say(9, `{"jsonrpc":"2.0","id":5,"from":1001,"to":1,"method":"Get","params":{"key":"x"}}`)
	p.pass(299 * millisecond)
	if a.has(`"lease"`) || a.has(`"Get"`) || len(a.gated) != 2 {
		t.Errorf("before the record is stored the server is told %q, and %q waits", a.told, a.gated)
	}
	p.pass(millisecond)
	if !a.has(`"lease"`) || !a.has(`"Get"`) || p.record.Seats[0].Lease == "" {
		t.Errorf("when it is stored the server is told %q", a.told)
	}
}

// A store that fails is tried again, later each time. The room's people learn why, and then that it worked.
func TestAStoreThatFailsIsTriedAgain(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 1}, nil)
	p.fails = "the disk is full"
	a := p.join(1, `{}`)
	var begun []int64
	for stores := 0; p.now < 60*second; p.pass(10 * millisecond) {
		if p.stores > stores {
			stores = p.stores
			begun = append(begun, p.now/millisecond)
		}
	}
	for i := 1; i < len(begun); i++ {
		wants := min(firstAgain<<(i-1), lastAgain) / millisecond
		if got := begun[i] - begun[i-1]; got < wants-10 || got > wants+20 {
			t.Errorf("attempt %d comes %d ms after the one before, expected %d", i+1, got, wants)
		}
	}
	if !p.room.Troubled() || !a.has(`"unstored":"the disk is full"`) || a.has(`"lease"`) || len(begun) < 9 {
		t.Errorf("%d attempts, and the server is told %q", len(begun), a.told)
	}
	p.fails, a.told = "", nil
	p.pass(11 * second)
	if p.room.Troubled() || !a.has(`"lease"`) || strings.Contains(a.told[len(a.told)-1], "unstored") {
		t.Errorf("when it is stored the server is told %q", a.told)
	}
}

// The platform is told, for its log, how many attempts have failed.
func TestAttemptsAreCounted(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 1}, nil)
	p.takes = math.MaxInt64 / 2
	p.join(1, `{}`)
	p.fails = "the disk fails"
	for i := 1; i <= 3; i++ {
		if got := p.endStore(); got != i {
			t.Errorf("failure %d is counted as %d", i, got)
		}
		p.now += 20 * second
		p.turn()
	}
	p.fails = ""
	if got := p.endStore(); got != 3 {
		t.Errorf("a success after %d failures, expected 3", got)
	}
}

// A slow disk is reported, and delays only what waits for a record.
func TestASlowDiskHoldsUpOnlyWhatWaitsForIt(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 2}, nil)
	a, b := p.join(1, `{"size":3}`), p.join(2, `{"watch":true}`)
	p.pass(second)
	p.takes = 5 * second
	c := p.join(3, `{}`)
	p.say(1, "1>2:while the disk writes")
	p.pass(900 * millisecond)
	if p.room.Troubled() || !b.has("1>2:while the disk writes") || c.has(`"lease"`) {
		t.Errorf("troubled %v, %q", p.room.Troubled(), b.told)
	}
	p.pass(200 * millisecond)
	if !p.room.Troubled() || !a.has(`"unstored":"the disk is slow"`) || !c.has(`"unstored":"the disk is slow"`) {
		t.Errorf("%q\n%q", a.told, c.told)
	}
	p.say(1, `{"method":"state","params":{"claim":1}}`) // is to be stored at once, and waits
	p.pass(4 * second)
	if !p.room.Troubled() || !c.has(`"lease"`) || p.record.Seats[0].Taken != 0 {
		t.Errorf("troubled %v while a record waits; %q", p.room.Troubled(), c.told)
	}
	p.pass(6 * second)
	if p.room.Troubled() || p.record.Seats[0].Taken != 1 {
		t.Errorf("troubled %v; stored is %+v", p.room.Troubled(), p.record)
	}
}

// The room is given back what a connection has no room for, and says so; a slow connection is spared news.
func TestWhatIsNotSentIsTold(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 2}, nil)
	p.join(1, `{}`)
	b, watcher := p.join(2, `{}`), p.join(9, `{"server":0,"watch":true}`)
	p.pass(second)
	b.full = true
	p.say(1, "1>2:what")
	p.pass(100 * millisecond)
	if !watcher.has(`"fate":"full"`) {
		t.Errorf("the watcher is told %q", watcher.told)
	}
	watcher.backlog, b.full = 2<<20, false
	p.pass(20 * millisecond)
	watcher.told = nil
	p.say(1, "1>2:unseen")
	p.pass(second)
	if watcher.has("seen") {
		t.Errorf("a watcher that is far behind is told %q", watcher.told)
	}
	watcher.backlog = 0
	p.pass(3 * second)
	if !watcher.has(`"dropped":1`) {
		t.Errorf("a watcher that has caught up is told %q", watcher.told)
	}
}

// The room closes a member that breaks its rules, once, and sends it nothing more.
func TestTheRoomClosesConnections(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 1, Limits: hub.Limits{Rate: 1, Burst: 2}}, nil)
	a, idler := p.join(1, `{"watch":true}`), p.connect(2)
	for range 10 {
		p.say(1, "1>7:what")
	}
	p.pass(61 * second)
	if a.closed != 1008 || idler.closed != 1008 || p.room.Has(1) || p.room.Has(2) {
		t.Errorf("closed with %d and %d", a.closed, idler.closed)
	}
	p.room.Disconnect(1)
	p.turn()
}

// A room is put away when it has been empty for long, but not before its last state is stored; at once if it
// has no record.
func TestARoomIsPutAway(t *testing.T) {
	p := newPlatform(t, hub.Options{Unknown: true}, nil)
	if p.turn(); !p.away {
		t.Error("a room without a record, in which nobody is, is kept")
	}
	p = newPlatform(t, hub.Options{Size: 1}, nil)
	p.join(1, `{}`)
	if p.pass(2 * idle); p.away {
		t.Error("a room in which somebody is is put away")
	}
	p.room.Disconnect(1)
	p.turn()
	if p.pass(idle - second); p.away || p.wake > p.now+second {
		t.Errorf("put away before its time: %v; to be woken in %d µs", p.away, p.wake-p.now)
	}
	p.fails = "the disk fails"
	if p.pass(100 * second); p.away {
		t.Error("it is put away, and its last state is nowhere")
	}
	p.fails = ""
	if p.pass(20 * second); !p.away || p.record.Now == 0 {
		t.Errorf("it is kept, and its record is %+v", p.record)
	}
	stores := p.stores
	if p.pass(idle); !p.away || p.stores != stores {
		t.Errorf("a room that waits to be put away stores %d records", p.stores-stores)
	}
}

// A room whose place is needed goes as soon as it is stored; if a member comes meanwhile, it stays.
func TestARoomInAHurry(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 1}, nil)
	p.join(1, `{}`)
	p.pass(second)
	p.room.Disconnect(1)
	p.takes = 5 * second
	p.pass(second)
	p.room.Hurry()
	if p.turn(); p.away || p.wake != p.now+slowStore {
		t.Errorf("it goes before it is stored: %v; it is to be woken in %d µs", p.away, p.wake-p.now)
	}
	p.connect(2)
	if p.pass(6 * second); p.away {
		t.Error("it goes, and somebody is here")
	}
	before := p.record.Now
	p.room.Disconnect(2)
	p.room.Hurry()
	if p.pass(6 * second); !p.away || p.record.Now <= before {
		t.Errorf("it goes: %v; what is stored was so at %d µs, and it was stored before at %d", p.away, p.record.Now,
			before)
	}
}

// A record in use is stored again, so that a sweep of old records does not remove it.
func TestARecordInUseStaysYoung(t *testing.T) {
	p := newPlatform(t, hub.Options{Size: 1}, nil)
	p.join(1, `{}`)
	p.pass(second)
	stores := p.stores
	if p.pass(3*useEvery + 60*second); p.stores != stores+3 {
		t.Errorf("in three hours %d records are stored", p.stores-stores)
	}
}

// When the platform ends, all changes are stored and the answers that waited for that leave; if the store
// fails, they do not. No store overlaps the last one.
func TestTheEndOfAPlatform(t *testing.T) {
	for _, works := range []bool{true, false} {
		p := newPlatform(t, hub.Options{Size: 2}, nil)
		p.takes = second
		a := p.join(1, `{}`)
		p.now += 100 * millisecond
		b := p.join(2, `{}`) // its record waits for the store that runs
		p.room.Receive(1, []byte(`{"method":"network","params":{"rate":0.5}}`), false)
		record := p.room.Finish()
		if !p.room.Storing() || record == nil || record.Rate != 0.5 || record.Seats[1].Lease == "" {
			t.Fatalf("the last record is %+v", record)
		}
		p.fails = map[bool]string{true: "", false: "the disk fails"}[works]
		stores := p.stores
		p.endStore()
		p.turn()
		p.room.Finished(works)
		if p.stores != stores || a.has(`"lease"`) != works || b.has(`"lease"`) != works {
			t.Errorf("the disk works: %v; the servers are told %q and %q", works, a.told, b.told)
		}
	}
	p := newPlatform(t, hub.Options{}, nil)
	if record := p.room.Finish(); record != nil {
		t.Errorf("a room in which nobody ever was is stored: %+v", record)
	}
	p = newPlatform(t, hub.Options{}, nil)
	p.connect(1)
	p.room.Receive(1, []byte(`{"id":1,"method":"join","params":{}}`), false)
	if record := p.room.Finish(); record == nil || record.Seats[0].Lease == "" {
		t.Errorf("what came at the very end is not stored: %+v", record)
	}
}

// Whatever the order of events: stores do not overlap, the room never asks to be woken without doing
// anything, no answer that waits for a record leaves before it, and a room that is put away is stored as it
// is.
func TestEveryOrderOfEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlatform(t, hub.Options{Size: 3, Seed: 1}, nil)
		next := uint64(0)
		someone := func() uint64 { return uint64(rapid.IntRange(1, int(max(next, 1))).Draw(t, "conn")) }
		leases := map[string]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			switch rapid.IntRange(0, 8).Draw(t, "event") {
			case 0, 1:
				next++
				p.join(next, `{"watch":true}`)
			case 2:
				p.room.Disconnect(someone())
			case 3:
				rate := rapid.Float64Range(0.01, 1).Draw(t, "rate")
				p.say(someone(), fmt.Sprintf(`{"id":2,"method":"network","params":{"rate":%v}}`, rate))
			case 4:
				from, to := rapid.IntRange(1, 3).Draw(t, "from"), rapid.IntRange(1, 3).Draw(t, "to")
				p.say(someone(), fmt.Sprintf("%d>%d:what", from, to))
			case 5:
				p.takes = rapid.Int64Range(0, 3*second).Draw(t, "takes")
			case 6:
				p.fails = rapid.SampledFrom([]string{"", "the disk is full"}).Draw(t, "fails")
			case 7:
				p.room.Hurry()
			case 8:
				p.room.Overrun(someone())
			}
			p.pass(rapid.Int64Range(0, 3*second).Draw(t, "pass"))
			if p.record != nil {
				for _, s := range p.record.Seats {
					leases[s.Lease] = true
				}
			}
			for id, c := range p.conns {
				for _, told := range c.told {
					if lease := jsoniter.Get([]byte(told), "result", "lease").ToString(); lease != "" &&
						!leases[lease] {
						t.Fatalf("connection %d is told of a lease that is stored nowhere", id)
					}
				}
			}
		}
		p.fails = ""
		for id := range p.conns {
			p.room.Disconnect(id)
		}
		p.room.Hurry()
		p.pass(20 * second)
		if !p.away || p.record != nil && p.storing != nil {
			t.Fatalf("a room that nobody is in is kept; it stores: %v", p.storing != nil)
		}
	})
}
