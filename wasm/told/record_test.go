package told

import (
	"slices"
	"testing"

	"raftplayground/raft/check"
	"raftplayground/wasm/contract"
)

func TestAHistoryThatIsTooLongKeepsWhatStillHolds(t *testing.T) {
	var h lived
	h.lane(0, 1, "follower", 3) // the only change of S1
	for i := range 3 * mostChanges {
		h.lane(int64(i), 2, []contract.Lane{"follower", "gone"}[i%2], 3)
		h.term(int64(i), contract.U64(i+1))
	}
	if len(h.lanes) > mostChanges || len(h.terms) > mostChanges {
		t.Fatalf("%d lanes, %d terms", len(h.lanes), len(h.terms))
	}
	if !slices.ContainsFunc(h.lanes, func(l contract.LaneChange) bool { return l.Server == 1 }) {
		t.Error("what S1 has been all the time is forgotten")
	}
	if last := h.lanes[len(h.lanes)-1]; last.At != 3*mostChanges-1 {
		t.Errorf("the newest change is at %v", last.At)
	}
	if !slices.IsSortedFunc(h.lanes, func(a, b contract.LaneChange) int { return int(a.At - b.At) }) {
		t.Error("the changes are out of order")
	}
}

func TestAStoryThatIsTooLongLosesDetailsFirst(t *testing.T) {
	var s story
	for i := range 4 * mostLines {
		weight := contract.Detail
		if i%10 == 0 {
			weight = contract.Key
		}
		s.add(contract.StoryLine{ID: uint64(i), Weight: weight})
	}
	keys := 0
	for _, l := range s.lines {
		if l.Weight == "key" {
			keys++
		}
	}
	if len(s.lines) > mostLines+mostLines/4 || keys != 4*mostLines/10 {
		t.Errorf("%d lines, %d of %d key lines", len(s.lines), keys, 4*mostLines/10)
	}
	for i := range 3 * mostLines {
		s.add(contract.StoryLine{ID: uint64(9e6 + i), Weight: "key"})
	}
	if len(s.lines) > mostLines+mostLines/4 || s.lines[len(s.lines)-1].ID != 9e6+3*mostLines-1 {
		t.Errorf("%d lines, the last is %d", len(s.lines), s.lines[len(s.lines)-1].ID)
	}
}

func TestEveryPropertyHasASentence(t *testing.T) {
	for p := check.ElectionSafety; p <= check.Liveness; p++ {
		if promiseOf(p) == "" {
			t.Errorf("%s has no sentence", p)
		}
	}
}
