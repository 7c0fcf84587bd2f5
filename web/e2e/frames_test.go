package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestTabsThatSpeakColonJSONAndProtobufFormOneCluster(t *testing.T) {
	r := newRoom(t)
	colon := r.window("?wire=colon")
	colon.network(`{rate: 1}`)
	json := r.window("?wire=json")
	third := r.window("?wire=protobuf")
	watcher := r.join(`{"server":0,"lease":null,"watch":true,"name":"watcher"}`)
	leading(t, 10*time.Second, colon, json, third)
	for _, w := range []*tab{colon, json, third} {
		w.mustPut(fmt.Sprintf("from S%d", w.seat()), "understood")
	}
	// Each must be understood by the others as leader and as follower: whoever leads is cut off until S1 and
	// another have led.
	for led := map[bool]bool{}; len(led) < 2; {
		leader, others := leading(t, 10*time.Second, colon, json, third)
		leader.mustPut("x", "1")
		led[leader == colon] = true
		leader.isolate(true)
		next, _ := leading(t, 10*time.Second, others...)
		next.mustPut("y", "2")
		led[next == colon] = true
		leader.isolate(false)
	}
	leading(t, 10*time.Second, colon, json, third)
	alike(t, 10*time.Second, colon, json, third)
	watcher.settled(5*time.Second, 3)
	spoken := map[string]int{}
	for _, report := range watcher.reports {
		spoken[report.Encoding]++
	}
	if spoken["colon"] != 1 || spoken["json"] != 1 || spoken["protobuf"] != 1 {
		t.Errorf("the servers report to speak %v, expected each encoding of one", spoken)
	}
	for _, report := range watcher.reports {
		if report.BadFrames != 0 {
			t.Errorf("S%d could not decode %d frames of the others", report.Server, report.BadFrames)
		}
	}
}

// vote is a call of S3 to S1 with these params.
func vote(params string) string {
	return `{"jsonrpc":"2.0","id":"3>1:7","from":3,"to":1,"method":"RequestVote","params":` + params + `}`
}

// Every kind of bad frame of the frames' definition, sent by a member that holds the seat S3, and the error that
// must come back.
var badFrames = []struct {
	name  string
	text  string
	code  int
	field string
}{
	{"wrong sender, JSON",
		`{"jsonrpc":"2.0","id":"1>2:7","from":1,"to":2,"method":"RequestVote","params":{"term":99,` +
			`"candidateId":1,"lastLogIndex":99,"lastLogTerm":99}}`, -32001, "from"},
	{"wrong sender, colon", `1>2:RequestVotes:Request:99:1:99:99`, -32001, "from"},
	{"unknown room member, JSON",
		`{"jsonrpc":"2.0","id":"3>9:7","from":3,"to":9,"method":"RequestVote","params":{"term":99,` +
			`"candidateId":3,"lastLogIndex":0,"lastLogTerm":0}}`, -32002, "to"},
	{"unknown room member, colon", `3>9:RequestVotes:Request:99:3:0:0`, -32002, "to"},
	{"cut JSON", `{"jsonrpc":"2.0","id":"3>1:7","from":3,"to":1,"method":"RequestVote","params":{"term":9`, -32700, ""},
	{"noise", "\x01\x02\x7f noise", -32700, ""},
	{"nothing", "", -32700, ""},
	{"an array", `[]`, -32600, ""},
	{"a sender that is text", `{"jsonrpc":"2.0","id":7,"from":"three","to":1,"method":"RequestVote","params":{}}`,
		-32602, "from"},
	{"a negative sender", `{"jsonrpc":"2.0","id":7,"from":-3,"to":1,"method":"RequestVote","params":{}}`, -32602,
		"from"},
	{"a receiver of 2^64",
		`{"jsonrpc":"2.0","id":7,"from":3,"to":18446744073709551616,"method":"RequestVote","params":{}}`, -32602, "to"},
	{"a call that the room does not know", `{"jsonrpc":"2.0","id":7,"method":"shutdown","params":{}}`, -32601, ""},
	{"wrong type", vote(`{"term":"ninety-nine","candidateId":3,"lastLogIndex":0,"lastLogTerm":0}`), -32602, "term"},
	{"negative", vote(`{"term":-1,"candidateId":3,"lastLogIndex":0,"lastLogTerm":0}`), -32602, "term"},
	{"2^64", vote(`{"term":18446744073709551616,"candidateId":3,"lastLogIndex":0,"lastLogTerm":0}`), -32602, "term"},
	{"fractional", vote(`{"term":99,"candidateId":3,"lastLogIndex":0.5,"lastLogTerm":0}`), -32602, "lastLogIndex"},
	{"null", vote(`{"term":99,"candidateId":3,"lastLogIndex":null,"lastLogTerm":0}`), -32602, "lastLogIndex"},
	{"missing", vote(`{"term":99,"candidateId":3,"lastLogIndex":0}`), -32602, "lastLogTerm"},
	{"keys in another case", vote(`{"Term":99,"candidateId":3,"lastLogIndex":0,"lastLogTerm":0}`), -32602, "term"},
	{"unknown method", strings.Replace(vote(`{}`), "RequestVote", "RequestCoffee", 1), -32601, "method"},
	{"colon, cut", `3>1:RequestVotes:Request:99:3`, -32602, "lastLogIndex"},
	{"colon, negative", `3>1:RequestVotes:Request:-99:3:0:0`, -32602, "term"},
	{"colon, 2^64", `3>1:RequestVotes:Request:18446744073709551616:3:0:0`, -32602, "term"},
	{"colon, unknown type", `3>1:RequestCoffee:Request:99:3:0:0`, -32601, "type"},
}

