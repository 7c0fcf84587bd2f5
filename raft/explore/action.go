package explore

import (
	"strconv"

	"raftplayground/raft"
)

// Deed is a kind of action.
type Deed uint8

const (
	TimeOut     Deed = iota + 1 // a server's election timer runs out
	Heartbeat                   // a leader's heartbeat timer runs out
	Receive                     // a message arrives
	Lose                        // a message is lost
	Duplicate                   // a message will arrive twice
	Propose                     // a client proposes a command
	Stall                       // a disk stalls: its writes wait
	Write                       // the oldest waiting write completes; after the last one the disk is fast again
	CrashLose                   // a server loses its memory and its waiting writes
	CrashKeep                   // a server loses its memory, but its waiting writes complete
	Restart                     // a server starts from its disk
	Reconfigure                 // a leader is asked to change the servers of the cluster
	Compact                     // a server takes a snapshot of what it has applied, which replaces its log
	Read                        // a client reads at a leader
	LeaseRead                   // a client reads at a leader, by its lease
	Tick                        // a server's clock advances by a tick: that of the server whose turn it is
)

// Action is one thing that happens.
type Action struct {
	Do      Deed
	Server  raft.ServerID // the server concerned; for a message its receiver
	Message string        // content of the message that the action is about; Reconfigure: the configuration; else empty
	// how many earlier messages with the same content to the same server are still in flight
	Nth int
}

// String tells the action as a clause, such as "S1 receives RequestVote of S2 (term 1, last 0 of term 0)".
func (a Action) String() string {
	message := a.Message
	if a.Nth > 0 {
		message += ", no. " + strconv.Itoa(a.Nth+1)
	}
	s := name(a.Server)
	switch a.Do {
	case TimeOut:
		return s + " times out"
	case Heartbeat:
		return s + " sends heartbeats"
	case Receive:
		return s + " receives " + message
	case Lose:
		return "the network loses, on its way to " + s + ": " + message
	case Duplicate:
		return "the network duplicates, on its way to " + s + ": " + message
	case Propose:
		return "a client proposes to " + s
	case Stall:
		return s + "'s disk stalls"
	case Write:
		return s + "'s disk finishes its oldest write"
	case CrashLose:
		return s + " crashes and loses what was not written"
	case CrashKeep:
		return s + " crashes just after its writes are done"
	case Restart:
		return s + " restarts"
	case Reconfigure:
		return s + " is asked to change the cluster to " + a.Message
	case Compact:
		return s + " compacts its log"
	case Read:
		return "a client reads at " + s
	case LeaseRead:
		return "a client reads at " + s + " by lease"
	case Tick:
		return s + "'s clock ticks"
	}
	return "unknown deed " + strconv.Itoa(int(a.Do))
}

// Text returns a run as text, its actions separated by semicolons.
func Text(run []Action) (text string) {
	for i, a := range run {
		if i > 0 {
			text += "; "
		}
		text += a.String()
	}
	return text
}

func name(s raft.ServerID) string { return "S" + decimal(s) }

func decimal[T ~uint64](v T) string { return strconv.FormatUint(uint64(v), 10) }

// text returns the message's content in words, without its call number.
func (m *message) text() string {
	of := " of " + name(m.from) + " (term "
	switch r := m.rpc.(type) {
	case *raft.RequestVote:
		kind := "RequestVote"
		if r.PreVote {
			kind = "pre-vote RequestVote"
		}
		return kind + of + decimal(r.Term) + ", last " + decimal(r.LastLogIndex) + " of term " +
			decimal(r.LastLogTerm) + ")"
	case *raft.RequestVoteReply:
		if r.VoteGranted {
			return "the vote" + of + decimal(r.Term) + ")"
		}
		return "no vote" + of + decimal(r.Term) + ")"
	case *raft.AppendEntries:
		text := "AppendEntries" + of + decimal(r.Term) + ", prev " + decimal(r.PrevLogIndex) + " of term " +
			decimal(r.PrevLogTerm) + ", commit " + decimal(r.LeaderCommit)
		for i := range r.Entries {
			text += ", " + entryText(&r.Entries[i])
		}
		return text + ")"
	case *raft.AppendEntriesReply:
		if r.Success {
			return "success" + of + decimal(r.Term) + ", match " + decimal(r.MatchIndex) + ")"
		}
		return "refusal" + of + decimal(r.Term) + ", conflict at " + decimal(r.ConflictIndex) + " of term " +
			decimal(r.ConflictTerm) + ")"
	case *raft.InstallSnapshot:
		return "InstallSnapshot" + of + decimal(r.Term) + ", through " + decimal(r.LastIncludedIndex) + " of term " +
			decimal(r.LastIncludedTerm) + ")"
	case *raft.InstallSnapshotReply:
		return "the answer to InstallSnapshot" + of + decimal(r.Term) + ", match " + decimal(r.MatchIndex) + ")"
	}
	panic("explore: a message that no server sends here")
}

func entryText(e *raft.Entry) string {
	switch e.Kind {
	case raft.NoOp:
		return "no-op of term " + decimal(e.Term)
	case raft.Config:
		return "configuration " + string(e.Data) + " of term " + decimal(e.Term)
	}
	return "x" + string(e.Data) + " of term " + decimal(e.Term)
}
