package tab

import (
	"slices"
	"strconv"
	"testing"
)

// The first timer of a new room runs out, and its call for votes arrives (20 ms at most), before the second timer does.
// Only for large rooms is the second timer quicker than that; there it takes its one vote and no more.
func TestFirstTimersOfANewRoomDoNotSplitItsVote(t *testing.T) {
	const shortest, longest, hop = 150, 300, 20 // ms
	first := map[int]int{}                      // by server: in how many rooms its timer is the first
	for room := range 300 {
		for size := 2; size <= 9; size++ {
			var elapsed []int
			for server := 1; server <= size; server++ {
				elapsed = append(elapsed, firstElapsed("room"+strconv.Itoa(room), server, size))
			}
			if size == 3 {
				first[slices.Index(elapsed, slices.Max(elapsed))+1]++
			}
			slices.Sort(elapsed)
			slices.Reverse(elapsed)
			heardBy := longest*(100-elapsed[0])/100 + hop
			late := 0 // servers that cannot have begun an election of their own by then
			for _, e := range elapsed[1:] {
				if shortest*(100-e)/100 >= heardBy {
					late++
				}
			}
			if 1+late < size/2+1 {
				t.Errorf("%d servers, timers at %v %%: %d vote for the first one for sure, which is no majority", size,
					elapsed, 1+late)
			}
		}
	}
	for server := 1; server <= 3; server++ {
		if first[server] < 60 {
			t.Errorf("S%d is the first in %d of 300 rooms", server, first[server])
		}
	}
}
