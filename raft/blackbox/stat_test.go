package blackbox

import (
	"flag"
	"fmt"
	"os"
	"raftplayground/raft"
	"strings"
	"testing"
	"time"
)

var countFlag = flag.Int("failures", 1, "")

func TestAll(t *testing.T) {
	start, runs, fails := time.Now(), 0, 0
	for n := *fromFlag; time.Since(start) < *timeFlag; n++ {
		runs++
		if err := Run(n); err != nil {
			t.Error(err)
			if fails++; fails >= *countFlag {
				break
			}
		}
	}
	t.Logf("%d worlds in %v", runs, time.Since(start))
}

func TestStat(t *testing.T) {
	for n := uint64(1); n < 60; n++ {
		func() {
			defer func() { recover() }()
			w := newWorld(n, 0, nil)
			w.suffer()
			ok, lives := 0, 0
			for _, r := range w.clients.reads {
				if r.ok {
					ok++
				}
			}
			for _, s := range w.servers[1:] {
				lives += s.life
			}
			fmt.Printf("%d: size %d voters %d len %d min %d hb %d terms %d committed %d proposals %d reads %d ok %d lives %d climate %v deeds %v loss %d dbl %d late %d\n", n, w.settings.size, w.settings.voters, w.settings.length/tick, w.settings.min, w.settings.heartbeat, len(w.checker.terms), len(w.checker.log), len(w.clients.proposals), len(w.clients.reads), ok, lives, w.settings.climate, w.settings.deeds, w.settings.loss, w.settings.double, w.settings.late)
		}()
	}
}

func TestSuffer(t *testing.T) {
	start := time.Now()
	n := *fromFlag
	for ; time.Since(start) < *timeFlag; n++ {
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("seed %d: %.1f s %v", n, time.Since(start).Seconds(), p)
				}
			}()
			if n%5 == 0 {
				return
			}
			w := newWorld(n, 0, nil)
			w.suffer()
		}()
	}
	t.Logf("%d worlds", n-*fromFlag)
}

func TestHostile(t *testing.T) {
	start := time.Now()
	n := *fromFlag
	fails := 0
	for ; time.Since(start) < *timeFlag; n++ {
		if err := watch(n*5, 0, nil); err != nil {
			t.Error(err)
			if fails++; fails >= *countFlag {
				break
			}
		}
	}
	t.Logf("%d worlds", n-*fromFlag)
}

func TestOff(t *testing.T) {
	for _, id := range strings.Split(os.Getenv("OFF"), ",") {
		r, _ := raft.RuleNamed(id)
		for from := uint64(0); from < 2; from++ {
			start, seeds := time.Now(), 0
			var err error
			for n := from * 1000000; time.Since(start) < *timeFlag; n++ {
				seeds++
				if err = watch(n, raft.RulesOf(r.Rule), nil); err != nil && !strings.Contains(err.Error(), "the chunk") {
					break
				}
				err = nil
			}
			fmt.Printf("%-24s %6d seeds %5.2f s %.200v\n", r.ID, seeds, time.Since(start).Seconds(), err)
		}
	}
}
