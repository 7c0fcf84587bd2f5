// # What is bounded, and what happens at the bound
//
// No member can end another's session, and each pays for all bytes that leave because of it, not only for
// those that it sends.
//
//   - Members: 64; as many of these places as there are seats are kept for servers. A member that finds none
//     gets error -32010 and is closed with 1013. At most 64 connections may wait to join: one more replaces
//     the oldest of the address that has most of them (1013). Before it joins a connection sends messages of
//     at most 4 KiB.
//   - Messages: 1 MiB (1009), the parameters of a call 32 KiB unless they hold a frame or a report (-32006),
//     and 5000 a second, 10000 ahead; 4096 bytes count as one more. A frame to everyone, a report and a
//     duplicated frame count for each copy that leaves. A member that sends more gets error -32007, and if
//     it goes on is closed (1008). A message that the host has no room to read is error -32009.
//   - Frames under way: 4096 in one direction of a link, 16384 and 32 MiB in the room, or what the host allows
//     (Allow). Further ones are lost, and watchers are told: "full". So are frames that a receiver has no
//     room for; watchers get that as a correction, since the frames had been sent. A receiver is never
//     closed for what others send to it.
//   - Deeds: the last 64, with 512 links in all, wait for watchers that cannot be told at once. Beyond that
//     the oldest are dropped, and a watcher learns how many. Its author pays for what leaves.
//   - News (seen, report, room): 16 MiB a second leave the room. Beyond that, seen comes without text, then
//     not at all, only the last report is kept, and room comes every 250 ms. A watcher is told how many
//     lines it missed as soon as it has caught up, even if nothing else happens.
//   - Records: a member must be able to reclaim a lease that it was told of, so the answer waits until the
//     host has stored the record with the lease (Delivery.After). While the host cannot store it, room says
//     briefly why in "unstored"; a member whose answer waits is sent room, too. Other changes are stored at
//     most once a second.
//   - JSON is checked, at about the same cost for every byte: an invalid number (-01), one beyond a double
//     (1e999) and nesting deeper than 512 are error -32700, a repeated parameter -32602, an id that is
//     neither text nor a whole number -32600. Names consist of visible characters.
package hub

import "strconv"

// Limits bound what members can make a room do. A field that is 0 has the value named beside it.
type Limits struct {
	Members       int // members at a time: 64. As many of these places as there are seats are kept for servers
	Waiting       int // connections that have not joined yet; a further one replaces another: 64
	Message       int // bytes of a message; a longer one closes the connection: 1 MiB
	JoinMessage   int // … before its connection has joined: 4 KiB
	Report        int // bytes of a server's report: 256 KiB
	InFlight      int // frames on their way in one direction of one link; further ones are lost ("full"): 4096
	InFlightAll   int // … on all links: 16384, few enough to look at each
	InFlightBytes int // bytes on their way in the whole room; further frames are lost ("full"): 32 MiB
	News          int // bytes a second of seen, report and room that leave for all members together: 16 MiB
	Rate          int // messages a second that a member may keep sending, 4096 bytes counting as one more: 5000
	Burst         int // messages that a member may run ahead of Rate; as far in debt, it is closed: 10000
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

// longestWaiting returns the connection that loses its place: the oldest one of the address that has most
// connections waiting to join.
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

// bucket is an allowance that refills with time: of a member's messages in millionths of one, or of the
// room's news in bytes. Below zero it is in debt.
type bucket struct {
	tokens int64
	at     int64 // real time of the last refill
}

type allowance int

const (
	within   allowance = iota
	over               // the message is refused, and still counts
	flooding           // the member did not stop, and is closed
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

// fill adds perMicro for each microsecond since the last refill, up to most.
func (b *bucket) fill(real, perMicro, most int64) {
	elapsed := min(real-b.at, 1e9) // keeps the product small; by then a bucket is full
	b.tokens, b.at = min(b.tokens+elapsed*perMicro, most), real
}

// charge makes a member pay for what leaves because of its message, beyond the message itself. The debt
// delays its next messages, but does not count as a flood.
func (h *Hub) charge(m *member, bytes int) {
	m.bucket.tokens = max(m.bucket.tokens-int64(bytes/4096)*1e6, -int64(h.limits.Burst)*1e6/2)
}
