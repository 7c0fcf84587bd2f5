package mixed

import (
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"
)

// counts says what happened, by kind ("o" ours, "e" etcd's) where kinds differ.
type counts struct {
	runs      int
	elected   map[string]int // of a kind
	handed    map[string]int // from kind to kind: the leader asked for it, and the one it named led the next term
	snapshots map[string]int // installed, by kind
	crossed   map[string]int // translated messages
	reads     int            // served
	crashes   int
	lost      int
	doubled   int
	delayed   int // very late
	commands  int // applied
}

func newCounts() counts {
	return counts{elected: map[string]int{}, handed: map[string]int{}, snapshots: map[string]int{},
		crossed: map[string]int{}}
}

func (c *counts) add(d counts) {
	for _, m := range []struct{ into, from map[string]int }{{c.elected, d.elected}, {c.handed, d.handed},
		{c.snapshots, d.snapshots}, {c.crossed, d.crossed}} {
		for k, n := range m.from {
			m.into[k] += n
		}
	}
	c.runs++
	c.reads += d.reads
	c.crashes += d.crashes
	c.lost += d.lost
	c.doubled += d.doubled
	c.delayed += d.delayed
	c.commands += d.commands
}

// checkThatAllOccurred fails the test if something that the runs should show never occurred in them.
func (c *counts) checkThatAllOccurred(t *testing.T) {
	t.Logf("%+v", *c)
	for what, n := range map[string]int{
		"leader of ours": c.elected["o"], "leader of etcd's": c.elected["e"],
		"handover from ours to etcd's": c.handed["oe"], "handover from etcd's to ours": c.handed["eo"],
		"handover among ours": c.handed["oo"], "handover among etcd's": c.handed["ee"],
		"snapshot installed by ours": c.snapshots["o"], "snapshot installed by etcd's": c.snapshots["e"],
		"read": c.reads, "crash": c.crashes, "lost message": c.lost, "doubled message": c.doubled,
		"late message": c.delayed,
	} {
		if n == 0 {
			t.Errorf("no %s in %d runs", what, c.runs)
		}
	}
	for _, message := range []string{"MsgVote", "MsgVoteResp", "MsgVoteResp refusing", "MsgPreVote", "MsgPreVoteResp",
		"MsgPreVoteResp refusing", "MsgApp",
		"MsgAppResp", "MsgAppResp refusing", "MsgHeartbeat", "MsgHeartbeatResp", "MsgSnap", "MsgTimeoutNow"} {
		for _, to := range []string{" to ours", " to etcd's"} {
			if c.crossed[message+to] == 0 {
				t.Errorf("no %s in %d runs", message+to, c.runs)
			}
		}
	}
	if perRun := c.commands / c.runs; perRun < 50 {
		t.Errorf("%d commands a run: too few to mean anything", perRun)
	}
}

// crossing names a message that crosses from one kind to the other.
func crossing(m *pb.Message) string {
	if m.GetReject() {
		return m.GetType().String() + " refusing"
	}
	return m.GetType().String()
}
