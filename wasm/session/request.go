package session

import (
	"math"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
)

const never = math.MaxInt64

// requestLimits bound what a page asks of a cluster.
var requestLimits = client.Limits{Pending: 200, Kept: 50, Pause: 50e3}

// cluster is the simulated cluster as a client of the page sees it: it knows who leads, as the page does.
type cluster struct{ *Session }

func (s cluster) Now() int64 { return s.world.Now() }

func (s cluster) Clock() int64 { return s.world.Now() }

func (s cluster) Barred() string { return "" }

func (s cluster) Leader() int { return int(s.leader()) }

func (s cluster) Unreachable(server int) string {
	if server < 1 || server > s.size() {
		return "There is no server S" + strconv.Itoa(server)
	}
	if state, _, _ := s.world.Look(raft.ServerID(server)); state == lab.Down || state == lab.Damaged {
		return "S" + strconv.Itoa(server) + " is down"
	}
	return ""
}

// Ask does what is asked, as an action of the run. Each has a number of its own, which the world gives.
func (s cluster) Ask(r *client.Request) bool {
	v := &r.View
	r.Number = s.world.Asked() + 1
	did, err := s.do(lab.Action{
		Do: deedOf[v.Op], Server: raft.ServerID(v.Server), Key: v.Key, Value: v.Value, Expected: v.Expected,
		Read: string(v.Read),
	})
	return did && err == nil
}

func (s cluster) Page() client.Page { return s }

func (s cluster) Request(r contract.ClientRequest) { s.outbox.Request(r) }

func (s cluster) Answer(a contract.Answer) { s.post(contract.FromWorker{Answer: &a}) }

var deedOf = map[contract.Op]lab.Deed{
	contract.Put: lab.Put, contract.Get: lab.Get, contract.Delete: lab.Delete, contract.CAS: lab.CompareAndSwap,
}

func (s *Session) size() int { return s.branch.tape.Run().Config.Servers }

// leader is the running server that leads the highest term; 0: nobody does.
func (s *Session) leader() raft.ServerID {
	best, highest := raft.ServerID(0), raft.Term(0)
	for i := range s.size() {
		id := raft.ServerID(i + 1)
		if state, role, term := s.world.Look(id); state == lab.Running && role == raft.Leader && term >= highest {
			best, highest = id, term
		}
	}
	return best
}
