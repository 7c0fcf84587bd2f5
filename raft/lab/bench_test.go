package lab

import "testing"

// calmMinute is 60 s of five servers with heartbeats and 100 writes.
func calmMinute(seed uint64) Run {
	r := Run{Version: Version, Seed: seed, Config: Config{Servers: 5, Latency: 5 * millisecond, Jitter: 3 * millisecond, Disk: 2 * millisecond}}
	for i := range int64(100) {
		r.Actions = append(r.Actions, Action{At: (i + 1) * 590 * millisecond, Do: Put, Key: "k" + decimal(i%10), Value: decimal(i)})
	}
	return r
}

func BenchmarkCalmMinute(b *testing.B) {
	b.ReportAllocs()
	for seed := uint64(0); b.Loop(); seed++ {
		w, err := New(calmMinute(seed))
		if err != nil {
			b.Fatal(err)
		}
		w.RunTo(60 * second)
		if w.served < 58*second {
			b.Fatalf("seed %d: the last write was done at %d", seed, w.served)
		}
	}
}

func BenchmarkChaosMinute(b *testing.B) {
	b.ReportAllocs()
	for seed := uint64(0); b.Loop(); seed++ {
		w, err := New(Draw(Standard(), seed))
		if err != nil {
			b.Fatal(err)
		}
		if v := w.Finish(); len(v) > 0 {
			b.Fatalf("seed %d: %v", seed, v[0].Error())
		}
	}
}

// BenchmarkClone is what a mark of a Tape costs.
func BenchmarkClone(b *testing.B) {
	w, err := New(calmMinute(1))
	if err != nil {
		b.Fatal(err)
	}
	w.RunTo(60 * second)
	b.ReportAllocs()
	for b.Loop() {
		w.Clone()
	}
}
