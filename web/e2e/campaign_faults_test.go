package e2e

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// campaignFault is a kind of fault. strike calls struck at the moment of the fault and returns a function
// that heals it: it does what a person would do, and nothing that a tab can do by itself.
type campaignFault struct {
	name       string
	strike     func(c *campaign, struck func()) (heal func())
	healsFirst bool // until it is healed no write can be acknowledged
}

var campaignFaults = []campaignFault{
	{"leader closed", (*campaign).closeLeader, false},
	{"leader reloaded", (*campaign).reloadLeader, false},
	{"a tab reloaded", (*campaign).reloadAny, false},
	{"renderer killed", (*campaign).killRenderer, false},
	{"browser killed", (*campaign).killBrowser, true},
	{"relay killed", (*campaign).killRelay, false},
	{"relay killed, record lost", (*campaign).loseRecord, false},
	{"leader frozen", (*campaign).freezeLeader, false},
	{"frozen, relay killed", (*campaign).freezeThroughRestart, false},
	{"duplicated, original closed", (*campaign).replaceByDuplicate, false},
	{"leader cut off", (*campaign).cutLeader, false},
	{"leader not heard", (*campaign).muteLeader, false},
	{"parted, leader with one", (*campaign).part, false},
	{"all tabs closed", (*campaign).closeAll, true},
}

func nothing() {}

func (c *campaign) shut(p *place) {
	w := p.now()
	p.is(nil)
	w.close()
}

func (c *campaign) reopen(places ...*place) {
	c.t.Helper()
	for _, p := range places {
		if err := c.open(p); err != nil {
			c.t.Error(err)
		}
	}
}

func (c *campaign) closeLeader(struck func()) func() {
	p := c.leader()
	struck()
	c.shut(p)
	return func() { c.reopen(p) }
}

func (c *campaign) reloadLeader(struck func()) func() { return c.reload(c.leader(), struck) }
func (c *campaign) reloadAny(struck func()) func()    { return c.reload(c.anyone(), struck) }

func (c *campaign) reload(p *place, struck func()) func() {
	struck()
	if err := c.visit(p.now(), p.home); err != nil {
		c.t.Error(err)
	}
	return nothing
}

// killRenderer kills the process of the leader's tab, as a system out of memory would, and with it all tabs
// that share the process. A person loads them again.
func (c *campaign) killRenderer(struck func()) func() {
	p := c.leader()
	renderer := p.now().renderer()
	p.hurt(true)
	struck()
	if err := syscall.Kill(renderer, syscall.SIGKILL); err != nil {
		c.t.Errorf("killing a tab's process: %v", err)
	}
	return func() {
		for _, other := range c.places {
			if other.home != p.home || other != p && other.now().eval(nil, `return 1;`) == nil {
				continue
			}
			if err := c.visit(other.now(), other.home); err != nil {
				c.t.Error(err)
			}
		}
	}
}

func (c *campaign) killBrowser(struck func()) func() {
	h := c.homes[c.random.IntN(len(c.homes))]
	var lost []*place
	for _, p := range c.places {
		if p.home == h {
			p.is(nil)
			lost = append(lost, p)
		}
	}
	struck()
	chromedp.FromContext(h.process.ctx).Browser.Process().Kill()
	h.process.stop()
	return func() {
		c.start(h)
		c.reopen(lost...)
	}
}

func (c *campaign) killRelay(struck func()) func() {
	struck()
	c.relay.kill()
	c.relay.start()
	c.setPace()
	return nothing
}

func (c *campaign) loseRecord(struck func()) func() {
	struck()
	c.relay.kill()
	c.relay.loseRecords()
	c.relay.start()
	c.setPace()
	return nothing
}

