package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// patience is how long anything that must happen may take. A busy machine is slow.
const patience = 30 * time.Second

// relay is the relay's program on a port of its own.
type relay struct {
	program, state, addr string

	mu  sync.Mutex
	cmd *exec.Cmd
	log *os.File
}

func startRelay(program, folder string) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{program: program, state: filepath.Join(folder, "rooms"), addr: listener.Addr().String()}
	listener.Close() // the port stays free, most probably
	if r.log, err = os.Create(filepath.Join(folder, "relay.log")); err != nil {
		return nil, err
	}
	return r, r.start()
}

// start starts the program, again after a kill, and waits until it answers.
func (r *relay) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cmd = exec.Command(r.program, "-addr", r.addr, "-state", r.state, "-rate", "1")
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	if err := r.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		answer, err := http.Get("http://" + r.addr + "/healthz")
		if err == nil {
			answer.Body.Close()
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the relay does not answer: %w", err)
		}
	}
}

// kill ends the program at once, without a word to its connections.
func (r *relay) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd != nil {
		r.cmd.Process.Kill()
		r.cmd.Wait()
		r.cmd = nil
	}
}
