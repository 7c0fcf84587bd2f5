package wire

// field is one of the keys that this package knows in JSON.
type field uint8

const (
	unknownField field = iota

	// of the frame
	fieldJSONRPC
	fieldID
	fieldFrom
	fieldTo
	fieldCall // of Protobuf only
	fieldMethod
	fieldParams
	fieldResult
	fieldError
	fieldVariant
	fieldFields

	// of RPCs; those of two words have another name in the dialect of 2015
	fieldTerm
	fieldCandidateID
	fieldLastLogIndex
	fieldLastLogTerm
	fieldPreVote
	fieldTransfer
	fieldWhy
	fieldVoteGranted
	fieldReason
	fieldLeaderID
	fieldPrevLogIndex
	fieldPrevLogTerm
	fieldLeaderCommit
	fieldEntries
	fieldSuccess
	fieldMatchIndex
	fieldConflictTerm
	fieldConflictIndex
	fieldLastIncludedIndex
	fieldLastIncludedTerm
	fieldOffset
	fieldDone
	fieldNextOffset
	fieldCandidate2015
	fieldLastLogIndex2015
	fieldLastLogTerm2015
	fieldLeader2015
	fieldPrevLogIndex2015
	fieldPrevLogTerm2015
	fieldLeaderCommit2015
	fieldMatchIndex2015
	fieldNextIndex2015
	fieldConflictTerm2015
	fieldCurrentLeader2015
	fieldUUID

	// of entries
	fieldCommand
	fieldNoOp
	fieldBase64
	fieldConfiguration

	// of configurations
	fieldVoters
	fieldOutgoing
	fieldLearners

	// of requests, answers and errors
	fieldRPC
	fieldKey
	fieldValue
	fieldFound
	fieldExpected
	fieldRead
	fieldIndex
	fieldStartIndex
	fieldEndIndex
	fieldCommitIndex
	fieldCode
	fieldMessage
	fieldData
	fieldField
	fieldLeader

	fields // how many there are
)

// fieldNames says how each is written.
var fieldNames = [fields]string{
	fieldJSONRPC: "jsonrpc", fieldID: "id", fieldFrom: "from", fieldTo: "to", fieldCall: "call", fieldMethod: "method",
	fieldParams: "params",
	fieldResult: "result", fieldError: "error", fieldVariant: "variant", fieldFields: "fields",

	fieldTerm: "term", fieldCandidateID: "candidateId", fieldLastLogIndex: "lastLogIndex",
	fieldLastLogTerm: "lastLogTerm",
	fieldPreVote:     "preVote", fieldTransfer: "transfer", fieldWhy: "why", fieldReason: "reason", fieldVoteGranted: "voteGranted", fieldLeaderID: "leaderId",
	fieldPrevLogIndex: "prevLogIndex", fieldPrevLogTerm: "prevLogTerm",
	fieldLeaderCommit: "leaderCommit", fieldEntries: "entries", fieldSuccess: "success", fieldMatchIndex: "matchIndex",
	fieldConflictTerm: "conflictTerm", fieldConflictIndex: "conflictIndex",
	fieldLastIncludedIndex: "lastIncludedIndex", fieldLastIncludedTerm: "lastIncludedTerm", fieldOffset: "offset",
	fieldDone:          "done",
	fieldNextOffset:    "nextOffset",
	fieldCandidate2015: "candidate_id", fieldLastLogIndex2015: "last_log_index", fieldLastLogTerm2015: "last_log_term",
	fieldLeader2015: "leader_id", fieldPrevLogIndex2015: "prev_log_index", fieldPrevLogTerm2015: "prev_log_term",
	fieldLeaderCommit2015: "leader_commit", fieldMatchIndex2015: "match_index", fieldNextIndex2015: "next_index",
	fieldConflictTerm2015: "conflict_term", fieldCurrentLeader2015: "current_leader", fieldUUID: "uuid",

	fieldCommand: "command", fieldNoOp: "noop", fieldBase64: "base64", fieldConfiguration: "configuration",
	fieldVoters: "voters", fieldOutgoing: "outgoing", fieldLearners: "learners",

	fieldRPC: "rpc", fieldKey: "key", fieldValue: "value", fieldFound: "found", fieldExpected: "expected",
	fieldRead: "read", fieldIndex: "index", fieldStartIndex: "startIndex",
	fieldEndIndex: "endIndex", fieldCommitIndex: "commitIndex", fieldCode: "code", fieldMessage: "message",
	fieldData:  "data",
	fieldField: "field", fieldLeader: "leader",
}

// fieldOf returns the field of that name, unknownField if there is none. Keys are case-sensitive. Some sixty names of
// which few have the same length: comparing lengths first makes the walk over all of them cheap.
func fieldOf(key string) field {
	for _, f := range fieldsOfLength[min(len(key), longestName+1)] {
		if fieldNames[f] == key {
			return f
		}
	}
	return unknownField
}

const longestName = len("lastIncludedIndex")

// fieldsOfLength lists the fields by the length of their name; the last list is empty.
var fieldsOfLength = func() (byLength [longestName + 2][]field) {
	for f := unknownField + 1; f < fields; f++ {
		length := len(fieldNames[f])
		byLength[length] = append(byLength[length], f)
	}
	return byLength
}()
