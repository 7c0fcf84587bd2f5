package wire

import (
	"strconv"
	"unicode/utf8"

	jsoniter "github.com/json-iterator/go"
	"google.golang.org/protobuf/encoding/protowire"

	"raftplayground/raft"
)

// decodeObject reads a frame that is a JSON object: JSON-RPC 2.0, or with "variant" and without "jsonrpc" the
// dialect of 2015.
func (d *Decoder) decodeObject(data []byte, f *Frame) *Error {
	if d.iter == nil {
		d.iter = jsoniter.NewIterator(jsoniter.ConfigDefault)
	}
	r := reader{scanner: scanner{data: data, iter: d.iter}}
	if !utf8.Valid(data) {
		return expected(CodeNotAFrame, "frame", "JSON in UTF-8", data)
	}
	if !r.check() {
		return expected(CodeNotAFrame, "frame", "one whole JSON object (it goes wrong at byte "+strconv.Itoa(r.pos)+")",
			data)
	}
	var top object
	r.object(data, "frame", &top)
	if r.err != nil {
		r.err.Code = CodeNotACall
		return r.err
	}
	if top.get(fieldVariant) != nil && top.get(fieldJSONRPC) == nil {
		f.Encoding = Variant
		r.quotedNumbers = true
		return d.decodeVariant(&r, &top, f)
	}
	f.Reply = top.get(fieldMethod) == nil && (top.get(fieldResult) != nil || top.get(fieldError) != nil)
	r.envelope(&top, f)
	switch {
	case r.err != nil:
	case top.get(fieldMethod) != nil:
		d.decodeCall(&r, &top, f)
	case top.get(fieldResult) != nil && top.get(fieldError) != nil:
		r.err = &Error{Code: CodeNotACall, Field: "error", Message: "error: expected either result or error, came both"}
	case top.get(fieldResult) != nil:
		d.decodeResult(&r, &top, f)
	case top.get(fieldError) != nil:
		d.decodeRefusal(&r, &top, f)
	default:
		r.err = missing("method", "a method, a result or an error")
		r.err.Code = CodeNotACall
	}
	return r.err
}

// envelope reads what every JSON-RPC frame has: the version, the address and the id. It reads the address even where
// the version is wrong, so that the error can be answered.
func (r *reader) envelope(top *object, f *Frame) {
	f.From, f.To = r.number(top, fieldFrom), r.optional(top, fieldTo)
	switch {
	case r.err == nil && f.From == 0:
		r.err = expected(CodeNotACall, "from", "the sender's number, 1 or more", top.get(fieldFrom))
	case r.err == nil && f.To == 0 && top.get(fieldTo) != nil:
		r.err = expected(CodeNotACall, "to", "the receiver's number, 1 or more", top.get(fieldTo))
	case r.err == nil:
		r.callID(top.get(fieldID), f)
	}
	version := top.get(fieldJSONRPC)
	if r.err == nil && version == nil {
		r.err = missing("jsonrpc", `"2.0"`)
	}
	if r.err == nil && string(version) != `"2.0"` {
		r.err = expected(CodeNotACall, "jsonrpc", `"2.0"`, version)
	}
	if r.err != nil {
		r.err.Code = CodeNotACall
	}
}

// callID reads "from>to:call", or keeps the id of a sender that names its calls in another way. In a reply,
// from and to are those of the call, the reverse of the frame's; a call to everyone has 0 for to.
func (r *reader) callID(id []byte, f *Frame) {
	if id == nil || string(id) == "null" {
		return
	}
	if len(id) > MaxID {
		r.err = tooMuch(CodeNotACall, "id", MaxID, "bytes", len(id))
		return
	}
	if id[0] != '"' && id[0] != '-' && !isDigit(id[0]) {
		r.err = expected(CodeNotACall, "id", "text, a number or null", id)
		return
	}
	caller, called := f.From, f.To
	if f.Reply {
		caller, called = f.To, f.From
	}
	if from, to, call, ok := parseID(id); ok && from == caller && (to == called || f.Reply && to == 0) && call != 0 {
		f.Call = call
		return
	}
	f.ID, f.Call = id, foreignCall(id)
}

// parseID reads an id as this package writes it, with its quotes.
func parseID(id []byte) (from, to, call uint64, ok bool) {
	if id[0] != '"' {
		return 0, 0, 0, false
	}
	r := colonReader{rest: id[1 : len(id)-1], more: true}
	address := r.next()
	for i, c := range address {
		if c == '>' {
			var a, b, c bool
			from, a = parseNumber(address[:i])
			to, b = parseNumber(address[i+1:])
			call, c = parseNumber(r.rest)
			return from, to, call, a && b && c
		}
	}
	return 0, 0, 0, false
}

