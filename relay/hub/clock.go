package hub

import "math"

// clock is the room's clock: cluster time runs at a rate of real time. All times are in µs. The rate is kept
// in millionths, so the same inputs give the same times on every machine.
type clock struct {
	real       int64 // the host's clock
	now        int64 // cluster time
	rest       int64 // the fraction of a µs of cluster time, in millionths
	millionths int64
	stopped    bool // the room has not started
	begun      bool // real has been set once
}

const never = math.MaxInt64

// setRate accepts 0, or 0.000001 to 1.
func (c *clock) setRate(rate float64) bool {
	millionths := math.Round(rate * 1e6)
	if !(rate >= 0 && rate <= 1) || rate > 0 && millionths == 0 {
		return false
	}
	c.millionths = int64(millionths)
	return true
}

func (c *clock) rate() float64 { return float64(c.millionths) / 1e6 }

func (c *clock) moves() bool { return !c.stopped && c.millionths > 0 }

func (c *clock) advance(real int64) {
	elapsed := real - c.real
	if !c.begun {
		elapsed, c.begun = 0, true
	}
	if elapsed < 0 {
		return
	}
	c.real = real
	if !c.moves() {
		return
	}
	// A host that slept for more than an hour did not live through it; neither did its cluster.
	sum := min(elapsed, 3600*1e6)*c.millionths + c.rest
	c.now += sum / 1e6
	c.rest = sum % 1e6
}

// realAt returns the real time at which cluster time will be due.
func (c *clock) realAt(due int64) int64 {
	if !c.moves() {
		return never
	}
	if due <= c.now {
		return c.real
	}
	return c.real + ((due-c.now)*1e6-c.rest+c.millionths-1)/c.millionths
}
