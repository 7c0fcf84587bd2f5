package wire

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"raftplayground/raft"
)

// official is the Frame of frame.proto, as the official packages understand the file.
var official = func() protoreflect.MessageDescriptor {
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := compiler.Compile(context.Background(), "frame.proto")
	if err != nil {
		panic(err)
	}
	return files[0].Messages().ByName("Frame")
}()

var forms = map[form]protoreflect.Kind{aNumber: protoreflect.Uint64Kind, aTruth: protoreflect.BoolKind,
	someBytes: protoreflect.BytesKind,
	aMessage:  protoreflect.MessageKind, numberList: protoreflect.Uint64Kind, messageList: protoreflect.MessageKind}

// The schema that is compiled in and the file in the repository say the same of every message.
func TestTheSchemaIsThatOfTheProto(t *testing.T) {
	messages := 0
	var compare func(name string, s *schema, m protoreflect.MessageDescriptor)
	compare = func(name string, s *schema, m protoreflect.MessageDescriptor) {
		messages++
		known := 0
		for number := range s {
			if s[number].form != unknownForm {
				known++
			}
		}
		if known != m.Fields().Len() {
			t.Errorf("%s has %d fields, frame.proto gives it %d", name, known, m.Fields().Len())
		}
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			if !s.has(field.Number()) {
				t.Errorf("%s: field %d, %s, is not known", name, field.Number(), field.JSONName())
				continue
			}
			f := s[field.Number()]
			list := f.form == numberList || f.form == messageList
			name := s.nameOf(field.Number())
			if !strings.EqualFold(name, field.JSONName()) || forms[f.form] != field.Kind() || list != field.IsList() ||
				(f.of != nil) != (field.Message() != nil) {
				t.Errorf("%s: field %d is %+v, and in frame.proto %v", name, field.Number(), f, field)
			}
			if f.of != nil {
				compare(name, f.of, field.Message())
			}
		}
	}
	compare("Frame", &frameSchema, official)
	if messages < 12 {
		t.Errorf("only %d messages were compared", messages)
	}
}

// dynamic makes the official message of a frame. It finds the fields by the names of the Go structs, and
// shares nothing with the codec.
func dynamic(f *Frame) proto.Message {
	m := dynamicpb.NewMessage(official)
	rpc := reflect.ValueOf(f.RPC).Elem()
	set := func(name string, n uint64) {
		if n != 0 {
			m.Set(official.Fields().ByJSONName(name), protoreflect.ValueOfUint64(n))
		}
	}
	set("from", f.From)
	set("to", f.To)
	set("call", rpc.FieldByName("Call").Uint())
	name := rpc.Type().Name()
	fill(m.Mutable(official.Fields().ByJSONName(strings.ToLower(name[:1])+name[1:])).Message(), rpc)
	return m
}

// fill sets the fields of a message to those of a struct that are called so. Zero is what is not there.
func fill(m protoreflect.Message, from reflect.Value) {
	for i := range m.Descriptor().Fields().Len() {
		field := m.Descriptor().Fields().Get(i)
		v := from.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, field.JSONName()) })
		switch {
		case field.IsList() && field.Message() == nil:
			for k := range v.Len() {
				m.Mutable(field).List().Append(protoreflect.ValueOfUint64(v.Index(k).Uint()))
			}
		case field.IsList():
			for k := range v.Len() {
				list := m.Mutable(field).List()
				fillEntry(list.AppendMutable().Message(), v.Index(k).Interface().(raft.Entry))
			}
		case field.Message() != nil:
			fill(m.Mutable(field).Message(), v)
		case v.IsZero() || field.Kind() == protoreflect.BytesKind && v.Len() == 0:
		case field.Kind() == protoreflect.BytesKind:
			m.Set(field, protoreflect.ValueOfBytes(v.Bytes()))
		case field.Kind() == protoreflect.BoolKind:
			m.Set(field, protoreflect.ValueOfBool(v.Bool()))
		default:
			m.Set(field, protoreflect.ValueOfUint64(v.Uint()))
		}
	}
}

func fillEntry(m protoreflect.Message, e raft.Entry) {
	fields := m.Descriptor().Fields()
	if e.Term != 0 {
		m.Set(fields.ByJSONName("term"), protoreflect.ValueOfUint64(uint64(e.Term)))
	}
	switch e.Kind {
	case raft.Command:
		m.Set(fields.ByJSONName("command"), protoreflect.ValueOfBytes(e.Data))
	case raft.Config:
		c, err := raft.ParseConfiguration(string(e.Data))
		if err != nil {
			panic(err)
		}
		fill(m.Mutable(fields.ByJSONName("configuration")).Message(), reflect.ValueOf(c))
	}
}

