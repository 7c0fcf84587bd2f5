package raft

import (
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"
)

func TestLogBehavesLikeASliceAndWhatWasReadFromItStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			log   log
			model []Entry
		}
		type reading struct{ got, want []Entry }
		versions := []*version{{}}
		var readings []reading
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			v := versions[rapid.IntRange(0, len(versions)-1).Draw(t, "version")]
			switch rapid.IntRange(0, 3).Draw(t, "action") {
			case 0:
				entries := make([]Entry, rapid.IntRange(1, 300).Draw(t, "entries"))
				for i := range entries {
					entries[i].Term = Term(rapid.IntRange(1, 1000).Draw(t, "term"))
				}
				atOnce := rapid.IntRange(0, len(entries)).Draw(t, "at once")
				v.log.append(entries[:atOnce]...)
				for _, e := range entries[atOnce:] {
					v.log.append(e)
				}
				v.model = slices.Concat(v.model, entries)
			case 1:
				if n := len(v.model); n > 0 {
					i := rapid.IntRange(1, n).Draw(t, "from")
					v.log.truncate(Index(i))
					v.model = v.model[:i-1]
				}
			case 2:
				versions = append(versions, &version{v.log.clone(), slices.Clone(v.model)})
			case 3:
				if n := len(v.model); n > 0 {
					i := rapid.IntRange(1, n).Draw(t, "from")
					run := v.log.run(Index(i), rapid.IntRange(1, 400).Draw(t, "max"))
					if len(run) == 0 {
						t.Fatal("empty run")
					}
					readings = append(readings, reading{run, slices.Clone(v.model[i-1 : i-1+len(run)])})
				}
			}
		}
		same := func(a, b Entry) bool { return a.Term == b.Term }
		for _, v := range versions {
			if int(v.log.last) != len(v.model) {
				t.Fatalf("last %d, want %d", v.log.last, len(v.model))
			}
			for i := range v.model {
				if !same(*v.log.at(Index(i + 1)), v.model[i]) {
					t.Fatalf("entry %d differs", i+1)
				}
			}
		}
		for _, r := range readings {
			if !slices.EqualFunc(r.got, r.want, same) {
				t.Fatal("a run changed after it was read")
			}
		}
	})
}

func TestTermsAreFoundInTheLog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 400).Draw(t, "terms")
		sort.Ints(terms)
		var l log
		for _, term := range terms {
			l.append(Entry{Term: Term(term)})
		}
		base := rapid.IntRange(0, len(terms)-1).Draw(t, "base")
		l.compact(Index(base))
		i := rapid.IntRange(base+1, len(terms)).Draw(t, "index")
		first := max(slices.Index(terms, terms[i-1]), base) + 1
		if got, want := l.firstOfTerm(Index(i)), Index(first); got != want {
			t.Fatalf("firstOfTerm(%d) = %d, want %d", i, got, want)
		}
		term := rapid.IntRange(0, 7).Draw(t, "term")
		want := Index(0)
		end := rapid.IntRange(0, len(terms)+1).Draw(t, "end")
		for k := max(base, 1); k < end; k++ {
			if terms[k-1] == term {
				want = Index(k)
			}
		}
		if got := l.lastOfTerm(Term(term), Index(end)); got != want {
			t.Fatalf("lastOfTerm(%d, %d) = %d, want %d", term, end, got, want)
		}
	})
}

func TestStoredByIsTheHighestIndexThatSoManyServersStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		match := rapid.SliceOfN(rapid.Uint64Range(0, 12), 1, maxServers).Draw(t, "match")
		servers := rapid.IntRange(1, len(match)).Draw(t, "servers")
		brute := uint64(0)
		for i := uint64(0); i <= 12; i++ {
			n := 0
			for _, m := range match {
				if m >= i {
					n++
				}
			}
			if n >= servers {
				brute = i
			}
		}
		if got := storedBy(servers, match); got != brute {
			t.Fatalf("storedBy(%d, %v) = %d, want %d", servers, match, got, brute)
		}
	})
}
