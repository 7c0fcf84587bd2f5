package main

import (
	"cmp"
	"go/ast"
	"go/token"
	"slices"
)

// edit is a change of a text: at an offset, so many bytes are replaced by others.
type edit struct {
	at, cut int
	text    string
	kind    kind
}

// kind orders the edits at one offset: what ends there, what begins there, and what is replaced inside.
type kind int

const (
	closing kind = iota
	opening
	replacing
)

// wrap puts text before and behind a node.
func (r *rewriter) wrap(n ast.Node, before, behind string) {
	r.edits = append(r.edits, edit{at: r.offset(n.Pos()), text: before, kind: opening},
		edit{at: r.offset(n.End()), text: behind, kind: closing})
}

// replace replaces a node's first bytes, or an operator.
func (r *rewriter) replace(from, to token.Pos, text string) {
	r.edits = append(r.edits, edit{at: r.offset(from), cut: int(to - from), text: text, kind: replacing})
}

// rewritten returns the text with all edits made. They were collected from the outside in: of those that
// open at one place the first is the outermost, and of those that close at one place the first comes last.
func (r *rewriter) rewritten() []byte {
	order := make([]int, len(r.edits))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, k int) int {
		a, b := r.edits[i], r.edits[k]
		inside := i - k
		if a.kind == closing {
			inside = k - i
		}
		return cmp.Or(a.at-b.at, int(a.kind-b.kind), inside)
	})
	var out []byte
	done := 0
	for _, i := range order {
		e := r.edits[i]
		out = append(append(out, r.text[done:e.at]...), e.text...)
		done = e.at + e.cut
	}
	return append(out, r.text[done:]...)
}
