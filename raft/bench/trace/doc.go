// Program trace writes a run of the lab as a trace that etcd's public TLA+ specification of Raft reads, so
// that anyone who has the model checker TLC can check this core against it:
//
//	./build.sh trace -seed 3 -faults >run.ndjson     # or: cd raft/bench && go run ./trace -seed 3 -faults
//
//	git clone https://github.com/etcd-io/raft
//	cd raft/tla
//	JSON=/path/to/run.ndjson java -XX:+UseParallelGC -cp tla2tools.jar:CommunityModules-deps.jar tlc2.TLC \
//		-config Traceetcdraft.cfg Traceetcdraft.tla -lncheck final
//
// The two archives are tla2tools.jar of the TLA+ tools and CommunityModules-deps.jar of the TLA+ community
// modules; etcd's tla/validate.sh fetches both and checks many traces at once. TLC accepts a trace if it ends
// without an error. It needs minutes for 3,000 lines; the environment variable MAX_TRACE=1000 has it read the
// first thousand.
//
// TLC itself is no part of this project's tests. They check traces with a translation of the specification
// into Go (spec_test.go), which shares no code with the core or with this program, and which accepts the
// trace that etcd publishes beside its specification.
//
// # Lines
//
// Each line is an object as etcd's logger writes it. Beside what the specification reads it has "at",
// milliseconds of cluster time; "ts" only numbers the lines, as validate.sh sorts by it. "event" says what
// happened at a server, and the server's state then:
//
//	InitState                       a server starts, or starts anew
//	BecomeCandidate, BecomeLeader   as the names say; the leader's log is still without its blank entry
//	BecomeFollower                  after a message of a higher term, or because a leader lost its majority
//	SendRequestVoteRequest          MsgVote: RequestVote
//	SendAppendEntriesRequest        MsgApp: AppendEntries, also as heartbeat; MsgSnap: the last InstallSnapshot
//	Send…Response                   only to itself: a candidate votes for itself, a leader stores an entry
//	Receive…                        a message arrives; the state is that before; it is answered in the same step
//	Replicate                       the leader appends an entry
//	Commit                          the leader advances commitIndex
//	Ready                           what happened is on disk, and what was sent leaves
//
// # What stands for what
//
//   - "log" is the index of the last entry: the specification never compacts a log.
//   - "commit" of an AppendEntries is the smaller of LeaderCommit and the index of its last entry: beyond
//     that a receiver would not go anyway (Fig. 2).
//   - etcd keeps commitIndex on disk, this core does not. After a restart "commit" therefore is the
//     commitIndex that the server would know if it had kept it. A server that never restarted knows it, as
//     the program checks.
//   - A pre-candidate counts as a follower.
//   - A message that changes nothing at its receiver may be missing: the specification's network may lose it.
//     So are requests for votes that a server refuses because it is loyal to a living leader (§6), chunks of
//     a snapshot except the last, and the answer to that: the specification has no message for it.
//   - From an AppendEntries that begins before the receiver's commitIndex the specification takes nothing,
//     this core takes the new entries. The trace then has the leader also send the new part alone, right
//     after the whole call, and has that part arrive.
//   - A call that arrives twice is sent twice, and a request for votes that waited for the disk while its
//     sender's time ran out again is sent before that.
//   - Writes take no time: the specification saves all and sends all in one step (Ready).
//
// # Where a trace ends
//
// Some of what this core does has no counterpart in that specification. A trace ends before the first of
// these, and the program says which:
//
//   - a change of the servers: here it takes effect when it is appended, and goes by way of a joint
//     configuration (§6); there it takes effect when it is applied, one server at a time;
//   - a snapshot for a server that knows of committed entries: there it is ignored;
//   - a higher term that comes with a message which that specification does not have: a pre-vote, TimeoutNow,
//     a chunk of a snapshot. Pre-votes are off unless -off says otherwise;
//   - an answer that changes its receiver, while the specification's answer to that call says something else;
//   - what no server sent: frames that were edited or made up.
package main
