package session

import (
	"errors"
	"strconv"
	"strings"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft/explain"
	"raftplayground/raft/lab"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// Limits of the moments that a page may ask for, µs of cluster time.
const (
	latest = 3600e6 // the latest moment at which a run may be opened

	markEvery   = 1e6      // how far apart the copies of a branch's world are at first
	leastThink  = 1000     // of a client, µs: no page could show faster ones
	mostRunText = 16 << 20 // bytes of a run as JSON
)

// readRun reads a lab.Run. Nothing, or null, is the default run.
func readRun(text []byte) (lab.Run, error) {
	switch {
	case len(text) == 0 || string(text) == "null":
		return Default(), nil
	case len(text) > mostRunText:
		return lab.Run{}, errors.New("expected a run of at most " + report.Plural(mostRunText, "byte") +
			", got " + strconv.Itoa(len(text)))
	}
	return lab.Decode(text)
}

// readAction reads a lab.Action as a page writes it, without its time.
func readAction(text []byte) (a lab.Action, err error) {
	if len(text) == 0 {
		return a, errors.New("action: expected what is to be done, got nothing")
	}
	if err := strict.Unmarshal(text, &a); err != nil {
		return a, errors.New("action: " + wording(err))
	}
	return a, nil
}

var strict = jsoniter.Config{CaseSensitive: true, DisallowUnknownFields: true}.Froze()

// Default is the run that the lab begins with: five servers, the Raft of Figure 2, and the playground's
// network. Watched at 0.02 of real time, S3's timer is the first to run out, 0.9 s after the beginning; 2.3 s
// after it S3 leads term 1; a little later somebody writes x=3, which is committed after 4.9 s (wasm/film
// records it).
func Default() lab.Run {
	return lab.Run{Version: lab.Version, Seed: 119, Config: lab.Config{
		Servers: 5, Latency: 15000, Jitter: 5000, Off: []string{"preVote", "checkQuorum", "leaderLoyalty"},
		FirstElapsed: []int{82, 84, 93, 84, 82},
	}, Actions: []lab.Action{{At: 64000, Do: lab.Put, Key: "x", Value: "3"}}}
}

// open opens another run, at a moment of it.
func (s *Session) open(w *contract.Open) {
	at := w.At
	run, err := readRun(w.Run)
	switch {
	case err != nil:
		s.page.Refuse(w.ID, wording(err))
		return
	case at < 0 || at > latest:
		s.page.Refuse(
			w.ID, "at: expected a moment within the first hour, 0 to 3600000000 µs, got "+strconv.FormatInt(at, 10),
		)
		return
	case !(w.Rate >= 0 && w.Rate <= 1):
		s.page.Refuse(w.ID, "rate: expected 0 to 1, got "+strconv.FormatFloat(w.Rate, 'g', -1, 64))
		return
	}
	if c := &run.Config; c.Clients > 0 && c.Think < leastThink {
		s.page.Refuse(
			w.ID,
			"think: expected "+explain.Number(leastThink)+" µs or more in the lab, got "+strconv.FormatInt(c.Think, 10),
		)
		return
	}
	tape, err := lab.NewTape(run, markEvery)
	if err != nil {
		s.page.Refuse(w.ID, wording(err))
		return
	}
	if s.opened() {
		s.line.Branch.Kept.client.Leave(lookedAway)
	}
	s.chaos = chaos{}
	s.line.Open(tape, kept{client: client.New(cluster{s}, requestLimits)})
	s.page.Void()
	s.setRate(w.Rate)
	s.record()
	s.line.Travel(at, func(bool) { s.page.Grant(w.ID, s.momentNow()) })
}

// wording is an error in words for a person: without the package's name and a JSON decoder's remarks.
func wording(err error) string {
	text := strings.TrimPrefix(err.Error(), "lab: ")
	text, _, _ = strings.Cut(text, ", error found in #")
	if _, field, found := strings.Cut(text, "found unknown field: "); found {
		return "expected what the lab knows, got a member “" + report.Clip(field, 40) + "”"
	}
	if at := strings.LastIndex(text, ": lab."); at >= 0 { // a value of the wrong kind: "…: lab.Action.At: …"
		field, _, _ := strings.Cut(text[at+2:], ":")
		field = field[strings.LastIndexByte(field, '.')+1:]
		return "expected another kind of value as “" + strings.ToLower(field[:1]) + report.Clip(field[1:], 40) + "”"
	}
	return report.Clip(text, 300)
}

// moment answers with the content of a link or a file.
func (s *Session) moment(id int) {
	m := s.momentNow()
	run, err := s.line.Branch.Tape.Run().MarshalJSON()
	if err != nil {
		panic("session: a run that was read cannot be written: " + err.Error())
	}
	m.Run = run
	s.page.Grant(id, m)
}

// momentNow returns the moment shown, without the run, which its opener has.
func (s *Session) momentNow() contract.Moment {
	hash := strconv.FormatUint(s.line.World.Hash(), 16)
	return contract.Moment{Run: []byte("null"), At: s.line.World.Now(), Hash: hash}
}
