package explain

import (
	"math"
	"strconv"
)

// shortestTimeout is the shortest election timeout of the paper (§9.3), for where no server tells its own: 150 ms.
const shortestTimeout = 150_000

// heartbeatBytes is about how long heartbeats, votes and their replies are: 20 to 180 bytes, as they are encoded.
const heartbeatBytes = 100

// Stability says whether a leader can be elected and stay: broadcastTime ≪ electionTimeout (§5.6).
type Stability struct {
	Stable     bool
	Sentence   string
	Arithmetic string // "2 × (10 ms + 5 ms) = 30 ms; 30 ms ÷ 150 ms = 20 %"
	Section    string
}

// Stability holds the slowest and the worst of the links and disks against the shortest election timeout; nil: there is
// no link. A broadcast takes a round trip and a write of a disk; on a link with a bandwidth its frames have to leave.
func (c *Cluster) Stability() *Stability {
	if len(c.Links) == 0 {
		return nil
	}
	var latency, jitter, sending, write int64
	var loss float64
	for i := range c.Links {
		l := &c.Links[i]
		latency, jitter, loss = max(latency, l.Latency), max(jitter, l.Jitter), max(loss, l.Loss)
		if l.Bandwidth > 0 {
			sending = max(sending, heartbeatBytes*1e6/l.Bandwidth)
		}
	}
	for i := range c.Servers {
		write = max(write, c.Servers[i].Write)
	}
	shortest := c.shortest()
	trip := 2*(latency+jitter+sending) + write
	percent := int(math.Round(float64(trip) / float64(shortest) * 100))
	answered := (1 - loss) * (1 - loss) // a call and its reply pass
	words, reason := "stable", ""
	switch {
	case percent > 100:
		words, reason = "no leader can last", " Votes arrive when the next timer has run out already."
	case percent > 33:
		words, reason = "strained", " Elections fail now and then, or repeat."
	case answered < 0.6:
		words = "strained"
		reason = " But of ten calls only " + strconv.Itoa(int(math.Round(answered*10))) + " are answered."
	}
	bandwidth, disk := "", ""
	if sending > 0 {
		bandwidth = " + " + span(sending) + " for " + strconv.Itoa(heartbeatBytes) + " bytes"
	}
	if write > 0 {
		disk = " + " + span(write) + " for the disk"
	}
	share := strconv.Itoa(percent) + " %"
	return &Stability{
		Stable: words == "stable", Section: "§5.6",
		Sentence: "A round trip of up to " + span(trip) + " is " + share + " of the shortest election timeout: " +
			words + "." + reason,
		Arithmetic: "2 × (" + span(latency) + " + " + span(jitter) + bandwidth + ")" + disk + " = " + span(trip) +
			"; " + span(trip) + " ÷ " + span(shortest) + " = " + share,
	}
}

// shortest returns the shortest election timeout of the servers, which draw theirs from so long to twice as long
// (§9.3).
func (c *Cluster) shortest() int64 {
	var shortest int64
	for i := range c.Servers {
		if r := c.Servers[i].Report; r != nil && r.Timer != nil && r.Timer.Longest > 1 {
			if own := r.Timer.Longest / 2; shortest == 0 || own < shortest {
				shortest = own
			}
		}
	}
	if shortest == 0 {
		return shortestTimeout
	}
	return shortest
}

// span writes a length of time with its unit, and no more digits than help: "168 ms", "2.4 s", "3 min".
func span(micros int64) string {
	number := func(unit float64) string {
		n, _ := strconv.ParseFloat(strconv.FormatFloat(float64(micros)/unit, 'g', 3, 64), 64)
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	switch {
	case micros < 1e6:
		return number(1e3) + " ms"
	case micros < 60e6:
		return number(1e6) + " s"
	}
	return number(60e6) + " min"
}
