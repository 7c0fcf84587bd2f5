package wire

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"raftplayground/raft"
)

// decodeProtobuf reads a Frame of frame.proto. In what it knows it is stricter than Protobuf asks: a field
// of another type, a field or a content that comes twice, and a truth that is neither 0 nor 1 are errors.
func (d *Decoder) decodeProtobuf(data []byte, f *Frame) *Error {
	r := protoReader{schema: &frameSchema, rest: data}
	content, contents := content(0), 0
	for r.next() {
		if r.field >= requestVote {
			content = r.field
			contents++
		}
	}
	f.From, f.To, f.Call, f.Reply = r.numbers[1], r.numbers[2], r.numbers[3], content >= requestVoteReply
	switch {
	case r.err != nil:
		return r.err
	case f.From == 0:
		return &Error{Code: CodeNotACall, Field: "from",
			Message: "from: expected the sender's number, 1 or more, came nothing"}
	case contents != 1:
		return &Error{Code: CodeNotACall, Field: "content", Message: "content: expected one call or one reply, came " +
			strconv.Itoa(contents)}
	}
	r = protoReader{schema: frameSchema[content].of, rest: r.bytes[content]}
	d.protoContent(&r, content, f)
	return r.err
}

// protoContent reads the call or the reply.
func (d *Decoder) protoContent(r *protoReader, c content, f *Frame) {
	for r.next() {
		if r.schema[r.field].form == messageList {
			r.entry(&d.entries, r.bytes[r.field])
		}
	}
	p := parts{numbers: r.numbers}
	switch c {
	case appendEntries:
		p.entries = d.entries.entries()
	case installSnapshot:
		p.configuration = r.configuration(r.bytes[5])
		d.entries.buf = append(d.entries.buf, r.bytes[7]...)
		if r.err == nil {
			p.data, r.err = d.entries.chunk()
		}
	}
	d.join(f, c, &p)
}

// protoReader takes a message apart, field by field. The first error stays; after it there is no next field.
type protoReader struct {
	schema *schema
	rest   []byte
	field  protowire.Number // the one that was read last
	seen   uint16           // a bit for each that came and may come once

	// What each that was read holds: a number, or 0 and 1 for a truth; or bytes, nil if it did not come,
	// and of a list only what came last.
	numbers [len(schema{})]uint64
	bytes   [len(schema{})][]byte

	err *Error
}

// next reads the next field that the schema has, and skips those that it has not.
func (r *protoReader) next() bool {
	for r.err == nil && len(r.rest) > 0 {
		number, kind, tag, size := consumeField(r.rest)
		if size < 0 {
			r.err = expected(CodeNotAFrame, "frame", "a Protobuf message that is whole", r.rest)
			break
		}
		value := r.rest[tag:size]
		r.rest = r.rest[size:]
		if r.schema.has(number) {
			r.field = number
			r.take(kind, value)
			return r.err == nil
		}
	}
	return false
}

// consumeField finds the first field of a message: its number and type, how many bytes its tag has, and how
// many tag and value have together; less than 0 if it is not whole.
func consumeField(message []byte) (number protowire.Number, kind protowire.Type, tag, size int) {
	number, kind, tag = protowire.ConsumeTag(message)
	if tag < 0 {
		return 0, 0, 0, tag
	}
	if size = protowire.ConsumeFieldValue(number, kind, message[tag:]); size < 0 {
		return 0, 0, 0, size
	}
	return number, kind, tag, tag + size
}

// take reads the value of a field, which is whole.
func (r *protoReader) take(kind protowire.Type, value []byte) {
	field := &r.schema[r.field]
	list := field.form == numberList || field.form == messageList
	if bit := uint16(1) << r.field; !list && r.seen&bit != 0 {
		r.err = twice(r.schema.nameOf(r.field))
		return
	} else {
		r.seen |= bit
	}
	asNumber := field.form == aNumber || field.form == aTruth
	switch {
	case kind == protowire.VarintType && field.form == numberList:
		r.bytes[r.field] = value
	case kind == protowire.VarintType && asNumber:
		r.numbers[r.field], _ = protowire.ConsumeVarint(value)
		if field.form == aTruth && r.numbers[r.field] > 1 {
			r.err = expected(CodeBadField, r.schema.nameOf(r.field), "0 or 1",
				strconv.AppendUint(nil, r.numbers[r.field], 10))
		}
	case kind == protowire.BytesType && !asNumber:
		r.bytes[r.field], _ = protowire.ConsumeBytes(value)
	case asNumber:
		r.err = expected(CodeBadField, r.schema.nameOf(r.field), "a varint", value)
	default:
		r.err = expected(CodeBadField, r.schema.nameOf(r.field), "a field with a length", value)
	}
}

