package study

import (
	"errors"
	"slices"
	"strconv"

	"raftplayground/raft/check"
	"raftplayground/raft/check/linear"
	"raftplayground/raft/lab"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/report"
)

// HistoryQuestion asks what the clients of a run did from its start to a time, and whether one order of it explains all
// that they were told (§8).
type HistoryQuestion struct {
	Run   lab.Run         `json:"run"`
	Until contract.Micros `json:"until"` // at most an hour
}

// ClientHistory is what clients asked and were told.
type ClientHistory struct {
	// where it ends: earlier than asked for if there were more than mostOperations
	Until      contract.Micros `json:"until"`
	LeftOut    int             `json:"leftOut"` // operations called later
	Operations []Operation     `json:"operations"`
	Wrong      []Wrong         `json:"wrong"`     // ascending by the time of the answer
	Undecided  []string        `json:"undecided"` // keys for which mostSteps did not suffice
}

// Operation is one request of a client and its answer, in order of the calls.
type Operation struct {
	Client int         `json:"client"` // 0: that of actions, which may ask for several things at once
	Kind   contract.Op `json:"kind"`
	Key    string      `json:"key"`
	// put, cas: what was written; get: what was found, cut at mostCharacters
	Value    string `json:"value"`
	Expected string `json:"expected,omitempty"` // cas: what the value had to be, cut likewise
	// get, delete: the key existed; cas: what was expected was there
	Found  bool            `json:"found"`
	Server int             `json:"server"` // the server that answered; 0: none
	Called contract.Micros `json:"called"`
	// null: there was no answer, or one that leaves open whether it happened
	Returned *contract.Micros `json:"returned"`
	Refused  bool             `json:"refused"` // it did not happen and never will
	// when it can be taken to have happened; null: never, or it is not known
	Effect *contract.Micros `json:"effect"`
	Place  int              `json:"place"` // its place in the order of effects on its key, from 1; 0: none
}

// Wrong is an answer that no order explains.
type Wrong struct {
	Operation int `json:"operation"` // whose answer it is, from 0
	// operations whose answers it contradicts, by time of the answer; may be empty
	Against []int  `json:"against"`
	Text    string `json:"text"` // what is wrong, in one sentence
}

// Bounds of a history. A longer one is cut at the moment of the first operation too many, as if all answers
// after that were still to come: the part shown is complete until then, and is judged as such.
const (
	mostOperations = 1000
	mostSteps      = 500_000 // of the search for an order, see linear.Explain: a second or two
	mostCharacters = 40
)

// History lives the run again and explains what its clients were told. An error: the question is invalid.
func History(q HistoryQuestion, progress func(fraction float64, words string, part any)) (ClientHistory, error) {
	until := q.Until
	if until < 0 || until > longest {
		return ClientHistory{}, errors.New("study: expected a history up to 0 to 3600000000 µs, got " +
			strconv.FormatInt(q.Until, 10) + " µs")
	}
	w, err := lab.New(q.Run)
	if err != nil {
		return ClientHistory{}, err
	}
	for at := int64(0); at < until; at += 5 * second {
		progress(float64(at)/float64(until), "Asking the clients again", nil)
		w.RunTo(min(until, at+5*second))
	}
	return tellHistory(w.History(), until), nil
}

func tellHistory(history []check.Operation, until int64) ClientHistory {
	h := ClientHistory{LeftOut: max(0, len(history)-mostOperations), Operations: []Operation{}, Wrong: []Wrong{},
		Undecided: []string{}}
	if h.LeftOut > 0 {
		until = history[mostOperations].Invoked
		history = history[:mostOperations]
		for i := range history {
			if o := &history[i]; o.Returned > until {
				o.Unknown, o.Refused, o.Server = true, false, 0
			}
		}
	}
	h.Until = until
	e := linear.Explain(history, mostSteps)
	for i := range history {
		h.Operations = append(h.Operations, tellOperation(&history[i], e.Effects[i]))
	}
	for _, c := range e.Contradictions {
		h.Wrong = append(h.Wrong, Wrong{c.Operation, append([]int{}, c.Against...), contradiction(history, c)})
	}
	h.Undecided = append(h.Undecided, e.Undecided...)
	return h
}

func tellOperation(o *check.Operation, f linear.Effect) Operation {
	told := Operation{Client: o.Client, Kind: kinds[o.Kind], Key: report.Clip(o.Key, mostCharacters),
		Value: report.Clip(o.Value, mostCharacters), Expected: report.Clip(o.Expected, mostCharacters), Found: o.Found,
		Server: int(o.Server),
		Called: o.Invoked, Refused: o.Refused, Place: f.Place}
	if !o.Unknown {
		returned := o.Returned
		told.Returned = &returned
	}
	if f.Place > 0 {
		at := f.At
		told.Effect = &at
	}
	return told
}

var kinds = [...]contract.Op{
	check.Get: contract.Get, check.Put: contract.Put, check.Delete: contract.Delete, check.CompareAndSwap: contract.CAS,
}

// contradiction says what is wrong with an answer: "S2 answered x = 1 at 0.412 s, after S3 acknowledged x =
// 2 at 0.390 s: no order of the operations explains it." It names the last contradicted answer from before
// the call, and none unless all of c.Against are known to be needed.
func contradiction(history []check.Operation, c linear.Contradiction) string {
	wrong := &history[c.Operation]
	text := reply(wrong) + " at " + seconds(wrong.Returned) + " s"
	if !c.Least {
		text += ": no order of the operations explains it. It contradicts at most " + strconv.Itoa(len(c.Against))
		return text + " of the earlier answers, taken together."
	}
	for _, i := range slices.Backward(c.Against) {
		if o := &history[i]; o.Returned < wrong.Invoked {
			return text + ", after " + reply(o) + " at " + seconds(o.Returned) +
				" s: no order of the operations explains it."
		}
	}
	return text + ": no order of the operations explains it."
}

// reply puts what a server told a client into words.
func reply(o *check.Operation) string {
	key, server := report.Clip(o.Key, mostCharacters), "S"+strconv.Itoa(int(o.Server))
	switch {
	case o.Kind == check.Put:
		return server + " acknowledged " + key + " = " + report.Clip(o.Value, mostCharacters)
	case o.Kind == check.CompareAndSwap && o.Found:
		return server + " acknowledged " + key + " = " + report.Clip(o.Value, mostCharacters) + " in place of " +
			report.Clip(o.Expected, mostCharacters)
	case o.Kind == check.CompareAndSwap:
		return server + " answered that " + key + " is not " + report.Clip(o.Expected, mostCharacters)
	case o.Kind == check.Delete && o.Found:
		return server + " acknowledged that " + key + " was deleted"
	case !o.Found:
		return server + " answered that there is no " + key
	}
	return server + " answered " + key + " = " + report.Clip(o.Value, mostCharacters)
}

func seconds(micros int64) string { return strconv.FormatFloat(float64(micros)/1e6, 'f', 3, 64) }
