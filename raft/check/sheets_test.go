package check

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Copies of a list change independently, whatever is done to the others.
func TestSheetsAreAsManyListsAsThereAreCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type pair struct {
			sheets sheets[int]
			plain  []int
		}
		pairs := []*pair{{}}
		for step := range rapid.IntRange(1, 60).Draw(t, "steps") {
			p := pairs[rapid.IntRange(0, len(pairs)-1).Draw(t, "which")]
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				for i := range rapid.IntRange(1, 2*perSheet).Draw(t, "more") {
					p.sheets.add(step*1000 + i)
					p.plain = append(p.plain, step*1000+i)
				}
			case 1:
				if n := p.sheets.len(); n > 0 {
					i := rapid.IntRange(0, n-1).Draw(t, "place")
					*p.sheets.own(i), p.plain[i] = -step, -step
				}
			case 2:
				gone := p.sheets.drop(rapid.IntRange(0, p.sheets.len()).Draw(t, "fewer"))
				p.plain = p.plain[gone:]
			case 3:
				pairs = append(pairs, &pair{p.sheets.clone(), slices.Clone(p.plain)})
			}
			for k, p := range pairs {
				if p.sheets.len() != len(p.plain) {
					t.Fatalf("list %d has %d entries, expected %d", k, p.sheets.len(), len(p.plain))
				}
				for i, v := range p.plain {
					if got := *p.sheets.at(i); got != v {
						t.Fatalf("entry %d of list %d is %d, expected %d", i, k, got, v)
					}
				}
			}
		}
	})
}
