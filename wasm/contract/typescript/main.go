//go:build !js

// Command typescript writes the page's side of the contract: what package contract says in Go, in TypeScript.
//
// Usage: typescript FILE, in the folder of package contract.
//
// A struct becomes an interface, a string type with constants the union of their values, a struct whose
// fields are tagged `type:"…"` the union of these messages. A pointer may be null, a member with omitempty
// may be absent. Where that is not all there is to say, the tag `typescript:"…"` of a field, or the line
// //typescript:… above a type, says what stands there instead; none is nothing: the page never sees the type. Runs
// and actions of the lab are read from raft/lab, as LabRun and LabAction.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: typescript FILE")
		os.Exit(2)
	}
	text, err := model(".")
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "typescript:", err)
		os.Exit(1)
	}
}
