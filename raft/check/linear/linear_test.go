package linear

import (
	"errors"
	"testing"
	"time"

	"raftplayground/raft/check"
)

func TestHistories(t *testing.T) {
	tests := []struct {
		name    string
		history []check.Operation
		want    error
	}{
		{"nothing", nil, nil},
		{"one after the other", []check.Operation{put("1", 0, 1), get("1", 2, 3), put("2", 4, 5), get("2", 6, 7)}, nil},
		{"at the same time, either order", []check.Operation{put("1", 0, 5), get("", 1, 2), get("1", 3, 4)}, nil},
		{"a stale read", []check.Operation{put("1", 0, 1), put("2", 2, 3), get("1", 4, 5)}, ErrNotLinearizable},
		{"time goes back between two reads", []check.Operation{put("1", 0, 1), put("2", 2, 9), get("2", 3, 4),
			get("1", 5, 6)}, ErrNotLinearizable},
		{"a lost write", []check.Operation{put("1", 0, 1), get("", 2, 3)}, ErrNotLinearizable},
		{"a value from nowhere", []check.Operation{get("7", 0, 1)}, ErrNotLinearizable},
		{"an unknown write happened later", []check.Operation{unknown(put("1", 0, 0)), get("", 1, 2),
			get("1", 100, 101)}, nil},
		{"an unknown write never happened", []check.Operation{unknown(put("1", 0, 0)), get("", 100, 101)}, nil},
		{"an unknown write happened and was undone", []check.Operation{unknown(put("1", 0, 0)), get("1", 1, 2),
			get("", 3, 4)}, ErrNotLinearizable},
		{"an unknown read says nothing", []check.Operation{put("1", 0, 1), unknown(get("", 2, 0))}, nil},
		{"a refused write was seen", []check.Operation{refused(put("1", 0, 1)), get("1", 2, 3)}, ErrNotLinearizable},
		{"a refused write was not", []check.Operation{refused(put("1", 0, 1)), get("", 2, 3)}, nil},
		{"a delete", []check.Operation{put("1", 0, 1), del(true, 2, 3), get("", 4, 5), del(false, 6, 7)}, nil},
		{"a delete of what was not there", []check.Operation{del(true, 0, 1)}, ErrNotLinearizable},
		{"an unknown delete", []check.Operation{put("1", 0, 1), unknown(del(false, 2, 0)), get("", 4, 5)}, nil},
		{"a compare-and-swap", []check.Operation{put("1", 0, 1), swap("1", "2", true, 2, 3), get("2", 4, 5),
			swap("1", "3", false, 6, 7), get("2", 8, 9)}, nil},
		{"a compare-and-swap of another value", []check.Operation{put("1", 0, 1), swap("2", "3", true, 2, 3)},
			ErrNotLinearizable},
		{"a compare-and-swap of nothing", []check.Operation{swap("", "1", true, 0, 1)}, ErrNotLinearizable},
		{"a compare-and-swap that ought to have been done",
			[]check.Operation{put("1", 0, 1), swap("1", "2", false, 2, 3)}, ErrNotLinearizable},
		{"two that both won", []check.Operation{put("1", 0, 1), swap("1", "2", true, 2, 5), swap("1", "3", true, 2, 5)},
			ErrNotLinearizable},
		{"an unknown compare-and-swap happened later",
			[]check.Operation{put("1", 0, 1), unknown(swap("1", "2", false, 2, 0)), get("1", 3, 4), get("2", 5, 6)},
			nil},
		{"a failed one noticed a write without an answer", []check.Operation{put("1", 0, 1), unknown(put("2", 2, 0)),
			swap("1", "3", false, 3, 4), get("2", 9, 10)}, nil},
		{"keys do not depend on one another", []check.Operation{put("1", 0, 1), other(get("", 2, 3))}, nil},
		{"the second key is wrong", []check.Operation{put("1", 0, 1), other(get("1", 2, 3))}, ErrNotLinearizable},
	}
	for _, test := range tests {
		if got := Check(test.history, time.Minute); !errors.Is(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestOperationsInWords(t *testing.T) {
	for want, o := range map[string]check.Operation{
		"client 3: put x=7, 1.250000 to 1.270000 s": {Client: 3, Kind: check.Put,
			Key: "x", Value: "7", Invoked: 1250000, Returned: 1270000},
		"client 1: get x: 7, 0.000000 to 0.000001 s": {Client: 1, Kind: check.Get,
			Key: "x", Value: "7", Found: true, Returned: 1},
		"client 1: get x: not there, 0.000000 to 0.000001 s": {Client: 1, Kind: check.Get,
			Key: "x", Returned: 1},
		"client 1: delete x, 0.000000 to an unknown end": {Client: 1, Kind: check.Delete,
			Key: "x", Unknown: true},
		"client 1: compare and swap x=1 to 2, 0.000000 to 0.000001 s": {Client: 1,
			Kind: check.CompareAndSwap, Key: "x", Expected: "1", Value: "2", Found: true, Returned: 1},
		"client 1: compare and swap x=1 to 2: another value, 0.000000 to 0.000001 s": {Client: 1,
			Kind: check.CompareAndSwap, Key: "x", Expected: "1", Value: "2", Returned: 1},
		"client 1: put x=7: refused, 0.000000 to 0.000001 s": {Client: 1, Kind: check.Put,
			Key: "x", Value: "7", Refused: true, Returned: 1},
	} {
		if got := o.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