// foreignCall makes a call number from an id of another kind: the number that it is, or else its FNV-1a hash.
func foreignCall(id []byte) uint64 {
	if n, ok := parseNumber(id); ok {
		return n
	}
	hash := uint64(14695981039346656037)
	for _, c := range id {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	return hash
}

// decodeCall reads the first half of a call.
func (d *Decoder) decodeCall(r *reader, top *object, f *Frame) {
	method := top.get(fieldMethod)
	var p object
	name := unquoted(method)
	c, request := callNamed(name), methodOf(name)
	if c == 0 && request == 0 {
		r.err = expected(CodeUnknownMethod, "method", allMethods, method)
		return
	}
	r.object(top.get(fieldParams), "params", &p)
	if c != 0 {
		d.decodeRPC(r, &p, f, c)
	} else {
		d.decodeRequest(r, &p, f, request)
	}
}

// callNamed returns the call of that name, 0 if there is none.
func callNamed(name []byte) content {
	for c := requestVote; c < requestVoteReply; c++ {
		if string(name) == calls[c] {
			return c
		}
	}
	return 0
}

// decodeRPC reads what a call or a reply holds.
func (d *Decoder) decodeRPC(r *reader, o *object, f *Frame, c content) {
	var p parts
	for i := range frameSchema[c].of {
		switch of := &frameSchema[c].of[i]; of.form {
		case aNumber:
			if of.spare {
				p.numbers[i] = r.optional(o, of.name)
			} else {
				p.numbers[i] = r.number(o, of.name)
			}
		case aTruth:
			if of.spare {
				p.numbers[i] = protowire.EncodeBool(r.flag(o, of.name))
			} else {
				p.numbers[i] = protowire.EncodeBool(r.boolean(o, of.name))
			}
		case someBytes:
			p.data = r.chunk(&d.entries, o.get(of.name))
		case aMessage:
			p.configuration = r.configuration(o.get(of.name))
		case messageList:
			r.entries(&d.entries, o)
			p.entries = d.entries.entries()
		}
	}
	d.join(f, c, &p)
}

// allMethods says in an error what an unknown method should have been.
const allMethods = "RequestVote, AppendEntries, InstallSnapshot, TimeoutNow, Put, Get, Delete, CompareAndSwap, " +
	"IndexRange or AppendRequest"

// unquoted returns what is between the quotes of a name, nil if it is no text. Names have no escapes.
func unquoted(text []byte) []byte {
	if len(text) < 2 || text[0] != '"' {
		return nil
	}
	return text[1 : len(text)-1]
}

func methodOf(name []byte) Method {
	for m := Put; m < methods; m++ {
		if string(name) == methodNames[m] {
			return m
		}
	}
	return 0
}

// entries reads the entries of an AppendEntries or of the answer to an IndexRange.
func (r *reader) entries(p *payloads, o *object) {
	var entry object
	for list := r.list(o, fieldEntries); r.err == nil; {
		text := list.next()
		if text == nil {
			return
		}
		r.object(text, "entries", &entry)
		term, kind := r.number(&entry, fieldTerm), raft.Command
		command, configuration := entry.get(fieldCommand), entry.get(fieldConfiguration)
		switch {
		case r.flag(&entry, fieldNoOp):
			kind = raft.NoOp
			r.absent("command", "no command in a no-op entry", command)
			r.absent("configuration", "no configuration in a no-op entry", configuration)
		case configuration != nil:
			kind = raft.Config
			r.absent("command", "either a command or a configuration", command)
			p.buf = r.configuration(configuration).AppendText(p.buf)
		default:
			p.buf = r.payload(p.buf, command, "command")
		}
		if r.err == nil {
			r.err = p.add(raft.Term(term), kind)
		}
	}
}

// absent says what is wrong if text is there.
func (r *reader) absent(name, what string, text []byte) {
	if r.err == nil && text != nil {
		r.err = expected(CodeBadField, name, what, text)
	}
}

// chunk reads the required data of an InstallSnapshot.
func (r *reader) chunk(p *payloads, text []byte) (chunk []byte) {
	p.buf = r.payload(p.buf, text, "data")
	if r.err == nil {
		chunk, r.err = p.chunk()
	}
	return chunk
}

// decodeRequest reads what a client asks.
func (d *Decoder) decodeRequest(r *reader, p *object, f *Frame, method Method) {
	d.request = Request{Method: method}
	q := &d.request
	f.Request = q
	switch method {
	case Put:
		q.Key, q.Value = r.string(d, p, fieldKey), r.string(d, p, fieldValue)
	case CompareAndSwap:
		q.Key, q.Expected, q.Value = r.string(d, p, fieldKey), r.string(d, p, fieldExpected), r.string(d, p, fieldValue)
	case Get, Delete:
		q.Key = r.string(d, p, fieldKey)
		if text := p.get(fieldRead); text != nil && method == Get && r.err == nil {
			var known bool
			if q.Read, known = ReadOf(string(unquoted(text))); !known || q.Read == ReadAsSet {
				r.err = expected(CodeBadField, "read", "log, readIndex, lease or local", text)
			}
		}
	case IndexRange:
		q.Start, q.End = raft.Index(r.number(p, fieldStartIndex)), raft.Index(r.number(p, fieldEndIndex))
		if r.err == nil && q.Start == 0 {
			r.err = expected(CodeBadField, "startIndex", "1 or more: the first entry of a log is entry 1",
				p.get(fieldStartIndex))
		}
		if r.err == nil && q.End < q.Start {
			r.err = expected(CodeBadField, "endIndex", "startIndex or more", p.get(fieldEndIndex))
		}
	case AppendRequest:
		q.PrevLogIndex, q.PrevLogTerm = raft.Index(r.number(p, fieldPrevLogIndex)),
			raft.Term(r.number(p, fieldPrevLogTerm))
		for list := r.list(p, fieldEntries); r.err == nil; {
			text := list.next()
			if text == nil {
				break
			}
			d.entries.buf = r.payload(d.entries.buf, text, "entries")
			if r.err == nil {
				r.err = d.entries.add(0, raft.Command)
			}
		}
		q.Commands = d.entries.bare()
	}
}

// string reads a required payload of at most MaxData bytes into memory of its own.
func (r *reader) string(d *Decoder, o *object, f field) string {
	d.scratch = r.payload(d.scratch[:0], o.get(f), fieldNames[f])
	if len(d.scratch) > MaxData && r.err == nil {
		r.err = tooMuch(CodeBadField, fieldNames[f], MaxData, "bytes", len(d.scratch))
	}
	if r.err != nil {
		return ""
	}
	return string(d.scratch)
}

// decodeResult reads the second half of a call.
func (d *Decoder) decodeResult(r *reader, top *object, f *Frame) {
	var p object
	r.object(top.get(fieldResult), "result", &p)
	rpc := p.get(fieldRPC)
	if r.err == nil && rpc == nil {
		r.err = missing("rpc", "the name of the call that this answers")
	}
	if r.err != nil {
		return
	}
	name := unquoted(rpc)
	c, method := callNamed(name), methodOf(name)
	switch {
	case c != 0:
		d.decodeRPC(r, &p, f, c+replies)
	case method != 0:
		d.decodeAnswer(r, &p, f, method)
	default:
		r.err = expected(CodeUnknownMethod, "rpc", allMethods, rpc)
	}
}

// decodeAnswer reads what a client is answered.
func (d *Decoder) decodeAnswer(r *reader, p *object, f *Frame, method Method) {
	d.answer = Answer{Method: method}
	a := &d.answer
	f.Answer = a
	if method == IndexRange {
		a.Index, a.CommitIndex = raft.Index(r.number(p, fieldStartIndex)), raft.Index(r.number(p, fieldCommitIndex))
		r.entries(&d.entries, p)
		a.Entries = d.entries.entries()
		return
	}
	a.Index, a.Term = raft.Index(r.number(p, fieldIndex)), raft.Term(r.number(p, fieldTerm))
	if method.findsKey() {
		a.Found = r.boolean(p, fieldFound)
	}
	if method == Get && a.Found {
		a.Value = r.string(d, p, fieldValue)
	}
}

// decodeRefusal reads the error that answers a call.
func (d *Decoder) decodeRefusal(r *reader, top *object, f *Frame) {
	var p, data object
	r.object(top.get(fieldError), "error", &p)
	if r.err != nil {
		return
	}
	code, ok := parseCode(p.get(fieldCode))
	if !ok {
		r.err = expected(CodeBadField, "code", "a whole number from -999999999 to 999999999", p.get(fieldCode))
		return
	}
	d.refusal = Error{Code: code, Message: r.string(d, &p, fieldMessage)}
	f.Refusal = &d.refusal
	more := p.get(fieldData)
	if more == nil || more[0] != '{' { // another kind of server may put anything there
		return
	}
	r.object(more, "data", &data)
	if data.get(fieldField) != nil {
		d.refusal.Field = r.string(d, &data, fieldField)
	}
	switch code {
	case CodeNotLeader:
		if string(data.get(fieldLeader)) != "null" {
			d.refusal.Leader = r.optional(&data, fieldLeader)
		}
	case CodePrevMismatch:
		d.refusal.Index, d.refusal.Term = raft.Index(r.optional(&data, fieldIndex)),
			raft.Term(r.optional(&data, fieldTerm))
	}
}

// parseCode reads an error code.
func parseCode(text []byte) (code int, ok bool) {
	digits, sign := text, 1
	if len(text) > 0 && text[0] == '-' {
		digits, sign = text[1:], -1
	}
	n, ok := parseNumber(digits)
	return sign * int(n%1e9), ok && n < 1e9
}
