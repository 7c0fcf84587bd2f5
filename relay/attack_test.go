package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// attack is one attack, made by a process of its own, from an address of its own, against the program as
// users run it. Beside it innocent people use a room, and nothing may happen to them. ATTACKS.md is the
// table of all attacks.
type attack struct {
	name    string
	happens string // what the attacker does, for the table
	bound   string // what bounds it
	run     func(a *attacker)
	inside  bool // the attacker is a member of the innocent room
	check   func(v *victim, t testing.TB)
}

// attacker is the process that attacks. It ends when its standard input does.
type attacker struct {
	address string // of the relay
	code    string // of the innocent room
	from    net.IP
}

const attackerIP = "127.0.0.66" // so that the bounds of one address apply to the attacker alone

// attackAs runs an attack if this process was started for one.
func attackAs() bool {
	name := os.Getenv("RELAY_ATTACK")
	if name == "" {
		return false
	}
	a := &attacker{address: os.Getenv("RELAY_ADDRESS"), code: os.Getenv("RELAY_ROOM"), from: net.ParseIP(attackerIP)}
	i := slices.IndexFunc(attacks, func(x attack) bool { return x.name == name })
	go attacks[i].run(a)
	io.Copy(io.Discard, os.Stdin)
	return true
}

// socket opens a connection to a room, and returns nil if it is refused.
func (a *attacker) socket(code string) *websocket.Conn {
	dialer := websocket.Dialer{HandshakeTimeout: patience, NetDial: a.dial}
	for {
		ws, answer, err := dialer.Dial("ws://"+a.address+"/rooms/"+code, nil)
		if err == nil {
			return ws
		}
		if answer == nil || answer.StatusCode != http.StatusTooManyRequests {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (a *attacker) dial(network, address string) (net.Conn, error) {
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: a.from}}
	if c, err := from.Dial(network, address); err == nil {
		return c, nil
	}
	return net.Dial(network, address) // on systems where 127/8 is a single address
}

// member joins a room and keeps reading.
func (a *attacker) member(code, params string) *websocket.Conn {
	ws := a.socket(code)
	if ws == nil {
		return nil
	}
	ws.WriteMessage(websocket.TextMessage, []byte(`{"id":"join","method":"join","params":`+asNew(params)+`}`))
	ws.ReadMessage()
	go readOn(ws)
	return ws
}

func readOn(ws *websocket.Conn) {
	for {
		if _, _, err := ws.NextReader(); err != nil {
			return
		}
	}
}

// flood writes the messages one after the other, again and again, through as many sockets as it takes.
func (a *attacker) flood(code, params string, messages ...string) {
	for {
		ws := a.member(code, params)
		if ws == nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		for i := 0; ; i++ {
			if ws.WriteMessage(websocket.TextMessage, []byte(messages[i%len(messages)])) != nil {
				break
			}
		}
	}
}

// victim is the innocent room and its relay. Servers 1 and 2 send frames to each other without delay, which
// shows the time that the relay itself takes; 3 and 4 have every new room's delay, 15 ± 5 ms each way.
type victim struct {
	t     testing.TB
	relay *process
	code  string
	tabs  []*tab
	ended atomic.Pointer[string] // what ended a member's session

	mu   sync.Mutex
	back map[string]bool            // frames that have come back: any member, the attacker too, may duplicate them
	came map[uint64][]time.Duration // round-trip times of frames, by sender
}

// innocents opens a room of four servers that read, and one more seat for an attacker from inside.
func innocents(t testing.TB, relay *process, seats int) *victim {
	v := &victim{t: t, relay: relay, code: "innocent", back: map[string]bool{}, came: map[uint64][]time.Duration{}}
	for range 4 {
		v.tabs = append(v.tabs, open(t, relay.url, v.code, fmt.Sprintf(`{"size":%d}`, seats)))
	}
	plain := `"latency":0,"jitter":0`
	v.tabs[0].say(`{"id":"start","method":"network","params":{"rate":1,"start":true,"links":[{"from":1,"to":2,` +
		plain +
		`},{"from":2,"to":1,` + plain + `}]}}`)
	v.tabs[0].until(func(text string) bool { return get(text, "id").ToString() == "start" })
	for _, c := range v.tabs {
		go v.live(c)
	}
	return v
}

// live keeps reading, returns frames that ask for it, and notes the frames that have come back.
func (v *victim) live(c *tab) {
	c.ws.SetReadDeadline(time.Time{})
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			reason := fmt.Sprintf("server %d: %v", c.server, err)
			v.ended.CompareAndSwap(nil, &reason)
			return
		}
		address, rest, _ := strings.Cut(string(data), ":")
		switch kind, sent, _ := strings.Cut(rest, ":"); {
		case kind == "ping" && c.server%2 == 0:
			c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%d>%d:pong:%s", c.server, c.server-1, sent))
		case kind == "pong" && address == fmt.Sprintf("%d>%d", c.server+1, c.server):
			if at, err := strconv.ParseInt(sent, 10, 64); err == nil {
				v.note(c.server, address+sent, time.Since(time.UnixMicro(at)))
			}
		}
	}
}

