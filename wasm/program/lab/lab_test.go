//go:build !(js && wasm)

package main

import (
	"testing"

	_ "raftplayground/wasm/session" // so that go test runs this again when the program has changed
	"raftplayground/wasm/wasmtest"
)

// TestTheProgramPlays builds the program and plays with it in Node (testdata/lab.mjs). With "measure" behind its
// arguments that script prints what the lab costs.
func TestTheProgramPlays(t *testing.T) {
	wasmtest.Read(t, "main.go", "../../bridge/bridge.go", "testdata/lab.mjs")
	program, support := wasmtest.Build(t, t.TempDir())
	if said := wasmtest.Node(t, "testdata/lab.mjs", program, support); said != "plays\n" {
		t.Errorf("it said %q", said)
	}
}
