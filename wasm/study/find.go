package study

import (
	"errors"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/check"
	"raftplayground/raft/explore"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// FindQuestion asks for a run in which a safety property breaks when no server keeps some rules.
type FindQuestion struct {
	Off     []string `json:"off"`     // IDs of raft.Rules; those of Figure 2's extensions are off in any case
	Seconds float64  `json:"seconds"` // of searching; the search ends soon after
}

// Found is a run in which a property breaks, as short as could be found.
type Found struct {
	Run      lab.Run         `json:"run"`
	At       contract.Micros `json:"at"` // when the property breaks
	Property string          `json:"property"`
	Text     string          `json:"text"`
	Actions  []string        `json:"actions"` // what is done in the run, in words, in order
	How      How             `json:"how"`
	Looked   int             `json:"looked"` // situations, or seeds, that were examined
}

// How says how a run was found. "search": no run within the bounds is shorter; "chance": it was found with a
// random seed, then shortened as far as possible.
type How string

// The ways to find a run.
const (
	Search How = "search"
	Chance How = "chance"
)

// stage is one kind of search, the quickest first.
type stage struct {
	words string
	fixed bool // without changes of the servers and without snapshots
	look  func(off []string, rules raft.RuleSet) (*Found, int, error)
}

// changing are the rules of configuration changes (§6) and of snapshots (§7): they matter only there.
var changing = raft.RulesOf(raft.TwoMajorities, raft.OnlyVotersCount, raft.ConfigOnAppend, raft.RollBackConfig,
	raft.OneChangeAtATime, raft.ChangeInOwnTerm, raft.KeepSuffix, raft.CompactedMatches)

// stages: breadth-first within growing bounds, so that the result is the shortest run in them. Then by
// chance: a few clusters under faults, which meet what the bounds leave out, such as configuration changes
// and snapshots; long walks; and more clusters.
var stages = []stage{
	{"Every way that three servers can go in two elections", true,
		searching(8_000, explore.Config{Servers: 3, Term: 2, Entries: 2, InFlight: 6})},
	{"… with a message that arrives twice, and a command", true,
		searching(8_000, explore.Config{Servers: 3, Term: 1, Entries: 2, InFlight: 6, Duplicates: 1, Proposals: 1})},
	{"Four servers, and messages that arrive twice", true,
		searching(20_000, explore.Config{Servers: 4, Term: 1, Entries: 1, InFlight: 8, Duplicates: 2})},
	{"Three servers with a disk that stalls, and a crash", true,
		searching(50_000, explore.Config{Servers: 3, Term: 2, Entries: 2, InFlight: 4, Stalls: 1, Crashes: 1})},
	{"Clusters under faults by chance", false, chance(0, 30)},
	{"Long ways by chance, with crashes", true,
		walking(4_000, explore.Config{Servers: 3, Term: 5, Entries: 3, InFlight: 4, Heartbeats: 2, Proposals: 3,
			Crashes: 3})},
	{"More clusters under faults by chance", false, chance(30, 400)},
}

// Find searches stage by stage. elapsed returns how many seconds have passed. Errors: the question is
// invalid; or nothing was found, in words to show.
func Find(q FindQuestion, elapsed func() float64, progress func(fraction float64, words string, part any)) (Found,
	error) {
	rules, err := raft.RulesNamed(q.Off)
	switch {
	case err != nil:
		return Found{}, errors.New("study: " + err.Error())
	case rules == 0:
		return Found{}, errors.New("study: expected the IDs of rules to switch off, got none")
	}
	for i, s := range stages {
		if elapsed() > q.Seconds {
			break
		}
		if s.fixed && rules&^changing == 0 {
			continue
		}
		progress(float64(i)/float64(len(stages)), s.words, nil)
		found, looked, err := s.look(q.Off, rules)
		if err != nil {
			return Found{}, err
		}
		if found != nil {
			found.Looked = looked
			return *found, nil
		}
	}
	return Found{}, errors.New("No bad run was found in " + strconv.Itoa(int(elapsed())) +
		" s. That does not show that there is none: the harm may be rarer than that, or take longer to find.")
}

// searching searches breadth-first through at most most situations.
func searching(most int, config explore.Config) func([]string, raft.RuleSet) (*Found, int, error) {
	return func(_ []string, rules raft.RuleSet) (*Found, int, error) {
		config.Off = rules | raft.Extensions
		result, err := explore.Search(config, most)
		switch {
		case result.States == 0:
			return nil, 0, err
		case result.Violation == nil:
			return nil, result.States, nil // Search fails beyond its bound; here that is no error
		}
		found, err := tell(&config, result.Run, result.Violation.Property, Search)
		return found, result.States, err
	}
}

// walking walks at random, and shortens the first walk that breaks a property to what the harm needs.
func walking(most uint64, config explore.Config) func([]string, raft.RuleSet) (*Found, int, error) {
	return func(_ []string, rules raft.RuleSet) (*Found, int, error) {
		config.Off = rules | raft.Extensions
		for seed := range most {
			run, violation, err := explore.Walk(config, seed, 100)
			if err != nil {
				return nil, 0, err
			}
			if violation == nil {
				continue
			}
			if run, err = explore.Shrink(config, run); err != nil {
				return nil, 0, err
			}
			found, err := tell(&config, run, violation.Property, Chance)
			return found, int(seed) + 1, err
		}
		return nil, 0, nil
	}
}

const shrinkTries = 400

// chance lets clusters live under faults, seed by seed, and shortens the first run that breaks a safety
// property to what the harm needs.
func chance(from, to uint64) func([]string, raft.RuleSet) (*Found, int, error) {
	return func(off []string, _ raft.RuleSet) (*Found, int, error) {
		for seed := from; seed < to; seed++ {
			run := lab.Hostile(seed, off, off)
			violation, err := live(run)
			if err != nil {
				return nil, 0, err
			}
			if violation == nil {
				continue
			}
			fails := func(r lab.Run) bool {
				v, err := live(r)
				return err == nil && v != nil && v.Property == violation.Property
			}
			run = lab.Shrink(run, fails, shrinkTries)
			found, err := open(run, nil, Chance)
			return found, int(seed) + 1, err
		}
		return nil, 0, nil
	}
}

// live lives a run to its end, or to the first violation of a safety property.
func live(run lab.Run) (*check.Violation, error) {
	w, err := lab.New(run)
	if err != nil {
		return nil, err
	}
	for end := run.End(); w.Now() < end; {
		w.RunTo(w.Now() + second/4)
		if v := broken(w); v != nil {
			return v, nil
		}
	}
	return nil, nil
}

// broken returns the earliest violation of a safety property.
func broken(w *lab.World) (first *check.Violation) {
	for _, v := range w.Violations() {
		if v.Property != check.Liveness && (first == nil || v.At < first.At) {
			first = &v
		}
	}
	return first
}

// open makes a run ready to be opened: nothing in it is later than the harm.
func open(run lab.Run, actions []string, how How) (*Found, error) {
	violation, err := live(run)
	if err != nil || violation == nil {
		return nil, err
	}
	kept := run.Actions[:0:0]
	for _, a := range run.Actions {
		if a.At <= violation.At {
			kept = append(kept, a)
		}
	}
	run.Actions = kept
	if actions == nil {
		for i := range kept {
			actions = append(actions, actionWords(&kept[i]))
		}
	}
	return &Found{
		Run: run, At: violation.At, Property: violation.Property.String(), Text: report.Named(violation.Detail),
		Actions: actions, How: how,
	}, nil
}

func actionWords(a *lab.Action) string {
	words := string(a.Do)
	if a.Server != 0 {
		words += " S" + strconv.Itoa(int(a.Server))
	}
	if a.When != "" {
		words += ", at the next " + string(a.When)
	}
	return strconv.FormatFloat(float64(a.At)/1e6, 'f', 3, 64) + " s: " + words
}
