package linear

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"raftplayground/raft/check"
	"raftplayground/raft/lab"
)

const plenty = 1 << 22 // steps

func put(value string, from, to int64) check.Operation {
	return check.Operation{Kind: check.Put, Key: "x", Value: value, Invoked: from, Returned: to}
}

func get(value string, from, to int64) check.Operation {
	return check.Operation{Kind: check.Get, Key: "x", Value: value, Found: value != "", Invoked: from, Returned: to}
}

func del(found bool, from, to int64) check.Operation {
	return check.Operation{Kind: check.Delete, Key: "x", Found: found, Invoked: from, Returned: to}
}

func swap(expected, value string, done bool, from, to int64) check.Operation {
	return check.Operation{Kind: check.CompareAndSwap, Key: "x", Expected: expected, Value: value, Found: done,
		Invoked: from, Returned: to}
}

func unknown(o check.Operation) check.Operation { o.Unknown = true; return o }
func refused(o check.Operation) check.Operation { o.Refused = true; return o }
func other(o check.Operation) check.Operation   { o.Key = "y"; return o }

// The first answer that no order explains is named, with the fewest others that it contradicts.
func TestContradictionsAreNamed(t *testing.T) {
	tests := []struct {
		name    string
		history []check.Operation
		want    []Contradiction
	}{
		{"a stale read", []check.Operation{put("1", 0, 1), get("1", 2, 3), put("2", 4, 5), get("1", 6, 7)},
			[]Contradiction{{3, []int{0, 2}, true}}},
		{"the newest write is told, not every one", []check.Operation{put("1", 0, 1), put("2", 2, 3), put("3", 4, 5),
			get("1", 6, 7)}, []Contradiction{{3, []int{0, 2}, true}}},
		{"time goes back between two reads", []check.Operation{put("1", 0, 1), put("2", 2, 9), get("2", 3, 4),
			get("1", 5, 6)}, []Contradiction{{3, []int{0, 2}, true}}},
		{"a lost write", []check.Operation{put("1", 0, 1), get("", 2, 3)}, []Contradiction{{1, []int{0}, true}}},
		{"a value from nowhere", []check.Operation{put("1", 0, 1), get("7", 2, 3)},
			[]Contradiction{{1, []int{}, true}}},
		{"every stale read", []check.Operation{put("1", 0, 1), put("2", 2, 3), get("1", 4, 5), get("2", 6, 7),
			get("1", 8, 9)}, []Contradiction{{2, []int{0, 1}, true}, {4, []int{0, 1}, true}}},
		{"a delete of what was not there", []check.Operation{del(true, 0, 1), get("", 2, 3)},
			[]Contradiction{{0, []int{}, true}}},
		{"a delete that is left aside may have happened", []check.Operation{put("1", 0, 1), del(false, 2, 3),
			get("", 4, 5)}, []Contradiction{{1, []int{0}, true}}},
		{"keys apart, in the order of the answers", []check.Operation{get("7", 4, 5), other(get("8", 2, 3))},
			[]Contradiction{{1, []int{}, true}, {0, []int{}, true}}},
		{"a compare-and-swap that another had won", []check.Operation{put("1", 0, 1), swap("1", "2", true, 2, 3),
			swap("1", "3", true, 4, 5)}, []Contradiction{{2, []int{1}, true}}},
		{"a failed compare-and-swap noticed a write without an answer",
			[]check.Operation{put("1", 0, 1), unknown(put("2", 2, 0)), swap("1", "3", false, 3, 4), get("2", 9, 10)},
			nil},
		{"nothing wrong", []check.Operation{put("1", 0, 5), get("", 1, 2), get("1", 3, 4)}, nil},
	}
	for _, test := range tests {
		e := Explain(test.history, plenty)
		same := slices.EqualFunc(e.Contradictions, test.want, func(a, b Contradiction) bool {
			return a.Operation == b.Operation && slices.Equal(a.Against, b.Against) && a.Least == b.Least
		})
		if !same || e.Undecided != nil {
			t.Errorf("%s: got %+v, want %+v", test.name, e, test.want)
		}
		explained(t, test.history, e)
	}
}

