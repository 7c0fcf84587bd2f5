package wire

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"raftplayground/raft"
)

// form is what a field of frame.proto holds.
type form uint8

const (
	unknownForm form = iota
	aNumber          // uint64
	aTruth           // bool
	someBytes        // bytes
	aMessage
	numberList  // repeated uint64: packed, or each in a field of its own
	messageList // repeated
)

// schema is a message of frame.proto: its fields by their numbers.
type schema [12]struct {
	name string // the paper's; that of the .proto in lowerCamelCase
	form form
	of   *schema // of a message
}

var (
	configurationSchema = schema{1: {"voters", numberList, nil}, 2: {"outgoing", numberList, nil}, 3: {"learners", numberList, nil}}
	entrySchema         = schema{1: {"term", aNumber, nil}, 2: {"command", someBytes, nil}, 3: {"configuration", aMessage, &configurationSchema}}

	requestVoteSchema = schema{1: {"term", aNumber, nil}, 2: {"candidateId", aNumber, nil}, 3: {"lastLogIndex", aNumber, nil},
		4: {"lastLogTerm", aNumber, nil}, 5: {"preVote", aTruth, nil}, 6: {"transfer", aTruth, nil}}
	requestVoteReplySchema = schema{1: {"term", aNumber, nil}, 2: {"voteGranted", aTruth, nil}, 3: {"preVote", aTruth, nil}}
	appendEntriesSchema    = schema{1: {"term", aNumber, nil}, 2: {"leaderId", aNumber, nil}, 3: {"prevLogIndex", aNumber, nil},
		4: {"prevLogTerm", aNumber, nil}, 5: {"leaderCommit", aNumber, nil}, 6: {"entries", messageList, &entrySchema}}
	appendEntriesReplySchema = schema{1: {"term", aNumber, nil}, 2: {"success", aTruth, nil}, 3: {"matchIndex", aNumber, nil},
		4: {"conflictTerm", aNumber, nil}, 5: {"conflictIndex", aNumber, nil}}
	installSnapshotSchema = schema{1: {"term", aNumber, nil}, 2: {"leaderId", aNumber, nil}, 3: {"lastIncludedIndex", aNumber, nil},
		4: {"lastIncludedTerm", aNumber, nil}, 5: {"configuration", aMessage, &configurationSchema}, 6: {"offset", aNumber, nil},
		7: {"data", someBytes, nil}, 8: {"done", aTruth, nil}}
	installSnapshotReplySchema = schema{1: {"term", aNumber, nil}, 2: {"nextOffset", aNumber, nil}, 3: {"matchIndex", aNumber, nil}}
	timeoutNowSchema           = schema{1: {"term", aNumber, nil}, 2: {"leaderId", aNumber, nil}}
	timeoutNowReplySchema      = schema{1: {"term", aNumber, nil}}

	frameSchema = schema{1: {"from", aNumber, nil}, 2: {"to", aNumber, nil}, 3: {"call", aNumber, nil},
		requestVote: {"requestVote", aMessage, &requestVoteSchema}, requestVoteReply: {"requestVoteReply", aMessage, &requestVoteReplySchema},
		appendEntries: {"appendEntries", aMessage, &appendEntriesSchema}, appendEntriesReply: {"appendEntriesReply", aMessage, &appendEntriesReplySchema},
		installSnapshot: {"installSnapshot", aMessage, &installSnapshotSchema}, installSnapshotReply: {"installSnapshotReply", aMessage, &installSnapshotReplySchema},
		timeoutNow: {"timeoutNow", aMessage, &timeoutNowSchema}, timeoutNowReply: {"timeoutNowReply", aMessage, &timeoutNowReplySchema}}
)

// The contents of a Frame, by the number of their field: the calls, then the replies.
const (
	requestVote protowire.Number = 4 + iota
	appendEntries
	installSnapshot
	timeoutNow
	requestVoteReply
	appendEntriesReply
	installSnapshotReply
	timeoutNowReply
)

