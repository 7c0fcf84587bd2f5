package hub

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of a Protobuf frame (raft/wire/frame.proto). Those from firstReply on hold the content of a reply.
const (
	protoFrom  = 1
	protoTo    = 2
	protoCall  = 3
	firstReply = 8
)

// readProtobuf reads the address of a binary message. It visits all top-level fields: if one came twice, two
// readers of the same frame could disagree about it.
func (s *scanner) readProtobuf(data []byte) error {
	s.found.isBinary = true
	var call uint64
	for rest := data; len(rest) > 0; {
		number, kind, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return notProtobuf(len(data) - len(rest))
		}
		size := protowire.ConsumeFieldValue(number, kind, rest[n:])
		if size < 0 {
			return notProtobuf(len(data) - len(rest))
		}
		value := rest[n : n+size]
		rest = rest[n+size:]
		switch number {
		case protoFrom:
			s.found.from = s.protoNumber("from", keyFrom, kind, value)
		case protoTo:
			s.found.to = s.protoNumber("to", keyTo, kind, value)
		case protoCall:
			call = s.protoNumber("call", keyID, kind, value)
		default:
			s.found.isReply = s.found.isReply || number >= firstReply
		}
	}
	s.found.hasFrom, s.found.hasTo = s.found.from != 0, s.found.to != 0
	if !s.found.isReply && s.refusal == nil && call != 0 {
		s.found.id = []byte(`"` + decimal(s.found.from) + ">" + decimal(s.found.to) + ":" + decimal(call) + `"`)
	}
	return s.refusal
}

// protoNumber reads a numeric field; 0 means that it is absent, as everywhere in Protobuf.
func (s *scanner) protoNumber(field string, bit uint, kind protowire.Type, value []byte) uint64 {
	s.once(field, bit)
	number, n := protowire.ConsumeVarint(value)
	if kind != protowire.VarintType || n < 0 {
		s.fault(badParam(field, "a varint", "another type of field"))
		return 0
	}
	return number
}

func notProtobuf(at int) error {
	const what = "expected a Protobuf frame in a binary message; it goes wrong at byte "
	return &Refusal{CodeNotJSON, "", what + strconv.Itoa(at)}
}
