//go:build js && wasm

// Command lab is the bridge between the lab's Go and the dedicated Workers that it runs in. It only passes on: calls of the Worker become inputs of the Session, and what
// that posts becomes a call of the Worker (web/src/worker/lab.ts). In a Worker of its own (web/src/worker/study.ts) the same program answers questions about many
// runs: a call of study lasts until the answer is there, and posts how far it is.
package main

import (
	"math/rand/v2"
	"syscall/js"

	"raftplayground/wasm/bridge"
	"raftplayground/wasm/session"
	"raftplayground/wasm/study"
)

func main() {
	b := bridge.New()
	s := session.New(host{b}, rand.Uint64())
	b.Serve("raftPlaygroundLab", map[string]bridge.Input{
		"page": func(now float64, args []js.Value) any { s.Page(now, b.Bytes(args[0])); return nil },
		"tick": func(now float64, _ []js.Value) any { return s.Tick(now) },
		"study": func(began float64, args []js.Value) any {
			study.Serve(b.Bytes(args[0]), func() float64 { return (bridge.Now() - began) / 1000 }, host{b}.Post)
			return nil
		},
	})
}

// host is the Session's.
type host struct{ bridge *bridge.Bridge }

func (h host) Post(json []byte) { h.bridge.Host.Call("post", bridge.Borrowed(json)) }
