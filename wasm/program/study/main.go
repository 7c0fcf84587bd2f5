//go:build js && wasm

// Command studies is the bridge between questions about many runs (package study) and the dedicated Worker that they
// are answered in (web/src/worker/study.ts). It is separate from the lab's program, and loaded only when a
// question is asked. A call of ask lasts until the answer is there, and posts its progress.
package main

import (
	"runtime/debug"
	"syscall/js"

	"raftplayground/wasm/bridge"
	"raftplayground/wasm/study"
)

func main() {
	// a world is small but leaves much garbage: rarer collection halves the time of a simulated minute
	debug.SetGCPercent(400)
	b := bridge.New()
	post := func(json []byte) { b.Host.Call("post", bridge.Borrowed(json)) }
	b.Serve("raftPlaygroundStudies", map[string]bridge.Input{
		"ask": func(began float64, args []js.Value) any {
			study.Serve(b.Bytes(args[0]), func() float64 { return (bridge.Now() - began) / 1000 }, post)
			return nil
		},
	})
}
