package hub

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
)

// envelope is what a room reads of a message: the address of a frame, or the method and parameters of a call to the room.
// Its slices are the scanner's and live until it scans the next message.
type envelope struct {
	from, to         uint64
	hasFrom, hasTo   bool
	id               []byte // raw JSON of a call's id: text, number or null; nil if there is none, or it is a reply's
	method           string
	params           []byte // raw JSON, nil if there are none
	hasMethod        bool
	variant          string // of the 2015 dialect, which has no addresses
	fields           []byte
	isReply, isColon bool
	oddID            bool // there is an id, and it cannot be echoed
}

// isFrame says that the message is for another member, not for the room.
func (e *envelope) isFrame() bool { return e.isColon || e.hasFrom || e.hasTo || e.variant != "" }

// scanner finds envelopes. It keeps its memory between messages.
type scanner struct {
	iter    *jsoniter.Iterator
	visit   func(*jsoniter.Iterator, string) bool
	found   envelope
	reads   uint // a bit for each key read so far, to refuse one that comes twice
	refusal *refusal

	id, params, fields []byte
}

const (
	keyFrom = 1 << iota
	keyTo
	keyID
	keyMethod
	keyParams
	keyVariant
	keyFields
)

func (s *scanner) init() {
	s.iter = jsoniter.ParseBytes(jsoniter.ConfigDefault, nil)
	s.visit = s.member
	s.id, s.params, s.fields = make([]byte, 0, 64), make([]byte, 0, 512), make([]byte, 0, 512) // the iterator takes no nil
}

// read finds the envelope of a text message. With a refusal the envelope holds what was found before the fault: its id may be known.
func (s *scanner) read(data []byte) (*envelope, *refusal) {
	s.found, s.reads, s.refusal = envelope{}, 0, nil
	if !utf8.Valid(data) {
		// A browser fails the whole connection over such a message (RFC 6455, 8.1): it must not reach anybody.
		return &s.found, &refusal{codeNotJSON, "", "the message is not valid UTF-8"}
	}
	text := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(text) == 0:
		return &s.found, &refusal{codeNotJSON, "", "the message is empty"}
	case text[0] == '{':
		return &s.found, s.readJSON(data)
	case text[0] == '[':
		return &s.found, &refusal{codeNotRequest, "", "expected one JSON object a message, got an array: batches are not taken"}
	case data[0] >= '0' && data[0] <= '9':
		return &s.found, s.readColon(data)
	}
	return &s.found, &refusal{codeNotJSON, "", "expected a digit (a colon frame) or { (JSON), got " + clip(string(data))}
}

// readColon reads the address of a colon frame: from [ ">" to ] ":". What follows is the receiver's to understand.
func (s *scanner) readColon(data []byte) *refusal {
	s.found.isColon = true
	end := bytes.IndexByte(data, ':')
	if end < 0 {
		return &refusal{codeNotJSON, "", "expected from[>to]:type:part:fields, got no colon in " + clip(string(data))}
	}
	from, to, directed := bytes.Cut(data[:end], []byte{'>'})
	var bad *refusal
	if s.found.from, bad = parseAddress("from", string(from)); bad != nil {
		return bad
	}
	s.found.hasFrom = true
	if directed {
		if s.found.to, bad = parseAddress("to", string(to)); bad != nil {
			return bad
		}
		s.found.hasTo = true
	}
	return nil
}

// callOf returns the id of the call that a colon frame makes, as JSON: its address and the number of its extension call, as in "1>2:17"; the number alone if the address is none; nil if it makes none that can be
// read, or is a reply.
func callOf(data []byte) []byte {
	segments := bytes.Split(data, []byte{':'})
	if len(segments) < 4 || string(segments[2]) == "Reply" {
		return nil
	}
	for _, s := range segments[3:] {
		if digits, is := bytes.CutPrefix(s, []byte("call=")); is {
			if _, err := strconv.ParseUint(string(digits), 10, 64); err != nil {
				return nil
			}
			if len(bytes.Trim(segments[0], "0123456789>")) > 0 || len(segments[0]) > 64 {
				return digits // the address is not one that could be repeated
			}
			return []byte(`"` + string(segments[0]) + ":" + string(digits) + `"`)
		}
	}
	return nil
}

