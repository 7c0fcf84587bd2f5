//go:build js && wasm

// Command wasm is the bridge between a live tab's Go (package tab) and the dedicated Worker that it runs in
// (web/src/worker). It only passes on: calls of the Worker become inputs of the Tab, the Tab's calls to its
// Host become calls of the Worker.
//
// The Worker puts its functions into globalThis.raftPlaygroundHost before it starts the program; the program puts its
// own into globalThis.raftPlaygroundTab (package bridge). Text goes as strings, the disk's bytes as Uint8Array. No
// function blocks, and none lasts longer than the call.
package main

import (
	"math/rand/v2"
	"syscall/js"

	"raftplayground/raft/wire"
	"raftplayground/wasm/bridge"
	"raftplayground/wasm/tab"
)

func main() {
	h := &host{Bridge: bridge.New(), array: js.Global().Get("Uint8Array")}
	h.tab = tab.New(h, rand.Uint64())
	h.Serve("raftPlaygroundTab", map[string]bridge.Input{
		"page":   func(now float64, args []js.Value) any { h.tab.FromPage(now, h.Bytes(args[0])); return nil },
		"opened": func(now float64, _ []js.Value) any { h.tab.Opened(now); return nil },
		"text": func(now float64, args []js.Value) any {
			h.tab.Message(now, wire.Text,
				h.Bytes(args[0]))
			return nil
		},
		"binary": func(now float64, args []js.Value) any {
			h.tab.Message(now, wire.Binary, content(args[0]))
			return nil
		},
		"closed": func(now float64, args []js.Value) any {
			h.tab.Closed(now, args[0].String(), args[1].Float())
			return nil
		},
		"seat": h.seat,
		"taken": func(now float64, args []js.Value) any {
			h.tab.Taken(now, content(args[0]), args[1].Int(), args[2].String())
			return nil
		},
		"confirmed":  func(now float64, _ []js.Value) any { h.tab.Confirmed(now); return nil },
		"superseded": func(now float64, _ []js.Value) any { h.tab.Superseded(now); return nil },
		"noSeat":     func(now float64, args []js.Value) any { h.tab.NoSeat(now, args[0].String()); return nil },
		"saved":      func(now float64, args []js.Value) any { h.tab.Saved(now, args[0].String()); return nil },
		"tick":       func(now float64, _ []js.Value) any { return h.tab.Tick(now) },
	})
}

// host is the Tab's Host.
type host struct {
	*bridge.Bridge
	tab     *tab.Tab
	array   js.Value // the class Uint8Array
	scratch js.Value // a Uint8Array that the disk's bytes go out in; grows, never shrinks
	size    int      // of scratch
}

func (h *host) seat(now float64, args []js.Value) any {
	h.tab.Seat(now, args[0].Int(), args[1].String(), args[2].String(), uint64(args[3].Float()))
	return nil
}

// content returns a copy of a Uint8Array's bytes, which the caller owns.
func content(array js.Value) []byte {
	bytes := make([]byte, array.Length())
	js.CopyBytesToGo(bytes, array)
	return bytes
}

func (h *host) Connect(url string) { h.Host.Call("connect", url) }
func (h *host) Disconnect()        { h.Host.Call("disconnect") }
func (h *host) Send(kind wire.Kind, data []byte) {
	if kind == wire.Binary {
		h.Host.Call("send", h.out(data))
	} else {
		h.Host.Call("send", bridge.Borrowed(data))
	}
}
func (h *host) Post(json []byte)            { h.Host.Call("post", bridge.Borrowed(json)) }
func (h *host) Seek(place string, hint int) { h.Host.Call("seek", place, hint) }
func (h *host) Create(server int, ticket string, claim uint64) {
	h.Host.Call("create", server, ticket, float64(claim))
}
func (h *host) Take(claim uint64)                 { h.Host.Call("take", float64(claim)) }
func (h *host) Confirm()                          { h.Host.Call("confirm") }
func (h *host) Leave()                            { h.Host.Call("leave") }
func (h *host) Append(data []byte) (durable bool) { return h.Host.Call("append", h.out(data)).Bool() }
func (h *host) Replace(data []byte) (durable bool) {
	return h.Host.Call("replace", h.out(data)).Bool()
}
func (h *host) Cut(size int) (durable bool) { return h.Host.Call("cut", size).Bool() }

// out returns data as a Uint8Array, valid until the next call.
func (h *host) out(data []byte) js.Value {
	if h.size < len(data) || h.size == 0 {
		h.size = max(2*len(data), 4096)
		h.scratch = h.array.New(h.size)
	}
	view := h.scratch.Call("subarray", 0, len(data))
	js.CopyBytesToJS(view, data)
	return view
}
