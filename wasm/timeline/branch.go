package timeline

import (
	"slices"

	"raftplayground/wasm/contract"
)

// MostBranches is how many branches there may be at once.
const MostBranches = 32

// fork makes a branch from the current one, with its record through the playhead, and shows it. Its tape
// follows when something has been done.
func (l *Line[W, T, R]) fork(text string) {
	at, parent := l.World.Now(), l.Branch
	l.last++
	b := &Branch[T, R]{ID: l.last, Parent: l.owner(at), At: at, Text: text, Tape: parent.Tape, End: at}
	b.Kept = l.host.Fork(&parent.Kept, at)
	if len(l.Branches) == MostBranches {
		l.forget() // never the current one
	}
	l.Branches = append(l.Branches, b)
	l.Branch, l.Live = b, true
}

// owner returns the branch that owns a moment of the current one: the time before the act that made a branch
// is its parent's.
func (l *Line[W, T, R]) owner(at int64) int {
	own := l.Branch
	for at < own.At {
		parent := l.Find(own.Parent)
		if parent == nil {
			break
		}
		own = parent
	}
	return own.ID
}

// Find returns a branch, nil if it is gone.
func (l *Line[W, T, R]) Find(id int) *Branch[T, R] {
	i := slices.IndexFunc(l.Branches, func(b *Branch[T, R]) bool { return b.ID == id })
	if i < 0 {
		return nil
	}
	return l.Branches[i]
}

// forget drops the oldest branch that has no branches and is not shown; if there is none, the oldest one,
// whose branches then become its parent's.
func (l *Line[W, T, R]) forget() {
	gone := max(0, slices.IndexFunc(l.Branches, func(b *Branch[T, R]) bool {
		comesFrom := func(other *Branch[T, R]) bool { return other.Parent == b.ID }
		return b != l.Branch && !slices.ContainsFunc(l.Branches, comesFrom)
	}))
	for _, b := range l.Branches {
		if b.Parent == l.Branches[gone].ID {
			b.Parent = l.Branches[gone].Parent
		}
	}
	l.Branches = slices.Delete(l.Branches, gone, gone+1)
}

// Views returns the branches for the page.
func (l *Line[W, T, R]) Views() []contract.Branch {
	views := make([]contract.Branch, 0, len(l.Branches))
	for _, b := range l.Branches {
		views = append(views, contract.Branch{ID: b.ID, Parent: b.Parent, At: b.At, End: b.End, Text: b.Text})
	}
	return views
}
