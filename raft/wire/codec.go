package wire

import "raftplayground/raft"

// Kind says in which kind of message of a WebSocket a frame travels.
type Kind uint8

const (
	Text   Kind = iota // UTF-8
	Binary             // any bytes
)

// KindOf returns the kind of a message that is binary, or is not.
func KindOf(binary bool) Kind {
	if binary {
		return Binary
	}
	return Text
}

// Encoding is one of the ways of writing the same frame. A receiver tells them apart by the kind of the
// message and by how it begins, and answers in kind.
type Encoding uint8

const (
	Colon    Encoding = iota // one line of text, as in the raft.rs of 2016: 1>2:RequestVotes:Request:1:1:0:0
	JSON                     // JSON-RPC 2.0; the only one that can say every frame
	Variant                  // the JSON of the raft of 2015: {"variant":"RequestVote","fields":[{…}]}
	Protobuf                 // a Frame of frame.proto
)

// codec is what there is to know of an encoding. All code that depends on the encoding looks here, so a
// further encoding is one more line of codecs.
type codec struct {
	name  string
	title string // for a person
	kind  Kind
	calls bool // servers may make their calls in it
	// whether a message of its kind that begins so is written in it; nil: the decoder of another encoding finds out
	begins func(first byte) bool
	says   func(*Frame) bool // whether it has a word for a frame
	append func(dst []byte, f *Frame) []byte
	decode func(d *Decoder, data []byte, f *Frame) *Error
	peek   func(beginning []byte) (method string, term raft.Term) // see Peek
	// see AppendShown; nil: it is text that a person can read
	show func(dst, data []byte) []byte
}

var codecs = [...]codec{
	Colon: {name: "colon", title: "Colon", calls: true, begins: isDigit, says: isRPC, append: appendColon,
		decode: (*Decoder).decodeColon, peek: peekColon},
	JSON: {name: "json", title: "JSON", calls: true, begins: func(first byte) bool { return first == '{' },
		says: func(*Frame) bool { return true }, append: appendJSON, decode: (*Decoder).decodeObject, peek: peekJSON},
	Variant: {name: "variant", title: "2015", says: variantHas, append: appendVariant, decode: (*Decoder).decodeObject},
	Protobuf: {name: "protobuf", title: "Protobuf", kind: Binary, calls: true, begins: func(byte) bool { return true },
		says: isRPC, append: appendProtobuf, decode: (*Decoder).decodeProtobuf, peek: peekProtobuf, show: showProtobuf},
}

// Encodings lists all of them.
func Encodings() (all []Encoding) {
	for e := range codecs {
		all = append(all, Encoding(e))
	}
	return all
}

// Callable returns the names of those in which servers may make their calls.
func Callable() (names []string) {
	for e := range codecs {
		if codecs[e].calls {
			names = append(names, codecs[e].name)
		}
	}
	return names
}

// EncodingOf returns the encoding of that name, as String gives it; false if there is none.
func EncodingOf(name string) (Encoding, bool) {
	for e := range codecs {
		if codecs[e].name == name {
			return Encoding(e), true
		}
	}
	return 0, false
}

// Recognise tells in which encoding a message is written, as far as its beginning shows: JSON may be
// Variant. False: in none.
func Recognise(kind Kind, data []byte) (Encoding, bool) {
	for e := range codecs {
		if c := &codecs[e]; len(data) > 0 && c.kind == kind && c.begins != nil && c.begins(data[0]) {
			return Encoding(e), true
		}
	}
	return 0, false
}

// String returns the encoding's name, such as "colon"; "unknown" if there is no such encoding.
func (e Encoding) String() string {
	if int(e) < len(codecs) {
		return codecs[e].name
	}
	return "unknown"
}

// Title returns the encoding's name as a person is shown it.
func (e Encoding) Title() string { return codecs[e].title }

// Kind returns the kind of message in which frames of this encoding travel.
func (e Encoding) Kind() Kind { return codecs[e].kind }

// Calls reports whether a server may make its calls in this encoding. It answers calls in every encoding.
func (e Encoding) Calls() bool { return int(e) < len(codecs) && codecs[e].calls }

// For returns the encoding in which Append writes f when it is asked for e: e, or JSON for a frame that e
// has no word for.
func (e Encoding) For(f *Frame) Encoding {
	if codecs[e].says(f) {
		return e
	}
	return JSON
}

func isRPC(f *Frame) bool { return f.RPC != nil }
