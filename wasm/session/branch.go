package session

import (
	"slices"

	"raftplayground/raft"
	"raftplayground/raft/lab"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
	"raftplayground/wasm/page"
)

// mostBranches is how many there may be at once.
const mostBranches = 32

// markEvery is how far apart the copies of a branch's world are at first, µs.
const markEvery = 1e6

// lookedAway answers who waits for a request of a branch that is not looked at any more.
const lookedAway = "Another way of the run is looked at now. There, this request is still under way."

// branch is one way that the run went, and what is written down of it.
type branch struct {
	id     int
	parent int // 0: none
	at     int64
	text   string // the act that made it

	tape    *lab.Tape
	end     int64 // it was lived as far as this
	events  uint64
	broken  []string // the violations that were told, in words
	history history
	story   story
	client  *client.Client
	undo    []planned // what auto-chaos still has to undo
}

// trunk makes the first branch of a run.
func (s *Session) trunk(run lab.Run) (*branch, error) {
	tape, err := lab.NewTape(run, markEvery)
	if err != nil {
		return nil, err
	}
	return &branch{id: 1, text: "the run from its start", tape: tape, client: client.New(cluster{s}, requestLimits)}, nil
}

// fork makes a branch of the one that is looked at, with all that was written down through the playhead, and looks at it. Its tape follows when something has been done.
func (s *Session) fork(text string) {
	at := s.world.Now()
	parent := s.branch
	s.lastBranch++
	b := &branch{id: s.lastBranch, parent: s.owner(at), at: at, text: text, tape: parent.tape, end: at, events: s.world.Events(), broken: parent.brokenIn(s.world)}
	b.history = parent.history.through(at)
	b.history.commit = contract.U64(s.committed())
	b.story = parent.story.through(at)
	b.client = parent.client
	parent.client = b.client.Fork(at)
	parent.client.Leave(lookedAway)
	for _, p := range parent.undo {
		if p.since <= at {
			b.undo = append(b.undo, p)
		}
	}
	if len(s.branches) == mostBranches {
		s.forgetBranch() // never this one, unless it is the oldest of a chain of them all
	}
	s.branches = append(s.branches, b)
	s.branch, s.live = b, true
}

// owner returns the branch to which a moment of the one that is looked at belongs: what lies before the act that made a branch is its parent's.
func (s *Session) owner(at int64) int {
	own := s.branch
	for at < own.at {
		i := slices.IndexFunc(s.branches, func(b *branch) bool { return b.id == own.parent })
		if i < 0 {
			break
		}
		own = s.branches[i]
	}
	return own.id
}

// committed returns the highest index that a server knows to be committed now.
func (s *Session) committed() (highest raft.Index) {
	var status raft.Status
	for i := range s.size() {
		if server := s.world.Server(raft.ServerID(i + 1)); server != nil {
			server.Node().Status(&status)
			highest = max(highest, status.CommitIndex)
		}
	}
	return highest
}

// brokenIn returns which of the violations that were told have happened in a world of this branch.
func (b *branch) brokenIn(w *lab.World) []string {
	return slices.Clone(b.broken[:min(len(b.broken), w.Broken())])
}

// forgetBranch drops the oldest branch that none of the others comes from and that is not looked at; if there is none, the oldest one, and its branches are then
// its parent's.
func (s *Session) forgetBranch() {
	gone := 0
	for i, b := range s.branches {
		if b != s.branch && !slices.ContainsFunc(s.branches, func(other *branch) bool { return other.parent == b.id }) {
			gone = i
			break
		}
	}
	for _, b := range s.branches {
		if b.parent == s.branches[gone].id {
			b.parent = s.branches[gone].parent
		}
	}
	s.branches = slices.Delete(s.branches, gone, gone+1)
}

// lookAt shows another branch, at a moment of it.
func (s *Session) lookAt(w *contract.LookAtBranch) {
	for _, b := range s.branches {
		if b.id != w.Branch {
			continue
		}
		at := b.end
		if w.At != nil {
			at = min(max(*w.At, 0), b.end)
		}
		s.branch.client.Leave(lookedAway)
		s.branch = b
		s.stand(at)
		s.outbox.run = true
		s.answer(w.ID, map[string]int64{"at": at})
		return
	}
	s.refuse(w.ID, "There is no branch "+page.Decimal(w.Branch)+" any more.")
}

// stand puts the playhead to a moment of the branch that is looked at.
func (s *Session) stand(at int64) {
	s.world = s.branch.tape.At(at)
	s.world.Watch(true)
	s.live = at >= s.branch.end
	s.rest = 0
	s.jump()
}

func (s *Session) branchViews() []contract.Branch {
	views := make([]contract.Branch, 0, len(s.branches))
	for _, b := range s.branches {
		views = append(views, contract.Branch{ID: b.id, Parent: b.parent, At: b.at, End: b.end, Text: b.text})
	}
	return views
}
