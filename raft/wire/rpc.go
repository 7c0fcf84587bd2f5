package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"raftplayground/raft"
)

// Colon, JSON and Protobuf have the same fields in the same order. What an RPC holds is said here once: a further field
// is a line of its schema (and of frame.proto), one of apart and one of join. Only Variant has words of its own.

// content is an RPC by the number of its field in a Frame of frame.proto: the calls, then their replies.
type content = protowire.Number

const (
	requestVote content = 4 + iota
	appendEntries
	installSnapshot
	timeoutNow
	requestVoteReply
	appendEntriesReply
	installSnapshotReply
	timeoutNowReply
)

// replies is how many numbers after a call its reply is.
const replies = requestVoteReply - requestVote

// calls are the names of the calls, as JSON has them.
var calls = [len(schema{})]string{requestVote: "RequestVote", appendEntries: "AppendEntries",
	installSnapshot: "InstallSnapshot", timeoutNow: "TimeoutNow"}

// form is what a field holds.
type form uint8

const (
	unknownForm form = iota
	aNumber          // uint64
	aTruth           // bool
	someBytes        // bytes
	aMessage
	numberList  // of a message: each by itself, or packed
	messageList // a message each
)

// schema is a message: its fields by their numbers in frame.proto, which are also their order in JSON.
type schema [12]struct {
	name  field
	form  form
	spare bool    // JSON leaves it out where it is zero, and a frame need not have it
	of    *schema // of a message
}

var (
	configurationSchema = schema{1: {name: fieldVoters, form: numberList}, 2: {name: fieldOutgoing, form: numberList},
		3: {name: fieldLearners, form: numberList}}
	entrySchema = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldCommand, form: someBytes},
		3: {name: fieldConfiguration, form: aMessage, of: &configurationSchema}}

	requestVoteSchema = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldCandidateID, form: aNumber},
		3: {name: fieldLastLogIndex, form: aNumber}, 4: {name: fieldLastLogTerm, form: aNumber},
		5: {name: fieldPreVote, form: aTruth, spare: true}, 6: {name: fieldTransfer, form: aTruth, spare: true}}
	requestVoteReplySchema = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldVoteGranted, form: aTruth},
		3: {name: fieldPreVote, form: aTruth, spare: true}}
	appendEntriesSchema = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldLeaderID, form: aNumber},
		3: {name: fieldPrevLogIndex, form: aNumber}, 4: {name: fieldPrevLogTerm, form: aNumber},
		5: {name: fieldLeaderCommit, form: aNumber}, 6: {name: fieldEntries, form: messageList, of: &entrySchema}}
	appendEntriesReplySchema = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldSuccess, form: aTruth},
		3: {name: fieldMatchIndex, form: aNumber, spare: true}, 4: {name: fieldConflictTerm, form: aNumber,
			spare: true},
		5: {name: fieldConflictIndex, form: aNumber, spare: true}}
	installSnapshotSchema = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldLeaderID, form: aNumber},
		3: {name: fieldLastIncludedIndex, form: aNumber}, 4: {name: fieldLastIncludedTerm, form: aNumber},
		5: {name: fieldConfiguration, form: aMessage, of: &configurationSchema}, 6: {name: fieldOffset, form: aNumber},
		7: {name: fieldData, form: someBytes}, 8: {name: fieldDone, form: aTruth}}
	installSnapshotReplySchema = schema{1: {name: fieldTerm, form: aNumber},
		2: {name: fieldNextOffset, form: aNumber, spare: true}, 3: {name: fieldMatchIndex, form: aNumber, spare: true}}
	timeoutNowSchema      = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldLeaderID, form: aNumber}}
	timeoutNowReplySchema = schema{1: {name: fieldTerm, form: aNumber}}

	frameSchema = schema{1: {name: fieldFrom, form: aNumber}, 2: {name: fieldTo, form: aNumber},
		3:                    {name: fieldCall, form: aNumber},
		requestVote:          {form: aMessage, of: &requestVoteSchema},
		requestVoteReply:     {form: aMessage, of: &requestVoteReplySchema},
		appendEntries:        {form: aMessage, of: &appendEntriesSchema},
		appendEntriesReply:   {form: aMessage, of: &appendEntriesReplySchema},
		installSnapshot:      {form: aMessage, of: &installSnapshotSchema},
		installSnapshotReply: {form: aMessage, of: &installSnapshotReplySchema},
		timeoutNow:           {form: aMessage, of: &timeoutNowSchema},
		timeoutNowReply:      {form: aMessage, of: &timeoutNowReplySchema}}
)

func (s *schema) has(number protowire.Number) bool {
	return int(number) < len(s) && s[number].form != unknownForm
}

// nameOf returns the name of a field; of a content it is that of the call, or of the reply.
func (s *schema) nameOf(number protowire.Number) string {
	switch {
	case s[number].name != unknownField:
		return fieldNames[s[number].name]
	case number >= requestVoteReply:
		return calls[number-replies] + "Reply"
	}
	return calls[number]
}

