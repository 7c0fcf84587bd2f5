// Package lab simulates servers and a network on a virtual clock: server, disk format, frames and hub are
// those of a live room, but time, faults and clients come from a seed, so any run can be repeated.
//
//	run := lab.Draw(lab.Standard(), 42) // five servers, faults for 50 s, then 10 s without
//	world, err := lab.New(run)
//	for _, violation := range world.Finish() {
//		… // says which property, where and when
//	}
//
// # A run
//
// A Run is a configuration, a seed and a list of actions. It can be written as JSON; the same Run gives the same states
// at the same times, on every machine. Draw makes the actions of chaos from the seed; a person's actions (World.Do) are
// appended as they come. Each cause of chance has a random stream of its own: the network (the hub's), each client,
// each server's clock, each life of a server (its timeouts and its disk) and the drawing of actions. So one more frame
// does not change what a client asks, and one more crash does not change the timeouts of the others.
//
// # Time
//
// The world goes from moment to moment: actions, then frames that arrive, then servers' clocks, then disks,
// then clients, each in order of their numbers. Nothing happens in between: servers say how long they will
// be Idle. A Tape reaches any time of a run from copies of the world (World.Clone).
//
// # Deeds
//
// What can be done to a cluster is a catalogue of deeds (deed.go): each is one value that holds its name,
// its arguments, what it needs, how it is done and undone and healed, its words and its reason, what is
// wrong while it lasts, and whether a live room can do it, too. World.Do does an action or says why it would
// change nothing; World.Can says so beforehand, without trying it on a copy: the core and the hub are asked
// for the error with which they would refuse. World.Undo is the way back, World.Offers the deeds in a
// server's menu, World.Wrongs what is wrong and how to mend it. The hub does what is done to links and
// frames, in a room as here (hub.Do).
//
//	a new fault is an entry of deeds_*.go and, if a menu is to have it, a line of Offers; a page draws it unchanged
//
// # Harm at the right moment
//
// An Action may be a trap (Action.When): it waits for an event, such as a vote given or entries stored, or for any goal
// in the words of package goal, and does its harm just then. Most bugs of durability are a loss of power in the few
// milliseconds between a promise and the disk.
// RULES.md lists what became of clusters without one of the rules (Config.Off), and how many seeds that
// took. Shrink removes the actions that a failing run does not need.
//
// # Harsh worlds
//
// Draw's faults are those that people think of. Harsh draws a world that also does what real ones do and
// what bugs were long hidden behind:
//
//	networks   A message arrives after its sender and its receiver have restarted, in a later term, and
//	           more than once (Harshness.Stray). Each direction of each link takes a time of its own, from
//	           none to twenty election timeouts, and that time changes in steps. A read is asked for before
//	           the last one can be answered, a hundred times over, in each of the four ways to read.
//	disks      A write is never finished, for a moment or for ever (Action.Hang); whatever was under way
//	           may be there afterwards in any part.
//	hosts      A write is durable and the server hears of it later, a frame is to leave and leaves later, and
//	           neither waits for the other (SavedLag, SendLag). A crash between any two of these loses the
//	           frames, a loss of power the writes, byte by byte. A server restarts sooner than what it has
//	           sent arrives, again and again.
//	clocks     A clock runs faster or slower, within the tenth that leases allow where they are read by. A
//	           process stands still, and sees then how late it is.
//	state      A snapshot goes in many chunks, and at any of them the leader changes, another snapshot is
//	           taken, a server crashes (MaxChunk, Action.Skip). Servers in one state write different bytes
//	           for it (OwnOrder). One has no room for a snapshot (Room).
//	operators  Elections, transfers, changes of the servers, compactions and timers are asked for at any
//	           moment. Learners join while they are down, in clusters in which nobody writes.
//
// Some harm needs several of these at once, and rivals.go arranges them: two servers that both believe that
// they lead, and clients at both.
//
// Out of scope are a disk that says it has written what it has not, and a message that was changed on its
// way. No Raft survives the first; the second is a family of its own, with other promises (package trial).
//
// # Disks and promises
//
// A disk may be slow, fail a write, be full, lose what it had not written when the power failed, or hold a bit that is
// not what was written. A server whose disk fails stops; one whose disk is damaged does not start. A server whose disk
// is gone for good must never return, for it could break a promise that it forgot (story 24 of raft/scenario):
// Action.Careful takes disks away only while a majority of every configuration keeps its own, and others, who waited
// outside the cluster (Config.Voters), take the place of the lost. What no checksum can tell is damage in the last
// record, which looks like a write that a crash cut off.
//
// # Looking on
//
// Package goal says in words what can be true of a run, such as "S4 leads and x=2 committed"; World.Reach
// finds when it is. World.View and World.Reporter show the present; World.Watch collects frames, actions and
// their outcomes for a page. Some deeds are for teachers: Rules switches rules in running servers, Spread
// and Align set election timers.
//
// # Two phases
//
// First safety under faults, then liveness: at the end of the chaos everything is healed, and within
// Config.Heal a leader must lead, the clients' writes must get through, all logs must be equal, and the
// leader must have seen every learner catch up. A harsh world then demands service (Harshness.Serve): every
// request is answered. Healed does not mean fast there: a round trip and a write together may take almost
// the shortest election timeout. Beyond it Raft promises no leader (§5.6).
//
// All queues are bounded: a paused server's inbox (MaxInbox), the events kept (MaxEvents), the clients'
// history (MaxHistory), the hub's links, the strays, and what lags at a host; what comes on top of the last
// two is lost.
package lab
