// Package client is the client of a page: it finds the leader, asks, waits, asks again, and tells what is
// known. A live tab (package tab) and the lab (package session) share it; a Cluster hides the differences
// between a room and a simulated cluster.
//
// # What becomes of a request
//
//	pending ──▶ done       a server answered
//	        ──▶ refused    it was not done, and never will be
//	        ──▶ unknown    it may or may not have been done: a write of which nothing more will be heard
//
// A request is given up only when it found no leader to ask for 30 s. A request that a server holds goes on
// waiting, and says so. It waits by the cluster's clock, as its server does: in a paused or slow room the
// answer comes later, not never.
//
// Asking again is safe after a definite refusal, which says that nothing was done. It is safe for a read at
// any time; the read is asked again under the same number, and the first answer counts. A write that a
// server may hold is never asked twice: servers keep no sessions of clients (§8), and would do it twice.
//
// While no server takes requests, one of the waiting requests asks for all, and the others wait for its
// outcome: servers that hold an election have better work than refusing thousands a second.
package client
