package blackbox

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"raftplayground/raft"
)

// A run that takes so long, or whose heap grows so large, is not going to end: worlds live through milliseconds.
const (
	runTime   = 20 * time.Second
	heapBytes = 2 << 30
)

// Run lives through the world of a seed. The error says what is wrong, at which tick. After an error that says
// that the run does not end, it is still going on: whoever called Run is to end the process soon.
func Run(seed uint64) error { return watch(seed, 0, nil) }

func watch(seed uint64, off raft.RuleSet, trace io.Writer) error {
	done := make(chan error, 1)
	go func() { done <- run(seed, off, trace) }()
	began, look := time.Now(), time.NewTicker(100*time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-look.C:
		}
		var memory runtime.MemStats
		if runtime.ReadMemStats(&memory); memory.HeapAlloc > heapBytes {
			return fmt.Errorf("seed %d: the run does not end, and its heap is %d MiB", seed, memory.HeapAlloc>>20)
		}
		if time.Since(began) > runTime {
			return fmt.Errorf("seed %d: the run does not end", seed)
		}
	}
}

// hostileWorlds is of how many worlds one is hostile.
const hostileWorlds = 5

func run(seed uint64, off raft.RuleSet, trace io.Writer) (err error) {
	defer rescue(seed, &err)
	w := newWorld(seed, off, trace)
	if w.hostile {
		w.forge()
		return nil
	}
	w.suffer()
	w.heal()
	return nil
}

// rescue makes an error of what ended a run: a violation, or a panic of the core.
func rescue(seed uint64, err *error) {
	switch p := recover().(type) {
	case nil:
	case violation:
		*err = fmt.Errorf("seed %d: %s", seed, p)
	default:
		*err = fmt.Errorf("seed %d: panic: %v\n%s", seed, p, debug.Stack())
	}
}
