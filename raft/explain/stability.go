package explain

import (
	"math"
	"strconv"

	"raftplayground/raft"
)

// shortestTimeout is the shortest election timeout of the paper (§9.3), for where no server tells its own: 150 ms.
const shortestTimeout = 150_000

// roundTrips is how many round trips the shortest election timeout must hold for a cluster to be stable:
// §5.6 asks for broadcastTime ≪ electionTimeout. If the timeout does not hold even one, no leader can last.
const roundTrips = 3

// heartbeatBytes is a typical length of heartbeats, votes and their replies: they are 20 to 180 bytes long.
const heartbeatBytes = 100

// Stability says whether a leader can be elected and stay: broadcastTime ≪ electionTimeout (§5.6).
type Stability struct {
	Stable     bool
	Sentence   string
	Arithmetic string // "2 × (10 ms + 5 ms) = 30 ms; 30 ms ÷ 150 ms = 20 %"
	Section    string
}

// Stability compares the slowest and worst links and disks with the shortest election timeout; nil: no
// links. A broadcast takes a round trip and a write to disk; a limited bandwidth adds time to send.
func (c *Cluster) Stability() *Stability {
	if len(c.Links) == 0 {
		return nil
	}
	var latency, jitter, sending, write int64
	var loss float64
	for i := range c.Links {
		l := &c.Links[i]
		latency, jitter, loss = max(latency, l.Latency), max(jitter, l.Jitter), max(loss, l.Loss)
		sending = max(sending, l.sending())
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
	case percent > 100/roundTrips:
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

// TooSlow says that no server could win an election in time on this network, and which election timeouts would do;
// empty: one could, or none reaches a majority. Unlike Stability it asks what the best placed server can do.
func (c *Cluster) TooSlow() string {
	trip, shortest := (c.quickest()+500)/1000, c.shortest()/1000 // ms
	if trip <= shortest {
		return ""
	}
	return "Election timeouts of " + timeouts(shortest) + " are too short for this network, where a round trip " +
		"takes up to " + strconv.FormatInt(trip, 10) + " ms: votes arrive when the next timer has run out already. " +
		"Timeouts of " + timeouts(roundTrips*trip) + " would do (§5.6)."
}

// timeouts writes the range of election timeouts of which this is the shortest, in ms (§9.3).
func timeouts(shortest int64) string {
	return strconv.FormatInt(shortest, 10) + " to " + strconv.FormatInt(2*shortest, 10) + " ms"
}

// quickest is the longest of the round trips that the best placed server needs to hear from a majority; 0:
// no server can, or none has to.
func (c *Cluster) quickest() (best int64) {
	for voters := c.Voters; voters != 0; voters &= voters - 1 {
		if trip := c.hears(voters.First()); trip > 0 && (best == 0 || trip < best) {
			best = trip
		}
	}
	return best
}

// hears is the longest of the round trips after which a server has heard from a majority, 0 if never.
func (c *Cluster) hears(id raft.ServerID) (longest int64) {
	for heard := SetOf(id); !c.decide(heard); {
		next := raft.ServerID(0)
		for rest := c.Voters &^ heard; rest != 0; rest &= rest - 1 {
			if trip := c.trip(id, rest.First()); trip > 0 && (next == 0 || trip < longest) {
				next, longest = rest.First(), trip
			}
		}
		if next == 0 {
			return 0
		}
		heard |= SetOf(next)
	}
	return longest
}

// trip is how long a call and its reply may be under way between two servers; 0: one of them does not pass.
func (c *Cluster) trip(a, b raft.ServerID) (sum int64) {
	ways := 0
	for i := range c.Links {
		if l := &c.Links[i]; l.Up && (l.From == a && l.To == b || l.From == b && l.To == a) {
			sum += l.Latency + l.Jitter + l.sending()
			ways++
		}
	}
	if ways < 2 {
		return 0
	}
	return max(sum, 1)
}

// sending is how long a heartbeat takes to leave on a link with a bandwidth.
func (l *Link) sending() int64 {
	if l.Bandwidth == 0 {
		return 0
	}
	return heartbeatBytes * 1e6 / l.Bandwidth
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

// span writes a length of time with its unit, to three significant digits: "168 ms", "2.4 s", "3 min".
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
