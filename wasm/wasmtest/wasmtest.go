// Package wasmtest builds the programs of the page's Workers and runs them in Node, for their tests.
package wasmtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Build builds the program in the test's folder and returns the WebAssembly file, which is in dir, and Go's
// script that such a program needs.
func Build(t *testing.T, dir string) (program, support string) {
	t.Helper()
	program = filepath.Join(dir, "program.wasm")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	Run(t, build)
	root := strings.TrimSpace(Run(t, exec.Command("go", "env", "GOROOT")))
	return program, filepath.Join(root, "lib", "wasm", "wasm_exec.js")
}

// Node runs a script with these arguments and returns what it prints.
func Node(t *testing.T, arguments ...string) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node is missing; this test needs version 20 or later. On Debian: apt-get install nodejs")
	}
	return Run(t, exec.Command(path, arguments...))
}

// Run runs a command, which must succeed, and returns what it prints.
func Run(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	var words strings.Builder
	command.Stderr = &words
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command.Args, " "), err, out, words.String())
	}
	return string(out)
}

// Read reads the files that other programs read for a test, so that go test reruns it when one has changed.
// Each pattern, as of filepath.Glob, must match a file.
func Read(t *testing.T, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: expected files, got %v (%v)", pattern, files, err)
		}
		for _, file := range files {
			if _, err := os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}
