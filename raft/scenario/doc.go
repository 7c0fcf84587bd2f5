// Package scenario plays stories: real bugs of real Raft implementations, and the figures of the paper, as transcripts
// over raw Nodes. A story says step by step what happens to the servers; nothing happens by itself and nothing by
// chance, so that a story reads, and runs, the same every time.
//
// Each story is played twice: once with every rule kept, when no promise of Raft may break; and once without
// the rule that the story is about, when exactly what the story names must break. The second run proves that
// the first can fail. Package check, which shares no code with the core, watches both; besides, no read may
// be older than what clients knew when they asked (Linearizability), no server may apply what its own disk
// does not hold (Durability), and promises are kept (Liveness). A story about a fault of the host (the
// program around a Node) injects that fault in place of the rule.
//
// # A story's file
//
// First come lines that begin with "#": the number and title, the threads where the bug was met, and what happens.
// Then the header:
//
//	rule oneVotePerTerm       the rule that is switched off, on every server, when the story is played without it
//	fault TEXT                instead of a rule: the host's fault that is there when the story is played "off"
//	once TEXT                 instead of a rule: why there is nothing to switch off. The story is played
//	                          with every rule only, and ends with "on: holds"
//	without RULE ...          rules that are off both times, because the story is about a server
//	                          that has not got them, or they would hide the bug
//	servers 5 [plain]         voters 1 to 5; plain: the servers of Figure 2,
//	                          without preVote, checkQuorum and leaderLoyalty
//	spare 4 5                 servers that run, and wait to be added
//	chunk 3                   a leader sends a snapshot in chunks of so many bytes
//	room 4                    a server takes a snapshot of so many bytes at most
//
// Then the steps, one a line, with comments that the transcript repeats. "on: STEP" is played only with the rule, "off:
// STEP" only without. The last lines are
//
//	on: holds
//	off: breaks State Machine Safety at S1 S5 index 2
//
// with a line "breaks" for each property that breaks, in the order in which they do: one violation often brings another
// with it. "at" names the servers concerned, "index" the place in the log if there is one. Everything after a line of
// dashes is the transcript of both runs. It is written by "go test ./raft/scenario -rewrite", and is to be read in the
// diff: it is part of the test.
//
// # Steps
//
//	campaign 1                the election timer of S1 runs out
//	propose 1 x y             a client asks S1 for commands x and y; a command with a serial number,
//	                          x#7, takes effect once however often it is in the log
//	read 1, leaseread 1       a client asks S1 for the newest value, by a round of heartbeats or by lease
//	transfer 1 2              S1 is to hand its leadership to S2
//	reconfigure 1 1,2,3+4     S1 is to change the cluster to this
//	compact 1                 S1 takes a snapshot of all it has applied;
//	                          with "wide" it writes other bytes, which say the same
//	tick 50, tick 1 50        time passes for every server, or for S1 only; nothing is delivered
//	run 500                   time passes for every server, and every message arrives within the tick it was sent in
//	serve 3000                the same until a new command has been committed;
//	                          if that takes longer, Liveness is broken
//	far 70                    in run, serve and flood every message arrives 70 ticks later from now on
//	flood 1 500               as run; in each tick a client reads at S1
//
//	deliver                   messages arrive in the order they were sent in,
//	                          and those they cause, until none is under way
//	deliver 1 2 3             the same, among these servers only
//	deliver 1>2 2>1           what is under way on these ways arrives, what it causes does not yet
//	deliver 1>2 AppendEntries … of this type only; with "first" or "last" only the oldest or newest of them
//	drop 1>2, duplicate 1>2   what is under way is lost, or is on its way twice; as deliver: without ways, everything
//	heartbeat 1>2 3           S1, the leader, sends S2 an empty AppendEntries behind entry 3,
//	                          with its commitIndex, as a leader that knows little of S2 may do
//	forge 1>2 9@1 1,2,3       S1 sends S2 an empty snapshot that ends at this entry
//	                          and names these servers, or none if none are given
//	misplace 1>2 0@0          an AppendEntries under way is broken: its entries are said to follow index 0 of term 0
//	renumber 2>1              the answers under way are made to look like answers to S1's newest call
//	hold 1>2, release         what is under way waits until it is released
//	cut 1 5, cut 1>5          from now on all messages between the two, or only one way,
//	                          are lost; those under way are not
//	isolate 1                 the same for all between S1 and the others
//	split 1,2 3,4             heals what is cut, and cuts all between the groups
//	heal                      nothing is cut any more
//
//	slow 1                    what S1 writes to its disk is not durable until it is saved
//	save 1, save 1 all        the oldest write, or every write, becomes durable
//	fast 1                    every write becomes durable at once, as at the start
//	crash 1                   S1's process ends; what it wrote is on its disk
//	powerloss 1               S1 stops; what was not durable is lost
//	restart 1                 S1 starts with what its disk holds
//	wipe 1                    the disk of S1, which is stopped, is emptied
//	disk 1 8 1 1 4            S1 starts anew with a disk that holds current term 8 and entries of terms 1, 1 and 4
//	host answersByIndex       the hosts have a fault: they tell a client that its command is done
//	                          when anything is applied at its index,
//	host keepsState           … their state machines survive a restart,
//	                          and do not know what they have applied already,
//	host noSessions           … their state machines do not look at serial numbers
//	host entriesFirst         … they apply the entries behind a snapshot before the snapshot
//
//	expect THAT               the story fails unless THAT holds
//	promise THAT              Liveness is broken unless THAT holds
//
// THAT is a goal in the words of package goal, such as "S1 leads", "S1 has commitIndex = 2" or "a server
// deletes entries twice": events count from the story's beginning, and time is that of run, serve and flood.
// What only stories know is one of
//
//	sent 1 < 20                               how many messages S1 has sent since this was last asked,
//	                                          or since the story's beginning
//	log 1 = ·@1 x@2                           S1's log: commands with their terms, · for the blank entry,
//	                                          {1,2,3} for a configuration
//	config 1 = 1,2,3+4
//	state 1 = x y                             the commands that S1's state machine has applied
//	read 1 = x                                the outcome of the last read at S1; also none, waiting, failed, refused
//	refused                                   the last propose, read, transfer, reconfigure or compact was an error
package scenario
