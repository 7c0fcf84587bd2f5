package tab

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"raftplayground/raft/kv"
	"raftplayground/raft/wire"
	"raftplayground/relay/hub"
	"raftplayground/wasm/page"
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

// What PROTOCOL.md shows of frames is what servers write, to the byte; its commands are what the log holds.
func TestTheFramesAndCommandsOfTheDocumentAreTheOnesThatWork(t *testing.T) {
	for _, line := range examples(t, "frames") {
		var d wire.Decoder
		var f wire.Frame
		err := d.Decode([]byte(line), &f)
		if err == nil && f.Refusal == nil && string(wire.Append(nil, &f, f.Encoding)) == line {
			continue
		}
		if f.Refusal != nil && f.Refusal.Code == wire.CodeNotLeader && f.Refusal.Leader == 1 {
			continue
		}
		t.Errorf("%s\n%v, written as\n%s", line, err, wire.Append(nil, &f, f.Encoding))
	}
	for _, line := range examples(t, "commands") {
		c, err := kv.Parse([]byte(line))
		if err != nil || string(kv.Encode(nil, c)) != line {
			t.Errorf("%q: %v, written as %q", line, err, kv.Encode(nil, c))
		}
	}
}

// The reports of PROTOCOL.md are taken by the room and drawn by a tab; the first has every member that a tab's own has, and the table names them.
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
		if got := strings.Join(say(`{"jsonrpc":"2.0","id":2,"method":"report","params":`+line+`}`), "\n"); !strings.Contains(got, `"id":2,"result":true`) {
			t.Errorf("%s\nis answered by %s", line, got)
		}
		var r sentReport
		if err := page.Codec.Unmarshal([]byte(line), &r); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	table := protocol(t)
	text, _ := page.Codec.MarshalToString(sentReport{Log: &page.Log{}})
	var members map[string]any
	if err := page.Codec.UnmarshalFromString(text, &members); err != nil {
		t.Fatal(err)
	}
	for name := range members {
		if name != "server" && (!strings.Contains(table, "`"+name+"`") || !strings.Contains(examples(t, "report")[0], `"`+name+`":`)) {
			t.Errorf("PROTOCOL.md does not say what %s is", name)
		}
	}
}

// Every code that the room or a server answers with is in the table of PROTOCOL.md, and its times are those of the servers.
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
	if !strings.Contains(table, "every 50 ms") || !strings.Contains(table, "150 to 300 ms") || !strings.Contains(table, strconv.Itoa(giveUpAfter/1000)+" s of real time, then") {
		t.Error("the times of PROTOCOL.md are others")
	}
}
