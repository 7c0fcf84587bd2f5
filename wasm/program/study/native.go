//go:build !(js && wasm)

// Command studies runs in a browser only; its program is main.go, which is built with GOOS=js GOARCH=wasm.
package main

import "os"

func main() {
	_, _ = os.Stderr.WriteString(
		"studies: this program runs in a browser. Build it with GOOS=js GOARCH=wasm; `./build.sh` does.\n")
	os.Exit(1)
}
