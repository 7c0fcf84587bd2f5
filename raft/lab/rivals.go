package lab

import "raftplayground/raft"

// The rules for reads are about two servers that both believe that they lead: a read at one must not miss
// what the other has already done. Chance alone seldom brings all of that together, so these faults arrange
// it: they choose who leads, and then clients read at the old leader and write at its rivals, every few
// milliseconds.

// rivalry draws a world with little else in it.
func (h *harsh) rivalry() {
	c := &h.config
	h.rivals = true
	c.Servers, c.Voters, c.Reads, c.Off, c.Clients = one(h, 3, 3, 3, 5), 0, "lease", nil, one(h, 0, 0, 3)
	c.ElectionMin, c.ElectionMax = 0, 0
	if h.in(2) {
		c.Off = []string{raft.Rules[raft.PreVote].ID}
	}
	h.h.Stray, h.h.StrayFor = 0.2, one[int64](h, 1, 3)*second
}

// usurp lets a rival be elected with the help of a server that does not hear the leader, which learns of it
// late.
func (h *harsh) usurp(at, _ int64) {
	some := h.some(3)
	if some == nil {
		return
	}
	old, deaf, rival := some[0], some[1], some[h.random.IntN(2)+1]
	h.lead(at, old)
	at += 300*millisecond + h.exponential(100*millisecond)
	h.learnLate(at, old)
	h.add(Action{At: at, Do: Cut, Server: old, To: deaf})
	least := max(h.config.ElectionMin, 150*millisecond)
	at += least*3/4 + h.random.Int64N(least)
	for range 1 + h.random.IntN(3) {
		h.add(Action{At: at + h.exponential(20*millisecond), Do: Campaign, Server: rival})
	}
	h.contend(at, at+250*millisecond, old, rival, h.confirmed()...)
	at += 300 * millisecond
	h.add(Action{At: at, Do: Mend, Server: old, To: deaf})
	h.add(Action{At: at, Do: Network, Link: h.calm()})
}

// unsettle lets a voter that has just acknowledged its leader learn of a later term: a call that it made
// when it led itself arrives so late that the rival, which hears nothing of the leader, has campaigned
// meanwhile, and the reply tells of that. Clients read by lease only, since a read that waits for a round
// would hold up those behind it. Pre-vote prevents all this, so in half of the worlds nothing comes of it.
func (h *harsh) unsettle(at, _ int64) {
	some := h.some(3)
	if some == nil {
		return
	}
	const late = 700 * millisecond
	old, voter, rival := some[0], some[1], some[2]
	h.lead(at, voter)
	at += 250*millisecond + h.exponential(50*millisecond)
	h.direct(at, int(voter), int(rival), &Link{Latency: late})
	at += 60 * millisecond // a heartbeat has left
	arrival := at + late
	h.direct(at, int(voter), int(rival), h.calm())
	h.lead(at, old)
	at += 250 * millisecond
	h.learnLate(at, old)
	h.add(Action{At: at, Do: Cut, Server: old, To: rival})
	for stand := arrival - 60*millisecond; stand < arrival+60*millisecond; stand += 10 * millisecond {
		h.add(Action{At: stand, Do: Campaign, Server: rival})
	}
	h.contend(arrival-60*millisecond, arrival+140*millisecond, old, rival, "lease")
	h.add(Action{At: arrival + 200*millisecond, Do: Mend, Server: old, To: rival})
	h.add(Action{At: arrival + 200*millisecond, Do: Network, Link: h.calm()})
}

// relapse lets a leader restart, lead again while messages of its earlier life still arrive, and then be cut
// off.
func (h *harsh) relapse(at, _ int64) {
	some := h.some(2)
	if some == nil {
		return
	}
	old, rival := some[0], some[1]
	h.lead(at, old)
	at += 500*millisecond + h.exponential(500*millisecond)
	h.add(Action{At: at, Do: one(h, Crash, PowerLoss), Server: old, Down: h.exponential(10 * millisecond)})
	at += 200*millisecond + h.exponential(100*millisecond)
	h.lead(at, old)
	at += 200*millisecond + h.exponential(300*millisecond)
	h.add(Action{At: at, Do: Partition, Servers: []raft.ServerID{old}})
	at += 200 * millisecond
	h.add(Action{At: at, Do: Campaign, Server: rival})
	h.contend(at, at+500*millisecond, old, rival, h.confirmed()...)
	h.add(Action{At: at + 500*millisecond, Do: Partition, Servers: h.everybody()})
}

// learnLate delays all that is said to a server, but its lease still holds.
func (h *harsh) learnLate(at int64, server raft.ServerID) {
	for _, id := range h.everybody() {
		if id != server {
			h.direct(at, int(id), int(server), &Link{Latency: 30*millisecond + h.random.Int64N(60*millisecond)})
		}
	}
}

// calm is what links are like when nothing is wrong.
func (h *harsh) calm() *Link { return &Link{Latency: h.config.Latency, Jitter: h.config.Jitter} }

// lead makes a server the leader, if possible.
func (h *harsh) lead(at int64, server raft.ServerID) {
	for _, later := range []int64{0, 60, 150} {
		h.add(Action{At: at + later*millisecond, Do: Transfer, To: server})
	}
}

// contend lets clients read at the old leader, in each of these ways, and write at its rival.
func (h *harsh) contend(at, end int64, old, rival raft.ServerID, kinds ...string) {
	// Four keys of its own: many unanswered writes to one key would make its history hard to judge.
	key := func() string { return "c" + decimal(at/millisecond) + "." + decimal(h.random.Int64N(4)) }
	for write := at; write < end; write += (end - at + h.exponential(end-at)) / 40 {
		h.add(Action{At: write, Do: Put, Server: rival, Key: key(), Value: decimal(write)})
	}
	for read := at; read < end; read += h.exponential(5 * millisecond) {
		h.add(Action{At: read, Do: Get, Server: old, Key: key(), Read: one(h, kinds...)})
	}
}

// confirmed are the kinds of reads that a leader confirms without an entry. Each waits for those before it.
func (h *harsh) confirmed() []string {
	if h.config.Reads == "lease" {
		return []string{"readIndex", "lease", "lease"}
	}
	return []string{"readIndex"}
}

// some returns so many different servers that may vote, nil if there are too few.
func (h *harsh) some(count int) (servers []raft.ServerID) {
	voters := int(h.config.voters())
	if voters < count {
		return nil
	}
	for _, i := range h.random.Perm(voters)[:count] {
		servers = append(servers, raft.ServerID(i+1))
	}
	return servers
}
