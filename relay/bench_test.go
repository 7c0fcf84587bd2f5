package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// BenchmarkIdleTabs measures the cost of 5,000 idle tabs in rooms of five: the program's memory for each,
// and the share of one processor for all, beside their limits. `./build.sh bench relay/idle-tabs`
func BenchmarkIdleTabs(b *testing.B) {
	const tabs, watched = 5000, 20 * time.Second
	const mostMemory, mostShare = 30, 3 // KiB for each, % for all
	p := launch(b, "-addr", "127.0.0.1:0", "-state", b.TempDir())
	empty := memoryOf(p.Process.Pid)
	for i := range tabs {
		// an address may come 50 times a second, and 200 times ahead
		from := &attacker{from: net.IPv4(127, 0, 0, byte(2+i%50))}
		c := dialBy(b, &websocket.Dialer{NetDial: from.dial}, p.url, fmt.Sprintf("idle-%d", i/5), nil)
		go readOn(c.join(`{"size":5}`).ws)
	}
	time.Sleep(10 * time.Second) // until all have settled
	var used time.Duration
	for b.Loop() {
		before := processorTime(b, p.Process.Pid)
		time.Sleep(watched)
		used += processorTime(b, p.Process.Pid) - before
	}
	memory := float64(memoryOf(p.Process.Pid)-empty) / 1024 / tabs
	share := 100 * used.Seconds() / (float64(b.N) * watched.Seconds())
	if memory > mostMemory || share > mostShare {
		b.Errorf("an idle tab takes %.0f KiB, all of them %.1f %% of a processor; expected at most %d KiB and %d %%",
			memory, share, mostMemory, mostShare)
	}
	b.ReportMetric(memory, "KiB/tab")
	b.ReportMetric(share, "%processor")
	b.ReportMetric(0, "ns/op")
}

// processorTime is how long a process has been on processors.
func processorTime(t testing.TB, pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / 100 // hundredths on every Linux
}
