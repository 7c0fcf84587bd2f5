package main

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// program builds the program once for all tests that run it.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "relay-test-*")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "relay")
	said, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	os.Stderr.Write(said)
	return path, err
})

func TestMain(m *testing.M) {
	if relayAs() || attackAs() {
		return
	}
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

var built string // folder of the program; empty while no test has run it

// process is the program as it runs for a user.
type process struct {
	*exec.Cmd
	url    string
	stderr *bytes.Buffer
}

// launch starts the program and waits for the line that says where the page is.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return begin(t, path, args)
}

// launchSelf starts this test as the program, see relayAs.
func launchSelf(t testing.TB, args ...string) *process {
	t.Helper()
	return begin(t, os.Args[0], args)
}

func begin(t testing.TB, path string, args []string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(path, args...), stderr: new(bytes.Buffer)}
	p.Stderr = p.stderr
	// as in production: the tests themselves may collect garbage less often
	p.Env = append(os.Environ(), "GOGC=100")
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSuffix(line, "/\n"), "Raft playground: ")
	if !ok {
		t.Fatalf("the first line is %q; stderr: %s", line, p.stderr)
	}
	p.url = url
	return p
}

func TestAfterTheRelayIsKilledLeasesGetTheirSeatsAndNewcomersDoNot(t *testing.T) {
	state := t.TempDir()
	first := launch(t, "-addr", "127.0.0.1:0", "-state", state)
	a, b := open(t, first.url, "room", `{"size":3}`), open(t, first.url, "room", `{}`)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.Wait()

	second := launch(t, "-addr", "127.0.0.1:0", "-state", state)
	if c := open(t, second.url, "room", `{}`); c.server != 3 {
		t.Errorf("seats 1 and 2 are leased; a newcomer got %d", c.server)
	} else if c.client <= b.client && c.client >= a.client {
		t.Errorf("addresses %d and %d were used before the relay was killed; a newcomer got %d", a.client, b.client,
			c.client)
	}
	if d := open(t, second.url, "room", `{}`); d.server != 0 {
		t.Errorf("all seats are leased; a newcomer got %d", d.server)
	}
	for _, old := range []*tab{b, a} {
		c := dial(t, second.url, "room", nil)
		c.say(`{"id":1,"method":"join","params":{"server":` + string('0'+rune(old.server)) + `,"lease":"` + old.lease +
			`"}}`)
		answer := c.until(func(text string) bool { return get(text, "id").ToInt() == 1 })
		if get(answer, "result", "server").ToUint64() != old.server || get(answer, "result", "fresh").ToBool() {
			t.Errorf("the lease of seat %d got %s", old.server, answer)
		}
	}
}

func TestAGracefulStopTellsEverybodyAndExitsWith0(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := launch(t, "-addr", "127.0.0.1:0", "-state", t.TempDir())
		a, b := open(t, p.url, "room", `{}`), dial(t, p.url, "room", nil)
		b.say("not a frame")
		b.untilError() // now it is in the room, though it has not joined
		begun := time.Now()
		if err := p.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*tab{a, b} {
			if got := c.untilClosed(); got.Code != websocket.CloseGoingAway || got.Text != "the relay is stopping" {
				t.Errorf("%v: closed with %v", signal, got)
			}
		}
		if err := p.Wait(); err != nil || time.Since(begun) > 3*time.Second {
			t.Errorf("%v: ended with %v after %v; stderr: %s", signal, err, time.Since(begun), p.stderr)
		}
	}
}

func TestAPortInUseIsToldWithACommandThatWorks(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(path, "-addr", taken.Addr().String(), "-state", t.TempDir())
	var stderr bytes.Buffer
	run.Stderr = &stderr
	if err := run.Run(); err == nil || run.ProcessState.ExitCode() != 1 {
		t.Fatalf("ended with %v", err)
	}
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	said := strings.TrimSpace(stderr.String())
	if !strings.HasPrefix(said, "Port "+port+" is in use by another program") || strings.Contains(said, "\n") {
		t.Fatalf("it said %q", said)
	}
	fields := strings.Fields(said)
	p := launch(t, "-addr", fields[len(fields)-1], "-state", t.TempDir())
	if !strings.HasSuffix(p.url, fields[len(fields)-1]) {
		t.Errorf("it serves %s", p.url)
	}
}

