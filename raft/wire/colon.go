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
	f.From, f.To = r.address()
	kind, part := r.segment("type"), r.segment("part")
	f.Reply = string(part) == "Reply"
	switch known := string(kind) == "RequestVotes" || string(kind) == "AppendEntries" || string(kind) == "InstallSnapshot" || string(kind) == "TimeoutNow"; {
	case r.err != nil:
	case !known:
		r.err = expected(CodeUnknownMethod, "type", "RequestVotes, AppendEntries, InstallSnapshot or TimeoutNow", kind)
	case f.Reply:
		d.decodeColonReply(&r, kind, f)
	case string(part) == "Request":
		d.decodeColonCall(&r, kind, f)
	default:
		r.err = expected(CodeNotACall, "part", "Request or Reply", part)
	}
	if r.err != nil {
		f.Call = callOf(data)
	}
	return r.err
}

// callOf returns the number of the call in a frame that cannot be read otherwise, so that who made the call hears of it; 0 if it has none.
func callOf(data []byte) uint64 {
	for r := (colonReader{rest: data, more: true}); r.more; {
		if digits, is := bytes.CutPrefix(r.next(), []byte("call=")); is {
			call, _ := parseNumber(digits)
			return call
		}
	}
	return 0
}

// decodeColonCall reads what follows Request.
func (d *Decoder) decodeColonCall(r *colonReader, kind []byte, f *Frame) {
	switch string(kind) {
	case "RequestVotes":
		m := raft.RequestVote{Term: raft.Term(r.number("term")), CandidateID: raft.ServerID(r.number("candidateId")),
			LastLogIndex: raft.Index(r.number("lastLogIndex")), LastLogTerm: raft.Term(r.number("lastLogTerm"))}
		x := r.extensions(hasPreVote|hasTransfer, nil)
		m.Call, m.PreVote, m.Transfer = x.call, x.preVote, x.transfer
		d.vote(f, m)
	case "AppendEntries":
		m := raft.AppendEntries{Term: raft.Term(r.number("term")), LeaderID: raft.ServerID(r.number("leaderId")),
			PrevLogIndex: raft.Index(r.number("prevLogIndex")), PrevLogTerm: raft.Term(r.number("prevLogTerm")),
			LeaderCommit: raft.Index(r.number("leaderCommit"))}
		m.Call = r.extensions(hasEntries, &d.entries).call
		m.Entries = d.entries.entries()
		d.append(f, m)
	case "InstallSnapshot":
		m := raft.InstallSnapshot{Term: raft.Term(r.number("term")), LeaderID: raft.ServerID(r.number("leaderId")),
			LastIncludedIndex: raft.Index(r.number("lastIncludedIndex")), LastIncludedTerm: raft.Term(r.number("lastIncludedTerm")),
			Configuration: r.configuration(), Offset: r.number("offset"), Done: r.boolean("done")}
		m.Call = r.extensions(hasData, &d.entries).call
		if r.err == nil {
			m.Data, r.err = d.entries.chunk()
		}
		d.snapshot(f, m)
	case "TimeoutNow":
		m := raft.TimeoutNow{Term: raft.Term(r.number("term")), LeaderID: raft.ServerID(r.number("leaderId"))}
		m.Call = r.extensions(0, nil).call
		d.timeout(f, m)
	}
}

