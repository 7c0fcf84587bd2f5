package check

import (
	"slices"
	"strconv"

	"raftplayground/raft"
)

// Kind is what an operation does.
type Kind uint8

const (
	Get Kind = iota
	Put
	Delete
	CompareAndSwap
)

// Operation is what one client asked and was told. Times are microseconds of cluster time.
type Operation struct {
	Client   int
	Kind     Kind
	Key      string
	Value    string // Put: what was written; CompareAndSwap: what was to be; Get: what was found
	Expected string // CompareAndSwap: what the value had to be
	// Get, Delete: the key existed; CompareAndSwap: its value was the one expected, and Value was written
	Found    bool
	Invoked  int64
	Returned int64
	Server   raft.ServerID // the server that answered, 0 if none did
	Local    bool          // Get: any server might answer with whatever it had applied; linearizable only by chance
	Refused  bool          // it was not done, and never will be
	// no answer, or one that says that it may or may not have happened: it may have happened at any later
	// time, or never
	Unknown bool
}

// History is what clients asked, in the order of their calls. Copies share what they have in common.
type History struct{ operations sheets[Operation] }

// Len returns how many operations there are.
func (h *History) Len() int { return h.operations.len() }

// Add appends an operation.
func (h *History) Add(o Operation) { h.operations.add(o) }

// Change returns operation i, 0 being the first, to note how it ended.
func (h *History) Change(i int) *Operation { return h.operations.own(i) }

// At returns a copy of operation i, 0 being the first.
func (h *History) At(i int) Operation { return *h.operations.at(i) }

// Operations returns a copy of all operations; nil if there are none.
func (h *History) Operations() []Operation {
	var all []Operation
	for i := range h.Len() {
		all = append(all, *h.operations.at(i))
	}
	return slices.Clip(all)
}

// Clone returns an independent copy.
func (h *History) Clone() History { return History{h.operations.clone()} }

// Outcome returns what the key held, by the answer, once the operation had happened, in a form for people:
// "x = 7", "no x".
func (o Operation) Outcome() string {
	switch {
	case o.Kind == Delete, o.Kind == Get && !o.Found:
		return "no " + o.Key
	case o.Kind == CompareAndSwap && !o.Found:
		return "another " + o.Key + " than " + o.Expected
	}
	return o.Key + " = " + o.Value
}

// String returns the operation in a form for people: "client 3: put x=7, 1.250000 to 1.270000 s".
func (o Operation) String() string {
	text := "client " + strconv.Itoa(o.Client) + ": " + [...]string{"get ", "put ", "delete ",
		"compare and swap "}[o.Kind] + o.Key
	switch o.Kind {
	case Put:
		text += "=" + o.Value
	case CompareAndSwap:
		text += "=" + o.Expected + " to " + o.Value
	}
	switch {
	case o.Refused:
		text += ": refused"
	case o.Kind == Put || o.Unknown:
	case !o.Found && o.Kind == CompareAndSwap:
		text += ": another value"
	case !o.Found:
		text += ": not there"
	case o.Kind == Get:
		text += ": " + o.Value
	}
	text += ", " + seconds(o.Invoked) + " to "
	if o.Unknown {
		return text + "an unknown end"
	}
	return text + seconds(o.Returned) + " s"
}

func seconds(micros int64) string { return strconv.FormatFloat(float64(micros)/1e6, 'f', 6, 64) }
