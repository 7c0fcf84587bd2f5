package wire

import (
	"encoding/base64"
	"unicode/utf8"
	"unsafe"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/raft"
)

// Append appends f to dst in the given encoding and returns the result; it allocates only if dst is too
// small. What the encoding has no word for is written as JSON (see Encoding.For): requests, answers and
// refusals, which have no form but JSON, and for Variant InstallSnapshot, TimeoutNow, a RequestVote with
// PreVote or Transfer, and an AppendEntries with a configuration. The same Frame always gives the same
// bytes. Append does not look at the limits: a sender compares the length with MaxFrame. It panics on an
// entry of kind Config whose Data is not a configuration's text, and on a frame without content.
func Append(dst []byte, f *Frame, encoding Encoding) []byte {
	return codecs[encoding.For(f)].append(dst, f)
}

func appendJSON(dst []byte, f *Frame) []byte {
	w := borrowWriter(dst)
	w.json(f)
	return w.finish()
}

// writer writes JSON. It writes constant text in one go: keys and punctuation are known beforehand.
type writer struct {
	*jsoniter.Stream
	own []byte // the stream's buffer, in the place of which it writes to another
}

// borrowWriter returns a writer that appends to dst, until its finish.
func borrowWriter(dst []byte) writer {
	w := writer{Stream: jsoniter.ConfigDefault.BorrowStream(nil)}
	w.own = w.Buffer()
	w.SetBuffer(dst)
	return w
}

// finish returns what was written, behind dst, and gives the writer back.
func (w *writer) finish() []byte {
	written := w.Buffer()
	w.SetBuffer(w.own)
	jsoniter.ConfigDefault.ReturnStream(w.Stream)
	return written
}

// json writes a JSON-RPC frame.
func (w *writer) json(f *Frame) {
	w.WriteRaw(`{"jsonrpc":"2.0"`)
	if f.RPC != nil {
		w.rpc(f)
	} else {
		w.clientFrame(f)
	}
	w.WriteRaw("}}")
}

// rpc writes a call or a reply, without the braces at the end.
func (w *writer) rpc(f *Frame) {
	c, p := apart(f.RPC)
	comma := ""
	if c < requestVoteReply {
		w.callID(f, p.call)
		w.address(f)
		w.WriteRaw(`,"method":"`)
		w.WriteRaw(calls[c])
		w.WriteRaw(`","params":{`)
	} else {
		w.replyID(f, p.call)
		w.address(f)
		w.WriteRaw(`,"result":{"rpc":"`)
		w.WriteRaw(calls[c-replies])
		w.WriteRaw(`"`)
		comma = ","
	}
	for i := range frameSchema[c].of {
		of := &frameSchema[c].of[i]
		if of.form == unknownForm || of.spare && p.numbers[i] == 0 {
			continue
		}
		w.WriteRaw(comma)
		w.key(of.name)
		comma = ","
		switch of.form {
		case aNumber:
			w.WriteUint64(p.numbers[i])
		case aTruth:
			w.WriteBool(p.numbers[i] == 1)
		case someBytes:
			w.payload(p.data)
		case aMessage:
			w.configuration(p.configuration)
		case messageList:
			w.entries(p.entries)
		}
	}
}

// key writes a key, and what separates it from its value.
func (w *writer) key(f field) {
	w.WriteRaw(`"`)
	w.WriteRaw(fieldNames[f])
	w.WriteRaw(`":`)
}

// clientFrame writes what goes between a client and a server, without the braces at the end.
func (w *writer) clientFrame(f *Frame) {
	switch {
	case f.Request != nil:
		w.callID(f, f.Call)
		w.address(f)
		w.request(f.Request)
	case f.Answer != nil:
		w.replyID(f, f.Call)
		w.address(f)
		w.answer(f.Answer)
	case f.Refusal != nil:
		w.replyID(f, f.Call)
		w.address(f)
		w.refusal(f.Refusal)
	default:
		panic("wire: a frame without content")
	}
}

func (w *writer) request(q *Request) {
	w.WriteRaw(`,"method":"`)
	w.WriteRaw(q.Method.String())
	w.WriteRaw(`","params":{`)
	switch q.Method {
	case Put:
		w.WriteRaw(`"key":`)
		w.text(q.Key)
		w.WriteRaw(`,"value":`)
		w.text(q.Value)
	case CompareAndSwap:
		w.WriteRaw(`"key":`)
		w.text(q.Key)
		w.WriteRaw(`,"expected":`)
		w.text(q.Expected)
		w.WriteRaw(`,"value":`)
		w.text(q.Value)
	case Get, Delete:
		w.WriteRaw(`"key":`)
		w.text(q.Key)
		if q.Read != ReadAsSet {
			w.WriteRaw(`,"read":`)
			w.text(readNames[q.Read])
		}
	case IndexRange:
		w.number(`"startIndex":`, uint64(q.Start))
		w.number(`,"endIndex":`, uint64(q.End))
	case AppendRequest:
		w.number(`"prevLogIndex":`, uint64(q.PrevLogIndex))
		w.number(`,"prevLogTerm":`, uint64(q.PrevLogTerm))
		w.WriteRaw(`,"entries":[`)
		for i, command := range q.Commands {
			if i > 0 {
				w.WriteRaw(",")
			}
			w.payload(command)
		}
		w.WriteRaw("]")
	}
}

