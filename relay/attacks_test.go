package main

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const mib = 1 << 20

// attacks are those that once did harm, and some that did not.
var attacks = []attack{
	{
		name:    "300 messages of 1 MiB that are never finished, before joining",
		happens: "the connections are closed: before it joins a member may send 4 KiB",
		bound:   "4 KiB for each of 20,000 connections",
		run:     (*attacker).unfinishedBeforeJoining,
		check:   func(v *victim, t testing.TB) { v.memoryBelow(t, 150*mib) },
	},
	{
		name:    "64 members, each with a message of 1 MiB that is never finished",
		happens: "what finds no room is read and thrown away, with error -32009; after 30 s the connection is closed",
		bound:   "32 MiB in all, 16 MiB from one address",
		run:     (*attacker).unfinishedAfterJoining,
		check:   func(v *victim, t testing.TB) { v.memoryBelow(t, 200*mib) },
	},
	{
		name:    "100 reports of 250 KiB beside 30 calls of 1 MB, in the room",
		happens: "frames go first; of the reports each watcher gets the last, the sender must wait: error -32007",
		bound:   "news 16 MiB a second for a room, 1 MiB waiting for a connection",
		run:     (*attacker).reportsAndCalls,
		inside:  true,
	},
	{
		name:    "a held frame of 1 MB, duplicated 13 times and released, in the room",
		happens: "the receiver gets what fits, the rest is lost and told (full); nobody is closed",
		bound:   "8 MiB waiting for a connection; a copy costs as much as the frame",
		run:     (*attacker).heldAndDuplicated,
		inside:  true,
	},
	{
		name:    "5 rooms with 32 MiB of held frames each",
		happens: "frames beyond the budget are lost and told (full)",
		bound:   "64 MiB in all, 32 MiB in rooms that one address opened",
		run:     (*attacker).heldEverywhere,
		check:   func(v *victim, t testing.TB) { v.memoryBelow(t, 300*mib) },
	},
	{
		name:    "2.5 MB/s of control characters to 50 watchers",
		happens: "watchers are told without text, then only how many lines they missed",
		bound:   "news 16 MiB a second for a room, 48 MiB in all, 24 MiB of one address",
		run:     (*attacker).controlCharacters,
	},
	{
		name:    "opening rooms as fast as it goes",
		happens: "empty rooms are put away for others; beyond the budget the connection is closed with 1013",
		bound:   "2000 rooms in all, 1000 of one address; 100 handshakes a second, 200 ahead",
		run:     (*attacker).manyRooms,
		check:   (*victim).canOpenARoom,
	},
	{
		name:    "61 sockets that never join and 60 watchers, in the room",
		happens: "who never joins gives up its place to others; the places of servers are kept",
		bound:   "64 that have not joined, 64 members less the seats",
		run:     (*attacker).crowdedRoom,
		inside:  true,
		check:   (*victim).canReturnToASeat,
	},
	{
		name:    "pongs as fast as they go, and forged ones",
		happens: "the connection is closed with 1008; a pong that answers no ping of ours measures nothing",
		bound:   "10 control messages a second, 50 ahead",
		run:     (*attacker).pongs,
	},
	{
		name:    "empty fragments as fast as they go",
		happens: "the connection is closed",
		bound:   "64 KiB of framing beyond what a message brings",
		run:     (*attacker).emptyFragments,
	},
	{
		name:    "looking for a frame that is not there, among as many as there may be",
		happens: "nothing: a look-up costs less than 0.2 ms",
		bound:   "16384 frames under way in a room",
		run:     (*attacker).lookUps,
	},
	{
		name:    "releasing as many frames as there may be, with reordering",
		happens: "nothing: they are sorted once",
		bound:   "16384 frames under way in a room",
		run:     (*attacker).releases,
	},
	{
		name:    "changing its name as often as it goes, before 60 watchers",
		happens: "the room is announced every 250 ms instead of 16, and its record is stored once a second",
		bound:   "news 16 MiB a second for a room",
		run:     (*attacker).names,
	},
	{
		name:    "small messages as fast as they go, from 20 sockets",
		happens: "reading waits, TCP slows the senders down; who goes on after -32007 is closed with 1008",
		bound:   "5000 messages a second of a member, 30,000 of one address, 60,000 in all",
		run:     (*attacker).smallMessages,
	},
	{
		name:    "messages of 1 MB that are hard to read: brackets, keys, numbers, escapes, colons",
		happens: "they are refused (-32700, -32006, -32007); reading waits, TCP slows the senders down",
		bound:   "no byte costs much more than another; 64 MiB a second, 32 MiB from one address; 512 levels",
		run:     (*attacker).hardToRead,
	},
	{
		name:    "20 watchers that read nothing",
		happens: "they are spared news, and closed after 15 s without a byte taken",
		bound:   "1 MiB of news and 8 MiB of frames waiting for each; 128 MiB in all, 64 MiB for one address",
		run:     (*attacker).readingNothing,
		check:   func(v *victim, t testing.TB) { v.memoryBelow(t, 200*mib) },
	},
	{
		name:    "guessing leases, in the room",
		happens: "error -32003",
		bound:   "128 bits, and the pace of messages and handshakes",
		run:     (*attacker).guesses,
		inside:  true,
	},
	{
		name:    "frames under others' names, and to nobody, in the room",
		happens: "errors -32001 and -32002; the frame goes nowhere",
		bound:   "from must be the sender's own",
		run:     (*attacker).forgeries,
		inside:  true,
	},
	{
		name:    "HTTP requests that never end, from 500 sockets",
		happens: "they are closed after 5 s without a whole header",
		bound:   "20,000 sockets in all, 10,000 of one address",
		run:     (*attacker).unfinishedRequests,
	},
}

