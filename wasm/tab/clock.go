package tab

// catchUp is the most real time, in ms, that the server lives through at once after a stall; the rest is skipped (see the package comment).
const catchUp = 500

// clusterClock follows the room's clock between two messages of the hub, and deals out the server's ticks. Times are in ms.
type clusterClock struct {
	now     float64 // cluster time
	real    float64 // when now was right
	rate    float64
	runs    bool    // the room has started and the connection stands
	pending float64 // cluster time that the server has not ticked through yet
}

// advance says what time it is.
func (c *clusterClock) advance(real float64) {
	elapsed := real - c.real
	c.real = real
	if elapsed <= 0 || !c.runs {
		return
	}
	c.now += elapsed * c.rate
	c.pending += min(elapsed, catchUp) * c.rate
	// Also bounded in sum: whoever does not ask for ticks gets no burst of them later.
	c.pending = min(c.pending, catchUp)
}

// set takes over the hub's cluster time. The ticks do not follow it: they are counted by the rate alone, so that a message that was held up cannot make a server's timer jump.
func (c *clusterClock) set(now float64) { c.now = now }

// ticks takes the whole milliseconds of cluster time that have passed.
func (c *clusterClock) ticks() int {
	n := int(c.pending)
	c.pending -= float64(n)
	return n
}

// interval is how long the host may wait, in real ms, so that no tick is late by more than about one: 5 at the most hurried, 20 at rates where a tick takes longer anyway.
func (c *clusterClock) interval() float64 {
	if !c.runs || c.rate <= 0 {
		return 20
	}
	return min(20, max(5, 1/c.rate))
}
