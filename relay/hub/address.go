package hub

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// envelope is what a room reads of a message: the address of a frame, or the method and parameters of a call to the
// room. Its slices are parts of the message.
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
	isBinary         bool
	oddID            bool // there is an id, but it cannot be echoed
}

// isFrame tells whether the message is for another member, not for the room.
func (e *envelope) isFrame() bool {
	return e.isColon || e.isBinary || e.hasFrom || e.hasTo || e.variant != ""
}

// scanner finds envelopes.
type scanner struct {
	contents
	found   envelope
	reads   uint // a bit for each key read so far, to refuse one that comes twice
	refusal error
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

// read finds the envelope of a message. With a refusal the envelope holds what was found before the fault:
// the id may already be known.
func (s *scanner) read(data []byte, binary bool) (*envelope, error) {
	*s = scanner{}
	if binary {
		return &s.found, s.readProtobuf(data)
	}
	if !utf8.Valid(data) {
		// A browser fails the whole connection over such a message (RFC 6455, 8.1): do not pass it on.
		return &s.found, &Refusal{CodeNotJSON, "", "the message is not valid UTF-8"}
	}
	text := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(text) == 0:
		return &s.found, &Refusal{CodeNotJSON, "", "the message is empty"}
	case text[0] == '{':
		return &s.found, s.readJSON(text)
	case text[0] == '[':
		return &s.found, &Refusal{CodeNotRequest, "",
			"expected one JSON object a message, got an array: batches are not taken"}
	case data[0] >= '0' && data[0] <= '9':
		return &s.found, s.readColon(data)
	}
	return &s.found, &Refusal{CodeNotJSON, "", "expected a digit (a colon frame) or { (JSON), got " + clip(data)}
}

// readColon reads the address of a colon frame: from [ ">" to ] ":". The receiver interprets the rest.
func (s *scanner) readColon(data []byte) error {
	s.found.isColon = true
	end := bytes.IndexByte(data, ':')
	if end < 0 {
		return &Refusal{CodeNotJSON, "", "expected from[>to]:type:part:fields, got no colon in " + clip(data)}
	}
	from, to, directed := bytes.Cut(data[:end], []byte{'>'})
	var bad error
	if s.found.from, bad = parseAddress("from", from); bad != nil {
		return bad
	}
	s.found.hasFrom = true
	if directed {
		if s.found.to, bad = parseAddress("to", to); bad != nil {
			return bad
		}
		s.found.hasTo = true
	}
	return nil
}

// callOf returns the id of the call that a colon frame makes, as JSON: its address and the number of its extension
// call, as in "1>2:17"; the number alone if the address is invalid; nil for a reply or an unreadable call.
func callOf(data []byte) []byte {
	const mostSegments = 64 // the number comes before the entries
	address, rest, _ := bytes.Cut(data, []byte{':'})
	_, rest, _ = bytes.Cut(rest, []byte{':'})
	part, rest, more := bytes.Cut(rest, []byte{':'})
	if string(part) == "Reply" {
		return nil
	}
	for i := 0; more && i < mostSegments; i++ {
		var segment []byte
		segment, rest, more = bytes.Cut(rest, []byte{':'})
		if digits, is := bytes.CutPrefix(segment, []byte("call=")); is {
			if _, ok := wholeNumber(digits); !ok {
				return nil
			}
			if len(address) > 64 || len(bytes.Trim(address, "0123456789>")) > 0 {
				return digits // the address cannot be repeated in an id
			}
			return []byte(`"` + string(address) + ":" + string(digits) + `"`)
		}
	}
	return nil
}

func parseAddress(field string, digits []byte) (uint64, error) {
	address, ok := wholeNumber(digits)
	if !ok || address == 0 {
		return 0, badParam(field, "a whole number from 1 to 18446744073709551615", clip(digits))
	}
	return address, nil
}

func wholeNumber(digits []byte) (n uint64, ok bool) {
	if len(digits) > len("18446744073709551615") {
		return 0, false
	}
	n, err := strconv.ParseUint(string(digits), 10, 64)
	return n, err == nil
}

