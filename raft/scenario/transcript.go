package scenario

import (
	"fmt"
	"strings"

	"raftplayground/raft"
	"raftplayground/raft/explain"
)

func (w *world) printf(format string, values ...any) { fmt.Fprintf(&w.text, format, values...) }

// telling are the events that are printed: what a server refused, gave up or changed without a message that says so.
var telling = map[raft.EventKind]bool{
	raft.BecameFollower: true, raft.VoteRefused: true, raft.PreVoteRefused: true, raft.AppendRefused: true,
	raft.EntriesTruncated: true, raft.CommitHeldBack: true,
	raft.ConfigurationChanged: true, raft.SnapshotInstalled: true, raft.SnapshotNotNeeded: true,
	raft.LearnerCaughtUp: true, raft.LeaderLeaves: true,
	raft.TransferEnded: true, raft.NextBackedUp: true, raft.MessageIgnored: true,
}

func (w *world) printEvents(id raft.ServerID, events []raft.Event) {
	for _, e := range events {
		if w.quiet || !telling[e.Kind] {
			continue
		}
		text := fmt.Sprintf("    S%d %s", id, explain.Kind(e.Kind))
		if e.Reason != raft.NoReason {
			text += " (" + explain.Reason(e.Reason) + ")"
		}
		if e.Peer != 0 {
			text += fmt.Sprintf(" S%d", e.Peer)
		}
		if e.Index != 0 {
			text += fmt.Sprintf(" at %d", e.Index)
		}
		w.printf("%s\n", text)
	}
}

// printMessage prints one message: what became of it, if it did not arrive, and what it says.
func (w *world) printMessage(fate string, m *message) {
	if w.quiet {
		return
	}
	if fate != "" {
		fate += " "
	}
	w.printf("  %sS%d>S%d %s\n", fate, m.from, m.to, describe(m.rpc))
}

func describe(rpc raft.RPC) string {
	switch m := rpc.(type) {
	case *raft.RequestVote:
		name := "RequestVote"
		if m.PreVote {
			name = "PreVote"
		}
		if m.Transfer {
			name += " (transfer)"
		}
		return fmt.Sprintf("%s term %d, last %d@%d", name, m.Term, m.LastLogIndex, m.LastLogTerm)
	case *raft.RequestVoteReply:
		name := "RequestVoteReply"
		if m.PreVote {
			name = "PreVoteReply"
		}
		return fmt.Sprintf("%s term %d, %s", name, m.Term, yes(m.VoteGranted))
	case *raft.AppendEntries:
		text := fmt.Sprintf("AppendEntries term %d, after %d@%d", m.Term, m.PrevLogIndex, m.PrevLogTerm)
		if len(m.Entries) > 0 {
			text += ":"
		}
		for i := range m.Entries {
			text += " " + entry(&m.Entries[i])
		}
		return text + fmt.Sprintf(", commit %d", m.LeaderCommit)
	case *raft.AppendEntriesReply:
		if m.Success {
			return fmt.Sprintf("AppendEntriesReply term %d, yes through %d", m.Term, m.MatchIndex)
		}
		return fmt.Sprintf("AppendEntriesReply term %d, no, try %d (term %d)", m.Term, m.ConflictIndex, m.ConflictTerm)
	case *raft.InstallSnapshot:
		text := fmt.Sprintf("InstallSnapshot term %d, through %d@%d", m.Term, m.LastIncludedIndex, m.LastIncludedTerm)
		if m.Offset > 0 {
			text += fmt.Sprintf(", from byte %d", m.Offset)
		}
		return text + fmt.Sprintf(": %q", m.Data)
	case *raft.InstallSnapshotReply:
		if m.NextOffset > 0 {
			return fmt.Sprintf("InstallSnapshotReply term %d, go on from byte %d", m.Term, m.NextOffset)
		}
		return fmt.Sprintf("InstallSnapshotReply term %d, through %d", m.Term, m.MatchIndex)
	case *raft.TimeoutNow:
		return fmt.Sprintf("TimeoutNow term %d", m.Term)
	case *raft.TimeoutNowReply:
		return fmt.Sprintf("TimeoutNowReply term %d", m.Term)
	}
	return fmt.Sprintf("%T", rpc)
}

func kind(rpc raft.RPC) string { return strings.TrimPrefix(fmt.Sprintf("%T", rpc), "*raft.") }

func yes(granted bool) string {
	if granted {
		return "yes"
	}
	return "no"
}

// entry prints an entry as people write it: x@2 is command x of term 2.
func entry(e *raft.Entry) string {
	switch e.Kind {
	case raft.NoOp:
		return fmt.Sprintf("·@%d", e.Term)
	case raft.Config:
		return fmt.Sprintf("{%s}@%d", e.Data, e.Term)
	}
	return fmt.Sprintf("%s@%d", e.Data, e.Term)
}

// entries prints a server's log; (3) stands for a snapshot through entry 3.
func (s *server) entries() string {
	s.node.Status(&s.status)
	var words []string
	if s.status.SnapshotIndex > 0 {
		words = append(words, fmt.Sprintf("(%d)", s.status.SnapshotIndex))
	}
	for i := s.status.SnapshotIndex + 1; i <= s.status.LastIndex; i++ {
		e, _ := s.node.Entry(i)
		words = append(words, entry(&e))
	}
	return strings.Join(words, " ")
}

var roles = [...]string{raft.Follower: "follower", raft.Candidate: "candidate", raft.Leader: "leader",
	raft.PreCandidate: "precandidate"}

// state describes one server in one line.
func (w *world) state(s *server) string {
	if s.node == nil {
		return fmt.Sprintf("S%d stopped", s.id)
	}
	log := s.entries()
	text := fmt.Sprintf("S%d %-9s term %d", s.id, roles[s.status.Role], s.status.CurrentTerm)
	if s.status.VotedFor != 0 {
		text += fmt.Sprintf(" vote S%d", s.status.VotedFor)
	} else {
		text += "        "
	}
	text += fmt.Sprintf("  commit %d  log %s", s.status.CommitIndex, log)
	if len(s.writing) > 0 {
		text += fmt.Sprintf("  (%d writes are not durable)", len(s.writing))
	}
	return strings.TrimRight(text, " ")
}

// printStates prints each server whose state has changed.
func (w *world) printStates() {
	for _, s := range w.servers {
		if s == nil {
			continue
		}
		if line := w.state(s); line != w.shown[s.id] {
			w.shown[s.id] = line
			w.printf("%s\n", line)
		}
	}
}
