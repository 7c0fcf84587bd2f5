package check

import "slices"

const perSheet = 128

// sheets is a list that grows at its end and is forgotten from its beginning, in sheets of perSheet entries
// shared with its copies: a copy costs a pointer per sheet. To change an entry of a shared sheet is to copy
// the sheet.
type sheets[T any] struct {
	list   []*[perSheet]T
	n      int
	shared int // so many sheets, the first ones, are shared with copies
}

func (s *sheets[T]) len() int { return s.n }

// at returns entry i, to read only.
func (s *sheets[T]) at(i int) *T { return &s.list[i/perSheet][i%perSheet] }

// own returns entry i, to change. The nearer it is to the end the less is copied.
func (s *sheets[T]) own(i int) *T {
	for s.shared > i/perSheet {
		s.shared--
		sheet := *s.list[s.shared]
		s.list[s.shared] = &sheet
	}
	return s.at(i)
}

func (s *sheets[T]) add(v T) {
	if s.n == len(s.list)*perSheet {
		s.list = append(s.list, new([perSheet]T))
	}
	s.n++
	*s.own(s.n - 1) = v
}

// drop forgets whole sheets at the beginning, at most n entries, and returns how many entries that were.
func (s *sheets[T]) drop(n int) int {
	gone := min(n, s.n) / perSheet
	s.list = slices.Delete(s.list, 0, gone)
	s.n -= gone * perSheet
	s.shared = max(0, s.shared-gone)
	return gone * perSheet
}

// clone returns a copy. From then on both share every sheet.
func (s *sheets[T]) clone() sheets[T] {
	s.shared = len(s.list)
	return sheets[T]{list: slices.Clone(s.list), n: s.n, shared: s.shared}
}
