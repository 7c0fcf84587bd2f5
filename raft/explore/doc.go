// Package explore goes through everything that a small cluster can do. The servers are the real core
// (raft.Node); what surrounds them, network, disks and clients, does one thing at a time, and each time
// whatever it may: deliver, lose or duplicate a message, let a time-out run out, finish a write, stall a
// disk, crash a server, start it again while messages of its earlier life are still under way, propose, read,
// compact a log; in walks also change the servers.
//
// # What it finds
//
// Search goes breadth-first from a cluster of new servers, so that the first violation of a safety property (package
// check) that it meets is the shortest run to one, within the bounds of the Config. If there is none it ends when
// nothing new can happen. Walk takes one way by chance, much further than Search can look; Shrink then takes away what
// a run that failed can do without.
//
// A run is a list of Actions that reads like a story and can be told again: Replay.
//
// # When two situations are one
//
// Messages in flight are a bag: the network may deliver them in any order. Timers do not run, a time-out is an action,
// so that their state does not matter; nor do the numbers of calls, but for what an answer can be judged by
// (raft.Node.AppendSituation). Servers are alike: of the ways to rename them the one is kept whose text is least. To
// the situation belongs also what happened and is seen no more, such as who led which term, as far as a property of the
// future depends on it. And what was spent of the bounds: it decides what can still happen.
//
// One thing is taken for the same that is not quite: a server asks the others in the order of their names, and after a
// crash, when it numbers its calls anew, the number of an old answer counts. Where crashes are allowed, of two worlds
// that differ only in the order within such a round one is looked at.
//
// What reads and snapshots lead to depends on more: on the numbers of calls, on what a leader last heard from
// whom, on what was sent of a snapshot. Where they happen (Config.Reads, Config.Compactions) worlds are
// therefore told apart by all that servers know. That is simple and leaves nothing out, but many more worlds
// are different: bounds must be narrower. To get deep all the same, a search may begin behind actions that
// are given (Config.After).
//
// # Time
//
// Mostly no time passes: servers are those of Figure 2, or have pre-vote beside, and a time-out is an action. A
// lease stands on time, though: on clocks that run alike. Where it passes (Config.Ticks), a tick is an action too.
// The servers' clocks tick in turn, round after round: that is what equal clocks of different phase do, and anything
// may happen between two ticks. An election timeout is two ticks, so that loyalty and leases begin and end within
// a few actions; timers run out by themselves then, and may still run out before, as a host may tell them to.
//
// # What is outside
//
// What else measures time (check-quorum, the catching up of learners) is off, clocks do not run apart, and
// leadership is not transferred. Changes of the servers are for walks only: a situation does not tell all that
// they depend on.
package explore
