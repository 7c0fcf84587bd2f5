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
	"raftplayground/wasm/wasmtest"
)

// TestTheWorkerRunsTheProgram builds the program and the Worker, and runs both in Node over a platform
// in memory (testdata).
func TestTheWorkerRunsTheProgram(t *testing.T) {
	dir := t.TempDir()
	program, support := wasmtest.Build(t, dir)
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	bundle := bundled(t, dir, "worker.ts", "--format=iife", `--define:__WASM_URL__="/raft.wasm"`,
		`--define:__WASM_EXEC_URL__="/wasm_exec.js"`,
		"--define:__WASM_BYTES__="+strconv.FormatInt(info.Size(), 10))
	wasmtest.Node(t, "testdata/worker.mjs", bundle, program, support)
}

// TestTheDiskSurvivesADeathAtEveryOperation tests the Worker's files: acknowledged writes survive whenever
// the machine dies.
func TestTheDiskSurvivesADeathAtEveryOperation(t *testing.T) {
	wasmtest.Node(t, "testdata/disk.mjs", bundled(t, t.TempDir(), "disk.ts", "--format=esm"))
}

// TestALogOfTheBrowsersFilesKnowsWhatItConfirmed tests the same files: blocks in any order, files cut,
// accounts flipped, disks full, logs of the version before.
func TestALogOfTheBrowsersFilesKnowsWhatItConfirmed(t *testing.T) {
	wasmtest.Node(t, "testdata/torture.mjs", bundled(t, t.TempDir(), "disk.ts", "--format=esm"))
}

// TestALogOfRowsKnowsWhatItConfirmed tests the disk in IndexedDB: writes that are aborted, rows lost, moved
// and doubled, logs of the version before.
func TestALogOfRowsKnowsWhatItConfirmed(t *testing.T) {
	wasmtest.Node(t, "testdata/rows.mjs", bundled(t, t.TempDir(), "disk.ts", "--format=esm"))
}

// bundled bundles a file of the Worker and all that it imports into one script.
func bundled(t *testing.T, dir, entry string, flags ...string) string {
	t.Helper()
	wasmtest.Read(t, "main.go", "testdata/*", "../web/src/model.ts", "../web/src/worker/*.ts")
	esbuild, err := filepath.Abs("../web/node_modules/.bin/esbuild")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(esbuild); err != nil {
		t.Fatal("esbuild is missing; install it with: (cd web && npm ci)")
	}
	out := filepath.Join(dir, strings.TrimSuffix(entry, ".ts")+".mjs")
	wasmtest.Run(t, exec.Command(esbuild,
		append([]string{"../web/src/worker/" + entry, "--bundle", "--target=es2022", "--log-level=warning",
			"--outfile=" + out}, flags...)...))
	return out
}