// frameHeader begins a masked text message of n bytes, final or not.
func frameHeader(first byte, n int) []byte {
	header := []byte{first, 0x80 | 127}
	header = binary.BigEndian.AppendUint64(header, uint64(n))
	return append(header, 0, 0, 0, 0) // the mask
}

func (a *attacker) unfinishedBeforeJoining() {
	for range 300 {
		if ws := a.socket("unfinished"); ws != nil {
			go func() {
				ws.NetConn().Write(frameHeader(0x01, mib))
				ws.NetConn().Write(make([]byte, mib-1))
			}()
		}
	}
}

func (a *attacker) unfinishedAfterJoining() {
	for range 64 {
		ws := a.member("unfinished", `{"server":0}`)
		if ws != nil {
			go func() {
				ws.NetConn().Write(frameHeader(0x81, mib))
				ws.NetConn().Write(make([]byte, mib-1))
			}()
		}
	}
}

func (a *attacker) reportsAndCalls() {
	report := `{"method":"report","params":{"x":"` + strings.Repeat("x", 250<<10) + `"}}`
	call := `{"from":5,"to":%d,"method":"x","params":"` + strings.Repeat("x", 1_000_000) + `"}`
	var messages []string
	for i := range 100 {
		messages = append(messages, report)
		if i%3 == 0 {
			messages = append(messages, fmt.Sprintf(call, 1+i%4))
		}
	}
	a.again(a.code, messages)
}

// again writes all messages through a member on the fifth seat, waits a second, and repeats.
func (a *attacker) again(code string, messages []string) {
	ws := a.member(code, `{}`)
	for ws != nil {
		for _, m := range messages {
			if ws.WriteMessage(websocket.TextMessage, []byte(m)) != nil {
				return
			}
		}
		time.Sleep(time.Second)
	}
}

func (a *attacker) heldAndDuplicated() {
	messages := []string{
		`{"method":"network","params":{"links":[{"from":5,"to":3,"hold":true}]}}`,
		"5>3:" + strings.Repeat("x", 1_000_000),
	}
	for seq := 1; seq < 4000; seq++ { // its number is not known; only one of these fits
		messages = append(messages, fmt.Sprintf(`{"method":"frame","params":{"seq":%d,"do":"duplicate"}}`, seq))
	}
	a.again(a.code, append(messages, `{"method":"network","params":{"links":[{"from":5,"to":3,"hold":false}]}}`))
}