// The official encoder makes the same bytes of every RPC, and the official decoder reads ours.
func TestTheOfficialPackageAgrees(t *testing.T) {
	var d Decoder
	rapid.Check(t, func(t *rapid.T) {
		sent := Frame{From: rapid.Uint64Min(1).Draw(t, "from"), To: drawn[uint64](t, "to"), Encoding: Protobuf,
			RPC: anyRPC.Draw(t, "rpc")}
		sent.Reply = isReply(sent.RPC)
		want := dynamic(&sent)
		ours := Append(nil, &sent, Protobuf)
		theirs, err := proto.MarshalOptions{Deterministic: true}.Marshal(want)
		if err != nil || !bytes.Equal(ours, theirs) {
			t.Fatalf("written as\n%x, and officially as\n%x (%v)", ours, theirs, err)
		}
		read := dynamicpb.NewMessage(official)
		if err := proto.Unmarshal(ours, read); err != nil || !proto.Equal(read, want) {
			t.Fatalf("%x is read as %v, not %v (%v)", ours, read, want, err)
		}
		var f Frame
		if err := d.Decode(Binary, theirs, &f); err != nil {
			t.Fatal(err)
		}
		checkSame(t, &f, &sent)
	})
}

// FuzzProtobuf: what is taken is taken by the official decoder too, and means the same.
func FuzzProtobuf(f *testing.F) {
	for _, c := range canonicals {
		if c.encoding == Protobuf {
			f.Add([]byte(c.text))
		}
	}
	for _, c := range badProtobuf {
		f.Add(unhexed(c.hex))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkStable(t, Binary, data)
		AppendShown(nil, Binary, data)
		Peek(Binary, data)
		var d Decoder
		var f Frame
		if len(data) > 1<<16 || d.Decode(Binary, data, &f) != nil {
			return
		}
		read := dynamicpb.NewMessage(official)
		if err := proto.Unmarshal(data, read); err != nil {
			t.Fatalf("%x: taken, but the official decoder says %v", data, err)
		}
		forget(read)
		theirs, err := proto.MarshalOptions{Deterministic: true}.Marshal(read)
		if ours := Append(nil, &f, Protobuf); err != nil || !bytes.Equal(ours, theirs) && !reorders(&f) {
			t.Fatalf("%x is sent again as\n%x, and by the official package as\n%x (%v)", data, ours, theirs, err)
		}
	})
}

// forget removes the fields that frame.proto does not have, and chunks of a snapshot and lists that are
// there and empty.
func forget(m protoreflect.Message) {
	m.SetUnknown(nil)
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.Message() == nil:
		case field.IsList():
			for i := range v.List().Len() {
				forget(v.List().Get(i).Message())
			}
		default:
			forget(v.Message())
		}
		return true
	})
}

// reorders tells whether a frame has a configuration, whose servers Append writes in ascending order.
func reorders(f *Frame) bool {
	switch m := f.RPC.(type) {
	case *raft.InstallSnapshot:
		return true
	case *raft.AppendEntries:
		for _, e := range m.Entries {
			if e.Kind == raft.Config {
				return true
			}
		}
	}
	return false
}

// unhexed is bytes written as hexadecimal digits, with spaces anywhere.
func unhexed(text string) []byte {
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return data
}

