package lab

import "testing"

func BenchmarkCalmMinute(b *testing.B) {
	b.ReportAllocs()
	for seed := uint64(0); b.Loop(); seed++ {
		w, err := New(Calm(seed))
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

// BenchmarkClone measures the cost of a mark of a Tape.
func BenchmarkClone(b *testing.B) {
	w, err := New(Calm(1))
	if err != nil {
		b.Fatal(err)
	}
	w.RunTo(60 * second)
	b.ReportAllocs()
	for b.Loop() {
		w.Clone()
	}
}