func (w *writer) answer(a *Answer) {
	w.WriteRaw(`,"result":{"rpc":"`)
	w.WriteRaw(a.Method.String())
	if a.Method == IndexRange {
		w.number(`","startIndex":`, uint64(a.Index))
		w.number(`,"commitIndex":`, uint64(a.CommitIndex))
		w.WriteRaw(`,"entries":`)
		w.entries(a.Entries)
		return
	}
	w.number(`","index":`, uint64(a.Index))
	w.number(`,"term":`, uint64(a.Term))
	if a.Method.findsKey() {
		w.boolean(`,"found":`, a.Found)
	}
	if a.Method == Get && a.Found {
		w.WriteRaw(`,"value":`)
		w.text(a.Value)
	}
}

// refusal writes an error, with the data that its code gives a meaning.
func (w *writer) refusal(e *Error) {
	w.WriteRaw(`,"error":{"code":`)
	w.WriteInt(e.Code)
	w.WriteRaw(`,"message":`)
	w.text(e.Message)
	leader, prev := e.Code == CodeNotLeader, e.Code == CodePrevMismatch
	if e.Field == "" && !leader && !prev {
		return
	}
	w.WriteRaw(`,"data":{`)
	if e.Field != "" {
		w.WriteRaw(`"field":`)
		w.text(e.Field)
		if leader || prev {
			w.WriteRaw(",")
		}
	}
	if leader {
		w.WriteRaw(`"leader":`)
		w.leader(e.Leader)
	}
	if prev {
		w.number(`"index":`, uint64(e.Index))
		w.number(`,"term":`, uint64(e.Term))
	}
	w.WriteRaw("}")
}

// callID writes a call's id, nothing if it has none: by JSON-RPC it is then a notification.
func (w *writer) callID(f *Frame, call uint64) {
	if len(f.ID) > 0 || call != 0 {
		w.id(f.ID, f.From, f.To, call)
	}
}

// replyID writes a reply's id, which JSON-RPC demands: null if the call had none.
func (w *writer) replyID(f *Frame, call uint64) {
	if len(f.ID) == 0 && call == 0 {
		w.WriteRaw(`,"id":null`)
		return
	}
	w.id(f.ID, f.To, f.From, call)
}

func (w *writer) id(foreign []byte, caller, called, call uint64) {
	w.WriteRaw(`,"id":`)
	if len(foreign) > 0 {
		w.raw(foreign)
		return
	}
	w.number(`"`, caller)
	w.number(">", called)
	w.number(":", call)
	w.WriteRaw(`"`)
}

func (w *writer) address(f *Frame) {
	w.unlessZero(`,"from":`, f.From)
	w.unlessZero(`,"to":`, f.To)
}

func (w *writer) entries(entries []raft.Entry) {
	w.WriteRaw("[")
	for i, entry := range entries {
		if i > 0 {
			w.WriteRaw(",")
		}
		w.number(`{"term":`, uint64(entry.Term))
		switch entry.Kind {
		case raft.NoOp:
			w.WriteRaw(`,"noop":true`)
		case raft.Config:
			w.WriteRaw(`,"configuration":`)
			w.configuration(configurationOf(&entry))
		default:
			w.WriteRaw(`,"command":`)
			w.payload(entry.Data)
		}
		w.WriteRaw("}")
	}
	w.WriteRaw("]")
}

// leader writes a leader's id, null if it is not known.
func (w *writer) leader(id uint64) {
	if id == 0 {
		w.WriteNil()
		return
	}
	w.WriteUint64(id)
}

func (w *writer) number(before string, n uint64) {
	w.WriteRaw(before)
	w.WriteUint64(n)
}

func (w *writer) unlessZero(before string, n uint64) {
	if n != 0 {
		w.number(before, n)
	}
}

func (w *writer) boolean(before string, b bool) {
	w.WriteRaw(before)
	w.WriteBool(b)
}

func (w *writer) raw(text []byte) {
	w.SetBuffer(append(w.Buffer(), text...))
}

// text writes bytes as text if they are UTF-8, else as {"base64":"…"}.
func (w *writer) text(s string) {
	if utf8.ValidString(s) {
		w.WriteString(s)
		return
	}
	w.WriteRaw(`{"base64":"`)
	w.SetBuffer(base64.StdEncoding.AppendEncode(w.Buffer(), unsafe.Slice(unsafe.StringData(s), len(s))))
	w.WriteRaw(`"}`)
}

// payload writes a slice as text does, without a copy: nothing writes to data meanwhile.
func (w *writer) payload(data []byte) {
	w.text(unsafe.String(unsafe.SliceData(data), len(data)))
}
