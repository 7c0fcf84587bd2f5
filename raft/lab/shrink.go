package lab

import "slices"

// Shrink returns a run that fails as run does, with as few actions as it can find by leaving some out: no
// single one can be left out any more (delta debugging, Zeller and Hildebrandt 2002). fails must always
// return the same for the same run; it is called at most tries times, and run itself must fail.
func Shrink(run Run, fails func(Run) bool, tries int) Run {
	actions := run.Actions
	with := func(kept []Action) Run {
		shorter := run
		shorter.Actions = kept
		return shorter
	}
	for size := (len(actions) + 1) / 2; size > 0 && tries > 0; {
		left := len(actions)
		for from := 0; from < len(actions) && tries > 0; {
			to := min(from+size, len(actions))
			kept := slices.Concat(actions[:from], actions[to:])
			tries--
			if fails(with(kept)) {
				actions = kept // what follows has moved to from
			} else {
				from = to
			}
		}
		if size == 1 && len(actions) == left {
			break
		}
		size = max(1, size/2)
	}
	return with(actions)
}
