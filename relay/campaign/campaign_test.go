package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program builds the relay.
func program(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "relay")
	if out, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput(); err != nil {
		t.Fatalf("building the relay: %v\n%s", err, out)
	}
	return program
}

// Two rooms, at once, for about three seconds: `./build.sh soak` runs two hundred.
func TestRoomsOfNativeServersKeepTheirWord(t *testing.T) {
	p := plan{relay: program(t), folder: t.TempDir(), rooms: 2, atOnce: 2, harms: 35, seed: 1}
	sum := p.run(t.Output())
	t.Log(sum)
	for _, broken := range sum.broken {
		t.Error(broken)
	}
	for _, what := range []string{killed, torn, relayKilled, linkCut, acknowledged} {
		if sum.done[what] == 0 {
			t.Errorf("nothing was %s: this test shows nothing", what)
		}
	}
}

// A server's file is restored to its state before the last start. It is intact; only the room can know that
// the server has promised more since.
func TestAnOlderCopyOfAFileIsTurnedAway(t *testing.T) {
	relay, err := startRelay(program(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &room{relay: relay, folder: t.TempDir(), random: rand.New(rand.NewPCG(1, 1)), done: map[string]int{}}
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	defer r.close()
	s := r.servers[0]
	s.end(false)
	backup := read(t, s.path())
	s.start()
	if err := eventually("all servers agree", r.agree); err != nil {
		t.Fatal(err)
	}
	s.end(false)
	now := read(t, s.path())
	write(t, s.path(), backup)
	file, whose, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	_, _, err = s.join(whose.Claim, false)
	var refused *refusal
	if !errors.As(err, &refused) || refused.Code != olderDisk || !strings.Contains(err.Error(), "is an older copy") {
		t.Errorf("with the older copy it joins: %v", err)
	}
	write(t, s.path(), now)
	s.start()
	if err := eventually("all servers agree", r.agree); err != nil || len(r.broken) > 0 {
		t.Errorf("with its own disk: %v, %v", err, r.broken)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
