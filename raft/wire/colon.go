package wire

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"raftplayground/raft"
)

// decodeColon reads a frame of the grammar in the package comment.
func (d *Decoder) decodeColon(data []byte, f *Frame) *Error {
	r := colonReader{rest: data, more: true}
	f.Encoding = Colon
	f.From, f.To = r.address()
	kind, part := r.segment("type"), r.segment("part")
	f.Reply = string(part) == "Reply"
	switch {
	case r.err != nil:
	case string(kind) != "RequestVotes" && string(kind) != "AppendEntries":
		r.err = expected(CodeUnknownMethod, "type", "RequestVotes or AppendEntries", kind)
	case string(part) != "Request" && !f.Reply:
		r.err = expected(CodeNotACall, "part", "Request or Reply", part)
	case string(kind) == "RequestVotes" && !f.Reply:
		m := raft.RequestVote{Term: raft.Term(r.number("term")), CandidateID: raft.ServerID(r.number("candidateId")),
			LastLogIndex: raft.Index(r.number("lastLogIndex")), LastLogTerm: raft.Term(r.number("lastLogTerm"))}
		m.Call = r.extensions(nil, nil).call
		d.vote(f, m)
	case string(kind) == "RequestVotes":
		m := raft.RequestVoteReply{Term: raft.Term(r.number("term")), VoteGranted: r.boolean("voteGranted")}
		m.Call = r.extensions(nil, nil).call
		d.voteReply(f, m)
	case !f.Reply:
		m := raft.AppendEntries{Term: raft.Term(r.number("term")), LeaderID: raft.ServerID(r.number("leaderId")),
			PrevLogIndex: raft.Index(r.number("prevLogIndex")), PrevLogTerm: raft.Term(r.number("prevLogTerm")),
			LeaderCommit: raft.Index(r.number("leaderCommit"))}
		m.Call = r.extensions(&d.entries, nil).call
		m.Entries = d.entries.entries()
		d.append(f, m)
	default:
		m := raft.AppendEntriesReply{Term: raft.Term(r.number("term")), Success: r.boolean("success")}
		x := r.extensions(nil, &m)
		m.Call = x.call
		d.appendReply(f, m)
	}
	return r.err
}

// colonReader takes a frame apart, segment by segment. The first error stays; after it every method returns zero.
type colonReader struct {
	rest []byte
	more bool // another segment follows, maybe an empty one
	err  *Error
}

// next returns the bytes up to the next colon or the end.
func (r *colonReader) next() []byte {
	segment, rest, found := bytes.Cut(r.rest, colonBytes)
	r.rest, r.more = rest, found
	return segment
}

var colonBytes = []byte{':'}

func (r *colonReader) segment(field string) []byte {
	if r.err != nil {
		return nil
	}
	if !r.more {
		r.err = missing(field, "a segment after another colon")
		return nil
	}
	return r.next()
}

func (r *colonReader) number(field string) uint64 {
	segment := r.segment(field)
	if r.err != nil {
		return 0
	}
	n, ok := parseNumber(segment)
	if !ok {
		r.err = expected(CodeBadField, field, number, segment)
	}
	return n
}

func (r *colonReader) boolean(field string) bool {
	segment := r.segment(field)
	if r.err == nil && string(segment) != "true" && string(segment) != "false" {
		r.err = expected(CodeBadField, field, "true or false", segment)
	}
	return string(segment) == "true"
}

// address reads from[>to].
func (r *colonReader) address() (from, to uint64) {
	sender, receiver, directed := bytes.Cut(r.segment("from"), []byte{'>'})
	from, ok := parseNumber(sender)
	if !ok || from == 0 {
		r.err = expected(CodeNotACall, "from", "the sender's number, 1 or more", sender)
		return 0, 0
	}
	if !directed {
		return from, 0
	}
	to, ok = parseNumber(receiver)
	if !ok || to == 0 {
		r.err = expected(CodeNotACall, "to", "the receiver's number, 1 or more", receiver)
	}
	return from, to
}

// extensions is what of the tail every message may have.
type extensions struct {
	call uint64
	seen uint8
}

const (
	seenCall = 1 << iota
	seenMatch
	seenConflictTerm
	seenConflictIndex
	seenEntries
)

// extensions reads the tail: key=value segments in any order. What it does not know, or what this message does not have, it passes over, as the dialect
// of 2016 does: entries is nil if the message has none, reply if it is not an AppendEntries reply.
func (r *colonReader) extensions(entries *payloads, reply *raft.AppendEntriesReply) (x extensions) {
	for r.err == nil && r.more {
		segment := r.next()
		key, value, ok := bytes.Cut(segment, []byte{'='})
		switch {
		case !ok:
		case string(key) == "call":
			x.call = r.extension(&x, seenCall, "call", value)
		case string(key) == "match" && reply != nil:
			reply.MatchIndex = raft.Index(r.extension(&x, seenMatch, "match", value))
		case string(key) == "conflictTerm" && reply != nil:
			reply.ConflictTerm = raft.Term(r.extension(&x, seenConflictTerm, "conflictTerm", value))
		case string(key) == "conflictIndex" && reply != nil:
			reply.ConflictIndex = raft.Index(r.extension(&x, seenConflictIndex, "conflictIndex", value))
		case string(key) == "entries" && entries != nil:
			if r.once(&x, seenEntries, "entries") {
				r.entries(entries, value)
			}
		}
	}
	return x
}

// extension reads a number that may come once.
func (r *colonReader) extension(x *extensions, bit uint8, field string, value []byte) uint64 {
	if !r.once(x, bit, field) {
		return 0
	}
	n, ok := parseNumber(value)
	if !ok {
		r.err = expected(CodeBadField, field, number, value)
	}
	return n
}

