package kv

import "maps"

// Clone returns an independent copy.
func (s *Store) Clone() *Store { return &Store{pairs: maps.Clone(s.pairs), hash: s.hash} }
