package explore

import (
	"math/rand/v2"
	"slices"

	"raftplayground/raft/check"
)

// Walk takes one path of at most length actions within the bounds, chosen by the seed. It returns the run to
// the first violation, or nil, nil if there was none. Errors: of the Config.
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

// wander takes one of the moves that stay within the bounds, nil if none does.
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

// Replay takes the actions in order and ends at the first violation. An action that cannot happen, perhaps
// for want of its message, is left out: done lists the others. Errors: of the Config.
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

// Shrink takes actions out of a run that ends in a violation for as long as the same property is violated:
// first many in a row, then fewer (delta debugging), in the end any two, which finds pairs that can only be
// spared together, such as a call and its refusal. None of the remaining actions, and no two of them, can be
// spared; an entirely different run may still be shorter. Of a run without a violation, the part that can be
// replayed is returned. Errors: of the Config.
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

// spareRow returns the run without a row of size actions that the violation does not need, else nil.
func (c Config) spareRow(run []Action, size int, p check.Property) []Action {
	for at := len(run) - size; at >= 0; at-- {
		if done := c.stillViolates(slices.Concat(run[:at], run[at+size:]), p); done != nil {
			return done
		}
	}
	return nil
}

// sparePair does the same for any two actions.
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

// stillViolates replays what remains of a run, and returns the actions that happened if they violate the
// property, else nil.
func (c Config) stillViolates(run []Action, p check.Property) []Action {
	done, v, err := Replay(c, run)
	if err != nil || v == nil || v.Property != p {
		return nil
	}
	return done
}
