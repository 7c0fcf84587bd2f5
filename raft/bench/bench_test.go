package main

import "testing"

// Both cores do every workload: each checks by itself that all servers applied all commands and how many messages a round takes.
func TestEveryWorkloadRunsOnBothCores(t *testing.T) {
	for name, fresh := range map[string]func() cluster{"ours": newOurs, "etcd": newTheirs} {
		for _, w := range workloads {
			t.Run(name+"/"+w.name, func(t *testing.T) {
				if r := testing.Benchmark(func(b *testing.B) { w.run(b, fresh) }); r.N == 0 {
					t.Error("it did not run")
				}
			})
		}
	}
}
