package tab

import (
	"bytes"
	"slices"
	"strconv"

	"raftplayground/raft/wire"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
)

// requestLimits bound what this tab asks of servers.
var requestLimits = client.Limits{Pending: 500, Pause: 150e3}

// cluster is the cluster as this tab's client sees it: through the connection to the relay and what the room
// and the servers report.
type cluster struct{ t *Tab }

// Now is real time. Cluster time stands while the room is paused, has not begun or is out of reach: by it a
// person would never hear that there is no leader.
func (c cluster) Now() int64 { return int64(c.t.now * 1000) }

func (c cluster) Clock() int64 { return c.t.clock.now() }

func (c cluster) Barred() string {
	if c.t.link.state != joined {
		return "waiting for the connection to the room"
	}
	return ""
}

func (c cluster) Leader() int { return c.t.likelyLeader() }

func (c cluster) Unreachable(server int) string {
	if c.t.connected(server) {
		return ""
	}
	return "S" + strconv.Itoa(server) + " is not connected"
}

// Ask sends the request. It keeps its number however often it is sent.
func (c cluster) Ask(r *client.Request) bool {
	if r.Number == 0 {
		c.t.lastAsked++
		r.Number = c.t.lastAsked
	}
	c.t.askServer(r.View.Server, r.Number, r.Wire())
	return true
}

func (c cluster) Page() client.Page { return &c.t.batches }

// askServer sends a request to a server, as from this tab's client.
func (t *Tab) askServer(to int, call uint64, question *wire.Request) {
	frame := wire.Frame{From: t.client, To: uint64(to), Encoding: wire.JSON, Call: call, Request: question}
	t.buffer = wire.Append(t.buffer[:0], &frame, wire.JSON)
	t.send(wire.Text, t.buffer)
}

// loseServers deals with the requests whose server is not in the room any more, or was not for a moment.
func (t *Tab) loseServers(deeds []contract.Deed) {
	t.requests.Lost(func(server int) string {
		gone := func(d contract.Deed) bool { return d.Do == "gone" && d.Server == server }
		if t.connected(server) && !slices.ContainsFunc(deeds, gone) {
			return ""
		}
		return "S" + strconv.Itoa(server) + " went before it answered"
	})
}

// likelyLeader returns the server to ask if no refusal has named one: the leader that this tab's server
// knows, the server that reports to lead the highest term, else one connected server after the other. 0:
// none is connected.
func (t *Tab) likelyLeader() int {
	if own := t.seat.report; own != nil && own.Leader != nil && t.connected(*own.Leader) {
		return *own.Leader
	}
	leader, term := 0, contract.U64(0)
	for server, report := range t.reports {
		if report.Role == "leader" && t.connected(server) && (report.Term > term || leader == 0) {
			leader, term = server, report.Term
		}
	}
	if leader != 0 || t.room == nil {
		return leader
	}
	for range t.room.Servers {
		t.nextGuess = t.nextGuess%len(t.room.Servers) + 1
		if t.connected(t.nextGuess) {
			return t.nextGuess
		}
	}
	return 0
}

// receiveAnswer takes a server's answer to a request of this tab.
func (t *Tab) receiveAnswer(m message) {
	f := &t.reader.Frame
	if !t.reader.Read(m.kind, m.data) || !f.Reply || f.To != t.client {
		return // not an answer, or not to this tab: a client serves no requests
	}
	if n := t.seat.newcomer; n != nil && n.call != 0 && n.call == f.Call {
		t.answeredNewcomer()
		return
	}
	if f.Answer != nil || f.Refusal != nil {
		t.requests.Ended(f.Call, int(f.From), f.Answer, f.Refusal)
		t.requests.Keep()
	}
}

// requestNotForwarded takes the hub's refusal to pass a request on: it reached nobody.
func (t *Tab) requestNotForwarded(id []byte, e *contract.CallError) {
	// The id of a frame is "from>to:call" (package wire).
	colon := bytes.LastIndexByte(id, ':')
	if colon < 0 {
		return
	}
	call, err := strconv.ParseUint(string(bytes.TrimSuffix(id[colon+1:], []byte{'"'})), 10, 64)
	if err == nil {
		t.requests.Ended(call, 0, nil, &wire.Error{Code: e.Code, Message: e.Message})
	}
}

// loseRequests deals with the requests under way when the connection is lost: their answers will never come.
func (t *Tab) loseRequests() {
	t.requests.Lost(func(int) string { return "the connection was lost before the answer came" })
}

// connected says whether a server's tab is in the room, as far as this tab knows.
func (t *Tab) connected(server int) bool {
	if t.room == nil {
		return false
	}
	for i := range t.room.Servers {
		if t.room.Servers[i].Server == server {
			return t.room.Servers[i].Connected
		}
	}
	return false
}
