package wire

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"raftplayground/raft"
)

// Colon, JSON and Protobuf have the same fields in the same order. What an RPC holds is defined here once,
// with its meaning for people: a further field is a line of its schema (and of frame.proto), one of apart
// and one of join. Only Variant has words of its own.

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
	means string  // in the words of Figures 2 and 13
}

var (
	configurationSchema = schema{1: {name: fieldVoters, form: numberList}, 2: {name: fieldOutgoing, form: numberList},
		3: {name: fieldLearners, form: numberList}}
	entrySchema = schema{1: {name: fieldTerm, form: aNumber}, 2: {name: fieldCommand, form: someBytes},
		3: {name: fieldConfiguration, form: aMessage, of: &configurationSchema}}

	requestVoteSchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "candidate's term"},
		2: {name: fieldCandidateID, form: aNumber, means: "candidate requesting vote"},
		3: {name: fieldLastLogIndex, form: aNumber, means: "index of candidate's last log entry (§5.4)"},
		4: {name: fieldLastLogTerm, form: aNumber, means: "term of candidate's last log entry (§5.4)"},
		5: {name: fieldPreVote, form: aTruth, spare: true,
			means: "only asks whether the vote would be given (thesis 9.6)"},
		6: {name: fieldTransfer, form: aTruth, spare: true,
			means: "the leader itself wants this election (thesis 3.10)"},
		7: {name: fieldWhy, form: aTruth, spare: true, means: "a voter that refuses is to say why"},
	}
	requestVoteReplySchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "currentTerm, for candidate to update itself"},
		2: {name: fieldVoteGranted, form: aTruth, means: "true means candidate received vote"},
		3: {name: fieldPreVote, form: aTruth, spare: true, means: "answers a pre-vote, and is no vote (thesis 9.6)"},
		4: {name: fieldReason, form: aNumber, spare: true, means: "why it is refused: 9 an old term, 10 the vote is " +
			"another's, 11 the log is behind, 17 a leader is alive, 18 just restarted, 31 no voter"},
	}
	appendEntriesSchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "leader's term"},
		2: {name: fieldLeaderID, form: aNumber, means: "so follower can redirect clients"},
		3: {name: fieldPrevLogIndex, form: aNumber, means: "index of log entry immediately preceding new ones"},
		4: {name: fieldPrevLogTerm, form: aNumber, means: "term of prevLogIndex entry"},
		5: {name: fieldLeaderCommit, form: aNumber, means: "leader's commitIndex"},
		6: {name: fieldEntries, form: messageList, of: &entrySchema,
			means: "log entries to store (empty for heartbeat)"},
	}
	appendEntriesReplySchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "currentTerm, for leader to update itself"},
		2: {name: fieldSuccess, form: aTruth,
			means: "true if follower contained entry matching prevLogIndex and prevLogTerm"},
		3: {name: fieldMatchIndex, form: aNumber, spare: true,
			means: "the last index that this call verified or stored"},
		4: {name: fieldConflictTerm, form: aNumber, spare: true, means: "term of the conflicting entry (§5.3)"},
		5: {name: fieldConflictIndex, form: aNumber, spare: true,
			means: "first index the follower stores for that term (§5.3)"},
	}
	installSnapshotSchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "leader's term"},
		2: {name: fieldLeaderID, form: aNumber, means: "so follower can redirect clients"},
		3: {name: fieldLastIncludedIndex, form: aNumber,
			means: "the snapshot replaces all entries up through and including this index"},
		4: {name: fieldLastIncludedTerm, form: aNumber, means: "term of lastIncludedIndex"},
		5: {name: fieldConfiguration, form: aMessage, of: &configurationSchema,
			means: "the servers of the cluster as of lastIncludedIndex (§7)"},
		6: {name: fieldOffset, form: aNumber, means: "byte offset where chunk is positioned in the snapshot"},
		7: {name: fieldData, form: someBytes, means: "raw bytes of the snapshot chunk, starting at offset"},
		8: {name: fieldDone, form: aTruth, means: "true if this is the last chunk"},
	}
	installSnapshotReplySchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "currentTerm, for leader to update itself"},
		2: {name: fieldNextOffset, form: aNumber, spare: true,
			means: "how many bytes of the snapshot the follower holds"},
		3: {name: fieldMatchIndex, form: aNumber, spare: true,
			means: "the snapshot is installed: the index through which the logs agree"},
	}
	timeoutNowSchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "leader's term"},
		2: {name: fieldLeaderID, form: aNumber, means: "who hands its leadership over (thesis 3.10)"},
	}
	timeoutNowReplySchema = schema{
		1: {name: fieldTerm, form: aNumber, means: "currentTerm, for leader to update itself"},
	}

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

// Told is an argument or a result of an RPC, as it is shown to people.
type Told struct {
	Name, Meaning string
	Value         string // empty: the entries of an AppendEntries, which this package does not read
}

// Tell lists what an RPC says, in the order in which its frames have it; what they may leave out is left out.
func Tell(rpc raft.RPC) (list []Told) {
	c, p := apart(rpc)
	for i := range frameSchema[c].of {
		of := &frameSchema[c].of[i]
		if of.form == unknownForm || of.spare && p.numbers[i] == 0 {
			continue
		}
		told := Told{Name: fieldNames[of.name], Meaning: of.means}
		switch of.form {
		case aNumber:
			told.Value = strconv.FormatUint(p.numbers[i], 10)
			if of.name == fieldCandidateID || of.name == fieldLeaderID {
				told.Value = "S" + told.Value
			}
		case aTruth:
			told.Value = strconv.FormatBool(p.numbers[i] == 1)
		case someBytes:
			told.Value = strconv.Itoa(len(p.data)) + " bytes"
		case aMessage:
			told.Value = string(p.configuration.AppendText(nil))
		}
		list = append(list, told)
	}
	return list
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
		n[7] = protowire.EncodeBool(m.Why)
	case *raft.RequestVoteReply:
		c, p.call, n[1] = requestVoteReply, m.Call, uint64(m.Term)
		n[2], n[3], n[4] = protowire.EncodeBool(m.VoteGranted), protowire.EncodeBool(m.PreVote), m.Reason
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
			LastLogIndex: raft.Index(n[3]), LastLogTerm: raft.Term(n[4]), PreVote: n[5] == 1, Transfer: n[6] == 1,
			Why: n[7] == 1})
	case requestVoteReply:
		d.voteReply(f, raft.RequestVoteReply{Call: f.Call, Term: raft.Term(n[1]), VoteGranted: n[2] == 1,
			PreVote: n[3] == 1, Reason: n[4]})
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
