//go:build !js

// Command film records what the lab tells its page in the first seconds: the batches of the default run,
// watched at 0.02 of real time. The page plays them until the lab has been loaded, which then continues the
// same run.
//
// Usage: film FILE. The file has a line of JSON a batch: {"at":1234,"batch":{…}}, at in ms of watching, ascending.
package main

import (
	"bytes"
	"fmt"
	"os"

	jsoniter "github.com/json-iterator/go"

	"raftplayground/wasm/session"
)

const (
	length = 6000.0 // ms of watching
	frame  = 100.0  // between two batches: the page animates by itself
	rate   = 0.02
	start  = 1e12 // of real time; an arbitrary one
)

// recorder is the Host of a session, and a page that draws at once.
type recorder struct {
	now  float64
	film bytes.Buffer
}

// Post keeps a batch.
func (r *recorder) Post(json []byte) {
	if batch := jsoniter.Get(json, "batch"); batch.ValueType() == jsoniter.ObjectValue {
		fmt.Fprintf(&r.film, "{\"at\":%.0f,\"batch\":%s}\n", r.now, batch.ToString())
	}
}

// record returns the film.
func record() []byte {
	r := &recorder{}
	s := session.New(r, 0)
	s.Page(start, fmt.Appendf(nil, `{"type":"open","id":1,"run":null,"at":0,"rate":%v}`, rate))
	for ; r.now <= length; r.now += frame {
		s.Page(start+r.now, []byte(`{"type":"drawn"}`))
		s.Tick(start + r.now)
	}
	return r.film.Bytes()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: film FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], record(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "film:", err)
		os.Exit(1)
	}
}
