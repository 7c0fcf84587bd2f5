// # What is bounded, and what happens at the bound
//
// Nobody can end another's session, and what a member causes counts as its own: bytes that leave because of it,
// not only those that it sends.
//
//   - Members: 64; as many of these places as there are seats are kept for servers. Who finds none gets error
//     -32010 and is closed with 1013. Of connections that have not joined 64 are kept: one more takes the
//     place of the oldest of the address that has most of them (1013). Before it joins a connection sends
//     messages of at most 4 KiB.
//   - Messages: 1 MiB (1009), the parameters of a call 32 KiB unless they hold a frame or a report (-32006),
//     and 5000 a second, 10000 ahead; 4096 bytes count as one more. A frame to everybody, a report and a frame
//     that is duplicated count for each copy that leaves. Who sends more gets error -32007, who goes on and on
//     is closed (1008). A message that the host had no room to read is error -32009; it was not taken.
//   - Frames under way: 4096 in one direction of a link, 16384 and 32 MiB in the room, or what the host allows
//     (Allow). Further ones are lost, and watchers are told: "full". So are frames that a receiver has no room
//     for; that comes as a correction, since they had been sent. A receiver is never closed for what others
//     send to it.
//   - Deeds: the last 64, with 512 links in all, wait for watchers that cannot be told at once. Of more the oldest go,
//     and a watcher is told how many. What a deed makes leave for the watchers counts as its author's.
//   - News (seen, report, room): 16 MiB a second leave the room. Beyond it seen comes without text, then not
//     at all, of reports the last is kept, and room comes every 250 ms. A watcher is told how many lines it
//     missed as soon as it has caught up, also if nothing else happens.
//   - Records: who is told of a lease must find it again, so the answer waits until the host has stored the
//     record that it is in (Delivery.After). While the host cannot store it, room has "unstored": why, in a
//     few words; a member whose answer waits is sent room, too. Other changes are stored at most once a
//     second.
//   - JSON is checked, at about the same cost for every byte: a number that JSON does not have (-01) or that no
//     double holds (1e999) and what is nested more than 512 deep is error -32700, a parameter that comes twice
//     -32602, an id that is neither text nor a whole number -32600. Names consist of characters that can be seen.
package hub

import "strconv"

// Limits bound what members can make a room do. A field that is 0 has the value named beside it.
type Limits struct {
	Members       int // members at a time: 64. As many of these places as there are seats are kept for servers
	Waiting       int // connections that have not joined yet; a further one takes the place of another: 64
	Message       int // bytes of a message; a longer one closes the connection: 1 MiB
	JoinMessage   int // … before its connection has joined: 4 KiB
	Report        int // bytes of a server's report: 256 KiB
	InFlight      int // frames on their way in one direction of one link; further ones are lost ("full"): 4096
	InFlightAll   int // … on all links: 16384. What looks at each of them stays cheap
	InFlightBytes int // bytes on their way in the whole room; further frames are lost ("full"): 32 MiB
	News          int // bytes a second of seen, report and room that leave for all members together: 16 MiB
	Rate          int // messages a second that a member may send for ever, 4096 bytes counting as one more: 5000
	Burst         int // how far a member may run ahead of Rate; when it is as far behind again it is closed: 10000
}

func (l Limits) orDefaults() Limits {
	for _, d := range []struct {
		limit *int
		value int
	}{
		{&l.Members, 64}, {&l.Waiting, 64}, {&l.Message, 1 << 20}, {&l.JoinMessage, 4 << 10}, {&l.Report, 256 << 10},
		{&l.InFlight, 4096}, {&l.InFlightAll, 16384}, {&l.InFlightBytes, 32 << 20}, {&l.News, 16 << 20},
		{&l.Rate, 5000}, {&l.Burst, 10000},
	} {
		if *d.limit == 0 {
			*d.limit = d.value
		}
	}
	return l
}

// waiting counts the connections that have not joined.
func (h *Hub) waiting() int {
	count := 0
	for _, m := range h.arrival {
		if !m.joined {
			count++
		}
	}
	return count
}

func (h *Hub) fullWords() string {
	return "the room is full: beside its servers it takes " + strconv.Itoa(h.limits.Members-len(h.seats)) + " members"
}

// longestWaiting is the connection that gives up its place: of the address that has most of those that have not
// joined, the first that came.
func (h *Hub) longestWaiting() *member {
	held := map[string]int{}
	for _, m := range h.arrival {
		if !m.joined {
			held[m.address]++
		}
	}
	var found *member
	for _, m := range h.arrival {
		if !m.joined && (found == nil || held[m.address] > held[found.address]) {
			found = m
		}
	}
	return found
}

// bucket is an allowance that fills again with time: of a member's messages in millionths of one, or of the
// room's news in bytes. Below zero it is in debt.
type bucket struct {
	tokens int64
	at     int64 // real time of the last refill
}

type allowance int

const (
	within   allowance = iota
	over               // the message is refused, and still counts
	flooding           // the member went on and on
)

// take takes the cost of a message. rate is in messages a second, burst in messages; cost in millionths.
func (b *bucket) take(cost, real int64, rate, burst int) allowance {
	b.fill(real, int64(rate), int64(burst)*1e6)
	b.tokens -= cost
	switch {
	case b.tokens >= 0:
		return within
	case b.tokens >= -int64(burst)*1e6:
		return over
	}
	return flooding
}

// fill adds what has come since the last time, perMicro a microsecond, up to most.
func (b *bucket) fill(real, perMicro, most int64) {
	elapsed := min(real-b.at, 1e9) // keeps the product small; a bucket is full long before
	b.tokens, b.at = min(b.tokens+elapsed*perMicro, most), real
}

// charge makes a member pay for what its message made leave beyond the message itself. A debt delays its next
// messages, but it is no flood.
func (h *Hub) charge(m *member, bytes int) {
	m.bucket.tokens = max(m.bucket.tokens-int64(bytes/4096)*1e6, -int64(h.limits.Burst)*1e6/2)
}
