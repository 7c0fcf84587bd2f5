// Package blackbox tries to break the Raft core through its public API alone. It was written from the
// documentation of package raft, the paper and the thesis by an author who had read neither the core nor its
// other tests, so that a mistake which those share has one more chance to be seen. It imports package raft
// and nothing else of ours.
//
// A run is a world that follows from its seed: servers with hosts, disks, clocks and state machines, a
// network, and clients. Its faults last for some dozens of election timeouts; then it heals, and the
// cluster has to serve. One world in five is hostile instead: forged frames arrive among the true ones. A
// failure names the seed, and with it the world can be watched:
//
//	go test ./raft/blackbox -run TestBlackBox -seed 42 -trace
//
// # What a world can do
//
//   - Network: each direction of each link has its own time of travel, from none to ten election timeouts,
//     and a jitter in which messages overtake each other; both change at any moment. Messages are lost and
//     duplicated. Copies of them may arrive at any later time, after either end or both have been killed
//     and started again. Partitions cut one direction or both.
//   - Disks: a write takes no time, or so long that many are waiting; writes end one by one or together;
//     the disk hangs, for a while or for ever. The host tells the node of a finished write now or later,
//     and messages that wait for a save leave in between.
//   - Crashes: a server is killed between any two steps of its host (before a save, between two messages,
//     after a write that the node has not heard of), and any number of the writes under way has reached the
//     disk. It starts again at once or later, with any part of its first timeout elapsed.
//   - Hosts: the output is asked for late, after more inputs; entries are applied in pieces, with snapshots
//     between them; a server stalls and then gets the ticks that it missed; a node is replaced by its
//     clone.
//   - Clocks: they tick together, or differ over an election timeout by as much as LeaseDrift allows.
//   - Inputs: Campaign, SetTimer, Transfer, Reconfigure (learners, single changes, joint ones) and Compact
//     at any moment; commands and reads of both kinds one by one, in bursts, and faster than a round trip.
//   - Snapshots: of one chunk or many, and no two of the same state are alike, in any byte. In some lives a
//     server can take none, or none that is large.
//   - Options: limits down to one entry and one byte in a message, timeouts of 4 ticks and of 450, eager
//     commits, and in some worlds Figure 2 alone (Extensions off).
//   - Forged frames: every type of message with every field at what it could be, one beside it, what
//     another field could be, or an extreme.
//
// # What the oracle demands
//
//   - One leader a term, one vote a term, no vote by a server that has answered a leader within the
//     shortest election timeout. Votes are looked at when they leave.
//   - Terms, votes, commit and apply indices that do not go back; a leader that only appends; logs that
//     match; a leader that has what was committed in earlier terms; entries committed and applied in the
//     same order everywhere; a leader that commits only what is on the disks of both majorities, and by
//     counting only entries of its term.
//   - Commands where Propose said that they would be, each once, and no others.
//   - Reads that see every write which any server had applied when they began, and an answer to each of them.
//     Copies of leaders are asked, too: a leader of an old term for a read by lease, as soon as another one
//     leads, and any leader for a read by index that only messages from before it could confirm.
//   - Snapshots that are byte for byte what some server wrote, of a state that existed, with the
//     configuration of that time.
//   - Changes of the configuration not before the last one is complete and an entry of the leader's term is
//     committed.
//   - Each call answered once. Bounded traffic, also of the same chunk of a snapshot.
//   - After the faults, with every round trip shorter than the shortest election timeout, however little: a
//     leader whom all follow, whose members have everything and whose learners have caught up, without any
//     writes. Then commands, reads, learners that become voters, transfers; a leader that stays while it is
//     read all the time. Then service without one server, whose disk hangs for ever or that no longer hears
//     or is heard, be it the leader or the one to which it hands over. The function
//     patience says how long each may take.
//   - In a hostile world: no panic, no loop, state in proportion to what was received, nothing that goes
//     back, and disks from which servers start again.
//
// # What it cannot do
//
// Saves are atomic: no write is torn, and no disk forgets or changes what it holds. No server returns with
// an empty disk. Frames are forged in hostile worlds only, where agreement is not demanded. Clocks keep
// within LeaseDrift, and a stalled host tells its node of all the ticks that it missed before anything else.
// Latencies after the faults do not change, and messages are not lost then. A leader is bound to a steady
// network only: how often one changes in a bad one is not measured. Limits of time are generous, so that a
// core that is only slow passes.
//
// # What it has found
//
// The core once had ten faults, and this package found all of them, most within its first hundred worlds.
// Each of them, put back alone into the mended core (see raft/mutation), ended the run in these
// worlds, counted from seeds 1, 1,000,000 and 2,000,000. The slowest search took 5 s on a busy machine; a
// processor of its own lives through 200 to 400 worlds a second.
//
//	a refusal of a call of an earlier life confirms reads                    4,   2,   5
//	over a way longer than a heartbeat nobody is repaired                    4,   2,   3
//	reads faster than a round trip depose a leader                         109,  82, 235
//	a higher term ends the loyalty on which a lease stands                  14,  14,   7
//	a learner whose first round was slow never catches up in idle clusters  39,   9,  33
//	chunks of two leaders' snapshots are put together                       69, 438, 183
//	a snapshot that no server sends ends in a panic, or never                5,   1,   1
//	a chunk for which there is no room is sent again at once               137, 269, 429
//	Campaign votes within a lease that was just renewed                     76, 100,  68
//	a leader whose own disk hangs leads on                                   4,   5,   5
//
// In the mended core it found two more: late answers to earlier calls that each sent the same chunk of a
// snapshot again, and a server that did not start with what forged frames had made it save.
//
// With a rule switched off, 46 of the 48 rules are found out, half of them within 25 worlds and the last
// one after 723. The other two are retryCalls, whose lack costs time but no service, and keepSuffix.
package blackbox
