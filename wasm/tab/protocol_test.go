package tab

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"raftplayground/raft/kv"
	"raftplayground/raft/lab"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
	"raftplayground/wasm/client"
	"raftplayground/wasm/contract"
)

// examples returns the lines of the blocks of a kind in relay/PROTOCOL.md.
func examples(t *testing.T, kind string) (lines []string) {
	t.Helper()
	for _, block := range regexp.MustCompile("(?s)```"+kind+"\n(.*?)```").FindAllStringSubmatch(protocol(t), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	if len(lines) < 2 {
		t.Fatalf("PROTOCOL.md shows %d %s", len(lines), kind)
	}
	return lines
}

func protocol(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../relay/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The frames in PROTOCOL.md are those that servers write, to the byte; its commands are those in the log.
func TestTheFramesAndCommandsOfTheDocumentAreTheOnesThatWork(t *testing.T) {
	for _, line := range examples(t, "frames") {
		var d wire.Decoder
		var f wire.Frame
		err := d.Decode(wire.Text, []byte(line), &f)
		if err == nil && f.Refusal == nil && string(wire.Append(nil, &f, f.Encoding)) == line {
			continue
		}
		if f.Refusal != nil && f.Refusal.Code == wire.CodeNotLeader && f.Refusal.Leader == 1 {
			continue
		}
		t.Errorf("%s\n%v, written as\n%s", line, err, wire.Append(nil, &f, f.Encoding))
	}
	for _, line := range examples(t, "protobuf") {
		digits, colon, _ := strings.Cut(line, "  ")
		data, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		var d wire.Decoder
		var f wire.Frame
		if err := d.Decode(wire.Binary, data, &f); err != nil ||
			string(wire.Append(nil, &f, wire.Colon)) != strings.TrimSpace(colon) ||
			!bytes.Equal(wire.Append(nil, &f, wire.Protobuf), data) {
			t.Errorf("%s\n%v, written as\n% x\n%s", line, err, wire.Append(nil, &f, wire.Protobuf),
				wire.Append(nil, &f, wire.Colon))
		}
	}
	for _, line := range examples(t, "commands") {
		c, err := kv.Parse([]byte(line))
		if err != nil || string(kv.Encode(nil, c)) != line {
			t.Errorf("%q: %v, written as %q", line, err, kv.Encode(nil, c))
		}
	}
}

// The room accepts the reports of PROTOCOL.md and a tab draws them; the first has every member of a tab's
// own report, and the table names them.
func TestTheReportsOfTheDocumentAreTheOnesThatWork(t *testing.T) {
	h, err := hub.New(hub.Options{Code: "test", Size: 3, Random: func(b []byte) { clear(b) }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.Connect(1)
	var out hub.Output
	say := func(text string) (answers []string) {
		h.Receive(1, []byte(text), false)
		for h.Output(&out) {
			for _, d := range out.Deliver {
				answers = append(answers, string(d.Data))
			}
		}
		return answers
	}
	say(`{"jsonrpc":"2.0","id":1,"method":"join","params":{"server":null}}`)
	for _, line := range examples(t, "report") {
		if got := strings.Join(say(`{"jsonrpc":"2.0","id":2,"method":"report","params":`+line+`}`),
			"\n"); !strings.Contains(got, `"id":2,"result":true`) {
			t.Errorf("%s\nis answered by %s", line, got)
		}
		var r contract.ServerReport
		if err := contract.Codec.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	table := protocol(t)
	text, _ := contract.Codec.MarshalToString(contract.ServerReport{Log: &contract.Log{}})
	var members map[string]any
	if err := contract.Codec.UnmarshalFromString(text, &members); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		if name != "server" && (!strings.Contains(table, "`"+name+"`") || !strings.Contains(examples(t, "report")[0],
			`"`+name+`":`)) {
			t.Errorf("PROTOCOL.md does not say what %s is", name)
		}
	}
}

// A room does the acts of PROTOCOL.md, and answers with the errors that it lists.
func TestTheActsOfTheDocumentAreTheOnesThatWork(t *testing.T) {
	h, err := hub.New(hub.Options{Code: "test", Size: 3, Random: func(b []byte) { clear(b) }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out hub.Output
	say := func(conn uint64, text string) (answer string) {
		h.Receive(conn, []byte(text), false)
		for h.Output(&out) {
			for _, d := range out.Deliver {
				if strings.Contains(string(d.Data), `"id":7`) {
					answer = string(d.Data)
				}
			}
		}
		return answer
	}
	act := func(deed string) string { return say(1, `{"jsonrpc":"2.0","id":7,"method":"act","params":`+deed+`}`) }
	for conn := range uint64(3) {
		h.Connect(conn + 1)
		say(conn+1, `{"jsonrpc":"2.0","id":1,"method":"join","params":{"server":null}}`)
	}
	shown := map[string]bool{}
	for _, line := range examples(t, "acts") {
		var deed struct {
			Do    string `json:"do"`
			Frame int    `json:"frame"`
		}
		if err := json.Unmarshal([]byte(line), &deed); err != nil {
			t.Fatal(err)
		}
		if deed.Frame > 0 && !shown["holdFrame"] { // there are frames 1 and 2
			say(1, "1>2:RequestVotes:Request:3:1:4:2:call=17")
			say(1, "1>3:RequestVotes:Request:3:1:4:2:call=17")
		}
		shown[deed.Do] = true
		if answer := act(line); !strings.Contains(answer, `"result":true`) {
			t.Errorf("%s\nis answered by %s", line, answer)
		}
	}
	for _, d := range lab.Describe().Deeds {
		if d.Room && !shown[string(d.Do)] {
			t.Errorf("PROTOCOL.md does not show the deed %q", d.Do)
		}
	}
	for _, wrong := range []struct {
		deed, field string
	}{
		{`{"do":"crash","server":1}`, "do"}, {`{"do":"cut","server":4}`, "server"}, {`{"do":"cut","to":77}`, "to"},
		{`{"do":"partition","servers":[0]}`, "servers"}, {`{"do":"partition"}`, "servers"},
		{`{"do":"network","server":1}`, "link"}, {`{"do":"heal","link":{"loss":1}}`, "link"},
		{`{"do":"network","link":{"latency":-1}}`, "link.latency"}, {`{"do":"dropFrame","frame":99}`, "seq"},
		{`{"do":"injectFrame","server":1,"to":2,"text":"tea"}`, "frame"},
		{`{"do":"injectFrame","server":1,"to":2,"text":"?","binary":true}`, "text"},
		{`{"do":"injectFrame","server":1,"to":1,"text":"1>2:x"}`, "from"},
	} {
		answer := act(wrong.deed)
		if !strings.Contains(answer, `"code":-32602`) || !strings.Contains(answer, `"field":"`+wrong.field+`"`) ||
			!strings.Contains(protocol(t), "`"+wrong.field+"`") {
			t.Errorf("%s\nis answered by %s; PROTOCOL.md says %q", wrong.deed, answer, wrong.field)
		}
	}
}

// A tab tells the deeds of PROTOCOL.md, each in a line that names its author; there is one of each kind.
func TestTheDeedsOfTheDocumentAreTold(t *testing.T) {
	kinds := map[string]bool{}
	text, err := os.ReadFile("../../relay/hub/deeds.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range regexp.MustCompile(`DeedKind += "(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		kinds[kind[1]] = true
	}
	if len(kinds) < 10 {
		t.Fatalf("there are only the deeds %v", kinds)
	}
	for _, line := range examples(t, "deeds") {
		tab := New(nil, 1)
		tab.client, tab.room = 1004, &contract.RoomNotice{RoomState: contract.RoomState{Size: 3}}
		room := contract.RoomNotice{}
		if err := contract.Codec.Unmarshal([]byte(`{"deeds":[`+line+`]}`), &room); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		d := &room.Deeds[0]
		delete(kinds, d.Do)
		tab.tellDeeds(&room)
		story := tab.batches.Next.Story
		if len(story) != 1 || story[0].At != d.At || story[0].Text == "" {
			t.Errorf("%s is told as %+v", line, story)
			continue
		}
		who := map[bool]string{true: "You did this.", false: " did this."}[d.By != nil && d.By.Client == 1004]
		if comesOrGoes := d.Server != 0 && d.Do != "free"; !comesOrGoes && strings.Contains(story[0].Why,
			who) != (d.By != nil) {
			t.Errorf("%s is told as done by: %q", line, story[0].Why)
		}
	}
	for kind := range kinds {
		t.Errorf("PROTOCOL.md does not show the deed %q", kind)
	}
}

// Every code that the room or a server answers with is in the table of PROTOCOL.md, and its times are those
// of the servers.
func TestTheCodesAndTimesOfTheDocumentAreTheOnesInUse(t *testing.T) {
	table := protocol(t)
	known := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (-32\d{3}) \|`).FindAllStringSubmatch(table, -1) {
		known[row[1]] = true
	}
	used := map[string]bool{}
	for _, file := range []string{"../../relay/hub/refusal.go", "../../raft/wire/error.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range regexp.MustCompile(`= (-32\d{3})\b`).FindAllStringSubmatch(string(text), -1) {
			used[code[1]] = true
		}
	}
	for code := range used {
		if !known[code] {
			t.Errorf("PROTOCOL.md does not say what %s is", code)
		}
	}
	for code := range known {
		if !used[code] {
			t.Errorf("nothing answers with %s", code)
		}
	}
	number := func(file, before string) string {
		text, err := os.ReadFile("../../" + file)
		found := regexp.MustCompile(regexp.QuoteMeta(before) + `\s*(\d+)`).FindSubmatch(text)
		if err != nil || found == nil {
			t.Fatalf("%s has no number behind %q: %v", file, before, err)
		}
		return string(found[1])
	}
	const server, room = "raft/server/server.go", "relay/hub/hub.go"
	for _, said := range []string{
		"every " + number(server, "{&o.HeartbeatTicks,") + " ms of cluster time",
		number(server, "{&o.ElectionTicksMin,") + " to " + number(server, "{&o.ElectionTicksMax,") +
			" ms of cluster time",
		number(room, "teachLatency  =") + " ± " + number(room, "teachJitter   =") + " ms of cluster time",
		"must join within | " + number(room, "joinWithin    =") + " s of real time",
		"every " + number(room, "announceEvery =") + " s",
		strconv.Itoa(client.GiveUp/1e6) + " s of real time in which nobody led",
		"at most " + strconv.Itoa(1000/reportEvery) + " times a second",
	} {
		if !strings.Contains(table, said) {
			t.Errorf("PROTOCOL.md does not say %q", said)
		}
	}
}

// Clients ask a server that speaks only colon in JSON, and it may answer with the line that PROTOCOL.md
// gives.
func TestAServerOfColonOnlyTellsClientsSo(t *testing.T) {
	w := newWorld(t)
	const guest = 99
	var asked []string
	w.guest = func(text string) {
		if strings.Contains(text, `"method":"Put"`) {
			asked = append(asked, text)
		}
	}
	w.hub.Connect(guest)
	w.hub.Receive(guest, []byte(`{"id":1,"method":"join","params":{"server":null,"size":1}}`), false)
	client := w.open(newBrowser(), func(s *testStart) { s.Seat = "watch" })
	w.run(500)
	client.ask(1, "put", "x", "1", 1)
	w.run(200)
	if len(asked) != 1 {
		t.Fatalf("the guest was asked %q", asked)
	}
	var call struct {
		ID, From json.RawMessage
	}
	if err := json.Unmarshal([]byte(asked[0]), &call); err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(protocol(t), "copy `id` and `from`, and answer\n`")
	line, _, _ = strings.Cut(line, "`")
	line = strings.NewReplacer("ID", string(call.ID), "ME", "1", "FROM", string(call.From)).Replace(line)
	w.hub.Receive(guest, []byte(line), false)
	if r := client.outcome(1); r.State != "refused" || r.Detail != "I speak colon only" {
		t.Errorf("%s: the client is told %+v", line, r)
	}
}