// decodeProtobuf reads a Frame of frame.proto. In what it knows it is stricter than Protobuf asks: a field
// of another type, a field or a content that comes twice, and a truth that is neither 0 nor 1 are errors.
func (d *Decoder) decodeProtobuf(data []byte, f *Frame) *Error {
	r := protoReader{schema: &frameSchema, rest: data}
	content, contents := protowire.Number(0), 0
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
		return &Error{Code: CodeNotACall, Field: "from", Message: "from: expected the sender's number, 1 or more, came nothing"}
	case contents != 1:
		return &Error{Code: CodeNotACall, Field: "content", Message: "content: expected one call or one reply, came " + strconv.Itoa(contents)}
	}
	r = protoReader{schema: frameSchema[content].of, rest: r.bytes[content]}
	d.protoContent(&r, content, f)
	return r.err
}

// protoContent reads the call or the reply.
func (d *Decoder) protoContent(r *protoReader, content protowire.Number, f *Frame) {
	for r.next() {
		if content == appendEntries && r.field == 6 {
			r.entry(&d.entries, r.bytes[6])
		}
	}
	n := &r.numbers
	switch content {
	case requestVote:
		d.vote(f, raft.RequestVote{Call: f.Call, Term: raft.Term(n[1]), CandidateID: raft.ServerID(n[2]), LastLogIndex: raft.Index(n[3]),
			LastLogTerm: raft.Term(n[4]), PreVote: n[5] == 1, Transfer: n[6] == 1})
	case requestVoteReply:
		d.voteReply(f, raft.RequestVoteReply{Call: f.Call, Term: raft.Term(n[1]), VoteGranted: n[2] == 1, PreVote: n[3] == 1})
	case appendEntries:
		d.append(f, raft.AppendEntries{Call: f.Call, Term: raft.Term(n[1]), LeaderID: raft.ServerID(n[2]), PrevLogIndex: raft.Index(n[3]),
			PrevLogTerm: raft.Term(n[4]), LeaderCommit: raft.Index(n[5]), Entries: d.entries.entries()})
	case appendEntriesReply:
		d.appendReply(f, raft.AppendEntriesReply{Call: f.Call, Term: raft.Term(n[1]), Success: n[2] == 1, MatchIndex: raft.Index(n[3]),
			ConflictTerm: raft.Term(n[4]), ConflictIndex: raft.Index(n[5])})
	case installSnapshot:
		m := raft.InstallSnapshot{Call: f.Call, Term: raft.Term(n[1]), LeaderID: raft.ServerID(n[2]), LastIncludedIndex: raft.Index(n[3]),
			LastIncludedTerm: raft.Term(n[4]), Configuration: r.configuration(r.bytes[5]), Offset: n[6], Done: n[8] == 1}
		d.entries.buf = append(d.entries.buf, r.bytes[7]...)
		if r.err == nil {
			m.Data, r.err = d.entries.chunk()
		}
		d.snapshot(f, m)
	case installSnapshotReply:
		d.snapshotReply(f, raft.InstallSnapshotReply{Call: f.Call, Term: raft.Term(n[1]), NextOffset: n[2], MatchIndex: raft.Index(n[3])})
	case timeoutNow:
		d.timeout(f, raft.TimeoutNow{Call: f.Call, Term: raft.Term(n[1]), LeaderID: raft.ServerID(n[2])})
	case timeoutNowReply:
		d.timeoutReply(f, raft.TimeoutNowReply{Call: f.Call, Term: raft.Term(n[1])})
	}
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

// next reads the next field that the schema has, and passes over those that it has not.
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

func (s *schema) has(number protowire.Number) bool {
	return int(number) < len(s) && s[number].form != unknownForm
}

// take reads the value of a field, which is whole.
func (r *protoReader) take(kind protowire.Type, value []byte) {
	field := &r.schema[r.field]
	list := field.form == numberList || field.form == messageList
	if bit := uint16(1) << r.field; !list && r.seen&bit != 0 {
		r.err = twice(field.name)
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
			r.err = expected(CodeBadField, field.name, "0 or 1", strconv.AppendUint(nil, r.numbers[r.field], 10))
		}
	case kind == protowire.BytesType && !asNumber:
		r.bytes[r.field], _ = protowire.ConsumeBytes(value)
	case asNumber:
		r.err = expected(CodeBadField, field.name, "a varint", value)
	default:
		r.err = expected(CodeBadField, field.name, "a field with a length", value)
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
				lists.err = expected(CodeBadField, lists.schema[lists.field].name, "servers as varints", packed)
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

// appendProtobuf writes an RPC as a Frame of frame.proto. Fields that are zero are left out, and the others
// are in the order of their numbers: so one frame is always the same bytes.
func appendProtobuf(dst []byte, f *Frame) []byte {
	w := protoWriter{dst}
	switch m := f.RPC.(type) {
	case *raft.RequestVote:
		content := w.begin(f, m.Call, requestVote)
		w.numbers(uint64(m.Term), uint64(m.CandidateID), uint64(m.LastLogIndex), uint64(m.LastLogTerm))
		w.truth(5, m.PreVote)
		w.truth(6, m.Transfer)
		w.end(content)
	case *raft.RequestVoteReply:
		content := w.begin(f, m.Call, requestVoteReply)
		w.numbers(uint64(m.Term))
		w.truth(2, m.VoteGranted)
		w.truth(3, m.PreVote)
		w.end(content)
	case *raft.AppendEntries:
		content := w.begin(f, m.Call, appendEntries)
		w.numbers(uint64(m.Term), uint64(m.LeaderID), uint64(m.PrevLogIndex), uint64(m.PrevLogTerm), uint64(m.LeaderCommit))
		for i := range m.Entries {
			w.entry(&m.Entries[i])
		}
		w.end(content)
	case *raft.AppendEntriesReply:
		content := w.begin(f, m.Call, appendEntriesReply)
		w.numbers(uint64(m.Term))
		w.truth(2, m.Success)
		w.number(3, uint64(m.MatchIndex))
		w.number(4, uint64(m.ConflictTerm))
		w.number(5, uint64(m.ConflictIndex))
		w.end(content)
	case *raft.InstallSnapshot:
		content := w.begin(f, m.Call, installSnapshot)
		w.numbers(uint64(m.Term), uint64(m.LeaderID), uint64(m.LastIncludedIndex), uint64(m.LastIncludedTerm))
		w.configuration(5, m.Configuration)
		w.number(6, m.Offset)
		if len(m.Data) > 0 {
			w.bytes(7, m.Data)
		}
		w.truth(8, m.Done)
		w.end(content)
	case *raft.InstallSnapshotReply:
		content := w.begin(f, m.Call, installSnapshotReply)
		w.numbers(uint64(m.Term), m.NextOffset, uint64(m.MatchIndex))
		w.end(content)
	case *raft.TimeoutNow:
		content := w.begin(f, m.Call, timeoutNow)
		w.numbers(uint64(m.Term), uint64(m.LeaderID))
		w.end(content)
	case *raft.TimeoutNowReply:
		content := w.begin(f, m.Call, timeoutNowReply)
		w.numbers(uint64(m.Term))
		w.end(content)
	}
	return w.dst
}

// protoWriter appends fields to dst.
type protoWriter struct{ dst []byte }

// begin writes a frame as far as its content, and opens that.
func (w *protoWriter) begin(f *Frame, call uint64, content protowire.Number) (start int) {
	w.numbers(f.From, f.To, call)
	return w.open(content)
}

// numbers writes fields 1, 2, 3, …
func (w *protoWriter) numbers(values ...uint64) {
	for i, v := range values {
		w.number(protowire.Number(i+1), v)
	}
}

func (w *protoWriter) number(field protowire.Number, v uint64) {
	if v != 0 {
		w.dst = protowire.AppendVarint(protowire.AppendTag(w.dst, field, protowire.VarintType), v)
	}
}

func (w *protoWriter) truth(field protowire.Number, v bool) { w.number(field, protowire.EncodeBool(v)) }

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

func (w *protoWriter) entry(e *raft.Entry) {
	start := w.open(6)
	w.numbers(uint64(e.Term))
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