// setPace sets the room's pace again and mends every link: a relay that was killed may have lost the last
// change, and one that lost its record has lost all. The first tab that is connected does it.
func (c *campaign) setPace() {
	c.t.Helper()
	var links []string
	for from := range c.places {
		for to := range c.places {
			if from != to {
				links = append(links, fmt.Sprintf("{from: %d, to: %d, up: true}", from+1, to+1))
			}
		}
	}
	network := fmt.Sprintf(`await raftPlayground.network({rate: %v, links: [%s]});`, c.rate, strings.Join(links, ", "))
	eventually(c.t, backWithin, "the room takes a change of its network", func() (err error) {
		for _, p := range c.places {
			if w := p.now(); w != nil {
				if err = w.eval(nil, network); err == nil {
					return nil
				}
			}
		}
		return err
	})
}

const frozenFor = 1500 * time.Millisecond

func (c *campaign) freezeLeader(struck func()) func() {
	p := c.leader()
	struck()
	thaw := p.freeze()
	return func() {
		time.Sleep(frozenFor)
		thaw()
	}
}

// freezeThroughRestart freezes a tab while the relay is killed and another tab of its browser asks for a
// seat. The frozen tab then counts as closed, and on an origin without locks its server may run in the other
// tab when it thaws.
func (c *campaign) freezeThroughRestart(struck func()) func() {
	p := c.anyone()
	thaw := p.freeze()
	struck()
	c.relay.kill()
	c.relay.start()
	c.setPace()
	return func() {
		second := &place{home: p.home}
		c.reopen(second)
		time.Sleep(frozenFor)
		thaw()
		c.oneOf(p, second)
	}
}

// oneOf waits until one of two tabs of a browser runs a server, and closes the other.
func (c *campaign) oneOf(p, second *place) {
	c.t.Helper()
	a, b := p.now(), second.now()
	eventually(c.t, backWithin, "one of two tabs runs the server", func() error {
		for _, w := range []*tab{a, b} {
			if s := w.status(); s.Connected && s.Server != 0 {
				return nil
			}
		}
		return &notYet{b.text()}
	})
	if s := b.status(); s.Connected && s.Server != 0 {
		p.is(b)
		a.close()
		return
	}
	b.close()
}

// replaceByDuplicate duplicates a tab and closes the original: the duplicate, which has only watched, takes
// over its server by itself.
func (c *campaign) replaceByDuplicate(struck func()) func() {
	p := c.anyone()
	original := p.now()
	duplicate := original.duplicate()
	p.home.front.run(backWithin, page.BringToFront())
	eventually(c.t, backWithin, "the duplicate watches", func() error {
		if s := duplicate.status(); !s.Connected || s.Server != 0 {
			return &notYet{duplicate.text()}
		}
		return nil
	})
	struck()
	p.is(duplicate)
	original.close()
	return nothing
}

func (c *campaign) cutLeader(struck func()) func() {
	return c.cutOff([]*place{c.leader()}, "both", struck)
}

// muteLeader cuts the way out of the leader only: it hears the others, but they do not hear it.
func (c *campaign) muteLeader(struck func()) func() {
	return c.cutOff([]*place{c.leader()}, "out", struck)
}

// part puts the leader and one other server on the smaller side of a partition.
func (c *campaign) part(struck func()) func() {
	p := c.leader()
	for {
		if other := c.anyone(); other != p {
			return c.cutOff([]*place{p, other}, "both", struck)
		}
	}
}

// cutOff cuts the links of some servers to all others, in both directions or the way out only.
func (c *campaign) cutOff(some []*place, direction string, struck func()) func() {
	var links []string
	for _, p := range some {
		p.hurt(true)
		for _, other := range c.places {
			if slices.Contains(some, other) {
				continue
			}
			links = append(links, fmt.Sprintf("{from: %d, to: %d, up: UP}", p.server, other.server))
			if direction == "both" {
				links = append(links, fmt.Sprintf("{from: %d, to: %d, up: UP}", other.server, p.server))
			}
		}
	}
	set := func(up string) {
		some[0].now().network("{links: [" + strings.ReplaceAll(strings.Join(links, ", "), "UP", up) + "]}")
	}
	struck()
	set("false")
	return func() { set("true") }
}

func (c *campaign) closeAll(struck func()) func() {
	struck()
	for _, p := range c.places {
		c.shut(p)
	}
	return func() { c.reopen(c.places...) }
}
