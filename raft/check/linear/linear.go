// Package linear checks histories of clients for linearizability: whether every operation can be taken to have happened at one moment between its call
// and its answer, on a single copy of the data (Herlihy and Wing, 1990; §8). It is a package of its own because the library that does the
// work, porcupine, is larger than all of Raft, and not for the browser.
package linear

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"

	"raftplayground/raft/check"
)

// Errors of Check. The first is joined with another that names the key.
var (
	ErrNotLinearizable = errors.New("linear: the history is not linearizable")
	ErrUndecided       = errors.New("linear: it could not be decided within the time whether the history is linearizable")
)

// Check returns nil if the history is linearizable, an error that is ErrNotLinearizable if not. It takes about the given time at most, and
// then returns ErrUndecided.
func Check(history []check.Operation, within time.Duration) error {
	var keys []string
	byKey := map[string][]porcupine.Operation{}
	for i := range history {
		o := &history[i]
		returned := o.Returned
		if o.Refused {
			continue
		}
		if o.Unknown {
			if o.Kind == check.Get {
				continue // nobody learned anything from it
			}
			returned = math.MaxInt64
		}
		if byKey[o.Key] == nil {
			keys = append(keys, o.Key)
		}
		byKey[o.Key] = append(byKey[o.Key], porcupine.Operation{ClientId: o.Client, Input: o, Output: o, Call: o.Invoked, Return: returned})
	}
	end := time.Now().Add(within)
	for _, key := range keys {
		operations := byKey[key]
		switch porcupine.CheckOperationsTimeout(register, operations, max(time.Millisecond, time.Until(end))) {
		case porcupine.Illegal:
			return errors.Join(ErrNotLinearizable, errors.New("key "+key+", "+strconv.Itoa(len(operations))+" operations"))
		case porcupine.Unknown:
			return ErrUndecided
		}
	}
	return nil
}

// cell is the state of one key.
type cell struct {
	value string
	found bool
}

// register is one key: keys do not depend on one another, so each is checked by itself.
var register = porcupine.Model{
	Init: func() any { return cell{} },
	Step: func(state, input, _ any) (bool, any) {
		o, now := input.(*check.Operation), state.(cell)
		switch o.Kind {
		case check.Put:
			return true, cell{o.Value, true}
		case check.Delete:
			return o.Unknown || o.Found == now.found, cell{}
		}
		return o.Found == now.found && (!o.Found || o.Value == now.value), now
	},
}
