package explore

import (
	"math/rand/v2"
	"slices"

	"raftplayground/raft/check"
)

// Walk takes one way of up to length actions, chosen by the seed, and ends at the first violation: then run leads to
// it. It returns nil, nil if there was none. Walks that come to the bounds turn elsewhere. Errors: of the Config.
func Walk(c Config, seed uint64, length int) (run []Action, v *check.Violation, err error) {
	w, err := newWorld(&c)
	if err != nil {
		return nil, nil, err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var way []*world
	var taken, moves []move
	for len(taken) < length {
		moves = w.moves(moves[:0])
		next, m := w.wander(moves, random)
		if next == nil {
			return nil, nil, nil // nothing can happen any more
		}
		way, taken, w = append(way, w), append(taken, m), next
		if v := w.violation(); v != nil {
			for i, m := range taken {
				run = append(run, way[i].action(m))
			}
			return run, v, nil
		}
	}
	return nil, nil, nil
}

// wander does one of the moves that stays within the bounds, nil if none does.
func (w *world) wander(moves []move, random *rand.Rand) (*world, move) {
	for len(moves) > 0 {
		i := random.IntN(len(moves))
		if next := w.step(moves[i]); !next.far || next.violation() != nil {
			return next, moves[i]
		}
		moves = slices.Delete(moves, i, i+1)
	}
	return nil, move{}
}

// Replay does the actions one after the other and ends at the first violation. An action that cannot happen, because
// its message is not there, say, is left out: done are those that did happen. Errors: of the Config.
func Replay(c Config, run []Action) (done []Action, v *check.Violation, err error) {
	w, err := newWorld(&c)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range run {
		m, ok := w.move(a)
		if !ok {
			continue
		}
		w = w.step(m)
		done = append(done, a)
		if v := w.violation(); v != nil {
			return done, v, nil
		}
	}
	return done, nil, nil
}

// Shrink takes actions out of a run that ends in a violation for as long as the same property is violated: first many
// in a row, then fewer (delta debugging), in the end any two, which finds the pairs of which neither can be spared
// alone, such as a call and its refusal. None of the actions, and no two of them, can be spared in what it returns;
// another way altogether may still be shorter. A run without a violation is returned as far as it can be done. Errors:
// of the Config.
func Shrink(c Config, run []Action) ([]Action, error) {
	run, v, err := Replay(c, run)
	if err != nil || v == nil {
		return run, err
	}
	for size := len(run) / 2; size >= 1; {
		shorter := c.spareRow(run, size, v.Property)
		if shorter == nil && size == 1 {
			shorter = c.sparePair(run, v.Property)
		}
		if shorter == nil {
			size /= 2
		} else {
			run = shorter
		}
	}
	return run, nil
}

// spareRow looks for size actions in a row without which the run still violates the property, nil if there are none.
func (c Config) spareRow(run []Action, size int, p check.Property) []Action {
	for at := len(run) - size; at >= 0; at-- {
		if done := c.stillViolates(slices.Concat(run[:at], run[at+size:]), p); done != nil {
			return done
		}
	}
	return nil
}

// sparePair looks for any two such actions.
func (c Config) sparePair(run []Action, p check.Property) []Action {
	for k := len(run) - 1; k >= 0; k-- {
		for i := range k {
			if done := c.stillViolates(slices.Concat(run[:i], run[i+1:k], run[k+1:]), p); done != nil {
				return done
			}
		}
	}
	return nil
}

// stillViolates replays what is left of a run that could be replayed before, and returns what was done if it violates
// the property, else nil.
func (c Config) stillViolates(run []Action, p check.Property) []Action {
	done, v, err := Replay(c, run)
	if err != nil || v == nil || v.Property != p {
		return nil
	}
	return done
}
