//go:build js && wasm

package bridge

import (
	"syscall/js"
	"unsafe"
)

// Input is a function that the Worker calls: now is the epoch time in ms, args are the other arguments. It
// must return a value that js.ValueOf accepts.
type Input func(now float64, args []js.Value) any

// Bridge is one program's way to its Worker.
type Bridge struct {
	Host js.Value // globalThis.raftPlaygroundHost

	dead  bool   // an input has panicked: the state cannot be trusted, so further inputs are ignored
	input []byte // bytes of the text that came in last
}

// New finds the Worker's functions.
func New() *Bridge {
	b := &Bridge{Host: js.Global().Get("raftPlaygroundHost")}
	if b.Host.IsUndefined() {
		panic("wasm: globalThis.raftPlaygroundHost is missing: the Worker must set it before it starts this program")
	}
	return b
}

// Serve puts the inputs under globalThis[name], for as long as the Worker lives. It does not return.
func (b *Bridge) Serve(name string, inputs map[string]Input) {
	object := js.Global().Get("Object").New()
	for key, input := range inputs {
		object.Set(key, b.function(input))
	}
	js.Global().Set(name, object)
	select {}
}

// function wraps an input. A panic ends the program's work, not silently: the Worker tells the page.
func (b *Bridge) function(input Input) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) (result any) {
		if b.dead {
			return 1000
		}
		defer func() {
			if reason := recover(); reason != nil {
				b.dead = true
				b.Host.Call("failed", "the program stopped: "+words(reason))
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

// Now returns the epoch time in ms with fractions, as the Worker passes it, for an input that lasts.
func Now() float64 {
	performance := js.Global().Get("performance")
	return performance.Get("timeOrigin").Float() + performance.Call("now").Float()
}

// Bytes returns the text of a value, valid until the next call.
func (b *Bridge) Bytes(value js.Value) []byte {
	b.input = append(b.input[:0], value.String()...)
	return b.input
}

// Borrowed returns text as a string without a copy; JavaScript makes its own before a call with it returns.
func Borrowed(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }
