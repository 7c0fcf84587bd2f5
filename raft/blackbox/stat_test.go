package blackbox

import (
	"fmt"
	"raftplayground/raft"
	"strings"
	"testing"
	"time"
)

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
	n := *from
	for ; time.Since(start) < *long; n++ {
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
	t.Logf("%d worlds", n-*from)
}

func TestHostile(t *testing.T) {
	start := time.Now()
	n := *from
	fails := 0
	for ; time.Since(start) < *long; n++ {
		if err := watch(n*5, 0, nil); err != nil {
			t.Error(err)
			if fails++; fails >= *count {
				break
			}
		}
	}
	t.Logf("%d worlds", n-*from)
}

func TestRulesOff(t *testing.T) {
	for _, r := range raft.Rules {
		if r.Protects == raft.Liveness {
			continue
		}
		start, seeds, msg := time.Now(), 0, "NOT FOUND"
		for n := uint64(1); time.Since(start) < 8*time.Second; n++ {
			if n%5 == 0 {
				continue
			}
			seeds++
			found := func() (s string) {
				defer func() {
					if p := recover(); p != nil {
						s = fmt.Sprint(p)
					}
				}()
				newWorld(n, raft.RulesOf(r.Rule), nil).suffer()
				return ""
			}()
			if found != "" && !strings.Contains(found, "the chunk at") && !strings.Contains(found, "confirmed by messages") {
				msg = found
				break
			}
		}
		fmt.Printf("%-24s %6d seeds %5.2f s %.150s\n", r.ID, seeds, time.Since(start).Seconds(), msg)
	}
}
