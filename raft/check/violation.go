package check

import (
	"strconv"

	"raftplayground/raft"
)

// Property is something that Raft promises.
type Property uint8

const (
	ElectionSafety Property = iota + 1
	LeaderAppendOnly
	LogMatching
	LeaderCompleteness
	StateMachineSafety
	Durability
	Linearizability
	Liveness
	properties // one more than the last
)

var propertyNames = [properties]string{
	ElectionSafety: "Election Safety", LeaderAppendOnly: "Leader Append-Only", LogMatching: "Log Matching",
	LeaderCompleteness: "Leader Completeness",
	StateMachineSafety: "State Machine Safety", Durability: "Durability", Linearizability: "Linearizability",
	Liveness: "Liveness",
}

// String returns the property's name as in Fig. 3, such as "Election Safety".
func (p Property) String() string {
	if p == 0 || p >= properties {
		return "unknown property"
	}
	return propertyNames[p]
}

// Violation is a broken promise. It is an error.
type Violation struct {
	Property Property
	At       int64           // the moment it was seen, µs of cluster time
	Servers  []raft.ServerID // those concerned; the last is the one just observed
	Index    raft.Index      // the place in the log, 0 if there is none
	Terms    []raft.Term     // those concerned
	Detail   string          // what was expected and what came
}

// Error says all of it in one line.
func (v *Violation) Error() string {
	text := v.Property.String() + " is violated at " + strconv.FormatFloat(float64(v.At)/1e6, 'f', 6, 64) + " s: " +
		v.Detail
	concerned := ""
	if len(v.Servers) > 0 {
		concerned += ", servers" + list(v.Servers)
	}
	if v.Index != 0 {
		concerned += ", index " + decimal(v.Index)
	}
	if len(v.Terms) > 0 {
		concerned += ", terms" + list(v.Terms)
	}
	if concerned != "" {
		text += " (" + concerned[2:] + ")"
	}
	return text
}

func list[T ~uint64](values []T) (text string) {
	for _, v := range values {
		text += " " + decimal(v)
	}
	return text
}

func decimal[T ~uint64](v T) string { return strconv.FormatUint(uint64(v), 10) }
