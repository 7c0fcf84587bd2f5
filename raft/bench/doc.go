// Program bench measures this core beside go.etcd.io/raft, 3.6.0 and 3.7.0: the same work, in the same run, on
// the same machine.
//
//	./build.sh bench            # everything; this program comes last
//	./build.sh bench core/read  # what has a name that matches
//	cd raft/bench && go run .   # this program alone: -rounds, -time, -run, -list, -wasm
//
// Each comparison ends in a line of tabs: "ratio", what was measured, this core's time divided by the other's, which
// other. Times are medians of rounds that take turns, each in a process of its own with GOMAXPROCS=1. The same work is
// then measured in WebAssembly, under Node ("wasm/…").
//
// # What is fair
//
//   - No goroutine, clock or codec on either side: messages are handed over by reference, at once, to the
//     receiver.
//   - Output is collected until there is none. Each server keeps its persistent state in memory before what
//     depends on it leaves.
//   - A command counts when every server has applied it, so a leader tells its followers of a commit at once
//     (Options.EagerCommit; etcd always does).
//   - Both sides run with pre-vote and check-quorum on, as one would in production.
//   - Both compact their logs as they go: work is steady state.
//   - Invariant checks are compiled out on our side; etcd has no such switch.
//   - Reads are asked for one by one at the leader, and count when it could answer. Reads through the
//     log, by ReadIndex and local ones (the server says what it has applied) are compared with etcd's
//     ReadIndex, reads by lease with etcd's leases (ReadOnlyLeaseBased). etcd wants a new context for each.
//   - The heartbeat round is one tick of every server with a heartbeat interval of one tick: a call and a
//     reply per follower on both sides.
//
// # Size
//
// wasm/size is what each core adds to a stripped file that is built as the page's is, raw and compressed: 0.29 MB and
// 0.07 MB. Of the 0.29 MB 0.17 MB are machine code (natively the same code is half of that: a function that can be
// suspended has to be able to begin at each of its calls), 0.12 MB the tables that Go keeps beside code to walk stacks,
// which no flag leaves out.
//
// # Beside the numbers
//
// Two folders hold tests that need etcd's library: mixed has clusters of etcd's servers and ours, under
// faults and with checks; yardstick puts etcd's own cases for quorums and membership changes to this core. A
// third, trace, writes runs of the lab as etcd's TLA+ specification reads them.
package main
