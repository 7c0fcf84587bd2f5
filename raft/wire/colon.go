package wire

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"raftplayground/raft"
)

// decodeColon reads a frame of the grammar in the package comment.
func (d *Decoder) decodeColon(data []byte, f *Frame) *Error {
	r := colonReader{rest: data, more: true}
	f.From, f.To = r.address()
	kind, part := r.segment("type"), r.segment("part")
	f.Reply = string(part) == "Reply"
	c := colonCall(kind)
	switch {
	case r.err != nil:
	case c == 0:
		const known = "RequestVotes, AppendEntries, InstallSnapshot or TimeoutNow"
		r.err = expected(CodeUnknownMethod, "type", known, kind)
	case f.Reply:
		d.decodeColonRPC(&r, c+replies, f)
	case string(part) == "Request":
		d.decodeColonRPC(&r, c, f)
	default:
		r.err = expected(CodeNotACall, "part", "Request or Reply", part)
	}
	if r.err != nil {
		f.Call = callOf(data)
	}
	return r.err
}

// colonNames are the names of the calls in this dialect; one has a plural.
var colonNames = [...]string{requestVote: "RequestVotes", appendEntries: calls[appendEntries],
	installSnapshot: calls[installSnapshot], timeoutNow: calls[timeoutNow]}

// colonCall returns the call of that name, 0 if there is none.
func colonCall(name []byte) content {
	for c := requestVote; c < requestVoteReply; c++ {
		if string(name) == colonNames[c] {
			return c
		}
	}
	return 0
}

// extension returns the key of a field that stands behind those that have a place of their own; "" if the
// field has one. All fields of the dialect of 2016 have a place, and so have this project's own that are
// always there.
func (s *schema) extension(i int) string {
	switch of := &s[i]; {
	case of.name == fieldMatchIndex:
		return "match"
	case of.name == fieldNextOffset:
		return "next"
	case of.spare || of.form == someBytes || of.form == messageList:
		return fieldNames[of.name]
	}
	return ""
}

// callOf returns the call number of a frame that cannot be read otherwise, so that the caller learns which
// call failed; 0 if it has none.
func callOf(data []byte) uint64 {
	for r := (colonReader{rest: data, more: true}); r.more; {
		if digits, is := bytes.CutPrefix(r.next(), []byte("call=")); is {
			call, _ := parseNumber(digits)
			return call
		}
	}
	return 0
}

const noField = 0 // the number of no field: that of the extension call

// extensionNamed returns the number of the field with that key, and the key as a string without allocating
// it; "" if there is none.
func (s *schema) extensionNamed(key []byte) (number int, name string) {
	if string(key) == "call" {
		return noField, "call"
	}
	for i := range s {
		if name := s.extension(i); name != "" && name == string(key) {
			return i, name
		}
	}
	return 0, ""
}

// decodeColonRPC reads what follows Request or Reply.
func (d *Decoder) decodeColonRPC(r *colonReader, c content, f *Frame) {
	var p parts
	of := frameSchema[c].of
	for i := range of {
		if of[i].form == unknownForm || of.extension(i) != "" {
			continue
		}
		switch name := fieldNames[of[i].name]; of[i].form {
		case aNumber:
			p.numbers[i] = r.number(name)
		case aTruth:
			p.numbers[i] = protowire.EncodeBool(r.boolean(name))
		case aMessage:
			p.configuration = r.configuration()
		}
	}
	f.Call = r.extensions(of, &p, &d.entries)
	switch {
	case r.err != nil:
	case c == appendEntries:
		p.entries = d.entries.entries()
	case c == installSnapshot:
		p.data, r.err = d.entries.chunk()
	}
	d.join(f, c, &p)
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

// extensions reads the tail: key=value segments in any order, of which call may come in every message. It
// ignores keys that it does not know, or that this message does not have, as the dialect of 2016 does.
// Entries and data go to e.
func (r *colonReader) extensions(of *schema, p *parts, e *payloads) (call uint64) {
	seen := 0 // a bit for each
	for r.err == nil && r.more {
		key, value, ok := bytes.Cut(r.next(), []byte{'='})
		number, name := of.extensionNamed(key)
		if !ok || name == "" {
			continue
		}
		if seen&(1<<number) != 0 {
			r.err = twice(name)
			return call
		}
		seen |= 1 << number
		switch form := of[number].form; {
		case number == noField:
			call = r.parseNumber(name, value)
		case form == aNumber:
			p.numbers[number] = r.parseNumber(name, value)
		case form == aTruth:
			p.numbers[number] = protowire.EncodeBool(r.parseBoolean(name, value))
		case form == messageList:
			r.entries(e, value)
		default:
			e.buf = r.payload(name, e.buf, value)
		}
	}
	return call
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
		r.err = expected(CodeBadField, field, "text with % only before two hexadecimal digits and without a comma",
			text)
	}
	return dst
}

// appendColon writes an RPC. Extensions that are zero are left out; call comes first, the others in the order of the
// schema.
func appendColon(dst []byte, f *Frame) []byte {
	dst = strconv.AppendUint(dst, f.From, 10)
	if f.To != 0 {
		dst = append(dst, '>')
		dst = strconv.AppendUint(dst, f.To, 10)
	}
	c, p := apart(f.RPC)
	of := frameSchema[c].of
	dst = append(dst, ':')
	if c < requestVoteReply {
		dst = append(append(dst, colonNames[c]...), ":Request"...)
	} else {
		dst = append(append(dst, colonNames[c-replies]...), ":Reply"...)
	}
	for i := range of {
		if of[i].form == unknownForm || of.extension(i) != "" {
			continue
		}
		dst = append(dst, ':')
		switch of[i].form {
		case aNumber:
			dst = strconv.AppendUint(dst, p.numbers[i], 10)
		case aTruth:
			dst = strconv.AppendBool(dst, p.numbers[i] == 1)
		case aMessage:
			dst = p.configuration.AppendText(dst)
		}
	}
	if p.call != 0 {
		dst = strconv.AppendUint(append(dst, ":call="...), p.call, 10)
	}
	for i := range of {
		if of[i].form != unknownForm && of.extension(i) != "" {
			dst = appendColonExtension(dst, of.extension(i), of[i].form, p.numbers[i], &p)
		}
	}
	return dst
}

// appendColonExtension writes a field that has no place of its own, unless it is zero or empty.
func appendColonExtension(dst []byte, name string, form form, n uint64, p *parts) []byte {
	absent := n == 0
	switch form {
	case someBytes:
		absent = len(p.data) == 0
	case messageList:
		absent = len(p.entries) == 0
	}
	if absent {
		return dst
	}
	dst = append(append(append(dst, ':'), name...), '=')
	switch form {
	case aNumber:
		return strconv.AppendUint(dst, n, 10)
	case aTruth:
		return append(dst, "true"...)
	case someBytes:
		return appendEscaped(dst, p.data)
	}
	return appendColonEntries(dst, p.entries)
}

func appendColonEntries(dst []byte, entries []raft.Entry) []byte {
	for i, entry := range entries {
		if i > 0 {
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

// appendEscaped writes data so that a person can read what is text in it: everything but the separators, %, control
// characters and bytes that are not UTF-8 stands for itself.
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

// appendUnescaped undoes appendEscaped. It takes more than that writes: whatever is not a separator may stand for
// itself, and small hexadecimal digits do too.
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