// An operation without an answer has a point in time only if another operation's answer needs it.
func TestPointsOfWhatWasNotAnswered(t *testing.T) {
	history := []check.Operation{unknown(put("1", 0, 0)), unknown(put("2", 1, 0)), unknown(get("", 2, 0)),
		refused(put("3", 3, 4)), get("2", 100, 110), unknown(put("4", 120, 0))}
	e := Explain(history, plenty)
	want := []Effect{{}, {1, 55}, {}, {}, {2, 105}, {}}
	if !slices.Equal(e.Effects, want) || len(e.Contradictions)+len(e.Undecided) != 0 {
		t.Errorf("got %+v, want the effects %+v", e, want)
	}
}

func TestStepsAreBounded(t *testing.T) {
	var history []check.Operation
	for i := range int64(14) { // all at once: any order of them is to be tried
		history = append(history, put(string(rune('a'+i)), 0, 1000))
	}
	history = append(history, other(put("1", 0, 1)), get("z", 1001, 1002))
	e := Explain(history, 10_000)
	placed := slices.ContainsFunc(e.Effects[:14], func(f Effect) bool { return f != Effect{} })
	if !slices.Equal(e.Undecided, []string{"x"}) || e.Contradictions != nil || placed {
		t.Errorf("got %+v, want x to be undecided", e)
	}
	explained(t, history, e) // y has a share of its own, which suffices
	explained(t, history[14:15], Explain(history[14:15], 10))
}

// explained checks an Explanation independently of the search: every operation that is answered and not
// wrong has its place, points lie within their operations and do not go back, and a map that does everything
// in that order gives the answers that were given.
func explained(t rapid.TB, history []check.Operation, e Explanation) {
	t.Helper()
	wrong := map[int]bool{}
	for _, c := range e.Contradictions {
		wrong[c.Operation] = true
	}
	byKey := map[string][]int{}
	for i, o := range history {
		f := e.Effects[i]
		switch {
		case f == Effect{}:
			if !o.Unknown && !o.Refused && !wrong[i] && !slices.Contains(e.Undecided, o.Key) {
				t.Errorf("%v has no place", o)
			}
			continue
		case o.Refused, wrong[i] && o.Kind == check.Get:
			t.Errorf("%v has a place", o)
		case f.At < o.Invoked || !o.Unknown && !wrong[i] && f.At > o.Returned:
			t.Errorf("%v is to have happened at %d", o, f.At)
		}
		byKey[o.Key] = append(byKey[o.Key], i)
	}
	for key, places := range byKey {
		slices.SortFunc(places, func(a, b int) int { return e.Effects[a].Place - e.Effects[b].Place })
		store := map[string]string{}
		for n, i := range places {
			o := history[i]
			if e.Effects[i].Place != n+1 || n > 0 && e.Effects[i].At < e.Effects[places[n-1]].At {
				t.Errorf("key %s: number %d of the order is %+v", key, n+1, e.Effects[i])
			}
			value, found := store[key]
			if o.Kind == check.CompareAndSwap {
				found = found && value == o.Expected
			}
			switch {
			case o.Kind == check.Put:
				store[key] = o.Value
			case !o.Unknown && !wrong[i] && (o.Found != found || o.Kind == check.Get && found && o.Value != value):
				t.Errorf("%v, when there was %q, %v", o, value, found)
			case o.Kind == check.CompareAndSwap && found:
				store[key] = o.Value
			case o.Kind == check.Delete:
				delete(store, key)
			}
		}
	}
}

// anyHistory draws operations of a few clients on two keys. If right, their answers are those of a store
// that does each operation at a moment between its call and its answer.
func anyHistory(t *rapid.T, right bool) (history []check.Operation) {
	type effect struct {
		at int64
		of int
	}
	var effects []effect
	for client := range rapid.IntRange(1, 4).Draw(t, "clients") {
		now := int64(0)
		for range rapid.IntRange(0, 6).Draw(t, "operations") {
			o := check.Operation{Client: client, Kind: check.Kind(rapid.IntRange(0, 3).Draw(t, "kind")),
				Key: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "key")}
			o.Invoked = now + rapid.Int64Range(0, 5).Draw(t, "rest")
			at := o.Invoked + rapid.Int64Range(0, 5).Draw(t, "way")
			o.Returned = at + rapid.Int64Range(0, 5).Draw(t, "way back")
			now = o.Returned + 1
			o.Value = rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "value")
			if o.Kind == check.CompareAndSwap {
				o.Expected = rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "expected")
			}
			o.Found = rapid.Bool().Draw(t, "found")
			o.Unknown = rapid.IntRange(0, 4).Draw(t, "outcome") == 0
			o.Refused = !o.Unknown && rapid.IntRange(0, 6).Draw(t, "refusal") == 0
			if !o.Refused && (!o.Unknown || rapid.Bool().Draw(t, "done")) {
				effects = append(effects, effect{at, len(history)})
			}
			history = append(history, o)
		}
	}
	if !right {
		return history
	}
	slices.SortStableFunc(effects, func(a, b effect) int { return int(a.at - b.at) })
	store := map[string]string{}
	for _, e := range effects {
		o := &history[e.of]
		value, found := store[o.Key]
		switch o.Kind {
		case check.Put:
			store[o.Key] = o.Value
			continue
		case check.Delete:
			delete(store, o.Key)
		case check.CompareAndSwap:
			if found = found && value == o.Expected; found {
				store[o.Key] = o.Value
			}
		case check.Get:
			o.Value = value
		}
		o.Found = found
	}
	return history
}

func TestWhatAStoreDidIsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history := anyHistory(t, true)
		e := Explain(history, plenty)
		if len(e.Contradictions) > 0 || e.Undecided != nil {
			t.Errorf("%v is explained by %+v", history, e)
		}
		explained(t, history, e)
	})
}

// For any answers: Explain and Check agree; the answers before a contradiction have an order, with it they
// have none; and the answers in Against suffice to contradict it, and each of them is needed.
func TestContradictionsAreTheFirstAndTheLeast(t *testing.T) {
	answersOf := func(history []check.Operation, counts func(i int) bool) error {
		given := slices.Clone(history)
		for i := range given {
			given[i].Unknown = given[i].Unknown || !given[i].Refused && !counts(i)
		}
		return Check(given, time.Minute)
	}
	rapid.Check(t, func(t *rapid.T) {
		history := anyHistory(t, false)
		e := Explain(history, plenty)
		explained(t, history, e)
		if err := Check(history, time.Minute); (err != nil) != (len(e.Contradictions) > 0) || e.Undecided != nil {
			t.Fatalf("%v: %v, but explained by %+v", history, err, e)
		}
		aside := map[int]bool{}
		for _, c := range e.Contradictions {
			wrong := c.Operation
			before := func(i int) bool {
				o, w := &history[i], &history[wrong]
				return !aside[i] && (o.Returned < w.Returned || o.Returned == w.Returned && i < wrong)
			}
			if err := answersOf(history, before); err != nil {
				t.Errorf("%v is said to be the first, but before it: %v", history[wrong], err)
			}
			if err := answersOf(history, func(i int) bool { return before(i) || i == wrong }); !errors.Is(err,
				ErrNotLinearizable) {
				t.Errorf("%v is no contradiction in %v", history[wrong], history)
			}
			for without := -1; without < len(c.Against); without++ {
				err := answersOf(history, func(i int) bool {
					return i == wrong || slices.Contains(c.Against, i) && (without < 0 || i != c.Against[without])
				})
				if (err != nil) != (without < 0) {
					t.Errorf("%v against %v without number %d: %v", history[wrong], c.Against, without, err)
				}
			}
			aside[wrong] = true
		}
	})
}

// The answers to clients of real clusters under faults are explained in few steps, whichever operations had
// none.
func TestRunsAreExplained(t *testing.T) {
	operations, open := 0, 0
	for seed := range uint64(7) {
		config := lab.Config{Servers: 5, Latency: 10_000, Jitter: 5000, Reads: "readIndex", Clients: 6, Keys: 2,
			Think: 100_000, Patience: 1_000_000, Chaos: 20_000_000, Heal: 1_000_000}
		w, err := lab.New(lab.Draw(config, seed))
		if err != nil {
			t.Fatal(err)
		}
		w.RunTo(20_000_000)
		history := w.History()
		for i := range history {
			if history[i].Server == 0 && !history[i].Unknown {
				t.Errorf("nobody answered %v", history[i])
			}
			if history[i].Unknown {
				open++
			}
		}
		operations += len(history)
		e := Explain(history, 50*len(history))
		if len(e.Contradictions) > 0 || e.Undecided != nil {
			t.Errorf("seed %d: of %d operations %v are contradictions, %v undecided", seed, len(history),
				e.Contradictions, e.Undecided)
		}
		explained(t, history, e)
	}
	if operations < 2000 || open < 20 {
		t.Errorf("%d operations, %d of them without an answer, are too few to show anything", operations, open)
	}
}
