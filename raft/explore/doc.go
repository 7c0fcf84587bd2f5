// Package explore goes through everything that a small cluster can do. The servers are the real core
// (raft.Node). The network, the disks and the clients around them take one action at a time, any that is
// possible: deliver, lose or duplicate a message, let a timer run out, finish a write, stall a disk, crash a
// server, restart it while messages of its earlier life are still under way, propose, read, compact a log;
// in walks also change the servers.
//
// # What it finds
//
// Search goes breadth-first from a cluster of new servers, so the first violation of a safety property
// (package check) that it meets ends a shortest run to one, within the bounds of the Config. Without a
// violation it ends when nothing new can happen. Walk takes one random path, much longer than Search can
// look; Shrink then removes the actions that a failing run does not need.
//
// A run is a list of Actions that reads like a story and can be repeated (Replay).
//
// # When two situations are one
//
// Messages in flight are a bag: the network may deliver them in any order. A time-out is an action, so the
// state of timers does not matter; nor do call numbers, except where a reply is judged by them
// (raft.Node.AppendSituation). Servers are alike: of all ways to rename them, the one whose text is least is
// kept. A situation also includes past events that no state shows any more, such as who led which term, as
// far as a violation can depend on them, and what is left of the bounds.
//
// One difference is ignored although it can matter: a server calls the others in the order of their names,
// and after a crash, when its call numbers begin anew, the number in an old reply counts. Where crashes are
// allowed, only one of the worlds that differ just in the order within such a round is explored.
//
// The outcome of reads and snapshots depends on more: on call numbers, on when a leader last heard from each
// server, on how much of a snapshot was sent. Where they happen (Config.Reads, Config.Compactions), worlds
// are therefore told apart by all that servers know. That is simple and leaves nothing out, but many more
// worlds differ, so bounds must be narrower. To get deep all the same, a search may begin after given
// actions (Config.After).
//
// # Time
//
// Usually no time passes: servers are those of Figure 2, perhaps with pre-vote, and a time-out is an action.
// A lease, though, relies on time: on clocks that run alike. Where time passes (Config.Ticks), a tick is an
// action too. The servers' clocks tick in turn, round after round, as equal clocks of different phase do,
// and anything may happen between two ticks. An election timeout is two ticks, so that loyalty and leases
// last a few actions. Timers then run out by themselves, or early, as a host may tell them to.
//
// # What is outside
//
// Everything else that measures time (check-quorum, the catching up of learners) is off, clocks do not drift
// apart, and leadership is not transferred. Changes of the servers are for walks only: a situation does not
// record all that they depend on.
package explore
