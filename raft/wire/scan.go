package wire

import (
	"bytes"
	"encoding/base64"

	jsoniter "github.com/json-iterator/go"
)

// maxDepth is how deep a frame may nest objects and lists. Ours reach six; unknown fields may bring more.
const maxDepth = 32

// maxNumber is the longest number looked at, in bytes. No field of ours is longer than 20.
const maxNumber = 64

// scanner walks over JSON text. json-iterator judges and decodes the values; the walk over objects and lists is done
// here, because its own makes a string of every key, and because a message's parameters may stand before its method.
//
// A text is walked over as a whole once (check); from then on it is known to be well-formed and its parts may be cut
// out of it.
type scanner struct {
	data    []byte
	pos     int
	checked bool
	iter    *jsoniter.Iterator
}

// check walks over the whole text and tells whether it is one JSON object and nothing else.
func (s *scanner) check() bool {
	ok := s.value(0)
	s.space()
	s.checked = true
	return ok && s.pos == len(s.data)
}

func (s *scanner) space() {
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
}

// take moves over the byte c, which may have spaces before it, and tells whether it was there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// value moves over one value.
func (s *scanner) value(depth int) bool {
	s.space()
	if s.pos == len(s.data) || depth > maxDepth {
		return false
	}
	switch s.data[s.pos] {
	case '{':
		return s.composite('}', true, depth)
	case '[':
		return s.composite(']', false, depth)
	case '"':
		return s.text()
	}
	return s.scalar()
}