// decodeColonReply reads what follows Reply.
func (d *Decoder) decodeColonReply(r *colonReader, kind []byte, f *Frame) {
	switch string(kind) {
	case "RequestVotes":
		m := raft.RequestVoteReply{Term: raft.Term(r.number("term")), VoteGranted: r.boolean("voteGranted")}
		x := r.extensions(hasPreVote, nil)
		m.Call, m.PreVote = x.call, x.preVote
		d.voteReply(f, m)
	case "AppendEntries":
		m := raft.AppendEntriesReply{Term: raft.Term(r.number("term")), Success: r.boolean("success")}
		x := r.extensions(hasMatch|hasConflictTerm|hasConflictIndex, nil)
		m.Call, m.MatchIndex, m.ConflictTerm, m.ConflictIndex = x.call, raft.Index(x.match), raft.Term(x.conflictTerm), raft.Index(x.conflictIndex)
		d.appendReply(f, m)
	case "InstallSnapshot":
		m := raft.InstallSnapshotReply{Term: raft.Term(r.number("term"))}
		x := r.extensions(hasNext|hasMatch, nil)
		m.Call, m.NextOffset, m.MatchIndex = x.call, x.next, raft.Index(x.match)
		d.snapshotReply(f, m)
	case "TimeoutNow":
		m := raft.TimeoutNowReply{Term: raft.Term(r.number("term"))}
		m.Call = r.extensions(0, nil).call
		d.timeoutReply(f, m)
	}
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

func (r *colonReader) number(field string) uint64 { return r.parseNumber(field, r.segment(field)) }

func (r *colonReader) parseNumber(field string, text []byte) uint64 {
	if r.err != nil {
		return 0
	}
	n, ok := parseNumber(text)
	if !ok {
		r.err = expected(CodeBadField, field, number, text)
	}
	return n
}

func (r *colonReader) boolean(field string) bool { return r.parseBoolean(field, r.segment(field)) }

func (r *colonReader) parseBoolean(field string, text []byte) bool {
	if r.err == nil && string(text) != "true" && string(text) != "false" {
		r.err = expected(CodeBadField, field, "true or false", text)
	}
	return string(text) == "true"
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

// extensions is what the tail says, but for entries and data.
type extensions struct {
	call, next, match, conflictTerm, conflictIndex uint64
	preVote, transfer                              bool
}

// extensionSet is the extensions that a message may have, or has had.
type extensionSet uint16

const (
	hasCall extensionSet = 1 << iota // every message may have it
	hasPreVote
	hasTransfer
	hasNext
	hasMatch
	hasConflictTerm
	hasConflictIndex
	hasEntries
	hasData
)

// extensionNames are their keys, in the same order.
var extensionNames = [...]string{"call", "preVote", "transfer", "next", "match", "conflictTerm", "conflictIndex", "entries", "data"}

// extensionOf returns the extension of that key, and the key as a string that need not be made; 0 if there is none.
func extensionOf(key []byte) (extension extensionSet, name string) {
	for i, name := range extensionNames {
		if string(key) == name {
			return 1 << i, name
		}
	}
	return 0, ""
}

// extensions reads the tail: key=value segments in any order. What it does not know, or what this message does not have, it passes over, as the dialect
// of 2016 does. Entries and data go to p.
func (r *colonReader) extensions(has extensionSet, p *payloads) (x extensions) {
	has |= hasCall
	var seen extensionSet
	for r.err == nil && r.more {
		key, value, ok := bytes.Cut(r.next(), []byte{'='})
		extension, field := extensionOf(key)
		if !ok || extension&has == 0 {
			continue
		}
		if seen&extension != 0 {
			r.err = twice(field)
			return x
		}
		seen |= extension
		switch extension {
		case hasCall:
			x.call = r.parseNumber(field, value)
		case hasPreVote:
			x.preVote = r.parseBoolean(field, value)
		case hasTransfer:
			x.transfer = r.parseBoolean(field, value)
		case hasNext:
			x.next = r.parseNumber(field, value)
		case hasMatch:
			x.match = r.parseNumber(field, value)
		case hasConflictTerm:
			x.conflictTerm = r.parseNumber(field, value)
		case hasConflictIndex:
			x.conflictIndex = r.parseNumber(field, value)
		case hasEntries:
			r.entries(p, value)
		case hasData:
			p.buf = r.payload(field, p.buf, value)
		}
	}
	return x
}

// entries reads term, term,command or term@configuration, joined by semicolons.
func (r *colonReader) entries(p *payloads, value []byte) {
	for more := true; more && r.err == nil; {
		var entry []byte
		entry, value, more = bytes.Cut(value, []byte{';'})
		end := 0
		for end < len(entry) && entry[end] != ',' && entry[end] != '@' {
			end++
		}
		term, ok := parseNumber(entry[:end])
		if !ok {
			r.err = expected(CodeBadField, "entries", "an entry that begins with its term, "+number, entry)
			return
		}
		kind := raft.NoOp
		switch {
		case end == len(entry):
		case entry[end] == '@':
			kind = raft.Config
			var c raft.Configuration
			if c, r.err = parseConfiguration(entry[end+1:], entry); r.err == nil {
				p.buf = c.AppendText(p.buf)
			}
		default:
			kind = raft.Command
			p.buf = r.payload("entries", p.buf, entry[end+1:])
		}
		if r.err == nil {
			r.err = p.add(raft.Term(term), kind)
		}
	}
}

// payload appends what escaped text says.
func (r *colonReader) payload(field string, dst, text []byte) []byte {
	dst, ok := appendUnescaped(dst, text)
	if !ok {
		r.err = expected(CodeBadField, field, "text with % only before two hexadecimal digits and without a comma", text)
	}
	return dst
}

// appendColon writes an RPC. Extensions that are zero are left out; those that are not come in this order: call, preVote, transfer,
// next, match, conflictTerm, conflictIndex, entries, data.
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
		dst = appendFlag(dst, ":preVote=true", m.PreVote)
		dst = appendFlag(dst, ":transfer=true", m.Transfer)
	case *raft.RequestVoteReply:
		dst = append(dst, ":RequestVotes:Reply"...)
		dst = appendSegments(dst, uint64(m.Term))
		dst = appendBoolean(dst, m.VoteGranted)
		dst = appendExtension(dst, ":call=", m.Call)
		dst = appendFlag(dst, ":preVote=true", m.PreVote)
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
	case *raft.InstallSnapshot:
		dst = append(dst, ":InstallSnapshot:Request"...)
		dst = appendSegments(dst, uint64(m.Term), uint64(m.LeaderID), uint64(m.LastIncludedIndex), uint64(m.LastIncludedTerm))
		dst = m.Configuration.AppendText(append(dst, ':'))
		dst = appendSegments(dst, m.Offset)
		dst = appendBoolean(dst, m.Done)
		dst = appendExtension(dst, ":call=", m.Call)
		if len(m.Data) > 0 {
			dst = appendEscaped(append(dst, ":data="...), m.Data)
		}
	case *raft.InstallSnapshotReply:
		dst = append(dst, ":InstallSnapshot:Reply"...)
		dst = appendSegments(dst, uint64(m.Term))
		dst = appendExtension(dst, ":call=", m.Call)
		dst = appendExtension(dst, ":next=", m.NextOffset)
		dst = appendExtension(dst, ":match=", uint64(m.MatchIndex))
	case *raft.TimeoutNow:
		dst = append(dst, ":TimeoutNow:Request"...)
		dst = appendSegments(dst, uint64(m.Term), uint64(m.LeaderID))
		dst = appendExtension(dst, ":call=", m.Call)
	case *raft.TimeoutNowReply:
		dst = append(dst, ":TimeoutNow:Reply"...)
		dst = appendSegments(dst, uint64(m.Term))
		dst = appendExtension(dst, ":call=", m.Call)
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

func appendFlag(dst []byte, text string, flag bool) []byte {
	if flag {
		dst = append(dst, text...)
	}
	return dst
}

func appendColonEntries(dst []byte, entries []raft.Entry) []byte {
	for i, entry := range entries {
		if i == 0 {
			dst = append(dst, ":entries="...)
		} else {
			dst = append(dst, ';')
		}
		dst = strconv.AppendUint(dst, uint64(entry.Term), 10)
		switch entry.Kind {
		case raft.Command:
			dst = append(dst, ',')
			dst = appendEscaped(dst, entry.Data)
		case raft.Config:
			dst = configurationOf(&entry).AppendText(append(dst, '@'))
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
