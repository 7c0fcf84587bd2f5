package page

import "raftplayground/raft/wire"

// Answered notes what a server answered, and returns in words what was done.
func (r *ClientRequest) Answered(a *wire.Answer) string {
	r.Index, r.Term, r.Found = U64(a.Index), U64(a.Term), a.Found
	at := " at index " + Decimal(a.Index)
	switch {
	case r.Op == "get" && a.Found:
		r.Value = a.Value
		return "read" + at
	case r.Op == "get":
		return "no such key" + at
	}
	return "committed" + at
}
