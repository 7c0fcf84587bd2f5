package main

import (
	"regexp"
	"slices"
	"testing"
)

// Both cores do every workload: each checks by itself that all servers applied all commands, how many
// messages a round takes, and that all reads were served.
func TestEveryWorkloadRunsOnBothCores(t *testing.T) {
	for name, fresh := range map[string]start{"ours": newOurs, "etcd": newTheirs} {
		for _, w := range workloads {
			t.Run(name+"/"+w.name, func(t *testing.T) {
				if r := testing.Benchmark(func(b *testing.B) { w.run(b, fresh) }); r.N == 0 {
					t.Error("it did not run")
				}
			})
		}
	}
}

// Whatever name a line shows can be asked for, alone or with others; ./build.sh bench core asks for all that
// run natively.
func TestEveryNameCanBeAskedFor(t *testing.T) {
	all := matching(regexp.MustCompile("."))
	if len(all) != 2*len(workloads)+len(sizes) {
		t.Errorf("%d names", len(all))
	}
	for _, name := range all {
		if got := matching(regexp.MustCompile(name)); !slices.Contains(got, name) {
			t.Errorf("%s: got %v", name, got)
		}
		if got := matching(regexp.MustCompile("^" + name + "$")); len(got) != 1 {
			t.Errorf("%s alone: got %v", name, got)
		}
	}
	core := matching(regexp.MustCompile("core"))
	if len(core) != len(workloads) || !slices.Contains(core, "core/read-lease") {
		t.Errorf("core: got %v", core)
	}
	both := []string{"core/heartbeat-round", "wasm/heartbeat-round"}
	if got := matching(regexp.MustCompile("heart")); !slices.Equal(got, both) {
		t.Errorf("heart: got %v", got)
	}
}

// A read allocates nothing in this core, but reads through the log add a chunk to it now and then.
func TestReadsAllocateNothing(t *testing.T) {
	for _, kind := range []read{throughLog, readIndex, lease, local} {
		c := newOurs(false)
		c.tick()
		for range 3 * compactAt { // until the log is compacted as it goes, and all buffers have grown
			c.read(kind)
			c.drain()
		}
		most := 0.0
		if kind == throughLog {
			most = 1
		}
		if n := testing.AllocsPerRun(1000, func() { c.read(kind); c.drain() }); n > most {
			t.Errorf("kind %d: %v allocations", kind, n)
		}
	}
}