var badProtobuf = []struct {
	hex   string
	code  int
	field string
	holds string
}{
	{"", CodeNotAFrame, "frame", "a Protobuf message, came nothing"},
	{"31 3a", CodeNotAFrame, "frame", "whole"},                               // text in a binary message
	{"08 01 22", CodeNotAFrame, "frame", "whole"},                            // cut off
	{"08 01 22 05 08 03", CodeNotAFrame, "frame", "whole"},                   // cut off in the content
	{"08 01 22 03 08 03 10", CodeNotAFrame, "frame", "whole"},                // … whose own field is cut off
	{"08 ff ff ff ff ff ff ff ff ff ff 01", CodeNotAFrame, "frame", "whole"}, // more than 64 bits
	{"22 02 08 03", CodeNotACall, "from", "1 or more, came nothing"},         //
	{"08 00 22 02 08 03", CodeNotACall, "from", "1 or more"},                 //
	{"08 01 08 02 22 02 08 03", CodeBadField, "from", "once, came twice"},    // whom to believe would be a guess
	{"08 01 22 02 08 03 22 02 08 03", CodeBadField, "RequestVote", "once"},   //
	{"08 01 22 02 08 03 2a 02 08 03", CodeNotACall, "content", "one call or one reply, came 2"},
	{"08 01 10 02", CodeNotACall, "content", "one call or one reply, came 0"}, //
	{"08 01 a2 01 02 08 03", CodeNotACall, "content", "came 0"},               // of a later version
	{"0a 01 31 22 02 08 03", CodeBadField, "from", "a varint"},                // as bytes
	{"08 01 20 03", CodeBadField, "RequestVote", "a field with a length"},     // as a number
	{"08 01 22 02 28 02", CodeBadField, "preVote", "0 or 1"},                  //
	{"08 01 2a 04 32 02 10 00", CodeBadField, "command", "a field with a length"},
	{"08 01 2a 09 32 07 12 01 61 1a 02 0a 00", CodeBadField, "entries", "either a command or a configuration"},
	{"08 01 2a 04 32 02 1a 00", CodeBadField, "configuration", "servers"}, // without a voter
	{"08 01 2a 07 32 05 1a 03 0a 01 ff", CodeBadField, "voters", "servers as varints"},
	{"08 01 2a 08 32 06 1a 04 0a 02 01 01", CodeBadField, "configuration", "twice"},
	{"08 01 32 02 08 03", CodeBadField, "configuration", "came nothing"}, // a snapshot without one
}

func TestBadProtobufTellsWhatIsWrong(t *testing.T) {
	var d Decoder
	for _, c := range badProtobuf {
		var f Frame
		var e *Error
		if err := d.Decode(Binary, unhexed(c.hex), &f); !errors.As(err, &e) {
			t.Errorf("%s: expected an error, came %+v", c.hex, f)
		} else if e.Code != c.code || e.Field != c.field || !strings.HasPrefix(e.Message, c.field+": expected") ||
			!strings.Contains(e.Message, c.holds) {
			t.Errorf("%s: error %d %q %q, expected %d %q with %q", c.hex, e.Code, e.Field, e.Message, c.code, c.field,
				c.holds)
		}
		if f.RPC != nil {
			t.Errorf("%s: content in spite of the error", c.hex)
		}
	}
}

// A frame whose content is bad is answered with the number of its call, and one that is too large or whose
// entries are, is refused.
func TestBadProtobufIsAnswered(t *testing.T) {
	var d Decoder
	var f Frame
	var e *Error
	if err := d.Decode(Binary, unhexed("08 01 10 02 18 11 22 02 28 02"), &f); !errors.As(err, &e) || f.Call != 17 ||
		f.Encoding != Protobuf {
		t.Fatalf("%v: %+v", err, f)
	}
	const want = `{"jsonrpc":"2.0","id":"1>2:17","from":2,"to":1,"error":{"code":-32602,` +
		`"message":"preVote: expected 0 or 1, came \"2\"","data":{"field":"preVote"}}}`
	if got := string(AppendError(nil, 2, &f, e)); got != want {
		t.Errorf("answered by %s", got)
	}
	large := Frame{From: 1, RPC: &raft.AppendEntries{Entries: []raft.Entry{{Data: make([]byte, MaxData+1)}}}}
	if err := d.Decode(Binary, Append(nil, &large, Protobuf), &f); !errors.As(err, &e) || e.Field != "entries" {
		t.Errorf("an entry that is too large: %v", err)
	}
	if err := d.Decode(Binary, make([]byte, MaxFrame+1), &f); !errors.As(err, &e) || e.Code != CodeNotACall {
		t.Errorf("a frame that is too large: %v", err)
	}
}

// Other writers of the format put fields in another order, lists field by field, and fields that this
// version does not know.
func TestProtobufOfOthersIsUnderstood(t *testing.T) {
	var d Decoder
	for name, text := range map[string]string{
		"as Append writes it":   "08 01 10 02 2a 0d 08 03 32 09 1a 07 0a 03 01 02 03 12 00",
		"the content first":     "2a 0b 32 09 1a 07 0a 03 01 02 03 12 00 08 01 10 02",
		"a list field by field": "08 01 10 02 2a 0e 08 03 32 0a 1a 08 08 01 08 02 08 03 12 00",
		"half packed":           "08 01 10 02 2a 0c 08 03 32 08 1a 06 08 01 0a 02 02 03",
		"unknown fields and a group": "08 01 10 02 7a 01 78 83 01 08 05 84 01 2a 0d 08 03 32 09 1a 07 0a 03 " +
			"01 02 03 12 00",
		"a number longer than it needs": "08 81 00 10 02 2a 0b 32 09 1a 07 0a 03 01 02 03 12 00",
	} {
		var f Frame
		if err := d.Decode(Binary, unhexed(text), &f); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		m, is := f.RPC.(*raft.AppendEntries)
		if !is || f.From != 1 || f.To != 2 || len(m.Entries) != 1 || m.Entries[0].Kind != raft.Config ||
			string(m.Entries[0].Data) != "1,2,3" {
			t.Errorf("%s: %+v %+v", name, f, f.RPC)
		}
	}
}

