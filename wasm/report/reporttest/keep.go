package reporttest

import "raftplayground/wasm/contract"

// Keep keeps in last the latest of each member of a batch that is state, as a page does.
func Keep(last, b *contract.Batch) {
	keep(&last.Clock, b.Clock)
	keep(&last.Connection, b.Connection)
	keep(&last.Room, b.Room)
	keep(&last.Self, b.Self)
	keep(&last.Watching, b.Watching)
	keep(&last.Advice, b.Advice)
	keep(&last.QR, b.QR)
	keep(&last.Answers, b.Answers)
	keep(&last.Lab, b.Lab)
	if b.Servers != nil {
		last.Servers = b.Servers
	}
}

func keep[T any](last **T, now *T) {
	if now != nil {
		*last = now
	}
}
