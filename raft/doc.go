// Package raft is the Raft consensus algorithm as a pure state machine, written to be held beside the extended paper
// ("In Search of an Understandable Consensus Algorithm", Ongaro and Ousterhout, 2014; sections are cited as §5.2) and
// Ongaro's thesis ("thesis 10.2.1").
//
// # One minute
//
// A Node is one server. It owns no clock, network, disk or goroutine: a host tells it what happened and asks
// what to do.
//
//	n, err := raft.New(options, durable) // durable: what the disk holds
//	n.Tick()                             // a tick of time has passed
//	n.Receive(2, message)                // a message of server 2 has arrived
//	n.Propose(command)                   // a client wants this in the log
//	for n.Output(&out) {
//		// write out.Save, then call n.Saved(out.Save.Seq);
//		// send each of out.Send, once the Save it waits for is durable;
//		// reset the state machine to out.Restore, if there is one;
//		// apply out.Apply to it, then call n.Applied(index);
//		// show out.Events to whoever wants to understand.
//	}
//
// That is all a host has to do, and it may do it late: nothing here waits. Because a Node is only data, a test can run
// thousands of clusters a second, a simulation can go back in time (Clone), and the same code runs in a browser's tab.
//
// # Where to find what
//
// The files follow the paper. Hold Figure 2 beside them: each of its rules is a function, and the rule stands above it
// in the figure's words.
//
//	rpc.go          the messages, with the figure's field names
//	node.go         the state, the inputs, and the rules for all servers (§5.1)
//	election.go     leader election (§5.2) and who may win one (§5.4.1)
//	replication.go  log replication (§5.3), commitment (§5.4.2), the no-op (§8)
//	snapshot.go     snapshots and log compaction (§7, Figure 13)
//	membership.go   changes of the configuration (§6), learners (thesis 4.2.1); configuration.go: what one says
//	read.go         linearizable reads (§8, thesis 6.4)
//	transfer.go     leadership transfer (thesis 3.10)
//	contact.go      whom a leader has reached: for check-quorum, reads and the lease alike
//	quorum.go       majorities, and the two that a joint configuration needs
//	log.go          the log, in chunks that are written once
//	durable.go      what is on disk, and which message waits for it
//	                (Fig. 2: "updated on stable storage before responding")
//	output.go       what goes out, and who owns its memory
//	rules.go        the rules by name, each of which can be switched off to see what it is for
//	switch.go       … and in a running server
//	event.go        what happened, for people: also what did not happen, and why
//	clone.go        a copy of a server, and its state as bytes; explorable.go: the same, without fields
//	                that do not affect exploration
//	selfcheck.go    invariants, checked after every input in builds with the tag raftcheck
//
// # Choices
//
// Durability is data. A reply that promises something names the Save that makes it true (Envelope.After), so that the
// host can write and send in whatever way is quick, and cannot get the order wrong. A leader's own entries travel while
// its disk still writes (thesis 10.2.1); it counts itself only for what the disk holds.
//
// Every call gets exactly one reply, carrying the call's number. Its term and its number decide whether an
// answer can still matter; if not, it is ignored. The numbers also tell time: an answer to a call that was
// made after a read came proves that its leader still led then.
//
// A call's number has a meaning only within one life of its caller and one term. Numbers begin at 1 in each
// life, and a call of an earlier life may arrive at any time. Its term is lower than any in which its caller
// leads now, so its receiver refuses it because of its term, and a leader does not count such a refusal as
// an answer. A refusal because of the log names a place (ConflictIndex); one because of the term names none.
//
// A lease rests on loyalty, so loyalty is promised without exceptions. A server that answered a leader votes
// for no server, itself included, for the shortest election timeout from then on: whatever term it learns
// of, even if its host calls Campaign or SetTimer, and even after a restart, when it may have forgotten what
// it answered. A leader that asks for an election (Transfer) has given up its lease first.
//
// What Figure 2 does not have (pre-vote, check-quorum, loyalty to a living leader, leaders that give up when their disk
// hangs) can be switched off together: Options.Off = Extensions.
//
// Messages are borrowed. They point into memory that the Node uses again after the next Output, so a server in steady
// state allocates nothing. A host that keeps a message copies it; builds with the tag raftcheck overwrite what has
// expired, so that a forgotten copy shows.
//
// A role's state exists only in that role: a Node that does not lead has no nextIndex that could be wrong.
//
// A message that no server which keeps the rules sends (it would change a committed entry, or comes from a
// second leader of the term) is refused and reported as an event; it is neither obeyed nor a reason to stop.
package raft
