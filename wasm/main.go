//go:build js && wasm

// Command wasm is the bridge between a live tab's Go (package tab) and the dedicated Worker that it runs in (web/src/worker). It is the only place that
// knows syscall/js, and it only passes on: calls of the Worker become inputs of the Tab, what the Tab wants of its Host becomes calls of the Worker.
//
// The Worker puts its functions into globalThis.raftPlaygroundHost before it starts the program; the program puts its own into
// globalThis.raftPlaygroundTab. Text goes as strings, the disk's bytes as Uint8Array. No function blocks, and none lasts longer than the call.
package main

import (
	"math/rand/v2"
	"syscall/js"
	"unsafe"

	"raftplayground/wasm/tab"
)

func main() {
	b := &bridge{host: js.Global().Get("raftPlaygroundHost"), array: js.Global().Get("Uint8Array")}
	if b.host.IsUndefined() {
		panic("wasm: globalThis.raftPlaygroundHost is missing: the Worker must set it before it starts this program")
	}
	b.tab = tab.New(b, rand.Uint64())
	// The functions are never released: they live as long as the Worker does.
	inputs := js.Global().Get("Object").New()
	for name, input := range map[string]func(now float64, args []js.Value) any{
		"page":   func(now float64, args []js.Value) any { b.tab.FromPage(now, b.bytes(args[0])); return nil },
		"opened": func(now float64, _ []js.Value) any { b.tab.Opened(now); return nil },
		"text":   func(now float64, args []js.Value) any { b.tab.Text(now, b.bytes(args[0])); return nil },
		"closed": func(now float64, args []js.Value) any { b.tab.Closed(now, args[0].String()); return nil },
		"seat":   b.seat,
		"noSeat": func(now float64, args []js.Value) any { b.tab.NoSeat(now, args[0].String()); return nil },
		"saved":  func(now float64, args []js.Value) any { b.tab.Saved(now, args[0].String()); return nil },
		"tick":   func(now float64, _ []js.Value) any { return b.tab.Tick(now) },
	} {
		inputs.Set(name, b.function(input))
	}
	js.Global().Set("raftPlaygroundTab", inputs)
	select {}
}

// bridge is the Tab's Host.
type bridge struct {
	tab     *tab.Tab
	host    js.Value
	array   js.Value // the class Uint8Array
	dead    bool     // the tab has panicked: its state is not to be trusted, so it is given no more inputs
	scratch js.Value // a Uint8Array that the disk's bytes go out in; grows, never shrinks
	size    int      // of scratch
	input   []byte   // bytes of the text that came in last
}

// function wraps an input. A panic ends this tab, not silently: the Worker tells the page.
func (b *bridge) function(input func(now float64, args []js.Value) any) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) (result any) {
		if b.dead {
			return 1000
		}
		defer func() {
			if reason := recover(); reason != nil {
				b.dead = true
				b.host.Call("failed", "the server stopped: "+words(reason))
				result = 1000
			}
		}()
		return input(args[0].Float(), args[1:])
	})
}

func words(reason any) string {
	switch r := reason.(type) {
	case error:
		return r.Error()
	case string:
		return r
	case interface{ String() string }:
		return r.String()
	}
	return "a panic without words"
}

func (b *bridge) seat(now float64, args []js.Value) any {
	content := make([]byte, args[3].Length())
	js.CopyBytesToGo(content, args[3])
	b.tab.Seat(now, args[0].Int(), args[1].String(), args[2].String(), content)
	return nil
}

// bytes is the text of value, valid until the next call: the Tab keeps nothing of it.
func (b *bridge) bytes(value js.Value) []byte {
	b.input = append(b.input[:0], value.String()...)
	return b.input
}

func (b *bridge) Connect(url string)                { b.host.Call("connect", url) }
func (b *bridge) Disconnect()                       { b.host.Call("disconnect") }
func (b *bridge) Send(text []byte)                  { b.host.Call("send", borrowed(text)) }
func (b *bridge) Post(json []byte)                  { b.host.Call("post", borrowed(json)) }
func (b *bridge) Seek(room string, hint int)        { b.host.Call("seek", room, hint) }
func (b *bridge) Create(server int, ticket string)  { b.host.Call("create", server, ticket) }
func (b *bridge) Leave(setAside bool)               { b.host.Call("leave", setAside) }
func (b *bridge) Append(data []byte) (durable bool) { return b.host.Call("append", b.out(data)).Bool() }
func (b *bridge) Replace(data []byte) (durable bool) {
	return b.host.Call("replace", b.out(data)).Bool()
}

// borrowed is text as a string without a copy; JavaScript makes its own before the call returns.
func borrowed(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// out is data as a Uint8Array, valid until the next call.
func (b *bridge) out(data []byte) js.Value {
	if b.size < len(data) || b.size == 0 {
		b.size = max(2*len(data), 4096)
		b.scratch = b.array.New(b.size)
	}
	view := b.scratch.Call("subarray", 0, len(data))
	js.CopyBytesToJS(view, data)
	return view
}
