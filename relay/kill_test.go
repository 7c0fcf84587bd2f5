package main

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorilla/websocket"
)

// relayAs runs the program on a disk of the mood named in the environment, if it names one.
func relayAs() bool {
	mood := os.Getenv("RELAY_DISK")
	if mood == "" {
		return false
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	s, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	disk := &moodyDisk{}
	s.create = disk.create
	go disk.live(mood)
	os.Exit(serve(ctx, s, func() *page { return loadPage(fstest.MapFS{}) }, os.Stdout, os.Stderr))
	return true
}

// live gives the disk its mood.
func (d *moodyDisk) live(mood string) {
	switch mood {
	case "slow":
		d.set(false, 60*time.Millisecond)
	case "full": // again and again, with room in between
		for full := false; ; full = !full {
			d.set(full, 0)
			time.Sleep(15 * time.Millisecond)
		}
	case "small":
		d.mu.Lock()
		d.most = 20 << 10
		d.mu.Unlock()
	}
}

// promise is a lease that a member was told of.
type promise struct{ code, lease, server, claim string }

// crowded lets many members join rooms until the relay is gone, and returns what they were promised.
func crowded(base, name string) (made []promise) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := 0; ; n++ {
				code := fmt.Sprintf("%s-%d-%d", name, i, n/3)
				p, ok := joined(base, code, `{"new":true}`)
				if !ok {
					return
				}
				mu.Lock()
				made = append(made, p)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return made
}

// joined joins a room and waits for the answer; ok is false if the relay went first.
func joined(base, code, params string) (promise, bool) {
	ws, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/rooms/"+code, nil)
	for err != nil && answer != nil && answer.StatusCode == http.StatusTooManyRequests {
		time.Sleep(20 * time.Millisecond)
		ws, answer, err = websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/rooms/"+code, nil)
	}
	if err != nil {
		return promise{}, false
	}
	defer ws.Close()
	ws.SetReadDeadline(time.Now().Add(patience))
	ws.WriteMessage(websocket.TextMessage, []byte(`{"id":"join","method":"join","params":`+params+`}`))
	for {
		_, data, err := ws.ReadMessage()
		if err != nil {
			return promise{}, false
		}
		if text := string(data); get(text, "id").ToString() == "join" {
			result := get(text, "result")
			return promise{code, result.Get("lease").ToString(), result.Get("server").ToString(),
				result.Get("claim").ToString()}, true
		}
	}
}

func TestAfterThirtyKillsUnderLoadEveryConfirmedLeaseIsThere(t *testing.T) {
	state := t.TempDir()
	foreign := filepath.Join(state, folderName+".json")
	write(t, foreign, "somebody's")
	begun := time.Now()
	for mood, load := range map[string]time.Duration{
		"full":  500 * time.Millisecond, // so that some are stored at the second attempt
		"small": 200 * time.Millisecond, "slow": 200 * time.Millisecond,
	} {
		t.Run(mood, func(t *testing.T) {
			t.Setenv("RELAY_DISK", mood)
			var promised []promise
			for round := range 10 {
				p := launchSelf(t, "-addr", "127.0.0.1:0", "-state", state)
				time.AfterFunc(load, func() { p.Process.Kill() })
				promised = append(promised, crowded(p.url, fmt.Sprint(mood, "-", round))...)
				p.Wait()
			}
			t.Setenv("RELAY_DISK", "good")
			p := launchSelf(t, "-addr", "127.0.0.1:0", "-state", state)
			for _, want := range promised {
				got, ok := joined(p.url, want.code,
					`{"server":`+want.server+`,"lease":"`+want.lease+`","claim":`+want.claim+`}`)
				if !ok || got.server != want.server || got.lease != want.lease {
					t.Errorf("%+v is now %+v", want, got)
				}
			}
			if len(promised) < 10 {
				t.Errorf("only %d leases were confirmed", len(promised))
			}
			t.Logf("%d leases were confirmed before 10 kills, and reclaimed", len(promised))
			p.Process.Kill()
			p.Wait()
		})
	}
	if text, err := os.ReadFile(foreign); err != nil || string(text) != "somebody's" {
		t.Errorf("somebody else's file: %q, %v", text, err)
	}
	unfinished := 0
	filepath.WalkDir(filepath.Join(state, folderName), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, newSuffix) {
			unfinished++
		}
		return err
	})
	if unfinished > 8 { // they are of the last kill only
		t.Errorf("%d half-written files are left", unfinished)
	}
	t.Logf("it took %v", time.Since(begun).Round(time.Second))
}
