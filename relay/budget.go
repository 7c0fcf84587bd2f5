package main

import (
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// budget bounds what the whole process holds of one resource. One address may hold half of it: enough for a
// classroom behind one router, and a single person there cannot take what others need.
type budget struct {
	kind    budgetKind
	most    int64
	used    atomic.Int64
	refused atomic.Int64 // how often it was exhausted, for the metrics
}

type budgetKind int

const (
	sockets budgetKind = iota // TCP connections
	openRooms
	reading // bytes of messages that are not complete, or wait for their room; the first 4 KiB of a message are free
	flying  // bytes of frames on their way in rooms, charged to the address that opened the room
	waiting // bytes that wait for connections to take them; the first 16 KiB of each are free
	budgetKinds
)

// take takes n for an address, all or nothing. The caller must give it back.
func (b *budget) take(v *visitor, n int64) bool {
	if b.used.Add(n) <= b.most {
		if v.used[b.kind].Add(n) <= b.most/2 {
			return true
		}
		v.used[b.kind].Add(-n)
	}
	b.used.Add(-n)
	b.refused.Add(1)
	return false
}

// give returns n; a negative n takes it in any case.
func (b *budget) give(v *visitor, n int64) {
	v.used[b.kind].Add(-n)
	b.used.Add(-n)
}

// pace bounds a rate, in the whole process and, at half of it, for one address.
type pace struct {
	all     *rate.Limiter
	refused atomic.Int64 // how much was refused or had to wait
}

// newPace allows perSecond, and a burst of ahead.
func newPace(perSecond, ahead int) *pace {
	return &pace{all: rate.NewLimiter(rate.Limit(perSecond), ahead)}
}

// share returns the limiter of one address.
func (p *pace) share() *rate.Limiter { return rate.NewLimiter(p.all.Limit()/2, p.all.Burst()/2) }

// allow takes n from the process and the address if both have it.
func (p *pace) allow(share *rate.Limiter, n int) bool {
	now := time.Now()
	if share.AllowN(now, n) && p.all.AllowN(now, n) {
		return true
	}
	p.refused.Add(1)
	return false
}

// delay takes n of p.all or of a share in any case, and returns how long to wait for it.
func (p *pace) delay(limiter *rate.Limiter, n int) time.Duration {
	wait := limiter.ReserveN(time.Now(), n).Delay()
	if wait > 0 {
		p.refused.Add(1)
	}
	return wait
}

// budgets are what the process shares out among all addresses, and what each of them holds.
type budgets struct {
	of       [budgetKinds]budget
	messages *pace         // read from members; beyond it reading waits
	bytes    *pace         // of messages longer than smallMessage; beyond it reading waits
	news     *pace         // bytes of seen and report that leave; beyond it they are left out, and watchers are told
	large    chan struct{} // one place for each large message that may be read at once: one processor stays free
	closed   atomic.Int64  // connections closed by their rooms: full, flooding, not joined
	tooOften atomic.Int64  // handshakes and rooms refused because their address came too often
	floods   atomic.Int64  // connections closed for their pings and pongs

	mu   sync.Mutex
	seen map[string]*visitor
}

// visitor is one address: of one person, or of a classroom behind one router.
type visitor struct {
	address    string
	used       [budgetKinds]atomic.Int64
	handshakes *rate.Limiter
	messages   *rate.Limiter
	bytes      *rate.Limiter
	news       *rate.Limiter
}

const (
	handshakesPerSecond = 100
	handshakeBurst      = 200
	mostWait            = 4 * time.Second // in line; a tab gives up a connection that is silent for 7 s
	mostVisitors        = 10_000          // addresses remembered beside those that hold something

	mostSockets  = 20_000
	mostRooms    = 2000
	mostReading  = 32 << 20
	mostFlying   = 64 << 20
	mostWaiting  = 128 << 20
	mostMessages = 60_000
	mostBytes    = 64 << 20
	mostNews     = 48 << 20
)

func newBudgets() *budgets {
	b := &budgets{
		messages: newPace(mostMessages, mostMessages), bytes: newPace(mostBytes, mostBytes/4),
		news: newPace(mostNews, mostNews), seen: map[string]*visitor{},
	}
	b.large = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))
	// A few files must stay free, or no record can be stored.
	sizes := [budgetKinds]int64{
		sockets: min(mostSockets, mostFiles()-64), openRooms: mostRooms,
		reading: mostReading, flying: mostFlying, waiting: mostWaiting,
	}
	for kind := range b.of {
		b.of[kind].kind, b.of[kind].most = budgetKind(kind), sizes[kind]
	}
	return b
}

// visitor returns the visitor for the address of a connection, as net/http writes it.
func (b *budgets) visitor(remote string) *visitor {
	address := addressOf(remote)
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.seen[address]
	if v == nil {
		if len(b.seen) >= mostVisitors {
			b.forget()
		}
		v = &visitor{
			address: address, handshakes: rate.NewLimiter(handshakesPerSecond, handshakeBurst),
			messages: b.messages.share(), bytes: b.bytes.share(), news: b.news.share(),
		}
		b.seen[address] = v
	}
	return v
}

// reserve takes a place in line, and returns how long it is until its turn. One too far back is given up.
func (v *visitor) reserve() time.Duration {
	place := v.handshakes.Reserve()
	wait := place.Delay()
	if wait > mostWait {
		place.Cancel()
	}
	return wait
}

// ahead returns how long a visitor who came now would have to wait.
func (v *visitor) ahead() time.Duration {
	place := v.handshakes.Reserve()
	defer place.Cancel()
	return place.Delay()
}

// forget drops the addresses that hold nothing: first those that have been quiet, then all of them.
func (b *budgets) forget() {
	for _, quiet := range []bool{true, false} {
		for address, v := range b.seen {
			if v.holdsNothing() && (!quiet || v.handshakes.Tokens() >= handshakeBurst) {
				delete(b.seen, address)
			}
		}
		if len(b.seen) < mostVisitors {
			return
		}
	}
}

func (v *visitor) holdsNothing() bool {
	for kind := range v.used {
		if v.used[kind].Load() != 0 {
			return false
		}
	}
	return true
}

// addressOf returns the address that budgets count: of IPv6 only the first 64 bits, because whoever has one
// address there has them all.
func addressOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		prefix, _ := ip.Prefix(64)
		return prefix.String()
	}
	return ip.String()
}
