// Package client is the client of a page: it finds the leader, asks, waits, asks again, and tells what is
// known. A live tab (package tab) and the lab (package session) have the same one; what differs between a room
// and a simulated cluster is behind a Cluster.
//
// # What becomes of a request
//
//	pending ──▶ done       a server answered
//	        ──▶ refused    it was not done, and never will be
//	        ──▶ unknown    it may or may not have been done: a write of which nothing more will be heard
//
// A request is given up only when for 30 s nobody led whom it could ask. One that a server holds goes on
// waiting, and says so. It waits by the cluster's clock, by which its server works: in a paused or slow room
// the answer comes later, not never.
//
// Asking again is safe after a definite refusal, which says that nothing was done. It is safe for a read at
// any time, which is then asked again under the same number, so that whichever answer comes first counts. A
// write that a server may hold is never asked twice: servers keep no sessions of clients (§8), and would do it
// twice.
//
// While nobody takes requests, one of those that wait asks for all, and the others wait for what it is told:
// servers that hold an election have better to do than to refuse thousands a second.
package client
