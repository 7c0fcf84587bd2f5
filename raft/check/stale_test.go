package check_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
)

func put(value string, from, to int64) check.Operation {
	return check.Operation{Kind: check.Put, Key: "x", Value: value, Invoked: from, Returned: to}
}

func got(value string, from, to int64) check.Operation {
	return check.Operation{Kind: check.Get, Key: "x", Value: value, Found: value != "", Invoked: from, Returned: to}
}

func unknown(o check.Operation) check.Operation {
	o.Unknown, o.Returned = true, 0
	return o
}

func TestARead(t *testing.T) {
	swapped := check.Operation{Kind: check.CompareAndSwap, Key: "x", Expected: "1", Value: "2", Found: true, Invoked: 3,
		Returned: 4}
	missed := check.Operation{Kind: check.CompareAndSwap, Key: "x", Expected: "1", Value: "9", Invoked: 3, Returned: 4}
	deleted := check.Operation{Kind: check.Delete, Key: "x", Found: true, Invoked: 3, Returned: 4}
	refused := put("2", 3, 4)
	refused.Refused = true
	local := got("2", 5, 6)
	local.Local = true
	other := put("2", 3, 4)
	other.Key = "y"
	for name, c := range map[string]struct {
		history []check.Operation // the last one is the read
		against int               // −1: it is right
	}{
		"of the only write": {[]check.Operation{put("1", 1, 2), got("1", 3, 4)}, -1},
		"of what was overwritten": {[]check.Operation{put("1", 1, 2), put("2", 3, 4), got("1", 5, 6)},
			1},
		"while the write is under way": {[]check.Operation{put("1", 1, 2), put("2", 3, 6), got("1", 5, 6)},
			-1},
		"of a write that went on beside another": {[]check.Operation{put("1", 1, 4), put("2", 3, 4), got("1", 5, 6)},
			-1},
		"of a write of which nobody knows": {[]check.Operation{unknown(put("1", 1, 0)), put("2", 3, 4),
			got("1", 5, 6)}, -1},
		"of a value that was written again": {[]check.Operation{put("1", 1, 2), put("2", 3, 4), put("1", 5, 6),
			got("1", 7, 8)}, -1},
		"of what another read found gone": {[]check.Operation{put("1", 1, 2), unknown(put("2", 1, 0)),
			got("2", 3, 4), got("1", 5, 6)}, 2},
		"of nothing, after a write":      {[]check.Operation{put("1", 1, 2), got("", 5, 6)}, 0},
		"of nothing":                     {[]check.Operation{got("", 5, 6)}, -1},
		"of what was deleted":            {[]check.Operation{put("1", 1, 2), deleted, got("1", 5, 6)}, 1},
		"of nothing, after a delete":     {[]check.Operation{put("1", 1, 2), deleted, got("", 5, 6)}, -1},
		"of what was swapped":            {[]check.Operation{put("1", 1, 2), swapped, got("1", 5, 6)}, 1},
		"of what a swap did not find":    {[]check.Operation{put("1", 1, 2), missed, got("1", 5, 6)}, 1},
		"after a write that was refused": {[]check.Operation{put("1", 1, 2), refused, got("1", 5, 6)}, -1},
		"after a local read of what was": {[]check.Operation{put("2", 1, 2), put("1", 3, 4), local,
			got("1", 7, 8)}, -1},
		"after a write of another key": {[]check.Operation{put("1", 1, 2), other, got("1", 5, 6)}, -1},
		"of a write that was asked for after it": {[]check.Operation{put("1", 1, 2), put("2", 3, 4), got("1", 5, 9),
			put("1", 6, 7)}, -1},
		"of a write that was answered just then": {[]check.Operation{put("1", 1, 2), put("2", 2, 3), got("1", 4, 5)},
			-1},
		"of a write long before, read in between": {[]check.Operation{put("1", 1, 2), put("2", 3, 4), got("2", 5, 6),
			got("1", 7, 8)}, 2},
	} {
		var h check.History
		read := 0
		for i, o := range c.history {
			h.Add(o)
			if o.Kind == check.Get {
				read = i
			}
		}
		against, stale := h.Stale(read)
		if stale != (c.against >= 0) || stale && against != c.against {
			t.Errorf("%s: got %v against %d, expected it against %d", name, stale, against, c.against)
		}
	}
}

// No order explains an answer that Stale reports: package linear, which shares no code with it, says the
// same of a history that it explains without the read.
func TestWhatIsStaleHasNoOrder(t *testing.T) {
	reported := 0
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 0))
		var h check.History
		now, value := int64(0), "" // each operation happens when it is asked for
		for i := range 8 {
			now += 1 + random.Int64N(4)
			o := check.Operation{Client: i, Kind: check.Kind(random.IntN(4)), Key: "x", Expected: "1", Invoked: now,
				Returned: now + 1 + random.Int64N(6)}
			switch o.Kind {
			case check.Get:
				o.Value, o.Found = value, value != ""
			case check.Delete:
				o.Found, value = value != "", ""
			default:
				o.Value = string(rune('1' + random.IntN(3)))
				if o.Found = o.Kind == check.CompareAndSwap && value == "1"; o.Found || o.Kind == check.Put {
					value = o.Value
				}
			}
			if random.IntN(6) == 0 {
				o = unknown(o)
			}
			h.Add(o)
		}
		if err := linear.Check(h.Operations(), 10*time.Second); err != nil {
			t.Fatalf("seed %d: %v without the read: %v", seed, err, h.Operations())
		}
		read := got([]string{"", "1", "2", "3"}[random.IntN(4)], now+1+random.Int64N(4), now+9)
		read.Client = 9
		h.Add(read)
		if against, stale := h.Stale(h.Len() - 1); stale {
			reported++
			if linear.Check(h.Operations(), 10*time.Second) == nil {
				t.Fatalf("seed %d: stale against operation %d, but there is an order of %v", seed, against,
					h.Operations())
			}
		}
	}
	if reported < 50 {
		t.Errorf("only %d histories have a stale read: they prove nothing", reported)
	}
}
