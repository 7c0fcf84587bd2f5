package blackbox

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"raftplayground/raft"
)

// A run that takes longer than runTime, or whose heap grows beyond heapBytes, does not end: worlds take
// milliseconds.
const (
	runTime   = 20 * time.Second
	heapBytes = 2 << 30
)

// Run lives through the world of a seed. The error says what is wrong and at which tick. If it says that
// the run does not end, a goroutine is still busy with it, and the process should end soon.
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

// hostileWorlds is how many worlds there are to each hostile one.
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

// rescue turns what ended a run, a violation or a panic of the core, into an error.
func rescue(seed uint64, err *error) {
	switch p := recover().(type) {
	case nil:
	case violation:
		*err = fmt.Errorf("seed %d: %s", seed, p)
	default:
		*err = fmt.Errorf("seed %d: panic: %v\n%s", seed, p, debug.Stack())
	}
}