func parseAddress(field, digits string) (uint64, *refusal) {
	address, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || address == 0 {
		return 0, badParam(field, "a whole number from 1 to 18446744073709551615", digits)
	}
	return address, nil
}

// readJSON walks over the object's own members, skips the values that are the receiver's, and so learns that the object is complete.
func (s *scanner) readJSON(data []byte) *refusal {
	s.iter.ResetBytes(data)
	s.iter.Error = nil
	if complete := s.iter.ReadObjectCB(s.visit); !complete || s.iter.Error != nil {
		s.found.id = nil // it may be cut too
		return &refusal{codeNotJSON, "", "not a complete JSON object: " + clip(string(data))}
	}
	if number := strangeNumber(data); number != "" {
		s.found.id = nil
		return &refusal{codeNotJSON, "", "not a JSON number: " + clip(number)}
	}
	if s.iter.WhatIsNext(); s.iter.Error != io.EOF {
		s.found.id = nil
		return &refusal{codeNotJSON, "", "expected one JSON object a message, got more behind it"}
	}
	if s.found.isReply {
		s.found.id = nil // an error must not be taken for an answer to somebody else's call
	}
	return s.refusal
}

// member reads one member of the top object.
func (s *scanner) member(it *jsoniter.Iterator, key string) bool {
	switch key {
	case "from":
		s.found.hasFrom = true
		s.found.from = s.address(it, key, keyFrom)
	case "to":
		s.found.hasTo = true
		s.found.to = s.address(it, key, keyTo)
	case "id":
		s.id = s.raw(it, key, keyID, s.id)
		s.found.id = usableID(s.id)
		s.found.oddID = s.found.id == nil && string(s.id) != "null"
	case "method":
		s.found.hasMethod = true
		s.found.method = s.text(it, key, keyMethod)
	case "params":
		s.params = s.raw(it, key, keyParams, s.params)
		s.found.params = s.params
	case "variant":
		s.found.variant = s.text(it, key, keyVariant)
	case "fields":
		s.fields = s.raw(it, key, keyFields, s.fields)
		s.found.fields = s.fields
	case "result", "error":
		s.found.isReply = true
		it.Skip()
	default:
		it.Skip()
	}
	return it.Error == nil
}

// once notes that key was read; a second one would let two readers of the same frame disagree about it.
func (s *scanner) once(key string, bit uint) {
	if s.reads&bit != 0 {
		s.fault(&refusal{codeNotRequest, key, "the key " + key + " appears twice"})
	}
	s.reads |= bit
}

// fault keeps the first refusal; the scan goes on, because JSON that is cut is the greater fault and the id may be still to come.
func (s *scanner) fault(why *refusal) {
	if s.refusal == nil {
		s.refusal = why
	}
}

func (s *scanner) address(it *jsoniter.Iterator, key string, bit uint) uint64 {
	s.once(key, bit)
	if it.WhatIsNext() != jsoniter.NumberValue {
		s.fault(badParam(key, "a whole number from 1 to 18446744073709551615", string(it.SkipAndReturnBytes())))
		return 0
	}
	address, bad := parseAddress(key, string(it.ReadNumber()))
	if bad != nil {
		s.fault(bad)
	}
	return address
}

func (s *scanner) text(it *jsoniter.Iterator, key string, bit uint) string {
	s.once(key, bit)
	if it.WhatIsNext() != jsoniter.StringValue {
		s.fault(&refusal{codeNotRequest, key, key + ": expected text, got " + clip(string(it.SkipAndReturnBytes()))})
		return ""
	}
	return it.ReadString()
}

func (s *scanner) raw(it *jsoniter.Iterator, key string, bit uint, into []byte) []byte {
	s.once(key, bit)
	it.WhatIsNext() // stand on the value itself
	return it.SkipAndAppendBytes(into[:0])
}

// strangeNumber finds a number that is not written as JSON has it, or that no double can hold: the iterator
// takes -01 and 1e999, but a browser's JSON.parse, to which a report and a frame go on, fails or reads infinity.
func strangeNumber(data []byte) string {
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(data) && strings.IndexByte("0123456789+-.eE", data[end]) >= 0 {
				end++
			}
			if !isNumber(data[i:end]) {
				return string(data[i:end])
			}
			i = end - 1
		}
	}
	return ""
}

