package wire

// Echo remembers the ids of calls from servers of another kind, which are to have them back with the reply, while this package's servers know their
// calls by number. It holds the last 64 calls and forgets the oldest first; a reply to a forgotten call goes out under an id of ours, and the caller
// takes its call for lost. The zero value is ready.
type Echo struct {
	calls [64]foreign
	next  int
}

// foreign is the id of one call.
type foreign struct {
	from, call uint64
	length     uint8
	id         [MaxID]byte
}

// Keep remembers the id of a call that was decoded, if it has one of another kind.
func (e *Echo) Keep(f *Frame) {
	if f.Reply || len(f.ID) == 0 || len(f.ID) > MaxID {
		return
	}
	kept := &e.calls[e.next]
	e.next = (e.next + 1) % len(e.calls)
	kept.from, kept.call, kept.length = f.From, f.Call, uint8(copy(kept.id[:], f.ID))
}

// Restore sets the ID of a reply to that of the call which it answers, if that was kept: the latest from the reply's receiver with the number call. The
// ID is borrowed until the next Keep.
func (e *Echo) Restore(f *Frame, call uint64) {
	for i := range e.calls {
		kept := &e.calls[(e.next+len(e.calls)-1-i)%len(e.calls)]
		if kept.length > 0 && kept.from == f.To && kept.call == call {
			f.ID = kept.id[:kept.length]
			return
		}
	}
}
