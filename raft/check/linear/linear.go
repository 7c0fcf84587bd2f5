// Package linear checks histories of clients for linearizability: whether every operation can be taken to
// have happened at one moment between its call and its answer, on a single copy of the data (Herlihy and
// Wing, 1990; §8). Check leaves that to a library, porcupine; Explain searches by itself, because it also
// says which answers are wrong, and must do so in few steps. It is a package of its own because a cluster
// needs none of this: in the browser it is loaded only when a history is asked for (wasm/study).
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
	ErrUndecided       = errors.New(
		"linear: it could not be decided within the time whether the history is linearizable")
)

// Check returns nil if the history is linearizable, an error that is ErrNotLinearizable if not. It takes about the
// given time at most, and then returns ErrUndecided.
func Check(history []check.Operation, within time.Duration) error {
	end := time.Now().Add(within)
	keys, byKey := operationsByKey(history)
	for _, key := range keys {
		var operations []porcupine.Operation
		for _, o := range byKey[key] {
			operations = append(operations, operation(history, o, !history[o].Unknown))
		}
		switch porcupine.CheckOperationsTimeout(register, operations, max(time.Millisecond, time.Until(end))) {
		case porcupine.Illegal:
			return errors.Join(ErrNotLinearizable,
				errors.New("key "+key+", "+strconv.Itoa(len(operations))+" operations"))
		case porcupine.Unknown:
			return ErrUndecided
		}
	}
	return nil
}

// operationsByKey returns the keys in the order in which they were first asked about, and by key the places
// in the history of the operations that happened, or may have. A refused one did not, and a read without an
// answer tells nothing.
func operationsByKey(history []check.Operation) (keys []string, byKey map[string][]int) {
	byKey = map[string][]int{}
	for i := range history {
		o := &history[i]
		if o.Refused || o.Unknown && o.Kind == check.Get {
			continue
		}
		if byKey[o.Key] == nil {
			keys = append(keys, o.Key)
		}
		byKey[o.Key] = append(byKey[o.Key], i)
	}
	return keys, byKey
}

// operation converts operation o of a history for porcupine. Without an answer it may have happened at any
// time after its call; that it never did is equivalent to its happening after all others.
func operation(history []check.Operation, o int, answered bool) porcupine.Operation {
	returned := int64(math.MaxInt64)
	if answered {
		returned = history[o].Returned
	}
	return porcupine.Operation{ClientId: history[o].Client, Input: &history[o], Output: answered,
		Call: history[o].Invoked, Return: returned, Metadata: o}
}

// cell is the state of one key.
type cell struct {
	value string
	found bool
}

// register is one key: keys do not depend on one another, so each is checked by itself.
var register = porcupine.Model{
	Init: func() any { return cell{} },
	Step: func(now, operation, answered any) (bool, any) {
		after, asAnswered := now.(cell).after(operation.(*check.Operation))
		return asAnswered || !answered.(bool), after
	},
}

// after returns what the key holds after an operation, and whether the outcome is what its client was told.
func (now cell) after(o *check.Operation) (after cell, asAnswered bool) {
	switch o.Kind {
	case check.Put:
		return cell{o.Value, true}, true
	case check.Delete:
		return cell{}, o.Found == now.found
	case check.CompareAndSwap:
		expected := now == cell{o.Expected, true}
		if expected {
			now = cell{o.Value, true}
		}
		return now, o.Found == expected
	}
	return now, o.Found == now.found && (!o.Found || o.Value == now.value)
}
