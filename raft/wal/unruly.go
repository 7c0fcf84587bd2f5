package wal

// Unruly says that from now on the server does not keep Raft's rules: Save writes what contradicts what was
// written before, too.
func (w *WAL) Unruly() { w.identity.Unruly = true }
