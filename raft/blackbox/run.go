package blackbox

import (
	"fmt"
	"io"
	"runtime/debug"

	"raftplayground/raft"
)

// Run lives through the world of a seed. The error says what is wrong, at which tick.
func Run(seed uint64) error { return run(seed, 0, nil) }

func run(seed uint64, off raft.RuleSet, trace io.Writer) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case violation:
			err = fmt.Errorf("seed %d: %s", seed, p)
		default:
			err = fmt.Errorf("seed %d: panic: %v\n%s", seed, p, debug.Stack())
		}
	}()
	w := newWorld(seed, off, trace)
	w.suffer()
	w.heal()
	return nil
}
