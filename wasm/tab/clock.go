package tab

import "raftplayground/wasm/contract"

// Times of the cluster's clock, in µs.
const (
	tick = 1000 // of a server

	// atOnce is the most ticks that a server, unless it leads, lives through before it hears waiting
	// messages; the rest is skipped, too.
	atOnce = 25

	// catchUp is the most real time that a leader lives through at once after a stall; the rest is skipped (see the
	// package comment).
	catchUp = 500_000
)

// clusterClock follows the room's clock between two messages of the hub, and deals out the server's ticks. Times are
// in µs of cluster time, with the fractions that real time leaves, unless stated otherwise.
type clusterClock struct {
	at      float64
	real    float64 // when at was right, in ms of real time
	rate    float64
	runs    bool    // the room has started and the connection stands
	pending float64 // time that the server has not ticked through yet
}

// now is cluster time.
func (c *clusterClock) now() contract.Micros { return contract.Micros(c.at) }

// advance sets the real time, in ms.
func (c *clusterClock) advance(real float64) {
	elapsed := (real - c.real) * 1000
	c.real = real
	if elapsed <= 0 || !c.runs {
		return
	}
	c.at += elapsed * c.rate
	c.pending += min(elapsed, catchUp) * c.rate
	// Bounded in sum, too: a server that asks for no ticks gets no burst of them later.
	c.pending = min(c.pending, catchUp)
}

// set takes over the hub's cluster time. The ticks do not follow it: they are counted by the rate alone, so
// that a delayed message cannot make a server's timer jump.
func (c *clusterClock) set(now contract.Micros) { c.at = float64(now) }

// ticks takes the whole ticks of cluster time that have passed, and returns at most most of them.
func (c *clusterClock) ticks(most int) int {
	n := int(c.pending / tick)
	c.pending -= float64(n) * tick
	return min(n, most)
}

// interval is how long the host may wait, in real ms, so that ticks are late by no more than about one: at
// least 5, and 20 at rates where a tick takes longer anyway.
func (c *clusterClock) interval() float64 {
	if !c.runs || c.rate <= 0 {
		return 20
	}
	return min(20, max(5, 1/c.rate))
}