// composite moves over an object or a list.
func (s *scanner) composite(end byte, keys bool, depth int) bool {
	s.pos++
	if s.take(end) {
		return true
	}
	for {
		if s.space(); keys && !(s.pos < len(s.data) && s.data[s.pos] == '"' && s.text() && s.take(':')) {
			return false
		}
		if !s.value(depth + 1) {
			return false
		}
		if s.take(end) {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// text moves over a string that begins here.
func (s *scanner) text() bool {
	start := s.pos
	escaped := false
	for i := start + 1; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return !escaped || s.checked || s.judge(start)
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return false
		}
	}
	return false
}

// scalar moves over a number, true, false or null.
func (s *scanner) scalar() bool {
	start := s.pos
	for s.pos < len(s.data) && !isSpace(s.data[s.pos]) && !isDelimiter(s.data[s.pos]) {
		s.pos++
	}
	if s.checked {
		return true
	}
	return s.pos-start <= maxNumber && isScalar(s.data[start:s.pos])
}

// isScalar tells whether this is true, false, null or a number as RFC 8259 has them. json-iterator lets some pass that
// are none, such as -01, and takes a time for long ones that grows with their square.
func isScalar(text []byte) bool {
	switch string(text) {
	case "true", "false", "null":
		return true
	}
	rest := bytes.TrimPrefix(text, []byte("-"))
	digits := func() bool {
		before := len(rest)
		rest = bytes.TrimLeft(rest, "0123456789")
		return len(rest) < before
	}
	leading := len(rest) > 1 && rest[0] == '0' && isDigit(rest[1])
	if leading || !digits() {
		return false
	}
	if len(rest) > 0 && rest[0] == '.' {
		if rest = rest[1:]; !digits() {
			return false
		}
	}
	if len(rest) > 0 && rest[0]|' ' == 'e' {
		if rest = rest[1:]; len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(rest) == 0
}

// judge has json-iterator read the string that lies between start and pos and tells whether its escapes mean something.
func (s *scanner) judge(start int) bool {
	s.iter.ResetBytes(s.data[start:s.pos])
	s.iter.Error = nil
	s.iter.ReadString()
	return s.iter.Error == nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isDelimiter(c byte) bool { return c == ',' || c == '}' || c == ']' || c == ':' || c == '"' }

// object is what an object of a frame holds of the fields that this package knows.
type object struct {
	values [fields][]byte             // as written, without spaces around
	seen   [(fields + 63) / 64]uint64 // a bit for each
}

func (o *object) has(f field) bool { return o.seen[f/64]&(1<<(f%64)) != 0 }

// get returns the field's value as written, nil if it is not there.
func (o *object) get(f field) []byte {
	if !o.has(f) {
		return nil
	}
	return o.values[f]
}

// reader takes the fields out of a checked text. The first error stays; after it every method returns zero.
type reader struct {
	scanner
	quotedNumbers bool // a number may stand in quotes, as in the dialect of 2015
	err           *Error
}

// object reads the known fields of an object into o. where is what an error calls it.
func (r *reader) object(text []byte, where string, o *object) {
	clear(o.seen[:])
	if r.err != nil {
		return
	}
	if text == nil {
		r.err = missing(where, "an object")
		return
	}
	if text[0] != '{' {
		r.err = expected(CodeBadField, where, "an object", text)
		return
	}
	s := scanner{data: text, pos: 1, checked: true}
	for !s.take('}') {
		s.take(',')
		s.space()
		start := s.pos
		s.text()
		key := s.data[start:s.pos]
		s.take(':')
		s.space()
		start = s.pos
		s.value(0)
		f := r.field(key)
		if f == unknownField {
			continue
		}
		if o.has(f) {
			r.err = twice(fieldNames[f])
			return
		}
		o.seen[f/64] |= 1 << (f % 64)
		o.values[f] = s.data[start:s.pos]
	}
}

// field tells which field a key with its quotes names.
func (r *reader) field(key []byte) field {
	for _, c := range key {
		if c == '\\' {
			r.iter.ResetBytes(key)
			return fieldOf(r.iter.ReadString())
		}
	}
	return fieldOf(string(key[1 : len(key)-1])) // does not allocate: fieldOf only compares
}

// next cuts the next element out of the list s is in, nil at its end.
func (s *scanner) next() []byte {
	if s.take(']') {
		return nil
	}
	s.take(',')
	s.space()
	start := s.pos
	s.value(0)
	return s.data[start:s.pos]
}

// list starts to read a required list, see scanner.next.
func (r *reader) list(o *object, f field) (s scanner) {
	text := o.get(f)
	switch {
	case r.err != nil:
	case text == nil:
		r.err = missing(fieldNames[f], "a list")
	case text[0] != '[':
		r.err = expected(CodeBadField, fieldNames[f], "a list", text)
	default:
		return scanner{data: text, pos: 1, checked: true}
	}
	return scanner{data: []byte("]"), checked: true}
}

// number reads a required number.
func (r *reader) number(o *object, f field) uint64 {
	if text := o.get(f); r.err == nil && text == nil {
		r.err = missing(fieldNames[f], number)
	}
	return r.optional(o, f)
}

// optional reads a number that is 0 when it is not there.
func (r *reader) optional(o *object, f field) uint64 {
	text := o.get(f)
	if r.err != nil || text == nil {
		return 0
	}
	return r.parse(text, fieldNames[f])
}

func (r *reader) parse(text []byte, name string) uint64 {
	digits := text
	if n := len(text); r.quotedNumbers && n > 2 && text[0] == '"' {
		digits = text[1 : n-1]
	}
	n, ok := parseNumber(digits)
	if !ok {
		r.err = expected(CodeBadField, name, number, text)
	}
	return n
}

// boolean reads a required boolean.
func (r *reader) boolean(o *object, f field) bool {
	text := o.get(f)
	switch {
	case r.err != nil:
	case text == nil:
		r.err = missing(fieldNames[f], "true or false")
	case string(text) != "true" && string(text) != "false":
		r.err = expected(CodeBadField, fieldNames[f], "true or false", text)
	}
	return string(text) == "true"
}

// flag reads a boolean that is false when it is not there.
func (r *reader) flag(o *object, f field) bool {
	return o.has(f) && r.boolean(o, f)
}

// payload appends a required payload to dst: text, or {"base64":"…"}.
func (r *reader) payload(dst []byte, text []byte, name string) []byte {
	const what = `text or {"base64":"…"}`
	if r.err != nil {
		return dst
	}
	if text == nil {
		r.err = missing(name, what)
		return dst
	}
	switch text[0] {
	case '"':
		return r.appendText(dst, text)
	case '{':
		var o object
		r.object(text, name, &o)
		encoded := o.get(fieldBase64)
		if r.err != nil || len(encoded) < 2 || encoded[0] != '"' {
			break
		}
		out, err := base64.StdEncoding.Strict().AppendDecode(dst, encoded[1:len(encoded)-1])
		if err == nil {
			return out
		}
	}
	if r.err == nil {
		r.err = expected(CodeBadField, name, what, text)
	}
	return dst
}

// appendText appends what a string says. Only one with escapes allocates.
func (r *reader) appendText(dst []byte, text []byte) []byte {
	for _, c := range text {
		if c == '\\' {
			r.iter.ResetBytes(text)
			return append(dst, r.iter.ReadString()...)
		}
	}
	return append(dst, text[1:len(text)-1]...)
}