func TestTheCommandLineIsChecked(t *testing.T) {
	for _, args := range [][]string{{"-rate", "2"}, {"-rate", "-0.1"}, {"-rate", "1e-9"}, {"-size", "0"},
		{"-size", "10"}, {"-addr", "8080"}, {"-origin", "example.org"}, {"-origin", "https://a/b"},
		{"-origin", "ftp://a"}, {"-host", "http://a"}, {"-host", "a:80"}, {"extra"}, {"-unknown"}} {
		var stderr bytes.Buffer
		if _, err := parse(args, &stderr); err == nil || stderr.Len() == 0 {
			t.Errorf("%q: error %v, said %q", args, err, stderr.String())
		}
	}
	s, err := parse([]string{"-lan", "-addr", "127.0.0.1:9090", "-origin", "https://a", "-origin", "http://b:1"},
		new(bytes.Buffer))
	if err != nil || s.addr != ":9090" || len(s.origins) != 2 || s.rate != 0.1 || s.size != 3 {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestTheAddressesInTheLocalNetworkAreShownWithAQRCodeOfTheFirst(t *testing.T) {
	everywhere := &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}
	for _, c := range []struct {
		lan   bool
		local []string
		want  string
		code  bool
	}{
		{false, []string{"192.168.0.7"}, "Raft playground: http://127.0.0.1:8080/\n", false},
		{true, nil, "Raft playground: http://127.0.0.1:8080/\nThis computer has no address in a local network.\n",
			false},
		{true, []string{"192.168.0.7"},
			"Raft playground: http://127.0.0.1:8080/\nIn this network: http://192.168.0.7:8080/\n", true},
		{true, []string{"192.168.1.50", "172.17.0.1"},
			"Raft playground: http://127.0.0.1:8080/\nIn this network: http://192.168.1.50:8080/\n" +
				"          or at: http://172.17.0.1:8080/\n", true},
	} {
		var said bytes.Buffer
		announce(&said, everywhere, c.lan, c.local)
		code, ok := strings.CutPrefix(said.String(), c.want)
		if !ok || strings.Contains(code, "▀") != c.code {
			t.Errorf("lan %v, addresses %q: it said %q", c.lan, c.local, said.String())
		}
	}
}

func TestTheAddressThatLeadsOutsideIsNamedFirst(t *testing.T) {
	docker, public, home := netip.MustParseAddr("172.17.0.1"), netip.MustParseAddr("203.0.113.9"),
		netip.MustParseAddr("192.168.1.50")
	for _, c := range []struct {
		outward netip.Addr
		want    string
	}{{home, "192.168.1.50 172.17.0.1 203.0.113.9"}, {public, "203.0.113.9 172.17.0.1 192.168.1.50"},
		{netip.Addr{}, "172.17.0.1 192.168.1.50 203.0.113.9"}} {
		if got := strings.Join(likeliestFirst([]netip.Addr{docker, public, home}, c.outward), " "); got != c.want {
			t.Errorf("with the route %v they are %s, want %s", c.outward, got, c.want)
		}
	}
	for _, address := range localAddresses() {
		if ip, err := netip.ParseAddr(address); err != nil || !ip.Is4() {
			t.Errorf("%q is no address that people type", address)
		}
	}
}

func TestASecondRelayOnTheSameFolderEndsWithASentence(t *testing.T) {
	state := t.TempDir()
	launch(t, "-addr", "127.0.0.1:0", "-state", state)
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(path, "-addr", "127.0.0.1:0", "-state", state).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 ||
		!strings.HasPrefix(string(said), "Another relay keeps its rooms in ") {
		t.Errorf("it ended with %v and said %q", err, said)
	}
}