// A server's own encoding is a choice among those in which calls are made; text is never taken for
// Protobuf, nor the other way round.
func TestEncodingsAreFoundByNameAndByKind(t *testing.T) {
	for _, e := range Encodings() {
		if found, known := EncodingOf(e.String()); !known || found != e || e.Title() == "" {
			t.Errorf("%v is found as %v, %v", e, found, known)
		}
		frame := Frame{From: 1, To: 2, RPC: &raft.TimeoutNowReply{Call: 1, Term: 2}}
		data := Append(nil, &frame, e)
		for _, kind := range []Kind{Text, Binary} {
			var f Frame
			err := new(Decoder).Decode(kind, data, &f)
			if right := kind == e.Kind(); right != (err == nil) {
				t.Errorf("%v in a message of kind %d: %v", e, kind, err)
			}
		}
		request := Frame{From: 1001, To: 2, Request: &Request{Method: Get}}
		if e.For(&request) != JSON || e != Variant && e.For(&frame) != e {
			t.Errorf("%v writes a request as %v and an RPC as %v", e, e.For(&request), e.For(&frame))
		}
	}
	if _, known := EncodingOf("morse"); known {
		t.Error("there is an encoding that is called morse")
	}
	if got := strings.Join(Callable(), " "); got != "colon json protobuf" {
		t.Errorf("calls are made in %s", got)
	}
}

func TestProtobufIsShownFieldByField(t *testing.T) {
	frame := Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 300, Term: 3, LeaderID: 1, PrevLogIndex: 4,
		Entries: []raft.Entry{
			{Term: 3, Data: []byte("set x=1")}, {Term: 3, Kind: raft.Config, Data: []byte("1,2>1,2,3")},
			{Data: []byte{0xff}}}}}
	data := Append(nil, &frame, Protobuf)
	const want = `08 01                        from: 1
10 02                        to: 2
18 ac 02                     call: 300
2a 27                        AppendEntries
  08 03                        term: 3
  10 01                        leaderId: 1
  18 04                        prevLogIndex: 4
  32 0b                        entries
    08 03                        term: 3
    12 07 73 65 74 20 78 3d …    command: "set x=1"
  32 0d                        entries
    08 03                        term: 3
    1a 09                        configuration
      0a 03 01 02 03               voters: 1 2 3
      12 02 01 02                  outgoing: 1 2
  32 03                        entries
    12 01 ff                     command: 1 byte`
	if got := string(AppendShown(nil, Binary, data)); got != want {
		t.Errorf("shown as\n%s", got)
	}
	if got := string(AppendShown([]byte("> "), Binary, append(protowire.AppendTag(nil, 99, protowire.Fixed32Type), 1, 2,
		3, 4, 0xff))); got !=
		"> 9d 06 01 02 03 04            field 99, not known\nff                           …" {
		t.Errorf("shown as\n%s", got)
	}
	if got := string(AppendShown(nil, Text, []byte("1:x"))); got != "1:x" {
		t.Errorf("text is shown as %s", got)
	}
}

// Of a frame of which only the beginning is known its kind and term can be told if it is a long one.
func TestTheBeginningOfALongFrameTellsWhatItIs(t *testing.T) {
	long := Frame{From: 1, To: 2, RPC: &raft.AppendEntries{Call: 18, Term: 3,
		Entries: []raft.Entry{{Term: 3, Data: make([]byte, 1000)}}}}
	chunk := Frame{From: 1, To: 2,
		RPC: &raft.InstallSnapshot{Term: 3, Configuration: raft.Configuration{Voters: []raft.ServerID{1}},
			Data: make([]byte, 1000)}}
	for _, e := range Encodings() {
		data := Append(nil, &long, e)
		if method, term := Peek(e.Kind(), data[:150]); method != "AppendEntries" || term != 3 {
			t.Errorf("%v: %s of term %d", e, method, term)
		}
		if method, _ := Peek(e.Kind(), Append(nil, &chunk, e)[:60]); method != "" {
			t.Errorf("%v: a snapshot is taken for %s", e, method)
		}
		for n := range 30 {
			Peek(e.Kind(), data[:n])
		}
	}
}
