package hub

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// binaryFrame returns a small Protobuf frame: an address, the number of a call, and as content field 4, or
// in a reply field 8.
func binaryFrame(from, to, call uint64, content protowire.Number) []byte {
	var data []byte
	for i, n := range []uint64{from, to, call} {
		if n != 0 {
			data = protowire.AppendVarint(protowire.AppendTag(data, protowire.Number(i+1), protowire.VarintType), n)
		}
	}
	return protowire.AppendBytes(protowire.AppendTag(data, content, protowire.BytesType), []byte{0x08, 0xff, 0x01})
}

// binaries is a trio whose servers on connections 1 and 2 take binary messages; that on 3 takes none.
func binaries(t *testing.T) *stage {
	s := newStage(t, Options{Rate: 1}, nil)
	s.join(1, `{"binary":true}`)
	s.join(2, `{"binary":true}`)
	s.join(3, `{}`)
	s.join(4, `{"server":0,"watch":true}`)
	s.say(4, `{"method":"network","params":{"latency":0,"jitter":0}}`)
	s.pass(100_000)
	s.forget()
	return s
}

func (s *stage) send(conn uint64, data []byte) {
	s.forget()
	s.hub.Receive(conn, slices.Clone(data), true)
	s.pass(gather)
}

func TestABinaryFrameIsPassedOnAsItCame(t *testing.T) {
	s := binaries(t)
	data := binaryFrame(1, 2, 17, 4)
	var got []Delivery
	s.forget()
	s.hub.Receive(1, slices.Clone(data), true)
	for s.hub.Output(&s.out) {
		got = append(got, s.out.Deliver...)
	}
	if len(got) != 1 || got[0].Conn != 2 || !got[0].Binary || got[0].Kind != Frame ||
		string(got[0].Data) != string(data) {
		t.Fatalf("delivered %+v", got)
	}
	s.pass(gather)
	seen := s.notifications(4, "seen")
	if len(seen) != 1 || seen[0].Get("frames", 0, "base64").ToString() != base64.StdEncoding.EncodeToString(data) ||
		seen[0].Get("frames", 0, "bytes").ToInt() != len(data) || seen[0].Get("frames", 0, "frame").LastError() == nil {
		t.Errorf("a watcher is told %q", s.inbox[4])
	}
}

// A member gets no binary message before it has said, or shown by sending one, that it accepts them. The
// sender is told which member does not.
func TestATextOnlyMemberIsSentNoBinaryMessage(t *testing.T) {
	s := binaries(t)
	for name, data := range map[string][]byte{"to S3": binaryFrame(1, 3, 17, 4),
		"to everybody": binaryFrame(1, 0, 17, 4)} {
		s.send(1, data)
		if len(s.inbox[2])+len(s.inbox[3]) > 0 {
			t.Errorf("%s: others were sent %q and %q", name, s.inbox[2], s.inbox[3])
		}
		expectError(t, s.inbox[1], CodeNotRequest, "to", "3 takes text messages only")
	}
	s.send(3, binaryFrame(3, 1, 5, 4)) // a member that sends binary messages accepts them
	s.send(1, binaryFrame(1, 3, 18, 4))
	if len(s.inbox[3]) != 1 || s.inbox[3][0] != string(binaryFrame(1, 3, 18, 4)) {
		t.Errorf("having sent one itself, S3 is sent %q", s.inbox[3])
	}
	s.pass(3 * announceEvery)
	room := s.notifications(4, "room")
	if len(room) == 0 || !room[len(room)-1].Get("servers", 2, "binary").ToBool() {
		t.Errorf("the room says %q", s.inbox[4])
	}
	s.hub.Disconnect(3)
	s.join(5, `{"server":3,"lease":"`+s.hub.seats[2].Lease+`"}`)
	s.send(1, binaryFrame(1, 3, 19, 4))
	expectError(t, s.inbox[1], CodeNotRequest, "to", "3 takes text messages only")
}

func TestABadBinaryFrameIsRefused(t *testing.T) {
	s := binaries(t)
	twice := append(protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1),
		binaryFrame(2, 3, 0, 4)...)
	for _, c := range []struct {
		name  string
		data  []byte
		code  int
		field string
		words string
		id    string
	}{
		{"nothing", nil, CodeBadParams, "from", "expected the sender's address", "null"},
		{"text", []byte("1>2:x"), CodeNotJSON, "", "goes wrong at byte 0", "null"},
		{"cut off", binaryFrame(1, 2, 17, 4)[:8], CodeNotJSON, "", "at byte 6", "null"},
		{"somebody else's", binaryFrame(2, 1, 17, 4), CodeNotYours, "from", "2 is not", `"2>1:17"`},
		{"to nobody", binaryFrame(1, 9, 17, 4), CodeNoSuchAddress, "to", "nobody has the address 9", `"1>9:17"`},
		{"a reply to nobody", binaryFrame(1, 9, 17, 8), CodeNoSuchAddress, "to", "nobody", "null"},
		{"to itself", binaryFrame(1, 1, 0, 4), CodeBadParams, "to", "somebody else", "null"},
		{"two senders", twice, CodeNotRequest, "from", "appears twice", "null"},
		{"a sender in text", append([]byte{0x0a, 1, '1'}, binaryFrame(0, 2, 0, 4)...), CodeBadParams, "from",
			"a varint", "null"},
	} {
		s.send(1, c.data)
		expectError(t, s.inbox[1], c.code, c.field, c.words)
		if got := s.inbox[1]; len(got) != 1 || !strings.HasPrefix(got[0], `{"jsonrpc":"2.0","id":`+c.id+`,`) {
			t.Errorf("%s: answered by %q", c.name, got)
		}
		if len(s.inbox[2])+len(s.inbox[3]) > 0 {
			t.Errorf("%s: others were sent %q and %q", c.name, s.inbox[2], s.inbox[3])
		}
	}
}

// A binary frame can be injected, or replace another frame, as base64.
func TestABinaryFrameIsInjectedAndEdited(t *testing.T) {
	s := binaries(t)
	data := base64.StdEncoding.EncodeToString(binaryFrame(1, 2, 17, 4))
	s.say(4, `{"id":1,"method":"frame","params":{"do":"inject","from":1,"to":2,"base64":"`+data+`"}}`)
	s.pass(gather)
	if len(s.inbox[2]) == 0 || s.inbox[2][0] != string(binaryFrame(1, 2, 17, 4)) {
		t.Errorf("injected, S2 is sent %q", s.inbox[2])
	}
	s.say(4, `{"method":"network","params":{"links":[{"from":1,"to":2,"hold":true}]}}`)
	s.forget()
	s.say(1, "1>2:text")
	flights := s.hub.Flights(nil)
	s.say(4, `{"id":2,"method":"frame","params":{"seq":`+decimal(flights[0].Seq)+`,"do":"edit","base64":"`+data+`"}}`)
	if now := s.hub.Flights(nil); len(now) != 1 || !now[0].Binary ||
		string(now[0].Data) != string(binaryFrame(1, 2, 17, 4)) || flights[0].Binary {
		t.Errorf("edited, it is %+v", now)
	}
	expectError(t, s.say(4, `{"id":3,"method":"frame","params":{"do":"inject","from":1,"to":2,"base64":"#"}}`),
		CodeBadParams, "base64", "bytes in base64")
	expectError(t, s.say(4, `{"id":3,"method":"frame","params":{"do":"inject","from":1,"to":2,"base64":"AAAA"}}`),
		CodeBadParams, "frame", "goes wrong at byte 0")
}
