//go:build js && wasm

// Command lab is the bridge between the lab's Go (package session) and the dedicated Worker that it runs in
// (web/src/worker/lab.ts). It only passes on: calls of the Worker become inputs of the Session, and what the Session
// posts becomes a call of the Worker.
package main

import (
	"math/rand/v2"
	"runtime/debug"
	"syscall/js"

	"raftplayground/wasm/bridge"
	"raftplayground/wasm/session"
)

// mostMemory is the size from which garbage is collected as often as needed to stay below: a browser never
// takes memory back from a program. An hour of faults keeps about 50 MB, in 64 copies of the world.
const mostMemory = 96 << 20

func main() {
	// a world is small but leaves much garbage: rarer collection halves the time of a simulated minute
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(mostMemory)
	b := bridge.New()
	s := session.New(host{b}, rand.Uint64())
	b.Serve("raftPlaygroundLab", map[string]bridge.Input{
		"page": func(now float64, args []js.Value) any { s.Page(now, b.Bytes(args[0])); return nil },
		"tick": func(now float64, _ []js.Value) any { return s.Tick(now) },
	})
}

// host is the Session's host.
type host struct{ bridge *bridge.Bridge }

func (h host) Post(json []byte) { h.bridge.Host.Call("post", bridge.Borrowed(json)) }
