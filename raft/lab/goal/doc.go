// Package goal is a small language for what can be true of a run: what a run of the gallery is about, or what a
// lesson asks for.
//
//	g, err := goal.Parse("S4 leads in term 3 and not before 2 s")
//	at, reached := goal.First(world, g, 10*1000*1000)
//
// # The language
//
// A goal is made of facts with "and" (or a comma), "or" and "not", and parentheses; "not" binds most closely, "or"
// least. Upper and lower case are the same but in keys and values. Numbers to nine may be words.
//
// Of servers, as they are at the moment:
//
//	S4 leads                          it runs or is paused, and takes itself for the leader; also: somebody, nobody
//	S4 leads in term 3
//	two leaders at once               so many servers, or more, take themselves for leaders, of whatever terms
//	two leaders in one term           … of the same term
//	S4 is a follower                  or: a candidate, a leader, running, paused, down, damaged
//
// Of the data. A value with blanks, commas or parentheses is written in quotes, as in x="a b"; so is such a key:
//
//	x=2 committed                     a server that runs has applied it: so it has learnt that it is committed
//	x=2 on S3                         S3 runs and has applied it
//	x=2 everywhere                    every server runs and has applied it
//
// Of events, since one began to look (Watch). The phrases are those of lab.Moments, after which traps wait, too:
//
//	S2 becomes leader in term 3       also: becomes a candidate, gives its vote, stores entries, deletes entries,
//	                                  takes a command as leader, commits, has caught up, changes its configuration,
//	                                  hands its leadership over, sends a snapshot, takes over a snapshot
//	somebody gives its vote           nobody gives its vote: it has not happened
//	somebody stores entries 3 times   so often or more. Also: twice
//
// Of promises (package check):
//
//	Election Safety broken            any property's name. Also: something broken, nothing broken
//
// Of means and time, cluster time from the start of the run:
//
//	within 6 deeds                    so many actions or fewer have been done
//	before 2 s                        it is earlier now; "not before 2 s" is from then on
//	within 2 s                        it is not later
//	after 500 ms                      it is later
//
// # What it is not
//
// A goal is looked at in one moment at a time; a Watch remembers events and nothing else. "x=2 committed" looks at
// servers, not at what a client was told. Whether all that clients were told fits together is for package linear to
// say; of Linearizability a goal knows what the world sees by itself.
package goal