func (a *attacker) heldEverywhere() {
	for i := range 5 {
		code := fmt.Sprintf("held-%d", i)
		ws := a.member(code, `{"size":2}`)
		other := a.member(code, `{}`)
		if ws == nil || other == nil {
			return
		}
		say(ws, `{"method":"network","params":{"start":true,"links":[{"from":1,"to":2,"hold":true}]}}`)
		for range 33 {
			say(ws, "1>2:"+strings.Repeat("x", mib-4))
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func say(ws *websocket.Conn, text string) error {
	return ws.WriteMessage(websocket.TextMessage, []byte(text))
}

func (a *attacker) controlCharacters() {
	for range 50 {
		a.member("noise", `{"server":0,"watch":true}`)
	}
	ws := a.member("noise", `{"size":3}`)
	if ws == nil {
		return
	}
	text := "1:" + strings.Repeat("\x01", 4094)
	for range time.Tick(10 * time.Millisecond) {
		for range 6 {
			if say(ws, text) != nil {
				return
			}
		}
	}
}

func (a *attacker) manyRooms() {
	for i := 0; ; i++ {
		ws := a.socket(fmt.Sprintf("prank-%d", i))
		if ws == nil {
			continue
		}
		say(ws, `{"id":1,"method":"join","params":{"new":true}}`)
		if i%2 == 0 {
			ws.Close() // an empty room stays open
		}
	}
}

func (a *attacker) crowdedRoom() {
	for range 60 {
		a.member(a.code, `{"server":0,"watch":true}`)
	}
	for {
		var idle []*websocket.Conn
		for range 61 {
			idle = append(idle, a.socket(a.code))
		}
		time.Sleep(time.Second)
		for _, ws := range idle {
			if ws != nil {
				ws.Close()
			}
		}
	}
}

func (a *attacker) pongs() {
	pong := []byte{0x8A, 0x80 | 8, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0} // payload −2^63: before the relay began
	many := make([]byte, 0, 1000*len(pong))
	for range 1000 {
		many = append(many, pong...)
	}
	for {
		ws := a.member("pongs", `{}`)
		if ws == nil {
			continue
		}
		for {
			if _, err := ws.NetConn().Write(many); err != nil {
				break
			}
		}
	}
}

func (a *attacker) emptyFragments() {
	many := make([]byte, 0, 6000)
	for range 1000 {
		many = append(many, 0x00, 0x80, 0, 0, 0, 0)
	}
	for {
		ws := a.member("fragments", `{}`)
		if ws == nil {
			continue
		}
		ws.NetConn().Write([]byte{0x01, 0x80, 0, 0, 0, 0})
		for {
			if _, err := ws.NetConn().Write(many); err != nil {
				break
			}
		}
	}
}

// stuffed is a room of nine whose links hold as many frames as a room takes. It returns one of its servers.
func (a *attacker) stuffed(code string) *websocket.Conn {
	var servers []*websocket.Conn
	for range 9 {
		ws := a.member(code, `{"size":9}`)
		if ws == nil {
			return nil
		}
		servers = append(servers, ws)
	}
	say(servers[0], `{"method":"network","params":{"links":[`+everyLink(`"hold":true`)+`]}}`)
	for range 240 {
		for i, ws := range servers {
			say(ws, fmt.Sprintf("%d:x", i+1))
		}
	}
	return servers[0]
}

// everyLink names all directions between nine servers, with these settings.
func everyLink(settings string) string {
	var links []string
	for from := 1; from <= 9; from++ {
		for to := 1; to <= 9; to++ {
			if from != to {
				links = append(links, fmt.Sprintf(`{"from":%d,"to":%d,%s}`, from, to, settings))
			}
		}
	}
	return strings.Join(links, ",")
}

func (a *attacker) lookUps() {
	ws := a.stuffed("stuffed")
	for ws != nil && say(ws, `{"method":"frame","params":{"seq":999999999,"do":"drop"}}`) == nil {
	}
}

func (a *attacker) releases() {
	ws := a.stuffed("stuffed")
	for ws != nil {
		say(ws, `{"method":"network","params":{"links":[`+everyLink(
			`"hold":false,"reorder":1,"latency":10000000`)+`]}}`)
		time.Sleep(300 * time.Millisecond)
		ws = a.stuffed("stuffed-again")
	}
}

func (a *attacker) names() {
	for range 50 {
		a.member("names", `{"server":0,"watch":true}`)
	}
	a.flood("names", `{}`, `{"method":"state","params":{"name":"`+strings.Repeat("é", 40)+`"}}`,
		`{"method":"network","params":{"latency":7}}`)
}

func (a *attacker) smallMessages() {
	for i := range 20 {
		go a.flood(fmt.Sprintf("small-%d", i%2), `{"server":0}`, "x", `{"id":1,"method":"dance"}`)
	}
}

func (a *attacker) hardToRead() {
	const most = 1_000_000
	brackets := strings.Repeat("[", most)
	keys := strings.Repeat(`"k":-1.5e-7,`, most/12)
	escapes := strings.Repeat(`\u0041`, most/6)
	for i := range 4 {
		go a.flood(fmt.Sprintf("hard-%d", i), `{"size":2}`, `{"id":1,"method":"network","params":`+brackets+"}",
			`{"id":1,"method":"network","params":{`+keys+`"x":1}}`,
			`{"id":1,"method":"report","params":{`+keys+`"x":1}}`,
			`{"id":1,"method":"frame","params":{"do":"inject","from":1,"to":2,"frame":"1>2:`+escapes+`"}}`,
			"0:x"+strings.Repeat(":", most), `{"variant":"RequestVote","fields":[{`+keys+`"uuid":"u"}]}`)
	}
}

func (a *attacker) readingNothing() {
	for range 20 {
		if ws := a.socket("deaf"); ws != nil {
			say(ws, `{"id":1,"method":"join","params":{"server":0,"watch":true,"new":true}}`)
		}
	}
	messages := []string{"1:" + strings.Repeat("x", 4000)}
	for to := 1002; to < 1022; to++ {
		messages = append(messages, `{"method":"report","params":{"x":"`+strings.Repeat("x", 100<<10)+`"}}`)
	}
	a.flood("deaf", `{"size":3}`, messages...)
}

func (a *attacker) guesses() {
	for {
		ws := a.socket(a.code)
		if ws == nil {
			continue
		}
		go readOn(ws)
		for {
			var lease [16]byte
			rand.Read(lease[:])
			if say(ws, `{"id":1,"method":"join","params":{"server":1,"lease":"`+hex.EncodeToString(
				lease[:])+`"}}`) != nil {
				break
			}
		}
	}
}

func (a *attacker) forgeries() {
	a.flood(a.code, `{"server":0}`, "2>1:pong:forged", "1>2:ping:forged", `{"from":1,"to":2,"method":"x"}`, "1001>77:x",
		`{"from":3,"from":1,"to":2}`, "{", "\xff")
}

func (a *attacker) unfinishedRequests() {
	for {
		var open []net.Conn
		for range 500 {
			if c, err := a.dial("tcp", a.address); err == nil {
				c.Write([]byte("GET /rooms/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "))
				open = append(open, c)
			}
		}
		time.Sleep(6 * time.Second)
		for _, c := range open {
			c.Close()
		}
	}
}

func (v *victim) memoryBelow(t testing.TB, most int64) {
	if got := memoryOf(v.relay.Process.Pid); got > most {
		t.Errorf("the relay has %d MiB, at most %d were to be", got>>20, most>>20)
	}
}

func (v *victim) canOpenARoom(t testing.TB) {
	if c := open(t, v.relay.url, fmt.Sprintf("class-%d", time.Now().UnixNano()), `{}`); c.server != 1 {
		t.Errorf("a newcomer from another address got seat %d of a room of its own", c.server)
	}
}

// canReturnToASeat lets the owner of a seat come back. The owner is still connected, so a refusal that says
// so is proof enough.
func (v *victim) canReturnToASeat(t testing.TB) {
	owner := v.tabs[3]
	back := dial(t, v.relay.url, v.code, nil)
	defer back.ws.Close()
	back.say(fmt.Sprintf(`{"id":"join","method":"join","params":{"server":%d,"lease":"%s"}}`, owner.server,
		owner.lease))
	got := back.until(func(text string) bool { return get(text, "id").ToString() == "join" })
	if get(got, "error", "code").ToInt() != -32004 {
		t.Errorf("the owner of seat %d was told %s", owner.server, got)
	}
}

// Nothing happens to innocent people, whatever is done to the relay. This test bounds only roughly how fast
// their room stays, because a busy machine must not fail it. BenchmarkAttacks measures it.
func TestNothingHappensToInnocentPeople(t *testing.T) {
	for i := range attacks {
		x := &attacks[i]
		t.Run(x.name, func(t *testing.T) {
			r := undergo(t, x, 1, 600*time.Millisecond)
			t.Logf("p99 there and back %.1f ms calm, %.1f ms attacked; %d MiB", ms(p99(r.calm.used)),
				ms(p99(r.attacked.used)), r.memory>>20)
			if calm, attacked := percentile(r.calm.used, 50),
				percentile(r.attacked.used, 50); attacked > 2*calm+50*time.Millisecond {
				t.Errorf("half of the frames of the innocent room took %v and more, calm %v", attacked, calm)
			}
		})
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// BenchmarkAttacks measures how fast the innocent room is calm and attacked, in turns: `./build.sh bench
// relay/attacks`. With -rewrite it writes the results into ATTACKS.md.
func BenchmarkAttacks(b *testing.B) {
	ratios, calm := measured(b), []float64{}
	begun, load := time.Now().UTC().Format(time.DateOnly), loadNow()
	for i := range attacks {
		x := &attacks[i]
		b.Run(x.name, func(b *testing.B) {
			var r assault
			for b.Loop() {
				r = undergo(b, x, 5, 1500*time.Millisecond)
			}
			ratios[x.name] = fmt.Sprintf("%.2f", median(r.ratios))
			calm = append(calm, ms(p99(r.calm.used)))
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ms(p99(r.calm.used)), "calm-ms")
			b.ReportMetric(ms(p99(r.attacked.used)), "attacked-ms")
			b.ReportMetric(median(r.ratios), "ratio")
			b.ReportMetric(ms(p99(r.calm.bare)), "bare-calm-ms")
			b.ReportMetric(ms(p99(r.attacked.bare)), "bare-attacked-ms")
			b.ReportMetric(float64(r.memory>>20), "MiB")
		})
	}
	if *rewrite && len(calm) > 0 {
		rewritePart(b, "attacks", tableOfAttacks(ratios))
		rewritePart(b, "measured", fmt.Sprintf(
			"Last measured on %s with %d processors, and a load of %s before: calm, 99 %% of the "+
				"frames\nwere there and back within %.0f ms.\n", begun, runtime.NumCPU(), load, median(calm)))
	}
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// loadNow returns the system's load average of the last minute.
func loadNow() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown size"
	}
	load, _, _ := strings.Cut(string(text), " ")
	return load
}

var rewrite = flag.Bool("rewrite", false, "write the parts of ATTACKS.md anew; read the diff")

// ATTACKS.md has the table of all attacks: what happens, what bounds it, and what was measured.
func TestTheTableOfAttacksIsComplete(t *testing.T) {
	expectPart(t, "attacks", tableOfAttacks(measured(t)))
}

func tableOfAttacks(ratios map[string]string) string {
	table := "| attack | what happens | bound | p99 |\n| --- | --- | --- | --- |\n"
	for _, x := range attacks {
		table += fmt.Sprintf("| %s | %s | %s | %s |\n", x.name, x.happens, x.bound,
			cmp.Or(ratios[x.name], "not measured"))
	}
	return table
}

// measured reads the last column of the table, by attack.
func measured(t testing.TB) map[string]string {
	ratios := map[string]string{}
	_, table, _ := part(t, "attacks")
	for line := range strings.Lines(table) {
		if cells := strings.Split(strings.Trim(line, "| \n"), " | "); len(cells) == 4 {
			ratios[cells[0]] = cells[3]
		}
	}
	return ratios
}

// ATTACKS.md lists the modules of the program, so that readers can tell whether a vulnerability concerns it.
func TestTheListOfModulesIsComplete(t *testing.T) {
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("go", "version", "-m", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	list := "| module | version |\n| --- | --- |\n"
	for line := range strings.Lines(string(said)) {
		if fields := strings.Fields(line); len(fields) >= 3 && fields[0] == "dep" {
			list += "| " + fields[1] + " | " + fields[2] + " |\n"
		}
	}
	expectPart(t, "modules", list)
}

// expectPart checks that the part of ATTACKS.md of this name is as wanted, or writes it.
func expectPart(t *testing.T, name, want string) {
	t.Helper()
	switch _, got, _ := part(t, name); {
	case got == want:
	case *rewrite:
		rewritePart(t, name, want)
	default:
		t.Errorf("ATTACKS.md is not what is tested: run go test ./relay -run IsComplete -rewrite; it should say\n%s",
			want)
	}
}

// part returns the part of ATTACKS.md of this name, and the text before and after it.
func part(t testing.TB, name string) (before, is, after string) {
	t.Helper()
	text, err := os.ReadFile("ATTACKS.md")
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	is, after, complete := strings.Cut(rest, end)
	if !found || !complete {
		t.Fatalf("ATTACKS.md has no place for %s", name)
	}
	return before + begin, is, end + after
}

func rewritePart(t testing.TB, name, text string) {
	t.Helper()
	before, _, after := part(t, name)
	if err := os.WriteFile("ATTACKS.md", []byte(before+text+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