// parts are what an RPC holds: its numbers and truths (0 or 1) by the numbers of their fields, and what else
// it may have.
type parts struct {
	call          uint64
	numbers       [len(schema{})]uint64
	entries       []raft.Entry
	configuration raft.Configuration
	data          []byte
}

// apart takes an RPC apart.
func apart(rpc raft.RPC) (c content, p parts) {
	n := &p.numbers
	switch m := rpc.(type) {
	case *raft.RequestVote:
		c, p.call, n[1], n[2] = requestVote, m.Call, uint64(m.Term), uint64(m.CandidateID)
		n[3], n[4] = uint64(m.LastLogIndex), uint64(m.LastLogTerm)
		n[5], n[6] = protowire.EncodeBool(m.PreVote), protowire.EncodeBool(m.Transfer)
	case *raft.RequestVoteReply:
		c, p.call, n[1] = requestVoteReply, m.Call, uint64(m.Term)
		n[2], n[3] = protowire.EncodeBool(m.VoteGranted), protowire.EncodeBool(m.PreVote)
	case *raft.AppendEntries:
		c, p.call, n[1], n[2], n[3] = appendEntries, m.Call, uint64(m.Term), uint64(m.LeaderID), uint64(m.PrevLogIndex)
		n[4], n[5], p.entries = uint64(m.PrevLogTerm), uint64(m.LeaderCommit), m.Entries
	case *raft.AppendEntriesReply:
		c, p.call, n[1], n[2] = appendEntriesReply, m.Call, uint64(m.Term), protowire.EncodeBool(m.Success)
		n[3], n[4], n[5] = uint64(m.MatchIndex), uint64(m.ConflictTerm), uint64(m.ConflictIndex)
	case *raft.InstallSnapshot:
		c, p.call, n[1], n[2] = installSnapshot, m.Call, uint64(m.Term), uint64(m.LeaderID)
		n[3], n[4], p.configuration = uint64(m.LastIncludedIndex), uint64(m.LastIncludedTerm), m.Configuration
		n[6], p.data, n[8] = m.Offset, m.Data, protowire.EncodeBool(m.Done)
	case *raft.InstallSnapshotReply:
		c, p.call, n[1], n[2], n[3] = installSnapshotReply, m.Call, uint64(m.Term), m.NextOffset, uint64(m.MatchIndex)
	case *raft.TimeoutNow:
		c, p.call, n[1], n[2] = timeoutNow, m.Call, uint64(m.Term), uint64(m.LeaderID)
	case *raft.TimeoutNowReply:
		c, p.call, n[1] = timeoutNowReply, m.Call, uint64(m.Term)
	}
	return c, p
}

// join hands out the RPC of f.Call that holds these parts as the content of f.
func (d *Decoder) join(f *Frame, c content, p *parts) {
	n := &p.numbers
	switch c {
	case requestVote:
		d.vote(f, raft.RequestVote{Call: f.Call, Term: raft.Term(n[1]), CandidateID: raft.ServerID(n[2]),
			LastLogIndex: raft.Index(n[3]), LastLogTerm: raft.Term(n[4]), PreVote: n[5] == 1, Transfer: n[6] == 1})
	case requestVoteReply:
		d.voteReply(f, raft.RequestVoteReply{Call: f.Call, Term: raft.Term(n[1]), VoteGranted: n[2] == 1,
			PreVote: n[3] == 1})
	case appendEntries:
		d.append(f, raft.AppendEntries{Call: f.Call, Term: raft.Term(n[1]), LeaderID: raft.ServerID(n[2]),
			PrevLogIndex: raft.Index(n[3]), PrevLogTerm: raft.Term(n[4]), LeaderCommit: raft.Index(n[5]),
			Entries: p.entries})
	case appendEntriesReply:
		d.appendReply(f, raft.AppendEntriesReply{Call: f.Call, Term: raft.Term(n[1]), Success: n[2] == 1,
			MatchIndex: raft.Index(n[3]), ConflictTerm: raft.Term(n[4]), ConflictIndex: raft.Index(n[5])})
	case installSnapshot:
		d.snapshot(f, raft.InstallSnapshot{Call: f.Call, Term: raft.Term(n[1]), LeaderID: raft.ServerID(n[2]),
			LastIncludedIndex: raft.Index(n[3]), LastIncludedTerm: raft.Term(n[4]), Configuration: p.configuration,
			Offset: n[6], Data: p.data, Done: n[8] == 1})
	case installSnapshotReply:
		d.snapshotReply(f, raft.InstallSnapshotReply{Call: f.Call, Term: raft.Term(n[1]), NextOffset: n[2],
			MatchIndex: raft.Index(n[3])})
	case timeoutNow:
		d.timeout(f, raft.TimeoutNow{Call: f.Call, Term: raft.Term(n[1]), LeaderID: raft.ServerID(n[2])})
	case timeoutNowReply:
		d.timeoutReply(f, raft.TimeoutNowReply{Call: f.Call, Term: raft.Term(n[1])})
	}
}
