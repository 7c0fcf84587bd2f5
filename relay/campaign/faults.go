package main

import (
	"fmt"
	"strings"
	"time"
)

const (
	between = 150 * time.Millisecond // two faults, at most
	outage  = 900 * time.Millisecond // how long one lasts, at most
)

// down is what is down for a while.
type down struct {
	what  any // a *native or the *relay
	until time.Time
	start func() error
}

// suffer does harm to the room, so many times. At its end everything that was killed runs again.
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
		_ = r.change(fmt.Sprintf(`{"links":[{"from":%d,"to":%d,"up":false}]}`, i+1, other+1)) // there may be no relay
	case n < 14:
		r.count(linkCut)
		_ = r.change(fmt.Sprintf(`{"links":[%s]}`, strings.Join(r.around(i+1), ",")))
	case n < 17:
		_ = r.change(whole(len(r.servers)))
	case n == 17:
		_ = r.change(`{"loss":0.1,"duplicate":0.1,"reorder":0.1}`)
	}
	return downs
}

// restart starts what has been down for long enough.
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

// around are the links from and to a server, cut.
func (r *room) around(server int) (links []string) {
	for other := 1; other <= len(r.servers); other++ {
		if other != server {
			links = append(links, fmt.Sprintf(`{"from":%d,"to":%d,"up":false},{"from":%d,"to":%d,"up":false}`,
				server, other, other, server))
		}
	}
	return links
}

// whole is the network of so many servers without faults.
func whole(servers int) string {
	var links []string
	for from := 1; from <= servers; from++ {
		for to := 1; to <= servers; to++ {
			if from != to {
				links = append(links, fmt.Sprintf(`{"from":%d,"to":%d,"up":true}`, from, to))
			}
		}
	}
	const every = `"latency":2000,"jitter":2000,"loss":0,"duplicate":0,"reorder":0`
	return fmt.Sprintf(`{%s,"links":[%s]}`, every, strings.Join(links, ","))
}

// change changes the room's network.
func (r *room) change(network string) error {
	m, err := join(r.relay.addr, r.code, `{"server":0}`)
	if err != nil {
		return err
	}
	defer m.leave()
	return m.ask("network", network)
}