// readJSON goes through the object's own members, and so learns that the object is complete.
func (s *scanner) readJSON(text []byte) error {
	s.contents = contentsOf(text)
	for s.more() {
		s.member(string(s.key), s.raw)
	}
	wrong := s.wrong
	switch s.next(); {
	case wrong != "":
	case !s.ended:
		wrong = "not a complete JSON object: " + clip(text)
	case s.at < len(text):
		wrong = "expected one JSON object a message, got more behind it"
	}
	if wrong != "" || s.found.isReply {
		s.found.id = nil // the id may be cut too, and an error must not look like an answer to another member's call
	}
	if wrong != "" {
		return &Refusal{CodeNotJSON, "", wrong}
	}
	return s.refusal
}

// member notes one member of the top object.
func (s *scanner) member(key string, raw []byte) {
	e := &s.found
	switch key {
	case "from":
		e.hasFrom = true
		e.from = s.readAddress(key, keyFrom, raw)
	case "to":
		e.hasTo = true
		e.to = s.readAddress(key, keyTo, raw)
	case "id":
		s.once(key, keyID)
		e.id = usableID(raw)
		e.oddID = e.id == nil && string(raw) != "null"
	case "method":
		e.hasMethod = true
		e.method = s.readText(key, keyMethod, raw)
	case "params":
		s.once(key, keyParams)
		e.params = raw
	case "variant":
		e.variant = s.readText(key, keyVariant, raw)
	case "fields":
		s.once(key, keyFields)
		e.fields = raw
	case "result", "error":
		e.isReply = true
	}
}

// once notes that key was read. If a key came twice, two readers of the same frame could disagree about it.
func (s *scanner) once(key string, bit uint) {
	if s.reads&bit != 0 {
		s.fault(&Refusal{CodeNotRequest, key, "the key " + key + " appears twice"})
	}
	s.reads |= bit
}

// fault keeps the first refusal. The scan goes on: truncated JSON is worse, and the id may come.
func (s *scanner) fault(why error) {
	if s.refusal == nil {
		s.refusal = why
	}
}

func (s *scanner) readAddress(key string, bit uint, raw []byte) uint64 {
	s.once(key, bit)
	address, bad := parseAddress(key, raw)
	if bad != nil {
		s.fault(bad)
	}
	return address
}

func (s *scanner) readText(key string, bit uint, raw []byte) string {
	s.once(key, bit)
	if raw[0] != '"' {
		s.fault(&Refusal{CodeNotRequest, key, key + ": expected text, got " + clip(raw)})
		return ""
	}
	return string(unquoted(raw))
}

// usableID returns the raw id of a call if it can be echoed: text or a whole number (JSON-RPC 2.0, 4), at
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

// callTable remembers who made the latest calls of the 2015 dialect, whose replies name the call that they
// answer but not its caller. It holds the last 256.
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

// caller returns the server that made the latest call uuid to server, or 0 if it is not known.
func (t *callTable) caller(uuid string, server uint64) uint64 {
	for i := range t.calls {
		c := &t.calls[(t.next-1-i+2*len(t.calls))%len(t.calls)]
		if c.uuid == uuid && c.caller != server && c.uuid != "" {
			return c.caller
		}
	}
	return 0
}

// address2015 fills in the addresses that a frame of the 2015 dialect does not have: from is the connection's own
// server, a call goes to everyone, a reply to the server that made the call.
func (h *Hub) address2015(m *member, e *envelope) error {
	if m.server == 0 {
		return &Refusal{CodeNotYours, "from",
			"a frame of the 2015 dialect is from the server of its connection, and this connection has none"}
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
			return badParam("uuid",
				"that of a call made to this server lately, because a reply of the 2015 dialect has no other address",
				strconv.Quote(uuid))
		}
		return nil
	}
	return &Refusal{CodeUnknownMethod, "variant",
		"expected RequestVote, AppendEntries, Accepted or Rejected in a message without from, got " + clip(e.variant)}
}

// uuidOf finds the uuid in fields, a list that begins with an object; empty if none has at most 64 bytes.
func uuidOf(fields []byte) (uuid string) {
	const mostUUID = 64
	list := contentsOf(fields)
	if list.end != ']' || list.next() != '{' {
		return ""
	}
	for first := contentsOf(fields[list.at:]); first.more(); {
		if string(first.key) == "uuid" && first.raw[0] == '"' {
			uuid = string(unquoted(first.raw))
		}
	}
	if len(uuid) > mostUUID {
		return ""
	}
	return uuid
}
