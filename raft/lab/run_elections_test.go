package lab

import "testing"

// A run says how long elections wait (§5.2): with timeouts of one to two seconds no server asks for votes in
// the first quarter of a second, as it does by default.
func TestElectionTimeoutsOfARun(t *testing.T) {
	first := func(least, most int64) int64 {
		w, err := New(Run{Version: Version, Seed: 1, Config: Config{Servers: 3, Latency: millisecond,
			ElectionMin: least, ElectionMax: most}})
		if err != nil {
			t.Fatal(err)
		}
		for w.leader() == nil {
			if !w.Step() {
				t.Fatal("nobody was ever elected")
			}
		}
		return w.Now()
	}
	if usual, slow := first(0, 0), first(second, 2*second); usual > second/4 || slow < second/4 {
		t.Errorf("somebody leads after %d µs with the usual timeouts and after %d µs with those of 1 to 2 s", usual,
			slow)
	}
	for _, c := range []Config{{Servers: 3, ElectionMin: second},
		{Servers: 3, ElectionMin: heartbeat, ElectionMax: second}, {Servers: 3, ElectionMax: second}} {
		if err := (&Run{Version: Version, Config: c}).Check(); err == nil {
			t.Errorf("timeouts of %d to %d µs are taken", c.ElectionMin, c.ElectionMax)
		}
	}
}
