package main

import (
	"fmt"
	"time"
)

const (
	between = 150 * time.Millisecond // two faults, at most
	outage  = 900 * time.Millisecond // how long one lasts, at most
)

// Deeds that end all faults of the network, and make it faster than a new room's.
const (
	heal  = `{"do":"heal"}`
	quick = `{"do":"network","link":{"latency":2000,"jitter":2000}}`
)

// down is a server or relay that is down for a while.
type down struct {
	what  any // a *native or the *relay
	until time.Time
	start func() error
}

// suffer does the given number of harms to the room. At its end everything that was killed runs again.
func (r *room) suffer(harms int) {
	var downs []down
	for range harms {
		time.Sleep(time.Duration(r.random.Int64N(int64(between))))
		downs = r.restart(downs, time.Now())
		downs = r.harm(downs)
	}
	r.restart(downs, time.Now().Add(outage))
}

// harm does one harm.
func (r *room) harm(downs []down) []down {
	i := r.random.IntN(len(r.servers))
	s := r.servers[i]
	until := time.Now().Add(time.Duration(r.random.Int64N(int64(outage))))
	switch n := r.random.IntN(20); {
	case n < 8 && !isDown(downs, s):
		midWrite := n < 4
		r.count(map[bool]string{false: killed, true: torn}[midWrite])
		s.end(midWrite)
		return append(downs, down{s, until, func() error { s.start(); return nil }})
	case n == 8 && !isDown(downs, r.relay):
		r.count(relayKilled)
		r.relay.kill()
		return append(downs, down{r.relay, until, r.relay.start})
	case n < 12:
		r.count(linkCut)
		other := (i + 1 + r.random.IntN(len(r.servers)-1)) % len(r.servers)
		_ = r.act(fmt.Sprintf(`{"do":"cut","server":%d,"to":%d}`, i+1, other+1)) // there may be no relay
	case n < 14:
		r.count(linkCut)
		_ = r.act(fmt.Sprintf(`{"do":"cut","server":%d}`, i+1), fmt.Sprintf(`{"do":"cut","to":%d}`, i+1))
	case n < 17:
		_ = r.act(heal, quick)
	case n == 17:
		_ = r.act(`{"do":"network","link":{"latency":2000,"jitter":2000,"loss":0.1,"duplicate":0.1,"reorder":0.1}}`)
	}
	return downs
}

// restart starts what has been down for long enough, and returns the rest.
func (r *room) restart(downs []down, now time.Time) (still []down) {
	for _, d := range downs {
		if now.Before(d.until) {
			still = append(still, d)
		} else if err := d.start(); err != nil {
			r.fails("%v", err)
		}
	}
	return still
}

func isDown(downs []down, what any) bool {
	for _, d := range downs {
		if d.what == what {
			return true
		}
	}
	return false
}

// act does deeds to the room's network, one after the other.
func (r *room) act(deeds ...string) error {
	m, err := join(r.relay.addr, r.code, `{"server":0}`)
	if err != nil {
		return err
	}
	defer m.leave()
	for _, deed := range deeds {
		if err := m.ask("act", deed); err != nil {
			return err
		}
	}
	return nil
}
