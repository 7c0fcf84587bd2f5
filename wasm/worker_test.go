//go:build !(js && wasm)

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	_ "raftplayground/wasm/tab" // so that go test runs this again when the program has changed
)

// TestTheWorkerRunsTheProgram builds the program and the Worker as the page gets them, and runs both in Node over a platform in memory (testdata).
func TestTheWorkerRunsTheProgram(t *testing.T) {
	dir := t.TempDir()
	wasm := filepath.Join(dir, "raft.wasm")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", wasm, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	run(t, build)
	root := strings.TrimSpace(run(t, exec.Command("go", "env", "GOROOT")))
	info, err := os.Stat(wasm)
	if err != nil {
		t.Fatal(err)
	}
	bundle := bundled(t, dir, "worker.ts", "--format=iife", `--define:__WASM_URL__="/raft.wasm"`, `--define:__WASM_EXEC_URL__="/wasm_exec.js"`,
		"--define:__WASM_BYTES__="+strconv.FormatInt(info.Size(), 10))
	run(t, exec.Command(node(t), "testdata/worker.mjs", bundle, wasm, filepath.Join(root, "lib", "wasm", "wasm_exec.js")))
}

// TestTheDiskSurvivesADeathAtEveryOperation is of the Worker's files: what was acknowledged is there whenever the machine dies.
func TestTheDiskSurvivesADeathAtEveryOperation(t *testing.T) {
	run(t, exec.Command(node(t), "testdata/disk.mjs", bundled(t, t.TempDir(), "disk.ts", "--format=esm")))
}

// read reads the files that other programs read for these tests, so that go test runs them again when one has changed.
func read(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"main.go", "testdata/*", "../web/src/model.ts", "../web/src/worker/*.ts"} {
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

// bundled makes one script of a file of the Worker and all that it imports.
func bundled(t *testing.T, dir, entry string, flags ...string) string {
	t.Helper()
	read(t)
	esbuild, err := filepath.Abs("../web/node_modules/.bin/esbuild")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(esbuild); err != nil {
		t.Fatal("esbuild is missing; install it with: (cd web && npm ci)")
	}
	out := filepath.Join(dir, strings.TrimSuffix(entry, ".ts")+".mjs")
	run(t, exec.Command(esbuild, append([]string{"../web/src/worker/" + entry, "--bundle", "--target=es2022", "--log-level=warning", "--outfile=" + out}, flags...)...))
	return out
}

func node(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node is missing; this test needs version 20 or later. On Debian: apt-get install nodejs")
	}
	return path
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