// isNumber tells whether text is a number of JSON (RFC 8259, 6) that a double can hold, if only nearly.
func isNumber(text []byte) bool {
	digits := func(from int) int {
		for from < len(text) && text[from] >= '0' && text[from] <= '9' {
			from++
		}
		return from
	}
	at := 0
	if text[0] == '-' {
		at = 1
	}
	whole := digits(at)
	if whole == at || text[at] == '0' && whole > at+1 {
		return false
	}
	exponent := 0 // digits of it
	if at = whole; at < len(text) && text[at] == '.' {
		if at = digits(whole + 1); at == whole+1 {
			return false
		}
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		if at++; at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		from := at
		at = digits(from)
		if exponent = at - from; exponent == 0 {
			return false
		}
	}
	if at != len(text) {
		return false
	}
	if len(text) < 200 && exponent <= 2 {
		return true // no more than 200 digits and an exponent of 99
	}
	_, err := strconv.ParseFloat(string(text), 64)
	return err == nil
}

// usableID is the raw id of a call if it can be echoed: text or a whole number of any size (JSON-RPC 2.0, 4), at
// most 256 bytes.
func usableID(raw []byte) []byte {
	if len(raw) == 0 || len(raw) > 256 {
		return nil
	}
	if raw[0] == '"' {
		return raw
	}
	for i, c := range raw {
		if (c < '0' || c > '9') && (c != '-' || i > 0) {
			return nil
		}
	}
	return raw
}

// callTable remembers who made the latest calls of the 2015 dialect, whose replies say which call they answer but not whose it was.
// It holds the last 256.
type callTable struct {
	calls [256]struct {
		uuid   string
		caller uint64
	}
	next int
}

func (t *callTable) made(uuid string, caller uint64) {
	t.calls[t.next].uuid, t.calls[t.next].caller = uuid, caller
	t.next = (t.next + 1) % len(t.calls)
}

// caller is who made the latest call uuid that reached server, 0 if nobody is known.
func (t *callTable) caller(uuid string, server uint64) uint64 {
	for i := range t.calls {
		c := &t.calls[(t.next-1-i+2*len(t.calls))%len(t.calls)]
		if c.uuid == uuid && c.caller != server && c.uuid != "" {
			return c.caller
		}
	}
	return 0
}

// address2015 fills in the addresses that a frame of the 2015 dialect does not have: from is the connection's own server, a call goes
// to everyone, a reply to the server that made the call.
func (h *Hub) address2015(m *member, e *envelope) *refusal {
	if m.server == 0 {
		return &refusal{codeNotYours, "from", "a frame of the 2015 dialect is from the server of its connection, and this connection has none"}
	}
	e.from, e.hasFrom = m.server, true
	uuid := uuidOf(e.fields)
	switch e.variant {
	case "RequestVote", "AppendEntries":
		if uuid != "" {
			h.calls.made(uuid, m.server)
		}
		return nil
	case "Accepted", "Rejected":
		e.to, e.hasTo = h.calls.caller(uuid, m.server), true
		if e.to == 0 {
			return badParam("uuid", "that of a call made to this server lately, because a reply of the 2015 dialect has no other address", strconv.Quote(uuid))
		}
		return nil
	}
	return &refusal{codeUnknownMethod, "variant", "expected RequestVote, AppendEntries, Accepted or Rejected in a message without from, got " + clip(e.variant)}
}

// uuidOf finds the uuid in fields, a list whose first element is an object; empty if it has none of at most 64 bytes.
func uuidOf(fields []byte) string {
	it := jsoniter.ParseBytes(jsoniter.ConfigDefault, fields)
	if it.WhatIsNext() != jsoniter.ArrayValue || !it.ReadArray() || it.WhatIsNext() != jsoniter.ObjectValue {
		return ""
	}
	uuid := ""
	it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
		if key == "uuid" && it.WhatIsNext() == jsoniter.StringValue {
			uuid = it.ReadString()
		} else {
			it.Skip()
		}
		return it.Error == nil
	})
	if len(uuid) > 64 {
		return ""
	}
	return uuid
}