// reachS1 is how many of badFrames the room passes on, because their addresses are good.
const reachS1 = 12

func TestBadFramesOfEveryKindAreAnsweredAndDoNoHarm(t *testing.T) {
	r := newRoom(t)
	tabs := r.windows(2)
	tabs[0].network(`{rate: 0.3}`) // slow enough that a busy machine starts no election of its own
	bad := r.join(`{"server":null,"lease":null,"watch":true,"name":"a bad server"}`)
	if bad.server != 3 {
		t.Fatalf("the third member got seat %d", bad.server)
	}
	leading(t, 10*time.Second, tabs...)
	was := bad.settled(5*time.Second, 2)
	for _, frame := range badFrames {
		bad.send(frame.text)
		answer := bad.await("an answer to the bad frame: "+frame.name, 5*time.Second,
			func(got message) bool { return got.Error != nil })
		if answer.Error.Code != frame.code || frame.field != "" && answer.Error.Data.Field != frame.field ||
			answer.Error.Message == "" {
			t.Errorf("%s: expected error %d of field %q with a message, got %s", frame.name, frame.code, frame.field,
				answer.text)
		}
	}
	bad.write(websocket.BinaryMessage, []byte{0xff, 0x00, 0x80, 0xde, 0xad})
	if answer := bad.await("an answer to binary noise", 5*time.Second,
		func(got message) bool { return got.Error != nil }); answer.Error.Code != -32700 {
		t.Errorf("binary noise: expected error -32700, got %s", answer.text)
	}

	tabs[0].mustPut("x", "unharmed")
	tabs[1].mustGet("x", "unharmed")
	now := bad.settled(5*time.Second, 2)
	if now.Term != was.Term || now.Leader != was.Leader {
		t.Errorf("S%d led term %d before the bad frames, S%d leads term %d after them", was.Leader, was.Term,
			now.Leader, now.Term)
	}
	eventually(t, 5*time.Second, "S1 reports the bad frames that reached it", func() error {
		bad.mu.Lock()
		defer bad.mu.Unlock()
		if counted := bad.reports[1].BadFrames; counted != reachS1 {
			return fmt.Errorf("it reports %d of %d", counted, reachS1)
		}
		return nil
	})

	huge := vote(`{"term":` + strings.Repeat("9", 2<<20) + `}`)
	_ = bad.socket.WriteMessage(websocket.TextMessage, []byte(huge)) // the room may hang up before all of it is sent
	if reason := bad.closed(5 * time.Second); reason.Code != websocket.CloseMessageTooBig || reason.Text == "" {
		t.Errorf("a huge frame: expected close code %d with a reason, got %v", websocket.CloseMessageTooBig, reason)
	}
	tabs[1].mustPut("x", "still unharmed")
	alike(t, 5*time.Second, tabs...)
}
