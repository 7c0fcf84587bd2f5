package session

import (
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
)

// requestLimits bound what a page asks of a cluster.
var requestLimits = client.Limits{Pending: 200, Kept: 50, Pause: 50e3}

// cluster is the simulated cluster as a client of the page sees it: it knows who leads, as the page does.
type cluster struct{ s *Session }

func (c cluster) Now() int64 { return c.s.line.World.Now() }

func (c cluster) Clock() int64 { return c.s.line.World.Now() }

func (c cluster) Barred() string { return "" }

func (c cluster) Leader() int { return int(c.s.leader()) }

func (c cluster) Unreachable(server int) string {
	if server < 1 || server > c.s.size() {
		return "There is no server S" + strconv.Itoa(server)
	}
	if state, _, _ := c.s.line.World.Look(raft.ServerID(server)); state == lab.Down || state == lab.Damaged {
		return "S" + strconv.Itoa(server) + " is down"
	}
	return ""
}

// Ask makes the request an action of the run. The world gives each its own number.
func (c cluster) Ask(r *client.Request) bool {
	v := &r.View
	r.Number = c.s.line.World.Asked() + 1
	_, why, err := c.s.do(lab.Action{
		Do: deedOf[v.Op], Server: raft.ServerID(v.Server), Key: v.Key, Value: v.Value, Expected: v.Expected,
		Read: string(v.Read),
	})
	return why == "" && err == nil
}

func (c cluster) Page() client.Page { return c.s.page }

var deedOf = map[contract.Op]lab.Deed{
	contract.Put: lab.Put, contract.Get: lab.Get, contract.Delete: lab.Delete, contract.CAS: lab.CompareAndSwap,
}

func (s *Session) size() int { return s.line.Branch.Tape.Run().Config.Servers }

// leader returns the running server that leads the highest term, 0 if none does.
func (s *Session) leader() raft.ServerID {
	best, highest := raft.ServerID(0), raft.Term(0)
	for i := range s.size() {
		id := raft.ServerID(i + 1)
		if state, role, term := s.line.World.Look(id); state == lab.Running && role == raft.Leader && term >= highest {
			best, highest = id, term
		}
	}
	return best
}