// entry reads an entry of the log.
func (r *protoReader) entry(p *payloads, message []byte) {
	e := protoReader{schema: &entrySchema, rest: message}
	for e.next() {
	}
	kind := raft.NoOp
	switch command, configuration := e.bytes[2], e.bytes[3]; {
	case command != nil && configuration != nil:
		e.err = expected(CodeBadField, "entries", "either a command or a configuration", message)
	case command != nil:
		kind = raft.Command
		p.buf = append(p.buf, command...)
	case configuration != nil:
		kind = raft.Config
		if c := e.configuration(configuration); e.err == nil {
			p.buf = c.AppendText(p.buf)
		}
	}
	if e.err == nil {
		e.err = p.add(raft.Term(e.numbers[1]), kind)
	}
	r.err = e.err
}

// configuration reads a configuration, which must be there.
func (r *protoReader) configuration(message []byte) raft.Configuration {
	switch {
	case r.err != nil:
		return raft.Configuration{}
	case message == nil:
		r.err = missing("configuration", "a configuration of at least one voter")
		return raft.Configuration{}
	}
	lists := protoReader{schema: &configurationSchema, rest: message}
	var text [len(schema{})][]byte
	for lists.next() {
		for packed := lists.bytes[lists.field]; len(packed) > 0; {
			server, n := protowire.ConsumeVarint(packed)
			if n < 0 {
				lists.err = expected(CodeBadField, lists.schema.nameOf(lists.field), "servers as varints", packed)
				break
			}
			packed = packed[n:]
			if len(text[lists.field]) > 0 {
				text[lists.field] = append(text[lists.field], ',')
			}
			text[lists.field] = strconv.AppendUint(text[lists.field], server, 10)
		}
	}
	if r.err = lists.err; r.err != nil {
		return raft.Configuration{}
	}
	voters, outgoing, learners := text[1], text[2], text[3]
	if len(outgoing) > 0 {
		voters = append(append(outgoing, '>'), voters...)
	}
	if len(learners) > 0 {
		voters = append(append(voters, '+'), learners...)
	}
	var c raft.Configuration
	c, r.err = parseConfiguration(voters, message)
	return c
}

// appendProtobuf writes an RPC as a Frame of frame.proto. Fields that are zero are left out, and the others are in
// the order of their numbers: so one frame is always the same bytes.
func appendProtobuf(dst []byte, f *Frame) []byte {
	w := protoWriter{dst}
	c, p := apart(f.RPC)
	w.number(1, f.From)
	w.number(2, f.To)
	w.number(3, p.call)
	start := w.open(c)
	for i := range frameSchema[c].of {
		number := protowire.Number(i)
		switch frameSchema[c].of[i].form {
		case aNumber, aTruth:
			w.number(number, p.numbers[i])
		case someBytes:
			if len(p.data) > 0 {
				w.bytes(number, p.data)
			}
		case aMessage:
			w.configuration(number, p.configuration)
		case messageList:
			for k := range p.entries {
				w.entry(number, &p.entries[k])
			}
		}
	}
	w.end(start)
	return w.dst
}

// protoWriter appends fields to dst.
type protoWriter struct{ dst []byte }

func (w *protoWriter) number(field protowire.Number, v uint64) {
	if v != 0 {
		w.dst = protowire.AppendVarint(protowire.AppendTag(w.dst, field, protowire.VarintType), v)
	}
}

func (w *protoWriter) bytes(field protowire.Number, v []byte) {
	w.dst = protowire.AppendBytes(protowire.AppendTag(w.dst, field, protowire.BytesType), v)
}

// open begins a field that is a message. It returns where the message starts, for end.
func (w *protoWriter) open(field protowire.Number) (start int) {
	w.dst = protowire.AppendTag(w.dst, field, protowire.BytesType)
	return len(w.dst)
}

// end makes room before a message for its length, which is known only now.
func (w *protoWriter) end(start int) {
	length := len(w.dst) - start
	w.dst = protowire.AppendVarint(w.dst, uint64(length))
	size := len(w.dst) - start - length
	var prefix [5]byte // enough for any length below 2^35
	copy(prefix[:], w.dst[start+length:])
	copy(w.dst[start+size:], w.dst[start:start+length])
	copy(w.dst[start:], prefix[:size])
}

func (w *protoWriter) entry(field protowire.Number, e *raft.Entry) {
	start := w.open(field)
	w.number(1, uint64(e.Term))
	switch e.Kind {
	case raft.Command:
		w.bytes(2, e.Data)
	case raft.Config:
		w.configuration(3, configurationOf(e))
	}
	w.end(start)
}

func (w *protoWriter) configuration(field protowire.Number, c raft.Configuration) {
	start := w.open(field)
	for i, servers := range [...][]raft.ServerID{c.Voters, c.Outgoing, c.Learners} {
		if len(servers) == 0 {
			continue
		}
		list := w.open(protowire.Number(i + 1))
		for _, s := range servers {
			w.dst = protowire.AppendVarint(w.dst, uint64(s))
		}
		w.end(list)
	}
	w.end(start)
}
