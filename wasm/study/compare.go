package study

import (
	"errors"
	"strconv"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// CompareQuestion asks how two runs differ, from their start to a time.
type CompareQuestion struct {
	Left  lab.Run         `json:"left"`
	Right lab.Run         `json:"right"`
	Until contract.Micros `json:"until"` // at most an hour
}

// Comparison is two runs beside each other.
type Comparison struct {
	Until      contract.Micros `json:"until"`
	Divergence *Divergence     `json:"divergence"` // null: nothing is different
	Left       Track           `json:"left"`
	Right      Track           `json:"right"`
}

// Divergence is the first moment at which the two runs differ. "" means that nothing happens in a run then.
type Divergence struct {
	At    contract.Micros `json:"at"`
	Left  string          `json:"left"`
	Right string          `json:"right"`
}

// Track is what happened in one run.
type Track struct {
	History contract.LivedPart `json:"history"`
	// the lines that matter: at most mostStory, from a little before the divergence on
	Story  []contract.StoryLine `json:"story"`
	Commit contract.U64         `json:"commit"`
}

const (
	longest     = 3600 * second
	mostStory   = 200
	mostLanes   = 4000 // changes of a track's history; later ones are left out
	linesBefore = 6    // lines of story before the divergence
)

// Compare lives both runs from moment to moment. It returns an error if the question is invalid.
func Compare(q CompareQuestion, progress func(fraction float64, words string, part any)) (Comparison, error) {
	until := q.Until
	if until <= 0 || until > longest {
		return Comparison{}, errors.New("study: expected to compare up to 3600000000 µs, got " + strconv.FormatInt(
			q.Until, 10,
		) + " µs")
	}
	left, err := newWitness(q.Left)
	if err != nil {
		return Comparison{}, err
	}
	right, err := newWitness(q.Right)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Until: q.Until}
	for at := int64(0); at < until; at += second / 10 {
		if at%(5*second) == 0 {
			progress(float64(at)/float64(until), "Living both runs", nil)
		}
		left.liveTo(min(until, at+second/10))
		right.liveTo(min(until, at+second/10))
		if c.Divergence == nil {
			c.Divergence = diverge(left, right)
		}
		left.settle(c.Divergence)
		right.settle(c.Divergence)
	}
	c.Left, c.Right = left.track(), right.track()
	return c, nil
}

// witness lives a run and notes what happens.
type witness struct {
	w       *lab.World
	told    uint64
	news    []lab.Happening // since the last settling
	lanes   []lane          // as each server was last seen
	history contract.LivedPart
	story   []contract.StoryLine
	commit  raft.Index
	status  raft.Status
}

type lane struct {
	role contract.Lane
	term raft.Term
}

func newWitness(run lab.Run) (*witness, error) {
	w, err := lab.New(run)
	if err != nil {
		return nil, err
	}
	return &witness{w: w, lanes: make([]lane, run.Config.Servers), history: contract.LivedPart{Whole: true}}, nil
}

func (x *witness) liveTo(at int64) {
	for x.w.Now() < at {
		next := x.w.Now() + second/1000
		x.w.RunTo(min(at, next))
		x.look()
	}
	x.news = x.w.EventsSince(x.told, x.news)
	x.told = x.w.Events()
}

// look notes the servers' roles and states now.
func (x *witness) look() {
	at := x.w.Now()
	highest := raft.Term(0)
	if n := len(x.history.Terms); n > 0 {
		highest = raft.Term(x.history.Terms[n-1].Term)
	}
	for i := range x.lanes {
		now := lane{role: "gone", term: x.lanes[i].term}
		if s := x.w.Server(raft.ServerID(i + 1)); s != nil {
			s.Node().Status(&x.status)
			now = lane{contract.Lane(report.RoleOf(x.status.Role)), x.status.CurrentTerm}
			x.commit = max(x.commit, x.status.CommitIndex)
		}
		if now != x.lanes[i] && len(x.history.Lanes) < mostLanes {
			x.history.Lanes = append(
				x.history.Lanes,
				contract.LaneChange{At: at, Server: i + 1, Role: now.role, Term: contract.U64(now.term)},
			)
			x.lanes[i] = now
		}
		if now.term > highest && len(x.history.Terms) < mostLanes {
			highest = now.term
			x.history.Terms = append(x.history.Terms, contract.TermChange{At: at, Term: contract.U64(highest)})
		}
	}
}

// diverge finds the first event since the last settling that differs between the runs, nil if there is none.
// Differences without words, such as a longer timer that still runs, show when they have consequences.
func diverge(left, right *witness) *Divergence {
	for i := range max(len(left.news), len(right.news)) {
		var l, r *lab.Happening
		if i < len(left.news) {
			l = &left.news[i]
		}
		if i < len(right.news) {
			r = &right.news[i]
		}
		switch {
		case l != nil && r != nil && (*l == *r || l.At == r.At && say(l) == say(r)):
			continue
		case r == nil || l != nil && l.At < r.At:
			return &Divergence{At: l.At, Left: say(l)}
		case l == nil || r.At < l.At:
			return &Divergence{At: r.At, Right: say(r)}
		}
		return &Divergence{At: l.At, Left: say(l), Right: say(r)}
	}
	return nil
}

func say(h *lab.Happening) string { return report.Event(h.Server, &h.Event).Text }

// settle turns the news into story. While the runs are the same only the last few lines are kept.
func (x *witness) settle(divergence *Divergence) {
	for i := range x.news {
		h := &x.news[i]
		line := report.Event(h.Server, &h.Event)
		if line.Weight != "key" || len(x.story) >= mostStory {
			continue
		}
		line.At = h.At
		x.story = append(x.story, line)
		if before := len(x.story); before > linesBefore && (divergence == nil || line.At < divergence.At) {
			x.story = append(x.story[:0], x.story[before-linesBefore:]...)
		}
	}
	x.news = x.news[:0]
}

func (x *witness) track() Track {
	x.history.Commit = contract.U64(x.commit)
	return Track{History: x.history, Story: x.story, Commit: contract.U64(x.commit)}
}
