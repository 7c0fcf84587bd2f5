//go:build !(js && wasm)

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "raftplayground/wasm/session" // so that go test runs this again when the program has changed
)

// TestTheProgramPlays builds the program as the page gets it and plays with it in Node (testdata/lab.mjs). With "measure" behind its arguments that script prints what
// the lab costs.
func TestTheProgramPlays(t *testing.T) {
	for _, file := range []string{"main.go", "../bridge/bridge.go", "testdata/lab.mjs"} { // read here, so that go test runs this again when one has changed
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node is missing; this test needs version 20 or later. On Debian: apt-get install nodejs")
	}
	wasm := filepath.Join(t.TempDir(), "lab.wasm")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", wasm, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	run(t, build)
	root := strings.TrimSpace(run(t, exec.Command("go", "env", "GOROOT")))
	if said := run(t, exec.Command(node, "testdata/lab.mjs", wasm, filepath.Join(root, "lib", "wasm", "wasm_exec.js"))); said != "plays\n" {
		t.Errorf("it said %q", said)
	}
}

func run(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	var words strings.Builder
	command.Stderr = &words
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command.Args, " "), err, out, words.String())
	}
	return string(out)
}
