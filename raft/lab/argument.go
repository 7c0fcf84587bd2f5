package lab

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab/goal"
	"raftplayground/raft/wire"
	"raftplayground/relay/quality"
)

// Argument is a number that a deed takes besides its target. Its range is in the unit of the Action's field:
// an Action beyond it is refused.
type Argument struct {
	Name  string  `json:"name"` // the field of an Action; of a link's quality behind "link."
	Least float64 `json:"least"`
	Most  float64 `json:"most"`

	Control *Control `json:"control,omitempty"` // absent: no form asks for it
}

// Control is how a form asks for an Argument: as a choice of a few values.
type Control struct {
	Words   string    `json:"words"`
	Unit    string    `json:"unit"`    // shown to people: "ms" or "×"
	Choices []float64 `json:"choices"` // in the Action's unit
}

// arguments are the members of an Action that only some deeds have. For a deed that does not know one, it is
// an error if there are words for it, and is ignored otherwise.
var arguments = []struct {
	name  string
	given func(a *Action) bool
	wrong func(a *Action) string // that it stands where it may not, or is missing
}{
	{"off", func(a *Action) bool { return len(a.Off) > 0 }, always("off: expected rules with rules only")},
	{
		"link", func(a *Action) bool { return a.Link != nil },
		always("link: expected one with network, and with nothing else"),
	},
	{"trap", func(a *Action) bool { return a.Trap != 0 }, wrongTrap},
	{
		"learners", func(a *Action) bool { return len(a.Learners) > 0 },
		always("learners: expected none but with reconfigure"),
	},
	{"careful", func(a *Action) bool { return a.Careful }, always(carefulOnly)},
	{"hang", func(a *Action) bool { return a.Hang }, always(hangOnly)},
	{
		"frame", func(a *Action) bool { return a.Frame != 0 },
		always("frame: expected a frame's number with what is done to a frame only"),
	},
	{"text", func(a *Action) bool { return a.Text != "" }, wrongText},
	{"expected", func(a *Action) bool { return a.Expected != "" }, always("expected: expected none but with cas")},
	{"read", func(a *Action) bool { return a.Read != "" }, always("read: expected none but with get")},
}

const (
	carefulOnly = "careful: expected it with wipe, flipBit, reconfigure and a disk that hangs only"
	hangOnly    = "hang: expected it with disk only, and without a time"
)

func always(words string) func(a *Action) string { return func(*Action) string { return words } }

func wrongTrap(a *Action) string {
	return "trap: expected the number of a trap, 1 or more, with disarm, and with nothing else, got " +
		strconv.Itoa(a.Trap)
}

func wrongText(a *Action) string {
	return "text: expected 1 to " + strconv.Itoa(MaxText) + " bytes with editFrame and injectFrame, and with nothing " +
		"else, got " + strconv.Itoa(len(a.Text))
}

// limit is the range of a number of an Action.
type limit struct {
	Argument
	of    func(a *Action) float64
	words string // what is wrong with a number beyond it; empty: its name and the range say that
}

// limits are the ranges of all numbers. Even a number that a deed does not take must be in its range.
var limits = append(ofLinks(),
	limit{Argument{"down", 0, float64(MaxTime), nil}, func(a *Action) float64 { return float64(a.Down) }, ""},
	limit{
		Argument{"disk", 0, float64(maxDelay), &Control{"A write takes", "ms", []float64{0, 2e3, 10e3, 50e3, 200e3}}},
		func(a *Action) float64 { return float64(a.Disk) }, wrongDelay,
	},
	limit{Argument{"rate", 0.01, 100, &Control{"Clock", "×", []float64{0.25, 0.5, 1, 2, 4}}}, func(a *Action) float64 {
		if a.Do != Clock { // only Clock needs a rate
			return 1
		}
		return a.Rate
	}, ""},
)

var wrongDelay = "expected delays from 0 to " + decimal(int64(maxDelay))

const wrongChance = "link: expected probabilities from 0 to 1"

