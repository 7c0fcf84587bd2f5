package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Two rooms, at once, for about three seconds: `./build.sh soak` runs two hundred.
func TestRoomsOfNativeServersKeepTheirWord(t *testing.T) {
	program := filepath.Join(t.TempDir(), "relay")
	if out, err := exec.Command("go", "build", "-o", program, "..").CombinedOutput(); err != nil {
		t.Fatalf("building the relay: %v\n%s", err, out)
	}
	p := plan{relay: program, folder: t.TempDir(), rooms: 2, atOnce: 2, harms: 35, seed: 1}
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