// note notes a frame's round-trip time, once.
func (v *victim) note(server uint64, frame string, took time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.back[frame] {
		v.back[frame] = true
		v.came[server] = append(v.came[server], took)
	}
}

// pair holds round-trip times: those of the relay itself, and those that people see.
type pair struct{ bare, used []time.Duration }

// roundTrips makes both pairs send a frame every 5 ms for that time, and waits until all have come back.
func (v *victim) roundTrips(during time.Duration) pair {
	v.mu.Lock()
	clear(v.came)
	clear(v.back)
	v.mu.Unlock()
	sent := 0
	for end := time.Now().Add(during); time.Now().Before(end) &&
		v.ended.Load() == nil; time.Sleep(5 * time.Millisecond) {
		for _, i := range []int{0, 2} {
			c := v.tabs[i]
			c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%d>%d:ping:%d", c.server, c.server+1,
				time.Now().UnixMicro()))
		}
		sent++
	}
	for deadline := time.Now().Add(patience); v.ended.Load() == nil; time.Sleep(5 * time.Millisecond) {
		v.mu.Lock()
		p := pair{v.came[1], v.came[3]}
		v.mu.Unlock()
		if len(p.bare) >= sent && len(p.used) >= sent { // more if the attack makes the network duplicate some
			return p
		}
		if time.Now().After(deadline) {
			v.t.Errorf("of %d frames each %d and %d came back", sent, len(p.bare), len(p.used))
			return p
		}
	}
	return pair{}
}

func (p *pair) add(other pair) {
	p.bare, p.used = append(p.bare, other.bare...), append(p.used, other.used...)
}

// percentile returns the time within which the given percentage came back.
func percentile(took []time.Duration, of int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[min(len(took)-1, len(took)*of/100)]
}

func p99(took []time.Duration) time.Duration { return percentile(took, 99) }

// launchAttack starts the attacking process, and returns a function that ends it. The process yields to
// relay and innocents, as if it had a machine of its own.
func launchAttack(t testing.TB, x *attack, v *victim) (stop func()) {
	command := []string{os.Args[0]}
	if nice, err := exec.LookPath("nice"); err == nil {
		command = []string{nice, "-n", "19", os.Args[0]}
	}
	cmd := exec.Command(command[0], command[1:]...)
	address, _ := url.Parse(v.relay.url)
	cmd.Env = append(os.Environ(), "RELAY_ATTACK="+x.name, "RELAY_ADDRESS="+address.Host, "RELAY_ROOM="+v.code,
		"GOMAXPROCS=2")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		stdin.Close()
		cmd.Wait()
	}
}

// assault is the result of one attack.
type assault struct {
	calm, attacked pair
	ratios         []float64 // p99 attacked / calm of each turn, as people see it
	memory         int64     // peak of the relay, bytes; 0: unknown
}

// undergo measures the innocent room calm and attacked in turns, and checks that nothing happens to it.
func undergo(t testing.TB, x *attack, turns int, each time.Duration) (result assault) {
	t.Helper()
	relay := launch(t, "-addr", "127.0.0.1:0", "-state", t.TempDir())
	size := 4
	if x.inside {
		size = 5
	}
	v := innocents(t, relay, size)
	for range turns {
		calm, attacked := v.roundTrips(each), pair{}
		stop := launchAttack(t, x, v)
		time.Sleep(200 * time.Millisecond) // until it has begun
		for range 4 {
			attacked.add(v.roundTrips(each / 4))
			result.memory = max(result.memory, memoryOf(relay.Process.Pid))
		}
		result.ratios = append(result.ratios, float64(p99(attacked.used))/float64(p99(calm.used)))
		result.calm.add(calm)
		result.attacked.add(attacked)
		if x.check != nil {
			x.check(v, t)
		}
		stop()
		time.Sleep(100 * time.Millisecond) // until it has ended
	}
	if why := v.ended.Load(); why != nil {
		t.Errorf("%s: the session of an innocent one was ended: %s; the relay's log:\n%s", x.name, *why,
			tail(relay.stderr.String(), 2000))
	}
	figures := figuresOf(t, relay.url)
	for name, value := range figures {
		if budget, ok := strings.CutSuffix(name, "_used"); ok && value > figures[budget+"_limit"] {
			t.Errorf("%s: %s is %d, its limit %d", x.name, name, value, figures[budget+"_limit"])
		}
	}
	return result
}

func tail(text string, most int) string { return text[max(0, len(text)-most):] }

// memoryOf returns how many bytes of memory a process has; 0 where the system does not say.
func memoryOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(fields[0], 10, 64)
	return kib << 10
}

// figuresOf reads the metrics of a relay.
func figuresOf(t testing.TB, base string) map[string]int64 {
	t.Helper()
	answer, err := http.Get(base + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	all := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			all[name], _ = strconv.ParseInt(value, 10, 64)
		}
	}
	return all
}
