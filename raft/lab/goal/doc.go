// Package goal is a small language for what can be true of a run. Steps of the lab's clock end where a goal comes true,
// a trap waits for one, stories expect them, and a run of the gallery is about one; lessons and graders can ask for
// them. A goal is data: text that Parse reads and Text writes.
//
//	g, err := goal.Parse("S4 leads in term 3 and not before 2 s")
//	at, reached := world.Reach(g, 10*1000*1000)
//
// A goal is about a Run: a world of package lab, or a story of package scenario. A Watch counts the events
// that it is told of as the run goes on; everything else is looked up when Holds is called.
//
// # Grammar
//
//	goal    ::= both { "or" both }
//	both    ::= one { ( "and" | "," ) one }
//	one     ::= "not" one | "(" goal ")" | fact
//	fact    ::= who "leads" [ term ] | number ( "leaders" | "leader" ) ( "at once" | "in one term" )
//	          | who "is" state | who "has" field ( "=" | "<" | ">" ) number
//	          | key=value ( "committed" | "everywhere" | "on" server )
//	          | who phrase [ term ] [ "twice" | number "times" ]
//	          | ( property | "something" | "nothing" ) "broken" | "something breaks"
//	          | "within" number ( "deeds" | "deed" ) | ( "before" | "within" | "after" ) time
//	who     ::= server | "a server" | "somebody" | "no server" | "nobody"       server ::= "S1" … "S9"
//	term    ::= "in term" number                                              time ::= decimal ( "s" | "ms" )
//
// Upper and lower case differ only in keys and values. Numbers to nine may be words. A key or a value with
// blanks, commas, parentheses or = is written in quotes, in which \ stands before " and \. A goal has at
// most MostText bytes. A wrong text gives an Error: what was expected where it could be read no further.
//
// # Of servers, as they are at the moment
//
// "a server" (or "somebody") is true if the fact is true of any, "no server" (or "nobody") if of none.
//
//	S4 leads                      it takes itself for the leader, and is not down; the same as: S4 is a leader
//	a server leads in term 3      … of this term
//	two leaders at once           so many servers, or more, take themselves for leaders, of whatever terms
//	2 leaders in one term         … of the same term
//	S4 is running                 it runs and is not paused
//	S4 is paused                  its process is stopped for a while
//	no server is down             S4 is down: it does not run
//	S4 is damaged                 it is down and cannot start: its disk does not hold what was written to it
//	S4 is a follower              its role, if it is not down
//	S4 is a candidate             …
//	S4 is a pre-candidate         … it asks whether it could win (thesis 9.6)
//	S4 has term = 3               its currentTerm, if it is not down
//	S4 has commitIndex > 2        … the index of the last entry that it knows to be committed
//	S4 has lastIndex < 9          … that of the last entry of its log
//	S4 has lastApplied = 2        … that of the last entry that its state machine has applied
//
// # Of the data
//
//	x=2 committed                 a server that runs has applied it: so it has learnt that it is committed
//	x=2 on S3                     S3 runs and has applied it
//	"a key"="2" everywhere        every server runs and has applied it
//
// # Of what has happened to servers since one began to look
//
// "no server" is true as long as it has not happened. "in term 3": the server was in that term then.
//
//	a server does something       any event of the core
//	S2 gets a message             one has come to it through the network
//	S2 changes its role           it becomes what it was not, leader, candidate, …; its machine stops, or runs again
//	S2 becomes a follower         of a new leader, or because its time as leader or candidate is over
//	S2 becomes a pre-candidate    its election timer ran out, or it was told to (thesis 9.6)
//	S2 becomes a candidate        it asks for votes (§5.2)
//	S2 becomes leader in term 3   it has the votes of a majority (§5.2)
//	a server gives its vote       to another (§5.2)
//	S2 stores entries twice       of a leader, as a follower (§5.3)
//	S2 deletes entries            which conflict with the leader's (§5.3)
//	S2 takes a command as leader  a client's (§5.3)
//	S2 commits 3 times            its commitIndex has advanced so often, or oftener
//	S2 has caught up              it sees as leader that a learner has (thesis 4.2.1)
//	S2 changes its configuration  it goes by another one from now on (§6)
//	S2 hands its leadership over  it tells another server to hold an election at once (thesis 3.10)
//	S2 sends a snapshot           or a chunk of one (§7)
//	S2 takes over a snapshot      in the place of its log, or of a part of it (§7)
//
// # Of promises
//
// The properties are those of package check: Election Safety, Leader Append-Only, Log Matching, Leader Completeness,
// State Machine Safety, Durability, Linearizability, Liveness.
//
//	Election Safety broken        since the start of the run
//	something broken              any of them
//	nothing broken                none of them
//	something breaks              one more than when one began to look
//
// # Of means and time
//
// Time is cluster time from the start of the run.
//
//	within 6 deeds                so many actions or fewer have been done
//	before 2 s                    it is earlier now; "not before 2 s" is from then on
//	within 2 s                    it is not later
//	after 500.5 ms                it is later
//
// # What it is not
//
// A goal is looked at in one moment at a time; a Watch remembers events and nothing else. "x=2 committed" looks at
// servers, not at what a client was told. Whether all that clients were told fits together is for package linear to
// say; of Linearizability a goal knows what the run sees by itself.
package goal