// ofLinks are the limits of a link's qualities. For forms, the table of qualities says more.
func ofLinks() (list []limit) {
	for i := range quality.All {
		q, words := &quality.All[i], ""
		switch q.Most {
		case maxDelay:
			words = wrongDelay
		case 1:
			words = wrongChance
		}
		list = append(list, limit{Argument{"link." + q.Name, 0, float64(q.Most), nil}, func(a *Action) float64 {
			if a.Link == nil {
				return 0
			}
			return q.Of(a.Link)
		}, words})
	}
	return list
}

func (l *limit) check(a *Action) error {
	v := l.of(a)
	switch number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }; {
	case v >= l.Least && v <= l.Most:
		return nil
	case l.words != "":
		return errors.New(l.words)
	default:
		return errors.New(l.Name + ": expected " + number(l.Least) + " to " + number(l.Most) + ", got " + number(v))
	}
}

// Check says what is wrong with an action in any world of so many servers.
func (a *Action) Check(servers int) error {
	d := a.Do.entry()
	if d == nil {
		return errors.New("do: expected a deed such as crash, got " + strconv.Quote(string(a.Do)))
	}
	if a.At < 0 || a.At > MaxTime {
		return errors.New("at: expected 0 to " + decimal(int64(MaxTime)) + ", got " + decimal(a.At))
	}
	if err := a.checkServers(servers); err != nil {
		return err
	}
	if a.When != "" {
		if _, err := goal.Parse(a.goal()); err != nil {
			return errors.New("when: expected a moment such as vote, or a " + err.Error())
		}
	}
	for i := range arguments {
		arg := &arguments[i]
		given := arg.given(a)
		if given && !slices.Contains(d.takes, arg.name) || !given && slices.Contains(d.must, arg.name) {
			return errors.New(arg.wrong(a))
		}
	}
	for i := range limits {
		if err := limits[i].check(a); err != nil {
			return err
		}
	}
	return a.checkTogether()
}

func (a *Action) checkServers(servers int) error {
	known := func(id raft.ServerID) bool { return id <= raft.ServerID(servers) }
	unknown := func(id raft.ServerID) bool { return id == 0 || !known(id) }
	if !known(a.Server) || !known(a.To) || slices.ContainsFunc(a.Servers, unknown) ||
		slices.ContainsFunc(a.Learners, unknown) {
		return errors.New("expected servers of this world, at most " + strconv.Itoa(servers))
	}
	return nil
}

// checkTogether says what is wrong with arguments that depend on each other, or are not numbers.
func (a *Action) checkTogether() error {
	switch {
	case a.Trap < 0:
		return errors.New(wrongTrap(a))
	case a.Do == Reconfigure && len(a.Servers)+len(a.Learners) == 0:
		return errors.New("servers: expected at least one that is to have a vote, or to learn")
	case a.Do == SlowDisk && a.Careful && !a.Hang:
		return errors.New(carefulOnly)
	case a.Hang && a.Disk != 0:
		return errors.New(hangOnly)
	case a.Skip < 0 || a.Skip > 1<<20 || a.Skip > 0 && a.When.occasion() == "":
		return errors.New("skip: expected 0 to " + strconv.Itoa(1<<20) +
			", and a trap that waits for a moment such as vote if it is not 0, got " + strconv.Itoa(a.Skip))
	case a.Careful && a.Down != 0:
		return errors.New("down: expected 0: a server that is wiped with care does not return")
	case a.Frame > 1<<53:
		return errors.New("frame: expected at most 9007199254740992, got " + decimal(a.Frame))
	case len(a.Text) > MaxText:
		return errors.New(wrongText(a))
	case a.Binary && !isBase64(a.Text):
		return errors.New("text: expected a frame in base64 if binary is true, got " +
			strconv.Quote(a.Text[:min(len(a.Text), 40)]))
	case a.Do == InjectFrame && (a.Server == 0 || a.To == 0 || a.Server == a.To):
		return errors.New("expected two servers between which to inject a frame")
	}
	if _, known := wire.ReadOf(a.Read); !known {
		return errors.New("read: expected log, readIndex, lease or local, got " + strconv.Quote(a.Read))
	}
	_, err := rulesOff(a.Off)
	return err
}

func isBase64(text string) bool {
	data, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(data) > 0
}
