package wire

import (
	"strconv"
	"unicode/utf8"

	"raftplayground/raft"
)

// Codes of errors. The first four are JSON-RPC's own and mean that the frame is bad. The others mean that the frame is
// good and the server cannot do what it asks; -32001 to -32009 are left to the relay.
const (
	CodeNotAFrame     = -32700 // neither colon, JSON nor Protobuf, or cut off
	CodeNotACall      = -32600 // JSON, but no call and no reply; an address or id that cannot be one; too large
	CodeUnknownMethod = -32601 // a call that this server does not know
	CodeBadField      = -32602 // a field is missing, of the wrong type or out of range

	// another server leads, or none that this one knows of: ask Error.Leader, if it is not 0. Nothing was done
	CodeNotLeader = -32010
	// no leader is elected or it cannot reach a majority, so nothing can be committed. Nothing was done
	CodeNoQuorum = -32011
	// AppendRequest: the previous entry is not the one named; Error.Index and Error.Term say what is there.
	// Nothing was done
	CodePrevMismatch = -32012
	// no outcome within the time allowed: the command may or may not be committed, now or later
	CodeTimedOut   = -32013
	CodeOverloaded = -32014 // too many requests are waiting. Nothing was done; try again
)

// Error tells what is wrong with a frame, or why a server does not do what a frame asks. It is what travels in
// a JSON-RPC error.
type Error struct {
	Code    int
	Field   string // the offending field, as it is called in the frame; empty if it is none
	Message string // in words: what was expected and what came. Of what came it repeats at most 32 bytes

	Leader uint64     // CodeNotLeader: the leader's id, 0 if unknown
	Index  raft.Index // CodePrevMismatch: the last index at which the server could have an entry to append after
	Term   raft.Term  // CodePrevMismatch: the term of the entry at Index
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// AppendError appends to dst the frame with which server self answers the bad frame that Decode returned e for: always
// JSON-RPC, for the other encodings have no errors and their servers pass over what they cannot read. An error never
// goes to a reply, nor to a sender that cannot be told: then dst comes back as it was.
func AppendError(dst []byte, self uint64, bad *Frame, e *Error) []byte {
	if bad.Reply || bad.From == 0 {
		return dst
	}
	answer := Frame{From: self, To: bad.From, Encoding: JSON, Refusal: e, Reply: true, Call: bad.Call, ID: bad.ID}
	return Append(dst, &answer, JSON)
}

// expected makes the error of a field that should be one thing and came as another.
func expected(code int, field, what string, came []byte) *Error {
	return &Error{Code: code, Field: field, Message: field + ": expected " + what + ", came " + quoted(came)}
}

// missing makes the error of a field that is not there.
func missing(field, what string) *Error {
	return &Error{Code: CodeBadField, Field: field, Message: field + ": expected " + what + ", came nothing"}
}

// tooMuch makes the error of something over its limit.
func tooMuch(code int, field string, limit int, unit string, came int) *Error {
	return &Error{Code: code, Field: field, Message: field + ": expected at most " + strconv.Itoa(limit) + " " + unit +
		", came " + strconv.Itoa(came)}
}

// twice makes the error of a field that is given more than once: which of them to believe would be a guess.
func twice(field string) *Error {
	return &Error{Code: CodeBadField, Field: field, Message: field + ": expected once, came twice"}
}

// quotedBytes is how much of a bad frame an error repeats: enough to find the place, too little to flood a log.
const quotedBytes = 32

// quoted returns the beginning of what came, in quotes and printable.
func quoted(came []byte) string {
	if len(came) == 0 {
		return "nothing"
	}
	if len(came) <= quotedBytes {
		return strconv.Quote(string(came))
	}
	cut := quotedBytes
	for cut > quotedBytes-utf8.UTFMax && !utf8.RuneStart(came[cut]) {
		cut--
	}
	return strconv.Quote(string(came[:cut])) + "… (" + strconv.Itoa(len(came)) + " bytes)"
}