func (r *colonReader) once(x *extensions, bit uint8, field string) bool {
	if x.seen&bit != 0 {
		r.err = twice(field)
	}
	x.seen |= bit
	return r.err == nil
}

// entries reads term[,command] joined by semicolons.
func (r *colonReader) entries(p *payloads, value []byte) {
	for more := true; more && r.err == nil; {
		var entry []byte
		entry, value, more = bytes.Cut(value, []byte{';'})
		digits, text, hasCommand := bytes.Cut(entry, []byte{','})
		term, ok := parseNumber(digits)
		if !ok {
			r.err = expected(CodeBadField, "entries", "an entry that begins with its term, "+number, entry)
			return
		}
		kind := raft.NoOp
		if hasCommand {
			kind = raft.Command
			if p.buf, ok = appendUnescaped(p.buf, text); !ok {
				r.err = expected(CodeBadField, "entries", "text with % only before two hexadecimal digits and without a comma", text)
				return
			}
		}
		r.err = p.add(raft.Term(term), kind)
	}
}

// appendColon writes an RPC. Extensions that are zero are left out; those that are not come in this order: call, match, conflictTerm,
// conflictIndex, entries.
func appendColon(dst []byte, f *Frame) []byte {
	dst = strconv.AppendUint(dst, f.From, 10)
	if f.To != 0 {
		dst = append(dst, '>')
		dst = strconv.AppendUint(dst, f.To, 10)
	}
	switch m := f.RPC.(type) {
	case *raft.RequestVote:
		dst = append(dst, ":RequestVotes:Request"...)
		dst = appendSegments(dst, uint64(m.Term), uint64(m.CandidateID), uint64(m.LastLogIndex), uint64(m.LastLogTerm))
		dst = appendExtension(dst, ":call=", m.Call)
	case *raft.RequestVoteReply:
		dst = append(dst, ":RequestVotes:Reply"...)
		dst = appendSegments(dst, uint64(m.Term))
		dst = appendBoolean(dst, m.VoteGranted)
		dst = appendExtension(dst, ":call=", m.Call)
	case *raft.AppendEntries:
		dst = append(dst, ":AppendEntries:Request"...)
		dst = appendSegments(dst, uint64(m.Term), uint64(m.LeaderID), uint64(m.PrevLogIndex), uint64(m.PrevLogTerm), uint64(m.LeaderCommit))
		dst = appendExtension(dst, ":call=", m.Call)
		dst = appendColonEntries(dst, m.Entries)
	case *raft.AppendEntriesReply:
		dst = append(dst, ":AppendEntries:Reply"...)
		dst = appendSegments(dst, uint64(m.Term))
		dst = appendBoolean(dst, m.Success)
		dst = appendExtension(dst, ":call=", m.Call)
		dst = appendExtension(dst, ":match=", uint64(m.MatchIndex))
		dst = appendExtension(dst, ":conflictTerm=", uint64(m.ConflictTerm))
		dst = appendExtension(dst, ":conflictIndex=", uint64(m.ConflictIndex))
	}
	return dst
}

func appendSegments(dst []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		dst = append(dst, ':')
		dst = strconv.AppendUint(dst, n, 10)
	}
	return dst
}

func appendBoolean(dst []byte, b bool) []byte {
	dst = append(dst, ':')
	return strconv.AppendBool(dst, b)
}

func appendExtension(dst []byte, key string, n uint64) []byte {
	if n == 0 {
		return dst
	}
	dst = append(dst, key...)
	return strconv.AppendUint(dst, n, 10)
}

func appendColonEntries(dst []byte, entries []raft.Entry) []byte {
	for i, entry := range entries {
		if i == 0 {
			dst = append(dst, ":entries="...)
		} else {
			dst = append(dst, ';')
		}
		dst = strconv.AppendUint(dst, uint64(entry.Term), 10)
		if entry.Kind == raft.Command {
			dst = append(dst, ',')
			dst = appendEscaped(dst, entry.Data)
		}
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

// appendEscaped writes data so that a person can read what is text in it: everything but the separators, %, control characters and bytes
// that are not UTF-8 stands for itself.
func appendEscaped(dst, data []byte) []byte {
	start := 0 // of what is to be copied as it is
	for i := 0; i < len(data); {
		r, size := rune(data[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(data[i:])
		}
		if !plain(r, size) {
			dst = append(dst, data[start:i]...)
			start = i + size
			for _, c := range data[i:start] {
				dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
			}
		}
		i += size
	}
	return append(dst, data[start:]...)
}

// plain tells whether a character, of that many bytes, stands for itself.
func plain(r rune, size int) bool {
	switch {
	case r == utf8.RuneError && size == 1: // not UTF-8
		return false
	case r < ' ' || 0x7f <= r && r < 0xa0: // control characters
		return false
	case r == '%' || r == ':' || r == ',' || r == ';':
		return false
	}
	return true
}

// appendUnescaped undoes appendEscaped. It takes more than that writes: whatever is not a separator may stand for itself, and small hexadecimal digits do too.
func appendUnescaped(dst, text []byte) (out []byte, ok bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == ',' {
			return dst, false
		}
		if c == '%' {
			if len(text)-i < 3 {
				return dst, false
			}
			high, low := unhex(text[i+1]), unhex(text[i+2])
			if high > 15 || low > 15 {
				return dst, false
			}
			c = high<<4 | low
			i += 2
		}
		dst = append(dst, c)
	}
	return dst, true
}

// unhex returns the value of a hexadecimal digit, 255 if it is none.
func unhex(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
