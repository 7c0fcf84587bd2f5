package raft

import (
	"testing"

	"pgregory.net/rapid"
)

// A log is compacted and truncated at any place, grows again, and still holds what it should: the same as a slice of
// all entries and a base.
func TestALogThatIsCompactedForgetsNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l log
		all := []Term{0} // by index
		base := 0
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			for range rapid.IntRange(0, 300).Draw(t, "appended") {
				all = append(all, all[len(all)-1]+Term(rapid.IntRange(0, 1).Draw(t, "new term")))
				l.append(Entry{Term: all[len(all)-1]})
			}
			if last := len(all) - 1; last > base {
				base = rapid.IntRange(base, last).Draw(t, "compacted")
				l.compact(Index(base))
			}
			if last := len(all) - 1; last > base {
				all = all[:rapid.IntRange(base+1, last).Draw(t, "truncated")]
				l.truncate(Index(len(all)))
			}
			if int(l.base) != base || int(l.last) != len(all)-1 {
				t.Fatalf("from %d to %d, want from %d to %d", l.base, l.last, base, len(all)-1)
			}
			for i := base; i < len(all); i++ {
				if l.term(Index(i)) != all[i] {
					t.Fatalf("term of %d is %d, want %d", i, l.term(Index(i)), all[i])
				}
			}
			if chunks := (len(all)-1)/chunkSize - base/chunkSize + 1; len(l.chunks) > chunks {
				t.Fatalf("%d chunks for entries %d to %d", len(l.chunks), base+1, len(all)-1)
			}
			searchTerms(t, &l, all)
		}
	})
}

func TestThereIsNothingBehindALogsEnd(t *testing.T) {
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1} {
		var l log
		for range n {
			l.append(Entry{Term: 1})
		}
		equal(t, "entries from the end on", len(l.run(l.last+1, 1)), 0)
		equal(t, "none wanted", len(l.run(1, 0)), 0)
		if n > 0 {
			l.compact(l.last)
			equal(t, "entries from a compacted log's end on", len(l.run(l.last+1, 1)), 0)
		}
	}
}

// searchTerms looks for the terms around each of the log's ends and somewhere between, one by one.
func searchTerms(t *rapid.T, l *log, all []Term) {
	if l.last == l.base {
		return
	}
	for _, i := range []Index{l.base + 1, l.last, Index(rapid.IntRange(int(l.base)+1, int(l.last)).Draw(t, "place"))} {
		first := i
		for first-1 > l.base && all[first-1] == all[i] {
			first--
		}
		if got := l.firstOfTerm(i); got != first {
			t.Fatalf("firstOfTerm(%d) is %d, want %d; base %d", i, got, first, l.base)
		}
		if i == l.base+1 {
			continue // nothing is below it but the base
		}
		earlier := max(all[l.base], 1) - 1 // in no entry that is left
		for _, term := range []Term{earlier, all[l.base], all[i], all[i] + 1, all[l.last]} {
			want := i - 1
			for want > l.base && all[want] != term {
				want--
			}
			if all[want] != term {
				want = 0
			}
			if got := l.lastOfTerm(term, i); got != want {
				t.Fatalf("lastOfTerm(%d, %d) is %d, want %d; base %d", term, i, got, want, l.base)
			}
		}
	}
}
