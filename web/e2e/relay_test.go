package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// relay is the built program, running on a port and with a state folder of its own. It may be killed and started again.
type relay struct {
	t       *testing.T
	program string
	addr    string
	state   string
	cmd     *exec.Cmd
	log     output
}

// startRelay starts the program and ends it with the test; if the test fails, it prints the program's log.
func startRelay(t *testing.T) *relay {
	t.Helper()
	return startRelayAt(t, "127.0.0.1:0")
}

// startRelayAt is startRelay at an address whose port 0 stands for a free one.
func startRelayAt(t *testing.T, address string) *relay {
	t.Helper()
	program := os.Getenv("RELAY")
	if program == "" {
		program = "../../.build/raft-playground"
	}
	program, err := filepath.Abs(program)
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Fatalf("the program to test is missing: run ./build.sh first, or name it in RELAY (%v)", err)
	}
	r := &relay{t: t, program: program, addr: freeAddress(t, address), state: t.TempDir()}
	r.start()
	t.Cleanup(func() {
		r.kill()
		if t.Failed() {
			t.Logf("the relay's log:\n%s", r.log.tail(8000))
		}
	})
	return r
}

// start starts the program, on the same port and state as before if it ran already, and waits until it answers.
func (r *relay) start() {
	r.t.Helper()
	r.cmd = exec.Command(r.program, "-addr", r.addr, "-state", r.state, "-host", insecureHost)
	r.cmd.Stdout, r.cmd.Stderr = &r.log, &r.log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatalf("starting %s: %v", r.program, err)
	}
	eventually(r.t, 10*time.Second, "the relay answers at /healthz", func() error {
		answer, err := http.Get(r.url("/healthz"))
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("status %s", answer.Status)
		}
		return nil
	})
}

// kill ends the program at once (SIGKILL), before it can tell anyone.
func (r *relay) kill() {
	if r.cmd == nil {
		return
	}
	r.cmd.Process.Kill()
	r.cmd.Wait()
	r.cmd = nil
}

// newRoom makes a room, as a click on "Make it real" does, and returns its code.
func (r *relay) newRoom() string {
	r.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(r.url("/new"))
	if err != nil {
		r.t.Fatal(err)
	}
	answer.Body.Close()
	code, ok := strings.CutPrefix(answer.Header.Get("Location"), "r/")
	if !ok {
		r.t.Fatalf("a new room is at %q", answer.Header.Get("Location"))
	}
	return code
}

func (r *relay) url(path string) string { return "http://" + r.addr + path }

// freeAddress returns the address with a port that is free right now.
func freeAddress(t *testing.T, address string) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// output keeps what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) tail(most int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := o.text.String()
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return text
}

// eventually tries until try returns nil, and fails the test with its last error when the time is up.
func eventually(t *testing.T, limit time.Duration, what string, try func() error) time.Duration {
	t.Helper()
	start := time.Now()
	for {
		err := try()
		elapsed := time.Since(start)
		if err == nil {
			return elapsed
		}
		if elapsed > limit {
			t.Fatalf("not within %v: %s: %v", limit, what, err)
		}
		time.Sleep(40 * time.Millisecond)
	}
}
